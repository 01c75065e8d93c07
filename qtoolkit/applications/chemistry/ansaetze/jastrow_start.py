"""Amplitudes of coupled cluster as orbital rotations and Jastrow factors."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import reserved
from qtoolkit.applications.chemistry.ansaetze.amplitudes import Amplitudes

__all__ = ["JastrowFactor", "jastrow_factors", "rotation_generator", "singles_generator"]

FloatArray = NDArray[np.float64]

_NEGLIGIBLE = 1e-8


@dataclass(frozen=True, eq=False)
class JastrowFactor:
    """U exp(i φ) U†, with φ = ½ Σ_pq J_pq N_p N_q and N the electrons of both spins in an orbital.

    Attributes:
        rotation: U, complex of shape (norb, norb).
        interaction: J, float64, symmetric.
    """

    rotation: NDArray[np.complex128]
    interaction: FloatArray

    def ordered_for(self, pairs: Iterable[tuple[int, int]]) -> JastrowFactor:
        """The same factor, its orbitals in an order that leaves large interactions between the pairs given.

        Of all exchanges of two orbitals the best is made, until none helps.
        """
        weights = np.abs(self.interaction) ** 2
        is_kept = np.zeros(weights.shape)
        for p, q in pairs:
            is_kept[p, q] += 1.0
            is_kept[q, p] += 1.0
        norb = len(weights)
        order = np.arange(norb)
        best = np.sum(is_kept * weights)
        while True:
            exchanges = []
            for p, q in itertools.combinations(range(norb), 2):
                tried = order.copy()
                tried[[p, q]] = tried[[q, p]]
                exchanges.append((float(np.sum(is_kept * weights[np.ix_(tried, tried)])), -p, -q, tried))
            if not exchanges or max(exchanges)[0] <= best * (1.0 + _NEGLIGIBLE):
                break
            best, _, _, order = max(exchanges)
        orbitals = self.rotation[:, order]
        return JastrowFactor(_turned(orbitals), self.interaction[np.ix_(order, order)])


def jastrow_factors(amplitudes: Amplitudes, norb: int, count: int) -> list[JastrowFactor]:
    """The leading factors of exp(T₂ − T₂†), at most `count`, by double factorisation.

    The amplitudes of opposite spins as a matrix of pairs (a, i) and (b, j) are Σ λ y yᵀ. With Y = Σ y_ai E_ai,
    A = Y + Y† and B = i (Y − Y†) each λ gives T − T† = −(iλ/8) [(A + B)² − (A − B)²], and a square is diagonal in the
    eigenvectors of its matrix: two factors for each λ, those of the largest |λ| first (Motta et al., Chem. Sci. 14,
    11213 (2023); Huggins et al., npj Quantum Inf. 7, 23 (2021)). Where the spins have different orbitals filled, the
    mean of both orders of the spins is taken.
    """
    double = amplitudes.doubles[1]
    n_alpha, n_beta = double.shape[:2]
    filled, first_empty = max(n_alpha, n_beta), min(n_alpha, n_beta)
    shape = (norb - first_empty, filled)
    size = shape[0] * shape[1]
    with reserved(32 * size**2, f"the matrix of {size} excitations", "choose a smaller active space"):
        pairs = np.zeros(shape * 2)  # [a − first_empty, i, b − first_empty, j]
        pairs[n_alpha - first_empty :, :n_alpha, n_beta - first_empty :, :n_beta] = double.transpose(2, 0, 3, 1)
        matrix = pairs.reshape(size, size)
        values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    factors: list[JastrowFactor] = []
    for index in np.argsort(-np.abs(values), kind="stable"):
        if len(factors) >= count or abs(values[index]) < _NEGLIGIBLE:
            break
        excitation = np.zeros((norb, norb))
        excitation[first_empty:, :filled] = vectors[:, index].reshape(shape)
        factors += [_square(excitation, sign, float(values[index])) for sign in (1.0, -1.0)]
    return factors[:count]


def singles_generator(amplitudes: Amplitudes, norb: int) -> FloatArray:
    """K of exp(T₁ − T₁†) as an orbital rotation, the mean of both spins."""
    found = np.zeros((norb, norb))
    for single in amplitudes.singles:
        filled = len(single)
        found[filled:, :filled] += 0.5 * single.T
        found[:filled, filled:] -= 0.5 * single
    return found


def rotation_generator(unitary: NDArray[Any]) -> NDArray[np.complex128]:
    """The anti-Hermitian K of least norm with exp(K) = U."""
    from scipy.linalg import schur

    triangle, vectors = schur(np.asarray(unitary, np.complex128), output="complex")
    found: NDArray[np.complex128] = (vectors * (1j * np.angle(np.diag(triangle)))) @ vectors.conj().T
    return 0.5 * (found - found.conj().T)


def _square(excitation: FloatArray, sign: float, weight: float) -> JastrowFactor:
    """−(λ/8) (A ± B)² as a Jastrow factor, its orbitals ordered as those that they come from."""
    from scipy.optimize import linear_sum_assignment

    hermitian = (excitation + excitation.T) + sign * 1j * (excitation - excitation.T)
    energies, orbitals = np.linalg.eigh(hermitian)
    _, order = linear_sum_assignment(-np.abs(orbitals))
    energies, orbitals = energies[order], orbitals[:, order]
    return JastrowFactor(_turned(orbitals), -0.25 * sign * weight * np.outer(energies, energies))


def _turned(orbitals: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Orbitals with phases that make the diagonal positive."""
    diagonal = np.diag(orbitals)
    phases = np.where(np.abs(diagonal) > _NEGLIGIBLE, np.exp(-1j * np.angle(diagonal)), 1.0)
    found: NDArray[np.complex128] = orbitals * phases
    return found
