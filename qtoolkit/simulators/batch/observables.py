"""Observables as weights of every amplitude: what batches of states are summed with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._masks import distinct
from qtoolkit.operators import PauliSum
from qtoolkit.simulators.observables import Observable
from qtoolkit_kernels.vector.batch.plan import Weights
from qtoolkit_kernels.vector.batch.run import DIAGONAL_PART, IMAGINARY_PART, REAL_PART

__all__ = ["weights_of"]

MOST_WEIGHTS = 1 << 20
"""Numbers that weights may fill; sums with more masks of flipped bits are better evaluated one state at a time."""

MOST_KEPT = 8

_Part: TypeAlias = tuple[int, int, NDArray[np.float64]]
"""Mask of flipped bits, kind, weight of every amplitude."""

_kept: dict[int, tuple[PauliSum, list[_Part]]] = {}
"""Parts of the last Pauli sums, by their identities; it keeps the sums alive."""


def weights_of(observables: Sequence[Observable], num_qubits: int) -> Weights | None:
    """The weights of observables that were checked; None if they would be too many."""
    size = 1 << num_qubits
    parts: list[tuple[int, int, int, int]] = []
    values: list[NDArray[np.float64]] = []
    for number, item in enumerate(observables):
        if not isinstance(item, PauliSum):
            found = [(0, DIAGONAL_PART, item.astype(np.float64))]
        elif size * distinct(item.x_masks).size > MOST_WEIGHTS:
            return None
        else:
            found = _kept_parts(item, size)
        for mask, kind, weights in found:
            parts.append((number, mask, kind, size * len(values)))
            values.append(weights)
    if size * len(values) > MOST_WEIGHTS:
        return None
    return Weights(np.array(parts, np.int64).reshape(-1, 4), np.concatenate([np.zeros(0), *values]))


def _kept_parts(op: PauliSum, size: int) -> list[_Part]:
    if id(op) not in _kept:
        while len(_kept) >= MOST_KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[id(op)] = op, _parts_of(op, size)
    return _kept[id(op)][1]


def _parts_of(op: PauliSum, size: int) -> list[_Part]:
    """One part for all strings that flip the same bits, or two where some have an odd number of letters Y.

    ``P|x⟩ = i^y (-1)^{z·x} |x ^ mask⟩`` with y letters Y, so the strings of one mask are one vector of weights,
    ``Σ c i^y (-1)^{z·x}``, which is the Walsh-Hadamard transform of the coefficients at their z.
    """
    if not len(op):
        return []
    masks, place = np.unique(op.x_masks, return_inverse=True)
    quarter_turns = np.bitwise_count(op.x_masks & op.z_masks) % 4
    placed = np.zeros((masks.size, size), np.complex128)
    np.add.at(placed, (place, op.z_masks), op.coefficients.real * 1j**quarter_turns)
    step = 1
    while step < size:
        pairs = placed.reshape(masks.size, -1, 2, step)
        placed = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2)
        step *= 2
    found: list[_Part] = []
    for mask, weights in zip(masks.tolist(), placed.reshape(masks.size, size), strict=True):
        if mask == 0:
            found.append((mask, DIAGONAL_PART, weights.real))
            continue
        real, imaginary = (quarter_turns[op.x_masks == mask] % 2 == odd for odd in (0, 1))
        if real.any():
            found.append((mask, REAL_PART, weights.real))
        if imaginary.any():
            # Re(i w z) = -w Im z
            found.append((mask, IMAGINARY_PART, -weights.imag))
    return found
