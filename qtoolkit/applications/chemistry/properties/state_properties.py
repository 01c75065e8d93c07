"""Density matrices of a state, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._checks import require_integer
from qtoolkit.applications.chemistry.energies.ground_state import GroundState
from qtoolkit.applications.chemistry.energies.model import program_of
from qtoolkit.applications.chemistry.excited.result import ExcitedStates
from qtoolkit.applications.chemistry.integrals import FloatArray, MolecularIntegrals
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion import FermionSector, FermionSimulator, one_rdm, two_rdm

__all__ = ["DEBYE_IN_ATOMIC_UNITS", "StateProperties", "state_properties"]

DEBYE_IN_ATOMIC_UNITS = 0.3934302695
"""One debye in units of the elementary charge times the Bohr radius, CODATA 2018."""


@dataclass(frozen=True, eq=False)
class StateProperties:
    """A normalised state of the active electrons and its expectation values.

    Attributes:
        integrals: the orbitals that it is made of.
        state: amplitudes of alpha by beta strings.
    """

    integrals: MolecularIntegrals
    state: NDArray[Any] = field(repr=False)

    @cached_property
    def sector(self) -> FermionSector:
        """The determinants."""
        return FermionSector(self.integrals.norb, self.integrals.nelec)

    @cached_property
    def one_rdm(self) -> FloatArray:
        """Re ⟨a†_pσ a_qσ⟩ of alpha and beta electrons, shape (2, norb, norb)."""
        return np.ascontiguousarray(one_rdm(self.sector, self.state).real)

    @cached_property
    def two_rdm(self) -> FloatArray:
        """Re ⟨a†_pσ a†_rτ a_sτ a_qσ⟩ of alpha-alpha, alpha-beta and beta-beta pairs as [block, p, q, r, s], shape
        (3, norb, norb, norb, norb)."""
        return np.ascontiguousarray(two_rdm(self.sector, self.state).real)

    @cached_property
    def _natural(self) -> tuple[FloatArray, FloatArray]:
        self._check_common("natural orbitals")
        density = self.one_rdm.sum(axis=0)
        values, turn = np.linalg.eigh((density + density.T) / 2.0)
        return values[::-1], turn[:, ::-1]

    @property
    def natural_occupations(self) -> FloatArray:
        """Electrons in each natural orbital, from 2 to 0, descending, shape (norb,)."""
        return self._natural[0]

    @property
    def natural_orbitals(self) -> FloatArray:
        """Natural orbitals as columns in terms of the active orbitals, shape (norb, norb) (P.-O. Löwdin, Phys. Rev. 97,
        1474 (1955))."""
        return self._natural[1]

    @property
    def num_effectively_unpaired(self) -> float:
        """Σ_k n_k (2 − n_k) of natural occupations: 0 for a closed-shell determinant (Takatsuka, Fueno and Yamaguchi,
        Theor. Chim. Acta 48, 175 (1978))."""
        occupations = self.natural_occupations
        return float(np.sum(occupations * (2.0 - occupations)))

    @property
    def dipole(self) -> FloatArray:
        """The dipole moment in atomic units, shape (3,), about the origin of the coordinates.

        It is the expectation value in the state, without the response of orbitals that is missing where not all are
        active.

        Raises:
            InputError: if the integrals do not know their molecule.
        """
        integrals = self.integrals.dipole
        if integrals is None:
            raise InputError("a dipole moment needs integrals of a molecule, got some from elsewhere")
        densities = self.one_rdm
        spins = integrals.one_body if integrals.one_body.ndim == 4 else np.array([integrals.one_body] * 2)
        moment: FloatArray = integrals.constant + np.einsum("sxpq,spq->x", spins, densities)
        return moment

    @property
    def dipole_debye(self) -> FloatArray:
        """`dipole` in debye, shape (3,)."""
        return self.dipole / DEBYE_IN_ATOMIC_UNITS

    @cached_property
    def atomic_density(self) -> FloatArray:
        """Density of all electrons, frozen ones too, in terms of basis functions, alpha and beta, shape
        (2, num_functions, num_functions).

        Raises:
            InputError: if the integrals do not know their orbitals.
        """
        coefficients = self.integrals.orbital_coefficients
        if coefficients is None:
            raise InputError("populations need integrals that know their orbitals, got some from elsewhere")
        spins = coefficients if coefficients.ndim == 3 else np.array([coefficients] * 2)
        found = []
        for orbitals, density in zip(spins, self.one_rdm, strict=True):
            core, active = (
                orbitals[:, list(self.integrals.core_orbitals)],
                orbitals[:, list(self.integrals.active_space)],
            )
            found.append(core @ core.T + active @ density @ active.T)
        return np.array(found)

    @property
    def mulliken_charges(self) -> FloatArray:
        """Charge of each atom by Mulliken's partition, shape (num_atoms,) (R. S. Mulliken, J. Chem. Phys. 23, 1833
        (1955)). It depends much on the basis.

        Raises:
            InputError: as for `atomic_density`.
        """
        density, structure = self.atomic_density.sum(axis=0), self._structure
        overlap = structure.intor_symmetric("int1e_ovlp")
        return self._charges(np.einsum("mn,nm->m", density, overlap), structure)

    @property
    def lowdin_charges(self) -> FloatArray:
        """Charge of each atom by populations of orthogonalised basis functions, shape (num_atoms,) (P.-O. Löwdin, J.
        Chem. Phys. 18, 365 (1950)).

        Raises:
            InputError: as for `atomic_density`.
        """
        density, structure = self.atomic_density.sum(axis=0), self._structure
        values, states = np.linalg.eigh(structure.intor_symmetric("int1e_ovlp"))
        root = (states * np.sqrt(np.maximum(values, 0.0))) @ states.T
        return self._charges(np.diag(root @ density @ root), structure)

    @property
    def _structure(self) -> Any:
        molecule = self.integrals.molecule
        if molecule is None:
            raise InputError("populations need integrals of a molecule, got some from elsewhere")
        return build_structure(molecule, symmetric=False)

    def _charges(self, populations: FloatArray, structure: Any) -> FloatArray:
        starts = [(int(first), int(last)) for _, _, first, last in structure.aoslice_by_atom()]
        by_atom = np.array([populations[first:last].sum() for first, last in starts])
        charges: FloatArray = np.asarray(structure.atom_charges(), dtype=np.float64) - by_atom
        return charges

    def _check_common(self, what: str) -> None:
        if self.integrals.is_unrestricted:
            raise InputError(f"{what} need orbitals that both spins share, got some that differ; take RHF or ROHF")


def state_properties(result: GroundState | ExcitedStates, index: int = 0) -> StateProperties:
    """Density matrices, dipole moment, natural orbitals and charges of a state that was found.

    Args:
        result: a ground state, or excited states.
        index: which of the excited states.

    Raises:
        InputError: if the ansatz does not keep the electrons, or there is no such state.
    """
    if isinstance(result, ExcitedStates):
        index = require_integer("index", index, 0, len(result.energies) - 1)
        return StateProperties(result.integrals, result.states[index])
    if not isinstance(result, GroundState):
        raise InputError(f"result must be a GroundState or ExcitedStates, got {shown(result)}")
    require_integer("index", index, 0, 0)
    program = program_of(result.ansatz)
    if program is None:
        raise InputError("the ansatz must keep the numbers of electrons, which circuits of single-qubit turns do not")
    return StateProperties(result.integrals, FermionSimulator().state(program, result.parameters))
