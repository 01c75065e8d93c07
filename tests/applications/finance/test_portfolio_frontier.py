"""The efficient frontier against the analytic one, against trying every choice, and against its own definition."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portfolio_problems import market

from qtoolkit.applications.finance import load_sp500_returns
from qtoolkit.applications.finance.portfolio import (
    PortfolioProblem,
    Tail,
    WeightGroup,
    efficient_frontier,
    weigh,
)
from qtoolkit.errors import InputError

pytest.importorskip("highspy")
pytest.importorskip("pyscipopt")


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_frontier_of_any_weights_is_a_parabola(seed):
    """Merton, J. Financ. Quant. Anal. 7, 1851 (1972), equation 15: variance (A r² − 2 B r + C) / D."""
    mu, sigma = market(6, seed)
    inverse, ones = np.linalg.inv(sigma), np.ones(6)
    a, b, c = ones @ inverse @ ones, ones @ inverse @ mu, mu @ inverse @ mu
    problem = PortfolioProblem(mu, sigma, risk_aversion=1.0, lower=-20.0, upper=20.0)
    start, spread = b / a, 0.5 * np.sqrt(c / a)
    for target in start + spread * np.array([0.0, 0.1, 0.7, 1.5]):
        least = weigh(problem.program.least_risk(float(target)))
        variance = (a * target**2 - 2 * b * target + c) / (a * c - b**2)
        assert least.risk == pytest.approx(variance, rel=1e-6)
    first = efficient_frontier(problem, 3).points[0]
    assert first.risk == pytest.approx(1 / a, rel=1e-6)
    assert first.expected_return == pytest.approx(b / a, abs=1e-3 * spread)


@pytest.mark.parametrize("options", [{}, {"current": 0.2, "cost": 1e-4}, {"upper": 0.4, "budget": (0.5, 1.0)}])
@pytest.mark.parametrize("seed", [0, 1])
def test_risk_rises_and_is_convex_where_nothing_is_counted(options, seed):
    problem = PortfolioProblem(*market(5, seed), risk_aversion=1.0, **options)
    frontier = efficient_frontier(problem, 12)
    assert frontier.is_convex
    assert all(point.is_optimal for point in frontier.points)
    returns, risks = frontier.expected_returns, frontier.risks
    assert np.all(np.diff(returns) > 0.0)
    assert np.all(np.diff(risks) > 0.0)
    slopes = np.diff(risks) / np.diff(returns)
    assert np.all(np.diff(slopes) > -1e-6 * slopes.max())
    program = problem.program
    greatest = -weigh(problem.replace(risk_aversion=0.0).program).objective
    assert returns[-1] == pytest.approx(greatest, rel=1e-5)
    # no aversion to risk leads below the frontier
    for aversion in (0.3, 3.0, 30.0):
        found = weigh(problem.replace(risk_aversion=aversion).program)
        value = float(program.expected_returns @ found.weights) - program.cost_of(found.weights)
        if returns[0] <= value <= returns[-1]:
            assert np.interp(value, returns, risks) >= found.risk - 1e-12


@pytest.mark.parametrize(
    "options",
    [
        {"cardinality": 2, "minimum_if_held": 0.1},
        {"cardinality": (1, 2), "upper": 0.7, "minimum_if_held": 0.2},
        {"cardinality": 3, "minimum_if_held": 0.05, "groups": {"g": WeightGroup((0, 1, 2), most=1)}},
    ],
)
def test_with_a_number_of_assets_it_is_the_best_of_all_choices(options):
    problem = PortfolioProblem(*market(5, 4), risk_aversion=1.0, **options)
    frontier = efficient_frontier(problem, 6)
    assert not frontier.is_convex
    assert np.all(np.diff(frontier.risks) >= 0.0)
    assert np.all(np.diff(frontier.expected_returns) >= 0.0)
    program = problem.program
    targets = np.linspace(frontier.expected_returns[0], frontier.expected_returns[-1], 6)
    for target, point in list(zip(targets, frontier.points, strict=True))[1:-1]:
        best = np.inf
        for number in range(1, 4):
            for picks in itertools.combinations(range(5), number):
                try:
                    best = min(best, weigh(program.least_risk(float(target)), picks).risk)
                except InputError:
                    continue
        assert point.risk == pytest.approx(best, rel=1e-5)
        assert len(point.weights) <= problem.cardinality[1]
        assert point.bound <= point.risk
        assert point.gap >= 0.0


def test_the_frontier_of_real_stocks_starts_at_the_known_minimum_variance():
    pytest.importorskip("skfolio")
    problem = PortfolioProblem.from_returns(load_sp500_returns(), risk_aversion=0.5)
    told = []
    frontier = efficient_frontier(problem, 5, progress=lambda done, total: told.append((done, total)))
    assert frontier.risks[0] == pytest.approx(1.01338349e-4, rel=1e-6)
    assert frontier.expected_returns[-1] == pytest.approx(problem.expected_returns.max(), rel=1e-5)
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    assert frontier.problem_fingerprint == problem.fingerprint
    assert repr(frontier).startswith("EfficientFrontier(5 points, 5 proved, return 0.00058")


def test_the_tail_has_a_frontier_too():
    mu, sigma = market(4, 1)
    scenarios = np.random.default_rng(0).multivariate_normal(mu, sigma, size=50)
    frontier = efficient_frontier(PortfolioProblem(mu, sigma, risk_aversion=1.0, tail=Tail(scenarios, 0.8)), 6)
    assert frontier.risk_measure == "conditional value at risk"
    assert np.all(np.diff(frontier.risks) > 0.0)


def test_bad_requests_are_refused():
    problem = PortfolioProblem(*market(4, 1), risk_aversion=1.0)
    for ask, message in [
        (lambda: efficient_frontier(problem, 1), "num_points must be in"),
        (lambda: efficient_frontier(problem, time_limit="1"), "time_limit must be a number"),
        (lambda: efficient_frontier(problem, progress=1), "progress must be a function"),
        (lambda: efficient_frontier(problem.program), "must be a PortfolioProblem"),
        (lambda: problem.program.least_risk("1"), "least_return must be a finite number"),
        (lambda: efficient_frontier(problem.replace(upper=0.2)), "no portfolio .* satisfies"),
    ]:
        with pytest.raises(InputError, match=message):
            ask()
