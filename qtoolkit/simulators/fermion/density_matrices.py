"""Reduced density matrices, transition ones too, and total spin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance
from qtoolkit._memory import reserved
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion.links import StringLinks, string_links
from qtoolkit.simulators.fermion.runs import Run, as_real, lanes, parts_of
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit.simulators.fermion.spin import TotalSpin
from qtoolkit.simulators.options import threads_of
from qtoolkit_kernels.fermion import tiles
from qtoolkit_kernels.team import Team

__all__ = ["one_rdm", "spin_squared", "two_rdm"]


_BLOCKS = 64
"""Of tiles whose sums are kept apart, so that they do not depend on the threads."""

_IMAGES = 1 << 25
"""Bytes of images of a state that one matrix product takes."""


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

    Each entry is a scalar product of states with two electrons less, a_r a_p ψ and a_s a_q ψ: one matrix product for
    each block, by the BLAS of NumPy and its threads.

    Raises:
        InputError: if the state has another shape than the sector.
        InsufficientMemoryError: if there is no memory for it.
    """
    check_instance(sector, FermionSector, "sector must be a FermionSector")
    ket = sector.checked(state)
    norb = sector.norb
    with reserved(
        ket.nbytes + 7 * ket.itemsize * norb**4 + 4 * _IMAGES,
        f"a two-body density matrix of {norb} orbitals",
        "use fewer orbitals",
    ):
        found = np.zeros((3, *(norb,) * 4), ket.dtype)
        _fill_same_spin(found[0], sector.alpha_links, ket)
        _fill_same_spin(found[2], sector.beta_links, np.ascontiguousarray(ket.T))
        found[1] = _opposite_spin(sector, ket)
        return found


def spin_squared(sector: FermionSector, state: ArrayLike, *, num_threads: int | None = None) -> float:
    """⟨S²⟩ of a state, divided by its squared norm.

    Raises:
        InputError: if the state has another shape than the sector, or is zero.
    """
    check_instance(sector, FermionSector, "sector must be a FermionSector")
    ket = sector.checked(state)
    norm = np.vdot(ket, ket).real
    if not 0.0 < norm < np.inf:
        raise InputError("state must have a norm that is not 0, and not too large for a float")
    spin = TotalSpin(sector.norb, sector.nelec, Team(threads_of(num_threads)))
    return spin.value(ket) / float(norm)


def _fill_same_spin(out: NDArray[Any], links: StringLinks, ket: NDArray[Any]) -> None:
    """⟨a†_p a†_r a_s a_q⟩ for electrons of the spin whose strings are the rows."""
    norb = links.norb
    if links.count < 2:
        return
    lower = string_links(norb, links.count - 2)
    first, second = np.tril_indices(norb, -1)
    bits = lower.strings | (1 << first | 1 << second)[:, None]
    there = np.bitwise_count(bits) == links.count
    place = np.where(there, np.searchsorted(links.strings, bits), 0)
    between = ((1 << first) - 1 & ~((2 << second) - 1))[:, None]
    sign = np.where(there, 1.0 - 2.0 * (np.bitwise_count(lower.strings & between) & 1), 0.0)
    step = max(1, _IMAGES // (ket.itemsize * len(first) * ket.shape[1]))
    product = np.zeros((len(first),) * 2, ket.dtype)
    for start in range(0, len(lower), step):
        rows = slice(start, start + step)
        images = (ket[place[:, rows]] * sign[:, rows, None]).reshape(len(first), -1)
        product += images.conj() @ images.T if np.iscomplexobj(images) else images @ images.T
    signed = np.zeros((norb, norb, len(first)), ket.dtype)
    full = np.zeros((norb,) * 4, ket.dtype)
    signed[first, second], signed[second, first] = product, -product
    full[:, :, first, second], full[:, :, second, first] = signed, -signed
    out[:] = full.transpose(0, 2, 1, 3)


def _opposite_spin(sector: FermionSector, ket: NDArray[Any]) -> NDArray[Any]:
    """⟨a†_pα a†_rβ a_sβ a_qα⟩."""
    norb = sector.norb
    product = np.zeros((norb**2,) * 2, ket.dtype)
    if 0 not in sector.nelec:
        (rows, row_signs), (columns, column_signs) = (
            _removals(links) for links in (sector.alpha_links, sector.beta_links)
        )
        width = columns.shape[1]
        step = max(1, _IMAGES // (ket.itemsize * norb**2 * width))
        for start in range(0, rows.shape[1], step):
            part = slice(start, start + step)
            images = np.empty((norb, norb, len(rows[0, part]), width), ket.dtype)
            for q in range(norb):
                taken = ket[rows[q, part]] * row_signs[q, part, None]
                for s in range(norb):
                    np.multiply(taken[:, columns[s]], column_signs[s], out=images[q, s])
            flat = images.reshape(norb**2, -1)
            product += flat.conj() @ flat.T if np.iscomplexobj(flat) else flat @ flat.T
    found: NDArray[Any] = product.reshape((norb,) * 4).transpose(0, 2, 1, 3)
    return found


def _removals(links: StringLinks) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For orbitals q and strings of one electron less, the string with q, and the sign of a_q; 0 where q is there."""
    lower = string_links(links.norb, links.count - 1)
    bit = (np.int64(1) << np.arange(links.norb))[:, None]
    there = lower.strings & bit == 0
    place = np.where(there, np.searchsorted(links.strings, lower.strings | bit), 0)
    sign = np.where(there, 1.0 - 2.0 * (np.bitwise_count(lower.strings & (bit - 1)) & 1), 0.0)
    return place, sign
