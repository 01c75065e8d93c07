"""The expectation value of a parametrised circuit, as the function that an optimiser minimises."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance
from qtoolkit._checks import require_number
from qtoolkit.algorithms.descent import Landscape
from qtoolkit.algorithms.optimizers import COBYLA, LBFGSB, Optimizer
from qtoolkit.algorithms.parameter_shift import parameter_shift_gradient
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.operators import PauliSum
from qtoolkit.primitives import (
    CompilingEstimator,
    DifferentiableEstimator,
    Estimator,
    ExactEstimator,
    check_estimator,
)

__all__ = ["CircuitObjective", "EnergyObjective"]

FloatArray = NDArray[np.float64]


class EnergyObjective(Landscape, Protocol):
    """An expectation value as a function of parameters, whatever prepares the state."""

    @property
    def num_parameters(self) -> int:
        """Number of free parameters."""
        ...

    def default_optimizer(self) -> Optimizer:
        """The method that suits it."""
        ...


class CircuitObjective:
    """``⟨ψ(θ)|observable|ψ(θ)⟩`` and its gradient, compiled once where the estimator can.

    Args:
        circuit: prepares ``|ψ(θ)⟩``; parameters follow the order of ``circuit.parameters``.
        observable: on the circuit's qubits.
        estimator: the local state-vector simulator by default.

    Raises:
        InputError: if circuit and observable differ in their numbers of qubits.
    """

    def __init__(self, circuit: Circuit, observable: PauliSum, estimator: Estimator | None = None) -> None:
        from qtoolkit.simulators import StatevectorSimulator

        check_instance(circuit, Circuit, "what prepares the state must be a Circuit")
        check_instance(observable, PauliSum, "the observable must be a PauliSum", OperatorError)
        if estimator is not None:
            check_estimator(estimator)
        if observable.num_qubits != circuit.num_qubits:
            raise InputError(
                f"the observable must have the circuit's {circuit.num_qubits} qubits, got {observable.num_qubits}"
            )
        self.circuit = circuit
        self.observable = observable
        self.estimator: Estimator = StatevectorSimulator() if estimator is None else estimator
        self._executable: Any = circuit
        self._measured: Any = observable
        self._precision = self.estimator.precision if isinstance(self.estimator, ExactEstimator) else None
        if isinstance(self.estimator, CompilingEstimator):
            self._executable = self.estimator.compile(circuit)
            if observable.is_diagonal():
                # which costs one pass over the state, however many terms it has
                self._measured = self.estimator.diagonal(observable)

    @property
    def num_parameters(self) -> int:
        """Number of free parameters."""
        return self.circuit.num_parameters

    @property
    def is_differentiable(self) -> bool:
        """Whether the estimator has a gradient of its own, as the adjoint method; else it takes parameter shifts."""
        return isinstance(self.estimator, DifferentiableEstimator)

    @property
    def is_exact(self) -> bool:
        """Whether values are known to be free of noise, as those of an `ExactEstimator` are."""
        return self._precision is not None

    @property
    def precision(self) -> str:
        """``"single"`` where the numbers behind values and gradients are known to be, else ``"double"``."""
        return self._precision or "double"

    @cached_property
    def scale(self) -> float:
        """Standard deviation of the observable's eigenvalues: how far values may lie apart."""
        varying = self.observable.coefficients[(self.observable.x_masks | self.observable.z_masks) != 0]
        return float(np.linalg.norm(varying))

    def value(self, parameters: FloatArray) -> float:
        """The expectation value.

        Raises:
            InputError: if the estimator returns anything but one real number.
        """
        found: Any = self.estimator.expectation_value(self._executable, self._measured, parameters)
        # what is not finite is named later, with the evaluation that it came from
        return float(found) if isinstance(found, float) else require_number("an expectation value", found)

    def estimate(self, parameters: FloatArray) -> tuple[float, float] | None:
        """The expectation value and its standard error, of an estimator that has an `estimate`; None of others."""
        estimator: Any = self.estimator
        if not callable(getattr(estimator, "estimate", None)):
            return None
        found = estimator.estimate(self._executable, self._measured, parameters)
        return require_number("an estimate", found.value), require_number("a standard error", found.standard_error, 0.0)

    def value_and_gradient(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """The expectation value and its gradient, shape ``(num_parameters,)``."""
        if isinstance(self.estimator, DifferentiableEstimator):
            return self.estimator.gradient(self._executable, self._measured, parameters)
        return parameter_shift_gradient(self.circuit, self.observable, parameters, estimator=self.estimator)

    def default_optimizer(self) -> Optimizer:
        """L-BFGS-B where gradients are cheap, COBYLA elsewhere."""
        return LBFGSB() if self.is_differentiable else COBYLA()
