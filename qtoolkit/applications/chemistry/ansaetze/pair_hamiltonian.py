"""The Hamiltonian of states whose orbitals are filled twice or empty."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance
from qtoolkit.operators import ElectronicHamiltonian, PauliSum

__all__ = ["pair_hamiltonian"]


def pair_hamiltonian(hamiltonian: ElectronicHamiltonian) -> PauliSum:
    """The part of a Hamiltonian that moves pairs of electrons, on one qubit per orbital, in hartree.

    Between states whose orbitals are filled twice or empty, H is that of hard-core bosons b_p = a_pβ a_pα: a function
    of the occupations plus Σ_{p≠q} (pq|pq) b†_p b_q (Elfving et al., Phys. Rev. A 103, 032605 (2021)).
    Its lowest energy lies above the exact one.

    Raises:
        InputError: if `hamiltonian` is no ElectronicHamiltonian.
    """
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
    norb = hamiltonian.norb
    fields = np.diag(hamiltonian.one_body("alpha")) + np.diag(hamiltonian.one_body("beta"))
    couplings, hopping = np.zeros((norb, norb)), np.zeros((norb, norb))
    opposite = hamiltonian.two_body("alpha", "beta")
    if opposite is not None:
        fields = fields + np.einsum("pppp->p", opposite)
        direct = np.einsum("ppqq->pq", opposite)
        couplings = direct + direct.T + _between_equals(hamiltonian, "alpha") + _between_equals(hamiltonian, "beta")
        hopping = np.einsum("pqpq->pq", opposite)
    terms: list[tuple[str, tuple[int, ...], float]] = [("", (), hamiltonian.constant)]
    for p in range(norb):  # n = (1 − Z) / 2
        terms += [("", (), 0.5 * fields[p]), ("Z", (p,), -0.5 * fields[p])]
    for p, q in itertools.combinations(range(norb), 2):
        quarter, half = 0.25 * couplings[p, q], 0.5 * hopping[p, q]
        terms += [("", (), quarter), ("Z", (p,), -quarter), ("Z", (q,), -quarter), ("ZZ", (p, q), quarter)]
        terms += [("XX", (p, q), half), ("YY", (p, q), half)]
    return PauliSum.from_sparse_list(terms, norb).simplify()


def _between_equals(hamiltonian: ElectronicHamiltonian, spin: str) -> NDArray[np.float64]:
    """(pp|qq) − (pq|qp), which electrons of one spin feel."""
    tensor = hamiltonian.two_body(spin, spin)
    assert tensor is not None  # as of the other spins
    found: NDArray[np.float64] = np.einsum("ppqq->pq", tensor) - np.einsum("pqqp->pq", tensor)
    return found
