"""The dipole moment of a molecule as integrals over its active orbitals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.structure import build_structure

__all__ = ["DipoleIntegrals", "dipole_integrals"]

FloatArray: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DipoleIntegrals:
    """The dipole operator in atomic units, about the origin of the coordinates.

    μ = `constant` + Σ_pqσ `one_body` [:, p, q] a†_pσ a_qσ, so that a state has the moment `constant` plus the
    trace with its one-particle density matrix. Of an ion it depends on the origin.

    Attributes:
        one_body: −⟨p|r|q⟩, float64 of shape (3, norb, norb); in UHF (2, 3, norb, norb), alpha and beta.
        constant: of nuclei and frozen electrons, float64 of shape (3,).
    """

    one_body: FloatArray = field(repr=False)
    constant: FloatArray


def dipole_integrals(
    molecule: Molecule, coefficients: FloatArray, core: Sequence[int], active: Sequence[int]
) -> DipoleIntegrals:
    """Integrals of the dipole operator by PySCF.

    Args:
        molecule: gives nuclei and basis functions.
        coefficients: of all orbitals, shape (num_functions, num_orbitals) or (2, num_functions, num_orbitals).
        core: doubly occupied orbitals.
        active: those of the integrals.

    Raises:
        MissingExtraError: if PySCF is not installed.
    """
    structure = build_structure(molecule, symmetric=False)
    with structure.with_common_orig((0.0, 0.0, 0.0)):
        position = structure.intor_symmetric("int1e_r", comp=3)
    constant = np.asarray(structure.atom_charges() @ structure.atom_coords(), dtype=np.float64)
    one_body = []
    spins = coefficients[None] if coefficients.ndim == 2 else coefficients
    for orbitals in spins:
        frozen = orbitals[:, list(core)]
        constant = constant - 2.0 / len(spins) * np.einsum("mp,xmn,np->x", frozen, position, frozen)
        kept = orbitals[:, list(active)]
        one_body.append(-np.einsum("mp,xmn,nq->xpq", kept, position, kept, optimize=True))
    tensors = one_body[0] if coefficients.ndim == 2 else np.array(one_body)
    for array in (tensors, constant):
        array.setflags(write=False)
    return DipoleIntegrals(tensors, constant)
