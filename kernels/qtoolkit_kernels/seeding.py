"""Random numbers as NumPy makes them from a seed, for those who need some hundreds and no more.

To make a `numpy.random.Generator` takes longer than to sample a small state. Here is what one that `default_rng` makes
of an integer does first: the seed becomes the state of PCG64 (O'Neill, "PCG: A Family of Simple Fast Space-Efficient
Statistically Good Algorithms for Random Number Generation", 2014, the variant XSL-RR 128/64) by NumPy's `SeedSequence`,
and each number is the upper 53 bits of one step. About 5 ns a number.
"""

import numpy as np

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers

__all__ = ["MOST_SEED", "fill_uniforms"]

MOST_SEED = (1 << 62) - 1

_MASK = (1 << 32) - 1
_POOL = 4
_ADD, _ADD_TIMES, _DRAW, _DRAW_TIMES = 0x43B0D7E5, 0x931E8875, 0x8B51F9DD, 0x58F38DED
_LEFT, _RIGHT = 0xCA01F9DD, 0x4973F715
_TIMES_HIGH, _TIMES_LOW = np.uint64(2549297995355413924), np.uint64(4865540595714422341)
_HALF, _LOW_HALF = np.uint64(32), np.uint64(_MASK)
_ONE, _SPARE, _TOP, _TURNS = np.uint64(1), np.uint64(11), np.uint64(58), np.uint64(63)


@njit
def _hashed(value: int, constant: int, factor: int) -> int:
    """A word of 32 bits after one step of hashing; the constant is that of the step, and then times `factor`."""
    value = ((value ^ constant) * (constant * factor & _MASK)) & _MASK
    return value ^ value >> 16


@njit
def _seed_words(seed: int, words: Integers) -> None:
    """Write the eight words of 32 bits that a `SeedSequence` yields first."""
    pool = np.empty(_POOL, np.int64)
    constant = _ADD
    for k in range(_POOL):
        pool[k] = _hashed(seed >> 32 * k & _MASK if k < 2 else 0, constant, _ADD_TIMES)
        constant = constant * _ADD_TIMES & _MASK
    for source in range(_POOL):
        for target in range(_POOL):
            if source != target:
                added = _hashed(pool[source], constant, _ADD_TIMES)
                constant = constant * _ADD_TIMES & _MASK
                mixed = (_LEFT * pool[target] - _RIGHT * added) & _MASK
                pool[target] = mixed ^ mixed >> 16
    constant = _DRAW
    for k in range(words.size):
        words[k] = _hashed(pool[k % _POOL], constant, _DRAW_TIMES)
        constant = constant * _DRAW_TIMES & _MASK


@njit
def _joined(low: int, high: int) -> np.uint64:
    return np.uint64(low) | np.uint64(high) << _HALF


@njit
def _upper_product(x: np.uint64, y: np.uint64) -> np.uint64:
    """The upper 64 of the 128 bits of a product."""
    x_high, x_low, y_high, y_low = x >> _HALF, x & _LOW_HALF, y >> _HALF, y & _LOW_HALF
    first, second = x_high * y_low, x_low * y_high
    middle = (x_low * y_low >> _HALF) + (first & _LOW_HALF) + (second & _LOW_HALF)
    return x_high * y_high + (first >> _HALF) + (second >> _HALF) + (middle >> _HALF)


@njit
def fill_uniforms(seed: int, out: Floats) -> None:
    """Write what ``numpy.random.default_rng(seed).random(out.size)`` returns, for a seed from 0 to `MOST_SEED`."""
    words = np.empty(8, np.int64)
    _seed_words(seed, words)
    first_high, first_low = _joined(words[0], words[1]), _joined(words[2], words[3])
    high, low = _joined(words[4], words[5]), _joined(words[6], words[7])
    more_high, more_low = high << _ONE | low >> _TURNS, low << _ONE | _ONE
    low = more_low + first_low
    high = more_high + first_high + (_ONE if low < first_low else np.uint64(0))
    for i in range(-1, out.size):
        high = _upper_product(low, _TIMES_LOW) + high * _TIMES_LOW + low * _TIMES_HIGH + more_high
        low = low * _TIMES_LOW + more_low
        high += _ONE if low < more_low else np.uint64(0)
        if i >= 0:
            turns = high >> _TOP
            bits = high ^ low
            bits = bits >> turns | bits << (np.uint64(64) - turns & _TURNS)
            out[as_index(i)] = np.float64(bits >> _SPARE) * 2.0**-53
