"""The ground-state energy of a molecule by UCCSD and VQE, beside Hartree–Fock and the exact energy."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit.algorithms import VQE, Callback, Optimizer
from qtoolkit.applications.chemistry.ansatz import UCCSD
from qtoolkit.applications.chemistry.fci import fci_energy
from qtoolkit.applications.chemistry.hamiltonian import qubit_hamiltonian
from qtoolkit.applications.chemistry.integrals import ActiveSpace, FloatArray, MolecularIntegrals, compute_integrals
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.errors import InputError
from qtoolkit.primitives import Estimator

__all__ = ["CHEMICAL_ACCURACY", "HARTREE_IN_KCAL_PER_MOL", "GroundState", "ground_state", "lowest_energy"]

CHEMICAL_ACCURACY = 1.6e-3
"""The error, in hartree, below which thermochemistry is considered right: 1 kcal/mol."""

HARTREE_IN_KCAL_PER_MOL = 627.5094740631
"""CODATA 2018 hartree, times Avogadro's number, over 4184 J/kcal."""


@dataclass(frozen=True, eq=False)
class GroundState:
    """A variational ground-state energy and the evidence for it; energies in hartree.

    Attributes:
        energy: lowest energy found.
        fci_energy: exact energy in the same orbitals and active space.
        hartree_fock_energy: energy of the reference determinant.
        parameters: amplitudes, shape (num_parameters,), in the order of ``ansatz.circuit.parameters``.
        num_evaluations: evaluations of the energy by the optimiser.
        gradient_norm: Euclidean norm of the gradient at `parameters`; None for an estimator without gradients.
        history: energy of each evaluation, shape (num_evaluations,).
        converged: whether the optimiser met its tolerance.
        message: why the optimiser ended.
        optimizer: its class name.
        num_hamiltonian_terms: Pauli strings in the Hamiltonian.
        ansatz: the ansatz.
        integrals: the integrals, with their own evidence.
        wall_time: seconds for Hamiltonian, ansatz, optimisation and exact energy.
    """

    energy: float
    fci_energy: float
    hartree_fock_energy: float
    parameters: FloatArray = field(repr=False)
    num_evaluations: int
    gradient_norm: float | None
    history: FloatArray = field(repr=False)
    converged: bool
    message: str = field(repr=False)
    optimizer: str
    num_hamiltonian_terms: int
    ansatz: UCCSD = field(repr=False)
    integrals: MolecularIntegrals = field(repr=False)
    wall_time: float

    @property
    def num_qubits(self) -> int:
        """Number of qubits."""
        return self.ansatz.num_qubits

    @property
    def num_parameters(self) -> int:
        """Number of amplitudes."""
        return len(self.parameters)

    @property
    def gap(self) -> float:
        """``energy - fci_energy`` in hartree; not negative, but for rounding, where the estimator is exact."""
        return self.energy - self.fci_energy

    @property
    def gap_millihartree(self) -> float:
        """The gap in millihartree."""
        return 1e3 * self.gap

    @property
    def gap_kcal_per_mol(self) -> float:
        """The gap in kcal/mol."""
        return HARTREE_IN_KCAL_PER_MOL * self.gap

    @property
    def is_chemically_accurate(self) -> bool:
        """Whether the gap is at most 1.6 millihartree in magnitude."""
        return abs(self.gap) <= CHEMICAL_ACCURACY


def ground_state(
    problem: Molecule | MolecularIntegrals,
    *,
    active_space: ActiveSpace = None,
    spin_adapted: bool = False,
    use_symmetry: bool = False,
    estimator: Estimator | None = None,
    optimizer: Optimizer | None = None,
    initial_parameters: ArrayLike | None = None,
    callback: Callback | None = None,
) -> GroundState:
    """Minimise the energy of the UCCSD ansatz.

    Args:
        problem: a molecule, or integrals computed before.
        active_space: see `compute_integrals`; only for a molecule.
        spin_adapted: see `UCCSD`.
        use_symmetry: leave out excitations that the point group forbids; the energy is the same, with fewer parameters.
        estimator: the local state-vector simulator with adjoint gradients by default.
        optimizer: L-BFGS-B where the estimator has gradients, COBYLA elsewhere.
        initial_parameters: in the order of ``UCCSD(...).circuit.parameters``; perturbative amplitudes by default.
        callback: called after every evaluation of the energy; returning True stops.

    Raises:
        InputError: if an active space comes with integrals, symmetry is asked of integrals that have none, or an
            argument breaks the rule of the function it is for.
        ConvergenceError: if Hartree–Fock or the exact reference does not converge.
        MissingExtraError: if PySCF is not installed.
    """
    if isinstance(problem, MolecularIntegrals):
        if active_space is not None:
            raise InputError("active_space is for a molecule, got one with integrals, which have theirs already")
        integrals = problem
    elif isinstance(problem, Molecule):
        integrals = compute_integrals(problem, active_space)
    else:
        raise InputError(f"problem must be a Molecule or MolecularIntegrals, got {type(problem).__name__}")
    if use_symmetry and integrals.orbital_symmetries is None:
        raise InputError("use_symmetry needs integrals with orbital_symmetries, got None; give them or leave it out")
    ansatz = UCCSD(
        integrals.norb, integrals.nelec, spin_adapted, integrals.orbital_symmetries if use_symmetry else None
    )
    starts = None if initial_parameters is None else [np.asarray(initial_parameters, dtype=np.float64)]
    return lowest_energy(integrals, ansatz, starts=starts, estimator=estimator, optimizer=optimizer, callback=callback)


def lowest_energy(
    integrals: MolecularIntegrals,
    ansatz: UCCSD,
    *,
    starts: Sequence[FloatArray] | None = None,
    estimator: Estimator | None = None,
    optimizer: Optimizer | None = None,
    callback: Callback | None = None,
) -> GroundState:
    """Minimise the energy of a given ansatz, from the best of some starts.

    Args:
        integrals: the problem.
        ansatz: on the same orbitals and electrons.
        starts: parameters to choose from by their energy; perturbative amplitudes by default.
        estimator: as for `ground_state`.
        optimizer: as for `ground_state`.
        callback: as for `ground_state`.

    Raises:
        InputError: if integrals and ansatz have different orbitals or electrons, or a start the wrong length.
    """
    if (ansatz.norb, ansatz.nelec) != (integrals.norb, integrals.nelec):
        raise InputError(
            f"the ansatz has {ansatz.nelec} electrons in {ansatz.norb} orbitals, "
            f"got integrals of {integrals.nelec} in {integrals.norb}"
        )
    begin = time.perf_counter()
    hamiltonian = qubit_hamiltonian(integrals)
    vqe = VQE(ansatz.circuit, hamiltonian, estimator=estimator, optimizer=optimizer)
    candidates = [ansatz.perturbative_parameters(integrals)] if starts is None else list(starts)
    start = candidates[0] if len(candidates) == 1 else min(candidates, key=vqe.energy)
    exact = fci_energy(integrals)
    found = vqe.run(start, callback, exact_energy=exact)
    return GroundState(
        energy=found.energy,
        fci_energy=exact,
        hartree_fock_energy=integrals.hartree_fock_energy,
        parameters=found.parameters,
        num_evaluations=found.num_evaluations,
        gradient_norm=found.gradient_norm,
        history=found.history,
        converged=found.converged,
        message=found.message,
        optimizer=found.optimizer,
        num_hamiltonian_terms=len(hamiltonian),
        ansatz=ansatz,
        integrals=integrals,
        wall_time=time.perf_counter() - begin,
    )
