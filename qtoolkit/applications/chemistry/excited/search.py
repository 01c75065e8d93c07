"""Subspace search: one unitary for several orthogonal states."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import seeded
from qtoolkit._checks import require_array, require_integer
from qtoolkit.algorithms import Optimizer
from qtoolkit.algorithms.fermion_objective import FermionObjective
from qtoolkit.algorithms.optimizers import LBFGSB
from qtoolkit.algorithms.vqe import minimise_energy
from qtoolkit.applications.chemistry.ansaetze import Ansatz
from qtoolkit.applications.chemistry.energies.ansatz_names import AnsatzName
from qtoolkit.applications.chemistry.energies.model import SectorModel, spin_penalty
from qtoolkit.applications.chemistry.energies.problem import integrals_of
from qtoolkit.applications.chemistry.excited.result import ExcitedStates, assembled
from qtoolkit.applications.chemistry.excited.setting import checked_optimizer, excited_ansatz
from qtoolkit.applications.chemistry.excited.spin_references import checked_spin, spin_references
from qtoolkit.applications.chemistry.integrals import ActiveSpace, FloatArray, MolecularIntegrals
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.errors import InputError

__all__ = ["ssvqe"]

State = NDArray[Any]

_SPIN_PENALTY = 1.0
_OPTIMIZER = LBFGSB(max_evaluations=2000, gradient_tolerance=1e-5, value_tolerance=1e-9, memory=30)
_FIRST_STEP = 0.02


def ssvqe(
    problem: Molecule | MolecularIntegrals,
    count: int = 2,
    *,
    active_space: ActiveSpace = None,
    ansatz: Ansatz | AnsatzName | None = None,
    spin: float | None = None,
    weights: FloatArray | None = None,
    num_starts: int = 1,
    optimizer: Optimizer | None = None,
    seed: int | np.random.Generator | None = 0,
) -> ExcitedStates:
    """The lowest states at once: U(θ) takes orthogonal references to them, and Σ_k w_k ⟨φ_k|U†HU|φ_k⟩ is minimised.

    K. M. Nakanishi, K. Mitarai and K. Fujii, Phys. Rev. Research 1, 033062 (2019), with weights that decrease, so that
    the states come out in the order of their energies. References are the lowest determinants, projected on the spin
    asked for. In the sector engine.

    Args:
        problem: a molecule, or integrals computed before.
        count: how many states, the lowest of the spin among them.
        active_space: see `compute_integrals`; only for a molecule.
        ansatz: as for `vqd`.
        spin: S of the states, 0 for singlets, 1 for triplets; None takes any.
        weights: w_k, positive and decreasing, shape (count,); ``count, …, 2, 1`` by default.
        num_starts: searches, of which the lowest counts.
        optimizer: L-BFGS-B by default.
        seed: of the small random parameters that searches begin with.

    Raises:
        InputError: if the electrons have no such spin or not so many states, weights do not decrease, or an argument
            breaks the rule of the function it is for.
        ConvergenceError: if Hartree–Fock does not converge, or an energy lies below the exact ground state.
        InsufficientMemoryError: if there is no memory for the states.
        MissingExtraError: if PySCF is not installed.
    """
    begin = time.perf_counter()
    count, num_starts = require_integer("count", count, 1, 100), require_integer("num_starts", num_starts, 1, 1000)
    shares = np.arange(count, 0, -1.0) if weights is None else require_array("weights", weights, (count,))
    if shares[-1] <= 0 or np.any(np.diff(shares) >= 0):
        raise InputError(f"weights must be positive and decrease, got {shares.tolist()}")
    number, rng = seeded(seed)
    integrals = integrals_of(problem, active_space)
    spin = checked_spin(spin, integrals)
    program = excited_ansatz(ansatz, integrals).program
    model = SectorModel(integrals, program)
    references = spin_references(integrals, program.sector, spin, count)
    if len(references) < count:
        raise InputError(f"there are {len(references)} such states, got count={count}")
    additions = []
    if spin is not None:
        additions.append(spin_penalty(model.spin, spin * (spin + 1.0), _SPIN_PENALTY, squared=True))
    parts = [model.objective(additions=additions, initial_state=reference) for reference in references]
    objective = _WeightedSum(parts, shares)
    runs = [
        minimise_energy(
            objective,
            checked_optimizer(optimizer, _OPTIMIZER),
            rng.normal(scale=_FIRST_STEP, size=program.num_parameters),
            seed=rng,
        )
        for _ in range(num_starts)
    ]
    best = min(runs, key=lambda run: run.energy)
    return assembled(
        "SSVQE",
        integrals,
        [part.state(best.parameters) for part in parts],
        endings=[best] * count,
        ground=None,
        is_variational=True,
        wall_time=time.perf_counter() - begin,
        seed=number,
    )


class _WeightedSum:
    """Σ_k w_k of objectives with common parameters: an `EnergyObjective`."""

    is_differentiable = True
    is_exact = True
    precision = "double"

    def __init__(self, parts: list[FermionObjective], weights: FloatArray) -> None:
        self._parts, self._weights = parts, weights

    @property
    def num_parameters(self) -> int:
        return self._parts[0].num_parameters

    @property
    def scale(self) -> float:
        return float(self._weights.sum()) * self._parts[0].scale

    def value(self, parameters: FloatArray) -> float:
        return float(sum(w * part.value(parameters) for w, part in zip(self._weights, self._parts, strict=True)))

    def value_and_gradient(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = 0.0, np.zeros(self.num_parameters)
        for weight, part in zip(self._weights, self._parts, strict=True):
            share, slope = part.value_and_gradient(parameters)
            value += float(weight) * share
            gradient += weight * slope
        return value, gradient

    def estimate(self, parameters: FloatArray) -> tuple[float, float] | None:
        return None

    def default_optimizer(self) -> Optimizer:
        return _OPTIMIZER
