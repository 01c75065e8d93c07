"""Index sets that the twins share."""

import numpy as np

from qtoolkit_kernels._types import Integers


def controlled_indices(size: int, control_mask: int, control_value: int) -> Integers:
    """Return the indices j < `size` with `j & control_mask == control_value`, ascending."""
    indices = np.arange(size, dtype=np.int64)
    selected: Integers = indices[(indices & control_mask) == control_value]
    return selected


def sub_indices(indices: Integers, targets: Integers) -> Integers:
    """Return for each index the number whose bit j is bit `targets[j]` of the index."""
    result = np.zeros_like(indices)
    for j, target in enumerate(targets):
        result |= ((indices >> target) & 1) << j
    return result


def groups(size: int, targets: Integers, control_mask: int, control_value: int) -> Integers:
    """Return shape (2^k, items): row s holds the controlled indices whose sub-index on `targets` is s.

    Indices in one column differ in the target bits only.
    """
    indices = controlled_indices(size, control_mask, control_value)
    values = sub_indices(indices, targets)
    return np.stack([indices[values == s] for s in range(1 << targets.size)])


def signs(indices: Integers, z_mask: int) -> Integers:
    """Return (-1)^{|j & z_mask|} for each index j."""
    parities: Integers = np.bitwise_count(indices & z_mask).astype(np.int64) & 1
    return 1 - 2 * parities
