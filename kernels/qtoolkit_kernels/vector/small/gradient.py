"""Values and gradients of a small circuit, all of it in one call: angles, ψ, H|ψ⟩, and both states taken back.

Cost: that of `small.state`, H|ψ⟩ as `pauli.sweep` says, and the ways back of `small.block`; nothing leaves the cache.
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.threads import claim_block, finish_block, wait_for_blocks
from qtoolkit_kernels.vector.adjoint.alone import product
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.pauli.program import PauliProgram
from qtoolkit_kernels.vector.pauli.sweep import superblock_image
from qtoolkit_kernels.vector.small import block
from qtoolkit_kernels.vector.small.plan import Program, Room
from qtoolkit_kernels.vector.small.state import prepare_state
from qtoolkit_kernels.vector.tiles import lanes_of, tile_from_complex

__all__ = ["small_gradient", "small_gradients"]


@njit
def run_back(program: Program, num_tiles: int, first: int, room: Room) -> None:
    """Take both states back to the operation `first`, and add up sums."""
    lanes, _, operations, factors, quaternions, patterns, _ = program
    data, turns, products = room
    for i in range(operations.shape[0] - 1, first - 1, -1):
        row = operations[i]
        if row[block.KIND] == block.PRODUCT:
            quaternion = products[row[block.PLACE]]
            if row[block.WANTED]:
                x, y, z = block.back_product(data, lanes, num_tiles, row[block.BIT], quaternion)
                block.add_slopes(factors, row[block.FIRST], row[block.LAST], turns, quaternions, x, y, z)
            else:
                block.turn_product(data, lanes, 2 * num_tiles, row[block.BIT], quaternion, -1.0)
        else:
            k = row[block.TURN]
            cosine, sine = turns[block.COSINE, k], turns[block.SINE, k]
            if row[block.WANTED]:
                turns[block.SUM, k] += block.back_string(data, lanes, num_tiles, row, patterns, cosine, sine)
            else:
                sine *= row[block.INVERSE]
                block.turn_string(data, lanes, 2 * num_tiles, row, patterns, cosine, sine)


@njit
def write_image(
    program: Program,
    data: Reals,
    ket: Complex,
    image: Complex,
    sum_lanes: Lanes,
    observable: PauliProgram,
    diagonal: Floats,
) -> None:
    """Write H|ψ⟩, behind the tiles of the state; see below."""
    ints, floats = observable.ints, observable.floats
    num_qubits, lanes = program.num_qubits, program.lanes
    if diagonal.size:
        for i in range(diagonal.size):
            image[i] = ket[i] * diagonal[i]
    else:
        scratch = np.empty(2 * ints[0] if ints[4] else 0, np.float64)
        for k in range(max(1, (1 << num_qubits) // ints[1])):
            superblock_image(ket, sum_lanes, image, ints, floats, scratch, k * ints[1])
    tile = 2 * lanes_of(data, lanes)
    size, images = max(tile, 2 << num_qubits), image.view(data.dtype)
    for j in range(0, size, tile):
        tile_from_complex(data, lanes, size + j, images, j)


@njit
def take_back(program: Program, room: Room, first: int, gradient: Floats) -> None:
    """Compute the derivatives of an expectation value from a state and H|ψ⟩, which are used up.

    Args:
        program: of the circuit.
        room: as `prepare_state` leaves it, H|ψ⟩ behind the tiles of the state.
        first: the first operation that a derivative needs.
        gradient: receives the derivatives.
    """
    data, turns = room.data, room.turns
    constants, terms, coefficients = program.slots
    num_tiles = max(1, (1 << program.num_qubits) // lanes_of(data, program.lanes))
    for k in range(constants.size):
        turns[block.SUM, k] = 0.0
    run_back(program, num_tiles, first, room)
    for k in range(gradient.size):
        gradient[k] = 0.0
    for t in range(coefficients.size):
        gradient[terms[t, 1]] += 2.0 * coefficients[t] * turns[block.SUM, terms[t, 0]]


@njit
def small_gradient(
    program: Program,
    room: Room,
    ket: Complex,
    image: Complex,
    first: int,
    sum_lanes: Lanes,
    observable: PauliProgram,
    diagonal: Floats,
    values: Floats,
    gradient: Floats,
) -> float:
    """Compute the expectation value of an observable and its derivatives.

    Args:
        program: of the circuit; no parameter is looked for in its global phase.
        room: for two states.
        ket, image: room for a state each, whole tiles, aligned; what lies behind 2^num_qubits is zero.
        first: the first operation that a derivative needs.
        sum_lanes, observable: H|ψ⟩ of a Pauli sum, and the registers that it uses.
        diagonal: instead, the diagonal of an observable; empty for a Pauli sum.
        values: of the parameters.
        gradient: receives the derivatives.

    Returns:
        The expectation value; NaN if a value or an angle is not finite, and the derivatives are not written then.
    """
    if not prepare_state(program, room, -1, values, ket):
        return np.nan
    data = room.data
    write_image(program, data, ket, image, sum_lanes, observable, diagonal)
    size = max(2 * lanes_of(data, program.lanes), 2 << program.num_qubits)
    value = product(data[:size], data[size : 2 * size])
    take_back(program, room, first, gradient)
    return value


@njit
def small_gradients(
    program: Program,
    rooms: Room,
    kets: Complex,
    images: Complex,
    first: int,
    sum_lanes: Lanes,
    spans: Integers,
    observables: PauliProgram,
    diagonals: Floats,
    values: Floats,
    levels: Floats,
    slopes: Floats,
    counters: Integers,
    thread: int,
) -> None:
    """Compute the expectation values of observables and their derivatives, row by row, as one of several threads.

    Args:
        program, first, sum_lanes: as for `small_gradient`.
        rooms, kets, images: the same for each thread.
        spans: int64[observables, 6], where each one's `ints`, `floats` and diagonal begin and end.
        observables, diagonals: of all observables.
        values: float64[rows, :], of the parameters.
        levels: float64[rows, observables], receives the expectation values; NaN where a value or an angle is not
            finite.
        slopes: float64[rows, observables, :], receives the derivatives.
        counters: zeros, two rows.
        thread: the caller's number.
    """
    num_rows = values.shape[0]
    lanes, (ints, floats, num_observables, num_superblocks, visits) = program.lanes, observables
    tile = 2 * lanes_of(rooms.data, lanes)
    size = max(tile, 2 << program.num_qubits)
    while True:
        row = claim_block(counters)
        if row >= num_rows:
            break
        room, ket = Room(rooms.data[thread], rooms.turns[thread], rooms.products[thread]), kets[thread]
        is_finite = prepare_state(program, room, -1, values[row], ket)
        for k in range(spans.shape[0]):
            if not is_finite:
                levels[row, k] = np.nan
                continue
            if k:
                for j in range(0, size, tile):
                    tile_from_complex(room.data, lanes, j, ket.view(room.data.dtype), j)
            span = spans[k]
            own = PauliProgram(
                ints[span[0] : span[1]], floats[span[2] : span[3]], num_observables, num_superblocks, visits
            )
            diagonal = diagonals[span[4] : span[5]]
            write_image(program, room.data, ket, images[thread], sum_lanes, own, diagonal)
            levels[row, k] = product(room.data[:size], room.data[size : 2 * size])
            take_back(program, room, first, slopes[row, k])
        finish_block(counters)
    wait_for_blocks(counters, num_rows)
