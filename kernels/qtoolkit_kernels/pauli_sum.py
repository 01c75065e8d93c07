"""Sums of Pauli strings: application to a state and expectation values.

A string is two masks, P = i^{|x & z|} X^x Z^z. All strings of one x mask act through the same pairs of amplitudes and
differ by signs (-1)^{|j & z|} only, so a group of them costs one pass over the state: within a block of amplitudes one
Walsh-Hadamard transform gives the signed sums for *every* z mask, and each string picks its own.
"""

from typing import TypeVar

import numpy as np

from qtoolkit_kernels._amplitudes import abs_squared, conjugate_product, times_power_of_i
from qtoolkit_kernels._bits import SHORT_RUN, as_index, count_bits, highest_bit, lowest_bit, parity
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers

__all__ = ["pauli_term_expectations", "pauli_sum_expectation", "apply_pauli_sum"]

Values = TypeVar("Values", Floats, Complex)

_BLOCK = 1024
_FEW = 4
"""Up to this many strings are cheaper one by one than by a transform."""


@njit
def _walsh_hadamard(values: Values, scratch: Values, length: int) -> Values:
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
def _remove_bit(mask: int, bit: int) -> int:
    """Return `mask` without the place of `bit` (a power of two, or 0 for none): higher bits move down by one."""
    if bit == 0:
        return mask
    return ((mask >> 1) & -bit) | (mask & (bit - 1))


@njit
def _fill_products(
    state: Complex, x_mask: int, pivot: int, first: int, length: int, real: Floats, imag: Floats
) -> None:
    """Write conj(ψ[j ^ x]) ψ[j] for the items first..first+length-1, item i being index j without its bit `pivot`."""
    if x_mask == 0:
        for i in range(length):
            real[as_index(i)] = abs_squared(state[as_index(first + i)])
            imag[as_index(i)] = 0.0
        return
    run = lowest_bit(x_mask, state.size)
    contiguous = run >= SHORT_RUN
    run = min(run if contiguous else pivot, length)
    inside = x_mask & (run - 1)
    for offset in range(0, length, run):
        item = first + offset
        here = ((item & -pivot) << 1) | (item & (pivot - 1))
        there = here ^ (x_mask & -run)
        if contiguous:
            for i in range(run):
                p = as_index(offset + i)
                product = conjugate_product(state[as_index(there + i)], state[as_index(here + i)])
                real[p], imag[p] = product.real, product.imag
        else:
            for i in range(run):
                p = as_index(offset + i)
                product = conjugate_product(state[as_index(there + (i ^ inside))], state[as_index(here + i)])
                real[p], imag[p] = product.real, product.imag


@njit
def pauli_term_expectations(
    state: Complex, x_masks: Integers, z_masks: Integers, group_start: Integers, out: Floats
) -> None:
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
def pauli_sum_expectation(
    state: Complex, x_masks: Integers, z_masks: Integers, coefficients: Floats, group_start: Integers
) -> float:
    """Return Σ_t coefficients_t ⟨ψ|P_t|ψ⟩ for real coefficients (float64[terms]); see `pauli_term_expectations`."""
    terms = np.empty(x_masks.size, np.float64)
    pauli_term_expectations(state, x_masks, z_masks, group_start, terms)
    total = 0.0
    for term in range(terms.size):
        total += coefficients[term] * terms[term]
    return total


@njit
def _fill_factors(
    x_mask: int,
    z_masks: Integers,
    coefficients: Complex,
    begin: int,
    end: int,
    source: int,
    factors: Complex,
    scratch: Complex,
) -> Complex:
    """Return d_j = Σ_t coefficients_t i^{|x & z_t|} (-1)^{|j & z_t|} for the indices j of one block.

    The block starts at index `source`; the result is one of the two arrays (length a power of two).
    """
    block = factors.size
    factors[:] = 0
    for term in range(begin, end):
        z_mask = z_masks[term]
        weight = factors.dtype.type(times_power_of_i(coefficients[term], count_bits(x_mask & z_mask)))
        if parity(source & z_mask):
            weight = -weight
        if end - begin > _FEW:
            factors[as_index(z_mask & (block - 1))] += weight
        else:
            for i in range(block):
                factors[as_index(i)] += -weight if parity(i & z_mask) else weight
    return _walsh_hadamard(factors, scratch, block) if end - begin > _FEW else factors


@njit
def apply_pauli_sum(state: Complex, out: Complex, x_masks: Integers, z_masks: Integers, coefficients: Complex) -> None:
    """Write Σ_t coefficients_t P_t |ψ⟩ into `out`, which must not overlap `state`.

    `coefficients` are complex128[terms]. Consecutive terms of one x mask cost one pass, so sort by x mask.
    """
    block = min(_BLOCK, state.size)
    factors, scratch = np.empty(block, state.dtype), np.empty(block, state.dtype)
    for first in range(0, state.size, block):
        out[first : first + block] = 0
        end = 0
        while end < x_masks.size:
            term = end
            x_mask = x_masks[term]
            while end < x_masks.size and x_masks[end] == x_mask:
                end += 1
            source = first ^ (x_mask & -block)
            inside = x_mask & (block - 1)
            filled = _fill_factors(x_mask, z_masks, coefficients, term, end, source, factors, scratch)
            run = lowest_bit(inside, block)
            if run < SHORT_RUN:
                for i in range(block):
                    j = i ^ inside
                    out[as_index(first + i)] += filled[as_index(j)] * state[as_index(source + j)]
            else:
                for begin in range(0, block, run):
                    j = begin ^ inside
                    for i in range(run):
                        out[as_index(first + begin + i)] += filled[as_index(j + i)] * state[as_index(source + j + i)]
