"""Random symbols of one block of shots, which need no state: fair coins and noise.

Rare noise costs by its events: from one to the next the places between, over all mechanisms of one probability and all
shots of the block, are drawn at once (a geometric distribution).
"""

import math

import numpy as np

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.vector.frame.code import BLOCK, WORD, WORDS, Code, Noise, Words
from qtoolkit_kernels.vector.frame.draws import COINS, NOISE, key_of, uniform, word_of

__all__ = ["draw_symbols", "flip_column"]


@njit
def flip_column(bits: Words, column_start: Integers, column_bits: Integers, symbol: int, shots: np.uint64) -> None:
    """Flip the row bits of a symbol's column in some shots of a word; `bits` is uint64, one for each row bit."""
    for k in range(column_start[symbol], column_start[symbol + 1]):
        bits[as_index(column_bits[as_index(k)])] ^= shots


@njit
def draw_symbols(code: Code, noise: Noise, key: np.uint64, bits: Words) -> None:
    """Begin a block: write its constants, flip its coins, and let noise happen.

    Args:
        code: whose columns and constants are used.
        noise: what is drawn.
        key: of the block.
        bits: uint64, shape ``(WORDS, num_row_bits)``.
    """
    column_start, column_bits = code.column_start, code.column_bits
    constant = code.constant
    for word in range(WORDS):
        row = bits[word]
        for k in range(constant.size):
            row[as_index(k)] = np.uint64(0) - np.uint64(constant[as_index(k)])
    coins, coin_key = noise.coins, key_of(key, COINS)
    for k in range(coins.shape[0]):
        for word in range(WORDS):
            shots = word_of(coin_key, np.uint64(coins[k, 1] * WORDS + word))
            flip_column(bits[word], column_start, column_bits, coins[k, 0], shots)
    _draw_noise(code, noise, key_of(key, NOISE), bits)


@njit
def _draw_noise(code: Code, noise: Noise, key: np.uint64, bits: Words) -> None:
    column_start, column_bits = code.column_start, code.column_bits
    group_start, rates = noise.group_start, noise.rates
    alternative_start, thresholds, symbols = noise.alternative_start, noise.thresholds, noise.symbols
    number = np.uint64(0)
    for group in range(rates.size):
        places = (group_start[group + 1] - group_start[group]) * BLOCK
        place = 0
        while True:
            gap = math.log(1.0 - uniform(key, number)) * rates[group]
            number += np.uint64(1)
            if gap >= places - place:
                break
            place += int(gap)
            mechanism = group_start[group] + place // BLOCK
            shot = place % BLOCK
            which, last = alternative_start[mechanism], alternative_start[mechanism + 1] - 1
            if which < last:
                target = uniform(key, number)
                number += np.uint64(1)
                while which < last and thresholds[as_index(which)] <= target:
                    which += 1
            mask = np.uint64(1) << np.uint64(shot % WORD)
            flip_column(bits[shot // WORD], column_start, column_bits, symbols[as_index(which)], mask)
            place += 1
            if place >= places:
                break
