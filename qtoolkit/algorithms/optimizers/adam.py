"""Adam: gradient descent whose steps adapt to each parameter's gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import check_number, items_of, shown
from qtoolkit.algorithms.optimizers.base import (
    Callback,
    Objective,
    OptimizationResult,
    Recorder,
    StoppedError,
    ValueAndGradient,
    check_count,
    check_positive,
)
from qtoolkit.errors import InputError

__all__ = ["Adam"]


@dataclass(frozen=True)
class Adam:
    """Gradient descent with running means of the gradient and of its square; also for noisy gradients.

    Source: Kingma and Ba, ICLR 2015, algorithm 1.

    Attributes:
        max_evaluations: budget of evaluations of value and gradient, one for each step.
        learning_rate: size of the first steps, in units of the parameters.
        gradient_tolerance: converged when no component of the gradient is larger in magnitude.
        decay: weights of the past in the two running means, each in [0, 1).
        epsilon: keeps the division by the root mean square finite.

    Raises:
        InputError: if one of these breaks its rule.
    """

    max_evaluations: int = 500
    learning_rate: float = 0.05
    gradient_tolerance: float = 1e-5
    decay: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_count("max_evaluations", self.max_evaluations)
        check_positive("learning_rate", self.learning_rate)
        check_positive("gradient_tolerance", self.gradient_tolerance)
        check_positive("epsilon", self.epsilon)
        rates = items_of(self.decay, "decay must be two numbers in [0, 1)")
        if len(rates) != 2:
            raise InputError(f"decay must be two numbers in [0, 1), got {shown(self.decay)}")
        for rate in rates:
            check_number(rate, "decay", kind="two numbers in [0, 1)", accept=lambda x: 0.0 <= x < 1.0)

    @property
    def needs_gradient(self) -> bool:
        """True."""
        return True

    def minimize(
        self,
        objective: Objective,
        initial_parameters: ArrayLike,
        *,
        value_and_gradient: ValueAndGradient | None = None,
        callback: Callback | None = None,
    ) -> OptimizationResult:
        """Minimise step by step; see `Optimizer.minimize`."""
        recorder = Recorder(
            objective,
            initial_parameters,
            value_and_gradient,
            callback,
            max_evaluations=self.max_evaluations,
            needs_gradient=True,
        )
        first_decay, second_decay = self.decay
        parameters = recorder.initial_parameters.copy()
        mean, square = np.zeros_like(parameters), np.zeros_like(parameters)
        try:
            for step in range(1, self.max_evaluations + 2):
                _, gradient = recorder.value_and_gradient(parameters)
                if np.max(np.abs(gradient), initial=0.0) <= self.gradient_tolerance:
                    return recorder.result(
                        converged=True, message=f"no component of the gradient exceeds {self.gradient_tolerance:g}"
                    )
                mean = first_decay * mean + (1.0 - first_decay) * gradient
                square = second_decay * square + (1.0 - second_decay) * gradient**2
                unbiased_mean = mean / (1.0 - first_decay**step)
                unbiased_square = square / (1.0 - second_decay**step)
                parameters = parameters - self.learning_rate * unbiased_mean / (np.sqrt(unbiased_square) + self.epsilon)
        except StoppedError as stop:
            return recorder.result(converged=False, message=str(stop))
        raise AssertionError("the recorder ends the loop when the budget is spent")
