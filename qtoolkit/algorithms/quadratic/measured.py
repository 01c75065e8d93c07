"""Exact probabilities: the mean of their lowest share, with its gradient, and the samples and evidence at the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._checks import require_number
from qtoolkit._memory import reserved
from qtoolkit.algorithms.quadratic.enumerate import Enumeration
from qtoolkit.algorithms.quadratic.evidence import Run, Solution, judge
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem
from qtoolkit.algorithms.quadratic.training import Clock

__all__ = ["judged_by_probabilities", "lower_tail", "read_share", "tail_observable"]

FloatArray = NDArray[np.float64]


def read_share(share: object) -> float:
    """The share of outcomes whose mean is minimised, above 0 and at most 1.

    Raises:
        InputError: for anything else.
    """
    return require_number("cvar", share, np.finfo(np.float64).tiny, 1.0)


def lower_tail(values: FloatArray, probabilities: FloatArray, share: float) -> tuple[float, float]:
    """The mean of the lowest outcomes that make up a share of all probability, and the highest value among them.

    Source: Barkoutsos, Nannicini, Robert, Tavernelli and Woerner, Quantum 4, 256 (2020), eq. (5).

    Args:
        values, probabilities: of outcomes, shape ``(m,)``.
        share: α, above 0; at 1 it is the mean of all.
    """
    order = np.argsort(values, kind="stable")
    seen = np.cumsum(probabilities[order])
    goal = share * seen[-1]
    last = min(int(np.searchsorted(seen, goal)), len(order) - 1)
    bar = float(values[order[last]])
    below = order[:last]
    inside = float(values[below] @ probabilities[below])
    rest = goal - (float(seen[last - 1]) if last else 0.0)
    return (inside + rest * bar) / goal, bar


def tail_observable(values: FloatArray, bar: float, share: float) -> FloatArray:
    """The diagonal observable whose mean is the lower tail's and whose derivatives are as well, where `bar` is its top.

    The tail's mean is the maximum over t of ``t − ⟨max(t − E, 0)⟩/α``, which `bar` attains; so derivatives by what the
    probabilities depend on are those at fixed t. Source: Rockafellar and Uryasev, J. Risk 2, 21 (2000), theorem 1.
    """
    return np.asarray(bar - np.maximum(bar - values, 0.0) / share)


def judged_by_probabilities(
    problem: QuadraticProblem,
    run: Run,
    outcomes: tuple[NDArray[np.int8], FloatArray],
    generator: np.random.Generator,
    clock: Clock,
    enumeration: Enumeration | None,
) -> Solution:
    """The solution of samples drawn from exact probabilities, which are the evidence.

    Args:
        problem: that was solved.
        run: how; its shots are drawn, and its time is the clock's.
        outcomes: bits, shape ``(m, n)``, and probabilities, shape ``(m,)``.
        generator: draws.
        clock: of the run, which ends here.
        enumeration: see `judge`.
    """
    bits, probabilities = outcomes
    needed = _needs.measured_choices(len(bits), problem.num_variables)
    with reserved(needed, f"the probabilities of {len(bits):,} choices", "take fewer variables"):
        counts = generator.multinomial(run.shots or 1, probabilities / probabilities.sum())
        clock.finish()
        run = replace(run, wall_time=clock.seconds)
        return judge(problem, run, outcomes=outcomes, samples=bits[counts > 0], enumeration=enumeration)
