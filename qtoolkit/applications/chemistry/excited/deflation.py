"""Variational quantum deflation: state after state, each kept off those below."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import seeded
from qtoolkit._checks import require_integer, require_number
from qtoolkit.algorithms import Optimizer, VQEResult
from qtoolkit.algorithms.optimizers import LBFGSB
from qtoolkit.algorithms.vqe import minimise_energy
from qtoolkit.applications.chemistry.ansaetze import Ansatz
from qtoolkit.applications.chemistry.energies.ansatz_names import AnsatzName
from qtoolkit.applications.chemistry.energies.model import SectorModel, spin_penalty
from qtoolkit.applications.chemistry.energies.problem import integrals_of
from qtoolkit.applications.chemistry.excited.result import ExcitedStates, assembled
from qtoolkit.applications.chemistry.excited.setting import checked_optimizer, excited_ansatz
from qtoolkit.applications.chemistry.excited.spin_references import checked_spin, spin_references
from qtoolkit.applications.chemistry.integrals import ActiveSpace, MolecularIntegrals
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion.adjoint import SectorOperator

__all__ = ["vqd"]

State = NDArray[Any]

_SPIN_PENALTY = 1.0
_OPTIMIZER = LBFGSB(max_evaluations=1000, gradient_tolerance=1e-5, value_tolerance=1e-10, memory=30)
_MOSTLY = 0.5
_FIRST_STEP = 0.02
"""Radians, of random parameters to start from: at 0 symmetry makes many slopes vanish."""


def vqd(
    problem: Molecule | MolecularIntegrals,
    count: int = 2,
    *,
    active_space: ActiveSpace = None,
    ansatz: Ansatz | AnsatzName | None = None,
    spin: float | None = None,
    overlap_weight: float | None = None,
    num_starts: int = 2,
    optimizer: Optimizer | None = None,
    seed: int | np.random.Generator | None = 0,
) -> ExcitedStates:
    """The lowest states, one after the other: ⟨H⟩ + Σ_j β |⟨ψ_j|ψ⟩|² is minimised over those found before.

    O. Higgott, D. Wang and S. Brierley, Quantum 3, 156 (2019). Each search starts from the lowest determinants,
    projected on the spin asked for, that the states below are mostly not made of; the best of `num_starts` counts. A
    spin that is asked for is kept by a penalty on (S² − S (S + 1))². In the sector engine.

    Args:
        problem: a molecule, or integrals computed before.
        count: how many states, the lowest of the spin among them.
        active_space: see `compute_integrals`; only for a molecule.
        ansatz: an `Ansatz` of excitations, or a name; k-UpCCGSD of two layers by default, because UCCSD is made for
            states near the reference.
        spin: S of the states, 0 for singlets, 1 for triplets; None takes any.
        overlap_weight: β in hartree, which must exceed the distance of the highest state from the lowest; by default
            1 hartree more than the determinants started from lie apart.
        num_starts: searches for each state.
        optimizer: L-BFGS-B by default.
        seed: of the small random parameters that searches begin with.

    Raises:
        InputError: if the electrons have no such spin or not so many states, or an argument breaks the rule of the
            function it is for.
        ConvergenceError: if Hartree–Fock does not converge, or an energy lies below the exact ground state.
        InsufficientMemoryError: if there is no memory for the state.
        MissingExtraError: if PySCF is not installed.
    """
    begin = time.perf_counter()
    count, num_starts = require_integer("count", count, 1, 100), require_integer("num_starts", num_starts, 1, 1000)
    if overlap_weight is not None:
        overlap_weight = require_number("overlap_weight", overlap_weight, 0.0)
    number, rng = seeded(seed)
    integrals = integrals_of(problem, active_space)
    spin = checked_spin(spin, integrals)
    program = excited_ansatz(ansatz, integrals).program
    model = SectorModel(integrals, program)
    references = spin_references(integrals, program.sector, spin, count + num_starts)
    if len(references) < count:
        raise InputError(f"there are {len(references)} such states, got count={count}")
    if overlap_weight is None:
        overlap_weight = 1.0 + float(np.ptp(_energies(model, references)))
    kept: list[SectorOperator] = []
    if spin is not None:
        kept.append(spin_penalty(model.spin, spin * (spin + 1.0), _SPIN_PENALTY, squared=True))
    states: list[State] = []
    runs: list[VQEResult] = []
    for _ in range(count):
        additions = [*kept, _deflation(states, overlap_weight)]
        objectives = [
            model.objective(additions=additions, initial_state=start)
            for start in _starts(model, references, states)[:num_starts]
        ]
        found = [
            (
                minimise_energy(
                    objective,
                    checked_optimizer(optimizer, _OPTIMIZER),
                    rng.normal(scale=_FIRST_STEP, size=program.num_parameters),
                    seed=rng,
                ),
                objective,
            )
            for objective in objectives
        ]
        best, objective = min(found, key=lambda pair: pair[0].energy)
        states.append(objective.state(best.parameters))
        runs.append(best)
    return assembled(
        "VQD",
        integrals,
        states,
        endings=runs,
        ground=None,
        is_variational=True,
        wall_time=time.perf_counter() - begin,
        seed=number,
    )


def _energies(model: SectorModel, references: Sequence[State]) -> list[float]:
    objective = model.objective()
    return [float(np.vdot(state, objective.image(state)).real) for state in references]


def _starts(model: SectorModel, references: Sequence[State], below: Sequence[State]) -> list[State]:
    """References that the states below are mostly not made of, lowest first; without any, the rest of the freest."""
    shares = [float(sum(abs(np.vdot(other, state)) ** 2 for other in below)) for state in references]
    free = [state for state, share in zip(references, shares, strict=True) if share < _MOSTLY]
    if not free:
        least = references[int(np.argmin(shares))]
        rest = least - sum(np.vdot(other, least) * other for other in below)
        free = [rest / np.linalg.norm(rest)]
    energies = _energies(model, free)
    return [free[k] for k in np.argsort(energies, kind="stable")]


def _deflation(states: Sequence[State], weight: float) -> SectorOperator:
    """β Σ_j |ψ_j⟩⟨ψ_j|."""
    below = list(states)

    def apply(state: State) -> State:
        image: State = np.zeros_like(state)
        for other in below:
            image = image + weight * np.vdot(other, state) * other
        return image

    return apply
