"""Readout errors and decoders behind the final measurements, on the packed bits of all shots at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs, _packed_bits
from qtoolkit._memory import check_memory
from qtoolkit.compiler import ClassicalStep, ReadoutErrorStep

__all__ = ["run_final_steps"]


def run_final_steps(steps: Iterable[ClassicalStep], packed: NDArray[np.uint64], rng: np.random.Generator) -> None:
    """Run the steps in time order.

    Args:
        steps: what changes classical bits.
        packed: shape ``(shots, words)``; changed.
        rng: one ``rng.random`` for each shot and readout error.
    """
    for step in steps:
        if isinstance(step, ReadoutErrorStep):
            _misread(step, packed, rng)
        else:
            needed = _needs.bits_by_shot(len(packed), 2 * step.decode.num_clbits)
            check_memory(needed, f"decoding {len(packed)} shots", "take fewer shots at a time")
            bits = _packed_bits.columns(packed, step.clbits).view(np.bool_)
            _packed_bits.set_columns(packed, step.into, step.decode(bits))


def _misread(step: ReadoutErrorStep, packed: NDArray[np.uint64], rng: np.random.Generator) -> None:
    edges = np.cumsum(step.error.confusion, axis=1)
    last = step.error.confusion.shape[1] - 1 - (step.error.confusion[:, ::-1] > 0.0).argmax(axis=1)
    for first in range(0, len(packed), _packed_bits.SHOTS_AT_A_TIME):
        part = packed[first : first + _packed_bits.SHOTS_AT_A_TIME]
        true = _packed_bits.columns(part, step.clbits) @ (1 << np.arange(len(step.clbits)))
        uniforms, read = rng.random(len(part)), np.empty(len(part), np.int64)
        for value in np.unique(true):
            here = true == value
            read[here] = np.minimum(np.searchsorted(edges[value], uniforms[here], side="right"), last[value])
        _packed_bits.set_columns(part, step.clbits, read[:, None] >> np.arange(len(step.clbits)) & 1)
