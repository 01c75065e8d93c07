"""Sparse matrices of zeros and ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from qtoolkit._arguments import shown
from qtoolkit.errors import InputError

__all__ = [
    "bits_of",
    "columns_of",
    "combined",
    "from_columns",
    "mod2",
    "parities",
    "pieces",
    "row_relations",
    "symptoms_of",
]

Matrix: TypeAlias = "sparse.csc_array[Any]"


def bits_of(name: str, value: object, columns: int | None = None) -> Matrix:
    """A matrix of zeros and ones, dense or sparse, as uint8 in compressed columns, sorted and without stored zeros.

    Raises:
        InputError: if it is none, or has another number of columns.
    """
    try:
        matrix: Any = value if sparse.issparse(value) else np.asarray(value)
        if matrix.ndim != 2 or matrix.dtype.kind not in "biu":
            raise TypeError
        found = sparse.csc_array(matrix, copy=True)
    except (TypeError, ValueError, AttributeError):
        raise InputError(f"{name} must be a matrix of zeros and ones, dense or sparse, got {shown(value)}") from None
    found.sum_duplicates()
    found.eliminate_zeros()
    if found.nnz and not np.all(found.data == 1):
        raise InputError(f"{name} must hold zeros and ones only, got {shown(found.data[found.data != 1][0])}")
    if columns is not None and found.shape[1] != columns:
        raise InputError(f"{name} must have {columns} columns, one for each mechanism, got shape {found.shape}")
    return found.astype(np.uint8)


def from_columns(columns: Sequence[Iterable[int]], num_rows: int) -> Matrix:
    """The matrix whose columns have ones in these rows."""
    rows = [sorted(column) for column in columns]
    starts = np.concatenate([[0], np.cumsum([len(column) for column in rows], dtype=np.int64)])
    flat = np.array([row for column in rows for row in column], np.int64)
    return sparse.csc_array((np.ones(flat.size, np.uint8), flat, starts), shape=(num_rows, len(rows)))


def columns_of(matrix: Matrix) -> list[tuple[int, ...]]:
    """The rows of the ones in each column."""
    rows = matrix.indices.tolist()
    starts = matrix.indptr.tolist()
    return [tuple(rows[a:b]) for a, b in pairwise(starts)]


def symptoms_of(detectors: Matrix, observables: Matrix) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """By column: the rows of the ones of two matrices."""
    return list(zip(columns_of(detectors), columns_of(observables), strict=True))


def mod2(matrix: Matrix) -> Matrix:
    """The entries modulo 2; sums of bytes wrap around without changing them."""
    found = sparse.csc_array(matrix)
    found.data = found.data.astype(np.uint8) & np.uint8(1)
    found.eliminate_zeros()
    found.sort_indices()
    return found


def combined(groups: NDArray[np.int64], num_groups: int, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability that an odd number of the mechanisms of a group happens.

    Args:
        groups: int64 (mechanisms,), the group of each.
        num_groups: how many groups there are.
        probabilities: float64 (..., mechanisms).

    Returns:
        float64 (..., groups), (1 − ∏ (1 − 2p)) / 2.
    """
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    # p + q − 2pq, one mechanism of each group at a time: 1 − ∏ (1 − 2p) would lose the digits of small numbers
    found = np.zeros((*probabilities.shape[:-1], num_groups))
    rank = np.arange(order.size) - np.searchsorted(ordered, ordered)
    for k in range(int(rank.max(initial=-1)) + 1):
        here = rank == k
        p, q = probabilities[..., order[here]], found[..., ordered[here]]
        found[..., ordered[here]] = p + q - 2.0 * p * q
    return found


def parities(matrix: Matrix, bits: NDArray[Any]) -> NDArray[np.bool_]:
    """The products of a matrix with rows of bits modulo 2, bool of shape (len(bits), rows of the matrix)."""
    return np.asarray((matrix.astype(np.int32) @ bits.T.astype(np.int32)).T & 1, dtype=np.bool_)


def pieces(shots: int, at_a_time: int) -> Iterator[slice]:
    """Shots a few at a time, so that Ctrl-C comes through between the calls of compiled code."""
    step = max(at_a_time, 1)
    return (slice(first, first + step) for first in range(0, max(shots, 1), step))


def row_relations(matrix: Matrix) -> Matrix:
    """A basis of the sets of rows whose sum modulo 2 is zero, one set in each row of uint8 (relations, rows)."""
    num_rows = matrix.shape[0]
    rows = [0] * num_rows
    for column, ones in enumerate(_independent(columns_of(matrix), num_rows)):
        for row in ones:
            rows[row] |= 1 << column
    pivots: dict[int, int] = {}  # by highest bit; which rows a pivot is made of stands below the columns
    relations = []
    for k, bits in enumerate(rows):
        value = bits << num_rows | 1 << k
        while (top := value.bit_length()) > num_rows and top in pivots:
            value ^= pivots[top]
        if top > num_rows:
            pivots[top] = value
        else:
            relations.append([row for row in range(num_rows) if value >> row & 1])
    return sparse.csc_array(from_columns(relations, num_rows).T)


def _independent(columns: list[tuple[int, ...]], num_rows: int) -> list[tuple[int, ...]]:
    """Columns, given by the rows of their ones, that span all of them."""
    pivots: dict[int, int] = {}
    kept = []
    for ones in columns:
        value = sum(1 << row for row in ones)
        while value and (top := value.bit_length()) in pivots:
            value ^= pivots[top]
        if value:
            pivots[top] = value
            kept.append(ones)
            if len(kept) == num_rows:
                break
    return kept
