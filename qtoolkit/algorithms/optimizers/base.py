"""What every optimiser shares: the protocol, the result, and the record of evaluations behind it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_callable, check_flag, check_integer, check_number, real_numbers_of, shown
from qtoolkit.errors import ConvergenceError, InputError

__all__ = [
    "Callback",
    "Evaluation",
    "Objective",
    "OptimizationResult",
    "Optimizer",
    "Recorder",
    "StoppedError",
    "ValueAndGradient",
    "check_count",
    "check_positive",
]

FloatArray: TypeAlias = NDArray[np.float64]

Objective: TypeAlias = Callable[[FloatArray], float]
"""Parameters, float64 of shape ``(num_parameters,)``, to the value to be minimised."""

ValueAndGradient: TypeAlias = Callable[[FloatArray], tuple[float, FloatArray]]
"""Parameters to the value and its gradient, float64 of the parameters' shape."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One evaluation of the objective, as a callback sees it.

    Attributes:
        number: 1 for the first evaluation.
        parameters: where, shape ``(num_parameters,)``.
        value: the objective there.
        best_value: lowest value so far.
        gradient_norm: Euclidean norm of the gradient there, None for a method without gradients.
    """

    number: int
    parameters: FloatArray
    value: float
    best_value: float
    gradient_norm: float | None


Callback: TypeAlias = Callable[[Evaluation], bool | None]
"""Called after every evaluation; True ends the optimisation with the best parameters so far."""


@dataclass(frozen=True, eq=False)
class OptimizationResult:
    """Where an optimiser ended, and the evidence.

    Attributes:
        parameters: best parameters, shape ``(num_parameters,)``.
        value: the objective there.
        num_evaluations: evaluations of the objective, with or without gradient.
        history: value of each evaluation in order, shape ``(num_evaluations,)``.
        converged: whether the method met its own tolerance; False where a budget or a callback ended it. A vanishing
            gradient meets it at a maximum or saddle point too, which `VQE` and `QAOA` leave by themselves.
        message: why it ended.
        gradient_norm: Euclidean norm of the gradient at `parameters`, None for a method without gradients.
        wall_time: seconds.
    """

    parameters: FloatArray
    value: float
    num_evaluations: int
    history: FloatArray
    converged: bool
    message: str
    gradient_norm: float | None
    wall_time: float


@runtime_checkable
class Optimizer(Protocol):
    """Minimises a function of real parameters."""

    @property
    def needs_gradient(self) -> bool:
        """Whether `minimize` needs `value_and_gradient`."""
        ...

    def minimize(
        self,
        objective: Objective,
        initial_parameters: ArrayLike,
        *,
        value_and_gradient: ValueAndGradient | None = None,
        callback: Callback | None = None,
    ) -> OptimizationResult:
        """Search from `initial_parameters` for the parameters with the lowest value.

        Args:
            objective: the function; a method with gradients calls `value_and_gradient` instead.
            initial_parameters: shape ``(num_parameters,)``.
            value_and_gradient: the function and its gradient at once.
            callback: called after every evaluation; returning True stops.

        Raises:
            InputError: if the parameters are not a finite vector, or a gradient is needed and not given.
            ConvergenceError: if the objective is not finite somewhere.
        """
        ...


class StoppedError(Exception):
    """Ends a method from within the objective; never leaves an optimiser."""


class Recorder:
    """Counts and records evaluations, keeps the best, and stops at a budget or on a callback's wish."""

    def __init__(
        self,
        objective: Objective,
        initial_parameters: ArrayLike,
        value_and_gradient: ValueAndGradient | None,
        callback: Callback | None,
        *,
        max_evaluations: int,
        needs_gradient: bool,
    ) -> None:
        initial = np.array(real_numbers_of(initial_parameters, "initial parameters"))
        if initial.ndim != 1 or not np.all(np.isfinite(initial)):
            raise InputError(f"initial parameters must be a vector of finite numbers, got {shown(initial_parameters)}")
        check_callable(objective, "the objective")
        for function, name in ((value_and_gradient, "value_and_gradient"), (callback, "callback")):
            if function is not None:
                check_callable(function, name)
        if needs_gradient and value_and_gradient is None:
            raise InputError(
                "this optimiser needs a gradient, got none: give value_and_gradient, or use COBYLA, NelderMead or SPSA"
            )
        self.initial_parameters = initial
        self.best_parameters = initial
        self.best_value = math.inf
        self.best_gradient_norm: float | None = None
        self.history: list[float] = []
        self._objective = objective
        self._value_and_gradient = value_and_gradient
        self._callback = callback
        self._max_evaluations = max_evaluations
        self._start = time.perf_counter()

    def value(self, parameters: FloatArray) -> float:
        """Evaluate the objective."""
        self._check_budget()
        value = _value_of(self._objective(parameters))
        self._record(parameters, value, None)
        return value

    def value_and_gradient(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """Evaluate the objective and its gradient."""
        assert self._value_and_gradient is not None
        self._check_budget()
        answer = self._value_and_gradient(parameters)
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise InputError(f"value_and_gradient must return a value and a gradient, got {shown(answer)}")
        value, array = _value_of(answer[0]), real_numbers_of(answer[1], "a gradient")
        if array.shape != parameters.shape:
            raise InputError(f"a gradient must have the parameters' shape {parameters.shape}, got {array.shape}")
        with np.errstate(over="ignore"):
            norm = float(np.linalg.norm(array))
        self._record(parameters, value, norm)
        return value, array

    def _check_budget(self) -> None:
        if len(self.history) >= self._max_evaluations:
            raise StoppedError(f"the budget of {self._max_evaluations} evaluations is spent")

    def _record(self, parameters: FloatArray, value: float, gradient_norm: float | None) -> None:
        number = len(self.history) + 1
        if not (math.isfinite(value) and math.isfinite(gradient_norm or 0.0)):
            raise ConvergenceError(
                f"the objective and its gradient must be finite, got value {value} and gradient norm {gradient_norm} "
                f"in evaluation {number} at {parameters}; start elsewhere or take smaller steps"
            )
        self.history.append(value)
        if value < self.best_value:
            self.best_parameters, self.best_value = parameters.copy(), value
            self.best_gradient_norm = gradient_norm
        if self._callback is not None:
            seen = Evaluation(number, parameters.copy(), value, self.best_value, gradient_norm)
            answer = self._callback(seen)
            if answer is not None and check_flag(answer, "what a callback returns, if anything,"):
                raise StoppedError(f"the callback stopped after {number} evaluations")

    def result(self, *, converged: bool, message: str) -> OptimizationResult:
        """The best of what was recorded."""
        return self._result(
            self.best_parameters, self.best_value, self.best_gradient_norm, converged=converged, message=message
        )

    def result_at(self, parameters: FloatArray, *, message: str) -> OptimizationResult:
        """A result at given parameters, for a method whose values are noisy; evaluates there once more."""
        value = _value_of(self._objective(parameters))
        self._callback = None
        self._record(parameters, value, None)
        return self._result(parameters, value, None, converged=False, message=message)

    def _result(
        self, parameters: FloatArray, value: float, gradient_norm: float | None, *, converged: bool, message: str
    ) -> OptimizationResult:
        history = np.array(self.history, dtype=np.float64)
        for array in (history, parameters):
            array.setflags(write=False)
        return OptimizationResult(
            parameters=parameters,
            value=value,
            num_evaluations=len(self.history),
            history=history,
            converged=converged,
            message=message,
            gradient_norm=gradient_norm,
            wall_time=time.perf_counter() - self._start,
        )


def check_count(name: str, value: int) -> None:
    """Refuse what is no integer of at least 1.

    Raises:
        InputError: saying so.
    """
    check_integer(value, name, 1)


def check_positive(name: str, value: float) -> None:
    """Refuse what is no positive finite number.

    Raises:
        InputError: saying so.
    """
    check_number(value, name, kind="a positive number", accept=lambda x: 0.0 < x < math.inf)


def _value_of(answer: Any) -> float:
    """What an objective returned, as a float; a vector of one number too, which a sum over an axis makes."""
    if isinstance(answer, np.ndarray) and answer.size == 1:
        answer = answer.item()
    return check_number(answer, "the objective's value", kind="a real number", accept=lambda _: True)
