"""Both bases of a memory as one number, and the physical qubit that it is fairly compared with."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from qtoolkit._arguments import items_of, shown
from qtoolkit.applications.qec._validation import require_rate
from qtoolkit.applications.qec.experiments.result import ExperimentResult
from qtoolkit.applications.qec.intervals import per_round_rate
from qtoolkit.errors import InputError

__all__ = ["BothBases", "Verdict", "both_bases", "unprotected_error_rate"]

Verdict: TypeAlias = Literal["better", "worse", "undecided"]


@dataclass(frozen=True)
class BothBases:
    """A memory of logical X eigenstates and one of logical Z eigenstates, else alike.

    Of a logical qubit that suffers X, Y and Z with probabilities p_X, p_Y and p_Z, a memory in basis z sees p_X + p_Y
    and one in basis x sees p_Z + p_Y. Neither alone tells how well the qubit is kept: their mean is between a half and
    all of p_X + p_Y + p_Z, and it is what an unprotected qubit's mean over both bases can be compared with.

    Attributes:
        x: the result in basis x.
        z: the result in basis z.
    """

    x: ExperimentResult
    z: ExperimentResult

    @property
    def logical_error_rate(self) -> float:
        """Mean of the two rates."""
        return 0.5 * (self.x.logical_error_rate + self.z.logical_error_rate)

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """Of the mean rate, about 95 %, from the intervals of the two.

        Source: Zou and Donner, Statist. Med. 27, 1693 (2008), MOVER: distances to the ends add in squares.
        """
        rates = [result.logical_error_rate for result in (self.x, self.z)]
        ends = [result.confidence_interval for result in (self.x, self.z)]
        below = math.hypot(*(rate - low for rate, (low, _) in zip(rates, ends, strict=True)))
        above = math.hypot(*(high - rate for rate, (_, high) in zip(rates, ends, strict=True)))
        mean = 0.5 * sum(rates)
        return max(0.0, mean - 0.5 * below), min(1.0, mean + 0.5 * above)

    @property
    def rounds(self) -> int:
        """Of both."""
        return self.z.rounds

    @property
    def distance(self) -> int:
        """Of both."""
        return self.z.distance

    @property
    def physical_error_rate(self) -> float:
        """Of both."""
        return self.z.physical_error_rate

    @property
    def logical_error_rate_per_round(self) -> float:
        """Of the mean rate; see `per_round_rate`."""
        return per_round_rate(self.logical_error_rate, self.rounds)

    @property
    def confidence_interval_per_round(self) -> tuple[float, float]:
        """The interval, both ends converted to one round."""
        low, high = self.confidence_interval
        return per_round_rate(low, self.rounds), per_round_rate(high, self.rounds)

    @property
    def any_error_per_round(self) -> tuple[float, float]:
        """Least and most that p_X + p_Y + p_Z of a round can be by both estimates: the larger one, and their sum."""
        rates = [result.logical_error_rate_per_round for result in (self.x, self.z)]
        return max(rates), min(1.0, sum(rates))

    def against(self, rate_per_round: float) -> Verdict:
        """Whether the logical qubit errs less often in a round than at a rate, by the interval at 95 %.

        Args:
            rate_per_round: of what it is compared with, as mean over both bases, such as `unprotected_error_rate`.

        Raises:
            InputError: if the rate lies outside [0, 1].
        """
        rate = require_rate("rate_per_round", rate_per_round)
        low, high = self.confidence_interval_per_round
        return "better" if high < rate else "worse" if low > rate else "undecided"


def both_bases(results: Iterable[ExperimentResult]) -> tuple[BothBases, ...]:
    """Pairs of results that differ in the label basis only, in the order in which their first ones come.

    Raises:
        InputError: if a result is none, or has no partner, or rounds that differ from its partner's.
    """
    pairs: dict[tuple[object, ...], dict[str, ExperimentResult]] = {}
    for result in items_of(results, "results must be ExperimentResults"):
        if not isinstance(result, ExperimentResult):
            raise InputError(f"results must be ExperimentResults, got {shown(result)}")
        if result.basis not in ("x", "z"):
            raise InputError(f"a result of both bases must have a label basis that is x or z, got {result.basis!r}")
        others = tuple(sorted((name, value) for name, value in result.labels.items() if name != "basis"))
        found = pairs.setdefault((others, result.decoder, result.rounds), {})
        if result.basis in found:
            raise InputError(f"each basis must come once, got {result.basis} twice for {dict(result.labels)}")
        found[result.basis] = result
    for pair in pairs.values():
        if len(pair) != 2:
            (lone,) = pair.values()
            raise InputError(f"a result needs its partner in the other basis, got only {dict(lone.labels)}")
    return tuple(BothBases(pair["x"], pair["z"]) for pair in pairs.values())


def unprotected_error_rate(physical_error_rate: float) -> float:
    """How often one round of depolarising flips a physical qubit that is stored and read in a basis: 2p/3 in each.

    Depolarising at rate p applies X, Y and Z with p/3 each, two of which flip an eigenstate of a third. It is what a
    data qubit suffers while it waits for a round, without gates, resets and measurements.

    Raises:
        InputError: if the rate lies outside [0, 1].
    """
    return 2.0 * require_rate("physical_error_rate", physical_error_rate) / 3.0
