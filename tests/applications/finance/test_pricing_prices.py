"""Prices by amplitude estimation: intervals for the continuous model, circuits, evidence."""

import math

import numpy as np
import pytest
from scipy import stats

from qtoolkit import StatevectorSimulator
from qtoolkit.algorithms.amplitude import EstimationProblem
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
from qtoolkit.applications.finance.pricing._cells import cell_table
from qtoolkit.applications.finance.pricing._linear import linear_payoff
from qtoolkit.applications.finance.pricing.engine import _exact_plan

MODEL = BlackScholes(spot=2.0, rate=0.05, volatility=0.4)
CALL = EuropeanOption(strike=1.896, maturity=40 / 365)
EXACT = 0.170627488
TWO = CorrelatedBlackScholes([100.0, 95.0], 0.03, [0.2, 0.3], [[1.0, 0.5], [0.5, 1.0]])


@pytest.mark.parametrize("num_qubits", [2, 3, 4, 6, 8])
@pytest.mark.parametrize("payoff", ["exact", "linear"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_call_of_the_literature_is_covered_and_the_grid_says_what_it_costs(num_qubits, payoff, seed):
    found = price(CALL, MODEL, num_qubits=num_qubits, payoff=payoff, precision=0.002, seed=seed)
    assert found.undiscounted_closed_form == pytest.approx(EXACT, abs=1e-8)
    low, high = found.undiscounted_interval
    assert low <= EXACT <= high
    budget = found.budget
    assert found.interval[1] - found.interval[0] <= 2 * budget.total + 1e-12
    assert abs(found.gap) <= budget.total
    # what the grid costs, apart from sampling, is what it says at most
    assert abs(found.grid_price - found.closed_form) <= budget.discretisation + budget.truncation
    assert budget.sampling <= 2 * 0.002
    assert (budget.payoff == 0.0) == (payoff == "exact")
    assert (budget.truncation == 0.0) == (payoff == "exact")
    assert found.discount_factor == pytest.approx(math.exp(-0.05 * 40 / 365))
    assert "Black and Scholes 0.169695" in repr(found)


@pytest.mark.parametrize("kind", ["call", "put"])
@pytest.mark.parametrize(("strike", "num_qubits"), [(1.896, 3), (2.5, 4), (1.5, 2)])
def test_linear_payoffs_are_off_by_no_more_than_they_say(kind, strike, num_qubits):
    claim = EuropeanOption(strike, 40 / 365, kind)._claim(MODEL)
    for precision in (None, 0.003, 0.05):
        made = linear_payoff(claim, num_qubits, precision)
        amplitude = EstimationProblem(made.circuit, made.objective_qubit).amplitude
        assert abs(made.scale * amplitude + made.offset - made.mean) <= made.payoff + 1e-12
        outcomes = StatevectorSimulator().probabilities(made.circuit, range(num_qubits + 1, made.circuit.num_qubits))
        assert outcomes[0] == pytest.approx(1.0)  # ancillas come back in 0
    assert made.payoff > linear_payoff(claim, num_qubits, 0.003).payoff


CASES = [
    (EuropeanOption(2.1, 0.5, "put"), MODEL),
    (DigitalOption(2.0, 0.5), MODEL),
    (SpreadOption(0.0, 1.0), TWO),
    (AsianOption(2.0, [0.5, 1.0], average="geometric"), MODEL),
    (ZeroCouponBond(5.0, 100.0), Vasicek(0.03, 0.2, 0.05, 0.02)),
    (ZeroCouponBond(1.0, 100.0), GaussianRates(0.03, 1e-4)),
    (BondPortfolio([1.0, 2.0], [5.0, 105.0]), GaussianRates([0.03, 0.04], np.eye(2) * 1e-4)),
    (AsianOption(2.0, [0.5, 1.0]), MODEL),
    (BasketOption([0.5, 0.5], 100.0, 1.0, "put"), TWO),
    (BarrierOption(1.9, 2.5, [0.5, 1.0], direction="up", knock="out"), MODEL),
]


@pytest.mark.parametrize(("contract", "model"), CASES)
def test_prices_cover_formulas_and_agree_with_monte_carlo(contract, model):
    found = price(contract, model, seed=5)
    low, high = found.interval
    assert low <= found.estimate <= high
    assert found.converged
    classical = found.monte_carlo
    assert classical.num_samples == found.num_queries
    assert classical.estimate - 4.5 * classical.standard_error <= high
    assert classical.estimate + 4.5 * classical.standard_error >= low
    assert classical.interval[1] - classical.interval[0] == pytest.approx(2 * 1.95996 * classical.standard_error, 1e-4)
    if found.closed_form is None:
        assert found.formula.startswith("none: ")
        assert found.gap is None
    else:
        assert low <= found.closed_form <= high
        assert abs(classical.estimate - found.closed_form) < 4.5 * classical.standard_error


@pytest.mark.parametrize(("contract", "model"), CASES)
@pytest.mark.parametrize("num_qubits", [1, 4])
def test_circuits_hold_the_mean_over_the_grid(contract, model, num_qubits):
    plan = _exact_plan(cell_table(contract._claim(model), num_qubits, 0))
    amplitude = EstimationProblem(plan.circuit, plan.objective_qubit).amplitude
    assert plan.scale * amplitude + plan.offset == pytest.approx(plan.mean, rel=1e-9)
    assert plan.circuit.num_qubits == num_qubits + 1


@pytest.mark.parametrize("method", ["iterative", "likelihood", "bayesian", "canonical"])
def test_every_method_prices(method):
    found = price(CALL, MODEL, num_qubits=3, precision=0.01, method=method, seed=2)
    assert found.interval[0] <= found.closed_form <= found.interval[1]


def test_circuits_run_on_a_simulator():
    found = price(CALL, MODEL, num_qubits=2, precision=0.02, sampler=StatevectorSimulator(), seed=4)
    assert found.interval[0] <= found.closed_form <= found.interval[1]
    assert found.estimation.evidence == "samples"


def test_a_seed_makes_the_result_reproducible_and_generators_go_on():
    first, second = (price(CALL, MODEL, num_qubits=3, seed=9) for _ in range(2))
    assert (first.estimate, first.interval, first.monte_carlo) == (second.estimate, second.interval, second.monte_carlo)
    assert first.seed == 9
    assert price(CALL, MODEL, num_qubits=3, seed=np.random.default_rng(9)).seed is None
    assert price(CALL, MODEL, num_qubits=3).seed is not None


def test_fingerprints_tell_contracts_and_models_apart():
    prints = {
        contract._claim(model).fingerprint
        for contract, model in [
            *CASES,
            (CALL, MODEL),
            (CALL, BlackScholes(2.0, 0.05, 0.41)),
            (BarrierOption(1.9, 2.5, [0.5, 1.0], direction="up", knock="in"), MODEL),
        ]
    }
    assert len(prints) == len(CASES) + 3
    assert price(CALL, MODEL, num_qubits=2, seed=1).contract_fingerprint == CALL._claim(MODEL).fingerprint


def test_calls_and_puts_differ_by_the_forward_within_their_intervals():
    call = price(EuropeanOption(2.1, 1.0), MODEL, num_qubits=5, seed=1)
    put = price(EuropeanOption(2.1, 1.0, "put"), MODEL, num_qubits=5, seed=2)
    forward = 2.0 - 2.1 * math.exp(-0.05)
    assert call.grid_price - put.grid_price == pytest.approx(forward, abs=1e-12)
    assert call.interval[0] - put.interval[1] <= forward <= call.interval[1] - put.interval[0]


def test_progress_is_told():
    told = []
    price(CALL, MODEL, num_qubits=2, seed=1, progress=lambda done, total: told.append((done, total)))
    assert told
    assert all(done <= total for done, total in told)


def test_worthless_options_are_worth_at_least_nothing():
    found = price(EuropeanOption(50.0, 0.1), MODEL, num_qubits=3, seed=1)
    assert found.interval[0] == 0.0
    assert 0.0 <= found.closed_form <= found.interval[1]


@pytest.mark.slow
@pytest.mark.parametrize(("payoff", "num_qubits"), [("exact", 3), ("exact", 5), ("linear", 5)])
def test_intervals_cover_as_often_as_they_promise(payoff, num_qubits):
    confidence, runs = 0.9, 200
    hits = 0
    for seed in range(runs):
        found = price(
            CALL, MODEL, num_qubits=num_qubits, payoff=payoff, precision=0.003, confidence=confidence, seed=seed
        )
        hits += found.undiscounted_interval[0] <= EXACT <= found.undiscounted_interval[1]
    # no fewer than a coverage of 0.9 has but once in a thousand
    assert hits >= stats.binom.ppf(1e-3, runs, confidence)
    assert hits / runs >= confidence
