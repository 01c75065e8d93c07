"""Twin of the symbols that need no state."""

import math

import numpy as np

from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.reference.vector.frame.draws import key_of, uniform, word_of
from qtoolkit_kernels.vector.frame.code import BLOCK, WORD, WORDS, Code, Noise, Words
from qtoolkit_kernels.vector.frame.draws import COINS, NOISE

__all__ = ["draw_symbols", "flip_column"]


def flip_column(bits: Words, column_start: Integers, column_bits: Integers, symbol: int, shots: int) -> None:
    """Flip the row bits of a symbol's column in some shots of a word."""
    rows = column_bits[column_start[symbol] : column_start[symbol + 1]]
    bits[rows] ^= np.uint64(shots)


def draw_symbols(code: Code, noise: Noise, key: int, bits: Words) -> None:
    """Constants, coins and noise of a block; `bits` has shape ``(WORDS, num_row_bits)``."""
    bits[:] = np.where(code.constant, np.uint64((1 << 64) - 1), np.uint64(0))
    columns = code.column_start, code.column_bits
    for symbol, draw in noise.coins:
        for word in range(WORDS):
            flip_column(bits[word], *columns, symbol, word_of(key_of(key, int(COINS)), int(draw) * WORDS + word))
    noise_key, number = key_of(key, int(NOISE)), 0
    for group, rate in enumerate(noise.rates):
        mechanisms = range(noise.group_start[group], noise.group_start[group + 1])
        place = -1
        while True:
            gap = math.log(1.0 - uniform(noise_key, number)) * rate
            number += 1
            if place + 1 + gap >= len(mechanisms) * BLOCK:
                break
            place += 1 + int(gap)
            mechanism, shot = mechanisms[place // BLOCK], place % BLOCK
            alternatives = slice(noise.alternative_start[mechanism], noise.alternative_start[mechanism + 1])
            symbols = noise.symbols[alternatives]
            which = 0
            if symbols.size > 1:
                which = int(np.searchsorted(noise.thresholds[alternatives], uniform(noise_key, number), side="right"))
                number += 1
            flip_column(bits[shot // WORD], *columns, symbols[which], 1 << shot % WORD)
            if place + 1 == len(mechanisms) * BLOCK:
                break
