"""Groups of strings, of one sum and x mask with real or with imaginary weights, as passes of the cheapest form."""

import numpy as np

from qtoolkit_kernels._bits import SHORT_RUN, as_index, highest_bit, parity
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.vector.pauli import program
from qtoolkit_kernels.vector.pauli import sizes as place
from qtoolkit_kernels.vector.pauli.parities import NEGLIGIBLE, add_parity, fold_mirrors
from qtoolkit_kernels.vector.pauli.passes import add_pass, has_room
from qtoolkit_kernels.vector.pauli.sorting import sort_by_keys, sort_terms

__all__ = ["pack_terms"]

MAX_RANK = 4
"""Parities whose combinations are tried one by one."""

PASS_COST = 24
TABLE_COST = 1.6
TRANSFORM_COST = 20.0
"""Cost of entering a pass in a block and of a register with a table or a transform; a signed one costs 1."""


@njit
def _transform_four(values: Floats, i: int, length: int) -> None:
    """Two stages of `_hadamard` on four numbers, so far apart."""
    j, k, m = i + length, i + 2 * length, i + 3 * length
    a, b, c, d = values[as_index(i)], values[as_index(j)], values[as_index(k)], values[as_index(m)]
    a, b, c, d = a + b, a - b, c + d, c - d
    values[as_index(i)], values[as_index(j)], values[as_index(k)], values[as_index(m)] = a + c, b + d, a - c, b - d


@njit
def _hadamard(values: Floats, start: int, size: int, width: int) -> None:
    """t_p = Σ_q (-1)^{|p & q|} values_q in place, of `size` rows of `width` numbers from `start`."""
    length, end = width, start + size * width
    while start + 4 * length <= end:
        step = 4 * length
        if length < SHORT_RUN:
            for first in range(start, start + length):
                for i in range(first, end, step):
                    _transform_four(values, i, length)
        else:
            for first in range(start, end, step):
                for i in range(first, first + length):
                    _transform_four(values, i, length)
        length = step
    if start + length < end:
        for i in range(start, start + length):
            a, b = values[as_index(i)], values[as_index(i + length)]
            values[as_index(i)], values[as_index(i + length)] = a + b, a - b


@njit
def _end_of_run(z_masks: Integers, first: int, count: int, mask: int) -> int:
    """Where the terms end that agree with the first of them in the bits of a mask."""
    end = first + 1
    while end < count and (z_masks[end] ^ z_masks[first]) & mask == 0:
        end += 1
    return end


@njit
def _add_lane_weights(
    z_masks: Integers, weights: Floats, first: int, stop: int, lanes: int, out: Floats, row: int
) -> None:
    """Write the weights of the lanes of a register, for terms that agree outside of it."""
    for lane in range(lanes):
        weight = 0.0
        for t in range(first, stop):
            weight += -weights[t] if parity(z_masks[t] & lane) else weights[t]
        out[row * lanes + lane] = weight


@njit
def _find_patterns(z_masks: Integers, weights: Floats, count: int, lanes: int, basis: Integers, values: Floats) -> int:
    """Find masks whose parities settle d but for the sign of the first z mask, and its values for all of these.

    Args:
        z_masks, weights: the first `count` are the terms, by ascending z mask.
        lanes: amplitudes of a register.
        basis: int64[3 · MAX_RANK], receives the masks; the rest is scratch.
        values: float64[2^MAX_RANK · lanes], receives d for each lane by the parities of the masks.

    Returns:
        How many masks there are; 0 if they are too many.
    """
    rank, first, base = 0, 0, z_masks[0] & -lanes
    for k in range(lanes << MAX_RANK):
        values[k] = 0.0
    while first < count:
        stop = _end_of_run(z_masks, first, count, -lanes)
        outside = z_masks[first] & -lanes
        rest, row = outside ^ base, 0
        # Reduced masks by falling highest bit, and of which masks each is the sum.
        for k in range(rank):
            if rest ^ basis[MAX_RANK + k] < rest:
                rest ^= basis[MAX_RANK + k]
                row ^= basis[2 * MAX_RANK + k]
        if rest:
            if rank == MAX_RANK:
                return 0
            k = rank
            while k > 0 and basis[MAX_RANK + k - 1] < rest:
                basis[MAX_RANK + k] = basis[MAX_RANK + k - 1]
                basis[2 * MAX_RANK + k] = basis[2 * MAX_RANK + k - 1]
                k -= 1
            basis[MAX_RANK + k], basis[2 * MAX_RANK + k] = rest, row ^ 1 << rank
            basis[rank] = outside ^ base
            row = 1 << rank
            rank += 1
        _add_lane_weights(z_masks, weights, first, stop, lanes, values, row)
        first = stop
    return rank


@njit
def _settle_patterns(lanes: int, rank: int, values: Floats, patterns: Integers) -> int:
    """Turn weights into values of d; write behind the masks the patterns where it does not vanish, return how many."""
    total = 0.0
    for k in range(lanes << rank):
        total += abs(values[k])
    _hadamard(values, 0, 1 << rank, lanes)
    count = 0
    for pattern in range(1 << rank):
        largest = 0.0
        for lane in range(lanes):
            largest = max(largest, abs(values[pattern * lanes + lane]))
        if largest > NEGLIGIBLE * total:
            patterns[3 * MAX_RANK + count] = pattern
            count += 1
    return count


@njit
def _sort_rest(z_masks: Integers, count: int, first: int, stop: int, bits: int, ints: Integers) -> int:
    """Sort all terms but those from `first` to `stop` by the lowest bits of their z masks.

    Their numbers go to the row KEYS + 2 of `ints`, their order to its row ORDER.

    Returns:
        How many values the lowest bits take.
    """
    rest = 0
    for t in range(count):
        if not first <= t < stop:
            ints[place.KEYS, rest], ints[place.KEYS + 1, rest] = z_masks[t] & ((1 << bits) - 1), 0
            ints[place.KEYS + 2, rest] = t
            rest += 1
    sort_by_keys(ints, rest)
    places, last = 0, -1
    for k in range(rest):
        low = ints[place.KEYS, ints[place.ORDER, k]]
        places += low != last
        last = low
    return places


@njit
def _add_table(
    sizes: Integers,
    rows: Integers,
    ints: Integers,
    reals: Floats,
    lane_values: Floats,
    count: int,
    first: int,
    stop: int,
    bits: int,
    passes: Integers,
    floats: Floats,
) -> None:
    """Add a pass with a table for the terms from `first` to `stop`, which agree above the lowest `bits`, and passes
    for the others, sorted by `_sort_rest`.
    """
    lanes, size, begin = sizes[place.LANES], 1 << bits, sizes[place.NUM_FLOATS]
    z_masks, weights = ints[place.Z_MASKS], reals[place.WEIGHTS]
    pass_z_masks, pass_weights = ints[place.PASS_Z_MASKS], reals[place.PASS_WEIGHTS]
    for k in range(begin, begin + size):
        floats[k] = 0.0
    for t in range(first, stop):
        floats[begin + (z_masks[t] & (size - 1))] += weights[t]
    _hadamard(floats, begin, size, 1)
    sizes[place.NUM_FLOATS] += size
    sizes[place.TABLE_ENTRIES] += size
    for lane in range(lanes):
        lane_values[lane] = 1.0
    pass_z_masks[0], pass_weights[0] = z_masks[first] & -size, 1.0
    add_pass(sizes, rows, program.TABLE, lane_values, pass_z_masks, pass_weights, 0, 1, begin, size - 1, passes, floats)
    rest, k = count - (stop - first), 0
    while k < rest:
        low, begin = ints[place.KEYS, ints[place.ORDER, k]], k
        while k < rest and ints[place.KEYS, ints[place.ORDER, k]] == low:
            t = ints[place.KEYS + 2, ints[place.ORDER, k]]
            pass_z_masks[k], pass_weights[k] = z_masks[t] & -lanes, weights[t]
            k += 1
        for lane in range(lanes):
            lane_values[lane] = -1.0 if parity(low & lane) else 1.0
        add_pass(sizes, rows, program.SIGNED, lane_values, pass_z_masks, pass_weights, begin, k, 0, 0, passes, floats)


@njit
def _add_patterns(
    sizes: Integers,
    rows: Integers,
    ints: Integers,
    reals: Floats,
    patterns: Integers,
    rank: int,
    num_alive: int,
    lane_values: Floats,
    passes: Integers,
    floats: Floats,
) -> None:
    """Add a pass for each combination of parities where d does not vanish."""
    lanes, num_rows = sizes[place.LANES], sizes[place.NUM_ROWS]
    pass_z_masks, pass_weights = ints[place.PASS_Z_MASKS], reals[place.PASS_WEIGHTS]
    pass_z_masks[0], pass_weights[0] = ints[place.Z_MASKS, 0] & -lanes, 1.0
    for p in range(num_alive):
        pattern, agree = patterns[3 * MAX_RANK + p], True
        for r in range(num_rows):
            for column in range(place.ROW_COLUMNS):
                rows[1, r, column] = rows[0, r, column]
        sizes[place.NUM_ROWS] = num_rows
        for k in range(rank):
            agree = agree and add_parity(rows[1], sizes, patterns[k], pattern >> k & 1)
        if agree:
            values = lane_values[pattern * lanes :]
            add_pass(sizes, rows[1], program.SIGNED, values, pass_z_masks, pass_weights, 0, 1, 0, 0, passes, floats)


@njit
def _add_signed(
    sizes: Integers,
    rows: Integers,
    ints: Integers,
    reals: Floats,
    count: int,
    lane_values: Floats,
    passes: Integers,
    floats: Floats,
) -> None:
    """Add a pass for each set of terms that differ in the lanes only."""
    lanes, first = sizes[place.LANES], 0
    pass_z_masks, pass_weights = ints[place.PASS_Z_MASKS], reals[place.PASS_WEIGHTS]
    pass_weights[0] = 1.0
    while first < count:
        stop = _end_of_run(ints[place.Z_MASKS], first, count, -lanes)
        _add_lane_weights(ints[place.Z_MASKS], reals[place.WEIGHTS], first, stop, lanes, lane_values, 0)
        pass_z_masks[0] = ints[place.Z_MASKS, first] & -lanes
        add_pass(sizes, rows, program.SIGNED, lane_values, pass_z_masks, pass_weights, 0, 1, 0, 0, passes, floats)
        first = stop


@njit
def _pack_group(
    sizes: Integers,
    count: int,
    ints: Integers,
    reals: Floats,
    rows: Integers,
    patterns: Integers,
    lane_values: Floats,
    passes: Integers,
    floats: Floats,
) -> bool:
    """Add the passes of the group at hand, whose `count` terms stand in Z_MASKS and WEIGHTS; False without room."""
    lanes, block_bits, num_qubits = sizes[place.LANES], sizes[place.BLOCK_BITS], sizes[place.NUM_QUBITS]
    z_masks, weights = ints[place.Z_MASKS], reals[place.WEIGHTS]
    sizes[place.NUM_ROWS] = 0
    count = fold_mirrors(z_masks, weights, count, sizes, rows[0])
    known = sizes[place.NUM_ROWS]
    if sizes[place.HALVED] and sizes[place.X_MASK] >= lanes:
        known += 1
        half = highest_bit(sizes[place.X_MASK])
        if not add_parity(rows[0], sizes, half, 0):
            return True
        for t in range(count):
            weights[t] *= 2.0

    blocks, registers = max(1, (1 << (num_qubits - block_bits)) >> known), ((1 << num_qubits) // lanes) >> known
    one_pass = PASS_COST * blocks + max(4 * blocks, registers)
    num_vectors, first = 0, 0
    while first < count:
        first = _end_of_run(z_masks, first, count, -lanes)
        num_vectors += 1
    is_pattern, form, cost = False, program.SIGNED, float(num_vectors * one_pass)
    num_passes, num_terms, num_entries = num_vectors, num_vectors, 0

    num_alive, rank = 0, 0
    if num_vectors > 1:
        rank = _find_patterns(z_masks, weights, count, lanes, patterns, lane_values)
    if rank:
        num_alive = _settle_patterns(lanes, rank, lane_values, patterns)
        its_cost = float(num_alive * (PASS_COST * blocks + max(4 * blocks, registers >> rank)))
        if num_alive and its_cost < cost:
            is_pattern, cost, num_passes, num_terms = True, its_cost, num_alive, num_alive

    whole = (
        num_qubits <= sizes[place.TABLE_BITS]
        and sizes[place.TABLE_ENTRIES] + (1 << num_qubits) <= sizes[place.MAX_TABLE_ENTRIES]
    )
    bits = num_qubits if whole else block_bits
    alike, end_alike = 0, 0
    its_cost = PASS_COST * blocks + TABLE_COST * max(4 * blocks, registers)
    if its_cost < cost:
        first = 0
        while first < count:
            stop = _end_of_run(z_masks, first, count, -1 << bits)
            if stop - first > end_alike - alike:
                alike, end_alike = first, stop
            first = stop
        num_places = _sort_rest(z_masks, count, alike, end_alike, bits, ints)
        its_cost += float(num_places * one_pass)
        if its_cost < cost:
            is_pattern, form, cost = False, program.TABLE, its_cost
            num_passes, num_terms, num_entries = 1 + num_places, 1 + count, 1 << bits
    if not whole and PASS_COST * blocks + TRANSFORM_COST * registers < cost:
        is_pattern, form, num_passes, num_terms, num_entries = False, program.TRANSFORM, 1, count, 0

    if not has_room(sizes, num_passes, num_terms, num_entries, passes, floats):
        return False
    if is_pattern:
        _add_patterns(sizes, rows, ints, reals, patterns, rank, num_alive, lane_values, passes, floats)
    elif form == program.SIGNED:
        _add_signed(sizes, rows[0], ints, reals, count, lane_values, passes, floats)
    elif form == program.TABLE:
        _add_table(sizes, rows[0], ints, reals, lane_values, count, alike, end_alike, bits, passes, floats)
    else:
        for lane in range(lanes):
            lane_values[lane] = 1.0
        sizes[place.TRANSFORMS] = 1
        add_pass(sizes, rows[0], form, lane_values, z_masks, weights, 0, count, 0, 0, passes, floats)
    return True


@njit
def pack_terms(
    terms: Integers,
    coefficients: Complex,
    sizes: Integers,
    ints: Integers,
    reals: Floats,
    passes: Integers,
    floats: Floats,
) -> bool:
    """Turn terms into passes, group by group.

    Args:
        terms, coefficients: see `sort_terms`.
        sizes, ints, reals: see `sizes`.
        passes, floats: int64[:] and float64[:], receive passes and their numbers.

    Returns:
        Whether there was room for all. If not, the kernel goes on when it is called again with longer arrays that
        begin with what these hold.
    """
    rows = np.empty((2, place.MOST_ROWS, place.ROW_COLUMNS), np.int64)
    patterns = np.empty(3 * MAX_RANK + (1 << MAX_RANK), np.int64)
    lane_values = np.empty(sizes[place.LANES] << MAX_RANK, np.float64)
    if sizes[place.NEXT] == 0:
        sort_terms(terms, coefficients, sizes, ints, reals)
    while sizes[place.NEXT] < sizes[place.NUM_TERMS]:
        first = sizes[place.NEXT]
        head, x_mask = ints[place.SORTED_HEADS, first], ints[place.SORTED_X, first]
        stop = first
        while (
            stop < sizes[place.NUM_TERMS]
            and ints[place.SORTED_X, stop] == x_mask
            and ints[place.SORTED_HEADS, stop] == head
        ):
            ints[place.Z_MASKS, stop - first] = ints[place.SORTED_Z, stop]
            reals[place.WEIGHTS, stop - first] = reals[place.SORTED_VALUES, stop]
            stop += 1
        sizes[place.HEAD], sizes[place.X_MASK] = head, x_mask
        if not _pack_group(sizes, stop - first, ints, reals, rows, patterns, lane_values, passes, floats):
            return False
        sizes[place.NEXT] = stop
    return True
