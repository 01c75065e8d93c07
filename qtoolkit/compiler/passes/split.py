"""One-qubit products as phase · real rotation · phase.

Every unitary is ``e^{iα} diag(1, e^{iβ}) R(θ) diag(1, e^{iγ})`` with ``R = [[cos, -sin], [sin, cos]]``. The phases join
the phase polynomials around; what is left needs 2 fused multiply-adds an amplitude. Which of the parts a product needs
for all parameter values is found by trying two generic values.

Changing the sign of θ adds π to β and to γ, so one of them can be kept within (-π/2, π/2]. That one is 0 for real
gates: H is a Z before a rotation, or one after. The Z goes to the side where controlled phases of the same qubit stand,
whose polynomial then still needs to be applied only where the qubit is 1; in a Fourier transform that is after the H,
in the inverse one before.

What a plan leaves out, the numbers must leave out too, whatever rounding says of small entries; so each product carries
the parts it is split into, and all phases come from entries that are large (`qtoolkit_kernels.vector.numbers`).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler.nodes import Factor, Form, Kind, Node

__all__ = ["Euler", "Parts", "Product", "decompose", "product_of", "split_locals"]

Matrix = tuple[complex, complex, complex, complex]

NEGLIGIBLE = 1e-15
"""Angles below this are rounding."""

MARGIN = 1 + 1e-9
"""Ratio of sine to cosine from which on a rotation is steep, as in `qtoolkit_kernels.vector.numbers`."""

_IDENTITY: Matrix = (1, 0, 0, 1)


class Parts(IntFlag):
    """How a product is split, as in `qtoolkit_kernels.vector.numbers`."""

    GENERAL = 0
    SMALL_GAMMA = 1
    WITHOUT_BETA = 2
    WITHOUT_GAMMA = 4
    WITHOUT_THETA = 8


SMALL_GAMMA, WITHOUT_BETA, WITHOUT_GAMMA, WITHOUT_THETA = (int(part) for part in Parts if part)


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


@dataclass(frozen=True)
class Euler:
    """The four angles of a one-qubit gate, in radians; θ is within [-π/2, π/2]."""

    alpha: float
    beta: float
    gamma: float
    theta: float


def decompose(matrix: Matrix, parts: Parts = Parts.GENERAL) -> Euler:
    """The angles of a unitary, row by row, as `qtoolkit_kernels.vector.numbers.split_unitary` finds them."""
    flags = int(parts)  # operations of an enum take as long as all others together
    p, q, r, s = matrix
    cosine, sine = abs(p), abs(r)
    if flags & WITHOUT_THETA or sine < NEGLIGIBLE:
        phase = cmath.phase(s * p.conjugate())
        is_after = flags & WITHOUT_GAMMA or flags & (SMALL_GAMMA | WITHOUT_BETA) == SMALL_GAMMA
        return Euler(cmath.phase(p), phase if is_after else 0.0, 0.0 if is_after else phase, 0.0)
    is_gentle = cosine >= sine
    if flags & (WITHOUT_BETA | WITHOUT_GAMMA):
        plain, other = (r, -q) if flags & WITHOUT_BETA else (-q, r)
        sign = -1.0 if (p * plain.conjugate()).real < 0 else 1.0
        alpha = p if is_gentle else sign * plain
        phase = cmath.phase((s if is_gentle else sign * other) * alpha.conjugate())
        beta, gamma = (0.0, phase) if flags & WITHOUT_BETA else (phase, 0.0)
        return Euler(cmath.phase(alpha), beta, gamma, math.atan2(sign * sine, cosine))
    alpha = p
    if cosine < NEGLIGIBLE:
        cosine, alpha = 0.0, -q if flags & SMALL_GAMMA else r
    after = r * alpha.conjugate()
    before = s * p.conjugate() * after.conjugate() if is_gentle else -q * alpha.conjugate()
    small = before if flags & SMALL_GAMMA else after
    sign = 1.0 if small.real > 0 or (small.real == 0 and small.imag > 0) else -1.0
    return Euler(
        cmath.phase(alpha), cmath.phase(sign * after), cmath.phase(sign * before), math.atan2(sign * sine, cosine)
    )


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
        parts = _parts(matrices, bool(following) and all(following))
        products.append(Product(tuple(node.factors), parts, _is_gentle(matrices)))
        qubits = node.targets
        if Parts.WITHOUT_GAMMA not in parts:
            split.append(Node(Kind.PHASES, diagonal=qubits, factors=[Factor(Form.BEFORE_ROTATION, number, qubits)],
                              operations=0))  # fmt: skip
        if Parts.WITHOUT_THETA not in parts:
            split.append(Node(Kind.ROTATION, qubits, operation=number, operations=node.operations))
        if Parts.WITHOUT_BETA not in parts:
            split.append(Node(Kind.PHASES, diagonal=qubits, factors=[Factor(Form.AFTER_ROTATION, number, qubits)],
                              operations=0))  # fmt: skip
    return split, products


def _is_gentle(matrices: Sequence[Matrix]) -> bool:
    """Whether no parameter changes a product, and its rotation turns by 45° at most."""
    return all(m == matrices[0] for m in matrices) and abs(matrices[0][2]) <= MARGIN * abs(matrices[0][0])


def _parts(matrices: Sequence[Matrix], prefer_small_gamma: bool) -> Parts:
    """Which angle to keep small, and which to leave out: one that is always a multiple of π then is always 0."""
    by_side = {side: [decompose(matrix, side) for matrix in matrices] for side in (Parts.GENERAL, Parts.SMALL_GAMMA)}
    beta_vanishes = _vanish(e.beta for e in by_side[Parts.GENERAL])
    gamma_vanishes = _vanish(e.gamma for e in by_side[Parts.SMALL_GAMMA])
    is_gamma = prefer_small_gamma if beta_vanishes == gamma_vanishes else gamma_vanishes
    parts = Parts.SMALL_GAMMA if is_gamma else Parts.GENERAL
    angles = by_side[parts]
    if _vanish(e.theta for e in angles):
        parts |= Parts.WITHOUT_THETA
    # Where neither vanishes both are needed, whatever the values at hand.
    if beta_vanishes or gamma_vanishes:
        parts |= Parts.WITHOUT_BETA if _vanish(e.beta for e in angles) else Parts.GENERAL
        parts |= Parts.WITHOUT_GAMMA if _vanish(e.gamma for e in angles) else Parts.GENERAL
    return parts


def _vanish(angles: Iterable[float]) -> bool:
    return all(abs(angle) <= NEGLIGIBLE for angle in angles)
