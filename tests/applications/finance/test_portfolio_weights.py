"""Weights by HiGHS and SCIP against SLSQP on every choice of assets, closed forms and published numbers."""

import itertools
import signal
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from qtoolkit.algorithms.quadratic import BinaryQuadratic, Constraints, QuadraticProblem, ScipSolver, evidence
from qtoolkit.applications.finance import load_sp500_returns
from qtoolkit.applications.finance.portfolio import Tail, WeightGroup, WeightProgram, choose_and_weigh, weigh
from qtoolkit.errors import InputError, MissingExtraError

pytest.importorskip("highspy")
pytest.importorskip("pyscipopt")

SEEDS = st.integers(0, 2**32 - 1)


def market(num_assets, seed, factors=3):
    """Means and a covariance of daily returns."""
    rng = np.random.default_rng(seed)
    loads = rng.normal(size=(num_assets, factors)) * 0.01
    return rng.normal(size=num_assets) * 5e-4, loads @ loads.T + np.diag(rng.uniform(0.5, 2.0, num_assets)) * 1e-4


def by_slsqp(program, held):
    """The objective of the best weights of a choice, infinite where there are none; written from the definition."""
    size = program.num_assets
    low = np.where(held, np.maximum(program.lower, program.minimum_if_held), 0.0)
    high = np.where(held, program.upper, 0.0)
    if np.any(program.lower[~held] > 0) or np.any(low > high):
        return np.inf
    eye, none, ones = np.eye(size), np.zeros(size), np.ones(size)
    table = [np.concatenate([ones, none, none]), np.concatenate([none, ones, ones])]  # weights, bought, sold
    limits = [program.budget, (-np.inf, program.max_turnover)]
    for group in program.groups.values():
        members = [program.names.index(name) for name in group.members]
        if not group.fewest <= held[members].sum() <= (len(members) if group.most is None else group.most):
            return np.inf
        table.append(np.concatenate([eye[members].sum(axis=0), none, none]))
        limits.append((group.lower, group.upper))
    table += list(np.concatenate([eye, -eye, eye], axis=1))
    limits += [(before, before) for before in program.current]
    table, limits = np.array(table), np.array(limits)
    box = [*zip(low, high, strict=True), *[(0, 3)] * (2 * size)]
    same = limits[:, 0] == limits[:, 1]
    equal, right = table[same], limits[same, 0]
    above = np.concatenate([table[~same], -table[~same]])
    most = np.concatenate([limits[~same, 1], -limits[~same, 0]])
    above, most = above[np.isfinite(most)], most[np.isfinite(most)]
    vertices = []
    for push in np.random.default_rng(0).normal(size=(6, 3 * size)):
        push[size:] = 1.0
        corner = linprog(push, above if len(most) else None, most if len(most) else None, equal, right, box)
        if corner.status == 2:
            return np.inf
        vertices.append(corner.x)
    costs = np.concatenate([-program.expected_returns, program.cost, program.cost])
    risk = program.risk_aversion * program.risk

    def slope(x):
        return 1e4 * (costs + np.concatenate([2 * risk @ x[:size], none, none]))

    rules = [{"type": "eq", "fun": lambda x: equal @ x - right, "jac": lambda x: equal}]
    if len(most):
        rules.append({"type": "ineq", "fun": lambda x: most - above @ x, "jac": lambda x: -above})
    best = np.inf
    for start in (np.mean(vertices, axis=0), *vertices[:2]):
        found = minimize(
            lambda x: 1e4 * (x[:size] @ risk @ x[:size] + costs @ x),
            start,
            jac=slope,
            bounds=box,
            constraints=rules,
            options={"maxiter": 500, "ftol": 1e-12},
        )
        assert found.status in (0, 8)  # done, or no step goes further down
        np.testing.assert_allclose(equal @ found.x, right, atol=1e-9)
        assert np.all(above @ found.x <= most + 1e-9)
        best = min(best, found.fun / 1e4)
    return best


def kinds_of_constraint():
    before = np.array([0.5, 0.3, 0.2, 0.0, 0.0])
    return {
        "exact number": {"cardinality": 2, "minimum_if_held": 0.1},
        "range": {"cardinality": (2, 3), "upper": 0.6, "minimum_if_held": 0.05},
        "bounds": {"lower": [0.1, 0, 0, 0, 0], "upper": [0.3, 0.5, 0.5, 0.2, 0.9], "cardinality": (0, 3)},
        "short": {"lower": -0.3, "upper": 0.7, "cardinality": 3},
        "group weights": {"groups": {"g": WeightGroup(("asset 0", "asset 2"), 0.2, 0.3)}, "cardinality": (0, 3)},
        "group numbers": {
            "groups": {"g": WeightGroup(("asset 0", "asset 2", "asset 4"), fewest=1, most=1)},
            "minimum_if_held": 0.1,
        },
        "turnover": {"current": before, "max_turnover": 0.5, "cardinality": (0, 3)},
        "cost": {"current": before, "cost": 3e-4, "cardinality": (0, 4), "minimum_if_held": 0.05},
        "budget": {"budget": (0.4, 0.8), "cardinality": 2, "minimum_if_held": 0.05},
    }


@pytest.mark.parametrize("kind", kinds_of_constraint())
@pytest.mark.parametrize("seed", [0, 1])
def test_scip_finds_what_slsqp_finds_on_every_choice(kind, seed):
    mu, sigma = market(5, seed)
    program = WeightProgram(mu, sigma, risk_aversion=3.0, **kinds_of_constraint()[kind])
    values = {}
    for bits in itertools.product((False, True), repeat=5):
        held = np.array(bits)
        if program.cardinality[0] <= held.sum() <= program.cardinality[1]:
            values[bits] = by_slsqp(program, held)
    found = choose_and_weigh(program)
    assert np.isfinite(min(values.values()))
    assert found.objective == pytest.approx(min(values.values()), abs=2e-9)
    assert found.status == "optimal"
    assert found.gap >= 0.0
    assert all(check.satisfied for check in found.checks)
    assert found.objective == pytest.approx(3.0 * found.risk - found.expected_return + found.cost, abs=1e-15)
    assert found.expected_return == pytest.approx(mu @ found.weights)
    assert program.cardinality[0] <= len(found.held) <= program.cardinality[1]
    names = np.array(program.names)
    assert set(names[np.abs(found.weights) > 0]) <= set(found.held)
    # and each choice alone, by HiGHS
    for bits, value in list(values.items())[::5]:
        if np.isfinite(value):
            alone = weigh(program, names[list(bits)])
            assert alone.objective == pytest.approx(value, abs=2e-9)
            assert alone.status == "optimal"


@settings(max_examples=6, deadline=None)
@given(SEEDS, st.floats(0.1, 10.0))
def test_pairs_of_twelve_assets_in_closed_form(seed, aversion):
    mu, sigma = market(12, seed)
    best = np.inf
    for i, j in itertools.combinations(range(12), 2):
        curve = sigma[i, i] + sigma[j, j] - 2 * sigma[i, j]
        slope = 2 * aversion * (sigma[i, j] - sigma[j, j]) - (mu[i] - mu[j])
        w = np.clip(-slope / (2 * aversion * curve), 0.1, 0.9)
        pair = np.array([w, 1 - w])
        chosen = np.ix_([i, j], [i, j])
        best = min(best, aversion * pair @ sigma[chosen] @ pair - pair @ mu[[i, j]])
    program = WeightProgram(mu, sigma, risk_aversion=aversion, cardinality=2, minimum_if_held=0.1)
    assert choose_and_weigh(program).objective == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_lots_against_all_multiples(seed):
    mu, sigma = market(4, seed)
    program = WeightProgram(mu, sigma, risk_aversion=4.0, lots=[0.1, 0.1, 0.2, 0.25], budget=(0.8, 1.0), cardinality=3)
    best = min(
        4.0 * w @ sigma @ w - mu @ w
        for steps in itertools.product(range(11), range(11), range(6), range(5))
        if 0.8 <= (w := np.array(steps) * program.lots).sum() <= 1.0 + 1e-12 and np.count_nonzero(steps) <= 3
    )
    found = choose_and_weigh(program)
    assert found.objective == pytest.approx(best, abs=1e-9)
    steps = found.weights / program.lots
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-12)
    with pytest.raises(InputError, match="lots make weights a search, even of chosen assets; call choose_and_weigh"):
        weigh(program)


def test_minimum_variance_of_the_sp500_set():
    sigma = load_sp500_returns().covariance
    program = WeightProgram(np.zeros(20), sigma)
    found = weigh(program)
    assert found.risk == pytest.approx(1.01338349e-4, rel=2e-9)
    assert found.status == "optimal"
    assert 0.0 <= found.gap < 1e-12
    # Karush, Kuhn and Tucker: the same slope wherever there is weight, no smaller one elsewhere
    slope = sigma @ found.weights
    weighty = found.weights > 1e-6
    np.testing.assert_allclose(slope[weighty], found.risk, rtol=1e-6)
    assert np.all(slope >= found.risk * (1 - 1e-6))
    chosen = choose_and_weigh(program)
    np.testing.assert_allclose(chosen.weights, found.weights, atol=1e-6)
    assert len(repr(found)) < 200


def test_scip_proves_the_published_choice_of_the_sp500_set(monkeypatch):
    history = load_sp500_returns()
    form = BinaryQuadratic(0.5 * history.covariance, -history.expected_returns, names=history.asset_names)
    monkeypatch.setattr(evidence, "ENUMERATED_UNASKED", 0)
    found = ScipSolver().solve(QuadraticProblem(form, Constraints(form.names, cardinality=5)))
    assert found.names == ("AAPL", "BBY", "JNJ", "MSFT", "UNH")
    assert found.value == pytest.approx(-2.3355498085e-3, abs=1e-13)
    assert found.bound.kind == "optimal"


@pytest.mark.parametrize("unit", [1e-4, 1e4])
@pytest.mark.parametrize("money", [1.0, 1e6])
def test_units_change_nothing(unit, money):
    mu, sigma = market(8, 5)
    settings_of = {"cardinality": (0, 4), "minimum_if_held": 0.05 * money, "budget": money}
    plain = WeightProgram(mu, sigma, cardinality=(0, 4), minimum_if_held=0.05)
    other = WeightProgram(mu * unit * money, sigma * unit, **settings_of)
    for solve in (weigh, choose_and_weigh):
        first = plain if solve is choose_and_weigh else WeightProgram(mu, sigma)
        second = other if solve is choose_and_weigh else WeightProgram(mu * unit * money, sigma * unit, budget=money)
        np.testing.assert_allclose(solve(second).weights / money, solve(first).weights, atol=1e-6)
    smallest = WeightProgram(np.zeros(8), sigma * unit)
    np.testing.assert_allclose(weigh(smallest).weights, weigh(WeightProgram(np.zeros(8), sigma)).weights, atol=1e-6)


def test_a_frontier_is_convex_and_its_ends_are_known():
    mu, sigma = market(10, 7)
    aversions = [1e6, 30.0, 10.0, 3.0, 1.0, 0.0]
    points = [weigh(WeightProgram(mu, sigma, risk_aversion=q)) for q in aversions]
    returns, risks = (np.array([getattr(p, name) for p in points]) for name in ("expected_return", "risk"))
    assert np.all(np.diff(returns) >= -1e-9)
    assert np.all(np.diff(risks) >= -1e-9)
    assert returns[-1] == pytest.approx(mu.max())
    assert risks[0] == pytest.approx(weigh(WeightProgram(np.zeros(10), sigma)).risk, rel=1e-4)
    limited = [choose_and_weigh(WeightProgram(mu, sigma, risk_aversion=q, cardinality=(0, 3))) for q in (10.0, 1.0)]
    for q, few in zip((10.0, 1.0), limited, strict=True):
        assert few.objective >= weigh(WeightProgram(mu, sigma, risk_aversion=q)).objective - 1e-12


TABLE = """
 4
 .004 .05
 .002 .03
 .007 .08
 .001 .04
 1 1 1
 1 2 .3
 1 3 .5
 1 4 -.2
 2 2 1
 2 3 .1
 2 4 .4
 3 3 1
 3 4 .2
 4 4 1
"""


def test_the_frontier_of_a_table_in_closed_form(tmp_path):
    """Means, deviations and correlations as OR-Library keeps them; without bounds two funds span the frontier."""
    path = tmp_path / "port.txt"
    path.write_text(TABLE, encoding="utf-8")
    numbers = iter(path.read_text(encoding="utf-8").split())
    size = int(next(numbers))
    mu, deviations = np.array([[float(next(numbers)), float(next(numbers))] for _ in range(size)]).T
    correlations = np.zeros((size, size))
    for _ in range(size * (size + 1) // 2):
        i, j = int(next(numbers)) - 1, int(next(numbers)) - 1
        correlations[i, j] = correlations[j, i] = float(next(numbers))
    sigma = correlations * np.outer(deviations, deviations)
    inverse = np.linalg.inv(sigma)
    safest = inverse.sum(axis=1) / inverse.sum()
    tilted = inverse @ (mu - (safest @ mu))
    for q in (0.5, 2.0, 20.0):
        w = safest + tilted / (2 * q)
        found = weigh(WeightProgram(mu, sigma, risk_aversion=q, lower=-20, upper=20))
        np.testing.assert_allclose(found.weights, w, atol=1e-6)
        assert found.risk == pytest.approx(w @ sigma @ w, rel=1e-6)
        assert found.expected_return == pytest.approx(w @ mu, rel=1e-6)


def test_the_tail_is_the_mean_of_the_worst_and_its_minimum_that_of_slsqp():
    rng = np.random.default_rng(3)
    scenarios = rng.normal(size=(40, 4)) * 0.01
    w = np.array([0.1, 0.2, 0.3, 0.4])
    losses = np.sort(-scenarios @ w)[::-1]
    assert Tail(scenarios, 0.9).value(w) == pytest.approx(losses[:4].mean())
    assert Tail(scenarios, 0.0).value(w) == pytest.approx(losses.mean())
    assert Tail(scenarios, 0.99).value(w) == pytest.approx(losses[0])
    assert Tail(scenarios, 0.9375).value(w) == pytest.approx((losses[:2].sum() + losses[2] / 2) / 2.5)
    mu = scenarios.mean(axis=0)
    program = WeightProgram(mu, Tail(scenarios, 0.9), risk_aversion=2.0)
    found = weigh(program)
    assert found.status == "optimal"
    assert found.risk == pytest.approx(Tail(scenarios, 0.9).value(found.weights))
    for _ in range(300):
        other = rng.dirichlet(np.ones(4) * rng.choice([0.3, 1.0]))
        assert program.objective(other) >= found.bound - 1e-12
    near = [
        found.weights + step * (rng.dirichlet(np.ones(4)) - found.weights) for step in (1e-3, 1e-2) for _ in range(50)
    ]
    assert min(map(program.objective, near)) >= found.objective - 1e-12
    few = WeightProgram(mu, Tail(scenarios, 0.9), risk_aversion=2.0, cardinality=2)
    pairs = [weigh(few, pair).objective for pair in itertools.combinations(range(4), 2)]
    assert choose_and_weigh(few).objective == pytest.approx(min(pairs), abs=1e-9)


def test_a_short_time_gives_a_bound_and_the_gap():
    mu, sigma = market(120, 0, factors=20)
    program = WeightProgram(0 * mu, sigma, cardinality=10, minimum_if_held=0.03)
    found = choose_and_weigh(program, time_limit=0.1)
    assert found.status == "time limit"
    assert found.gap > 0.0
    assert "gap=" in repr(found)
    assert all(check.satisfied for check in found.checks)
    assert found.bound >= weigh(WeightProgram(0 * mu, sigma)).bound * (1 - 1e-6)


def test_ctrl_c_leaves_the_best_so_far():
    mu, sigma = market(60, 0, factors=20)
    program = WeightProgram(0 * mu, sigma, cardinality=10, minimum_if_held=0.03)
    found = choose_and_weigh(program, time_limit=60, progress=lambda done, total: signal.raise_signal(signal.SIGINT))
    assert found.status == "interrupted"
    assert found.gap > 0.0


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            {"cardinality": 3, "upper": 0.3},
            "all of: budget = 1, cardinality = 3, bounds; any 2 of them can be met; relax one",
        ),
        (
            {"groups": {"tech": WeightGroup(("asset 0", "asset 1"), upper=0.1)}, "upper": 0.2, "cardinality": (0, 6)},
            "all of: budget = 1, group tech <= 0.1, bounds; any 2 of them can be met; relax one",
        ),
        ({"lots": 0.3}, "all of: budget = 1, lots; either can be met alone; relax one"),
        (
            {"minimum_if_held": 0.4, "cardinality": 3},
            "all of: budget = 1, cardinality = 3, minimum if held; any 2 of them can be met; relax one",
        ),
        ({"current": np.full(6, 1 / 6), "max_turnover": 0.1, "budget": 0.5}, "all of: budget = 0.5, turnover <= 0.1"),
    ],
)
def test_what_cannot_be_met_is_explained(limits, message):
    limits.setdefault("upper", 1.0)
    mu, sigma = market(6, 0)
    if "tech" in limits.get("groups", {}):
        limits["upper"] = [1, 1, 0.2, 0.2, 0.2, 0.2]
    with pytest.raises(InputError, match=message):
        choose_and_weigh(WeightProgram(mu, sigma, **limits))


def test_a_choice_that_cannot_be_weighed_is_explained():
    mu, sigma = market(6, 0)
    with pytest.raises(InputError, match="of the chosen assets satisfies all of: budget = 1, bounds"):
        weigh(WeightProgram(mu, sigma, upper=0.3), [0, 1, 2])
    with pytest.raises(InputError, match="of the chosen assets satisfies cardinality = 2; relax it"):
        weigh(WeightProgram(mu, sigma, cardinality=2), [0, 1, 2])


def test_labels_decide_not_places():
    mu = pd.Series([1e-3, 2e-3, 0.0], index=["b", "a", "c"])
    sigma = pd.DataFrame(np.diag([1.0, 2.0, 3.0]), index=["a", "b", "c"], columns=["a", "b", "c"]) * 1e-4
    program = WeightProgram(mu, sigma, upper=pd.Series([0.2, 1.0, 0.7], index=["c", "a", "b"]))
    assert program.names == ("b", "a", "c")
    np.testing.assert_allclose(np.diag(program.risk), [2e-4, 1e-4, 3e-4])
    np.testing.assert_allclose(program.upper, [0.7, 1.0, 0.2])
    assert weigh(program, ["a"]).held == ("a",)
    assert program.fingerprint == WeightProgram(mu, sigma, upper=[0.7, 1.0, 0.2]).fingerprint
    assert program.fingerprint != WeightProgram(mu, sigma, upper=[0.7, 1.0, 0.3]).fingerprint
    assert weigh(program).program_fingerprint == program.fingerprint


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: WeightProgram([0.0], [[-1.0]]), "positive semidefinite, got the eigenvalue -1"),
        (lambda: WeightProgram([0.0, 0.0], [[1.0, 0.5], [0.4, 1.0]]), "must be symmetric"),
        (lambda: WeightProgram([0.0], [[1.0]], risk_aversion=-1), "risk_aversion must be .*at least 0, got -1"),
        (lambda: WeightProgram([0.0], [[1.0]], budget=None), "budget must be a finite number, got None"),
        (lambda: WeightProgram([0.0], [[1.0]], cardinality=(2, 1)), "cardinality must be at least 2, got 1"),
        (lambda: WeightProgram([0.0], [[1.0]], cardinality=1.5), "cardinality must be an integer, got 1.5"),
        (lambda: WeightProgram([0.0], [[1.0]], lower=2.0), "upper limit of a weight must be at least the lower"),
        (lambda: WeightProgram([0.0], [[1.0]], cost=-1.0), "cost must be at least 0, got -1"),
        (lambda: WeightProgram([0.0], [[1.0]], lower=-1, minimum_if_held=0.1), "needs lower limits of at least 0"),
        (lambda: WeightProgram([0.0], [[1.0]], upper=[1.0, 2.0]), "upper must be one number, or one for each of 1"),
        (lambda: WeightProgram([0.0], [[1.0]], groups=[1]), "a mapping from names to WeightGroup"),
        (lambda: WeightProgram([0.0], [[1.0]], groups={"g": 1}), "the group 'g' must be a WeightGroup, got 1"),
        (lambda: WeightProgram([0.0], [[1.0]], groups={"g": WeightGroup(("z",))}), "the assets are asset 0; got 'z'"),
        (lambda: WeightProgram(None, [[1.0]]), "expected_returns must"),
        (lambda: WeightGroup(("a",), 1.0, 0.0), "upper limit of a group must be at least the lower"),
        (lambda: Tail([[0.0]], 1.0), "level of a tail must be below 1, got 1.0"),
        (lambda: Tail(np.zeros(3)), "scenarios must have shape"),
        (lambda: weigh(3), "the programme must be a WeightProgram, got 3"),
        (lambda: choose_and_weigh(3), "the programme must be a WeightProgram, got 3"),
        (lambda: weigh(WeightProgram([0.0], [[1.0]]), time_limit=-1), "time_limit must be"),
    ],
)
def test_odd_input_gets_one_clear_error(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_without_the_packages_the_extra_is_named(monkeypatch):
    program = WeightProgram([0.0], [[1.0]])
    monkeypatch.setitem(sys.modules, "highspy", None)
    with pytest.raises(MissingExtraError, match=r'"highspy".*pip install "qtoolkit-quantum\[finance\]"'):
        weigh(program)
    monkeypatch.setitem(sys.modules, "pyscipopt", None)
    with pytest.raises(MissingExtraError, match=r'"pyscipopt".*pip install "qtoolkit-quantum\[finance\]"'):
        choose_and_weigh(program)


def test_solvers_print_nothing(capfd):
    mu, sigma = market(6, 0)
    choose_and_weigh(WeightProgram(mu, sigma, cardinality=3))
    assert capfd.readouterr() == ("", "")
