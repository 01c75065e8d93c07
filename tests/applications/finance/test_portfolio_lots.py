"""The form of whole lots against all multiples, written from the definition, and against SCIP."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portfolio_problems import market

from qtoolkit.algorithms.quadratic import QaoaSolver, enumerate_choices, penalised, solve
from qtoolkit.applications.finance.portfolio import PortfolioProblem, Tail, WeightGroup, choose_and_weigh, lots_form
from qtoolkit.errors import InputError

pytest.importorskip("pyscipopt")

BEFORE = [0.5, 0.32, 0.0]
LOTS = {
    "plain": {"budget": (0.75, 1.0)},
    "bounds": {"lower": [0.25, 0.0, 0.0], "upper": [0.5, 0.75, 0.5]},
    "number": {"cardinality": 2, "minimum_if_held": 0.25},
    "minimum": {"minimum_if_held": [0.5, 0.25, 0.75]},
    "short": {"lower": -0.25, "upper": 0.75, "cardinality": (1, 3)},
    "group weights": {"groups": {"g": WeightGroup((0, 1), 0.25, 0.5)}},
    "group numbers": {"groups": {"g": WeightGroup((0, 1), most=1)}, "minimum_if_held": 0.25},
    "turnover": {"current": BEFORE, "max_turnover": 0.7, "budget": (0.75, 1.0)},
    "cost": {"current": BEFORE, "cost": [1e-3, 2e-3, 5e-4]},
    "cost and limits": {"current": [0.9, -0.1, 0.05], "cost": 1e-3, "upper": [0.5, 0.75, 0.75], "lower": [0, 0, 0.25]},
    "cost and minimum": {"current": BEFORE, "cost": 1e-3, "minimum_if_held": 0.5, "cardinality": (1, 2)},
}


def best_by_trying(problem):
    """The least objective over all multiples of lots."""
    program = problem.program
    steps = [np.arange(-round(0.25 / lot), round(1.0 / lot) + 1) * lot for lot in program.lots]
    best, chosen = np.inf, None
    for w in itertools.product(*steps):
        w = np.array(w)
        held = w != 0.0
        fits = program.budget[0] - 1e-9 <= w.sum() <= program.budget[1] + 1e-9
        fits &= bool(np.all(w >= program.lower - 1e-9) and np.all(w <= program.upper + 1e-9))
        fits &= bool(np.all(~held | (w >= program.minimum_if_held - 1e-9) | (program.minimum_if_held == 0.0)))
        fits &= held.sum() <= program.cardinality[1]
        fits &= bool(np.abs(w - program.current).sum() <= program.max_turnover + 1e-9)
        for group in program.groups.values():
            members = list(group.members)
            fits &= group.lower - 1e-9 <= w[members].sum() <= group.upper + 1e-9
            fits &= group.most is None or held[members].sum() <= group.most
        # an asset of weight 0 may count as held where it has no minimum
        empty = (program.minimum_if_held == 0.0).sum() if np.any(program.minimum_if_held == 0.0) else 0
        fits &= held.sum() + empty >= program.cardinality[0]
        if fits and program.objective(w) < best:
            best, chosen = program.objective(w), w
    return best, chosen


def problem_of(kind, seed, **changes):
    options = {"risk_aversion": 3.0, "lots": [0.25, 0.125, 0.25], **LOTS[kind], **changes}
    return PortfolioProblem(*market(3, seed), **options)


@pytest.mark.parametrize("kind", LOTS)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_least_value_is_that_of_the_best_multiples(kind, seed):
    problem = problem_of(kind, seed)
    form = lots_form(problem)
    found = solve(form.problem, "scip")
    best, _ = best_by_trying(problem)
    assert found.value == pytest.approx(best, abs=1e-12)
    weights = form.weights(found.bits)
    assert problem.program.objective(weights) == pytest.approx(best, abs=1e-12)
    assert choose_and_weigh(problem.program).objective == pytest.approx(best, abs=1e-9)
    assert form.problem_fingerprint == problem.fingerprint


@pytest.mark.parametrize("kind", LOTS)
def test_every_feasible_choice_of_bits_is_a_portfolio(kind):
    """Its weights obey the programme, and its value is no less than theirs."""
    problem = problem_of(kind, 0)
    program, form = problem.program, lots_form(problem)
    bits = np.random.default_rng(0).integers(0, 2, size=(4000, form.num_bits))
    drawn = form.problem.constraints.draw(300, 0)
    bits = np.concatenate([bits, drawn])
    feasible = bits[form.problem.constraints.feasible(bits)]
    assert len(feasible) >= 300
    values = form.problem.objective.values(feasible)
    for w, value in zip(form.weights(feasible), values, strict=True):
        checks = program.checks(w, w != 0.0)
        assert {check.name for check in checks if not check.satisfied} <= {"cardinality"}
        assert (w != 0.0).sum() <= program.cardinality[1]
        assert value >= program.objective(w) - 1e-13
        if not program.is_traded:
            assert value == pytest.approx(program.objective(w), abs=1e-13)


def test_bits_are_as_few_as_the_limits_need():
    form = lots_form(PortfolioProblem(*market(2, 0), risk_aversion=1.0, lots=0.1, upper=[0.5, 0.7]))
    assert form.problem.names == (
        "asset 0 lots 1", "asset 0 lots 2", "asset 0 lots 2 more",
        "asset 1 lots 1", "asset 1 lots 2", "asset 1 lots 4",
    )  # fmt: skip
    (row,) = form.problem.constraints.rows
    assert (row.name, row.lower, row.upper) == ("budget", 10.0, 10.0)
    np.testing.assert_array_equal(row.coefficients, [1, 2, 2, 1, 2, 4])
    assert form.weights([1, 1, 1, 0, 1, 0]) == pytest.approx([0.5, 0.2])
    assert repr(form) == "LotsForm(2 assets, 6 bits, 1 constraints)"


def test_different_lots_have_a_common_measure():
    form = lots_form(PortfolioProblem(*market(2, 0), risk_aversion=1.0, lots=[0.15, 0.1], budget=(0.55, 1.0)))
    (row,) = form.problem.constraints.rows
    assert set(row.coefficients) <= set(range(40))
    assert (row.lower, row.upper) == (11.0, 20.0)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_limits_agree_with_scip_on_weights(seed):
    rng = np.random.default_rng(seed)
    before = np.round(rng.dirichlet(np.ones(3)), 2)
    problem = PortfolioProblem(
        *market(3, seed),
        risk_aversion=float(rng.uniform(0.5, 5.0)),
        cardinality=(1, int(rng.integers(2, 4))),
        lots=rng.choice([0.15, 0.1, 0.2], 3),
        budget=(0.6, 1.0),
        minimum_if_held=rng.choice([0.0, 0.15]),
        upper=rng.uniform(0.4, 0.7, 3),
        current=before,
        cost=rng.uniform(0.0, 1e-3) * rng.integers(2),
        max_turnover=rng.choice([0.8, 3.0]),
    )
    by_weights = choose_and_weigh(problem.program)
    form = lots_form(problem)
    found = solve(form.problem, "scip")
    assert found.value == pytest.approx(by_weights.objective, abs=1e-9)
    assert all(check.satisfied for check in problem.program.checks(form.weights(found.bits), _held(form, found)))


def _held(form, found):
    return form.weights(found.bits) != 0.0


def test_the_ising_form_and_qaoa_take_it():
    problem = PortfolioProblem(*market(3, 1), risk_aversion=3.0, lots=0.25)
    form = lots_form(problem)
    exact = enumerate_choices(form.problem)
    bits = np.arange(1 << form.num_bits)[:, None] >> np.arange(form.num_bits) & 1
    np.testing.assert_allclose(form.cost_hamiltonian().diagonal(), form.problem.objective.values(bits), atol=1e-15)
    assert solve(form.problem, QaoaSolver(2), seed=1).value == pytest.approx(exact.value, abs=1e-12)
    lowest = np.argmin(penalised(form.problem, "sufficient").form.values(bits))
    assert form.problem.objective.values(bits[lowest]) == pytest.approx(exact.value, abs=1e-12)


def test_what_has_no_such_form_is_refused():
    mu, sigma = market(3, 0)
    for options, message in [
        ({}, "lots must be positive for each asset, got none for asset 0"),
        ({"lots": [0.1, 0.0, 0.1]}, "got none for asset 1"),
        ({"lots": 0.1, "tail": Tail(np.ones((2, 3)))}, "tail of scenarios is no quadratic function"),
    ]:
        with pytest.raises(InputError, match=message):
            lots_form(PortfolioProblem(mu, sigma, risk_aversion=1.0, **options))
    with pytest.raises(InputError, match="at most 4096 bits"):
        lots_form(PortfolioProblem(*market(300, 0), risk_aversion=1.0, lots=1e-6))
    with pytest.raises(InputError, match="must be a PortfolioProblem"):
        lots_form("lots")
    impossible = lots_form(PortfolioProblem(mu, sigma, risk_aversion=1.0, lots=0.3))
    with pytest.raises(InputError, match="satisfies budget"):
        solve(impossible.problem, "scip")
    forced = PortfolioProblem(mu, sigma, risk_aversion=1.0, lots=0.3, lower=[0.31, 0, 0], upper=[0.5, 1, 1])
    with pytest.raises(InputError, match="no choice"):
        solve(lots_form(forced).problem, "enumeration")
