"""The state at the end of a small circuit and what observables say of it, in one call from parameter values on.

Cost: about 30 FMA for each register of angles, 16 for each factor of a product of one-qubit gates, then what
`small.block` says for each operation and `pauli.sweep` for sums; a diagonal takes 5 flops an amplitude.
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.pauli.program import PauliProgram
from qtoolkit_kernels.vector.pauli.sweep import superblock_sums
from qtoolkit_kernels.vector.small import block
from qtoolkit_kernels.vector.small.plan import Program, Room
from qtoolkit_kernels.vector.tiles import lanes_of, tile_to_complex
from qtoolkit_kernels.vector.trigonometry import Slots, bind_angles
from qtoolkit_kernels.vector.turns import write_turn

__all__ = ["bind_turns", "prepare_state", "run_forward", "small_value", "write_state"]


@njit
def bind_turns(values: Floats, lanes: Lanes, slots: Slots, turns: Floats) -> bool:
    """Write angles, their cosines and sines; return whether all values and angles are finite."""
    finite = True
    for k in range(values.size):
        finite &= np.isfinite(values[k])
    if not finite or not bind_angles(values, slots, turns[block.ANGLE], 0, 1):
        return False
    width = turns.shape[1]
    for k in range(0, slots.constants.size, lanes_of(turns, lanes)):
        write_turn(turns, lanes, width + k, 2 * width + k, turns, k, 1.0)
    return True


@njit
def run_forward(program: Program, num_tiles: int, room: Room) -> None:
    """Write the state at the end of all operations, from |0…0⟩ on."""
    lanes, _, operations, factors, quaternions, patterns, _ = program
    data, turns, products = room
    for i in range(num_tiles * 2 * lanes_of(data, lanes)):
        data[i] = 0.0
    data[0] = 1.0
    for i in range(operations.shape[0]):
        row = operations[i]
        if row[block.KIND] == block.PRODUCT:
            quaternion = products[row[block.PLACE]]
            block.multiply(factors, row[block.FIRST], row[block.LAST], turns, quaternions, quaternion)
            block.turn_product(data, lanes, num_tiles, row[block.BIT], quaternion, 1.0)
        else:
            k = row[block.TURN]
            cosine, sine = turns[block.COSINE, k], turns[block.SINE, k]
            block.turn_string(data, lanes, num_tiles, row, patterns, cosine, sine)


@njit
def prepare_state(program: Program, room: Room, phase: int, values: Floats, ket: Complex) -> bool:
    """Write the state at the end of a circuit.

    Args:
        program: of the circuit.
        room: receives the state, turns and products.
        phase: the number of the angle that the state is turned by, its global phase; -1 leaves it out.
        values: of the parameters.
        ket: receives the state, whole tiles.

    Returns:
        Whether all values and angles are finite; if not, there is no state.
    """
    lanes, data, turns = program.lanes, room.data, room.turns
    if not bind_turns(values, lanes, program.slots, turns):
        return False
    run_forward(program, max(1, (1 << program.num_qubits) // lanes_of(data, lanes)), room)
    write_state(program, room, phase, ket)
    return True


@njit
def write_state(program: Program, room: Room, phase: int, ket: Complex) -> None:
    """Write the state that is there as tiles; see `prepare_state`."""
    lanes, data, turns = program.lanes, room.data, room.turns
    factor = complex(turns[block.COSINE, phase], turns[block.SINE, phase]) if phase >= 0 else 1.0 + 0.0j
    num_tiles = max(1, (1 << program.num_qubits) // lanes_of(data, lanes))
    reals = ket.view(data.dtype)
    real, imag = data.dtype.type(factor.real), data.dtype.type(factor.imag)
    tile = 2 * lanes_of(data, lanes)
    for j in range(0, num_tiles * tile, tile):
        tile_to_complex(reals, lanes, j, data, j, real, imag)


@njit
def small_value(
    program: Program,
    room: Room,
    ket: Complex,
    sum_lanes: Lanes,
    observable: PauliProgram,
    diagonal: Floats,
    values: Floats,
) -> float:
    """Compute an expectation value.

    Args:
        program, room, ket, values: see `prepare_state`.
        sum_lanes, observable: the expectation value of one Pauli sum, and the registers that it uses.
        diagonal: instead, the diagonal of an observable; empty for a Pauli sum.

    Returns:
        NaN if a value or an angle is not finite.
    """
    ints, floats = observable.ints, observable.floats
    if not prepare_state(program, room, -1, values, ket):
        return np.nan
    if diagonal.size:
        total = 0.0
        for i in range(diagonal.size):
            total += diagonal[i] * (np.float64(ket[i].real) ** 2 + np.float64(ket[i].imag) ** 2)
        return total
    sums = np.empty(1, np.float64)
    scratch = np.empty(2 * ints[0] if ints[4] else 0, np.float64)
    value = 0.0
    for k in range(max(1, (1 << program.num_qubits) // ints[1])):
        superblock_sums(ket, sum_lanes, ints, floats, scratch, k * ints[1], sums)
        value += sums[0]
    return value
