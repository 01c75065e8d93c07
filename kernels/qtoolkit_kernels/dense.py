"""Dense gates: a 2^k x 2^k matrix on k target qubits, optionally controlled.

Every kernel changes `state` in place, for the work items `start <= item < stop`. An item is one group of 2^k
amplitudes that the matrix couples; there are `state.size >> (k + number of controls)` of them. Only amplitudes with
`index & control_mask == control_value` are touched. Matrices are flat and row-major; the first target is the least
significant bit of the matrix index.

Cost, for each amplitude that the controls let through: 8 · 2^k - 2 flops, and 32 bytes in double precision, 16 in
single, read and written once.
"""

import numpy as np

from qtoolkit_kernels._bits import SHORT_RUN, as_index, deposit, next_subset, non_negative, scatter_bits, start_beyond
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers

__all__ = ["TILE", "apply_1q", "apply_2q", "apply_kq"]

TILE = 16
"""Groups of amplitudes that a matrix multiplies together."""


@njit
def apply_1q(
    state: Complex, matrix: Complex, target: int, control_mask: int, control_value: int, start: int, stop: int
) -> None:
    """Apply a one-qubit matrix (shape (4,), the state's dtype) to qubit `target`."""
    m00, m01, m10, m11 = matrix[0], matrix[1], matrix[2], matrix[3]
    partner = 1 << target
    fixed = partner | control_mask
    free = (state.size - 1) & ~fixed
    base = deposit(start, free)
    run = fixed & -fixed

    if run < SHORT_RUN:
        for _ in range(start, stop):
            p0 = as_index(base | control_value)
            p1 = as_index(base | control_value | partner)
            a0, a1 = state[p0], state[p1]
            state[p0] = m00 * a0 + m01 * a1
            state[p1] = m10 * a0 + m11 * a1
            base = next_subset(base, free)
        return

    outer = free & -run
    item = start
    while item < stop:
        length = non_negative(min(run - (base & (run - 1)), stop - item))
        start0 = base | control_value
        start1 = start_beyond(start0, length, partner)
        for i in range(length):
            p0 = as_index(start0 + i)
            p1 = as_index(start1 + i)
            a0, a1 = state[p0], state[p1]
            state[p0] = m00 * a0 + m01 * a1
            state[p1] = m10 * a0 + m11 * a1
        item += length
        base = next_subset(base, outer)


@njit
def apply_2q(
    state: Complex,
    matrix: Complex,
    target0: int,
    target1: int,
    control_mask: int,
    control_value: int,
    start: int,
    stop: int,
) -> None:
    """Apply a two-qubit matrix (shape (16,), the state's dtype); `target0` is the low bit of the matrix index."""
    # The matrix in the order of the amplitudes in memory: index 1 is the lower of the two qubits.
    low, high = (1, 2) if target0 < target1 else (2, 1)
    m00, m01, m02, m03 = matrix[0], matrix[low], matrix[high], matrix[3]
    m10, m11, m12, m13 = matrix[4 * low], matrix[5 * low], matrix[4 * low + high], matrix[4 * low + 3]
    m20, m21, m22, m23 = matrix[4 * high], matrix[4 * high + low], matrix[5 * high], matrix[4 * high + 3]
    m30, m31, m32, m33 = matrix[12], matrix[12 + low], matrix[12 + high], matrix[15]
    low_bit = 1 << min(target0, target1)
    high_bit = 1 << max(target0, target1)
    fixed = low_bit | high_bit | control_mask
    free = (state.size - 1) & ~fixed
    base = deposit(start, free)
    run = fixed & -fixed

    if run < SHORT_RUN:
        for _ in range(start, stop):
            first = base | control_value
            p0 = as_index(first)
            p1 = as_index(first + low_bit)
            p2 = as_index(first + high_bit)
            p3 = as_index(first + low_bit + high_bit)
            a0, a1, a2, a3 = state[p0], state[p1], state[p2], state[p3]
            state[p0] = m00 * a0 + m01 * a1 + m02 * a2 + m03 * a3
            state[p1] = m10 * a0 + m11 * a1 + m12 * a2 + m13 * a3
            state[p2] = m20 * a0 + m21 * a1 + m22 * a2 + m23 * a3
            state[p3] = m30 * a0 + m31 * a1 + m32 * a2 + m33 * a3
            base = next_subset(base, free)
        return

    outer = free & -run
    item = start
    while item < stop:
        length = non_negative(min(run - (base & (run - 1)), stop - item))
        start0 = base | control_value
        start1 = start_beyond(start0, length, low_bit)
        start2 = start_beyond(start1, length, high_bit - low_bit)
        start3 = start_beyond(start2, length, low_bit)
        for i in range(length):
            p0 = as_index(start0 + i)
            p1 = as_index(start1 + i)
            p2 = as_index(start2 + i)
            p3 = as_index(start3 + i)
            a0, a1, a2, a3 = state[p0], state[p1], state[p2], state[p3]
            state[p0] = m00 * a0 + m01 * a1 + m02 * a2 + m03 * a3
            state[p1] = m10 * a0 + m11 * a1 + m12 * a2 + m13 * a3
            state[p2] = m20 * a0 + m21 * a1 + m22 * a2 + m23 * a3
            state[p3] = m30 * a0 + m31 * a1 + m32 * a2 + m33 * a3
        item += length
        base = next_subset(base, outer)


@njit
def apply_kq(
    state: Complex, matrix: Complex, targets: Integers, control_mask: int, control_value: int, start: int, stop: int
) -> None:
    """Apply a k-qubit matrix (shape (4^k,), the state's dtype) to `targets` (int64[k], k >= 1)."""
    dimension = 1 << targets.size
    fixed = control_mask | scatter_bits(dimension - 1, targets)
    free = (state.size - 1) & ~fixed

    offsets = np.empty(dimension, np.int64)
    for j in range(dimension):
        offsets[j] = scatter_bits(j, targets) | control_value

    # A tile of groups at a time, one row per sub-index: the sums then run over contiguous groups, wherever these lie.
    groups = np.empty(TILE, np.int64)
    source = np.zeros(dimension * TILE, state.dtype)
    image = np.empty(TILE, state.dtype)
    base = deposit(start, free)
    for item in range(start, stop, TILE):
        count = min(TILE, stop - item)
        for i in range(count):
            groups[as_index(i)] = base
            base = next_subset(base, free)
        for column in range(dimension):
            offset = offsets[as_index(column)]
            for i in range(count):
                source[as_index(column * TILE + i)] = state[as_index(groups[as_index(i)] | offset)]
        for row in range(dimension):
            image[:] = 0
            for column in range(0, dimension, 2):
                entry0 = matrix[as_index(row * dimension + column)]
                entry1 = matrix[as_index(row * dimension + column + 1)]
                for i in range(TILE):
                    image[as_index(i)] += (
                        entry0 * source[as_index(column * TILE + i)]
                        + entry1 * source[as_index((column + 1) * TILE + i)]
                    )
            offset = offsets[as_index(row)]
            for i in range(count):
                state[as_index(groups[as_index(i)] | offset)] = image[as_index(i)]
