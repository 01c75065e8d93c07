"""`LinearEncoding`: qubits that hold sums of occupations modulo 2, and what that makes of ladder operators."""

from __future__ import annotations

from collections.abc import Sequence

from qtoolkit._arguments import items_of, shown
from qtoolkit.errors import OperatorError
from qtoolkit.operators._binary_rows import inverse, transposed
from qtoolkit.operators._types import MAX_SUM_QUBITS, as_int, check_num_qubits
from qtoolkit.operators.mappings.fermion_mapping import FermionMapping, checked_name

__all__ = ["LinearEncoding"]


class LinearEncoding(FermionMapping):
    """Qubits that store q = A n modulo 2 for occupations n, with A any invertible binary matrix.

    For mode k, U(k) are the qubits that hold n_k (column k of A), F(k) those whose parity is n_k (row k of A⁻¹) and
    P(k) those whose parity is n_0 + ... + n_{k−1}. Then a_k = X_U(k) Z_P(k) (1 − Z_F(k)) / 2, and its adjoint has
    the plus sign (Seeley, Richard and Love, J. Chem. Phys. 137, 224109 (2012)).
    """

    def __init__(self, stored: Sequence[int], name: str = "linear") -> None:
        """Take, for each qubit, the mask of the modes whose occupations it sums: the rows of A.

        Raises:
            OperatorError: if the masks are out of range, not invertible, or more than 62.
        """
        given = items_of(stored, "an encoding is a sequence of masks", OperatorError)
        num_modes = check_num_qubits(len(given), MAX_SUM_QUBITS)
        rows = tuple(as_int("a mask", mask) for mask in given)
        if any(mask < 0 or mask >> num_modes for mask in rows):
            raise OperatorError(f"each mask must be in [0, 2^{num_modes}) for {num_modes} modes, got {shown(rows)}")
        flip = inverse(rows)
        parity = [0]
        for mask in flip[:-1]:
            parity.append(parity[-1] ^ mask)
        update = transposed(rows, num_modes)
        self._fill(checked_name(name), update, flip, tuple(parity), (0,) * num_modes)
