"""`EstimatorV2`: Qiskit's estimator primitive on the local simulator."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from qiskit.primitives import BaseEstimatorV2, PrimitiveJob, PrimitiveResult, PubResult
from qiskit.primitives.containers import DataBin
from qiskit.primitives.containers.estimator_pub import EstimatorPub

from qtoolkit._arguments import check_number, check_seed
from qtoolkit.interop.operators import pauli_sum_from_qiskit
from qtoolkit.interop.qiskit.prepared import PreparedCircuit
from qtoolkit.simulators import StatevectorSimulator

__all__ = ["EstimatorV2"]


class EstimatorV2(BaseEstimatorV2):  # type: ignore[misc]
    """Qiskit's `BaseEstimatorV2` on the local simulator.

    Values are exact; where a pub asks for a precision above 0, normal noise of that standard deviation is added, as
    Qiskit's `StatevectorEstimator` does. A circuit is compiled once, and each of its states computed once for all
    observables. Final measurements are ignored, and idle qubits cost nothing, in circuits transpiled for a large device
    say.

    Args:
        default_precision: standard deviation where neither the pub nor `run` gives one.
        seed: of the noise; makes every call of `run` reproducible, a generator goes on from call to call.
        precision: ``"double"`` or ``"single"`` amplitudes.
        num_threads: threads of the simulator, all cores by default.

    Raises:
        InputError: for a negative precision, a seed that is none, another amplitudes' precision or number of threads.
    """

    def __init__(
        self,
        *,
        default_precision: float = 0.0,
        seed: int | np.random.Generator | None = None,
        precision: str = "double",
        num_threads: int | None = None,
    ) -> None:
        rule = "a number of at least 0"
        self._default_precision = check_number(default_precision, "default_precision", kind=rule, accept=_is_deviation)
        self._seed = check_seed(seed)
        self._simulator = StatevectorSimulator(precision=precision, num_threads=num_threads)

    @property
    def default_precision(self) -> float:
        """Standard deviation where neither the pub nor `run` gives one."""
        return self._default_precision

    @property
    def seed(self) -> int | np.random.Generator | None:
        """The seed or generator."""
        return self._seed

    def run(self, pubs: Iterable[Any], *, precision: float | None = None) -> PrimitiveJob:
        """Estimate pubs, each ``(circuit, observables, parameter values, precision)`` with the last two optional.

        Args:
            pubs: what to estimate; observables and parameter values broadcast as NumPy's arrays do.
            precision: for pubs that give none.

        Raises:
            ConversionError: at ``job.result()``, naming what a circuit holds that cannot be simulated here.
            CircuitError: at ``job.result()``, if a circuit measures before its end.
        """
        target = self._default_precision if precision is None else precision
        job = PrimitiveJob(self._run, [EstimatorPub.coerce(pub, target) for pub in pubs])
        job._submit()
        return job

    def _run(self, pubs: list[Any]) -> PrimitiveResult:
        rng = np.random.default_rng(self._seed)
        return PrimitiveResult([self._run_pub(pub, rng) for pub in pubs], metadata={"version": 2})

    def _run_pub(self, pub: Any, rng: np.random.Generator) -> PubResult:
        prepared = PreparedCircuit(pub.circuit, self._simulator)
        active = prepared.plan.active_qubits
        sums = [
            pauli_sum_from_qiskit(observable, active)
            for observable in pub.observables.sparse_observables_array().ravel()
        ]
        values = prepared.values(pub.parameter_values)
        # which state and which observable each entry of the result belongs to
        states, observables = np.broadcast_arrays(
            np.arange(len(values)).reshape(pub.parameter_values.shape),
            np.arange(len(sums)).reshape(pub.observables.shape),
        )
        evs = np.zeros(states.shape)
        for number, point in enumerate(values):
            entries = states == number
            wanted, place = np.unique(observables[entries], return_inverse=True)
            found = self._simulator.expectation_value(prepared.plan.active, [sums[k] for k in wanted], point)
            evs[entries] = np.asarray(found)[place]
        if pub.precision:
            evs = rng.normal(evs, pub.precision)
        data = DataBin(evs=evs, stds=np.zeros_like(evs), shape=evs.shape)
        return PubResult(data, metadata={"target_precision": pub.precision, "circuit_metadata": pub.circuit.metadata})


def _is_deviation(value: float) -> bool:
    return math.isfinite(value) and value >= 0.0
