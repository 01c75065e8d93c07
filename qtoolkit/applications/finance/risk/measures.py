"""Expected loss, value at risk and its conditional mean, by amplitude estimation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from qtoolkit._arguments import check_callable, check_instance, seeded
from qtoolkit._checks import require_choice, require_number
from qtoolkit._version import __version__
from qtoolkit.algorithms.amplitude import ErrorBudget, EstimationProblem, estimate_amplitude
from qtoolkit.algorithms.amplitude.estimation import Method
from qtoolkit.algorithms.amplitude.experiment import Progress
from qtoolkit.applications.finance._classical import MonteCarlo
from qtoolkit.applications.finance.risk._classical import mean_loss, tail_mean, tail_start
from qtoolkit.applications.finance.risk._law import FloatArray, LossLaw
from qtoolkit.applications.finance.risk._quantile import Quantile, find_quantile, most_steps
from qtoolkit.applications.finance.risk.credit import CreditBook, LatentGrid
from qtoolkit.applications.finance.risk.portfolio import PortfolioLoss
from qtoolkit.applications.finance.risk.result import Measure, RiskResult, RiskStep
from qtoolkit.backends import Backend
from qtoolkit.circuit import Circuit
from qtoolkit.circuit.library import fourier_comparator, lookup_rotation
from qtoolkit.errors import InputError
from qtoolkit.primitives import Sampler

__all__ = ["conditional_value_at_risk", "expected_loss", "value_at_risk"]

MOST_SIMULATED = 20
"""Qubits; of larger circuits no state is made: the amplitude follows from the law on the grid."""

_USUAL_PRECISION = 1e-3
_SHARE_OF_TAIL = 0.1
"""Usual precision of probabilities, as a share of that of the tail."""


def expected_loss(
    losses: CreditBook | PortfolioLoss,
    *,
    grid: LatentGrid | int | None = None,
    precision: float | None = None,
    method: Method = "iterative",
    confidence: float = 0.95,
    sampler: Sampler | Backend | None = None,
    seed: int | np.random.Generator | None = None,
    progress: Progress | None = None,
) -> RiskResult:
    """The mean loss.

    Args:
        losses: a credit book, or a portfolio.
        grid: for a book, of the common factor (3 qubits by default); for a portfolio, qubits of the losses (6).
        precision: half width wanted of the interval as far as sampling makes it, in units of the loss; by default a
            thousandth of the losses' span.
        method: of amplitude estimation, see `estimate_amplitude`.
        confidence: coverage that the interval promises.
        sampler: runs the circuits; by default outcomes are drawn from the exact law, see `AmplitudeEstimator.run`.
        seed: makes the result reproducible.
        progress: called after each measurement with the queries made and how many there will be, as far as can be told.

    Raises:
        InputError: if an argument is none of these.
        InsufficientMemoryError: if a state does not fit into free memory.
        BackendError: if the sampler returns other bits than were measured.
    """
    run = _Run(losses, grid, method, confidence, sampler, seed, progress)
    law = run.law
    low, high = float(law.points[0]), float(law.points[-1])
    wanted = _usual(precision, _USUAL_PRECISION * (high - low))
    exact = law.exact.mean()
    grid_mean = law.mean_of(lambda points: points)
    run.mean("E[L]", 0.0, law.points, wanted, confidence, abs(grid_mean - exact))
    found = run.steps[0]
    estimate, interval = found.estimation.estimate, found.estimation.interval
    error = found.grid_error
    return run.result(
        "expected loss",
        None,
        (estimate, interval[0] - error, interval[1] + error),
        error,
        (exact, grid_mean),
        mean_loss(law.exact, run.num_queries, confidence, run.classical_rng),
    )


def value_at_risk(
    losses: CreditBook | PortfolioLoss,
    level: float = 0.95,
    *,
    grid: LatentGrid | int | None = None,
    precision: float | None = None,
    method: Method = "iterative",
    confidence: float = 0.95,
    sampler: Sampler | Backend | None = None,
    seed: int | np.random.Generator | None = None,
    progress: Progress | None = None,
) -> RiskResult:
    """The least loss that is not exceeded with at least the probability `level`, by bisection.

    Each step compares the register with a threshold and estimates the probability to be below. An interval that holds
    the level decides nothing: the ends of what remains possible are searched for, and make the interval of the result,
    so that it covers with the promised confidence however many steps there were.

    Source: Woerner and Egger, npj Quantum Inf. 5, 15 (2019), arXiv:1806.06893; Egger et al., arXiv:1907.03044.

    Args:
        losses: a credit book, or a portfolio.
        level: between 0 and 1.
        grid: see `expected_loss`; of a portfolio, value at risk is known to a cell of the grid.
        precision: half width of the intervals of probabilities; by default a tenth of ``1 - level``.
        method, confidence, sampler, seed, progress: see `expected_loss`.

    Raises:
        InputError: if an argument is none of these, or the level lies in a cell without end.
        InsufficientMemoryError: if a state does not fit into free memory.
        BackendError: if the sampler returns other bits than were measured.
    """
    run = _Run(losses, grid, method, confidence, sampler, seed, progress)
    wanted = run.check_level(level)
    law = run.law
    found = run.quantile(wanted, _usual(precision, _SHARE_OF_TAIL * (1.0 - wanted)), confidence)
    cell = float(law.lows[found.guess]), float(law.highs[found.guess])
    estimate = (cell[0] + cell[1]) / 2
    if not math.isfinite(estimate):
        estimate = float(law.points[found.guess])
    interval = float(law.lows[found.below + 1]) - law.rounding, float(law.highs[found.above]) + law.rounding
    cost = (cell[1] - cell[0]) / 2 + law.rounding
    return run.result(
        "value at risk",
        wanted,
        (estimate, *interval),
        cost,
        (law.exact.value_at_risk(wanted), float(law.points[law.quantile(wanted)])),
        tail_start(law.exact, wanted, run.num_queries, confidence, run.classical_rng),
    )


def conditional_value_at_risk(
    losses: CreditBook | PortfolioLoss,
    level: float = 0.95,
    *,
    grid: LatentGrid | int | None = None,
    precision: float | None = None,
    method: Method = "iterative",
    confidence: float = 0.95,
    sampler: Sampler | Backend | None = None,
    seed: int | np.random.Generator | None = None,
    progress: Progress | None = None,
) -> RiskResult:
    """The mean of the worst ``1 - level`` of losses: ``min over ν of ν + E[(L - ν)⁺] / (1 - level)``.

    Half of the chance to miss goes to the search for value at risk, see there, half to the mean beyond the threshold ν
    that it finds. Any ν gives an upper bound; how far it is from the minimum follows from what the probabilities can
    be between ν and wherever value at risk may still be.

    Source: Rockafellar and Uryasev, J. Risk 2 (3), 21 (2000), theorem 1; Woerner and Egger, arXiv:1806.06893.

    Args:
        losses: a credit book, or a portfolio.
        level: between 0 and 1.
        grid: see `expected_loss`.
        precision: half width wanted of the interval as far as sampling of the mean makes it, in units of the loss; by
            default a hundredth of what losses beyond ν span.
        method, confidence, sampler, seed, progress: see `expected_loss`.

    Raises:
        InputError: if an argument is none of these, or the level lies in a cell without end.
        InsufficientMemoryError: if a state does not fit into free memory.
        BackendError: if the sampler returns other bits than were measured.
    """
    run = _Run(losses, grid, method, confidence, sampler, seed, progress)
    wanted = run.check_level(level)
    law, tail = run.law, 1.0 - wanted
    half = 1.0 - (1.0 - confidence) / 2
    found = run.quantile(wanted, _SHARE_OF_TAIL * tail, half)
    threshold = float(law.lows[found.guess])

    def beyond(points: FloatArray) -> FloatArray:
        return np.maximum(points - threshold, 0.0)

    span = float(beyond(law.points).max())
    error = abs(law.mean_of(beyond) - law.exact.excess(threshold)) / tail
    excess = (0.0, 0.0, 0.0)
    if span > 0.0:
        target = _usual(precision, 10 * _USUAL_PRECISION * span) * tail
        run.mean("E[(L - threshold)+]", threshold, beyond(law.points), target, half, error * tail)
        last = run.steps[-1].estimation
        excess = last.estimate / tail, last.interval[0] / tail, last.interval[1] / tail
    slack = _slack(law, found, wanted) / tail
    cost = error + law.rounding
    value = law.exact.value_at_risk(wanted)
    at = float(law.points[law.quantile(wanted)])
    on_grid = at + law.mean_of(lambda points: np.maximum(points - at, 0.0)) / tail
    return run.result(
        "conditional value at risk",
        wanted,
        (threshold + excess[0], threshold + excess[1] - slack - cost, threshold + excess[2] + cost),
        cost,
        (value + law.exact.excess(value) / tail, on_grid),
        tail_mean(law.exact, wanted, run.num_queries, confidence, run.classical_rng),
    )


def _slack(law: LossLaw, found: Quantile, level: float) -> float:
    """How far ``(1 - level) ν + E[(L - ν)⁺]`` at the lower end of the guessed cell may be above its minimum.

    Its slope at a loss is the distribution function there less the level, which the search has bounded.
    """

    def rise(first: int, last: int, towards: float) -> float:
        total = 0.0
        for place in range(first, last):
            # between the lower ends of a cell and the next
            length = float(law.lows[place + 1] - law.lows[place])
            least, most = (
                found.bounds(place) if law.is_discrete else (found.bounds(place - 1)[0], found.bounds(place)[1])
            )
            slope = most - level if towards < 0.0 else level - least
            total += length * slope if slope > 0.0 else 0.0
        return total

    # of a cell, the minimum may lie at its upper end
    end = found.above if law.is_discrete else min(found.above + 1, law.lows.size - 1)
    return max(rise(found.below + 1, found.guess, -1.0), rise(found.guess, end, 1.0))


def _usual(given: object, usual: float) -> float:
    if given is None:
        return usual
    wanted = require_number("precision", given)
    if wanted <= 0.0:
        raise InputError(f"precision must be positive, got {wanted:g}")
    return wanted


@dataclass(eq=False)
class _Run:
    """The amplitude estimations of one measure."""

    losses: CreditBook | PortfolioLoss
    grid: LatentGrid | int | None
    method: Method
    confidence: float
    sampler: Sampler | Backend | None
    given_seed: int | np.random.Generator | None
    progress: Progress | None
    law: LossLaw = field(init=False)
    steps: list[RiskStep] = field(default_factory=list)
    num_qubits: int = 0

    def __post_init__(self) -> None:
        self._started = time.perf_counter()
        require_choice("method", self.method, ("iterative", "likelihood", "bayesian", "canonical"))
        self.confidence = require_number("confidence", self.confidence, 0.0, 1.0)
        if not 0.0 < self.confidence < 1.0:
            raise InputError(f"confidence must be a number between 0 and 1, got {self.confidence:g}")
        if self.progress is not None:
            check_callable(self.progress, "progress")
        self.seed, self._rng = seeded(self.given_seed)
        # Draws of their own, so that the classical estimate does not depend on how the quantum one went.
        self.classical_rng = self._rng if self.seed is None else np.random.default_rng([self.seed, 1])
        if isinstance(self.losses, PortfolioLoss) and isinstance(self.grid, LatentGrid):
            raise InputError("grid must be a number of qubits for a portfolio, which has no common factor")
        kinds = CreditBook | PortfolioLoss
        self.law = check_instance(self.losses, kinds, "losses must be a CreditBook or a PortfolioLoss")._law(self.grid)  # type: ignore[arg-type]

    @property
    def num_queries(self) -> int:
        """So far."""
        return sum(step.estimation.num_queries for step in self.steps)

    def check_level(self, level: object) -> float:
        """The level, if value at risk lies in a cell with two ends."""
        wanted = require_number("level", level, 0.0, 1.0)
        if not 0.0 < wanted < 1.0:
            raise InputError(f"level must be a number between 0 and 1, got {wanted:g}")
        below = np.cumsum(self.law.probabilities)
        first, last = float(below[0]), float(below[-2])
        if not math.isfinite(self.law.highs[-1]) and not first < wanted <= last:
            raise InputError(
                f"level must be between {first:.6g} and {last:.6g} on this grid, whose outermost cells have no end, "
                f"got {wanted}; take more qubits"
            )
        return wanted

    def quantile(self, level: float, precision: float, confidence: float) -> Quantile:
        """Where the distribution function of the losses reaches a level."""
        size = self.law.points.size
        each = 1.0 - (1.0 - confidence) / most_steps(size)

        def chance(place: int) -> tuple[float, float, float]:
            width = len(self.law.register)
            comparison = fourier_comparator(width, place + 1)
            error = float(self.law.chance_errors[place])
            threshold = float(self.law.highs[place])
            above = float(self.law.probabilities[place + 1 :].sum())
            self._step("P(L <= threshold)", threshold, (comparison, above), (-1.0, 1.0), (precision, each), error)
            found = self.steps[-1].estimation
            return found.estimate, found.interval[0] - error, found.interval[1] + error

        return find_quantile(size, level, chance)

    def mean(
        self, quantity: str, threshold: float, values: FloatArray, precision: float, confidence: float, error: float
    ) -> None:
        """Estimate the mean of values, one for each value of the register."""
        low = float(values.min())
        span = float(values.max()) - low
        shares = np.clip((values - low) / span, 0.0, 1.0)
        asked = lookup_rotation(shares), float(self.law.probabilities @ shares)
        self._step(quantity, threshold, asked, (span, low), (precision / span, confidence), error)

    def _step(
        self,
        quantity: str,
        threshold: float,
        tail: tuple[Circuit, float],
        scaling: tuple[float, float],
        asked: tuple[float, float],
        error: float,
    ) -> None:
        """Estimate one amplitude: of what the circuit in `tail` turns, which is the number beside it on the grid."""
        law = self.law
        circuit = Circuit(law.circuit.num_qubits + 1, name=quantity)
        circuit.extend(law.circuit, range(law.circuit.num_qubits))
        circuit.extend(tail[0], (*law.register, law.circuit.num_qubits))
        if asked[0] < 1e-8:
            raise InputError(f"precision must be at least {1e-8 * abs(scaling[0]):.3g} for losses of this size")
        done = self.num_queries
        known = min(tail[1], 1.0) if circuit.num_qubits > MOST_SIMULATED else None
        found = estimate_amplitude(
            EstimationProblem(circuit, law.circuit.num_qubits, known_amplitude=known),
            min(asked[0], 0.5),
            method=self.method,
            confidence=asked[1],
            sampler=self.sampler,
            seed=self._rng,
            progress=None if self.progress is None else self._told(done),
        ).transformed(*scaling)
        self.num_qubits = max(self.num_qubits, circuit.num_qubits)
        self.steps.append(RiskStep(threshold, quantity, found, error))

    def _told(self, done: int) -> Callable[[int, int], None]:
        assert self.progress is not None
        tell = self.progress
        return lambda made, total: tell(done + made, done + total)

    def result(
        self,
        measure: Measure,
        level: float | None,
        found: tuple[float, float, float],
        cost: float,
        exact: tuple[float, float],
        classical: MonteCarlo,
    ) -> RiskResult:
        """The result: the estimate and the ends of its interval, what the grid costs, and what is exact."""
        estimate, low, high = found
        reach = max(estimate - low, high - estimate)
        return RiskResult(
            measure=measure,
            level=level,
            estimate=estimate,
            interval=(low, high),
            confidence=self.confidence,
            budget=ErrorBudget(max(reach - cost, 0.0), discretisation=cost),
            exact=exact[0],
            exact_method=self.law.exact.method,
            grid_value=exact[1],
            monte_carlo=classical,
            steps=tuple(self.steps),
            num_qubits=self.num_qubits,
            num_queries=self.num_queries,
            depth=max(step.estimation.depth for step in self.steps) if self.steps else 0,
            seed=self.seed,
            losses_fingerprint=self.law.fingerprint,
            version=__version__,
            wall_time=time.perf_counter() - self._started,
        )
