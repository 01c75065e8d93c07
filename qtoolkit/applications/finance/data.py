"""Price histories, their simple returns, and the sample statistics that portfolio problems need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit._optional import require
from qtoolkit.errors import InputError

__all__ = ["PriceHistory", "ReturnHistory", "load_sp500_prices", "load_sp500_returns"]

FloatArray = NDArray[np.float64]
Dates = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class ReturnHistory:
    """Simple returns of some assets, ``price[t] / price[t - 1] - 1``.

    Attributes:
        dates: day on which each return was complete, datetime64[D], shape ``(num_periods,)``.
        asset_names: one for each column.
        returns: per period, not in per cent, shape ``(num_periods, num_assets)``.

    Raises:
        InputError: if shapes do not fit, names repeat, there are fewer than 2 periods or a return is not finite.
    """

    dates: Dates
    asset_names: tuple[str, ...]
    returns: FloatArray

    def __post_init__(self) -> None:
        _check_table(self, "returns")

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
        columns = [_column(self.asset_names, asset) for asset in assets]
        return ReturnHistory(self.dates, tuple(self.asset_names[c] for c in columns), self.returns[:, columns])


@dataclass(frozen=True, eq=False)
class PriceHistory:
    """Prices of some assets, adjusted for splits and dividends.

    Attributes:
        dates: datetime64[D], ascending, shape ``(num_days,)``.
        asset_names: one for each column.
        prices: positive, shape ``(num_days, num_assets)``.

    Raises:
        InputError: if shapes do not fit, names repeat, dates do not ascend, there are fewer than 2 days or a price is
            not positive and finite.
    """

    dates: Dates
    asset_names: tuple[str, ...]
    prices: FloatArray

    def __post_init__(self) -> None:
        _check_table(self, "prices")
        if not np.all(self.prices > 0.0):
            raise InputError(f"prices must be positive, got {self.prices.min()}")

    def simple_returns(self) -> ReturnHistory:
        """The return of every day but the first."""
        return ReturnHistory(self.dates[1:], self.asset_names, self.prices[1:] / self.prices[:-1] - 1.0)


def load_sp500_prices() -> PriceHistory:
    """Daily adjusted closing prices of 20 stocks of the S&P 500, 1990-01-02 to 2022-12-28, without the internet.

    The `skfolio` package carries them, for tests and examples only: they are no current market data.

    Raises:
        MissingExtraError: if skfolio is not installed.
    """
    frame = require("skfolio.datasets", extra="finance").load_sp500_dataset()
    dates = frame.index.to_numpy().astype("datetime64[D]")
    return PriceHistory(dates, tuple(str(name) for name in frame.columns), frame.to_numpy(dtype=np.float64))


def load_sp500_returns() -> ReturnHistory:
    """Simple daily returns of `load_sp500_prices`.

    Raises:
        MissingExtraError: if skfolio is not installed.
    """
    return load_sp500_prices().simple_returns()


def _check_table(history: ReturnHistory | PriceHistory, field: str) -> None:
    table = np.array(getattr(history, field), dtype=np.float64)
    dates = np.array(history.dates, dtype="datetime64[D]")
    names = tuple(str(name) for name in history.asset_names)
    if table.ndim != 2 or table.shape != (dates.size, len(names)) or dates.ndim != 1:
        raise InputError(
            f"{field} have one row for each date and one column for each asset, got shape {table.shape} for "
            f"{dates.size} dates and {len(names)} assets"
        )
    if len(set(names)) != len(names):
        raise InputError(f"asset names must be distinct, got {', '.join(names)}")
    if dates.size < 2 or not np.all(dates[1:] > dates[:-1]):
        raise InputError(
            f"{field} need at least 2 dates in ascending order, got {dates.size}; sort and deduplicate them"
        )
    if not np.all(np.isfinite(table)):
        day, column = np.argwhere(~np.isfinite(table))[0]
        raise InputError(
            f"{field} must be finite, got {table[day, column]} for {names[column]} on {dates[day]}; drop or fill gaps"
        )
    for array in (table, dates):
        array.setflags(write=False)
    object.__setattr__(history, field, table)
    object.__setattr__(history, "dates", dates)
    object.__setattr__(history, "asset_names", names)


def _column(names: tuple[str, ...], asset: str | int) -> int:
    if isinstance(asset, str):
        if asset not in names:
            raise InputError(f"the assets are {', '.join(names)}; got {asset!r}")
        return names.index(asset)
    if not 0 <= asset < len(names):
        raise InputError(f"asset columns are 0 to {len(names) - 1}, got {asset}")
    return int(asset)
