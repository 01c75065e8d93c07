"""Bits of many shots, packed into uint64 of shape ``(shots, words)``.

Bit c of a shot is bit ``c % 64`` of its word ``c // 64``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit import _needs
from qtoolkit._memory import check_memory

__all__ = ["PackedBits", "bitstrings", "columns", "count", "num_words", "pack", "select", "set_columns", "unpack"]

PackedBits = NDArray[np.uint64]

WORD = 64

SHOTS_AT_A_TIME = 1 << 14
"""Bits are moved for so many shots at once, which stay in the cache meanwhile."""


def num_words(num_bits: int) -> int:
    """Words for each shot."""
    return -(-num_bits // WORD)


def pack(bits: NDArray[np.uint8]) -> PackedBits:
    """Pack zeros and ones of shape ``(shots, num_bits)``."""
    words = np.zeros((bits.shape[0], num_words(bits.shape[1])), np.dtype("<u8"))
    packed = np.packbits(bits, axis=1, bitorder="little")
    words.view(np.uint8)[:, : packed.shape[1]] = packed
    return words.astype(np.uint64, copy=False)


def unpack(words: PackedBits, num_bits: int) -> NDArray[np.uint8]:
    """Zeros and ones of shape ``(shots, num_bits)``."""
    if num_bits == 0:
        return np.zeros((words.shape[0], 0), np.uint8)
    _check(_needs.bits_by_shot(words.shape[0], num_bits), words.shape[0], num_bits)
    octets = np.ascontiguousarray(words, np.dtype("<u8")).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=num_bits, bitorder="little")


def select(words: PackedBits, sources: Sequence[int], out: PackedBits, targets: Sequence[int]) -> None:
    """Add bits ``sources[k]`` of the shots in `words` as bits ``targets[k]``, which are zero in `out`."""
    masks: dict[tuple[int, int, int], int] = {}
    for source, target in zip(sources, targets, strict=True):
        place = source // WORD, target // WORD, target % WORD - source % WORD
        masks[place] = masks.get(place, 0) | 1 << source % WORD
    for first in range(0, words.shape[0], SHOTS_AT_A_TIME):
        rows = slice(first, first + SHOTS_AT_A_TIME)
        for (source, target, shift), mask in masks.items():
            bits = words[rows, source] & np.uint64(mask)
            if shift:
                bits = bits << np.uint64(shift) if shift > 0 else bits >> np.uint64(-shift)
            out[rows, target] |= bits


def columns(words: PackedBits, clbits: Sequence[int]) -> NDArray[np.uint8]:
    """Some bits of every shot, zeros and ones of shape ``(shots, len(clbits))``."""
    _check(_needs.bits_by_shot(words.shape[0], len(clbits)), words.shape[0], len(clbits))
    found = np.empty((words.shape[0], len(clbits)), np.uint8)
    for k, clbit in enumerate(clbits):
        found[:, k] = words[:, clbit // WORD] >> np.uint64(clbit % WORD) & np.uint64(1)
    return found


def set_columns(words: PackedBits, clbits: Sequence[int], bits: ArrayLike) -> None:
    """Replace some bits of every shot by zeros and ones of shape ``(shots, len(clbits))``, in place."""
    given = np.asarray(bits)
    for k, clbit in enumerate(clbits):
        word, place = words[:, clbit // WORD], np.uint64(clbit % WORD)
        word &= ~(np.uint64(1) << place)
        word |= given[:, k].astype(np.uint64) << place


def count(words: PackedBits, num_bits: int) -> dict[str, int]:
    """How often each bitstring comes, most frequent first, those of one frequency in ascending order."""
    shots = words.shape[0]
    if shots == 0 or num_bits == 0:
        return {"": shots} if shots else {}
    _check(_needs.counts(shots, words.shape[1]), shots, num_bits)
    if words.shape[1] == 1 and 1 << num_bits <= 2 * shots:
        frequencies = np.bincount(words[:, 0].astype(np.int64), minlength=1 << num_bits)
        rows = np.flatnonzero(frequencies).astype(np.uint64)[:, None]
        frequencies = frequencies[rows[:, 0]]
    elif words.shape[1] == 1:
        values, frequencies = np.unique(words[:, 0], return_counts=True)
        rows = values[:, None]
    else:
        ordered = words[np.lexsort(words.T)]
        starts = np.flatnonzero(np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1)))
        rows, frequencies = ordered[starts], np.diff(np.append(starts, shots))
    rarity = frequencies.max() - frequencies
    # Stable sorts of 16-bit numbers take time in proportion to their length.
    order = np.argsort(rarity.astype(np.uint16) if rarity.max() < 1 << 16 else rarity, kind="stable")
    return dict(zip(bitstrings(rows[order], num_bits), frequencies[order].tolist(), strict=True))


def bitstrings(words: PackedBits, num_bits: int) -> list[str]:
    """One string for each shot, its highest bit leftmost."""
    if num_bits == 0:
        return [""] * words.shape[0]
    _check(_needs.bitstrings(words.shape[0], num_bits), words.shape[0], num_bits)
    letters = np.full((words.shape[0], num_bits + 1), ord("\n"), np.uint8)
    letters[:, :num_bits] = unpack(words, num_bits)[:, ::-1]
    letters[:, :num_bits] += ord("0")
    return letters.tobytes().decode("ascii").split("\n")[:-1]


def _check(needed: int, shots: int, num_bits: int) -> None:
    check_memory(needed, f"{shots} strings of {num_bits} bits", "take fewer shots at a time")
