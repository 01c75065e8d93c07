"""Sums over cosets of a stabiliser group, in blocks between which a signal can end them.

What acts on one qubit moves entries of a table whose indices are classes of Pauli operators: `mix_classes`. A letter of
one operator takes the place of a letter of another: `exchange_letter`. Sums over the group with signs that tell
syndromes apart: `transform_characters`. All run in compiled code, on one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels import cosets as kernels

__all__ = ["exchange_letter", "mix_classes", "transform_characters"]

_ENTRIES = 1 << 21
"""Of a table that one call of a kernel goes through, in some hundredths of a second."""


def mix_classes(
    table: NDArray[Any], shifts: Sequence[int], weights: Sequence[complex], signs: Sequence[int] = (0, 0)
) -> None:
    """Replace table[j] by ``Σ_P weights[P] (-1)^{|(j ⊕ shift_P) ∧ sign_P|} table[j ⊕ shift_P]``, in place.

    P runs through the identity and the three letters of one qubit; shift and sign of the third are the sums of those of
    the first two.

    Args:
        table: float64 or complex128, shape (2^m,), contiguous.
        shifts: of the first two letters.
        weights: of the identity and the three letters; real for a table of real numbers.
        signs: masks of the first two letters.
    """
    first, second = shifts
    letters = (0, first, second, first ^ second)
    masks = (0, signs[0], signs[1], signs[0] ^ signs[1])
    generators, pivots = _group(first, second)
    members = (0, *generators, *([generators[0] ^ generators[1]] if len(generators) == 2 else []))
    matrices = np.zeros((4, len(members), len(members)), dtype=table.dtype)
    for which in range(4):
        # The parity of an index's class with a mask, from those of the group's first index, and of what leads there.
        parities = (0, which & 1, which >> 1, (which & 1) ^ (which >> 1))
        for row, there in enumerate(members):
            for column, here in enumerate(members):
                for letter, weight in enumerate(weights):
                    if letters[letter] == there ^ here:
                        odd = parities[letter] ^ ((here & masks[letter]).bit_count() & 1)
                        matrices[which, row, column] += -weight if odd else weight
    if len(members) == 1:
        _scale(table, masks, matrices[:, 0, 0])
        return
    kernel = kernels.mix_pairs if len(members) == 2 else kernels.mix_quadruples
    _in_blocks(kernel, table, *generators, *pivots, masks[1], masks[2], matrices)


def transform_characters(table: NDArray[Any], num_bits: int) -> None:
    """Replace table[j] by ``Σ_i (-1)^{|i ∧ j|} table[i]`` over the lowest bits of an index, in place: Walsh–Hadamard.

    Args:
        table: float64 or complex128, shape (2^m,), contiguous.
        num_bits: how many of the m bits are summed over; the others stay.
    """
    matrices = np.broadcast_to(np.array([[1, 1], [1, -1]], dtype=table.dtype), (4, 2, 2)).copy()
    for bit in range(num_bits):
        _in_blocks(kernels.mix_pairs, table, 1 << bit, 1 << bit, 0, 0, matrices)


def _in_blocks(kernel: Callable[..., None], table: NDArray[Any], *arguments: Any) -> None:
    """Run a kernel on all groups of indices, whose size is that of its matrices."""
    size = arguments[-1].shape[1]
    items, step = table.size // size, _ENTRIES // size
    for start in range(0, items, step):
        kernel(table, *arguments, start, min(start + step, items))


def _group(first: int, second: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shifts that generate the same group, and pivots: a bit that each of them has alone."""
    found = tuple({shift: None for shift in (first, second, first ^ second) if shift})
    if len(found) < 3:
        return found[:1], tuple(1 << shift.bit_length() - 1 for shift in found[:1])
    alone = {(a, b): (a & ~b, b & ~a) for a, b in combinations(found, 2)}
    shifts = next(pair for pair, bits in alone.items() if all(bits))
    return shifts, tuple(1 << bits.bit_length() - 1 for bits in alone[shifts])


def exchange_letter(
    source: NDArray[np.float64],
    weights: NDArray[np.float64],
    letters_out: NDArray[np.uint8],
    letters_in: NDArray[np.uint8],
    num_columns: int,
) -> NDArray[np.float64]:
    """Sum over letters of the input that are read for the last time, for each letter of the output that is new.

    ``out[row, j] = Σ_e weights[letters_out[row], letters_in[j w + e]] source[row mod rows, j w + e]``, e below w.

    Args:
        source: float64, shape (rows, w num_columns), contiguous.
        weights: float64, shape (4, 4).
        letters_out: uint8, one for each row of the result, whose number is a multiple of `rows`.
        letters_in: uint8, one for each column of `source`.
        num_columns: of the result.
    """
    target = np.empty((len(letters_out), num_columns))
    step = max(1, _ENTRIES // source.shape[1])
    for start in range(0, len(target), step):
        stop = min(start + step, len(target))
        kernels.sum_cosets(target, source, weights, letters_out, letters_in, start, stop)
    return target


def _scale(table: NDArray[Any], masks: Sequence[int], factors: NDArray[Any]) -> None:
    """Multiply each entry by the factor of its signs: the letters of this qubit move nothing."""
    for start in range(0, table.size, _ENTRIES):
        block = np.arange(start, min(start + _ENTRIES, table.size))
        first, second = (np.bitwise_count(block & mask) & 1 for mask in masks[1:3])
        table[block] *= factors[first + 2 * second]
