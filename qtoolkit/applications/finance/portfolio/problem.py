"""`PortfolioProblem`: what a portfolio minimises and obeys, as picks, as lots, as weights and as a Hamiltonian."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Required, TypeAlias, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, shown
from qtoolkit._checks import require_choice, require_integer, require_number
from qtoolkit.algorithms.quadratic import QuadraticProblem
from qtoolkit.applications.finance.data import (
    Moments,
    PriceHistory,
    Repair,
    ReturnHistory,
    estimate_moments,
    read_prices,
)
from qtoolkit.applications.finance.data.assets import indices_of, read_names
from qtoolkit.applications.finance.portfolio._numbers import EachAsset, number_of_each, read_count_range, read_range
from qtoolkit.applications.finance.portfolio.program import Tail, WeightGroup, WeightProgram
from qtoolkit.applications.finance.portfolio.selection import picks_form, selection_of
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum

__all__ = ["Limits", "Objective", "PortfolioOptions", "PortfolioProblem", "require_problem"]

FloatArray = NDArray[np.float64]

Objective: TypeAlias = Literal["weights", "positions"]
"""What the risk aversion acts on: shares of the budget, or positions of 1 each."""

# squares of sums of so many of them are still numbers
_LARGEST = 1e140


class Limits(TypedDict, total=False):
    """What the weights of a portfolio obey, see `PortfolioProblem`."""

    lower: EachAsset
    upper: EachAsset | None
    minimum_if_held: EachAsset
    groups: Mapping[str, WeightGroup] | None
    current: EachAsset | None
    max_turnover: float | None
    cost: EachAsset
    lots: EachAsset


class PortfolioOptions(Limits, total=False):
    """All of a `PortfolioProblem` but its moments."""

    risk_aversion: Required[float]
    cardinality: int | tuple[int, int] | None
    budget: float | tuple[float, float]
    objective: Objective
    tail: Tail | None


_LIMITS = frozenset(Limits.__annotations__)


@dataclass(frozen=True, eq=False, repr=False, init=False)
class PortfolioProblem:
    """Minimise ``q · risk(w) − μᵀw + Σ cost_i |w_i − current_i|`` over the weights w of some of n assets.

    The risk is the variance ``wᵀΣw`` or the conditional value at risk of a `Tail`. Sources: Markowitz, J. Finance 7, 77
    (1952); for quantum annealers and QAOA, e.g. Hodson et al., arXiv:1911.05296.

    The problem has several forms. `selection` chooses assets, each with the same weight ``budget / K``; `program` asks
    for the weights; `lots_form` asks for whole lots, exactly; `cost_hamiltonian` is the selection as an operator.
    `solve_portfolio` selects by one and weighs by the other.

    Tables of pandas are brought into one order by their labels, which become the names of the assets.

    Attributes:
        expected_returns: μ, shape ``(n,)``.
        covariance: Σ, shape ``(n, n)``.
        objective: ``"weights"``, or ``"positions"``: of each asset held, one position of 1, so that the selection
            minimises ``q·xᵀΣx − μᵀx`` over bits x. What limits weights, and all results, are then in positions, whose
            sum is the number of assets.
        tail: the scenarios of the risk; None for the variance.
        program: of the weights, with all that they obey.
        repairs: what was changed because it was asked for.
    """

    expected_returns: FloatArray
    covariance: FloatArray
    objective: Objective
    tail: Tail | None
    program: WeightProgram
    repairs: tuple[Repair, ...]

    def __init__(
        self,
        expected_returns: ArrayLike | Mapping[str, float],
        covariance: ArrayLike,
        *,
        risk_aversion: float,
        cardinality: int | tuple[int, int] | None = None,
        budget: float | tuple[float, float] = 1.0,
        objective: Objective = "weights",
        tail: Tail | None = None,
        asset_names: Iterable[object] | None = None,
        repair: Literal["clip"] | None = None,
        **limits: Unpack[Limits],
    ) -> None:
        """State a problem; long only and fully invested by default.

        What is said of each asset may be one number for all, an array, a Series, or a mapping from some names.

        Args:
            expected_returns: μ per period, not in per cent; a mapping names the assets.
            covariance: Σ, symmetric and positive semidefinite to 1e-9 of its largest variance.
            risk_aversion: q, at least 0.
            cardinality: K, how many assets are held, or the fewest and most; any number from 1 by default.
            budget: sum of the weights, or the least and most of it; the rest is cash without return. Selections spend
                the most. Positions have none: it is their number.
            objective: see above.
            tail: scenarios of the returns, and the level of their conditional value at risk.
            asset_names: distinct; by default the labels of the tables, or ``asset 0``, ….
            repair: ``"clip"`` sets negative eigenvalues of the covariance to 0.
            limits: ``lower`` and ``upper`` of weights, 0 and the budget by default; ``minimum_if_held``, the least
                weight of an asset that is held; ``groups`` by name, such as sectors; ``current`` weights, none by
                default, with ``max_turnover``, the most of what is bought and sold together, and ``cost``, the share
                of it that is lost; ``lots``, whole multiples of which weights are.

        Raises:
            InputError: if a shape, label or number breaks its rule. Whether all can be met together is said when the
                problem is solved.
            TypeError: for another word.
        """
        for word in limits.keys() - _LIMITS:
            raise TypeError(f"PortfolioProblem has no argument {shown(word)}")
        moments = _moments(expected_returns, covariance, asset_names, repair)
        size = moments.num_assets
        require_choice("objective", objective, ("weights", "positions"))
        numbers = (1, size) if cardinality is None else read_count_range("cardinality", cardinality, 1, size)
        if objective == "positions" and read_range("budget", budget) != (1.0, 1.0):
            raise InputError(f"positions have no budget, which is their number, got {shown(budget)}; leave it out")
        if tail is not None:
            check_instance(tail, Tail, "the tail must be a Tail")
        factor = max(1.0, require_number("risk_aversion", risk_aversion, 0))
        with np.errstate(over="ignore"):  # infinity is refused
            largest = max(np.abs(moments.expected_returns).max(), factor * np.abs(moments.covariance).max())
        if largest > _LARGEST:
            raise InputError(
                f"expected returns, and covariance times risk_aversion, must be at most {_LARGEST:g} in magnitude, got "
                f"{largest:g}; give them in other units"
            )
        program = WeightProgram(
            moments.expected_returns,
            moments.covariance if tail is None else tail,
            risk_aversion=risk_aversion,
            budget=(float(numbers[0]), float(numbers[1])) if objective == "positions" else budget,
            cardinality=None if cardinality is None else numbers,
            names=moments.asset_names,
            **limits,
        )
        values = {
            "expected_returns": moments.expected_returns,
            "covariance": moments.covariance,
            "objective": objective,
            "tail": program.risk if isinstance(program.risk, Tail) else None,
            "program": program,
            "repairs": moments.repairs,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_numbers", numbers)
        object.__setattr__(self, "_has_upper", limits.get("upper") is not None)

    @classmethod
    def from_moments(cls, moments: Moments, **options: Unpack[PortfolioOptions]) -> PortfolioProblem:
        """The problem of moments that were estimated or read, see `estimate_moments` and `read_orlib`.

        Args:
            moments: μ, Σ and names.
            options: as for the class.

        Raises:
            InputError: if they are no moments, or an option breaks its rule.
        """
        check_instance(moments, Moments, "the moments must be Moments", remedy="call estimate_moments(returns)")
        problem = cls(moments.expected_returns, moments.covariance, asset_names=moments.asset_names, **options)
        object.__setattr__(problem, "repairs", moments.repairs)
        return problem

    @classmethod
    def from_returns(
        cls,
        history: ReturnHistory | ArrayLike,
        *,
        means: Any = "sample",
        covariance: Any = "sample",
        constant: Literal["drop", "keep"] | None = None,
        repair: Literal["clip"] | None = None,
        **options: Unpack[PortfolioOptions],
    ) -> PortfolioProblem:
        """The problem of a history of returns.

        Args:
            history: returns, or a pandas DataFrame of them that `ReturnHistory` can read.
            means, covariance, constant, repair: see `estimate_moments`, which takes more; `from_moments` reads its
                answer.
            options: as for the class.

        Raises:
            InputError: if an option breaks its rule, or the history is no history of returns.
            MissingExtraError: if a package is not installed that an estimator comes from.
        """
        if isinstance(history, PriceHistory):
            raise InputError("from_returns takes returns, got prices; pass them to from_prices")
        moments = estimate_moments(history, means=means, covariance=covariance, constant=constant, repair=repair)
        return cls.from_moments(moments, **options)

    @classmethod
    def from_prices(
        cls,
        prices: PriceHistory | ArrayLike | str | os.PathLike[str],
        *,
        means: Any = "sample",
        covariance: Any = "sample",
        constant: Literal["drop", "keep"] | None = None,
        repair: Literal["clip"] | None = None,
        **options: Unpack[PortfolioOptions],
    ) -> PortfolioProblem:
        """The problem of the simple returns of prices.

        Args:
            prices: a history, a pandas DataFrame that `PriceHistory` can read, or the path of a file for `read_prices`.
            means, covariance, constant, repair: see `estimate_moments`, which takes more; `from_moments` reads its
                answer.
            options: as for the class.

        Raises:
            InputError: if an option breaks its rule, or they are no prices.
            MissingExtraError: if a package is not installed that an estimator comes from.
        """
        if isinstance(prices, ReturnHistory):
            raise InputError("from_prices takes prices, got returns; pass them to from_returns")
        if isinstance(prices, str | os.PathLike):
            prices = read_prices(prices)
        history = prices if isinstance(prices, PriceHistory) else PriceHistory(prices)
        returns = history.simple_returns()
        return cls.from_returns(
            returns, means=means, covariance=covariance, constant=constant, repair=repair, **options
        )

    def replace(self, **changes: Any) -> PortfolioProblem:
        """The same problem with other arguments, such as ``risk_aversion`` or ``current``.

        Raises:
            InputError: as for the class.
            TypeError: for a word that it does not know.
        """
        program = self.program
        given: dict[str, Any] = {
            "expected_returns": self.expected_returns,
            "covariance": self.covariance,
            "asset_names": self.asset_names,
            "objective": self.objective,
            "tail": self.tail,
            "risk_aversion": self.risk_aversion,
            "cardinality": None if program.cardinality == (0, self.num_assets) else self.cardinality,
            "budget": 1.0 if self.objective == "positions" else self.budget,
            "max_turnover": program.max_turnover if np.isfinite(program.max_turnover) else None,
        }
        given |= {word: getattr(program, word) for word in _LIMITS - {"max_turnover"}}
        if not self.__dict__["_has_upper"]:
            given["upper"] = None
        problem = type(self)(**(given | changes))
        object.__setattr__(problem, "repairs", (*self.repairs, *problem.repairs))
        return problem

    @property
    def asset_names(self) -> tuple[str, ...]:
        """Of the assets."""
        return self.program.names

    @property
    def num_assets(self) -> int:
        """n, also the number of qubits of a selection."""
        return self.program.num_assets

    @property
    def risk_aversion(self) -> float:
        """q."""
        return self.program.risk_aversion

    @property
    def cardinality(self) -> tuple[int, int]:
        """Fewest and most assets held."""
        found: tuple[int, int] = self.__dict__["_numbers"]
        return found

    @property
    def budget(self) -> tuple[float, float]:
        """Least and most of the sum of the weights."""
        return self.program.budget

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that another problem does not share; results carry those of theirs."""
        parts = [self.program.fingerprint.encode(), self.covariance.tobytes()]
        parts.append(repr((self.objective, self.cardinality)).encode())
        return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()

    @cached_property
    def numbers(self) -> tuple[int | None, ...]:
        """The numbers of assets that are selected, each in a form of its own; ``(None,)`` where one form has all.

        Equal weights make the objective another quadratic form for each number. A range is taken number by number.
        Where any number will do, it is the number of assets that the convex optimum of the weights holds, or the next
        one, fewer before more, with which the limits can be met.
        """
        fewest, most = self.cardinality
        if self.objective == "positions":
            return (None,)
        if self.program.cardinality != (0, self.num_assets) or self.num_assets == 1:
            return tuple(range(fewest, most + 1))
        from qtoolkit.applications.finance.portfolio.weights import number_held

        likely = number_held(self.program)
        order = (*range(likely, 0, -1), *range(likely + 1, self.num_assets + 1))
        return (next((k for k in order if self.selection(k).constraints.conflict() is None), likely),)

    def selection(self, number: int | None = None) -> QuadraticProblem:
        """Which assets are held, each with the same weight, as a quadratic function of bits under linear rows.

        The rows are the number of assets and what the picks need so that weights exist: the reach of their limits,
        groups and turnover. They can be met by picks that cannot be weighed all the same, where several groups and
        the turnover are narrow.

        For a `Tail` the function has the value at risk of normal returns, its root taken linear near the variance of
        a typical selection.

        Args:
            number: of assets, where it is not given by the problem; see `numbers`.

        Raises:
            InputError: if the number lies outside the problem's range or is missing, or the budget is not positive.
        """
        return selection_of(self, number)

    def cost_hamiltonian(self, number: int | None = None) -> PauliSum:
        """The objective of the selection as a diagonal operator: asset k is qubit k, ``x_k = (1 − Z_k)/2``.

        Args:
            number: see `selection`.

        Raises:
            InputError: as for `selection`.
        """
        return self.selection(number).objective.ising()

    def value(self, assets: Iterable[str | int]) -> float:
        """The objective of a selection: of some assets with equal weights, or of one position in each.

        Any number of assets may be given here.

        Raises:
            InputError: for an asset that is not there, one named twice, or none.
        """
        choice = np.zeros(self.num_assets)
        choice[indices_of(assets, self.asset_names)] = 1.0
        if not choice.any():
            raise InputError("a selection has at least one asset, got none")
        return float(picks_form(self, int(choice.sum())).values(choice))

    def equal_weights(self, assets: Iterable[str | int]) -> FloatArray:
        """The weights that a selection stands for, shape ``(n,)``.

        Raises:
            InputError: as for `value`.
        """
        weights = np.zeros(self.num_assets)
        places = indices_of(assets, self.asset_names)
        if not places:
            raise InputError("a selection has at least one asset, got none")
        weights[places] = self.pick_weight(len(places))
        return weights

    def pick_weight(self, number: int) -> float:
        """The weight of each of so many assets of a selection.

        Raises:
            InputError: if that is no number of assets.
        """
        number = require_integer("number", number, 1, self.num_assets)
        return 1.0 if self.objective == "positions" else self.budget[1] / number

    def __repr__(self) -> str:
        fewest, most = self.cardinality
        number = f"{most}" if fewest == most else f"{fewest} to {most}"
        risk = "" if self.tail is None else ", conditional value at risk"
        return (
            f"PortfolioProblem({number} of {self.num_assets} assets, risk_aversion={self.risk_aversion:g}, "
            f"{self.objective}{risk}, {self.fingerprint})"
        )


def require_problem(problem: object) -> PortfolioProblem:
    """The problem, or an `InputError` when it is none."""
    return check_instance(problem, PortfolioProblem, "the problem must be a PortfolioProblem")


def _moments(
    expected_returns: ArrayLike | Mapping[str, float],
    covariance: ArrayLike,
    asset_names: Iterable[object] | None,
    repair: Literal["clip"] | None,
) -> Moments:
    names = read_names(() if asset_names is None else asset_names)
    means: Any = expected_returns
    if isinstance(expected_returns, Mapping):
        names = names or read_names(expected_returns)
        absent = [name for name in names if name not in expected_returns]
        if absent:
            raise InputError(f"expected_returns must have each asset, got none for {absent[0]}")
        means = number_of_each("expected_returns", expected_returns, names)
    table: Any = covariance
    return Moments(means, table, names, repair=repair)
