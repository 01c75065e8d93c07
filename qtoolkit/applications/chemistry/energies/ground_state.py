"""`ground_state`: the lowest energy of an ansatz by VQE, beside Hartree–Fock, coupled cluster and the exact energy."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import seeded
from qtoolkit._checks import require_array, require_integer
from qtoolkit.algorithms import Callback, Optimizer
from qtoolkit.applications.chemistry.ansaetze import Ansatz, KUpCCGSD
from qtoolkit.applications.chemistry.energies.ansatz_names import AnsatzName, ansatz_of, start_of
from qtoolkit.applications.chemistry.energies.certificate import Certificate
from qtoolkit.applications.chemistry.energies.model import has_spin, model_of, spin_squared_target
from qtoolkit.applications.chemistry.energies.problem import integrals_of
from qtoolkit.applications.chemistry.energies.references import ccsd_energy, exact_energy
from qtoolkit.applications.chemistry.energies.search import Found, searched
from qtoolkit.applications.chemistry.hamiltonian import qubit_hamiltonian
from qtoolkit.applications.chemistry.integrals import ActiveSpace, FloatArray, MolecularIntegrals
from qtoolkit.applications.chemistry.mean_field import Reference
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.errors import InputError
from qtoolkit.operators import FermionMapping
from qtoolkit.primitives import Estimator

__all__ = [
    "CHEMICAL_ACCURACY",
    "HARTREE_IN_KCAL_PER_MOL",
    "GroundState",
    "check_starts",
    "ground_state",
    "lowest_energy",
    "starts_of",
]

CHEMICAL_ACCURACY = 1.6e-3
"""The error, in hartree, below which thermochemistry is considered right: 1 kcal/mol."""

HARTREE_IN_KCAL_PER_MOL = 627.5094740631
"""CODATA 2018 hartree, times Avogadro's number, over 4184 J/kcal."""

_MOST_STARTS = 10_000
_STARTS_OF_PAIRS = 5


@dataclass(frozen=True, eq=False)
class GroundState:
    """A variational ground-state energy and the evidence for it; energies in hartree.

    Attributes:
        energy: lowest energy found; where the estimator is noisy, a fresh estimate at `parameters`.
        fci_energy: exact energy of this spin in the same orbitals and active space; NaN for more than 5 million
            determinants, which `fci_energy` of this package computes for whoever wants to wait.
        hartree_fock_energy: energy of the reference determinant.
        parameters: amplitudes, shape (num_parameters,), in the order of ``ansatz.parameter_names``.
        num_evaluations: evaluations of the energy, of every search.
        gradient_norm: Euclidean norm of the gradient at `parameters`; None for an estimator without gradients.
        history: energy of each evaluation by the optimiser in the search that counts.
        converged: whether the optimiser met its tolerance; see `VQEResult`.
        message: why the optimiser ended, and what was found there.
        optimizer: its class name.
        ansatz: the ansatz.
        integrals: the integrals, with their own evidence.
        wall_time: seconds for Hamiltonian, ansatz, optimisation and what it is compared with.
        spin_squared: ⟨S²⟩ of the ansatz at `parameters`, without noise; ``S (S + 1)`` is `spin_squared_target`. NaN
            where alpha and beta orbitals differ and their overlap is unknown.
        standard_error: of `energy`, in hartree; None where the estimator is exact.
        num_escapes: how often the search left a maximum or saddle point.
        spin_penalty: hartree for each unit of ⟨S²⟩ too many that kept the search to the spin asked for; 0 where none
            was needed. `history` and `gradient_norm` include it, `energy` does not.
        seed: of the directions in which the search looked for a way down, and of further starts; None if a generator
            was given.
        certificate: electrons, spin, variance, and the energies to compare with.
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
    ansatz: Ansatz = field(repr=False)
    integrals: MolecularIntegrals = field(repr=False)
    wall_time: float
    spin_squared: float
    standard_error: float | None
    num_escapes: int
    spin_penalty: float
    seed: int | None
    certificate: Certificate = field(repr=False)

    @property
    def num_qubits(self) -> int:
        """Number of qubits."""
        return self.ansatz.num_qubits

    @property
    def num_parameters(self) -> int:
        """Number of amplitudes."""
        return len(self.parameters)

    @cached_property
    def num_hamiltonian_terms(self) -> int:
        """Pauli strings in the Hamiltonian by the Jordan–Wigner mapping."""
        return len(qubit_hamiltonian(self.integrals))

    @property
    def spin_squared_target(self) -> float:
        """S (S + 1) of the state asked for."""
        return spin_squared_target(self.integrals)

    @property
    def gap(self) -> float:
        """``energy - fci_energy`` in hartree; not negative, but for rounding and noise."""
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
    reference: Reference = "auto",
    ansatz: Ansatz | AnsatzName | None = None,
    spin_adapted: bool = False,
    use_symmetry: bool = False,
    estimator: Estimator | None = None,
    mapping: str | FermionMapping = "jordan_wigner",
    optimizer: Optimizer | None = None,
    initial_parameters: ArrayLike | None = None,
    num_starts: int | None = None,
    callback: Callback | None = None,
    seed: int | np.random.Generator | None = 0,
) -> GroundState:
    """Minimise the energy of an ansatz in the spin of the molecule.

    The state asked for is the lowest of S = spin / 2: a search that ends with ⟨S²⟩ too high, or below the exact energy
    of its spin by an admixture of another, is repeated with a penalty on it. Where symmetry makes the gradient vanish
    at a saddle point, the search goes on from there; see `VQE.run`.

    Without an estimator, states are kept in the sector of their electrons, with exact gradients. With one, the ansatz
    runs as a circuit: with shots, with noise, or on a device.

    Args:
        problem: a molecule, or integrals computed before.
        active_space: see `compute_integrals`; only for a molecule.
        reference: see `compute_integrals`; only for a molecule.
        ansatz: an `Ansatz` on the same orbitals and electrons, or the name of one, ``"uccsd"`` by default.
        spin_adapted: see `UCCSD`; only for that.
        use_symmetry: leave out excitations that the point group forbids, of `UCCSD`; the energy is the same, with fewer
            parameters.
        estimator: None for the sector engine.
        mapping: of fermions to qubits, where circuits are run: a name or a mapping, tapered ones too; see
            `fermion_mapping`.
        optimizer: L-BFGS-B where there are gradients, COBYLA elsewhere.
        initial_parameters: in the order of ``ansatz.parameter_names``; ``ansatz.initial_parameters(integrals)`` by
            default.
        num_starts: searches, from the start and from random points about it, of which the lowest counts. By default
            one; of `KUpCCGSD`, whose start has symmetries that hide most of its parameters, and which has many minima,
            five in the sector engine.
        callback: called after every evaluation of the energy by the optimiser; returning True stops.
        seed: of the directions in which a way down is looked for, and of random starts; the default repeats a run.

    Raises:
        InputError: if an active space comes with integrals, symmetry is asked of integrals that have none, or an
            argument breaks the rule of the function it is for.
        ConvergenceError: if Hartree–Fock or the exact reference does not converge, or the search ends in a state of
            another spin or below the exact energy.
        InsufficientMemoryError: if there is no memory for the state; told before any integral is computed.
        MissingExtraError: if PySCF is not installed.
    """
    check_starts(num_starts)
    integrals = integrals_of(problem, active_space, estimator, reference)
    chosen = ansatz_of(ansatz, integrals, spin_adapted=spin_adapted, use_symmetry=use_symmetry)
    return lowest_energy(
        integrals,
        chosen,
        starts=None if initial_parameters is None else [require_array("initial_parameters", initial_parameters)],
        num_starts=starts_of(num_starts, chosen, estimator),
        estimator=estimator,
        mapping=mapping,
        optimizer=optimizer,
        callback=callback,
        seed=seed,
    )


def check_starts(num_starts: int | None) -> None:
    """Refuse a number of searches that is none.

    Raises:
        InputError: saying so.
    """
    if num_starts is not None:
        require_integer("num_starts", num_starts, 1, _MOST_STARTS)


def starts_of(num_starts: int | None, ansatz: Ansatz, estimator: Estimator | None) -> int:
    """How many searches, asked for or by default; see `ground_state`."""
    if num_starts is None:
        return _STARTS_OF_PAIRS if isinstance(ansatz, KUpCCGSD) and estimator is None else 1
    return num_starts


def lowest_energy(
    integrals: MolecularIntegrals,
    ansatz: Ansatz,
    *,
    starts: Sequence[FloatArray] | None = None,
    num_starts: int = 1,
    estimator: Estimator | None = None,
    mapping: str | FermionMapping = "jordan_wigner",
    optimizer: Optimizer | None = None,
    callback: Callback | None = None,
    seed: int | np.random.Generator | None = 0,
) -> GroundState:
    """Minimise the energy of a given ansatz, from the best of some starts.

    Args:
        integrals: the problem.
        ansatz: on the same orbitals and electrons.
        starts: parameters to choose from by their energy; ``ansatz.initial_parameters(integrals)`` by default.
        num_starts: as for `ground_state`.
        estimator: as for `ground_state`.
        mapping: as for `ground_state`.
        optimizer: as for `ground_state`.
        callback: as for `ground_state`.
        seed: as for `ground_state`.

    Raises:
        InputError: if integrals and ansatz have different orbitals or electrons, or a start the wrong length.
        ConvergenceError: if the search ends in a state of another spin, or below the exact energy.
    """
    if (ansatz.norb, ansatz.nelec) != (integrals.norb, integrals.nelec):
        raise InputError(
            f"the ansatz has {ansatz.nelec} electrons in {ansatz.norb} orbitals, "
            f"got integrals of {integrals.nelec} in {integrals.norb}"
        )
    begin = time.perf_counter()
    number, rng = seeded(seed)
    model = model_of(integrals, ansatz, estimator, mapping)
    exact = exact_energy(integrals)
    found = searched(
        model,
        [start_of(ansatz, integrals)] if starts is None else starts,
        num_starts=num_starts,
        optimizer=optimizer,
        callback=callback,
        rng=rng,
        exact=exact,
        target=spin_squared_target(integrals) if has_spin(integrals) else None,
    )
    certificate = _certificate(found, integrals, exact, number)
    run = found.run
    return GroundState(
        energy=found.energy,
        fci_energy=math.nan if exact is None else exact,
        hartree_fock_energy=integrals.hartree_fock_energy,
        parameters=run.parameters,
        num_evaluations=found.num_evaluations,
        gradient_norm=run.gradient_norm,
        history=run.history,
        converged=run.converged,
        message=run.message,
        optimizer=run.optimizer,
        ansatz=ansatz,
        integrals=integrals,
        wall_time=time.perf_counter() - begin,
        spin_squared=math.nan if found.facts.spin_squared is None else found.facts.spin_squared,
        standard_error=run.standard_error,
        num_escapes=run.num_escapes,
        spin_penalty=found.penalty,
        seed=number,
        certificate=certificate,
    )


def _certificate(found: Found, integrals: MolecularIntegrals, exact: float | None, seed: int | None) -> Certificate:
    return Certificate(
        energy=found.energy,
        standard_error=found.run.standard_error,
        num_electrons=found.facts.num_electrons,
        spin_squared=found.facts.spin_squared,
        spin_squared_target=spin_squared_target(integrals) if has_spin(integrals) else None,
        variance=found.facts.variance,
        exact_energy=exact,
        exact_ground_energy=exact,
        ccsd_energy=ccsd_energy(integrals),
        converged=found.run.converged,
        message=found.run.message,
        num_evaluations=found.num_evaluations,
        gradient_norm=found.run.gradient_norm,
        seed=seed,
    )
