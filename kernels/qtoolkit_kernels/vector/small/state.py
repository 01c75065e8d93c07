"""The state at the end of a small circuit and what observables say of it, in one call from parameter values on.

Cost: about 30 FMA for each register of angles, 16 for each factor of a product of one-qubit gates, then what
`small.block` says for each operation and `pauli.sweep` for sums; a diagonal takes 5 flops an amplitude.
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.pauli.sweep import superblock_sums
from qtoolkit_kernels.vector.small import block
from qtoolkit_kernels.vector.small.tiles import write_turns
from qtoolkit_kernels.vector.tiles import lanes_of, tile_to_complex

__all__ = ["prepare_state", "small_value"]

LARGEST_ANGLE = 1e6
"""Beyond, what the C library makes of an angle is better than a reduction in three steps."""


@njit
def bind_turns(
    values: Floats, lanes: Lanes, constants: Floats, terms: Integers, coefficients: Floats, turns: Floats
) -> bool:
    """Write angles, their cosines and sines; return whether all values and angles are finite."""
    size = 0.0
    for k in range(values.size):
        size += abs(values[k])
    width = turns.shape[1]
    for k in range(constants.size):
        turns[block.ANGLE, k] = constants[k]
    for t in range(coefficients.size):
        turns[block.ANGLE, terms[t, 0]] += coefficients[t] * values[terms[t, 1]]
    largest = 0.0
    for k in range(constants.size):
        largest = max(largest, abs(turns[block.ANGLE, k]))
        size += abs(turns[block.ANGLE, k])
    if not np.isfinite(size):
        return False
    if largest < LARGEST_ANGLE:
        for k in range(0, constants.size, lanes_of(turns, lanes)):
            write_turns(turns, lanes, k, width + k, 2 * width + k)
    else:
        for k in range(constants.size):
            turns[block.COSINE, k], turns[block.SINE, k] = np.cos(turns[block.ANGLE, k]), np.sin(turns[block.ANGLE, k])
    return True


@njit
def run_forward(
    data: Reals,
    lanes: Lanes,
    num_tiles: int,
    operations: Integers,
    factors: Integers,
    quaternions: Floats,
    patterns: Reals,
    turns: Floats,
    products: Floats,
) -> None:
    """Write the state at the end of all operations, from |0…0⟩ on."""
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
def prepare_state(
    lanes: Lanes,
    num_qubits: int,
    operations: Integers,
    factors: Integers,
    quaternions: Floats,
    patterns: Reals,
    angles: Floats,
    terms: Integers,
    coefficients: Floats,
    data: Reals,
    turns: Floats,
    products: Floats,
    phase: int,
    values: Floats,
    ket: Complex,
) -> bool:
    """Write the state at the end of a circuit.

    Args:
        lanes: marker of the vector width.
        num_qubits: of the circuit.
        operations: int64[:, 16], see `small.block`.
        factors, quaternions: int64[:, 3] and float64[:, 4], see `small.block`.
        patterns: registers of signs, aligned.
        angles: float64, whole registers: the part of each angle that no parameter changes.
        terms, coefficients: int64[:, 2] and float64: angle, parameter and the coefficient between them.
        data: receives the state as tiles, aligned.
        turns: float64[4, :], rows aligned; receives the cosines and sines of the angles, behind which constants stand.
        products: receives the quaternion of each product, float64[:, 4].
        phase: the number of the angle that the state is turned by, its global phase; -1 leaves it out.
        values: of the parameters.
        ket: receives the state, whole tiles.

    Returns:
        Whether all values and angles are finite; if not, there is no state.
    """
    if not bind_turns(values, lanes, angles, terms, coefficients, turns):
        return False
    num_tiles = max(1, (1 << num_qubits) // lanes_of(data, lanes))
    run_forward(data, lanes, num_tiles, operations, factors, quaternions, patterns, turns, products)
    factor = complex(turns[block.COSINE, phase], turns[block.SINE, phase]) if phase >= 0 else 1.0 + 0.0j
    reals = ket.view(data.dtype)
    real, imag = data.dtype.type(factor.real), data.dtype.type(factor.imag)
    tile = 2 * lanes_of(data, lanes)
    for j in range(0, num_tiles * tile, tile):
        tile_to_complex(reals, lanes, j, data, j, real, imag)
    return True


@njit
def small_value(
    lanes: Lanes,
    num_qubits: int,
    operations: Integers,
    factors: Integers,
    quaternions: Floats,
    patterns: Reals,
    angles: Floats,
    terms: Integers,
    coefficients: Floats,
    data: Reals,
    turns: Floats,
    products: Floats,
    ket: Complex,
    sum_lanes: Lanes,
    ints: Integers,
    floats: Floats,
    diagonal: Floats,
    values: Floats,
) -> float:
    """Compute an expectation value.

    Args:
        lanes, num_qubits, operations, factors, quaternions, patterns, angles, terms, coefficients, data, turns,
            products, ket: see `prepare_state`.
        sum_lanes, ints, floats: the program of the expectation value of one Pauli sum, see `pauli.sweep`.
        diagonal: instead, the diagonal of an observable; empty for a Pauli sum.
        values: of the parameters.

    Returns:
        NaN if a value or an angle is not finite.
    """
    if not prepare_state(
        lanes, num_qubits, operations, factors, quaternions, patterns, angles, terms, coefficients, data, turns,
        products, -1, values, ket,
    ):  # fmt: skip
        return np.nan
    if diagonal.size:
        total = 0.0
        for i in range(diagonal.size):
            total += diagonal[i] * (np.float64(ket[i].real) ** 2 + np.float64(ket[i].imag) ** 2)
        return total
    sums = np.empty(1, np.float64)
    scratch = np.empty(2 * ints[0] if ints[4] else 0, np.float64)
    value = 0.0
    for k in range(max(1, (1 << num_qubits) // ints[1])):
        superblock_sums(ket, sum_lanes, ints, floats, scratch, k * ints[1], sums)
        value += sums[0]
    return value
