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

import numpy as np

from qtoolkit_kernels._bits import lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.planner.nodes import (
    DETAIL,
    DIAGONAL,
    EXTRA,
    FIRST,
    FORM,
    GATES,
    KIND,
    LOCAL,
    NEXT,
    PHASES,
    PLACE,
    ROTATION,
    TARGETS,
    copy_node,
    set_factor,
    set_node,
)
from qtoolkit_kernels.vector.numbers import (
    AFTER_ROTATION,
    BEFORE_ROTATION,
    MARGIN,
    NEGLIGIBLE,
    SMALL_GAMMA,
    WITHOUT_BETA,
    WITHOUT_GAMMA,
    WITHOUT_THETA,
    small_matrix,
    split_unitary,
)

__all__ = ["IS_GENTLE", "PARTS", "PRODUCT_COLUMNS", "PRODUCT_FIRST", "multiply_factors", "split_locals"]

PRODUCT_COLUMNS = 3
PRODUCT_FIRST, PARTS, IS_GENTLE = range(PRODUCT_COLUMNS)
"""Of a product: the first of its factors, how it is split, and whether |sin θ| <= cos θ for all parameter values."""


@njit
def multiply_factors(factors: Integers, place: int, coefficients: Complex, m: Complex, product: Complex) -> None:
    """The product of a list of one-qubit factors, row by row."""
    product[0] = product[3] = 1.0
    product[1] = product[2] = 0.0
    while place >= 0:
        small_matrix(coefficients, factors[place, FORM], factors[place, PLACE], factors[place, DETAIL], m)
        p, q, r, s = product[0], product[1], product[2], product[3]
        product[0], product[1] = m[0] * p + m[1] * r, m[0] * q + m[1] * s
        product[2], product[3] = m[2] * p + m[3] * r, m[2] * q + m[3] * s
        place = factors[place, NEXT]


@njit
def _is_negligible(multiple: complex) -> bool:
    """Whether the angle of a number that is not 0 is rounding."""
    return multiple.real > 0.0 and abs(multiple.imag) <= NEGLIGIBLE * multiple.real


@njit
def _vanishing(product: Complex, parts: int) -> int:
    """Which of the angles of a product are 0, as WITHOUT_*, if it is split so."""
    cosine, sine, _, beta, gamma = split_unitary(product[0], product[1], product[2], product[3], parts)
    found = WITHOUT_THETA if abs(sine) <= NEGLIGIBLE * cosine else 0
    found |= WITHOUT_BETA if _is_negligible(beta) else 0
    return found | (WITHOUT_GAMMA if _is_negligible(gamma) else 0)


@njit
def _parts_of(general: int, small_gamma: int, prefer_small_gamma: bool) -> int:
    """Which angle to keep small, and which to leave out: one that is always a multiple of π then is always 0."""
    beta_vanishes, gamma_vanishes = general & WITHOUT_BETA != 0, small_gamma & WITHOUT_GAMMA != 0
    is_gamma = prefer_small_gamma if beta_vanishes == gamma_vanishes else gamma_vanishes
    found = small_gamma if is_gamma else general
    parts = SMALL_GAMMA if is_gamma else 0
    # Where neither vanishes both are needed, whatever the values at hand.
    if beta_vanishes or gamma_vanishes:
        return parts | found
    return parts | found & WITHOUT_THETA


@njit
def split_locals(
    nodes: Integers, factors: Integers, num_factors: int, probes: Complex, out: Integers, products: Integers
) -> tuple[int, int, int]:
    """Replace one-qubit products by rotations and phases.

    Args:
        nodes: int64[:, 10], in time order.
        factors: int64[:, 6], with room for two more for each product.
        num_factors: how many there are.
        probes: complex128[:, coefficients], at generic parameter values; one row if there are no parameters.
        out: int64[:, 10], receives the nodes, three at most for each product.
        products: int64[:, 3], receives the products, which rotations and their phases name by number.

    Returns:
        How many nodes, factors and products there are.
    """
    size = nodes.shape[0]
    # Pairs of qubits with a phase, in time order; the two that follow a product say which side its Z goes to.
    pairs = np.zeros(size + 2, np.int64)
    num_pairs = passed = count = number = 0
    for k in range(size):
        qubits = nodes[k, DIAGONAL]
        if nodes[k, KIND] == PHASES and qubits & (qubits - 1):
            pairs[num_pairs] = qubits
            num_pairs += 1
    m, product, first = np.empty(4, np.complex128), np.empty(4, np.complex128), np.empty(4, np.complex128)
    for k in range(size):
        row = nodes[k]
        if row[KIND] != LOCAL:
            qubits = row[DIAGONAL]
            passed += row[KIND] == PHASES and qubits & (qubits - 1) != 0
            copy_node(row, out[count])
            count += 1
            continue
        target = row[TARGETS]
        following = passed < num_pairs and pairs[passed] & target != 0
        following = following and (passed + 1 == num_pairs or pairs[passed + 1] & target != 0)
        general = small_gamma = WITHOUT_THETA | WITHOUT_BETA | WITHOUT_GAMMA
        is_gentle = True
        for probe in range(probes.shape[0]):
            multiply_factors(factors, row[FIRST], probes[probe], m, product)
            general &= _vanishing(product, 0)
            small_gamma &= _vanishing(product, SMALL_GAMMA)
            if probe == 0:
                is_gentle = abs(product[2]) <= MARGIN * abs(product[0])
            for j in range(4):
                first[j] = first[j] if probe else product[j]
                is_gentle = is_gentle and product[j] == first[j]
        parts = _parts_of(general, small_gamma, following)
        products[number, PRODUCT_FIRST], products[number, PARTS], products[number, IS_GENTLE] = (
            row[FIRST], parts, is_gentle,
        )  # fmt: skip
        qubit = lowest_index(target)
        if not parts & WITHOUT_GAMMA:
            set_factor(factors, num_factors, BEFORE_ROTATION, number, qubit)
            set_node(out, count, PHASES, 0, target, num_factors, 0)
            count, num_factors = count + 1, num_factors + 1
        if not parts & WITHOUT_THETA:
            set_node(out, count, ROTATION, target, 0, -1, row[GATES])
            out[count, EXTRA] = number
            count += 1
        if not parts & WITHOUT_BETA:
            set_factor(factors, num_factors, AFTER_ROTATION, number, qubit)
            set_node(out, count, PHASES, 0, target, num_factors, 0)
            count, num_factors = count + 1, num_factors + 1
        number += 1
    return count, num_factors, number
