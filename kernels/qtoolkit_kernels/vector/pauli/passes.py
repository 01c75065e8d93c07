"""One pass of a program, and all passes in their order."""

from qtoolkit_kernels._bits import highest_bit, parity
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.vector.pauli import program
from qtoolkit_kernels.vector.pauli import sizes as place
from qtoolkit_kernels.vector.pauli.sorting import sort_by_keys

__all__ = ["add_pass", "has_room", "order_passes"]

MOST_PARITIES = 5
"""What a pass may have beside those of its group's mirrors and the halving of pairs: those of a pattern."""


@njit
def has_room(
    sizes: Integers, num_passes: int, num_terms: int, num_entries: int, ints: Integers, floats: Floats
) -> bool:
    """Whether passes of a group, with so many terms and entries of tables in all, fit; writes what room they need."""
    most = program.HEADER + program.CONSTRAINT * (sizes[place.NUM_ROWS] + MOST_PARITIES) + sizes[place.BLOCK_BITS] + 2
    sizes[place.NEEDED_INTS] = sizes[place.NUM_INTS] + num_passes * most + num_terms
    sizes[place.NEEDED_FLOATS] = sizes[place.NUM_FLOATS] + 2 * num_passes * sizes[place.LANES] + num_terms + num_entries
    return bool(sizes[place.NEEDED_INTS] <= ints.size and sizes[place.NEEDED_FLOATS] <= floats.size)


@njit
def _sort_rows(rows: Integers, count: int) -> None:
    """Bring parities into the order of their bits."""
    for r in range(1, count):
        mask, value, bit = rows[r, place.MASK], rows[r, place.VALUE], rows[r, place.BIT]
        while r > 0 and rows[r - 1, place.BIT] > bit:
            for column in range(place.ROW_COLUMNS):
                rows[r, column] = rows[r - 1, column]
            r -= 1
        rows[r, place.MASK], rows[r, place.VALUE], rows[r, place.BIT] = mask, value, bit


@njit
def _add_directions(sizes: Integers, rows: Integers, sign_mask: int, ints: Integers, start: int) -> int:
    """Write independent steps inside a block that keep all parities, and return how many.

    Their number is negative if the first one changes the sign. No other one does, so that a walk's sum is the sum over
    one half minus that over the other.
    """
    num_rows, count, signed = sizes[place.NUM_ROWS], 0, 0
    free = (1 << sizes[place.BLOCK_BITS]) - sizes[place.LANES]
    for r in range(num_rows):
        free &= ~rows[r, place.BIT]
    while free:
        bit = free & -free
        free ^= bit
        direction = bit
        for r in range(num_rows):
            if rows[r, place.MASK] & bit:
                direction |= rows[r, place.BIT]
        at = start + count
        if parity(direction & sign_mask):
            if signed:
                direction ^= signed
            else:
                signed = direction
                while at > start:
                    ints[at] = ints[at - 1]
                    at -= 1
        ints[at] = 2 * direction
        count += 1
    return -count if signed else count


@njit
def add_pass(
    sizes: Integers,
    rows: Integers,
    form: int,
    lane_weights: Floats,
    z_masks: Integers,
    weights: Floats,
    first: int,
    stop: int,
    table: int,
    table_mask: int,
    ints: Integers,
    floats: Floats,
) -> None:
    """Append a pass of the group at hand; there must be room.

    Args:
        sizes: NUM_INTS, NUM_FLOATS, NUM_PASSES and VISITS are counted up.
        rows: its parities.
        form: SIGNED, TABLE or TRANSFORM.
        lane_weights: float64[lanes], one register of weights.
        z_masks, weights, first, stop: its terms, in these places; of a signed one they agree within blocks.
        table, table_mask: place of a table and mask of its index, or zeros.
        ints, floats: receive it.
    """
    lanes, num_rows, num_terms = sizes[place.LANES], sizes[place.NUM_ROWS], stop - first
    imaginary, x_mask = sizes[place.HEAD] & 1, sizes[place.X_MASK]
    head, numbers = sizes[place.NUM_INTS], sizes[place.NUM_FLOATS]
    _sort_rows(rows, num_rows)
    at, skipping = head + program.HEADER, 0
    for r in range(num_rows):
        ints[at] = rows[r, place.MASK] & (-1 << sizes[place.BLOCK_BITS])
        ints[at + 1], ints[at + 2] = rows[r, place.VALUE], rows[r, place.BIT]
        skipping += rows[r, place.BIT] == 0
        at += program.CONSTRAINT
    coefficients = numbers + 2 * lanes
    for t in range(num_terms):
        ints[at + t] = z_masks[first + t]
        floats[coefficients + t] = weights[first + t]
    at += num_terms
    count = _add_directions(sizes, rows, z_masks[first] if form == program.SIGNED else 0, ints, at)
    sign = -1 if count < 0 else 1
    count = abs(count)
    # A walk takes four registers at a time; short of directions it meets the same ones again.
    steps, repeats = 1 << max(0, count - 2), 1 << max(0, 2 - count)
    while count < 2:
        ints[at + count] = 0
        count += 1
    for lane in range(lanes):
        weight = lane_weights[lane] / repeats
        floats[numbers + 2 * lane] = -weight if imaginary else weight
        floats[numbers + 2 * lane + 1] = weight
    ints[head] = at + count - head
    ints[head + program.PARTNER] = 2 * (x_mask & -lanes)
    ints[head + program.EXCHANGE] = 2 * (x_mask & (lanes - 1)) | imaginary
    ints[head + program.FORM] = form
    ints[head + program.OWNER] = sizes[place.HEAD] >> 1
    ints[head + program.WEIGHTS] = numbers
    ints[head + program.CONSTRAINTS] = num_rows
    ints[head + program.TERMS] = num_terms
    ints[head + program.COEFFICIENTS] = coefficients
    ints[head + program.STEPS] = steps
    ints[head + program.SIGN] = sign
    ints[head + program.TABLE_PLACE] = table
    ints[head + program.TABLE_MASK] = table_mask
    sizes[place.NUM_INTS] = at + count
    sizes[place.NUM_FLOATS] = coefficients + num_terms
    sizes[place.NUM_PASSES] += 1
    sizes[place.VISITS] += 4 * steps << max(0, sizes[place.NUM_QUBITS] - sizes[place.BLOCK_BITS] - skipping)


@njit
def order_passes(sizes: Integers, num_sums: int, passes: Integers, scratch: Integers, ints: Integers) -> int:
    """Write a program: all passes by partner superblock, then by partner block, then alike ones together.

    Args:
        sizes: of the program.
        num_sums: number of observables.
        passes: int64[:], the passes as `add_pass` wrote them.
        scratch: int64[INT_ROWS, at least the number of passes].
        ints: int64[FIRST + numbers of the passes + SECTION · passes + 1], receives the program.

    Returns:
        How many numbers it takes.
    """
    count, at = sizes[place.NUM_PASSES], 0
    block_bits, super_bits = sizes[place.BLOCK_BITS], sizes[place.SUPER_BITS]
    for k in range(count):
        alike = passes[at + program.FORM]
        alike = alike << 16 | passes[at + program.EXCHANGE]
        alike = alike << 32 | passes[at + program.STEPS]
        scratch[place.KEYS, k] = passes[at + program.PARTNER] >> (block_bits + 1)
        scratch[place.KEYS + 1, k] = alike
        scratch[place.KEYS + 2, k] = passes[at + program.SIGN]
        scratch[place.SORTED_HEADS, k] = at
        at += passes[at]
    sort_by_keys(scratch, count)
    ints[0], ints[1], ints[3], ints[4] = 1 << block_bits, 1 << super_bits, num_sums, sizes[place.TRANSFORMS]
    end, section, last = program.FIRST, 0, -1
    for k in range(count):
        column = scratch[place.ORDER, k]
        partner = scratch[place.KEYS, column] >> (super_bits - block_bits)
        if partner != last:
            section, last = end, partner
            ints[section + 1] = highest_bit(partner) << super_bits if partner and sizes[place.HALVED] else 0
            end += program.SECTION
        at = scratch[place.SORTED_HEADS, column]
        for j in range(passes[at]):
            ints[end + j] = passes[at + j]
        end += passes[at]
        ints[section] = end
    ints[2] = end
    # A walk looks one direction past its last.
    ints[end] = 0
    return end + 1
