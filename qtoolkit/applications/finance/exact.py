"""The exact optimum of a portfolio problem, by looking at every choice."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._checks import require_integer
from qtoolkit._memory import check_memory
from qtoolkit.applications.finance.problem import PortfolioProblem, require_problem
from qtoolkit.errors import InputError

__all__ = ["ExactSelection", "RankedSelection", "exact_selection"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MAX_CHOICES = 50_000_000
_CHUNK = 65_536
_CHUNK_BYTES = 1 << 25
"""At most so many choices at a time, and so many bytes for each of the arrays that judge them."""


@dataclass(frozen=True)
class RankedSelection:
    """One choice of assets.

    Attributes:
        assets: names, in the problem's order.
        indices: their indices, ascending.
        value: objective.
    """

    assets: tuple[str, ...]
    indices: tuple[int, ...]
    value: float


@dataclass(frozen=True)
class ExactSelection:
    """The best choices, and how the objective spreads over all of them.

    Attributes:
        ranking: the best choices, best first.
        worst_value: highest objective of any choice.
        mean_value: mean over all choices, which is what a uniformly random one expects.
        standard_deviation: over all choices.
        num_choices: choices looked at: all.
        problem_fingerprint: of the problem, see `PortfolioProblem.fingerprint`.
        wall_time: seconds.
    """

    ranking: tuple[RankedSelection, ...]
    worst_value: float
    mean_value: float
    standard_deviation: float
    num_choices: int
    problem_fingerprint: str
    wall_time: float = field(compare=False)

    @property
    def best(self) -> RankedSelection:
        """The optimum."""
        return self.ranking[0]

    @property
    def value(self) -> float:
        """Objective of the optimum."""
        return self.best.value


def exact_selection(
    problem: PortfolioProblem, *, top: int = 1, progress: Callable[[int, int], None] | None = None
) -> ExactSelection:
    """Evaluate every choice of `budget` assets.

    Args:
        problem: with at most 50 million choices.
        top: length of the ranking; fewer choices make it shorter.
        progress: called with the choices looked at so far and their total.

    Raises:
        InputError: if there are more choices, or `top` is below 1.
        InsufficientMemoryError: if there is no memory for the ranking.
    """
    started = time.perf_counter()
    total = require_problem(problem).num_feasible
    length = require_integer("top", top, 1)
    if progress is not None and not callable(progress):
        raise InputError(f"progress must be a function, got {shown(progress)}")
    if total > MAX_CHOICES:
        raise InputError(
            f"enumeration takes at most {MAX_CHOICES:,} choices, got {total:,} "
            f"({problem.budget} of {problem.num_assets} assets); take fewer assets"
        )
    ranked = min(length, total)
    check_memory(ranked * (400 + 40 * problem.budget), f"a ranking of {ranked:,} choices", "take a smaller top")
    qubo = problem.qubo()
    best_values, best_choices = np.empty(0), np.empty((0, problem.budget), dtype=np.int64)
    worst, done, shift = -math.inf, 0, math.nan
    shifted_sum = shifted_squares = 0.0
    for choices in _chunks(problem.num_assets, problem.budget):
        values = qubo[choices[:, :, None], choices[:, None, :]].sum(axis=(1, 2))
        if not done:
            shift = float(values.mean())  # sums about the mean, or near it, keep their digits
        done += len(values)
        shifted_sum += float(np.sum(values - shift))
        shifted_squares += float(np.sum((values - shift) ** 2))
        worst = max(worst, float(values.max()))
        contenders, assets = np.concatenate([best_values, values]), np.concatenate([best_choices, choices])
        order = np.argsort(contenders, kind="stable")[:length]
        best_values, best_choices = contenders[order], assets[order]
        if progress is not None:
            progress(done, total)
    mean = shifted_sum / total
    return ExactSelection(
        ranking=tuple(
            RankedSelection(problem.names(choice), tuple(choice), problem.value(choice))
            for choice in best_choices.tolist()
        ),
        worst_value=worst,
        mean_value=shift + mean,
        standard_deviation=math.sqrt(max(shifted_squares / total - mean**2, 0.0)),
        num_choices=total,
        problem_fingerprint=problem.fingerprint,
        wall_time=time.perf_counter() - started,
    )


def _chunks(num_assets: int, budget: int) -> Iterator[IntArray]:
    """All choices as ascending indices, shape ``(at most 65536, budget)``, in lexicographic order."""
    combinations = itertools.combinations(range(num_assets), budget)
    length = max(1, min(_CHUNK, _CHUNK_BYTES // (8 * budget**2)))
    while rows := list(itertools.islice(combinations, length)):
        yield np.array(rows, dtype=np.int64)
