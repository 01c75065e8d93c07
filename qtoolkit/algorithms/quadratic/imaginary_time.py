"""`ImaginaryTimeSolver`: imaginary time in small steps, each of which a circuit of rotations of two qubits imitates."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._arguments import check_callable, seeded
from qtoolkit._checks import require_integer, require_number
from qtoolkit._memory import reserved
from qtoolkit.algorithms.quadratic.ansatz import CircuitLandscape, start_circuit
from qtoolkit.algorithms.quadratic.circuit_size import two_qubit_gates
from qtoolkit.algorithms.quadratic.encoding import MOST_QUBITS, Encoding, encode, kept_groups
from qtoolkit.algorithms.quadratic.enumerate import Enumeration, feasible_choices
from qtoolkit.algorithms.quadratic.evidence import Run, Solution
from qtoolkit.algorithms.quadratic.measured import judged_by_probabilities
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem, require_problem
from qtoolkit.algorithms.quadratic.solver import Progress
from qtoolkit.algorithms.quadratic.training import MOST_STEPS, Clock
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError

__all__ = ["ImaginaryTimeSolver"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_REGULARISATION = 1e-6
"""Added to the diagonal of the overlaps, whose own entries are at most 1."""

_SETTLED = 1e-4
"""In units of the objective's spread: a step that lowers the mean by less ends the search."""

_SHORTEST = 1e-3
"""Relative to the first step: where a shorter one would be needed, nothing lowers the mean."""

_LARGEST_TURN = 0.6
"""Radians of a single rotation; a step with larger ones is shortened."""


class ImaginaryTimeSolver:
    """Quantum imaginary time evolution: each step ``e^{-Δτ C}`` is replaced by the unitary nearest to it.

    The unitary is a product of real rotations: of a free qubit about Y, alone and with the sign of another qubit, and
    exchanges of the pairs within groups with a fixed number of ones. Under other constraints rotations connect feasible
    choices alone, as the controlled ones of Hadfield et al., Algorithms 12, 34 (2019) do, and pairs of free qubits are
    exchanged as well. The angles solve the linear system of overlaps, which a machine measures and the simulator has
    exactly. All amplitudes are real.

    Source: Motta et al., Nature Physics 16, 205 (2020), eqs. (3) to (5), with domains of two qubits.

    Args:
        num_steps: at most.
        step: Δτ in inverse units of the objective's spread; halved where the mean would rise.
        shots: samples drawn at the end.

    Raises:
        InputError: if an argument breaks its rule.
    """

    name = "imaginary-time"

    def __init__(self, num_steps: int = 200, *, step: float = 0.5, shots: int = 4096) -> None:
        self.num_steps = require_integer("num_steps", num_steps, 1, MOST_STEPS)
        self.step = require_number("step", step, 1e-6)
        self.shots = require_integer("shots", shots, 1, MOST_STEPS)

    def solve(
        self,
        problem: QuadraticProblem,
        *,
        seed: int | np.random.Generator | None = None,
        time_limit: float | None = None,
        progress: Progress | None = None,
        enumeration: Enumeration | None = None,
    ) -> Solution:
        """See `Solver.solve`; progress counts steps. The seed is of the samples.

        Raises:
            InputError: if no choice is feasible, or there are too many to list.
            InsufficientMemoryError: if the states do not fit.
        """
        require_problem(problem).constraints.require_feasible()
        if progress is not None:
            check_callable(progress, "progress")
        limit = None if time_limit is None else require_number("time_limit", time_limit, 0)
        number, generator = seeded(seed)
        clock = Clock(limit, progress, self.num_steps)
        space = _space(problem)
        size, directions = len(space.patterns), space.num_rotations
        needed = _needs.imaginary_time(size, directions)
        remedy = "take fewer variables, or another solver"
        with reserved(needed, f"{directions} directions of {size:,} amplitudes", remedy):
            path = _Path(space)
            message, converged = path.follow(self.step, self.num_steps, clock)
        circuit = path.circuit()
        run = Run(
            solver=self.name,
            evidence="state vector",
            shots=self.shots,
            seed=number,
            depth=None if circuit is None else circuit.depth(),
            two_qubit_count=None if circuit is None else two_qubit_gates(circuit),
            num_evaluations=path.num_systems,
            converged=converged,
            message=message,
            setting=f"{len(path.angles)} steps of {len(path.rotations)} rotations",
        )
        outcomes = (space.choices, path.state**2)
        return judged_by_probabilities(problem, run, outcomes, generator, clock, enumeration)


@dataclass(frozen=True, eq=False)
class _Space:
    """The states that are reached, and what turns them into each other.

    Attributes:
        patterns: of qubits, ascending, shape ``(m,)``.
        choices: the problem's bits of each, shape ``(m, n)``.
        values: the objective in units of its spread, shape ``(m,)``.
        flipped: qubits that are turned about Y.
        exchanged: pairs that are exchanged.
        encoding: on the same qubits; None where the rotations are controlled by the constraints.
    """

    patterns: IntArray
    choices: NDArray[np.int8]
    values: FloatArray
    flipped: tuple[int, ...]
    exchanged: tuple[tuple[int, int], ...]
    encoding: Encoding | None

    @property
    def num_qubits(self) -> int:
        return self.choices.shape[1] if self.encoding is None else self.encoding.num_qubits

    @property
    def num_rotations(self) -> int:
        return len(self.flipped) * self.num_qubits + len(self.exchanged)

    def rotations(self) -> list[_Rotation]:
        """Those that connect any states."""
        found = []
        for qubit in self.flipped:
            low, high = self._connected(self.patterns >> qubit & 1 == 0, 1 << qubit)
            if not low.size:
                continue
            found.append(_Rotation((qubit,), False, low, high, None))
            for other in range(self.num_qubits):
                signs = np.asarray(1.0 - 2.0 * (self.patterns[low] >> other & 1), dtype=np.float64)
                if other != qubit and np.ptp(signs):
                    found.append(_Rotation((qubit, other), False, low, high, signs))
        for first, second in self.exchanged:
            is_low = (self.patterns >> first & 1 == 1) & (self.patterns >> second & 1 == 0)
            low, high = self._connected(is_low, 1 << first | 1 << second)
            if low.size:
                found.append(_Rotation((first, second), True, low, high, None))
        return found

    def _connected(self, is_low: NDArray[np.bool_], flipped: int) -> tuple[IntArray, IntArray]:
        """Places of some states, and of those that differ in the flipped bits, where both are there."""
        low = np.flatnonzero(is_low)
        wanted = self.patterns[low] ^ flipped
        high = np.minimum(np.searchsorted(self.patterns, wanted), len(self.patterns) - 1)
        there = self.patterns[high] == wanted
        return low[there], high[there]


def _space(problem: QuadraticProblem) -> _Space:
    """The feasible choices: those of a circuit where the constraints only fix numbers of ones in groups."""
    constraints = problem.constraints
    groups, names = kept_groups(constraints)
    if all(row.name in names for row in constraints.rows):
        encoding = encode(problem, keep=True)
        landscape = CircuitLandscape(encoding, start_circuit(encoding))
        reached = landscape.probabilities(np.zeros(0)) > 1e-15
        patterns = landscape.patterns[reached]
        pairs = [pair for group in encoding.groups for pair in itertools.combinations(group.qubits, 2)]
        values = landscape.values[reached] / encoding.scale
        return _Space(patterns, encoding.choices(patterns), values, encoding.free_qubits, tuple(pairs), encoding)
    size = problem.num_variables
    if size > MOST_QUBITS:
        raise InputError(f"states are simulated on at most {MOST_QUBITS} qubits, got {size}; take fewer variables")
    choices, values = feasible_choices(problem)
    patterns = choices.astype(np.int64) @ np.left_shift(1, np.arange(size, dtype=np.int64))
    order = np.argsort(patterns)
    spread = float(values.std())
    free = tuple(sorted(set(range(size)) - {member for members in groups for member in members}))
    pairs = [pair for members in (*groups, free) for pair in itertools.combinations(members, 2)]
    return _Space(
        patterns[order], choices[order], values[order] / (spread if spread > 0.0 else 1.0), free, tuple(pairs), None
    )


@dataclass(frozen=True, eq=False)
class _Rotation:
    """``exp(a G)`` with the real antisymmetric G that sends amplitudes `low` to `high` and `high` to minus `low`.

    Attributes:
        qubits: one for ``Y_j``; j and k for ``Y_j Z_k``, or the pair of an exchange.
        is_exchange: whether it is one.
        low, high: places in the state.
        signs: of each pair; 1 for all where it is None.
    """

    qubits: tuple[int, ...]
    is_exchange: bool
    low: IntArray
    high: IntArray
    signs: FloatArray | None

    def direction(self, state: FloatArray) -> FloatArray:
        """``G state``."""
        result = np.zeros_like(state)
        signs = 1.0 if self.signs is None else self.signs
        result[self.high] = signs * state[self.low]
        result[self.low] = -signs * state[self.high]
        return result

    def turn(self, state: FloatArray, angle: float) -> None:
        """``exp(angle G)`` in place."""
        cosine, sine = np.cos(angle), np.sin(angle)
        if self.signs is not None:
            sine = sine * self.signs
        low, high = state[self.low], state[self.high]
        state[self.low], state[self.high] = cosine * low - sine * high, sine * low + cosine * high

    def append(self, circuit: Circuit, angle: float) -> None:
        """Add it to a circuit."""
        if self.is_exchange:
            circuit.xx_plus_yy(2.0 * angle, np.pi / 2.0, *self.qubits)
        elif len(self.qubits) == 1:
            circuit.ry(2.0 * angle, self.qubits[0])
        else:
            circuit.pauli_rotation("ZY", 2.0 * angle, self.qubits)


class _Path:
    """The state on its way, and the rotations that brought it there."""

    def __init__(self, space: _Space) -> None:
        self._space = space
        self.rotations = space.rotations()
        self.state: FloatArray = np.full(len(space.values), 1.0 / np.sqrt(len(space.values)))
        self.angles: list[FloatArray] = []
        self.num_systems = 0

    def follow(self, step: float, num_steps: int, clock: Clock) -> tuple[str, bool]:
        """Make at most so many steps; returns why it ended, and whether it settled."""
        if not self.rotations:
            return "there is nothing to optimise", True
        smallest = _SHORTEST * step
        while len(self.angles) < num_steps:
            fall = self._advance(step)
            if fall <= 0.0:
                step /= 2.0
            if abs(fall) <= _SETTLED or step < smallest:
                return "no step lowers the mean any more", True
            if clock.tick():
                return "the time ran out", False
        return f"all {num_steps} steps were made", False

    def _advance(self, step: float) -> float:
        """Make a step and return by how much the mean falls; nothing is done where it would rise."""
        values = self._space.values
        mean = float(values @ self.state**2)
        directions = np.array([rotation.direction(self.state) for rotation in self.rotations])
        overlaps = directions @ directions.T
        overlaps[np.diag_indices(len(overlaps))] += _REGULARISATION
        angles = step * np.linalg.solve(overlaps, directions @ ((mean - values) * self.state))
        angles *= min(1.0, _LARGEST_TURN / max(float(np.abs(angles).max()), 1e-300))
        self.num_systems += 1
        state = self.state.copy()
        for rotation, angle in zip(self.rotations, angles.tolist(), strict=True):
            rotation.turn(state, angle)
        state /= np.linalg.norm(state)
        fall = mean - float(values @ state**2)
        if fall > 0.0:
            self.state = state
            self.angles.append(angles)
        return fall

    def circuit(self) -> Circuit | None:
        """What prepares the state; None where rotations are controlled by the constraints."""
        if self._space.encoding is None:
            return None
        circuit = start_circuit(self._space.encoding)
        for angles in self.angles:
            for rotation, angle in zip(self.rotations, angles.tolist(), strict=True):
                rotation.append(circuit, angle)
        return circuit
