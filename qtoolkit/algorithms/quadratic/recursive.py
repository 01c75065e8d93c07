"""Recursive QAOA: the strongest correlation of one layer ties two bits together, until few enough are left to list."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable, seeded
from qtoolkit._checks import require_choice, require_integer, require_number
from qtoolkit.algorithms.mixers import TransverseMixer
from qtoolkit.algorithms.qaoa_circuit import qaoa_circuit
from qtoolkit.algorithms.quadratic.circuit_size import two_qubit_gates
from qtoolkit.algorithms.quadratic.constraints import Constraints
from qtoolkit.algorithms.quadratic.encoding import MOST_QUBITS
from qtoolkit.algorithms.quadratic.enumerate import Enumeration, enumerate_choices
from qtoolkit.algorithms.quadratic.evidence import Run, Solution, judge
from qtoolkit.algorithms.quadratic.penalties import Penalty, can_be_penalty, penalised
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem, require_problem
from qtoolkit.algorithms.quadratic.single_layer import best_single_layer, single_layer
from qtoolkit.algorithms.quadratic.solver import Progress
from qtoolkit.algorithms.quadratic.training import Clock
from qtoolkit.circuit import Circuit
from qtoolkit.operators.binary_program import LinearRow
from qtoolkit.operators.quadratic import BinaryQuadratic

__all__ = ["RecursiveQaoaSolver"]

FloatArray = NDArray[np.float64]
BitArray = NDArray[np.int8]

_TIE = 1e-9
"""Correlations this close count as equally strong, and one of them is drawn."""


class RecursiveQaoaSolver:
    """Recursive QAOA with one layer of the transverse mixer, whose correlations have a closed form for any size.

    In each step the strongest of all means and correlations fixes a bit, or ties it to another. Constraints enter the
    circuit as penalties, and elimination keeps them: a step that would leave no feasible choice is taken the other way
    round, so that the answer is feasible. The bits that are left are enumerated. Depth and gates are those of the first
    circuit, the largest, where it has at most 62 qubits.

    Sources: Bravyi, Kliesch, Koenig and Tang, Phys. Rev. Lett. 125, 260505 (2020); Ozaeta, van Dam and McMahon, Quantum
    Sci. Technol. 7, 045036 (2022) for the closed form.

    Args:
        num_left: bits that are left to enumeration.
        penalty: strength of penalties, see `penalised`. Inequalities with coefficients other than integers have none:
            elimination alone keeps them.

    Raises:
        InputError: if there is not at least one bit left, or more than 24.
    """

    name = "recursive-qaoa"

    def __init__(self, num_left: int = 8, *, penalty: Penalty = "calibrated") -> None:
        self.num_left = require_integer("num_left", num_left, 1, 24)
        self.penalty: Penalty = penalty
        if isinstance(penalty, str):
            require_choice("a penalty", penalty, ("calibrated", "sufficient"))
        else:
            require_number("a penalty", penalty)

    def solve(
        self,
        problem: QuadraticProblem,
        *,
        seed: int | np.random.Generator | None = None,
        time_limit: float | None = None,
        progress: Progress | None = None,
        enumeration: Enumeration | None = None,
    ) -> Solution:
        """See `Solver.solve`; progress counts eliminated bits, and the seed decides between equal correlations.

        When the time is up, the best of some feasible choices of what is left ends the search.

        Raises:
            InputError: if no choice is feasible.
        """
        require_problem(problem).constraints.require_feasible()
        if progress is not None:
            check_callable(progress, "progress")
        limit = None if time_limit is None else require_number("time_limit", time_limit, 0)
        number, generator = seeded(seed)
        clock = Clock(limit, progress, max(problem.num_variables - self.num_left, 1))
        state = _Reduced.of(problem)
        evaluations, gamma = 0, None
        circuit = self._circuit(problem) if problem.num_variables > self.num_left else None
        while state.problem.num_variables > self.num_left and not clock.is_over:
            step, gamma, looked_at = self._strongest(state.problem, gamma, generator)
            evaluations += looked_at
            state = state.after(step)
            clock.tick()
        over = state.problem.num_variables > self.num_left
        if over:
            rest = _some_choice(state.problem, generator)
        else:
            rest = np.array(enumerate_choices(state.problem).best.bits, dtype=np.int8)
        clock.finish()
        run = Run(
            solver=self.name,
            seed=number,
            depth=None if circuit is None else circuit.depth(),
            two_qubit_count=None if circuit is None else two_qubit_gates(circuit),
            num_evaluations=evaluations,
            converged=not over,
            message="the time ran out" if over else f"{state.problem.num_variables} bits were left to enumeration",
            wall_time=clock.seconds,
            setting="one layer in closed form, transverse mixer",
        )
        return judge(problem, run, bits=state.bits(rest), enumeration=enumeration)

    def _form(self, problem: QuadraticProblem) -> BinaryQuadratic:
        kept = [row.name for row in problem.constraints.rows if not can_be_penalty(row)]
        return penalised(problem, self.penalty, num_layers=1, kept=kept).form

    def _circuit(self, problem: QuadraticProblem) -> Circuit | None:
        """The layer that a machine runs; None where it is too large to be written down, or nothing depends on a bit."""
        form = self._form(problem)
        size = form.num_variables
        if size > MOST_QUBITS or not form.matrix.any():
            return None
        return qaoa_circuit(form.ising(), TransverseMixer(size), Circuit(size).h(range(size)), 1)

    def _strongest(
        self, problem: QuadraticProblem, gamma: float | None, generator: np.random.Generator
    ) -> tuple[_Step, float | None, int]:
        """The step that one layer suggests, its γ, and how many angles were looked at."""
        form = self._form(problem)
        gamma, beta, _, looked_at = best_single_layer(form, gamma)
        means, pairs = single_layer(form.spins(), gamma, beta)
        size = problem.num_variables
        means, pairs = means[:size], np.triu(pairs[:size, :size], 1)
        strengths = np.concatenate([np.abs(means), np.abs(pairs).ravel()])
        place = int(generator.choice(np.flatnonzero(strengths >= strengths.max() - _TIE)))
        if place < size:
            return _Step(place, None, int(means[place] < 0.0)), gamma or None, looked_at
        first, second = divmod(place - size, size)
        if first == second:  # no correlation at all
            second = (first + 1) % size
        return _Step(max(first, second), min(first, second), int(pairs[first, second] < 0.0)), gamma or None, looked_at


@dataclass(frozen=True)
class _Step:
    """Bit `variable` becomes `partner`'s, or with `value` 1 its opposite; without a partner it becomes `value`."""

    variable: int
    partner: int | None
    value: int


@dataclass(frozen=True, eq=False)
class _Reduced:
    """A problem in fewer bits: the original ones are ``matrix @ bits + shift``."""

    problem: QuadraticProblem
    matrix: BitArray
    shift: BitArray

    @classmethod
    def of(cls, problem: QuadraticProblem) -> _Reduced:
        size = problem.num_variables
        return cls(problem, np.eye(size, dtype=np.int8), np.zeros(size, dtype=np.int8))

    def bits(self, rest: BitArray) -> BitArray:
        """The original bits."""
        return np.asarray(self.matrix @ rest + self.shift, dtype=np.int8)

    def after(self, step: _Step) -> _Reduced:
        """With a bit less; the step is reversed where no choice would be feasible after it."""
        found = self._substituted(step)
        if not found.problem.constraints.can_be_met():
            found = self._substituted(replace(step, value=1 - step.value))
        return found

    def _substituted(self, step: _Step) -> _Reduced:
        # x = T y + t for the bits y that stay
        size = self.problem.num_variables
        turn, constant = np.eye(size), np.zeros(size)
        turn[step.variable] = 0.0
        if step.partner is not None:
            turn[step.variable, step.partner] = 1.0 - 2.0 * step.value
        constant[step.variable] = step.value
        stay = np.flatnonzero(np.arange(size) != step.variable)
        turn = turn[:, stay]
        old = self.problem.objective
        names = tuple(old.names[k] for k in stay)
        form = BinaryQuadratic(
            turn.T @ old.matrix @ turn,
            2.0 * (constant @ old.matrix @ turn),
            old.offset + float(constant @ old.matrix @ constant),
            names,
        )
        rows = []
        for row in self.problem.constraints.rows:
            moved = float(row.coefficients @ constant)
            rows.append(LinearRow(row.coefficients @ turn, row.lower - moved, row.upper - moved, row.name))
        whole = turn.astype(np.int8)
        return _Reduced(
            QuadraticProblem(form, Constraints(names, rows=rows)),
            np.asarray(self.matrix @ whole),
            np.asarray(self.matrix @ constant.astype(np.int8) + self.shift),
        )


def _some_choice(problem: QuadraticProblem, generator: np.random.Generator) -> BitArray:
    from qtoolkit.algorithms.quadratic.annealing import feasible_starts

    bits = feasible_starts(problem, 256, generator)
    return np.asarray(bits[np.argmin(problem.objective.values(bits))])
