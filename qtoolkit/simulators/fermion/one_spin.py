"""The part of a Hamiltonian that acts on the electrons of one spin, as a sparse matrix on their strings."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import reserved
from qtoolkit.simulators.fermion.links import StringLinks
from qtoolkit_kernels.fermion.one_spin import fill_one_spin
from qtoolkit_kernels.fermion.tiles import SparseRows
from qtoolkit_kernels.team import check_stop

__all__ = ["BINOMIALS", "NEGLIGIBLE", "OneSpin"]

FloatArray = NDArray[np.float64]

NEGLIGIBLE = 1e-13
"""Integrals of at most this part of the largest one are zeros of symmetry, or as good as that."""

_PIECE = 1 << 25
"""Bytes of a piece of the matrix that is being filled."""

_KEPT_BYTES = 1 << 26
"""Of a matrix that is kept."""

BINOMIALS = np.array([[math.comb(n, k) if k <= n and n < 63 else 0 for k in range(64)] for n in range(63)])
"""C(n, k) by n and k; 0 for k > n."""


class OneSpin:
    """Constant, one-body terms and repulsion among the electrons of one spin.

    Matrices that are too large to be kept are made anew for each use, in pieces.

    Args:
        links: the strings.
        one_body: h, shape (norb, norb).
        two_body: (pq|rs), shape (norb, norb, norb, norb), or None.
        constant: on the diagonal.

    Attributes:
        entries_per_string: of the matrix, on average.

    Raises:
        InsufficientMemoryError: if a piece of the matrix does not fit into free memory.
    """

    def __init__(self, links: StringLinks, one_body: FloatArray, two_body: FloatArray | None, constant: float) -> None:
        norb = links.norb
        self._links, self._constant = links, constant
        self._one_body = np.ascontiguousarray(one_body)
        self._two_body = np.zeros((norb,) * 4) if two_body is None else np.ascontiguousarray(two_body)
        largest = max(np.abs(self._one_body).max(initial=0.0), np.abs(self._two_body).max(initial=0.0))
        self._negligible = NEGLIGIBLE * float(largest)
        self._most = 1 + links.num_moves + math.comb(links.count, 2) * math.comb(norb - links.count, 2)
        self._kept: list[tuple[int, SparseRows]] | None = None
        kept, nbytes, entries = [], 0, 0
        with reserved(2 * _KEPT_BYTES, f"the matrix elements of {len(links)} strings", "use fewer orbitals"):
            for first, rows in self._made():
                kept.append((first, rows))
                nbytes += 12 * rows.values.size
                entries += rows.values.size
                if nbytes > _KEPT_BYTES:
                    # the others have about as many
                    entries = entries * len(links) // (first + len(rows.start) - 1)
                    break
            else:
                self._kept = [_joined(kept)] if kept else []
        self.entries_per_string = entries / len(links)

    @property
    def num_strings(self) -> int:
        """Rows of the matrix."""
        return len(self._links)

    def pieces(self) -> Iterator[tuple[int, SparseRows]]:
        """The matrix in pieces of consecutive rows, each with the number of its first row."""
        yield from self._made() if self._kept is None else self._kept

    def diagonal(self) -> FloatArray:
        """Of the matrix, shape (strings,)."""
        found = np.zeros(self.num_strings)
        for first, (start, columns, values) in self.pieces():
            rows = first + np.repeat(np.arange(len(start) - 1), np.diff(start))
            on = rows == columns
            found[rows[on]] = values[on]
        return found

    def _made(self) -> Iterator[tuple[int, SparseRows]]:
        strings, most = len(self._links), self._most
        step = max(1, min(strings, _PIECE // (12 * most)))
        columns, values = np.empty((step, most), np.int32), np.empty((step, most))
        for first in range(0, strings, step):
            check_stop()
            counts = np.empty(min(step, strings - first), np.int64)
            fill_one_spin(
                self._links.strings, BINOMIALS, self._one_body, self._two_body, float(self._constant),
                self._negligible, first, columns, values, counts,
            )  # fmt: skip
            there = np.arange(most) < counts[:, None]
            start = np.concatenate([[0], np.cumsum(counts)])
            yield first, SparseRows(start, columns[: counts.size][there], values[: counts.size][there])


def _joined(pieces: list[tuple[int, SparseRows]]) -> tuple[int, SparseRows]:
    ends = np.cumsum([0, *(rows.values.size for _, rows in pieces)])
    starts = [rows.start[:-1] + end for (_, rows), end in zip(pieces, ends, strict=False)]
    columns, values = (np.concatenate([rows[k] for _, rows in pieces]) for k in (1, 2))
    return 0, SparseRows(np.concatenate([*starts, ends[-1:]]), columns, values)
