"""SCIP: the optimum of a quadratic function of bits under constraints, or the best bound that time allows."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable, check_instance
from qtoolkit._checks import require_number
from qtoolkit._optional import require
from qtoolkit.algorithms.quadratic.constraints import Constraints
from qtoolkit.algorithms.quadratic.enumerate import Enumeration
from qtoolkit.algorithms.quadratic.evidence import Bound, Run, Solution, judge
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem, require_problem
from qtoolkit.algorithms.quadratic.solver import Progress
from qtoolkit.errors import ConvergenceError, InputError

__all__ = [
    "ScipOutcome",
    "ScipSolver",
    "conflict_by_scip",
    "convex_diagonal",
    "optimise_by_scip",
    "scip_model",
]

FloatArray = NDArray[np.float64]

_INFINITE = 1e19
"""From here on a bound of SCIP's is none."""

_TOLERANCE = 1e-8
"""Of SCIP's constraints, in units of the largest coefficient."""

_PAUSE = 0.02
"""Seconds after which SCIP is asked to end, again and again: at its start it may forget."""

_DRAWS = 4096
_MOST_SWEEPS = 300
_PERCENT = 100
_STATUSES = {
    "optimal": "SCIP proved it",
    "gaplimit": "SCIP proved it",
    "infeasible": "no choice is feasible",
    "timelimit": "the time ran out",
    "userinterrupt": "it was interrupted",
}


@dataclass(frozen=True)
class ScipOutcome:
    """How SCIP ended.

    Attributes:
        status: ``"optimal"``, ``"infeasible"``, ``"timelimit"``, ``"userinterrupt"`` or another of SCIP's words.
        dual_bound: that no solution falls below; minus infinity where nothing is known.
        num_nodes: of the search tree.
        is_interrupted: whether Ctrl-C was pressed meanwhile.
    """

    status: str
    dual_bound: float
    num_nodes: int
    is_interrupted: bool = False

    @property
    def message(self) -> str:
        """Why it ended."""
        return f"{_STATUSES.get(self.status, self.status)}, {self.num_nodes:,} nodes"


class ScipSolver:
    """Branch and bound by SCIP: the optimum with its proof, or the best choice and bound when the time is up.

    Ctrl-C ends the search as the time limit does, and `Solution.interrupted` says so. The quadratic part is made convex
    first, by a diagonal that adds nothing on bits and gives the bound of a semidefinite relaxation: Billionnet, Elloumi
    and Plateau, Discrete Appl. Math. 157, 1185 (2009). What is proved is proved to 1e-8 of the largest coefficient.

    Raises:
        MissingExtraError: if SCIP is not installed.
    """

    name = "scip"

    def __init__(self) -> None:
        require("pyscipopt", extra="finance")

    def solve(
        self,
        problem: QuadraticProblem,
        *,
        seed: int | np.random.Generator | None = None,
        time_limit: float | None = None,
        progress: Progress | None = None,
        enumeration: Enumeration | None = None,
    ) -> Solution:
        """See `Solver.solve`; nothing is random, and progress is the percentage of the gap that is closed.

        Raises:
            InputError: if no choice is feasible, naming constraints that conflict.
            ConvergenceError: if the time ran out before any feasible choice was found; the bound is in the message.
        """
        started = time.perf_counter()
        require_problem(problem)
        limit = None if time_limit is None else require_number("time_limit", time_limit, 0)
        search = _Search(problem)
        left = None if limit is None else limit - (time.perf_counter() - started)
        outcome = optimise_by_scip(search.model, left, progress, keep_interrupted=True)
        if outcome.status == "infeasible":
            raise InputError(problem.constraints.explanation(_smallest_conflict(problem.constraints)))
        bits, found_all = search.best()
        value = None if bits is None else float(problem.objective.values(bits))
        lowest = max(search.unscaled(outcome.dual_bound), search.plain_bound)
        is_optimal = outcome.status in ("optimal", "gaplimit") and found_all and value is not None
        if value is None:
            bits = _drawn(problem)
            value = None if bits is None else float(problem.objective.values(bits))
        if bits is None or value is None:
            if outcome.is_interrupted:
                raise KeyboardInterrupt
            raise ConvergenceError(
                f"SCIP found no feasible choice ({outcome.message}), and none falls below {lowest:.10g}; give more time"
            )
        seconds = time.perf_counter() - started
        bound = Bound(
            value if is_optimal else min(lowest, value),
            "optimal" if is_optimal else "lower bound",
            self.name,
            seconds,
            problem.fingerprint,
        )
        run = Run(
            solver=self.name,
            num_evaluations=outcome.num_nodes,
            converged=is_optimal,
            message=outcome.message,
            wall_time=seconds,
            interrupted=outcome.is_interrupted,
        )
        return judge(problem, run, bits=bits, enumeration=enumeration, bound=bound)


def scip_model(gap: float = 0.0, tolerance: float = _TOLERANCE) -> Any:
    """An empty, silent model of SCIP.

    Args:
        gap: between the best solution and the bound at which it ends.
        tolerance: of constraints.

    Raises:
        MissingExtraError: if SCIP is not installed.
    """
    model = require("pyscipopt", extra="finance").Model()
    model.hideOutput()
    model.setParam("numerics/feastol", tolerance)
    model.setParam("limits/absgap", gap)
    model.setParam("misc/catchctrlc", False)
    return model


def optimise_by_scip(
    model: Any,
    time_limit: float | None = None,
    progress: Progress | None = None,
    *,
    keep_interrupted: bool = False,
) -> ScipOutcome:
    """Run SCIP until it is done, the time is up, or Ctrl-C.

    Args:
        model: of PySCIPOpt, which keeps its solutions.
        time_limit: seconds.
        progress: called with the percentage of the gap that is closed, and 100. What it raises ends the run.
        keep_interrupted: whether Ctrl-C ends the run as the time limit does.

    Raises:
        KeyboardInterrupt: at Ctrl-C otherwise, so that what the run is a part of ends with it.
    """
    if time_limit is not None:
        model.setParam("limits/time", min(max(time_limit, 1e-3), _INFINITE))
    watch: Any = None
    if progress is not None:
        check_callable(progress, "progress")
        watch = _watch(progress)
        model.includeEventhdlr(watch, "progress", "tells how much of the gap is closed")
    is_interrupted = _run(model)
    error = None if watch is None else watch.error
    if error is not None and not (is_interrupted and isinstance(error, KeyboardInterrupt)):
        raise error
    if is_interrupted and not keep_interrupted:
        raise KeyboardInterrupt
    dual = float(model.getDualbound())
    if progress is not None and model.getStatus() == "optimal":
        progress(_PERCENT, _PERCENT)
    return ScipOutcome(
        status=str(model.getStatus()),
        dual_bound=dual if abs(dual) < _INFINITE else -math.inf,
        num_nodes=int(model.getNTotalNodes()),
        is_interrupted=is_interrupted,
    )


def _run(model: Any) -> bool:
    """Run SCIP; whether Ctrl-C ended it.

    SCIP takes the signal for itself or not at all, and prints when it does; Python's handlers wait until it is done. So
    a thread hears of the signal at once and tells SCIP.
    """
    if threading.current_thread() is not threading.main_thread():
        model.optimizeNogil()
        return False
    interrupted, ended = threading.Event(), threading.Event()
    ear, mouth = socket.socketpair()
    mouth.setblocking(False)

    def listen() -> None:
        while heard := ear.recv(64):
            if before >= 0:  # whose it was, such as a loop of asyncio, waits for it
                with contextlib.suppress(OSError):
                    os.write(before, heard)
            if signal.SIGINT in heard:
                interrupted.set()
                while not ended.wait(_PAUSE):
                    model.interruptSolve()

    listener = threading.Thread(target=listen, daemon=True)
    before = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    try:
        listener.start()
        model.optimizeNogil()
    except KeyboardInterrupt:
        interrupted.set()
    finally:
        signal.set_wakeup_fd(before)
        ended.set()
        mouth.close()
        listener.join()
        ear.close()
    return interrupted.is_set()


def _watch(progress: Progress) -> Any:
    """An event handler that reports progress; errors inside SCIP's callbacks are kept for later."""
    scip: Any = require("pyscipopt", extra="finance")
    handler: Any = scip.Eventhdlr
    events = scip.SCIP_EVENTTYPE.NODESOLVED | scip.SCIP_EVENTTYPE.BESTSOLFOUND

    class Watch(handler):  # type: ignore[misc]
        error: BaseException | None = None

        def eventinit(self) -> None:
            self.model.catchEvent(events, self)

        def eventexit(self) -> None:
            self.model.dropEvent(events, self)

        def eventexec(self, event: Any) -> None:
            if self.error is not None:
                return
            try:
                progress(int(_PERCENT * (1.0 - min(self.model.getGap(), 1.0))), _PERCENT)
            except BaseException as error:
                self.error = error
                self.model.interruptSolve()

    return Watch()


def conflict_by_scip(constraints: Constraints, time_limit: float = 10.0) -> tuple[str, ...] | None:
    """Names of constraints that no choice obeys together, any one less of which can be met, by SCIP.

    None if they can be met, or if that is not decided in time. Other such sets may be smaller.

    Args:
        constraints: on bits.
        time_limit: seconds for the decision.

    Raises:
        InputError: if the constraints are none, or the time is negative.
        MissingExtraError: if SCIP is not installed.
    """
    check_instance(constraints, Constraints, "constraints must be Constraints")
    time_limit = require_number("time_limit", time_limit, 0)
    model = scip_model()
    _add_rows(model, [model.addVar(f"x{k}", vtype="B") for k in range(constraints.num_variables)], constraints)
    if optimise_by_scip(model, time_limit).status != "infeasible":
        return None
    return tuple(constraints.rows[k].name for k in _irreducible_rows(model))


def _irreducible_rows(model: Any) -> tuple[int, ...]:
    """Of an infeasible model whose constraints are named by numbers, those of an irreducible set, ascending."""
    found = model.generateIIS().getSubscip().getConss()
    return tuple(sorted(int(row.name) for row in found))


def _smallest_conflict(constraints: Constraints) -> tuple[str, ...]:
    """The smallest set where the constraints can be counted, else an irreducible one."""
    names = None if constraints.diagram is None else constraints.conflict()
    return names or conflict_by_scip(constraints) or tuple(row.name for row in constraints.rows)


def _add_rows(model: Any, variables: list[Any], constraints: Constraints) -> None:
    quicksum = require("pyscipopt", extra="finance").quicksum
    for place, row in enumerate(constraints.rows):
        scale = float(np.abs(row.coefficients).max()) or 1.0
        lower, upper = (limit / scale for limit in row.limits())
        used = np.flatnonzero(row.coefficients)
        # a variable that is fixed at 0 stands for a row without any
        total = quicksum(float(row.coefficients[k] / scale) * variables[k] for k in used)
        if not used.size:
            total = total + model.addVar(f"none{place}", lb=0.0, ub=0.0)
        if lower == upper:
            model.addCons(total == lower, name=str(place))
        else:
            parts = [] if math.isinf(lower) else [total >= lower]
            parts += [] if math.isinf(upper) else [total <= upper]
            for part in parts:
                model.addCons(part, name=str(place))


class _Search:
    """The model of a problem: ``minimise t + bᵀx`` with ``‖Gᵀx‖² ≤ t``.

    On bits that obey the equations Ax = b, x is ``A⁺b`` plus its projection onto the null space of A, so that the
    quadratic part matters on that space only, where a diagonal makes it convex.
    """

    def __init__(self, problem: QuadraticProblem) -> None:
        self._problem = problem
        size = problem.num_variables
        matrix = np.array(problem.objective.matrix)
        scale = float(np.abs(matrix).max()) or 1.0
        matrix /= scale
        equations = [row for row in problem.constraints.rows if row.lower == row.upper and np.any(row.coefficients)]
        basis, fixed = _null_space(equations, size)
        pairs = matrix - np.diag(np.diag(matrix))
        diagonal = convex_diagonal(pairs, basis)
        convex = pairs + np.diag(diagonal)
        values, vectors = np.linalg.eigh(basis.T @ convex @ basis)
        kept = values > 1e-12 * max(float(values.max(initial=0.0)), 1.0)
        factor = basis @ (vectors[:, kept] * np.sqrt(values[kept]))
        linear = np.diag(matrix) - diagonal + 2.0 * (basis @ (basis.T @ (convex @ fixed)))
        self._scale = scale
        self._constant = float(fixed @ convex @ fixed)
        self.plain_bound = self.unscaled(float(np.minimum(linear, 0.0).sum()))

        self.model = scip_model()
        quicksum = require("pyscipopt", extra="finance").quicksum
        self._bits = [self.model.addVar(f"x{k}", vtype="B") for k in range(size)]
        _add_rows(self.model, self._bits, problem.constraints)
        total = quicksum(float(linear[k]) * self._bits[k] for k in range(size))
        if factor.shape[1] and np.any(pairs):
            squares = []
            for place, column in enumerate(factor.T):
                part = self.model.addVar(f"y{place}", lb=None)
                used = np.flatnonzero(column)
                self.model.addCons(part == quicksum(float(column[k]) * self._bits[k] for k in used))
                squares.append(part * part)
            height = self.model.addVar("t", lb=0.0)
            self.model.addCons(quicksum(squares) <= height)
            total = total + height
        self.model.setObjective(total, "minimize")

    def unscaled(self, value: float) -> float:
        """A value of the model as one of the objective."""
        return self._scale * (value + self._constant) + self._problem.objective.offset

    def best(self) -> tuple[FloatArray | None, bool]:
        """The best of SCIP's choices that is feasible and whether that leaves out none, by our own arithmetic."""
        found = [[round(float(solution[bit])) for bit in self._bits] for solution in self.model.getSols()]
        if not found:
            return None, True
        bits = np.array(found, dtype=np.float64)
        feasible = self._problem.constraints.feasible(bits)
        if not feasible.any():
            return None, False
        values = self._problem.objective.values(bits[feasible])
        return np.asarray(bits[feasible][np.argmin(values)]), bool(feasible[0])


def _null_space(equations: list[Any], size: int) -> tuple[FloatArray, FloatArray]:
    """An orthonormal basis of what the equations leave free, shape ``(n, r)``, and the shortest solution."""
    if not equations:
        return np.eye(size), np.zeros(size)
    table = np.array([row.coefficients / np.linalg.norm(row.coefficients) for row in equations])
    right = np.array([row.upper / np.linalg.norm(row.coefficients) for row in equations])
    left, values, turned = np.linalg.svd(table)
    rank = int(np.sum(values > 1e-9))
    fixed = turned[:rank].T @ ((left.T @ right)[:rank] / values[:rank])
    return np.asarray(turned[rank:].T), np.asarray(fixed)


def convex_diagonal(pairs: FloatArray, basis: FloatArray | None = None) -> FloatArray:
    """The smallest diagonal, nearly, that makes a matrix positive semidefinite: the dual of a semidefinite programme.

    Source: Wang, Chang and Kolter, "The mixing method", arXiv:1706.00476.

    Args:
        pairs: symmetric with a diagonal of zeros, shape ``(n, n)``.
        basis: orthonormal columns that span where it has to be, shape ``(n, r)``; all by default.
    """
    size = len(pairs)
    basis = np.eye(size) if basis is None else basis
    outside = np.eye(size) - basis @ basis.T
    weight = float(np.abs(np.linalg.eigvalsh(pairs)).max())
    coupled = pairs + weight * (outside - np.diag(np.diag(outside)))
    vectors = np.random.default_rng(0).normal(size=(size, math.isqrt(2 * size) + 2))
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    before = math.inf
    for _ in range(_MOST_SWEEPS):
        total = 0.0
        for k in range(size):
            pull = coupled[k] @ vectors
            length = float(np.linalg.norm(pull))
            total += length
            if length > 0.0:
                vectors[k] = -pull / length
        if abs(before - total) <= 1e-6 * total:
            break
        before = total
    diagonal = np.linalg.norm(coupled @ vectors, axis=1) - weight * np.diag(outside)
    lowest = float(np.linalg.eigvalsh(basis.T @ (pairs + np.diag(diagonal)) @ basis)[:1].sum())
    return np.asarray(diagonal - lowest + 1e-12 * weight)


def _drawn(problem: QuadraticProblem) -> FloatArray | None:
    """The best of some drawn choices; None where none can be drawn."""
    bits = problem.constraints.draw(_DRAWS, 0)
    if bits is None:
        return None
    return np.asarray(bits[np.argmin(problem.objective.values(bits))], dtype=np.float64)
