"""Sums and probes of rows that are taken back, and what derivatives are made of: one of each, added to the tables.

The tables are those of `vector.adjoint.block` and `vector.adjoint.numbers`; rows of `probes` and `wanted` have a column
more, the row of the plan that they belong to, until all are there and are sorted by it.
"""

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector import numbers as forms
from qtoolkit_kernels.vector.adjoint import block

__all__ = [
    "AFTER", "BEFORE", "COUNTS", "DENSES", "ENTRIES", "FACTORS", "FIRST_ROW", "LOCALS", "MOVES", "PLACES", "PROBES",
    "ROTATION", "SUM_COLUMNS", "WANTED", "X_PROBE", "Z_PROBE", "add_controlled_probe", "add_denses", "add_entry",
    "add_overlaps", "add_probe", "add_product_probes", "add_wanted", "diagonal_generator", "new_place", "sort_by_row",
    "want",
]  # fmt: skip

COUNTS = 8
PLACES, PROBES, WANTED, ENTRIES, LOCALS, DENSES, FACTORS, FIRST_ROW = range(COUNTS)
"""What is counted: places of sums, rows of the tables, matrices with controls; and the first row that has sums."""

SUM_COLUMNS = 6
MOVES, ROTATION, AFTER, BEFORE, X_PROBE, Z_PROBE = range(SUM_COLUMNS)
"""Of a product: whether angles enter it, places of the sums of its rotation and of the phases after and before it, and
two probes; -1 where there is none.
"""


@njit
def new_place(counts: Integers) -> int:
    """The place of one more sum."""
    place: int = counts[PLACES]
    counts[PLACES] = place + 1
    return place


@njit
def add_entry(counts: Integers, entries: Integers, weights: Floats, slot: int, place: int, weight: float) -> None:
    """Add a sum to a derivative, with a weight that is 0 if it depends on numbers."""
    number = counts[ENTRIES]
    entries[number, 0], entries[number, 1], weights[number] = slot, place, weight
    counts[ENTRIES] = number + 1


@njit
def add_wanted(counts: Integers, wanted: Integers, row: int, first: int, second: int) -> int:
    """Add a row of `wanted`; the place of its sum."""
    place: int = new_place(counts)
    found = wanted[counts[WANTED]]
    found[0], found[1], found[2], found[block.WANTED] = first, second, place, row
    counts[WANTED] += 1
    return place


@njit
def want(
    counts: Integers,
    wanted: Integers,
    known: Integers,
    collect: Integers,
    position: Integers,
    row: int,
    i: int,
    j: int,
    low_bits: int,
    block_bits: int,
) -> int:
    """The place of a polynomial's sum where one index bit or two are set.

    Args:
        counts, wanted, collect: changed.
        known: int64[num_bits, num_bits], changed: places of the polynomial's sums by lower and higher index bit, or -1.
        position: int64[num_bits], of each index bit in the sweep.
        row: of the polynomial.
        i, j: the index bits, equal for one.
        low_bits, block_bits: of the layout.
    """
    low, high = min(i, j), max(i, j)
    if known[low, high] < 0:
        known[low, high] = add_wanted(counts, wanted, row, low, high)
    if collect[row, 0] == block.NOTHING:
        collect[row, 0] = block.SUMS
    place: int = known[low, high]
    low, high = min(position[i], position[j]), max(position[i], position[j])
    if low < low_bits and low_bits <= high < block_bits:
        collect[row, 0] = block.JOINED_SUMS
    return place


@njit
def diagonal_generator(generators: Complex, form: int, place: int, detail: int, g: Floats) -> None:
    """Write the generator of a diagonal gate by the values of its qubits, four numbers."""
    for k in range(4):
        g[k] = 0.0
    if form == forms.PAULI_1Q or form == forms.PAULI_2Q:
        g[0] = g[3] = 0.5
        g[1] = g[2] = -0.5
    elif form == forms.DIAGONAL_1Q or form == forms.DIAGONAL_2Q:
        for k in range(2 if form == forms.DIAGONAL_1Q else 4):
            g[k] = generators[place + k].real
    elif form == forms.PHASE_1Q or form == forms.PHASE_2Q:
        g[detail] = generators[place].real
    else:
        g[2 * detail], g[2 * detail + 1] = generators[place].real, generators[place + 1].real


@njit
def add_probe(counts: Integers, probes: Integers, row: int) -> int:
    """Add a probe of all amplitudes, and places for its real and imaginary part; its number."""
    number: int = counts[PROBES]
    counts[PROBES] = number + 1
    probe = probes[number]
    for column in range(block.PROBE):
        probe[column] = 0
    probe[block.PROBE_PLACE], probe[block.PROBE_ENABLED], probe[block.PROBE] = counts[PLACES], 1, row
    counts[PLACES] += 2
    return number


@njit
def add_controlled_probe(
    counts: Integers, probes: Integers, operations: Integers, row: int, lane_mask: int, lane_value: int
) -> int:
    """Add a probe of the amplitudes where a row's controls have their values, those inside a register given."""
    number: int = add_probe(counts, probes, row)
    probe, operation = probes[number], operations[row]
    probe[block.PROBE_TILE_MASK], probe[block.PROBE_TILE_VALUE] = operation[isa.TILE_MASK], operation[isa.TILE_VALUE]
    probe[block.PROBE_OUTER_MASK] = operation[isa.OUTER_MASK]
    probe[block.PROBE_OUTER_VALUE] = operation[isa.OUTER_VALUE]
    probe[block.PROBE_LANE_MASK], probe[block.PROBE_LANE_VALUE] = lane_mask, lane_value
    return number


@njit
def add_product_probes(
    counts: Integers, probes: Integers, row: int, tile_bit: int, lane_bit: int, sums: Integers
) -> None:
    """Add probes of X and of Z, which derivatives within a one-qubit product need at some values.

    Args:
        counts, probes: changed.
        row: of the product's rotation.
        tile_bit, lane_bit: its bit, as a mask among tiles and one inside a register.
        sums: of the product; receives the numbers of the probes.
    """
    for k in range(2):
        number = add_probe(counts, probes, row)
        probe = probes[number]
        probe[block.PROBE_ENABLED] = 0
        probe[block.PROBE_Z_TILE if k else block.PROBE_X_TILE] = tile_bit
        probe[block.PROBE_Z_LANES if k else block.PROBE_X_LANES] = lane_bit
        sums[X_PROBE + k] = number


@njit
def _mask_of(first: int, second: int, bits: int) -> int:
    """Some of two positions, the second -1 if there is only one, as a mask."""
    mask = (bits & 1) << first
    return mask | (bits >> 1 & 1) << second if second >= 0 else mask


@njit
def add_overlaps(
    counts: Integers,
    probes: Integers,
    operations: Integers,
    row: int,
    first: int,
    second: int,
    lane_bits: int,
    lane_mask: int,
    lane_value: int,
    places: Integers,
) -> None:
    """Add probes of all ``λ_i* ψ_j`` at one or two positions.

    On one position the 4x4 matrix that is weighed acts on its lower bit; half of its entries then are alike, and
    half of the rest would be counted twice.

    Args:
        counts, probes: changed.
        operations, row: the row whose controls count.
        first, second: the positions, the second -1 if there is only one.
        lane_bits: bits inside a register.
        lane_mask, lane_value: controls there.
        places: int64[16], receives the places of real parts, by 4 i + j; any
            that nothing is written to where there is no probe.
    """
    size, lanes = 4 if second >= 0 else 2, (1 << lane_bits) - 1
    fixed = _mask_of(first, second, 3)
    for i in range(size):
        value = _mask_of(first, second, i)
        for j in range(size):
            flipped = _mask_of(first, second, i ^ j)
            number = add_controlled_probe(counts, probes, operations, row, lane_mask, lane_value)
            probe = probes[number]
            probe[block.PROBE_TILE_MASK] |= fixed >> lane_bits
            probe[block.PROBE_TILE_VALUE] |= value >> lane_bits
            probe[block.PROBE_LANE_MASK] |= fixed & lanes
            probe[block.PROBE_LANE_VALUE] |= value & lanes
            probe[block.PROBE_X_TILE], probe[block.PROBE_X_LANES] = flipped >> lane_bits, flipped & lanes
            places[4 * i + j] = probe[block.PROBE_PLACE]
    if size == 2:
        unused = counts[PLACES]
        counts[PLACES] = unused + 2
        for k in range(16):
            if k >= 8 or k & 2:
                places[k] = unused


@njit
def add_denses(
    number: int,
    factor: int,
    source: int,
    angle_start: Integers,
    angles: Integers,
    places: Integers,
    denses: Integers,
    entries: Integers,
    weights: Floats,
    counts: Integers,
) -> None:
    """Have overlaps weighed for all angles of one factor of a matrix.

    Args:
        number, factor: of the matrix and of the factor.
        source: its first coefficient.
        angle_start, angles: see `collect.Angles`.
        places: see `add_overlaps`.
        denses, entries, weights, counts: changed.
    """
    for a in range(angle_start[source], angle_start[source + 1]):
        row = denses[counts[DENSES]]
        row[0], row[1], row[2], row[3] = number, factor, angles[a, 1], counts[ENTRIES]
        counts[DENSES] += 1
        for k in range(16):
            for part in range(2):
                add_entry(counts, entries, weights, angles[a, 0], places[k] + part, 0.0)


@njit
def sort_by_row(found: Integers, count: int, starts: Integers, out: Integers, moved: Integers) -> None:
    """Sort by the last column and drop it; rows that are alike in it keep their order.

    Args:
        found: int64[:, columns + 1].
        count: how many rows there are.
        starts: int64[rows of the plan + 1], receives where those of each row begin.
        out: int64[:, columns], receives the rows.
        moved: int64[:], receives where each went.
    """
    columns = found.shape[1] - 1
    for k in range(starts.size):
        starts[k] = 0
    for k in range(count):
        starts[found[k, columns] + 1] += 1
    for k in range(1, starts.size):
        starts[k] += starts[k - 1]
    for k in range(count):
        row = found[k, columns]
        place = starts[row]
        starts[row] = place + 1
        moved[k] = place
        for column in range(columns):
            out[place, column] = found[k, column]
    for k in range(starts.size - 1, 0, -1):
        starts[k] = starts[k - 1]
    starts[0] = 0
