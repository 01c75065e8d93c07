"""Grover adaptive search: the amplitude of choices better than the best so far is raised until none is found."""

from __future__ import annotations

import math

import numpy as np

from qtoolkit._arguments import check_callable, seeded
from qtoolkit._checks import require_number
from qtoolkit.algorithms.quadratic.enumerate import Enumeration, feasible_choices
from qtoolkit.algorithms.quadratic.evidence import Run, Solution, judge
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem, require_problem
from qtoolkit.algorithms.quadratic.solver import Progress
from qtoolkit.algorithms.quadratic.training import Clock

__all__ = ["GroverSolver"]

_GROWTH = 8.0 / 7.0
"""By how much the range of iterations grows after a failure: any number from 1 to 4/3 does."""


class GroverSolver:
    """Grover adaptive search over the feasible choices, simulated exactly, with its queries counted.

    A measurement after j iterations, j drawn from a range that grows with each failure, gives a choice below the
    threshold with probability ``sin²((2j + 1) θ)``, ``sin² θ`` being the share of such choices, and each of them alike:
    that is what the state vector holds, and choices are drawn from it. One that is better becomes the threshold.

    Sources: Dürr and Høyer, quant-ph/9607014; Boyer, Brassard, Høyer and Tapp, Fortschr. Phys. 46, 493 (1998); Gilliam,
    Woerner and Gonciulea, Quantum 5, 428 (2021) for constrained quadratic functions of bits.

    Args:
        confidence: probability with which the optimum is found, at least. After ``22.5 √N + 1.4 log₂² N`` queries it is
            a half, and such rounds are repeated.

    Raises:
        InputError: if it is not between 0 and 1.
    """

    name = "grover-adaptive"

    def __init__(self, confidence: float = 0.9) -> None:
        self.confidence = require_number("confidence", confidence, 0.0, 1.0 - 1e-12)

    def solve(
        self,
        problem: QuadraticProblem,
        *,
        seed: int | np.random.Generator | None = None,
        time_limit: float | None = None,
        progress: Progress | None = None,
        enumeration: Enumeration | None = None,
    ) -> Solution:
        """See `Solver.solve`; progress counts queries, and so do the shots that luck is given as many draws as.

        Raises:
            InputError: if no choice is feasible, or there are too many to list.
            InsufficientMemoryError: if there is no memory for the list.
        """
        require_problem(problem)
        if progress is not None:
            check_callable(progress, "progress")
        limit = None if time_limit is None else require_number("time_limit", time_limit, 0)
        number, generator = seeded(seed)
        clock = Clock(limit, progress, 1)
        bits, values = feasible_choices(problem)
        total = len(values)
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        rounds = max(math.ceil(math.log2(1.0 / (1.0 - self.confidence))), 1)
        budget = rounds * math.ceil(22.5 * math.sqrt(total) + 1.4 * math.log2(total) ** 2)
        clock.expect(budget)
        best = int(generator.integers(total))  # by place in the order
        queries, measurements, reach = 1, 1, 1.0
        while queries < budget and not clock.is_over:
            iterations = int(generator.integers(math.ceil(reach)))
            queries += iterations + 1  # one more to compare what was measured
            measurements += 1
            marked = int(np.searchsorted(ordered, ordered[best], side="left"))
            angle = math.asin(math.sqrt(marked / total))
            if generator.random() < math.sin((2 * iterations + 1) * angle) ** 2:
                best = int(generator.integers(marked))
                reach = 1.0
            else:
                reach = min(_GROWTH * reach, math.sqrt(total))
            clock.advance(iterations + 1)
        spent = queries >= budget
        clock.finish()
        run = Run(
            solver=self.name,
            evidence="samples",
            shots=queries,
            seed=number,
            num_evaluations=measurements,
            num_queries=queries,
            converged=spent,
            message=f"the budget of {budget:,} queries is spent" if spent else "the time ran out",
            wall_time=clock.seconds,
            setting=f"{total:,} feasible choices, confidence {self.confidence:g}",
        )
        return judge(problem, run, bits=bits[order[best]], enumeration=enumeration)
