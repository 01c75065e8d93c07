"""Market data: prices and returns, their dates and their assets."""

from qtoolkit.applications.finance.data.history import PriceHistory, ReturnHistory
from qtoolkit.applications.finance.data.repair import Repair
from qtoolkit.applications.finance.data.sp500 import load_sp500_prices, load_sp500_returns

__all__ = ["PriceHistory", "ReturnHistory", "load_sp500_prices", "load_sp500_returns", "Repair"]
