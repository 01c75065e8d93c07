"""Nested commutators of few fragments, which bound the error of a product formula of any order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import numpy as np

from qtoolkit.algorithms.dynamics.commutators import Weighted, bracket, merged, norm_of, weighted_terms
from qtoolkit.algorithms.dynamics.ordering import Fragments
from qtoolkit.algorithms.dynamics.schedule import step_of

__all__ = ["NestedBound", "nested_bound"]

Stages: TypeAlias = list[tuple[int, float]]

_MOST_FRAGMENTS = 8
_MOST_WORDS = 6_000
_MOST_PAIRS = 10**8


class NestedBound(NamedTuple):
    """The error of a step of time t is at most ``min(whole |t|^{p+1}, leading |t|^{p+1} + beyond |t|^{p+2})``.

    Attributes:
        whole, leading: factors of ``|t|^{p+1}``.
        beyond: factor of ``|t|^{p+2}``; infinite where it was too much work.
    """

    whole: float
    leading: float
    beyond: float

    def error(self, order: int, time: float) -> float:
        """Of one step."""
        here = abs(time) ** (order + 1)
        return min(self.whole * here, (self.leading + self.beyond * abs(time)) * here if time else 0.0)


def nested_bound(fragments: Fragments, order: int) -> NestedBound | None:
    """The factors for a formula of order p; None if there are too many commutators.

    With stages ``e^{−i a_k t H_k}`` in time order, ``S'(t) = −i Σ_k a_k (e^{−i a_K t ad H_K} ⋯ e^{−i a_{k+1} t ad
    H_{k+1}} H_k) S(t)``. A formula of order p has no terms below t^p in the difference of that sum and H. What is left
    from t^p on is at most ``t^p Σ Π |a|^q / q! ‖ad H_K^{q_K} ⋯ ad H_{k+1}^{q_{k+1}} H_k‖`` over all ``Σ q = p``, and so
    for p + 1 beyond the term with t^p itself, where commutators of different stages may cancel. Integrals over time
    bound the error (A. M. Childs et al., Phys. Rev. X 11, 011020 (2021), theorem 5 and section IV).
    """
    starts = fragments.starts.tolist()
    if len(starts) > _MOST_FRAGMENTS + 1:
        return None
    parts = [weighted_terms(fragments, start, stop) for start, stop in itertools.pairwise(starts)]
    stages = step_of(len(parts), order)
    whole, exact = 0.0, list[Weighted]()
    try:
        for word, found in _words(parts, order + 1, _Budget()):
            whole += norm_of(found) * _share(word, [(k, abs(duration)) for k, duration in stages])
            exact.append(Weighted(found.x_masks, found.z_masks, found.weights * _share(word, stages)))
    except _OverBudgetError:
        return None
    whole /= order + 1
    try:
        absolute = [(k, abs(duration)) for k, duration in stages]
        rest = [norm_of(found) * _share(word, absolute) for word, found in _words(parts, order + 2, _Budget())]
    except _OverBudgetError:
        return NestedBound(whole, math.inf, math.inf)
    leading = norm_of(merged(Weighted(*map(np.concatenate, zip(*exact, strict=True))))) if exact else 0.0
    return NestedBound(whole, leading / (order + 1), sum(rest) / (order + 2))


class _OverBudgetError(Exception):
    pass


class _Budget:
    """What a walk through words may take."""

    def __init__(self) -> None:
        self._words, self._pairs = _MOST_WORDS, _MOST_PAIRS

    def spend(self, pairs: int) -> None:
        self._words -= 1
        self._pairs -= pairs
        if min(self._words, self._pairs) < 0:
            raise _OverBudgetError


def _words(parts: list[Weighted], length: int, budget: _Budget) -> Iterator[tuple[tuple[int, ...], Weighted]]:
    """Words of so many fragments, the innermost first, and their nested commutators, but for those that vanish."""

    def extended(word: tuple[int, ...], inner: Weighted) -> Iterator[tuple[tuple[int, ...], Weighted]]:
        if len(word) == length:
            yield word, inner
            return
        for k, part in enumerate(parts):
            if len(word) == 1 and k == word[0]:
                continue
            budget.spend(len(part.weights) * len(inner.weights))
            outer = bracket(part, inner)
            if len(outer.weights):
                yield from extended((*word, k), outer)

    for k, part in enumerate(parts):
        yield from extended((k,), part)


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
