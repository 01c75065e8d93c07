"""Pauli sums on the states of one Hamming weight: what leaves the sector has no part in expectation values."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._masks import distinct
from qtoolkit._memory import check_memory
from qtoolkit.operators import PauliSum
from qtoolkit.simulators.sector.basis import SectorLayout, parities
from qtoolkit.simulators.sector.diagonals import sum_of_terms

__all__ = ["SectorOperator", "sector_diagonal"]

Amplitudes: TypeAlias = NDArray[np.complexfloating[Any, Any]]

_REMEDY = "use fewer qubits or another weight"


def sector_diagonal(operator: PauliSum, layout: SectorLayout) -> NDArray[np.float64]:
    """Diagonal of the terms of I and Z, which must be real, on the basis states of a sector."""
    chosen = operator.x_masks == 0
    terms = np.zeros((int(chosen.sum()), 3), np.int64)
    terms[:, 2] = operator.z_masks[chosen]
    return sum_of_terms(layout, terms, operator.coefficients[chosen].real)


class SectorOperator:
    """The part of a Hermitian Pauli sum that keeps the Hamming weight: a diagonal and a sparse matrix.

    Args:
        operator: real coefficients.
        layout: the basis, not cut into high and low bits.
    """

    def __init__(self, operator: PauliSum, layout: SectorLayout) -> None:
        bits = layout.low_patterns(layout.weight)
        self.diagonal = sector_diagonal(operator, layout)
        self._matrix: Any = None
        masks = distinct(operator.x_masks[operator.x_masks != 0]).tolist()
        parts = [part for mask in masks if (part := _exchange(operator, mask, bits)) is not None]
        if parts:
            self._matrix = _sparse(parts, bits, layout)

    @property
    def num_entries(self) -> int:
        """Entries beside the diagonal."""
        return 0 if self._matrix is None else int(self._matrix.nnz)

    def apply(self, state: Amplitudes) -> Amplitudes:
        """The image of a state, in its precision."""
        image = state * self.diagonal
        if self._matrix is not None:
            image += self._matrix @ state
        return cast(Amplitudes, image.astype(state.dtype, copy=False))


_Part = tuple[NDArray[np.int64], int, NDArray[np.complex128]]


def _exchange(operator: PauliSum, x_mask: int, bits: NDArray[np.int64]) -> _Part | None:
    """Columns that the strings with one x mask keep in the sector, the mask, and the nonzero entries."""
    if x_mask.bit_count() % 2:
        return None
    columns = np.flatnonzero(2 * np.bitwise_count(bits & x_mask).astype(np.int64) == x_mask.bit_count())
    check_memory(_needs.sector_columns(columns.size), "a part of an observable in the sector", _REMEDY)
    patterns = bits[columns]
    values = np.zeros(columns.size, np.complex128)
    chosen = operator.x_masks == x_mask
    for z_mask, coefficient in zip(
        operator.z_masks[chosen].tolist(), operator.coefficients[chosen].real.tolist(), strict=True
    ):
        phase = (1, 1j, -1, -1j)[(x_mask & z_mask).bit_count() % 4]
        values += coefficient * phase * (1 - 2 * parities(patterns & z_mask))
    kept = np.abs(values) > 0.0
    return (columns[kept], x_mask, values[kept]) if kept.any() else None


def _sparse(parts: list[_Part], bits: NDArray[np.int64], layout: SectorLayout) -> Any:
    from scipy.sparse import coo_array

    entries = sum(part[0].size for part in parts)
    check_memory(_needs.sector_matrix(entries), f"an observable of {entries:,} entries in the sector", _REMEDY)
    columns = np.concatenate([part[0] for part in parts])
    flipped = np.concatenate([bits[part[0]] ^ part[1] for part in parts])
    rows = layout.low_ranks(flipped, layout.weight)
    values = np.concatenate([part[2] for part in parts])
    if not values.imag.any():
        values = values.real
    return coo_array((values, (rows, columns)), shape=(bits.size, bits.size)).tocsr()
