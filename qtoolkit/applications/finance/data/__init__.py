"""Market data: histories of prices and returns, their dates and their assets."""

from qtoolkit.applications.finance.data.history import (
    PriceHistory,
    ReturnHistory,
    load_sp500_prices,
    load_sp500_returns,
)

__all__ = ["PriceHistory", "ReturnHistory", "load_sp500_prices", "load_sp500_returns"]
