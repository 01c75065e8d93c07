"""Histories: prices of some assets by day, and the returns between them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import shown
from qtoolkit._checks import require_choice
from qtoolkit._optional import require
from qtoolkit.applications.finance.data.assets import indices_of
from qtoolkit.applications.finance.data.dates import Dates, read_days
from qtoolkit.applications.finance.data.repair import Repair, counted
from qtoolkit.applications.finance.data.table import read_table
from qtoolkit.errors import InputError

__all__ = ["DatesLike", "PriceHistory", "ReturnHistory", "ReturnKind"]

FloatArray = NDArray[np.float64]

DatesLike: TypeAlias = ArrayLike | Iterable[datetime.date]
"""Dates of any kind: datetime64, dates, timestamps with a time zone, ISO text, a pandas index."""

ReturnKind: TypeAlias = Literal["simple", "log"]

_History = TypeVar("_History", "PriceHistory", "ReturnHistory")


@dataclass(frozen=True, eq=False, init=False, repr=False)
class ReturnHistory:
    """Returns of some assets: simple, ``price[t] / price[t - 1] - 1``, or log, the logarithm of that quotient.

    ``ReturnHistory(frame)`` reads a pandas DataFrame with dates down and assets across. Dates keep their local day.

    Attributes:
        dates: day on which each return was complete, datetime64[D], ascending, shape ``(num_periods,)``.
        asset_names: one for each column.
        returns: per period, not in per cent, shape ``(num_periods, num_assets)``. A DataFrame beside dates and names
            is brought into their order by its labels.
        kind: ``"simple"`` or ``"log"``. The return of a portfolio is the weighted sum of simple returns; of log returns
            only nearly so.
        repairs: what was changed in the data because it was asked for.

    The other arguments ask for repairs: ``missing="drop"`` leaves out the periods in which an asset has no return,
    ``duplicates="first"`` or ``"last"`` keeps one of several rows of a date, and `time_zone`, such as
    ``"Europe/Berlin"``, tells dates with a time zone there.

    Raises:
        InputError: if shapes or labels do not fit, names repeat, dates do not ascend or have a time of day, there are
            fewer than 2 periods or no asset, or a return is no finite number.
    """

    dates: Dates
    asset_names: tuple[str, ...]
    returns: FloatArray
    kind: ReturnKind
    repairs: tuple[Repair, ...]

    def __init__(
        self,
        dates: DatesLike | None = None,
        asset_names: Iterable[object] | None = None,
        returns: ArrayLike | None = None,
        *,
        kind: ReturnKind = "simple",
        missing: Literal["drop"] | None = None,
        duplicates: Literal["first", "last"] | None = None,
        time_zone: str | None = None,
    ) -> None:
        object.__setattr__(self, "kind", require_choice("kind", kind, ("simple", "log")))
        _fill(self, "returns", (dates, asset_names, returns), missing, duplicates, time_zone)

    @property
    def expected_returns(self) -> FloatArray:
        """Sample mean per period, shape ``(num_assets,)``."""
        with np.errstate(over="ignore", invalid="ignore"):  # who uses it refuses what is not finite
            return np.asarray(self.returns.mean(axis=0), dtype=np.float64)

    @property
    def covariance(self) -> FloatArray:
        """Unbiased sample covariance per period (divisor num_periods - 1), shape ``(num_assets, num_assets)``."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.atleast_2d(np.cov(self.returns, rowvar=False, ddof=1)).astype(np.float64)

    def subset(self, assets: Sequence[str | int]) -> ReturnHistory:
        """The returns of some assets, by name or column, in the order given.

        Raises:
            InputError: for an asset that is not there, or one named twice.
        """
        columns = indices_of(assets, self.asset_names, "columns")
        names = tuple(self.asset_names[c] for c in columns)
        return _repaired(ReturnHistory(self.dates, names, self.returns[:, columns], kind=self.kind), self.repairs)

    def between(self, first: Any = None, last: Any = None) -> ReturnHistory:
        """The returns from one day to another, both included; None for no limit.

        Raises:
            InputError: if fewer than 2 are left, or a limit is no date.
        """
        rows = _rows_between(self.dates, first, last)
        part = ReturnHistory(self.dates[rows], self.asset_names, self.returns[rows], kind=self.kind)
        return _repaired(part, self.repairs)

    def to_frame(self) -> Any:
        """A pandas DataFrame with dates down and assets across.

        Raises:
            MissingExtraError: if pandas is not installed.
        """
        return _frame(self.returns, self.dates, self.asset_names)

    def __repr__(self) -> str:
        return _summary(self, f"{self.kind} returns")


@dataclass(frozen=True, eq=False, init=False, repr=False)
class PriceHistory:
    """Prices of some assets, adjusted for splits and dividends.

    ``PriceHistory(frame)`` reads a pandas DataFrame with dates down and assets across. Dates keep their local day.

    Attributes:
        dates: datetime64[D], ascending, shape ``(num_days,)``.
        asset_names: one for each column.
        prices: positive, shape ``(num_days, num_assets)``. A DataFrame beside dates and names is brought into their
            order by its labels.
        repairs: what was changed in the data because it was asked for.

    The other arguments ask for repairs: ``missing="drop"`` leaves out the days on which an asset has no price, so that
    the next return spans them, ``missing="fill"`` keeps the price before, ``duplicates="first"`` or ``"last"`` keeps
    one of several rows of a date, and `time_zone`, such as ``"Europe/Berlin"``, tells dates with a time zone there.

    Raises:
        InputError: if shapes or labels do not fit, names repeat, dates do not ascend or have a time of day, there are
            fewer than 2 days or no asset, a price is not positive and finite, or nothing comes before a gap to fill.
    """

    dates: Dates
    asset_names: tuple[str, ...]
    prices: FloatArray
    repairs: tuple[Repair, ...]

    def __init__(
        self,
        dates: DatesLike | None = None,
        asset_names: Iterable[object] | None = None,
        prices: ArrayLike | None = None,
        *,
        missing: Literal["drop", "fill"] | None = None,
        duplicates: Literal["first", "last"] | None = None,
        time_zone: str | None = None,
    ) -> None:
        _fill(self, "prices", (dates, asset_names, prices), missing, duplicates, time_zone)
        if not np.all(self.prices > 0.0):
            day, column = np.argwhere(self.prices <= 0.0)[0]
            raise InputError(
                f"prices must be positive, got {self.prices[day, column]} for {self.asset_names[column]} on "
                f"{self.dates[day]}; correct it, or make it nan if it stands for no price"
            )

    def simple_returns(self) -> ReturnHistory:
        """``price[t] / price[t - 1] - 1`` of every day but the first.

        Raises:
            InputError: if there are fewer than 3 days, or a return exceeds what float64 holds.
        """
        with np.errstate(over="ignore"):  # infinity is refused by name
            returns = self.prices[1:] / self.prices[:-1] - 1.0
        return _repaired(ReturnHistory(self.dates[1:], self.asset_names, returns), self.repairs)

    def log_returns(self) -> ReturnHistory:
        """``log(price[t]) - log(price[t - 1])`` of every day but the first.

        Raises:
            InputError: if there are fewer than 3 days.
        """
        returns = np.diff(np.log(self.prices), axis=0)
        return _repaired(ReturnHistory(self.dates[1:], self.asset_names, returns, kind="log"), self.repairs)

    def subset(self, assets: Sequence[str | int]) -> PriceHistory:
        """The prices of some assets, by name or column, in the order given.

        Raises:
            InputError: for an asset that is not there, or one named twice.
        """
        columns = indices_of(assets, self.asset_names, "columns")
        names = tuple(self.asset_names[c] for c in columns)
        return _repaired(PriceHistory(self.dates, names, self.prices[:, columns]), self.repairs)

    def between(self, first: Any = None, last: Any = None) -> PriceHistory:
        """The prices from one day to another, both included; None for no limit.

        Raises:
            InputError: if fewer than 2 are left, or a limit is no date.
        """
        rows = _rows_between(self.dates, first, last)
        return _repaired(PriceHistory(self.dates[rows], self.asset_names, self.prices[rows]), self.repairs)

    def to_frame(self) -> Any:
        """A pandas DataFrame with dates down and assets across.

        Raises:
            MissingExtraError: if pandas is not installed.
        """
        return _frame(self.prices, self.dates, self.asset_names)

    def __repr__(self) -> str:
        return _summary(self, "prices")


def _fill(
    history: Any,
    field: str,
    given: tuple[Any, Any, Any],
    missing: str | None,
    duplicates: str | None,
    time_zone: str | None,
) -> None:
    table = read_table(field, *given, missing=missing, duplicates=duplicates, time_zone=time_zone)
    object.__setattr__(history, "dates", table.dates)
    object.__setattr__(history, "asset_names", table.asset_names)
    object.__setattr__(history, field, table.values)
    object.__setattr__(history, "repairs", table.repairs)


def _repaired(history: _History, repairs: tuple[Repair, ...]) -> _History:
    """A history that says what was repaired in the one it comes from."""
    object.__setattr__(history, "repairs", repairs)
    return history


def _rows_between(dates: Dates, first: Any, last: Any) -> slice:
    start = 0 if first is None else int(np.searchsorted(dates, read_days([first])[0], side="left"))
    stop = dates.size if last is None else int(np.searchsorted(dates, read_days([last])[0], side="right"))
    if stop - start < 2:
        raise InputError(
            f"a history needs at least 2 dates, got {max(stop - start, 0)} between {shown(first)} and {shown(last)}; "
            f"there are those from {dates[0]} to {dates[-1]}"
        )
    return slice(start, stop)


def _frame(values: FloatArray, dates: Dates, names: tuple[str, ...]) -> Any:
    pandas = require("pandas", extra="finance")
    return pandas.DataFrame(values.copy(), index=pandas.DatetimeIndex(dates, name="date"), columns=list(names))


def _summary(history: PriceHistory | ReturnHistory, what: str) -> str:
    repaired = f", {counted(len(history.repairs), 'repair')}" if history.repairs else ""
    return (
        f"{type(history).__name__}({len(history.asset_names)} assets, {history.dates.size} {what} from "
        f"{history.dates[0]} to {history.dates[-1]}{repaired})"
    )
