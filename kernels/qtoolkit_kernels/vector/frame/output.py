"""From row bits, one word for 64 shots, to the bits of each shot."""

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels.vector.frame.code import WORD, Words

__all__ = ["write_bits", "write_words"]

_ONE = np.uint64(1)


@njit
def write_bits(bits: Words, count: int, out: NDArray[np.uint8], first: int) -> None:
    """Write the first `count` row bits of a word's shots as zeros and ones.

    Args:
        bits: uint64, one for each row bit.
        count: how many of them, from the first.
        out: uint8, shape ``(shots, count)``.
        first: number of the word's first shot; shots that `out` lacks are left out.
    """
    for shot in range(min(WORD, out.shape[0] - first)):
        row, turn = out[as_index(first + shot)], np.uint64(shot)
        for k in range(count):
            row[as_index(k)] = np.uint8((bits[as_index(k)] >> turn) & _ONE)


@njit
def write_words(bits: Words, count: int, out: Words, first: int) -> None:
    """Write the same packed: bit k of a shot is bit ``k % 64`` of its word ``k // 64``.

    Squares of 64 rows and 64 shots are transposed by exchanging halves of halves (Warren, "Hacker's Delight", 7-3).

    Args:
        bits, count, first: as for `write_bits`.
        out: uint64, shape ``(shots, ceil(count / 64))``.
    """
    square = np.empty(WORD, np.uint64)
    for column in range(out.shape[1]):
        have = min(WORD, count - column * WORD)
        for k in range(WORD):
            square[as_index(k)] = bits[as_index(column * WORD + k)] if k < have else np.uint64(0)
        half, mask = 32, np.uint64(0xFFFFFFFF)
        while half:
            turn = np.uint64(half)
            k = 0
            while k < WORD:
                low, high = square[as_index(k)], square[as_index(k + half)]
                moved = ((low >> turn) ^ high) & mask
                square[as_index(k)] = low ^ (moved << turn)
                square[as_index(k + half)] = high ^ moved
                k = (k + half + 1) & ~half
            half >>= 1
            mask ^= mask << np.uint64(half)
        for shot in range(min(WORD, out.shape[0] - first)):
            out[as_index(first + shot), as_index(column)] = square[as_index(shot)]
