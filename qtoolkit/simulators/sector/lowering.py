"""Lower the gates of a circuit to exchanges and phases that conserve the Hamming weight.

Gates need not conserve it one by one. X gates are kept as a *frame*, a mask F such that the circuit's state is ``X^F``
times the one held. Rotations about Pauli strings wait until their sum conserves the weight (XX and YY, or the strings
of a fermionic excitation), and other gates wait until the product of those on a few qubits does (CX, controlled RY,
CX in the preparation of Dicke states; SWAP as three CX).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import (
    Barrier,
    Circuit,
    CompleteXYGate,
    DiagonalGate,
    Gate,
    Initialize,
    Operation,
    ParameterExpression,
    ParameterValue,
    PauliRotationGate,
    StandardGate,
)
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.dicke import dicke_operations
from qtoolkit.errors import CircuitError
from qtoolkit.simulators.sector.blocks import CONSERVING, block_steps, conserves_weight
from qtoolkit.simulators.sector.rotations import Rotation, rotation_of, rotation_steps
from qtoolkit.simulators.sector.steps import (
    Matrix2,
    PairPattern,
    PairStep,
    PhaseLayer,
    PhaseTable,
    PhaseTerm,
    SectorStep,
    SpinPhases,
    SpinStep,
)

__all__ = ["SectorLowering"]

MAX_BLOCK_QUBITS = 6
"""Gates whose product alone conserves the weight are multiplied out on so many qubits at most."""

TABLE_QUBITS = 4
"""Diagonals on more qubits stay tables of angles."""

_EXCHANGES: dict[str, Matrix2] = {"swap": (0, 1, 1, 0), "iswap": (0, 1j, 1j, 0)}


class _Waiting:
    """Gates on a few qubits that do not conserve the weight yet."""

    def __init__(self) -> None:
        self.operations: list[tuple[Gate, tuple[int, ...]]] = []
        self.mask = 0

    def add(self, gate: Gate, qubits: tuple[int, ...]) -> None:
        self.operations.append((gate, qubits))
        self.mask |= _mask(qubits)

    def absorb(self, other: _Waiting) -> None:
        self.operations.extend(other.operations)
        self.mask |= other.mask


class SectorLowering:
    """The steps of one circuit.

    Args:
        circuit: without measurements, resets and branches.
        weight: the Hamming weight that it is to conserve.

    Attributes:
        steps: in time order.
        phase: the global phase in radians.
        is_uniform: whether they start from the equal superposition, because the circuit begins as `dicke_circuit` does.
        initial_bits: the basis state that X gates on untouched qubits prepare.
        initializations: qubits and state vector of each `initialize`.

    Raises:
        CircuitError: if the circuit does not conserve the Hamming weight; it names the gate.
    """

    def __init__(self, circuit: Circuit, weight: int) -> None:
        self.steps: list[SectorStep] = []
        self.phase: ParameterValue = 0.0
        self.initial_bits = 0
        self.initializations: list[tuple[tuple[int, ...], NDArray[np.complex128]]] = []
        self._flipped = 0
        self._touched = 0
        self._flip: dict[int, Operation] = {}
        self._waiting: list[_Waiting] = []
        self._last_exchange = [-1] * circuit.num_qubits
        self._last_layer = -1
        operations = circuit.operations
        prepares = list(dicke_operations(circuit.num_qubits, weight)) if 0 < weight < circuit.num_qubits else []
        self.is_uniform = bool(prepares) and list(islice(operations, len(prepares))) == prepares
        if self.is_uniform:
            self._touched = (1 << circuit.num_qubits) - 1
        for operation in islice(operations, len(prepares) if self.is_uniform else 0, None):
            self._add(operation)
        if self._waiting:
            raise _refusal(*self._waiting[0].operations[0])
        if self._flipped:
            raise _refusal(*next(_placed(self._flip[q]) for q in sorted(self._flip) if self._flipped >> q & 1))

    def _add(self, operation: Operation) -> None:
        gate, qubits = operation.gate, operation.qubits
        if isinstance(gate, (Barrier, *ANNOTATIONS)):
            return
        if isinstance(gate, Initialize):
            self._initialize(gate, qubits)
            return
        if not isinstance(gate, Gate):
            raise CircuitError(
                f"a sector simulation runs gates and measurements at the end, got {gate.name} on qubits {qubits}; "
                "use StatevectorSimulator, or DensityMatrixSimulator for channels"
            )
        mask = _mask(qubits)
        flips = isinstance(gate, StandardGate) and gate.name == "x"
        touching = [waiting for waiting in self._waiting if waiting.mask & mask]
        if touching:
            self._wait(gate, qubits, touching)
        elif flips:
            self._flip_qubit(operation)
        elif not self._lower(gate, qubits):
            self._wait(gate, qubits, [])
        if not flips:
            self._touched |= mask

    def _flip_qubit(self, operation: Operation) -> None:
        bit = 1 << operation.qubits[0]
        if self._touched & bit:
            self._flipped ^= bit
            self._flip[operation.qubits[0]] = operation
        else:
            self.initial_bits ^= bit

    def _initialize(self, gate: Initialize, qubits: tuple[int, ...]) -> None:
        mask = _mask(qubits)
        if (self._touched | self.initial_bits) & mask:
            raise CircuitError(
                f"in a sector simulation initialize must come first on its qubits, got it after gates on {qubits}"
            )
        self.initializations.append((qubits, gate.state_vector))
        self._touched |= mask

    def _wait(self, gate: Gate, qubits: tuple[int, ...], touching: Sequence[_Waiting]) -> None:
        """Put a gate with those that wait on its qubits, and lower them all if together they conserve the weight."""
        joined = _Waiting()
        for waiting in touching:
            joined.absorb(waiting)
            self._waiting.remove(waiting)
        joined.add(gate, qubits)
        steps = self._rotations(joined)
        if steps is None:
            steps = self._block(joined)
        if steps is None:
            self._waiting.append(joined)
        else:
            self._extend(steps)

    def _rotations(self, waiting: _Waiting) -> Sequence[SectorStep] | None:
        """Steps for rotations about Pauli strings that together conserve the weight; None if they do not (yet)."""
        rotations: list[Rotation] = []
        for gate, qubits in waiting.operations:
            rotation = rotation_of(gate, qubits, self._flipped)
            if rotation is None:
                return None
            rotations.append(rotation)
        return rotation_steps(rotations)

    def _block(self, waiting: _Waiting) -> Sequence[SectorStep] | None:
        """Steps for the product of gates on a few qubits, or None if it does not conserve the weight (yet)."""
        if any(gate.expressions for gate, _ in waiting.operations):
            if all(rotation_of(gate, qubits, 0) for gate, qubits in waiting.operations):
                return None
            raise _refusal(*waiting.operations[0])
        qubits = [q for q in range(len(self._last_exchange)) if waiting.mask >> q & 1]
        if len(qubits) > MAX_BLOCK_QUBITS:
            if all(rotation_of(gate, places, 0) for gate, places in waiting.operations):
                return None
            raise _refusal(*waiting.operations[0])
        small = Circuit(len(qubits))
        for gate, places in waiting.operations:
            small.append(gate, [qubits.index(q) for q in places])
        matrix = self._framed(small.to_matrix(), qubits)
        return block_steps(matrix, qubits, 0, 0) if conserves_weight(matrix) else None

    def _framed(self, matrix: NDArray[np.complex128], qubits: Sequence[int]) -> NDArray[np.complex128]:
        """A matrix between the X gates of the frame."""
        flipped = sum(1 << place for place, q in enumerate(qubits) if self._flipped >> q & 1)
        order = np.arange(len(matrix)) ^ flipped
        framed: NDArray[np.complex128] = matrix[np.ix_(order, order)]
        return framed

    def _lower(self, gate: Gate, qubits: tuple[int, ...]) -> bool:
        """Add a gate that conserves the weight by itself; False if this one does not."""
        base, num_controls, state = gate.control_structure()
        controls, targets = qubits[:num_controls], qubits[num_controls:]
        mask = _mask(controls)
        value = sum(1 << q for place, q in enumerate(controls) if state >> place & 1) ^ self._flipped & mask
        if base.is_diagonal:
            self._lower_diagonal(base, targets, mask, value)
            return True
        if isinstance(base, CompleteXYGate):
            return self._lower_spins(base, targets, mask, value)
        if base.name in CONSERVING and isinstance(base, StandardGate):
            return self._lower_exchange(base, targets, mask, value)
        if base.expressions or base.num_qubits > MAX_BLOCK_QUBITS:
            if rotation_of(gate, qubits, 0) is None:
                raise _refusal(gate, qubits)
            return False
        matrix = self._framed(base.matrix(), targets)
        if not conserves_weight(matrix):
            return False
        self._extend(block_steps(matrix, targets, mask, value))
        return True

    def _lower_exchange(self, gate: StandardGate, targets: tuple[int, ...], mask: int, value: int) -> bool:
        first, second = (1 << q for q in targets)
        a_value = first ^ self._flipped & (first | second)
        if a_value.bit_count() != 1:
            return False
        pattern = PairPattern(first | second, a_value, mask, value)
        if gate.name in _EXCHANGES:
            self._extend([PairStep(pattern, _EXCHANGES[gate.name])])
            return True
        theta, other = gate.params
        if gate.name == "fsim":
            both = PhaseTerm(mask | first | second, value | (first | second) & ~self._flipped)
            self._extend([PairStep(pattern, None, theta), PhaseLayer([(both, -other)])])
        elif isinstance(other, ParameterExpression):
            frame = PhaseTerm(mask | first, value | first & ~self._flipped)
            turn = PairStep(pattern, None, 0.5 * theta)
            self._extend([PhaseLayer([(frame, other)]), turn, PhaseLayer([(frame, -other)])])
        else:
            self._extend([PairStep(pattern, None, 0.5 * theta, other)])
        return True

    def _lower_spins(self, gate: CompleteXYGate, targets: tuple[int, ...], mask: int, value: int) -> bool:
        if self._flipped & _mask(targets) not in (0, _mask(targets)):
            return False
        qubits = tuple(sorted(targets))
        phases = PhaseLayer(spins=[(SpinPhases(qubits, mask, value), -0.5 * gate.theta)])
        self._extend([SpinStep(qubits, False), phases, SpinStep(qubits, True)])
        return True

    def _lower_diagonal(self, gate: Gate, targets: tuple[int, ...], mask: int, value: int) -> None:
        if isinstance(gate, PauliRotationGate):
            z_mask = sum(1 << q for place, q in enumerate(targets) if gate.z_mask >> place & 1)
            self._add_parity(z_mask, -0.5 * gate.params[0], mask, value)
        elif isinstance(gate, DiagonalGate) and len(targets) > TABLE_QUBITS:
            self._extend([PhaseLayer(tables=[PhaseTable(targets, np.angle(gate.entries), self._flipped, mask, value)])])
        elif gate.name in ("rz", "rzz") and isinstance(gate, StandardGate):
            self._add_parity(_mask(targets), -0.5 * gate.params[0], mask, value)
        else:
            angle: ParameterValue = 1.0
            if gate.expressions:
                angle = gate.params[0]
                weights = -np.diag(gate.bind(dict.fromkeys(gate.expressions[0].terms, 0.0)).generators()[0]).real
            else:
                weights = np.angle(np.diag(gate.matrix()))
            self._add_entries(weights, angle, targets, mask, value)

    def _add_entries(
        self, weights: NDArray[np.float64], angle: ParameterValue, targets: tuple[int, ...], mask: int, value: int
    ) -> None:
        """Phases ``weights[bits on the targets] · angle`` under controls."""
        target_mask = _mask(targets)
        for index in np.flatnonzero(weights):
            bits = sum(1 << q for place, q in enumerate(targets) if index >> place & 1)
            term = PhaseTerm(mask | target_mask, value | bits ^ self._flipped & target_mask)
            self._add_phase(term, float(weights[index]) * angle)

    def _add_parity(self, z_mask: int, angle: ParameterValue, mask: int, value: int) -> None:
        sign = -1.0 if (z_mask & self._flipped).bit_count() & 1 else 1.0
        self._add_phase(PhaseTerm(mask, value, z_mask), sign * angle)

    def _add_phase(self, term: PhaseTerm, angle: ParameterValue) -> None:
        if term.support:
            self._extend([PhaseLayer([(term, angle)])])
        else:
            self.phase = self.phase + angle

    def _extend(self, steps: Sequence[SectorStep]) -> None:
        for step in steps:
            if isinstance(step, PhaseLayer):
                self._merge_layer(step)
            elif isinstance(step, PairStep | SpinStep):
                turned = step.pattern.x_mask if isinstance(step, PairStep) else _mask(step.qubits)
                for q in range(len(self._last_exchange)):
                    if turned >> q & 1:
                        self._last_exchange[q] = len(self.steps)
                self.steps.append(step)

    def _merge_layer(self, layer: PhaseLayer) -> None:
        """Join the last layer, unless qubits of these phases were exchanged since."""
        support = 0
        phases: list[PhaseTerm | PhaseTable | SpinPhases] = [*layer.tables]
        phases += [term for term, _ in layer.terms] + [spins for spins, _ in layer.spins]
        for part in phases:
            support |= part.support
        since = max((self._last_exchange[q] for q in range(support.bit_length()) if support >> q & 1), default=-1)
        if self._last_layer > since:
            last = self.steps[self._last_layer]
            assert isinstance(last, PhaseLayer)
            last.terms.extend(layer.terms)
            last.tables.extend(layer.tables)
            last.spins.extend(layer.spins)
        else:
            self._last_layer = len(self.steps)
            self.steps.append(PhaseLayer(list(layer.terms), list(layer.tables), list(layer.spins)))


def _mask(qubits: Sequence[int]) -> int:
    return sum(1 << q for q in qubits)


def _placed(operation: Operation) -> tuple[Gate, tuple[int, ...]]:
    assert isinstance(operation.gate, Gate)
    return operation.gate, operation.qubits


def _refusal(gate: Gate, qubits: tuple[int, ...]) -> CircuitError:
    return CircuitError(
        f"a sector simulation needs gates that conserve the Hamming weight, alone or with the next ones on their "
        f"qubits; {gate.name} on qubits {qubits} does not: use StatevectorSimulator, or xx_plus_yy for exchanges"
    )
