"""`LinearEncoding`: qubits that hold sums of occupations modulo 2, and what that makes of ladder operators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qtoolkit._arguments import check_instance, items_of, shown
from qtoolkit.errors import OperatorError
from qtoolkit.operators._term_algebra import Terms, merge_terms, y_phases
from qtoolkit.operators._types import (
    DEFAULT_ATOL,
    MAX_SUM_QUBITS,
    ComplexArray,
    IntArray,
    as_int,
    check_atol,
    check_num_qubits,
)
from qtoolkit.operators.fermion_operator import FermionOperator, LadderProduct
from qtoolkit.operators.pauli_sum import PauliSum

__all__ = ["LinearEncoding", "modes_of"]

_STRINGS_PER_CHUNK = 1 << 20  # bounds the temporaries to some tens of MB


@dataclass(frozen=True, slots=True, init=False)
class LinearEncoding:
    """Qubits that store q = A n modulo 2 for occupations n, with A any invertible binary matrix.

    For mode k, U(k) are the qubits that hold n_k (column k of A), F(k) those whose parity is n_k (row k of A⁻¹) and
    P(k) those whose parity is n_0 + ... + n_{k−1}. Then a_k = X_U(k) Z_P(k) (1 − Z_F(k)) / 2, and its adjoint has
    the plus sign (Seeley, Richard and Love, J. Chem. Phys. 137, 224109 (2012)).

    Attributes:
        num_modes: number of modes and of qubits, 1 to 62.
        stored: for qubit j, the mask of the modes whose occupations it sums: row j of A.
        update: for mode k, the mask of U(k).
        flip: for mode k, the mask of F(k).
        parity: for mode k, the mask of P(k).
    """

    num_modes: int
    stored: tuple[int, ...]
    update: tuple[int, ...]
    flip: tuple[int, ...]
    parity: tuple[int, ...]

    def __init__(self, stored: Sequence[int]) -> None:
        """Take, for each qubit, the mask of the modes whose occupations it sums.

        Raises:
            OperatorError: if the masks are out of range, not invertible, or more than 62.
        """
        given = items_of(stored, "an encoding is a sequence of masks", OperatorError)
        num_modes = check_num_qubits(len(given), MAX_SUM_QUBITS)
        stored = tuple(as_int("a mask", mask) for mask in given)
        if any(mask < 0 or mask >> num_modes for mask in stored):
            raise OperatorError(f"each mask must be in [0, 2^{num_modes}) for {num_modes} modes, got {shown(stored)}")
        flip = _inverse(stored)
        parity = [0]
        for mask in flip[:-1]:
            parity.append(parity[-1] ^ mask)
        update = tuple(sum((row >> mode & 1) << qubit for qubit, row in enumerate(stored)) for mode in range(num_modes))
        object.__setattr__(self, "num_modes", num_modes)
        object.__setattr__(self, "stored", stored)
        object.__setattr__(self, "update", update)
        object.__setattr__(self, "flip", flip)
        object.__setattr__(self, "parity", tuple(parity))

    def encode(self, fermions: FermionOperator, *, atol: float = DEFAULT_ATOL) -> PauliSum:
        """Return the Pauli sum of a fermionic operator, without coefficients of magnitude at most `atol`.

        Raises:
            OperatorError: if the operator has more modes than the encoding.
        """
        atol = check_atol(atol)
        check_instance(fermions, FermionOperator, "what is encoded must be a FermionOperator", OperatorError)
        if fermions.num_modes > self.num_modes:
            raise OperatorError(
                f"the operator acts on {fermions.num_modes} modes but the encoding has {self.num_modes}: "
                "give a num_modes at least as large"
            )
        by_degree: dict[int, list[tuple[LadderProduct, complex]]] = defaultdict(list)
        for product, value in fermions:
            by_degree[len(product)].append((product, value))
        parts = [
            merge_terms(*self._encode_products(degree, terms[start : start + max(1, _STRINGS_PER_CHUNK >> degree)]))
            for degree, terms in sorted(by_degree.items())
            for start in range(0, len(terms), max(1, _STRINGS_PER_CHUNK >> degree))
        ]
        if not parts:
            return PauliSum.zero(self.num_modes)
        x_masks, z_masks, coefficients = (np.concatenate(column) for column in zip(*parts, strict=True))
        return PauliSum(x_masks, z_masks, coefficients, self.num_modes).simplify(atol)

    def encode_occupation(self, occupation: int) -> int:
        """Return the basis state, as a state index, that stands for the modes set in `occupation`.

        Raises:
            OperatorError: if `occupation` has bits at or above `num_modes`.
        """
        occupation = as_int("an occupation", occupation)
        if occupation < 0 or occupation >> self.num_modes:
            raise OperatorError(
                f"an occupation must be in [0, 2^{self.num_modes}) for {self.num_modes} modes, got {shown(occupation)}"
            )
        return sum(((occupation & row).bit_count() & 1) << qubit for qubit, row in enumerate(self.stored))

    def _encode_products(self, degree: int, terms: Sequence[tuple[LadderProduct, complex]]) -> Terms:
        """Multiply out products of one degree, all at once, into 2^degree strings each.

        Strings are kept as c X^x Z^z while they grow, which costs a sign per factor only.
        """
        factors: IntArray = np.array([product for product, _ in terms], dtype=np.int64).reshape(len(terms), degree, 2)
        coefficients: ComplexArray = np.array([value for _, value in terms], dtype=np.complex128)
        update, flip, parity = (np.array(masks, dtype=np.int64) for masks in (self.update, self.flip, self.parity))

        x_masks = np.zeros((len(terms), 1), dtype=np.int64)
        z_masks = np.zeros((len(terms), 1), dtype=np.int64)
        values = coefficients[:, None]
        for position in range(degree):
            mode, creates = factors[:, position, 0, None], factors[:, position, 1, None]
            crossed = np.bitwise_count(z_masks & update[mode]) & 1
            values = np.where(crossed, -0.5, 0.5) * values
            x_masks = x_masks ^ update[mode]
            z_masks = z_masks ^ parity[mode]
            z_masks = np.concatenate((z_masks, z_masks ^ flip[mode]), axis=1)
            values = np.concatenate((values, np.where(creates, values, -values)), axis=1)
        x_flat, z_flat = np.repeat(x_masks[:, 0], z_masks.shape[1]), z_masks.ravel()
        return x_flat, z_flat, values.ravel() * y_phases(x_flat, z_flat).conj()


def modes_of(fermions: FermionOperator, num_modes: int | None) -> int:
    """Return `num_modes`, or where it is None the modes that the operator uses.

    Raises:
        OperatorError: if neither says how many modes there are.
    """
    check_instance(fermions, FermionOperator, "what is mapped must be a FermionOperator", OperatorError)
    if num_modes is not None:
        return check_num_qubits(num_modes, MAX_SUM_QUBITS)
    if fermions.num_modes == 0:
        raise OperatorError("an operator without ladder operators has no modes of its own: give num_modes")
    return fermions.num_modes


def _inverse(rows: Sequence[int]) -> tuple[int, ...]:
    """Invert a binary matrix of row masks, by Gauss-Jordan elimination modulo 2."""
    size = len(rows)
    work = [row | 1 << (size + index) for index, row in enumerate(rows)]
    for column in range(size):
        pivot = next((index for index in range(column, size) if work[index] >> column & 1), None)
        if pivot is None:
            raise OperatorError(f"an encoding must be invertible modulo 2, but the masks {tuple(rows)} are dependent")
        work[column], work[pivot] = work[pivot], work[column]
        for index in range(size):
            if index != column and work[index] >> column & 1:
                work[index] ^= work[column]
    return tuple(row >> size for row in work)
