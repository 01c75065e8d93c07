"""Permutation gates: amplitudes change places and nothing is computed.

Cost: no flops, and 32 bytes in double precision, 16 in single, for each amplitude that moves.
"""

import numpy as np

from qtoolkit_kernels._bits import SHORT_RUN, as_index, deposit, next_subset, non_negative, scatter_bits, start_beyond
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers

__all__ = ["apply_permutation"]


@njit
def apply_permutation(
    state: Complex, targets: Integers, table: Integers, control_mask: int, control_value: int, start: int, stop: int
) -> None:
    """Move the amplitude of sub-index j to sub-index `table[j]`, in place.

    `targets` is int64[k], the first one the least significant bit of the sub-index; `table` is int64[2^k]. A work
    item is one group of 2^k amplitudes: `state.size >> (k + number of controls)` of them. Tables that exchange two
    sub-indices (X, CX, SWAP, ...) swap memory runs; all others copy the moved amplitudes of a group to scratch.
    """
    moved = 0
    for j in range(table.size):
        if table[j] != j:
            moved += 1
    if moved == 0:
        return
    sources = np.empty(moved, np.int64)
    destinations = np.empty(moved, np.int64)
    m = 0
    for j in range(table.size):
        if table[j] != j:
            sources[m] = scatter_bits(j, targets) | control_value
            destinations[m] = scatter_bits(table[j], targets) | control_value
            m += 1

    fixed = control_mask | scatter_bits(table.size - 1, targets)
    if moved == 2:
        _exchange(state, min(sources[0], sources[1]), max(sources[0], sources[1]), fixed, start, stop)
        return
    free = (state.size - 1) & ~fixed
    scratch = np.empty(moved, state.dtype)
    base = deposit(start, free)
    for _ in range(start, stop):
        for m in range(moved):
            scratch[as_index(m)] = state[as_index(base | sources[as_index(m)])]
        for m in range(moved):
            state[as_index(base | destinations[as_index(m)])] = scratch[as_index(m)]
        base = next_subset(base, free)


@njit
def _exchange(state: Complex, offset0: int, offset1: int, fixed: int, start: int, stop: int) -> None:
    """Swap the amplitudes at two offsets, `offset0 < offset1`, within every group."""
    free = (state.size - 1) & ~fixed
    base = deposit(start, free)
    run = fixed & -fixed

    if run < SHORT_RUN:
        for _ in range(start, stop):
            p0 = as_index(base | offset0)
            p1 = as_index(base | offset1)
            state[p0], state[p1] = state[p1], state[p0]
            base = next_subset(base, free)
        return

    outer = free & -run
    item = start
    while item < stop:
        length = non_negative(min(run - (base & (run - 1)), stop - item))
        start0 = base | offset0
        start1 = start_beyond(start0, length, offset1 - offset0)
        for i in range(length):
            p0 = as_index(start0 + i)
            p1 = as_index(start1 + i)
            state[p0], state[p1] = state[p1], state[p0]
        item += length
        base = next_subset(base, outer)
