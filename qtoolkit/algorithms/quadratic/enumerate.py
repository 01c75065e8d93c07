"""Every feasible choice: the best of them, and how the objective spreads over all."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._arguments import check_callable, shown
from qtoolkit._checks import require_array, require_integer, require_number
from qtoolkit._memory import reserved
from qtoolkit.algorithms.outcomes import DEGENERACY
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem, require_problem
from qtoolkit.errors import InputError
from qtoolkit.operators.quadratic import BinaryQuadratic

__all__ = ["Enumeration", "MAX_CHOICES", "RankedChoice", "enumerate_choices", "feasible_choices", "num_candidates"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BitArray = NDArray[np.int8]

MAX_CHOICES = 4_000_000_000
"""At most so many choices are looked at: a minute or two."""

_MOST_PATTERNS = 1 << 14
_CHUNK = 1 << 18
_KEPT_VALUES = 1 << 21
"""Patterns of the first variables, values at a time, and values that stay: the lowest."""

_MOST_DRAWS = 1 << 62


@dataclass(frozen=True)
class RankedChoice:
    """One choice.

    Attributes:
        bits: 0 or 1 for each variable.
        names: of the variables that are 1.
        value: objective.
    """

    bits: tuple[int, ...]
    names: tuple[str, ...]
    value: float


@dataclass(frozen=True, eq=False, repr=False)
class Enumeration:
    """The best choices, and how the objective spreads over all feasible ones.

    Attributes:
        ranking: the best choices, best first.
        worst_value: highest objective.
        mean_value: mean, which is what a uniformly random choice expects.
        standard_deviation: over all feasible choices.
        num_choices: feasible choices looked at.
        num_optima: those whose objective is lowest, to 1e-9 of the range and rounding.
        lowest_values: ascending: all values, or the two million lowest.
        rounding: how far sums of one choice's coefficients in other orders may be apart.
        complete: whether all were looked at; False where the time ran out.
        problem_fingerprint: of the problem, see `QuadraticProblem.fingerprint`.
        wall_time: seconds.
    """

    ranking: tuple[RankedChoice, ...]
    worst_value: float
    mean_value: float
    standard_deviation: float
    num_choices: int
    num_optima: int
    lowest_values: FloatArray
    rounding: float
    complete: bool
    problem_fingerprint: str
    wall_time: float = field(compare=False)

    @property
    def best(self) -> RankedChoice:
        """The optimum."""
        return self.ranking[0]

    @property
    def value(self) -> float:
        """Objective of the optimum."""
        return self.best.value

    def expected_best(self, draws: int) -> float | None:
        """Mean of the lowest of so many uniform draws with repetition, from the order statistics of all values.

        None where that depends on values that were not kept: for few draws from very many choices.

        Raises:
            InputError: if `draws` is below 1.
        """
        draws = require_integer("draws", draws, 1, _MOST_DRAWS)
        values, total = self.lowest_values, self.num_choices
        # the chance that no draw is among the j lowest
        with np.errstate(divide="ignore"):
            above = np.exp(draws * np.log1p(-np.arange(len(values) + 1) / total))
        if above[-1] * (self.worst_value - values[-1]) > 1e-9 * (self.worst_value - values[0]):
            return None
        return float(values @ -np.diff(above) / (1.0 - above[-1]))

    def is_optimal(self, values: float | FloatArray) -> NDArray[np.bool_]:
        """Whether values count as the optimum's.

        Raises:
            InputError: if they are not finite real numbers.
        """
        bar = self.value + DEGENERACY * (self.worst_value - self.value) + self.rounding
        return np.asarray(require_array("values", values) <= bar)

    def __repr__(self) -> str:
        return (
            f"Enumeration(value={self.value:.10g} of {self.num_choices:,} choices, mean {self.mean_value:.6g}, "
            f"worst {self.worst_value:.6g}{'' if self.complete else ', incomplete'})"
        )


def enumerate_choices(
    problem: QuadraticProblem,
    *,
    top: int = 1,
    progress: Callable[[int, int], None] | None = None,
    time_limit: float | None = None,
) -> Enumeration:
    """Evaluate every feasible choice.

    The number of ones is kept by construction, other constraints are checked on the way, or, where they leave few
    choices, these alone are listed. Ctrl-C ends it between two chunks of some 260,000 choices.

    Args:
        problem: with at most 4 billion choices.
        top: length of the ranking; fewer choices make it shorter.
        progress: called with the choices looked at so far and their total.
        time_limit: seconds after which it ends with what it has seen, at least one chunk that has a feasible choice.

    Raises:
        InputError: if there are more choices, none is feasible, or an argument breaks its rule.
        InsufficientMemoryError: if there is no memory for the ranking.
    """
    started = time.perf_counter()
    total = num_candidates(require_problem(problem))
    top = require_integer("top", top, 1)
    if progress is not None:
        check_callable(progress, "progress")
    limit = math.inf if time_limit is None else require_number("time_limit", time_limit, 0)
    if total > MAX_CHOICES:
        raise InputError(
            f"enumeration takes at most {MAX_CHOICES:,} choices, got {shown(total)}; take fewer variables, or a solver "
            "that bounds the optimum"
        )
    problem.constraints.require_feasible()
    size = problem.num_variables
    kept = min(total, _KEPT_VALUES)
    needed = _needs.enumeration(kept, min(top, total), size, _CHUNK)
    with reserved(needed, f"a ranking of {min(top, total):,} choices", "take a smaller top", kept=8 * kept):
        seen = _Spread(kept, min(top, total), size)
        looked_at, complete = 0, True
        for chunk in _chunks(problem):
            seen.add(chunk)
            looked_at += chunk.looked_at
            if progress is not None:
                progress(looked_at, total)
            if time.perf_counter() - started > limit and looked_at < total and seen.number:
                complete = False
                break
        return seen.result(problem, complete, started)


def feasible_choices(problem: QuadraticProblem) -> tuple[BitArray, FloatArray]:
    """All feasible choices, int8 of shape ``(m, n)``, and the objective of each, shape ``(m,)``.

    Raises:
        InputError: if none is feasible, or more than 4 billion are to be looked at.
        InsufficientMemoryError: if there is no memory for them.
    """
    total = num_candidates(require_problem(problem))
    constraints = problem.constraints
    constraints.require_feasible()
    number = constraints.count()
    most = total if number is None else number
    remedy = "take fewer variables, or a solver that does not list them"
    if total > MAX_CHOICES:
        raise InputError(f"at most {MAX_CHOICES:,} choices are listed, got {shown(total)}; {remedy}")
    needed, kept = _needs.listed_choices(most, problem.num_variables, _CHUNK), most * (problem.num_variables + 8)
    with reserved(needed, f"{most:,} choices", remedy, kept):
        bits, values, place = np.empty((most, problem.num_variables), dtype=np.int8), np.empty(most), 0
        for chunk in _chunks(problem):
            part = slice(place, place + chunk.values.size)
            bits[part] = chunk.bits(np.arange(chunk.values.size))
            values[part] = chunk.values + chunk.shift
            place = part.stop
        return bits[:place], values[:place]


def num_candidates(problem: QuadraticProblem) -> int:
    """How many choices an enumeration looks at: those of the right number of ones, or the feasible ones alone."""
    by_weight = _num_of_weights(problem)
    return min(by_weight, _listed(problem, by_weight) or by_weight)


def _num_of_weights(problem: QuadraticProblem) -> int:
    fewest, most = problem.constraints.weights
    return sum(math.comb(problem.num_variables, k) for k in range(fewest, most + 1))


def _listed(problem: QuadraticProblem, by_weight: int) -> int | None:
    """How many choices to list through the diagram; None where it is quicker to look at all of the right weight."""
    constraints = problem.constraints
    if constraints.only_weights or by_weight <= _CHUNK or constraints.diagram is None:
        return None
    count = constraints.diagram.count
    return count if 2 * problem.num_variables * count < by_weight else None


class _Chunk(NamedTuple):
    """Values of feasible choices, less a constant, and their bits on demand by place."""

    values: FloatArray
    bits: Callable[[IntArray], BitArray]
    looked_at: int
    shift: float


class _Spread:
    """What is remembered of the values seen."""

    def __init__(self, num_kept: int, num_ranked: int, num_variables: int) -> None:
        self.number = 0
        self._kept = num_kept
        self._low = np.empty(2 * num_kept)
        self._filled = 0
        self._bar = math.inf
        self._ranked = num_ranked
        self._best_values = np.empty(0)
        self._best_bits = np.empty((0, num_variables), dtype=np.int8)
        self._worst, self._sum, self._squares, self._shift = -math.inf, 0.0, 0.0, 0.0

    def add(self, chunk: _Chunk) -> None:
        values = chunk.values
        if not values.size:
            return
        self.number += values.size
        self._shift = chunk.shift
        self._worst = max(self._worst, float(values.max()))
        self._sum += float(values.sum())
        self._squares += float(values @ values)
        self._rank(chunk)
        low = values[values < self._bar] if self._bar < math.inf else values
        while low.size:
            part, low = low[: len(self._low) - self._filled], low[len(self._low) - self._filled :]
            self._low[self._filled : self._filled + part.size] = part
            self._filled += part.size
            if self._filled == len(self._low):
                self._low.partition(self._kept - 1)
                self._filled, self._bar = self._kept, float(self._low[self._kept - 1])

    def _rank(self, chunk: _Chunk) -> None:
        is_full = len(self._best_values) == self._ranked
        bar = self._best_values[-1] if is_full else math.inf
        if is_full and float(chunk.values.min()) >= bar:
            return
        places = np.flatnonzero(chunk.values < bar)
        if places.size > self._ranked:
            order = np.argpartition(chunk.values[places], self._ranked - 1)[: self._ranked]
            places = np.sort(places[order])
        values = np.concatenate([self._best_values, chunk.values[places]])
        bits = np.concatenate([self._best_bits, chunk.bits(places)])
        order = np.argsort(values, kind="stable")[: self._ranked]
        self._best_values, self._best_bits = values[order], bits[order]

    def result(self, problem: QuadraticProblem, complete: bool, started: float) -> Enumeration:
        low = np.sort(self._low[: self._filled])[: self._kept]
        rounding = _rounding_of(problem.objective)
        bar = low[0] + DEGENERACY * (self._worst - low[0]) + rounding
        num_optima = int(np.searchsorted(low, bar, side="right"))
        if num_optima == len(low) < self.number:
            num_optima = sum(int(np.count_nonzero(chunk.values <= bar)) for chunk in _chunks(problem))
        low += self._shift
        low.setflags(write=False)
        mean = self._sum / self.number
        exact = problem.objective.values(self._best_bits)
        order = np.argsort(exact, kind="stable")
        return Enumeration(
            ranking=tuple(
                RankedChoice(
                    tuple(bits), tuple(name for name, bit in zip(problem.names, bits, strict=True) if bit), value
                )
                for bits, value in zip(self._best_bits[order].tolist(), exact[order].tolist(), strict=True)
            ),
            worst_value=self._worst + self._shift,
            mean_value=mean + self._shift,
            standard_deviation=math.sqrt(max(self._squares / self.number - mean**2, 0.0)),
            num_choices=self.number,
            num_optima=num_optima,
            lowest_values=low,
            rounding=rounding,
            complete=complete,
            problem_fingerprint=problem.fingerprint,
            wall_time=time.perf_counter() - started,
        )


def _rounding_of(objective: BinaryQuadratic) -> float:
    """Twice the error bound of a sum with as many steps as there are variables, all coefficients at their largest."""
    size = float(np.abs(objective.matrix).sum()) + abs(objective.offset)
    return float(2 * len(objective.matrix) * np.finfo(float).eps * size)


def _chunks(problem: QuadraticProblem) -> Iterator[_Chunk]:
    """All feasible choices, always in the same order."""
    shift = problem.objective.moments(problem.constraints.weights).mean
    count = _listed(problem, _num_of_weights(problem))
    return _blocks(problem, shift) if count is None else _listed_chunks(problem, count, shift)


def _listed_chunks(problem: QuadraticProblem, count: int, shift: float) -> Iterator[_Chunk]:
    diagram = problem.constraints.diagram
    assert diagram is not None
    length = max(1, _CHUNK // problem.num_variables)
    for first in range(0, count, length):
        bits = diagram.list(first, min(first + length, count))
        x = bits.astype(np.float64)
        values = np.einsum("ij,ij->i", x @ problem.objective.matrix, x) + (problem.objective.offset - shift)
        yield _Chunk(values, bits.__getitem__, len(bits), shift)


def _blocks(problem: QuadraticProblem, shift: float) -> Iterator[_Chunk]:
    """The variables in two parts: all patterns of the first beside some of the second, whose product is one matrix."""
    size, (fewest, most) = problem.num_variables, problem.constraints.weights
    matrix = problem.objective.matrix
    split = size
    while sum(math.comb(split, k) for k in range(most + 1)) > _MOST_PATTERNS:
        split -= 1
    inner_matrix, outer_matrix, between = matrix[:split, :split], matrix[split:, split:], 2.0 * matrix[split:, :split]
    # patterns of the first part by their number of ones
    by_weight = [_patterns(split, weight, 0, math.comb(split, weight)) for weight in range(min(split, most) + 1)]
    starts = np.cumsum([0, *(len(part) for part in by_weight)]).tolist()
    inner = np.concatenate(by_weight).astype(np.float64)
    inner_values = np.einsum("ij,ij->i", inner @ inner_matrix, inner) + (problem.objective.offset - shift)
    others = [row for row in problem.constraints.rows if not np.all(row.coefficients == 1.0)]
    inner_rows = [inner @ row.coefficients[:split] for row in others]
    for weight in range(min(size - split, most) + 1):
        low, high = max(fewest - weight, 0), min(most - weight, split)
        if low > high:
            continue
        window = slice(starts[low], starts[high + 1])
        width = window.stop - window.start
        length = max(1, _CHUNK // width)
        number = math.comb(size - split, weight)
        for first in range(0, number, length):
            outer_bits = _patterns(size - split, weight, first, min(first + length, number))
            outer = outer_bits.astype(np.float64)
            values = (outer @ between) @ inner[window].T
            values += inner_values[window]
            values += np.einsum("ij,ij->i", outer @ outer_matrix, outer)[:, None]
            looked_at = values.size
            places = None
            if others:
                feasible = np.ones(values.shape, dtype=np.bool_)
                for row, inside in zip(others, inner_rows, strict=True):
                    lower, upper = row.limits()
                    sums = (outer @ row.coefficients[split:])[:, None] + inside[window]
                    feasible &= (sums >= lower) & (sums <= upper)
                places = np.flatnonzero(feasible)
            flat = values.ravel() if places is None else values.ravel()[places]
            yield _Chunk(flat, _Locator(inner[window], outer_bits, places), looked_at, shift)


class _Locator:
    """The bits of choices by their place in a chunk."""

    def __init__(self, inner: FloatArray, outer: BitArray, places: IntArray | None) -> None:
        self._inner, self._outer, self._places = inner, outer, places

    def __call__(self, chosen: IntArray) -> BitArray:
        places = chosen if self._places is None else self._places[chosen]
        row, column = np.divmod(places, len(self._inner))
        return np.concatenate([self._inner[column].astype(np.int8), self._outer[row]], axis=1)


def _patterns(size: int, weight: int, first: int, last: int) -> BitArray:
    """Patterns `first` to `last` - 1 of so many ones, in ascending order of the numbers they spell; shape (…, size)."""
    rank = np.arange(first, last, dtype=np.int64)
    bits = np.zeros((len(rank), size), dtype=np.int8)
    rows = np.arange(len(rank))
    for ones in range(weight, 0, -1):
        below = np.array([math.comb(place, ones) for place in range(size)], dtype=np.int64)
        place = np.searchsorted(below, rank, side="right") - 1
        rank -= below[place]
        bits[rows, place] = 1
    return bits
