"""Any operator that keeps the electrons of both spins, as a sparse matrix on a sector."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance
from qtoolkit._memory import reserved
from qtoolkit.errors import InputError
from qtoolkit.operators import FermionOperator
from qtoolkit.simulators.fermion.sector import FermionSector

__all__ = ["operator_matrix"]

IntArray = NDArray[np.int64]

_BYTES_PER_ENTRY = 64


def operator_matrix(operator: FermionOperator, sector: FermionSector) -> Any:
    """The matrix of an operator on the determinants of a sector, as a scipy.sparse.csr_array of shape (size, size).

    Determinant (i, j) of the sector's shape is row ``i * shape[1] + j``. Real where all entries are.

    Raises:
        InputError: if a term changes the number of alpha or beta electrons, or has a mode that is not there.
        InsufficientMemoryError: if the entries do not fit into free memory.
    """
    from scipy.sparse import coo_array

    check_instance(operator, FermionOperator, "operator must be a FermionOperator")
    check_instance(sector, FermionSector, "sector must be a FermionSector")
    if operator.num_modes > 2 * sector.norb:
        raise InputError(f"an operator on {operator.num_modes} modes does not fit {sector.norb} orbitals of two spins")
    needed = _BYTES_PER_ENTRY * sector.size * max(len(operator), 1)
    rows, columns, values = [], [], []
    with reserved(needed, f"an operator of {len(operator)} terms on {sector.size:,} determinants", "use fewer"):
        alpha, beta = np.divmod(np.arange(sector.size), sector.shape[1])
        alpha, beta = sector.alpha_strings[alpha], sector.beta_strings[beta]
        for product, coefficient in operator:
            source, target, sign = _images(product, alpha, beta, sector)
            rows.append(target)
            columns.append(source)
            values.append(coefficient * sign)
        shape = (sector.size, sector.size)
        if not rows:
            return coo_array(shape, dtype=np.float64).tocsr()
        entries = np.concatenate(values)
        if not entries.imag.any():
            entries = entries.real
        return coo_array((entries, (np.concatenate(rows), np.concatenate(columns))), shape=shape).tocsr()


def _images(
    product: tuple[tuple[int, bool], ...], alpha: IntArray, beta: IntArray, sector: FermionSector
) -> tuple[IntArray, IntArray, NDArray[np.float64]]:
    """Determinants that a product does not annihilate, where it leads, and with what sign."""
    change = [0, 0]
    source, sign = np.arange(len(alpha)), np.ones(len(alpha))
    strings = [alpha, beta]
    for mode, creates in reversed(product):
        spin, orbital = divmod(mode, sector.norb)
        bit = np.int64(1 << orbital)
        allowed = (strings[spin] & bit == 0) == creates
        source, sign = source[allowed], sign[allowed]
        strings = [bits[allowed] for bits in strings]
        below = np.bitwise_count(strings[spin] & (bit - 1))
        if spin:
            below = below + np.bitwise_count(strings[0])
        sign = sign * (1.0 - 2.0 * (below & 1))
        strings[spin] = strings[spin] ^ bit
        change[spin] += 1 if creates else -1
    if any(change):
        raise InputError(
            "an operator on a sector keeps the numbers of alpha and of beta electrons, got a term that changes them by "
            f"{change[0]} and {change[1]}"
        )
    places = np.searchsorted(sector.alpha_strings, strings[0]) * sector.shape[1]
    return source, places + np.searchsorted(sector.beta_strings, strings[1]), sign
