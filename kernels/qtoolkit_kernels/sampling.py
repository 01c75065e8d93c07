"""Sampling of measurement outcomes by inverting the cumulative distribution.

The caller draws the uniform numbers and sorts them, so that one walk along the distribution serves all shots and the
outcomes depend on those numbers alone. Rounding cannot produce an outcome of probability zero: a number that falls
beyond the last partial sum goes to the last outcome of non-zero probability.
"""

import numpy as np

from qtoolkit_kernels._amplitudes import abs_squared
from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit, reduction_njit
from qtoolkit_kernels._types import Complex, Floats, Integers

__all__ = ["sample_sorted", "sample_state_sorted"]

_BLOCK = 1024


@njit
def sample_sorted(probabilities: Floats, uniforms: Floats, out: Integers) -> None:
    """Write the outcome that each of `uniforms` selects into `out` (int64, as long as `uniforms`).

    `probabilities` is float64 and `uniforms` ascending float64 in [0, total probability).
    """
    cursor = 0
    below = 0.0
    for first in range(0, probabilities.size, _BLOCK):
        length = min(_BLOCK, probabilities.size - first)
        above = below + _sum_run(probabilities, first, length)
        cursor = _assign_block(probabilities, first, length, first, below, above, uniforms, cursor, out)
        below = above
    last = probabilities.size - 1
    while last > 0 and probabilities[last] == 0:
        last -= 1
    out[cursor:] = last


@njit
def sample_state_sorted(state: Complex, uniforms: Floats, out: Integers) -> None:
    """Do what `sample_sorted` does for the probabilities |ψ_j|² of `state`, which are never stored."""
    cursor = 0
    below = 0.0
    block = np.empty(min(_BLOCK, state.size), np.float64)
    for first in range(0, state.size, block.size):
        for i in range(block.size):
            block[as_index(i)] = abs_squared(state[as_index(first + i)])
        above = below + _sum_run(block, 0, block.size)
        cursor = _assign_block(block, 0, block.size, first, below, above, uniforms, cursor, out)
        below = above
    last = state.size - 1
    while last > 0 and state[last] == 0:
        last -= 1
    out[cursor:] = last


@reduction_njit
def _sum_run(values: Floats, first: int, length: int) -> float:
    """Return the sum over a contiguous stretch."""
    total = 0.0
    for i in range(length):
        total += values[as_index(first + i)]
    return total


@njit
def _assign_block(
    weights: Floats,
    start: int,
    length: int,
    first_outcome: int,
    below: float,
    above: float,
    uniforms: Floats,
    cursor: int,
    out: Integers,
) -> int:
    """Assign the uniforms that fall into [below, above) to the block's outcomes; return the next uniform's place."""
    if cursor == uniforms.size or uniforms[cursor] >= above:
        return cursor
    last = first_outcome
    for i in range(length):
        weight = weights[start + i]
        if weight == 0:
            continue
        last = first_outcome + i
        below += weight
        while cursor < uniforms.size and uniforms[cursor] < below:
            out[cursor] = last
            cursor += 1
    while cursor < uniforms.size and uniforms[cursor] < above:
        out[cursor] = last
        cursor += 1
    return cursor
