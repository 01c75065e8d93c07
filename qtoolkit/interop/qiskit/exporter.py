"""`to_qiskit`: this toolkit's circuits to Qiskit's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qiskit.circuit as qc
from qiskit import QuantumCircuit
from qiskit.circuit import library
from qiskit.quantum_info import Kraus

from qtoolkit.circuit import (
    Barrier,
    Circuit,
    ClassicalRegister,
    ControlledGate,
    Gate,
    IfElse,
    Initialize,
    KrausChannel,
    Measure,
    Operation,
    PauliRotationGate,
    PermutationGate,
    ReadoutError,
    Reset,
    StandardGate,
    UnitaryGate,
)
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.errors import CircuitError, ConversionError
from qtoolkit.interop._phases import global_phase
from qtoolkit.interop.qiskit.angles import AngleWriter
from qtoolkit.interop.qiskit.conditions import write_condition
from qtoolkit.interop.qiskit.gates import write_gate
from qtoolkit.interop.qiskit.states import write_state
from qtoolkit.interop.qiskit.unrolling import with_controls

__all__ = ["to_qiskit"]


def to_qiskit(circuit: Circuit) -> QuantumCircuit:
    """Convert a circuit to Qiskit, exactly with its global phase.

    Qubit and classical bit k stay k, registers and parameters keep their names; parameters ``v[0], v[1], …`` become
    one `ParameterVector`. Gates that Qiskit lacks go as their decomposition, Pauli rotations as
    `PauliProductRotationGate` (`PauliEvolutionGate` before Qiskit had it), global phases add up in ``global_phase``.
    Channels go as instructions of their Kraus operators, which Aer runs; detectors and observables are left out.

    Raises:
        ConversionError: naming what Qiskit cannot hold.
    """
    if not isinstance(circuit, Circuit):
        raise ConversionError(f"to_qiskit takes a Circuit, got {type(circuit).__name__}")
    result = QuantumCircuit(name=circuit.name)
    classical_names = {register.name for register in circuit.clbit_registers}
    quantum = [(r.name, r.qubits) for r in circuit.qubit_registers]
    if circuit.num_qubits and not quantum:
        quantum = [("q", tuple(range(circuit.num_qubits)))]
    distinct = [(_free_name(name, classical_names), qubits) for name, qubits in quantum]
    _add_bits(result, circuit.num_qubits, distinct, qc.QuantumRegister, qc.Qubit)
    named = [(r.name, r.clbits) for r in circuit.clbit_registers]
    _add_bits(result, circuit.num_clbits, named, qc.ClassicalRegister, qc.Clbit)
    registers = list(zip(circuit.clbit_registers, result.cregs, strict=True))
    exporter = _Exporter(AngleWriter(circuit.parameters), registers, result.qubits, result.clbits)
    for position, operation in enumerate(circuit.operations):
        try:
            exporter.add(result, operation)
        except (CircuitError, ConversionError, qc.CircuitError) as error:
            raise ConversionError(f"cannot convert {operation.gate.name!r} at position {position}: {error}") from error
    return result


def _free_name(name: str, taken: set[str]) -> str:
    """Qiskit wants names distinct across both kinds of registers, and results go by the classical ones."""
    while name in taken:
        name = f"{name}_"
    return name


def _add_bits(
    circuit: QuantumCircuit,
    size: int,
    registers: Sequence[tuple[str, tuple[int, ...]]],
    register_kind: Any,
    bit_kind: Any,
) -> None:
    """Add `size` bits and the registers over them; registers that follow one another own their bits."""
    if [index for _, indices in registers for index in indices] == list(range(size)):
        for name, indices in registers:
            circuit.add_register(register_kind(len(indices), name))
        return
    bits = [bit_kind() for _ in range(size)]
    circuit.add_bits(bits)
    for name, indices in registers:
        circuit.add_register(register_kind(name=name, bits=[bits[index] for index in indices]))


class _Exporter:
    """Adds operations to Qiskit circuits over one set of bits."""

    def __init__(
        self,
        write_angle: AngleWriter,
        registers: Sequence[tuple[ClassicalRegister, Any]],
        qubits: Sequence[Any],
        clbits: Sequence[Any],
    ) -> None:
        self._write_angle = write_angle
        self._registers = registers
        self._qubits = qubits
        self._clbits = clbits

    def add(self, target: QuantumCircuit, operation: Operation) -> None:
        """Add one operation."""
        gate = operation.gate
        qubits = [self._qubits[q] for q in operation.qubits]
        if isinstance(gate, Gate):
            self._add_gate(target, gate, qubits)
        elif isinstance(gate, Measure):
            target.measure(qubits[0], self._clbits[operation.clbits[0]])
        elif isinstance(gate, Reset):
            target.reset(qubits[0])
        elif isinstance(gate, Barrier):
            target.barrier(qubits)
        elif isinstance(gate, Initialize):
            target.append(library.Initialize(write_state(gate.state_vector)), qubits)
        elif isinstance(gate, IfElse):
            condition = write_condition(gate.condition, self._registers, self._clbits)
            bodies = [self._body(branch, operation) for branch in gate.branches]
            clbits = bodies[0].clbits
            target.append(qc.IfElseOp(condition, bodies[0], bodies[1] if len(bodies) > 1 else None), qubits, clbits)
        elif isinstance(gate, KrausChannel):
            target.append(Kraus([operator.copy() for operator in gate.operators]).to_instruction(), qubits)
        elif isinstance(gate, ReadoutError):
            raise ConversionError("Qiskit's circuits have no readout errors; give them to Aer in a noise model")
        elif type(gate) not in ANNOTATIONS:
            raise ConversionError("Qiskit has no such instruction")

    def _body(self, branch: Circuit, operation: Operation) -> QuantumCircuit:
        """A branch over the bits that the whole if statement uses, with the registers that lie within them."""
        body = QuantumCircuit([self._qubits[q] for q in operation.qubits], [self._clbits[c] for c in operation.clbits])
        inside = set(operation.clbits)
        for register, converted in self._registers:
            if inside.issuperset(register.clbits):
                body.add_register(converted)
        for inner in branch.operations:
            self.add(body, inner)
        return body

    def _add_gate(self, target: QuantumCircuit, gate: Gate, qubits: Sequence[Any]) -> None:
        base, num_controls, ctrl_state = gate.control_structure()
        if gate.num_qubits == 0:
            target.global_phase += self._write_angle(global_phase(gate))
            return
        converted: Any | None
        if isinstance(gate, ControlledGate):
            converted = self._controlled(base, num_controls, ctrl_state)
        else:
            converted = write_gate(gate, self._write_angle)
        if converted is not None:
            target.append(converted, qubits, copy=False)
            return
        for step in self._steps(base, num_controls, ctrl_state):
            if isinstance(step.gate, Gate):
                self._add_gate(target, step.gate, [qubits[k] for k in step.qubits])

    def _controlled(self, base: Gate, num_controls: int, ctrl_state: int) -> Any | None:
        if base.num_qubits == 0 or isinstance(base, PauliRotationGate):
            return None
        if isinstance(base, PermutationGate):
            base = UnitaryGate(base.matrix())
        converted = write_gate(base, self._write_angle)
        if converted is None:
            return None
        # Qiskit would synthesise a controlled matrix here and now; annotated, it keeps it as it is
        return converted.control(num_controls, ctrl_state=ctrl_state, annotated=not isinstance(base, StandardGate))

    def _steps(self, base: Gate, num_controls: int, ctrl_state: int) -> list[Operation]:
        """What goes instead of a gate that Qiskit lacks, on positions among its qubits."""
        steps = base.decomposition() if base.num_qubits else ((base, ()),)
        if steps is None:
            raise ConversionError("Qiskit has no such gate, and it has no decomposition; give it as a unitary")
        if num_controls == 0:
            return [Operation(*step) for step in steps]
        result = Circuit(base.num_qubits + num_controls)
        for step, places in steps:
            if isinstance(base, PauliRotationGate) and not step.params:
                result.append(step, [q + num_controls for q in places])  # basis changes undo each other when idle
            else:
                alone = Circuit(base.num_qubits).append(step, places)
                result.extend(with_controls(alone, num_controls, ctrl_state))
        return list(result.operations)
