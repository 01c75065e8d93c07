"""Twin of `qtoolkit_kernels.fermion.givens`."""

import numpy as np

from qtoolkit_kernels._types import Complex, Floats, Integers

__all__ = ["decompose"]


def decompose(unitary: Complex, orbitals: Integers, angles: Floats, phases: Complex) -> None:
    """Write U = W_1 … W_m D with plane rotations W of orbitals p and p + 1, and diagonal D."""
    place = len(orbitals) - 1
    for column in range(len(unitary)):
        for p in range(len(unitary) - 2, column - 1, -1):
            a, b = unitary[p, column], unitary[p + 1, column]
            length = np.hypot(abs(a), abs(b))
            cosine, sine = (abs(a) / length, b / length * np.exp(-1j * np.angle(a))) if b != 0.0 else (1.0, 0.0j)
            turn = np.array([[cosine, np.conj(sine)], [-sine, cosine]])
            unitary[p : p + 2] = turn @ unitary[p : p + 2]
            orbitals[place] = p
            angles[place] = cosine, -sine.real, sine.imag
            place -= 1
    phases[:] = np.diagonal(unitary)
