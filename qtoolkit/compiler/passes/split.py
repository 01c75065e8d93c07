"""One-qubit products as phase · real rotation · phase.

Every unitary is ``e^{iα} diag(1, e^{iβ}) R(θ) diag(1, e^{iγ})`` with ``R = [[cos, -sin], [sin, cos]]`` and β within
(-π/2, π/2]. The phases join the phase polynomials around; what is left needs 2 fused multiply-adds an amplitude.
Which of the three parts a product needs for all parameter values is found by trying two generic values.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler.nodes import Factor, Form, Kind, Node

__all__ = ["Euler", "decompose", "product_of", "split_locals"]

Matrix = tuple[complex, complex, complex, complex]

NEGLIGIBLE = 1e-15
"""Angles below this are rounding."""

_IDENTITY: Matrix = (1, 0, 0, 1)


@dataclass(frozen=True)
class Euler:
    """The four angles of a one-qubit gate, in radians; the cosine of θ is at least 0."""

    alpha: float
    beta: float
    gamma: float
    theta: float


def decompose(matrix: Matrix) -> Euler:
    """The angles of a unitary, row by row."""
    a, b, c, d = matrix
    if abs(c) < NEGLIGIBLE:
        return Euler(cmath.phase(a), 0.0, cmath.phase(d * a.conjugate()), 0.0)
    if abs(a) < NEGLIGIBLE:
        return Euler(cmath.phase(c), 0.0, cmath.phase(-b * c.conjugate()), math.pi / 2)
    ratio = c * a.conjugate()
    beta, sine = cmath.phase(ratio), abs(c)
    if beta <= -math.pi / 2 or beta > math.pi / 2:
        beta += math.pi if beta < 0 else -math.pi
        sine = -sine
    gamma = cmath.phase(-b * a.conjugate() / math.copysign(1.0, sine))
    return Euler(cmath.phase(a), beta, gamma, math.atan2(sine, abs(a)))


def product_of(factors: Sequence[Factor], coefficients: NDArray[np.complex128]) -> Matrix:
    """The product of one-qubit factors in time order."""
    result = _IDENTITY
    for factor in factors:
        a, b, c, d = _matrix(factor, coefficients)
        p, q, r, s = result
        result = (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s)
    return result


def _matrix(factor: Factor, coefficients: NDArray[np.complex128]) -> Matrix:
    place = factor.place
    if factor.form is Form.MATRIX_1Q:
        a, b, c, d = coefficients[place : place + 4].tolist()
        return a, b, c, d
    if factor.form is Form.DIAGONAL_1Q:
        return complex(coefficients[place]), 0, 0, complex(coefficients[place + 1])
    if factor.form is Form.PHASE_1Q:
        entry = complex(coefficients[place])
        return (1, 0, 0, entry) if factor.detail else (entry, 0, 0, 1)
    cosine, sine = coefficients[place].real, coefficients[place + 1].real
    if factor.detail == 1:
        return cosine, -1j * sine, -1j * sine, cosine
    if factor.detail == 3:
        return cosine, -sine, sine, cosine
    return cosine - 1j * sine, 0, 0, cosine + 1j * sine


def split_locals(
    nodes: Sequence[Node], probes: Sequence[NDArray[np.complex128]]
) -> tuple[list[Node], list[list[Factor]]]:
    """Replace one-qubit products by rotations and phases.

    Args:
        nodes: in time order.
        probes: coefficients at generic parameter values, planner's constants behind them; one set if there are no
            parameters.

    Returns:
        The nodes, and the factors of every product; rotations and their phases name products by number.
    """
    split: list[Node] = []
    products: list[list[Factor]] = []
    for node in nodes:
        if node.kind is not Kind.LOCAL:
            split.append(node)
            continue
        number = len(products)
        products.append(node.factors)
        angles = [decompose(product_of(node.factors, probe)) for probe in probes]
        qubits = node.targets
        if any(abs(e.gamma) > NEGLIGIBLE for e in angles):
            split.append(Node(Kind.PHASES, diagonal=qubits, factors=[Factor(Form.BEFORE_ROTATION, number, qubits)],
                              operations=0))  # fmt: skip
        if any(abs(e.theta) > NEGLIGIBLE for e in angles):
            split.append(Node(Kind.ROTATION, qubits, operation=number, operations=node.operations))
        if any(abs(e.beta) > NEGLIGIBLE for e in angles):
            split.append(Node(Kind.PHASES, diagonal=qubits, factors=[Factor(Form.AFTER_ROTATION, number, qubits)],
                              operations=0))  # fmt: skip
    return split, products
