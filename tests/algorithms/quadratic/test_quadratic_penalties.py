"""Penalties: the same function on feasible choices, a bound that holds, and a calibration that beats luck."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quadratic_problems import points, random_problem

from qtoolkit.algorithms import LBFGSB, QAOA
from qtoolkit.algorithms.quadratic import (
    BinaryQuadratic,
    Constraints,
    Group,
    LinearRow,
    QuadraticProblem,
    enumerate_choices,
    penalised,
    sufficient_penalty,
)
from qtoolkit.errors import InputError
from qtoolkit.simulators import StatevectorSimulator

SEEDS = st.integers(0, 2**32 - 1)


def integer_problem(num_variables, seed):
    """With an equation, inequalities of integer coefficients, and a feasible choice."""
    rng = np.random.default_rng(seed)
    form = BinaryQuadratic(rng.normal(size=(num_variables, num_variables)), rng.normal(size=num_variables), 0.5)
    x = rng.integers(0, 2, num_variables)
    rows = []
    for k in range(rng.integers(0, 3)):
        a = rng.integers(-2, 4, num_variables)
        limits = [(a @ x, a @ x), (-np.inf, a @ x + 0.5), (a @ x - 1, a @ x + 2)][rng.integers(3)]
        rows.append(LinearRow(a, *map(float, limits), f"row {k}"))
    cardinality = (None, int(x.sum()), (int(x.sum()), num_variables))[rng.integers(3)]
    return QuadraticProblem(form, Constraints(form.names, cardinality=cardinality, rows=rows))


def lowest_over_slack(model):
    """The least value of the form at each choice of the problem's own variables."""
    bits = points(model.form.num_variables)
    values = model.form.values(bits)
    return np.array([values[k :: 1 << model.num_variables].min() for k in range(1 << model.num_variables)])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), SEEDS, st.sampled_from(["calibrated", "sufficient", 3.0]))
def test_feasible_choices_cost_what_the_objective_says(num_variables, seed, penalty):
    problem = integer_problem(num_variables, seed)
    model = penalised(problem, penalty)
    if model.form.num_variables > 14:
        return
    bits = points(num_variables)
    feasible = problem.constraints.feasible(bits)
    lowest = lowest_over_slack(model)
    objective = problem.objective.values(bits)
    extended = points(model.form.num_variables)
    np.testing.assert_array_equal(model.choices(extended), extended[:, :num_variables])
    np.testing.assert_allclose(lowest[feasible], objective[feasible], atol=1e-9)
    if penalty != "calibrated":
        strength = next(iter(model.strengths.values()), 0.0)
        assert np.all(lowest[~feasible] >= objective[~feasible] + strength * (1 - 1e-9))
    if penalty == "sufficient":
        assert feasible[np.argmin(lowest)]
        assert lowest.min() == pytest.approx(objective[feasible].min(), abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 8), SEEDS)
def test_the_bound_for_a_number_of_ones_is_sufficient(num_variables, seed):
    rng = np.random.default_rng(seed)
    form = BinaryQuadratic(rng.normal(size=(num_variables, num_variables)), rng.normal(size=num_variables))
    number = int(rng.integers(0, num_variables + 1))
    problem = QuadraticProblem(form, Constraints(form.names, cardinality=number))
    bits = points(num_variables)
    missed = bits.sum(axis=1) - number
    bound = sufficient_penalty(problem)
    values = form.values(bits) + 1.0001 * bound * missed**2
    assert missed[np.argmin(values)] == 0
    np.testing.assert_allclose(
        penalised(problem, bound).form.values(bits), form.values(bits) + bound * missed**2, rtol=1e-9, atol=1e-9
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 9), st.data(), SEEDS)
def test_the_calibrated_form_depends_on_the_number_of_ones_by_its_penalty_alone(num_variables, data, seed):
    """Means over the slices beside the feasible one differ by the penalty and by nothing else."""
    number = data.draw(st.integers(0, num_variables))
    rng = np.random.default_rng(seed)
    form = BinaryQuadratic(rng.normal(size=(num_variables, num_variables)), 5 * rng.normal(size=num_variables))
    problem = QuadraticProblem(form, Constraints(form.names, cardinality=number))
    model = penalised(problem)
    strength = model.strengths["cardinality"]
    assert strength == pytest.approx(0.3 * form.moments(number).standard_deviation or 1.0)
    for weight in range(num_variables + 1):
        wanted = form.moments(number).mean + strength * (weight - number) ** 2
        assert model.form.moments(weight).mean == pytest.approx(wanted, abs=1e-9)


def portfolio(num_assets, number, risk_aversion, seed):
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(num_assets, 3)) * 0.2
    covariance = factors @ factors.T + np.diag(rng.uniform(0.02, 0.1, num_assets))
    form = BinaryQuadratic(risk_aversion * covariance, -rng.normal(0.1, 0.1, num_assets))
    return QuadraticProblem(form, Constraints(form.names, cardinality=number))


def times_luck(problem, penalty, num_layers):
    """Probability of the optimum after training, relative to a uniformly drawn feasible choice."""
    model = penalised(problem, penalty, num_layers=num_layers)
    qaoa = QAOA(
        model.form.ising(),
        num_layers,
        cost_scale=model.form.moments().standard_deviation,
        estimator=StatevectorSimulator(),
        optimizer=LBFGSB(),
    )
    schedule = qaoa.run(qaoa.best_ramp((0.3, 0.6, 1.0, 1.5), (0.3, 0.6, 0.9)), shots=1, seed=1).schedule
    state = StatevectorSimulator().probabilities(qaoa.circuit, parameters=schedule.to_parameters())
    found = enumerate_choices(problem)
    bits = points(model.form.num_variables)
    choices = bits[:, : problem.num_variables]
    is_optimum = problem.constraints.feasible(choices) & found.is_optimal(problem.objective.values(choices))
    return float(state[is_optimum].sum()) * found.num_choices / found.num_optima


@pytest.mark.parametrize(
    ("number", "risk_aversion", "seed"), [(3, 1.0, 0), (4, 1.0, 1), (5, 0.5, 2), (4, 8.0, 5), (3, 4.0, 6)]
)
def test_the_calibrated_penalty_beats_luck(number, risk_aversion, seed):
    problem = portfolio(9, number, risk_aversion, seed)
    assert times_luck(problem, "calibrated", 3) > 2.0


def test_one_layer_beats_luck_where_the_sufficient_penalty_drowns_the_objective():
    problem = portfolio(9, 4, 8.0, 5)
    assert times_luck(problem, "sufficient", 1) < 1.0 < times_luck(problem, "calibrated", 1)


def test_more_layers_make_use_of_a_stronger_penalty():
    problem = portfolio(9, 4, 8.0, 5)
    strengths = [penalised(problem, num_layers=layers).strengths["cardinality"] for layers in (1, 2, 4, 9)]
    assert np.array(strengths) / penalised(problem).spread == pytest.approx([0.1, 0.2, 0.4, 0.4])
    assert penalised(problem, 2.0, num_layers=9).strengths["cardinality"] == 2.0


def test_inequalities_take_slack_bits():
    form = BinaryQuadratic(np.eye(4), names=["a", "b", "c", "d"])
    problem = QuadraticProblem(
        form,
        Constraints(
            form.names,
            cardinality=(1, 3),
            groups={"g": Group(("a", "b", "c", "d"), 0, 4), "h": Group(("a", "b"), 0, 1)},
            rows=[LinearRow([5, 0, 0, 0], upper=5, name="idle")],
        ),
    )
    model = penalised(problem)
    assert model.form.names == ("a", "b", "c", "d", "slack 0 of cardinality", "slack 1 of cardinality", "slack 0 of h")
    assert set(model.strengths) == {"cardinality", "h"}  # the others cannot be broken
    assert model.num_slack_bits == 3
    assert repr(model) == "PenalisedProblem(4 variables and 3 slack bits, calibrated or given)"
    assert model.problem_fingerprint == problem.fingerprint
    free = penalised(QuadraticProblem(form))
    assert free.form == form
    # slack of 5: bits of 1, 2 and 2, so that no pattern of them goes beyond
    rows = Constraints(form.names, rows=[LinearRow([1, 2, 3, 4], 2, 7, "r")])
    five = penalised(QuadraticProblem(form, rows), 1.0)
    reached = {round(float(np.array([1, 2, 2]) @ s)) for s in itertools.product((0, 1), repeat=3)}
    assert reached == set(range(6))
    assert five.num_slack_bits == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: penalised(3), "the problem must be a QuadraticProblem, got 3"),
        (lambda p: sufficient_penalty(3), "the problem must be a QuadraticProblem, got 3"),
        (lambda p: penalised(p, "best"), '"calibrated", "sufficient" or a number, got \'best\''),
        (lambda p: penalised(p, np.zeros(2)), "a penalty must be a finite number, got array"),
        (lambda p: penalised(p, 0), "a penalty must be a positive number, got 0"),
        (lambda p: penalised(p, None), "a penalty must be a finite number, got None"),
        (lambda p: penalised(p, num_layers=0), "num_layers must be at least 1, got 0"),
        (lambda p: penalised(p).choices([1, 2, 1]), "bits must be 0 or 1"),
    ],
)
def test_odd_input_gets_one_clear_error(call, message):
    with pytest.raises(InputError, match=message):
        call(random_problem(3, 1, "weights"))


def test_rows_that_have_no_penalty_say_so():
    form = BinaryQuadratic(np.eye(3))
    wide = QuadraticProblem(form, Constraints(form.names, rows=[LinearRow([0.5, 1, 1], upper=1.2, name="loss")]))
    with pytest.raises(InputError, match="inequality needs integer coefficients, got others in loss; multiply"):
        penalised(wide)
    equal = QuadraticProblem(form, Constraints(form.names, rows=[LinearRow([0.5, 1, 1], 1.5, 1.5, "sum")]))
    assert penalised(equal).strengths["sum"] > 0
    with pytest.raises(InputError, match="sufficient penalty needs integer coefficients, got others in sum"):
        penalised(equal, "sufficient")
    with pytest.raises(InputError, match="no choice of 3 bits satisfies cardinality = 5"):
        penalised(QuadraticProblem(form, Constraints(form.names, cardinality=5)))
