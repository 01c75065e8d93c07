"""Risk measures by amplitude estimation: intervals for the continuous model, and the searches behind them."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from qtoolkit import StatevectorSimulator
from qtoolkit.applications.finance import Moments, ReturnHistory, estimate_moments, load_sp500_returns
from qtoolkit.applications.finance.risk import (
    CreditBook,
    LatentGrid,
    PortfolioLoss,
    conditional_value_at_risk,
    expected_loss,
    measures,
    value_at_risk,
)
from qtoolkit.applications.finance.risk._quantile import find_quantile, most_steps
from qtoolkit.errors import InputError

MEASURES = [expected_loss, value_at_risk, conditional_value_at_risk]
TWO = CreditBook([0.15, 0.25], [0.1, 0.05], [1, 2])
COARSE = LatentGrid(2, "points", 2.0)
FIVE = CreditBook([0.05, 0.1, 0.2, 0.02, 0.15], [0.3, 0.1, 0.0, 0.5, 0.2], [2, 1, 3, 5, 1])
RETURNS = load_sp500_returns().subset(range(4))
NORMAL = PortfolioLoss.normal([0.4, 0.3, 0.2, 0.1], estimate_moments(RETURNS))
PAST = PortfolioLoss.from_returns([0.4, 0.3, 0.2, 0.1], RETURNS)


def chances_by_enumeration(book, z):
    """Probabilities of all losses given z, default by default."""
    own = stats.norm.ppf(book.default_probabilities) - np.sqrt(book.sensitivities) * z
    p = stats.norm.cdf(own / np.sqrt(1 - book.sensitivities))
    law = {}
    for defaults in itertools.product((0, 1), repeat=book.num_loans):
        loss = float(np.dot(defaults, book.losses))
        law[loss] = law.get(loss, 0.0) + float(np.prod(np.where(defaults, p, 1 - p)))
    return law


def exact_chance(book, threshold):
    """P(L <= threshold), integrated over z adaptively."""

    def given(z):
        return sum(p for loss, p in chances_by_enumeration(book, z).items() if loss <= threshold + 1e-9)

    ends = stats.norm.ppf(book.default_probabilities) / np.maximum(np.sqrt(book.sensitivities), 0.1)
    value = integrate.quad(
        lambda z: given(z) * stats.norm.pdf(z), -8.3, 8.3, points=sorted(ends), epsabs=1e-11, limit=400
    )
    return value[0]


def test_the_example_of_the_literature_has_its_known_values():
    found = expected_loss(TWO, grid=COARSE, seed=1)
    assert found.grid_value == pytest.approx(0.6491370, abs=1e-7)
    assert found.exact == pytest.approx(0.65)
    assert found.budget.discretisation == pytest.approx(0.65 - 0.6491370, abs=1e-7)
    assert found.interval[0] <= 0.65 <= found.interval[1]
    found = value_at_risk(TWO, 0.95, grid=COARSE, seed=1)
    assert (found.estimate, found.grid_value, found.exact) == (2.0, 2.0, 2.0)
    assert found.interval == (2.0, 2.0)


@pytest.mark.parametrize(
    "book", [TWO, FIVE, CreditBook([0.1, 0.3, 0.02], [0.95, 0.99, 0.9], [1, 2, 3])], ids=["two", "five", "steep"]
)
def test_the_continuous_law_is_that_of_an_adaptive_integral(book):
    law = book._law().exact.law
    assert law.sum() == pytest.approx(1.0, abs=1e-12)
    for threshold in (0, 1, 3):
        assert law[: threshold + 1].sum() == pytest.approx(exact_chance(book, threshold), abs=1e-8)
    assert law @ np.arange(law.size) == pytest.approx(book.default_probabilities @ book.losses, abs=1e-10)


@pytest.mark.parametrize("grid", [COARSE, LatentGrid(1), LatentGrid(3)])
def test_circuits_hold_the_law_on_the_grid(grid):
    law = FIVE._law(grid)
    z, weights = grid.points()
    expected = np.zeros(law.points.size)
    for point, weight in zip(z, weights, strict=True):
        for loss, chance in chances_by_enumeration(FIVE, point).items():
            expected[int(loss)] += weight * chance
    assert law.probabilities == pytest.approx(expected, abs=1e-12)
    assert StatevectorSimulator().probabilities(law.circuit, law.register) == pytest.approx(expected, abs=1e-10)


def test_the_cost_of_a_gauss_grid_falls_exponentially():
    errors = [FIVE._law(n).chance_errors.max() for n in (1, 2, 3, 4)]
    assert errors[3] < 1e-2 * errors[2] < 1e-3 * errors[1] < 1e-4 * errors[0]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("losses", [TWO, FIVE, NORMAL, PAST], ids=["two", "five", "normal", "past"])
@pytest.mark.parametrize("seed", [1, 2])
def test_intervals_cover_the_continuous_measure(measure, losses, seed):
    found = measure(losses, seed=seed)
    low, high = found.interval
    assert low - 1e-12 <= found.estimate <= high + 1e-12
    assert low - 1e-12 <= found.exact <= high + 1e-12
    assert abs(found.gap) <= found.budget.total + 1e-12
    assert max(found.estimate - low, high - found.estimate) == pytest.approx(found.budget.total, abs=1e-12)
    assert found.converged
    assert found.num_queries == sum(step.estimation.num_queries for step in found.steps)
    assert found.monte_carlo.num_samples == found.num_queries
    assert found.losses_fingerprint == losses.fingerprint
    assert len(repr(found)) < 200


@pytest.mark.parametrize("losses", [FIVE, NORMAL, PAST], ids=["five", "normal", "past"])
def test_classical_estimates_are_within_their_errors(losses):
    for measure in MEASURES:
        classical = measure(losses, seed=11).monte_carlo
        exact = measure(losses, seed=12).exact
        assert classical.interval[0] <= classical.estimate <= classical.interval[1]
        assert abs(classical.estimate - exact) <= 4.5 * classical.standard_error + 1e-12


def test_normal_losses_follow_the_formulas():
    law = stats.norm(NORMAL._law().exact.centre, NORMAL._law().exact.deviation)
    weights = np.array([0.4, 0.3, 0.2, 0.1])
    assert law.mean() == pytest.approx(-RETURNS.expected_returns @ weights)
    assert law.var() == pytest.approx(weights @ RETURNS.covariance @ weights)
    assert value_at_risk(NORMAL, 0.99, seed=1).exact == pytest.approx(law.ppf(0.99))
    tail = integrate.quad(lambda x: x * law.pdf(x), law.ppf(0.99), law.ppf(1 - 1e-15), epsabs=1e-15)[0] / 0.01
    assert conditional_value_at_risk(NORMAL, 0.99, seed=1).exact == pytest.approx(tail, rel=1e-6)


def test_past_losses_follow_their_order():
    losses = np.sort(-RETURNS.returns @ np.array([0.4, 0.3, 0.2, 0.1]))
    count = losses.size
    for level in (0.5, 0.95, 0.999):
        start = value_at_risk(PAST, level, seed=1).exact
        assert np.mean(losses <= start) >= level > np.mean(losses < start)
    worst = math.ceil(0.05 * count)
    # the worst 5 %, the last of them in part
    mean = (losses[-worst + 1 :].sum() + (0.05 * count - worst + 1) * losses[-worst]) / (0.05 * count)
    assert conditional_value_at_risk(PAST, 0.95, seed=1).exact == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("losses", [NORMAL, PAST], ids=["normal", "past"])
@pytest.mark.parametrize("grid", [1, 3, 8])
def test_cells_of_a_portfolio_keep_its_mean_and_its_distribution(losses, grid):
    law = losses._law(grid)
    assert law.probabilities.sum() == pytest.approx(1.0)
    assert law.probabilities @ law.points == pytest.approx(law.exact.mean(), abs=1e-12)
    assert ((law.lows <= law.points) & (law.points <= law.highs)).all()
    for threshold in law.highs[:-1]:
        on_grid = law.mean_of(lambda points, at=threshold: np.maximum(points - at, 0.0))
        assert on_grid == pytest.approx(law.exact.excess(threshold), abs=1e-12)
    assert StatevectorSimulator().probabilities(law.circuit) == pytest.approx(law.probabilities, abs=1e-12)


def test_a_finer_grid_knows_value_at_risk_better():
    widths = []
    for grid in (3, 5, 7):
        found = value_at_risk(NORMAL, 0.9, grid=grid, precision=0.001, seed=3)
        assert found.interval[0] <= found.exact <= found.interval[1]
        widths.append(found.interval[1] - found.interval[0])
    assert widths[2] < widths[1] / 2 < widths[0] / 4


@pytest.mark.parametrize("seed", range(40))
def test_quantiles_are_found_within_what_intervals_allow(seed):
    """Whatever the noise, as long as intervals hold the truth."""
    rng = np.random.default_rng(seed)
    size = int(2 ** rng.integers(1, 8))
    truth = np.sort(rng.random(size))
    truth[-1] = 1.0
    level = float(rng.choice([0.5, 0.95, truth[0], truth[size // 2]]))
    noise = float(rng.choice([0.0, 0.01, 0.3]))
    asked = []

    def chance(place):
        asked.append(place)
        low, high = truth[place] - noise * rng.random(), truth[place] + noise * rng.random()
        return low + rng.random() * (high - low), low, high

    found = find_quantile(size, level, chance)
    exact = int(np.searchsorted(truth, level))
    assert found.below < exact <= found.above
    assert found.below < found.guess <= found.above
    assert len(asked) <= most_steps(size)
    assert len(set(asked)) == len(asked)
    if noise == 0.0:
        assert (found.below, found.guess, found.above) == (exact - 1, exact, exact)
    for place in range(-1, size):
        least, most = found.bounds(place)
        assert least <= (truth[place] if place >= 0 else 0.0) <= most


@pytest.mark.parametrize("losses", [FIVE, NORMAL, PAST], ids=["five", "normal", "past"])
@pytest.mark.parametrize("level", [0.8, 0.9, 0.97])
def test_the_conditional_mean_allows_for_what_the_search_left_open(losses, level):
    """With little precision value at risk stays uncertain over several cells, and the interval must say so."""
    for seed in range(2):
        found = conditional_value_at_risk(losses, level, precision=10.0, seed=seed, grid=4 if losses is FIVE else 6)
        assert found.interval[0] - 1e-12 <= found.exact <= found.interval[1] + 1e-12


def test_losses_are_rounded_to_units_and_the_interval_says_so():
    book = CreditBook([0.1, 0.2, 0.3], [0.1, 0.2, 0.0], [1.03, 2.1, 0.77], loss_unit=0.25)
    assert book.units == (4, 8, 3)
    assert book.rounding == pytest.approx(0.03 + 0.1 + 0.02)
    assert CreditBook([0.1], [0.1], [0.3], loss_unit=0.1).rounding == 0.0
    found = expected_loss(book, seed=1)
    assert found.exact == pytest.approx(0.1 * 1.03 + 0.2 * 2.1 + 0.3 * 0.77)
    assert found.interval[0] <= found.exact <= found.interval[1]
    # of the losses as they are, by enumeration
    possible = sorted({float(np.dot(d, book.losses)) for d in itertools.product((0, 1), repeat=3)})
    start = next(loss for loss in possible if exact_chance(book, loss) >= 0.95)
    found = value_at_risk(book, seed=1)
    assert found.interval[0] <= start <= found.interval[1]
    assert found.budget.discretisation == pytest.approx(book.rounding)


def test_a_hundred_loans_need_no_state():
    rng = np.random.default_rng(5)
    book = CreditBook(rng.uniform(0.01, 0.2, 100), rng.uniform(0.05, 0.2, 100), rng.integers(1, 5, 100))
    found = value_at_risk(book, 0.9, grid=4, seed=1)
    assert found.num_qubits == 4 + 100 + len(book._law(4).register) + 1
    assert found.interval[0] <= found.exact <= found.interval[1]
    assert {step.estimation.evidence for step in found.steps} == {"known amplitude"}
    below = np.cumsum(book._law().exact.law)
    samples = book._law().exact.draw(rng, 200_000)
    for threshold in (10, 20, 40):
        share = np.mean(samples <= threshold)
        assert abs(share - below[threshold]) < 5 * math.sqrt(share * (1 - share) / samples.size)


@pytest.mark.parametrize("measure", MEASURES)
def test_known_amplitudes_are_those_of_the_states(measure, monkeypatch):
    by_state = measure(FIVE, seed=3)
    monkeypatch.setattr(measures, "MOST_SIMULATED", 0)
    by_law = measure(FIVE, seed=3)
    assert (by_law.estimate, *by_law.interval) == pytest.approx((by_state.estimate, *by_state.interval), abs=1e-9)
    assert {step.estimation.evidence for step in by_state.steps} == {"state vector"}
    assert {step.estimation.evidence for step in by_law.steps} == {"known amplitude"}


def test_a_seed_makes_the_result_reproducible():
    for measure in MEASURES:
        first, second = (measure(FIVE, seed=4) for _ in range(2))
        assert (first.estimate, first.interval, first.num_queries) == (
            second.estimate,
            second.interval,
            second.num_queries,
        )
        assert first.monte_carlo == second.monte_carlo
        assert first.seed == 4
    assert expected_loss(TWO, seed=np.random.default_rng(1)).seed is None


def test_circuits_run_on_a_simulator_and_progress_is_told():
    told = []
    found = value_at_risk(
        TWO, grid=COARSE, precision=0.02, sampler=StatevectorSimulator(), seed=2, progress=lambda *now: told.append(now)
    )
    assert found.interval[0] <= 2.0 <= found.interval[1]
    assert {step.estimation.evidence for step in found.steps} == {"samples"}
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_labels_bring_loans_and_assets_into_one_order():
    names = ["a", "b", "c"]
    probabilities = pd.Series([0.1, 0.2, 0.3], names)
    book = CreditBook(probabilities, pd.Series([0.3, 0.1, 0.2], ["c", "a", "b"]), [1, 2, 3])
    assert book.names == ("a", "b", "c")
    assert book.sensitivities.tolist() == [0.1, 0.2, 0.3]
    with pytest.raises(InputError, match="the labels of losses must be a, b, c"):
        CreditBook(probabilities, [0.1, 0.1, 0.1], pd.Series([1, 2, 3], ["a", "b", "x"]))
    weights = pd.Series([0.4, 0.3, 0.2, 0.1], RETURNS.asset_names)
    assert PortfolioLoss.from_returns(weights[::-1], RETURNS).fingerprint == PAST.fingerprint


ONES = Moments([0.0, 0.0], np.eye(2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CreditBook([0.1, 0.2], [0.1], [1, 2]), "sensitivities must"),
        (lambda: CreditBook([0.1, 0.2], [0.1, 0.1], [1]), "losses must"),
        (lambda: CreditBook([0.0], [0.1], [1]), r"default_probabilities must be between 0 and 1, got \[0.0\]"),
        (lambda: CreditBook([1.0], [0.1], [1]), "default_probabilities must be between 0 and 1"),
        (lambda: CreditBook(["a"], [0.1], [1]), "default_probabilities must be"),
        (lambda: CreditBook([0.1], [-0.1], [1]), "sensitivities must be from 0 to 0.99"),
        (lambda: CreditBook([0.1], [1.0], [1]), "sensitivities must be from 0 to 0.99"),
        (lambda: CreditBook([0.1], [0.1], [-1]), "losses must be positive"),
        (lambda: CreditBook([0.1], [0.1], [1.5]), "losses must be whole numbers, or a loss_unit given"),
        (lambda: CreditBook([0.1], [0.1], [1], loss_unit=0), "loss_unit must be positive"),
        (lambda: CreditBook([0.1], [0.1], [1], loss_unit=1e-9), "take a larger loss_unit"),
        (lambda: CreditBook([0.1], [0.1], [1], loss_unit=5), "losses must be at least half a unit"),
        (lambda: CreditBook([], [], []), "a default probability for each of some distinct names"),
        (lambda: CreditBook([0.1, 0.2], [0, 0], [1, 1], names=("a", "a")), "distinct names"),
        (lambda: LatentGrid(0), r"num_qubits must be in \[1, 6\], got 0"),
        (lambda: LatentGrid(2, "sparse"), "rule must be one of gauss, points"),
        (lambda: LatentGrid(2, "points", 0.0), "reach must be positive"),
        (lambda: PortfolioLoss.normal([1e300, 1e300], ONES), "a finite positive variance, got inf"),
        (lambda: PortfolioLoss.normal([1.0], ONES), "weights must"),
        (lambda: PortfolioLoss.normal([0.0, 0.0], ONES), "a finite positive variance, got 0"),
        (lambda: PortfolioLoss.normal([1.0, 0.0], RETURNS), "moments must be Moments"),
        (lambda: PortfolioLoss.from_returns([0.0] * 4, RETURNS), "losses must differ and be finite"),
        (lambda: PortfolioLoss.from_returns([0.25] * 4, RETURNS.returns), "returns must be a ReturnHistory"),
        (lambda: PortfolioLoss(3), "use PortfolioLoss.normal or from_returns"),
        (lambda: expected_loss([1.0]), "losses must be a CreditBook or a PortfolioLoss"),
        (lambda: expected_loss(TWO, grid="3"), "grid must be an integer"),
        (lambda: expected_loss(TWO, precision=0.0), "precision must be positive"),
        (lambda: expected_loss(TWO, precision=1e-12), "precision must be at least"),
        (lambda: expected_loss(TWO, method="guess"), "method must be one of"),
        (lambda: expected_loss(TWO, confidence=0.0), "confidence must be a number between 0 and 1"),
        (lambda: expected_loss(TWO, progress=1), "progress must be a function"),
        (lambda: expected_loss(TWO, seed="a"), "a seed is an integer"),
        (lambda: expected_loss(NORMAL, grid=LatentGrid(2)), "grid must be a number of qubits for a portfolio"),
        (lambda: value_at_risk(TWO, 1.0), "level must be a number between 0 and 1"),
        (lambda: value_at_risk(TWO, "0.95"), "level must be"),
        (
            lambda: value_at_risk(NORMAL, 0.9999999, grid=3),
            "whose outermost cells have no end, got 0.9999999; take more qubits",
        ),
    ],
)
def test_what_is_none_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_two_days_of_history_are_enough():
    history = ReturnHistory(["2020-01-01", "2020-01-02"], ["a"], [[0.1], [-0.2]])
    found = expected_loss(PortfolioLoss.from_returns([1.0], history), grid=1, seed=1)
    assert found.exact == pytest.approx(0.05)
    assert found.interval[0] <= 0.05 <= found.interval[1]


@pytest.mark.slow
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("losses", [FIVE, NORMAL], ids=["five", "normal"])
def test_intervals_cover_as_often_as_they_promise(measure, losses):
    confidence, runs = 0.9, 200
    hits = 0
    for seed in range(runs):
        found = measure(losses, confidence=confidence, seed=seed)
        hits += found.interval[0] - 1e-12 <= found.exact <= found.interval[1] + 1e-12
    assert hits / runs >= confidence
