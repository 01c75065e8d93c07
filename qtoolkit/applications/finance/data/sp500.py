"""Real prices to try things on: 20 stocks of the S&P 500, as the `skfolio` package carries them."""

from __future__ import annotations

from qtoolkit._optional import require
from qtoolkit.applications.finance.data.history import PriceHistory, ReturnHistory

__all__ = ["load_sp500_prices", "load_sp500_returns"]


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
