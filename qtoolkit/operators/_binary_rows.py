"""Linear algebra over the field of two elements, on integers whose bits are the entries of a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qtoolkit.errors import OperatorError

__all__ = ["inverse", "kernel", "row_reduced", "transposed"]


def row_reduced(rows: Iterable[int]) -> dict[int, int]:
    """The reduced echelon form: each row by its pivot, the lowest of its bits, which no other row has."""
    reduced: dict[int, int] = {}
    for given in rows:
        row = given
        for pivot, kept in reduced.items():
            if row >> pivot & 1:
                row ^= kept
        if not row:
            continue
        lowest = (row & -row).bit_length() - 1
        for pivot, kept in reduced.items():
            if kept >> lowest & 1:
                reduced[pivot] = kept ^ row
        reduced[lowest] = row
    return reduced


def kernel(rows: Iterable[int], width: int) -> list[int]:
    """A basis of the vectors of `width` bits that share an even number of bits with each row."""
    reduced = row_reduced(rows)
    free = (column for column in range(width) if column not in reduced)
    return [1 << column | sum((row >> column & 1) << pivot for pivot, row in reduced.items()) for column in free]


def inverse(rows: Sequence[int]) -> tuple[int, ...]:
    """The rows of the inverse of a square matrix.

    Raises:
        OperatorError: if the matrix is singular.
    """
    size = len(rows)
    reduced = row_reduced(row | 1 << (size + index) for index, row in enumerate(rows))
    if any(column not in reduced for column in range(size)):
        raise OperatorError(f"an encoding must be invertible modulo 2, but the masks {tuple(rows)} are dependent")
    return tuple(reduced[column] >> size for column in range(size))


def transposed(rows: Sequence[int], width: int) -> tuple[int, ...]:
    """The columns, `width` of them, as masks of rows."""
    return tuple(sum((row >> column & 1) << index for index, row in enumerate(rows)) for column in range(width))
