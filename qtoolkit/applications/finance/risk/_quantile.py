"""The search for a quantile with estimated probabilities: bisection that knows what it does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Quantile", "find_quantile", "most_steps"]


@dataclass(frozen=True)
class Quantile:
    """Where a distribution function on 0, …, size - 1 reaches a level.

    Attributes:
        guess: the place by the estimates.
        below: the last place where it is surely less; -1 if none is.
        above: the first where it is surely as much.
        known: estimate and ends of its interval for each place that was asked for, and both ends.
    """

    guess: int
    below: int
    above: int
    known: Mapping[int, tuple[float, float, float]]

    def bounds(self, place: int) -> tuple[float, float]:
        """What the function can be at a place: it ascends, so places around tell too."""
        least = max(found[1] for at, found in self.known.items() if at <= place)
        most = min(found[2] for at, found in self.known.items() if at >= place)
        return least, most


def most_steps(size: int) -> int:
    """How many probabilities `find_quantile` asks for at most."""
    return 3 * max((size - 1).bit_length(), 1)


def find_quantile(size: int, level: float, chance: Callable[[int], tuple[float, float, float]]) -> Quantile:
    """Bisect by the estimates, then bisect for the ends of what the intervals leave possible.

    Args:
        size: number of places; the function is 1 at the last.
        level: to be reached.
        chance: gives the estimate at a place, and the ends of its interval.
    """
    known: dict[int, tuple[float, float, float]] = {-1: (0.0, 0.0, 0.0), size - 1: (1.0, 1.0, 1.0)}

    def at(place: int) -> tuple[float, float, float]:
        if place not in known:
            known[place] = chance(place)
        return known[place]

    def bisected(low: int, high: int, is_high: Callable[[tuple[float, float, float]], bool]) -> int:
        """The first place found high, after one that is not."""
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if is_high(at(middle)) else (middle, high)
        return high

    guess = bisected(-1, size - 1, lambda found: found[0] >= level)
    below = max(place for place, found in known.items() if found[2] < level)
    above = min(place for place, found in known.items() if found[1] >= level)
    if below < guess:
        below = bisected(below, guess, lambda found: found[2] >= level) - 1
    if above > guess:
        above = bisected(guess, above, lambda found: found[1] >= level)
    return Quantile(guess, below, above, known)
