"""The Jordan-Wigner mapping: qubit k holds the occupation of mode k."""

from __future__ import annotations

from qtoolkit.operators._types import DEFAULT_ATOL, MAX_SUM_QUBITS, check_num_qubits
from qtoolkit.operators.mappings.fermion_mapping import Fermions, modes_of
from qtoolkit.operators.mappings.linear_encoding import LinearEncoding
from qtoolkit.operators.pauli_sum import PauliSum

__all__ = ["jordan_wigner", "jordan_wigner_encoding"]


def jordan_wigner_encoding(num_modes: int) -> LinearEncoding:
    """Return the encoding whose matrix is the identity.

    Raises:
        OperatorError: if `num_modes` is not in [1, 62].
    """
    stored = [1 << mode for mode in range(check_num_qubits(num_modes, MAX_SUM_QUBITS))]
    return LinearEncoding(stored, "jordan_wigner")


def jordan_wigner(fermions: Fermions, num_modes: int | None = None, *, atol: float = DEFAULT_ATOL) -> PauliSum:
    """Map a_k to Z_0 ... Z_{k−1} (X_k + i Y_k) / 2 (Jordan and Wigner, Z. Phys. 47, 631 (1928)).

    Args:
        fermions: the operator, a `FermionOperator` or an `ElectronicHamiltonian`; mode k becomes qubit k.
        num_modes: number of modes and qubits, by default one more than the highest mode in use.
        atol: coefficients of at most this magnitude are left out.

    Raises:
        OperatorError: if `num_modes` is too small, above 62, or missing for a constant.
        InsufficientMemoryError: if the strings do not fit.
    """
    return jordan_wigner_encoding(modes_of(fermions, num_modes)).map(fermions, atol=atol)
