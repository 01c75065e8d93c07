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

__all__ = ["NEGLIGIBLE", "OneSpin"]

FloatArray = NDArray[np.float64]

NEGLIGIBLE = 1e-13
"""Integrals of at most this part of the largest one are zeros of symmetry, or as good as that."""

_PIECE = 1 << 25
"""Bytes of a piece of the matrix that is being filled."""

_BINOMIALS = np.array([[math.comb(n, k) if k <= n and n < 63 else 0 for k in range(64)] for n in range(63)])


class OneSpin:
    """Constant, one-body terms and repulsion among the electrons of one spin.

    Args:
        links: the strings.
        one_body: h, shape (norb, norb).
        two_body: (pq|rs), shape (norb, norb, norb, norb), or None.
        constant: on the diagonal.
    """

    def __init__(self, links: StringLinks, one_body: FloatArray, two_body: FloatArray | None, constant: float) -> None:
        norb = links.norb
        self._links, self._constant = links, constant
        self._one_body = np.ascontiguousarray(one_body)
        self._two_body = np.zeros((norb,) * 4) if two_body is None else np.ascontiguousarray(two_body)
        self._rows = self._made()

    @property
    def num_strings(self) -> int:
        """Rows of the matrix."""
        return len(self._links)

    @property
    def entries_per_string(self) -> float:
        """On average."""
        return self._rows.values.size / self.num_strings

    def pieces(self) -> Iterator[SparseRows]:
        """The matrix."""
        yield self._rows

    def diagonal(self) -> FloatArray:
        """Of the matrix, shape (strings,)."""
        start, columns, values = self._rows
        rows = np.repeat(np.arange(self.num_strings), np.diff(start))
        on = rows == columns
        found = np.zeros(self.num_strings)
        found[rows[on]] = values[on]
        return found

    def _made(self) -> SparseRows:
        links = self._links
        strings, moves = len(links), links.num_moves
        most = 1 + moves + math.comb(links.count, 2) * math.comb(links.norb - links.count, 2)
        step = max(1, min(strings, _PIECE // (12 * most)))
        largest = max(np.abs(self._one_body).max(initial=0.0), np.abs(self._two_body).max(initial=0.0))
        columns, values = np.empty((step, most), np.int32), np.empty((step, most))
        kept: list[tuple[NDArray[np.int32], FloatArray, NDArray[np.int64]]] = []
        for first in range(0, strings, step):
            counts = np.empty(min(step, strings - first), np.int64)
            fill_one_spin(
                links.strings, _BINOMIALS, self._one_body, self._two_body, float(self._constant),
                NEGLIGIBLE * largest, first, columns, values, counts,
            )  # fmt: skip
            there = np.arange(most) < counts[:, None]
            kept.append((columns[: counts.size][there], values[: counts.size][there], counts))
        start = np.zeros(strings + 1, np.int64)
        np.cumsum(np.concatenate([counts for *_, counts in kept]), out=start[1:])
        found_columns, found_values = (np.concatenate([piece[k] for piece in kept]) for k in (0, 1))
        return SparseRows(start, found_columns, found_values)
