"""Gates as Clifford gates and Pauli rotations, in time order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import DiagonalGate, Gate, PauliRotationGate, StandardGate
from qtoolkit.simulators.near_clifford.cartan import euler_angles, two_qubit_rotations
from qtoolkit.simulators.near_clifford.clifford import CliffordTable, clifford_of_gate, clifford_of_matrix

__all__ = ["Dense", "Part", "parts_of", "rotation_matrix"]

_LABELS = {"rx": "X", "ry": "Y", "rz": "Z", "rxx": "XX", "ryy": "YY", "rzz": "ZZ", "rzx": "XZ"}
"""Standard gates that are rotations; the rightmost letter is for the first qubit."""

MOST_DIAGONAL_QUBITS = 10
"""A diagonal on k qubits is up to 2^k - 1 rotations."""

MOST_CLIFFORD_ROTATION = 3
"""Letters of a rotation by a multiple of a right angle that is taken for a Clifford gate."""

NEGLIGIBLE = 1e-13
"""Rotations by less than this, or this close to a Clifford gate, are none."""

Dense: TypeAlias = "NDArray[np.complex128]"
"""A unitary that stays a matrix."""

Part: TypeAlias = "tuple[CliffordTable | tuple[str, float] | Dense, tuple[int, ...]]"
"""What acts, and on which qubits: a Clifford gate, a label with the angle of a rotation, or a matrix."""


def parts_of(gate: Gate, qubits: tuple[int, ...], rotations_only: bool = False) -> Iterator[Part]:
    """The parts of a gate, the global phase left out.

    Args:
        gate: without free parameters.
        qubits: where it acts.
        rotations_only: whether Clifford gates other than Pauli operators are rotations too.
    """
    if gate.num_qubits == 0 or gate.name == "id":
        return
    table = clifford_of_gate(gate)
    if table is not None and (table.pauli is not None or not rotations_only):
        yield table, qubits
    elif isinstance(gate, PauliRotationGate):
        yield from _rotation(gate.label, float(gate.params[0]), qubits, rotations_only)
    elif isinstance(gate, StandardGate) and gate.name in _LABELS:
        yield from _rotation(_LABELS[gate.name], float(gate.params[0]), qubits, rotations_only)
    elif gate.is_diagonal and gate.num_qubits <= MOST_DIAGONAL_QUBITS:
        entries = gate.entries if isinstance(gate, DiagonalGate) else np.diag(gate.matrix())
        yield from _diagonal(entries, qubits, rotations_only)
    elif gate.num_qubits == 1:
        for letter, angle in zip("ZYZ", euler_angles(gate.matrix()), strict=True):
            yield from _rotation(letter, angle, qubits, rotations_only)
    else:
        yield from _larger(gate, qubits, rotations_only)


def _larger(gate: Gate, qubits: tuple[int, ...], rotations_only: bool) -> Iterator[Part]:
    base, controls, value = gate.control_structure()
    steps = gate.decomposition()
    if controls and base.num_qubits == 1 and gate.num_qubits <= MOST_DIAGONAL_QUBITS:
        yield from _controlled(base.matrix(), value, qubits, rotations_only)
    elif steps is not None:
        for step, positions in steps:
            yield from parts_of(step, tuple(qubits[p] for p in positions), rotations_only)
    elif gate.num_qubits == 2:
        for label, angle in two_qubit_rotations(gate.matrix()):
            yield from _rotation(label, angle, qubits, rotations_only)
    else:
        yield gate.matrix(), qubits


def _rotation(label: str, angle: float, qubits: tuple[int, ...], rotations_only: bool) -> Iterator[Part]:
    """A rotation, or the Clifford gate that it is; identities of the label are left out."""
    placed = [(letter, qubit) for letter, qubit in zip(reversed(label), qubits, strict=True) if letter != "I"]
    angle = math.remainder(angle, 4 * math.pi)
    quarter = round(angle / (math.pi / 2))
    is_clifford = abs(angle - quarter * math.pi / 2) <= NEGLIGIBLE
    if not placed or (is_clifford and quarter % 4 == 0):
        return
    letters, where = "".join(letter for letter, _ in reversed(placed)), tuple(qubit for _, qubit in placed)
    if is_clifford and len(placed) <= MOST_CLIFFORD_ROTATION and (quarter % 2 == 0 or not rotations_only):
        table = clifford_of_matrix(rotation_matrix(letters, quarter * math.pi / 2))
        if table is not None:
            yield table, where
            return
    yield (letters, angle), where


def _diagonal(entries: NDArray[np.complex128], qubits: tuple[int, ...], rotations_only: bool) -> Iterator[Part]:
    """Rotations around strings of Z: the Walsh transform of the phases."""
    phases: NDArray[np.float64] = np.angle(entries / entries[0])
    length = 1
    while length < phases.size:
        pairs = phases.reshape(-1, 2, length)
        phases = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1).reshape(-1)
        length *= 2
    for string in range(1, phases.size):
        label = "".join("Z" if string >> q & 1 else "I" for q in reversed(range(len(qubits))))
        yield from _rotation(label, -2 * float(phases[string]) / phases.size, qubits, rotations_only)


def _controlled(base: Dense, value: int, qubits: tuple[int, ...], rotations_only: bool) -> Iterator[Part]:
    """A controlled one-qubit gate: diagonal between two turns of its target."""
    import scipy.linalg

    triangular, vectors = scipy.linalg.schur(base, output="complex")
    entries = np.ones(1 << len(qubits), np.complex128)
    top = 1 << len(qubits) - 1
    entries[value], entries[value | top] = triangular[0, 0], triangular[1, 1]
    target = qubits[-1:]
    yield from _turn(vectors.conj().T, target, rotations_only)
    yield from _diagonal(entries, qubits, rotations_only)
    yield from _turn(vectors, target, rotations_only)


def _turn(unitary: Dense, qubit: tuple[int, ...], rotations_only: bool) -> Iterator[Part]:
    table = clifford_of_matrix(unitary)
    if table is not None and not rotations_only:
        yield table, qubit
        return
    for letter, angle in zip("ZYZ", euler_angles(unitary), strict=True):
        yield from _rotation(letter, angle, qubit, rotations_only)


def rotation_matrix(label: str, angle: float) -> Dense:
    """``exp(-i angle/2 P)``, shape ``(2**k, 2**k)``; the rightmost letter is the lowest bit."""
    return PauliRotationGate(label, angle).matrix()
