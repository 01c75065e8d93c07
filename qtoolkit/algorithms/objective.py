"""The expectation value of a parametrised circuit, as the function that an optimiser minimises."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.algorithms.optimizers import COBYLA, LBFGSB, Optimizer
from qtoolkit.algorithms.parameter_shift import parameter_shift_gradient
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum
from qtoolkit.primitives import DifferentiableEstimator, Estimator

__all__ = ["CircuitObjective"]

FloatArray = NDArray[np.float64]


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
        from qtoolkit.simulators import SectorSimulator, StatevectorSimulator

        if observable.num_qubits != circuit.num_qubits:
            raise InputError(
                f"the observable must have the circuit's {circuit.num_qubits} qubits, got {observable.num_qubits}"
            )
        self.circuit = circuit
        self.observable = observable
        self.estimator: Estimator = StatevectorSimulator() if estimator is None else estimator
        self._executable: Any = circuit
        self._measured: Any = observable
        if isinstance(self.estimator, StatevectorSimulator):
            self._executable = self.estimator.compile(circuit)
            # a diagonal costs one pass over the state, however many terms it has
            self._measured = observable.diagonal() if observable.is_diagonal() else observable
        elif isinstance(self.estimator, SectorSimulator):
            self._executable = self.estimator.compile(circuit)
            self._measured = self.estimator.diagonal(observable) if observable.is_diagonal() else observable

    @property
    def num_parameters(self) -> int:
        """Number of free parameters."""
        return self.circuit.num_parameters

    @property
    def is_differentiable(self) -> bool:
        """Whether the estimator has a gradient of its own, as the adjoint method; else it takes parameter shifts."""
        return isinstance(self.estimator, DifferentiableEstimator)

    def value(self, parameters: FloatArray) -> float:
        """The expectation value."""
        return float(self.estimator.expectation_value(self._executable, self._measured, parameters))

    def value_and_gradient(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """The expectation value and its gradient, shape ``(num_parameters,)``."""
        if isinstance(self.estimator, DifferentiableEstimator):
            return self.estimator.gradient(self._executable, self._measured, parameters)
        return parameter_shift_gradient(self.circuit, self.observable, parameters, estimator=self.estimator)

    def default_optimizer(self) -> Optimizer:
        """L-BFGS-B where gradients are cheap, COBYLA elsewhere."""
        return LBFGSB() if self.is_differentiable else COBYLA()
