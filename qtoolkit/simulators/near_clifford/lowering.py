"""From a circuit to items: gates become Clifford gates and rotations, conditions become bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import (
    Barrier,
    Circuit,
    Decode,
    Detector,
    Gate,
    IfElse,
    Initialize,
    KrausChannel,
    Measure,
    Observable,
    Operation,
    ParityCondition,
    ReadoutError,
    Reset,
)
from qtoolkit.errors import CircuitError
from qtoolkit.simulators.near_clifford.clifford import CliffordTable
from qtoolkit.simulators.near_clifford.gates import parts_of
from qtoolkit.simulators.near_clifford.instruments import instrument_of
from qtoolkit.simulators.near_clifford.items import (
    AndItem,
    CliffordItem,
    DecodeItem,
    InstrumentItem,
    Item,
    LinearItem,
    MeasureItem,
    ParityItem,
    PauliItem,
    ReadoutItem,
    ResetItem,
    RotationItem,
)
from qtoolkit.simulators.near_clifford.noise import add_channel, add_decode, add_readout
from qtoolkit.simulators.near_clifford.pauli import set_bits

__all__ = ["Lowered", "lower"]

MOST_MATRIX_QUBITS = 4
"""Of a gate that stays a matrix: it is written in 4^k Pauli operators."""

_PROJECTORS = (np.diag([1.0 + 0j, 0.0]), np.diag([0.0 + 0j, 1.0]))
_LOWERING = (np.array([[1.0 + 0j, 0.0], [0.0, 0.0]]), np.array([[0.0 + 0j, 1.0], [0.0, 0.0]]))


class Lowered:
    """Items of a circuit, and how many bits they use.

    Attributes:
        items: in time order.
        num_qubits: of the circuit.
        num_clbits: of the circuit; bits from this number on belong to the items.
        num_bits: all of them.
        num_rotations: gates that are no Clifford gates, as Pauli rotations.
        num_parities: detectors and logical observables.
    """

    def __init__(self, circuit: Circuit) -> None:
        self.items: list[Item] = []
        self.num_qubits = circuit.num_qubits
        self.num_clbits = self.num_bits = circuit.num_clbits
        self.num_parities = circuit.num_detectors + circuit.num_observables
        self.num_rotations = 0
        self._num_detectors = circuit.num_detectors
        self._seen_detectors = 0
        for operation in circuit.operations:
            self._add(operation, None)

    @property
    def writes_bits(self) -> bool:
        """Whether anything writes classical bits."""
        kinds = MeasureItem, InstrumentItem, DecodeItem, ReadoutItem, LinearItem
        return any(isinstance(item, kinds) and _writes(item, self.num_clbits) for item in self.items)

    def new_bit(self) -> int:
        """A bit that nothing else uses."""
        self.num_bits += 1
        return self.num_bits - 1

    def _add(self, operation: Operation, condition: int | None) -> None:
        gate = operation.gate
        if isinstance(gate, Gate):
            self.add_gate(gate, operation.qubits, condition)
        elif isinstance(gate, Measure):
            self._measure(operation.qubits[0], operation.clbits[0], condition)
        elif isinstance(gate, Reset):
            self._reset(operation.qubits[0], condition)
        elif isinstance(gate, Initialize):
            for qubit in operation.qubits:
                self._reset(qubit, condition)
            self._matrix(_preparation(gate.state_vector), operation.qubits, condition)
        elif isinstance(gate, IfElse):
            self._branch(gate, condition)
        elif isinstance(gate, KrausChannel):
            add_channel(self, gate, operation.qubits, condition)
        elif isinstance(gate, ReadoutError):
            add_readout(self, gate, operation.clbits, condition)
        elif isinstance(gate, Decode):
            add_decode(self, gate, operation.clbits, condition)
        elif isinstance(gate, Detector | Observable):
            self._parity(gate, operation.clbits)
        elif not isinstance(gate, Barrier):
            raise CircuitError(
                "the near-Clifford simulator runs gates, channels, measure, reset, initialize, readout errors, decode, "
                f"detectors, observables, barrier and if, got {gate.name}; write it as those"
            )

    def _parity(self, gate: Detector | Observable, clbits: tuple[int, ...]) -> None:
        if isinstance(gate, Observable):
            self.items.append(ParityItem(self._num_detectors + gate.index, clbits))
        else:
            self.items.append(ParityItem(self._seen_detectors, clbits))
            self._seen_detectors += 1

    def add_gate(self, gate: Gate, qubits: tuple[int, ...], condition: int | None) -> None:
        """Add a gate, where the condition holds."""
        for part, where in parts_of(gate, qubits, rotations_only=condition is not None):
            if isinstance(part, CliffordTable):
                if part.pauli is None:
                    self.items.append(CliffordItem(where, part))
                else:
                    x, z, _ = part.pauli
                    self.items.append(PauliItem(_spread(x, where), _spread(z, where), condition))
            elif isinstance(part, tuple):
                label, angle = part
                letters = list(zip(reversed(label), where, strict=True))
                x = sum(1 << qubit for letter, qubit in letters if letter in "XY")
                z = sum(1 << qubit for letter, qubit in letters if letter in "ZY")
                self.items.append(RotationItem(x, z, angle, condition))
                self.num_rotations += 1
            else:
                self._matrix(part, where, condition)

    def _matrix(self, unitary: NDArray[np.complex128], qubits: tuple[int, ...], condition: int | None) -> None:
        if len(qubits) > MOST_MATRIX_QUBITS:
            raise CircuitError(
                f"the near-Clifford simulator takes matrices on up to {MOST_MATRIX_QUBITS} qubits that are no Clifford "
                f"gates, got one on {len(qubits)}; write it as smaller gates"
            )
        self.items.append(InstrumentItem(qubits, instrument_of((unitary,)), condition))

    def _measure(self, qubit: int, clbit: int, condition: int | None) -> None:
        if condition is None:
            self.items.append(MeasureItem(qubit, clbit))
            return
        found = self.new_bit()
        instrument = replace(instrument_of(_PROJECTORS), num_outcomes=2)
        self.items.append(InstrumentItem((qubit,), instrument, condition, found))
        self.assign_if(clbit, found, condition)

    def _reset(self, qubit: int, condition: int | None) -> None:
        if condition is None:
            self.items += [MeasureItem(qubit, None), ResetItem(qubit)]
        else:
            self.items.append(InstrumentItem((qubit,), instrument_of(_LOWERING), condition))

    def assign_if(self, target: int, source: int, condition: int) -> None:
        """Let a bit become another one where the condition holds."""
        difference, flip = self.new_bit(), self.new_bit()
        self.items += [
            LinearItem(difference, (target, source)),
            AndItem(flip, (condition, difference)),
            LinearItem(target, (target, flip)),
        ]

    def _branch(self, branch: IfElse, outer: int | None) -> None:
        holds = self.condition_bit(self._literals(branch), outer)
        fails = None
        if branch.else_body is not None:
            fails = self.new_bit()
            self.items.append(LinearItem(fails, (holds,), 1))
            fails = self.condition_bit([fails], outer)
        for body, condition in ((branch.body, holds), (branch.else_body, fails)):
            for operation in () if body is None else body.operations:
                self._add(operation, condition)

    def _literals(self, branch: IfElse) -> list[int]:
        """Bits that are all 1 where a branch's condition holds."""
        condition = branch.condition
        if isinstance(condition, ParityCondition):
            holds = self.new_bit()
            self.items.append(LinearItem(holds, condition.clbits, 1 - condition.value))
            return [holds]
        literals = []
        for k, clbit in enumerate(condition.clbits):
            literals.append(self.new_bit())
            self.items.append(LinearItem(literals[-1], (clbit,), 1 - (condition.value >> k & 1)))
        return literals

    def condition_bit(self, literals: Sequence[int], outer: int | None) -> int:
        """A bit that is 1 where some bits are, and the condition around them holds."""
        needed = [*literals, *([] if outer is None else [outer])]
        if len(needed) == 1:
            return needed[0]
        both = self.new_bit()
        self.items.append(AndItem(both, tuple(needed)) if needed else LinearItem(both, (), 1))
        return both


def lower(circuit: Circuit) -> Lowered:
    """The items of a circuit without free parameters.

    Raises:
        CircuitError: if it holds an instruction of an unknown kind, or a matrix on more than four qubits.
    """
    return Lowered(circuit)


def _writes(item: MeasureItem | InstrumentItem | DecodeItem | ReadoutItem | LinearItem, num_clbits: int) -> bool:
    """Whether an item writes one of the circuit's own bits."""
    if isinstance(item, MeasureItem | InstrumentItem):
        return item.clbit is not None and item.clbit < num_clbits
    targets = (item.target,) if isinstance(item, LinearItem) else item.targets
    return any(target < num_clbits for target in targets)


def _spread(mask: int, qubits: tuple[int, ...]) -> int:
    """Bits of a gate's own qubits as bits of the circuit's."""
    return sum(1 << qubits[k] for k in set_bits(mask))


def _preparation(state: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """A unitary that makes a state of ``|0…0⟩``: a reflection that exchanges the two, and a phase."""
    phase = state[0] / abs(state[0]) if abs(state[0]) > 0 else 1.0
    difference = -state / phase
    difference[0] += 1.0
    size = float(np.vdot(difference, difference).real)
    reflection = np.eye(state.size, dtype=np.complex128)
    if size > 1e-30:
        reflection -= 2.0 / size * np.outer(difference, difference.conj())
    return reflection
