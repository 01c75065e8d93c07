"""One- and two-qubit unitaries as Pauli rotations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["TurnedUnitary", "euler_angles", "two_qubit_rotations"]

Matrix = NDArray[np.complex128]
TurnedUnitary = list[tuple[str, float]]
"""Pauli labels, rightmost letter for the first qubit, and angles of rotations in time order."""

_MAGIC: Matrix = np.array([[1, 0, 0, 1j], [0, 1j, 1, 0], [0, 1j, -1, 0], [1, 0, 0, -1j]]) / np.sqrt(2)
"""Bell states with phases: local gates are real here (Makhlin, Quantum Inf. Process. 1, 243, 2002)."""

_DIAGONALS = np.array([[1, -1, 1], [1, 1, -1], [-1, -1, -1], [-1, 1, 1]], np.float64)
"""Values of XX, YY and ZZ on the columns of the magic basis."""


def euler_angles(unitary: Matrix) -> tuple[float, float, float]:
    """Angles of Z, Y and Z rotations, in time order, whose product is a 2x2 unitary but for its global phase."""
    cosine, sine = abs(unitary[0, 0]), abs(unitary[1, 0])
    turn = 2 * float(np.arctan2(sine, cosine))
    if sine < 1e-12:
        return float(np.angle(unitary[1, 1] / unitary[0, 0])), 0.0, 0.0
    if cosine < 1e-12:
        return 0.0, turn, float(np.angle(-unitary[1, 0] / unitary[0, 1]))
    return (
        float(np.angle(-unitary[0, 1] / unitary[0, 0])),
        turn,
        float(np.angle(unitary[1, 0] / unitary[0, 0])),
    )


def two_qubit_rotations(unitary: Matrix) -> TurnedUnitary:
    """Rotations whose product is a 4x4 unitary but for its global phase: local ones around XX, YY and ZZ.

    Cartan's decomposition, as by Kraus and Cirac (Phys. Rev. A 63, 062309, 2001).
    """
    inner = _MAGIC.conj().T @ (unitary / np.linalg.det(unitary) ** 0.25) @ _MAGIC
    vectors = _common_eigenvectors(inner.T @ inner)
    if np.linalg.det(vectors) < 0:
        vectors[:, 0] *= -1
    phases = np.angle(np.diag(vectors.T @ inner.T @ inner @ vectors)) / 2
    left = inner @ vectors @ np.diag(np.exp(-1j * phases))
    if np.linalg.det(left).real < 0:
        phases[0] += np.pi
        left = inner @ vectors @ np.diag(np.exp(-1j * phases))
    after = _factors(_MAGIC @ left @ _MAGIC.conj().T)
    before = _factors(_MAGIC @ vectors.T @ _MAGIC.conj().T)
    angles = -2 * np.linalg.lstsq(_DIAGONALS, phases - phases.mean(), rcond=None)[0]
    middle = [(label, float(angle)) for label, angle in zip(("XX", "YY", "ZZ"), angles, strict=True)]
    return [*_local(before), *middle, *_local(after)]


def _common_eigenvectors(symmetric: Matrix) -> NDArray[np.float64]:
    """Real orthonormal eigenvectors of a symmetric unitary: those of its real and of its imaginary part."""
    rng = np.random.default_rng(7)
    while True:
        # Almost every mixture of the two tells apart what either one does.
        a, b = rng.normal(size=2)
        vectors: NDArray[np.float64] = np.linalg.eigh(a * symmetric.real + b * symmetric.imag)[1]
        turned = vectors.T @ symmetric @ vectors
        if np.abs(turned - np.diag(np.diag(turned))).max() < 1e-9:
            return vectors


def _factors(local: Matrix) -> tuple[Matrix, Matrix]:
    """The gates on the first and on the second qubit of a product, each up to a phase."""
    blocks = local.reshape(2, 2, 2, 2)  # second, first; second, first
    row, column = divmod(int(np.abs(local).argmax()), 4)
    first = blocks[row >> 1, :, column >> 1, :]
    second = blocks[:, row & 1, :, column & 1]
    return first / np.linalg.norm(first) * np.sqrt(2), second / np.linalg.norm(second) * np.sqrt(2)


def _local(gates: tuple[Matrix, Matrix]) -> TurnedUnitary:
    found = []
    for place, gate in zip(("I{}", "{}I"), gates, strict=True):
        found += [(place.format(letter), angle) for letter, angle in zip("ZYZ", euler_angles(gate), strict=True)]
    return found
