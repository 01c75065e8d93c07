"""A circuit on fewer qubits: without those that nothing stands on, or on places of its own."""

from __future__ import annotations

from collections.abc import Mapping

from qtoolkit.circuit.circuit import Circuit
from qtoolkit.circuit.operation import Barrier, IfElse

__all__ = ["moved", "without_idle_qubits"]


def without_idle_qubits(circuit: Circuit) -> Circuit:
    """The circuit on those of its qubits on which more than barriers stand, in their order.

    Its classical bits, and so its results, are the same; names of qubits stay behind.
    """
    touched: set[int] = set()
    for operation in circuit.operations:
        if not isinstance(operation.gate, Barrier):
            touched.update(operation.qubits)
            if len(touched) == circuit.num_qubits:
                return circuit
    return moved(circuit, {qubit: place for place, qubit in enumerate(sorted(touched))})


def moved(circuit: Circuit, places: Mapping[int, int]) -> Circuit:
    """The circuit with each qubit at a new place, and without those that have none.

    Args:
        circuit: any; names of its qubits stay behind.
        places: by qubit, distinct and below their number; nothing but barriers stands on other qubits.
    """
    result = Circuit(len(places), name=circuit.name)
    result.num_clbits = circuit.num_clbits
    for register in circuit.clbit_registers:
        result.name_clbits(register.name, register.clbits)
    result.declare_parameters(circuit.parameters)
    for operation in circuit.operations:
        gate = operation.gate
        qubits = [places[qubit] for qubit in operation.qubits if qubit in places]
        if isinstance(gate, Barrier):
            if not qubits:
                continue
            gate = Barrier(len(qubits))
        elif isinstance(gate, IfElse):
            gate = IfElse(gate.condition, *(moved(branch, places) for branch in gate.branches))
        result.append(gate, qubits, operation.clbits)
    return result
