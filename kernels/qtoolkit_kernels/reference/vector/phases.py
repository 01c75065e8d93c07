"""Twin of the polynomials of phases: factor by factor."""

import numpy as np

from qtoolkit_kernels._types import Complex, Integers

__all__ = ["apply_phases"]


def apply_phases(
    block: Complex, indices: Integers, constant: complex, linear: Complex, pairs: Complex, control: int
) -> None:
    """Multiply by ``c · Π_i l_i^{x_i} · Π_{i<j} p_ij^{x_i x_j}``, where bit `control` is set if there is one (>= 0).

    `indices` says which index x of the whole state each amplitude has.
    """
    factors = np.full(indices.size, constant, np.complex128)
    for i in range(linear.size):
        factors[indices >> i & 1 == 1] *= linear[i]
        for j in range(i + 1, linear.size):
            factors[(indices >> i & indices >> j & 1) == 1] *= pairs[i, j]
    chosen = np.full(indices.size, True) if control < 0 else indices >> control & 1 == 1
    block[chosen] *= factors[chosen]
