"""Products of ladder operators as strings: all products of one length at once, as arrays of bit masks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qtoolkit.operators._ladder_arrays import as_arrays
from qtoolkit.operators._term_algebra import Terms, merge_terms, y_phases
from qtoolkit.operators._types import ComplexArray, IntArray
from qtoolkit.operators.fermion_operator import FermionOperator

__all__ = ["LadderTables", "strings_of_products"]

_STRINGS_PER_CHUNK = 1 << 20  # bounds the temporaries to some tens of MB
_POWERS_OF_I: ComplexArray = np.array([1, 1j, -1, -1j], dtype=np.complex128)


class LadderTables(NamedTuple):
    """What a mapping makes of the operators of each mode: a_k = γ_k (1 − Z_F) / 2 with γ_k = i^p X_U Z_P.

    Attributes:
        update: masks of U, int64, one for each mode as all of these.
        parity: masks of P.
        flip: masks of F.
        power: p, from 0 to 3.
    """

    update: IntArray
    parity: IntArray
    flip: IntArray
    power: IntArray


def strings_of_products(fermions: FermionOperator, tables: LadderTables) -> Terms:
    """The strings of an operator, merged in parts, so that some may still be equal."""
    parts = []
    for factors, coefficients in as_arrays(fermions.terms).values():
        rows = max(1, _STRINGS_PER_CHUNK >> factors.shape[1])
        for start in range(0, len(factors), rows):
            chunk = _multiplied_out(factors[start : start + rows], coefficients[start : start + rows], tables)
            parts.append(merge_terms(*chunk))
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.complex128)
    x_masks, z_masks, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    return x_masks, z_masks, values


def _multiplied_out(factors: IntArray, coefficients: ComplexArray, tables: LadderTables) -> Terms:
    """Products of one degree, each into 2^degree strings.

    Strings are kept as c X^x Z^z while they grow, which costs a sign per factor only. The x masks and the power of i
    are those of all strings of a product.
    """
    x_masks = np.zeros((len(factors), 1), dtype=np.int64)
    z_masks = np.zeros((len(factors), 1), dtype=np.int64)
    powers = np.zeros((len(factors), 1), dtype=np.int64)
    values = coefficients[:, None] * 0.5 ** factors.shape[1]
    for factor in factors.T:
        mode, creates = factor[:, None] >> 1, factor[:, None] & 1
        crossed = np.bitwise_count(z_masks & tables.update[mode]) & 1
        values = np.where(crossed, -values, values)
        x_masks = x_masks ^ tables.update[mode]
        z_masks = z_masks ^ tables.parity[mode]
        powers = powers + tables.power[mode]
        z_masks = np.concatenate((z_masks, z_masks ^ tables.flip[mode]), axis=1)
        values = np.concatenate((values, np.where(creates, values, -values)), axis=1)
    values = values * _POWERS_OF_I[powers & 3]
    x_flat, z_flat = np.repeat(x_masks[:, 0], z_masks.shape[1]), z_masks.ravel()
    return x_flat, z_flat, values.ravel() * y_phases(x_flat, z_flat).conj()
