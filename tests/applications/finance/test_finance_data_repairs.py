"""Faults of price data: named as they are, and repaired only where that is asked for, with the change kept."""

import datetime

import numpy as np
import pytest

from qtoolkit.applications.finance import Moments, PriceHistory, ReturnHistory
from qtoolkit.errors import InputError

DATES = np.datetime64("2020-01-01") + np.arange(5)
NAN = np.nan
GAPPY = np.array([[1.0, 10.0], [2.0, NAN], [NAN, NAN], [4.0, 13.0], [5.0, 14.0]])


def days(*numbers):
    return tuple(datetime.date(2020, 1, number) for number in numbers)


def test_gaps_are_named_with_their_repairs():
    with pytest.raises(
        InputError, match=r'got nan for B on 2020-01-02, 3 gaps in all; missing="drop" .* missing="fill"'
    ):
        PriceHistory(DATES, ("A", "B"), GAPPY)
    with pytest.raises(
        InputError, match=r'got nan for B on 2020-01-02, 3 gaps in all; missing="drop" leaves out such days$'
    ):
        ReturnHistory(DATES, ("A", "B"), GAPPY)
    with pytest.raises(InputError, match=r"got inf for A on 2020-01-01$"):
        PriceHistory(DATES, ("A", "B"), np.where(GAPPY == 1.0, np.inf, 1.0))


LISTED = [[None if entry != entry else entry for entry in row] for row in GAPPY.tolist()]


@pytest.mark.parametrize(
    "table",
    [
        *(GAPPY, GAPPY.astype(np.float32), GAPPY.astype(object), GAPPY.tolist()),
        *(LISTED, np.array(LISTED, dtype=object), np.ma.masked_invalid(GAPPY)),
    ],
    ids=lambda table: f"{type(table).__name__} {getattr(table, 'dtype', '')}",
)
def test_days_with_gaps_are_dropped_when_asked(table):
    for build, values in ((PriceHistory, "prices"), (ReturnHistory, "returns")):
        history = build(DATES, ("A", "B"), table, missing="drop")
        np.testing.assert_array_equal(history.dates, DATES[[0, 3, 4]])
        np.testing.assert_array_equal(getattr(history, values), GAPPY[[0, 3, 4]])
        (repair,) = history.repairs
        assert (repair.option, repair.count) == ('missing="drop"', 2)
        assert (repair.assets, repair.dates) == (("A", "B"), days(2, 3))


def test_prices_are_carried_forward_when_asked():
    history = PriceHistory(DATES, ("A", "B"), GAPPY, missing="fill")
    np.testing.assert_array_equal(history.prices, [[1, 10], [2, 10], [2, 10], [4, 13], [5, 14]])
    np.testing.assert_array_equal(history.dates, DATES)
    (repair,) = history.repairs
    assert (repair.option, repair.count) == ('missing="fill"', 3)
    assert (repair.assets, repair.dates) == (("A", "B"), days(2, 3))
    assert repr(repair) == 'Repair(missing="fill": the price before a gap kept, 3 times, first on 2020-01-02)'
    with pytest.raises(ValueError, match="read-only"):
        history.prices[0, 0] = 2.0


def test_filling_agrees_with_pandas():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(5)
    prices = np.exp(rng.normal(size=(60, 4)))
    prices[1:][rng.random((59, 4)) < 0.4] = NAN
    frame = pandas.DataFrame(prices, index=pandas.date_range("2021-03-01", periods=60), columns=list("ABCD"))
    np.testing.assert_array_equal(PriceHistory(frame, missing="fill").prices, frame.ffill().to_numpy())
    np.testing.assert_array_equal(PriceHistory(frame, missing="drop").prices, frame.dropna().to_numpy())
    nullable = frame.astype("Float64")
    np.testing.assert_array_equal(PriceHistory(nullable, missing="fill").prices, frame.ffill().to_numpy())
    with pytest.raises(InputError, match=rf"{int(frame.isna().sum().sum())} gaps in all"):
        PriceHistory(nullable)
    columns = ["C", "A", "D", "B"]
    relabelled = PriceHistory(frame.index, columns, frame.iloc[::-1], missing="fill")
    np.testing.assert_array_equal(relabelled.prices, frame.ffill()[columns].to_numpy())


@pytest.mark.parametrize(
    ("prices", "missing", "message"),
    [
        ([[NAN], [1.0], [2.0]], "fill", "got none for A on 2020-01-01; the first is on 2020-01-02"),
        ([[NAN], [NAN], [NAN]], "fill", "got none for A on 2020-01-01; it has none at all"),
        ([[NAN], [1.0], [None]], "drop", "at least 2 days, got 1 of 3; leave out assets with many gaps, first A"),
        ([[NAN], [1.0], [0.0]], "drop", "positive, got 0.0 for A on 2020-01-03"),
        ([[NAN], [1.0], ["2"]], "drop", "real numbers, got '2' for A on 2020-01-03"),
        ([[NAN], [1.0], [np.inf]], "drop", "finite, got inf for A on 2020-01-03"),
        ([[NAN, 1.0], [1.0], [2.0]], "drop", "prices must be an array of numbers"),
        ([[NAN, 1.0]], "drop", r"got shape \(1, 2\) for 3 dates"),
        ([[1.0], [1.0], [1.0]], "interpolate", "missing must be one of drop, fill, got 'interpolate'"),
        ([[1.0], [1.0], [1.0]], True, "missing must be one of"),
    ],
)
def test_what_cannot_be_repaired_is_refused(prices, missing, message):
    with pytest.raises(InputError, match=message):
        PriceHistory(DATES[:3], ("A",), prices, missing=missing)


def test_returns_are_not_made_up():
    with pytest.raises(InputError, match="a return that is filled in is made up; fill the prices"):
        ReturnHistory(DATES, ("A", "B"), GAPPY, missing="fill")


def test_nothing_is_noted_where_nothing_is_repaired():
    history = PriceHistory(DATES, ("A",), np.arange(1.0, 6.0)[:, None], missing="fill", duplicates="last")
    assert history.repairs == ()
    np.testing.assert_array_equal(history.prices[:, 0], np.arange(1.0, 6.0))


@pytest.mark.parametrize(("keep", "expected"), [("first", [1, 2, 5, 6]), ("last", [1, 4, 5, 7])])
def test_one_row_of_each_date_is_kept_when_asked(keep, expected):
    dates = DATES[[0, 1, 1, 1, 2, 3, 3]]
    prices = np.arange(1.0, 8.0)[:, None]
    expected = [[1], [2], [5], [6]] if keep == "first" else [[1], [4], [5], [7]]
    history = PriceHistory(dates, ("A",), prices, duplicates=keep)
    np.testing.assert_array_equal(history.prices, expected)
    np.testing.assert_array_equal(history.dates, DATES[:4])
    (repair,) = history.repairs
    assert (repair.option, repair.count, repair.dates) == (f'duplicates="{keep}"', 3, days(2, 4))
    with pytest.raises(InputError, match=r'2020-01-02 twice, in rows 1 and 2.*duplicates="first" or "last"'):
        PriceHistory(dates, ("A",), prices)


def test_duplicates_do_not_excuse_disorder():
    with pytest.raises(InputError, match="2020-01-01 after 2020-01-02 in row 2"):
        PriceHistory(DATES[[0, 1, 0]], ("A",), np.ones((3, 1)), duplicates="first")
    with pytest.raises(InputError, match="at least 2 dates in ascending order, got 1"):
        PriceHistory(DATES[[0, 0, 0]], ("A",), np.ones((3, 1)), duplicates="last")
    with pytest.raises(InputError, match="duplicates must be one of first, last, got 'mean'"):
        PriceHistory(DATES, ("A",), np.ones((5, 1)), duplicates="mean")


def test_duplicates_of_a_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"A": [1.0, 2.0, NAN, 4.0]}, index=pandas.DatetimeIndex(DATES[[0, 1, 1, 2]]))
    assert PriceHistory(frame, duplicates="first", missing="drop").prices[:, 0].tolist() == [1, 2, 4]
    filled = PriceHistory(frame, duplicates="last", missing="fill")
    assert filled.prices[:, 0].tolist() == [1, 1, 4]
    assert [repair.option for repair in filled.repairs] == ['duplicates="last"', 'missing="fill"']


def test_instants_are_told_where_the_exchange_is():
    evenings = ["2019-12-31T23:00:00+00:00", "2020-01-01T23:00:00Z", "2020-07-01T22:00:00+00:00"]
    prices = np.ones((3, 1))
    with pytest.raises(InputError, match=r"got 2019-12-31 23:00:00.* in row 0; pass the exchange's time_zone"):
        PriceHistory(evenings, ("A",), prices)
    history = PriceHistory(evenings, ("A",), prices, time_zone="Europe/Berlin")
    assert history.dates.tolist() == [*days(1, 2), datetime.date(2020, 7, 2)]
    (repair,) = history.repairs
    assert (repair.option, repair.count) == ('time_zone="Europe/Berlin"', 3)
    with pytest.raises(InputError, match=r"got 2019-12-31 18:00:00-05:00 in row 0"):
        PriceHistory(evenings, ("A",), prices, time_zone="America/New_York")
    # what has no time zone is local already
    assert PriceHistory(DATES, ("A",), np.ones((5, 1)), time_zone="Asia/Tokyo").dates.tolist() == DATES.tolist()


def test_a_frame_in_greenwich_time_is_told_where_the_exchange_is():
    pandas = pytest.importorskip("pandas")
    index = pandas.date_range("2020-01-01", periods=3, tz="Europe/Berlin")
    frame = pandas.DataFrame({"A": [1.0, 2.0, 3.0], "B": 1.0}, index=index).tz_convert("UTC")
    for history in (
        PriceHistory(frame, time_zone="Europe/Berlin"),
        PriceHistory(DATES[:3], ("A", "B"), frame.iloc[[2, 0, 1], [1, 0]], time_zone="Europe/Berlin"),
    ):
        np.testing.assert_array_equal(history.dates, DATES[:3])
        np.testing.assert_array_equal(history.prices[:, 0], [1, 2, 3])


@pytest.mark.parametrize("zone", ["Atlantis/Capital", "", 5, "../etc", "/etc/localtime", "a\0b"])
def test_a_time_zone_that_is_none_is_refused(zone):
    with pytest.raises(InputError, match="time_zone must be the name of one"):
        PriceHistory(DATES, ("A",), np.ones((5, 1)), time_zone=zone)


def test_repairs_are_handed_on():
    history = PriceHistory(DATES, ("A", "B"), GAPPY, missing="drop")
    for derived in (
        history.simple_returns(),
        history.log_returns().subset(["B"]),
        history.subset(["A"]),
        history.between("2020-01-01", "2020-01-04"),
        history.simple_returns().between("2020-01-04"),
    ):
        assert derived.repairs == history.repairs
        assert "1 repair" in repr(derived)
    assert "repair" not in repr(PriceHistory(DATES, ("A",), np.ones((5, 1))))


INDEFINITE = np.array([[1.0, 0.9, 0.1], [0.9, 1.0, 0.9], [0.1, 0.9, 1.0]])


def test_a_covariance_with_a_negative_eigenvalue_is_named():
    lowest = np.linalg.eigvalsh(INDEFINITE)[0]
    with pytest.raises(
        InputError, match=rf'semidefinite, got the eigenvalue {lowest:.3g}; repair="clip" .*largest change'
    ):
        Moments(np.zeros(3), INDEFINITE)
    with pytest.raises(InputError, match="got 2 eigenvalues down to -2"):
        Moments(np.zeros(3), np.diag([1.0, -1.0, -2.0]))
    with pytest.raises(InputError, match=r"symmetric, got entries that differ by 0\.5"):
        Moments(np.zeros(2), [[1.0, 0.5], [0.0, 1.0]], repair="clip")
    with pytest.raises(InputError, match="repair must be one of clip, got 'nearest'"):
        Moments(np.zeros(3), INDEFINITE, repair="nearest")


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_clipping_gives_the_nearest_matrix_without_negative_eigenvalues(scale):
    rng = np.random.default_rng(3)
    for size in (2, 5, 9):
        root = rng.normal(size=(size, size))
        matrix = (root + root.T + np.eye(size)) * scale
        moments = Moments(np.zeros(size), matrix, repair="clip")
        found = np.linalg.eigvalsh(moments.covariance)
        assert found[0] >= -1e-13 * found[-1]
        expected = np.maximum(np.linalg.eigvalsh(matrix), 0.0)
        np.testing.assert_allclose(found, expected, atol=1e-12 * scale)
        # the Frobenius distance to the nearest is that of the negative eigenvalues
        negative = np.minimum(np.linalg.eigvalsh(matrix), 0.0)
        np.testing.assert_allclose(np.linalg.norm(moments.covariance - matrix), np.linalg.norm(negative), rtol=1e-10)
        (repair,) = moments.repairs
        assert (repair.option, repair.count) == ('repair="clip"', np.count_nonzero(negative))
        assert f"largest change {np.abs(moments.covariance - matrix).max():.3g}" in repair.change
        assert Moments(np.zeros(size), moments.covariance).repairs == ()


def test_clipping_leaves_alone_what_needs_none():
    matrix = INDEFINITE @ INDEFINITE
    moments = Moments(np.zeros(3), matrix, repair="clip")
    np.testing.assert_array_equal(moments.covariance, matrix)
    assert moments.repairs == ()
