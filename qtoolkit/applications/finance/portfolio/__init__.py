"""Portfolios: what they minimise and obey, which assets they hold, and their weights."""

from qtoolkit.applications.finance.portfolio.frontier import EfficientFrontier, FrontierPoint, efficient_frontier
from qtoolkit.applications.finance.portfolio.lots import LotsForm, lots_form
from qtoolkit.applications.finance.portfolio.multi_period import (
    MultiPeriodProblem,
    MultiPeriodResult,
    solve_multi_period,
)
from qtoolkit.applications.finance.portfolio.problem import PortfolioOptions, PortfolioProblem
from qtoolkit.applications.finance.portfolio.program import Tail, WeightGroup, WeightProgram, sector_groups
from qtoolkit.applications.finance.portfolio.result import PortfolioResult, require_result
from qtoolkit.applications.finance.portfolio.solve import solve_portfolio
from qtoolkit.applications.finance.portfolio.weights import Weighing, choose_and_weigh, weigh

__all__ = [
    # the problem
    "PortfolioProblem",
    "PortfolioOptions",
    # its answer
    "solve_portfolio",
    "PortfolioResult",
    "require_result",
    # whole lots as bits
    "lots_form",
    "LotsForm",
    # several periods
    "MultiPeriodProblem",
    "solve_multi_period",
    "MultiPeriodResult",
    # its weights
    "WeightProgram",
    "WeightGroup",
    "sector_groups",
    "Tail",
    # their optimum
    "weigh",
    "choose_and_weigh",
    "Weighing",
    # least risk for each return
    "efficient_frontier",
    "EfficientFrontier",
    "FrontierPoint",
]
