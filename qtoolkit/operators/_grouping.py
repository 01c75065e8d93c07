"""Sets of Pauli strings that can be measured together."""

from __future__ import annotations

import numpy as np

from qtoolkit.errors import OperatorError
from qtoolkit.operators._term_algebra import Terms
from qtoolkit.operators._types import IntArray

__all__ = ["group_terms", "shared_letters"]


def shared_letters(x_masks: IntArray, z_masks: IntArray) -> tuple[int, int]:
    """Return the x and z mask of the string that has, on each qubit, the letter of all terms that act there.

    Raises:
        OperatorError: if two terms have different letters on a qubit.
    """
    basis_x, basis_z = (int(np.bitwise_or.reduce(masks, initial=0)) for masks in (x_masks, z_masks))
    clash = ((x_masks ^ basis_x) | (z_masks ^ basis_z)) & (x_masks | z_masks)
    if clash.any():
        qubit = int(np.bitwise_or.reduce(clash)).bit_length() - 1
        raise OperatorError(
            f"a measurement basis needs terms that commute qubit by qubit, got different letters on qubit {qubit}; "
            "split the sum with group_commuting()"
        )
    return basis_x, basis_z


def group_terms(terms: Terms, *, qubit_wise: bool) -> list[IntArray]:
    """Split term indices into sets of mutually commuting strings by sorted insertion.

    Terms are visited by falling |coefficient| and join the first group they commute with, which keeps the
    measurement variance low as well as the number of groups
    (Crawford et al., Quantum 5, 385 (2021), "sorted insertion").
    """
    order = np.argsort(-np.abs(terms[2]), kind="stable")
    x_masks, z_masks = terms[0][order], terms[1][order]
    colour = _colour_qubit_wise(x_masks, z_masks) if qubit_wise else _colour_commuting(x_masks, z_masks)
    return [order[colour == index] for index in range(int(colour.max(initial=-1)) + 1)]


def _colour_qubit_wise(x_masks: IntArray, z_masks: IntArray) -> IntArray:
    colour = np.empty(len(x_masks), dtype=np.int64)
    # each group is remembered by the letters its members already fix
    group_x, group_z = np.zeros(len(x_masks), np.int64), np.zeros(len(x_masks), np.int64)
    used = 0
    for term, (x, z) in enumerate(zip(x_masks.tolist(), z_masks.tolist(), strict=True)):
        both_act = (group_x[:used] | group_z[:used]) & (x | z)
        fits = both_act & ((group_x[:used] ^ x) | (group_z[:used] ^ z)) == 0
        index = int(np.argmax(fits)) if fits.any() else used
        used = max(used, index + 1)
        group_x[index] |= x
        group_z[index] |= z
        colour[term] = index
    return colour


def _colour_commuting(x_masks: IntArray, z_masks: IntArray) -> IntArray:
    colour = np.empty(len(x_masks), dtype=np.int64)
    used = 0
    for term in range(len(x_masks)):
        clash = np.bitwise_count(x_masks[:term] & z_masks[term]) + np.bitwise_count(z_masks[:term] & x_masks[term])
        blocked = np.zeros(used + 1, dtype=bool)
        blocked[colour[:term][(clash & 1).astype(bool)]] = True
        index = int(np.argmin(blocked))
        used = max(used, index + 1)
        colour[term] = index
    return colour
