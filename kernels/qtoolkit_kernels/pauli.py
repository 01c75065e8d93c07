"""Rotations about Pauli strings, and inner products with them.

A Pauli string is two masks: P = i^{|x & z|} X^x Z^z, so that a qubit with both bits set carries Y. Then
P|j⟩ = i^{|x & z|} (-1)^{|j & z|} |j ^ x⟩.

Cost, for each amplitude that the controls let through: a rotation 10 flops, by a string of Z alone 6, and an inner
product 10; 32 bytes in double precision, 16 in single: an amplitude read and written, or one of each vector read.
"""

import numpy as np

from qtoolkit_kernels._amplitudes import conjugate_product, times_power_of_i
from qtoolkit_kernels._bits import (
    SHORT_RUN,
    as_index,
    count_bits,
    deposit,
    highest_bit,
    lowest_bit,
    next_subset,
    non_negative,
    parity,
    start_beyond,
)
from qtoolkit_kernels._jit import njit, reduction_njit
from qtoolkit_kernels._types import Complex, Floats, Real

__all__ = ["apply_pauli_rotation", "pauli_inner"]

_BLOCK = 256


@njit
def apply_pauli_rotation(
    state: Complex,
    x_mask: int,
    z_mask: int,
    cosine: Real,
    sine: Real,
    control_mask: int,
    control_value: int,
    start: int,
    stop: int,
) -> None:
    """Apply exp(-i θ/2 P) in place, with `cosine` = cos(θ/2) and `sine` = sin(θ/2).

    For `x_mask == 0` every amplitude that the controls let through is a work item, otherwise every pair
    (j, j ^ x_mask) is one. The controls and the string share no qubit.
    """
    cosine = state.dtype.type(cosine).real
    sine = state.dtype.type(sine).real
    if x_mask == 0:
        _rotate_diagonal(state, z_mask, cosine, sine, control_mask, control_value, start, stop)
        return
    num_y = count_bits(x_mask & z_mask)
    to_lower = times_power_of_i(sine, 3 - num_y)
    to_upper = times_power_of_i(sine, 3 + num_y)
    pivot = highest_bit(x_mask)
    free = (state.size - 1) & ~(pivot | control_mask)
    base = deposit(start, free)
    run = lowest_bit(x_mask | control_mask, state.size)

    if run < SHORT_RUN:
        for _ in range(start, stop):
            p0 = as_index(base | control_value)
            p1 = as_index((base | control_value) ^ x_mask)
            a0, a1 = state[p0], state[p1]
            if parity(base & z_mask):
                state[p0] = cosine * a0 - to_lower * a1
                state[p1] = cosine * a1 - to_upper * a0
            else:
                state[p0] = cosine * a0 + to_lower * a1
                state[p1] = cosine * a1 + to_upper * a0
            base = next_subset(base, free)
        return

    outer = free & -run
    item = start
    while item < stop:
        length = non_negative(min(run - (base & (run - 1)), stop - item))
        start0 = base | control_value
        start1 = start_beyond(start0, length, (start0 ^ x_mask) - start0)
        for i in range(length):
            p0 = as_index(start0 + i)
            p1 = as_index(start1 + i)
            a0, a1 = state[p0], state[p1]
            odd = parity((base + i) & z_mask)
            b0 = -a0 if odd else a0
            b1 = -a1 if odd else a1
            state[p0] = cosine * a0 + to_lower * b1
            state[p1] = cosine * a1 + to_upper * b0
        item += length
        base = next_subset(base, outer)


@njit
def _rotate_diagonal(
    state: Complex,
    z_mask: int,
    cosine: Real,
    sine: Real,
    control_mask: int,
    control_value: int,
    start: int,
    stop: int,
) -> None:
    """Apply exp(-i θ/2 Z^z): every amplitude gains the phase of the parity of its bits in `z_mask`."""
    even = complex(cosine, -sine)
    odd = complex(cosine, sine)
    free = (state.size - 1) & ~control_mask
    base = deposit(start, free)
    run = lowest_bit(control_mask, state.size)
    outer = free & -run
    item = start
    while item < stop:
        length = min(run - (base & (run - 1)), stop - item)
        first = base | control_value
        for i in range(length):
            factor = odd if parity((base + i) & z_mask) else even
            state[as_index(first + i)] *= factor
        item += length
        base = next_subset(base, outer)


@reduction_njit
def _weighted_inner(bra: Complex, ket: Complex, weights: Floats, first: int, source: int, inside: int) -> complex:
    """Return Σ_q weights_q conj(bra[first + (q ^ inside)]) ket[source + q] over the block that `weights` spans."""
    total = 0j
    run = lowest_bit(inside, weights.size)
    if run < SHORT_RUN:
        for q in range(weights.size):
            left, right = bra[as_index(first + (q ^ inside))], ket[as_index(source + q)]
            total += weights[as_index(q)] * conjugate_product(left, right)
        return total
    for begin in range(0, weights.size, run):
        left_start, right_start = first + (begin ^ inside), source + begin
        for i in range(run):
            left, right = bra[as_index(left_start + i)], ket[as_index(right_start + i)]
            total += weights[as_index(begin + i)] * conjugate_product(left, right)
    return total


@reduction_njit
def pauli_inner(bra: Complex, ket: Complex, x_mask: int, z_mask: int, control_mask: int, control_value: int) -> complex:
    """Return ⟨bra| Π P |ket⟩ as complex128, where Π keeps indices with `index & control_mask == control_value`.

    `bra` and `ket` are vectors of one shape and dtype; sums run in double precision.
    """
    block = min(_BLOCK, ket.size)
    low_bits = block - 1
    inside = x_mask & low_bits
    # Signs and controls of the low bits are one table for all blocks; those of the high bits are constant in a block.
    weights = np.empty(block, np.float64)
    for q in range(block):
        weights[as_index(q)] = -1.0 if parity(q & z_mask) else 1.0
        if ((q ^ inside) ^ control_value) & control_mask & low_bits:
            weights[as_index(q)] = 0.0

    high_controls = control_mask & ~low_bits
    outer = (ket.size - 1) & ~low_bits & ~high_controls
    total = 0j
    base = 0
    for _ in range(0, ket.size >> count_bits(high_controls), block):
        first = base | (control_value & high_controls)
        source = first ^ (x_mask & ~low_bits)
        part = _weighted_inner(bra, ket, weights, first, source, inside)
        total += -part if parity(source & z_mask) else part
        base = next_subset(base, outer)
    return times_power_of_i(total, count_bits(x_mask & z_mask))
