"""What an amplitude estimation is asked: the circuit, the states that count, and the circuits made of both."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from qtoolkit._arguments import check_instance, check_integer, check_number, is_integer, items_of, shown
from qtoolkit.circuit import Circuit, Gate, KrausChannel, UnitaryGate
from qtoolkit.circuit._checks import Indices, check_indices
from qtoolkit.circuit.library import fourier_transform
from qtoolkit.errors import InputError

__all__ = ["MAX_EVALUATION_QUBITS", "EstimationProblem"]

MAX_EVALUATION_QUBITS = 22
MAX_ITERATIONS = 1 << 40


class EstimationProblem:
    """The probability a that a circuit's objective qubits are measured in a good state.

    With A the circuit and ``A|0…0⟩ = √(1-a)|bad⟩ + √a|good⟩``, the Grover operator ``Q = A (2|0⟩⟨0| - 1) A† S``, where
    S flips the sign of good states, turns by ``2θ`` in the plane of both, ``a = sin²θ``: after k of them the good
    states have probability ``sin²((2k+1)θ)``.

    Source: Brassard, Høyer, Mosca and Tapp, AMS Contemporary Mathematics 305, 53 (2002), arXiv:quant-ph/0005055.

    Args:
        preparation: A, of gates alone, with numbers for its angles; the problem keeps a copy.
        objective_qubits: one qubit or several; the last by default.
        good_states: their values that count, each an integer (``objective_qubits[j]`` is bit j) or a bitstring (the
            last objective qubit leftmost); all ones by default.
        known_amplitude: a, where it is known in another way: outcomes are drawn from the law that follows, and no state
            vector is needed, however many qubits there are. Circuits that a sampler runs do not depend on it.

    Raises:
        InputError: if the preparation has no qubit or free parameters, the good states are none, repeat or do not fit
            the objective qubits, or the known amplitude is no probability.
        CircuitError: if it has no inverse.
        QubitIndexError: if an objective qubit lies outside.
    """

    def __init__(
        self,
        preparation: Circuit,
        objective_qubits: Indices | None = None,
        good_states: Sequence[int | str] | int | str | None = None,
        *,
        known_amplitude: float | None = None,
    ) -> None:
        check_instance(preparation, Circuit, "the preparation must be a Circuit")
        if preparation.num_qubits < 1:
            raise InputError("the preparation must have at least one qubit, got none")
        if preparation.num_parameters:
            raise InputError("the preparation must have numbers for its angles, got free parameters; bind them")
        last = preparation.num_qubits - 1
        qubits = check_indices(last if objective_qubits is None else objective_qubits, last + 1, "qubit")
        if not qubits:
            raise InputError("an amplitude needs at least one objective qubit, got none")
        self._inverse = preparation.inverse()
        self._preparation = preparation.copy()
        self.objective_qubits = qubits
        self.good_states = _good_states(good_states, len(qubits))
        self.known_amplitude: float | None = None
        if known_amplitude is not None:
            kind = "a probability, from 0 to 1"
            self.known_amplitude = check_number(
                known_amplitude, "known_amplitude", kind=kind, accept=lambda x: 0.0 <= x <= 1.0
            )

    @property
    def num_qubits(self) -> int:
        """Number of qubits of the preparation."""
        return self._preparation.num_qubits

    @property
    def preparation(self) -> Circuit:
        """A copy of the circuit A."""
        return self._preparation.copy()

    @cached_property
    def angle(self) -> float:
        """θ in [0, π/2], of the known amplitude or read from the state vector.

        Raises:
            InsufficientMemoryError: if the state does not fit into free memory.
        """
        if self.known_amplitude is not None:
            return math.asin(math.sqrt(self.known_amplitude))
        from qtoolkit.simulators import StatevectorSimulator

        outcomes = StatevectorSimulator().probabilities(self._preparation, self.objective_qubits)
        is_good = np.zeros(len(outcomes), dtype=bool)
        is_good[list(self.good_states)] = True
        good, bad = float(outcomes[is_good].sum()), float(outcomes[~is_good].sum())
        return math.atan2(math.sqrt(max(good, 0.0)), math.sqrt(max(bad, 0.0)))

    @property
    def amplitude(self) -> float:
        """The exact a, known or read from the state vector; an estimation does not look at it.

        Raises:
            InsufficientMemoryError: if the state does not fit into free memory.
        """
        return math.sin(self.angle) ** 2

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that another problem does not share; results carry those of theirs."""
        digest = hashlib.blake2b(digest_size=8)
        digest.update(repr((self.num_qubits, self.objective_qubits, self.good_states)).encode())
        for operation in self._preparation:
            gate = operation.gate
            if isinstance(gate, KrausChannel):
                gate = UnitaryGate(gate.operators[0])  # it has an inverse, so it has no other
            if not isinstance(gate, Gate):
                continue  # a barrier changes nothing
            base, num_controls, state = gate.control_structure()
            name = base.name, getattr(base, "label", ""), tuple(map(str, base.params))
            digest.update(repr((name, num_controls, state, operation.qubits)).encode())
            for value in vars(base).values():
                if isinstance(value, np.ndarray):
                    digest.update(value.tobytes())
        return digest.hexdigest()

    def grover_operator(self) -> Circuit:
        """Q on the qubits of the preparation, its global phase included."""
        return self._grover_operator(())

    def controlled_grover_operator(self) -> Circuit:
        """Q switched on by one further qubit, the last.

        Only the two reflections and the phase are controlled: A† and A undo each other where nothing is between.
        """
        return self._grover_operator((self.num_qubits,))

    def _grover_operator(self, control: tuple[int, ...]) -> Circuit:
        circuit = Circuit(self.num_qubits + len(control), name="controlled Grover" if control else "Grover")
        for state in self.good_states:
            _flip_sign(circuit, self.objective_qubits, state, control)
        circuit.extend(self._inverse, range(self.num_qubits))
        _flip_sign(circuit, range(self.num_qubits), 0, control)
        circuit.extend(self._preparation, range(self.num_qubits))
        return circuit.z(control[0]) if control else circuit.gphase(math.pi)

    def circuit(self, num_iterations: int) -> Circuit:
        """A, then Q `num_iterations` times, then the objective qubits measured into classical bits in their order.

        Raises:
            InputError: if the number is negative, or above 2^40.
            CircuitError: if there would be more than 10,000,000 operations.
        """
        count = check_integer(num_iterations, "num_iterations", 0, MAX_ITERATIONS)
        circuit = Circuit(self.num_qubits, len(self.objective_qubits), name=f"amplitude after {count}")
        circuit.extend(self._preparation).extend(self.grover_operator().power(count))
        return circuit.measure(self.objective_qubits, range(len(self.objective_qubits)))

    def phase_circuit(self, num_evaluation_qubits: int) -> Circuit:
        """Phase estimation of Q: of the m evaluation qubits, which come last, qubit j switches on ``Q^(2^j)``.

        They are measured into m classical bits; an outcome y stands for the angle ``πy/2^m``, modulo sign.

        Raises:
            InputError: if there is no evaluation qubit.
            CircuitError: if there would be more than 10,000,000 operations.
        """
        size = check_integer(num_evaluation_qubits, "num_evaluation_qubits", 1, MAX_EVALUATION_QUBITS)
        evaluation = range(self.num_qubits, self.num_qubits + size)
        circuit = Circuit(self.num_qubits + size, size, name=f"phase estimation with {size} qubits")
        circuit.extend(self._preparation).h(evaluation)
        turn = self.controlled_grover_operator()
        for j, qubit in enumerate(evaluation):
            circuit.extend(turn.power(1 << j), (*range(self.num_qubits), qubit))
        circuit.extend(fourier_transform(size).inverse(), evaluation)
        return circuit.measure(evaluation, range(size))

    def depth(self, num_iterations: int) -> int:
        """Depth of A and of `num_iterations` Grover operators one after another, in gates as the circuits hold them.

        Raises:
            InputError: if the number is negative, or above 2^40.
        """
        return (
            self._preparation.depth()
            + check_integer(num_iterations, "num_iterations", 0, MAX_ITERATIONS) * self._grover_depth
        )

    def phase_depth(self, num_evaluation_qubits: int) -> int:
        """Depth of phase estimation, counted in the same way."""
        size = check_integer(num_evaluation_qubits, "num_evaluation_qubits", 1, MAX_EVALUATION_QUBITS)
        turns = ((1 << size) - 1) * self.controlled_grover_operator().depth()
        return max(self._preparation.depth(), 1) + turns + fourier_transform(size).depth()

    @cached_property
    def _grover_depth(self) -> int:
        return self.grover_operator().depth()

    def __repr__(self) -> str:
        states = f"{len(self.good_states)} good states" if len(self.good_states) > 1 else f"good {self.good_states[0]}"
        return f"EstimationProblem({self.num_qubits} qubits, {states} of qubits {shown(self.objective_qubits)})"


def _good_states(given: Sequence[int | str] | int | str | None, num_objective: int) -> tuple[int, ...]:
    if given is None:
        return ((1 << num_objective) - 1,)
    rule = f"good states are integers from 0 to 2**{num_objective} - 1 or bitstrings of {num_objective} letters"
    states: list[int] = []
    for state in (given,) if isinstance(given, str) or is_integer(given) else items_of(given, rule):  # type: ignore[arg-type]
        if isinstance(state, str) and len(state) == num_objective and not set(state) - {"0", "1"}:
            states.append(int(state, 2))
        elif is_integer(state) and 0 <= state < 1 << num_objective:
            states.append(int(state))
        else:
            raise InputError(f"{rule}, got {shown(state)}")
    if not states:
        raise InputError("an amplitude needs at least one good state, got none")
    if len(set(states)) < len(states):
        raise InputError(f"good states must be distinct, got {shown(states)}")
    return tuple(sorted(states))


def _flip_sign(circuit: Circuit, qubits: Sequence[int], state: int, control: tuple[int, ...]) -> None:
    """Flip the sign where `qubits` have a value and the control, if any, is 1."""
    zeros = [qubit for j, qubit in enumerate(qubits) if not state >> j & 1]
    *controls, target = (*control, *qubits)
    circuit.x(zeros).mcp(math.pi, controls, target).x(zeros)
