"""Price histories, their simple returns, and the sample statistics that portfolio problems need."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import shown
from qtoolkit._checks import require_array
from qtoolkit._labels import aligned
from qtoolkit._optional import require
from qtoolkit.applications.finance.data.assets import indices_of, read_names
from qtoolkit.applications.finance.data.dates import Dates, check_order, read_days
from qtoolkit.errors import InputError

__all__ = ["DatesLike", "PriceHistory", "ReturnHistory", "load_sp500_prices", "load_sp500_returns"]

FloatArray = NDArray[np.float64]

DatesLike: TypeAlias = ArrayLike | Iterable[datetime.date]
"""Dates of any kind: datetime64, dates, timestamps with a time zone, ISO text, a pandas index."""


@dataclass(frozen=True, eq=False, init=False)
class ReturnHistory:
    """Simple returns of some assets, ``price[t] / price[t - 1] - 1``.

    ``ReturnHistory(frame)`` reads a pandas DataFrame with dates down and assets across. Dates keep their local day.

    Attributes:
        dates: day on which each return was complete, datetime64[D], ascending, shape ``(num_periods,)``.
        asset_names: one for each column.
        returns: per period, not in per cent, shape ``(num_periods, num_assets)``. A DataFrame beside dates and names
            is brought into their order by its labels.

    Raises:
        InputError: if shapes or labels do not fit, names repeat, dates do not ascend or have a time of day, there are
            fewer than 2 periods or no asset, or a return is no finite number.
    """

    dates: Dates
    asset_names: tuple[str, ...]
    returns: FloatArray

    def __init__(
        self,
        dates: DatesLike | None = None,
        asset_names: Iterable[object] | None = None,
        returns: ArrayLike | None = None,
    ) -> None:
        _fill(self, "returns", dates, asset_names, returns)

    @property
    def expected_returns(self) -> FloatArray:
        """Sample mean per period, shape ``(num_assets,)``."""
        return np.asarray(self.returns.mean(axis=0), dtype=np.float64)

    @property
    def covariance(self) -> FloatArray:
        """Unbiased sample covariance per period (divisor num_periods - 1), shape ``(num_assets, num_assets)``."""
        return np.atleast_2d(np.cov(self.returns, rowvar=False, ddof=1)).astype(np.float64)

    def subset(self, assets: Sequence[str | int]) -> ReturnHistory:
        """The returns of some assets, by name or column, in the order given.

        Raises:
            InputError: for an asset that is not there, or one named twice.
        """
        columns = indices_of(assets, self.asset_names, "columns")
        return ReturnHistory(self.dates, tuple(self.asset_names[c] for c in columns), self.returns[:, columns])


@dataclass(frozen=True, eq=False, init=False)
class PriceHistory:
    """Prices of some assets, adjusted for splits and dividends.

    ``PriceHistory(frame)`` reads a pandas DataFrame with dates down and assets across. Dates keep their local day.

    Attributes:
        dates: datetime64[D], ascending, shape ``(num_days,)``.
        asset_names: one for each column.
        prices: positive, shape ``(num_days, num_assets)``. A DataFrame beside dates and names is brought into their
            order by its labels.

    Raises:
        InputError: if shapes or labels do not fit, names repeat, dates do not ascend or have a time of day, there are
            fewer than 2 days or no asset, or a price is not positive and finite.
    """

    dates: Dates
    asset_names: tuple[str, ...]
    prices: FloatArray

    def __init__(
        self,
        dates: DatesLike | None = None,
        asset_names: Iterable[object] | None = None,
        prices: ArrayLike | None = None,
    ) -> None:
        _fill(self, "prices", dates, asset_names, prices)
        if not np.all(self.prices > 0.0):
            day, column = np.argwhere(self.prices <= 0.0)[0]
            raise InputError(
                f"prices must be positive, got {self.prices[day, column]} for {self.asset_names[column]} on "
                f"{self.dates[day]}"
            )

    def simple_returns(self) -> ReturnHistory:
        """The return of every day but the first.

        Raises:
            InputError: if there are fewer than 3 days, or a return exceeds what float64 holds.
        """
        with np.errstate(over="ignore"):  # infinity is refused by name
            returns = self.prices[1:] / self.prices[:-1] - 1.0
        return ReturnHistory(self.dates[1:], self.asset_names, returns)


def load_sp500_prices() -> PriceHistory:
    """Daily adjusted closing prices of 20 stocks of the S&P 500, 1990-01-02 to 2022-12-28, without the internet.

    The `skfolio` package carries them, for tests and examples only: they are no current market data.

    Raises:
        MissingExtraError: if skfolio is not installed.
    """
    return PriceHistory(require("skfolio.datasets", extra="finance").load_sp500_dataset())


def load_sp500_returns() -> ReturnHistory:
    """Simple daily returns of `load_sp500_prices`.

    Raises:
        MissingExtraError: if skfolio is not installed.
    """
    return load_sp500_prices().simple_returns()


def _fill(history: Any, field: str, dates: Any, asset_names: Any, table: Any) -> None:
    """Set the fields of a history from a DataFrame, or from dates, names and a table."""
    if asset_names is None and table is None:
        dates, table = None, dates
    is_frame = hasattr(table, "columns") and hasattr(table, "index")
    if is_frame:
        dates = table.index if dates is None else dates
        asset_names = table.columns if asset_names is None else asset_names
    if dates is None or asset_names is None or table is None:
        raise InputError(
            f"{field} come as a DataFrame with dates down and assets across, or as dates, asset_names and {field}; "
            f"got {shown(table)}"
        )
    if is_frame and table.columns.nlevels > 1:
        raise InputError(f"{field} need a column for each asset, got several for each; take one kind: frame['Close']")
    names, days = read_names(asset_names), read_days(dates)
    if not names or len(set(names)) != len(names):
        raise InputError(f"{field} need assets whose names are distinct, got {', '.join(names) or 'none'}")
    check_order(days, field)
    if is_frame:
        table = _in_order(field, table, days, names)

    def place(index: tuple[int, ...]) -> str:
        fits = len(index) == 2 and index[0] < days.size and index[1] < len(names)
        return f"for {names[index[1]]} on {days[index[0]]}; drop or fill gaps" if fits else f"at {list(index)}"

    array = require_array(field, table, place=place)
    if array.shape != (days.size, len(names)):
        raise InputError(
            f"{field} have one row for each date and one column for each asset, got shape {array.shape} for "
            f"{days.size} dates and {len(names)} assets"
        )
    days.setflags(write=False)
    object.__setattr__(history, "dates", days)
    object.__setattr__(history, "asset_names", names)
    object.__setattr__(history, field, array)


def _in_order(field: str, frame: Any, days: Dates, names: tuple[str, ...]) -> object:
    """The values of a DataFrame by its dates and columns; rows that are merely numbered are taken as they come."""
    if frame.index.dtype.kind not in "iu":
        frame = frame.set_axis(np.datetime_as_string(read_days(frame.index)), axis=0)
    return aligned(field, frame, np.datetime_as_string(days).tolist(), names)
