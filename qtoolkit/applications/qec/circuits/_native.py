"""Experiments written in CZ and one-qubit gates, as superconducting devices have them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from qtoolkit.applications.qec.circuits._insertion import layers_of
from qtoolkit.circuit import Barrier, Gate, Operation, StandardGate

__all__ = ["with_native_cz"]

_AROUND: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "cx": (("h",), ("h",)),
    "cy": (("sdg", "h"), ("h", "s")),
    "cz": ((), ()),
}
"""By gate: what the target goes through before and after CZ."""

_UNDONE = {"h": "h", "s": "sdg", "sdg": "s", "x": "x", "y": "y", "z": "z"}
_CZ = StandardGate("cz")


def with_native_cz(operations: Iterable[Operation], num_qubits: int) -> list[Operation]:
    """The operations with CX and CY written in CZ; what undoes what comes before it drops out.

    One-qubit gates wait until something else happens to their qubit, and then have a layer of their own before that.
    """
    barrier = Operation(Barrier(num_qubits), tuple(range(num_qubits)), ())
    waiting: dict[int, list[str]] = defaultdict(list)
    result: list[Operation] = []
    for layer, end in layers_of(operations, num_qubits):
        kept: list[Operation] = []
        marks: list[Operation] = []
        afterwards: list[tuple[int, str]] = []
        for operation in layer:
            gate, qubits = operation.gate, operation.qubits
            if isinstance(gate, Gate) and len(qubits) == 1 and gate.name in _UNDONE:
                if any(qubits[0] in other.qubits for other in kept):
                    afterwards.append((qubits[0], gate.name))
                else:
                    _add(waiting[qubits[0]], gate.name)
            elif gate.name in _AROUND:
                before, after = _AROUND[gate.name]
                for name in before:
                    _add(waiting[qubits[1]], name)
                kept.append(Operation(_CZ, qubits, ()))
                afterwards += [(qubits[1], name) for name in after]
            else:
                (marks if isinstance(gate, Barrier) else kept).append(operation)
        result += marks
        due = sorted({q for operation in kept for q in operation.qubits if waiting[q]})
        if due:
            result += [Operation(StandardGate(name), (q,), ()) for q in due for name in waiting.pop(q)]
            result.append(barrier)
        result += kept
        for qubit, name in afterwards:
            _add(waiting[qubit], name)
        if end is not None and kept:
            result.append(end)
    left = sorted(q for q, names in waiting.items() if names)
    return result + [Operation(StandardGate(name), (q,), ()) for q in left for name in waiting[q]]


def _add(names: list[str], name: str) -> None:
    """Append a gate, or drop the one that it undoes."""
    if names and _UNDONE[names[-1]] == name:
        names.pop()
    else:
        names.append(name)
