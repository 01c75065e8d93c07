"""Twins of the samplers: invert the cumulative distribution by bisection."""

import numpy as np

from qtoolkit_kernels._types import Floats, Integers, Reals

__all__ = ["sample_small", "sample_measured", "assign_blocks", "sort_by_block", "sample_blocks"]


def _search(weights: Floats, targets: Floats) -> Integers:
    """Return the outcome of non-zero weight on which each target falls."""
    outcomes = np.flatnonzero(weights)
    places = np.searchsorted(np.cumsum(weights[outcomes]), targets, side="right")
    return np.asarray(outcomes[np.minimum(places, outcomes.size - 1)])


def sample_small(reals: Reals, uniforms: Floats, out: Integers, _turns: Integers, _thread: int) -> None:
    """Write the basis state that each of `uniforms` (in [0, 1)) selects into `out`."""
    squares = reals.astype(np.float64) ** 2
    weights = squares[0::2] + squares[1::2]
    out[:] = _search(weights, weights.sum() * uniforms)


def sample_measured(reals: Reals, seed: int, uniforms: Floats, rows: Floats, measure: int, out: Integers) -> int:
    """Write the classical bits of shots into `out`, and return how many were read."""
    if seed >= 0:
        uniforms[:] = np.random.default_rng(seed).random(uniforms.size)
    outcomes = np.empty_like(out)
    sample_small(reals, uniforms, outcomes, out, 0)
    sources = {int(row[2]): int(row[1]) for row in rows if row[0] == measure}
    out[:] = 0
    for clbit, qubit in sources.items():
        out |= (outcomes >> qubit & 1) << clbit
    return len(sources)


def assign_blocks(
    edges: Floats, uniforms: Floats, blocks: Integers, counts: Integers, _turns: Integers, _thread: int
) -> None:
    """Write the block that each of `uniforms` selects, and how many of each part of them select each."""
    blocks[:] = _search(np.diff(edges), edges[-1] * uniforms)
    length = -(-uniforms.size // counts.shape[0])
    for part, row in enumerate(counts):
        row[:] = np.bincount(blocks[part * length : (part + 1) * length], minlength=row.size)


def sort_by_block(blocks: Integers, _starts: Integers, shots: Integers, _turns: Integers, _thread: int) -> None:
    """Write the numbers of the shots sorted by block into `shots`."""
    shots[:] = np.argsort(blocks, kind="stable")


def sample_blocks(
    reals: Reals,
    edges: Floats,
    uniforms: Floats,
    _borders: Integers,
    _shots: Integers,
    out: Integers,
    turns: Integers,
    thread: int,
) -> None:
    """Write the basis state of every shot into `out`."""
    sample_small(reals, uniforms, out, turns, thread)
