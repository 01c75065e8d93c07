"""The estimator in the tools of scikit-learn and skfolio."""

import pickle

import numpy as np
import pytest

pytest.importorskip("skfolio")
pytest.importorskip("highspy")
pytest.importorskip("pyscipopt")

from skfolio.model_selection import WalkForward, cross_val_predict
from skfolio.pre_selection import SelectKExtremes
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

from qtoolkit.algorithms.quadratic import LuckSolver, QaoaSolver
from qtoolkit.applications.finance import PortfolioProblem, WeightGroup, load_sp500_returns, solve_portfolio
from qtoolkit.applications.finance.selector import PortfolioSelector
from qtoolkit.errors import InputError

CANNOT_HOLD = {"check_methods_sample_order_invariance": "a Portfolio is one object for all samples"}


@pytest.fixture(scope="module")
def returns():
    return load_sp500_returns().between("2018-01-01", "2019-12-31").subset(range(8))


@pytest.mark.parametrize(
    ("estimator", "check"),
    list(
        estimator_checks_generator(
            PortfolioSelector(cardinality=1, solver="enumeration"), expected_failed_checks=CANNOT_HOLD, mark="xfail"
        )
    ),
    ids=lambda value: getattr(getattr(value, "func", None), "__name__", ""),
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_it_is_an_estimator_of_scikit_learn(estimator, check):
    check(estimator)


def test_it_is_solve_portfolio(returns):
    frame = returns.to_frame()
    limits = {"upper": 0.6, "groups": {"g": WeightGroup(("AAPL", "AMD"), most=1)}}
    selector = PortfolioSelector(5.0, 3, limits=limits, solver="enumeration", covariance="ledoit-wolf", compare=True)
    assert selector.fit(frame) is selector
    problem = PortfolioProblem.from_returns(
        returns, covariance="ledoit-wolf", risk_aversion=5.0, cardinality=3, **limits
    )
    expected = solve_portfolio(problem, "enumeration")
    assert selector.problem_.fingerprint == problem.fingerprint
    np.testing.assert_array_equal(selector.weights_, [expected.weights.get(name, 0.0) for name in returns.asset_names])
    assert selector.result_.gap == pytest.approx(expected.gap, abs=1e-12)
    portfolio = selector.predict(frame)
    np.testing.assert_allclose(portfolio.returns, returns.returns @ selector.weights_)
    assert portfolio.name == "PortfolioSelector"


def test_permuted_columns_give_the_same_portfolio(returns):
    frame = returns.to_frame()
    first = PortfolioSelector(3.0, 2, solver="enumeration").fit(frame)
    other = PortfolioSelector(3.0, 2, solver="enumeration").fit(frame[frame.columns[::-1]])
    np.testing.assert_allclose(first.weights_, other.weights_[::-1], atol=1e-9)


def test_it_walks_forward_in_skfolio(returns):
    frame = returns.to_frame()
    selector = PortfolioSelector(5.0, 2, solver=QaoaSolver(1, shots=100), random_state=1, limits={"cost": 1e-3})
    assert selector.needs_previous_weights
    assert not PortfolioSelector().needs_previous_weights
    split = WalkForward(test_size=100, train_size=200)
    found = cross_val_predict(selector, frame, cv=split)
    assert len(found.portfolios) == 3
    for portfolio in found.portfolios:
        assert np.count_nonzero(portfolio.weights) == 2
        assert portfolio.weights.sum() == pytest.approx(1.0)


def test_it_stands_in_pipelines_and_searches(returns):
    frame = returns.to_frame()
    pipeline = Pipeline([
        ("first", SelectKExtremes(k=5, highest=True)),
        ("then", PortfolioSelector(1.0, 2, solver="enumeration")),
    ])  # fmt: skip
    assert pipeline.fit(frame).predict(frame).weights.size == 5
    search = GridSearchCV(
        PortfolioSelector(1.0, 2, solver="enumeration"),
        {"risk_aversion": [0.1, 50.0], "limits": [None, {"upper": 0.6}]},
        cv=WalkForward(test_size=100, train_size=200),
    )
    search.fit(frame)
    assert search.best_params_["risk_aversion"] in (0.1, 50.0)


def test_parameters_and_copies(returns):
    selector = PortfolioSelector(2.0, solver=LuckSolver(10), random_state=3)
    assert selector.get_params()["solver"].shots == 10
    assert selector.set_params(cardinality=3).cardinality == 3
    first, again = (clone(selector).fit(returns.to_frame()) for _ in range(2))
    np.testing.assert_array_equal(first.weights_, again.weights_)
    assert first.result_.seed == again.result_.seed
    restored = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(restored.weights_, first.weights_)
    assert restored.problem_.fingerprint == first.problem_.fingerprint


def test_the_tail_and_previous_weights_are_used(returns):
    names = returns.asset_names
    tail = PortfolioSelector(1.0, 3, tail=0.9, solver="enumeration").fit(returns.to_frame())
    losses = np.sort(-returns.returns @ tail.weights_)[::-1]
    count = len(losses) * 0.1
    expected = (losses[: int(count)].sum() + (count - int(count)) * losses[int(count)]) / count
    assert tail.result_.risk == pytest.approx(expected)
    before = {names[0]: 0.5, names[1]: 0.5}
    still = PortfolioSelector(
        1.0, (1, 3), solver="enumeration", previous_weights=before, limits={"max_turnover": 0.0}
    ).fit(returns.to_frame())
    assert dict(zip(names, still.weights_, strict=True)) == pytest.approx(
        {name: before.get(name, 0.0) for name in names}
    )


def test_bad_parameters_are_refused(returns):
    frame = returns.to_frame()
    for options, message in [
        ({"risk_aversion": "1"}, "risk_aversion must be"),
        ({"cardinality": 9}, "cardinality must be in"),
        ({"limits": [("upper", 0.5)]}, "limits are a mapping"),
        ({"tail": 1.0}, "level of a tail must be below 1"),
        ({"solver": "best"}, "a solver is one of"),
        ({"budget": "1"}, "budget must be"),
        ({"cardinality": 2, "limits": {"upper": 0.4}}, "no portfolio satisfies"),
    ]:
        with pytest.raises(InputError, match=message):
            PortfolioSelector(**options).fit(frame)
    with pytest.raises(ValueError, match="NaN"):
        PortfolioSelector().fit(frame.where(frame > 0))
