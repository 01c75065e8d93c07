"""What every method of amplitude estimation does: measure, keep account of it, and write the result."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable, check_instance, check_integer, check_number, seeded
from qtoolkit._intervals import binomial_interval
from qtoolkit._version import __version__
from qtoolkit.algorithms.amplitude.problem import EstimationProblem
from qtoolkit.algorithms.amplitude.result import AmplitudeEstimate, ErrorBudget, MeasuredPower
from qtoolkit.backends import Backend
from qtoolkit.backends.sampler import sampler_of
from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError
from qtoolkit.primitives import Result, Sampler

__all__ = ["AmplitudeEstimator", "Experiment", "Progress", "check_settings", "contradiction", "phase_law"]

Progress: TypeAlias = Callable[[int, int], None]
"""Called after each measurement with the queries made and how many there will be, as far as can be told."""

_IMPOSSIBLE = 1e-6
_LAW_POINTS = 201
_ROUNDING = 1e-12
"""What an interval is widened by on each side: sums of probabilities are as exact as that."""


@runtime_checkable
class AmplitudeEstimator(Protocol):
    """A method of amplitude estimation.

    Intervals hold for outcomes that follow ``sin²((2k+1)θ)``. Those of a noisy machine do not: a result says so where
    they contradict each other, which noise need not make them do.
    """

    @property
    def precision(self) -> float:
        """Half width of the interval wanted."""
        ...

    @property
    def confidence(self) -> float:
        """Coverage that the interval promises."""
        ...

    def run(
        self,
        problem: EstimationProblem,
        *,
        sampler: Sampler | Backend | None = None,
        seed: int | np.random.Generator | None = None,
        progress: Progress | None = None,
    ) -> AmplitudeEstimate:
        """Estimate the amplitude of a problem.

        Args:
            problem: the amplitude.
            sampler: runs the circuits: a simulator, `BackendSampler` or backend. By default none is run: the amplitude
                is read from the state vector once, and outcomes are drawn from the exact law they follow.
            seed: makes the outcomes reproducible.
            progress: called after each measurement with the queries made and how many there will be, which is
                extrapolated from the interval; what it raises ends the run.

        Raises:
            InputError: if an argument is none of these.
            BackendError: if the sampler returns other bits than were measured.
        """
        ...


def contradiction(num_iterations: int) -> str:
    """What a result says of outcomes that do not fit the others."""
    return f"outcomes after {num_iterations} Grover iterations contradict the others: noise, or a rare chance"


def check_settings(
    precision: float, confidence: float, shots: int | None = None, max_queries: int | None = None
) -> None:
    """Refuse settings that no method can work with.

    Raises:
        InputError: naming the one.
    """
    kind = "a number from 1e-08 to 0.5"
    check_number(precision, "precision", kind=kind, accept=lambda x: 1e-8 <= x <= 0.5)
    check_number(confidence, "confidence", kind="a number between 0 and 1", accept=lambda x: 0.0 < x < 1.0)
    if shots is not None:
        check_integer(shots, "shots", 1, 1 << 40)
    if max_queries is not None:
        check_integer(max_queries, "max_queries", 1)


def phase_law(angle: float, num_evaluation_qubits: int) -> NDArray[np.float64]:
    """Probabilities of the outcomes of phase estimation, shape ``(2**num_evaluation_qubits,)``.

    Source: Brassard et al., arXiv:quant-ph/0005055, theorem 11, over both eigenvalues ``e^{±2iθ}``.
    """
    size = 1 << num_evaluation_qubits
    offset = angle * size / np.pi - np.arange(size)
    above, below = np.sin(np.pi * offset) ** 2, size**2 * np.sin(np.pi * offset / size) ** 2
    law = np.where(below < 1e-20, 1.0, above / np.maximum(below, 1e-20))
    law = (law + np.roll(law[::-1], 1)) / 2
    return np.asarray(law / law.sum(), dtype=np.float64)


@dataclass
class _Account:
    shots: int = 0
    iterations: int = 0
    depth: int = 0

    @property
    def queries(self) -> int:
        return 2 * self.iterations + self.shots


class Experiment:
    """One run of a method: its measurements and the account of them.

    Raises:
        InputError: if the problem, the sampler, the seed or `progress` is none.
    """

    def __init__(
        self,
        method: AmplitudeEstimator,
        problem: EstimationProblem,
        sampler: Sampler | Backend | None,
        seed: int | np.random.Generator | None,
        progress: Progress | None,
        max_queries: int | None = None,
    ) -> None:
        self._started = time.perf_counter()
        self.problem = check_instance(problem, EstimationProblem, "an amplitude is that of an EstimationProblem")
        chosen = None if sampler is None else sampler_of(sampler)
        if progress is not None:
            check_callable(progress, "progress")
        self._sampler = chosen
        self._seed, self._rng = seeded(seed)
        self._progress = progress
        self._method = method
        self._max_queries = max_queries
        self._account = _Account()
        self._history: list[MeasuredPower] = []
        self._backend_name = ""

    def affordable(self, num_iterations: int, shots: int) -> int:
        """As many of the shots as `max_queries` leaves room for."""
        if self._max_queries is None:
            return shots
        return min(shots, max(self._max_queries - self._account.queries, 0) // (2 * num_iterations + 1))

    def good_outcomes(self, num_iterations: int, shots: int) -> int:
        """How many of the shots end in a good state after some Grover iterations."""
        if self._sampler is None:
            good = int(self._rng.binomial(shots, math.sin((2 * num_iterations + 1) * self.problem.angle) ** 2))
        else:
            counts = self._run(self.problem.circuit(num_iterations), shots).counts
            states = set(self.problem.good_states)
            good = sum(count for bits, count in counts.items() if int(bits, 2) in states)
        self._book(num_iterations, shots, self.problem.depth(num_iterations))
        if self._history and self._history[-1].num_iterations == num_iterations:
            last = self._history.pop()
            self._history.append(MeasuredPower(num_iterations, last.shots + shots, last.good + good))
        else:
            self._history.append(MeasuredPower(num_iterations, shots, good))
        return good

    def phases(self, num_evaluation_qubits: int, shots: int) -> NDArray[np.int64]:
        """Outcomes of phase estimation, int64 of shape ``(shots,)``."""
        size = 1 << num_evaluation_qubits
        if self._sampler is None:
            law = phase_law(self.problem.angle, num_evaluation_qubits)
            outcomes = self._rng.choice(size, shots, p=law).astype(np.int64)
        else:
            counts = self._run(self.problem.phase_circuit(num_evaluation_qubits), shots).counts
            outcomes = np.repeat([int(bits, 2) for bits in counts], list(counts.values())).astype(np.int64)
        self._book(size - 1, shots, self.problem.phase_depth(num_evaluation_qubits))
        return outcomes

    def tell(self, half_width: float) -> None:
        """Report how far it is, from the interval so far: queries grow as its inverse."""
        if self._progress is not None:
            done = self._account.queries
            self._progress(done, max(done, round(done * half_width / self._method.precision)))

    def result(self, estimate: float, angles: tuple[float, float], method: str, trouble: str = "") -> AmplitudeEstimate:
        """The result.

        Args:
            estimate: of the amplitude.
            angles: the interval of θ.
            method: its name.
            trouble: what went wrong, if anything.
        """
        trouble = trouble or self._misfit(angles)
        low = max(math.sin(angles[0]) ** 2 - _ROUNDING, 0.0)
        high = min(math.sin(angles[1]) ** 2 + _ROUNDING, 1.0)
        estimate = min(max(estimate, low), high)
        converged = not trouble and high - low <= 2 * (self._method.precision + 2 * _ROUNDING)
        return AmplitudeEstimate(
            estimate=estimate,
            interval=(low, high),
            confidence=float(self._method.confidence),
            budget=ErrorBudget(max(estimate - low, high - estimate)),
            precision=float(self._method.precision),
            converged=converged,
            message=trouble or ("the precision is reached" if converged else "max_queries are spent"),
            num_queries=self._account.queries,
            num_grover_iterations=self._account.iterations,
            shots=self._account.shots,
            depth=self._account.depth,
            history=tuple(self._history),
            method=method,
            evidence=self._evidence(),
            backend_name=self._backend_name,
            seed=self._seed,
            problem_fingerprint=self.problem.fingerprint,
            version=__version__,
            wall_time=time.perf_counter() - self._started,
        )

    def _evidence(self) -> Literal["state vector", "known amplitude", "samples"]:
        if self._sampler is not None:
            return "samples"
        return "state vector" if self.problem.known_amplitude is None else "known amplitude"

    def _misfit(self, angles: tuple[float, float]) -> str:
        """What to say where outcomes are all but impossible for every angle of the interval, as those of noise are."""
        for power in self._history:
            law = np.sin((2 * power.num_iterations + 1) * np.linspace(*angles, _LAW_POINTS)) ** 2
            low, high = binomial_interval("clopper-pearson", power.good, power.shots, _IMPOSSIBLE)
            if high < law.min() or low > law.max():
                return contradiction(power.num_iterations)
        return ""

    def _book(self, num_iterations: int, shots: int, depth: int) -> None:
        self._account.shots += shots
        self._account.iterations += num_iterations * shots
        self._account.depth = max(self._account.depth, depth)

    def _run(self, circuit: Circuit, shots: int) -> Result:
        assert self._sampler is not None
        found = self._sampler.run(circuit, shots, seed=int(self._rng.integers(1 << 32)))
        result: Result = check_instance(found, Result, "a sampler must return a Result", BackendError)
        if result.num_clbits != circuit.num_clbits or sum(result.counts.values()) != shots:
            raise BackendError(
                f"{result.backend_name or 'the sampler'} must return {shots} shots of {circuit.num_clbits} bits, got "
                f"{sum(result.counts.values())} of {result.num_clbits}"
            )
        self._backend_name = result.backend_name
        return result
