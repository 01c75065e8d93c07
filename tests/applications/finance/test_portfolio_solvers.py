"""Portfolios by the quantum and heuristic solvers, QAOA above all, beside what luck does."""

import pytest
from portfolio_problems import market, small_problem

from qtoolkit import _memory
from qtoolkit.algorithms.quadratic import QaoaSolver, solver_names
from qtoolkit.applications.finance import PortfolioProblem, estimate_moments, load_sp500_returns, solve_portfolio
from qtoolkit.errors import InputError, InsufficientMemoryError

pytest.importorskip("highspy")
pytest.importorskip("pyscipopt")


@pytest.fixture(scope="module")
def published():
    pytest.importorskip("skfolio")
    return PortfolioProblem.from_returns(load_sp500_returns(), risk_aversion=0.5, cardinality=5, objective="positions")


def test_qaoa_is_the_default_and_beats_luck_by_far(published):
    result = solve_portfolio(published, seed=7)
    assert result.solver == "qaoa"
    assert result.assets == ("AAPL", "BBY", "JNJ", "MSFT", "UNH")
    assert result.selection_gap == pytest.approx(0.0, abs=1e-15)
    assert result.gap < 1e-8
    random_ratio = (1.0518533792e-3 + 1.1782697754e-3) / (1.0518533792e-3 + 2.3355498085e-3)
    assert random_ratio == pytest.approx(0.658, abs=5e-4)
    assert result.approximation_ratio > 0.93 > random_ratio
    assert result.probability_of_optimum > 100 * result.luck.probability_of_optimum
    assert result.depth > 0
    assert result.two_qubit_count > 0
    assert result.shots == 4096
    assert result.setting.startswith("complete XY mixer")
    assert "one Trotter step in place of the complete mixer" in result.selection.circuit


def test_the_objective_of_weights_is_the_same_to_qaoa(published):
    """Angles are in units of the objective's spread, so other units change nothing."""
    weights = PortfolioProblem.from_moments(estimate_moments(load_sp500_returns()), risk_aversion=2.5, cardinality=5)
    found = [solve_portfolio(problem, QaoaSolver(2), seed=1, weigh=False) for problem in (published, weights)]
    assert found[0].approximation_ratio == pytest.approx(found[1].approximation_ratio, abs=1e-4)
    assert found[0].selection_value == pytest.approx(5.0 * found[1].selection_value, rel=1e-9)


@pytest.mark.slow
def test_ten_layers_come_near_the_optimum(published):
    result = solve_portfolio(published, QaoaSolver(10), seed=7)
    assert result.approximation_ratio >= 0.95
    assert result.probability_of_optimum >= 100 * result.luck.probability_of_optimum


@pytest.mark.slow
def test_penalties_beat_luck_too(published):
    result = solve_portfolio(published, QaoaSolver(3, mixer="transverse"), seed=7)
    assert result.selection.times_luck > 2.0
    assert result.approximation_ratio > 0.7


@pytest.mark.parametrize("kind", ["group numbers", "turnover", "minimum"])
def test_qaoa_keeps_every_kind_of_row(kind):
    problem = small_problem(kind, 0)
    result = solve_portfolio(problem, QaoaSolver(1, shots=200), seed=1)
    assert result.is_feasible
    assert all(solution.feasibility for solution in result.selections)
    assert result.objective >= result.bound - 1e-9


def test_the_schedule_of_another_problem_is_refused():
    first = solve_portfolio(small_problem("number", 0), QaoaSolver(1), seed=1, weigh=False)
    own = QaoaSolver(1, schedule=first.selection.schedule)
    assert solve_portfolio(small_problem("number", 0), own, seed=1, weigh=False).assets == first.assets
    with pytest.raises(InputError, match="the schedule must be one of this problem"):
        solve_portfolio(small_problem("number", 1), own)


def test_what_does_not_fit_is_refused_before_anything_runs(monkeypatch):
    monkeypatch.setattr(_memory, "free_bytes", lambda: 1 << 24)
    monkeypatch.setattr(_memory, "_last_look", _memory._Look(0.0, 0))
    large = PortfolioProblem(*market(30, 0), risk_aversion=1.0, cardinality=15)
    with pytest.raises(InsufficientMemoryError):
        solve_portfolio(large, QaoaSolver(1))


@pytest.mark.parametrize("solver", solver_names())
@pytest.mark.parametrize("kind", ["number", "group numbers", "group weights"])
def test_every_solver_selects(solver, kind):
    problem = small_problem(kind, 0)
    result = solve_portfolio(problem, solver, seed=1)
    assert result.solver == solver
    assert result.is_feasible
    assert result.selection_gap >= -1e-12
    assert result.objective >= result.bound - 1e-9
