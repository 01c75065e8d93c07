"""Circuits that do the same with more noise: gates followed by their inverse and themselves."""

from __future__ import annotations

from typing import Literal, TypeAlias

from qtoolkit._arguments import check_instance
from qtoolkit._checks import require_choice, require_number
from qtoolkit.circuit import Barrier, Circuit, Gate, Operation
from qtoolkit.circuit.operation import check_size
from qtoolkit.errors import InputError

__all__ = ["FOLDINGS", "Folding", "folded_circuit"]

Folding: TypeAlias = Literal["global", "local", "two-qubit"]
"""The whole circuit, gate by gate, or gate by gate those on two qubits and more alone."""

FOLDINGS = ("global", "local", "two-qubit")


def folded_circuit(circuit: Circuit, factor: float, folding: Folding = "global") -> tuple[Circuit, float]:
    """A circuit with the same unitary and about `factor` times as many gates, and the factor that it really has.

    ``"global"``: U (U† U)^k, and the last gates of U once more, inverted and again. ``"local"``: the same of single
    gates, spread evenly. Barriers stand between all copies, so that compilers that respect them cancel nothing; our own
    noise models act on gates as they are written. Final measurements stay final. Source: Giurgica-Tiron et al., IEEE
    QCE 2020, 306, section II.

    Args:
        circuit: gates, barriers, and final measurements.
        factor: at least 1. Whole numbers of gates are folded, so that factors other than odd ones are met to within
            1/d for d gates.
        folding: ``"global"``, ``"local"`` or ``"two-qubit"``; the factor is that of the gates that are folded.

    Raises:
        InputError: if the factor is below 1, or something in the circuit has no inverse.
    """
    check_instance(circuit, Circuit, "what is folded must be a Circuit")
    times = require_number("a noise factor", factor, 1.0)
    chosen = require_choice("folding", folding, FOLDINGS)
    kept, final = circuit.split_final_measurements()
    operations = list(kept.operations)
    for operation in operations:
        if not isinstance(operation.gate, Gate | Barrier):
            raise InputError(
                f"a circuit is folded gate by gate and needs their inverses, got {operation.gate.name}; fold the part "
                "before it, and add noise afterwards"
            )
    gates = [index for index, operation in enumerate(operations) if _is_folded(operation, chosen)]
    extra = round((times - 1.0) / 2.0 * len(gates))
    check_size(2 * extra + len(operations), "a folded circuit holds", "take smaller factors")
    if not extra:
        return circuit.copy(), 1.0
    result = (_globally if chosen == "global" else _locally)(kept, operations, gates, extra)
    for qubit, clbit in final:
        result.measure(qubit, clbit)
    return result, 1.0 + 2.0 * extra / len(gates)


def _is_folded(operation: Operation, folding: str) -> bool:
    return isinstance(operation.gate, Gate) and len(operation.qubits) >= (2 if folding == "two-qubit" else 1)


def _globally(kept: Circuit, operations: list[Operation], gates: list[int], extra: int) -> Circuit:
    """The circuit, and behind it all of it or its last gates, there and back."""
    result = kept.copy()
    whole, part = divmod(extra, len(gates))
    tail = Circuit(kept.num_qubits)
    for operation in operations[gates[-part] :] if part else ():
        tail.append(operation.gate, operation.qubits)
    for again in (*[kept] * whole, *[tail] * (part > 0)):
        result.barrier().extend(again.inverse()).barrier().extend(again)
    return result


def _locally(kept: Circuit, operations: list[Operation], gates: list[int], extra: int) -> Circuit:
    """Each gate as often as its turn comes, there and back, right behind it."""
    result = kept.power(0)  # its registers and parameters without its gates
    whole, part = divmod(extra, len(gates))
    times = dict.fromkeys(gates, whole)
    for k in range(part):
        times[gates[(2 * k + 1) * len(gates) // (2 * part)]] += 1
    for index, operation in enumerate(operations):
        gate, qubits = operation.gate, operation.qubits
        result.append(gate, qubits)
        for _ in range(times.get(index, 0)):
            assert isinstance(gate, Gate)
            result.barrier(*qubits).append(gate.inverse(), qubits).barrier(*qubits).append(gate, qubits)
    return result
