"""Where packed sweeps go: the heap, one array of int64 that holds all tables, and the registers.

The heap begins with numbers: sizes, what is known of the sweep at hand, and of each table where it begins, how many
rows it has room for, how many it has and how wide they are; then come positions of qubits. Rows that there is no room
for are counted, and written to a spare place.

Modules name the heap's places as attributes of this one: numba compiles a function anew for every constant that it is
called with, but not for those.
"""

from qtoolkit_kernels._bits import lowest_index, map_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.vector import isa

__all__ = [
    "HEADER", "NUM_TABLES", "POSITION", "SORTED", "SPARE", "TABLES", "TABLE_COLUMNS", "TABLE_COUNT",
    "TABLE_ROOM", "WIDTHS", "add_controlled", "add_operation", "add_write", "begin_tables", "choose_lanes",
    "choose_rooms", "close_tables", "count_of", "extent_of", "new_row", "position_of", "positions_of", "reach",
    "reserve", "tiles_in_reach",
]  # fmt: skip

NUMBERS = 16
(
    NUM_BITS, LANE_BITS, BLOCK_BITS, LOW_BITS, HAS_ROOM_FOR_BUTTERFLIES, FORWARD_ONLY, ROOM_FOR_REGISTERS,
    NUM_REGISTERS, SWEEP, ACTION, UNREACHED, OUTSIDE, SWEEP_START, ROTATED, NUM_DIAGONALS, MOST_DIAGONALS,
) = range(NUMBERS)  # fmt: skip
"""Sizes of the layout, and whether rows need not be taken back; registers; the sweep and the action whose turn it is,
how many of the block's highest bits are out of reach, the index bits outside and the sweep's first row; how many
rotations there were since their cosines were made up for, and polynomials in this sweep and in the one that has most.
"""

(
    BITS, OPERATION_START, OPERATIONS, PRODUCT_START, PRODUCT_FACTORS, DENSE_START, DENSE_FACTORS, TERMS,
    CONTROLS, SETS, MEMBERS, WRITES, STRINGS, STRING_PLACES, GATES,
) = range(15)  # fmt: skip
"""The tables, which `qtoolkit.compiler.SweepPart` describes."""

WIDTHS = (0, 1, isa.ROW, 1, 4, 1, 4, 6, 1, 7, 2, 7, 2, 1, 1)
"""Of their rows; those of BITS have as many columns as there are bits."""

TABLES, TABLE_COLUMNS = NUMBERS, 4
TABLE_START, TABLE_ROOM, TABLE_COUNT, TABLE_WIDTH = range(TABLE_COLUMNS)

NUM_TABLES = len(WIDTHS)
POSITION = TABLES + TABLE_COLUMNS * NUM_TABLES
SORTED = POSITION + 64
SPARE = SORTED + 64
HEADER = SPARE + 64
"""Positions of index bits, scratch for one number by position, and rows that there is no room for."""


@njit
def choose_rooms(
    num_sweeps: int,
    num_bits: int,
    num_actions: int,
    num_members: int,
    num_factors: int,
    num_products: int,
    most_rows: int,
    rooms: Integers,
) -> int:
    """Write how many rows of each table are mostly enough, and return how long the heap is then.

    There are rows for every action, more for many rotations, and a few cuts of sweeps.

    Args:
        num_sweeps, num_bits, num_actions, num_members, num_factors, num_products: how many there are.
        most_rows: of a sweep that is not cut.
        rooms: int64[tables], receives numbers of rows.
    """
    num_rows = min(num_members + (num_members >> 6), 2 * num_actions + (num_members >> 1)) + 64
    num_cuts = num_sweeps + num_rows // most_rows + 1
    rooms[BITS] = rooms[GATES] = num_cuts
    rooms[OPERATION_START], rooms[OPERATIONS] = num_cuts + 1, num_rows
    rooms[PRODUCT_START], rooms[PRODUCT_FACTORS] = num_products + 1, num_factors
    rooms[DENSE_START], rooms[DENSE_FACTORS] = num_actions + 1, num_factors
    rooms[TERMS], rooms[CONTROLS] = num_factors, num_actions
    rooms[SETS], rooms[MEMBERS], rooms[WRITES] = num_actions, num_products, num_members + 64
    rooms[STRINGS] = rooms[STRING_PLACES] = num_members
    return _size_of(rooms, num_bits)


@njit
def _size_of(rooms: Integers, num_bits: int) -> int:
    """How long the heap is with so many rows of each table."""
    size: int = HEADER
    for table in range(NUM_TABLES):
        size += rooms[table] * (WIDTHS[table] if WIDTHS[table] else num_bits)
    return size


@njit
def begin_tables(
    heap: Integers,
    rooms: Integers,
    num_bits: int,
    lane_bits: int,
    block_bits: int,
    low_bits: int,
    has_room_for_butterflies: bool,
    forward_only: bool,
    room_for_registers: int,
) -> None:
    """Set up a heap of the right size for tables with so many rows; the numbers are the layout's."""
    for place in range(TABLES):
        heap[place] = 0
    heap[NUM_BITS], heap[LANE_BITS], heap[BLOCK_BITS], heap[LOW_BITS] = num_bits, lane_bits, block_bits, low_bits
    heap[HAS_ROOM_FOR_BUTTERFLIES], heap[FORWARD_ONLY] = has_room_for_butterflies, forward_only
    heap[ROOM_FOR_REGISTERS] = room_for_registers
    start = HEADER
    for table in range(NUM_TABLES):
        place = TABLES + TABLE_COLUMNS * table
        width = WIDTHS[table] if WIDTHS[table] else num_bits
        heap[place + TABLE_START], heap[place + TABLE_ROOM] = start, rooms[table]
        heap[place + TABLE_COUNT], heap[place + TABLE_WIDTH] = 0, width
        start += rooms[table] * width


@njit
def close_tables(heap: Integers, counts: Integers) -> tuple[int, bool, int, int]:
    """Move tables together, each behind the one before, if there was room for all rows and registers.

    Args:
        heap: changed.
        counts: int64[tables], receives how many rows each table has.

    Returns:
        Where the tables end, or would if there had been room; whether there was; how many registers there are, and the
        polynomials in the sweep that has most of them.
    """
    has_room = heap[NUM_REGISTERS] <= heap[ROOM_FOR_REGISTERS]
    for table in range(NUM_TABLES):
        place = TABLES + TABLE_COLUMNS * table
        counts[table] = heap[place + TABLE_COUNT]
        has_room = has_room and counts[table] <= heap[place + TABLE_ROOM]
    end = HEADER
    for table in range(NUM_TABLES):
        place = TABLES + TABLE_COLUMNS * table
        size = counts[table] * heap[place + TABLE_WIDTH]
        if has_room:
            start = heap[place + TABLE_START]
            for k in range(size):
                heap[end + k] = heap[start + k]
        end += size
    return end, has_room, int(heap[NUM_REGISTERS]), int(heap[MOST_DIAGONALS])


@njit
def count_of(heap: Integers, table: int) -> int:
    """How many rows a table has."""
    count: int = heap[TABLES + TABLE_COLUMNS * table + TABLE_COUNT]
    return count


@njit
def new_row(heap: Integers, table: int) -> int:
    """Where in the heap a table's next row goes."""
    place = TABLES + TABLE_COLUMNS * table
    count = heap[place + TABLE_COUNT]
    heap[place + TABLE_COUNT] = count + 1
    start: int = SPARE
    if count < heap[place + TABLE_ROOM]:
        start = heap[place + TABLE_START] + count * heap[place + TABLE_WIDTH]
    return start


@njit
def reserve(heap: Integers, size: int) -> int:
    """The beginning of so many numbers among the registers; 0 if there is no room, which there is for 1024 always."""
    start: int = heap[NUM_REGISTERS]
    low = (1 << heap[LANE_BITS]) - 1
    heap[NUM_REGISTERS] = (start + size + low) & ~low
    return start if heap[NUM_REGISTERS] <= heap[ROOM_FOR_REGISTERS] else 0


@njit
def choose_lanes(heap: Integers, registers: Floats, mask: int, value: int) -> int:
    """Reserve a register that is 1 in those lanes whose bits have a value, else 0."""
    lanes = 1 << heap[LANE_BITS]
    start = reserve(heap, lanes)
    for lane in range(lanes):
        registers[start + lane] = 1.0 if lane & mask == value else 0.0
    return start


@njit
def position_of(heap: Integers, bit: int) -> int:
    """The position of a qubit given as a mask."""
    position: int = heap[POSITION + lowest_index(bit)]
    return position


@njit
def positions_of(heap: Integers, qubits: int) -> int:
    """A mask of qubits as one of positions."""
    return map_bits(qubits, heap[POSITION:])


@njit
def extent_of(heap: Integers, qubits: int) -> int:
    """How many positions there are up to the highest one of these qubits, at least 1."""
    highest = 0
    while qubits:
        highest = max(highest, position_of(heap, qubits & -qubits))
        qubits &= qubits - 1
    return highest + 1


@njit
def reach(heap: Integers, extent: int) -> None:
    """Reckon with amplitudes other than zero at this many of the block's lowest bits."""
    heap[UNREACHED] = min(heap[UNREACHED], heap[BLOCK_BITS] - extent)


@njit
def tiles_in_reach(heap: Integers) -> int:
    """The bits of a tile's number that may be 1 where an amplitude is not zero."""
    bits: int = heap[BLOCK_BITS] - heap[UNREACHED] - heap[LANE_BITS]
    return (1 << bits) - 1


@njit
def add_operation(heap: Integers, opcode: int, start: int) -> int:
    """Add a row without positions; its place in the heap."""
    row = new_row(heap, OPERATIONS)
    for column in range(isa.ROW):
        heap[row + column] = 0
    heap[row + isa.OPCODE], heap[row + isa.START] = opcode, start
    heap[row + isa.UNREACHED] = heap[UNREACHED]
    return row


@njit
def add_controlled(heap: Integers, opcode: int, start: int, controls: int, zeros: int, mask: int, value: int) -> int:
    """Add a row with controls, but none where everything is zero still.

    Args:
        heap: changed.
        opcode, start: of the row.
        controls, zeros: the qubits, and those that must be 0.
        mask, value: the positions of the controls, and of those that must be 1.

    Returns:
        The row's place in the heap; a spare one if there is none.
    """
    inside = (1 << heap[BLOCK_BITS]) - 1
    in_reach = tiles_in_reach(heap)
    tile_value = (value & inside) >> heap[LANE_BITS]
    if tile_value & ~in_reach:
        return SPARE
    row = add_operation(heap, opcode, start)
    heap[row + isa.TILE_MASK] = (mask & inside) >> heap[LANE_BITS] & in_reach
    heap[row + isa.TILE_VALUE] = tile_value
    heap[row + isa.OUTER_MASK] = controls & heap[OUTSIDE]
    heap[row + isa.OUTER_VALUE] = controls & ~zeros & heap[OUTSIDE]
    return row


@njit
def add_write(heap: Integers, kind: int, start: int, source: int, first: int) -> int:
    """Add what fills in registers later, with one of its four details; the place of that in the heap."""
    row = new_row(heap, WRITES)
    heap[row], heap[row + 1], heap[row + 2], heap[row + 3] = kind, start, source, first
    heap[row + 4] = heap[row + 5] = heap[row + 6] = 0
    return row + 3
