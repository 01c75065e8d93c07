"""Sums over cosets of a stabiliser group: tables by class of Pauli operators, one qubit at a time.

A Pauli operator acts on a code by its class: its syndrome and its logical operator, bits of an index j. Noise on a
qubit moves weight from j to j ⊕ shift, the shift being the class of a letter, and multiplies by a sign that is linear
in j where amplitudes rather than probabilities are moved. The members of a group of indices are numbered by the shifts
that lead to them from the one whose pivot bits are zero: none, the first, the second, both.

Cost of a qubit: pairs read and write the table once with 2 products an entry, quadruples with 4.
"""

from typing import Any

import numpy as np

from qtoolkit_kernels._bits import as_index, parity
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Bytes, Complex, Reals, Scalar

__all__ = ["mix_pairs", "mix_quadruples", "sum_cosets"]


@njit
def _without_bit(item: int, bit: int) -> int:
    """Return the number that `item` becomes when a zero is put into it at the power of two `bit`."""
    low = item & (bit - 1)
    return ((item ^ low) << 1) | low


@njit
def mix_pairs(
    table: Complex | Reals,
    shift: int,
    pivot: int,
    first_sign: int,
    second_sign: int,
    matrices: Complex | Reals,
    start: int,
    stop: int,
) -> None:
    """Multiply each pair (j, j ⊕ shift) of `table` by a matrix, in place; each pair is an item.

    `table` has 2^m entries, `matrices` shape (4, 2, 2) and its dtype. `pivot` is a power of two in `shift`. The matrix
    is that of the parities of j with `first_sign` and, times two, with `second_sign`, for j without the pivot.
    """
    for item in range(start, stop):
        j = _without_bit(item, pivot)
        which = as_index(parity(j & first_sign) + 2 * parity(j & second_sign))
        here, there = as_index(j), as_index(j ^ shift)
        a, b = table[here], table[there]
        table[here] = matrices[which, 0, 0] * a + matrices[which, 0, 1] * b
        table[there] = matrices[which, 1, 0] * a + matrices[which, 1, 1] * b


@njit
def _image(matrices: Complex | Reals, which: np.uint64, row: int, a: Scalar, b: Scalar, c: Scalar, d: Scalar) -> Any:
    """Return an entry of the product of one of the matrices, 4 x 4, with the vector of a, b, c and d."""
    low = matrices[which, row, 0] * a + matrices[which, row, 1] * b
    return low + matrices[which, row, 2] * c + matrices[which, row, 3] * d


@njit
def mix_quadruples(
    table: Complex | Reals,
    first_shift: int,
    second_shift: int,
    first_pivot: int,
    second_pivot: int,
    first_sign: int,
    second_sign: int,
    matrices: Complex | Reals,
    start: int,
    stop: int,
) -> None:
    """Multiply each quadruple j ⊕ {0, first, second, both shifts} of `table` by a matrix, in place; each is an item.

    `table` has 2^m entries, `matrices` shape (4, 4, 4) and its dtype. The pivots are powers of two, the first in
    the first shift alone and the second in the second alone. Signs are as in `mix_pairs`.
    """
    low, high = min(first_pivot, second_pivot), max(first_pivot, second_pivot)
    for item in range(start, stop):
        j = _without_bit(_without_bit(item, low), high)
        which = as_index(parity(j & first_sign) + 2 * parity(j & second_sign))
        at_a, at_b = as_index(j), as_index(j ^ first_shift)
        at_c, at_d = as_index(j ^ second_shift), as_index(j ^ first_shift ^ second_shift)
        a, b, c, d = table[at_a], table[at_b], table[at_c], table[at_d]
        table[at_a] = _image(matrices, which, 0, a, b, c, d)
        table[at_b] = _image(matrices, which, 1, a, b, c, d)
        table[at_c] = _image(matrices, which, 2, a, b, c, d)
        table[at_d] = _image(matrices, which, 3, a, b, c, d)


@njit
def sum_cosets(
    target: Reals, source: Reals, weights: Reals, letters_out: Bytes, letters_in: Bytes, start: int, stop: int
) -> None:
    """Replace a letter of the input by a letter of the output, in each row of `target`; each row is an item.

    ``target[row, j] = Σ_e weights[letters_out[row], letters_in[j w + e]] source[row mod rows, j w + e]`` for e below w,
    with `source` of shape (rows, w columns), `target` of shape (u rows, columns), `weights` (4, 4), all of one dtype,
    and letters, uint8, of u rows and w columns entries.
    """
    rows, columns = source.shape[0], target.shape[1]
    width = source.shape[1] // columns
    for row in range(start, stop):
        out = as_index(letters_out[as_index(row)])
        below = as_index(row % rows)
        for j in range(columns):
            total = weights[out, as_index(letters_in[as_index(j * width)])] * source[below, as_index(j * width)]
            for e in range(1, width):
                place = as_index(j * width + e)
                total += weights[out, as_index(letters_in[place])] * source[below, place]
            target[as_index(row), as_index(j)] = total
