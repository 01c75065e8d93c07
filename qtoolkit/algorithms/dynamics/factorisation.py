"""Integrals as one-body parts in orbitals of their own: the double factorisation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian, PauliSum, fermion_mapping

__all__ = [
    "CoulombPart",
    "Factorised",
    "factorised",
    "fragments_of_electrons",
    "pair_eigenvectors",
    "unitary_generator",
]

FloatArray = NDArray[np.float64]

_DIAGONAL_ATOL = 1e-12


class CoulombPart(NamedTuple):
    """``½ Σ_pq C_pq n_p n_q``, n_p the electrons of both spins in orbital p of a basis of its own.

    Attributes:
        orbitals: orthogonal, shape (norb, norb); column p is orbital p.
        couplings: C, symmetric, shape (norb, norb).
    """

    orbitals: FloatArray
    couplings: FloatArray


class Factorised(NamedTuple):
    """A spin-free Hamiltonian as ``constant + Σ h'_pq E_pq + Σ parts``.

    Attributes:
        one_body: h', shape (norb, norb): with what the order of operators in the repulsion leaves.
        parts: largest first.
        neglected: ``Σ |eigenvalue|`` of the two-body tensor beyond the tolerance, in the units of the Hamiltonian.
    """

    one_body: FloatArray
    parts: tuple[CoulombPart, ...]
    neglected: float


def factorised(hamiltonian: ElectronicHamiltonian, tolerance: float) -> Factorised:
    """``(pq|rs) = Σ_t s_t L^t_pq L^t_rs`` with each L^t diagonal in its own orbitals.

    M. Motta et al., npj Quantum Inf. 7, 83 (2021), equations 4 to 6. Repulsion between occupations of the same
    orbitals, as in Hubbard's model, stays one part.

    Args:
        hamiltonian: with the same integrals for both spins.
        tolerance: eigenvalues of the (norb², norb²) matrix of magnitude up to this are left out.

    Raises:
        InputError: if integrals differ between the spins.
    """
    if hamiltonian.is_spin_dependent:
        raise InputError("a product formula of electrons needs the same integrals for both spins, got different ones")
    norb = hamiltonian.norb
    repulsion = hamiltonian.two_body("alpha", "beta")
    if repulsion is None:
        return Factorised(hamiltonian.one_body("alpha").copy(), (), 0.0)
    one_body = hamiltonian.one_body("alpha") - 0.5 * np.einsum("prrq->pq", repulsion)
    places = np.arange(norb)
    density = repulsion[places[:, None], places[:, None], places, places]
    rest = repulsion.copy()
    rest[places[:, None], places[:, None], places, places] = 0.0
    if np.abs(rest).max() <= _DIAGONAL_ATOL:
        return Factorised(one_body, (CoulombPart(np.eye(norb), density.copy()),), 0.0)
    parts, neglected = [], 0.0
    for value, matrix in pair_eigenvectors(repulsion):
        if abs(value) <= tolerance:
            neglected += abs(value)
            continue
        charges, orbitals = np.linalg.eigh(matrix)
        parts.append(CoulombPart(orbitals, value * np.outer(charges, charges)))
    return Factorised(one_body, tuple(parts), neglected)


def pair_eigenvectors(repulsion: FloatArray) -> Iterator[tuple[float, FloatArray]]:
    """Eigenvalues of the integrals as a matrix of orbital pairs, largest magnitude first, and eigenvectors as symmetric
    matrices of orbitals: ``(pq|rs) = Σ value · matrix_pq matrix_rs``."""
    norb = len(repulsion)
    values, vectors = np.linalg.eigh(repulsion.reshape(norb**2, norb**2))
    for k in np.argsort(-np.abs(values)):
        matrix = vectors[:, k].reshape(norb, norb)
        yield float(values[k]), (matrix + matrix.T) / 2


def fragments_of_electrons(parts: Factorised) -> list[PauliSum]:
    """The one-body part and the others as Pauli sums, by the Jordan–Wigner mapping."""
    norb = len(parts.one_body)
    found = [ElectronicHamiltonian(parts.one_body)]
    for part in parts.parts:
        turned = np.einsum("pa,qa->apq", part.orbitals, part.orbitals)
        tensor = np.einsum("apq,ab,brs->pqrs", turned, part.couplings, turned, optimize=True)
        found.append(ElectronicHamiltonian(0.5 * np.einsum("prrq->pq", tensor), tensor))
    mapping = fermion_mapping("jordan_wigner", 2 * norb)
    return [mapping.map(item) for item in found]


def unitary_generator(unitary: NDArray[Any]) -> NDArray[np.complex128]:
    """The anti-Hermitian K with ``exp(K)`` the given unitary, eigenvalues within ``±iπ``."""
    from scipy.linalg import schur

    triangular, vectors = schur(unitary.astype(np.complex128), output="complex")
    phases = np.angle(np.diag(triangular))
    found: NDArray[np.complex128] = (vectors * (1j * phases)) @ vectors.conj().T
    return (found - found.conj().T) / 2
