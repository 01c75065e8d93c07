"""Portfolios of several periods against all paths, written from the definition."""

import itertools

import numpy as np
import pytest
from portfolio_problems import market
from scipy.optimize import minimize

from qtoolkit.algorithms.quadratic import QaoaSolver, enumerate_choices, solve
from qtoolkit.applications.finance.portfolio import (
    MultiPeriodProblem,
    PortfolioProblem,
    Tail,
    WeightGroup,
    solve_multi_period,
    weigh,
)
from qtoolkit.errors import InputError

pytest.importorskip("pyscipopt")
pytest.importorskip("highspy")

BEFORE = [0.5, 0.5, 0.0, 0.0]
KINDS = {
    "cost": [{"cost": 1e-3, "current": BEFORE}, {"cost": 2e-3}, {"cost": [1e-3, 0, 0, 3e-3]}],
    "numbers": [{"cardinality": 1}, {"cardinality": 3, "cost": 1e-3}, {"cardinality": 2, "cost": 5e-4}],
    "budgets": [{"budget": 0.5}, {"budget": (0.5, 1.0), "cost": 1e-3}],
    "turnover": [{"current": BEFORE, "max_turnover": 1.0}, {"max_turnover": 1.0}, {"max_turnover": 0.5}],
    "groups": [
        {"groups": {"g": WeightGroup((0, 1), most=1)}, "upper": 0.6},
        {"groups": {"g": WeightGroup((2, 3), fewest=1)}},
    ],
    "positions": [{"objective": "positions"}, {"objective": "positions", "cost": 3e-4, "cardinality": (1, 3)}],
}


def problem_of(kind, seed=0):
    periods = []
    for place, options in enumerate(KINDS[kind]):
        mu, sigma = market(4, 10 * seed + place)
        periods.append(PortfolioProblem(mu, sigma, **({"risk_aversion": 2.0, "cardinality": 2} | options)))
    return MultiPeriodProblem(periods)


def all_paths(problem):
    """Picks of every path that obeys numbers, groups and the turnover of equal weights, with its objective."""
    found = {}
    each = []
    for period in problem.periods:
        numbers = range(period.cardinality[0], period.cardinality[1] + 1)
        choices = [c for k in numbers for c in itertools.combinations(range(4), k)]
        for group in period.program.groups.values():
            counts = [(c, len(set(c) & set(group.members))) for c in choices]
            choices = [c for c, k in counts if group.fewest <= k <= (4 if group.most is None else group.most)]
        each.append(choices)
    for path in itertools.product(*each):
        weights = np.array(
            [
                [period.pick_weight(len(picks)) if k in picks else 0.0 for k in range(4)]
                for period, picks in zip(problem.periods, path, strict=True)
            ]
        )
        before = problem.periods[0].program.current
        value, fits = 0.0, True
        for period, w in zip(problem.periods, weights, strict=True):
            traded = np.abs(w - before)
            fits &= traded.sum() <= period.program.max_turnover + 1e-9
            value += 2.0 * w @ period.covariance @ w - period.expected_returns @ w + period.program.cost @ traded
            before = w
        if fits:
            found[path] = value
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_best_path_is_the_best_of_all(kind, seed):
    problem = problem_of(kind, seed)
    paths = all_paths(problem)
    best = min(paths, key=paths.get)
    for solver in ("scip", "enumeration"):
        result = solve_multi_period(problem, solver, weigh=False)
        assert result.selection.value == pytest.approx(paths[best], abs=1e-12)
        assert result.objective == pytest.approx(paths[best], abs=1e-12)
        assert result.selection_gap == pytest.approx(0.0, abs=1e-12)
        assert result.picks == tuple(tuple(f"asset {k}" for k in picks) for picks in best)
        np.testing.assert_allclose(result.weights, problem.equal_weights(best))
    assert result.problem_fingerprint == problem.fingerprint
    assert np.all(problem.turnovers(result.weights) <= [p.program.max_turnover + 1e-9 for p in problem.periods])


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_is_the_objective_of_every_path(kind):
    problem = problem_of(kind)
    form = problem.selection()
    paths = all_paths(problem)
    exact = enumerate_choices(form)
    own = len(problem.periods) * 4
    if form.num_variables == own:
        assert exact.num_choices == len(paths)
    for path, value in paths.items():
        bits = np.zeros(form.num_variables)
        bits[:own] = np.concatenate([np.isin(np.arange(4), picks) for picks in path])
        for k, name in enumerate(form.names[own:], start=own):
            asset, period = name.split(", kept into period ")
            t = int(period) - 1
            bits[k] = all(int(asset[-1]) in path[when] for when in (t - 1, t))
        assert form.objective.values(bits) == pytest.approx(value, abs=1e-13)
        assert form.constraints.feasible(bits)
        assert problem.picks(bits) == tuple(tuple(f"asset {k}" for k in picks) for picks in path)
        assert problem.objective(problem.equal_weights(path)) == pytest.approx(value, abs=1e-13)


def test_one_period_is_the_problem_itself():
    alone = PortfolioProblem(*market(4, 0), risk_aversion=2.0, cardinality=2, current=BEFORE, cost=1e-3)
    problem = MultiPeriodProblem([alone])
    difference = problem.selection().objective.matrix - alone.selection().objective.matrix
    assert np.abs(difference).max() == 0.0
    diagonal = problem.cost_hamiltonian().diagonal()
    np.testing.assert_allclose(diagonal, alone.cost_hamiltonian().diagonal(), atol=1e-15)
    found = solve_multi_period(problem)
    assert found.objective == pytest.approx(weigh(alone.program, found.picks[0]).objective, abs=1e-10)


@pytest.mark.parametrize("kind", ["cost", "turnover", "groups", "budgets"])
def test_the_weights_of_a_path_are_those_of_slsqp(kind):
    problem = problem_of(kind)
    result = solve_multi_period(problem)
    count = problem.num_periods
    held = np.array([[name in picks for name in problem.asset_names] for picks in result.picks])
    programs = [period.program for period in problem.periods]

    def split(x):
        parts = x.reshape(3, count, 4)
        return parts[0], parts[1], parts[2]

    def value(x):
        w, bought, sold = split(x)
        return 1e3 * sum(
            2.0 * w[t] @ program.risk @ w[t] - program.expected_returns @ w[t] + program.cost @ (bought[t] + sold[t])
            for t, program in enumerate(programs)
        )

    def kept(x):
        w, bought, sold = split(x)
        before = np.concatenate([[programs[0].current], w[:-1]])
        return (w - bought + sold - before).ravel()

    def least(x):
        w, bought, sold = split(x)
        sums = w.sum(axis=1)
        rows = [sums[t] - p.budget[0] for t, p in enumerate(programs)]
        rows += [p.budget[1] - sums[t] for t, p in enumerate(programs)]
        rows += [min(p.max_turnover, 9.0) - (bought[t] + sold[t]).sum() for t, p in enumerate(programs)]
        return np.array(rows)

    upper = np.array([program.upper for program in programs]) * held
    box = [*[(0.0, top) for top in upper.ravel()], *[(0.0, 2.0)] * (8 * count)]
    rules = [{"type": "eq", "fun": kept}, {"type": "ineq", "fun": least}]
    equal, found = problem.equal_weights(result.picks), []
    for start in (equal, result.weights):  # SLSQP may stop early, and then finds no way down from the optimum
        steps = start - np.concatenate([[programs[0].current], start[:-1]])
        x = np.concatenate([start.ravel(), np.maximum(steps, 0).ravel(), np.maximum(-steps, 0).ravel()])
        assert least(x).min() > -1e-6
        np.testing.assert_allclose(kept(x), 0.0, atol=1e-12)
        options = {"maxiter": 500, "ftol": 1e-13}
        found.append(minimize(value, x, bounds=box, constraints=rules, options=options).fun / 1e3)
    assert result.objective == pytest.approx(min(found), abs=2e-8)
    assert result.objective == pytest.approx(result.weights_bound, abs=1e-9)
    assert result.objective <= problem.objective(equal) + 1e-9
    assert np.all(problem.turnovers(result.weights) <= [min(p.max_turnover, 9.0) + 1e-6 for p in programs])
    assert repr(result).startswith(f"MultiPeriodResult({count} periods, objective=")


def test_qaoa_solves_paths():
    problem = problem_of("cost")
    result = solve_multi_period(problem, QaoaSolver(1, shots=4000), seed=1, weigh=False)
    assert result.selection_gap == pytest.approx(0.0, abs=1e-12)
    assert result.weights_bound is None


def test_bad_periods_are_refused():
    first = PortfolioProblem(*market(4, 0), risk_aversion=1.0, cardinality=2)
    problem = MultiPeriodProblem([first, first])
    for ask, message in [
        (lambda: MultiPeriodProblem([]), "at least one, got none"),
        (lambda: MultiPeriodProblem([first, "second"]), "periods must be a sequence of PortfolioProblem"),
        (lambda: MultiPeriodProblem(first), "periods must be a sequence of PortfolioProblem"),
        (lambda: MultiPeriodProblem([first, first.replace(asset_names=list("ABCD"))]), "the same order.* in period 2"),
        (lambda: MultiPeriodProblem([first, first.replace(current=0.25)]), "belong to the first period.* period 2"),
        (lambda: MultiPeriodProblem([first, first.replace(cardinality=(1, 2))]), "one cardinality, got .1, 2. in per"),
        (lambda: MultiPeriodProblem([first, first.replace(objective="positions")]), "same kind of objective"),
        (lambda: problem.objective(np.ones(4)), r"weights must have shape \(2, 4\)"),
        (lambda: problem.equal_weights([[0, 1]]), "picks must be those of 2 periods, got 1"),
        (lambda: problem.picks(np.ones((2, 8))), "picks are read from one choice"),
        (lambda: solve_multi_period(first), "must be a MultiPeriodProblem"),
        (lambda: solve_multi_period(MultiPeriodProblem([first.replace(lots=0.1)])), "no lots, got others"),
        (lambda: solve_multi_period(MultiPeriodProblem([first.replace(tail=Tail(np.ones((2, 4))))])), "got others"),
    ]:
        with pytest.raises(InputError, match=message):
            ask()
    stuck = MultiPeriodProblem([first.replace(current={"asset 0": 1.0}, max_turnover=0.1)])
    with pytest.raises(InputError, match="turnover into period 1"):
        solve(stuck.selection(), "scip")
