"""Market data: prices and returns from files and frames, and the means and covariances estimated from them."""

from qtoolkit.applications.finance.data.csv import read_prices
from qtoolkit.applications.finance.data.estimators import estimate_moments
from qtoolkit.applications.finance.data.history import PriceHistory, ReturnHistory
from qtoolkit.applications.finance.data.moments import Moments
from qtoolkit.applications.finance.data.orlib import read_orlib
from qtoolkit.applications.finance.data.repair import Repair
from qtoolkit.applications.finance.data.sp500 import load_sp500_prices, load_sp500_returns

__all__ = [
    "PriceHistory",
    "ReturnHistory",
    "read_prices",
    "load_sp500_prices",
    "load_sp500_returns",
    "Moments",
    "estimate_moments",
    "read_orlib",
    "Repair",
]
