"""Portfolio selection: choose K of n assets by return and risk, by QAOA, with the exact optimum beside it."""

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
from qtoolkit.applications.finance.exact import ExactSelection, RankedSelection, exact_selection
from qtoolkit.applications.finance.pricing import BlackScholes, EuropeanOption, PriceResult, price
from qtoolkit.applications.finance.problem import PortfolioProblem
from qtoolkit.applications.finance.risk import (
    CreditBook,
    PortfolioLoss,
    RiskResult,
    conditional_value_at_risk,
    expected_loss,
    value_at_risk,
)
from qtoolkit.applications.finance.solve import ConstraintForm, PortfolioResult, select_assets

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
    # its exact optimum
    "ExactSelection",
    "RankedSelection",
    "exact_selection",
    # QAOA
    "select_assets",
    "PortfolioResult",
    "ConstraintForm",
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
