"""Electrons on a lattice: the Hubbard model and the t-J model."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, check_number, real_numbers_of
from qtoolkit.applications.materials.lattices import Lattice
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian, FermionOperator

__all__ = ["hubbard_model", "tj_model"]

MOST_ORBITALS = 62
"""Determinants are the bits of an int64."""


def hubbard_model(
    lattice: Lattice,
    hopping: float | ArrayLike = 1.0,
    interaction: float | ArrayLike = 4.0,
    potential: float | ArrayLike = 0.0,
    chemical_potential: float = 0.0,
) -> ElectronicHamiltonian:
    """H = −Σ_⟨ij⟩σ t_ij (a†_iσ a_jσ + h.c.) + Σ_i U_i n_i↑ n_i↓ + Σ_iσ (v_i − μ) n_iσ.

    J. Hubbard, Proc. R. Soc. A 276, 238 (1963). Orbital i is site i, and energies have the unit of the arguments.

    Args:
        lattice: sites and bonds.
        hopping: t, a number, or one for each bond, shape (num_bonds,).
        interaction: U, a number, or one for each site, shape (num_sites,).
        potential: v, likewise.
        chemical_potential: μ.

    Raises:
        InputError: if there are more than 62 sites, or not as many numbers as bonds or sites.
    """
    sites = _sites(lattice)
    amplitudes = _spread("hopping", hopping, len(lattice.bonds), "bond")
    one_body = np.diag(_spread("potential", potential, sites, "site") - check_number(chemical_potential, "μ"))
    for (i, j), amplitude in zip(lattice.bonds, amplitudes.tolist(), strict=True):
        one_body[i, j] = one_body[j, i] = -amplitude
    two_body = np.zeros((sites,) * 4)
    place = np.arange(sites)
    two_body[place, place, place, place] = _spread("interaction", interaction, sites, "site")
    return ElectronicHamiltonian(one_body, two_body)


def tj_model(lattice: Lattice, hopping: float = 1.0, exchange: float = 0.3) -> FermionOperator:
    """H = −t Σ_⟨ij⟩σ P (a†_iσ a_jσ + h.c.) P + J Σ_⟨ij⟩ (S_i·S_j − ¼ n_i n_j), with P without doubly occupied sites.

    K. A. Chao, J. Spałek and A. M. Oleś, J. Phys. C 10, L271 (1977); F. C. Zhang and T. M. Rice, Phys. Rev. B 37, 3759
    (1988). Hops are written with factors 1 − n of the other spin, so that the operator leads no state without doubly
    occupied sites out of that space; states outside are no states of the model.

    Args:
        lattice: sites and bonds; mode i is site i with spin up, ``num_sites + i`` with spin down.
        hopping: t.
        exchange: J.

    Raises:
        InputError: if an argument is of another kind.
    """
    sites = _sites(lattice)
    t, j = check_number(hopping, "hopping"), check_number(exchange, "exchange")
    terms: dict[tuple[tuple[int, bool], ...], float] = {}

    def add(factors: list[int], coefficient: float) -> None:
        """Alternately created and annihilated modes."""
        product = tuple((mode, k % 2 == 0) for k, mode in enumerate(factors))
        terms[product] = terms.get(product, 0.0) + coefficient

    for a, b in lattice.bonds:
        for this, other in ((0, sites), (sites, 0)):
            for i, k in ((a, b), (b, a)):
                # (1 − n_i,other) a†_i a_k (1 − n_k,other)
                hop, here, there = [i + this, k + this], [i + other] * 2, [k + other] * 2
                add(hop, -t)
                add([*here, *hop], t)
                add([*there, *hop], t)
                add([*here, *there, *hop], -t)
        up, down = (a, b), (a + sites, b + sites)
        for first in (a, a + sites):
            for second in (b, b + sites):
                same = (first < sites) == (second < sites)
                add([first, first, second, second], j * ((0.25 if same else -0.25) - 0.25))
        add([up[0], down[0], down[1], up[1]], 0.5 * j)
        add([down[0], up[0], up[1], down[1]], 0.5 * j)
    return FermionOperator(terms)


def _sites(lattice: Lattice) -> int:
    check_instance(lattice, Lattice, "lattice must be a Lattice")
    if lattice.num_sites > MOST_ORBITALS:
        raise InputError(f"models of electrons have at most {MOST_ORBITALS} sites, got {lattice.num_sites}")
    return lattice.num_sites


def _spread(name: str, value: float | ArrayLike, count: int, what: str) -> NDArray[np.float64]:
    given = real_numbers_of(value, name)
    if given.shape not in ((), (count,)):
        raise InputError(f"{name} is one number or one for each of {count} {what}s, got shape {given.shape}")
    found: NDArray[np.float64] = np.broadcast_to(given, (count,)).copy()
    return found
