"""A circuit without the qubits that nothing stands on."""

from __future__ import annotations

from collections.abc import Mapping

from qtoolkit.circuit.circuit import Circuit
from qtoolkit.circuit.operation import Barrier, IfElse

__all__ = ["without_idle_qubits"]


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
    return _moved(circuit, {qubit: place for place, qubit in enumerate(sorted(touched))})


def _moved(circuit: Circuit, places: Mapping[int, int]) -> Circuit:
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
            gate = IfElse(gate.condition, *(_moved(branch, places) for branch in gate.branches))
        result.append(gate, qubits, operation.clbits)
    return result
