"""The optimal weights of a portfolio: of chosen assets by HiGHS, of the best choice of assets by SCIP."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from qtoolkit._checks import require_number
from qtoolkit._optional import require
from qtoolkit.algorithms.quadratic import ConstraintCheck
from qtoolkit.algorithms.quadratic.milp import convex_diagonal, optimise_by_scip, scip_model
from qtoolkit.applications.finance.data.assets import indices_of
from qtoolkit.applications.finance.portfolio._conflicts import add_rows, explained, variables_of
from qtoolkit.applications.finance.portfolio._highs import LinearModel, minimise
from qtoolkit.applications.finance.portfolio.program import Tail, WeightProgram, require_program
from qtoolkit.errors import ConvergenceError, InputError

__all__ = ["Weighing", "choose_and_weigh", "choose_in_part", "number_held", "weigh", "weigh_picks"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_OPTIMAL = 1e-6
"""Gap, in units of the risk of a typical asset, up to which an answer is the optimum."""

_SECONDS = 60.0
_ZERO = 1e-9
_HELD = 1e-6
_FACTOR = 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class Weighing:
    """Weights, and how far from the optimum they can be.

    Attributes:
        weights: by asset, shape ``(n,)``.
        held: names of the assets held; without a minimum their weight may be 0.
        objective: that the weights have.
        expected_return, risk, cost: its parts: ``μᵀw``, the variance or conditional value at risk, and that of trading.
        bound: that no portfolio falls below.
        gap: ``objective − bound``. Of chosen assets it is the duality gap at the weights, which is 0 only where the
            conditions of Karush, Kuhn and Tucker hold.
        status: ``"optimal"`` where the gap is closed, to 1e-6 of the risk of a typical asset; or why the search ended.
        checks: what the weights do to each constraint, by our own arithmetic.
        solver: that found them.
        seconds: it took.
        program_fingerprint: see `WeightProgram.fingerprint`.
    """

    weights: FloatArray
    held: tuple[str, ...]
    objective: float
    expected_return: float
    risk: float
    cost: float
    bound: float
    status: Literal["optimal", "time limit", "interrupted", "not proved"]
    checks: tuple[ConstraintCheck, ...]
    solver: str
    seconds: float = field(compare=False)
    program_fingerprint: str

    @property
    def gap(self) -> float:
        """``objective − bound``."""
        return self.objective - self.bound

    def __repr__(self) -> str:
        return (
            f"Weighing(objective={self.objective:.10g}, bound={self.bound:.10g}, gap={self.gap:.3g}, "
            f"{len(self.held)} of {len(self.weights)} assets, status={self.status!r})"
        )


def weigh(
    program: WeightProgram, assets: Iterable[str | int] | None = None, *, time_limit: float = _SECONDS
) -> Weighing:
    """The best weights of chosen assets, by HiGHS: a quadratic programme, or for a `Tail` a linear one.

    The bound comes from a linear programme of its own: the objective is convex, so that none of its values is below its
    tangent at the weights.

    Args:
        program: what to minimise; without lots.
        assets: that are held; all by default.
        time_limit: seconds.

    Raises:
        InputError: if no weights obey the constraints, naming those that conflict, or there are lots.
        ConvergenceError: if HiGHS ends without weights that obey them.
        MissingExtraError: if HiGHS is not installed.
    """
    require_program(program)
    limit = require_number("time_limit", time_limit, 0)
    if np.any(program.lots > 0.0):
        raise InputError("lots make weights a search, even of chosen assets; call choose_and_weigh")
    held = np.zeros(program.num_assets, dtype=np.bool_)
    held[list(range(program.num_assets)) if assets is None else indices_of(assets, program.names)] = True
    found = _weighed(program, held, None, limit)
    if found is None:
        raise InputError(explained(program, held))
    return found


def weigh_picks(
    program: WeightProgram, assets: Iterable[str | int], *, time_limit: float = _SECONDS
) -> Weighing | None:
    """The best weights of chosen assets, by HiGHS, and by SCIP where there are lots; None if there are none.

    Args:
        program: what to minimise.
        assets: that may be held; without lots those that are.
        time_limit: seconds.

    Raises:
        ConvergenceError: if the search ends without weights that obey them.
        MissingExtraError: if SCIP or HiGHS is not installed.
    """
    if np.any(program.lots > 0.0):
        found = _chosen(program.restricted(assets), time_limit, None, keep_interrupted=False)
        return None if found is None else dataclasses.replace(found, program_fingerprint=program.fingerprint)
    held = np.zeros(program.num_assets, dtype=np.bool_)
    held[indices_of(assets, program.names)] = True
    return _weighed(program, held, None, time_limit)


def choose_and_weigh(
    program: WeightProgram,
    *,
    time_limit: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Weighing:
    """The best choice of assets and their weights, by SCIP; the weights of its choice are then HiGHS's.

    Ctrl-C ends the search as the time limit does, with the best so far and the status ``"interrupted"``. The risk of
    each asset alone stands in cones that vanish where it is not held: Frangioni and Gentile, Math. Program. 106, 225
    (2006).

    Args:
        program: what to minimise.
        time_limit: seconds; none by default.
        progress: called with the percentage of the gap that is closed, and 100.

    Raises:
        InputError: if no portfolio obeys the constraints, naming those that conflict.
        ConvergenceError: if the search ends before any portfolio is found; the bound is in the message.
        MissingExtraError: if SCIP or HiGHS is not installed.
    """
    limit = None if time_limit is None else require_number("time_limit", time_limit, 0)
    found = _chosen(require_program(program), limit, progress, keep_interrupted=True)
    if found is None:
        raise InputError(explained(program, None))
    return found


def choose_in_part(program: WeightProgram, *, time_limit: float | None = None) -> Weighing:
    """`choose_and_weigh` as a part of longer work, all of which Ctrl-C ends.

    Args:
        program, time_limit: see `choose_and_weigh`.

    Raises:
        InputError, ConvergenceError, MissingExtraError: see `choose_and_weigh`.
        KeyboardInterrupt: at Ctrl-C.
    """
    found = _chosen(require_program(program), time_limit, None, keep_interrupted=False)
    if found is None:
        raise InputError(explained(program, None))
    return found


def _chosen(
    program: WeightProgram,
    limit: float | None,
    progress: Callable[[int, int], None] | None,
    *,
    keep_interrupted: bool,
) -> Weighing | None:
    """See `choose_and_weigh`; None where no portfolio obeys the constraints."""
    started = time.perf_counter()
    search = _Search(program)
    left = None if limit is None else limit - (time.perf_counter() - started)
    outcome = optimise_by_scip(search.model, left, progress, keep_interrupted=keep_interrupted)
    if outcome.status == "infeasible":
        return None
    words: dict[str, Literal["time limit", "interrupted"]] = {"timelimit": "time limit", "userinterrupt": "interrupted"}
    found = search.best()
    bound = outcome.dual_bound / search.unit
    if outcome.status not in ("optimal", "gaplimit") or math.isinf(bound) or found is None:
        try:
            relaxed = _relaxed(program)
            bound = max(bound, relaxed.bound)
            found = _better(program, found, _rounded(program, relaxed.weights))
        except ConvergenceError:
            if found is None:
                raise
    if found is None:
        if outcome.is_interrupted:
            raise KeyboardInterrupt
        raise ConvergenceError(
            f"SCIP found no portfolio ({outcome.message}), and none falls below {bound:.10g}; give more time"
        )
    held, weights = found
    answer = _weighed(program, held, weights, _SECONDS)
    if answer is None:
        raise ConvergenceError("SCIP found a portfolio that HiGHS cannot weigh: the constraints leave next to no room")
    closed = answer.objective - bound <= _OPTIMAL / search.unit
    return dataclasses.replace(
        answer,
        bound=min(bound, answer.objective),
        status="optimal" if closed else words.get(outcome.status, "not proved"),
        solver="scip, highs",
        seconds=time.perf_counter() - started,
    )


def _unit(program: WeightProgram) -> float:
    """What makes objectives numbers near 1: solvers' tolerances are absolute."""
    scale = program.scale
    risk = program.risk
    typical = float(np.abs(risk.scenarios).mean()) * scale if isinstance(risk, Tail) else 0.0
    if not isinstance(risk, Tail):
        typical = float(np.diag(risk).mean()) * scale**2
    size = program.risk_aversion * typical
    size = size or scale * float(max(np.abs(program.expected_returns).max(), program.cost.max()))
    return 1.0 / size if size > 0.0 else 1.0


def _model(program: WeightProgram, held: BoolArray | None, fixed: FloatArray | None = None) -> LinearModel:
    """What weights obey, divided by the programme's scale, trades up and down after them if they matter.

    Args:
        program: of the weights.
        held: the choice of assets; None relaxes it, and what counts assets.
        fixed: weights that assets with lots keep.
    """
    size, scale = program.num_assets, program.scale
    lower, upper = np.minimum(program.lower, 0.0) / scale, np.maximum(program.upper, 0.0) / scale
    if held is not None:
        lower, upper = np.where(held, lower, 0.0), np.where(held, upper, 0.0)
    if fixed is not None:
        has_lots = program.lots > 0.0
        lower[has_lots] = upper[has_lots] = fixed[has_lots] / scale
    columns = 3 * size if program.is_traded else size
    table, low, high = [], [], []
    for row in program.rows:
        if row.label == "lots" or (held is None and np.any(row.columns.held)):
            continue
        constant = 0.0 if held is None else float(row.columns.held @ held)
        entries = np.zeros(columns)
        entries[:size] = scale * row.columns.weights
        if program.is_traded:
            entries[size:] = scale * np.tile(row.columns.traded, 2)
        largest = float(np.abs(entries).max()) or 1.0
        table.append(entries / largest)
        low.append((row.lower - constant) / largest)
        high.append((row.upper - constant) / largest)
    if program.is_traded:
        room = np.maximum(np.abs(lower), upper) + np.abs(program.current) / scale
        lower, upper = np.concatenate([lower, np.zeros(2 * size)]), np.concatenate([upper, room, room])
        eye = np.eye(size)
        table += list(np.concatenate([eye, -eye, eye], axis=1))
        low += (program.current / scale).tolist()
        high += (program.current / scale).tolist()
    return LinearModel(sparse.csc_array(np.array(table)), np.array(low), np.array(high), lower, upper)


def _linear_cost(program: WeightProgram, columns: int) -> FloatArray:
    """Of weights and trades in the units of the model, the risk left out."""
    costs = np.zeros(columns)
    costs[: program.num_assets] = -program.expected_returns
    if program.is_traded:
        costs[program.num_assets :] = np.tile(program.cost, 2)
    return costs * program.scale * _unit(program)


def _weighed(program: WeightProgram, held: BoolArray, fixed: FloatArray | None, time_limit: float) -> Weighing | None:
    """The best weights of a choice; None where there are none."""
    started = time.perf_counter()
    model = _model(program, held, fixed)
    found = _solved(program, model, time_limit)
    if found is None:
        return None
    weights, bound, status = found
    weights = np.where(held, np.clip(weights, np.minimum(program.lower, 0.0), np.maximum(program.upper, 0.0)), 0.0)
    if fixed is not None:
        weights = np.where(program.lots > 0.0, fixed, weights)
    checks = program.checks(weights, held)
    broken = [check.name for check in checks if not check.satisfied]
    if broken:
        raise ConvergenceError(f"HiGHS ended ({status}) with weights that break {', '.join(broken)}; give more time")
    objective = program.objective(weights)
    closed = objective - bound <= _OPTIMAL / _unit(program)
    return Weighing(
        weights=weights,
        held=tuple(name for name, kept in zip(program.names, held.tolist(), strict=True) if kept),
        objective=objective,
        expected_return=float(program.expected_returns @ weights),
        risk=program.risk_of(weights),
        cost=program.cost_of(weights),
        bound=min(bound, objective),
        status="optimal" if closed else "time limit" if status == "Time limit reached" else "not proved",
        checks=checks,
        solver="highs",
        seconds=time.perf_counter() - started,
        program_fingerprint=program.fingerprint,
    )


def _solved(program: WeightProgram, model: LinearModel, time_limit: float) -> tuple[FloatArray, float, str] | None:
    """Weights, a bound and HiGHS's status; None where no weights are feasible."""
    size, scale, unit = program.num_assets, program.scale, _unit(program)
    columns = model.table.shape[1]
    linear = _linear_cost(program, columns)
    if isinstance(program.risk, Tail):
        wide, costs = _with_tail(program, model, linear)
        answer = minimise(wide, costs, None, time_limit)
    else:
        hessian = 2.0 * program.risk_aversion * scale**2 * unit * program.risk
        answer = minimise(model, linear, hessian, time_limit)
    if answer.status == "Infeasible":
        return None
    if answer.values is None:
        raise ConvergenceError(f"HiGHS ended without weights ({answer.status}); give more time, or check the units")
    x = answer.values[:columns]
    gradient = linear.copy()
    constant = 0.0
    if isinstance(program.risk, Tail):
        scenarios = program.risk.scenarios
        most = 1.0 / ((1.0 - program.risk.level) * len(scenarios))
        shares = np.clip(answer.duals[-len(scenarios) :] / max(program.risk_aversion * unit, 1e-300), 0.0, most)
        shares = shares / shares.sum() if shares.sum() > 0.0 else np.full(len(scenarios), 1.0 / len(scenarios))
        gradient[:size] -= program.risk_aversion * unit * scale * (shares @ scenarios)
    else:
        slope = hessian @ x[:size]
        gradient[:size] += slope
        constant = -0.5 * float(slope @ x[:size])
    tangent = minimise(model, gradient, None, time_limit)
    bound = -math.inf if tangent.values is None else (float(gradient @ tangent.values) + constant) / unit
    return x[:size] * scale, bound, answer.status


def _with_tail(program: WeightProgram, model: LinearModel, linear: FloatArray) -> tuple[LinearModel, FloatArray]:
    """The model with the value at risk and what each scenario loses beyond it."""
    assert isinstance(program.risk, Tail)
    scenarios = program.risk.scenarios
    aversion = program.risk_aversion * _unit(program)
    number, columns = len(scenarios), model.table.shape[1]
    returns = np.zeros((number, columns + 1))
    returns[:, : program.num_assets] = program.scale * scenarios
    returns[:, columns] = 1.0
    own_rows = sparse.hstack([model.table, sparse.csc_array((model.table.shape[0], 1 + number))])
    loss_rows = sparse.hstack([sparse.csc_array(returns), sparse.eye_array(number)])
    wide = LinearModel(
        sparse.csc_array(sparse.vstack([own_rows, loss_rows])),
        np.concatenate([model.row_lower, np.zeros(number)]),
        np.concatenate([model.row_upper, np.full(number, math.inf)]),
        np.concatenate([model.lower, [-math.inf], np.zeros(number)]),
        np.concatenate([model.upper, [math.inf], np.full(number, math.inf)]),
    )
    beyond = np.full(number, aversion / ((1.0 - program.risk.level) * number))
    return wide, np.concatenate([linear, [aversion], beyond])


def number_held(program: WeightProgram) -> int:
    """How many assets the optimum holds where nothing is counted, within the programme's own range and at least one.

    Raises:
        InputError: if no portfolio obeys the constraints.
        ConvergenceError: if HiGHS ends without weights.
        MissingExtraError: if HiGHS is not installed.
    """
    weights = _relaxed(require_program(program)).weights
    number = int(np.count_nonzero(np.abs(weights) > _HELD * program.scale))
    return max(int(np.clip(number, *program.cardinality)), 1)


@dataclass(frozen=True)
class _Relaxed:
    weights: FloatArray
    bound: float


def _relaxed(program: WeightProgram) -> _Relaxed:
    """The weights where nothing is counted, and the bound that they give."""
    found = _solved(program, _model(program, None), _SECONDS)
    if found is None:
        raise InputError(explained(program, None))
    return _Relaxed(found[0], found[1])


def _rounded(program: WeightProgram, weights: FloatArray) -> tuple[BoolArray, FloatArray] | None:
    """The heaviest assets of the relaxation, if they can be weighed."""
    if np.any(program.lots > 0.0):
        return None
    heavy = np.abs(weights) > _ZERO * program.scale
    number = int(np.clip(heavy.sum(), *program.cardinality))
    held = np.zeros(program.num_assets, dtype=np.bool_)
    held[np.argsort(-np.abs(weights), kind="stable")[:number]] = True
    answer = _solved(program, _model(program, held), _SECONDS)
    return None if answer is None else (held, answer[0])


_Choice = tuple[BoolArray, FloatArray]


def _better(program: WeightProgram, found: _Choice | None, other: _Choice | None) -> _Choice | None:
    """Whichever has the lower objective, of those that are there."""
    if found is None or other is None:
        return found or other
    return found if program.objective(found[1]) <= program.objective(other[1]) else other


class _Search:
    """The model of SCIP: weights and trades over the programme's scale, what is held, lots and the risk."""

    def __init__(self, program: WeightProgram) -> None:
        self._program, self.unit = program, _unit(program)
        quicksum = require("pyscipopt", extra="finance").quicksum
        self.model = scip_model(_OPTIMAL / 4.0, _OPTIMAL / 10.0)
        self._weights, self._held, self._lots, trades = variables_of(self.model, program, bounded=True)
        add_rows(self.model, program, (self._weights, self._held, trades, self._lots))
        costs = program.scale * self.unit * program.cost
        returns = program.scale * self.unit * program.expected_returns
        terms = [-float(value) * part for value, part in zip(returns, self._weights, strict=True)]
        terms += [float(value) * part for value, part in zip(costs, trades, strict=False)]
        total = quicksum(terms)
        if program.risk_aversion > 0.0:
            total = total + (self._tail(program.risk) if isinstance(program.risk, Tail) else self._variance())
        self.model.setObjective(total, "minimize")

    def _variance(self) -> Any:
        quicksum = require("pyscipopt", extra="finance").quicksum
        program = self._program
        matrix = program.risk_aversion * self.unit * program.scale**2 * np.asarray(program.risk)
        own = np.maximum(np.diag(matrix) - convex_diagonal(matrix - np.diag(np.diag(matrix))), 0.0)
        values, vectors = np.linalg.eigh(matrix - np.diag(own))
        kept = values > _FACTOR * max(float(values.max(initial=0.0)), 1.0)
        squares = []
        for column in (vectors[:, kept] * np.sqrt(values[kept])).T:
            part = self.model.addVar(lb=None)
            self.model.addCons(part == quicksum(float(a) * w for a, w in zip(column, self._weights, strict=True)))
            squares.append(part * part)
        common = self.model.addVar(lb=0.0)
        self.model.addCons(quicksum(squares) <= common)
        total = common
        for place in np.flatnonzero(own > _FACTOR):
            height = self.model.addVar(lb=0.0)
            weight = self._weights[place]
            self.model.addCons(float(own[place]) * weight * weight <= height * self._held[place])
            total = total + height
        return total

    def _tail(self, tail: Tail) -> Any:
        quicksum = require("pyscipopt", extra="finance").quicksum
        aversion = self._program.risk_aversion * self.unit
        threshold = self.model.addVar(lb=None)
        beyond = [self.model.addVar(lb=0.0) for _ in range(len(tail.scenarios))]
        for part, returns in zip(beyond, self._program.scale * tail.scenarios, strict=True):
            gained = quicksum(float(r) * w for r, w in zip(returns, self._weights, strict=True))
            self.model.addCons(part + gained + threshold >= 0.0)
        share = aversion / ((1.0 - tail.level) * len(tail.scenarios))
        return aversion * threshold + share * quicksum(beyond)

    def best(self) -> tuple[BoolArray, FloatArray] | None:
        """The choice of SCIP's best solution and its weights, those of lots whole."""
        if not self.model.getNSols():
            return None
        solution = self.model.getBestSol()
        held = np.array([float(solution[part]) > 0.5 for part in self._held])
        weights = np.array([float(solution[part]) for part in self._weights]) * self._program.scale
        for place, part in enumerate(self._lots):
            if part is not None:
                weights[place] = self._program.lots[place] * round(float(solution[part]))
        return held, weights
