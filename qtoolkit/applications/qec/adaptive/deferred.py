"""`measured_last`: a circuit that measures at its end alone, for devices that can do no more."""

from __future__ import annotations

from qtoolkit._arguments import check_instance, shown
from qtoolkit.circuit import Barrier, Circuit, Decode, IfElse, Initialize, Measure, Operation, ReadoutError, Reset
from qtoolkit.errors import InputError

__all__ = ["measured_last"]


def measured_last(circuit: Circuit) -> Circuit:
    """The circuit with a fresh qubit in the place of each reset, and with all measurements at its end.

    What a reset puts into |0⟩ is a new qubit from there on, so that measured qubits are left alone; a memory of many
    rounds takes ancillas for each of them. Resets that nothing comes before are left out, as qubits begin in |0⟩, and
    so are barriers. Detectors, observables and readout errors follow the measurements.

    Args:
        circuit: without feedback, each measurement into a bit of its own.

    Raises:
        InputError: if it is no circuit, has conditions, decoders or prepared states, measures twice into a bit, or
            acts on a qubit after its measurement without a reset in between.
    """
    check_instance(circuit, Circuit, "what measures last is made of a Circuit")
    place: dict[int, int] = {}
    num_qubits = circuit.num_qubits
    fresh: set[int] = set()
    measured: set[int] = set()
    written: set[int] = set()
    early: list[Operation] = []
    late: list[Operation] = []
    for operation in circuit.operations:
        gate, qubits, clbits = operation.gate, operation.qubits, operation.clbits
        if isinstance(gate, Barrier):
            continue
        if isinstance(gate, IfElse | Decode | Initialize):
            raise InputError(f"a circuit that measures last has no feedback and no prepared states, got {gate.name}")
        if isinstance(gate, Reset):
            fresh.update(qubit for qubit in qubits if qubit in place)
            measured.difference_update(qubits)
            continue
        again = measured.intersection(qubits)
        if again:
            raise InputError(
                f"a qubit is left alone from its measurement to its reset, got {gate.name} on qubit "
                f"{shown(min(again))} after it; reset it in between"
            )
        for qubit in qubits:
            if qubit in fresh:
                place[qubit], num_qubits = num_qubits, num_qubits + 1
                fresh.discard(qubit)
            place.setdefault(qubit, qubit)
        if isinstance(gate, Measure):
            if written.intersection(clbits):
                raise InputError(f"each measurement has a bit of its own here, got bit {clbits[0]} twice")
            measured.update(qubits)
            written.update(clbits)
        is_late = isinstance(gate, Measure | ReadoutError) or not qubits
        (late if is_late else early).append(Operation(gate, tuple([place[qubit] for qubit in qubits]), clbits))
    result = Circuit(num_qubits, name=circuit.name)
    result.num_clbits = circuit.num_clbits
    for register in circuit.clbit_registers:
        result.name_clbits(register.name, register.clbits)
    for operation in (*early, *late):
        result.append(operation.gate, operation.qubits, operation.clbits)
    return result
