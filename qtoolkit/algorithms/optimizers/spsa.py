"""SPSA: stochastic gradient descent from two noisy values a step, however many parameters there are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import check_seed, shown
from qtoolkit.algorithms.optimizers.base import (
    Callback,
    FloatArray,
    Objective,
    OptimizationResult,
    Recorder,
    StoppedError,
    ValueAndGradient,
    check_count,
    check_positive,
)
from qtoolkit.errors import InputError

__all__ = ["SPSA"]

# Spall's guidelines for the exponents of the gain sequences, sec. III of the source
_STEP_EXPONENT = 0.602
_PERTURBATION_EXPONENT = 0.101
_ROUNDING = 1e-12


@dataclass(frozen=True)
class SPSA:
    """Simultaneous perturbation stochastic approximation, for values estimated from shots.

    Step k moves against ``[f(θ + c_k Δ) − f(θ − c_k Δ)] / (2 c_k) · Δ`` with random signs Δ and the gains
    ``a_k = a / (k + 1 + A)^0.602`` and ``c_k = c / (k + 1)^0.101``. A start whose calibration sees no slope at all is
    moved by `first_step` first. It ends at the last parameters, not at the
    lowest value seen, which under noise is lowest by luck; the value there is one more evaluation.

    Source: Spall, IEEE Trans. Aerosp. Electron. Syst. 34, 817 (1998).

    Attributes:
        max_evaluations: budget of evaluations: calibration, two for each step, and the last.
        perturbation: c, the first distance at which values are compared, in units of the parameters.
        first_step: size of the first change of each parameter; the gain a is calibrated to it.
        calibration_pairs: pairs of evaluations from which the gain is calibrated.
        seed: seeds the random signs; an integer repeats the run.

    Raises:
        InputError: if the budget does not leave one step, or a size is not positive.
    """

    max_evaluations: int = 400
    perturbation: float = 0.1
    first_step: float = 0.1
    calibration_pairs: int = 10
    seed: int | np.random.Generator | None = None

    def __post_init__(self) -> None:
        check_count("max_evaluations", self.max_evaluations)
        check_count("calibration_pairs", self.calibration_pairs)
        check_positive("perturbation", self.perturbation)
        check_positive("first_step", self.first_step)
        check_seed(self.seed)
        least = 2 * self.calibration_pairs + 3
        if self.max_evaluations < least:
            raise InputError(
                f"max_evaluations must be at least {shown(least)}, for {shown(self.calibration_pairs)} "
                f"calibration pairs, one step and the last value, got {shown(self.max_evaluations)}"
            )

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
        """Minimise by random simultaneous perturbations; see `Optimizer.minimize`.

        Noisy values offer no test of convergence: the budget ends the run, and `converged` is always False.
        """
        recorder = Recorder(
            objective,
            initial_parameters,
            value_and_gradient,
            callback,
            max_evaluations=self.max_evaluations,
            needs_gradient=False,
        )
        rng = np.random.default_rng(self.seed)
        parameters = recorder.initial_parameters.copy()
        num_steps = (self.max_evaluations - 1) // 2 - self.calibration_pairs
        stability = 0.1 * num_steps
        try:
            slopes = [self._slope(recorder, parameters, 0, rng)[0] for _ in range(self.calibration_pairs)]
            mean_slope = float(np.mean(np.abs(slopes)))
            if mean_slope * self.perturbation <= _ROUNDING * max(map(abs, recorder.history)):
                # where f(θ + cΔ) = f(θ − cΔ) for all Δ, as at a symmetric maximum, no step would ever be taken
                parameters = parameters + self.first_step * rng.choice(np.array([-1.0, 1.0]), len(parameters))
                mean_slope = 0.0
            gain = self.first_step * (1.0 + stability) ** _STEP_EXPONENT / (mean_slope or 1.0)
            for step in range(num_steps):
                slope, signs = self._slope(recorder, parameters, step, rng)
                parameters = parameters - gain / (step + 1.0 + stability) ** _STEP_EXPONENT * slope * signs
            message = f"all {num_steps} steps of the budget are done"
        except StoppedError as stop:
            message = str(stop)
        return recorder.result_at(parameters, message=message)

    def _slope(
        self, recorder: Recorder, parameters: FloatArray, step: int, rng: np.random.Generator
    ) -> tuple[float, FloatArray]:
        """The difference quotient along random signs, and the signs."""
        signs: FloatArray = rng.choice(np.array([-1.0, 1.0]), len(parameters))
        distance = self.perturbation / (step + 1.0) ** _PERTURBATION_EXPONENT
        rise = recorder.value(parameters + distance * signs) - recorder.value(parameters - distance * signs)
        return rise / (2.0 * distance), signs
