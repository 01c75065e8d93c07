"""One-qubit products and their angles in the order of the textbook: the oracle of what kernels split."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from enum import IntFlag
from typing import NamedTuple

import numpy as np
from planner_tables import Factor, Form

from qtoolkit_kernels.vector.numbers import NEGLIGIBLE, SMALL_GAMMA, WITHOUT_BETA, WITHOUT_GAMMA, WITHOUT_THETA

Matrix = tuple[complex, complex, complex, complex]


class Parts(IntFlag):
    """How a product is split, as in `qtoolkit_kernels.vector.numbers`."""

    GENERAL = 0
    SMALL_GAMMA = SMALL_GAMMA
    WITHOUT_BETA = WITHOUT_BETA
    WITHOUT_GAMMA = WITHOUT_GAMMA
    WITHOUT_THETA = WITHOUT_THETA


class Product(NamedTuple):
    """A product of one-qubit gates.

    Attributes:
        factors: in time order.
        parts: whether γ, else β, is kept within (-π/2, π/2], and which angles are 0 for all parameter values.
        is_gentle: whether |sin θ| <= cos θ for all parameter values.
    """

    factors: tuple[Factor, ...]
    parts: Parts
    is_gentle: bool


class Euler(NamedTuple):
    """The angles of ``e^{iα} diag(1, e^{iβ}) R(θ) diag(1, e^{iγ})``, in radians; θ is within [-π/2, π/2]."""

    alpha: float
    beta: float
    gamma: float
    theta: float


def decompose(matrix: Sequence[complex], parts: Parts = Parts.GENERAL) -> Euler:
    """The angles of a unitary, row by row."""
    p, q, r, s = matrix
    cosine, sine = abs(p), abs(r)
    if Parts.WITHOUT_THETA in parts or sine < NEGLIGIBLE:
        phase = cmath.phase(s * p.conjugate())
        only_small_gamma = Parts.SMALL_GAMMA in parts and Parts.WITHOUT_BETA not in parts
        is_after = Parts.WITHOUT_GAMMA in parts or only_small_gamma
        return Euler(cmath.phase(p), phase if is_after else 0.0, 0.0 if is_after else phase, 0.0)
    is_gentle = cosine >= sine
    if parts & (Parts.WITHOUT_BETA | Parts.WITHOUT_GAMMA):
        plain, other = (r, -q) if Parts.WITHOUT_BETA in parts else (-q, r)
        sign = -1.0 if (p * plain.conjugate()).real < 0 else 1.0
        alpha = p if is_gentle else sign * plain
        phase = cmath.phase((s if is_gentle else sign * other) * alpha.conjugate())
        beta, gamma = (0.0, phase) if Parts.WITHOUT_BETA in parts else (phase, 0.0)
        return Euler(cmath.phase(alpha), beta, gamma, math.atan2(sign * sine, cosine))
    alpha = p
    if cosine < NEGLIGIBLE:
        cosine, alpha = 0.0, -q if Parts.SMALL_GAMMA in parts else r
    after = r * alpha.conjugate()
    before = s * p.conjugate() * after.conjugate() if is_gentle else -q * alpha.conjugate()
    small = before if Parts.SMALL_GAMMA in parts else after
    sign = 1.0 if small.real > 0 or (small.real == 0 and small.imag > 0) else -1.0
    return Euler(
        cmath.phase(alpha), cmath.phase(sign * after), cmath.phase(sign * before), math.atan2(sign * sine, cosine)
    )


def product_of(factors: Sequence[Factor], coefficients: np.ndarray) -> Matrix:
    """The product of one-qubit factors in time order, row by row."""
    result = np.eye(2, dtype=complex)
    for factor in factors:
        result = _matrix(factor, coefficients) @ result
    a, b, c, d = result.ravel().tolist()
    return a, b, c, d


def _matrix(factor: Factor, coefficients: np.ndarray) -> np.ndarray:
    numbers = coefficients[factor.place : factor.place + 4]
    match factor.form:
        case Form.MATRIX_1Q:
            return numbers.reshape(2, 2)
        case Form.DIAGONAL_1Q:
            return np.diag(numbers[:2])
        case Form.PHASE_1Q:
            return np.diag([1, numbers[0]] if factor.detail else [numbers[0], 1])
    letter = {1: [[0, 1], [1, 0]], 2: [[1, 0], [0, -1]], 3: [[0, -1j], [1j, 0]]}[factor.detail]
    return numbers[0].real * np.eye(2) - 1j * numbers[1].real * np.array(letter)
