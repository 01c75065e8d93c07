"""Twins of `qtoolkit_kernels.density.matrices`."""

import numpy as np

from qtoolkit_kernels._types import Complex, Floats, Integers, Reals

__all__ = ["fill_coefficients", "fill_matrix", "transform"]

LETTERS = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 0], [0, -1]], [[0, -1j], [1j, 0]]])
"""I, X, Z and Y, by their digits."""


def transform(values: Floats) -> None:
    """Walsh-Hadamard transform in place, not normalised, of float64 of shape ``(2**n,)``."""
    index = np.arange(values.size)
    values[:] = (1.0 - 2.0 * (np.bitwise_count(index[:, None] & index) & 1)) @ values


def _string(spread: Integers, x: int, z: int) -> Complex:
    """The Pauli string with these masks."""
    matrix = np.ones((1, 1), np.complex128)
    for qubit in range(spread.size.bit_length() - 1):
        matrix = np.kron(LETTERS[(x >> qubit & 1) + 2 * (z >> qubit & 1)], matrix)
    return matrix


def fill_matrix(state: Reals, spread: Integers, parts: Floats, out: Complex, turns: Integers, thread: int) -> None:
    """Write a density matrix: the sum of its strings times their coefficients, over 2^n."""
    size = spread.size
    out[:] = sum(
        state[spread[x] | spread[z] << 1] * _string(spread, x, z) / size for x in range(size) for z in range(size)
    )


def fill_coefficients(
    matrix: Complex, spread: Integers, parts: Floats, out: Reals, turns: Integers, thread: int
) -> None:
    """Write the coefficients of a density matrix: its trace with each string."""
    for x in range(spread.size):
        for z in range(spread.size):
            out[spread[x] | spread[z] << 1] = np.trace(_string(spread, x, z) @ matrix).real
