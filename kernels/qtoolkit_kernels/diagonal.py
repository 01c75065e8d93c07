"""Diagonal gates: each amplitude is multiplied by the entry that its target bits select.

A diagonal couples nothing, so every amplitude that the controls let through is a work item of its own:
`state.size >> number of controls` of them, whatever the targets.

Cost of an item: 6 flops, and 32 bytes in double precision, 16 in single; long runs whose entry is 1 are not touched.
"""

import numpy as np

from qtoolkit_kernels._bits import SHORT_RUN, as_index, deposit, gather_bits, lowest_bit, next_subset, scatter_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers

__all__ = ["apply_diagonal"]

_BLOCK = 256


@njit
def apply_diagonal(
    state: Complex, targets: Integers, entries: Complex, control_mask: int, control_value: int, start: int, stop: int
) -> None:
    """Multiply amplitudes in place by the diagonal `entries` (shape (2^k,), the state's dtype).

    `targets` (int64[k], 0 <= k <= n) are the qubits that select the entry, the first one the least significant bit;
    with k = 0 the one entry is a phase on all amplitudes that fulfil `index & control_mask == control_value`.
    """
    target_mask = scatter_bits((1 << targets.size) - 1, targets)
    free = (state.size - 1) & ~control_mask
    base = deposit(start, free)
    run = lowest_bit(target_mask | control_mask, state.size)
    span = min(lowest_bit(control_mask, state.size), _BLOCK)

    if run >= SHORT_RUN:
        _scale_runs(state, targets, entries, control_value, free, run, base, start, stop)
    elif span >= SHORT_RUN and stop - start > _BLOCK:
        _scale_blocks(state, targets, entries, control_value, free, span, base, start, stop)
    else:
        for _ in range(start, stop):
            state[as_index(base | control_value)] *= entries[as_index(gather_bits(base, targets))]
            base = next_subset(base, free)


@njit
def _scale_runs(
    state: Complex,
    targets: Integers,
    entries: Complex,
    control_value: int,
    free: int,
    run: int,
    base: int,
    start: int,
    stop: int,
) -> None:
    """Scale runs of amplitudes that share one entry."""
    outer = free & -run
    item = start
    while item < stop:
        length = min(run - (base & (run - 1)), stop - item)
        entry = entries[as_index(gather_bits(base, targets))]
        if entry != 1:
            first = base | control_value
            for i in range(length):
                state[as_index(first + i)] *= entry
        item += length
        base = next_subset(base, outer)


@njit
def _scale_blocks(
    state: Complex,
    targets: Integers,
    entries: Complex,
    control_value: int,
    free: int,
    span: int,
    base: int,
    start: int,
    stop: int,
) -> None:
    """Scale contiguous blocks of `span` amplitudes by a table of factors, refilled when the high target bits change."""
    outer = free & -span
    low_part = np.empty(span, np.int64)
    for i in range(span):
        low_part[i] = gather_bits(i, targets)
    factors = np.empty(span, state.dtype)
    filled_for = -1
    item = start
    while item < stop:
        offset = base & (span - 1)
        length = min(span - offset, stop - item)
        high_part = gather_bits(base & -span, targets)
        if high_part != filled_for:
            for i in range(span):
                factors[as_index(i)] = entries[as_index(high_part | low_part[as_index(i)])]
            filled_for = high_part
        first = base | control_value
        for i in range(length):
            state[as_index(first + i)] *= factors[as_index(offset + i)]
        item += length
        base = next_subset(base, outer)
