"""Several periods: which assets are held in each, with the cost of trading between them, as one quadratic form."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_flag, check_instance, items_of, shown
from qtoolkit._checks import require_array, require_number
from qtoolkit._version import __version__
from qtoolkit.algorithms.quadratic import (
    BinaryQuadratic,
    Constraints,
    LinearRow,
    QuadraticProblem,
    Solution,
    Solver,
    require_solution,
    solve,
)
from qtoolkit.algorithms.quadratic.solver import Progress
from qtoolkit.applications.finance.portfolio._path import weigh_path
from qtoolkit.applications.finance.portfolio.problem import PortfolioProblem
from qtoolkit.applications.finance.portfolio.program import WeightProgram
from qtoolkit.applications.finance.portfolio.selection import pick_rows, picks_form
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum
from qtoolkit.operators.quadratic import read_bits

__all__ = ["MultiPeriodProblem", "MultiPeriodResult", "solve_multi_period"]

FloatArray = NDArray[np.float64]

_SECONDS = 60.0


@dataclass(frozen=True, eq=False, repr=False, init=False)
class MultiPeriodProblem:
    """Minimise the sum of the periods' objectives, where each period trades from the weights of the one before.

    Source of the form on bits: Mugel et al., Phys. Rev. Research 4, 013006 (2022).

    Attributes:
        periods: a problem for each, in order, of the same assets.
    """

    periods: tuple[PortfolioProblem, ...]

    def __init__(self, periods: Iterable[PortfolioProblem]) -> None:
        """Join periods.

        Args:
            periods: each with its own moments, limits, cost of trading into it and most turnover. The first may have
                current weights, those of the others come from the period before.

        Raises:
            InputError: if there is none, names or their order differ, a later one has current weights, or equal weights
                are no single function because the number of assets is a range.
        """
        rule = "periods must be a sequence of PortfolioProblem"
        found = tuple(check_instance(period, PortfolioProblem, rule) for period in items_of(periods, rule))
        if not found:
            raise InputError(f"{rule}, at least one, got none")
        for place, period in enumerate(found, start=1):
            if period.asset_names != found[0].asset_names:
                raise InputError(
                    f"periods must have the same assets in the same order, got others in period {place}; give tables "
                    "with labels, or subsets in one order"
                )
            if period.objective != found[0].objective:
                raise InputError(f"periods must have the same kind of objective, got another in period {place}")
            if place > 1 and np.any(period.program.current != 0.0):
                raise InputError(f"current weights belong to the first period, got some in period {place}")
            if period.objective == "weights" and period.cardinality[0] != period.cardinality[1]:
                raise InputError(
                    "equal weights are another function for each number of assets: give each period one cardinality, "
                    f"got {period.cardinality} in period {place}"
                )
        object.__setattr__(self, "periods", found)

    @property
    def num_periods(self) -> int:
        """T."""
        return len(self.periods)

    @property
    def asset_names(self) -> tuple[str, ...]:
        """Of the assets."""
        return self.periods[0].asset_names

    @property
    def num_assets(self) -> int:
        """n."""
        return len(self.asset_names)

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that another problem does not share."""
        parts = "".join(period.fingerprint for period in self.periods).encode()
        return hashlib.blake2b(parts, digest_size=8).hexdigest()

    @cached_property
    def _form(self) -> QuadraticProblem:
        return _Path(self.periods).problem()

    def selection(self) -> QuadraticProblem:
        """Which assets are held in each period, with equal weights, as a quadratic function of bits under linear rows.

        Bit ``t·n + i`` says whether asset i is held in period t. Where a later period limits turnover, bits ``kept``
        follow; they may be 1 only where an asset is held before and after.
        """
        return self._form

    def cost_hamiltonian(self) -> PauliSum:
        """The objective of the selection as a diagonal operator, bit k on qubit k.

        Raises:
            OperatorError: for more bits than a `PauliSum` holds.
        """
        return self._form.objective.ising()

    def picks(self, bits: ArrayLike) -> tuple[tuple[str, ...], ...]:
        """The names of the assets that one choice of bits holds in each period.

        Raises:
            InputError: if the shape or labels do not fit, or an entry is neither 0 nor 1.
        """
        x = read_bits(bits, self._form.names)
        if x.ndim != 1:
            raise InputError(f"picks are read from one choice, got shape {x.shape}")
        held = x[: self.num_periods * self.num_assets].reshape(self.num_periods, self.num_assets) > 0.5
        return tuple(tuple(self.asset_names[k] for k in np.flatnonzero(row)) for row in held)

    def equal_weights(self, picks: Sequence[Iterable[str | int]]) -> FloatArray:
        """The weights that picks of each period stand for, shape ``(T, n)``.

        Raises:
            InputError: if there are not as many picks as periods, or an asset is not there.
        """
        chosen = items_of(picks, "picks must be a sequence of assets for each period")
        if len(chosen) != self.num_periods:
            raise InputError(f"picks must be those of {self.num_periods} periods, got {len(chosen)}")
        return np.array([period.equal_weights(assets) for period, assets in zip(self.periods, chosen, strict=True)])

    def objective(self, weights: ArrayLike) -> float:
        """Of weights in each period, shape ``(T, n)``: risk less return, and the cost of every trade.

        Raises:
            InputError: if the shape does not fit.
        """
        path = require_array("weights", weights, (self.num_periods, self.num_assets))
        before = np.concatenate([[self.periods[0].program.current], path[:-1]])
        total = 0.0
        for period, now, then in zip(self.periods, path, before, strict=True):
            program = period.program
            total += program.risk_aversion * program.risk_of(now) - float(program.expected_returns @ now)
            total += float(program.cost @ np.abs(now - then))
        return total

    def turnovers(self, weights: ArrayLike) -> FloatArray:
        """What is bought and sold at the start of each period, shape ``(T,)``.

        Raises:
            InputError: if the shape does not fit.
        """
        path = require_array("weights", weights, (self.num_periods, self.num_assets))
        before = np.concatenate([[self.periods[0].program.current], path[:-1]])
        return np.asarray(np.abs(path - before).sum(axis=1))

    def __repr__(self) -> str:
        return f"MultiPeriodProblem({self.num_periods} periods of {self.num_assets} assets, {self.fingerprint})"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MultiPeriodResult:
    """Picks and weights of each period, and how far they are from the best.

    Attributes:
        picks: names of the assets held in each period; None where the solver found no feasible choice.
        weights: shape ``(T, n)``; None likewise.
        objective: of the weights; None likewise.
        weights_bound: that no weights of these picks fall below; None where weights were not asked for. How far other
            picks may lie below is not known.
        selection: the solver's answer for equal weights, with the optimum or its bound.
        problem_fingerprint: of the problem.
        version: of the toolkit.
        wall_time: seconds.
    """

    picks: tuple[tuple[str, ...], ...] | None
    weights: FloatArray | None
    objective: float | None
    weights_bound: float | None
    selection: Solution
    problem_fingerprint: str
    version: str = __version__
    wall_time: float = field(compare=False)

    @property
    def selection_gap(self) -> float | None:
        """Value of the selection less its bound; None where either is unknown."""
        return self.selection.gap

    def __repr__(self) -> str:
        objective = None if self.objective is None else f"{self.objective:.8g}"
        number = 0 if self.picks is None else len(self.picks)
        return (
            f"MultiPeriodResult({number} periods, objective={objective}, selection_gap={self.selection_gap}, "
            f"solver={self.selection.solver[:40]!r})"
        )


def solve_multi_period(
    problem: MultiPeriodProblem,
    solver: str | Solver = "scip",
    *,
    seed: int | np.random.Generator | None = None,
    time_limit: float = _SECONDS,
    progress: Progress | None = None,
    weigh: bool = True,
) -> MultiPeriodResult:
    """Choose the assets of each period by a solver of quadratic problems, and weigh all periods at once by HiGHS.

    Args:
        problem: to solve.
        solver: one of `qtoolkit.algorithms.quadratic.solver_names`, or one of your own.
        seed: of the solver.
        time_limit: seconds for the solver, and for the weights.
        progress: called with the solver's work done so far and its total.
        weigh: whether to find the best weights of the picks; otherwise they stay equal.

    Raises:
        InputError: if no choice obeys the constraints, or the picks have no weights; for weights, if a period has a
            tail or lots.
        ConvergenceError: if the time runs out before a choice, or weights, are found.
        MissingExtraError: if SCIP or HiGHS is needed and not installed.
        KeyboardInterrupt: at Ctrl-C, in the solver's search as well.
    """
    started = time.perf_counter()
    check_instance(problem, MultiPeriodProblem, "the problem must be a MultiPeriodProblem")
    limit = require_number("time_limit", time_limit, 0)
    is_weighed = check_flag(weigh, "weigh")
    form = problem.selection()
    found = solve(form, solver, seed=seed, time_limit=limit, progress=progress)
    solution = require_solution(found, form)
    if solution.interrupted:
        raise KeyboardInterrupt
    is_feasible = solution.bits is not None and all(check.satisfied for check in solution.feasibility)
    picks = problem.picks(solution.bits) if is_feasible and solution.bits is not None else None
    weights = None if picks is None else problem.equal_weights(picks)
    bound = None
    if picks is not None and is_weighed:
        weights, bound = weigh_path([period.program for period in problem.periods], picks, limit)
    return MultiPeriodResult(
        picks=picks,
        weights=weights,
        objective=None if weights is None else problem.objective(weights),
        weights_bound=bound,
        selection=solution,
        problem_fingerprint=problem.fingerprint,
        wall_time=time.perf_counter() - started,
    )


class _Path:
    """The bits of all periods, and what they cost."""

    def __init__(self, periods: Sequence[PortfolioProblem]) -> None:
        self._periods = periods
        self._size = periods[0].num_assets
        self._weights = [period.pick_weight(period.cardinality[1]) for period in periods]
        for place, weight in enumerate(self._weights, start=1):
            if not weight > 0.0:
                raise InputError(f"a selection spends a positive budget, got {shown(weight)} in period {place}")
        names = periods[0].asset_names
        self._names = [f"{name}, period {place}" for place in range(1, len(periods) + 1) for name in names]
        self._kept: dict[int, int] = {}
        for place, period in enumerate(periods):
            if place and math.isfinite(period.program.max_turnover):
                self._kept[place] = len(self._names)
                self._names += [f"{name}, kept into period {place + 1}" for name in names]

    def problem(self) -> QuadraticProblem:
        objective = self._objective()
        return QuadraticProblem(objective, Constraints(objective.names, rows=self._rows()))

    def _block(self, place: int) -> slice:
        return slice(place * self._size, (place + 1) * self._size)

    def _objective(self) -> BinaryQuadratic:
        matrix = np.zeros((len(self._names), len(self._names)))
        offset = 0.0
        for place, period in enumerate(self._periods):
            block = self._block(place)
            cost = period.program.cost
            alone = period if place == 0 else period.replace(cost=0.0, max_turnover=None)
            form = picks_form(alone, period.cardinality[1])
            matrix[block, block] += form.matrix
            offset += form.offset
            if place:
                now, then, both = self._traded(place)
                places = np.arange(self._size)
                here, before = places + block.start, places + block.start - self._size
                matrix[here, here] += cost * now
                matrix[before, before] += cost * then
                matrix[here, before] += cost * both / 2.0
                matrix[before, here] += cost * both / 2.0
        return BinaryQuadratic(matrix, None, offset, self._names)

    def _traded(self, place: int) -> tuple[float, float, float]:
        """``|a x − b y| = a x + b y + (|a − b| − a − b) x y`` on bits, for equal weights a now and b before."""
        now, then = self._weights[place], self._weights[place - 1]
        return now, then, abs(now - then) - now - then

    def _rows(self) -> list[LinearRow]:
        rows = []
        for place, period in enumerate(self._periods):
            numbers = period.cardinality
            program: WeightProgram = period.replace(max_turnover=None).program
            count = LinearRow(np.ones(self._size), float(numbers[0]), float(numbers[1]), "cardinality")
            for row in [count, *pick_rows(program, numbers)]:
                vector = np.zeros(len(self._names))
                vector[self._block(place)] = row.coefficients
                rows.append(LinearRow(vector, row.lower, row.upper, f"{row.name} in period {place + 1}"))
            if math.isfinite(period.program.max_turnover):
                rows += self._turnover(place, period.program)
        return rows

    def _turnover(self, place: int, program: WeightProgram) -> list[LinearRow]:
        """What equal weights trade into a period."""
        vector, name = np.zeros(len(self._names)), f"turnover into period {place + 1}"
        block, weight = self._block(place), self._weights[place]
        if place == 0:
            current = program.current
            vector[block] = np.abs(weight - current) - np.abs(current)
            return [LinearRow(vector, -math.inf, program.max_turnover - float(np.abs(current).sum()), name)]
        now, then, both = self._traded(place)
        kept = slice(self._kept[place], self._kept[place] + self._size)
        vector[block], vector[self._block(place - 1)], vector[kept] = now, then, both
        rows = [LinearRow(vector, -math.inf, program.max_turnover, name)]
        for asset in range(self._size):
            bit = kept.start + asset
            for when in (place - 1, place):
                row = np.zeros(len(self._names))
                row[bit], row[when * self._size + asset] = 1.0, -1.0
                rows.append(LinearRow(row, -math.inf, 0.0, f"{self._names[bit]} is held in period {when + 1}"))
        return rows
