"""Circuits in a device's gates, on its couplings where it has some, with each measured qubit's place."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from qtoolkit.backends.cloud.bits import BitMap
from qtoolkit.backends.compiling.basis import prepared
from qtoolkit.backends.compiling.transpiler import transpiled
from qtoolkit.circuit import (
    Barrier,
    Circuit,
    ControlledGate,
    Gate,
    Measure,
    Operation,
    PauliRotationGate,
    Reset,
    StandardGate,
)
from qtoolkit.errors import ConversionError

__all__ = ["CompiledCircuit", "compiled"]

_MOST_ANGLE = 4.0 * math.pi


@dataclass(frozen=True)
class CompiledCircuit:
    """A circuit of standard gates and barriers, and its measurements, which come last.

    Attributes:
        num_qubits: of the device, or of the circuit where it has no couplings.
        operations: standard gates of the device and barriers, in order.
        measured: the measured qubits, each once; bit k of the device's answer is qubit ``measured[k]``.
        sources: for each classical bit that is written, the index in `measured`.
    """

    num_qubits: int
    operations: tuple[Operation, ...]
    measured: tuple[int, ...]
    sources: Mapping[int, int]

    def bits(self, circuit: Circuit, register: str) -> BitMap:
        """Where the bits of the circuit that was compiled are, in the register of a device's answer."""
        return BitMap.of(circuit, {clbit: (register, column) for clbit, column in self.sources.items()})


def compiled(
    circuit: Circuit,
    gates: Collection[str],
    *,
    basis: Sequence[str] | None = None,
    couplings: Sequence[tuple[int, int]] | None = None,
    num_qubits: int | None = None,
    optimization_level: int = 1,
) -> CompiledCircuit:
    """Bring a circuit into a device's gates by Qiskit's transpiler; one that is in them already stays as it is.

    Args:
        circuit: bound, measured at its end.
        gates: this toolkit's names of the gates that may stay.
        basis: the gates that others become, a part of `gates`; all of them by default.
        couplings: pairs of qubits that a gate of two can join, in both directions; None for every pair.
        num_qubits: of the device, where it has couplings.
        optimization_level: of the transpiler, 0 to 3.

    Raises:
        ConversionError: naming what Qiskit cannot hold, or what the device's dialect lacks.
        BackendError: if the circuit does not fit the device.
    """
    body, pairs = circuit.split_final_measurements()
    measured = tuple(sorted({qubit for qubit, _ in pairs}))
    sources = {clbit: measured.index(qubit) for qubit, clbit in pairs}
    operations = _told(body)
    if couplings is not None or not all(_stays(operation, gates) for operation in operations):
        operations, measured, width = _transpiled(
            body.num_qubits, operations, measured, basis or sorted(gates), couplings, num_qubits, optimization_level
        )
    else:
        width = circuit.num_qubits
    for operation in operations:
        if not _stays(operation, gates):
            raise ConversionError(
                f"the device has gates, barriers and measurements at the end, got {operation.gate.name!r}"
            )
    return CompiledCircuit(width, operations, measured, sources)


def _told(circuit: Circuit) -> tuple[Operation, ...]:
    """With gates in place of the states to prepare, and without what changes no outcome: annotations, global phases."""
    told = prepared(circuit).operations
    reset = next((operation for operation in told if isinstance(operation.gate, Reset)), None)
    if reset is not None and not any(isinstance(operation.gate, Reset) for operation in circuit.operations):
        raise ConversionError(f"the device cannot reset qubits, got initialize on {reset.qubits}, which are in use")
    return tuple(_with_small_angles(operation) for operation in told if operation.qubits)


def _with_small_angles(operation: Operation) -> Operation:
    gate = operation.gate
    taken = _within_two_turns(gate) if isinstance(gate, Gate) else gate
    return Operation(taken, operation.qubits, operation.clbits)


def _within_two_turns(gate: Gate) -> Gate:
    """A gate with angles from −2π to 2π in place of larger ones: compilers and services take whole turns off them with
    a π of 16 digits, which leaves little of a large angle."""
    if all(abs(float(angle)) <= _MOST_ANGLE for angle in gate.params):
        return gate
    angles = tuple(_reduced(float(angle)) for angle in gate.params)
    if isinstance(gate, StandardGate):
        return StandardGate(gate.name, angles)
    if isinstance(gate, PauliRotationGate):
        return PauliRotationGate(gate.label, angles[0])
    if isinstance(gate, ControlledGate):
        return ControlledGate(_within_two_turns(gate.base), gate.num_controls, gate.ctrl_state)
    return gate


def _reduced(angle: float) -> float:
    """Less than an angle by a multiple of 4π, after which every gate is the same; sine and cosine know π exactly."""
    return 2.0 * math.atan2(math.sin(angle / 2.0), math.cos(angle / 2.0))


def _stays(operation: Operation, gates: Collection[str]) -> bool:
    gate = operation.gate
    return isinstance(gate, Barrier) or (isinstance(gate, StandardGate) and gate.name in gates)


def _transpiled(
    width: int,
    body: Sequence[Operation],
    measured: Sequence[int],
    basis: Sequence[str],
    couplings: Sequence[tuple[int, int]] | None,
    num_qubits: int | None,
    optimization_level: int,
) -> tuple[tuple[Operation, ...], tuple[int, ...], int]:
    from qiskit.transpiler import CouplingMap

    from qtoolkit.interop.qiskit import from_qiskit, to_qiskit

    whole = Circuit(width, len(measured))
    for operation in body:
        whole.append(operation.gate, operation.qubits, operation.clbits)
    for column, qubit in enumerate(measured):
        whole.append(Measure(), [qubit], [column])
    coupling_map = None
    if couplings is not None:
        coupling_map = CouplingMap()
        for qubit in range(num_qubits or 1 + max(max(pair) for pair in couplings)):
            coupling_map.add_physical_qubit(qubit)
        for first, second in couplings:
            coupling_map.add_edge(first, second)
            coupling_map.add_edge(second, first)
    found = transpiled(
        to_qiskit(whole), optimization_level, "the device", basis_gates=list(basis), coupling_map=coupling_map
    )
    device = from_qiskit(found)
    operations, pairs = device.split_final_measurements()
    places = {clbit: qubit for qubit, clbit in pairs}
    return _told(operations), tuple(places[column] for column in range(len(measured))), device.num_qubits
