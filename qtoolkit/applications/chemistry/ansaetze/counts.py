"""What a circuit costs in the gates of a device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtoolkit._arguments import check_instance, items_of, shown
from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError

__all__ = ["DEVICE_GATES", "gate_counts_of"]

DEVICE_GATES = ("rz", "sx", "x", "cx")

_RULE = "basis_gates are a sequence of names"


def gate_counts_of(circuit: Circuit, basis_gates: Sequence[str] = DEVICE_GATES) -> dict[str, int]:
    """Gates by name after Qiskit's transpiler, with all pairs of qubits joined.

    Args:
        circuit: without free parameters.
        basis_gates: gates of the device, by their names in Qiskit.

    Returns:
        The number of each gate in use, and under ``"two_qubit_gates"``, ``"depth"`` and ``"two_qubit_depth"`` what
        these say.

    Raises:
        InputError: if `basis_gates` are no names.
        ConversionError: if Qiskit cannot write the circuit in these gates.
    """
    from qiskit import transpile
    from qiskit.exceptions import QiskitError

    from qtoolkit.interop.qiskit import to_qiskit

    names = [check_instance(name, str, "a gate is told by its name") for name in items_of(basis_gates, _RULE)]
    try:
        found = transpile(to_qiskit(circuit), basis_gates=names, optimization_level=1, seed_transpiler=0)
    except (QiskitError, ValueError) as error:  # ValueError for names that it does not know
        raise ConversionError(
            f"Qiskit must be able to write the circuit in basis_gates, got {shown(names)}; rz, sx, x and cx are enough"
        ) from error
    counts = {str(name): int(count) for name, count in found.count_ops().items()}
    counts["two_qubit_gates"] = sum(1 for step in found.data if _is_wide(step))
    counts["depth"], counts["two_qubit_depth"] = int(found.depth()), int(found.depth(_is_wide))
    return counts


def _is_wide(step: Any) -> bool:
    return len(step.qubits) > 1
