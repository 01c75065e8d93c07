"""Large problems by parts that a quantum solver holds: the others are held fixed while a few variables are chosen anew.

Parts are clusters of variables that depend on each other, and sets of variables whose exchange promises most. A part's
problem keeps all constraints, with what the fixed variables use of their limits taken off, so that every choice on the
way is feasible, and none is worse than the one before.

Source: Booth, Reinhardt and Roy, "Partitioning optimization problems for hybrid classical/quantum execution", D-Wave
Technical Report 14-1006A-A (2017), without its tabu search; clusters of assets as in Acharya et al., arXiv:2409.10301.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable, seeded
from qtoolkit._checks import require_integer, require_number
from qtoolkit.algorithms.quadratic.annealing import feasible_starts
from qtoolkit.algorithms.quadratic.constraints import Constraints
from qtoolkit.algorithms.quadratic.enumerate import Enumeration
from qtoolkit.algorithms.quadratic.evidence import Run, Solution, judge
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem, require_problem
from qtoolkit.algorithms.quadratic.solver import Progress, Solver, require_solver
from qtoolkit.operators.binary_program import LinearRow

if TYPE_CHECKING:
    from scipy.cluster.hierarchy import ClusterNode

__all__ = ["DecompositionSolver", "clusters_of", "part_of"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_DRAWS = 512
_ROUNDING = 1e-12
"""Of the largest coefficient: a choice must be better by more."""


class DecompositionSolver:
    """Chooses part after part anew by another solver, until a round over all parts finds nothing better.

    Args:
        inner: solves the parts: a name that `solve` takes, or a solver of your own.
        part_size: variables of a part.
        max_rounds: over all parts.

    Raises:
        InputError: if a number is too small, or the solver is none.
        MissingExtraError: if the solver needs a package that is not installed.
    """

    name = "decomposition"

    def __init__(self, inner: str | Solver = "qaoa", part_size: int = 14, max_rounds: int = 20) -> None:
        self._inner = require_solver(inner)
        self._part_size = require_integer("part_size", part_size, 2)
        self._max_rounds = require_integer("max_rounds", max_rounds, 1)

    def solve(
        self,
        problem: QuadraticProblem,
        *,
        seed: int | np.random.Generator | None = None,
        time_limit: float | None = None,
        progress: Progress | None = None,
        enumeration: Enumeration | None = None,
    ) -> Solution:
        """See `Solver.solve`; shots are those of all parts together, depth and gates those of the largest circuit.

        Raises:
            InputError: if no choice is feasible.
            ConvergenceError: if no feasible choice was found to start from.
            KeyboardInterrupt: at Ctrl-C, in the solver of a part as well.
        """
        started = time.perf_counter()
        require_problem(problem).constraints.require_feasible()
        limit = math.inf if time_limit is None else require_number("time_limit", time_limit, 0)
        if progress is not None:
            check_callable(progress, "progress")
        number, generator = seeded(seed)
        starts = feasible_starts(problem, _DRAWS, generator)
        choice = np.asarray(starts[np.argmin(problem.objective.values(starts))], dtype=np.float64)
        clusters = clusters_of(problem, self._part_size)
        totals = _Totals()
        message, is_settled, done = f"{self._max_rounds} rounds were made", False, 0
        smallest = _ROUNDING * float(np.abs(problem.objective.matrix).max())
        for _ in range(self._max_rounds):
            has_changed = False
            for free in self._parts(problem, clusters, choice, generator):
                left = limit - (time.perf_counter() - started)
                if left <= 0.0:
                    message = "the time ran out"
                    break
                part = part_of(problem, choice, free)
                found = self._inner.solve(
                    part, seed=generator, time_limit=None if math.isinf(left) else left, progress=None
                )
                if found.interrupted:
                    raise KeyboardInterrupt
                totals.add(found)
                done += 1
                if progress is not None:
                    progress(done, max(done, self._max_rounds * len(clusters)))
                if found.bits is None or found.value is None:
                    continue
                if found.value < float(part.objective.values(choice[free])) - smallest:
                    candidate = choice.copy()
                    candidate[free] = found.bits
                    if problem.constraints.feasible(candidate):  # what rounding takes off limits counts here
                        choice, has_changed = candidate, True
            if message == "the time ran out":
                break
            if not has_changed or problem.num_variables <= self._part_size:
                message, is_settled = "no part could be chosen better", True
                break
        if progress is not None:
            progress(max(done, 1), max(done, 1))
        parts = "1 part" if done == 1 else f"{done} parts"
        run = Run(
            solver=self.name,
            shots=totals.shots or None,
            seed=number,
            depth=totals.depth,
            two_qubit_count=totals.two_qubit_count,
            num_evaluations=totals.num_evaluations,
            converged=is_settled,
            message=message,
            setting=f"{parts} of at most {self._part_size} variables by {self._inner.name}",
            backend_name=totals.backend_name,
            wall_time=time.perf_counter() - started,
        )
        return judge(problem, run, bits=choice, enumeration=enumeration)

    def _parts(
        self,
        problem: QuadraticProblem,
        clusters: tuple[IntArray, ...],
        choice: FloatArray,
        generator: np.random.Generator,
    ) -> Iterator[IntArray]:
        """The clusters in random order, and between them what promises most as the choice then is."""
        size = problem.num_variables
        if size <= self._part_size:
            yield np.arange(size)
            return
        for place, number in enumerate(generator.permutation(len(clusters)).tolist()):
            if len(clusters[number]) > 1:
                yield clusters[number]
            yield _promising(problem, choice, self._part_size, place)


class _Totals:
    """What the runs on all parts came to."""

    def __init__(self) -> None:
        self.shots = self.num_evaluations = 0
        self.depth: int | None = None
        self.two_qubit_count: int | None = None
        self.backend_name = ""

    def add(self, found: Solution) -> None:
        self.shots += found.shots or 0
        self.num_evaluations += found.num_evaluations
        self.backend_name = self.backend_name or found.backend_name
        if found.depth is not None:
            self.depth = max(self.depth or 0, found.depth)
        if found.two_qubit_count is not None:
            self.two_qubit_count = max(self.two_qubit_count or 0, found.two_qubit_count)


def part_of(problem: QuadraticProblem, choice: FloatArray, free: IntArray) -> QuadraticProblem:
    """The problem of some variables where the others keep their values.

    Args:
        problem: of all.
        choice: 0 or 1 for each variable, shape ``(n,)``.
        free: indices of those that are chosen anew, ascending; not none.
    """
    fixed = np.setdiff1d(np.arange(problem.num_variables), free)
    objective = problem.objective
    if fixed.size:
        objective = objective.fixed({int(k): int(choice[k]) for k in fixed})
    rows = []
    for row in problem.constraints.rows:
        own = row.coefficients[free]
        if not own.any():
            continue
        used = float(row.coefficients[fixed] @ choice[fixed])
        lower, upper = row.limits()
        rows.append(LinearRow(own, lower - used, upper - used, row.name))
    return QuadraticProblem(objective, Constraints(objective.names, rows=rows))


def clusters_of(problem: QuadraticProblem, most: int) -> tuple[IntArray, ...]:
    """Variables in clusters that depend on each other, of at most so many, each ascending.

    Average linkage of the couplings, of which what each variable has in common with all others is taken off: where the
    number of ones is fixed, that part is linear.

    Args:
        problem: whose objective couples them.
        most: size of a cluster.
    """
    from scipy.cluster.hierarchy import linkage, to_tree

    size = problem.num_variables
    if size <= most:
        return (np.arange(size),)
    coupled = np.array(problem.objective.matrix)
    np.fill_diagonal(coupled, 0.0)
    rows = coupled.sum(axis=1) / max(size - 1, 1)
    coupled = np.abs(coupled - rows[:, None] - rows[None, :] + rows.mean())
    first, second = np.triu_indices(size, 1)
    distances = float(coupled[first, second].max()) - coupled[first, second]
    found: list[list[int]] = []
    _cut(to_tree(linkage(distances, "average")), most, found)
    return tuple(np.sort(np.array(members, dtype=np.int64)) for members in _packed(found, most))


def _cut(node: ClusterNode, most: int, found: list[list[int]]) -> None:
    """The largest subtrees of at most so many leaves."""
    waiting = [node]
    while waiting:
        top = waiting.pop()
        if top.get_count() <= most:
            found.append(top.pre_order())
            continue
        waiting += [half for half in (top.get_right(), top.get_left()) if half is not None]


def _packed(clusters: list[list[int]], most: int) -> list[list[int]]:
    """Small clusters together, neighbours in the tree first."""
    packed: list[list[int]] = []
    for members in clusters:
        if packed and len(packed[-1]) + len(members) <= most:
            packed[-1] += members
        else:
            packed.append(list(members))
    return packed


def _promising(problem: QuadraticProblem, choice: FloatArray, size: int, place: int) -> IntArray:
    """Variables that are 1 and cost most, and variables that are 0 and would save most.

    Args:
        problem, choice: as it is.
        size: how many.
        place: each takes the next ones in their order.
    """
    matrix = problem.objective.matrix
    slope = 2.0 * (matrix @ choice) + np.diagonal(matrix) * (1.0 - 2.0 * choice)
    change = np.where(choice > 0.5, -slope, slope)
    ones, zeros = (np.flatnonzero(choice > 0.5), np.flatnonzero(choice <= 0.5))
    half = min(len(ones), size // 2)
    half = max(half, size - len(zeros))
    parts = []
    for members, number in ((ones, half), (zeros, size - half)):
        ordered = members[np.argsort(change[members], kind="stable")]
        shift = place * number % max(len(ordered), 1)
        parts.append(np.roll(ordered, -shift)[:number])
    return np.sort(np.concatenate(parts))
