"""The operations of one sweep taken back on a block that holds two states, ψ in its first half and λ in its second.

The coefficients are those of the inverse operations, so that most of them run as they do forwards, on a block of twice
the size. Before an operation that depends on parameters is taken back, the numbers that its derivatives are made of
are summed over the block:

| row | numbers | FMA per amplitude of ψ, beside twice those of the operation |
|---|---|---|
| ROTATE, ROTATE_LANES | Re ⟨λ|-iY|ψ⟩ of each bit | 2 for each bit |
| DIAGONAL | Σ Im λ*ψ where a bit is set, and where two are | 4, with pairs across the low bits' border 6 |
| STRINGS | Σ ±Im λ*ψ, the sign that of a string of Z | 4 + block_bits |
| probe | Σ ±λ*(x) ψ(x ^ mask) where controls have their values | 4 · 2^-controls |

Probes give PAULI and PHASE rows their numbers, DENSE and MATRIX rows the numbers ``Σ λ_i* ψ_j``, and one-qubit products
those that their rotation leaves out.
"""

import numpy as np

from qtoolkit_kernels._bits import next_without, parity
from qtoolkit_kernels._jit import njit, reduction_njit
from qtoolkit_kernels._types import Floats, Integers, Reals
from qtoolkit_kernels.vector import block, isa, tiles, walsh_tiles
from qtoolkit_kernels.vector.adjoint import tiles as adjoint_tiles
from qtoolkit_kernels.vector.adjoint.plan import Sought
from qtoolkit_kernels.vector.cut import Cut
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.phases import begin_walk, next_step
from qtoolkit_kernels.vector.plan import Numbers
from qtoolkit_kernels.vector.skew import skew_of, skewed
from qtoolkit_kernels.vector.walsh import string_values, walsh_transform

__all__ = ["COLLECT", "PROBE", "WANTED", "turn_back_block"]

COLLECT = 5
"""Columns of `Sought.collect`: what a row sums up, then the places of the sums of a rotation's bits, -1 for none."""
NOTHING, SUMS, JOINED_SUMS = 0, 1, 2
"""DIAGONAL tells pairs of a low bit and a high one apart, which cost more."""

PROBE = 13
(
    PROBE_X_TILE, PROBE_X_LANES, PROBE_Z_TILE, PROBE_Z_LANES, PROBE_Z_OUTER, PROBE_TILE_MASK, PROBE_TILE_VALUE,
    PROBE_LANE_MASK, PROBE_LANE_VALUE, PROBE_OUTER_MASK, PROBE_OUTER_VALUE, PROBE_PLACE, PROBE_ENABLED,
) = range(PROBE)  # fmt: skip
"""Columns of a probe; it writes a real and an imaginary part, at its place and the next."""

WANTED = 3
"""Columns of `Sought.wanted`: two index bits, equal for the sum where one is set, and the place of the sum; of STRINGS
the string, nothing, and the place."""

MAX_ROTATED = 3


@njit
def turn_rotations(
    data: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    lane_bits: int,
    row: Integers,
    coefficients: Reals,
    far: int,
    collect: Integers,
    scales: Floats,
    sums: Floats,
    lane_sums: Floats,
) -> None:
    """Take back a ROTATE row."""
    row_count, steep = row[isa.ROTATE_COUNT], row[isa.ROTATE_STEEP]
    first = 0
    while first < row_count:
        count = row_count - first
        if count > MAX_ROTATED:
            count = 2
        start = row[isa.START] + first
        s0 = 1 << (row[isa.POSITIONS + first] - lane_bits)
        s1 = 1 << (row[isa.POSITIONS + first + 1] - lane_bits) if count > 1 else 0
        s2 = 1 << (row[isa.POSITIONS + first + 2] - lane_bits) if count > 2 else 0
        mask = s0 | s1 | s2
        t0, t1, t2 = skewed(s0, skew) * tile, skewed(s1, skew) * tile, skewed(s2, skew) * tile
        none = adjoint_tiles.no_sum(data, lanes)
        sum_0, sum_1, sum_2 = none, none, none
        j = 0
        if count == 1 and steep == 0:
            one = (none,)
            for _ in range(num_tiles >> 1):
                o = skewed(j, skew) * tile
                one = adjoint_tiles.turn_back_1(data, lanes, o, far, (t0,), coefficients, start, one)
                j = next_without(j, mask)
            sum_0 = one[0]
        elif count == 2 and steep == 0:
            two = (none, none)
            for _ in range(num_tiles >> 2):
                o = skewed(j, skew) * tile
                two = adjoint_tiles.turn_back_2(data, lanes, o, far, (t0, t1), coefficients, start, two)
                j = next_without(j, mask)
            sum_0, sum_1 = two
        elif count == 3 and steep == 0:
            three = (none, none, none)
            for _ in range(num_tiles >> 3):
                o = skewed(j, skew) * tile
                three = adjoint_tiles.turn_back_3(data, lanes, o, far, (t0, t1, t2), coefficients, start, three)
                j = next_without(j, mask)
            sum_0, sum_1, sum_2 = three
        elif count == 1:
            one = (none,)
            for _ in range(num_tiles >> 1):
                o = skewed(j, skew) * tile
                one = adjoint_tiles.turn_back_steep_1(data, lanes, o, far, (t0,), coefficients, start, one)
                j = next_without(j, mask)
            sum_0 = one[0]
        elif count == 2:
            two = (none, none)
            for _ in range(num_tiles >> 2):
                o = skewed(j, skew) * tile
                two = adjoint_tiles.turn_back_steep_2(data, lanes, o, far, (t0, t1), coefficients, start, two)
                j = next_without(j, mask)
            sum_0, sum_1 = two
        else:
            three = (none, none, none)
            for _ in range(num_tiles >> 3):
                o = skewed(j, skew) * tile
                three = adjoint_tiles.turn_back_steep_3(data, lanes, o, far, (t0, t1, t2), coefficients, start, three)
                j = next_without(j, mask)
            sum_0, sum_1, sum_2 = three
        for k in range(count):
            if collect[1 + first + k] >= 0:
                adjoint_tiles.store_sum(lane_sums, sum_0 if k == 0 else (sum_1 if k == 1 else sum_2))
                sums[collect[1 + first + k]] += scales[first + k] * lane_sums[: tile // 2].sum()
        first += count


@njit
def turn_lanes(
    data: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    lane_bits: int,
    row: Integers,
    coefficients: Reals,
    far: int,
    collect: Integers,
    scales: Floats,
    sums: Floats,
    lane_sums: Floats,
) -> None:
    """Take back a ROTATE_LANES row."""
    none = adjoint_tiles.no_sum(data, lanes)
    found = (none, none, none, none)
    for j in range(num_tiles):
        o = skewed(j, skew) * tile
        found = adjoint_tiles.turn_back_lanes(data, lanes, o, far, coefficients, row[isa.START], found)
    for k in range(lane_bits):
        if collect[1 + k] < 0:
            continue
        if k < 2:
            adjoint_tiles.store_sum(lane_sums, found[0] if k == 0 else found[1])
        else:
            adjoint_tiles.store_sum(lane_sums, found[2] if k == 2 else found[3])
        total = 0.0
        for lane in range(tile // 2):
            total += lane_sums[lane] if lane >> k & 1 else -lane_sums[lane]
        sums[collect[1 + k]] += scales[0] * total


@njit
def run_probe(
    data: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    probe: Integers,
    outer: int,
    far: int,
    scale: float,
    sums: Floats,
    lane_sums: Floats,
) -> None:
    """Sum ±λ*(x) ψ(x ^ mask) over the amplitudes whose bits have the controls' values."""
    if outer & probe[PROBE_OUTER_MASK] != probe[PROBE_OUTER_VALUE]:
        return
    one = data.dtype.type(1)
    x, z, flips = probe[PROBE_X_TILE], probe[PROBE_Z_TILE], probe[PROBE_X_LANES]
    fixed, value = probe[PROBE_TILE_MASK], probe[PROBE_TILE_VALUE]
    outside = parity(outer & probe[PROBE_Z_OUTER])
    none = adjoint_tiles.no_sum(data, lanes)
    found = (none, none)
    j = 0
    while j < num_tiles:
        here = j | value
        sign = -one if parity(here & z) != outside else one
        ket, bra = skewed(here ^ x, skew) * tile, skewed(here, skew) * tile + far
        if flips:
            found = adjoint_tiles.add_overlap_flipped(data, lanes, ket, bra, flips, sign, found)
        else:
            found = adjoint_tiles.add_overlap(data, lanes, ket, bra, flips, sign, found)
        j = next_without(j, fixed)
    for part in range(2):
        adjoint_tiles.store_sum(lane_sums, found[0] if part == 0 else found[1])
        total = 0.0
        for lane in range(tile // 2):
            if lane & probe[PROBE_LANE_MASK] == probe[PROBE_LANE_VALUE]:
                total += -lane_sums[lane] if parity(lane & probe[PROBE_Z_LANES]) else lane_sums[lane]
        sums[probe[PROBE_PLACE] + part] += scale * total


@reduction_njit
def fold(values: Floats, num_bits: int, singles: Floats) -> float:
    """Sum `values` (used up) over the numbers in which a bit is set, for each bit; return the sum of all."""
    for k in range(num_bits - 1, -1, -1):
        size = 1 << k
        total = 0.0
        for x in range(size):
            total += values[size + x]
        for x in range(size):
            values[x] += values[size + x]
        singles[k] = total
    return float(values[0])


@njit
def fold_pairs(values: Floats, num_bits: int, spare: Floats, first: int, matrix: Floats) -> float:
    """Add sums of `values` (used up) where two bits are set, or one, to ``matrix[first + i, first + j]``, i <= j."""
    singles = np.empty(num_bits, np.float64)
    for k in range(num_bits - 1, -1, -1):
        size = 1 << k
        spare[:size] = values[size : 2 * size]
        matrix[first + k, first + k] += fold(spare, k, singles)
        for i in range(k):
            matrix[first + i, first + k] += singles[i]
        for x in range(size):
            values[x] += values[size + x]
    return float(values[0])


@njit
def turn_phases(
    data: Reals,
    cut: Cut,
    numbers: Numbers,
    polynomial: int,
    bits: Integers,
    outer: int,
    tables: Reals,
    place: int,
    weights: Floats,
    kind: int,
    wanted: Integers,
    scale: float,
    sums: Floats,
    lane_sums: Floats,
) -> None:
    """Take back a DIAGONAL row; `weights` receives the Im λ*ψ of 2^low_bits amplitudes at a time."""
    lanes, block_bits, _, low_bits = cut
    linear, pairs = numbers.linear[polynomial], numbers.pairs[polynomial]
    count = tiles.lanes_of(data, lanes)
    tile = 2 * count
    skew = skew_of(tile * data.itemsize)
    far = skewed((1 << block_bits) // count, skew) * tile
    size = 2 << low_bits
    num_low = 1 << low_bits
    num_high = block_bits - low_bits
    high_pairs = place + size * (1 + num_high)
    values, turning = np.empty(1 << num_high, np.complex128), np.empty(num_high, np.int64)
    num_turning, num_free, chosen = begin_walk(
        tables, lanes, place, block_bits, low_bits, bits, outer, numbers.constants[polynomial], linear, pairs,
        numbers.controls[polynomial], 0, values, turning,
    )  # fmt: skip
    if chosen < 0:
        return
    low = np.zeros(num_low, np.float64)
    high_sums = np.zeros(1 << num_high, np.float64)
    joined = np.zeros((low_bits, 1 << num_high if kind == JOINED_SUMS else 0), np.float64)
    spare = np.empty(max(num_low, 1 << num_high), np.float64)
    singles = np.empty(max(low_bits, num_high), np.float64)
    for step in range(1 << num_turning):
        chosen = next_step(tables, lanes, place, low_bits, step, num_free, turning, chosen)
        high = chosen >> low_bits
        value = values[high] * complex(tables[high_pairs + 2 * high], tables[high_pairs + 2 * high + 1])
        real, imag = data.dtype.type(value.real), data.dtype.type(value.imag)
        offset = skewed(2 * chosen // tile, skew) * tile
        if kind == NOTHING:
            for j in range(0, size, tile):
                adjoint_tiles.turn_back_phases(data, lanes, offset + j, far, tables, j, real, imag)
            continue
        total = adjoint_tiles.no_sum(data, lanes)
        for j in range(0, size, tile):
            total = adjoint_tiles.add_weights(data, lanes, offset + j, far, weights, j // 2, total)
            adjoint_tiles.turn_back_phases(data, lanes, offset + j, far, tables, j, real, imag)
        for x in range(num_low):
            low[x] += weights[x]
        adjoint_tiles.store_sum(lane_sums, total)
        high_sums[high] = lane_sums[:count].sum()
        if kind == JOINED_SUMS:
            fold(weights, low_bits, singles)
            for i in range(low_bits):
                joined[i, high] = singles[i]
    if kind == NOTHING:
        return
    matrix = np.zeros((bits.size, bits.size), np.float64)
    for i in range(joined.shape[0] if kind == JOINED_SUMS else 0):
        fold(joined[i], num_high, singles)
        for k in range(num_high):
            matrix[i, low_bits + k] = singles[k]
    fold_pairs(high_sums, num_high, spare, low_bits, matrix)
    total_weight = fold_pairs(low, low_bits, spare, 0, matrix)
    for k in range(block_bits, bits.size):
        if outer >> bits[k] & 1:
            for i in range(block_bits):
                matrix[i, k] = matrix[i, i]
            for i in range(block_bits, k + 1):
                if outer >> bits[i] & 1:
                    matrix[i, k] = total_weight
    positions = np.empty(bits.size, np.int64)
    for k in range(bits.size):
        positions[bits[k]] = k
    for w in range(wanted.shape[0]):
        i, j = positions[wanted[w, 0]], positions[wanted[w, 1]]
        sums[wanted[w, 2]] += scale * matrix[min(i, j), max(i, j)]


@njit
def turn_strings(
    data: Reals,
    lanes: Lanes,
    block_bits: int,
    skew: int,
    outer: int,
    strings: Integers,
    string_angles: Floats,
    weights: Floats,
    angles: Reals,
    far: int,
    kind: int,
    wanted: Integers,
    scale: float,
    sums: Floats,
) -> None:
    """Take back a STRINGS row; `weights` and then `angles` need room for 2^block_bits numbers."""
    count = tiles.lanes_of(data, lanes)
    num_tiles = (1 << block_bits) // count
    if kind != NOTHING:
        total = adjoint_tiles.no_sum(data, lanes)
        for j in range(num_tiles):
            o = skewed(j, skew) * 2 * count
            total = adjoint_tiles.add_weights(data, lanes, o, far, weights, j * count, total)
        walsh_transform(weights, lanes, block_bits)
        for w in range(wanted.shape[0]):
            k = wanted[w, 0]
            value = scale * weights[strings[k, 0]]
            sums[wanted[w, 2]] += -value if parity(outer & strings[k, 1]) else value
    string_values(lanes, block_bits, outer, strings, string_angles, angles)
    for j in range(num_tiles):
        o = skewed(j, skew) * 2 * count
        walsh_tiles.turn_tile(data, lanes, o, angles, j * count)
        walsh_tiles.turn_tile(data, lanes, o + far, angles, j * count)


@njit
def turn_back_block(
    data: Reals,
    cut: Cut,
    first_row: int,
    operations: Integers,
    numbers: Numbers,
    bits: Integers,
    outer: int,
    tables: Reals,
    first_table: Integers,
    weights: Floats,
    angles: Reals,
    sought: Sought,
    sums: Floats,
) -> None:
    """Take back the operations of one sweep, the last one first, down to row `first_row`.

    Args:
        data: both states of the block, as tiles, the second behind the first as if one more bit told them apart.
        cut, operations, bits, outer, tables, first_table: as for `block.run_block`.
        first_row: where to stop.
        numbers: those of the inverse operations, in the order of the operations.
        weights, angles: scratch, aligned, for 2^low_bits numbers and with STRINGS for 2^block_bits; may be the same.
            `angles` is also the spare memory of matrices, see `matrices.apply_matrix`.
        sought: of the sweep's rows.
        sums: changed.
    """
    lanes, block_bits, _, _ = cut
    coefficients, strings, string_angles = numbers.registers, numbers.strings, numbers.string_angles
    collect, scales, probe_start, probes, wanted_start, wanted = sought
    count = tiles.lanes_of(data, lanes)
    tile = 2 * count
    skew = skew_of(tile * data.itemsize)
    lane_bits = tiles.lane_bits_of(data, lanes)
    num_tiles = (1 << block_bits) // count
    far = skewed(num_tiles, skew) * tile
    lane_sums = np.empty(1 << tiles.MAX_LANE_BITS, np.float64)
    diagonals = first_table.size
    for i in range(operations.shape[0] - 1, first_row - 1, -1):
        row = operations[i]
        opcode = row[isa.OPCODE]
        for p in range(probe_start[i], probe_start[i + 1]):
            if probes[p, PROBE_ENABLED]:
                run_probe(data, lanes, num_tiles, tile, skew, probes[p], outer, far, scales[i, 0], sums, lane_sums)
        if opcode == isa.DIAGONAL:
            diagonals -= 1
            turn_phases(
                data, cut, numbers, row[isa.DIAGONAL_POLYNOMIAL], bits, outer, tables, first_table[diagonals], weights,
                collect[i, 0], wanted[wanted_start[i] : wanted_start[i + 1]], scales[i, 0], sums, lane_sums,
            )  # fmt: skip
            continue
        if opcode == isa.STRINGS:
            first, last = row[isa.STRINGS_FIRST], row[isa.STRINGS_END]
            turn_strings(
                data, lanes, block_bits, skew, outer, strings[first:last], string_angles[first:last], weights, angles,
                far, collect[i, 0], wanted[wanted_start[i] : wanted_start[i + 1]], scales[i, 0], sums,
            )  # fmt: skip
            continue
        if outer & row[isa.OUTER_MASK] != row[isa.OUTER_VALUE]:
            continue
        if opcode == isa.ROTATE:
            if collect[i, 0]:
                turn_rotations(
                    data, lanes, num_tiles, tile, skew, lane_bits, row, coefficients, far, collect[i], scales[i], sums,
                    lane_sums,
                )  # fmt: skip
            else:
                block.rotate(data, lanes, 2 * num_tiles, tile, skew, lane_bits, row, coefficients)
        elif opcode == isa.ROTATE_LANES:
            if collect[i, 0]:
                turn_lanes(
                    data, lanes, num_tiles, tile, skew, lane_bits, row, coefficients, far, collect[i], scales[i], sums,
                    lane_sums,
                )  # fmt: skip
            else:
                for j in range(0, 2 * num_tiles, 2):
                    tiles.rotate_lanes(data, lanes, skewed(j, skew) * tile, coefficients, row[isa.START])
        elif opcode == isa.DENSE:
            low, high = row[isa.POSITIONS], row[isa.POSITIONS + 1]
            block.dense(data, lanes, 2 * num_tiles, tile, skew, lane_bits, low, high, coefficients, row[isa.START])
        elif opcode == isa.EXCHANGE:
            block.exchange(data, lanes, 2 * num_tiles, tile, skew, lane_bits, row, coefficients)
        elif opcode == isa.SWAP:
            block.swap(data, lanes, 2 * num_tiles, tile, skew, lane_bits, row, coefficients)
        elif opcode == isa.PHASE:
            block.phase(data, lanes, 2 * num_tiles, tile, skew, row, coefficients)
        elif opcode == isa.PAULI:
            block.rotate_string(data, lanes, 2 * num_tiles, skew, row, coefficients, outer)
        else:
            block.run_rare(data, lanes, 2 * num_tiles, tile, skew, row, coefficients, outer, angles)
