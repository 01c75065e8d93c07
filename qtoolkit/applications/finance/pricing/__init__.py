"""Prices of options and bonds by amplitude estimation: intervals for the continuous model, with their error budget."""

from qtoolkit.applications.finance._classical import MonteCarlo
from qtoolkit.applications.finance.pricing.bonds import BondPortfolio, ZeroCouponBond
from qtoolkit.applications.finance.pricing.contracts import (
    AsianOption,
    BarrierOption,
    BasketOption,
    DigitalOption,
    EuropeanOption,
    SpreadOption,
)
from qtoolkit.applications.finance.pricing.engine import price
from qtoolkit.applications.finance.pricing.models import (
    BlackScholes,
    CorrelatedBlackScholes,
    GaussianRates,
    Vasicek,
)
from qtoolkit.applications.finance.pricing.result import PriceResult

__all__ = [
    "price",
    "PriceResult",
    "MonteCarlo",
    # contracts
    "EuropeanOption",
    "DigitalOption",
    "BasketOption",
    "SpreadOption",
    "AsianOption",
    "BarrierOption",
    "ZeroCouponBond",
    "BondPortfolio",
    # models
    "BlackScholes",
    "CorrelatedBlackScholes",
    "Vasicek",
    "GaussianRates",
]
