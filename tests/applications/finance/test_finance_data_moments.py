"""Moments: aligned by label, stated units, evidence that goes with the numbers."""

import datetime
import itertools

import numpy as np
import pytest

from qtoolkit.applications.finance import Moments, PortfolioProblem, Repair
from qtoolkit.errors import InputError

MEANS = np.array([0.1, 0.2, 0.3])
COVARIANCE = np.array([[0.4, 0.1, 0.0], [0.1, 0.5, -0.1], [0.0, -0.1, 0.6]])
NAMES = ("A", "B", "C")


def test_arrays_are_taken_in_the_order_of_the_names():
    moments = Moments(MEANS.tolist(), COVARIANCE.tolist(), NAMES)
    np.testing.assert_array_equal(moments.expected_returns, MEANS)
    np.testing.assert_array_equal(moments.covariance, COVARIANCE)
    np.testing.assert_allclose(moments.volatilities**2, np.diag(COVARIANCE), rtol=1e-15)
    assert (moments.asset_names, moments.num_assets) == (NAMES, 3)
    assert (moments.mean_estimator, moments.covariance_estimator, moments.repairs) == ("given", "given", ())
    assert Moments(MEANS, COVARIANCE).asset_names == ("asset 0", "asset 1", "asset 2")
    for array in (moments.expected_returns, moments.covariance):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


def test_labels_decide_in_every_order():
    pandas = pytest.importorskip("pandas")
    means = pandas.Series(MEANS, NAMES)
    covariance = pandas.DataFrame(COVARIANCE, NAMES, NAMES)
    orders = [list(order) for order in itertools.permutations(NAMES)]
    for by_mean, by_row, by_column in itertools.product(orders, orders[::2], orders[::-3]):
        moments = Moments(means[by_mean], covariance.loc[by_row, by_column])
        assert moments.asset_names == tuple(by_mean)
        np.testing.assert_array_equal(moments.expected_returns, means[by_mean])
        np.testing.assert_array_equal(moments.covariance, covariance.loc[by_mean, by_mean])
    for order in orders:
        named = Moments(means[order], covariance, NAMES)
        np.testing.assert_array_equal(named.expected_returns, MEANS)
        assert Moments(MEANS, covariance.loc[order, order]).asset_names == tuple(order)


def test_labels_that_do_not_fit_are_refused():
    pandas = pytest.importorskip("pandas")
    means = pandas.Series(MEANS, NAMES)
    covariance = pandas.DataFrame(COVARIANCE, NAMES, NAMES)
    with pytest.raises(InputError, match=r"labels of covariance must be A, B, C, .* see C, D"):
        Moments(means, covariance.rename(columns={"C": "D"}))
    with pytest.raises(InputError, match=r"labels of expected_returns must be A, B, D, .* see C, D"):
        Moments(means, COVARIANCE, ("A", "B", "D"))
    with pytest.raises(InputError, match="labels must be distinct, got A twice"):
        Moments(means.rename({"B": "A"}), COVARIANCE)
    with pytest.raises(InputError, match="labels of expected_returns"):
        Moments(means[["A", "B"]], covariance, NAMES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.1, [[1.0]]), "expected_returns must have shape"),
        (([], np.ones((0, 0))), "asset_names must be some distinct names"),
        ((None, COVARIANCE), r"expected_returns must have shape \(any,\), got \(\)"),
        ((["0.1"], [[1.0]]), "expected_returns must be real numbers, got '0.1'"),
        (([np.nan], [[1.0]]), "expected_returns must be finite, got nan"),
        ((MEANS, COVARIANCE[:2]), r"covariance must have shape \(3, 3\), got \(2, 3\)"),
        ((MEANS, [1.0, 2.0, 3.0]), r"covariance must have shape \(3, 3\)"),
        ((MEANS, np.full((3, 3), np.inf)), "covariance must be finite"),
        ((MEANS, COVARIANCE, ("A", "B")), "asset_names must be 3 distinct names, got A, B"),
        ((MEANS, COVARIANCE, ("A", "B", "A")), "asset_names must be 3 distinct names, got A, B, A"),
        ((MEANS, COVARIANCE, "ABC"), "asset_names must be a sequence of names"),
    ],
)
def test_what_are_no_moments_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Moments(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"periods_per_year": 0}, "periods_per_year must be positive, got 0"),
        ({"periods_per_year": -252}, "periods_per_year must be positive"),
        ({"periods_per_year": "252"}, "periods_per_year must be a finite number, got '252'"),
        ({"periods_per_year": np.nan}, "periods_per_year must be a finite number"),
        ({"periods_per_year": True}, "periods_per_year must be a finite number, got True"),
        ({"num_periods": 0}, "num_periods must be at least 1, got 0"),
        ({"num_periods": 2.5}, "num_periods must be an integer"),
        ({"return_kind": "daily"}, "return_kind must be one of simple, log"),
        ({"mean_estimator": None}, "mean_estimator must be text"),
        ({"repairs": 5}, "repairs must be a sequence of Repair, got 5"),
        ({"repairs": ["clip"]}, "repairs must be a sequence of Repair, got 'clip'"),
        ({"span": "2020-01-01"}, "span must be a first and a last day, got '2020-01-01'"),
        ({"span": ("2020-01-02", "2020-01-01")}, "span must be a first and a last day"),
        ({"span": ("2020", 5)}, "dates must be days"),
    ],
)
def test_odd_descriptions_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Moments(MEANS, COVARIANCE, NAMES, **options)


def test_a_year_is_so_many_periods():
    moments = Moments(MEANS, COVARIANCE, NAMES, num_periods=10, return_kind="log")
    for number in (252, 12.0, np.int64(52)):
        year = moments.annualised(number)
        np.testing.assert_allclose(year.expected_returns, MEANS * number, rtol=1e-15)
        np.testing.assert_allclose(year.covariance, COVARIANCE * number, rtol=1e-15)
        np.testing.assert_allclose(year.volatilities, moments.volatilities * np.sqrt(number), rtol=1e-15)
        assert (year.periods_per_year, year.num_periods, year.return_kind) == (number, 10, "log")
    assert moments.periods_per_year is None
    with pytest.raises(InputError, match="must be of one period, got those of a year of 52"):
        year.annualised(52)
    with pytest.raises(InputError, match="expected_returns must be finite, got inf"):
        Moments([1e308], [[1.0]]).annualised(252)
    for number in (0, -1, None, "252", np.inf):
        with pytest.raises(InputError, match="periods_per_year"):
            moments.annualised(number)


def test_a_subset_keeps_the_order_asked_for():
    moments = Moments(MEANS, COVARIANCE, NAMES, num_periods=10).annualised(252)
    part = moments.subset(["C", 0])
    assert part.asset_names == ("C", "A")
    np.testing.assert_array_equal(part.expected_returns, moments.expected_returns[[2, 0]])
    np.testing.assert_array_equal(part.covariance, moments.covariance[[2, 0]][:, [2, 0]])
    assert (part.num_periods, part.periods_per_year) == (10, 252)
    dated = Moments(MEANS, COVARIANCE, NAMES, span=("2020-01-01", np.datetime64("2020-12-31"))).subset(["B"])
    assert dated.span == (datetime.date(2020, 1, 1), datetime.date(2020, 12, 31))
    with pytest.raises(InputError, match="the assets are A, B, C; got 'D'"):
        moments.subset(["D"])


def test_a_fingerprint_is_that_of_the_numbers_names_and_units():
    base = Moments(MEANS, COVARIANCE, NAMES)
    assert len(base.fingerprint) == 16
    assert Moments(MEANS.copy(), COVARIANCE.tolist(), list(NAMES)).fingerprint == base.fingerprint
    others = [
        Moments(np.nextafter(MEANS, 1.0), COVARIANCE, NAMES),
        Moments(MEANS, np.diag(np.diag(COVARIANCE)), NAMES),
        Moments(MEANS, COVARIANCE, ("A", "B", "D")),
        Moments(MEANS, COVARIANCE, NAMES, periods_per_year=252),
        Moments(MEANS, COVARIANCE, NAMES, num_periods=10),
        Moments(MEANS, COVARIANCE, NAMES, return_kind="log"),
        base.subset(["A", "B"]),
    ]
    assert len({base.fingerprint, *(other.fingerprint for other in others)}) == 1 + len(others)


def test_reprs_are_short_and_say_what_is_there():
    moments = Moments(MEANS, COVARIANCE, NAMES, num_periods=10, return_kind="simple")
    assert repr(moments) == f"Moments(3 assets, 10 simple returns, per period, {moments.fingerprint})"
    many = Moments(
        np.zeros(400),
        -np.eye(400),
        periods_per_year=252,
        repairs=(Repair('missing="drop"', "days", 1),) * 2,
        mean_estimator="x" * 500,
        repair="clip",
    )
    assert repr(many) == f"Moments(400 assets, per year of 252 periods, 3 repairs, {many.fingerprint})"


def test_moments_make_a_portfolio_problem():
    moments = Moments(MEANS, COVARIANCE, NAMES)
    problem = PortfolioProblem.from_moments(moments, risk_aversion=0.5, cardinality=2, objective="positions")
    np.testing.assert_allclose(problem.value(["A", "C"]), 0.5 * (0.4 + 0.6) - 0.4, rtol=1e-15)
