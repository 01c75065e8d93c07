"""Dense gates: a 2^k x 2^k matrix on k target qubits, optionally controlled.

The kernel changes `state` in place, for the work items `start <= item < stop`. An item is one group of 2^k
amplitudes that the matrix couples; there are `state.size >> (k + number of controls)` of them. Only amplitudes with
`index & control_mask == control_value` are touched. Matrices are flat and row-major; the first target is the least
significant bit of the matrix index.

Cost, for each amplitude that the controls let through: 8 · 2^k - 2 flops, and 32 bytes in double precision, 16 in
single, read and written once.
"""

import numpy as np

from qtoolkit_kernels._bits import as_index, deposit, next_subset, scatter_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers

__all__ = ["TILE", "apply_kq"]

TILE = 16
"""Groups of amplitudes that a matrix multiplies together."""


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
