"""From a start down to a minimum: what an optimiser cannot say of its own end.

Where a gradient vanishes by symmetry, every method ends, at a maximum or saddle point as readily as at a minimum; and
the lowest of many noisy values is lowest by luck. Both are looked at here, for all optimisers.
"""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable, shown
from qtoolkit._checks import require_array
from qtoolkit.algorithms.optimizers import Callback, Evaluation, OptimizationResult, Optimizer
from qtoolkit.errors import InputError

__all__ = ["Descent", "Landscape", "descend", "estimated_anew", "fresh_value"]

FloatArray = NDArray[np.float64]

_MAX_PRODUCTS = 10
"""Steps of the Lanczos iteration: they find one falling direction among a hundred rising ones."""
_MAX_ESCAPES = 10
_ESCAPE_STEP = 0.2
"""Radians to go from a maximum or saddle point before the next search."""
_KICK = 0.1
_SAME_VALUE = 1e-9
"""Relative to the values and their spread: what is not lower by more is as low."""
_FLAT = 1e-3
"""Curvatures below this share of the spread of values are compared with it, and not with each other."""
_FRESH_VALUES = 8
_UNFINISHED = "the search ended at a maximum or saddle point, and what is left of its budget does not lead away"
_DIFFERENCE = {"double": (1e-4, 1e-3), "single": (1e-2, 5e-2)}
"""By precision: the step of the difference quotient of gradients, and the share of the largest curvature that its
error and rounding may feign."""


class Landscape(Protocol):
    """A function of parameters, and what is known of it."""

    @property
    def is_differentiable(self) -> bool:
        """Whether it has a gradient of its own."""
        ...

    @property
    def is_exact(self) -> bool:
        """Whether values are known to be free of noise."""
        ...

    @property
    def precision(self) -> str:
        """``"single"`` where the numbers behind values and gradients are known to be, else ``"double"``."""
        ...

    @property
    def scale(self) -> float:
        """How far values may lie apart."""
        ...

    def value(self, parameters: FloatArray) -> float:
        """The value."""
        ...

    def value_and_gradient(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """The value and its gradient, shape of the parameters."""
        ...

    def estimate(self, parameters: FloatArray) -> tuple[float, float] | None:
        """The value and its standard error where values are estimated and that is known; else None."""
        ...


@dataclass(frozen=True, eq=False)
class Descent:
    """Where a search ended; see `VQEResult` for what the fields mean."""

    value: float
    parameters: FloatArray
    standard_error: float | None
    num_evaluations: int
    history: FloatArray
    num_probes: int
    num_escapes: int
    gradient_norm: float | None
    converged: bool
    message: str


def descend(
    objective: Landscape,
    optimizer: Optimizer,
    initial: FloatArray,
    *,
    callback: Callback | None,
    rng: np.random.Generator,
) -> Descent:
    """Minimise, leave maxima and saddle points, and judge noisy values by fresh ones.

    After a converged search the lowest curvature is looked for by a Lanczos iteration on differences of gradients
    (Nocedal and Wright, Numerical Optimization, 2nd ed., sections 7.1 and 8.1); where it is negative, the search goes
    on along it. Where the search ended as high as it began, which no second derivative may explain, it is repeated
    from near by. The optimiser's budget holds for all searches together.

    Args:
        objective: what to minimise.
        optimizer: searches.
        initial: where from, shape ``(num_parameters,)``.
        callback: called after every evaluation of the optimiser.
        rng: directions to look in.
    """
    search = _Search(objective, optimizer, callback, rng)
    found = search.run(initial)
    while found.converged and len(initial) and search.num_escapes < _MAX_ESCAPES:
        curvature, direction = search.lowest_curvature(found.parameters)
        falling = curvature < 0.0
        if falling:
            starts = [found.parameters + sign * _ESCAPE_STEP * direction for sign in (1.0, -1.0)]
            start = min(starts, key=search.probe)
        elif search.is_as_high_as_it_began(found) and not search.has_kicked:
            search.has_kicked = True
            start = found.parameters + rng.normal(scale=_KICK, size=len(initial))
        else:
            break
        budget = search.remaining_budget()
        lower = None if budget == 0 else search.run(start, budget)
        if lower is None or not search.is_lower(lower.value, found.value):
            if falling and (lower is None or not lower.converged):
                found = replace(found, converged=False, message=f"{_UNFINISHED}: {found.message}")
            break
        search.num_escapes += 1
        found = lower
    return search.judged(found)


def estimated_anew(objective: Landscape, chosen: Descent) -> Descent:
    """A descent that was chosen for its value among others, with another fresh value where values are noisy.

    The lowest of several fresh values is lowest by luck again.
    """
    if chosen.standard_error is None:
        return chosen
    value, standard_error, num_fresh = fresh_value(objective, chosen.parameters, chosen.value)
    return replace(
        chosen,
        value=value,
        standard_error=chosen.standard_error if standard_error is None else standard_error,
        num_evaluations=chosen.num_evaluations + num_fresh,
    )


def fresh_value(objective: Landscape, parameters: FloatArray, found: float) -> tuple[float, float | None, int]:
    """Value, standard error and how many values were taken, of an estimator that may be noisy."""
    estimate = objective.estimate(parameters)
    if estimate is not None:
        return (*estimate, 1)
    again = objective.value(parameters)
    if abs(again - found) <= _SAME_VALUE * max(abs(again), abs(found), objective.scale):
        return found, None, 1
    values = [again, *(objective.value(parameters) for _ in range(_FRESH_VALUES - 1))]
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values))), len(values)


class _Search:
    """One or more runs of an optimiser, with their common record."""

    def __init__(
        self, objective: Landscape, optimizer: Optimizer, callback: Callback | None, rng: np.random.Generator
    ) -> None:
        self._objective = objective
        self._optimizer = optimizer
        if callback is not None:
            check_callable(callback, "callback")
        self._callback = callback
        self._rng = rng
        self._history: list[float] = []
        self._best_value = np.inf
        self._first_value = np.inf
        self.num_probes = 0
        self.num_escapes = 0
        self.has_kicked = False

    def run(self, start: FloatArray, budget: int | None = None) -> OptimizationResult:
        """Let the optimiser search from a start.

        Raises:
            InputError: if it returns anything but a result of its own.
        """
        optimizer: Any = self._optimizer
        if budget is not None:
            optimizer = replace(optimizer, max_evaluations=budget)
        earlier = len(self._history)

        def record(evaluation: Evaluation) -> bool | None:
            self._best_value = min(self._best_value, evaluation.value)
            if self._callback is None:
                return None
            return self._callback(replace(evaluation, number=earlier + evaluation.number, best_value=self._best_value))

        found: OptimizationResult = optimizer.minimize(
            self._objective.value,
            start,
            value_and_gradient=self._objective.value_and_gradient if optimizer.needs_gradient else None,
            callback=record,
        )
        name = type(self._optimizer).__name__
        if not isinstance(found, OptimizationResult):
            raise InputError(f"{name}.minimize must return an OptimizationResult, got {shown(found)}")
        require_array(f"the parameters that {name} returns", found.parameters, start.shape)
        self._history.extend(require_array(f"the history that {name} returns", found.history, (None,)).tolist())
        self._first_value = float(found.history[0]) if len(found.history) else np.inf
        return found

    def remaining_budget(self) -> int | None:
        """Evaluations left; None for an optimiser that names no budget."""
        optimizer: Any = self._optimizer
        if not (is_dataclass(optimizer) and hasattr(optimizer, "max_evaluations")):
            return None
        return max(int(optimizer.max_evaluations) - len(self._history), 0)

    def is_lower(self, value: float, other: float) -> bool:
        """Whether a value is lower than another by more than rounding."""
        return value < other - _SAME_VALUE * max(abs(other), self._objective.scale)

    def is_as_high_as_it_began(self, found: OptimizationResult) -> bool:
        """Whether the last run found nothing lower than its start."""
        return not self.is_lower(found.value, self._first_value)

    def probe(self, parameters: FloatArray) -> float:
        """A value that is none of the optimiser's."""
        self.num_probes += 1
        return self._objective.value(parameters)

    def lowest_curvature(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """The lowest second derivative found and its direction; 0 where it is not negative or cannot be known."""
        nothing = (0.0, np.zeros_like(parameters))
        if not self._objective.is_differentiable:
            return nothing
        step, error = _DIFFERENCE[self._objective.precision]
        here = self._gradient(parameters)
        basis = [_unit(self._rng.normal(size=len(parameters)))]
        rows: list[FloatArray] = []
        lowest, direction = nothing
        for _ in range(min(len(parameters), _MAX_PRODUCTS)):
            rows.append((self._gradient(parameters + step * basis[-1]) - here) / step)
            vectors = np.array(basis)
            projected = vectors @ np.array(rows).T
            values, states = np.linalg.eigh((projected + projected.T) / 2.0)
            smallest_seen = error * max(float(np.abs(values).max()), _FLAT * self._objective.scale)
            if values[0] < -smallest_seen:
                # a Ritz value is never below the lowest eigenvalue, so that this one proves a falling direction
                lowest, direction = float(values[0]), _unit(states[:, 0] @ vectors)
                break
            rest = rows[-1] - vectors.T @ (vectors @ rows[-1])
            rest -= vectors.T @ (vectors @ rest)
            if float(np.linalg.norm(rest)) <= smallest_seen:
                break
            basis.append(_unit(rest))
        return lowest, direction

    def judged(self, found: OptimizationResult) -> Descent:
        """The end of the search, with a fresh estimate where values are noisy."""
        value, standard_error, num_fresh = found.value, None, 0
        converged, message = found.converged, found.message
        if self.num_escapes:
            message += f"; left a maximum or saddle point {self.num_escapes} time{'s' * (self.num_escapes > 1)}"
        if not self._objective.is_exact:
            value, standard_error, num_fresh = fresh_value(self._objective, found.parameters, found.value)
        if standard_error is not None:
            converged = False
            message = (
                f"values are noisy, and the one reported is a fresh estimate with standard error {standard_error:.2g}; "
                f"the optimiser's own test is no proof here: {message}"
            )
        gradient_norm = found.gradient_norm
        if gradient_norm is None and self._objective.is_differentiable:
            gradient_norm = float(np.linalg.norm(self._gradient(found.parameters)))
        history = np.array(self._history, dtype=np.float64)
        history.setflags(write=False)
        return Descent(
            value=value,
            parameters=found.parameters,
            standard_error=standard_error,
            num_evaluations=len(history) + num_fresh,
            history=history,
            num_probes=self.num_probes,
            num_escapes=self.num_escapes,
            gradient_norm=gradient_norm,
            converged=converged,
            message=message,
        )

    def _gradient(self, parameters: FloatArray) -> FloatArray:
        self.num_probes += 1
        return self._objective.value_and_gradient(parameters)[1]


def _unit(vector: FloatArray) -> FloatArray:
    return vector / float(np.linalg.norm(vector))
