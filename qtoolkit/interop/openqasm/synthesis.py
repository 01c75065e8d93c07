"""Gates given by arrays, and states to prepare, as circuits of gates that have a name everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Circuit, Gate, PermutationGate, StandardGate
from qtoolkit.errors import ConversionError
from qtoolkit.interop.openqasm.permutations import permutation_network

__all__ = ["preparation", "synthesised"]

_MAX_QUBITS = 10


def synthesised(gate: Gate, *, named_controls: bool) -> Circuit:
    """A circuit of ``u``, ``cx`` and ``gphase`` that equals the gate to rounding, global phase included.

    Args:
        gate: without free parameters.
        named_controls: whether the format controls gates itself, so that permutations stay controlled X gates.

    Raises:
        ConversionError: above 10 qubits, where the circuit would have millions of gates.
    """
    _check_size(gate.name, gate.num_qubits)
    if isinstance(gate, PermutationGate):
        swaps = _swaps(gate)
        network = permutation_network(gate.table) if swaps is None else swaps
        if named_controls:
            return network
    else:
        network = Circuit(gate.num_qubits).append(gate, range(gate.num_qubits))
    from qtoolkit.interop.qiskit import to_qiskit

    return _in_basis(to_qiskit(network))


def preparation(amplitudes: NDArray[np.complex128]) -> Circuit:
    """A circuit of ``u``, ``cx`` and ``gphase`` that takes ``|0…0⟩`` to a state."""
    from qiskit import QuantumCircuit
    from qiskit.circuit.library import StatePreparation

    num_qubits = amplitudes.size.bit_length() - 1
    _check_size("initialize", num_qubits)
    circuit = QuantumCircuit(num_qubits)
    circuit.append(StatePreparation(list(amplitudes / np.linalg.norm(amplitudes))), range(num_qubits))
    return _in_basis(circuit)


def _check_size(name: str, num_qubits: int) -> None:
    if num_qubits > _MAX_QUBITS:
        raise ConversionError(
            f"{name} on {num_qubits} qubits would take too many gates: at most {_MAX_QUBITS} qubits; "
            "build it from smaller gates"
        )


def _in_basis(circuit: Any) -> Circuit:
    from qiskit import transpile

    from qtoolkit.interop.qiskit import from_qiskit

    return from_qiskit(transpile(circuit, basis_gates=["u", "cx"], optimization_level=0, seed_transpiler=0))


def _swaps(gate: PermutationGate) -> Circuit | None:
    """Swaps, where the permutation only moves qubits."""
    from qtoolkit.interop.qiskit.gates import qubit_order

    pattern = qubit_order(gate)
    if pattern is None:
        return None
    circuit = Circuit(gate.num_qubits)
    holds = list(range(gate.num_qubits))
    for place, qubit in enumerate(pattern):
        where = holds.index(qubit)
        if where != place:
            circuit.append(StandardGate("swap"), (place, where))
            holds[place], holds[where] = holds[where], holds[place]
    return circuit
