"""Portfolios as tables in a terminal, as data, and as sections of a page."""

from qtoolkit.report.portfolios.answer import Evidence, PortfolioAnswer
from qtoolkit.report.portfolios.data import portfolio_data
from qtoolkit.report.portfolios.frontier import (
    FrontierAnswer,
    frontier_data,
    frontier_facts,
    frontier_page,
    frontier_tables,
)
from qtoolkit.report.portfolios.page import portfolio_page
from qtoolkit.report.portfolios.tables import evidence_facts, portfolio_tables
from qtoolkit.report.portfolios.walk import (
    BacktestAnswer,
    backtest_data,
    backtest_facts,
    backtest_page,
    backtest_tables,
)

__all__ = [
    # what is told
    "PortfolioAnswer",
    "Evidence",
    # in a terminal
    "portfolio_tables",
    "evidence_facts",
    # for machines
    "portfolio_data",
    # on a page
    "portfolio_page",
    # frontiers: the same
    "FrontierAnswer",
    "frontier_tables",
    "frontier_facts",
    "frontier_data",
    "frontier_page",
    # backtests: the same
    "BacktestAnswer",
    "backtest_tables",
    "backtest_facts",
    "backtest_data",
    "backtest_page",
]
