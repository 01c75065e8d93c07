"""What a solver's answer says for itself: the bound it is measured against, its constraints, and what luck would do."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, seed_number, shown
from qtoolkit._checks import require_array, require_integer
from qtoolkit._version import __version__
from qtoolkit.algorithms.outcomes import OutcomeStatistics, approximation_ratio, outcome_statistics
from qtoolkit.algorithms.quadratic.constraints import ConstraintCheck
from qtoolkit.algorithms.quadratic.enumerate import Enumeration, enumerate_choices, num_candidates
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem, require_problem
from qtoolkit.algorithms.schedules import Schedule
from qtoolkit.errors import InputError
from qtoolkit.operators.quadratic import read_bits

__all__ = ["ENUMERATED_UNASKED", "Bound", "Luck", "Run", "Solution", "judge", "luck_of", "require_solution"]

FloatArray = NDArray[np.float64]
T = TypeVar("T", "Enumeration", "Bound", "Solution")

ENUMERATED_UNASKED = 1 << 20
"""Up to so many choices are enumerated for the evidence: some milliseconds."""

_ROWS = 1 << 14
_MOST_SHOTS = 1 << 62
_LEAST_DRAWS, _MOST_DRAWS = 1 << 14, 1 << 17
_OPTIMAL = 1e-9


@dataclass(frozen=True)
class Bound:
    """What is known of the optimum.

    Attributes:
        value: that no feasible choice falls below; None where nothing is known.
        kind: ``"optimal"`` where some choice reaches it, ``"lower bound"``, or ``"none"``.
        solver: that found it.
        seconds: it took.
        problem_fingerprint: of the problem.
    """

    value: float | None
    kind: Literal["optimal", "lower bound", "none"]
    solver: str
    seconds: float = field(compare=False)
    problem_fingerprint: str

    @classmethod
    def of(cls, enumeration: Enumeration) -> Bound:
        """The optimum that an enumeration found, or nothing where it was not complete."""
        check_instance(enumeration, Enumeration, "a bound is read from an Enumeration")
        found = enumeration.complete
        return cls(
            enumeration.value if found else None,
            "optimal" if found else "none",
            "enumeration",
            enumeration.wall_time,
            enumeration.problem_fingerprint,
        )

    @classmethod
    def unknown(cls, problem: QuadraticProblem) -> Bound:
        """Nothing known."""
        return cls(None, "none", "none", 0.0, require_problem(problem).fingerprint)


@dataclass(frozen=True, repr=False)
class Luck:
    """What as many uniformly drawn feasible choices do.

    Attributes:
        shots: draws, with repetition.
        num_feasible: choices to draw from; None where they cannot be counted.
        mean_value: objective expected of one draw; None where it is not known.
        best_value_expected: mean of the lowest objective of all draws; None where it is not known.
        probability_of_optimum: of one draw; None where the optimum, or the number of choices, is not known.
        chance_of_optimum: that some draw is an optimum; None likewise.
        chance_without_repeats: the same where no choice is drawn twice, by the hypergeometric law; None likewise.
        method: ``"order statistics"`` of all values, ``"drawn"`` where the expected best is estimated from real draws,
            or ``"none"``.
    """

    shots: int
    num_feasible: int | None
    mean_value: float | None
    best_value_expected: float | None
    probability_of_optimum: float | None
    chance_of_optimum: float | None
    chance_without_repeats: float | None
    method: Literal["order statistics", "drawn", "none"]

    def __repr__(self) -> str:
        one, some = self.probability_of_optimum, self.chance_of_optimum
        parts = [
            f"{self.shots:,} draws",
            "" if self.num_feasible is None else f"of {self.num_feasible:,} choices",
            "" if one is None or some is None else f"optimum {one:.3g} each, {some:.3g} in all",
            "" if self.mean_value is None else f"mean {self.mean_value:.4g}",
            "" if self.best_value_expected is None else f"best {self.best_value_expected:.4g} expected",
        ]
        return f"Luck({', '.join(filter(None, parts))})"


@dataclass(frozen=True, kw_only=True)
class Run:
    """How an answer was found.

    Attributes:
        solver: its name.
        evidence: ``"state vector"`` where probabilities are exact, ``"samples"`` where they are frequencies,
            ``"classical"`` where nothing was measured.
        shots: samples drawn, or queries of Grover's search; None where there are none.
        seed: that reproduces the run; None where nothing is random, or a generator was given.
        depth: of the circuit that machines run; None where there is none. The probabilities can be those of another
            one, which `circuit` then says: QAOA's complete mixer is exact in simulators, one Trotter step on machines.
        two_qubit_count: of the same circuit; None likewise.
        num_evaluations: of the cost.
        converged: whether the solver met its own criterion.
        message: why it ended.
        interrupted: whether Ctrl-C ended it, so that this is the best so far.
        circuit: what depth and gates are of, and what probabilities, where these are two circuits; empty elsewhere.
        backend_name: what drew the samples; empty where none are.
        wall_time: seconds, the evidence left out.
        setting: what the solver settled on, in words: how constraints are kept, the layers, the start.
        schedule: angles of a QAOA circuit; None for others.
        num_queries: calls of Grover's oracle; None where there is none.
    """

    solver: str
    evidence: Literal["state vector", "samples", "classical"] = "classical"
    shots: int | None = None
    seed: int | None = None
    depth: int | None = None
    two_qubit_count: int | None = None
    num_evaluations: int = 0
    converged: bool = True
    message: str = ""
    backend_name: str = ""
    wall_time: float = field(default=0.0, compare=False)
    setting: str = ""
    schedule: Schedule | None = None
    num_queries: int | None = None
    interrupted: bool = False
    circuit: str = ""


@dataclass(frozen=True, kw_only=True, repr=False)
class Solution(Run):
    """A choice of bits and the evidence for it; with the fields of `Run`.

    Attributes:
        bits: 0 or 1 for each variable; None where no feasible choice was found.
        names: of the variables that are 1.
        value: objective; None likewise.
        bound: what is known of the optimum.
        feasibility: what the choice does to each constraint; empty where there is none.
        feasible_probability: of a measured choice; None where nothing is measured.
        expected_value: mean objective of a measured choice, given that it is feasible; None likewise.
        approximation_ratio: of the expected value, or of the value where nothing is measured: 1 at the optimum, 0 at
            the worst feasible choice; None where either is unknown.
        probability_of_optimum: to measure an optimum in one shot; None where it is unknown or nothing is measured.
        luck: what as many uniform draws do; None where nothing is measured.
        unknown: why a figure is None; empty where none is missing.
        problem_fingerprint: of the problem, see `QuadraticProblem.fingerprint`.
        version: of the toolkit.
    """

    bits: tuple[int, ...] | None
    names: tuple[str, ...]
    value: float | None
    bound: Bound
    feasibility: tuple[ConstraintCheck, ...]
    feasible_probability: float | None
    expected_value: float | None
    approximation_ratio: float | None
    probability_of_optimum: float | None
    luck: Luck | None
    unknown: str
    problem_fingerprint: str
    version: str = __version__

    @property
    def gap(self) -> float | None:
        """``value`` less the bound; None where either is unknown."""
        return None if self.value is None or self.bound.value is None else self.value - self.bound.value

    @property
    def is_optimal(self) -> bool:
        """Whether the value is known to be the optimum, to 1e-9 relative."""
        gap = self.gap
        return gap is not None and gap <= _OPTIMAL * max(abs(self.value or 0.0), abs(self.bound.value or 0.0))

    @property
    def chance_of_optimum(self) -> float | None:
        """Probability that so many shots hold an optimum; None where it is unknown."""
        if self.probability_of_optimum is None or self.shots is None:
            return None
        return _chance(self.probability_of_optimum, self.shots)

    @property
    def times_luck(self) -> float | None:
        """Probability of the optimum relative to that of a uniform draw; None where either is unknown."""
        random = None if self.luck is None else self.luck.probability_of_optimum
        return None if self.probability_of_optimum is None or not random else self.probability_of_optimum / random

    def __repr__(self) -> str:
        value, gap = (None if x is None else f"{x:.10g}" for x in (self.value, self.gap))
        bound = "" if self.bound.value is None else f" {self.bound.value:.10g}"
        return f"Solution(value={value}, bound={self.bound.kind}{bound}, gap={gap}, solver={self.solver[:40]!r})"


def judge(
    problem: QuadraticProblem,
    run: Run,
    *,
    bits: ArrayLike | None = None,
    outcomes: tuple[ArrayLike, ArrayLike] | None = None,
    samples: ArrayLike | None = None,
    enumeration: Enumeration | None = None,
    bound: Bound | None = None,
) -> Solution:
    """The solution with its evidence.

    Args:
        problem: that was solved.
        run: how.
        bits: the choice, shape ``(n,)``; by default the best feasible sample or, without samples, outcome.
        outcomes: of a measurement: distinct bits of shape ``(m, n)`` and their probabilities or counts, shape
            ``(m,)``.
        samples: bits that were drawn from the outcomes, shape ``(s, n)``: where probabilities are exact, only these
            were seen.
        enumeration: of all choices. Up to a million are enumerated here if it is left out.
        bound: of another solver, where no complete enumeration is at hand.

    Raises:
        InputError: if neither bits nor outcomes are given, one does not fit the problem, or an enumeration or bound
            belongs to another.
    """
    require_problem(problem)
    check_instance(run, Run, "run must be a Run")
    if bits is None and outcomes is None:
        raise InputError("a solution needs bits or outcomes, got neither")
    reference = _reference(problem, enumeration, bound)
    known = bound if bound is not None and reference is None else None
    known = known or (Bound.unknown(problem) if reference is None else Bound.of(reference))
    choice, measured = (None, None) if outcomes is None else _measured(problem, outcomes, reference, known)
    if samples is not None:
        choice = _best_of(problem, samples)
    if bits is not None:
        choice = read_bits(bits, problem.names)
        if choice.ndim != 1:
            raise InputError(f"a solution is one choice, got shape {choice.shape}")
    checks = () if choice is None else problem.constraints.checks(choice)
    value = None if choice is None else float(problem.objective.values(choice))
    expected = value if measured is None else measured.feasible_value
    is_feasible = all(check.satisfied for check in checks)
    ratio = None
    if reference is not None and expected is not None and (measured is not None or is_feasible):
        ratio = approximation_ratio(expected, reference.value, reference.worst_value)
    listed = () if choice is None else tuple(int(bit) for bit in choice)
    return Solution(
        **{entry.name: getattr(run, entry.name) for entry in fields(Run)},
        bits=None if choice is None else listed,
        names=tuple(name for name, bit in zip(problem.names, listed, strict=False) if bit),
        value=value,
        bound=known,
        feasibility=checks,
        feasible_probability=None if measured is None else measured.feasible_probability,
        expected_value=None if measured is None else measured.feasible_value,
        approximation_ratio=ratio,
        probability_of_optimum=None if measured is None else measured.probability_of_optimum,
        luck=None if run.shots is None else luck_of(problem, run.shots, enumeration=reference, bound=known),
        unknown=_unknown(problem, reference, measured, choice),
        problem_fingerprint=problem.fingerprint,
    )


def luck_of(
    problem: QuadraticProblem,
    shots: int,
    *,
    enumeration: Enumeration | None = None,
    bound: Bound | None = None,
    seed: int = 0,
) -> Luck:
    """What so many uniform draws of feasible choices do.

    Args:
        problem: to draw from.
        shots: draws.
        enumeration: of all choices: all figures are then exact.
        bound: without an enumeration: an optimum that is known, and taken for the only one.
        seed: without an enumeration: of the draws that the expected best is estimated from.

    Raises:
        InputError: if `shots` is below 1, or an enumeration or bound belongs to another problem.
    """
    shots = require_integer("shots", shots, 1, _MOST_SHOTS)
    seed = seed_number(seed)
    reference = _reference(require_problem(problem), enumeration, bound, enumerate_small=False)
    if reference is not None:
        best = reference.expected_best(shots)
        number, optima, mean = reference.num_choices, reference.num_optima, reference.mean_value
        if best is not None:
            return Luck(shots, number, mean, best, *_chances(number, optima, shots), "order statistics")
        return Luck(shots, number, mean, _drawn_best(problem, shots, seed), *_chances(number, optima, shots), "drawn")
    constraints = problem.constraints
    total = constraints.count()
    closed = problem.objective.moments(constraints.weights).mean if constraints.only_weights and total else None
    drawn = _drawn_best(problem, shots, seed)
    is_known = bound is not None and bound.kind == "optimal" and bool(total)
    chances: tuple[float | None, float | None, float | None] = (None, None, None)
    if is_known:
        chances = _chances(total or 1, 1, shots)
    return Luck(shots, total, closed, drawn, *chances, "none" if drawn is None else "drawn")


def require_solution(solution: object, problem: QuadraticProblem) -> Solution:
    """The solution, if it is one of this problem.

    Raises:
        InputError: if it is none, or one of another problem.
    """
    found = check_instance(solution, Solution, "the solution must be a Solution")
    return _own(found, require_problem(problem), "the solution", "solve this problem")


def _own(found: T, problem: QuadraticProblem, what: str, remedy: str) -> T:
    if found.problem_fingerprint != problem.fingerprint:
        raise InputError(
            f"{what} must be one of this problem ({problem.fingerprint}), got one of {found.problem_fingerprint}; "
            f"{remedy}"
        )
    return found


def _reference(
    problem: QuadraticProblem, enumeration: Enumeration | None, bound: Bound | None, enumerate_small: bool = True
) -> Enumeration | None:
    """A complete enumeration, if there is one or it costs nothing."""
    if bound is not None:
        _own(check_instance(bound, Bound, "bound must be a Bound"), problem, "the bound", "leave it out")
    if enumeration is not None:
        check_instance(enumeration, Enumeration, "enumeration must be an Enumeration")
        remedy = "call enumerate_choices(problem), or leave it out"
        return _own(enumeration, problem, "the enumeration", remedy) if enumeration.complete else None
    if enumerate_small and num_candidates(problem) <= ENUMERATED_UNASKED:
        return enumerate_choices(problem)
    return None


def _best_of(problem: QuadraticProblem, samples: ArrayLike) -> FloatArray | None:
    """The best feasible sample; None where none is."""
    drawn = read_bits(samples, problem.names).reshape(-1, problem.num_variables)
    drawn = drawn[problem.constraints.feasible(drawn)]
    return np.asarray(drawn[np.argmin(problem.objective.values(drawn))]) if len(drawn) else None


def _measured(
    problem: QuadraticProblem,
    outcomes: tuple[ArrayLike, ArrayLike],
    reference: Enumeration | None,
    bound: Bound,
) -> tuple[FloatArray | None, OutcomeStatistics]:
    """The best feasible outcome, and the statistics of all."""
    if not isinstance(outcomes, tuple) or len(outcomes) != 2:
        raise InputError(f"outcomes are a pair of bits and probabilities, got {shown(outcomes)}")
    bits = np.asarray(outcomes[0])
    weights = require_array("probabilities", outcomes[1], (len(bits) if bits.ndim else 0,))
    if not weights.size or np.any(weights < 0.0) or not weights.sum() > 0.0:
        raise InputError("probabilities must be at least 0 and not all of them, got others")
    feasible, values = np.empty(len(bits), dtype=np.bool_), np.empty(len(bits))
    for first in range(0, len(bits), _ROWS):  # as floats, all at once could be more than there is room for
        part = slice(first, first + _ROWS)
        feasible[part] = problem.constraints.feasible(bits[part])
        values[part] = problem.objective.values(bits[part])
    optimal = None
    if reference is not None:
        optimal = reference.is_optimal(values)
    elif bound.kind == "optimal" and bound.value is not None:
        spread = float(np.ptp(values[feasible])) if feasible.any() else 0.0
        optimal = values <= bound.value + _OPTIMAL * max(abs(bound.value), spread)
    found = outcome_statistics(values, weights, feasible, optimal)
    seen = np.flatnonzero(feasible & (weights > 0.0))
    best = None if found.feasible_value is None else np.asarray(bits[seen[np.argmin(values[seen])]], dtype=np.float64)
    return best, found


def _unknown(
    problem: QuadraticProblem,
    reference: Enumeration | None,
    measured: OutcomeStatistics | None,
    choice: FloatArray | None,
) -> str:
    if choice is None:
        return "no feasible choice was found"
    if reference is None:
        return (
            f"{num_candidates(problem):,} choices are not enumerated: the worst of them, and so the ratio, is unknown"
        )
    if measured is None:
        return "nothing was measured: there is no probability"
    return ""


def _drawn_best(problem: QuadraticProblem, shots: int, seed: int) -> float | None:
    """Mean of the lowest of so many draws, estimated without bias from some more of them; None if that is too many."""
    number = min(max(16 * shots, _LEAST_DRAWS), _MOST_DRAWS)
    if shots > number or problem.constraints.diagram is None:
        return None
    generator = np.random.default_rng(seed)
    parts = []
    for first in range(0, number, _ROWS):
        bits = problem.constraints.draw(min(_ROWS, number - first), generator)
        assert bits is not None
        parts.append(problem.objective.values(bits))
    values = np.sort(np.concatenate(parts))
    # the chance that the j-th lowest is the lowest of a sample of them, without repetition
    later = np.arange(number, dtype=np.float64)
    with np.errstate(divide="ignore"):
        steps = np.log(np.maximum(number - shots - later[:-1], 0.0)) - np.log(number - 1.0 - later[:-1])
    weights = np.exp(math.log(shots / number) + np.concatenate([[0.0], np.cumsum(steps)]))
    return float(values @ weights)


def _chances(number: int, optima: int, shots: int) -> tuple[float, float, float]:
    """Of one draw, of so many with repetition, and of so many without."""
    share = optima / number
    if optima + shots > number:
        return share, _chance(share, shots), 1.0
    few, many = sorted((optima, shots))
    # product of (number - many - i) / (number - i) for i below `few`: the chance to miss
    place = np.arange(few, dtype=np.float64)
    missed = float(np.sum(np.log1p(-many / (float(number) - place))))
    return share, _chance(share, shots), -math.expm1(missed)


def _chance(probability: float, shots: int) -> float:
    return float(-np.expm1(shots * np.log1p(-probability))) if probability < 1.0 else 1.0
