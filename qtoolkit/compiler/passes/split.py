"""One-qubit products as phase · real rotation · phase.

Every unitary is ``e^{iα} diag(1, e^{iβ}) R(θ) diag(1, e^{iγ})`` with ``R = [[cos, -sin], [sin, cos]]``. The phases join
the phase polynomials around; what is left needs 2 fused multiply-adds an amplitude. Which of the parts a product needs
for all parameter values is found by trying two generic values.

Changing the sign of θ adds π to β and to γ, so one of them can be kept within (-π/2, π/2]. That one is 0 for real
gates: H is a Z before a rotation, or one after. The Z goes to the side where controlled phases of the same qubit stand,
whose polynomial then still needs to be applied only where the qubit is 1; in a Fourier transform that is after the H,
in the inverse one before.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler.nodes import Factor, Form, Kind, Node

__all__ = ["Euler", "Product", "decompose", "product_of", "split_locals"]

Matrix = tuple[complex, complex, complex, complex]

NEGLIGIBLE = 1e-15
"""Angles below this are rounding."""

MARGIN = 1 + 1e-9
"""Ratio of sine to cosine from which on a rotation is steep, as in `qtoolkit_kernels.vector.numbers`."""

_IDENTITY: Matrix = (1, 0, 0, 1)


class Product(NamedTuple):
    """A product of one-qubit gates.

    Attributes:
        factors: in time order.
        small_gamma: whether γ is the angle that is kept within (-π/2, π/2].
        is_gentle: whether |sin θ| <= cos θ for all parameter values.
    """

    factors: tuple[Factor, ...]
    small_gamma: bool
    is_gentle: bool


@dataclass(frozen=True)
class Euler:
    """The four angles of a one-qubit gate, in radians; θ is within [-π/2, π/2]."""

    alpha: float
    beta: float
    gamma: float
    theta: float


def decompose(matrix: Matrix, small_gamma: bool = False) -> Euler:
    """The angles of a unitary, row by row; β within (-π/2, π/2], or γ if asked."""
    a, b, c, d = matrix
    if abs(c) < NEGLIGIBLE:
        phase = cmath.phase(d * a.conjugate())
        return Euler(cmath.phase(a), phase if small_gamma else 0.0, 0.0 if small_gamma else phase, 0.0)
    if abs(a) < NEGLIGIBLE:
        if small_gamma:
            return Euler(cmath.phase(-b), cmath.phase(-c * b.conjugate()), 0.0, math.pi / 2)
        return Euler(cmath.phase(c), 0.0, cmath.phase(-b * c.conjugate()), math.pi / 2)
    after, before = c * a.conjugate(), -b * a.conjugate()
    small = before if small_gamma else after
    sign = 1.0 if small.real > 0 or (small.real == 0 and small.imag > 0) else -1.0
    theta = math.atan2(sign * abs(c), abs(a))
    return Euler(cmath.phase(a), cmath.phase(sign * after), cmath.phase(sign * before), theta)


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


def split_locals(nodes: Sequence[Node], probes: Sequence[NDArray[np.complex128]]) -> tuple[list[Node], list[Product]]:
    """Replace one-qubit products by rotations and phases.

    Args:
        nodes: in time order.
        probes: coefficients at generic parameter values, planner's constants behind them; one set if there are no
            parameters.

    Returns:
        The nodes, and the factors of every product; rotations and their phases name products by number.
    """
    split: list[Node] = []
    products: list[Product] = []
    pairs = [n.diagonal for n in nodes if n.kind is Kind.PHASES and len(n.diagonal) == 2]
    passed = 0
    for node in nodes:
        if node.kind is not Kind.LOCAL:
            passed += node.kind is Kind.PHASES and len(node.diagonal) == 2
            split.append(node)
            continue
        number = len(products)
        following = [node.targets[0] in pair for pair in pairs[passed : passed + 2]]
        matrices = [product_of(node.factors, probe) for probe in probes]
        small_gamma, angles = _convention(matrices, bool(following) and all(following))
        products.append(Product(tuple(node.factors), small_gamma, _is_gentle(matrices)))
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


def _is_gentle(matrices: Sequence[Matrix]) -> bool:
    """Whether no parameter changes a product, and its rotation turns by 45° at most."""
    return all(m == matrices[0] for m in matrices) and abs(matrices[0][2]) <= MARGIN * abs(matrices[0][0])


def _convention(matrices: Sequence[Matrix], prefer_small_gamma: bool) -> tuple[bool, list[Euler]]:
    """Which angle to keep small, and the angles: one that is a multiple of π for all values then is always 0."""
    by_side = {side: [decompose(matrix, small_gamma=side) for matrix in matrices] for side in (False, True)}
    vanishing = {
        False: all(abs(e.beta) <= NEGLIGIBLE for e in by_side[False]),
        True: all(abs(e.gamma) <= NEGLIGIBLE for e in by_side[True]),
    }
    side = prefer_small_gamma if vanishing[False] == vanishing[True] else vanishing[True]
    angles = by_side[side]
    if not vanishing[side]:
        # Neither vanishes: both are needed, whatever the values at hand.
        angles = [replace(e, beta=1.0, gamma=1.0) for e in angles]
    return side, angles
