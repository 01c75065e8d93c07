"""`from_cirq`: a Cirq circuit as a circuit of ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cirq
import numpy as np

from qtoolkit._arguments import check_instance
from qtoolkit.circuit import (
    Circuit,
    Gate,
    Initialize,
    Instruction,
    KrausChannel,
    ReadoutError,
    Reset,
    StandardGate,
)
from qtoolkit.circuit.tape import GATE_NUMBERS
from qtoolkit.errors import CircuitError, ConversionError
from qtoolkit.interop.cirq.channels import channel_of
from qtoolkit.interop.cirq.conditions_from import Guard, add_guarded, guards_from_cirq
from qtoolkit.interop.cirq.gates_from import Step, gate_steps, reversed_unitary

__all__ = ["Conversion", "convert", "from_cirq", "ordered_qubits"]

Placed: TypeAlias = tuple[Instruction, tuple[Any, ...]]
"""An instruction of ours on Cirq's qubits."""

PlacedGate: TypeAlias = tuple[Gate, tuple[Any, ...]]
"""A gate of ours on Cirq's qubits."""

_MAX_MATRIX_QUBITS = 6
_DECOMPOSITION_TOLERANCE = 1e-12
_PHASE_TOLERANCE = 1e-14


@dataclass(frozen=True)
class Conversion:
    """A converted circuit.

    Attributes:
        circuit: the circuit.
        records: by measurement key, the classical bits of each measurement under it, first measured qubit first.
    """

    circuit: Circuit
    records: dict[str, list[tuple[int, ...]]]


def from_cirq(circuit: cirq.AbstractCircuit, qubit_order: Any = cirq.QubitOrder.DEFAULT) -> Circuit:
    """Convert a Cirq circuit, with its global phase.

    Positions are kept, numbers are not: Cirq is big-endian, we are little-endian.

    - Qubit k is the k-th of Cirq's qubits, sorted or as `qubit_order` gives them. So entry ``j`` of a state
      vector here is entry ``j`` with its bits reversed there.
    - A measurement key becomes a classical register of that name, whose bit k is the key's k-th qubit. So a key
      that reads 0b110 in Cirq (first qubit leftmost) is the bitstring "011" here (bit 0 rightmost). A key
      measured again gets further registers ``key#1``, ``key#2``, ...

    Symbols become parameters where an angle is linear in them; Cirq gives them no order, so they have that of their
    first appearance here. Gates without a rule are decomposed by Cirq. Channels stay channels, and confusion maps
    become readout errors, so that noise of a model comes over by ``from_cirq(circuit.with_noise(model))``.
    A `CircuitOperation` is unrolled. Moments and tags are not kept.

    Args:
        circuit: a `cirq.Circuit` or `cirq.FrozenCircuit`.
        qubit_order: a `cirq.QubitOrder` or the qubits in order, which may include idle ones.

    Raises:
        ConversionError: naming the moment and the operation that cannot be expressed: qudits, loops until
            a condition holds, angles that are not linear in their symbols, matrices that are not unitary to 1e-8 (Cirq
            computes some in single precision where an exponent is in that).
    """
    check_instance(circuit, cirq.AbstractCircuit, "from_cirq takes a cirq.Circuit", ConversionError)
    return convert(circuit, ordered_qubits(circuit, qubit_order)).circuit


def ordered_qubits(circuit: cirq.AbstractCircuit, qubit_order: Any) -> tuple[Any, ...]:
    """Cirq's qubits in the given order.

    Raises:
        ConversionError: if the order lacks a qubit or repeats one.
    """
    try:
        return tuple(cirq.QubitOrder.as_qubit_order(qubit_order).order_for(circuit.all_qubits()))
    except ValueError as error:
        raise ConversionError(f"qubit_order must name every qubit of the circuit once: {error}") from error


def convert(circuit: cirq.AbstractCircuit, qubits: Sequence[Any]) -> Conversion:
    """Convert with ``qubits[k]`` as qubit k, and keep where each key's bits went."""
    for qubit in qubits:
        if qubit.dimension != 2:
            raise ConversionError(f"only qubits can be converted, got {qubit!r} of dimension {qubit.dimension}")
    importer = _Importer(qubits)
    for number, moment in enumerate(circuit):
        for operation in moment:
            try:
                importer.add(operation, ())
            except (CircuitError, ConversionError) as error:
                raise ConversionError(f"cannot convert {operation} in moment {number}: {error}") from error
    importer.close()
    return Conversion(importer.circuit, importer.records)


_PLAIN = (cirq.GateOperation, cirq.SingleQubitPauliStringGateOperation)
"""Operations that are a gate on qubits and no more."""

_NO_RULE = (cirq.ControlledGate, cirq.MeasurementGate, cirq.ResetChannel, cirq.StatePreparationChannel)
"""Gates that are taken apart in other ways."""


class _Importer:
    """Adds Cirq operations to a circuit, one after the other."""

    def __init__(self, qubits: Sequence[Any]) -> None:
        self.circuit = Circuit(len(qubits))
        self.records: dict[str, list[tuple[int, ...]]] = {}
        self._index = {qubit: k for k, qubit in enumerate(qubits)}
        self._known: dict[int, tuple[Any, Sequence[tuple[int, Step]]]] = {}
        """Gates and their steps, each with the number of a standard gate or -1, by the gates' identities, which are
        theirs as long as they are here."""
        self._channels: dict[int, tuple[Any, KrausChannel]] = {}
        """Likewise, of channels."""
        self._guards: tuple[Guard, ...] = ()
        self._guarded: list[Placed] = []

    def add(self, operation: Any, conditions: tuple[Any, ...]) -> None:
        if type(operation) in _PLAIN and not conditions and not self._guards and self._add_known(operation):
            return
        operation = operation.untagged
        if operation.classical_controls:
            conditions = (*conditions, *operation.classical_controls)
            operation = operation.without_classical_controls().untagged
        if isinstance(operation, cirq.CircuitOperation):
            for inner in _unrolled(operation):
                self.add(inner, conditions)
        elif isinstance(operation.gate, cirq.MeasurementGate):
            self._measure(operation, operation.gate)
        else:
            placed: Sequence[Placed] | None = _state_change(operation) or _unitary_steps(operation, check=True)
            if placed is None:
                placed = self._noise(operation)
            if placed is not None:
                self._place(placed, conditions)
                return
            parts = _decomposed(operation)
            if parts is None:
                raise ConversionError(_why_not(operation))
            for inner in parts:
                self.add(inner, conditions)

    def _add_known(self, operation: Any) -> bool:
        """Add a gate without tags and conditions whose type has a rule; False if it has none."""
        gate = operation.gate
        known = self._known.get(id(gate))
        if known is None:
            steps = None if isinstance(gate, _NO_RULE) else gate_steps(gate)
            if steps is None:
                return False
            known = self._known[id(gate)] = gate, [(_number_of(step[0]), step) for step in steps]
        index, tape = self._index, self.circuit.operations
        places = [index[qubit] for qubit in operation.qubits]
        for number, (step, positions) in known[1]:
            qubits = tuple([places[k] for k in positions])
            if number >= 0:
                tape.append_standard(number, qubits, step.params)
            else:
                self.circuit.append(step, qubits)
        return True

    def close(self) -> None:
        """Write the operations that wait for others with the same guards."""
        pending, self._guarded = self._guarded, []
        if pending:
            add_guarded(self.circuit, self._guards, lambda body: self._write(body, pending))

    def _place(self, placed: Iterable[Placed], conditions: tuple[Any, ...]) -> None:
        guards = guards_from_cirq(conditions, self.records)
        if guards != self._guards:
            self.close()
            self._guards = guards
        if guards:
            self._guarded.extend(placed)
        else:
            self._write(self.circuit, placed)

    def _write(self, target: Circuit, placed: Iterable[Placed]) -> None:
        for instruction, qubits in placed:
            target.append(instruction, [self._index[qubit] for qubit in qubits])

    def _measure(self, operation: Any, gate: Any) -> None:
        self.close()
        key = cirq.measurement_key_name(operation)
        instances = self.records.setdefault(key, [])
        if instances and len(instances[0]) != len(operation.qubits):
            raise ConversionError(f"measurements under one key must have equally many qubits, got key {key!r}")
        clbits = self.circuit.add_clbits(len(operation.qubits), self._register_name(key, len(instances))).clbits
        instances.append(clbits)
        indices = [self._index[qubit] for qubit in operation.qubits]
        inverted = [index for index, flip in zip(indices, gate.full_invert_mask(), strict=True) if flip]
        self.circuit.x(inverted).measure(indices, clbits).x(inverted)
        for places, confusion in gate.confusion_map.items():  # Cirq's first qubit is the highest bit
            self.circuit.readout_error(ReadoutError(confusion), [clbits[place] for place in reversed(places)])

    def _noise(self, operation: Any) -> list[Placed] | None:
        """A channel that is no gate; None of what is none."""
        gate = operation.gate
        if gate is None or not cirq.has_kraus(gate) or cirq.has_unitary(gate) or cirq.is_parameterized(gate):
            return None
        if cirq.is_measurement(gate):
            if isinstance(gate, cirq.PauliMeasurementGate):
                return None  # Cirq takes it apart
            raise ConversionError(
                f"a channel here records no outcome, got one under a key: {gate!r}; leave out the key"
            )
        known = self._channels.get(id(gate))
        if known is None:
            known = self._channels[id(gate)] = gate, channel_of(gate)
        return [(known[1], operation.qubits[::-1])]

    def _register_name(self, key: str, instance: int) -> str:
        taken = {register.name for register in self.circuit.clbit_registers}
        name = f"{key}#{instance}" if instance or key in taken else key
        while name in taken:
            name += "_"
        return name


def _number_of(gate: Gate) -> int:
    return GATE_NUMBERS.get(gate.name, -1) if type(gate) is StandardGate else -1


def _unrolled(operation: Any) -> Iterable[Any]:
    if operation.repeat_until is not None:
        raise ConversionError("a circuit cannot loop until a condition holds; unroll the loop, or use repetitions")
    if cirq.is_parameterized(operation.repetitions):
        raise ConversionError(f"the number of repetitions must be a number, got {operation.repetitions}; resolve it")
    unrolled: Iterable[Any] = operation.mapped_circuit().all_operations()
    return unrolled


def _state_change(operation: Any) -> list[Placed] | None:
    gate = operation.gate
    if isinstance(gate, cirq.ResetChannel):
        return [(Reset(), operation.qubits)]
    if isinstance(gate, cirq.StatePreparationChannel):
        state = np.asarray(gate.state, dtype=np.complex128)
        return [(Initialize(state / np.linalg.norm(state)), operation.qubits[::-1])]
    return None


def _unitary_steps(operation: Any, *, check: bool = False) -> list[PlacedGate] | None:
    """Gates that equal an operation, or None if it is not known to be made of gates.

    Args:
        operation: without classical controls.
        check: compare decompositions with the operation's matrix, since Cirq's own may differ by a phase.
    """
    operation = operation.untagged
    if isinstance(operation, cirq.ControlledOperation) or isinstance(operation.gate, cirq.ControlledGate):
        return _controlled_steps(operation)
    if isinstance(operation, cirq.CircuitOperation):
        return _all_steps(_unrolled(operation))
    steps = None if operation.gate is None else gate_steps(operation.gate)
    if steps is not None:
        return [(gate, tuple(operation.qubits[k] for k in positions)) for gate, positions in steps]
    parts = _decomposed(operation)
    placed = None if parts is None else _all_steps(parts)
    small = len(operation.qubits) <= _MAX_MATRIX_QUBITS
    if not small or (placed is not None and not check) or cirq.is_parameterized(operation):
        return placed
    matrix = cirq.unitary(operation, default=None)
    if matrix is None:
        return placed
    phase = None if placed is None else _phase_between(placed, operation.qubits, matrix)
    if placed is None or phase is None:
        gate, positions = reversed_unitary(matrix, len(operation.qubits))
        return [(gate, tuple(operation.qubits[k] for k in positions))]
    return [*placed, *phase]


def _all_steps(operations: Iterable[Any]) -> list[PlacedGate] | None:
    placed: list[PlacedGate] = []
    for operation in operations:
        steps = None if operation.classical_controls else _unitary_steps(operation)
        if steps is None:
            return None
        placed.extend(steps)
    return placed


def _phase_between(placed: Sequence[PlacedGate], qubits: Sequence[Any], matrix: Any) -> list[PlacedGate] | None:
    """The global phase that is missing from gates to equal a matrix; None if more than a phase is."""
    index = {qubit: len(qubits) - 1 - k for k, qubit in enumerate(qubits)}
    circuit = Circuit(len(qubits))
    for gate, targets in placed:
        circuit.append(gate, [index[qubit] for qubit in targets])
    found = circuit.to_matrix()
    gamma = float(np.angle(np.vdot(found, matrix)))
    if not np.allclose(found * np.exp(1j * gamma), matrix, rtol=0.0, atol=_DECOMPOSITION_TOLERANCE):
        return None
    return [(StandardGate("gphase", (gamma,)), ())] if abs(gamma) > _PHASE_TOLERANCE else []


def _controlled_steps(operation: Any) -> list[PlacedGate]:
    if isinstance(operation, cirq.ControlledOperation):
        controls, inner, values = operation.controls, operation.sub_operation, operation.control_values
    else:
        count = operation.gate.num_controls()
        controls, values = operation.qubits[:count], operation.gate.control_values
        inner = operation.gate.sub_gate.on(*operation.qubits[count:])
    steps = _unitary_steps(inner, check=True)
    if steps is None:
        raise ConversionError(_why_not(inner))
    return [
        (gate.controlled(len(active), state) if active else gate, (*active, *targets))
        for active, state in _products(tuple(controls), {tuple(product) for product in values.expand()})
        for gate, targets in steps
    ]


def _products(controls: tuple[Any, ...], products: set[tuple[int, ...]]) -> list[tuple[tuple[Any, ...], int]]:
    """Controls with the value that switches on, one pair for each of the values, which exclude each other.

    A control is left out where both of its values switch on.
    """
    needed = [
        k
        for k in range(len(controls))
        if any((*product[:k], 1 - product[k], *product[k + 1 :]) not in products for product in products)
    ]
    reduced = sorted({tuple(int(product[k]) for k in needed) for product in products})
    active = tuple(controls[k] for k in needed)
    return [(active, sum(value << j for j, value in enumerate(product))) for product in reduced]


def _decomposed(operation: Any) -> list[Any] | None:
    """Cirq's decomposition into simpler operations, None where there is none on the same qubits."""
    parts = cirq.decompose_once(operation, default=None)
    if parts is None or any(not set(part.qubits) <= set(operation.qubits) for part in parts):
        return None
    return list(parts)


def _why_not(operation: Any) -> str:
    if cirq.has_unitary(operation):
        return (
            f"{operation.gate!r} has no decomposition, and a matrix on {len(operation.qubits)} qubits is larger than "
            f"the {_MAX_MATRIX_QUBITS} qubits taken"
        )
    if cirq.is_parameterized(operation):
        return f"{operation.gate!r} has symbols and no decomposition; resolve its parameters first"
    return f"{operation.gate!r} has neither a decomposition nor a matrix"
