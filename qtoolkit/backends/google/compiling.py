"""Circuits in the gates of one of Google's processors, on its grid, by Cirq's transformers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qtoolkit._optional import require
from qtoolkit.errors import BackendError

if TYPE_CHECKING:
    import cirq

__all__ = ["compiled_for", "noisy_gateset"]


def noisy_gateset(device: Any, noise_properties: Any) -> Any:
    """The gates to compile for, such that noise properties tell of its gate on two qubits.

    Of several, square roots of iSWAP come before others.

    Args:
        device: a `cirq_google.GridDevice`.
        noise_properties: `cirq_google.GoogleNoiseProperties` of the same processor.

    Raises:
        BackendError: if nothing is known of any gate of the device on two qubits.
    """
    import cirq

    google = require("cirq_google", extra="google")
    known = {identifier.gate_type for identifier in noise_properties.gate_pauli_errors}
    pairs = (
        (cirq.SqrtIswapTargetGateset, cirq.ISwapPowGate),
        (cirq.CZTargetGateset, cirq.CZPowGate),
        (google.SycamoreTargetGateset, google.SycamoreGate),
    )
    for kind, gate in pairs:
        for gateset in device.metadata.compilation_target_gatesets:
            if isinstance(gateset, kind) and gate in known:
                return gateset
    raise BackendError("the calibration tells of none of the device's gates on two qubits")


def compiled_for(
    circuit: cirq.Circuit, qubits: Sequence[cirq.Qid], graph: Any, gateset: Any, name: str
) -> tuple[cirq.Circuit, tuple[cirq.Qid, ...]]:
    """Compile a circuit of Cirq for a processor and route it on its grid.

    Measurements that nothing follows on their qubit come in the last moment, so that no swap of the router comes behind
    them; those whose keys decide what runs stay where they are. Global phases are left out.

    Args:
        circuit: on these qubits.
        qubits: all of them, idle ones as well.
        graph: of the processor's qubits and the pairs that a gate can join.
        gateset: a target of Cirq's compilation.
        name: of the processor, for messages.

    Returns:
        The circuit on the processor's qubits, and where each of `qubits` is at its end.

    Raises:
        BackendError: if the circuit does not fit on the grid, or holds what Cirq cannot take apart.
    """
    import cirq

    if not qubits:
        return cirq.Circuit(), ()
    body, measured = _without_last_measurements(circuit)
    native = cirq.optimize_for_target_gateset(body, gateset=gateset)
    wide = next((item for item in native.all_operations() if len(item.qubits) > 2), None)
    if wide is not None:
        kind = type(wide.gate).__name__
        raise BackendError(
            f"Cirq cannot take a {kind} of {len(wide.qubits)} qubits apart for {name}; build it from smaller gates"
        )
    there = native.all_qubits()
    # The router places only what it sees.
    native += cirq.Circuit(cirq.I(qubit) for qubit in qubits if qubit not in there)
    try:
        routed, start, moves = cirq.RouteCQC(graph).route_circuit(native)
    except ValueError as error:
        raise BackendError(f"the circuit cannot be routed on {name}: {error}") from error
    ends = {qubit: moves[start[qubit]] for qubit in qubits}
    compiled = cirq.optimize_for_target_gateset(routed, gateset=gateset)
    kept = [
        cirq.Moment(operation for operation in moment if operation.qubits and not _is_idle(operation))
        for moment in compiled
    ]
    last = [cirq.Moment(operation.transform_qubits(ends) for operation in measured)] if measured else []
    return cirq.Circuit([moment for moment in kept if moment] + last), tuple(ends[qubit] for qubit in qubits)


def _is_idle(operation: cirq.Operation) -> bool:
    import cirq

    return isinstance(operation.gate, cirq.IdentityGate)


def _without_last_measurements(circuit: cirq.Circuit) -> tuple[cirq.Circuit, list[cirq.Operation]]:
    """The circuit without the measurements that can come at its end, and these, in order."""
    import cirq

    deciding: set[Any] = {key for operation in circuit.all_operations() for key in cirq.control_keys(operation)}
    last = [
        (index, operation)
        for index, moment in enumerate(circuit)
        for operation in moment
        if cirq.is_measurement(operation)
        and all(circuit.next_moment_operating_on([qubit], index + 1) is None for qubit in operation.qubits)
        and not deciding.intersection(cirq.measurement_key_objs(operation))
    ]
    body = circuit.copy()
    body.batch_remove(last)
    return body, [operation for _, operation in last]
