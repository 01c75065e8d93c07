"""Portfolios beside their exact optimum or a bound, and prices and risk with intervals for the continuous model."""

from qtoolkit.applications.finance.backtest import (
    Backtest,
    BacktestRun,
    EqualWeight,
    ExactPortfolio,
    MinimumVariance,
    SolvedPortfolio,
    Strategy,
    backtest,
    standard_strategies,
)
from qtoolkit.applications.finance.data import (
    Moments,
    PriceHistory,
    Repair,
    ReturnHistory,
    estimate_moments,
    load_sp500_prices,
    load_sp500_returns,
    read_orlib,
    read_prices,
)
from qtoolkit.applications.finance.portfolio import (
    EfficientFrontier,
    FrontierPoint,
    LotsForm,
    MultiPeriodProblem,
    MultiPeriodResult,
    PortfolioOptions,
    PortfolioProblem,
    PortfolioResult,
    Tail,
    Weighing,
    WeightGroup,
    WeightProgram,
    choose_and_weigh,
    efficient_frontier,
    lots_form,
    require_result,
    sector_groups,
    solve_multi_period,
    solve_portfolio,
    weigh,
)
from qtoolkit.applications.finance.pricing import BlackScholes, EuropeanOption, PriceResult, price
from qtoolkit.applications.finance.risk import (
    CreditBook,
    PortfolioLoss,
    RiskResult,
    conditional_value_at_risk,
    expected_loss,
    value_at_risk,
)

__all__ = [
    # data
    "PriceHistory",
    "ReturnHistory",
    "read_prices",
    "load_sp500_prices",
    "load_sp500_returns",
    "Moments",
    "estimate_moments",
    "read_orlib",
    "Repair",
    # the problem
    "PortfolioProblem",
    "PortfolioOptions",
    "WeightGroup",
    "sector_groups",
    "Tail",
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
    # weights
    "WeightProgram",
    "weigh",
    "choose_and_weigh",
    "Weighing",
    # least risk for each return
    "efficient_frontier",
    "EfficientFrontier",
    "FrontierPoint",
    # walking through a history
    "backtest",
    "Backtest",
    "BacktestRun",
    "Strategy",
    "standard_strategies",
    "EqualWeight",
    "MinimumVariance",
    "ExactPortfolio",
    "SolvedPortfolio",
    # prices; contracts and models are in `pricing`
    "price",
    "PriceResult",
    "EuropeanOption",
    "BlackScholes",
    # risk
    "CreditBook",
    "PortfolioLoss",
    "expected_loss",
    "value_at_risk",
    "conditional_value_at_risk",
    "RiskResult",
]
