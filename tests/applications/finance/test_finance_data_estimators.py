"""Estimated moments against NumPy, scikit-learn and skfolio on the same returns."""

import subprocess
import sys

import numpy as np
import pytest

from qtoolkit.applications.finance import PriceHistory, ReturnHistory, estimate_moments, load_sp500_prices
from qtoolkit.errors import InputError, MissingExtraError

skfolio = pytest.importorskip("skfolio")
import pandas as pd  # noqa: E402
from skfolio import moments as theirs  # noqa: E402
from skfolio import prior  # noqa: E402
from sklearn import covariance as sklearn_covariance  # noqa: E402
from sklearn.linear_model import LinearRegression  # noqa: E402

NAMES = ("AA", "BB", "CC", "DD", "EE")
LOADINGS = np.array([[1.0, 0.2], [0.8, -0.3], [1.2, 0.0], [0.5, 0.9], [0.1, 0.4]])


def made_up(num_periods=300, seed=1):
    """Returns of five assets by two factors, and of the factors."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(0.0004, 0.01, size=(num_periods, 2))
    returns = factors @ LOADINGS.T + rng.normal(0.0, 0.005, size=(num_periods, 5))
    dates = np.datetime64("2019-01-01") + np.arange(num_periods)
    return ReturnHistory(dates, NAMES, returns), ReturnHistory(dates, ("market", "value"), factors)


RETURNS, FACTORS = made_up()
VIEWS = ["AA - BB == 0.0003", "CC == 0.001"]
FACTOR_MODEL = prior.TimeSeriesFactorModel(
    loading_matrix_estimator=prior.LoadingMatrixRegression(linear_regressor=LinearRegression())
)


def of_factors(model):
    return model.fit(RETURNS.to_frame(), factors=FACTORS.to_frame()).return_distribution_


def of_views():
    return prior.BlackLitterman(VIEWS).fit(RETURNS.to_frame()).return_distribution_


def test_the_sample_is_that_of_numpy_and_skfolio():
    found = estimate_moments(RETURNS)
    np.testing.assert_allclose(found.expected_returns, RETURNS.returns.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(RETURNS.returns.T, ddof=1), rtol=1e-12)
    empirical = theirs.EmpiricalCovariance().fit(RETURNS.returns)
    np.testing.assert_allclose(found.covariance, empirical.covariance_, rtol=1e-12)
    np.testing.assert_allclose(found.expected_returns, theirs.EmpiricalMu().fit(RETURNS.returns).mu_, rtol=1e-12)
    assert (found.mean_estimator, found.covariance_estimator) == ("sample", "sample")
    assert (found.num_periods, found.return_kind, found.periods_per_year) == (300, "simple", None)
    assert tuple(str(day) for day in found.span) == ("2019-01-01", "2019-10-27")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shrunk", lambda: theirs.ShrunkMu().fit(RETURNS.returns).mu_),
        ("ewma", lambda: theirs.EWMu().fit(RETURNS.returns).mu_),
        ("equilibrium", lambda: theirs.EquilibriumMu().fit(RETURNS.returns).mu_),
        ("black-litterman", lambda: of_views().mu),
    ],
)
def test_means_are_those_of_skfolio(name, expected):
    options = {"views": VIEWS} if name == "black-litterman" else {}
    found = estimate_moments(RETURNS, means=name, **options)
    np.testing.assert_allclose(found.expected_returns, expected(), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, RETURNS.covariance, rtol=1e-12)
    assert found.mean_estimator != "sample"
    assert not np.allclose(found.expected_returns, RETURNS.expected_returns, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ledoit-wolf", lambda: sklearn_covariance.LedoitWolf().fit(RETURNS.returns).covariance_),
        ("oas", lambda: sklearn_covariance.OAS().fit(RETURNS.returns).covariance_),
        ("ewma", lambda: theirs.EWCovariance().fit(RETURNS.returns).covariance_),
        ("black-litterman", lambda: of_views().covariance),
    ],
)
def test_covariances_are_those_of_scikit_learn_and_skfolio(name, expected):
    options = {"views": VIEWS} if name == "black-litterman" else {}
    found = estimate_moments(RETURNS, covariance=name, **options)
    np.testing.assert_allclose(found.covariance, expected(), rtol=1e-12)
    np.testing.assert_allclose(found.expected_returns, RETURNS.expected_returns, rtol=1e-12)
    assert not np.allclose(found.covariance, RETURNS.covariance, rtol=1e-6)


def test_ledoit_and_wolf_shrink_as_skfolio_does():
    found = estimate_moments(RETURNS, covariance="ledoit-wolf")
    np.testing.assert_allclose(found.covariance, theirs.LedoitWolf().fit(RETURNS.returns).covariance_, rtol=1e-12)


@pytest.mark.parametrize(
    ("means", "covariance", "told"),
    [
        (
            theirs.EWMu(half_life=10),
            theirs.EWCovariance(half_life=10),
            ("EWMu(half_life=10)", "EWCovariance(half_life=10)"),
        ),
        (theirs.ShrunkMu(), theirs.GerberCovariance(), ("ShrunkMu()", "GerberCovariance()")),
        ("sample", sklearn_covariance.ShrunkCovariance(shrinkage=0.3), ("sample", "ShrunkCovariance(shrinkage=0.3)")),
        ("ewma", theirs.DenoiseCovariance(), ("EWMu()", "DenoiseCovariance()")),
    ],
)
def test_objects_are_fitted_as_they_are(means, covariance, told):
    found = estimate_moments(RETURNS, means=means, covariance=covariance)
    frame = RETURNS.to_frame()
    from sklearn.base import clone

    if means != "sample":
        model = theirs.EWMu() if means == "ewma" else clone(means)
        np.testing.assert_array_equal(found.expected_returns, model.fit(frame).mu_)
    np.testing.assert_array_equal(found.covariance, clone(covariance).fit(frame).covariance_)
    assert (found.mean_estimator, found.covariance_estimator) == told
    assert not hasattr(covariance, "covariance_")  # ours is a copy


def test_one_prior_gives_both_moments_and_is_fitted_once(monkeypatch):
    expected = of_factors(prior.TimeSeriesFactorModel(FACTOR_MODEL.loading_matrix_estimator))
    fits = []
    fit = prior.TimeSeriesFactorModel.fit

    def counting(self, X, y=None, *, factors, **options):
        fits.append(self)
        return fit(self, X, y, factors=factors, **options)

    monkeypatch.setattr(prior.TimeSeriesFactorModel, "fit", counting)
    found = estimate_moments(RETURNS, means=FACTOR_MODEL, covariance=FACTOR_MODEL, factors=FACTORS)
    np.testing.assert_allclose(found.expected_returns, expected.mu, rtol=1e-12)
    np.testing.assert_allclose(found.covariance, expected.covariance, rtol=1e-12)
    assert len(fits) == 1
    estimate_moments(RETURNS, means="factor", covariance="factor", factors=FACTORS)
    assert len(fits) == 2


def test_the_factor_model_is_that_of_skfolio():
    model = prior.TimeSeriesFactorModel()
    expected = model.fit(RETURNS.to_frame(), factors=FACTORS.to_frame()).return_distribution_
    both = estimate_moments(RETURNS, means="factor", covariance="factor", factors=FACTORS)
    np.testing.assert_allclose(both.expected_returns, expected.mu, rtol=1e-12)
    np.testing.assert_allclose(both.covariance, expected.covariance, rtol=1e-12)
    assert both.mean_estimator == both.covariance_estimator == "TimeSeriesFactorModel()"


def test_the_factor_covariance_is_loadings_times_factors_and_what_is_left():
    found = estimate_moments(RETURNS, covariance=FACTOR_MODEL, factors=FACTORS).covariance
    design = np.column_stack([FACTORS.returns, np.ones(300)])
    solved = np.linalg.lstsq(design, RETURNS.returns, rcond=None)[0]
    loadings, left = solved[:2].T, RETURNS.returns - design @ solved
    common = loadings @ np.cov(FACTORS.returns.T) @ loadings.T
    np.testing.assert_allclose(found, common + np.diag(left.var(axis=0, ddof=1)), rtol=1e-8)


def test_factors_are_aligned_by_date():
    expected = estimate_moments(RETURNS, covariance=FACTOR_MODEL, factors=FACTORS).covariance
    longer = np.vstack([np.full((3, 2), 9.0), FACTORS.returns, np.full((2, 2), 9.0)])
    dates = np.concatenate([FACTORS.dates[0] + np.arange(-3, 0), FACTORS.dates, FACTORS.dates[-1] + np.arange(1, 3)])
    for factors in (ReturnHistory(dates, ("market", "value"), longer), FACTORS.to_frame()):
        found = estimate_moments(RETURNS, covariance=FACTOR_MODEL, factors=factors).covariance
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(InputError, match=r"none for 2019-01-01, one of 31; cut .* between\(2019-02-01, 2019-10-27\)"):
        estimate_moments(RETURNS, covariance="factor", factors=FACTORS.between("2019-02-01"))
    logs = ReturnHistory(FACTORS.dates, FACTORS.asset_names, FACTORS.returns, kind="log")
    with pytest.raises(InputError, match="factors must have simple returns, as the assets, got log ones"):
        estimate_moments(RETURNS, covariance="factor", factors=logs)


@pytest.mark.parametrize("means", ["sample", "shrunk", "ewma", "equilibrium", "black-litterman"])
@pytest.mark.parametrize("covariance", ["sample", "ledoit-wolf", "ewma"])
def test_the_order_of_the_assets_changes_nothing(means, covariance):
    options = {"means": means, "covariance": covariance, "views": VIEWS if means == "black-litterman" else None}
    expected = estimate_moments(RETURNS, **options)
    rng = np.random.default_rng(2)
    for _ in range(4):
        order = [NAMES[k] for k in rng.permutation(5)]
        for history in (RETURNS.subset(order), RETURNS.to_frame()[order]):
            found = estimate_moments(history, **options)
            assert found.asset_names == tuple(order)
            again = expected.subset(order)
            np.testing.assert_allclose(found.expected_returns, again.expected_returns, rtol=1e-9, atol=1e-15)
            np.testing.assert_allclose(found.covariance, again.covariance, rtol=1e-9, atol=1e-15)


def test_annual_moments_say_so():
    period = estimate_moments(RETURNS, means="shrunk", covariance="ledoit-wolf")
    year = estimate_moments(RETURNS, means="shrunk", covariance="ledoit-wolf", periods_per_year=252)
    np.testing.assert_allclose(year.expected_returns, 252 * period.expected_returns, rtol=1e-14)
    np.testing.assert_allclose(year.covariance, 252 * period.covariance, rtol=1e-14)
    assert year.periods_per_year == 252
    assert "per year of 252 periods" in repr(year)
    with pytest.raises(InputError, match="periods_per_year must be positive"):
        estimate_moments(RETURNS, periods_per_year=0)


def test_log_returns_are_stated():
    rng = np.random.default_rng(8)
    prices = PriceHistory(RETURNS.dates, NAMES, np.exp(np.cumsum(rng.normal(0, 0.02, size=(300, 5)), axis=0)))
    found = estimate_moments(prices.log_returns(), covariance="ledoit-wolf")
    assert found.return_kind == "log"
    logs = np.diff(np.log(prices.prices), axis=0)
    np.testing.assert_allclose(found.covariance, sklearn_covariance.LedoitWolf().fit(logs).covariance_, rtol=1e-12)


def with_constant(*columns, value=0.0):
    returns = RETURNS.returns.copy()
    returns[:, list(columns)] = value
    return ReturnHistory(RETURNS.dates, NAMES, returns)


def test_an_asset_that_never_changes_is_named():
    with pytest.raises(
        InputError, match=r"got 0 for BB in all 300 periods \(its price never changes\), 2 such assets; const"
    ):
        estimate_moments(with_constant(1, 3))
    with pytest.raises(InputError, match=r"got 0\.001 for CC in all 300 periods, 1 such asset; "):
        estimate_moments(with_constant(2, value=0.001))
    growing = PriceHistory(RETURNS.dates, ("A",), 7.0 * 1.0001 ** np.arange(300)[:, None]).simple_returns()
    assert np.ptp(growing.returns) > 0.0  # by rounding
    with pytest.raises(InputError, match=r"got 0\.0001 for A in all 299 periods"):
        estimate_moments(growing)


def test_constant_assets_are_left_out_or_kept_when_asked():
    history = with_constant(1, 3)
    found = estimate_moments(history, covariance="ledoit-wolf", constant="drop")
    assert found.asset_names == ("AA", "CC", "EE")
    expected = sklearn_covariance.LedoitWolf().fit(RETURNS.returns[:, [0, 2, 4]]).covariance_
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-12)
    (repair,) = found.repairs
    assert (repair.option, repair.count, repair.assets) == ('constant="drop"', 2, ("BB", "DD"))
    kept = estimate_moments(history, constant="keep")
    assert (kept.asset_names, kept.repairs) == (NAMES, ())
    assert kept.covariance[1].tolist() == [0.0] * 5
    with pytest.raises(InputError, match="must leave an asset, got only constant ones: AA, BB"):
        estimate_moments(with_constant(0, 1, 2, 3, 4), constant="drop")
    with pytest.raises(InputError, match="constant must be one of drop, keep"):
        estimate_moments(history, constant=True)
    with pytest.raises(InputError, match=r"EWCovariance.* cannot be estimated from these returns: .*\['BB', 'DD'\]"):
        estimate_moments(history, covariance="ewma", constant="keep")


def test_repairs_of_the_data_stay_with_the_moments():
    frame = RETURNS.to_frame()
    frame.iloc[3, 2] = np.nan
    frame["constant"] = 0.0
    history = ReturnHistory(frame, missing="drop")
    found = estimate_moments(history, constant="drop")
    assert [repair.option for repair in found.repairs] == ['missing="drop"', 'constant="drop"']
    np.testing.assert_allclose(found.covariance, frame[list(NAMES)].dropna().cov(), rtol=1e-12)
    with pytest.raises(InputError, match="got nan for CC on 2019-01-04, 1 gap in all"):
        estimate_moments(frame)


class Indefinite(sklearn_covariance.EmpiricalCovariance):
    """Subtracts too much."""

    def fit(self, X, y=None):
        super().fit(X)
        self.covariance_ = self.covariance_ - 1e-4 * np.eye(len(self.covariance_))
        return self


def test_an_estimate_that_is_not_semidefinite_is_refused_or_clipped():
    with pytest.raises(InputError, match=r'positive semidefinite, .* repair="clip"'):
        estimate_moments(RETURNS, covariance=Indefinite())
    found = estimate_moments(RETURNS, covariance=Indefinite(), repair="clip")
    assert [repair.option for repair in found.repairs] == ['repair="clip"']
    assert np.linalg.eigvalsh(found.covariance)[0] >= -1e-18
    assert found.covariance_estimator == "Indefinite()"


class Wrong(sklearn_covariance.EmpiricalCovariance):
    """Forgets an asset."""

    def fit(self, X, y=None):
        self.covariance_ = np.eye(X.shape[1] - 1)
        return self


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"means": "mean"}, "means must be one of sample, shrunk, ewma, .* or an estimator .* got 'mean'"),
        ({"means": "ledoit-wolf"}, "means must be one of sample, shrunk"),
        ({"covariance": "shrunk"}, "covariance must be one of sample, ledoit-wolf, oas, ewma, factor"),
        ({"covariance": None}, "covariance must be one of .* got None"),
        ({"covariance": np.eye(5)}, "covariance must be one of"),
        ({"covariance": sklearn_covariance.OAS}, "covariance must be one of .* got <class"),
        ({"covariance": theirs.EWMu()}, r"covariance need an estimator that sets covariance_ .* got EWMu\(\)"),
        ({"means": sklearn_covariance.OAS()}, r"means need an estimator that sets mu_ .* got OAS\(\)"),
        ({"covariance": Wrong()}, r"covariance must have shape \(5, 5\), got \(4, 4\)"),
        ({"means": "black-litterman"}, "needs views such as .* got None"),
        ({"means": "black-litterman", "views": []}, r"needs views such as .* got \[\]"),
        ({"means": "black-litterman", "views": [1]}, r"needs views such as .* got \[1\]"),
        ({"means": "black-litterman", "views": "AA == 1"}, "views must be a sequence of texts, got 'AA == 1'"),
        (
            {"means": "black-litterman", "views": ["ZZ == 1"]},
            "cannot be estimated from these returns: .*'ZZ' is missing",
        ),
        ({"means": "black-litterman", "views": ["AA >= 1"]}, "cannot be estimated .*Inequalities"),
        ({"views": VIEWS}, 'views are for "black-litterman" only'),
        ({"means": "factor"}, r"TimeSeriesFactorModel\(\) needs the returns of factors, got none"),
        ({"factors": FACTORS}, 'factors are for "factor" or an estimator whose fit takes them'),
        ({"covariance": "ewma", "factors": FACTORS}, 'factors are for "factor" or'),
        ({"covariance": "factor", "factors": FACTORS.returns}, "returns come as a DataFrame"),
        ({"covariance": theirs.EWCovariance(half_life=-1)}, r"EWCovariance\(half_life=-1\) cannot be estimated"),
        ({"repair": "nearest"}, "repair must be one of clip"),
    ],
)
def test_odd_arguments_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        estimate_moments(RETURNS, **options)


def test_what_are_no_returns_is_refused():
    prices = PriceHistory(RETURNS.dates, NAMES, np.exp(RETURNS.returns))
    with pytest.raises(InputError, match=r"history must be of returns, got prices; pass their simple_returns\(\)"):
        estimate_moments(prices)
    with pytest.raises(InputError, match="factors must be of returns, got prices"):
        estimate_moments(RETURNS, covariance="factor", factors=prices)
    for history in (RETURNS.returns, None, "returns", pd.Series([0.1, 0.2])):
        with pytest.raises(InputError, match="returns come as a DataFrame"):
            estimate_moments(history)
    for scale, what in ((1e200, "covariance"), (1e308, "expected_returns")):
        huge = ReturnHistory(RETURNS.dates, NAMES, np.sign(RETURNS.returns + 0.02) * scale)
        with pytest.raises(InputError, match=f"{what} must be finite, got"):
            estimate_moments(huge)


def test_the_real_series_has_the_known_moments():
    returns = load_sp500_prices().simple_returns()
    found = estimate_moments(returns)
    np.testing.assert_array_equal(found.covariance, returns.covariance)
    frame = returns.to_frame()
    np.testing.assert_allclose(found.expected_returns, frame.mean(), rtol=1e-10)
    shrunk = estimate_moments(returns, covariance="ledoit-wolf", periods_per_year=252)
    expected = 252 * sklearn_covariance.LedoitWolf().fit(frame).covariance_
    np.testing.assert_allclose(shrunk.covariance, expected, rtol=1e-12)
    assert repr(shrunk).startswith("Moments(20 assets, 8312 simple returns, per year of 252 periods, ")


def test_the_sample_needs_no_extra_package():
    code = """
import sys
from qtoolkit.applications.finance import ReturnHistory, estimate_moments, read_prices
estimate_moments(ReturnHistory(["2020-01-01", "2020-01-02"], ["A"], [[0.1], [0.2]]))
print(*{name.partition(".")[0] for name in sys.modules} & {"pandas", "sklearn", "skfolio", "cvxpy"})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_missing_package_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.covariance", None)
    with pytest.raises(MissingExtraError, match=r'pip install "qtoolkit-quantum\[finance\]"'):
        estimate_moments(RETURNS, covariance="ledoit-wolf")
