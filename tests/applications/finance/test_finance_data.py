"""Price and return histories, on made-up numbers and on the real S&P 500 series."""

import numpy as np
import pytest

from qtoolkit.applications.finance import PriceHistory, ReturnHistory, load_sp500_prices, load_sp500_returns
from qtoolkit.errors import InputError, MissingExtraError

DATES = np.array(["2020-01-01", "2020-01-02", "2020-01-03"], dtype="datetime64[D]")


def test_simple_returns_and_their_statistics():
    history = PriceHistory(DATES, ("A", "B"), [[1.0, 10.0], [2.0, 9.0], [3.0, 9.9]]).simple_returns()
    np.testing.assert_allclose(history.returns, [[1.0, -0.1], [0.5, 0.1]])
    np.testing.assert_allclose(history.expected_returns, [0.75, 0.0], atol=1e-15)
    # two observations, divisor 1
    np.testing.assert_allclose(history.covariance, [[0.125, -0.05], [-0.05, 0.02]])
    np.testing.assert_array_equal(history.dates, DATES[1:])
    with pytest.raises(ValueError, match="read-only"):
        history.returns[0, 0] = 0.0


def test_a_subset_keeps_the_order_asked_for():
    history = ReturnHistory(DATES, ("A", "B", "C"), np.arange(9.0).reshape(3, 3))
    subset = history.subset(["C", 0])
    assert subset.asset_names == ("C", "A")
    np.testing.assert_array_equal(subset.returns, history.returns[:, [2, 0]])
    assert history.subset([1]).covariance.shape == (1, 1)
    with pytest.raises(InputError, match="assets are A, B, C; got 'D'"):
        history.subset(["D"])
    with pytest.raises(InputError, match="columns are 0 to 2, got 3"):
        history.subset([3])
    with pytest.raises(InputError, match="distinct, got A, A"):
        history.subset(["A", 0])


@pytest.mark.parametrize(
    ("dates", "names", "prices", "message"),
    [
        (DATES, ("A", "B"), np.ones((3, 3)), r"got shape \(3, 3\) for 3 dates and 2 assets"),
        (DATES, ("A", "A"), np.ones((3, 2)), "distinct, got A, A"),
        (DATES[::-1], ("A",), np.ones((3, 1)), "ascending order"),
        (DATES[:1], ("A",), np.ones((1, 1)), "at least 2 dates"),
        (DATES, ("A",), [[1.0], [np.nan], [1.0]], "got nan for A on 2020-01-02"),
        (DATES, ("A",), [[1.0], [0.0], [1.0]], r"must be positive, got 0\.0"),
    ],
)
def test_malformed_histories_are_refused(dates, names, prices, message):
    with pytest.raises(InputError, match=message):
        PriceHistory(dates, names, prices)


def test_the_real_series_is_complete_and_known():
    pytest.importorskip("skfolio")
    prices = load_sp500_prices()
    assert prices.prices.shape == (8313, 20)
    assert prices.asset_names[:4] == ("AAPL", "AMD", "BAC", "BBY")
    assert (str(prices.dates[0]), str(prices.dates[-1])) == ("1990-01-02", "2022-12-28")
    returns = load_sp500_returns()
    assert returns.returns.shape == (8312, 20)
    first = prices.prices[1] / prices.prices[0] - 1
    np.testing.assert_array_equal(returns.returns[0], first)


def test_statistics_agree_with_pandas():
    pytest.importorskip("skfolio")
    from skfolio.datasets import load_sp500_dataset

    frame = load_sp500_dataset().pct_change().dropna()
    returns = load_sp500_returns()
    np.testing.assert_allclose(returns.expected_returns, frame.mean().to_numpy(), rtol=1e-10)
    np.testing.assert_allclose(returns.covariance, frame.cov().to_numpy(), rtol=1e-10)


def test_a_missing_package_names_its_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "skfolio.datasets", None)
    with pytest.raises(MissingExtraError, match=r'pip install "qtoolkit-quantum\[finance\]"'):
        load_sp500_prices()
