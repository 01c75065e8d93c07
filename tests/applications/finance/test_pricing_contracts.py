"""Contracts, models and arguments of pricing that are none are refused, and labels count."""

import math

import numpy as np
import pandas as pd
import pytest

from qtoolkit.applications.finance.pricing import (
    AsianOption,
    BarrierOption,
    BasketOption,
    BlackScholes,
    BondPortfolio,
    CorrelatedBlackScholes,
    DigitalOption,
    EuropeanOption,
    GaussianRates,
    SpreadOption,
    Vasicek,
    ZeroCouponBond,
    price,
)
from qtoolkit.errors import InputError

MODEL = BlackScholes(2.0, 0.05, 0.4)
TWO = CorrelatedBlackScholes([100.0, 95.0], 0.03, [0.2, 0.3], np.eye(2))
UP_OUT = {"direction": "up", "knock": "out"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BlackScholes(0.0, 0.05, 0.4), "spot must be positive, got 0"),
        (lambda: BlackScholes(2.0, 0.05, -0.4), "volatility must be .*, got -0.4"),
        (lambda: BlackScholes("2", 0.05, 0.4), "spot must be a finite number, got '2'"),
        (lambda: BlackScholes(None, 0.05, 0.4), "spot must be a finite number, got None"),
        (lambda: BlackScholes(2.0, math.nan, 0.4), "rate must be .*, got nan"),
        (lambda: BlackScholes(True, 0.0, 0.4), "spot must be .*, got True"),
        (lambda: CorrelatedBlackScholes([1, 2], 0.0, [0.1], np.eye(2)), "volatilities must"),
        (lambda: CorrelatedBlackScholes([1, -2], 0.0, [0.1, 0.1], np.eye(2)), "spots must be positive, got -2"),
        (lambda: CorrelatedBlackScholes([1, 2], 0.0, [0.1, -0.1], np.eye(2)), "volatilities must be from 0"),
        (lambda: CorrelatedBlackScholes([1, 2], 0.0, [0.1, 0.1], np.eye(3)), "correlation must"),
        (lambda: CorrelatedBlackScholes([1, 2], 0.0, [0.1, 0.1], 2 * np.eye(2)), "a covariance is no correlation"),
        (lambda: CorrelatedBlackScholes([1, 2], 0.0, [0.1, 0.1], [[1, 0.5], [0.4, 1]]), "must be symmetric"),
        (
            lambda: CorrelatedBlackScholes([1, 2, 3], 0.0, [0.1] * 3, [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]),
            "correlation must be positive semidefinite, got the eigenvalue -0.8",
        ),
        (lambda: CorrelatedBlackScholes([], 0.0, [], np.zeros((0, 0))), "spots must be one for each of some"),
        (lambda: CorrelatedBlackScholes([1, 2], 0, [0.1, 0.1], np.eye(2), asset_names=("a", "a")), "distinct assets"),
        (lambda: Vasicek(0.03, 0.0, 0.05, 0.01), "mean_reversion must be positive, got 0"),
        (lambda: Vasicek(0.03, 0.1, 0.05, -0.01), "volatility must be"),
        (lambda: GaussianRates([0.03], np.eye(2)), r"covariance must be of shape \(1, 1\)"),
        (lambda: GaussianRates([0.03, 0.04], -np.eye(2)), "covariance must be positive semidefinite"),
        (lambda: GaussianRates([[0.03]], 1.0), "rates must be a row"),
        (lambda: EuropeanOption(-1.0, 1.0), "strike must be .*, got -1"),
        (lambda: EuropeanOption(1.0, 0.0), "maturity must be positive, got 0"),
        (lambda: EuropeanOption(1.0, 1e5), "maturity must be .*, got 100000"),
        (lambda: EuropeanOption(1.0, 1.0, "straddle"), "kind must be one of call, put, got 'straddle'"),
        (lambda: DigitalOption(1.0, 1.0, payout=0.0), "payout must be positive"),
        (lambda: AsianOption(1.0, []), "times must be a row of 1 to 64 numbers"),
        (lambda: AsianOption(1.0, [0.5, 0.5]), "times must ascend from above 0"),
        (lambda: AsianOption(1.0, [0.0, 0.5]), "times must ascend from above 0"),
        (lambda: AsianOption(1.0, ["a"]), "times must be"),
        (lambda: AsianOption(1.0, [1.0], average="harmonic"), "average must be one of"),
        (lambda: BarrierOption(1.0, -2.0, [1.0], **UP_OUT), "barrier must be positive"),
        (lambda: BarrierOption(1.0, 2.0, [1.0], direction="left", knock="in"), "direction must be one of up, down"),
        (lambda: BarrierOption(1.0, 2.0, [1.0], direction="up", knock="off"), "knock must be one of in, out"),
        (lambda: BondPortfolio([1.0, 2.0], [5.0]), "cash_flows must be one for each of 2 times"),
        (lambda: BondPortfolio([1.0], [0.0]), "not all 0"),
        (lambda: ZeroCouponBond(1.0, -1.0), "face must be positive"),
        (lambda: EuropeanOption(1.0, 1.0)._claim(TWO), "priced under a BlackScholes, .*BasketOption"),
        (lambda: BasketOption([1.0, 1.0], 1.0, 1.0)._claim(MODEL), "priced under a CorrelatedBlackScholes"),
        (lambda: BasketOption([1.0], 1.0, 1.0)._claim(TWO), "weights must"),
        (lambda: BasketOption([0.0, 0.0], 1.0, 1.0)._claim(TWO), "weights must not all be 0"),
        (
            lambda: SpreadOption(1.0, 1.0)._claim(CorrelatedBlackScholes([1.0], 0.0, [0.1], [[1.0]])),
            "a spread is of two assets, got a model of 1",
        ),
        (lambda: ZeroCouponBond(1.0)._claim(MODEL), "priced under a Vasicek or a GaussianRates"),
        (lambda: BondPortfolio([1, 2], [1, 1])._claim(GaussianRates(0.03, 0.0)), "a rate for each of 2 times, got 1"),
        (lambda: EuropeanOption(1.0, 1000.0)._claim(BlackScholes(1.0, 1.0, 0.1)), "must be at most 500"),
        (lambda: price("call", MODEL), "a contract has a claim under a model"),
        (lambda: price(EuropeanOption(2.0, 1.0), None), "priced under a BlackScholes, got None"),
        (lambda: price(EuropeanOption(2.0, 1.0), MODEL, precision=0.0), "precision must be positive"),
        (lambda: price(EuropeanOption(2.0, 1.0), MODEL, precision="a"), "precision must be a finite number"),
        (lambda: price(EuropeanOption(2.0, 1.0), MODEL, precision=1e-12), "precision must be at least"),
        (lambda: price(EuropeanOption(2.0, 1.0), MODEL, num_qubits=0), r"num_qubits must be in \[1, 16\], got 0"),
        (lambda: price(EuropeanOption(2.0, 1.0), MODEL, num_qubits=17), r"num_qubits must be in \[1, 16\], got 17"),
        (lambda: price(EuropeanOption(2.0, 1.0), MODEL, refinement=20), r"refinement must be in \[0, 16\], got 20"),
        (lambda: price(EuropeanOption(2.0, 1.0), MODEL, payoff="cubic"), "payoff must be one of exact, linear"),
        (lambda: price(EuropeanOption(2.0, 1.0), MODEL, method="guess"), "method must be one of"),
        (lambda: price(EuropeanOption(2.0, 1.0), MODEL, confidence=1.0), "confidence must be"),
        (lambda: price(EuropeanOption(2.0, 1.0), MODEL, seed=-1), "seed must be at least 0"),
        (lambda: price(SpreadOption(2.0, 1.0), TWO, payoff="linear"), 'use payoff="exact"'),
        (lambda: price(DigitalOption(2.0, 1.0), MODEL, payoff="linear"), 'use payoff="exact"'),
        (lambda: price(EuropeanOption(2, 1), BlackScholes(2, 0, 0.0), payoff="linear"), "needs prices that differ"),
        (lambda: price(EuropeanOption(200, 1), MODEL, payoff="linear"), "a strike beyond its end"),
    ],
)
def test_what_is_none_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_labels_bring_assets_into_one_order():
    names = ["A", "B", "C"]
    correlation = pd.DataFrame([[1, 0.5, 0.2], [0.5, 1, 0.3], [0.2, 0.3, 1]], names, names)
    shuffled = ["C", "A", "B"]
    spots = pd.Series([100.0, 90.0, 110.0], names)
    model = CorrelatedBlackScholes(
        spots, 0.03, pd.Series([0.2, 0.3, 0.25], names)[shuffled], correlation.loc[shuffled, shuffled]
    )
    plain = CorrelatedBlackScholes([100.0, 90.0, 110.0], 0.03, [0.2, 0.3, 0.25], correlation.to_numpy())
    assert model.asset_names == ("A", "B", "C")
    weights = pd.Series([0.2, 0.3, 0.5], names)
    option = BasketOption(weights[shuffled], 100.0, 1.0)
    assert option._claim(model).fingerprint == BasketOption([0.2, 0.3, 0.5], 100.0, 1.0)._claim(plain).fingerprint
    with pytest.raises(InputError, match="the labels of weights must be A, B, C"):
        BasketOption(pd.Series([0.2, 0.3, 0.5], ["A", "B", "X"]), 100.0, 1.0)._claim(model)
    with pytest.raises(InputError, match="the labels of volatilities must be A, B, C"):
        CorrelatedBlackScholes(spots, 0.03, pd.Series([0.2, 0.3, 0.25], ["A", "B", "X"]), correlation)


def test_representations_are_short():
    for shown in (
        TWO,
        BasketOption([1, 1], 3.0, 1.0),
        AsianOption(1.0, [1.0]),
        BarrierOption(1.0, 2.0, [1.0], **UP_OUT),
        BondPortfolio([1.0], [1.0]),
        GaussianRates(0.03, 0.0),
    ):
        assert len(repr(shown)) < 90
        assert "array" not in repr(shown)
