"""The parity mapping: qubit k holds the parity of modes 0 to k."""

from __future__ import annotations

from qtoolkit.operators._types import DEFAULT_ATOL, MAX_SUM_QUBITS, check_num_qubits
from qtoolkit.operators.fermion_operator import FermionOperator
from qtoolkit.operators.mappings.linear_encoding import LinearEncoding, modes_of
from qtoolkit.operators.pauli_sum import PauliSum

__all__ = ["parity", "parity_encoding"]


def parity_encoding(num_modes: int) -> LinearEncoding:
    """Return the encoding whose matrix is lower triangular, full of ones.

    Raises:
        OperatorError: if `num_modes` is not in [1, 62].
    """
    return LinearEncoding([(2 << mode) - 1 for mode in range(check_num_qubits(num_modes, MAX_SUM_QUBITS))])


def parity(fermions: FermionOperator, num_modes: int | None = None, *, atol: float = DEFAULT_ATOL) -> PauliSum:
    """Map a_k to (Z_{k−1} X_k + i Y_k) X_{k+1} ... X_{n−1} / 2.

    Seeley, Richard and Love, J. Chem. Phys. 137, 224109 (2012), the parity basis.

    Args:
        fermions: the operator.
        num_modes: number of modes and qubits, by default one more than the highest mode in use.
        atol: coefficients of at most this magnitude are left out.

    Raises:
        OperatorError: if `num_modes` is too small, above 62, or missing for a constant.
    """
    return parity_encoding(modes_of(fermions, num_modes)).encode(fermions, atol=atol)
