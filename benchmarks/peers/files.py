"""Circuits from files of OpenQASM, such as those of QASMBench (Li, Stein, Krishnamoorthy and Ang, arXiv:2005.13018)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from peers.convert import portable_circuit
from qtoolkit import Circuit, from_qasm
from qtoolkit.circuit import Barrier, Gate, StandardGate, UnitaryGate
from qtoolkit.errors import QToolkitError

__all__ = ["MOST_QUBITS", "circuits_below"]

MOST_QUBITS = 26

Step = tuple[Gate, Sequence[int]]


def circuits_below(folders: Iterable[Path], taken: Iterable[str] = ()) -> tuple[dict[str, Circuit], Counter[str]]:
    """The circuits in all files ``*.qasm`` below folders, in gates that every simulator here has.

    Left out is what measures before its end, resets or branches, has free parameters, or has another size than 2 to
    `MOST_QUBITS` qubits.

    Args:
        folders: where to look.
        taken: names that a file does not get.

    Returns:
        The circuits by their files' names, and by their paths where names are taken; how many files are left out, by
        the reason.
    """
    found: dict[str, Circuit] = {}
    reasons: Counter[str] = Counter()
    names = set(taken)
    for folder in folders:
        for path in sorted(folder.rglob("*.qasm"), key=lambda path: (len(path.parts), path)):
            name = path.stem if path.stem not in names else "-".join(path.relative_to(folder).with_suffix("").parts)
            if name in names:
                reasons["with the name of another"] += 1
                continue
            try:
                found[name] = _shared(_unitary(path))
            except _LeftOutError as reason:
                reasons[str(reason)] += 1
            else:
                names.add(name)
    return found, reasons


class _LeftOutError(Exception):
    """Why a file is not asked."""


def _unitary(path: Path) -> Circuit:
    try:
        circuit = from_qasm(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, QToolkitError) as error:
        raise _LeftOutError("unreadable") from error
    if not 2 <= circuit.num_qubits <= MOST_QUBITS:
        raise _LeftOutError(f"not of 2 to {MOST_QUBITS} qubits")
    if circuit.num_parameters:
        raise _LeftOutError("with free parameters")
    result = circuit.without_final_measurements()
    if not all(isinstance(operation.gate, Gate | Barrier) for operation in result.operations):
        raise _LeftOutError("not unitary")
    return result


def _shared(circuit: Circuit) -> Circuit:
    """The circuit up to its global phase, gates that not every simulator here has replaced by others."""
    result = Circuit(circuit.num_qubits)
    stack: list[Step] = [
        (operation.gate, operation.qubits)
        for operation in reversed(circuit.operations[:])
        if isinstance(operation.gate, Gate)
    ]
    while stack:
        gate, qubits = stack.pop()
        if gate.name in ("id", "gphase"):
            continue
        if _is_portable(gate):
            result.append(gate, qubits)
            continue
        for step, places in reversed(_steps(gate)):
            stack.append((step, [qubits[k] for k in places]))
    return result


def _is_portable(gate: Gate) -> bool:
    try:
        portable_circuit(Circuit(gate.num_qubits).append(gate, range(gate.num_qubits)))
    except ValueError:
        return False
    return True


def _steps(gate: Gate) -> Sequence[Step]:
    """Simpler gates that are a gate up to a global phase."""
    base, num_controls, state = gate.control_structure()
    places = range(gate.num_qubits)
    if isinstance(base, StandardGate):
        if not num_controls and base.name in _SIMPLE:
            return [(StandardGate(name, angles), (0,)) for name, *angles in _SIMPLE[base.name](*base.params)]
        if base.name == "x" and num_controls > 1 and state == (1 << num_controls) - 1:
            turn = StandardGate("h"), places[-1:]
            return [turn, (StandardGate("z").controlled(num_controls), places), turn]
    steps = gate.decomposition()
    if steps is not None:
        return steps
    if gate.num_qubits == 2:
        return [(UnitaryGate(gate.matrix()), places)]
    raise _LeftOutError("with gates that not every simulator has")


_SIMPLE: dict[str, Callable[..., list[tuple[object, ...]]]] = {
    "y": lambda: [("ry", math.pi)],
    "s": lambda: [("p", math.pi / 2)],
    "sdg": lambda: [("p", -math.pi / 2)],
    "t": lambda: [("p", math.pi / 4)],
    "tdg": lambda: [("p", -math.pi / 4)],
    "sx": lambda: [("rx", math.pi / 2)],
    "sxdg": lambda: [("rx", -math.pi / 2)],
    "u": lambda theta, phi, lam: [("p", lam), ("ry", theta), ("p", phi)],
}
"""One-qubit gates: names and angles of what stands for them, by their angles."""
