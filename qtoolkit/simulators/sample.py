"""Draws basis states with the probabilities of a state vector."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.measure import LONG, StateArray, as_reals, block_weights, enter
from qtoolkit_kernels import sampling as kernels
from qtoolkit_kernels.measurement import BLOCK
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters

__all__ = ["sample_state"]

MOST_BLOCKS = 1 << 13
"""Shots are sorted into at most so many blocks; larger states have larger blocks."""

SHOTS_AT_A_TIME = 1 << 20
"""Bounds the memory beside the samples to 16 bytes for each of these."""


def sample_state(
    state: StateArray, shots: int, rng: np.random.Generator, team: Team | None = None
) -> NDArray[np.int64]:
    """Independent basis states, in the order of the random numbers they are made of: one ``rng.random`` for each.

    Large states cost about two passes over memory, or less if few blocks are hit.

    Args:
        state: complex128 or complex64 of shape ``(2**n,)``, contiguous; its norm need not be 1.
        shots: how many.
        rng: gives the same samples again, whatever the number of threads.
        team: threads that help; the caller's alone by default.

    Returns:
        int64 of shape ``(shots,)``.
    """
    reals = as_reals(state)
    out = np.empty(shots, np.int64)
    edges = None
    if state.size > BLOCK:
        weights = block_weights(state, min(MOST_BLOCKS, state.size // BLOCK), team)
        edges = np.concatenate([[0.0], np.cumsum(weights)])
    for first in range(0, shots, SHOTS_AT_A_TIME):
        part = out[first : first + SHOTS_AT_A_TIME]
        uniforms = rng.random(part.size)
        if edges is None:
            helpers = team if part.size > kernels.SHOTS else None
            enter(helpers, kernels.sample_small, reals, uniforms, part, counters(2))
        else:
            _sample_large(reals, edges, uniforms, part, team)
    return out


def _sample_large(
    reals: NDArray[np.floating],
    edges: NDArray[np.float64],
    uniforms: NDArray[np.float64],
    out: NDArray[np.int64],
    team: Team | None,
) -> None:
    blocks = np.empty(uniforms.size, np.int32)
    counts = np.zeros((-(-uniforms.size // kernels.SHOTS), edges.size - 1), np.int64)
    sorters = team if uniforms.size > kernels.SHOTS else None
    enter(sorters, kernels.assign_blocks, edges, uniforms, blocks, counts, counters(2))
    ends = np.cumsum(counts.T).reshape(counts.shape[::-1]).T
    starts = np.ascontiguousarray(ends - counts)
    borders = np.append(starts[0], uniforms.size)
    shots = np.empty(uniforms.size, np.int32)
    enter(sorters, kernels.sort_by_block, blocks, starts, shots, counters(2))
    arguments = reals, edges, uniforms, borders, shots, out, counters(2)
    enter(team, kernels.sample_blocks, *arguments, long=reals.size >= 2 * LONG)
