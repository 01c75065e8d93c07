"""`WeightProgram`: the weights of a portfolio, what they minimise and what they must obey."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, check_number, items_of, shown
from qtoolkit._checks import require_array, require_integer, require_number
from qtoolkit._labels import aligned, labels_of
from qtoolkit.algorithms.quadratic import ConstraintCheck
from qtoolkit.applications.finance.data.assets import indices_of, read_names
from qtoolkit.applications.finance.data.repair import checked_covariance
from qtoolkit.applications.finance.portfolio._numbers import (
    EachAsset,
    number_of_each,
    read_count_range,
    read_range,
)
from qtoolkit.errors import InputError

__all__ = ["ASSETWISE", "Columns", "Row", "Tail", "WeightGroup", "WeightProgram", "require_program", "sector_groups"]

FloatArray = NDArray[np.float64]

ASSETWISE = ("bounds", "minimum if held", "lots")
"""Constraints that have a row for each asset."""

_LARGEST = 1e100
_MOST_MEMBERS = 1 << 20
_FEASIBLE = 1e-6
"""Share of its terms by which a row may be missed."""


@dataclass(frozen=True)
class WeightGroup:
    """Assets that have limits together.

    Attributes:
        members: names, or indices.
        lower, upper: of the sum of their weights; none by default.
        fewest, most: of them that are held; none by default.

    Raises:
        InputError: if a limit is no number, or an upper one is below a lower one.
    """

    members: tuple[str | int, ...]
    lower: float = -math.inf
    upper: float = math.inf
    fewest: int = 0
    most: int | None = None

    def __post_init__(self) -> None:
        for limit in ("lower", "upper"):
            kind = "a real number or infinite"
            check_number(getattr(self, limit), f"{limit} of a group", kind=kind, accept=lambda x: not math.isnan(x))
        if self.lower > self.upper:
            raise InputError(f"the upper limit of a group must be at least the lower, got {self.upper} < {self.lower}")
        fewest = require_integer("fewest", self.fewest, 0, _MOST_MEMBERS)
        if self.most is not None:
            require_integer("most", self.most, fewest, _MOST_MEMBERS)
        given = items_of(self.members, "members of a group must be a sequence of names or indices")
        members = tuple(
            member if isinstance(member, str) else require_integer("an index in a group", member, 0, _MOST_MEMBERS)
            for member in given
        )
        object.__setattr__(self, "members", members)


def sector_groups(
    sectors: Mapping[str, str],
    *,
    lower: float = -math.inf,
    upper: float = math.inf,
    fewest: int = 0,
    most: int | None = None,
) -> dict[str, WeightGroup]:
    """A group for each sector, all with the same limits.

    Args:
        sectors: of the assets by name, as a mapping or a pandas Series.
        lower, upper: of the sum of the weights in a sector.
        fewest, most: assets held of a sector; ``most`` is cut to its size.

    Raises:
        InputError: if sectors are no such mapping, or a limit breaks its rule.
    """
    largest = None if most is None else require_integer("most", most, 0)
    labels = labels_of(sectors)
    found: Mapping[str, str] | None = sectors if isinstance(sectors, Mapping) else None
    if labels is not None:
        found = dict(zip(labels, np.asarray(sectors).tolist(), strict=True))
    if found is None:
        raise InputError(f"sectors are a mapping from assets to their sector, got {shown(sectors)}")
    members: dict[str, list[str]] = {}
    for asset, sector in found.items():
        for word in (asset, sector):
            check_instance(word, str, "assets and their sectors must be text")
        members.setdefault(sector, []).append(asset)
    return {
        sector: WeightGroup(tuple(assets), lower, upper, fewest, None if largest is None else min(largest, len(assets)))
        for sector, assets in members.items()
    }


@dataclass(frozen=True, eq=False)
class Tail:
    """Conditional value at risk: the mean of the worst share of scenarios, all equally likely.

    Source: Rockafellar and Uryasev, J. Risk 2, 21 (2000).

    Attributes:
        scenarios: returns, shape ``(scenarios, assets)``.
        level: the worst ``1 − level`` of the scenarios count.

    Raises:
        InputError: if the shape or an entry does not fit, or the level is not between 0 and 1.
    """

    scenarios: FloatArray
    level: float = 0.95

    def __post_init__(self) -> None:
        level = require_number("level", self.level, 0)
        if level >= 1.0:
            raise InputError(f"the level of a tail must be below 1, got {shown(self.level)}")
        labels = labels_of(self.scenarios, 1)
        table = require_array("scenarios", aligned("scenarios", self.scenarios, None, labels), (None, None))
        if not table.size:
            raise InputError(f"scenarios must have shape (scenarios, assets), got {table.shape}")
        if labels is None:
            object.__setattr__(self, "scenarios", table)
        object.__setattr__(self, "level", level)

    def value(self, weights: FloatArray) -> float:
        """Of a portfolio, as a loss.

        Raises:
            InputError: if weights are not one finite number for each asset.
        """
        scenarios = np.asarray(self.scenarios)
        losses = np.sort(-scenarios @ _weights(weights, scenarios.shape[1]))[::-1]
        share = (1.0 - self.level) * len(losses)
        whole = min(int(share), len(losses) - 1)
        return float((losses[:whole].sum() + (share - whole) * losses[whole]) / share)


class Columns(NamedTuple):
    """What a row adds up: coefficients of weights, of what is held, of trades up and down, and of lots."""

    weights: FloatArray
    held: FloatArray
    traded: FloatArray
    lots: FloatArray


class Row(NamedTuple):
    """``lower ≤ columns ≤ upper``; rows of one label are one constraint to the reader."""

    columns: Columns
    lower: float
    upper: float
    label: str


@dataclass(frozen=True, eq=False, repr=False, init=False)
class WeightProgram:
    """Minimise ``q · risk(w) − μᵀw + Σ cost_i |w_i − current_i|`` over weights w.

    The risk is the variance ``wᵀΣw`` or, of a `Tail`, the conditional value at risk. An asset is held or not; the
    weight of one that is not is 0, and without a minimum one that is held may weigh 0 too.

    Attributes:
        expected_returns: μ, shape ``(n,)``.
        risk: Σ, shape ``(n, n)``, positive semidefinite, or a tail.
        risk_aversion: q.
        budget: least and most of the sum of weights.
        lower, upper: of each weight, shape ``(n,)``; a positive lower limit holds the asset.
        minimum_if_held: least weight of an asset that is held, shape ``(n,)``.
        cardinality: fewest and most assets held.
        groups: by name.
        current: weights before, shape ``(n,)``.
        max_turnover: most of ``Σ |w_i − current_i|``; infinite for none.
        cost: share of what is traded that is lost, shape ``(n,)``.
        lots: weights are whole multiples of these, shape ``(n,)``; 0 where any weight will do.
        names: of the assets.
        required: a row of its own, such as a least return; see `least_risk`.
    """

    expected_returns: FloatArray
    risk: FloatArray | Tail
    risk_aversion: float
    budget: tuple[float, float]
    lower: FloatArray
    upper: FloatArray
    minimum_if_held: FloatArray
    cardinality: tuple[int, int]
    groups: Mapping[str, WeightGroup]
    current: FloatArray
    max_turnover: float
    cost: FloatArray
    lots: FloatArray
    names: tuple[str, ...]
    required: Row | None

    def __init__(
        self,
        expected_returns: ArrayLike,
        risk: ArrayLike | Tail,
        *,
        risk_aversion: float = 1.0,
        budget: float | tuple[float, float] = 1.0,
        lower: EachAsset = 0.0,
        upper: EachAsset | None = None,
        minimum_if_held: EachAsset = 0.0,
        cardinality: int | tuple[int, int] | None = None,
        groups: Mapping[str, WeightGroup] | None = None,
        current: EachAsset | None = None,
        max_turnover: float | None = None,
        cost: EachAsset = 0.0,
        lots: EachAsset = 0.0,
        names: Iterable[object] | None = None,
    ) -> None:
        """Read a programme; long only and fully invested by default.

        Args:
            expected_returns: μ.
            risk: Σ, or a tail. Tables of pandas are brought into one order by their labels.
            risk_aversion: q, at least 0.
            budget: sum of the weights, or least and most of it; the rest is cash without return.
            lower, upper: of weights, for all assets, each, or some by name; 0 and the budget by default.
            minimum_if_held: at least 0; positive ones need lower limits of at least 0.
            cardinality: number of assets held, or fewest and most; any by default.
            groups: by name.
            current: weights before; none by default.
            max_turnover: most of what is bought and sold together.
            cost: of buying or selling, for all assets or each.
            lots: least step of weights, for all assets or each. They seldom fill a budget: give a range.
            names: of the assets, otherwise the labels of the tables, or ``asset 0``, ….

        Raises:
            InputError: if a shape, label or number breaks its rule. Whether all can be met together is for `weigh` and
                `choose_and_weigh` to say.
        """
        stated = () if names is None else read_names(names)
        found = stated or labels_of(expected_returns) or labels_of(risk)
        if found is None:
            plain = require_array("expected_returns", aligned("expected_returns", expected_returns, None), (None,))
            found = tuple(f"asset {k}" for k in range(plain.size))
        size = len(found)
        mu = require_array("expected_returns", aligned("expected_returns", expected_returns, found))
        if mu.shape != (size,):
            raise InputError(f"expected_returns must have an entry for each of {size} assets, got shape {mu.shape}")
        least, most = read_range("budget", budget)
        low = number_of_each("lower", lower, found)
        high = number_of_each("upper", most if upper is None else upper, found, default=most)
        if np.any(low > high):
            raise InputError("an upper limit of a weight must be at least the lower one, got less")
        held_least = number_of_each("minimum_if_held", minimum_if_held, found, least=0.0)
        if np.any((held_least > 0.0) & (low < 0.0)):
            raise InputError("minimum_if_held needs lower limits of at least 0, got a negative one")
        fewest, greatest = (0, size) if cardinality is None else read_count_range("cardinality", cardinality)
        if not isinstance(groups, Mapping | None):
            raise InputError(f"groups are a mapping from names to WeightGroup, got {shown(groups)}")
        for name, group in (groups or {}).items():
            check_instance(group, WeightGroup, f"the group {shown(name)} must be a WeightGroup")
            indices_of(group.members, found)
        values = {
            "expected_returns": mu,
            "risk": _risk(risk, found),
            "risk_aversion": require_number("risk_aversion", risk_aversion, 0),
            "budget": (least, most),
            "lower": low,
            "upper": high,
            "minimum_if_held": held_least,
            "cardinality": (fewest, greatest),
            "groups": dict(groups or {}),
            "current": number_of_each("current", 0.0 if current is None else current, found),
            "max_turnover": math.inf if max_turnover is None else require_number("max_turnover", max_turnover, 0),
            "cost": number_of_each("cost", cost, found, least=0.0),
            "lots": number_of_each("lots", lots, found, least=0.0),
            "names": found,
            "required": None,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def restricted(self, assets: Iterable[str | int]) -> WeightProgram:
        """The programme in which no other asset has a weight.

        Raises:
            InputError: for an asset that is not there or named twice, or if another one must be held.
        """
        kept = np.zeros(self.num_assets, dtype=np.bool_)
        kept[indices_of(assets, self.names)] = True
        forced = np.flatnonzero(~kept & (self.lower > 0.0))
        if forced.size:
            raise InputError(f"assets with a positive lower limit must be held, got none of {self.names[forced[0]]}")
        return self._changed(lower=np.where(kept, self.lower, 0.0), upper=np.where(kept, self.upper, 0.0))

    def least_risk(self, least_return: float | None = None) -> WeightProgram:
        """The programme of the least risk, of weights whose expected return less the cost of trading is at least so.

        Args:
            least_return: any by default.

        Raises:
            InputError: if it is no finite number.
        """
        required = None
        if least_return is not None:
            none = np.zeros(self.num_assets)
            columns = Columns(self.expected_returns, none, -self.cost, none)
            required = Row(columns, require_number("least_return", least_return), math.inf, "return")
        nothing = np.zeros(self.num_assets)
        return self._changed(risk_aversion=1.0, expected_returns=nothing, cost=nothing, required=required)

    def _changed(self, **values: object) -> WeightProgram:
        changed = object.__new__(type(self))
        for entry in fields(self):
            object.__setattr__(changed, entry.name, values.get(entry.name, getattr(self, entry.name)))
        return changed

    @property
    def num_assets(self) -> int:
        """n."""
        return len(self.names)

    @property
    def is_traded(self) -> bool:
        """Whether what is bought and sold matters."""
        is_required = self.required is not None and bool(np.any(self.required.columns.traded))
        return bool(np.any(self.cost > 0.0)) or math.isfinite(self.max_turnover) or is_required

    @property
    def is_convex(self) -> bool:
        """Whether any choice of assets is allowed and nothing is counted, so that `weigh` finds the optimum of all."""
        counted = any(group.fewest or group.most is not None for group in self.groups.values())
        free = self.cardinality == (0, self.num_assets) and not counted
        return free and not np.any(self.minimum_if_held > 0.0) and not np.any(self.lots > 0.0)

    def risk_of(self, weights: FloatArray) -> float:
        """Variance, or conditional value at risk, of weights.

        Raises:
            InputError: if weights are not one finite number for each asset.
        """
        w = self._read(weights)
        return self.risk.value(w) if isinstance(self.risk, Tail) else float(w @ self.risk @ w)

    def cost_of(self, weights: FloatArray) -> float:
        """Of the trades that lead to weights.

        Raises:
            InputError: as for `risk_of`.
        """
        return float(self.cost @ np.abs(self._read(weights) - self.current))

    def objective(self, weights: FloatArray) -> float:
        """What is minimised.

        Raises:
            InputError: as for `risk_of`.
        """
        w = self._read(weights)
        return self.risk_aversion * self.risk_of(w) - float(self.expected_returns @ w) + self.cost_of(w)

    def _read(self, weights: object) -> FloatArray:
        return _weights(aligned("weights", weights, self.names), self.num_assets)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The constraints of more than one variable, and of lots, in the units of the weights."""
        size = self.num_assets
        none, all_ones = np.zeros(size), np.ones(size)
        rows = [Row(Columns(all_ones, none, none, none), *self.budget, "budget")]
        if self.cardinality != (0, size):
            rows.append(Row(Columns(none, all_ones, none, none), *self.cardinality, "cardinality"))
        for name, group in self.groups.items():
            ones = np.zeros(size)
            ones[indices_of(group.members, self.names)] = 1.0
            if math.isfinite(group.lower) or math.isfinite(group.upper):
                rows.append(Row(Columns(ones, none, none, none), group.lower, group.upper, f"group {name}"))
            if group.fewest or group.most is not None:
                most = math.inf if group.most is None else group.most
                rows.append(Row(Columns(none, ones, none, none), group.fewest, most, f"group {name}"))
        if math.isfinite(self.max_turnover):
            rows.append(Row(Columns(none, none, all_ones, none), -math.inf, self.max_turnover, "turnover"))
        if self.required is not None:
            rows.append(self.required)
        for place, unit in enumerate(np.eye(size)):
            low, high, least = self.lower[place], self.upper[place], self.minimum_if_held[place]
            rows.append(Row(Columns(unit, -high * unit, none, none), -math.inf, 0.0, "bounds"))
            if low > 0.0:
                rows.append(Row(Columns(unit, none, none, none), low, math.inf, "bounds"))
            else:
                rows.append(Row(Columns(unit, -low * unit, none, none), 0.0, math.inf, "bounds"))
            if least > 0.0:
                rows.append(Row(Columns(unit, -least * unit, none, none), 0.0, math.inf, "minimum if held"))
            if self.lots[place] > 0.0:
                rows.append(Row(Columns(unit, none, none, -self.lots[place] * unit), 0.0, 0.0, "lots"))
        return tuple(rows)

    def checks(self, weights: FloatArray, held: NDArray[np.bool_]) -> tuple[ConstraintCheck, ...]:
        """What weights and a choice of assets do to each constraint; of one label, to the row that is worst off.

        Rows are missed where they are by more than 1e-6 of the sum of their terms.

        Raises:
            InputError: as for `risk_of`, or if what is held is not one truth value for each asset.
        """
        weights = self._read(weights)
        held = require_array("held", aligned("held", held, self.names), (self.num_assets,)) != 0.0
        steps = np.where(self.lots > 0.0, np.round(weights / np.where(self.lots > 0.0, self.lots, 1.0)), 0.0)
        x = (weights, held.astype(np.float64), np.abs(weights - self.current), steps)
        worst: dict[str, tuple[float, ConstraintCheck]] = {}
        for row in self.rows:
            terms = [np.asarray(a) * v for a, v in zip(row.columns, x, strict=True)]
            value = float(sum(term.sum() for term in terms))
            room = _FEASIBLE * max(float(sum(np.abs(term).sum() for term in terms)), self.scale)
            slack = min(value - row.lower, row.upper - value)
            check = ConstraintCheck(row.label, value, row.lower, row.upper, slack >= -room)
            if row.label not in worst or slack < worst[row.label][0]:
                worst[row.label] = (slack, check)
        return tuple(check for _, check in worst.values())

    @property
    def scale(self) -> float:
        """A typical sum of weights."""
        return max(map(abs, self.budget)) or float(np.abs(self.upper).max()) or 1.0

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that another programme does not share."""
        tail = isinstance(self.risk, Tail)
        risk = np.asarray(self.risk.scenarios if isinstance(self.risk, Tail) else self.risk)
        arrays = (self.expected_returns, risk, self.lower, self.upper, self.minimum_if_held, self.current, self.cost)
        numbers = (self.risk_aversion, self.budget, self.cardinality, sorted(self.groups.items()), self.max_turnover)
        level = self.risk.level if isinstance(self.risk, Tail) else None
        parts = [np.ascontiguousarray(array).tobytes() for array in (*arrays, self.lots)]
        parts.append(repr((numbers, self.names, tail, level)).encode())
        if self.required is not None:
            parts += [np.concatenate(self.required.columns).tobytes(), repr(self.required[1:]).encode()]
        return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()

    def __repr__(self) -> str:
        kind = "conditional value at risk" if isinstance(self.risk, Tail) else "variance"
        return f"WeightProgram({self.num_assets} assets, {kind}, risk_aversion={self.risk_aversion:g})"


def _weights(weights: object, size: int) -> FloatArray:
    found = require_array("weights", weights, (size,))
    if np.abs(found).max(initial=0.0) > _LARGEST:
        raise InputError(f"weights must be at most {_LARGEST:g} in magnitude, got {np.abs(found).max():g}")
    return found


def require_program(program: object) -> WeightProgram:
    """The programme, or an `InputError` when it is none."""
    return check_instance(program, WeightProgram, "the programme must be a WeightProgram")


def _risk(risk: ArrayLike | Tail, names: tuple[str, ...]) -> FloatArray | Tail:
    size = len(names)
    if isinstance(risk, Tail):
        scenarios = require_array("scenarios", aligned("scenarios", risk.scenarios, None, names), (None, size))
        return Tail(scenarios, risk.level)
    covariance = require_array("risk", aligned("risk", risk, names, names), (size, size))
    return checked_covariance(covariance)[0]
