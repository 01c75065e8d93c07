"""The ground-state energy of a molecule by UCCSD and VQE, beside Hartree–Fock and the exact energy."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._checks import require_array
from qtoolkit._memory import check_memory
from qtoolkit.algorithms import VQE, Callback, Optimizer
from qtoolkit.applications.chemistry.ansaetze.uccsd import UCCSD
from qtoolkit.applications.chemistry.fci import fci_energy
from qtoolkit.applications.chemistry.hamiltonian import qubit_hamiltonian
from qtoolkit.applications.chemistry.integrals import (
    ActiveSpace,
    FloatArray,
    MolecularIntegrals,
    active_orbitals,
    integrals_with,
)
from qtoolkit.applications.chemistry.mean_field import solve_mean_field
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.spin import spin_squared_operator
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.operators import PauliSum
from qtoolkit.primitives import Estimator
from qtoolkit.simulators import StatevectorSimulator

__all__ = [
    "CHEMICAL_ACCURACY",
    "HARTREE_IN_KCAL_PER_MOL",
    "GroundState",
    "check_state",
    "ground_state",
    "lowest_energy",
]

CHEMICAL_ACCURACY = 1.6e-3
"""The error, in hartree, below which thermochemistry is considered right: 1 kcal/mol."""

HARTREE_IN_KCAL_PER_MOL = 627.5094740631
"""CODATA 2018 hartree, times Avogadro's number, over 4184 J/kcal."""


_SPIN_TOLERANCE = 0.1
"""Of ⟨S²⟩: a product of excitations is no eigenstate of spin, and 0.05 is seen where triple bonds break."""
_SPIN_PENALTY = 1.0


@dataclass(frozen=True, eq=False)
class GroundState:
    """A variational ground-state energy and the evidence for it; energies in hartree.

    Attributes:
        energy: lowest energy found; where the estimator is noisy, a fresh estimate at `parameters`.
        fci_energy: exact energy of this spin in the same orbitals and active space.
        hartree_fock_energy: energy of the reference determinant.
        parameters: amplitudes, shape (num_parameters,), in the order of ``ansatz.circuit.parameters``.
        num_evaluations: evaluations of the energy, of every search.
        gradient_norm: Euclidean norm of the gradient at `parameters`; None for an estimator without gradients.
        history: energy of each evaluation by the optimiser in the search that counts.
        converged: whether the optimiser met its tolerance; see `VQEResult`.
        message: why the optimiser ended, and what was found there.
        optimizer: its class name.
        num_hamiltonian_terms: Pauli strings in the Hamiltonian.
        ansatz: the ansatz.
        integrals: the integrals, with their own evidence.
        wall_time: seconds for Hamiltonian, ansatz, optimisation and exact energy.
        spin_squared: ⟨S²⟩ of the ansatz at `parameters`, without noise; ``S (S + 1)`` is `spin_squared_target`.
        standard_error: of `energy`, in hartree; None where the estimator is exact.
        num_escapes: how often the search left a maximum or saddle point.
        spin_penalty: hartree for each unit of ⟨S²⟩ too many that kept the search to the spin asked for; 0 where none
            was needed. `history` and `gradient_norm` include it, `energy` does not.
        seed: of the directions in which the search looked for a way down; None if a generator was given.
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
    spin_squared: float
    standard_error: float | None
    num_escapes: int
    spin_penalty: float
    seed: int | None

    @property
    def num_qubits(self) -> int:
        """Number of qubits."""
        return self.ansatz.num_qubits

    @property
    def num_parameters(self) -> int:
        """Number of amplitudes."""
        return len(self.parameters)

    @property
    def spin_squared_target(self) -> float:
        """S (S + 1) of the state asked for."""
        return _spin_squared_target(self.integrals)

    @property
    def gap(self) -> float:
        """``energy - fci_energy`` in hartree; not negative, but for rounding, where the estimator is exact.

        A share of higher spin, told by `spin_squared`, can make it so where a state of higher spin lies lower.
        """
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
    seed: int | np.random.Generator | None = 0,
) -> GroundState:
    """Minimise the energy of the UCCSD ansatz in the spin of the molecule.

    The state asked for is the lowest of S = spin / 2: a search that ends with ⟨S²⟩ too high is repeated with a penalty
    on it. Where symmetry makes the gradient vanish at a saddle point, the search goes on from there; see `VQE.run`.

    Args:
        problem: a molecule, or integrals computed before.
        active_space: see `compute_integrals`; only for a molecule.
        spin_adapted: see `UCCSD`.
        use_symmetry: leave out excitations that the point group forbids; the energy is the same, with fewer parameters.
        estimator: the local state-vector simulator with adjoint gradients by default.
        optimizer: L-BFGS-B where the estimator has gradients, COBYLA elsewhere.
        initial_parameters: in the order of ``UCCSD(...).circuit.parameters``; perturbative amplitudes by default.
        callback: called after every evaluation of the energy by the optimiser; returning True stops.
        seed: of the directions in which a way down is looked for; the default repeats a run.

    Raises:
        InputError: if an active space comes with integrals, symmetry is asked of integrals that have none, or an
            argument breaks the rule of the function it is for.
        ConvergenceError: if Hartree–Fock or the exact reference does not converge, or the search ends in a state of
            another spin.
        InsufficientMemoryError: if there is no memory for the state; told before any integral is computed.
        MissingExtraError: if PySCF is not installed.
    """
    if isinstance(problem, MolecularIntegrals):
        if active_space is not None:
            raise InputError("active_space is for a molecule, got one with integrals, which have theirs already")
        integrals = problem
    elif isinstance(problem, Molecule):
        structure = build_structure(problem)
        orbitals = active_orbitals(active_space, structure)
        check_state(orbitals, estimator)
        solution = solve_mean_field(problem, structure)
        integrals = integrals_with(problem, structure, solution, orbitals, active_space)
    else:
        raise InputError(f"problem must be a Molecule or MolecularIntegrals, got {type(problem).__name__}")
    if use_symmetry and integrals.orbital_symmetries is None:
        raise InputError("use_symmetry needs integrals with orbital_symmetries, got None; give them or leave it out")
    ansatz = UCCSD(
        integrals.norb, integrals.nelec, spin_adapted, integrals.orbital_symmetries if use_symmetry else None
    )
    return lowest_energy(
        integrals,
        ansatz,
        starts=None if initial_parameters is None else [require_array("initial_parameters", initial_parameters)],
        estimator=estimator,
        optimizer=optimizer,
        callback=callback,
        seed=seed,
    )


def check_state(orbitals: Sequence[int], estimator: Estimator | None) -> None:
    """Refuse, before any integral is computed, a state that the local simulator has no memory for.

    Raises:
        InsufficientMemoryError: saying so.
    """
    if estimator is None:
        num_qubits = 2 * len(orbitals)
        check_memory(16 << num_qubits, f"a state of {num_qubits} qubits", "choose a smaller active space")


def lowest_energy(
    integrals: MolecularIntegrals,
    ansatz: UCCSD,
    *,
    starts: Sequence[FloatArray] | None = None,
    estimator: Estimator | None = None,
    optimizer: Optimizer | None = None,
    callback: Callback | None = None,
    seed: int | np.random.Generator | None = 0,
) -> GroundState:
    """Minimise the energy of a given ansatz, from the best of some starts.

    Args:
        integrals: the problem.
        ansatz: on the same orbitals and electrons.
        starts: parameters to choose from by their energy; perturbative amplitudes by default.
        estimator: as for `ground_state`.
        optimizer: as for `ground_state`.
        callback: as for `ground_state`.
        seed: as for `ground_state`.

    Raises:
        InputError: if integrals and ansatz have different orbitals or electrons, or a start the wrong length.
        ConvergenceError: if the search ends in a state of another spin.
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
    found = vqe.run(start, callback, exact_energy=exact, seed=seed)
    energy, penalty, num_evaluations = found.energy, 0.0, found.num_evaluations
    spin = _Spin(integrals, ansatz)
    spin_squared = spin.squared(found.parameters)
    if spin.is_wrong(spin_squared) and found.converged:
        # Every state of the sector has S at least S_z, so that the penalty lifts those of higher spin alone.
        penalty = _SPIN_PENALTY
        penalised = VQE(ansatz.circuit, hamiltonian + penalty * spin.excess, estimator=estimator, optimizer=optimizer)
        found = penalised.run(start, callback, exact_energy=exact, seed=seed)
        energy, num_evaluations = vqe.energy(found.parameters), num_evaluations + found.num_evaluations
        spin_squared = spin.squared(found.parameters)
    if spin.is_wrong(spin_squared) and (found.converged or found.standard_error is not None):
        raise ConvergenceError(
            f"the state asked for has <S²> = {_spin_squared_target(integrals):g}, but the search ended in one of "
            f"{spin_squared:.4f}; start elsewhere, or ask for that spin"
        )
    return GroundState(
        energy=energy,
        fci_energy=exact,
        hartree_fock_energy=integrals.hartree_fock_energy,
        parameters=found.parameters,
        num_evaluations=num_evaluations,
        gradient_norm=found.gradient_norm,
        history=found.history,
        converged=found.converged,
        message=found.message,
        optimizer=found.optimizer,
        num_hamiltonian_terms=len(hamiltonian),
        ansatz=ansatz,
        integrals=integrals,
        wall_time=time.perf_counter() - begin,
        spin_squared=spin_squared,
        standard_error=found.standard_error,
        num_escapes=found.num_escapes,
        spin_penalty=penalty,
        seed=found.seed,
    )


class _Spin:
    """Total spin of an ansatz, on the state vector that its circuit prepares without noise."""

    def __init__(self, integrals: MolecularIntegrals, ansatz: UCCSD) -> None:
        self._target = _spin_squared_target(integrals)
        self._operator = spin_squared_operator(integrals)
        self._circuit = ansatz.circuit

    @property
    def excess(self) -> PauliSum:
        """S² − S (S + 1), which is 0 for the spin asked for and positive for all others of these electrons."""
        return self._operator - self._target * PauliSum.identity(self._operator.num_qubits)

    def squared(self, parameters: FloatArray) -> float:
        """⟨S²⟩."""
        return float(StatevectorSimulator().expectation_value(self._circuit, self._operator, parameters))

    def is_wrong(self, spin_squared: float) -> bool:
        """Whether it is another state than the one asked for, and not that one with a trace of others."""
        return abs(spin_squared - self._target) > _SPIN_TOLERANCE


def _spin_squared_target(integrals: MolecularIntegrals) -> float:
    return integrals.spin * (integrals.spin + 1.0)
