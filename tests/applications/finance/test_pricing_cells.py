"""Bounds on grids of cells against integrals, and claims against formulas that are worked out another way."""

import contextlib
import math
from dataclasses import replace

import numpy as np
import pytest
from memory_peaks import measured_peak, needs_proc
from scipy import integrate, stats

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
)
from qtoolkit.applications.finance.pricing import _cells as cells
from qtoolkit.applications.finance.pricing._cells import cell_table, table_on
from qtoolkit.applications.finance.pricing.closed_form import closed_form
from qtoolkit.errors import InputError, InsufficientMemoryError

ONE = BlackScholes(spot=2.0, rate=0.05, volatility=0.4)
TWO = CorrelatedBlackScholes([100.0, 95.0], 0.03, [0.2, 0.3], [[1.0, 0.5], [0.5, 1.0]])
THREE = CorrelatedBlackScholes(
    [100.0, 90.0, 110.0], 0.03, [0.2, 0.3, 0.25], [[1.0, 0.5, 0.2], [0.5, 1.0, 0.3], [0.2, 0.3, 1.0]]
)
QUARTERS = [0.25, 0.5, 0.75, 1.0]


def test_the_call_of_the_literature_has_its_known_value():
    claim = EuropeanOption(strike=1.896, maturity=40 / 365)._claim(ONE)
    assert closed_form(claim).value == pytest.approx(0.170627, abs=1e-6)
    assert claim.discount_factor == pytest.approx(math.exp(-0.05 * 40 / 365))


@pytest.mark.parametrize("kind", ["call", "put"])
@pytest.mark.parametrize("dividend_yield", [0.0, 0.04])
def test_formulas_of_one_price_are_integrals_of_its_density(kind, dividend_yield):
    model = replace(ONE, dividend_yield=dividend_yield)
    law = stats.lognorm(0.4 * math.sqrt(0.5), scale=2.0 * math.exp((0.05 - dividend_yield - 0.08) * 0.5))
    sign = 1.0 if kind == "call" else -1.0
    ends = (2.1, np.inf) if kind == "call" else (0.0, 2.1)
    for contract, payoff in (
        (EuropeanOption(2.1, 0.5, kind), lambda s: sign * (s - 2.1)),
        (DigitalOption(2.1, 0.5, kind, payout=3.0), lambda s: 3.0),
    ):
        expected = integrate.quad(lambda s, pays=payoff: pays(s) * law.pdf(s), *ends, epsabs=1e-12)[0]
        assert closed_form(contract._claim(model)).value == pytest.approx(expected, abs=1e-9)


def test_an_exchange_and_a_geometric_average_have_formulas():
    exchange = SpreadOption(0.0, 1.0)._claim(TWO)
    found = closed_form(exchange)
    assert found.formula == "Margrabe"
    # conditional on the second price, the first is log-normal: one integral over Black's formula
    law = stats.norm()

    def inner(z):
        second = 95.0 * math.exp(-0.015 + 0.3 * z)
        mean = 100.0 * math.exp(0.01 + 0.2 * 0.5 * z)
        spread = 0.2 * math.sqrt(0.75)
        d2 = (math.log(mean / second)) / spread
        forward = mean * math.exp(spread**2 / 2)
        return (forward * law.cdf(d2 + spread) - second * law.cdf(d2)) * law.pdf(z)

    assert found.value == pytest.approx(integrate.quad(inner, -10, 10)[0], rel=1e-9)
    geometric = AsianOption(2.0, [0.5, 1.0], average="geometric")._claim(ONE)
    assert closed_form(geometric).formula == "Black, of one log-normal variable"
    average = stats.lognorm(math.sqrt(0.16 / 4 * (3 * 0.5 + 1.0)), scale=2.0 * math.exp((0.05 - 0.08) * 0.75))
    expected = integrate.quad(lambda s: (s - 2.0) * average.pdf(s), 2.0, np.inf, epsabs=1e-12)[0]
    assert closed_form(geometric).value == pytest.approx(expected, abs=1e-9)


def test_bonds_have_the_prices_of_the_textbook():
    model = Vasicek(rate=0.03, mean_reversion=0.2, mean_level=0.05, volatility=0.02)
    share = (1 - math.exp(-0.2 * 7)) / 0.2
    level = (0.05 - 0.02**2 / (2 * 0.2**2)) * (share - 7) - 0.02**2 * share**2 / (4 * 0.2)
    expected = 1000 * math.exp(level - share * 0.03)
    assert closed_form(ZeroCouponBond(7.0, 1000.0)._claim(model)).value == pytest.approx(expected, rel=1e-12)
    both = BondPortfolio([2.0, 7.0], [50.0, 1000.0])._claim(model)
    first = closed_form(ZeroCouponBond(2.0, 50.0)._claim(model)).value
    assert closed_form(both).value == pytest.approx(expected + first, rel=1e-12)
    # the integrated rates are correlated as a path is: by its simulation in small steps
    rng = np.random.default_rng(1)
    means, covariance = model._integrated_rates(np.array([1.0, 3.0]))
    steps, rates, total, kept = 300, np.full(20_000, 0.03), np.zeros(20_000), []
    for step in range(steps):
        before = rates
        rates = rates + 0.2 * (0.05 - rates) * 0.01 + 0.02 * 0.1 * rng.standard_normal(rates.size)
        total = total + (before + rates) / 2 * 0.01
        if step in (99, 299):
            kept.append(total.copy())
    assert means == pytest.approx([k.mean() for k in kept], abs=1e-3)
    assert covariance == pytest.approx(np.cov(kept), rel=0.05)
    bill = ZeroCouponBond(0.5, 100.0)._claim(GaussianRates([0.04], [[1e-4]]))
    assert closed_form(bill).value == pytest.approx(100 * math.exp(-0.02 + 0.5 * 0.25 * 1e-4), rel=1e-12)


@pytest.mark.parametrize("contract", [EuropeanOption(2.0, 1.0), EuropeanOption(2.2, 1.0, "put"), DigitalOption(2, 1.0)])
def test_each_cell_of_one_factor_holds_its_mean_payoff(contract):
    claim = contract._claim(ONE)
    table = table_on(claim, (4,))
    edges = stats.norm(scale=math.sqrt(3)).ppf(np.arange(17) / 16).clip(-12, 12)
    kink = (math.log(contract.strike / 2.0) - 0.05 + 0.08) / 0.4
    for k in range(16):
        points = [kink] if edges[k] < kink < edges[k + 1] else None
        mass = stats.norm.cdf(edges[k + 1]) - stats.norm.cdf(edges[k])
        total = integrate.quad(
            lambda z: float(claim.payoffs(np.array([[z]]))[0]) * stats.norm.pdf(z),
            edges[k],
            edges[k + 1],
            points=points,
            epsabs=1e-13,
        )[0]
        assert table.probabilities[k] == pytest.approx(mass, abs=1e-12)
        assert abs(total / mass - table.values[k]) <= table.slacks[k] + 1e-9
    assert np.count_nonzero(table.slacks > 1e-9) == 1  # the cell of the strike alone


@pytest.mark.parametrize(
    ("claim", "bits"),
    [
        (SpreadOption(3.0, 1.0)._claim(TWO), (2, 3)),
        (SpreadOption(3.0, 1.0, "put")._claim(TWO), (0, 2)),
        (BasketOption([1.0, -0.4, 0.3], 90.0, 1.0)._claim(THREE), (2, 1, 0)),
        (AsianOption(2.0, QUARTERS, kind="put")._claim(ONE), (2, 2, 0, 0)),
        (BarrierOption(1.9, 2.5, QUARTERS, direction="up", knock="out")._claim(ONE), (2, 2, 0, 0)),
        (BarrierOption(1.9, 2.5, QUARTERS, direction="up", knock="in")._claim(ONE), (2, 2, 1, 0)),
        (BarrierOption(2.1, 1.7, QUARTERS, direction="down", knock="in", kind="put")._claim(ONE), (3, 1, 0, 1)),
        (BarrierOption(2.1, 1.7, QUARTERS, direction="down", knock="out", kind="put")._claim(ONE), (0, 2, 1, 0)),
        (BarrierOption(2.1, 1.7, QUARTERS, direction="down", knock="out")._claim(ONE), (3, 0, 0, 0)),
    ],
)
def test_each_cell_of_several_factors_holds_its_mean_payoff(claim, bits):
    """Means of many draws in each cell, five of their standard errors left for chance."""
    turned = claim.turned
    table = table_on(turned, bits)
    draws = np.random.default_rng(3).standard_normal((400_000, turned.num_factors))
    payoffs = turned.payoffs(draws)
    places = np.zeros(len(draws), dtype=np.int64)
    for axis, n in enumerate(bits):
        if n:
            edges = stats.norm(scale=math.sqrt(3)).ppf(np.arange(1, 1 << n) / (1 << n))
            places = (places << n) + np.searchsorted(edges, draws[:, axis])
    counts = np.bincount(places, minlength=table.values.size)
    sums = np.bincount(places, payoffs, table.values.size)
    squares = np.bincount(places, payoffs**2, table.values.size)
    seen = counts > 300
    means = sums[seen] / counts[seen]
    errors = np.sqrt(np.maximum(squares[seen] / counts[seen] - means**2, 0.0) / counts[seen])
    assert counts / len(draws) == pytest.approx(table.probabilities.reshape(-1), abs=0.005)
    off = np.abs(means - table.values.reshape(-1)[seen]) - table.slacks.reshape(-1)[seen]
    assert (off <= 5 * errors + 1e-9).all()


@pytest.mark.parametrize(
    "claim",
    [
        AsianOption(2.0, [0.3, 0.6, 1.0])._claim(ONE),
        BasketOption([0.3, 0.3, 0.4], 100.0, 1.0)._claim(THREE),
        BasketOption([0.3, 0.3, 0.4], 100.0, 1.0)._claim(replace(THREE, correlation=np.ones((3, 3)))),
        BarrierOption(1.9, 2.5, [0.3, 0.6, 1.0], direction="up", knock="out")._claim(ONE),
    ],
)
def test_turned_factors_keep_the_law_of_the_prices(claim):
    turned = claim.turned
    assert turned.loadings @ turned.loadings.T == pytest.approx(claim.loadings @ claim.loadings.T, abs=1e-12)
    assert turned.num_factors <= claim.num_factors


def test_a_geometric_average_and_equal_assets_have_one_factor():
    assert AsianOption(2.0, QUARTERS, average="geometric")._claim(ONE).turned.num_factors == 1
    same = replace(THREE, correlation=np.ones((3, 3)), volatilities=np.full(3, 0.2))
    assert BasketOption([0.3, 0.3, 0.4], 100.0, 1.0)._claim(same).turned.num_factors == 1


FORMULAS = [
    EuropeanOption(1.896, 40 / 365)._claim(ONE),
    EuropeanOption(2.3, 1.0, "put")._claim(ONE),
    EuropeanOption(0.0, 1.0)._claim(ONE),
    EuropeanOption(2.0, 1.0)._claim(replace(ONE, volatility=0.0)),
    DigitalOption(2.1, 0.5, "put")._claim(ONE),
    SpreadOption(0.0, 1.0)._claim(TWO),
    SpreadOption(0.0, 1.0, "put")._claim(TWO),
    BasketOption([0.0, 2.0], 200.0, 1.0)._claim(TWO),
    BasketOption([0.5, 0.5], -3.0, 1.0)._claim(TWO),
    BasketOption([0.5, 0.0], -3.0, 1.0, "put")._claim(TWO),
    BasketOption([-0.5, -0.5], 0.0, 1.0)._claim(TWO),
    EuropeanOption(0.0, 1.0, "put")._claim(ONE),
    AsianOption(2.0, QUARTERS, average="geometric")._claim(ONE),
    ZeroCouponBond(5.0)._claim(Vasicek(0.03, 0.2, 0.05, 0.02)),
    BondPortfolio([1.0, 2.0], [5.0, 105.0])._claim(GaussianRates([0.03, 0.04], np.eye(2) * 1e-3)),
]


@pytest.mark.parametrize("claim", FORMULAS)
@pytest.mark.parametrize("num_qubits", [1, 2, 3, 5, 8])
def test_grids_are_as_close_to_formulas_as_they_say(claim, num_qubits):
    table = cell_table(claim, num_qubits, 0)
    exact = closed_form(claim).value
    assert abs(table.mean - exact) <= table.error + 1e-12 * max(1.0, abs(exact))
    assert table.probabilities.sum() == pytest.approx(1.0, abs=1e-12)
    assert sum(table.bits) == num_qubits
    if claim.shape == "linear":
        assert table.error < 1e-12 * abs(exact)


def test_the_cost_of_the_grid_falls_with_its_square():
    """One kink cell of width 1/N with a spread of 1/N; at the strike's place in it, up to a factor."""
    claim = EuropeanOption(1.896, 40 / 365)._claim(ONE)
    errors = [cell_table(claim, n, 0).error for n in range(2, 12)]
    assert errors[9] < errors[5] / 30 < errors[1] / 900
    two = [cell_table(SpreadOption(3.0, 1.0)._claim(TWO), n, 0).error for n in (4, 8, 12)]
    assert two[2] < two[1] / 3 < two[0] / 9


def test_smaller_cells_only_tighten_the_bounds():
    claim = SpreadOption(3.0, 1.0)._claim(TWO)
    errors = [cell_table(claim, 4, refinement).error for refinement in range(0, 9, 2)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 10
    assert cell_table(claim, 4, 8).values.size == 16


@pytest.mark.parametrize("bits", [(3, 2), (1, 4), (0, 3)])
def test_calls_less_puts_are_forwards_on_every_grid(bits):
    for strike in (0.0, 7.0):
        call = table_on(SpreadOption(strike, 1.0)._claim(TWO).turned, bits)
        put = table_on(SpreadOption(strike, 1.0, "put")._claim(TWO).turned, bits)
        forward = (100.0 - 95.0) * math.exp(0.03) - strike
        signs = [call, replace(put, values=-put.values)]
        assert sum(table.mean for table in signs) == pytest.approx(forward, abs=1e-9)
        assert call.error == pytest.approx(put.error, abs=1e-9)


@pytest.mark.parametrize("bits", [(3, 2, 0, 0), (2, 2, 1, 1), (0, 3, 0, 0)])
@pytest.mark.parametrize(("direction", "level"), [("up", 2.5), ("down", 1.7)])
def test_knock_in_and_knock_out_add_up_on_every_grid(bits, direction, level):
    options = [
        table_on(BarrierOption(2.0, level, QUARTERS, direction=direction, knock=knock)._claim(ONE).turned, bits)
        for knock in ("in", "out")
    ]
    plain = table_on(
        replace(BarrierOption(2.0, level, QUARTERS, direction="up", knock="in")._claim(ONE).turned, barrier=None), bits
    )
    assert sum(table.values for table in options) == pytest.approx(plain.values, abs=1e-12)


def test_a_barrier_on_the_last_day_alone_is_a_difference_of_options():
    out = BarrierOption(1.9, 2.5, [1.0], direction="up", knock="out")._claim(ONE)
    parts = [
        closed_form(contract._claim(ONE)).value
        for contract in (EuropeanOption(1.9, 1.0), EuropeanOption(2.5, 1.0), DigitalOption(2.5, 1.0))
    ]
    expected = parts[0] - parts[1] - 0.6 * parts[2]
    for num_qubits in (2, 6, 12):
        table = cell_table(out, num_qubits, 0)
        assert abs(table.mean - expected) <= table.error
    assert table.error < 1e-3


def test_a_barrier_on_two_days_is_an_integral():
    claim = BarrierOption(1.9, 2.5, [0.5, 1.0], direction="up", knock="out")._claim(ONE)
    law = stats.norm()

    def inner(z):
        """Given the price on the first day, below the level, what the second day is worth."""
        first = 2.0 * math.exp(-0.015 + 0.4 * math.sqrt(0.5) * z)
        model = BlackScholes(first, 0.05, 0.4)
        parts = [
            closed_form(contract._claim(model)).value
            for contract in (EuropeanOption(1.9, 0.5), EuropeanOption(2.5, 0.5), DigitalOption(2.5, 0.5))
        ]
        return (parts[0] - parts[1] - 0.6 * parts[2]) * law.pdf(z)

    limit = (math.log(2.5 / 2.0) + 0.015) / (0.4 * math.sqrt(0.5))
    expected = integrate.quad(inner, -9, limit)[0]
    for num_qubits, refinement in ((2, 0), (6, 0), (6, 6)):
        table = cell_table(claim, num_qubits, refinement)
        assert abs(table.mean - expected) <= table.error
    assert table.error < 2e-3 * expected


@pytest.mark.slow
@needs_proc
@pytest.mark.parametrize("contract", [EuropeanOption(2.0, 1.0), SpreadOption(3.0, 1.0)])
def test_memory_is_counted_as_it_is_used(contract, monkeypatch):
    claim = contract._claim(TWO if isinstance(contract, SpreadOption) else ONE)
    asked = []
    monkeypatch.setattr(cells, "reserved", lambda needed, *_: asked.append(needed) or contextlib.nullcontext())
    peak = measured_peak(lambda: cell_table(claim, 4, 16))
    assert peak - (20 << 20) <= asked[0] <= 1.5 * peak + (20 << 20)


def test_cells_that_do_not_fit_are_refused_beforehand(monkeypatch):
    monkeypatch.setattr("qtoolkit._memory.free_bytes", lambda *_: 1 << 26)
    with pytest.raises(InsufficientMemoryError, match=r"a grid of 2\*\*20 cells needs .* take fewer qubits"):
        cell_table(EuropeanOption(2.0, 1.0)._claim(ONE), 4, 16)


def test_too_wild_prices_are_refused():
    with pytest.raises(InputError, match="lower the volatility or the maturity"):
        cell_table(EuropeanOption(1.0, 100.0)._claim(replace(ONE, volatility=50.0)), 2, 0)


def random_claim(rng):
    """A contract with a formula under any market, wild ones too."""
    volatility = float(rng.choice([0.0, 1e-12, 1e-6, 1e-3, 0.05, 0.2, 0.5, 1.0, 4.0]))
    maturity = float(rng.choice([1e-6, 1e-3, 0.1, 1.0, 5.0, 30.0]))
    rate, spot = float(rng.normal(0, 0.05)), float(np.exp(rng.normal(0, 3)))
    far = max(volatility * math.sqrt(maturity), 0.01)
    strike = float(rng.choice([0.0, spot, spot * math.exp(2 * far * rng.normal())]))
    kind = str(rng.choice(["call", "put"]))
    model = BlackScholes(spot, rate, volatility, float(rng.choice([0.0, 0.03])))
    correlation = float(rng.choice([-1.0, -0.99, 0.0, 0.5, 0.999, 1.0]))
    both = [volatility, float(rng.choice([0.0, 0.1, 0.5, 2.0]))]
    pair = CorrelatedBlackScholes([spot, 2.0 * spot], rate, both, [[1.0, correlation], [correlation, 1.0]])
    times = np.sort(rng.uniform(maturity / 9, maturity, 3))
    short = Vasicek(rate, float(np.exp(rng.normal(-1, 1.5))), 0.04, float(rng.choice([0.0, 0.01, 0.2])))
    return [
        EuropeanOption(strike, maturity, kind)._claim(model),
        DigitalOption(strike, maturity, kind)._claim(model),
        AsianOption(strike, times, average="geometric", kind=kind)._claim(model),
        SpreadOption(0.0, maturity, kind)._claim(pair),
        BasketOption([1.0, 0.5], -1.0, maturity, kind)._claim(pair),
        BondPortfolio(times, rng.normal(0, 5, 3))._claim(short),
    ][rng.integers(6)]


@pytest.mark.parametrize("seed", range(6))
def test_random_contracts_are_within_their_bounds(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        claim = random_claim(rng)
        table = cell_table(claim, int(rng.integers(1, 8)), int(rng.integers(0, 4)))
        exact = closed_form(claim).value
        size = np.abs(claim.weights) @ np.exp(claim.offsets + 0.5 * np.sum(claim.loadings**2, axis=1))
        assert abs(table.mean - exact) <= table.error + 1e-13 * max(size, abs(exact)), claim
