"""Risk of portfolios and credit books by amplitude estimation: intervals for the continuous model."""

from qtoolkit.applications.finance._classical import MonteCarlo
from qtoolkit.applications.finance.risk.credit import CreditBook, LatentGrid
from qtoolkit.applications.finance.risk.measures import conditional_value_at_risk, expected_loss, value_at_risk
from qtoolkit.applications.finance.risk.portfolio import PortfolioLoss
from qtoolkit.applications.finance.risk.result import RiskResult, RiskStep

__all__ = [
    # losses
    "CreditBook",
    "LatentGrid",
    "PortfolioLoss",
    # measures
    "expected_loss",
    "value_at_risk",
    "conditional_value_at_risk",
    # results
    "RiskResult",
    "RiskStep",
    "MonteCarlo",
]
