"""The search for the lowest energy of the spin asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qtoolkit._arguments import check_callable, check_instance
from qtoolkit.algorithms import Callback, Optimizer, VQEResult
from qtoolkit.algorithms.descent import fresh_value
from qtoolkit.algorithms.optimizers import Evaluation
from qtoolkit.algorithms.vqe import minimise_energy
from qtoolkit.applications.chemistry.energies.model import EnergyModel, StateFacts
from qtoolkit.applications.chemistry.integrals import FloatArray
from qtoolkit.errors import ConvergenceError, InputError

__all__ = ["Found", "searched"]

_SPIN_TOLERANCE = 0.1
"""Of ⟨S²⟩: a product of excitations is no eigenstate of spin, and 0.05 is seen where triple bonds break."""
_SPIN_PENALTIES = (0.1, 1.0, 5.0)
"""Hartree for each unit of ⟨S²⟩ too many, soft ones first: a steep one has minima far above that of the energy."""
_ROUNDING = 1e-9
_SPREAD = 0.3
"""Standard deviation, in radians, of random starts about the given one."""


@dataclass(frozen=True, eq=False)
class Found:
    """Where the search ended.

    Attributes:
        energy: without penalty.
        run: the optimisation that led there.
        facts: of the state without noise.
        penalty: in hartree for each unit of ⟨S²⟩ too many; 0 where none was needed.
        num_evaluations: of all searches.
    """

    energy: float
    run: VQEResult
    facts: StateFacts
    penalty: float
    num_evaluations: int


def searched(
    model: EnergyModel,
    starts: Sequence[FloatArray],
    *,
    num_starts: int,
    optimizer: Optimizer | None,
    callback: Callback | None,
    rng: np.random.Generator,
    exact: float | None,
    target: float | None,
) -> Found:
    """The lowest energy found with ⟨S²⟩ as asked for.

    Args:
        model: the ansatz on its molecule.
        starts: to choose the first one from, by energy.
        num_starts: searches; those after the first begin at random points about its start.
        optimizer: the objective's own by default.
        callback: after every evaluation.
        rng: of directions and further starts.
        exact: the exact energy of the spin, which nothing else may lie below.
        target: S (S + 1); None where S is no quantum number, and any state is meant.

    Raises:
        InputError: if a start has the wrong length.
        ConvergenceError: if the search ends in another spin.
    """
    if callback is not None:
        check_callable(callback, "callback")
    plain = model.objective()
    method = plain.default_optimizer() if optimizer is None else _checked(optimizer)
    candidates = [_vector(start, plain.num_parameters) for start in starts]
    first = candidates[0] if len(candidates) == 1 else min(candidates, key=plain.value)
    further = [first + rng.normal(scale=_SPREAD, size=len(first)) for _ in range(num_starts - 1)]
    total = 0
    stopped = False

    def observed(evaluation: Evaluation) -> bool | None:
        nonlocal stopped
        answer = None if callback is None else callback(evaluation)
        stopped = stopped or bool(answer)
        return answer

    def lowest(penalty: float, starts: Sequence[FloatArray]) -> Found:
        """The lowest of the searches from some starts; one with the spin asked for before any other."""
        nonlocal total
        objective = model.objective(penalty) if penalty else plain
        ends: list[Found] = []
        for start in starts:
            run = minimise_energy(objective, method, start, observed, exact_energy=exact, seed=rng)
            total += run.num_evaluations
            energy = plain.value(run.parameters) if penalty else run.energy
            ends.append(Found(energy, run, model.facts(run.parameters), penalty, total))
            if stopped:
                break
        chosen = min(ends, key=lambda end: (_is_off(end.energy, end.facts, exact, target), end.run.energy))
        if len(ends) == 1 or chosen.run.standard_error is None:
            return chosen
        # the lowest of several estimates is lowest by luck again
        energy, error, count = fresh_value(plain, chosen.run.parameters, chosen.energy)
        total += count
        run = replace(chosen.run, energy=energy, standard_error=chosen.run.standard_error if error is None else error)
        return replace(chosen, energy=energy, run=run)

    found = lowest(0.0, [first, *further])
    for penalty in _SPIN_PENALTIES:
        if target is None or stopped or found.run.standard_error is not None:
            break
        if not _is_off(found.energy, found.facts, exact, target):
            break
        # Every state of the sector has S at least S_z, so that the penalty lifts those of higher spin alone.
        found = lowest(penalty, [first, *further, *([found.run.parameters] if found.penalty else [])])
    if _is_wrong(found.facts, target) and not stopped:
        raise ConvergenceError(
            f"the state asked for has <S²> = {target:g}, but the search ended in one of "
            f"{found.facts.spin_squared:.4f}; start elsewhere, or ask for that spin"
        )
    return replace(found, num_evaluations=total)


def _is_wrong(facts: StateFacts, target: float | None) -> bool:
    """Whether it is another state than the one asked for, and not that one with a trace of others."""
    if target is None or facts.spin_squared is None:
        return False
    return abs(facts.spin_squared - target) > _SPIN_TOLERANCE


def _is_off(energy: float, facts: StateFacts, exact: float | None, target: float | None) -> bool:
    """Whether the spin is wrong, or its admixture brings the energy below any of the spin asked for."""
    return _is_wrong(facts, target) or (exact is not None and energy < exact - _ROUNDING * max(abs(exact), 1.0))


def _checked(optimizer: Optimizer) -> Optimizer:
    return check_instance(optimizer, Optimizer, "optimizer must be an Optimizer")


def _vector(start: FloatArray, count: int) -> FloatArray:
    values = np.asarray(start, dtype=np.float64)
    if values.shape != (count,):
        raise InputError(f"initial_parameters must have one entry for each of {count}, got shape {values.shape}")
    return values
