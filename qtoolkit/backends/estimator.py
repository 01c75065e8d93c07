"""Expectation values from measured bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance, check_seed, is_integer, items_of, seed_number, shown
from qtoolkit.backends.sampler import SomeSampler, sampler_of
from qtoolkit.backends.sampling import prepared_state, sampled
from qtoolkit.backends.settings import measurement_settings
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.operators import PauliSum
from qtoolkit.simulators.noisy import checked_noise

if TYPE_CHECKING:
    from qtoolkit.noise import NoiseModel

__all__ = ["Estimate", "MeasuringEstimator", "SamplingEstimator", "check_observables"]


@dataclass(frozen=True)
class Estimate:
    """An expectation value from measured bits.

    Attributes:
        value: mean over the shots.
        standard_error: its standard deviation, estimated from the same shots; shot noise alone, without a device's
            bias. It is 0 when all shots agree, which few shots may do by chance.
        shots: shots of all settings together; 0 for a constant.
        num_settings: number of bases measured.
        seed: what `SamplingEstimator.estimate` takes to get the same again; None where the sampler honours none.
    """

    value: float
    standard_error: float
    shots: int
    num_settings: int
    seed: int | None


AnEstimate = TypeVar("AnEstimate", bound=Estimate)


class MeasuringEstimator(Generic[AnEstimate]):
    """What estimators from measured bits share: they satisfy `qtoolkit.primitives.Estimator`, and draw a seed for each
    estimate from their own."""

    def __init__(self, seed: int | np.random.Generator | None) -> None:
        self._rng = np.random.default_rng(check_seed(seed))

    @overload
    def expectation_value(
        self, circuit: Circuit, observable: PauliSum, parameters: ParameterValues | None = None
    ) -> float: ...

    @overload
    def expectation_value(
        self, circuit: Circuit, observable: Sequence[PauliSum], parameters: ParameterValues | None = None
    ) -> NDArray[np.float64]: ...

    def expectation_value(
        self,
        circuit: Circuit,
        observable: PauliSum | Sequence[PauliSum],
        parameters: ParameterValues | None = None,
    ) -> float | NDArray[np.float64]:
        """Estimate ``⟨ψ|observable|ψ⟩``, one number for each observable; see `estimate`."""
        if isinstance(observable, PauliSum):
            return self.estimate(circuit, observable, parameters).value
        return np.array([estimate.value for estimate in self.estimate(circuit, observable, parameters)])

    @overload
    def estimate(
        self,
        circuit: Circuit,
        observable: PauliSum,
        parameters: ParameterValues | None = None,
        seed: int | None = None,
    ) -> AnEstimate: ...

    @overload
    def estimate(
        self,
        circuit: Circuit,
        observable: Sequence[PauliSum],
        parameters: ParameterValues | None = None,
        seed: int | None = None,
    ) -> list[AnEstimate]: ...

    def estimate(
        self,
        circuit: Circuit,
        observable: PauliSum | Sequence[PauliSum],
        parameters: ParameterValues | None = None,
        seed: int | None = None,
    ) -> AnEstimate | list[AnEstimate]:
        """Expectation values with their standard errors.

        Args:
            circuit: prepares the state; its final measurements, with readout errors and decoders behind them, are
                replaced by those of the bases.
            observable: one, or several that share their shots (and so their noise).
            parameters: values of the free parameters.
            seed: of this estimate; drawn from the estimator's by default.

        Raises:
            OperatorError: if an observable is not Hermitian or has another number of qubits.
            QToolkitError: what the estimator's class names besides.
        """
        check_instance(circuit, Circuit, "what prepares the state must be a Circuit")
        rule = "an observable is a PauliSum or a sequence of them"
        observables = (observable,) if isinstance(observable, PauliSum) else tuple(items_of(observable, rule))
        check_observables(observables, circuit.num_qubits)
        used = int(self._rng.integers(1 << 32)) if seed is None else seed_number(seed, "seed")
        estimates = self._estimates(circuit, observables, parameters, used) if observables else []
        return estimates[0] if isinstance(observable, PauliSum) else estimates

    def _estimates(
        self, circuit: Circuit, observables: tuple[PauliSum, ...], parameters: ParameterValues | None, seed: int
    ) -> list[AnEstimate]:
        """Estimates of at least one checked observable."""
        raise NotImplementedError


class SamplingEstimator(MeasuringEstimator[Estimate]):
    """Expectation values through any sampler; satisfies `qtoolkit.primitives.Estimator`.

    Terms that agree on every qubit where both act are measured together (`PauliSum.group_commuting`). A
    `BackendSampler` gets all bases of an estimate as one job.

    Args:
        sampler: measures: a backend, its name, a `BackendSampler` or the local simulator.
        shots: for each basis, at least 2.
        seed: makes a sequence of estimates reproducible. Each estimate draws a seed of its own from it, so that the
            shot noise of successive estimates is independent.
        noise: is put into every circuit, its changes of basis and measurements included, before it is measured; the
            sampler must run channels then.

    Raises:
        InputError: if `shots` is below 2, which gives no standard error, or noise is no model.
    """

    def __init__(
        self,
        sampler: SomeSampler,
        shots: int,
        seed: int | np.random.Generator | None = None,
        noise: NoiseModel | None = None,
    ) -> None:
        if not is_integer(shots) or shots < 2:
            raise InputError(f"shots must be an integer of at least 2, for a standard error, got {shown(shots)}")
        self.sampler = sampler_of(sampler)
        self.shots = int(shots)
        self.noise = checked_noise(noise)
        super().__init__(seed)

    def _estimates(
        self, circuit: Circuit, observables: tuple[PauliSum, ...], parameters: ParameterValues | None, seed: int
    ) -> list[Estimate]:
        values, settings = measurement_settings(observables)
        variances = np.zeros(len(observables))
        state = None
        if self.noise is None and len(settings) > 1:
            state = prepared_state(self.sampler, circuit, parameters)
        if state is not None:
            circuit, parameters = Circuit(circuit.num_qubits), None
        measured = [setting.measured(circuit) for setting in settings]
        circuits = [item for item, _ in measured]
        shots = [self.shots] * len(circuits)
        results = sampled(self.sampler, circuits, shots, seed, parameters, self.noise, state)
        for setting, (_, register), result in zip(settings, measured, results, strict=True):
            mean, covariance = setting.moments(*setting.outcomes(result.register(register)))
            values = values + mean
            variances += covariance.diagonal()
        reproducible = all(result.seed is not None for result in results)
        return [
            Estimate(
                float(value),
                float(np.sqrt(variance)),
                sum(result.shots for result in results),
                len(settings),
                seed if reproducible else None,
            )
            for value, variance in zip(values, variances, strict=True)
        ]


def check_observables(observables: Sequence[PauliSum], num_qubits: int) -> None:
    """Refuse what has no real expectation value in a state of so many qubits.

    Raises:
        OperatorError: if one is no sum, is not Hermitian or has another number of qubits.
    """
    for observable in observables:
        check_instance(observable, PauliSum, "an observable is a PauliSum or a sequence of them", OperatorError)
        if observable.num_qubits != num_qubits:
            raise OperatorError(
                f"the observable must have the circuit's {num_qubits} qubits, got {observable.num_qubits}"
            )
        if not observable.is_hermitian():
            raise OperatorError("an observable must be Hermitian (real coefficients), got a complex coefficient")
