"""The goals as data, and whether results meet them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from peers.circuits import CIRCUITS
from peers.results import Race, Results
from peers.roofline import AMPLITUDE_BYTES
from peers.tasks import PRECISIONS, Case
from peers.transpiled import TRANSPILED_NAMES

__all__ = ["GOALS", "Goal", "Verdict", "goal_of", "in_cache_share", "limits", "verdicts"]

_QAOA = ("qaoa-portfolio", "qaoa-regular")
_NATIVE = tuple(CIRCUITS)


@dataclass(frozen=True)
class Goal:
    """How much faster than the fastest peer qtoolkit wants to be.

    Attributes:
        title: what is compared.
        question: of the benchmark.
        sizes: smallest and largest number of qubits.
        least: the ratio wanted, or the share of the machine's rate.
        circuits: those meant; all by default.
        rivals: those meant; all by default.
        statistic: ``each`` ratio, the geometric ``mean``, or ``share`` of the in-cache rate of arithmetic.
    """

    title: str
    question: str
    sizes: tuple[int, int]
    least: float
    circuits: Sequence[str] = ()
    rivals: Sequence[str] = ()
    statistic: str = "each"

    def covers(self, case: Case) -> bool:
        """Whether a case counts for this goal."""
        return (
            case.question == self.question
            and self.sizes[0] <= case.num_qubits <= self.sizes[1]
            and (not self.circuits or case.circuit in self.circuits)
        )

    @property
    def wanted(self) -> str:
        """The goal in a few letters."""
        return f"≥ {100 * self.least:.0f} %" if self.statistic == "share" else f"≥ {self.least:g}x"


GOALS = (
    Goal("state vector, 20–26 qubits, geometric mean", "state", (20, 26), 4.0, _NATIVE, statistic="mean"),
    Goal("state vector, 20–26 qubits, each circuit", "state", (20, 26), 2.0, _NATIVE),
    Goal("transpiled, kept, 20–26 qubits, geometric mean", "state", (20, 26), 5.0, TRANSPILED_NAMES, statistic="mean"),
    Goal("transpiled, kept, 20–26 qubits, each circuit", "state", (20, 26), 2.0, TRANSPILED_NAMES),
    Goal("state vector, 2–19 qubits, each circuit", "state", (2, 19), 1.0),
    Goal("QFT, QAOA and ansatz, 24 qubits, each", "state", (24, 24), 5.0, ("qft", "ansatz", *_QAOA)),
    Goal("quantum volume, 24 qubits, of in-cache rate", "state", (24, 24), 0.6, ("quantum-volume",), (), "share"),
    Goal("once, 2–12 qubits, each", "once", (2, 12), 1.0),
    Goal("once, 2–12 qubits, geometric mean", "once", (2, 12), 2.0, statistic="mean"),
    Goal("once, 13–19 qubits, each", "once", (13, 19), 1.0),
    Goal("once, 13–19 qubits, geometric mean", "once", (13, 19), 2.5, statistic="mean"),
    Goal("once, 20–26 qubits, each", "once", (20, 26), 1.5),
    Goal("once, 20–26 qubits, geometric mean", "once", (20, 26), 4.0, statistic="mean"),
    Goal("gradient of a new ansatz, 4–16 qubits, each", "once-gradient", (4, 16), 2.0),
    Goal("value of a new circuit, 2–16 qubits, each", "once-expectation", (2, 16), 1.0),
    Goal("1000 shots of a new circuit, each", "once-samples", (2, 16), 1.0),
    Goal("10,000 new circuits of up to 6 qubits", "once-many", (2, 6), 1.0),
    Goal("expectation value, 2–12 qubits, each", "expectation", (2, 12), 1.5, ("ising",)),
    Goal("adjoint gradient, 4–22 qubits, each", "gradient", (4, 22), 4.0, (), ("lightning", "qulacs", "prism_q")),
    Goal("Pauli sums of molecules, each", "expectation", (2, 26), 4.0, ("lih", "n2")),
    Goal("10^6 samples, 24 qubits", "samples", (24, 24), 3.0),
    Goal(
        "QAOA on 24 assets, dense weights", "expectation", (24, 24), 5.0, ("portfolio",), ("qokit", "lightning", "aer")
    ),
    Goal("XY-QAOA on 5 of 20 assets, gradient", "gradient", (20, 20), 20.0, ("portfolio-ring",), ("lightning",)),
    Goal("QAOA on LABS, 20 qubits", "expectation", (20, 20), 5.0, ("labs",), ("qokit", "lightning", "aer")),
)
"""In the order of the table; all against the fastest peer in the same precision, same threads, same run.

A peer without single precision competes in single precision with its double.
"""


@dataclass(frozen=True)
class Verdict:
    """How results stand to a goal in one precision.

    Attributes:
        goal, precision: which.
        value: the mean, the smallest ratio or the share; None if nothing was measured.
        worst: the race of the smallest ratio.
        misses: ratio of each race below the goal, smallest first.
        count: races that count.
    """

    goal: Goal
    precision: str
    value: float | None
    worst: Race | None
    misses: tuple[tuple[Race, float], ...]
    count: int

    @property
    def is_met(self) -> bool | None:
        """None if nothing was measured."""
        return None if self.value is None else self.value >= self.goal.least

    @property
    def shown(self) -> str:
        """The value as it is printed."""
        if self.value is None:
            return "not measured"
        return f"{100 * self.value:.0f} %" if self.goal.statistic == "share" else f"{self.value:.2f}x"


def verdicts(results: Results) -> Iterator[Verdict]:
    """Each goal in each precision."""
    for goal in GOALS:
        for precision in PRECISIONS:
            yield _verdict(goal, precision, results)


def _verdict(goal: Goal, precision: str, results: Results) -> Verdict:
    values = sorted(
        (
            (value, race.case, race)
            for race in results.races
            if race.case.precision == precision and goal.covers(race.case)
            for value in [_value(goal, race, results)]
            if value is not None
        ),
        key=lambda item: item[:2],
    )
    if not values:
        return Verdict(goal, precision, None, None, (), 0)
    smallest, _, worst = values[0]
    if goal.statistic == "mean":
        mean = math.exp(sum(math.log(value) for value, *_ in values) / len(values))
        return Verdict(goal, precision, mean, worst, (), len(values))
    misses = tuple((race, value) for value, _, race in values if value < goal.least)
    return Verdict(goal, precision, smallest, worst, misses, len(values))


def _value(goal: Goal, race: Race, results: Results) -> float | None:
    return in_cache_share(race, results) if goal.statistic == "share" else race.ratio(goal.rivals)


def goal_of(case: Case) -> tuple[float, Sequence[str]] | None:
    """The highest ratio that a goal wants of one case, and against whom."""
    wanted = [(goal.least, goal.rivals) for goal in GOALS if goal.statistic == "each" and goal.covers(case)]
    return max(wanted, default=None)


def in_cache_share(race: Race, results: Results) -> float | None:
    """Arithmetic per second over the rate of multiply-adds that this machine reaches inside its caches."""
    rate = _arithmetic_rate(race.case.precision, results)
    if race.ours is None or not rate:
        return None
    return race.work["flops_per_amplitude"] * 2.0**race.case.num_qubits / race.ours.seconds / rate


def _arithmetic_rate(precision: str, results: Results) -> float:
    return max((results.rates.get(f"{label}_{precision}", 0.0) for label in ("gate", "fma")), default=0.0)


def limits(race: Race, results: Results) -> str:
    """What the time of one of our states consists of, as far as the rates of the machine tell."""
    ours, share = race.ours, in_cache_share(race, results)
    if ours is None or share is None or race.case.question != "state":
        return ""
    amplitudes = 2.0**race.case.num_qubits
    computed = ours.figures.get("flops_per_amplitude", 0.0) * share / max(race.work["flops_per_amplitude"], 1e-9)
    parts = [f"{_percent(share)} of in-cache arithmetic" + (f" ({_percent(computed)} as planned)" if computed else "")]
    pass_bytes = 2.0 * AMPLITUDE_BYTES[race.case.precision] * amplitudes
    bandwidth = results.rates.get("bandwidth", 0.0)
    if bandwidth and race.case.num_qubits >= 20:
        parts.append(f"the time of {ours.seconds * bandwidth / pass_bytes:.1f} passes over memory")
    moved = ours.figures.get("bytes_per_amplitude", 0.0) * amplitudes
    if bandwidth and moved and race.case.num_qubits >= 20:
        parts.append(
            f"{ours.figures.get('sweeps', 0.0):.0f} sweeps, {_percent(moved / ours.seconds / bandwidth)} of bandwidth"
        )
    return ", ".join(parts)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"
