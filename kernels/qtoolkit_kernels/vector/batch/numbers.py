"""Numbers of a batch: from parameter values to what the rows of the block program read, W members at a time.

The same steps as for single states (`trigonometry`, `numbers`), with a register of W doubles where those have a number:
angles, coefficients of gates, products of one-qubit gates and their phases, polynomials. Matrices of gates on two
qubits are multiplied member by member. Costs some 5 to 20 nanoseconds a gate and member, without the latter.

Work memory holds tiles (W real, W imaginary parts): the coefficients of all gates, what `SCRATCH_TILES` counts, and
three tiles for each one-qubit product: cosine and sine, and the phases before and after the rotation.
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector.batch.block import COUNT, OPCODE, SOURCE, START
from qtoolkit_kernels.vector.batch.number_tiles import (
    multiply_matrix,
    split_product,
)
from qtoolkit_kernels.vector.batch.plan import Members, Rows
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.matrix_numbers import entry_of, targets_of
from qtoolkit_kernels.vector.numbers import (
    AFTER_ROTATION,
    BEFORE_ROTATION,
    CONTROLLED_DIAGONAL,
    DIAGONAL_1Q,
    DIAGONAL_2Q,
    MATRIX_1Q,
    PHASE_1Q,
    PHASE_2Q,
    multiply_dense,
)
from qtoolkit_kernels.vector.tiles import multiply_tiles, multiply_tiles_conjugate
from qtoolkit_kernels.vector.trigonometry import SCRATCH_TILES as TURN_TILES
from qtoolkit_kernels.vector.trigonometry import Gates, Slots, bind_angles, bind_coefficients

__all__ = ["fill_numbers", "numbers_size", "write_number"]

FIRST, SECOND, PRODUCT, FACTOR, TOTAL = 0, 1, 2, 6, 10
"""Tiles behind the coefficients: two temporary ones, two matrices, the phase left out."""

SCRATCH_TILES = max(TOTAL + 1, TURN_TILES)


def numbers_size(
    num_coefficients: int, num_products: int, num_slots: int, num_registers: int, vector_bytes: int
) -> int:
    """Elements of work memory: tiles, angles, and the registers in double precision."""
    tiles = num_coefficients + SCRATCH_TILES + 3 * num_products
    size = vector_bytes // 8 * (2 * tiles + num_slots + num_registers)
    return size + -size % (16 * vector_bytes)


@njit
def write_number(work: Floats, place: int, width: int, value: complex) -> None:
    """Write one number for all members."""
    for lane in range(width):
        work[place + lane], work[place + width + lane] = value.real, value.imag


@njit
def split_products(
    work: Floats, lanes: Lanes, width: int, scratch: int, products: int, starts: Integers, factors: Integers
) -> None:
    """Multiply one-qubit factors and split each product, as `numbers.multiply_products` does."""
    tile = 2 * width
    matrix, factor = scratch + PRODUCT * tile, scratch + FACTOR * tile
    write_number(work, scratch + TOTAL * tile, width, 1.0 + 0.0j)
    for k in range(starts.size - 1):
        for entry in range(4):
            write_number(work, matrix + entry * tile, width, 1.0 + 0.0j if entry % 3 == 0 else 0.0j)
        for f in range(starts[k], starts[k + 1]):
            form, place, detail = factors[f, 0], factors[f, 1] * tile, factors[f, 2]
            if form == MATRIX_1Q:
                multiply_matrix(work, lanes, matrix, place)
            elif form in (DIAGONAL_1Q, PHASE_1Q):
                for row in range(2):
                    if form == PHASE_1Q and row != detail:
                        continue
                    source = place + (row * tile if form == DIAGONAL_1Q else 0)
                    for entry in range(2):
                        o = matrix + (2 * row + entry) * tile
                        multiply_tiles(work, lanes, o, work, o, work, source)
            else:
                for i in range(8 * width):
                    work[factor + i] = 0.0
                for lane in range(width):
                    cosine, sine = work[place + lane], work[place + tile + lane]
                    work[factor + lane] = work[factor + 3 * tile + lane] = cosine
                    if detail == 1:
                        work[factor + tile + width + lane] = work[factor + 2 * tile + width + lane] = -sine
                    elif detail == 3:
                        work[factor + tile + lane], work[factor + 2 * tile + lane] = -sine, sine
                    else:
                        work[factor + width + lane], work[factor + 3 * tile + width + lane] = -sine, sine
                multiply_matrix(work, lanes, matrix, factor)
        out = products + 3 * k * tile
        split_product(work, lanes, matrix, out, scratch + TOTAL * tile, factors[starts[k], 3])


@njit
def add_term(work: Floats, lanes: Lanes, width: int, scratch: int, products: int, image: int, term: Integers) -> None:
    """Multiply one diagonal gate into its polynomial.

    A term is [form, registers of c, l_i, l_j and p_ij, place, detail]; the last two registers are -1 on one qubit.
    """
    form, source, detail = term[0], term[5], term[6]
    tile = 2 * width
    constant, first = image + term[1] * width, image + term[2] * width
    if form in (BEFORE_ROTATION, AFTER_ROTATION):
        phase = products + (3 * source + (1 if form == BEFORE_ROTATION else 2)) * tile
        multiply_tiles(work, lanes, first, work, first, work, phase)
        return
    second, pair = image + term[3] * width, image + term[4] * width
    pauli = False
    if form == DIAGONAL_1Q:
        begin, count = 0, 2
    elif form in (PHASE_1Q, PHASE_2Q):
        begin, count = detail, 1
    elif form == DIAGONAL_2Q:
        begin, count = 0, 4
    elif form == CONTROLLED_DIAGONAL:
        begin, count = 2 * detail, 2
    else:
        begin, count, pauli = 0, 2 if term[3] < 0 else 4, True
        turn = scratch + FIRST * tile
        for lane in range(width):
            work[turn + lane] = work[source * tile + lane]
            work[turn + width + lane] = -work[(source + 1) * tile + lane]
            work[turn + tile + lane] = work[source * tile + lane]
            work[turn + tile + width + lane] = work[(source + 1) * tile + lane]
    for k in range(begin, begin + count):
        # The gate's entry where bit 0 of k is qubit i, bit 1 is qubit j.
        entry = (source + k - begin) * tile
        if pauli:
            entry = scratch + (FIRST if k in (0, 3) else SECOND) * tile
        if k == 0:
            multiply_tiles(work, lanes, constant, work, constant, work, entry)
            multiply_tiles_conjugate(work, lanes, first, work, first, work, entry)
            if term[3] >= 0:
                multiply_tiles_conjugate(work, lanes, second, work, second, work, entry)
                multiply_tiles(work, lanes, pair, work, pair, work, entry)
        elif k == 3:
            multiply_tiles(work, lanes, pair, work, pair, work, entry)
        else:
            linear = first if k == 1 else second
            multiply_tiles(work, lanes, linear, work, linear, work, entry)
            if term[3] >= 0:
                multiply_tiles_conjugate(work, lanes, pair, work, pair, work, entry)


@njit
def write_rotations(work: Floats, width: int, products: int, row: Integers, smallest: float, place: int) -> None:
    """Write the tangents of a row of rotations, and for the last one cosine and sine times the cosines left out.

    A cosine counts as at least `smallest`, which is less than the rounding of a rotation by a right angle.
    """
    last = row[COUNT] - 1
    for lane in range(width):
        scale = 1.0
        for k in range(last):
            o = products + 6 * row[SOURCE + k] * width + lane
            cosine = max(work[o], smallest)
            work[place + k * width + lane] = work[o + width] / cosine
            scale *= cosine
        o = products + 6 * row[SOURCE + last] * width + lane
        work[place + last * width + lane] = scale * work[o]
        work[place + (last + 1) * width + lane] = scale * work[o + width]


@njit
def copy_matrix(work: Floats, tile: int, source: int, order: int, place: int) -> None:
    """Write a matrix as `matrix_numbers.write_matrix` does."""
    size = 1 << targets_of(order)
    together = min(4, size)
    for first in range(0, size, together):
        for column in range(size):
            for row in range(first, first + together):
                o = (source + entry_of(order, row, column)) * tile
                for k in range(tile):
                    work[place + k] = work[o + k]
                place += tile


@njit
def write_dense(
    work: Floats,
    width: int,
    num_coefficients: int,
    starts: Integers,
    factors: Integers,
    operations: Integers,
    image: int,
) -> None:
    """Multiply the matrices of gates on two qubits, member by member."""
    own = np.empty(num_coefficients, np.complex128)
    matrices = np.empty((starts.size - 1, 16), np.complex128)
    for lane in range(width):
        for k in range(num_coefficients):
            own[k] = complex(work[2 * k * width + lane], work[(2 * k + 1) * width + lane])
        multiply_dense(own, starts, factors, matrices)
        for i in range(operations.shape[0]):
            if operations[i, OPCODE] == isa.DENSE:
                place = image + operations[i, START] * width + lane
                for k in range(16):
                    entry = matrices[operations[i, SOURCE], k]
                    work[place + 2 * k * width], work[place + (2 * k + 1) * width] = entry.real, entry.imag


@njit
def fill_numbers(
    work: Floats,
    lanes: Lanes,
    width: int,
    rows: Rows,
    slots: Slots,
    gates: Gates,
    members: Members,
    first: int,
    smallest: float,
    matrices: bool | None,
) -> tuple[int, int, int, bool]:
    """Compute the numbers of W members.

    Args:
        work: see above; holds the coefficients that no parameter changes.
        lanes, width: marker of the vector width, and W.
        rows: of the plan.
        slots, gates: how parameters enter.
        members: what they are given.
        first: number of the first member; past the last one, the last is repeated.
        smallest: see `write_rotations`.
        matrices: None, and the kernel takes less time to compile, if there are no MATRIX rows.

    Returns:
        Where the angles, the phase left out and the registers begin, and whether all angles are finite.
    """
    values, coefficients, others, other_places = members
    operations, product_start = rows.operations, rows.product_start
    num_coefficients, tile = coefficients.size, 2 * width
    scratch = num_coefficients * tile
    products = scratch + SCRATCH_TILES * tile
    angles = products + 3 * (product_start.size - 1) * tile
    image = angles + slots.constants.size * width
    finite = True
    for lane in range(width):
        member = min(first + lane, values.shape[0] - 1)
        finite &= bind_angles(values[member], slots, work, angles + lane, width)
        for k in range(other_places.size):
            place = other_places[k] * tile + lane
            work[place], work[place + width] = others[member, k].real, others[member, k].imag
    bind_coefficients(gates, lanes, work[angles:], work, work[scratch:])
    split_products(work, lanes, width, scratch, products, product_start, rows.product_factors)
    for i in range(operations.shape[0]):
        row = operations[i]
        opcode, source, detail = row[OPCODE], row[SOURCE], row[SOURCE + 1]
        place = image + row[START] * width
        if matrices is not None and opcode == isa.MATRIX:
            # source: where its entries begin; detail: the order of its qubits.
            copy_matrix(work, tile, source, detail, place)
            continue
        if opcode == isa.ROTATE:
            write_rotations(work, width, products, row, smallest, place)
        elif opcode == isa.PHASE:
            # detail: a coefficient, or the phase before or after the rotation of a product.
            o = source * tile if detail == 0 else products + (3 * source + detail) * tile
            for k in range(tile):
                work[place + k] = work[o + k]
        elif opcode == isa.PAULI:
            # source: where cosine and sine of half the angle stand; detail: the sine's sign.
            for k in range(width):
                work[place + k] = work[source * tile + k]
                work[place + width + k] = work[(source + 1) * tile + k] * detail
        elif opcode == isa.DIAGONAL:
            for k in range(row[COUNT]):
                write_number(work, place + k * tile, width, 1.0 + 0.0j)
    for t in range(rows.terms.shape[0]):
        add_term(work, lanes, width, scratch, products, image, rows.terms[t])
    if rows.dense_start.size > 1:
        write_dense(work, width, num_coefficients, rows.dense_start, rows.dense_factors, operations, image)
    return angles, scratch + TOTAL * tile, image, finite
