"""Simulated annealing: many chains at once, by moves that keep fixed numbers of ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._arguments import check_callable, seeded
from qtoolkit._checks import require_integer, require_number
from qtoolkit._memory import reserved
from qtoolkit.algorithms.quadratic.encoding import kept_groups
from qtoolkit.algorithms.quadratic.enumerate import Enumeration
from qtoolkit.algorithms.quadratic.evidence import Run, Solution, judge
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem, require_problem
from qtoolkit.algorithms.quadratic.solver import Progress
from qtoolkit.algorithms.quadratic.training import MOST_STEPS, Clock
from qtoolkit.errors import ConvergenceError

__all__ = ["AnnealingSolver", "feasible_starts"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_COLDEST = 1e-3
"""The last temperature relative to the first."""

_MOST_SEARCHES = 8
_SECONDS_FOR_START = 10.0


class AnnealingSolver:
    """Simulated annealing in many chains, a classical yardstick.

    Each chain starts in a feasible choice and moves to feasible ones only: a bit flips, or two unequal bits change
    places, the latter alone within groups that have a fixed number of ones. A move that raises the objective by d is
    taken with probability ``exp(-d/T)``, and T falls geometrically. Chains are the restarts.

    Source: Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983).

    Args:
        num_sweeps: moves tried by each chain, for each variable.
        num_chains: chains.

    Raises:
        InputError: if a number is below 1.
    """

    name = "annealing"

    def __init__(self, num_sweeps: int = 200, num_chains: int = 32) -> None:
        self.num_sweeps = require_integer("num_sweeps", num_sweeps, 1, MOST_STEPS)
        self.num_chains = require_integer("num_chains", num_chains, 1, MOST_STEPS)

    def solve(
        self,
        problem: QuadraticProblem,
        *,
        seed: int | np.random.Generator | None = None,
        time_limit: float | None = None,
        progress: Progress | None = None,
        enumeration: Enumeration | None = None,
    ) -> Solution:
        """See `Solver.solve`; progress counts sweeps.

        Raises:
            InputError: if no choice is feasible.
            ConvergenceError: if no feasible choice was found to start from.
        """
        require_problem(problem).constraints.require_feasible()
        if progress is not None:
            check_callable(progress, "progress")
        limit = None if time_limit is None else require_number("time_limit", time_limit, 0)
        clock = Clock(limit, progress, self.num_sweeps)
        number, generator = seeded(seed)
        size = problem.num_variables
        needed = _needs.annealing(self.num_chains, size, len(problem.constraints.rows))
        with reserved(needed, f"{self.num_chains:,} chains of {size:,} bits", "take fewer chains"):
            chains = _Chains(problem, feasible_starts(problem, self.num_chains, generator), generator)
            hot = chains.typical_step()
            for sweep in range(self.num_sweeps):
                chains.sweep(hot * _COLDEST ** (sweep / max(self.num_sweeps - 1, 1)))
                if clock.tick():
                    break
            done = clock.done
            clock.finish()
        run = Run(
            solver=self.name,
            seed=number,
            num_evaluations=done * size * self.num_chains,
            converged=done == self.num_sweeps,
            message="all sweeps were made" if done == self.num_sweeps else "the time ran out",
            wall_time=clock.seconds,
            setting=f"{self.num_chains} chains, {done} sweeps",
        )
        return judge(problem, run, bits=chains.best, enumeration=enumeration)


def feasible_starts(problem: QuadraticProblem, number: int, generator: np.random.Generator) -> NDArray[np.int8]:
    """So many feasible choices, shape ``(number, n)``: drawn uniformly or, where they cannot be counted, some found.

    Raises:
        InputError: if no choice is feasible.
        ConvergenceError: if a search finds none in time.
    """
    drawn = problem.constraints.draw(number, generator)
    if drawn is not None:
        return drawn
    found = [_searched(problem, generator) for _ in range(min(number, _MOST_SEARCHES))]
    return np.array([found[k % len(found)] for k in range(number)], dtype=np.int8)


def _searched(problem: QuadraticProblem, generator: np.random.Generator) -> NDArray[np.int8]:
    """The feasible choice that is best for a random linear objective."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    rows, size = problem.constraints.rows, problem.num_variables
    lower, upper = np.array([row.limits() for row in rows]).T
    answer = milp(
        generator.normal(size=size),
        integrality=np.ones(size, dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(np.array([row.coefficients for row in rows]), lower, upper),
        options={"time_limit": _SECONDS_FOR_START},
    )
    bits = None if answer.x is None else np.round(answer.x)
    if bits is None or not problem.constraints.feasible(bits):
        raise ConvergenceError(
            "no feasible choice was found to start from; take fewer constraints, or a solver that proves what it finds"
        )
    return bits.astype(np.int8)


@dataclass(frozen=True, eq=False)
class _Moves:
    """What may change: for each variable the pool that it exchanges with, and whether it may flip alone."""

    movable: IntArray
    pool: IntArray
    flips: NDArray[np.bool_]
    swaps: NDArray[np.bool_]

    @classmethod
    def of(cls, problem: QuadraticProblem) -> _Moves:
        size = problem.num_variables
        groups, names = kept_groups(problem.constraints)
        pool = np.zeros(size, dtype=np.int64)
        stuck = np.zeros(size, dtype=np.bool_)
        for place, (members, ones) in enumerate(groups.items(), start=1):
            pool[list(members)] = place
            stuck[list(members)] = ones in (0, len(members))
        is_free = pool == 0
        is_bound = any(row.name not in names for row in problem.constraints.rows)
        return cls(np.flatnonzero(~stuck), pool, is_free, ~is_free | is_bound)


class _Chains:
    """Chains side by side, with the slopes of the objective and the sums of the rows kept up to date."""

    def __init__(self, problem: QuadraticProblem, starts: NDArray[np.int8], generator: np.random.Generator) -> None:
        self._generator = generator
        self._moves = _Moves.of(problem)
        self._bits = starts.astype(np.float64)
        self._pairs = 2.0 * np.array(problem.objective.matrix)
        self._diagonal = np.array(problem.objective.linear)
        np.fill_diagonal(self._pairs, 0.0)
        rows = problem.constraints.rows
        self._rows = np.array([row.coefficients for row in rows]).reshape(len(rows), problem.num_variables)
        self._limits = np.array([row.limits() for row in rows]).reshape(len(rows), 2).T
        self._slopes = self._bits @ self._pairs + self._diagonal
        self._sums = self._bits @ self._rows.T
        self._values = np.einsum("ij,ij->i", self._bits, (self._slopes + self._diagonal) / 2.0)
        self._chain = np.arange(len(starts))
        self._best_values = self._values.copy()
        self._best_bits = self._bits.copy()

    @property
    def best(self) -> FloatArray:
        """The best choice of all chains, shape ``(n,)``."""
        return np.asarray(self._best_bits[np.argmin(self._best_values)])

    def typical_step(self) -> float:
        """Mean size of what a flip changes."""
        return float(np.abs(self._slopes).mean()) or 1.0

    def sweep(self, temperature: float) -> None:
        """Try as many moves in each chain as there are variables."""
        moves = self._moves
        if not moves.movable.size:
            return
        for _ in range(len(moves.pool)):
            first = self._generator.choice(moves.movable, size=len(self._chain))
            swaps = moves.swaps[first] & (~moves.flips[first] | (self._generator.random(len(first)) < 0.5))
            self._try(first, self._partners(first) if swaps.any() else first, swaps, temperature)

    def _partners(self, first: IntArray) -> IntArray:
        """Of each variable a random one of its pool with the other bit; itself where there is none."""
        mine = self._bits[self._chain, first]
        fits = (self._moves.pool == self._moves.pool[first][:, None]) & (self._bits != mine[:, None])
        keys = np.where(fits, self._generator.random(fits.shape), -1.0)
        second = np.argmax(keys, axis=1)
        return np.where(keys[self._chain, second] >= 0.0, second, first)

    def _try(self, first: IntArray, second: IntArray, swaps: NDArray[np.bool_], temperature: float) -> None:
        chain = self._chain
        swaps &= second != first
        possible = swaps | self._moves.flips[first]
        up = 1.0 - 2.0 * self._bits[chain, first]
        down = np.where(swaps, -up, 0.0)
        change = up * self._slopes[chain, first] + down * self._slopes[chain, second]
        change += up * down * self._pairs[first, second]
        if len(self._rows):
            sums = self._sums + up[:, None] * self._rows.T[first] + down[:, None] * self._rows.T[second]
            possible &= np.all((sums >= self._limits[0]) & (sums <= self._limits[1]), axis=1)
        bar = np.exp(-np.clip(change / temperature, 0.0, 700.0))
        taken = np.flatnonzero(possible & (self._generator.random(len(chain)) < bar))
        if not taken.size:
            return
        i, j, a, b = first[taken], second[taken], up[taken], down[taken]
        self._bits[taken, i] += a
        self._bits[taken, j] += b
        self._slopes[taken] += a[:, None] * self._pairs[i] + b[:, None] * self._pairs[j]
        self._values[taken] += change[taken]
        if len(self._rows):
            self._sums[taken] = sums[taken]
        better = taken[self._values[taken] < self._best_values[taken]]
        self._best_values[better] = self._values[better]
        self._best_bits[better] = self._bits[better]
