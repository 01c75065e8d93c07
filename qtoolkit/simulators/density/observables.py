"""Expectation values and variances of observables, from Pauli coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qtoolkit.operators import PauliSum
from qtoolkit.simulators.density.convert import outcomes_of, places_of
from qtoolkit.simulators.observables import Observable

if TYPE_CHECKING:
    from qtoolkit.simulators.density.engine import Coefficients

__all__ = ["mean_of", "variance_of"]

PAIRS_AT_A_TIME = 1 << 20
"""Products of strings that are formed together."""


def mean_of(observable: Observable, state: Coefficients, num_qubits: int) -> float:
    """``tr(H ρ)``: each string's own coefficient, or a diagonal's mean over the outcomes."""
    if isinstance(observable, PauliSum):
        means = state[places_of(observable.x_masks) | places_of(observable.z_masks) << 1]
        return float(observable.coefficients.real @ means.astype(np.float64))
    return float(outcomes_of(state, list(range(num_qubits))) @ observable)


def variance_of(observable: Observable, state: Coefficients, num_qubits: int) -> float:
    """``tr(H² ρ) - tr(H ρ)²``, of H without its multiple of the identity; never below 0 by rounding."""
    if not isinstance(observable, PauliSum):
        weights = outcomes_of(state, list(range(num_qubits)))
        centred = observable - observable[0]
        return float(weights @ (centred - weights @ centred) ** 2)
    rest = (observable.x_masks | observable.z_masks) != 0
    x_masks, z_masks = observable.x_masks[rest], observable.z_masks[rest]
    coefficients = observable.coefficients.real[rest]
    places = places_of(x_masks) | places_of(z_masks) << 1
    mean = float(coefficients @ state[places].astype(np.float64))
    ys = np.bitwise_count(x_masks & z_masks).astype(np.int64)
    total, rows = 0.0, max(1, PAIRS_AT_A_TIME // max(1, len(places)))
    for first in range(0, len(places), rows):
        part = slice(first, first + rows)
        x, z = x_masks[part, None] ^ x_masks, z_masks[part, None] ^ z_masks
        # i^a X^x Z^z · i^b X^u Z^v = i^(a + b) (-1)^(z·u) X^(x+u) Z^(z+v); strings that anticommute cancel.
        quarters = ys[part, None] + ys - np.bitwise_count(x & z).astype(np.int64)
        quarters += 2 * np.bitwise_count(z_masks[part, None] & x_masks).astype(np.int64)
        signs = np.array([1.0, 0.0, -1.0, 0.0])[quarters & 3]
        means = state[places[part, None] ^ places].astype(np.float64) * signs
        total += float(coefficients[part] @ means @ coefficients)
    return max(0.0, total - mean * mean)
