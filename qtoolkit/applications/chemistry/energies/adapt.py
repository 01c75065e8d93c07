"""`adapt_vqe`: an ansatz that grows by the operators whose slopes are steepest."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from qtoolkit._arguments import check_callable, check_instance, items_of, seeded, shown
from qtoolkit._checks import require_integer, require_number
from qtoolkit.algorithms import Optimizer
from qtoolkit.algorithms.fermion_objective import FermionObjective
from qtoolkit.algorithms.optimizers import LBFGSB
from qtoolkit.applications.chemistry.ansaetze import AdaptAnsatz, PoolOperator, fermionic_pool, qubit_pool
from qtoolkit.applications.chemistry.energies.ground_state import GroundState, lowest_energy
from qtoolkit.applications.chemistry.energies.problem import integrals_of
from qtoolkit.applications.chemistry.integrals import ActiveSpace, FloatArray, MolecularIntegrals
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion import FermionProgram, FermionSimulator, ProgramAdjoint

__all__ = ["AdaptResult", "AdaptStep", "Pool", "adapt_vqe"]

Pool: TypeAlias = Literal["fermionic", "qubit", "generalised"] | Sequence[PoolOperator]
"""``"fermionic"`` and ``"qubit"`` single and double excitations from filled to empty orbitals; ``"generalised"`` ones
of fermions between all orbitals; or operators of one's own."""

_LOWER = 1e-6
"""In hartree: what further operators must gain under a penalty."""
_INNER = LBFGSB(max_evaluations=1000, gradient_tolerance=1e-6, value_tolerance=1e-13, memory=30)


@dataclass(frozen=True, eq=False)
class AdaptStep:
    """One operator that was added, and what came of it.

    Attributes:
        operator: as in the pool.
        gradient_norm: Euclidean norm of the slopes of the whole pool before, in hartree.
        largest_gradient: slope of the operator, in magnitude.
        energy: after all angles were optimised again, in hartree.
        num_evaluations: of the energy, for that.
    """

    operator: PoolOperator = field(repr=False)
    gradient_norm: float
    largest_gradient: float
    energy: float
    num_evaluations: int


@dataclass(frozen=True, eq=False)
class AdaptResult:
    """An ansatz that was grown, its energy, and how it grew.

    Attributes:
        state: energy, parameters and certificate with the operators chosen.
        steps: one for each operator.
        pool: what was chosen from.
        pool_gradient: slopes of the pool at the end, shape (num_operators,), in hartree.
        threshold: norm of the slopes that ends the growth.
        converged: whether they fell below it.
        message: why the growth ended.
        wall_time: seconds, those of a run that was continued included.
    """

    state: GroundState
    steps: tuple[AdaptStep, ...] = field(repr=False)
    pool: tuple[PoolOperator, ...] = field(repr=False)
    pool_gradient: FloatArray = field(repr=False)
    threshold: float
    converged: bool
    message: str
    wall_time: float

    @property
    def energy(self) -> float:
        """In hartree."""
        return self.state.energy

    @property
    def ansatz(self) -> AdaptAnsatz:
        """The operators chosen, to run as any other ansatz."""
        ansatz = self.state.ansatz
        assert isinstance(ansatz, AdaptAnsatz)
        return ansatz

    @property
    def energies(self) -> FloatArray:
        """Energy after each operator, shape (num_steps,)."""
        return np.array([step.energy for step in self.steps])

    @property
    def gradient_norm(self) -> float:
        """Euclidean norm of the slopes of the pool at the end."""
        return float(np.linalg.norm(self.pool_gradient))


def adapt_vqe(
    problem: Molecule | MolecularIntegrals,
    *,
    active_space: ActiveSpace = None,
    pool: Pool = "fermionic",
    threshold: float = 1e-3,
    max_operators: int = 200,
    optimizer: Optimizer | None = None,
    previous: AdaptResult | None = None,
    progress: Callable[[AdaptStep], bool | None] | None = None,
    seed: int | np.random.Generator | None = 0,
) -> AdaptResult:
    """Add the operator with the steepest slope, optimise all angles from where they were, and so on.

    H. R. Grimsley, S. E. Economou, E. Barnes and N. J. Mayhall, Nat. Commun. 10, 3007 (2019). The slopes of a pool,
    ⟨[H, A_k]⟩ = 2 Re ⟨Hψ|A_k ψ⟩, come from one pass over all its operators in the sector engine. Operators between
    states of different symmetry have no slope, so that the point group is kept without being asked for. Where all
    slopes vanish at a saddle point of the angles, the growth leaves it and goes on; where they are small far above
    the exact energy, as where several bonds break, it ends there all the same, which the gap tells.

    Args:
        problem: a molecule, or integrals computed before.
        active_space: see `compute_integrals`; only for a molecule.
        pool: what to choose from.
        threshold: norm of the slopes of the pool, in hartree, below which the growth ends.
        max_operators: of the ansatz, at which it ends as well.
        optimizer: of the angles; L-BFGS-B by default.
        previous: a result to go on from, of the same integrals and pool.
        progress: called after each operator; returning True ends the growth.
        seed: as for `ground_state`.

    Raises:
        InputError: if the pool is empty or unknown, or an argument breaks the rule of the function it is for.
        ConvergenceError: as for `ground_state`.
        InsufficientMemoryError: if there is no memory for the state.
        MissingExtraError: if PySCF is not installed.
    """
    begin = time.perf_counter()
    threshold = require_number("threshold", threshold, 0.0)
    max_operators = require_integer("max_operators", max_operators, 0, 10_000)
    if progress is not None:
        check_callable(progress, "progress")
    if optimizer is not None:
        check_instance(optimizer, Optimizer, "optimizer must be an Optimizer")
    _, rng = seeded(seed)
    integrals = integrals_of(problem, active_space)
    operators = _operators(pool, integrals)
    growth = _Growth(integrals, operators, optimizer, rng if isinstance(seed, np.random.Generator) else seed)
    growth.resume(previous)
    ended = is_stuck = False
    lowest = math.inf
    while True:
        slopes = growth.slopes()
        while not ended and float(np.linalg.norm(slopes)) >= threshold and len(growth.steps) < max_operators:
            step = growth.add(int(np.argmax(np.abs(slopes))), slopes)
            ended = progress is not None and bool(progress(step))
            slopes = growth.slopes()
        state = growth.finished()
        slopes = growth.slopes()
        norm = float(np.linalg.norm(slopes))
        # Where that left a saddle point, the pool has slopes again, and so it has under a penalty, where they may lead
        # to a lower state or only back to another spin.
        if ended or norm < threshold or len(growth.steps) >= max_operators:
            break
        is_stuck = state.spin_penalty > 0.0 and state.energy > lowest - _LOWER
        if is_stuck:
            break
        lowest = state.energy
    if norm < threshold:
        message = f"the slopes of the pool have norm {norm:.2g}, below {threshold:g}"
    elif ended:
        message = f"it was ended after {len(growth.steps)} operators"
    elif is_stuck:
        message = f"a penalty keeps the spin, which leaves slopes of norm {norm:.2g} in the pool; lower the threshold"
    else:
        message = f"there are {max_operators} operators"
    return AdaptResult(
        state=state,
        steps=tuple(growth.steps),
        pool=operators,
        pool_gradient=slopes,
        threshold=threshold,
        converged=norm < threshold,
        message=message,
        wall_time=time.perf_counter() - begin + (0.0 if previous is None else previous.wall_time),
    )


class _Growth:
    """The ansatz so far, its angles, and the pool in the sector engine."""

    def __init__(
        self,
        integrals: MolecularIntegrals,
        pool: tuple[PoolOperator, ...],
        optimizer: Optimizer | None,
        seed: int | np.random.Generator | None,
    ) -> None:
        self._integrals, self._pool, self._seed = integrals, pool, seed
        self._optimizer: Optimizer = _INNER if optimizer is None else optimizer
        self._simulator = FermionSimulator()
        rotations = [rotation for k, operator in enumerate(pool) for rotation in operator.rotations(k)]
        self._all = ProgramAdjoint(FermionProgram(integrals.norb, integrals.nelec, rotations, len(pool)))
        self._ansatz = AdaptAnsatz(integrals.norb, integrals.nelec)
        self._parameters: FloatArray = np.zeros(0)
        self.steps: list[AdaptStep] = []

    def resume(self, previous: AdaptResult | None) -> None:
        """Go on from a result.

        Raises:
            InputError: if it is none, or of another problem or pool.
        """
        if previous is None:
            return
        check_instance(previous, AdaptResult, "previous must be an AdaptResult")
        before = previous.state.integrals
        if previous.pool != self._pool or not (
            before.nelec == self._integrals.nelec
            and np.allclose(before.one_body_tensor, self._integrals.one_body_tensor, atol=1e-8)
            and np.allclose(before.two_body_tensor, self._integrals.two_body_tensor, atol=1e-8)
        ):
            raise InputError("previous must be of the same integrals and the same pool")
        self._ansatz, self._parameters = previous.ansatz, previous.state.parameters
        self.steps = list(previous.steps)

    def slopes(self) -> FloatArray:
        """2 Re ⟨Hψ|A_k ψ⟩ of every operator of the pool."""
        program = self._ansatz.program
        state = self._simulator.state(program, self._parameters)
        image = self._simulator.apply(self._integrals.hamiltonian, program.sector, state)
        return self._all.slopes(np.zeros(len(self._pool)), state, image)

    def add(self, choice: int, slopes: FloatArray) -> AdaptStep:
        """Append an operator and optimise all angles."""
        self._ansatz = self._ansatz.extended(self._pool[choice])
        objective = FermionObjective(self._ansatz.program, self._integrals.hamiltonian, simulator=self._simulator)
        # saddle points are left at the end only: what leads off them is mostly in the pool
        found = self._optimizer.minimize(
            objective.value, np.append(self._parameters, 0.0), value_and_gradient=objective.value_and_gradient
        )
        self._parameters = found.parameters
        step = AdaptStep(
            operator=self._pool[choice],
            gradient_norm=float(np.linalg.norm(slopes)),
            largest_gradient=float(np.abs(slopes[choice])),
            energy=found.value,
            num_evaluations=found.num_evaluations,
        )
        self.steps.append(step)
        return step

    def finished(self) -> GroundState:
        """The energy with its certificate, off saddle points."""
        state = lowest_energy(
            self._integrals, self._ansatz, starts=[self._parameters], optimizer=self._optimizer, seed=self._seed
        )
        self._parameters = state.parameters
        return state


def _operators(pool: Pool, integrals: MolecularIntegrals) -> tuple[PoolOperator, ...]:
    if isinstance(pool, str):
        if pool == "fermionic":
            return fermionic_pool(integrals.norb, integrals.nelec)
        if pool == "qubit":
            return qubit_pool(integrals.norb, integrals.nelec)
        if pool == "generalised":
            return fermionic_pool(integrals.norb, integrals.nelec, generalised=True)
        raise InputError(f"pool is fermionic, qubit, generalised, or a sequence of PoolOperator, got {shown(pool)}")
    operators = tuple(items_of(pool, "pool is fermionic, qubit, generalised, or a sequence of PoolOperator"))
    for operator in operators:
        check_instance(operator, PoolOperator, "operators of a pool must be of the class PoolOperator")
    if not operators:
        raise InputError("a pool must hold an operator, got none")
    return operators
