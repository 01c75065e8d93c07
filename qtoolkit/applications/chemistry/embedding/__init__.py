"""Parts of molecules and their surroundings: charges around them, groups of atoms in their baths, and the energies of
their interaction."""

from qtoolkit.applications.chemistry.embedding.charge_fit import ChargeFit, fit_charges
from qtoolkit.applications.chemistry.embedding.groups_of_atoms import (
    DMETFragment,
    MoleculeDMET,
    VQEImpurityState,
    VQESolver,
    molecule_dmet,
)
from qtoolkit.applications.chemistry.embedding.interaction import InteractionEnergy, interaction_energy
from qtoolkit.applications.chemistry.embedding.localised import LocalisedHamiltonian, localised_hamiltonian
from qtoolkit.applications.chemistry.embedding.parts import PartSolution
from qtoolkit.applications.chemistry.embedding.placement import join_molecules, move_molecule, to_principal_axes

__all__ = [
    # geometry
    "move_molecule",
    "join_molecules",
    "to_principal_axes",
    # interaction energies
    "interaction_energy",
    "InteractionEnergy",
    "PartSolution",
    "fit_charges",
    "ChargeFit",
    # density matrix embedding
    "molecule_dmet",
    "MoleculeDMET",
    "DMETFragment",
    "VQESolver",
    "VQEImpurityState",
    "localised_hamiltonian",
    "LocalisedHamiltonian",
]
