"""Rows of sweeps for nodes that stand alone, those of rare kinds apart."""

from qtoolkit_kernels._bits import count_bits, lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.planner import pack_room as room
from qtoolkit_kernels.planner.nodes import (
    CONTROLS,
    DENSE,
    DETAIL,
    DIAGONAL,
    EXCHANGE,
    EXTRA,
    FIRST,
    FLIPS,
    FORM,
    FORM_NUMBERS,
    IS_TANGENT,
    KIND,
    NEXT,
    OTHER,
    PAULI,
    PHASE,
    PLACE,
    QUBIT,
    SWAP,
    TARGETS,
    ZEROS,
    Y,
)
from qtoolkit_kernels.planner.pack_room import (
    add_controlled,
    add_operation,
    add_write,
    choose_lanes,
    count_of,
    new_row,
    position_of,
    positions_of,
    reserve,
)
from qtoolkit_kernels.vector import isa, numbers

__all__ = ["CARTAN_TILE_BITS", "add_node", "add_phase"]

CARTAN_TILE_BITS = 3
"""Bits among tiles that a matrix in Cartan's form needs."""

CARTAN_NUMBERS, TANGENT_NUMBERS = 20, 14
"""Numbers in the form of a CARTAN, and in one by tangents."""


@njit
def add_node(heap: Integers, registers: Floats, factors: Integers, forms: Floats, node: Integers) -> None:
    """Add the rows for a node.

    Args:
        heap, registers: changed, see `pack_room`.
        factors, forms: see `nodes`.
        node: its row, of kind DENSE, EXCHANGE, SWAP, PHASE, PAULI or CARTAN.
    """
    kind, targets = node[KIND], node[TARGETS]
    if kind == EXCHANGE:
        _add_exchange(heap, registers, targets, node[CONTROLS], node[ZEROS])
    elif kind == SWAP:
        _add_swap(heap, registers, targets, node[ZEROS])
    elif kind == PHASE:
        add_phase(heap, factors[node[FIRST]], node[DIAGONAL], node[ZEROS])
    elif kind == PAULI:
        _add_pauli(heap, factors, node)
    elif kind == DENSE:
        _add_dense(heap, factors, node)
    else:
        _add_cartan(heap, registers, forms, targets, node[EXTRA])


@njit
def _add_exchange(heap: Integers, registers: Floats, target: int, controls: int, zeros: int) -> None:
    low = (1 << heap[room.LANE_BITS]) - 1
    mask, value = positions_of(heap, controls), positions_of(heap, controls & ~zeros)
    start = choose_lanes(heap, registers, mask & low, value & low)
    row = add_controlled(heap, isa.EXCHANGE, start, controls, zeros, mask, value)
    heap[row + isa.POSITIONS] = position_of(heap, target)


@njit
def _add_swap(heap: Integers, registers: Floats, targets: int, zeros: int) -> None:
    low, high = targets & -targets, targets & (targets - 1)
    if position_of(heap, low) > position_of(heap, high):
        low, high = high, low
    if position_of(heap, low) >= heap[room.LANE_BITS]:
        row = add_operation(heap, isa.SWAP, choose_lanes(heap, registers, 0, 0))
        heap[row + isa.POSITIONS] = position_of(heap, low)
        heap[row + isa.POSITIONS + 1] = position_of(heap, high)
        return
    for k in range(3):
        control = high if k == 1 else low
        _add_exchange(heap, registers, targets ^ control, control, zeros)


@njit
def add_phase(heap: Integers, factor: Integers, qubits: int, zeros: int) -> None:
    """Add the row for one phase.

    Args:
        heap: changed.
        factor: PHASE_1Q, PHASE_2Q, BEFORE_ROTATION or AFTER_ROTATION; only its place and its form matter.
        qubits, zeros: where it acts: the qubits that have given values, and those of them that are 0.
    """
    lanes = 1 << heap[room.LANE_BITS]
    mask, value = positions_of(heap, qubits), positions_of(heap, qubits & ~zeros)
    start = reserve(heap, 2 * lanes)
    source = 0
    if factor[FORM] == numbers.BEFORE_ROTATION:
        source = 1
    elif factor[FORM] == numbers.AFTER_ROTATION:
        source = 2
    write = add_write(heap, numbers.WRITE_PHASE, start, factor[PLACE], source)
    heap[write + 1], heap[write + 2] = mask & (lanes - 1), value & (lanes - 1)
    add_controlled(heap, isa.PHASE, start, qubits, zeros, mask, value)


@njit
def _add_pauli(heap: Integers, factors: Integers, node: Integers) -> None:
    lane_bits = heap[room.LANE_BITS]
    low, inside = (1 << lane_bits) - 1, (1 << heap[room.BLOCK_BITS]) - 1
    controls, zeros = node[CONTROLS], node[ZEROS]
    mask, value = positions_of(heap, controls), positions_of(heap, controls & ~zeros)
    letters_z = (node[DIAGONAL] & ~controls) | node[Y]
    x, z = positions_of(heap, node[TARGETS]), positions_of(heap, letters_z) & inside
    turns = count_bits(node[Y])
    start = reserve(heap, 2 << lane_bits)
    sign = 1 if turns & 2 else -1
    write = add_write(heap, numbers.WRITE_PAULI, start, factors[node[FIRST], PLACE], sign)
    heap[write + 1], heap[write + 2], heap[write + 3] = z & low, mask & low, value & low
    row = add_controlled(heap, isa.PAULI, start, controls, zeros, mask, value)
    heap[row + isa.PAULI_REAL] = turns & 1
    heap[row + isa.PAULI_X_TILE], heap[row + isa.PAULI_X_LANES] = x >> lane_bits, x & low
    heap[row + isa.PAULI_Z_TILE], heap[row + isa.PAULI_Z_OUTER] = z >> lane_bits, letters_z & heap[room.OUTSIDE]


@njit
def _add_dense(heap: Integers, factors: Integers, node: Integers) -> None:
    lane_bits, targets = heap[room.LANE_BITS], node[TARGETS]
    first, second = targets & -targets, targets & (targets - 1)
    low, high = position_of(heap, first), position_of(heap, second)
    low_qubit = lowest_index(first)
    if low > high:
        low, high = high, low
        low_qubit = lowest_index(second)
    place = node[FIRST]
    while place >= 0:
        row = new_row(heap, room.DENSE_FACTORS)
        factor = factors[place]
        heap[row], heap[row + 1], heap[row + 2] = factor[FORM], factor[PLACE], factor[DETAIL]
        # Which bits its qubits are: the low one, the high one, both, or both the other way round.
        heap[row + 3] = (2 if factor[OTHER] >= 0 else 0) + (0 if factor[QUBIT] == low_qubit else 1)
        place = factor[NEXT]
    number = count_of(heap, room.DENSE_START) - 1
    heap[new_row(heap, room.DENSE_START)] = count_of(heap, room.DENSE_FACTORS)
    size = 32
    if low < lane_bits:
        size = (16 if high >= lane_bits else 8) << lane_bits
    start = reserve(heap, size)
    write = add_write(heap, numbers.WRITE_DENSE, start, number, low)
    heap[write + 1], heap[write + 2] = high, lane_bits
    row = add_operation(heap, isa.DENSE, start)
    heap[row + isa.POSITIONS], heap[row + isa.POSITIONS + 1] = low, high


@njit
def _add_cartan(heap: Integers, registers: Floats, forms: Floats, targets: int, number: int) -> None:
    is_tangent = forms[number, IS_TANGENT] != 0.0
    size = TANGENT_NUMBERS if is_tangent else CARTAN_NUMBERS
    start = reserve(heap, size)
    for k in range(size):
        registers[start + k] = forms[number, FORM_NUMBERS + k]
    row = add_operation(heap, isa.CARTAN, start)
    heap[row + isa.POSITIONS] = position_of(heap, targets & -targets)
    heap[row + isa.POSITIONS + 1] = position_of(heap, targets & (targets - 1))
    heap[row + isa.UNREACHED] = min(
        heap[room.UNREACHED], heap[room.BLOCK_BITS] - heap[room.LANE_BITS] - CARTAN_TILE_BITS
    )
    if is_tangent:
        heap[row + isa.CARTAN_TANGENTS], heap[row + isa.CARTAN_FLIPS] = 1, int(forms[number, FLIPS])
