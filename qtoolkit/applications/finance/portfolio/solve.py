"""`solve_portfolio`: a solver selects, a convex programme weighs, and SCIP says how far both are from the best."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable, check_flag, check_instance, settled_seed
from qtoolkit._checks import require_number
from qtoolkit.algorithms.quadratic import (
    Constraints,
    Enumeration,
    LinearRow,
    QuadraticProblem,
    ScipSolver,
    Solution,
    Solver,
    enumerate_choices,
    luck_of,
    require_solution,
    solve,
)
from qtoolkit.algorithms.quadratic.enumerate import num_candidates
from qtoolkit.algorithms.quadratic.solver import require_solver
from qtoolkit.applications.finance.portfolio._conflicts import conflict, explained
from qtoolkit.applications.finance.portfolio.problem import PortfolioProblem, require_problem
from qtoolkit.applications.finance.portfolio.result import PortfolioResult
from qtoolkit.applications.finance.portfolio.weights import Weighing, choose_and_weigh, weigh_picks
from qtoolkit.errors import ConvergenceError, InputError, MissingExtraError

__all__ = ["solve_portfolio"]

FloatArray = NDArray[np.float64]

_SECONDS = 60.0
_MOST_CUTS = 20
_ENUMERATED = 1 << 26
"""Up to so many choices are enumerated for the evidence, in a second or two; beyond them SCIP gives the optimum."""

_PERCENT = 100

Progress = Callable[[int, int], None]


def solve_portfolio(
    problem: PortfolioProblem,
    solver: str | Solver = "qaoa",
    *,
    seed: int | np.random.Generator | None = None,
    time_limit: float = _SECONDS,
    progress: Progress | None = None,
    weigh: bool = True,
    compare: bool = True,
    enumeration: Enumeration | None = None,
    exact: Weighing | None = None,
) -> PortfolioResult:
    """Choose assets by a solver of quadratic problems, weigh them by a convex programme, and compare with the best.

    The best is another matter than the solver's answer: SCIP searches for it beside, within `time_limit`, and its bound
    holds where the time runs out; where the solver's answer is better by then, that is the best known. Where the time
    is too short for weights, they stay equal, as `PortfolioResult.weighed` says. Selections that turn out to have no
    weights are excluded one by one.

    Args:
        problem: to solve.
        solver: one of `qtoolkit.algorithms.quadratic.solver_names`, or a solver with settings, such as
            ``QaoaSolver(num_layers=10, shots=1000)``, or one of your own.
        seed: of the solver.
        time_limit: seconds for each of the solver, the bound of its problem, the weights, and the exact answer.
        progress: called with the work done so far and its total.
        weigh: whether to find the best weights and their exact optimum; otherwise picks weigh the same.
        compare: whether to find the exact optimum of the weights, by SCIP, and of the selection, by SCIP or by looking
            at up to 67 million choices, which gives the approximation ratio and probabilities as well. Without it
            their bounds and gaps are unknown, but for what a solver finds by itself.
        enumeration: of the selection, if it is at hand: of ``problem.selection()``, or of one of several numbers.
        exact: of ``choose_and_weigh(problem.program)``, if it is at hand.

    Raises:
        InputError: if no portfolio obeys the constraints, naming the fewest that conflict; if the problem is beyond the
            solver; or for an enumeration or exact answer of another problem.
        ConvergenceError: if every selection tried has no weights, or none were found in time and equal ones break a
            constraint.
        MissingExtraError: if SCIP or HiGHS is needed and not installed.
        KeyboardInterrupt: at Ctrl-C, but for the search for the exact weights: as the last one it keeps its best so
            far, with the status ``"interrupted"``.
    """
    started = time.perf_counter()
    require_problem(problem)
    chosen = require_solver(solver)
    limit = require_number("time_limit", time_limit, 0)
    is_weighed, is_compared = check_flag(weigh, "weigh"), check_flag(compare, "compare")
    if progress is not None:
        check_callable(progress, "progress")
    if exact is not None:
        _own_exact(exact, problem)
    forms = _forms(problem)
    known = _known(enumeration, forms)
    task = _Task(problem, chosen, settled_seed(seed), limit, is_weighed, is_compared, known)
    steps = len(forms) + (is_weighed and is_compared)
    found = [task.run(form, _part(progress, k, steps)) for k, form in enumerate(forms)]
    best = min(found, key=lambda outcome: outcome.objective)
    if is_weighed and is_compared and exact is None:
        exact = _exact(problem, limit, _part(progress, len(forms), steps))
    if is_weighed and exact is not None and best.solution.bits is not None:
        exact = _better(exact, best, problem)
    if progress is not None:
        progress(_PERCENT * steps, _PERCENT * steps)
    return _result(problem, best, found, exact if is_weighed else None, started)


@dataclass(frozen=True, eq=False)
class _Outcome:
    """What a selection came to."""

    solution: Solution
    weighing: Weighing | None
    num_unweighable: int
    objective: float


@dataclass(frozen=True, eq=False)
class _Task:
    """How each selection is solved."""

    problem: PortfolioProblem
    solver: Solver
    seed: int | np.random.Generator
    time_limit: float
    is_weighed: bool
    is_compared: bool
    enumerations: dict[str, Enumeration]

    def run(self, form: QuadraticProblem, progress: Progress | None) -> _Outcome:
        """Select, and weigh; what cannot be weighed is excluded, and the rest searched again."""
        program = self.problem.program
        for number in range(_MOST_CUTS + 1):
            solution = self.select(form, progress)
            if solution.bits is None:
                return _Outcome(solution, None, number, np.inf)
            if not self.is_weighed:
                return _Outcome(solution, None, 0, program.objective(self.problem.equal_weights(solution.names)))
            try:
                found = weigh_picks(program, solution.names, time_limit=self.time_limit)
            except ConvergenceError as error:
                return self.alike(solution, number, error)
            if found is not None:
                return _Outcome(solution, found, number, found.objective)
            if not number and conflict(program) is not None:
                raise InputError(explained(program, None))
            form = _without(form, solution, number)
            if form.constraints.conflict() is not None:
                break
        raise ConvergenceError(
            f"{number + 1} selections that the solver preferred have no weights that obey all constraints; call "
            "choose_and_weigh(problem.program), which searches for both at once"
        )

    def alike(self, solution: Solution, number: int, error: ConvergenceError) -> _Outcome:
        """A selection whose weights were not found in time: alike, if that obeys the constraints."""
        weights = self.problem.equal_weights(solution.names)
        checks = self.problem.program.checks(weights, weights != 0.0)
        broken = [check.name for check in checks if not check.satisfied]
        if broken:
            raise ConvergenceError(
                f"the weights of a selection were not found ({error}), and equal ones break {', '.join(broken)}"
            ) from error
        return _Outcome(solution, None, number, self.problem.program.objective(weights))

    def select(self, form: QuadraticProblem, progress: Progress | None) -> Solution:
        """The solver's answer with the optimum of its problem, or a bound."""
        enumeration = self.enumerations.get(form.fingerprint)
        if enumeration is None and self.is_compared and num_candidates(form) <= _ENUMERATED:
            enumeration = enumerate_choices(form)
        found = solve(
            form,
            self.solver,
            seed=self.seed,
            time_limit=self.time_limit,
            progress=progress,
            enumeration=enumeration,
        )
        solution = require_solution(found, form)
        if solution.interrupted:
            raise KeyboardInterrupt
        if not all(check.satisfied for check in solution.feasibility):
            solution = dataclasses.replace(
                solution, bits=None, names=(), value=None, feasibility=(), unknown="no feasible choice was found"
            )
        if solution.bound.kind == "optimal" or not self.is_compared:
            return solution
        try:
            proved = ScipSolver().solve(form, time_limit=self.time_limit)
        except (ConvergenceError, MissingExtraError):
            return solution
        if proved.interrupted:
            raise KeyboardInterrupt
        bound = proved.bound
        luck = None if solution.shots is None else luck_of(form, solution.shots, bound=bound)
        return dataclasses.replace(solution, bound=bound, luck=luck)


def _forms(problem: PortfolioProblem) -> list[QuadraticProblem]:
    """The selections that have a feasible choice.

    Raises:
        InputError: if none has, naming constraints of the problem that conflict.
    """
    forms = [problem.selection(number) for number in problem.numbers]
    feasible = [form for form in forms if form.constraints.conflict() is None]
    if not feasible:
        raise InputError(explained(problem.program, None))
    return feasible


def _known(enumeration: Enumeration | None, forms: list[QuadraticProblem]) -> dict[str, Enumeration]:
    if enumeration is None:
        return {}
    check_instance(enumeration, Enumeration, "enumeration must be an Enumeration")
    fingerprints = [form.fingerprint for form in forms]
    if enumeration.problem_fingerprint not in fingerprints:
        raise InputError(
            f"the enumeration must be one of this problem's selection ({', '.join(fingerprints)}), got one of "
            f"{enumeration.problem_fingerprint}; call enumerate_choices(problem.selection()), or leave it out"
        )
    return {enumeration.problem_fingerprint: enumeration}


def _own_exact(exact: Weighing, problem: PortfolioProblem) -> None:
    check_instance(exact, Weighing, "the exact answer must be a Weighing")
    if exact.program_fingerprint != problem.program.fingerprint:
        raise InputError(
            f"the exact answer must be one of this problem's programme ({problem.program.fingerprint}), got one of "
            f"{exact.program_fingerprint}; call choose_and_weigh(problem.program), or leave it out"
        )


def _exact(problem: PortfolioProblem, time_limit: float, progress: Progress | None) -> Weighing | None:
    try:
        return choose_and_weigh(problem.program, time_limit=time_limit, progress=progress)
    except ConvergenceError:
        return None


def _better(exact: Weighing, own: _Outcome, problem: PortfolioProblem) -> Weighing:
    """The best portfolio known: the solver's where SCIP ended with a worse one."""
    if exact.status == "optimal" or own.objective >= exact.objective:
        return exact
    program, names = problem.program, own.solution.names
    weights = problem.equal_weights(names) if own.weighing is None else own.weighing.weights
    return dataclasses.replace(
        exact,
        weights=weights,
        held=names if own.weighing is None else own.weighing.held,
        objective=own.objective,
        expected_return=float(program.expected_returns @ weights),
        risk=program.risk_of(weights),
        cost=program.cost_of(weights),
        bound=min(exact.bound, own.objective),
        checks=program.checks(weights, np.isin(np.array(problem.asset_names), np.array(names))),
    )


def _without(form: QuadraticProblem, solution: Solution, number: int) -> QuadraticProblem:
    """The same problem without one choice."""
    bits = np.array(solution.bits, dtype=np.float64)
    row = LinearRow(2.0 * bits - 1.0, upper=float(bits.sum()) - 1.0, name=f"selection {number} has no weights")
    return QuadraticProblem(form.objective, Constraints(form.names, rows=[*form.constraints.rows, row]))


def _part(progress: Progress | None, step: int, steps: int) -> Progress | None:
    """Progress within one of several steps; a step that begins again stays where it was."""
    if progress is None:
        return None
    told, furthest = progress, 0

    def tell(done: int, total: int) -> None:
        nonlocal furthest
        furthest = max(furthest, int(_PERCENT * min(done / total, 1.0)) if total else _PERCENT)
        told(_PERCENT * step + furthest, _PERCENT * steps)

    return tell


def _result(
    problem: PortfolioProblem, best: _Outcome, found: list[_Outcome], exact: Weighing | None, started: float
) -> PortfolioResult:
    program, solution, weighing = problem.program, best.solution, best.weighing
    assets = None if solution.bits is None else solution.names
    weights: FloatArray | None = None
    if weighing is not None:
        weights = weighing.weights
    elif assets is not None:
        weights = problem.equal_weights(assets)
    held = np.isin(np.array(problem.asset_names), np.array(assets or (), dtype=str))
    return PortfolioResult(
        assets=assets,
        weights={} if weights is None else {problem.asset_names[k]: float(weights[k]) for k in np.flatnonzero(held)},
        objective=None if weights is None else program.objective(weights),
        expected_return=None if weights is None else float(program.expected_returns @ weights),
        risk=None if weights is None else program.risk_of(weights),
        cost=None if weights is None else program.cost_of(weights),
        feasibility=() if weights is None else program.checks(weights, held),
        weighed="equal" if weighing is None else "convex",
        weighing=weighing,
        exact=exact,
        selection=solution,
        selections=tuple(outcome.solution for outcome in found),
        num_unweighable=best.num_unweighable,
        problem_fingerprint=problem.fingerprint,
        wall_time=time.perf_counter() - started,
    )
