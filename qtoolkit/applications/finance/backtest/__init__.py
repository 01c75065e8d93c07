"""Walk-forward tests of portfolios: strategies that see the past only, and what they would have earned."""

from qtoolkit.applications.finance.backtest.strategies import (
    EqualWeight,
    ExactPortfolio,
    MinimumVariance,
    SolvedPortfolio,
    Strategy,
    standard_strategies,
)
from qtoolkit.applications.finance.backtest.walk import Backtest, BacktestRun, backtest

__all__ = [
    # the test
    "backtest",
    "Backtest",
    "BacktestRun",
    # what is tested
    "Strategy",
    "EqualWeight",
    "MinimumVariance",
    "ExactPortfolio",
    "SolvedPortfolio",
    "standard_strategies",
]
