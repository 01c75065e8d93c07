"""The options that say which prices, and what is estimated from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.applications.finance import Moments, PriceHistory, ReturnHistory

__all__ = ["BUNDLED", "FileOptions", "Input", "PriceOptions"]

BUNDLED = "sp500"
"""The word in place of a file."""

_PANEL = "Prices"


class Returns(StrEnum):
    """Between two days."""

    SIMPLE = "simple"
    LOG = "log"


class Means(StrEnum):
    """How expected returns are estimated."""

    SAMPLE = "sample"
    SHRUNK = "shrunk"
    EWMA = "ewma"
    EQUILIBRIUM = "equilibrium"


class Covariance(StrEnum):
    """How covariances are estimated."""

    SAMPLE = "sample"
    LEDOIT_WOLF = "ledoit-wolf"
    OAS = "oas"
    EWMA = "ewma"


class Missing(StrEnum):
    """What becomes of missing prices."""

    DROP = "drop"
    FILL = "fill"


class Duplicates(StrEnum):
    """Which of several lines of a date is kept."""

    FIRST = "first"
    LAST = "last"


class Decimal(StrEnum):
    """The point in numbers."""

    POINT = "."
    COMMA = ","


class Constant(StrEnum):
    """What becomes of assets whose price never changes."""

    DROP = "drop"
    KEEP = "keep"


@dataclass(frozen=True)
class Input:
    """What the prices came to.

    Attributes:
        source: the file, or where else they come from.
        prices, returns: in the span that was asked for.
        moments: estimated from the returns.
    """

    source: str
    prices: PriceHistory
    returns: ReturnHistory
    moments: Moments


@dataclass(frozen=True)
class FileOptions:
    """Which prices."""

    prices: Annotated[
        str,
        typer.Argument(
            metavar="PRICES", help=f"CSV file of prices, or {BUNDLED} for the 20 stocks that skfolio carries."
        ),
    ]
    start: Annotated[
        str | None, typer.Option(metavar="DATE", help="First day of the prices used.", rich_help_panel=_PANEL)
    ] = None
    end: Annotated[str | None, typer.Option(metavar="DATE", help="Last day.", rich_help_panel=_PANEL)] = None
    missing: Annotated[
        Missing | None,
        typer.Option(help="Drop days with a missing price, or fill in the one before.", rich_help_panel=_PANEL),
    ] = None
    duplicates: Annotated[
        Duplicates | None, typer.Option(help="Which line of a date is kept.", rich_help_panel=_PANEL)
    ] = None
    decimal: Annotated[Decimal, typer.Option(help="Point in numbers.", rich_help_panel=_PANEL)] = Decimal.POINT
    time_zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Where dates with a time zone are told.", rich_help_panel=_PANEL),
    ] = None

    @property
    def is_bundled(self) -> bool:
        """Whether they come from no file."""
        return self.prices == BUNDLED

    def packages(self) -> dict[str, str]:
        """What is needed to read them, by package."""
        return {"skfolio": "finance"} if self.is_bundled else {}

    def check(self) -> None:
        """Refuse what does not go together.

        Raises:
            InputError: if an option is about a file, and there is none.
        """
        about_files = {
            "--missing": self.missing,
            "--duplicates": self.duplicates,
            "--decimal": None if self.decimal is Decimal.POINT else self.decimal,
            "--time-zone": self.time_zone,
        }
        if self.is_bundled and (given := [name for name, value in about_files.items() if value is not None]):
            raise InputError(f"{given[0]} is about a file of prices, got {BUNDLED}; leave it out")

    @property
    def source(self) -> str:
        """Where they come from, in words."""
        return "skfolio's S&P 500 set" if self.is_bundled else self.prices

    def read_prices(self) -> PriceHistory:
        """Of the days that were asked for.

        Raises:
            InputError: if they are no prices.
        """
        from qtoolkit.applications.finance import load_sp500_prices, read_prices

        if self.is_bundled:
            prices = load_sp500_prices()
        else:
            prices = read_prices(
                self.prices,
                **_given(
                    decimal=self.decimal,
                    missing=self.missing,
                    duplicates=self.duplicates,
                    time_zone=self.time_zone,
                ),
            )
        is_cut = self.start is not None or self.end is not None
        return prices.between(self.start, self.end) if is_cut else prices


@dataclass(frozen=True)
class PriceOptions(FileOptions):
    """What is estimated from the prices, too."""

    returns: Annotated[Returns, typer.Option(help="Kind of return.", rich_help_panel=_PANEL)] = Returns.SIMPLE
    means: Annotated[Means, typer.Option(help="Estimator of expected returns.", rich_help_panel=_PANEL)] = Means.SAMPLE
    covariance: Annotated[Covariance, typer.Option(help="Estimator of covariances.", rich_help_panel=_PANEL)] = (
        Covariance.SAMPLE
    )
    constant: Annotated[
        Constant | None,
        typer.Option(help="Drop assets whose price never changes, or keep them as riskless.", rich_help_panel=_PANEL),
    ] = None

    def packages(self) -> dict[str, str]:
        """What is needed to read and estimate, by package."""
        is_plain = self.means is Means.SAMPLE and self.covariance is Covariance.SAMPLE
        return super().packages() if is_plain else {"skfolio": "finance"}

    def read(self) -> Input:
        """Read the prices and estimate.

        Raises:
            InputError: if they are no prices, or the estimator refuses them.
        """
        from qtoolkit.applications.finance import estimate_moments

        prices = self.read_prices()
        returns = prices.simple_returns() if self.returns is Returns.SIMPLE else prices.log_returns()
        words = _given(means=self.means, covariance=self.covariance, constant=self.constant)
        moments = estimate_moments(returns, **words)
        if moments.asset_names != returns.asset_names:  # constant ones are left out
            prices, returns = prices.subset(moments.asset_names), returns.subset(moments.asset_names)
        return Input(self.source, prices, returns, moments)


def _given(**words: str | None) -> dict[str, Any]:
    """As plain text, those that were given."""
    return {name: str(word) for name, word in words.items() if word is not None}
