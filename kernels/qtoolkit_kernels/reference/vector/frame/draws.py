"""Twins of random numbers by their number."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["key_of", "uniform", "word_of"]

_MASK = (1 << 64) - 1


def word_of(key: int, number: int) -> int:
    """64 random bits: the n-th number of SplitMix64 that begins at the key."""
    value = (int(key) + int(number) * 0x9E3779B97F4A7C15) & _MASK
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31


def key_of(key: int, purpose: int) -> int:
    """A block's key for one purpose."""
    return word_of(int(key) ^ int(purpose), 1)


def uniform(key: int, number: int) -> float:
    """A number from 0 to below 1."""
    return (word_of(key, number) >> 11) * 2.0**-53


def uniforms(key: int, first: int, count: int) -> NDArray[np.float64]:
    """Numbers in a row."""
    return np.array([uniform(key, first + k) for k in range(count)])
