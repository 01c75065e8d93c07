"""Optimisers that SciPy implements: L-BFGS-B with gradients, COBYLA and Nelder-Mead without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_integer, items_of
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

__all__ = ["COBYLA", "LBFGSB", "NelderMead"]

_ROUNDING = 1e-12
_MOST_MEMORY = 1000


@dataclass(frozen=True)
class LBFGSB:
    """Limited-memory quasi-Newton method; the choice where exact gradients are cheap.

    Source: Byrd, Lu, Nocedal and Zhu, SIAM J. Sci. Comput. 16, 1190 (1995).

    Attributes:
        max_evaluations: budget of evaluations of value and gradient.
        gradient_tolerance: converged when no component of the gradient is larger in magnitude.
        value_tolerance: converged when a step lowers the value by less than this, relative to ``max(|value|, 1)``.
        memory: pairs of steps and changes of the gradient that curvatures are learned from.
        scales: a length for each parameter, one over the root of the curvature along it at best, in whose multiples the
            method steps and the gradient is measured; None where nothing is known.

    Raises:
        InputError: if the budget is below 1, the memory not from 1 to 1000, or a tolerance or a scale not positive.
    """

    max_evaluations: int = 1000
    gradient_tolerance: float = 1e-7
    value_tolerance: float = 1e-14
    memory: int = 10
    scales: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        check_count("max_evaluations", self.max_evaluations)
        check_integer(self.memory, "memory", 1, _MOST_MEMORY)
        if self.scales is not None:
            object.__setattr__(self, "scales", tuple(items_of(self.scales, "scales are a sequence of numbers")))
            for scale in self.scales:
                check_positive("a scale", scale)
        check_positive("gradient_tolerance", self.gradient_tolerance)
        check_positive("value_tolerance", self.value_tolerance)

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
        """Minimise by steps along limited-memory quasi-Newton directions; see `Optimizer.minimize`."""
        recorder = Recorder(
            objective,
            initial_parameters,
            value_and_gradient,
            callback,
            max_evaluations=self.max_evaluations,
            needs_gradient=True,
        )
        count = len(recorder.initial_parameters)
        if self.scales is not None and len(self.scales) != count:
            raise InputError(f"there must be a scale for each of {count} parameters, got {len(self.scales)}")
        options = {
            "maxiter": self.max_evaluations,
            "maxcor": self.memory,
            # our own budget ends the run: SciPy checks its own between iterations only
            "maxfun": self.max_evaluations + 1,
            "gtol": self.gradient_tolerance,
            "ftol": self.value_tolerance,
        }
        return _run(recorder, "L-BFGS-B", options, self._plainly, self.scales)

    def _plainly(self, message: str, recorder: Recorder) -> tuple[bool, str] | None:
        """Whether SciPy's message means convergence, in plain words; None where they are plain."""
        if message.startswith("CONVERGENCE: NORM"):
            return True, f"no component of the gradient exceeds {self.gradient_tolerance:g}"
        if message.startswith("CONVERGENCE"):
            return True, f"the last step lowered the value by at most {self.value_tolerance:g} of it"
        if message.startswith("ABNORMAL"):
            # A step along a gradient g lowers the value by about g², which rounding hides at the very minimum.
            norm = recorder.best_gradient_norm or 0.0
            if norm**2 <= _ROUNDING * max(abs(recorder.best_value), 1.0):
                return True, f"no step lowers the value by more than its rounding; the gradient's norm is {norm:.1e}"
            return False, f"no step along the gradient, of norm {norm:.1e}, lowers the value: is it the gradient?"
        return None


@dataclass(frozen=True)
class COBYLA:
    """Linear approximation by simplex; few evaluations, for some ten parameters without gradients.

    Source: Powell, in Advances in Optimization and Numerical Analysis, 51 (Kluwer, 1994).

    Attributes:
        max_evaluations: budget of evaluations.
        initial_step: first size of the trust region, in units of the parameters.
        tolerance: converged when the trust region is this small.

    Raises:
        InputError: if the budget is below 1, or the step or tolerance is not positive.
    """

    max_evaluations: int = 1000
    initial_step: float = 0.1
    tolerance: float = 1e-6

    def __post_init__(self) -> None:
        check_count("max_evaluations", self.max_evaluations)
        check_positive("initial_step", self.initial_step)
        check_positive("tolerance", self.tolerance)

    @property
    def needs_gradient(self) -> bool:
        """False."""
        return False

    def minimize(
        self,
        objective: Objective,
        initial_parameters: ArrayLike,
        *,
        value_and_gradient: ValueAndGradient | None = None,
        callback: Callback | None = None,
    ) -> OptimizationResult:
        """Minimise within a shrinking trust region; see `Optimizer.minimize`."""
        recorder = Recorder(
            objective,
            initial_parameters,
            value_and_gradient,
            callback,
            max_evaluations=self.max_evaluations,
            needs_gradient=False,
        )
        # SciPy's COBYLA warns when its budget is below num_parameters + 2; our own budget ends the run before.
        budget = max(self.max_evaluations + 1, len(recorder.initial_parameters) + 2)
        return _run(recorder, "COBYLA", {"maxiter": budget, "rhobeg": self.initial_step, "tol": self.tolerance})


@dataclass(frozen=True)
class NelderMead:
    """Downhill simplex; sturdy for a handful of parameters without gradients.

    Source: Nelder and Mead, Comput. J. 7, 308 (1965).

    Attributes:
        max_evaluations: budget of evaluations.
        initial_step: edge length of the first simplex, in units of the parameters.
        parameter_tolerance: converged when the simplex is this small, and
        value_tolerance: its values differ by no more than this.

    Raises:
        InputError: if the budget is below 1, or the step or a tolerance is not positive.
    """

    max_evaluations: int = 2000
    initial_step: float = 0.1
    parameter_tolerance: float = 1e-6
    value_tolerance: float = 1e-9

    def __post_init__(self) -> None:
        check_count("max_evaluations", self.max_evaluations)
        check_positive("initial_step", self.initial_step)
        check_positive("parameter_tolerance", self.parameter_tolerance)
        check_positive("value_tolerance", self.value_tolerance)

    @property
    def needs_gradient(self) -> bool:
        """False."""
        return False

    def minimize(
        self,
        objective: Objective,
        initial_parameters: ArrayLike,
        *,
        value_and_gradient: ValueAndGradient | None = None,
        callback: Callback | None = None,
    ) -> OptimizationResult:
        """Minimise by moving a simplex; see `Optimizer.minimize`."""
        recorder = Recorder(
            objective,
            initial_parameters,
            value_and_gradient,
            callback,
            max_evaluations=self.max_evaluations,
            needs_gradient=False,
        )
        start = recorder.initial_parameters
        simplex = np.vstack([start, start + self.initial_step * np.eye(len(start))])
        options = {
            "maxiter": self.max_evaluations + 1,
            "maxfev": self.max_evaluations + 1,
            "initial_simplex": simplex,
            "xatol": self.parameter_tolerance,
            "fatol": self.value_tolerance,
            "adaptive": len(start) > 5,
        }
        return _run(recorder, "Nelder-Mead", options)


def _run(
    recorder: Recorder,
    method: str,
    options: dict[str, Any],
    plainly: Callable[[str, Recorder], tuple[bool, str] | None] = lambda message, recorder: None,
    scales: tuple[float, ...] | None = None,
) -> OptimizationResult:
    import scipy.optimize

    # the stubs want the method and its options as literals
    minimize: Any = scipy.optimize.minimize
    with_gradient = method == "L-BFGS-B"
    lengths = np.ones(len(recorder.initial_parameters)) if scales is None else np.array(scales)

    def scaled(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, gradient = recorder.value_and_gradient(lengths * values)
        return value, lengths * gradient

    function: Any = scaled if with_gradient else recorder.value
    start = recorder.initial_parameters / lengths
    if not len(start):
        function(start)
        return recorder.result(converged=True, message="there is no parameter to optimise")
    try:
        outcome = minimize(function, start, jac=with_gradient, method=method, options=options)
    except StoppedError as stop:
        return recorder.result(converged=False, message=str(stop))
    converged, message = plainly(str(outcome.message), recorder) or (bool(outcome.success), str(outcome.message))
    return recorder.result(converged=converged, message=message)
