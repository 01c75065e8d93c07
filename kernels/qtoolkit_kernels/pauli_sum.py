"""Sums of Pauli strings: application to a state and expectation values.

A string is two masks, P = i^{|x & z|} X^x Z^z. All strings of one x mask act through the same pairs of amplitudes and
differ by signs (-1)^{|j & z|} only, so a group of them costs one pass over the state: within a block of amplitudes one
Walsh-Hadamard transform gives the signed sums for *every* z mask, and each string picks its own.
"""

import numpy as np

from qtoolkit_kernels._bits import as_index, count_bits, highest_bit, parity, times_power_of_i
from qtoolkit_kernels._jit import njit

_BLOCK = 1024


@njit
def _walsh_hadamard(values, scratch, length):
    """Return t_z = Σ_j (-1)^{|j & z|} values_j for z < length (a power of two), in one of the two arrays.

    Every stage has the same constant geometry (M. C. Pease, J. ACM 15, 252 (1968)), so that all of them vectorise.
    """
    half = length >> 1
    source, target = values, scratch
    stages = length
    while stages > 1:
        for i in range(half):
            even = source[as_index(2 * i)]
            odd = source[as_index(2 * i + 1)]
            target[as_index(i)] = even + odd
            target[as_index(half + i)] = even - odd
        source, target = target, source
        stages >>= 1
    return source


@njit
def _remove_bit(mask, bit):
    """Return `mask` without the place of `bit` (a power of two, or 0 for none): higher bits move down by one."""
    if bit == 0:
        return mask
    return ((mask >> 1) & -bit) | (mask & (bit - 1))


@njit
def _fill_products(state, x_mask, pivot, first, length, real, imag):
    """Write conj(ψ[j ^ x]) ψ[j] for the items first..first+length-1, item i being index j without its bit `pivot`."""
    if x_mask == 0:
        for i in range(length):
            amplitude = state[as_index(first + i)]
            re, im = np.float64(amplitude.real), np.float64(amplitude.imag)
            real[as_index(i)] = re * re + im * im
            imag[as_index(i)] = 0.0
        return
    run = min(pivot, length)
    for offset in range(0, length, run):
        item = first + offset
        here = ((item & -pivot) << 1) | (item & (pivot - 1))
        there = here ^ (x_mask & -run)
        inside = x_mask & (run - 1)
        for i in range(run):
            ket = state[as_index(here + i)]
            bra = state[as_index(there + (i ^ inside))]
            ket_real, ket_imag = np.float64(ket.real), np.float64(ket.imag)
            bra_real, bra_imag = np.float64(bra.real), np.float64(bra.imag)
            real[as_index(offset + i)] = bra_real * ket_real + bra_imag * ket_imag
            imag[as_index(offset + i)] = bra_real * ket_imag - bra_imag * ket_real


@njit
def pauli_term_expectations(state, x_masks, z_masks, group_start, out):
    """Write ⟨ψ|P_t|ψ⟩ of every string into `out` (float64[terms]).

    `x_masks` and `z_masks` are int64[terms]; terms `group_start[g] <= t < group_start[g + 1]` (int64[groups + 1])
    share one x mask, and every group is one pass over the state.
    """
    block = min(_BLOCK, state.size)
    real, imag = np.empty(block, np.float64), np.empty(block, np.float64)
    even_scratch, odd_scratch = np.empty(block, np.float64), np.empty(block, np.float64)
    out[:] = 0.0
    for group in range(group_start.size - 1):
        begin, end = group_start[group], group_start[group + 1]
        if begin == end:
            continue
        x_mask = x_masks[begin]
        pivot = highest_bit(x_mask) if x_mask else 0
        any_even, any_odd = False, False
        for term in range(begin, end):
            if parity(x_mask & z_masks[term]):
                any_odd = True
            else:
                any_even = True

        items = state.size >> 1 if x_mask else state.size
        length = min(block, items)
        for first in range(0, items, length):
            _fill_products(state, x_mask, pivot, first, length, real, imag)
            even_sums = _walsh_hadamard(real, even_scratch, length) if any_even else real
            odd_sums = _walsh_hadamard(imag, odd_scratch, length) if any_odd else imag
            for term in range(begin, end):
                signs = _remove_bit(z_masks[term], pivot)
                sums = odd_sums if parity(x_mask & z_masks[term]) else even_sums
                value = sums[as_index(signs & (length - 1))]
                out[term] += -value if parity(first & signs) else value
        if x_mask:
            # The pair (j, j ^ x) contributes p and conj(p), hence i^{|x & z|} times 2 Re p or 2i Im p.
            for term in range(begin, end):
                quarter = count_bits(x_mask & z_masks[term]) & 3
                out[term] *= 2.0 if quarter == 0 or quarter == 3 else -2.0


@njit
def pauli_sum_expectation(state, x_masks, z_masks, coefficients, group_start):
    """Return Σ_t coefficients_t ⟨ψ|P_t|ψ⟩ for real coefficients (float64[terms]); see `pauli_term_expectations`."""
    terms = np.empty(x_masks.size, np.float64)
    pauli_term_expectations(state, x_masks, z_masks, group_start, terms)
    total = 0.0
    for term in range(terms.size):
        total += coefficients[term] * terms[term]
    return total


@njit
def apply_pauli_sum(state, out, x_masks, z_masks, coefficients):
    """Write Σ_t coefficients_t P_t |ψ⟩ into `out`, which must not overlap `state`.

    `coefficients` are complex128[terms]. Consecutive terms of one x mask cost one pass, so sort by x mask.
    """
    block = min(_BLOCK, state.size)
    signed, scratch = np.empty(block, state.dtype), np.empty(block, state.dtype)
    for first in range(0, state.size, block):
        out[first : first + block] = 0
        begin = 0
        while begin < x_masks.size:
            x_mask = x_masks[begin]
            source = first ^ (x_mask & -block)
            inside = x_mask & (block - 1)
            signed[:] = 0
            term = begin
            while term < x_masks.size and x_masks[term] == x_mask:
                z_mask = z_masks[term]
                weight = times_power_of_i(coefficients[term], count_bits(x_mask & z_mask))
                signed[z_mask & (block - 1)] += -weight if parity(source & z_mask) else weight
                term += 1
            factors = _walsh_hadamard(signed, scratch, block)
            for i in range(block):
                j = i ^ inside
                out[as_index(first + i)] += factors[as_index(j)] * state[as_index(source + j)]
            begin = term
