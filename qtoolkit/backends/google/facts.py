"""What Google's processors can do, by their specifications and the limits of the Quantum Engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.errors import BackendError

if TYPE_CHECKING:
    import cirq

__all__ = ["capabilities_of", "check_limits"]


def capabilities_of(device: Any, **more: Any) -> Capabilities:
    """The capabilities of a device.

    Specifications do not say whether a qubit can be used after its measurement; one that can be reset is taken for one
    that can.

    Args:
        device: a `cirq_google.GridDevice`; qubit k of ``connectivity`` is its k-th by row and column.
        more: what it does not say of itself.
    """
    import cirq
    from cirq_google.engine.engine_validator import MAX_TOTAL_REPETITIONS

    metadata = device.metadata
    places = {qubit: place for place, qubit in enumerate(sorted(metadata.qubit_set))}
    pairs = (sorted(places[qubit] for qubit in pair) for pair in metadata.qubit_pairs)
    can_reset = cirq.ResetChannel() in metadata.gateset
    return Capabilities(
        num_qubits=len(places),
        max_shots=MAX_TOTAL_REPETITIONS,
        native_gates=frozenset(name for name, gate in _gates().items() if gate in metadata.gateset),
        connectivity=tuple(sorted((low, high) for low, high in pairs)),
        supports_mid_circuit_measurement=can_reset,
        supports_reset=can_reset,
        supports_memory=True,
        **more,
    )


def check_limits(native: cirq.AbstractCircuit, shots: int, name: str) -> None:
    """Raise if a program is larger than the service takes.

    Raises:
        BackendError: naming the limit.
    """
    from cirq_google import CIRCUIT_SERIALIZER
    from cirq_google.engine.engine_validator import validate_for_engine, validate_program

    try:
        validate_for_engine([native], [None], shots)
        validate_program([native], [None], shots, CIRCUIT_SERIALIZER)
    except RuntimeError as error:
        raise BackendError(f"{name} does not take the circuit: {error} It has {len(native)} moments") from error


def _gates() -> dict[str, cirq.Gate]:
    """Gates of this toolkit that are one of Cirq's, by their names here; rotations with some angle."""
    import cirq

    angle = 0.3
    return {
        "id": cirq.I, "x": cirq.X, "y": cirq.Y, "z": cirq.Z, "h": cirq.H, "s": cirq.S, "sdg": cirq.S**-1, "t": cirq.T,
        "tdg": cirq.T**-1, "sx": cirq.X**0.5, "sxdg": cirq.X**-0.5, "rx": cirq.rx(angle), "ry": cirq.ry(angle),
        "rz": cirq.rz(angle), "p": cirq.ZPowGate(exponent=angle), "cz": cirq.CZ, "cx": cirq.CNOT, "swap": cirq.SWAP,
        "iswap": cirq.ISWAP,
    }  # fmt: skip
