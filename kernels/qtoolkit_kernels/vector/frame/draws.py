"""Random numbers by their number: any shot's draws can be had without those before.

SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): the n-th number of a
key is a hash of the key plus n times an odd constant. Each block of shots has a key of its own.
"""

import numpy as np

from qtoolkit_kernels._jit import njit

__all__ = ["COINS", "LANES", "NOISE", "key_of", "uniform", "word_of"]

COINS, LANES, NOISE = np.uint64(0xA3EC647659359ACD), np.uint64(0x71C18690EE42C90B), np.uint64(0x35DCA9F5F9D3A0B1)
"""What turns a block's key into those of its coins, of the draws of its shots, and of its noise."""

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _SPARE = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@njit
def word_of(key: np.uint64, number: np.uint64) -> np.uint64:
    """64 random bits."""
    value = np.uint64(key) + np.uint64(number) * _STEP  # numbers from Python come signed
    value = (value ^ (value >> _30)) * _FIRST
    value = (value ^ (value >> _27)) * _SECOND
    return value ^ (value >> _31)


@njit
def key_of(key: np.uint64, purpose: np.uint64) -> np.uint64:
    """A block's key for one purpose."""
    mixed: np.uint64 = word_of(np.uint64(key) ^ np.uint64(purpose), np.uint64(1))
    return mixed


@njit
def uniform(key: np.uint64, number: np.uint64) -> float:
    """A number from 0 to below 1, a multiple of 2^-53."""
    return np.float64(word_of(key, number) >> _SPARE) * 2.0**-53
