"""Physical qubits and hours of an algorithm that is stated by its Toffoli gates and logical qubits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from qtoolkit._arguments import check_instance
from qtoolkit._checks import require_integer, require_number, require_positive
from qtoolkit.errors import InputError

__all__ = ["Footprint", "LogicalErrorModel", "ScalingLaw", "ToffoliFactory", "physical_footprint"]

_DISTANCES = range(3, 52, 2)
_FIRST_DISTANCES, _SECOND_DISTANCES = range(5, 26, 2), range(7, 42, 2)
_CELLS_OF_INJECTION, _CELLS_OF_FIRST_LEVEL, _CELLS_OF_SECOND_LEVEL = 100, 1000, 1000


@runtime_checkable
class LogicalErrorModel(Protocol):
    """How good a code of a distance is; `SuppressionFit`, from experiments, is one."""

    @property
    def physical_error_rate(self) -> float:
        """At which it holds."""
        ...

    def logical_error_rate_per_round(self, distance: int) -> float:
        """Of one logical qubit."""
        ...


@dataclass(frozen=True)
class ScalingLaw:
    """ε_d = prefactor (p / threshold)^{(d + 1)/2} for the logical error rate of a round, in either basis.

    Attributes:
        physical_error_rate: p, below the threshold.
        prefactor: 0.1 by default, as is usual for the surface code under circuit noise (A. G. Fowler and C. Gidney,
            arXiv:1808.06709).
        threshold: 0.01 by default, from there too.

    Raises:
        InputError: if a number is not positive, or p not below the threshold.
    """

    physical_error_rate: float = 1e-3
    prefactor: float = 0.1
    threshold: float = 0.01

    def __post_init__(self) -> None:
        for name in ("physical_error_rate", "prefactor", "threshold"):
            object.__setattr__(self, name, require_positive(name, getattr(self, name)))
        if self.physical_error_rate >= self.threshold:
            raise InputError(
                f"physical_error_rate must be below the threshold of {self.threshold:g}, got "
                f"{self.physical_error_rate:g}"
            )

    def logical_error_rate_per_round(self, distance: int) -> float:
        """Of one logical qubit.

        Raises:
            InputError: if the distance is below 1.
        """
        distance = require_integer("distance", distance, 1)
        return self.prefactor * math.pow(self.physical_error_rate / self.threshold, (distance + 1) / 2)


@dataclass(frozen=True)
class ToffoliFactory:
    """Two levels of distillation that make one CCZ state at a time (C. Gidney and A. G. Fowler, Quantum 3, 135 (2019)).

    Attributes:
        distances: of both levels.
        num_qubits: physical ones.
        rounds: of the code for each state.
        error_rate: of each state.
    """

    distances: tuple[int, int]
    num_qubits: int
    rounds: float
    error_rate: float


@dataclass(frozen=True)
class Footprint:
    """What an algorithm needs on a surface code.

    Attributes:
        num_physical_qubits: of data with routes, and of factories.
        seconds: of one run.
        distance: of the data.
        num_data_qubits: physical ones for data and routes.
        factory: that makes the Toffoli states.
        num_factories: that work at once.
        failure_probability: of one run, of data and states together.
        physical_error_rate: assumed.
        is_extrapolated: whether the distance is larger than those that the error model was fitted to.
    """

    num_physical_qubits: int
    seconds: float
    distance: int
    num_data_qubits: int
    factory: ToffoliFactory
    num_factories: int
    failure_probability: float
    physical_error_rate: float
    is_extrapolated: bool

    @property
    def hours(self) -> float:
        """Hours of one run."""
        return self.seconds / 3600.0


def physical_footprint(
    num_toffolis: int,
    num_logical_qubits: int,
    code: LogicalErrorModel | None = None,
    *,
    cycle_time: float = 1e-6,
    num_factories: int = 4,
    routing_overhead: float = 0.5,
    max_failure_probability: float = 0.1,
) -> Footprint:
    """The surface code with the least qubits times hours that runs the algorithm.

    Toffoli gates come one after another at the rate of the factories, all logical qubits live as long, and a logical
    qubit is a patch of 2 (d + 1)² physical ones, with more of them for routes (the assumptions of J. Lee et al., PRX
    Quantum 2, 030305 (2021), section IV).

    Args:
        num_toffolis: Toffoli gates, at least 1.
        num_logical_qubits: at least 1.
        code: how good the code is: `ScalingLaw` at 10⁻³ by default, or a `SuppressionFit` of experiments.
        cycle_time: seconds of one round.
        num_factories: that work at once.
        routing_overhead: patches for routes, as a share of those for data.
        max_failure_probability: of one run, in (0, 1).

    Raises:
        InputError: if a number breaks its rule, the error model is none, or no distance up to 51 is enough.
    """
    toffolis = require_integer("num_toffolis", num_toffolis, 1)
    logical = require_integer("num_logical_qubits", num_logical_qubits, 1)
    model = ScalingLaw() if code is None else check_instance(code, LogicalErrorModel, "code must be an error model")
    cycle, factories = require_positive("cycle_time", cycle_time), require_integer("num_factories", num_factories, 1)
    patches = math.ceil(logical * (1.0 + require_number("routing_overhead", routing_overhead, 0.0)))
    most = require_number("max_failure_probability", max_failure_probability)
    if not 0.0 < most < 1.0:
        raise InputError(f"max_failure_probability must lie strictly between 0 and 1, got {most:g}")
    best: Footprint | None = None
    largest_fitted = max(getattr(code, "distances", (_DISTANCES[-1],)))
    for factory in _factories(model):
        if factory.error_rate * toffolis >= most:
            continue
        rounds = math.ceil(toffolis / factories * factory.rounds)
        for distance in _DISTANCES:
            failure = factory.error_rate * toffolis + model.logical_error_rate_per_round(distance) * patches * rounds
            if failure > most:
                continue
            data = patches * _patch(distance)
            found = Footprint(
                num_physical_qubits=data + factories * factory.num_qubits,
                seconds=rounds * cycle,
                distance=distance,
                num_data_qubits=data,
                factory=factory,
                num_factories=factories,
                failure_probability=failure,
                physical_error_rate=model.physical_error_rate,
                is_extrapolated=distance > largest_fitted,
            )
            if best is None or _volume(found) < _volume(best):
                best = found
            break
    if best is None:
        raise InputError(
            f"no distance up to {_DISTANCES[-1]} runs {toffolis:.3g} Toffoli gates on {logical} logical qubits with a "
            f"probability of failure of {most:g} at physical error rate {model.physical_error_rate:g}; take a lower "
            "rate, a shorter algorithm or more failures"
        )
    return best


def _factories(model: LogicalErrorModel) -> Iterator[ToffoliFactory]:
    for first in _FIRST_DISTANCES:
        for second in _SECOND_DISTANCES:
            if second <= first:
                continue
            ratio = first / second
            depth = max(5.0, 5.75 * ratio)
            columns = math.ceil(8 / 5 * 5.75 * ratio) / 2
            width = math.ceil(8 * ratio * 2 + 3 + 2 * ratio)
            height = math.ceil(max(6.0, 4 * ratio * math.ceil(columns)))
            yield ToffoliFactory(
                (first, second), width * height * _patch(second), depth * second, _state_error(model, first, second)
            )


def _state_error(model: LogicalErrorModel, first: int, second: int) -> float:
    """Of a CCZ state: 15-to-1 twice in effect, 35 ε³ and then 28 ε², and what the code lets through at each level."""
    injected = model.physical_error_rate
    injected += _CELLS_OF_INJECTION * model.logical_error_rate_per_round(first // 2)
    cells = _CELLS_OF_FIRST_LEVEL + _CELLS_OF_INJECTION
    distilled = 35.0 * injected**3 + cells * model.logical_error_rate_per_round(first)
    return 28.0 * distilled**2 + _CELLS_OF_SECOND_LEVEL * model.logical_error_rate_per_round(second)


def _patch(distance: int) -> int:
    return 2 * (distance + 1) ** 2


def _volume(footprint: Footprint) -> float:
    return footprint.num_physical_qubits * footprint.seconds
