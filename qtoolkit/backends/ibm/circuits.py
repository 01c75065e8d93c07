"""Circuits in the form that IBM's samplers take: Qiskit's, in the gates and on the couplings of a device."""

from __future__ import annotations

import keyword
from typing import Any

from qiskit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.transpiler import generate_preset_pass_manager

from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError
from qtoolkit.interop.qiskit import to_qiskit

__all__ = ["device_circuit", "without_layout"]


def device_circuit(circuit: Circuit, device: Any, optimization_level: int, seed: int | None) -> QuantumCircuit:
    """Convert and transpile. The classical registers, one after the other, hold the circuit's classical bits.

    Args:
        circuit: bound.
        device: a Qiskit backend.
        optimization_level: 0 to 3.
        seed: of the transpiler.

    Raises:
        ConversionError: naming what Qiskit cannot hold.
        BackendError: if the circuit does not fit the device.
    """
    converted = to_qiskit(_with_plain_registers(circuit))
    passes = generate_preset_pass_manager(optimization_level, backend=device, seed_transpiler=seed)
    try:
        return passes.run(converted)
    except QiskitError as error:
        raise BackendError(f"the circuit cannot be compiled for {device.name}: {error.message}") from error


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
