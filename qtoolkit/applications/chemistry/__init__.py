"""Quantum chemistry: molecules and their integrals, ansätze, variational ground and excited states and what they tell,
each energy beside Hartree–Fock, coupled cluster and the exact energy of the same orbitals."""

from qtoolkit.applications.chemistry.active_space import (
    AtomicValenceSpace,
    NaturalOrbitalSpace,
    avas,
    natural_orbitals,
)
from qtoolkit.applications.chemistry.ansaetze import (
    LUCJ,
    UCCSD,
    UCJ,
    AdaptAnsatz,
    Amplitudes,
    Ansatz,
    Excitation,
    HardwareEfficient,
    KUpCCGSD,
    PairUCCD,
    PoolOperator,
    append_compact_excitation,
    append_excitation,
    ccsd_amplitudes,
    fermionic_pool,
    hartree_fock_circuit,
    mp2_amplitudes,
    pair_hamiltonian,
    qubit_pool,
    single_and_double_excitations,
)
from qtoolkit.applications.chemistry.dipole import DipoleIntegrals
from qtoolkit.applications.chemistry.energies import (
    CHEMICAL_ACCURACY,
    HARTREE_IN_KCAL_PER_MOL,
    AdaptResult,
    AdaptStep,
    Certificate,
    DissociationCurve,
    GroundState,
    PotentialCurve,
    adapt_vqe,
    dissociation_curve,
    ground_state,
    scan,
)
from qtoolkit.applications.chemistry.excited import ExcitedStates, qeom, quantum_subspace_expansion, ssvqe, vqd
from qtoolkit.applications.chemistry.fci import TotalSpin, fci_energies, fci_energy
from qtoolkit.applications.chemistry.hamiltonian import qubit_hamiltonian
from qtoolkit.applications.chemistry.integrals import ActiveSpace, MolecularIntegrals, compute_integrals
from qtoolkit.applications.chemistry.mean_field import Reference
from qtoolkit.applications.chemistry.molecule import Atom, LengthUnit, Molecule, diatomic
from qtoolkit.applications.chemistry.point_charges import PointCharges
from qtoolkit.applications.chemistry.properties import (
    Forces,
    GeometryStep,
    OptimisedGeometry,
    StateProperties,
    forces,
    optimise_geometry,
    state_properties,
)

__all__ = [
    # molecules
    "Molecule",
    "diatomic",
    "Atom",
    "LengthUnit",
    "PointCharges",
    # integrals and what they define
    "MolecularIntegrals",
    "Reference",
    "ActiveSpace",
    "AtomicValenceSpace",
    "NaturalOrbitalSpace",
    "avas",
    "natural_orbitals",
    "compute_integrals",
    "DipoleIntegrals",
    "qubit_hamiltonian",
    "TotalSpin",
    "fci_energy",
    "fci_energies",
    # ansätze
    "Ansatz",
    "UCCSD",
    "KUpCCGSD",
    "PairUCCD",
    "UCJ",
    "LUCJ",
    "AdaptAnsatz",
    "HardwareEfficient",
    "Excitation",
    "single_and_double_excitations",
    "PoolOperator",
    "fermionic_pool",
    "qubit_pool",
    "append_excitation",
    "append_compact_excitation",
    "hartree_fock_circuit",
    "pair_hamiltonian",
    "Amplitudes",
    "ccsd_amplitudes",
    "mp2_amplitudes",
    # energies
    "GroundState",
    "ground_state",
    "Certificate",
    "adapt_vqe",
    "AdaptResult",
    "AdaptStep",
    "scan",
    "PotentialCurve",
    "DissociationCurve",
    "dissociation_curve",
    "CHEMICAL_ACCURACY",
    "HARTREE_IN_KCAL_PER_MOL",
    # excited states
    "ExcitedStates",
    "vqd",
    "ssvqe",
    "quantum_subspace_expansion",
    "qeom",
    # what states tell
    "StateProperties",
    "state_properties",
    "Forces",
    "forces",
    "OptimisedGeometry",
    "GeometryStep",
    "optimise_geometry",
]
