"""The way back for states of one block: all of it in one call.

Cost: 4 flops an amplitude for ⟨ψ|H|ψ⟩, then what `adjoint.numbers` and `adjoint.block` say; the states stay in cache.
"""

import numpy as np

from qtoolkit_kernels._jit import njit, reduction_njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.threads import COUNTER
from qtoolkit_kernels.vector.adjoint.numbers import add_derivatives, fill_adjoint
from qtoolkit_kernels.vector.adjoint.sweep import turn_back_sweeps
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.tiles import lanes_of

__all__ = ["adjoint_alone"]


@reduction_njit
def product(ket: Reals, bra: Reals) -> float:
    """The real part of ⟨bra|ket⟩, in double precision."""
    total = 0.0
    for i in range(ket.size):
        total += np.float64(ket[i]) * np.float64(bra[i])
    return total


@njit
def adjoint_alone(
    ket: Reals,
    bra: Reals,
    lanes: Lanes,
    block_bits: int,
    low_bits: int,
    coefficients: Complex,
    generators: Complex,
    bits: Integers,
    first_row: int,
    operation_start: Integers,
    operation_rows: Integers,
    register_values: Floats,
    product_start: Integers,
    product_factors: Integers,
    dense_start: Integers,
    dense_factors: Integers,
    terms: Integers,
    controls: Integers,
    sets: Integers,
    members: Integers,
    writes: Integers,
    strings: Integers,
    string_places: Integers,
    products: Integers,
    locals_: Integers,
    denses: Integers,
    collected: Integers,
    probe_start: Integers,
    probe_rows: Integers,
    wanted_start: Integers,
    wanted: Integers,
    entries: Integers,
    entry_weights: Floats,
    num_places: int,
    slot_terms: Integers,
    slot_coefficients: Floats,
    num_slots: int,
    scratch: Reals,
    gradient: Floats,
) -> float:
    """Compute numbers, take both states back, and combine the sums.

    Args:
        ket, bra, lanes, block_bits, low_bits, bits, first_row, operation_start, strings, probe_start, wanted_start,
            wanted: as for `turn_back_sweeps`; one block holds a state.
        coefficients, generators, product_start, product_factors, dense_start, dense_factors, terms, controls, sets,
            members, writes, string_places, products, locals_, denses: as for `fill_adjoint`.
        operation_rows, register_values, collected, probe_rows, entry_weights: what no parameter changes in its
            `operations`, `registers`, `collect`, `probes` and `weights`.
        entries: see `add_derivatives`.
        num_places, num_slots: how many sums and angles there are.
        slot_terms, slot_coefficients: int64[:, 2] and float64: slot, parameter and the coefficient between them.
        scratch: one row, of `adjoint_scratch_size` elements and as many as `register_values` has, aligned.
        gradient: zeros; receives the derivatives by parameter.

    Returns:
        The real part of ⟨bra|ket⟩.
    """
    value = product(ket, bra)
    num_bits = bits.shape[1]
    operations, collect, probes = operation_rows.copy(), collected.copy(), probe_rows.copy()
    weights = entry_weights.copy()
    registers = scratch[0, scratch.shape[1] - register_values.size :]
    for i in range(register_values.size):
        registers[i] = register_values[i]
    constants = np.empty(controls.size, np.complex128)
    linear = np.empty((controls.size, num_bits), np.complex128)
    pairs = np.empty((controls.size, num_bits, num_bits), np.complex128)
    for d in range(controls.size):
        constants[d] = 1.0
        for i in range(num_bits):
            linear[d, i] = 1.0
            for j in range(num_bits):
                pairs[d, i, j] = 1.0
    scales = np.empty((operations.shape[0], 4), np.float64)
    string_angles = np.empty(string_places.size, np.float64)
    fill_adjoint(
        coefficients, generators, lanes_of(ket, lanes), product_start, product_factors, dense_start, dense_factors,
        terms, controls, sets, members, writes, string_places, products, locals_, denses, string_angles, operations,
        registers, constants, linear, pairs, collect, scales, probes, weights,
    )  # fmt: skip
    sums = np.zeros((1, num_places), np.float64)
    turn_back_sweeps(
        ket, bra, lanes, block_bits, block_bits, low_bits, bits, first_row, operation_start, operations, registers,
        constants, linear, pairs, controls, strings, string_angles, collect, scales, probe_start, probes, wanted_start,
        wanted, scratch, False, 1.0 + 0.0j, sums, np.zeros((2 * bits.shape[0], COUNTER), np.int64), 0,
    )  # fmt: skip
    by_slot = np.zeros(num_slots, np.float64)
    add_derivatives(sums, entries, weights, by_slot)
    for t in range(slot_terms.shape[0]):
        gradient[slot_terms[t, 1]] += slot_coefficients[t] * by_slot[slot_terms[t, 0]]
    return value
