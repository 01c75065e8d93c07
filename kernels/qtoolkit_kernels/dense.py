"""Dense gates: a 2^k x 2^k matrix on k target qubits, optionally controlled.

Every kernel changes `state` in place, for the work items `start <= item < stop`. An item is one group of 2^k
amplitudes that the matrix couples; there are `state.size >> (k + number of controls)` of them. Only amplitudes with
`index & control_mask == control_value` are touched. Matrices are flat and row-major; the first target is the least
significant bit of the matrix index.
"""

import numpy as np

from qtoolkit_kernels._bits import SHORT_RUN, as_index, deposit, next_subset, scatter_bits
from qtoolkit_kernels._jit import njit


@njit
def apply_1q(state, matrix, target, control_mask, control_value, start, stop):
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
        length = min(run - (base & (run - 1)), stop - item)
        first = base | control_value
        for i in range(length):
            p0 = as_index(first + i)
            p1 = as_index(first + partner + i)
            a0, a1 = state[p0], state[p1]
            state[p0] = m00 * a0 + m01 * a1
            state[p1] = m10 * a0 + m11 * a1
        item += length
        base = next_subset(base, outer)


@njit
def apply_2q(state, matrix, target0, target1, control_mask, control_value, start, stop):
    """Apply a two-qubit matrix (shape (16,), the state's dtype); `target0` is the low bit of the matrix index."""
    m00, m01, m02, m03 = matrix[0], matrix[1], matrix[2], matrix[3]
    m10, m11, m12, m13 = matrix[4], matrix[5], matrix[6], matrix[7]
    m20, m21, m22, m23 = matrix[8], matrix[9], matrix[10], matrix[11]
    m30, m31, m32, m33 = matrix[12], matrix[13], matrix[14], matrix[15]
    bit0 = 1 << target0
    bit1 = 1 << target1
    fixed = bit0 | bit1 | control_mask
    free = (state.size - 1) & ~fixed
    base = deposit(start, free)
    run = fixed & -fixed

    if run < SHORT_RUN:
        for _ in range(start, stop):
            first = base | control_value
            p0 = as_index(first)
            p1 = as_index(first + bit0)
            p2 = as_index(first + bit1)
            p3 = as_index(first + bit0 + bit1)
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
        length = min(run - (base & (run - 1)), stop - item)
        first = base | control_value
        for i in range(length):
            p0 = as_index(first + i)
            p1 = as_index(first + bit0 + i)
            p2 = as_index(first + bit1 + i)
            p3 = as_index(first + bit0 + bit1 + i)
            a0, a1, a2, a3 = state[p0], state[p1], state[p2], state[p3]
            state[p0] = m00 * a0 + m01 * a1 + m02 * a2 + m03 * a3
            state[p1] = m10 * a0 + m11 * a1 + m12 * a2 + m13 * a3
            state[p2] = m20 * a0 + m21 * a1 + m22 * a2 + m23 * a3
            state[p3] = m30 * a0 + m31 * a1 + m32 * a2 + m33 * a3
        item += length
        base = next_subset(base, outer)


@njit
def apply_kq(state, matrix, targets, control_mask, control_value, start, stop):
    """Apply a k-qubit matrix (shape (4^k,), the state's dtype) to `targets` (int64[k], k >= 1)."""
    dimension = 1 << targets.size
    fixed = control_mask | scatter_bits(dimension - 1, targets)
    free = (state.size - 1) & ~fixed

    # Columns side by side, so that the inner loop is a vectorised "result += column * amplitude".
    columns = np.empty(dimension * dimension, state.dtype)
    for row in range(dimension):
        for column in range(dimension):
            columns[column * dimension + row] = matrix[row * dimension + column]
    offsets = np.empty(dimension, np.int64)
    for j in range(dimension):
        offsets[j] = scatter_bits(j, targets) | control_value
    result = np.empty(dimension, state.dtype)

    base = deposit(start, free)
    for _ in range(start, stop):
        result[:] = 0
        for column in range(dimension):
            amplitude = state[as_index(base | offsets[as_index(column)])]
            for row in range(dimension):
                result[as_index(row)] += columns[as_index(column * dimension + row)] * amplitude
        for row in range(dimension):
            state[as_index(base | offsets[as_index(row)])] = result[as_index(row)]
        base = next_subset(base, free)
