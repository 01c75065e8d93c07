"""Price and return histories, on made-up numbers and on the real S&P 500 series."""

import datetime
import itertools
from zoneinfo import ZoneInfo

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


def test_log_returns_add_up_and_are_logarithms_of_one_plus_simple_ones():
    rng = np.random.default_rng(11)
    history = PriceHistory(np.datetime64("2020-01-01") + np.arange(50), ("A", "B"), np.exp(rng.normal(size=(50, 2))))
    log, simple = history.log_returns(), history.simple_returns()
    assert (log.kind, simple.kind) == ("log", "simple")
    np.testing.assert_allclose(log.returns, np.log1p(simple.returns), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(log.returns.sum(axis=0), np.log(history.prices[-1] / history.prices[0]), rtol=1e-12)
    np.testing.assert_array_equal(log.dates, simple.dates)
    assert log.subset(["B"]).kind == log.between("2020-01-10").kind == "log"
    assert repr(log) == "ReturnHistory(2 assets, 49 log returns from 2020-01-02 to 2020-02-19)"
    with pytest.raises(InputError, match="kind must be one of simple, log, got 'compound'"):
        ReturnHistory(DATES, ("A",), np.ones((3, 1)), kind="compound")


def test_a_history_between_two_days():
    dates = np.array(["2020-01-01", "2020-01-03", "2020-01-06", "2020-01-07"], dtype="datetime64[D]")
    for build, values in ((PriceHistory, "prices"), (ReturnHistory, "returns")):
        history = build(dates, ("A",), np.arange(1.0, 5.0)[:, None])
        for first, last, rows in [
            (None, None, slice(0, 4)),
            ("2020-01-02", None, slice(1, 4)),
            (datetime.date(2020, 1, 3), np.datetime64("2020-01-06"), slice(1, 3)),
            (None, "2020-01-05", slice(0, 2)),
        ]:
            part = history.between(first, last)
            np.testing.assert_array_equal(part.dates, dates[rows])
            np.testing.assert_array_equal(getattr(part, values), getattr(history, values)[rows])
        for first, last, count in [("2020-01-07", None, 1), ("2020-01-06", "2020-01-03", 0), (None, "2019-01-01", 0)]:
            with pytest.raises(
                InputError, match=f"at least 2 dates, got {count} between .* from 2020-01-01 to 2020-01-07"
            ):
                history.between(first, last)
        with pytest.raises(InputError, match="dates must be days, got 5"):
            history.between(5)


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


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        ([[1.0, 2.0], [3.0, 0.0], [-1.0, 4.0]], r"must be positive, got 0\.0 for B on 2020-01-02"),
        ([[1.0, 2.0], [3.0, 4.0], [-1.0, 0.0]], r"must be positive, got -1\.0 for A on 2020-01-03"),
        ([[1.0, 2.0], [3.0, "4"], [5.0, 6.0]], "real numbers, got '4' for B on 2020-01-02"),
        ([[1.0, 2.0], [3.0, None], [5.0, 6.0]], "real numbers, got None for B on 2020-01-02"),
        ([[1.0, 2.0], [3.0, 4j], [5.0, 6.0]], r"real numbers, got 4j for B on 2020-01-02"),
        ([[1.0, 2.0], [np.inf, 4.0], [5.0, 6.0]], "finite, got inf for A on 2020-01-02"),
        ("1", "real numbers, got '1'"),
        ([[1.0, 2.0], [3.0]], "must be an array of numbers, got list"),
    ],
)
def test_a_price_that_is_none_is_named_by_asset_and_date(prices, message):
    with pytest.raises(InputError, match=f"prices .*{message}"):
        PriceHistory(DATES, ("A", "B"), prices)


@pytest.mark.parametrize(
    "dates",
    [
        *("2020-01-01", None, 5, [1, 2, 3], [20200101, 20200102], [None, None], ["", ""], np.array("2020", "M8[D]")),
        *(itertools.count(), range(10**30), np.ones((2, 1)), np.array([1, 2], "m8[D]")),
    ],
    ids=repr,
)
def test_what_holds_no_dates_is_refused(dates):
    with pytest.raises(InputError, match="dates"):
        ReturnHistory(dates, ("A",), np.ones((2, 1)))


@pytest.mark.parametrize(
    "names",
    [
        *("AB", None, 5, ("A", None), ("A", float("nan")), ("A", ""), (), [True, False], [["A"], ["B"]]),
        *(np.array("A"), itertools.count(), np.array(["A", None], object)),
    ],
    ids=repr,
)
def test_what_holds_no_names_is_refused(names):
    with pytest.raises(InputError, match=r"names|asset"):
        ReturnHistory(DATES[:2], names, np.ones((2, 2)))


@pytest.mark.parametrize(
    "assets",
    [
        *("A", "AB", None, 5, [None], [1.0], [True], [-1], [[0]], [], [10**30], np.array(1), np.array([1.0])),
        *(itertools.count(), itertools.repeat("A"), range(10**30)),
    ],
    ids=repr,
)
def test_what_names_no_asset_is_refused(assets):
    with pytest.raises(InputError, match="asset"):
        ReturnHistory(DATES, ("A", "B"), np.ones((3, 2))).subset(assets)


BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


@pytest.mark.parametrize("zone", [None, BERLIN, NEW_YORK, ZoneInfo("Pacific/Kiritimati"), datetime.UTC])
def test_dates_stay_on_the_day_of_their_own_calendar(zone):
    moments = [datetime.datetime(2020, 1, day, tzinfo=zone) for day in (1, 2, 3)]
    kinds = [moments, [str(moment) for moment in moments], [moment.date() for moment in moments], DATES.tolist(), DATES]
    kinds += [DATES.astype("datetime64[ns]"), list(DATES), np.array(moments, dtype=object)]
    if zone is None:
        kinds.append(np.array(moments, dtype="datetime64[us]"))
    for dates in kinds:
        np.testing.assert_array_equal(PriceHistory(dates, ("A",), np.ones((3, 1))).dates, DATES)


@pytest.mark.parametrize(
    "dates",
    [
        [datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, 16)],
        [datetime.datetime(2020, 1, 1, tzinfo=BERLIN), datetime.datetime(2020, 1, 1, 16, tzinfo=BERLIN)],
        np.array(["2020-01-01", "2020-01-01T16"], dtype="datetime64[s]"),
        [np.datetime64("2020-01-01"), np.datetime64("2020-01-01T16")],
        ["2020-01-01", "2020-01-01T16:00:00+01:00"],
    ],
)
def test_a_time_of_day_is_named(dates):
    with pytest.raises(InputError, match=r"dates must be days, got 2020-01-01.16:?.* in row 1; .*normalize\(\)"):
        PriceHistory(dates, ("A",), np.ones((2, 1)))


@pytest.mark.parametrize(
    ("days", "message"),
    [
        ((1, 3, 2), "got 2020-01-02 after 2020-01-03 in row 2"),
        ((1, 2, 2), "got 2020-01-02 twice, in rows 1 and 2"),
        ((1, 1, 0), "got 2020-01-01 twice, in rows 0 and 1"),
    ],
)
def test_the_date_that_is_out_of_order_or_repeated_is_named(days, message):
    dates = np.datetime64("2019-12-31") + np.array(days)
    for build in (PriceHistory, ReturnHistory):
        with pytest.raises(InputError, match=f"ascending order, each once, {message}"):
            build(dates, ("A",), np.ones((3, 1)))


def test_missing_dates_are_named():
    for dates in (np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"), [DATES[0], np.datetime64("NaT")]):
        with pytest.raises(InputError, match="dates must be days, got NaT in row 1"):
            PriceHistory(dates, ("A",), np.ones((2, 1)))


class TestPandas:
    pandas = pytest.importorskip("pandas")
    prices = np.array([[1.0, 10.0, 5.0], [2.0, 9.0, 6.0], [3.0, 9.9, 7.0]])

    def frame(self, **options):
        index = self.pandas.date_range("2020-01-01", periods=3, **options)
        return self.pandas.DataFrame(self.prices, index=index, columns=["B", "A", "C"])

    def test_a_frame_is_a_history_in_one_line(self):
        frame = self.frame()
        for history in (PriceHistory(frame), PriceHistory(prices=frame)):
            assert history.asset_names == ("B", "A", "C")
            np.testing.assert_array_equal(history.dates, DATES)
            np.testing.assert_array_equal(history.prices, self.prices)
        returns = ReturnHistory(frame.pct_change().dropna())
        np.testing.assert_allclose(returns.returns, PriceHistory(frame).simple_returns().returns)
        np.testing.assert_array_equal(returns.dates, DATES[1:])

    def test_a_history_is_a_frame_again(self):
        frame = self.frame()
        for history, values in ((PriceHistory(frame), "prices"), (ReturnHistory(frame), "returns")):
            back = history.to_frame()
            self.pandas.testing.assert_frame_equal(
                back, frame, check_index_type=False, check_names=False, check_freq=False
            )
            back.iloc[0, 0] = -1.0
            np.testing.assert_array_equal(getattr(history, values), self.prices)

    @pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "UTC"])
    def test_a_time_zone_moves_no_date(self, zone):
        for frame in (self.frame(tz=zone), self.frame(tz=zone, unit="s")):
            index = frame.index
            for history in (
                PriceHistory(frame),
                PriceHistory(index, frame.columns, frame.to_numpy()),
                PriceHistory(self.pandas.Series(index), frame.columns, frame),
                PriceHistory(list(index), frame.columns, frame),
            ):
                np.testing.assert_array_equal(history.dates, DATES)
        # midnight in Berlin, told in Greenwich's time, is an evening
        with pytest.raises(InputError, match=r"got 2019-12-31.23:00:00.* in row 0"):
            PriceHistory(self.frame(tz="Europe/Berlin").tz_convert("UTC"))

    def test_labels_decide_and_not_places(self):
        frame = self.frame()
        shuffled = frame.loc[frame.index[[2, 0, 1]], ["C", "B", "A"]]
        for table in (shuffled, shuffled.tz_localize("Europe/Berlin"), shuffled.set_axis(shuffled.index.astype(str))):
            history = PriceHistory(DATES, ("A", "B", "C"), table)
            np.testing.assert_array_equal(history.prices, self.prices[:, [1, 0, 2]])
        numbered = frame.reset_index(drop=True)[["C", "B", "A"]]
        np.testing.assert_array_equal(PriceHistory(DATES, tuple("ABC"), numbered).prices, self.prices[:, [1, 0, 2]])

    def test_labels_that_do_not_fit_are_refused(self):
        frame = self.frame()
        with pytest.raises(InputError, match=r"labels of prices must be A, B, D, .* see C, D"):
            PriceHistory(DATES, ("A", "B", "D"), frame)
        with pytest.raises(InputError, match=r"labels of prices must be 2020-01-02, .* see 2020-01-01, 2020-01-04"):
            PriceHistory(DATES + 1, ("A", "B", "C"), frame)
        with pytest.raises(InputError, match="names are distinct, got A, A, C"):
            PriceHistory(frame.set_axis(["A", "A", "C"], axis=1))
        with pytest.raises(InputError, match="dates must be days, got 0 in row 0"):
            PriceHistory(frame.reset_index(drop=True))
        with pytest.raises(InputError, match="got 2020-01-01 after 2020-01-03 in row 1"):
            PriceHistory(frame.iloc[[2, 0, 1]])
        with pytest.raises(InputError, match=r"take one kind: frame\['Close'\]"):
            PriceHistory(self.pandas.concat({"Close": frame, "Volume": frame}, axis=1))
        for lost in (frame["A"], frame.to_numpy(), "frame", None):
            with pytest.raises(InputError, match="come as a DataFrame with dates down"):
                PriceHistory(lost)

    def test_gaps_and_text_in_a_frame_are_named(self):
        frame = self.frame()
        gaps = frame.astype("Float64")
        gaps.loc[gaps.index[1], "A"] = self.pandas.NA
        text = frame.astype(object)
        text.loc[text.index[2], "C"] = "1,234.5"
        for table, message in [
            (frame.pct_change(), "returns must be finite, got nan for B on 2020-01-01"),
            (gaps, "returns must be .* got .* for A on 2020-01-02"),
            (text, "returns must be real numbers, got '1,234.5' for C on 2020-01-03"),
            (frame.set_axis([*frame.index[:2], self.pandas.NaT]), "dates must be days, got NaT in row 2"),
        ]:
            with pytest.raises(InputError, match=message):
                ReturnHistory(table)

    def test_assets_by_an_index_or_a_series_of_names(self):
        history = PriceHistory(self.frame()).simple_returns()
        for assets in (self.pandas.Index(["C", "A"]), self.pandas.Series(["C", "A"], index=["first", "second"])):
            assert history.subset(assets).asset_names == ("C", "A")
        assert history.subset(self.pandas.Series([2, 1])).asset_names == ("C", "A")
        with pytest.raises(InputError, match="got labelled numbers"):
            history.subset(self.pandas.Series([1, 0, 2], index=["A", "B", "C"]))


def test_returns_beyond_float64_are_refused_without_a_warning():
    history = PriceHistory(DATES, ("A",), [[1e-300], [1e300], [1.0]])
    with pytest.raises(InputError, match="returns must be finite, got inf for A on 2020-01-02"):
        history.simple_returns()


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
