"""Reduced density matrices, transition ones too, and total spin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance
from qtoolkit.simulators.fermion.pairs import string_pairs
from qtoolkit.simulators.fermion.runs import Run, as_real, lanes, parts_of
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit.simulators.options import threads_of
from qtoolkit_kernels.fermion import tiles
from qtoolkit_kernels.team import Team

__all__ = ["one_rdm", "spin_squared", "two_rdm"]


_BLOCKS = 64
"""Of tiles whose sums are kept apart, so that they do not depend on the threads."""


def one_rdm(
    sector: FermionSector, bra: ArrayLike, ket: ArrayLike | None = None, *, num_threads: int | None = None
) -> NDArray[Any]:
    """⟨bra|a†_pσ a_qσ|ket⟩, shape (2, norb, norb), alpha before beta; the bra is the ket by default.

    Raises:
        InputError: if a state has another shape than the sector.
    """
    check_instance(sector, FermionSector, "sector must be a FermionSector")
    left = sector.checked(bra, "bra")
    right = left if ket is None else sector.checked(ket, "ket")
    return densities(sector, left, right, Team(threads_of(num_threads)))


def densities(
    sector: FermionSector,
    bra: NDArray[Any],
    ket: NDArray[Any],
    team: Team | None = None,
    alpha: bool = True,
    beta: bool = True,
) -> NDArray[Any]:
    """The same for checked states, by the threads of a team; zeros for a spin that is left out."""
    norb, dtype = sector.norb, np.result_type(bra, ket)
    left, right = (np.ascontiguousarray(state, dtype) for state in (bra, ket))
    found = np.zeros((2, norb, norb), dtype)
    p, q = np.tril_indices(norb, -1)
    for spin, links in enumerate((sector.alpha_links, sector.beta_links)):
        if not (alpha, beta)[spin]:
            continue
        side = tiles.Side(spin, parts_of(right))
        blocks = min(_BLOCKS, max(1, right.size * side.parts // (len(links) * tiles.WIDTH)))
        sums, norms = np.zeros((blocks, len(p), 4)), np.zeros((blocks, len(links), 2))
        run = Run(team, 4.0 * side.parts * right.size * (1 + links.num_moves))
        run.blocks(
            tiles.sum_pairs, as_real(left), as_real(right), lanes(), side, links.pairs, sums, norms,
            run.scratch(2 * len(links)),
        )  # fmt: skip
        total, weights = sums.sum(axis=0), norms.sum(axis=0)
        diagonal = weights.T @ links.occupations
        if side.parts == 2:
            found[spin, p, q] = total[:, 0] + 1j * total[:, 2]
            found[spin, q, p] = total[:, 1] + 1j * total[:, 3]
            np.fill_diagonal(found[spin], diagonal[0] + 1j * diagonal[1])
        else:
            found[spin, p, q], found[spin, q, p] = total[:, 0], total[:, 1]
            np.fill_diagonal(found[spin], diagonal[0])
    return found


def two_rdm(sector: FermionSector, state: ArrayLike) -> NDArray[Any]:
    """⟨a†_pσ a†_rτ a_sτ a_qσ⟩ as [block, p, q, r, s], shape (3, norb, norb, norb, norb).

    Blocks are alpha-alpha, alpha-beta and beta-beta, and indices those of integrals in chemists' notation, so that
    the repulsion is ½ Σ (pq|rs) (aa + 2 ab + bb), with ab contracted as (p q alpha | r s beta).

    Raises:
        InputError: if the state has another shape than the sector.
    """
    check_instance(sector, FermionSector, "sector must be a FermionSector")
    ket = sector.checked(state)
    norb = sector.norb
    alpha, beta = _images(sector, ket)
    density = one_rdm(sector, ket)
    found = np.zeros((3, *(norb,) * 4), ket.dtype)
    identity = np.eye(norb)
    pairs = ((alpha, alpha, 0), (alpha, beta, 1), (beta, beta, 2))
    for first, second, block in pairs:
        # ⟨E_pq E_rs⟩ = ⟨(E_qp ψ)|(E_rs ψ)⟩
        product = (first.conj() @ second.T).reshape((norb,) * 4).transpose(1, 0, 2, 3)
        found[block] = product
        if block != 1:
            found[block] -= np.einsum("qr,ps->pqrs", identity, density[0 if block == 0 else 1])
    return found


def spin_squared(sector: FermionSector, state: ArrayLike) -> float:
    """⟨S²⟩ of a state, divided by its squared norm.

    S² = S₋S₊ + S_z (S_z + 1) (Helgaker, Jørgensen and Olsen, Molecular Electronic-Structure Theory, section 2.4).

    Raises:
        InputError: if the state has another shape than the sector.
    """
    check_instance(sector, FermionSector, "sector must be a FermionSector")
    ket = sector.checked(state)
    block = two_rdm(sector, ket)[1]
    norm = np.vdot(ket, ket).real
    n_beta = sector.nelec[1]
    # S₋S₊ = Σ_pq a†_pβ a_pα a†_qα a_qβ = n_β − Σ_pq a†_qα a_pα a†_pβ a_qβ
    exchanged = np.einsum("qppq->", block).real
    spin_z = sector.spin_z
    return float(n_beta - exchanged / norm + spin_z * (spin_z + 1.0))


def _images(sector: FermionSector, ket: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """E_pq ψ of each spin, shape (norb**2, size)."""
    norb = sector.norb
    alpha, beta = (np.zeros((norb * norb, *sector.shape), ket.dtype) for _ in range(2))
    for p in range(norb):
        for q in range(norb):
            pairs = string_pairs(sector.alpha_strings, (p,), (q,))
            alpha[p * norb + q, pairs.target] = pairs.sign[:, None] * ket[pairs.source]
            pairs = string_pairs(sector.beta_strings, (p,), (q,))
            beta[p * norb + q][:, pairs.target] = pairs.sign * ket[:, pairs.source]
    return alpha.reshape(norb * norb, -1), beta.reshape(norb * norb, -1)
