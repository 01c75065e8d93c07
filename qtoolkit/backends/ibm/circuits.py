"""Circuits in the form that IBM's samplers take: Qiskit's, in the gates and on the couplings of a device."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from typing import Any

from qiskit import QuantumCircuit

from qtoolkit._arguments import check_integer, items_of, shown
from qtoolkit.backends.compiling.transpiler import SEED, transpiled
from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError, InputError
from qtoolkit.interop.qiskit import to_qiskit

__all__ = ["check_layout", "device_circuit", "without_layout"]


def device_circuit(
    circuit: Circuit,
    device: Any,
    optimization_level: int,
    seed: int | None = SEED,
    layout: Sequence[int] | None = None,
) -> QuantumCircuit:
    """Convert and transpile. The classical registers, one after the other, hold the circuit's classical bits.

    Args:
        circuit: bound.
        device: a Qiskit backend.
        optimization_level: 0 to 3.
        seed: of the transpiler.
        layout: the device's qubit for each qubit of the circuit, from `check_layout`; the compiler chooses without.

    Raises:
        ConversionError: naming what Qiskit cannot hold.
        BackendError: if the circuit does not fit the device.
    """
    converted = to_qiskit(_with_plain_registers(circuit))
    if layout is not None and len(layout) < circuit.num_qubits:
        raise BackendError(f"the layout has {len(layout)} qubits of the device, the circuit {circuit.num_qubits}")
    places = None if layout is None else list(layout[: circuit.num_qubits])
    return transpiled(converted, optimization_level, device.name, seed=seed, backend=device, initial_layout=places)


def check_layout(layout: object, num_qubits: int) -> tuple[int, ...] | None:
    """Qubits of a device on which circuits are to lie, their qubit 0 on the first; None lets the compiler choose.

    Raises:
        InputError: if they are no distinct qubits of the device.
    """
    if layout is None:
        return None
    given: Any = layout
    qubits: Sequence[int] = items_of(given, "a layout is a sequence of the device's qubits")
    for qubit in qubits:
        check_integer(qubit, "a qubit of the layout", 0, num_qubits - 1)
    if len(set(qubits)) != len(qubits):
        raise InputError(f"the qubits of a layout must be distinct, got {shown(tuple(qubits))}")
    return tuple(int(qubit) for qubit in qubits)


def without_layout(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit without the compiler's note on where its qubits came from.

    The note is written in another order each time, and so the same circuit in other bytes.
    """
    result = circuit.copy()
    result._layout = None
    return result


def _with_plain_registers(circuit: Circuit) -> Circuit:
    """The circuit, with one register over all bits where its own ones do not tile them under names IBM takes."""
    registers = circuit.clbit_registers
    tiling = [clbit for register in registers for clbit in register.clbits] == list(range(circuit.num_clbits))
    plain = all(len(r) and r.name.isidentifier() and not keyword.iskeyword(r.name) for r in registers)
    if tiling and plain:
        return circuit
    return Circuit(circuit.num_qubits, circuit.num_clbits, circuit.name).extend(circuit)
