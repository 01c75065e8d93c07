"""The quadratic form of bits against its definition: every point of small random instances."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quadratic_problems import points

from qtoolkit import PauliSum
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.operators.binary_program import BinaryProgram, LinearRow
from qtoolkit.operators.quadratic import BinaryQuadratic

SEEDS = st.integers(0, 2**32 - 1)


def random_form(num_variables, seed):
    rng = np.random.default_rng(seed)
    quadratic = rng.normal(size=(num_variables, num_variables)) * (rng.random((num_variables, num_variables)) < 0.7)
    return BinaryQuadratic(quadratic, rng.normal(size=num_variables), rng.normal())


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 7), SEEDS)
def test_the_form_its_spins_and_its_operator_are_one_function(num_variables, seed):
    rng = np.random.default_rng(seed)
    quadratic, linear = rng.normal(size=(num_variables, num_variables)), rng.normal(size=num_variables)
    form = BinaryQuadratic(quadratic, linear, 0.25)
    bits = points(num_variables)
    direct = np.array([x @ quadratic @ x + linear @ x + 0.25 for x in bits])
    np.testing.assert_allclose(form.values(bits), direct, atol=1e-12)
    np.testing.assert_allclose(form.ising().diagonal(), direct, atol=1e-12)
    fields, couplings, offset = form.spins()
    signs = 1 - 2 * bits
    in_spins = [offset + fields @ s + s @ couplings @ s for s in signs]
    np.testing.assert_allclose(in_spins, direct, atol=1e-12)
    first, second, pairs = form.interactions()
    in_terms = form.offset + bits @ form.linear + (bits[:, first] * bits[:, second]) @ pairs
    np.testing.assert_allclose(in_terms, direct, atol=1e-12)
    for other in (BinaryQuadratic.from_ising(form.ising()), BinaryQuadratic.from_spins(fields, couplings, offset)):
        np.testing.assert_allclose(other.matrix, form.matrix, atol=1e-12)
        assert other.offset == pytest.approx(form.offset, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), SEEDS)
def test_moments_are_those_of_all_points(num_variables, seed):
    form = random_form(num_variables, seed)
    bits = points(num_variables)
    values, weights = form.values(bits), bits.sum(axis=1)
    drawn = form.moments()
    assert drawn == pytest.approx((values.mean(), values.std()), abs=1e-10)
    for weight in range(num_variables + 1):
        chosen = values[weights == weight]
        assert form.moments(weight) == pytest.approx((chosen.mean(), chosen.std()), abs=1e-7)
        assert form.moments(weight).standard_deviation ** 2 == pytest.approx(chosen.var(), abs=1e-12)
    for least, most in itertools.combinations(range(num_variables + 1), 2):
        chosen = values[(weights >= least) & (weights <= most)]
        assert form.moments((least, most)) == pytest.approx((chosen.mean(), chosen.std()), abs=1e-9)


def test_moments_of_more_points_than_could_be_counted():
    # linear: a sample without replacement, whose variance is in every textbook
    linear = np.arange(300.0)
    mean, deviation = BinaryQuadratic(np.zeros((300, 300)), linear).moments(150)
    assert mean == pytest.approx(150 * linear.mean())
    assert deviation**2 == pytest.approx(150 * 150 / 299 * linear.var())
    assert BinaryQuadratic(np.ones((300, 300))).moments(150) == pytest.approx((150.0**2, 0.0), abs=1e-6)
    drawn = BinaryQuadratic(np.zeros((300, 300)), np.ones(300)).moments((0, 300))
    assert drawn == pytest.approx((150.0, np.sqrt(75.0)))


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), SEEDS)
def test_fixing_bits_and_sums_act_on_every_point(num_variables, seed):
    form, other = random_form(num_variables, seed), random_form(num_variables, seed + 1)
    bits = points(num_variables)
    value = int(seed % 2)
    kept = bits[bits[:, 1] == value]
    rest = form.fixed({"x1": value})
    assert rest.names == tuple(name for name in form.names if name != "x1")
    np.testing.assert_allclose(rest.values(np.delete(kept, 1, axis=1)), form.values(kept), atol=1e-12)
    assert form.fixed({1: value}) == rest
    assert form.fixed({}) == form
    order = np.random.default_rng(seed).permutation(num_variables)
    shuffled = BinaryQuadratic(other.matrix[np.ix_(order, order)], None, other.offset, [f"x{k}" for k in order])
    total = 2.0 * form - shuffled * 0.5 + 1.5
    np.testing.assert_allclose(total.values(bits), 2 * form.values(bits) - 0.5 * other.values(bits) + 1.5, atol=1e-12)


def test_labels_decide_not_places():
    frame = pd.DataFrame([[1.0, 2.0], [2.0, 5.0]], index=["a", "b"], columns=["a", "b"])
    linear = pd.Series([10.0, 20.0], index=["b", "a"])
    form = BinaryQuadratic(frame, linear)
    assert form.names == ("a", "b")
    np.testing.assert_array_equal(form.linear, [21.0, 15.0])
    assert form.values(pd.Series([1, 0], index=["b", "a"])) == 15.0
    np.testing.assert_array_equal(form.values(pd.DataFrame([[1, 0], [1, 1]], columns=["b", "a"])), [15.0, 40.0])
    assert BinaryQuadratic(frame, linear, names=["b", "a"]).names == ("b", "a")
    with pytest.raises(InputError, match="labels of linear must be a, b"):
        BinaryQuadratic(frame, pd.Series([1.0, 2.0], index=["a", "c"]))


def test_the_form_is_its_own_and_tells_others_apart():
    matrix = np.eye(2)
    form = BinaryQuadratic(matrix)
    matrix[0, 0] = 7.0
    assert form.linear[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        form.matrix[0, 0] = 2.0
    with pytest.raises(AttributeError):
        form.offset = 1.0
    same = BinaryQuadratic([[1.0, -0.0], [0.0, 1.0]], [0.0, -0.0])
    assert same == form
    assert same.fingerprint == form.fingerprint
    assert hash(same) == hash(form)
    assert len(form.fingerprint) == 16
    others = [BinaryQuadratic(np.eye(2), names=["p", "q"]), form + 1.0, -form, BinaryQuadratic(np.eye(3))]
    assert len({form.fingerprint, *(other.fingerprint for other in others)}) == 5
    assert form not in others
    assert repr(form) == "BinaryQuadratic(2 variables, 0 interactions, offset 0)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BinaryQuadratic([[1.0, 2.0]]), r"square matrix .*, got \(1, 2\)"),
        (lambda: BinaryQuadratic(np.zeros((0, 0))), "square matrix"),
        (lambda: BinaryQuadratic([[np.nan]]), "quadratic must be finite, got nan"),
        (lambda: BinaryQuadratic([["1"]]), "quadratic must be real numbers, got '1'"),
        (lambda: BinaryQuadratic(None), "quadratic must be real numbers, got None"),
        (lambda: BinaryQuadratic(np.eye(2), [1.0]), r"linear must have shape \(2,\), got \(1,\)"),
        (lambda: BinaryQuadratic(np.eye(2), names=["a", "a"]), "got a twice"),
        (lambda: BinaryQuadratic(np.eye(2), names=["a"]), "names must be 2"),
        (lambda: BinaryQuadratic(np.eye(2), names=["a", None]), "distinct text or numbers, got None"),
        (lambda: BinaryQuadratic(np.eye(1), offset="1"), "offset must be a finite number, got '1'"),
        (lambda: BinaryQuadratic([[1e308]], [1e308]) * 10, "at most 1e.140 in magnitude, got inf; change units"),
        (lambda: BinaryQuadratic(np.eye(2)).values([0, 2]), "bits must be 0 or 1"),
        (lambda: BinaryQuadratic(np.eye(2)).values([0, 1, 1]), r"each of 2 variables, got shape \(3,\)"),
        (lambda: BinaryQuadratic(np.eye(2)).fixed({"y": 1}), "the variables are x0, x1; got 'y'"),
        (lambda: BinaryQuadratic(np.eye(2)).fixed({"x0": 1, 0: 1}), "distinct"),
        (lambda: BinaryQuadratic(np.eye(2)).fixed({0: 1, 1: 1}), "at least one variable must stay free"),
        (lambda: BinaryQuadratic(np.eye(2)).fixed({0: 0.5}), "a fixed bit must be an integer, got 0.5"),
        (lambda: BinaryQuadratic(np.eye(2)).fixed([0]), "a mapping from variables"),
        (lambda: BinaryQuadratic(np.eye(2)).moments(3), r"weight must be in \[0, 2\], got 3"),
        (lambda: BinaryQuadratic(np.eye(2)).moments((2, 1)), r"weight must be in \[2, 2\], got 1"),
        (lambda: BinaryQuadratic(np.eye(2)) + BinaryQuadratic(np.eye(3)), "the same variables"),
        (lambda: BinaryQuadratic(np.eye(2)) * None, "a factor must be a finite number, got None"),
        (lambda: BinaryQuadratic.from_spins([1.0], np.eye(2)), r"fields must have shape \(2,\)"),
        (lambda: BinaryQuadratic.from_ising(3), "must be a PauliSum, got 3"),
        (lambda: BinaryQuadratic.from_ising(PauliSum.from_list([("X", 1.0)])), "at most two Z"),
        (lambda: BinaryQuadratic.from_ising(PauliSum.from_list([("ZZZ", 1.0)])), "at most two Z"),
        (lambda: BinaryQuadratic.from_ising(PauliSum.from_list([("Z", 1j)])), "real coefficients"),
        (lambda: BinaryQuadratic(np.eye(63)).ising(), "at most 62 qubits, got 63; use spins"),
        (lambda: LinearRow([1.0]), "a row needs a finite limit"),
        (lambda: LinearRow([1.0], np.nan), "lower must be a real number or infinite, got nan"),
        (lambda: LinearRow([[1.0]], 0), r"coefficients must have shape \(any,\)"),
        (lambda: LinearRow.of({"y": 1.0}, "<=", 1, names=["x"]), "got 'y', which is none"),
        (lambda: LinearRow.of([1.0], "<", 1, names=["x"]), 'a sense is "<="'),
        (lambda: LinearRow.of({"x": 1.0}, np.zeros(2), 1, names=["x"]), 'a sense is "<="'),
        (lambda: LinearRow.of({"x": 1.0}, "<=", 1, names=3), "names must be a sequence of distinct text"),
        (lambda: BinaryProgram(3), "must be a BinaryQuadratic, got 3"),
        (lambda: BinaryProgram(BinaryQuadratic(np.eye(2)), [LinearRow([1], 0)]), "each of 2 variables, got 1 in row 0"),
        (lambda: BinaryProgram(BinaryQuadratic(np.eye(1)), [LinearRow([1], 0, 1, "r")] * 2), "got r twice"),
        (lambda: BinaryQuadratic.from_spins([1e308, 1e308], np.eye(2)), "at most 1e.140 in magnitude, got inf"),
    ],
)  # fmt: skip
def test_odd_input_gets_one_clear_error(call, message):
    with pytest.raises((InputError, OperatorError), match=message):
        call()


def test_a_row_is_exact_for_integers_and_forgives_rounding_for_others():
    whole = LinearRow([1.0, 2.0, 3.0], 2.5, 5.9, "whole")
    np.testing.assert_array_equal(whole.holds([[1, 1, 0], [0, 1, 1], [1, 1, 1], [0, 1, 0]]), [True, True, False, False])
    tenths = LinearRow([0.1, 0.2, 0.3], 0.3, 0.3, "tenths")
    np.testing.assert_array_equal(tenths.holds([[1, 1, 0], [0, 0, 1], [1, 0, 1]]), [True, True, False])
    row = LinearRow.of({"b": 2.0}, ">=", 1, names=["a", "b"], name="r")
    assert row == LinearRow([0.0, 2.0], 1.0, name="r")
    assert str(row) == "r >= 1"
    assert str(LinearRow([1.0], 0, 2, "s")) == "0 <= s <= 2"
    assert repr(LinearRow([1.0, 0.0], 0, 0, "s")) == "LinearRow(1 of 2 variables: s = 0)"
    program = BinaryProgram(BinaryQuadratic(np.eye(2)), [LinearRow([1, 1], upper=1), LinearRow([1, 0], 1, 1, "a")])
    assert [r.name for r in program.rows] == ["row 0", "a"]
    assert repr(program) == "BinaryProgram(minimise 2 variables, 2 rows)"
    np.testing.assert_array_equal(program.feasible(points(2)), [False, True, False, False])
