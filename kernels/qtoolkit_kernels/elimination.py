"""Exact decoding: the probability of every flip of the observables, summed over all errors that give the events.

A program walks through the error mechanisms and keeps the joint distribution of the observables and of those detectors
that lie between mechanisms behind and mechanisms ahead. A detector comes in with the first of its mechanisms, and after
the last one its event is known: the half of the distribution that disagrees is dropped. All numbers are sums of
products of probabilities, so that even the rarest syndromes keep their digits.

This is variable elimination; on a code, Bravyi, Suchara and Vargo, Phys. Rev. A 90, 032326 (2014).
"""

import numpy as np

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Bits, Floats, Integers

__all__ = ["CLOSE", "MIX", "OPEN", "sum_over_errors"]

OPEN, MIX, CLOSE = 0, 1, 2
"""The steps: a further bit, which is 0; a mechanism that flips the bits of a mask; a bit whose value is known."""

_SMALL = 1e-150


@njit
def _mix(weights: Floats, size: int, mask: int, probability: float) -> None:
    """Flip the bits of `mask` with this probability."""
    high = 1
    while high <= mask >> 1:
        high <<= 1
    stay = 1.0 - probability
    for first in range(0, size, 2 * high):
        for place in range(first, first + high):
            other = as_index(place ^ mask)
            here, there = weights[as_index(place)], weights[other]
            weights[as_index(place)] = stay * here + probability * there
            weights[other] = stay * there + probability * here


@njit
def _close(weights: Floats, size: int, slot: int, event: int) -> None:
    """Keep the half in which a bit has this value, and take the bit out."""
    run = 1 << slot
    target = 0
    for first in range(event * run, size, 2 * run):
        for place in range(first, first + run):
            weights[as_index(target)] = weights[as_index(place)]
            target += 1


@njit
def sum_over_errors(steps: Integers, probabilities: Floats, events: Bits, out: Floats) -> None:
    """Write log P(events and observables) of each shot to `out`, float64 (shots, 2^observables); −inf where impossible.

    Args:
        steps: int64 (steps, 3): OPEN; MIX, the mask, the mechanism; CLOSE, the bit, the detector.
        probabilities: float64 (shots, mechanisms), or (1, mechanisms) for all.
        events: uint8 (shots, detectors).
        out: its index has observable k as bit k; the lowest bits of the program are the observables.

    Takes 8 · 2^(the most bits at a time) bytes.
    """
    size = largest = out.shape[1]
    for k in range(steps.shape[0]):
        if steps[k, 0] == OPEN:
            size *= 2
            largest = max(largest, size)
        elif steps[k, 0] == CLOSE:
            size >>= 1
    weights = np.empty(largest, np.float64)
    for shot in range(events.shape[0]):
        rates = probabilities[shot if probabilities.shape[0] > 1 else 0]
        size = out.shape[1]
        for place in range(size):
            weights[as_index(place)] = 0.0
        weights[0] = 1.0
        logarithm = 0.0
        for k in range(steps.shape[0]):
            kind, argument, place = steps[k, 0], steps[k, 1], steps[k, 2]
            if kind == OPEN:
                for place in range(size, 2 * size):
                    weights[as_index(place)] = 0.0
                size *= 2
            elif kind == MIX:
                _mix(weights, size, argument, rates[place])
            else:
                _close(weights, size, argument, events[shot, place])
                size >>= 1
                most = 0.0
                for place in range(size):
                    most = max(most, weights[as_index(place)])
                if 0.0 < most < _SMALL:
                    for place in range(size):
                        weights[as_index(place)] /= most
                    logarithm += np.log(most)
        for place in range(size):
            weight = weights[as_index(place)]
            out[shot, place] = np.log(weight) + logarithm if weight > 0.0 else -np.inf
