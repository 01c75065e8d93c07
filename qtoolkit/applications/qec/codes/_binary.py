"""Linear algebra over the field of two elements, on uint8 arrays of 0 and 1."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bits", "coset_combination", "inverse", "kernel", "rank", "row_reduced", "symplectic_product"]

Bits = NDArray[np.uint8]


def row_reduced(matrix: Bits, columns: Iterable[int] | None = None) -> tuple[Bits, list[int]]:
    """The reduced row echelon form, shape (rank, n), and the pivot of each row.

    Args:
        matrix: uint8, shape (r, n).
        columns: order in which columns are tried as pivots; from the left by default.
    """
    reduced = matrix.copy()
    pivots: list[int] = []
    for column in range(matrix.shape[1]) if columns is None else columns:
        row = len(pivots)
        if row == len(reduced):
            break
        candidates = np.flatnonzero(reduced[row:, column])
        if candidates.size == 0:
            continue
        if candidates[0]:
            reduced[[row, row + candidates[0]]] = reduced[[row + candidates[0], row]]
        others = np.flatnonzero(reduced[:, column])
        reduced[others[others != row]] ^= reduced[row]
        pivots.append(column)
    return reduced[: len(pivots)], pivots


def rank(matrix: Bits) -> int:
    """Number of independent rows."""
    return len(row_reduced(matrix)[1])


def kernel(matrix: Bits) -> Bits:
    """A basis of the vectors v with matrix · v = 0, shape (n − rank, n)."""
    reduced, pivots = row_reduced(matrix)
    total = matrix.shape[1]
    free = np.setdiff1d(np.arange(total), pivots)
    basis = np.zeros((len(free), total), dtype=np.uint8)
    basis[np.arange(len(free)), free] = 1
    basis[:, pivots] = reduced[:, free].T
    return basis


def inverse(matrix: Bits) -> Bits:
    """The inverse of a regular square matrix."""
    size = len(matrix)
    reduced, _ = row_reduced(np.hstack([matrix, np.eye(size, dtype=np.uint8)]), range(size))
    return reduced[:, size:]


def coset_combination(rows: Bits, target: Bits) -> Bits | None:
    """Which rows add up to `target`: uint8 of shape (r,), or None where none do."""
    reduced, pivots = row_reduced(np.vstack([rows, target[None]]).T, range(len(rows)))
    chosen = np.zeros(len(rows), dtype=np.uint8)
    chosen[pivots] = reduced[:, -1]
    return chosen if np.array_equal(rows.T.astype(np.int64) @ chosen % 2, target) else None


def symplectic_product(first: Bits, second: Bits) -> Bits:
    """Which rows anticommute, uint8 of shape (r, s), for rows [x | z] of shapes (r, 2n) and (s, 2n)."""
    half = first.shape[1] // 2
    left, right = first.astype(np.int64), second.astype(np.int64)
    return ((left[:, :half] @ right[:, half:].T + left[:, half:] @ right[:, :half].T) % 2).astype(np.uint8)
