"""The Bravyi-Kitaev mapping: qubits hold partial sums of occupations in a binary indexed tree."""

from __future__ import annotations

from qtoolkit.operators._types import DEFAULT_ATOL, MAX_SUM_QUBITS, check_num_qubits
from qtoolkit.operators.mappings.fermion_mapping import Fermions, modes_of
from qtoolkit.operators.mappings.linear_encoding import LinearEncoding
from qtoolkit.operators.pauli_sum import PauliSum

__all__ = ["bravyi_kitaev", "bravyi_kitaev_encoding"]


def bravyi_kitaev_encoding(num_modes: int) -> LinearEncoding:
    """Return the encoding whose qubit k sums the 2^t modes up to k, where 2^t is the lowest set bit of k + 1.

    Raises:
        OperatorError: if `num_modes` is not in [1, 62].
    """
    stored = []
    for place in range(1, check_num_qubits(num_modes, MAX_SUM_QUBITS) + 1):
        width = place & -place
        stored.append(((1 << width) - 1) << (place - width))
    return LinearEncoding(stored, "bravyi_kitaev")


def bravyi_kitaev(fermions: Fermions, num_modes: int | None = None, *, atol: float = DEFAULT_ATOL) -> PauliSum:
    """Map ladder operators to strings of weight O(log num_modes).

    Bravyi and Kitaev, Ann. Phys. 298, 210 (2002); for a number of modes that is no power of two, the tree of the
    next power with the modes beyond left out (Seeley, Richard and Love, J. Chem. Phys. 137, 224109 (2012)).

    Args:
        fermions: the operator, a `FermionOperator` or an `ElectronicHamiltonian`.
        num_modes: number of modes and qubits, by default one more than the highest mode in use.
        atol: coefficients of at most this magnitude are left out.

    Raises:
        OperatorError: if `num_modes` is too small, above 62, or missing for a constant.
        InsufficientMemoryError: if the strings do not fit.
    """
    return bravyi_kitaev_encoding(modes_of(fermions, num_modes)).map(fermions, atol=atol)
