"""Nested commutators of few fragments, which bound the error of a product formula of any order."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple, TypeAlias

import numpy as np

from qtoolkit.algorithms.dynamics.commutators import Weighted, bracket, merged, norm_of, weighted_terms
from qtoolkit.algorithms.dynamics.ordering import Fragments
from qtoolkit.algorithms.dynamics.schedule import step_of

__all__ = ["Level", "nested_levels", "step_error"]

Stages: TypeAlias = list[tuple[int, float]]

_MOST_FRAGMENTS = 8
_MOST_WORDS = 2_500
_MOST_PAIRS = 10**8
_MOST_LEVELS = 7

Words: TypeAlias = dict[tuple[int, ...], Weighted]
"""Nested commutators by their fragments, the innermost first, but for those that vanish."""


class Level(NamedTuple):
    """What one power of the time contributes to the error of a step, as factors of that power.

    Attributes:
        power: of the time.
        exact: of that power alone, with all commutators added up before their norm is taken.
        whole: of that power and all beyond, commutator by commutator.
    """

    power: int
    exact: float
    whole: float


def nested_levels(fragments: Fragments, order: int) -> list[Level]:
    """The powers from ``order + 1`` on, as far as they take some seconds; none if the first takes more.

    With stages ``e^{−i a_k t H_k}`` in time order, ``S'(t) = −i Σ_k a_k (e^{−i a_K t ad H_K} ⋯ e^{−i a_{k+1} t ad
    H_{k+1}} H_k) S(t)``. A formula of order p has no powers below t^p in the difference of that sum and H. What is left
    from any power t^n on is at most ``t^n Σ Π |a|^q / q! ‖ad H_K^{q_K} ⋯ ad H_{k+1}^{q_{k+1}} H_k‖`` over all
    ``Σ q = n``, while in a power by itself commutators of different stages may cancel. Integrals over time bound the
    error (A. M. Childs et al., Phys. Rev. X 11, 011020 (2021), theorem 5 and section IV).
    """
    starts = fragments.starts.tolist()
    parts = [weighted_terms(fragments, start, stop) for start, stop in itertools.pairwise(starts)]
    if len(parts) > _MOST_FRAGMENTS:
        return []
    stages = step_of(len(parts), order)
    absolute = [(k, abs(duration)) for k, duration in stages]
    words: Words = {(k,): part for k, part in enumerate(parts)}
    levels = list[Level]()
    for power in range(2, order + 1 + _MOST_LEVELS):
        longer = _longer(words, parts)
        if longer is None:
            break
        words = longer
        if power <= order:
            continue
        whole = sum(norm_of(found) * _share(word, absolute) for word, found in words.items())
        shares = [
            Weighted(found.x_masks, found.z_masks, found.weights * _share(word, stages))
            for word, found in words.items()
        ]
        exact = norm_of(merged(Weighted(*map(np.concatenate, zip(*shares, strict=True))))) if shares else 0.0
        levels.append(Level(power, exact / power, whole / power))
    return levels


def step_error(levels: list[Level], time: float) -> float:
    """The least that the levels prove: powers one by one up to some level, and that with all beyond."""
    before, least = 0.0, math.inf
    for level in levels:
        here = abs(time) ** level.power
        least = min(least, before + level.whole * here)
        before += level.exact * here
    return least


def _longer(words: Words, parts: list[Weighted]) -> Words | None:
    """Words of one letter more; None if they are too many or too large."""
    found: Words = {}
    pairs = 0
    for word, inner in words.items():
        for k, part in enumerate(parts):
            if word == (k,):
                continue
            pairs += len(part.weights) * len(inner.weights)
            if pairs > _MOST_PAIRS or len(found) > _MOST_WORDS:
                return None
            outer = bracket(part, inner)
            if len(outer.weights):
                found[*word, k] = outer
    return found


def _share(word: tuple[int, ...], stages: Stages) -> float:
    """``Σ a_k Π a^q / q!`` over the ways in which stage k gives the first letter and later ones, in order, the rest."""
    first, *rest = word
    total = 0.0
    # ways[j]: of the letters from j on behind the first one, by the stages from here to the last
    ways = [0.0] * len(rest) + [1.0]
    for fragment, duration in reversed(stages):
        if fragment == first:
            total += duration * ways[0]
        longer = list(ways)
        for start in range(len(rest)):
            weight = 1.0
            for stop in range(start, len(rest)):
                if rest[stop] != fragment:
                    break
                weight *= duration / (stop - start + 1)
                longer[start] += weight * ways[stop + 1]
        ways = longer
    return total
