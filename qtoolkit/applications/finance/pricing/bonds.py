"""Bonds: payments that are certain, discounted at rates that are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qtoolkit._arguments import check_instance
from qtoolkit._checks import require_array, require_positive
from qtoolkit.applications.finance.pricing._claim import Claim, FloatArray
from qtoolkit.applications.finance.pricing.contracts import require_times
from qtoolkit.applications.finance.pricing.models import GaussianRates, Vasicek, _square_root
from qtoolkit.errors import InputError

__all__ = ["BondPortfolio", "ZeroCouponBond"]


@dataclass(frozen=True)
class ZeroCouponBond:
    """One payment at maturity.

    Priced under `Vasicek`, or a `GaussianRates` of one rate: a treasury bill whose rate is uncertain.

    Attributes:
        maturity: years, positive.
        face: paid, positive.

    Raises:
        InputError: if one is none of these.
    """

    maturity: float
    face: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "maturity", require_positive("maturity", self.maturity, 1e4))
        object.__setattr__(self, "face", require_positive("face", self.face))

    def _claim(self, model: Vasicek | GaussianRates) -> Claim:
        return BondPortfolio(np.array([self.maturity]), np.array([self.face]))._claim(model)


@dataclass(frozen=True, eq=False)
class BondPortfolio:
    """Payments at several times: coupons and redemptions of any bonds, added up.

    Priced under `Vasicek`, or a `GaussianRates` with a rate for each time.

    Attributes:
        times: years, positive and ascending, at most 64.
        cash_flows: paid then, not all 0, shape of `times`.

    Raises:
        InputError: if one is none of these.
    """

    times: FloatArray
    cash_flows: FloatArray

    def __post_init__(self) -> None:
        times = require_times(self.times)
        flows = np.atleast_1d(require_array("cash_flows", self.cash_flows))
        if flows.shape != times.shape or not flows.any():
            raise InputError(f"cash_flows must be one for each of {times.size} times, not all 0, got {flows.tolist()}")
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "cash_flows", flows)

    def _claim(self, model: Vasicek | GaussianRates) -> Claim:
        if isinstance(model, Vasicek):
            means, covariance = model._integrated_rates(self.times)
        else:
            check_instance(model, GaussianRates, "bonds are priced under a Vasicek or a GaussianRates")
            if model.rates.size != self.times.size:
                raise InputError(f"there must be a rate for each of {self.times.size} times, got {model.rates.size}")
            means = model.rates * self.times
            covariance = model.covariance * np.outer(self.times, self.times)
        return Claim(-means, -_square_root(covariance), self.cash_flows, 0.0, "linear", 1.0, 1.0)

    def __repr__(self) -> str:
        return f"BondPortfolio({self.times.size} payments, {self.cash_flows.sum():g} in all)"
