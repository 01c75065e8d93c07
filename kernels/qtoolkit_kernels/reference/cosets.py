"""Twins of the sums over cosets of a stabiliser group: each step as one product of arrays."""

import numpy as np

from qtoolkit_kernels._types import Bytes, Complex, Reals

__all__ = ["mix_pairs", "mix_quadruples", "sum_cosets"]


def mix_pairs(
    table: Complex | Reals, shift: int, pivot: int, first_sign: int, second_sign: int, matrices: Complex | Reals
) -> None:
    """Multiply each pair (j, j ⊕ shift) of `table` by a matrix, in place."""
    _mix(table, (0, shift), pivot, (first_sign, second_sign), matrices)


def mix_quadruples(
    table: Complex | Reals,
    first_shift: int,
    second_shift: int,
    first_pivot: int,
    second_pivot: int,
    first_sign: int,
    second_sign: int,
    matrices: Complex | Reals,
) -> None:
    """Multiply each quadruple j ⊕ {0, first, second, both shifts} of `table` by a matrix, in place."""
    members = 0, first_shift, second_shift, first_shift ^ second_shift
    _mix(table, members, first_pivot | second_pivot, (first_sign, second_sign), matrices)


def _mix(
    table: Complex | Reals, members: tuple[int, ...], pivots: int, signs: tuple[int, int], matrices: Complex | Reals
) -> None:
    """Multiply the members of each group, numbered from the one without pivots, by the matrix of its signs."""
    indices = np.arange(table.size)
    first = indices[indices & pivots == 0]
    which = (np.bitwise_count(first & signs[0]) & 1) + 2 * (np.bitwise_count(first & signs[1]) & 1)
    places = first[:, None] ^ np.array(members)
    table[places] = np.einsum("gij,gj->gi", matrices[which], table[places])


def sum_cosets(target: Reals, source: Reals, weights: Reals, letters_out: Bytes, letters_in: Bytes) -> None:
    """Replace a letter of the input by a letter of the output, in each row of `target`."""
    rows, columns = source.shape[0], target.shape[1]
    each = weights[letters_out[:, None], letters_in[None, :]] * source[np.arange(len(target)) % rows]
    target[:] = each.reshape(len(target), columns, -1).sum(axis=2)
