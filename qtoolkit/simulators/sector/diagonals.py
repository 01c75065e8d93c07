"""Sums of phase terms over a sector: what depends on two bits at most as a quadratic form, the rest term by term."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.sector.basis import SectorLayout, parities
from qtoolkit_kernels import sector as kernels
from qtoolkit_kernels import subsets

__all__ = ["sum_of_terms"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def sum_of_terms(layout: SectorLayout, terms: IntArray, coefficients: FloatArray) -> FloatArray:
    """``Σ_t coefficients[t] f_t`` on the basis states of a sector, float64 of shape ``(size,)``.

    Args:
        layout: the sector.
        terms: int64 of shape ``(t, 3)``, each f_t as (match mask, match value, parity mask), see `PhaseTerm`.
        coefficients: float64 of shape ``(t,)``.
    """
    few = np.bitwise_count(terms[:, 0] | terms[:, 2]) <= 2
    found = _quadratic(layout, terms[few], coefficients[few])
    if not few.all():
        flat = SectorLayout(layout.num_qubits, layout.weight) if layout.num_low < layout.num_qubits else layout
        bits = flat.low_patterns(flat.weight)
        kernels.add_phase_terms(bits, terms[~few], np.ascontiguousarray(coefficients[~few]), found)
    return found


def _quadratic(layout: SectorLayout, terms: IntArray, coefficients: FloatArray) -> FloatArray:
    n, ones = layout.num_qubits, layout.weight
    constant, linear, pairs = _form(n, terms, coefficients)
    in_zeros = 2 * ones > n
    if in_zeros:  # with x = 1 - y there are fewer ones to count, and the order of the states is reversed
        constant += float(linear.sum()) + 0.5 * float(pairs.sum())
        linear = -(linear + pairs.sum(axis=1))
        ones = n - ones
    values = np.zeros(layout.size)
    subsets.add_quadratic(constant, linear, pairs, ones, values)
    return np.ascontiguousarray(values[::-1]) if in_zeros else values


def _form(num_qubits: int, terms: IntArray, coefficients: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Terms of two bits at most as a constant, weights of the bits, and symmetric weights of their pairs."""
    support = terms[:, 0] | terms[:, 2]
    low = support & -support
    high = support & ~low

    def value(bits: IntArray) -> FloatArray:
        matching = bits & terms[:, 0] == terms[:, 1]
        return np.where(matching, coefficients * (1 - 2 * parities(bits & terms[:, 2])), 0.0)

    neither, first, second = value(np.zeros_like(low)), value(low), value(high)
    both = value(support) - first - second + neither
    i, j = (np.bitwise_count(np.maximum(bit, 1) - 1).astype(np.int64) for bit in (low, high))
    linear, pairs = np.zeros(num_qubits), np.zeros((num_qubits, num_qubits))
    np.add.at(linear, i, first - neither)
    np.add.at(linear, j, second - neither)
    np.add.at(pairs, (i, j), both)
    return float(neither.sum()), linear, pairs + pairs.T
