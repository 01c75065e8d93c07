"""Spins ½ on a lattice: the Heisenberg model and the Ising model in a field."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import check_instance, check_number, real_numbers_of
from qtoolkit.applications.materials.lattices import Lattice
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum

__all__ = ["heisenberg_model", "ising_model"]


def heisenberg_model(
    lattice: Lattice, exchange: float | ArrayLike = 1.0, field: float = 0.0, anisotropy: float = 1.0
) -> PauliSum:
    """H = J Σ_⟨ij⟩ (S^x_i S^x_j + S^y_i S^y_j + Δ S^z_i S^z_j) − h Σ_i S^z_i with S = σ/2.

    J > 0 is the antiferromagnet. Site i is qubit i, ``|0⟩`` spin up. Δ = 1 is the Heisenberg model, others the XXZ
    chain (H. Bethe, Z. Phys. 71, 205 (1931); C. N. Yang and C. P. Yang, Phys. Rev. 150, 321 (1966)).

    Args:
        lattice: sites and bonds.
        exchange: J, a number, or one for each bond, shape (num_bonds,).
        field: h.
        anisotropy: Δ.

    Raises:
        InputError: if there are too many sites, or not as many couplings as bonds.
    """
    couplings = _couplings(lattice, "exchange", exchange)
    delta, h = check_number(anisotropy, "anisotropy"), check_number(field, "field")
    terms: list[tuple[str, tuple[int, ...], float]] = [
        (letters, bond, 0.25 * coupling * (delta if letters == "ZZ" else 1.0))
        for bond, coupling in zip(lattice.bonds, couplings, strict=True)
        for letters in ("XX", "YY", "ZZ")
    ]
    terms += [("Z", (site,), -0.5 * h) for site in range(lattice.num_sites)]
    return PauliSum.from_sparse_list(terms, lattice.num_sites)


def ising_model(
    lattice: Lattice, coupling: float | ArrayLike = 1.0, transverse_field: float = 1.0, longitudinal_field: float = 0.0
) -> PauliSum:
    """H = −J Σ_⟨ij⟩ Z_i Z_j − h Σ_i X_i − g Σ_i Z_i, with Pauli matrices and not spins.

    J > 0 is the ferromagnet; a chain has its transition at h = J (P. Pfeuty, Ann. Phys. 57, 79 (1970)).

    Args:
        lattice: sites and bonds; site i is qubit i.
        coupling: J, a number, or one for each bond, shape (num_bonds,).
        transverse_field: h.
        longitudinal_field: g.

    Raises:
        InputError: if there are too many sites, or not as many couplings as bonds.
    """
    couplings = _couplings(lattice, "coupling", coupling)
    h, g = check_number(transverse_field, "transverse_field"), check_number(longitudinal_field, "longitudinal_field")
    terms: list[tuple[str, tuple[int, ...], float]] = [
        ("ZZ", bond, -value) for bond, value in zip(lattice.bonds, couplings, strict=True)
    ]
    terms += [(letter, (site,), -value) for letter, value in (("X", h), ("Z", g)) for site in range(lattice.num_sites)]
    return PauliSum.from_sparse_list(terms, lattice.num_sites)


def _couplings(lattice: Lattice, name: str, value: float | ArrayLike) -> list[float]:
    check_instance(lattice, Lattice, "lattice must be a Lattice")
    if lattice.num_sites > PauliSum.max_qubits:
        raise InputError(f"models of spins have at most {PauliSum.max_qubits} sites, got {lattice.num_sites}")
    given = real_numbers_of(value, name)
    count = len(lattice.bonds)
    if given.shape not in ((), (count,)):
        raise InputError(f"{name} is one number or one for each of {count} bonds, got shape {given.shape}")
    found: list[float] = np.broadcast_to(given, (count,)).tolist()
    return found
