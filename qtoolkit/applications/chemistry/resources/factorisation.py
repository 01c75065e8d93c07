"""Double factorisation of the repulsion integrals."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance
from qtoolkit._checks import require_number
from qtoolkit.algorithms.dynamics.factorisation import pair_eigenvectors
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian

__all__ = ["DoubleFactorisation", "double_factorisation"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DoubleFactorisation:
    """(pq|rs) ≈ Σ_l s_l (Σ_k f_lk u_lpk u_lqk)(Σ_m f_lm u_lrm u_lsm), with what is left after truncation.

    Attributes:
        norb: number of spatial orbitals.
        signs: s, +1 or −1, shape (rank,); −1 only where the integrals are not positive, as those of models may be.
        values: f of each leaf that are kept, arrays of shape (kept_l,).
        orbitals: u of each leaf, arrays of shape (norb, kept_l).
        one_norm: λ = λ_T + λ_V of the Hamiltonian, in hartree.
        error: largest difference of an integral from its factorised form, in hartree.
        threshold: of the truncation.
    """

    norb: int
    signs: FloatArray = field(repr=False)
    values: tuple[FloatArray, ...] = field(repr=False)
    orbitals: tuple[FloatArray, ...] = field(repr=False)
    one_norm: float
    error: float
    threshold: float

    @property
    def rank(self) -> int:
        """Number of leaves L."""
        return len(self.signs)

    @property
    def num_eigenvectors(self) -> int:
        """Eigenvectors in all leaves together, Ξ L of the papers."""
        return sum(len(values) for values in self.values)

    def two_body_tensor(self) -> FloatArray:
        """The integrals as factorised, shape (norb, norb, norb, norb)."""
        found = np.zeros((self.norb**2, self.norb**2))
        for sign, values, orbitals in zip(self.signs, self.values, self.orbitals, strict=True):
            leaf = ((orbitals * values) @ orbitals.T).ravel()
            found += sign * np.outer(leaf, leaf)
        return found.reshape((self.norb,) * 4)


def double_factorisation(hamiltonian: ElectronicHamiltonian, threshold: float = 1e-4) -> DoubleFactorisation:
    """Factorise the repulsion twice and drop what is small.

    The integrals as a matrix of orbital pairs are diagonalised, and so is each of its eigenvectors as a matrix of
    orbitals. An eigenvalue f of a leaf is dropped where |f| Σ|f| is at most the threshold; what is left gives
    λ_V = ¼ Σ_l (Σ_k |f_lk|)², and the one-body part λ_T = Σ |eig(h_pq − ½ Σ_r (pr|rq) + Σ_r (rr|pq))| (V. von Burg et
    al., Phys. Rev. Research 3, 033055 (2021); J. Lee et al., PRX Quantum 2, 030305 (2021), appendix C).

    Args:
        hamiltonian: with the same integrals for both spins.
        threshold: in hartree, not negative; 0 keeps all.

    Raises:
        InputError: if the spins have integrals of their own, there is no repulsion, or the threshold is negative.
    """
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
    threshold = require_number("threshold", threshold, 0.0)
    two_body = hamiltonian.two_body_tensor
    if hamiltonian.is_spin_dependent or two_body is None:
        raise InputError("double factorisation needs repulsion integrals that are the same for both spins")
    norb = hamiltonian.norb
    signs, kept_values, kept_orbitals, repulsion = [], [], [], 0.0
    for weight, matrix in pair_eigenvectors(two_body):
        values, orbitals = np.linalg.eigh(np.sqrt(abs(weight)) * matrix)
        kept = np.abs(values) * np.abs(values).sum() > threshold
        if not kept.any():
            continue
        signs.append(np.sign(weight))
        kept_values.append(values[kept])
        kept_orbitals.append(orbitals[:, kept])
        repulsion += 0.25 * np.abs(values[kept]).sum() ** 2
    one_body = hamiltonian.one_body("alpha")
    kinetic = one_body - 0.5 * np.einsum("prrq->pq", two_body) + np.einsum("rrpq->pq", two_body)
    found = DoubleFactorisation(
        norb=norb,
        signs=np.array(signs),
        values=tuple(kept_values),
        orbitals=tuple(kept_orbitals),
        one_norm=float(np.abs(np.linalg.eigvalsh(kinetic)).sum() + repulsion),
        error=0.0,
        threshold=threshold,
    )
    object.__setattr__(found, "error", float(np.abs(found.two_body_tensor() - two_body).max()))
    return found
