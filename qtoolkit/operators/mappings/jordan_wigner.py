"""The Jordan-Wigner mapping: qubit k holds the occupation of mode k."""

from __future__ import annotations

from qtoolkit.operators._types import DEFAULT_ATOL, MAX_SUM_QUBITS, check_num_qubits
from qtoolkit.operators.fermion_operator import FermionOperator
from qtoolkit.operators.mappings.linear_encoding import LinearEncoding, modes_of
from qtoolkit.operators.pauli_sum import PauliSum

__all__ = ["jordan_wigner", "jordan_wigner_encoding"]


def jordan_wigner_encoding(num_modes: int) -> LinearEncoding:
    """Return the encoding whose matrix is the identity.

    Raises:
        OperatorError: if `num_modes` is not in [1, 62].
    """
    return LinearEncoding([1 << mode for mode in range(check_num_qubits(num_modes, MAX_SUM_QUBITS))])


def jordan_wigner(fermions: FermionOperator, num_modes: int | None = None, *, atol: float = DEFAULT_ATOL) -> PauliSum:
    """Map a_k to Z_0 ... Z_{k−1} (X_k + i Y_k) / 2 (Jordan and Wigner, Z. Phys. 47, 631 (1928)).

    Args:
        fermions: the operator; mode k becomes qubit k.
        num_modes: number of modes and qubits, by default one more than the highest mode in use.
        atol: coefficients of at most this magnitude are left out.

    Raises:
        OperatorError: if `num_modes` is too small, above 62, or missing for a constant.
    """
    return jordan_wigner_encoding(modes_of(fermions, num_modes)).encode(fermions, atol=atol)
