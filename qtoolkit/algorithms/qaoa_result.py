"""What a QAOA run says for itself: the distribution it ends in, measured against the exact optimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qtoolkit.algorithms.outcomes import DEGENERACY, OutcomeStatistics, approximation_ratio, outcome_statistics
from qtoolkit.algorithms.schedules import Schedule
from qtoolkit.operators import PauliSum
from qtoolkit.primitives import Result

__all__ = ["CostLandscape", "QAOAResult", "costs_of"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class QAOAResult:
    """Where QAOA ended, and the evidence.

    Feasible bitstrings are those of the Hamming weight asked for, or all where none was. Probabilities are exact
    on the local simulator and relative frequencies of the samples elsewhere; `evidence` says which.

    Attributes:
        value: expectation value of the cost at `schedule`, infeasible bitstrings included; a fresh estimate where the
            estimator is noisy.
        schedule: best angles found.
        best_bitstring: feasible sample of lowest cost, highest qubit leftmost; None if no sample is feasible.
        best_value: its cost.
        optimal_value: exact minimum over the feasible bitstrings; None where there are too many to enumerate.
        worst_value: exact maximum over them.
        probability_of_optimum: probability to measure a feasible bitstring of minimal cost.
        random_probability_of_optimum: the same for feasible bitstrings drawn uniformly.
        feasible_probability: probability to measure a feasible bitstring.
        feasible_value: mean cost given that the bitstring is feasible; None if none was seen.
        approximation_ratio: of `feasible_value`, see the function of this name; None likewise.
        evidence: ``"state vector"`` or ``"samples"``.
        samples: the measured bits.
        num_evaluations: evaluations by the optimiser, over all starts and depths.
        history: expectation value of each in order, shape ``(num_evaluations,)``.
        converged: whether the optimiser met its tolerance in the start that won, where no falling direction was
            found. Always False for noisy values, which offer no test.
        message: why it ended there.
        optimizer: its class name.
        mixer: its name. An exact one is what simulators apply, and estimators with noise are taken for machines, which
            run its Trotter step.
        seed: reproduces starts and samples; None if a generator was given.
        wall_time: seconds.
        standard_error: of `value`; None where the estimator is exact.
        num_escapes: how often the search that won ended at a maximum or saddle point and went on from there.
    """

    value: float
    schedule: Schedule
    best_bitstring: str | None
    best_value: float | None
    optimal_value: float | None
    worst_value: float | None
    probability_of_optimum: float | None
    random_probability_of_optimum: float | None
    feasible_probability: float
    feasible_value: float | None
    approximation_ratio: float | None
    evidence: Literal["state vector", "samples"]
    samples: Result
    num_evaluations: int
    history: FloatArray
    converged: bool
    message: str
    optimizer: str
    mixer: str
    seed: int | None
    wall_time: float
    standard_error: float | None = None
    num_escapes: int = 0

    @property
    def num_layers(self) -> int:
        """Number of layers p."""
        return self.schedule.num_layers

    @property
    def gap(self) -> float | None:
        """``best_value - optimal_value``; None where either is."""
        return None if self.best_value is None or self.optimal_value is None else self.best_value - self.optimal_value


class CostLandscape:
    """The cost of every feasible bitstring, enumerated where that is possible.

    Args:
        cost: diagonal.
        hamming_weight: of the feasible bitstrings; None for all.
        enumerate_all: whether to compute the cost of all feasible bitstrings.
    """

    def __init__(self, cost: PauliSum, hamming_weight: int | None, *, enumerate_all: bool) -> None:
        self._cost = cost
        self._weight = hamming_weight
        self._feasible: IntArray | None = None
        self._costs: FloatArray | None = None
        if enumerate_all:
            self._feasible, self._costs = _enumerated(cost, hamming_weight)
        self.optimal_value: float | None = None
        self.worst_value: float | None = None
        self.random_probability_of_optimum: float | None = None
        if self._costs is not None:
            self.optimal_value, self.worst_value = float(self._costs.min()), float(self._costs.max())
            self.random_probability_of_optimum = float(np.mean(self._is_optimal(self._costs)))

    def costs(self, bitstrings: IntArray) -> FloatArray:
        """Cost of each feasible bitstring, given as the index of its basis state."""
        if self._costs is None:
            return costs_of(self._cost, bitstrings)
        return self._costs[bitstrings if self._feasible is None else np.searchsorted(self._feasible, bitstrings)]

    def is_feasible(self, bitstrings: IntArray) -> NDArray[np.bool_]:
        """Whether each has the Hamming weight asked for."""
        if self._weight is None:
            return np.ones(bitstrings.shape, dtype=np.bool_)
        return np.asarray(np.bitwise_count(bitstrings) == self._weight)

    def statistics(self, bitstrings: IntArray, probabilities: FloatArray) -> OutcomeStatistics:
        """Judge a distribution, given by the probability of each of some distinct bitstrings."""
        feasible = self.is_feasible(bitstrings)
        costs = np.zeros(bitstrings.shape)
        costs[feasible] = self.costs(bitstrings[feasible])
        optimal = None if self.optimal_value is None else self._is_optimal(costs)
        return outcome_statistics(costs, probabilities, feasible, optimal)

    def ratio(self, value: float | None) -> float | None:
        """The approximation ratio of a mean cost; None where it or the range of costs is unknown."""
        if value is None or self.optimal_value is None or self.worst_value is None:
            return None
        return approximation_ratio(value, self.optimal_value, self.worst_value)

    def best(self, bitstrings: IntArray) -> tuple[int, float] | None:
        """The feasible one of lowest cost among some bitstrings, with its cost; None if none is feasible."""
        feasible = bitstrings[self.is_feasible(bitstrings)]
        if not feasible.size:
            return None
        costs = self.costs(feasible)
        lowest = int(np.argmin(costs))
        return int(feasible[lowest]), float(costs[lowest])

    def _is_optimal(self, costs: FloatArray) -> NDArray[np.bool_]:
        assert self.optimal_value is not None
        assert self.worst_value is not None
        return costs <= self.optimal_value + DEGENERACY * (self.worst_value - self.optimal_value)


def _enumerated(cost: PauliSum, hamming_weight: int | None) -> tuple[IntArray | None, FloatArray]:
    """The feasible bitstrings, ascending (None for all), and the cost of each."""
    from qtoolkit.simulators import SectorSimulator

    if hamming_weight is None:
        return None, cost.diagonal()
    sector = SectorSimulator(hamming_weight)
    return sector.basis(cost.num_qubits), sector.diagonal(cost)


def costs_of(cost: PauliSum, bitstrings: IntArray) -> FloatArray:
    """Eigenvalue of a diagonal Pauli sum on each bitstring, without the whole diagonal; shape of `bitstrings`."""
    values = np.zeros(bitstrings.shape, dtype=np.float64)
    for mask, coefficient in zip(cost.z_masks.tolist(), cost.coefficients.real.tolist(), strict=True):
        values += coefficient * (1 - 2 * (np.bitwise_count(bitstrings & mask).astype(np.int64) & 1))
    return values
