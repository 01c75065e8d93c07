"""Circuits as programs of the Quantum Engine: compiled for a processor, one key for each measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtoolkit.backends.cloud.bits import BitMap
from qtoolkit.backends.compiling.basis import preparing_unitary
from qtoolkit.backends.google.compiling import compiled_for
from qtoolkit.circuit import Barrier, Circuit, Initialize, Measure, Operation
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.errors import BackendError, ConversionError

if TYPE_CHECKING:
    import cirq

__all__ = ["circuit_of", "key_name", "native_program", "qubits_of"]


def key_name(number: int) -> str:
    """The key of a circuit's measurement by its number, in time order."""
    return f"m{number}"


def native_program(circuit: Circuit, device: Any, gateset: Any, name: str) -> tuple[cirq.Circuit, BitMap]:
    """A circuit in a processor's gates and on its grid, and where its classical bits are in the answer.

    Each measurement has a key of its own; a bit that is written several times is the last one's. A qubit that is
    measured again before anything else happens to it is measured once.

    Args:
        circuit: without conditions and noise, every parameter bound.
        device: a `cirq_google.GridDevice`.
        gateset: a target of Cirq's compilation that the device has.
        name: of the processor, for messages.

    Raises:
        ConversionError: naming what Cirq cannot hold.
        BackendError: if the circuit does not fit on the grid, or holds what the device has not.
    """
    import cirq

    from qtoolkit.interop.cirq.to_circuit import to_cirq

    keyed, sources = _with_a_key_for_each_measurement(circuit)
    qubits = cirq.LineQubit.range(circuit.num_qubits)
    native, _ = compiled_for(to_cirq(keyed), qubits, device.metadata.nx_graph, gateset, name)
    try:
        device.validate_circuit(native)
    except ValueError as error:
        raise BackendError(
            f"the circuit holds what cannot be compiled for {name}: {error}; build it from smaller gates"
        ) from error
    return native, BitMap.of(circuit, sources)


def qubits_of(native: cirq.AbstractCircuit) -> tuple[Any, ...]:
    """The qubits of a program in the order in which `circuit_of` numbers them: by row and column."""
    return tuple(sorted(native.all_qubits()))


def circuit_of(native: cirq.AbstractCircuit, bits: BitMap) -> Circuit:
    """A program as a circuit that measures into the bits of its map.

    Raises:
        ConversionError: if it holds what has no counterpart here, or lacks a measurement of the map.
    """
    from qtoolkit.interop.cirq.from_circuit import convert

    found = convert(native, qubits_of(native))
    key_of = {clbits[0]: key for key, instances in found.records.items() for clbits in instances}
    targets: dict[str, list[int]] = {}
    for clbit, source in enumerate(bits.sources):
        if source is not None:
            targets.setdefault(source[0], []).append(clbit)
    lacking = sorted(targets.keys() - key_of.values())
    if lacking:
        raise ConversionError(f"the program lacks the measurement {lacking[0]}")
    circuit = bits.blank(found.circuit.num_qubits)
    operations = list(found.circuit.operations)
    # What is overwritten later goes where the last one writes; behind the last one it changes nothing.
    mapped = [
        position
        for position, operation in enumerate(operations)
        if isinstance(operation.gate, Measure) and key_of[operation.clbits[0]] in targets
    ]
    last = mapped[-1] if mapped else -1
    spare = targets[key_of[operations[last].clbits[0]]] if mapped else []
    for position, operation in enumerate(operations):
        if not isinstance(operation.gate, Measure):
            circuit.append(operation.gate, operation.qubits)
            continue
        places = targets.get(key_of[operation.clbits[0]], spare[:1] if position < last else [])
        for clbit in places:
            circuit.measure(operation.qubits[0], clbit)
    return circuit


def _with_a_key_for_each_measurement(circuit: Circuit) -> tuple[Circuit, dict[int, tuple[str, int]]]:
    """The circuit, each measurement into a register of its own, and which of them each classical bit is."""
    result = Circuit(circuit.num_qubits)
    sources: dict[int, tuple[str, int]] = {}
    standing: dict[int, str] = {}
    """The key of a qubit's last measurement, as long as nothing else has happened to the qubit."""
    used: set[int] = set()
    for operation in circuit.operations:
        gate = operation.gate
        if isinstance(gate, Measure):
            qubit, clbit = operation.qubits[0], operation.clbits[0]
            if qubit not in standing:
                standing[qubit] = key_name(result.num_clbits)
                register = result.add_clbits(1, standing[qubit])
                result.measure(qubit, register.clbits[0])
            sources[clbit] = (standing[qubit], 0)
        elif not isinstance(gate, (Barrier, *ANNOTATIONS)):
            for qubit in operation.qubits:
                standing.pop(qubit, None)
            _add(result, operation, used)
        else:
            continue
        used.update(operation.qubits)
    return result, sources


def _add(circuit: Circuit, operation: Operation, used: set[int]) -> None:
    """Add an operation; a state that is prepared as a unitary, which Cirq's compiler can take apart."""
    if not isinstance(operation.gate, Initialize):
        circuit.append(operation.gate, operation.qubits)
        return
    if len(operation.qubits) > _WIDEST_PREPARATION:
        raise ConversionError(
            f"Cirq's compiler prepares states of at most {_WIDEST_PREPARATION} qubits, got {len(operation.qubits)}; "
            "prepare it by gates"
        )
    circuit.reset([qubit for qubit in operation.qubits if qubit in used])
    circuit.unitary(preparing_unitary(operation.gate.state_vector), operation.qubits, "initialize")


_WIDEST_PREPARATION = 3
