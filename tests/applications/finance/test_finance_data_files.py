"""Prices and moments from files: CSV tables as programs write them, and portfolios of the OR-Library."""

import datetime
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtoolkit.applications.finance import PriceHistory, load_sp500_prices, read_orlib, read_prices
from qtoolkit.errors import InputError

PRICES = [[1.5, 20.0], [1.25, 21.0], [1.0, 22.5]]
DATES = ["2020-01-02", "2020-01-03", "2020-01-06"]


def table(header="Date,AAA,BRK.B", dates=DATES, delimiter=",", decimal="."):
    lines = [header.replace(",", delimiter)]
    for date, row in zip(dates, PRICES, strict=True):
        lines.append(delimiter.join([date, *(str(price).replace(".", decimal) for price in row)]))
    return "\n".join(lines) + "\n"


@pytest.fixture
def write(tmp_path):
    numbers = itertools.count()

    def written(content):
        path = tmp_path / f"prices{next(numbers)}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_tables_as_programs_write_them(write, delimiter, end, mark):
    path = write(mark + table(delimiter=delimiter).replace("\n", end).encode())
    for found in (read_prices(path), read_prices(str(path), delimiter=delimiter)):
        assert found.asset_names == ("AAA", "BRK.B")
        assert [str(date) for date in found.dates] == DATES
        np.testing.assert_array_equal(found.prices, PRICES)
        assert found.repairs == ()


def test_tickers_with_delimiters_in_them(write):
    names = ("BF/B", "BRK.B", "RDS-A", "A,B", "C;D", "^GSPC", "7203", "a b")
    header = "date," + ",".join(f'"{name}"' for name in names)
    path = write(f"{header}\n2020-01-01{',1' * 8}\n2020-01-02{',2' * 8}\n")
    assert read_prices(path).asset_names == names


@pytest.mark.parametrize("header", ["Date,AAA,BRK.B", ",AAA,BRK.B", " day , AAA , BRK.B ", '"Date","AAA","BRK.B"'])
def test_headers(write, header):
    assert read_prices(write("\n\n" + table(header) + "\n,,\n")).asset_names == ("AAA", "BRK.B")


@pytest.mark.parametrize(
    "dates",
    [
        [f"{date}T00:00:00" for date in DATES],
        [f"{date} 00:00:00+09:00" for date in DATES],
        [f"{date}T00:00:00Z" for date in DATES],
        [f"{date} 00:00:00-05:00" for date in DATES],
        [date.replace("-", "") for date in DATES],
        [f" {date} " for date in DATES],
    ],
)
def test_dates_keep_their_local_day(write, dates):
    assert [str(date) for date in read_prices(write(table(dates=dates))).dates] == DATES


def test_instants_are_told_where_the_exchange_is(write):
    evenings = ["2020-01-01T15:00:00Z", "2020-01-02T15:00:00Z", "2020-01-05T15:00:00Z"]
    path = write(table(dates=evenings))
    found = read_prices(path, time_zone="Asia/Tokyo")
    assert [str(date) for date in found.dates] == DATES
    assert [repair.option for repair in found.repairs] == ['time_zone="Asia/Tokyo"']
    with pytest.raises(InputError, match=r"prices0\.csv: dates must be days, got 2020-01-01 15:00:00\+00:00 in row 0"):
        read_prices(path)


def test_the_newest_day_may_come_first(write):
    head, *rows = table().splitlines()
    found = read_prices(write("\n".join([head, *rows[::-1]])))
    assert [str(date) for date in found.dates] == DATES
    np.testing.assert_array_equal(found.prices, PRICES)
    repeated = write("\n".join([head, "2020-01-07,3,3", "2020-01-07,4,4", *rows[::-1]]))
    assert read_prices(repeated, duplicates="first").prices[-1].tolist() == [3, 3]
    assert read_prices(repeated, duplicates="last").prices[-1].tolist() == [4, 4]
    with pytest.raises(InputError, match="2020-01-07 twice"):
        read_prices(repeated)
    with pytest.raises(InputError, match="2020-01-03 after 2020-01-06 in row 2"):
        read_prices(write("\n".join([head, rows[0], rows[2], rows[1]])))


def test_decimal_commas(write):
    path = write(table(delimiter=";", decimal=","))
    np.testing.assert_array_equal(read_prices(path, decimal=",").prices, PRICES)
    with pytest.raises(InputError, match=r"got '1,5' for AAA in line 2; pass decimal=\",\""):
        read_prices(path)
    with pytest.raises(InputError, match=r"got '1\.5' for AAA in line 2$"):
        read_prices(write(table(delimiter=";")), decimal=",")
    with pytest.raises(InputError, match="decimal must be one of"):
        read_prices(path, decimal="")


@pytest.mark.parametrize("gap", ["", " ", "NA", "NaN", "nan", "N/A", "#N/A", "null", "None", "-"])
def test_cells_without_a_price(write, gap):
    path = write(table().replace("1.25", gap))
    assert read_prices(path, missing="fill").prices[:, 0].tolist() == [1.5, 1.5, 1.0]
    dropped = read_prices(path, missing="drop")
    assert dropped.prices[:, 0].tolist() == [1.5, 1.0]
    assert dropped.repairs[0].dates == (datetime.date(2020, 1, 3),)
    with pytest.raises(InputError, match='got nan for AAA on 2020-01-03, 1 gap in all; missing="drop"'):
        read_prices(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "need a header of a date and tickers, split by"),
        ("Date\n2020-01-01\n", "need a header of a date and tickers, split by .* got 'Date'"),
        ("Date,A\n", "at least 2 dates in ascending order, got 0"),
        ("Date,A\n2020-01-01,1\n", "at least 2 dates in ascending order, got 1"),
        (table().replace("1.25", "1_25"), "numbers, got '1_25' for AAA in line 3"),
        (table().replace("1.25", '"1,250.0"'), "numbers, got '1,250.0' for AAA in line 3"),
        (table().replace("1.25", "$1"), r"numbers, got '\$1' for AAA in line 3"),
        (table().replace("1.25", "-1"), r"positive, got -1\.0 for AAA on 2020-01-03"),
        (table().replace("1.25", "0"), r"positive, got 0\.0 for AAA on 2020-01-03"),
        (table().replace("1.25", "inf"), "finite, got inf for AAA on 2020-01-03"),
        (table().replace(",21.0", ""), "must have 3 cells, as the header has, got 2 in line 3"),
        (table().replace("2020-01-03", "03/01/2020"), "got '03/01/2020' in row 1; write days as 2020-01-31"),
        (table().replace("2020-01-03", "2020-01-03T16:00"), "got 2020-01-03 16:00:00 in row 1"),
        (table().replace("2020-01-03", ""), "dates must be days, got '' in row 1"),
        (table("Date,A,A"), "distinct, got A, A"),
        (table("Date,A,"), "names, text or numbers, got '' at 1"),
        (table().replace("1.25", '"1.25'), r"a table of cells split by ','"),
        (table().encode("utf-16"), "text in UTF-8"),
    ],
)
def test_faults_of_a_table_are_named_with_its_file(write, content, message):
    with pytest.raises(InputError, match=rf"prices0\.csv.*{message}"):
        read_prices(write(content))


@pytest.mark.parametrize("path", [None, 5, "a\0b", b"a\0b", "missing.csv", ".", ["prices.csv"], ""], ids=repr)
def test_what_is_no_file_is_refused(path):
    for read in (read_prices, read_orlib):
        with pytest.raises(InputError, match="file"):
            read(path)


@pytest.mark.parametrize("delimiter", ["", ",,", 5, b","], ids=repr)
def test_what_is_no_delimiter_is_refused(write, delimiter):
    with pytest.raises(InputError, match="delimiter must be one character"):
        read_prices(write(table()), delimiter=delimiter)


TICKERS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), delimiter=st.sampled_from(",;\t|"))
def test_what_is_written_is_read(tmp_path_factory, data, delimiter):
    import csv

    names = data.draw(st.lists(TICKERS, min_size=1, max_size=5, unique=True))
    dates = sorted(data.draw(st.lists(st.dates(), min_size=2, max_size=6, unique=True)))
    price = st.floats(min_value=0.0, exclude_min=True, allow_infinity=False)
    prices = [[data.draw(price) for _ in names] for _ in dates]
    path = tmp_path_factory.mktemp("csv") / "prices.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["date", *names])
        writer.writerows([day.isoformat(), *row] for day, row in zip(dates, prices, strict=True))
    found = read_prices(path, delimiter=delimiter)
    assert found.asset_names == tuple(names)
    assert found.dates.tolist() == dates
    assert found.prices.tolist() == prices


def test_what_pandas_writes_is_read(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        PRICES, index=pandas.date_range("2020-01-02", periods=3, tz="Europe/Berlin"), columns=["BRK.B", "A B"]
    )
    for separator in ",;\t|":
        frame.to_csv(tmp_path / "prices.csv", sep=separator)
        found = read_prices(tmp_path / "prices.csv")
        np.testing.assert_array_equal(found.dates, PriceHistory(frame).dates)
        np.testing.assert_array_equal(found.prices, PRICES)
        assert found.asset_names == ("BRK.B", "A B")


def test_the_real_series_survives_a_file(tmp_path):
    pytest.importorskip("skfolio")
    prices = load_sp500_prices().between("2022-01-01")
    prices.to_frame().to_csv(tmp_path / "prices.csv")
    found = read_prices(tmp_path / "prices.csv")
    np.testing.assert_array_equal(found.prices, prices.prices)
    np.testing.assert_array_equal(found.dates, prices.dates)
    assert found.asset_names == prices.asset_names


MEANS, DEVIATIONS = np.array([0.001, -0.002, 0.003]), np.array([0.04, 0.05, 0.03])
CORRELATIONS = np.array([[1.0, 0.5, -0.25], [0.5, 1.0, 0.125], [-0.25, 0.125, 1.0]])


def portfolio(pairs=None, size=3):
    lines = [f" {size}", *(f" {mean:.3f} {dev:.2f}" for mean, dev in zip(MEANS, DEVIATIONS, strict=True))]
    if pairs is None:
        pairs = [(i + 1, j + 1, CORRELATIONS[i, j]) for i in range(3) for j in range(i, 3)]
    return "\n".join([*lines, *(f" {i} {j} {value:.6f}" for i, j, value in pairs)]) + "\n"


@pytest.mark.parametrize(
    "pairs",
    [
        None,
        [(1, 2, 0.5), (1, 3, -0.25), (2, 3, 0.125)],
        [(2, 1, 0.5), (3, 3, 1.0), (1, 3, -0.25), (3, 2, 0.125)],
        [(1, 2, 0.5), (2, 1, 0.5), (1, 3, -0.25), (2, 3, 0.125)],
    ],
)
def test_a_portfolio_of_the_or_library(write, pairs):
    moments = read_orlib(write(portfolio(pairs)))
    np.testing.assert_array_equal(moments.expected_returns, MEANS)
    np.testing.assert_allclose(moments.covariance, CORRELATIONS * np.outer(DEVIATIONS, DEVIATIONS), rtol=1e-15)
    np.testing.assert_allclose(moments.volatilities, DEVIATIONS, rtol=1e-15)
    assert moments.asset_names == ("asset 1", "asset 2", "asset 3")
    assert (moments.num_periods, moments.periods_per_year) == (None, None)
    assert moments.mean_estimator == moments.covariance_estimator == "given by prices0.csv"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "begins with the number of assets, 1 to .* got nothing"),
        ("2.5 1 1", "number of assets, .* got '2.5'"),
        ("0", "number of assets, .* got '0'"),
        ("1e9", "number of assets, .* got '1e9'"),
        ("nan", "number of assets, .* got 'nan'"),
        ("3 0.1", "6 means and deviations, then .* got 1 numbers"),
        (portfolio() + "1 2", "then an i, j and correlation for each pair, got 26 numbers"),
        (portfolio().replace("0.125000", "x"), "made of numbers .*'x'"),
        (portfolio().replace("0.05", "0"), "deviations must be positive, got 0.0 for asset 2"),
        (portfolio().replace("0.05", "nan"), "deviations must be positive, got nan for asset 2"),
        (portfolio([(1, 2, 0.5), (1, 3, 0.5)]), "got none for 2 and 3"),
        (portfolio([(1, 4, 0.5)]), "assets 1 to 3, got 1 and 4"),
        (portfolio([(0, 1, 0.5)]), "assets 1 to 3, got 0 and 1"),
        (portfolio([(1.5, 2, 0.5)]), "assets 1 to 3, got 1.5 and 2"),
        (portfolio([(1, 2, 1.5)]), r"must lie in \[-1, 1\], got 1.5 for 1 and 2"),
        (portfolio([(1, 2, np.nan)]), r"must lie in \[-1, 1\], got nan for 1 and 2"),
        (portfolio([(2, 2, 0.5)]), "one correlation, got 0.5 and 1.0 for 2 and 2"),
        (portfolio([(1, 2, 0.5), (2, 1, 0.25), (1, 3, 0), (2, 3, 0)]), "one correlation, got 0.5 and 0.25 for 1 and 2"),
        (portfolio([(1, 2, 0.9), (1, 3, 0.9), (2, 3, -0.9)]), 'semidefinite, got the eigenvalue .* repair="clip"'),
    ],
)
def test_faults_of_a_portfolio_are_named_with_its_file(write, content, message):
    with pytest.raises(InputError, match=rf"prices0\.csv: .*{message}"):
        read_orlib(write(content))


def test_correlations_of_no_portfolio_are_clipped_when_asked(write):
    path = write(portfolio([(1, 2, 0.9), (1, 3, 0.9), (2, 3, -0.9)]))
    moments = read_orlib(path, repair="clip")
    assert np.linalg.eigvalsh(moments.covariance)[0] >= -1e-18
    assert [repair.option for repair in moments.repairs] == ['repair="clip"']
