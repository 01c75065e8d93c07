"""Rotations about Pauli strings, and inner products with them.

A Pauli string is two masks: P = i^{|x & z|} X^x Z^z, so that a qubit with both bits set carries Y. Then
P|j⟩ = i^{|x & z|} (-1)^{|j & z|} |j ^ x⟩.
"""

import numpy as np

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
    times_power_of_i,
)
from qtoolkit_kernels._jit import njit, reduction_njit


@njit
def apply_pauli_rotation(state, x_mask, z_mask, cosine, sine, control_mask, control_value, start, stop):
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
def _rotate_diagonal(state, z_mask, cosine, sine, control_mask, control_value, start, stop):
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
def pauli_inner(bra, ket, x_mask, z_mask, control_mask, control_value):
    """Return ⟨bra| Π P |ket⟩ as complex128, where Π keeps indices with `index & control_mask == control_value`.

    `bra` and `ket` are vectors of one shape and dtype; sums run in double precision.
    """
    free = (ket.size - 1) & ~control_mask
    run = lowest_bit(x_mask | control_mask, ket.size)
    span = run if run >= SHORT_RUN else lowest_bit(control_mask, ket.size)
    outer = free & -span
    inside = x_mask & (span - 1)
    base = 0
    real, imag = 0.0, 0.0
    item = 0
    items = ket.size >> count_bits(control_mask)
    while item < items:
        first = base | control_value
        source = first ^ (x_mask & -span)
        for i in range(span):
            left = bra[as_index(first + i)]
            right = ket[as_index(source + (i ^ inside))]
            left_real, left_imag = np.float64(left.real), np.float64(left.imag)
            right_real, right_imag = np.float64(right.real), np.float64(right.imag)
            product_real = left_real * right_real + left_imag * right_imag
            product_imag = left_real * right_imag - left_imag * right_real
            odd = parity((source + (i ^ inside)) & z_mask)
            real += -product_real if odd else product_real
            imag += -product_imag if odd else product_imag
        item += span
        base = next_subset(base, outer)
    return times_power_of_i(complex(real, imag), count_bits(x_mask & z_mask))
