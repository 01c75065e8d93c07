"""Circuits compiled by TKET for a device of Quantinuum; nothing is asked of a service."""

from __future__ import annotations

from typing import Any

from qtoolkit.backends.quantinuum.sdk import sdk
from qtoolkit.backends.quantinuum.writing import to_tket
from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError

__all__ = ["compiled", "machine", "native_gates"]

_NATIVE = {"rz": "Rz", "rzz": "RZZ"}


def machine(name: str) -> dict[str, Any] | None:
    """What the SDK knows of a device without asking: qubits, shots, gates; None for one that it does not know.

    Args:
        name: of a computer such as ``"H2-1"``; ``E`` or ``LE`` at its end mean an emulator, ``SC`` its syntax checker.
    """
    base = name.removesuffix("LE").removesuffix("SC").removesuffix("E")
    known = sdk("pytket.extensions.quantinuum.backends.api_wrappers").OFFLINE_MACHINE_LIST
    return next((entry for entry in known if entry["name"] == base), None)


def native_gates(gate_names: list[str]) -> frozenset[str]:
    """This toolkit's names of a device's gates, as far as it has them."""
    return frozenset(ours for ours, theirs in _NATIVE.items() if theirs in gate_names)


def compiled(circuit: Circuit, device: Any, level: int, name: str = "") -> Any:
    """The circuit in the gates of a device, as a `pytket.Circuit`.

    Args:
        circuit: every parameter bound.
        device: a `QuantinuumBackend`, which is asked for its passes alone.
        level: of optimization, 0 to 3.
        name: of the result.

    Raises:
        ConversionError: naming what TKET cannot hold.
        BackendError: if TKET cannot compile it.
    """
    converted = to_tket(circuit, name)
    converted.remove_blank_wires(keep_blank_classical_wires=True)
    try:
        result = device.get_compiled_circuit(converted, optimisation_level=level)
    except Exception as error:
        raise BackendError(f"TKET cannot compile the circuit: {type(error).__name__}: {error}") from error
    result.name = name
    return result
