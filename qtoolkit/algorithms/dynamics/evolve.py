"""Expectation values over time by exact propagation, product formulas and qDRIFT."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import (
    check_flag,
    check_instance,
    check_integer,
    check_number,
    items_of,
    real_numbers_of,
    seeded,
)
from qtoolkit._checks import require_choice
from qtoolkit.algorithms.dynamics.bounds import check_error
from qtoolkit.algorithms.dynamics.ordering import Ordering, check_hamiltonian
from qtoolkit.algorithms.dynamics.product_formula import ProductFormula
from qtoolkit.algorithms.dynamics.propagation import propagated_to
from qtoolkit.algorithms.dynamics.qdrift import QDrift
from qtoolkit.algorithms.dynamics.result import TimeEvolution
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum
from qtoolkit.primitives import Estimator, ExactEstimator, check_estimator

__all__ = ["EvolutionMethod", "checked_times", "evolve"]

EvolutionMethod: TypeAlias = Literal["exact", "trotter", "qdrift"]

FloatArray = NDArray[np.float64]

_METHODS = ("exact", "trotter", "qdrift")
_EXACT_QUBITS = 12
"""Up to here exact values cost little beside the circuits."""


class _Plan(NamedTuple):
    hamiltonian: PauliSum
    preparation: Circuit
    times: FloatArray
    observables: list[PauliSum]
    estimator: Estimator


def evolve(
    hamiltonian: PauliSum,
    preparation: Circuit,
    times: ArrayLike,
    observables: PauliSum | Sequence[PauliSum],
    *,
    method: EvolutionMethod = "trotter",
    order: int = 2,
    ordering: Ordering = "given",
    steps: int | None = None,
    error: float = 0.01,
    num_circuits: int = 32,
    estimator: Estimator | None = None,
    compare: bool | None = None,
    tolerance: float = 1e-10,
    seed: int | np.random.Generator | None = None,
) -> TimeEvolution:
    """Expectation values of observables in ``e^{−iHt}|ψ⟩``.

    Args:
        hamiltonian: H.
        preparation: circuit that prepares |ψ⟩ from |0…0⟩, without free parameters.
        times: t, in units of one over those of H; one number or several.
        observables: one or several.
        method: ``"exact"`` propagates the state vector in Krylov spaces; ``"trotter"`` runs circuits of a
            `ProductFormula`; ``"qdrift"`` runs `num_circuits` random circuits for each time and takes the mean.
        order: of the product formula.
        ordering: of its terms.
        steps: of the product formula for the largest time, shorter ones take as many of the same length as they need;
            or rotations of each qDRIFT circuit. By default as many as `error` takes by the bound.
        error: of the state (or of the qDRIFT channel) at the largest time, where `steps` is not given.
        num_circuits: of qDRIFT, at least 2.
        estimator: runs the circuits; the local state-vector simulator by default. One with an `estimate`, as
            `SamplingEstimator`, gives standard errors.
        compare: whether exact values are computed too; by default up to 12 qubits.
        tolerance: of exact propagation, for the state.
        seed: of random circuits.

    Raises:
        OperatorError: if the Hamiltonian or an observable is no Hermitian sum.
        InputError: if another argument does not fit, or the numbers of qubits differ.
        InsufficientMemoryError: if exact propagation does not fit into free memory.
    """
    started = clock.perf_counter()
    require_choice("method", method, _METHODS)
    plan = _plan(hamiltonian, preparation, times, observables, estimator)
    tolerance = check_number(
        tolerance, "tolerance", kind="a number from 1e-13 to 1", accept=lambda x: 1e-13 <= x <= 1.0
    )
    error = check_error(error)
    if steps is not None:
        steps = check_integer(steps, "steps", 1, 10_000_000)
    num_circuits = check_integer(num_circuits, "num_circuits", 2, 1 << 20)
    is_compared = plan.hamiltonian.num_qubits <= _EXACT_QUBITS if compare is None else check_flag(compare, "compare")
    number, rng = seeded(seed)
    formula = ProductFormula(plan.hamiltonian, order, ordering)
    exact: FloatArray | None = None
    if method == "exact" or is_compared:
        exact, exact_errors = _exact(plan, tolerance)
    norms = np.array([float(np.abs(observable.coefficients).sum()) for observable in plan.observables])
    if method == "exact":
        values, bounds, deviations, taken = cast(FloatArray, exact), exact_errors, None, None
        words = "exact propagation in Krylov spaces"
    elif method == "trotter":
        values, bounds, deviations, taken = _trotter(plan, formula, steps, error)
        words = f"product formula of order {formula.order}, {ordering} order of terms"
    else:
        values, bounds, deviations, taken = _qdrift(plan, steps, error, num_circuits, rng)
        words = "qDRIFT"
    # |⟨φ|O|φ⟩ − ⟨ψ|O|ψ⟩| ≤ 2‖O‖ ‖φ − ψ‖, and ≤ ‖O‖ times the distance of channels
    factor = 1.0 if method == "qdrift" else 2.0
    return TimeEvolution(
        times=plan.times,
        values=values,
        method=words,
        error_bounds=np.minimum(factor * bounds, 2.0)[:, None] * norms,
        standard_errors=deviations,
        exact_values=exact,
        steps=taken,
        num_circuits=num_circuits if method == "qdrift" else 1,
        state_errors=bounds,
        seed=number if method == "qdrift" else None,
        wall_time=clock.perf_counter() - started,
    )


def checked_times(times: ArrayLike) -> FloatArray:
    """Times as a vector.

    Raises:
        InputError: if there is none, or one is not finite.
    """
    found = np.atleast_1d(real_numbers_of(times, "times")).copy()
    if found.ndim != 1 or not found.size:
        raise InputError(f"times are one number or several, got shape {found.shape}")
    if not np.isfinite(found).all() or np.abs(found).max() > 1e15:
        raise InputError("times must be finite, and at most 1e15")
    return found


def _plan(
    hamiltonian: PauliSum,
    preparation: Circuit,
    times: ArrayLike,
    observables: PauliSum | Sequence[PauliSum],
    estimator: Estimator | None,
) -> _Plan:
    from qtoolkit.simulators import StatevectorSimulator

    check_hamiltonian(hamiltonian)
    check_instance(preparation, Circuit, "what prepares the state must be a Circuit")
    preparation.check_bound()
    if preparation.num_qubits != hamiltonian.num_qubits:
        raise InputError(
            f"the preparation must have the Hamiltonian's {hamiltonian.num_qubits} qubits, got {preparation.num_qubits}"
        )
    given = [observables] if isinstance(observables, PauliSum) else items_of(observables, "observables are PauliSums")
    checked = [check_hamiltonian(observable) for observable in given]
    if not checked:
        raise InputError("an evolution needs at least one observable, got none")
    for observable in checked:
        if observable.num_qubits != hamiltonian.num_qubits:
            raise InputError(
                f"observables must have the Hamiltonian's {hamiltonian.num_qubits} qubits, got {observable.num_qubits}"
            )
    chosen: Estimator = StatevectorSimulator() if estimator is None else check_estimator(estimator)
    return _Plan(hamiltonian, preparation, checked_times(times), checked, chosen)


def _exact(plan: _Plan, tolerance: float) -> tuple[FloatArray, FloatArray]:
    """Values and errors of the state."""
    from qtoolkit.simulators import StatevectorSimulator

    start = StatevectorSimulator().state_vector(plan.preparation)
    values = np.empty((len(plan.times), len(plan.observables)))
    errors = np.empty(len(plan.times))
    for k, state, error in propagated_to(plan.hamiltonian.apply, start, plan.times, tolerance):
        values[k] = [observable.expectation_value(state) for observable in plan.observables]
        errors[k] = error
    return values, errors


def _trotter(
    plan: _Plan, formula: ProductFormula, steps: int | None, error: float
) -> tuple[FloatArray, FloatArray, FloatArray | None, tuple[int, ...]]:
    longest = float(np.abs(plan.times).max())
    if steps is None:
        steps = formula.steps_for(longest, error)
    taken = [max(1, math.ceil(steps * abs(t) / longest - 1e-9)) if longest else 1 for t in plan.times.tolist()]
    rows = [_values(plan, formula.circuit(t, count)) for t, count in zip(plan.times.tolist(), taken, strict=True)]
    bounds = [formula.error_bound(t, count).error for t, count in zip(plan.times.tolist(), taken, strict=True)]
    deviations = np.array([row[1] for row in rows]) if rows[0][1] is not None else None
    return np.array([row[0] for row in rows]), np.array(bounds), deviations, tuple(taken)


def _qdrift(
    plan: _Plan, samples: int | None, error: float, num_circuits: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray, tuple[int, ...]]:
    drift = QDrift(plan.hamiltonian)
    taken, values, deviations, bounds = [], [], [], []
    longest = float(np.abs(plan.times).max())
    most = drift.samples_for(longest, error) if samples is None else samples
    for t in plan.times.tolist():
        # the error goes with t²/N
        count = most if samples is not None or not longest else max(1, math.ceil(most * (t / longest) ** 2))
        rows = np.array([_values(plan, drift.circuit(t, count, rng))[0] for _ in range(num_circuits)])
        taken.append(count)
        values.append(rows.mean(axis=0))
        deviations.append(rows.std(axis=0, ddof=1) / math.sqrt(num_circuits))
        bounds.append(drift.error_bound(t, count))
    return np.array(values), np.array(bounds), np.array(deviations), tuple(taken)


def _values(plan: _Plan, evolution: Circuit) -> tuple[FloatArray, FloatArray | None]:
    """Values of the observables behind a circuit, and their standard errors, where the estimator has some."""
    circuit = plan.preparation.compose(evolution)
    estimator: Any = plan.estimator
    if not isinstance(estimator, ExactEstimator) and callable(getattr(estimator, "estimate", None)):
        found = [estimator.estimate(circuit, observable) for observable in plan.observables]
        return np.array([item.value for item in found]), np.array([item.standard_error for item in found])
    return np.asarray(real_numbers_of(estimator.expectation_value(circuit, plan.observables), "values")), None
