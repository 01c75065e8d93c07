"""`Solver`: one interface for all that minimise quadratic functions of bits, their names, and the two plainest."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np

from qtoolkit._arguments import check_callable, check_instance, seeded, shown
from qtoolkit._checks import require_integer, require_number
from qtoolkit.algorithms.quadratic.enumerate import Enumeration, enumerate_choices
from qtoolkit.algorithms.quadratic.evidence import Run, Solution, judge
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem, require_problem
from qtoolkit.errors import InputError

__all__ = [
    "EnumerationSolver",
    "LuckSolver",
    "Progress",
    "Solver",
    "register_solver",
    "require_solver",
    "solve",
    "solver_named",
    "solver_names",
]

Progress = Callable[[int, int], None]
"""Called with the work done so far and its total."""

_ROWS = 1 << 14


@runtime_checkable
class Solver(Protocol):
    """Minimises a quadratic function of bits under constraints, and brings the evidence along."""

    @property
    def name(self) -> str:
        """Of the solver, as results carry it."""
        ...

    def solve(
        self,
        problem: QuadraticProblem,
        *,
        seed: int | np.random.Generator | None = None,
        time_limit: float | None = None,
        progress: Progress | None = None,
        enumeration: Enumeration | None = None,
    ) -> Solution:
        """The best choice found.

        Args:
            problem: to solve.
            seed: of whatever is random.
            time_limit: seconds after which it ends with what it has.
            progress: called with the work done so far and its total.
            enumeration: of all choices, if it is at hand, for the evidence.

        Raises:
            InputError: if the problem is none, has no feasible choice, or is beyond this solver.
        """
        ...


class EnumerationSolver:
    """Looks at every feasible choice, at most 4 billion of them; its answer is the optimum."""

    name = "enumeration"

    def solve(
        self,
        problem: QuadraticProblem,
        *,
        seed: int | np.random.Generator | None = None,
        time_limit: float | None = None,
        progress: Progress | None = None,
        enumeration: Enumeration | None = None,
    ) -> Solution:
        """See `Solver.solve`; nothing is random, and an enumeration at hand is the answer.

        Raises:
            InputError: as `enumerate_choices` does, or for the enumeration of another problem.
        """
        found = enumeration
        if found is None:
            found = enumerate_choices(problem, progress=progress, time_limit=time_limit)
        check_instance(found, Enumeration, "enumeration must be an Enumeration")
        run = Run(
            solver=self.name,
            num_evaluations=found.num_choices,
            converged=found.complete,
            message="all choices were looked at" if found.complete else "the time ran out",
            wall_time=found.wall_time,
        )
        return judge(problem, run, bits=found.best.bits, enumeration=found)


class LuckSolver:
    """Draws feasible choices uniformly and keeps the best: what every other solver has to beat.

    Args:
        shots: draws, with repetition.

    Raises:
        InputError: if that is below 1.
    """

    name = "luck"

    def __init__(self, shots: int = 4096) -> None:
        self.shots = require_integer("shots", shots, 1, 1 << 40)

    def solve(
        self,
        problem: QuadraticProblem,
        *,
        seed: int | np.random.Generator | None = None,
        time_limit: float | None = None,
        progress: Progress | None = None,
        enumeration: Enumeration | None = None,
    ) -> Solution:
        """See `Solver.solve`.

        Raises:
            InputError: if no choice is feasible, or the feasible ones are too various to draw from.
        """
        started = time.perf_counter()
        require_problem(problem).constraints.require_feasible()
        if progress is not None:
            check_callable(progress, "progress")
        limit = None if time_limit is None else require_number("time_limit", time_limit, 0)
        number, generator = seeded(seed)
        drawn: list[np.ndarray[tuple[int, ...], np.dtype[np.int8]]] = []
        done = 0
        while done < self.shots and (limit is None or not drawn or time.perf_counter() - started < limit):
            part = problem.constraints.draw(min(_ROWS, self.shots - done), generator)
            if part is None:
                raise InputError(
                    "the feasible choices are too various to draw from; take fewer constraints, or a solver that "
                    "searches"
                )
            drawn.append(part)
            done += len(part)
            if progress is not None:
                progress(done, self.shots)
        bits, counts = np.unique(np.concatenate(drawn), axis=0, return_counts=True)
        run = Run(
            solver=self.name,
            evidence="samples",
            shots=done,
            seed=number,
            num_evaluations=len(bits),
            converged=done == self.shots,
            message="all draws were made" if done == self.shots else "the time ran out",
            wall_time=time.perf_counter() - started,
        )
        return judge(problem, run, outcomes=(bits, counts), enumeration=enumeration)


_FACTORIES: dict[str, Callable[[], Solver]] = {"enumeration": EnumerationSolver, "luck": LuckSolver}


def register_solver(name: str, factory: Callable[[], Solver]) -> None:
    """Let a solver be called by name.

    Args:
        name: lower-case words joined by hyphens.
        factory: makes one with its default settings; a class, or a function that imports what it needs.

    Raises:
        InputError: if the name is taken, or the factory cannot be called.
    """
    if not isinstance(name, str) or not name:
        raise InputError(f"the name of a solver must be text, got {shown(name)}")
    if name in _FACTORIES:
        raise InputError(f"a solver named {name} is there already; choose another name")
    check_callable(factory, "factory")
    _FACTORIES[name] = factory


def solver_names() -> tuple[str, ...]:
    """The names that `solve` takes, in the order in which they were registered."""
    return tuple(_FACTORIES)


def solver_named(name: str) -> Solver:
    """A solver with its default settings.

    Raises:
        InputError: if none has this name.
        MissingExtraError: if it needs a package that is not installed.
    """
    if not isinstance(name, str) or name not in _FACTORIES:
        raise InputError(f"a solver is one of {', '.join(_FACTORIES)}, got {shown(name)}")
    return _FACTORIES[name]()


def require_solver(solver: str | Solver) -> Solver:
    """A solver of one's own as it is, or that of a name.

    Raises:
        InputError: if it is neither, or a class that makes solvers.
        MissingExtraError: if it needs a package that is not installed.
    """
    if isinstance(solver, type):
        raise InputError(f"a solver is an object, got the class {shown(solver)}; make one: {solver.__name__}()")
    return solver if not isinstance(solver, str) and isinstance(solver, Solver) else solver_named(solver)


def solve(
    problem: QuadraticProblem,
    solver: str | Solver = "enumeration",
    *,
    seed: int | np.random.Generator | None = None,
    time_limit: float | None = None,
    progress: Progress | None = None,
    enumeration: Enumeration | None = None,
) -> Solution:
    """Minimise a quadratic function of bits under constraints.

    Args:
        problem: to solve.
        solver: one of `solver_names`, or one of your own.
        seed, time_limit, progress, enumeration: see `Solver.solve`.

    Raises:
        InputError: if the problem or the solver is none, no choice is feasible, or the problem is beyond the solver.
    """
    require_problem(problem)
    return require_solver(solver).solve(
        problem, seed=seed, time_limit=time_limit, progress=progress, enumeration=enumeration
    )
