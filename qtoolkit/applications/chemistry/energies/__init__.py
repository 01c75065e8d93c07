"""Energies of molecules: ground states and curves, each with its evidence."""

from qtoolkit.applications.chemistry.energies.adapt import AdaptResult, AdaptStep, adapt_vqe
from qtoolkit.applications.chemistry.energies.certificate import Certificate
from qtoolkit.applications.chemistry.energies.curves import (
    DissociationCurve,
    PotentialCurve,
    dissociation_curve,
    scan,
)
from qtoolkit.applications.chemistry.energies.ground_state import (
    CHEMICAL_ACCURACY,
    HARTREE_IN_KCAL_PER_MOL,
    GroundState,
    ground_state,
)

__all__ = [
    "GroundState",
    "ground_state",
    "Certificate",
    "adapt_vqe",
    "AdaptResult",
    "AdaptStep",
    "DissociationCurve",
    "dissociation_curve",
    "PotentialCurve",
    "scan",
    "CHEMICAL_ACCURACY",
    "HARTREE_IN_KCAL_PER_MOL",
]
