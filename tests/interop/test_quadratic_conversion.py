"""Quadratic functions of bits in the forms of others, compared at every point of small random instances."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quadratic_problems import points

from qtoolkit.errors import ConversionError, InputError, MissingExtraError
from qtoolkit.interop import quadratic as conversion
from qtoolkit.interop.lp import program_from_lp
from qtoolkit.interop.quadratic import (
    program_from_docplex,
    program_from_qiskit,
    program_to_docplex,
    program_to_qiskit,
    quadratic_from_dimod,
    quadratic_from_qubo,
    quadratic_to_dimod,
    quadratic_to_dimod_json,
    quadratic_to_qubo,
)
from qtoolkit.operators.binary_program import BinaryProgram, LinearRow
from qtoolkit.operators.quadratic import BinaryQuadratic

SEEDS = st.integers(0, 2**32 - 1)


def random_form(num_variables, seed):
    rng = np.random.default_rng(seed)
    quadratic = np.triu(rng.normal(size=(num_variables, num_variables)), 1)
    quadratic *= rng.random(quadratic.shape) < 0.6
    return BinaryQuadratic(quadratic, rng.normal(size=num_variables), rng.normal())


def random_program(num_variables, seed):
    rng = np.random.default_rng(seed)
    limits = ((0, 2), (-np.inf, 1), (1, np.inf), (2, 2))
    rows = [
        LinearRow(rng.integers(-2, 3, num_variables), *pair, f"c{k}")
        for k, pair in enumerate(limits[: rng.integers(0, 5)])
    ]
    return BinaryProgram(random_form(num_variables, seed), tuple(rows), bool(rng.integers(2)))


def assert_same_program(program, other):
    """Ranges may have become two rows."""
    bits = points(program.objective.num_variables)
    assert other.objective.names == program.objective.names
    assert other.maximise == program.maximise
    np.testing.assert_allclose(other.objective.values(bits), program.objective.values(bits), atol=1e-12)
    np.testing.assert_array_equal(other.feasible(bits), program.feasible(bits))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 7), SEEDS)
def test_qubo_round_trip(num_variables, seed):
    form = random_form(num_variables, seed)
    table, offset = quadratic_to_qubo(form)
    assert quadratic_from_qubo(table, offset, form.names) == form
    assert quadratic_from_qubo(table, offset) == form
    assert quadratic_from_qubo(form.matrix, form.offset) == form
    flipped = {(v, u): bias for (u, v), bias in table.items()}
    np.testing.assert_allclose(quadratic_from_qubo(flipped, offset, form.names).matrix, form.matrix)


def test_labels_of_a_qubo():
    form = quadratic_from_qubo({(2, 0): 3.0, (0, 2): 1.0, (1, 1): 5.0})
    assert form.names == ("0", "1", "2")
    assert form.values([1, 1, 1]) == 9.0
    assert quadratic_from_qubo({("b", "a"): 1.0}).names == ("b", "a")
    assert quadratic_from_qubo({("b", "b"): 1.0}, names=["a", "b"]).values([0, 1]) == 1.0
    frame = pd.DataFrame([[1.0, 0.0], [4.0, 2.0]], index=["p", "q"], columns=["q", "p"])
    assert quadratic_from_qubo(frame).names == ("p", "q")
    assert quadratic_from_qubo(frame).values([0, 1]) == 4.0


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 7), SEEDS)
def test_dimod_round_trip(num_variables, seed):
    dimod = pytest.importorskip("dimod")
    form = random_form(num_variables, seed)
    model = quadratic_to_dimod(form)
    assert list(model.variables) == list(form.names)
    bits = points(num_variables)
    np.testing.assert_allclose(model.energies((bits, list(form.names))), form.values(bits), atol=1e-12)
    assert quadratic_from_dimod(model) == form
    text = json.dumps(quadratic_to_dimod_json(form))
    assert dimod.BinaryQuadraticModel.from_serializable(json.loads(text)) == model
    assert quadratic_from_dimod(json.loads(text)) == form
    for spins in (model.change_vartype("SPIN", inplace=False), model.spin):
        for source in (spins, spins.to_serializable()):
            read = quadratic_from_dimod(source)
            np.testing.assert_allclose(read.values(bits), form.values(bits), atol=1e-12)
    assert BinaryQuadratic(*quadratic_to_dimod_parts(dimod, form)) == form


def quadratic_to_dimod_parts(dimod, form):
    """dimod's own QUBO of its own model, as a matrix in our order."""
    table, offset = quadratic_to_dimod(form).to_qubo()
    read = quadratic_from_qubo(table, offset, form.names)
    return read.matrix, None, read.offset


def test_labels_of_dimod_become_text_in_their_order():
    dimod = pytest.importorskip("dimod")
    model = dimod.BinaryQuadraticModel({("a", 1): 1.0, 7: 2.0, "b": 0.0}, {(("a", 1), 7): 3.0}, 0.5, "BINARY")
    form = quadratic_from_dimod(model)
    assert form.names == ("('a', 1)", "7", "b")
    assert form.values([1, 1, 0]) == 6.5
    with pytest.raises(ConversionError, match="got 1 twice"):
        quadratic_from_dimod(dimod.BinaryQuadraticModel({1: 1.0, "1": 1.0}, {}, 0.0, "BINARY"))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 6), SEEDS)
def test_qiskit_round_trip(num_variables, seed):
    pytest.importorskip("qiskit_optimization")
    program = random_program(num_variables, seed)
    other = program_to_qiskit(program)
    bits = points(num_variables)
    sign = -1 if program.maximise else 1
    for x, value, feasible in zip(bits, program.objective.values(bits), program.feasible(bits), strict=True):
        assert other.objective.evaluate(x) == pytest.approx(sign * value, abs=1e-12)
        assert other.is_feasible(x) == feasible
    assert_same_program(program, program_from_qiskit(other))


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 6), SEEDS)
def test_the_ising_cost_is_that_of_qiskit(num_variables, seed):
    pytest.importorskip("qiskit_optimization")
    form = random_form(num_variables, seed)
    operator, offset = program_to_qiskit(BinaryProgram(form)).to_ising()
    diagonal = operator.to_matrix().diagonal().real + offset
    np.testing.assert_allclose(form.ising().diagonal(), diagonal, atol=1e-12)


def test_integers_between_0_and_1_are_bits_and_bounds_are_rows():
    optimization = pytest.importorskip("qiskit_optimization")
    program = optimization.QuadraticProgram()
    program.integer_var(0, 1, "a")
    program.integer_var(1, 1, "b")
    program.minimize(linear={"a": 2.0}, quadratic={("a", "b"): 3.0})
    read = program_from_qiskit(program)
    assert [str(row) for row in read.rows] == ["bounds of b = 1"]
    assert read.objective.values([1, 1]) == 5.0
    program.integer_var(0, 4, "c")
    with pytest.raises(ConversionError, match="got c, integer from 0 to 4; IntegerToBinary"):
        program_from_qiskit(program)
    other = optimization.QuadraticProgram()
    with pytest.raises(ConversionError, match="at least one binary variable"):
        program_from_qiskit(other)
    other.binary_var("a")
    other.quadratic_constraint({}, {("a", "a"): 1}, "<=", 1, "circle")
    with pytest.raises(ConversionError, match="constraints must be linear, got circle"):
        program_from_qiskit(other)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), SEEDS)
def test_docplex_round_trip(num_variables, seed):
    pytest.importorskip("docplex")
    program = random_program(num_variables, seed)
    assert_same_program(program, program_from_docplex(program_to_docplex(program)))


def test_a_docplex_model_keeps_names_order_and_ranges():
    model = pytest.importorskip("docplex.mp.model").Model("a b")
    y = model.binary_var(name="late one")
    x = model.binary_var_list(2, name="x")
    model.maximize(3 * x[1] - y * x[0] + 1)
    model.add_range(0, x[0] + x[1], 1, "range")
    model.add_constraint(y + x[0] >= 1, "either")
    read = program_from_docplex(model)
    assert read.objective.names == ("late one", "x_0", "x_1")
    np.testing.assert_array_equal((-read.objective).values([[1, 0, 1], [1, 1, 0]]), [4.0, 0.0])
    assert {str(row) for row in read.rows} == {"0 <= range <= 1", "either >= 1"}
    model.integer_var(0, 5, name="many")
    with pytest.raises(ConversionError, match="got many, an integer from 0 to 5"):
        program_from_docplex(model)


def test_our_lp_text_says_what_qiskit_says():
    pytest.importorskip("qiskit_optimization")
    program = random_program(4, 3)
    with pytest.warns(DeprecationWarning, match="export_as_lp_string"):
        text = program_to_qiskit(program).export_as_lp_string()
    assert_same_program(program, program_from_lp(text))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: quadratic_from_qubo({"ab": 1.0}), ConversionError, "keys of a QUBO are pairs of labels, got 'ab'"),
        (lambda: quadratic_from_qubo({(0, 1): "1"}), InputError, r"the entry \(0, 1\) must be a finite number"),
        (lambda: quadratic_from_qubo({("a", "b"): 1.0}, names=["a"]), ConversionError, "got none for 'b'"),
        (lambda: quadratic_from_qubo({(None, "b"): 1.0}, names=3), ConversionError, "sequence"),
        (lambda: quadratic_from_qubo({(0, 1): 1.0}, names=[0, [1]]), ConversionError, "names must be text, numbers or"),
        (lambda: quadratic_from_qubo([[1.0, 2.0]]), InputError, "square matrix"),
        (lambda: quadratic_to_qubo(3), ConversionError, "must be a BinaryQuadratic, got 3"),
        (lambda: quadratic_to_dimod(3), ConversionError, "must be a BinaryQuadratic, got 3"),
        (lambda: quadratic_to_dimod_json(3), ConversionError, "must be a BinaryQuadratic, got 3"),
        (lambda: quadratic_from_dimod({}), ConversionError, "has the entry variable_labels"),
        (lambda: quadratic_from_dimod({"use_bytes": True}), ConversionError, "must hold lists, got bytes"),
        (
            lambda: quadratic_from_dimod(quadratic_to_dimod_json(random_form(2, 1)) | {"quadratic_head": [5]}),
            ConversionError,
            "pairs of 0 to 1",
        ),
        (
            lambda: quadratic_from_dimod(quadratic_to_dimod_json(random_form(2, 1)) | {"variable_type": "INTEGER"}),
            ConversionError,
            "BINARY or SPIN, got 'INTEGER'",
        ),
        (lambda: program_to_qiskit(3), ConversionError, "must be a BinaryProgram, got 3"),
        (lambda: program_to_docplex(3), ConversionError, "must be a BinaryProgram, got 3"),
    ],
)
def test_odd_input_gets_one_clear_error(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_objects_of_others_are_refused_by_name():
    for package, read in (
        ("dimod", quadratic_from_dimod),
        ("docplex", program_from_docplex),
        ("qiskit_optimization", program_from_qiskit),
    ):
        pytest.importorskip(package)
        with pytest.raises(ConversionError, match=r"what is converted must be .*, got 3"):
            read(3)


def test_a_missing_package_is_named(monkeypatch):
    def absent(module):
        raise ModuleNotFoundError(module)

    monkeypatch.setattr(conversion.importlib, "import_module", absent)
    for call, name in (
        (lambda: quadratic_to_dimod(random_form(1, 1)), "dimod"),
        (lambda: program_to_docplex(random_program(1, 1)), "docplex"),
        (lambda: program_from_qiskit(None), "qiskit-optimization"),
    ):
        with pytest.raises(MissingExtraError, match=f"pip install {name}$"):
            call()
