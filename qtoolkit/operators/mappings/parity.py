"""The parity mapping: qubit k holds the parity of modes 0 to k."""

from __future__ import annotations

from qtoolkit._arguments import check_integer, items_of, shown
from qtoolkit.errors import OperatorError
from qtoolkit.operators._types import DEFAULT_ATOL, MAX_SUM_QUBITS, check_num_qubits
from qtoolkit.operators.mappings.fermion_mapping import FermionMapping, Fermions, modes_of
from qtoolkit.operators.mappings.linear_encoding import LinearEncoding
from qtoolkit.operators.pauli_string import PauliString
from qtoolkit.operators.pauli_sum import PauliSum
from qtoolkit.operators.tapering import Tapering

__all__ = ["parity", "parity_encoding", "reduced_parity_mapping"]


def parity_encoding(num_modes: int) -> LinearEncoding:
    """Return the encoding whose matrix is lower triangular, full of ones.

    Raises:
        OperatorError: if `num_modes` is not in [1, 62].
    """
    stored = [(2 << mode) - 1 for mode in range(check_num_qubits(num_modes, MAX_SUM_QUBITS))]
    return LinearEncoding(stored, "parity")


def reduced_parity_mapping(num_modes: int, nelec: tuple[int, int]) -> FermionMapping:
    """Return the parity mapping without the two qubits that hold the parities of the electrons.

    Qubit ``norb − 1`` holds the parity of the alpha electrons and the last one that of all. What conserves both acts
    there by I and Z, which the numbers of electrons replace (Bravyi et al., arXiv:1701.08213).

    Args:
        num_modes: number of spin orbitals, alpha before beta: even, 4 to 62.
        nelec: numbers of alpha and beta electrons.

    Raises:
        OperatorError: if `num_modes` is another, or `nelec` no pair of numbers from 0 to ``num_modes / 2``.
    """
    total = check_num_qubits(num_modes, MAX_SUM_QUBITS)
    if total % 2 or total < 4:
        raise OperatorError(f"a reduction by two qubits takes an even number of modes from 4 on, got {total}")
    norb = total // 2
    counts = items_of(nelec, "nelec is a pair (n_alpha, n_beta)", OperatorError)
    if len(counts) != 2:
        raise OperatorError(f"nelec is a pair (n_alpha, n_beta), got {shown(nelec)}")
    n_alpha, n_beta = (check_integer(count, "a number of electrons", 0, norb, OperatorError) for count in counts)
    symmetries = tuple(PauliString.from_sparse({qubit: "Z"}, total) for qubit in (norb - 1, total - 1))
    sector = ((-1) ** n_alpha, (-1) ** (n_alpha + n_beta))
    return parity_encoding(total).tapered(Tapering(symmetries, sector))


def parity(
    fermions: Fermions,
    num_modes: int | None = None,
    *,
    nelec: tuple[int, int] | None = None,
    atol: float = DEFAULT_ATOL,
) -> PauliSum:
    """Map a_k to (Z_{k−1} X_k + i Y_k) X_{k+1} ... X_{n−1} / 2.

    Seeley, Richard and Love, J. Chem. Phys. 137, 224109 (2012), the parity basis.

    Args:
        fermions: the operator, a `FermionOperator` or an `ElectronicHamiltonian`.
        num_modes: number of modes and qubits, by default one more than the highest mode in use.
        nelec: numbers of alpha and beta electrons, to leave out the two qubits that hold their parities, as
            `reduced_parity_mapping` does.
        atol: coefficients of at most this magnitude are left out.

    Raises:
        OperatorError: if `num_modes` is too small, above 62, or missing for a constant; with `nelec`, if the operator
            does not conserve the parities.
        InsufficientMemoryError: if the strings do not fit.
    """
    count = modes_of(fermions, num_modes)
    mapping = parity_encoding(count) if nelec is None else reduced_parity_mapping(count, nelec)
    return mapping.map(fermions, atol=atol)
