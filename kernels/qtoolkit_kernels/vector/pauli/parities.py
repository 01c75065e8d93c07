"""Where the diagonal of a group vanishes: parities that its indices must have, found and solved for bits of a block.

The diagonal is d(i) = Σ_t w_t (-1)^{|i & z_t|} throughout.
"""

from qtoolkit_kernels._bits import highest_bit
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.vector.pauli import sizes as place

__all__ = ["NEGLIGIBLE", "add_parity", "fold_mirrors"]

NEGLIGIBLE = 2.0**-50
"""Part of a group's weights below which a value of d counts as zero."""

LOOKUPS = 16
"""Times the number of terms: so often is a term looked for before no more mirrors are."""


@njit
def _place_of(z_masks: Integers, count: int, z: int) -> int:
    """The number of the first of these ascending masks that is not below z."""
    low, high = 0, count
    while low < high:
        middle = (low + high) >> 1
        if z_masks[middle] < z:
            low = middle + 1
        else:
            high = middle
    return low


@njit
def fold_mirrors(z_masks: Integers, weights: Floats, count: int, sizes: Integers, rows: Integers) -> int:
    """Find masks m outside the lanes with w_{z ^ m} = ± w_z for all terms: d vanishes where |i & m| has one parity.

    Mirrors are a group, so one pass over the candidates finds them: masks that lead from the first term to another one
    of its weight. A candidate is dropped at the first term without a mirror image, and this term is the first to be
    tried for the next one. Each term is looked for in the ascending z masks, `LOOKUPS` · terms times in all at most:
    n log n steps. What is not found by then is visited, though it vanishes.

    Args:
        z_masks, weights: int64[:] and float64[:], the terms by ascending z mask; of two mirror images the one with the
            lower mask is kept, with both their weights.
        count: how many terms there are.
        sizes: its NUM_ROWS is counted up.
        rows: int64[MOST_ROWS, ROW_COLUMNS], receives solved parities.

    Returns:
        How many terms there are now.
    """
    lane_mask = sizes[place.LANES] - 1
    largest = 0.0
    for t in range(count):
        largest = max(largest, abs(weights[t]))
    k, last_failure, lookups = 1, 0, LOOKUPS * count
    while k < count and lookups > 0:
        mask = z_masks[0] ^ z_masks[k]
        sign = 1.0 if (weights[0] > 0.0) == (weights[k] > 0.0) else -1.0
        negligible = NEGLIGIBLE * largest
        is_mirror = mask & lane_mask == 0 and abs(weights[k] - sign * weights[0]) <= negligible
        step = 0
        while is_mirror and step < count:
            t = last_failure + step
            if t >= count:
                t -= count
            image = _place_of(z_masks, count, z_masks[t] ^ mask)
            is_mirror = (
                image < count
                and z_masks[image] == z_masks[t] ^ mask
                and abs(weights[image] - sign * weights[t]) <= negligible
            )
            if not is_mirror:
                last_failure = t
            step += 1
        lookups -= step
        k += 1
        if is_mirror:
            top = highest_bit(mask)
            kept, tried, largest = 0, 0, 0.0
            for t in range(count):
                if z_masks[t] & top == 0:
                    z_masks[kept], weights[kept] = z_masks[t], 2.0 * weights[t]
                    largest = max(largest, abs(weights[kept]))
                    kept += 1
                    if t < k:
                        tried = kept
            count, k, last_failure = kept, tried, 0
            add_parity(rows, sizes, mask, 0 if sign > 0.0 else 1)
    return count


@njit
def add_parity(rows: Integers, sizes: Integers, mask: int, value: int) -> bool:
    """Solve one more parity for a bit inside the block; False if it contradicts the others."""
    inside = (1 << sizes[place.BLOCK_BITS]) - sizes[place.LANES]
    count = sizes[place.NUM_ROWS]
    for r in range(count):
        if mask & rows[r, place.BIT]:
            mask ^= rows[r, place.MASK]
            value ^= rows[r, place.VALUE]
    if mask == 0:
        return value == 0
    bit = highest_bit(mask & inside) if mask & inside else 0
    for r in range(count):
        if rows[r, place.MASK] & bit:
            rows[r, place.MASK] ^= mask
            rows[r, place.VALUE] ^= value
    rows[count, place.MASK], rows[count, place.VALUE], rows[count, place.BIT] = mask, value, bit
    sizes[place.NUM_ROWS] = count + 1
    return True
