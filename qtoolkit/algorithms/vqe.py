"""VQE: the lowest energy that a parametrised circuit, or program of fermions, reaches."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, check_number, real_numbers_of, seeded
from qtoolkit.algorithms.descent import descend
from qtoolkit.algorithms.fermion_objective import FermionObjective
from qtoolkit.algorithms.objective import CircuitObjective, EnergyObjective
from qtoolkit.algorithms.optimizers import Callback, Optimizer
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.operators import ElectronicHamiltonian, PauliSum
from qtoolkit.primitives import Estimator
from qtoolkit.simulators.fermion import FermionProgram

__all__ = ["VQE", "VQEResult", "minimise_energy"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VQEResult:
    """The lowest energy found, and the evidence.

    Attributes:
        energy: ``⟨ψ(θ)|H|ψ(θ)⟩`` at `parameters`; an upper bound on the ground state's where the estimator is exact,
            and where it is noisy a fresh estimate, for the lowest of many noisy values is lowest by luck.
        parameters: θ, shape ``(num_parameters,)``, in the order of the ansatz's parameters.
        num_evaluations: evaluations of the energy by the optimiser and for the fresh estimate.
        gradient_norm: Euclidean norm of the gradient at θ; None without gradients.
        history: energy of each evaluation by the optimiser in order, over all its searches.
        converged: whether the optimiser met its tolerance where no falling direction was found. Always False for
            noisy energies, which offer no test.
        message: why the optimiser ended, and what was found there.
        optimizer: its class name.
        exact_energy: the exact value, if the caller gave one.
        wall_time: seconds.
        standard_error: of `energy`; None where the estimator is exact.
        num_escapes: how often the search ended at a maximum or saddle point and went on from there.
        num_probes: evaluations, mostly of the gradient, that looked for falling directions; not in `num_evaluations`.
        seed: of these directions; None if a generator was given.
    """

    energy: float
    parameters: FloatArray
    num_evaluations: int
    gradient_norm: float | None
    history: FloatArray
    converged: bool
    message: str
    optimizer: str
    exact_energy: float | None
    wall_time: float
    standard_error: float | None = None
    num_escapes: int = 0
    num_probes: int = 0
    seed: int | None = None

    @property
    def gap(self) -> float | None:
        """``energy - exact_energy``, as uncertain as the energy is; None where no exact value was given."""
        return None if self.exact_energy is None else self.energy - self.exact_energy


class VQE:
    """Variational quantum eigensolver: configured once, run from as many starts as wanted.

    Source: Peruzzo et al., Nat. Commun. 5, 4213 (2014).

    Args:
        ansatz: circuit with free parameters, or program of fermions.
        hamiltonian: Hermitian, on the circuit's qubits; of a program an `ElectronicHamiltonian` of its orbitals.
        estimator: the local state-vector simulator by default, with adjoint gradients. None for a program, which runs
            in its sector.
        optimizer: L-BFGS-B where the estimator has gradients, COBYLA elsewhere. One that needs gradients an
            estimator lacks gets them by parameter shifts.

    Raises:
        InputError: if ansatz and Hamiltonian differ in their numbers of qubits or orbitals, or an estimator is given
            for a program.
        OperatorError: if the Hamiltonian is not Hermitian.
    """

    def __init__(
        self,
        ansatz: Circuit | FermionProgram,
        hamiltonian: PauliSum | ElectronicHamiltonian,
        *,
        estimator: Estimator | None = None,
        optimizer: Optimizer | None = None,
    ) -> None:
        if optimizer is not None:
            check_instance(optimizer, Optimizer, "optimizer must be an Optimizer")
        self._objective = _objective_of(ansatz, hamiltonian, estimator)
        self._optimizer = self._objective.default_optimizer() if optimizer is None else optimizer

    @property
    def num_parameters(self) -> int:
        """Number of the ansatz's parameters."""
        return self._objective.num_parameters

    def energy(self, parameters: ArrayLike) -> float:
        """The energy at given parameters."""
        return self._objective.value(self._vector(parameters, "parameters"))

    def energy_and_gradient(self, parameters: ArrayLike) -> tuple[float, FloatArray]:
        """The energy at given parameters and its gradient, shape ``(num_parameters,)``."""
        return self._objective.value_and_gradient(self._vector(parameters, "parameters"))

    def _vector(self, parameters: ArrayLike, name: str) -> FloatArray:
        values = real_numbers_of(parameters, name)
        if values.shape != (self.num_parameters,):
            raise InputError(f"{name} must have one entry for each of {self.num_parameters}, got shape {values.shape}")
        return values

    def run(
        self,
        initial_parameters: ArrayLike | None = None,
        callback: Callback | None = None,
        *,
        exact_energy: float | None = None,
        seed: int | np.random.Generator | None = 0,
    ) -> VQEResult:
        """Minimise the energy.

        An optimiser ends wherever the gradient vanishes, and symmetry makes it vanish at maxima and saddle points
        too. The search therefore goes on where the energy still curves downwards along some direction (with an
        estimator that has gradients), or once more from near by where it never left its start.

        Args:
            initial_parameters: shape ``(num_parameters,)``; zeros by default.
            callback: called after every evaluation by the optimiser; returning True stops.
            exact_energy: kept in the result for the gap.
            seed: of the directions in which a way down is looked for; the default repeats a run.

        Raises:
            InputError: for the wrong number of parameters, values that are not finite, or an estimator or optimiser
                that returns anything but numbers.
            ConvergenceError: if an energy is not finite.
        """
        given = np.zeros(self.num_parameters) if initial_parameters is None else initial_parameters
        initial = self._vector(given, "initial_parameters")
        return minimise_energy(
            self._objective, self._optimizer, initial, callback, exact_energy=exact_energy, seed=seed
        )


def minimise_energy(
    objective: EnergyObjective,
    optimizer: Optimizer,
    initial: FloatArray,
    callback: Callback | None = None,
    *,
    exact_energy: float | None = None,
    seed: int | np.random.Generator | None = 0,
) -> VQEResult:
    """Minimise an energy from a start; see `VQE.run`.

    Raises:
        InputError: as for `VQE.run`.
        ConvergenceError: if an energy is not finite.
    """
    if exact_energy is not None:
        rule = "finite where it is given, a real number"
        exact_energy = check_number(exact_energy, "exact_energy", kind=rule)
    start = time.perf_counter()
    number, rng = seeded(seed)
    found = descend(objective, optimizer, initial, callback=callback, rng=rng)
    return VQEResult(
        energy=found.value,
        parameters=found.parameters,
        num_evaluations=found.num_evaluations,
        gradient_norm=found.gradient_norm,
        history=found.history,
        converged=found.converged,
        message=found.message,
        optimizer=type(optimizer).__name__,
        exact_energy=exact_energy,
        wall_time=time.perf_counter() - start,
        standard_error=found.standard_error,
        num_escapes=found.num_escapes,
        num_probes=found.num_probes,
        seed=number,
    )


def _objective_of(
    ansatz: Circuit | FermionProgram, hamiltonian: PauliSum | ElectronicHamiltonian, estimator: Estimator | None
) -> EnergyObjective:
    if isinstance(ansatz, FermionProgram):
        if estimator is not None:
            raise InputError("a program of fermions runs in its sector, without an estimator; give a circuit for one")
        what = "the Hamiltonian of a program must be an ElectronicHamiltonian"
        return FermionObjective(ansatz, check_instance(hamiltonian, ElectronicHamiltonian, what, OperatorError))
    sums = check_instance(hamiltonian, PauliSum, "a Hamiltonian must be a PauliSum", OperatorError)
    if not sums.is_hermitian():
        raise OperatorError("a Hamiltonian must be Hermitian, but a coefficient has an imaginary part")
    return CircuitObjective(ansatz, sums, estimator)
