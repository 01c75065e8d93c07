import pickle

import numpy as np
import pytest

from qtoolkit import Circuit, Parameter, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.circuit import STANDARD_GATES, StandardGate
from qtoolkit.circuit.parameter import resolve_values
from qtoolkit.errors import ParameterError, QubitIndexError, UnboundParameterError


def test_linear_arithmetic_and_binding():
    a, b = Parameter("a"), Parameter("b")
    expression = 2 * a - b / 4 + 1 - (-a)
    assert expression.terms == {"a": 3.0, "b": -0.25}
    assert expression.bind({"a": 1.0}) == 4.0 - 0.25 * b
    assert expression.bind({"a": 1.0, "b": 4.0}) == 3.0
    assert (a - a).terms == {}
    assert float(a - a + 2) == 2.0
    assert 1 - a == -a + 1
    assert str(2 * a - b + 0.5) == "2*a - b + 0.5"
    assert pickle.loads(pickle.dumps(expression)) == expression
    assert pickle.loads(pickle.dumps(a)) == a


@pytest.mark.parametrize("number", [float("nan"), float("inf"), "1", 1j])
def test_coefficients_are_finite_real_numbers(number):
    a = Parameter("a")
    for build in (lambda: a * number, lambda: number * a, lambda: a + number, lambda: number - a, lambda: a / number):
        with pytest.raises(ParameterError, match=r"must be (a real number|finite), got"):
            build()


def test_equal_expressions_have_equal_hashes():
    a = Parameter("a")
    assert hash(a - a + 2) == hash(2)
    assert hash(a + 0) == hash(a)
    assert len({a, Parameter("a"), 1.0 * a}) == 1


def test_products_of_parameters_are_refused():
    with pytest.raises(ParameterError, match="linear"):
        Parameter("a") * Parameter("b")


def test_free_expression_is_no_number():
    with pytest.raises(UnboundParameterError, match="bind a"):
        float(Parameter("a"))


def test_vector():
    theta = ParameterVector("theta", 3)
    assert [p.name for p in theta] == ["theta[0]", "theta[1]", "theta[2]"]
    assert theta[1] == Parameter("theta[1]")
    with pytest.raises(ParameterError, match="at least 0, got -1"):
        ParameterVector("x", -1)
    with pytest.raises(ParameterError, match=r"an integer of at least 0, got 2\.5"):
        ParameterVector("x", 2.5)
    assert theta[1:] == (Parameter("theta[1]"), Parameter("theta[2]"))


def test_parameters_come_in_order_of_appearance():
    z, a = Parameter("z"), Parameter("a")
    circuit = Circuit(2).rx(z, 0).rzz(a + z, 0, 1)
    assert circuit.parameters == (z, a)
    assert circuit.num_parameters == 2
    bound = circuit.bind([0.5, 0.25])
    assert bound.parameters == ()
    assert bound.operations[1].gate.params == (0.75,)
    assert circuit.parameters == (z, a)
    assert circuit.bind({a: 1.0}).parameters == (z,)
    assert circuit.bind({"z": 1.0}).parameters == (a,)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0], "has 2 parameters, got 1 values"),
        ({"q": 1.0}, "got a value for q"),
        ([1.0, float("nan")], "parameter b must be finite, got nan"),
        ({"a": "x"}, "must be a real number"),
        ({"a": "1"}, "must be a real number"),
        (0.5, "a mapping or a sequence, got 0.5"),
        ([1j, 0.0], "must be a real number"),
    ],
)
def test_bad_values(values, message):
    circuit = Circuit(1).rx(Parameter("a"), 0).rz(Parameter("b"), 0)
    with pytest.raises(ParameterError, match=message):
        circuit.bind(values)


@pytest.mark.parametrize("angle", [float("nan"), float("inf"), "pi", "0.5", None, 1j, np.complex64(1), 10**400, [0.1]])
def test_bad_angles(angle):
    with pytest.raises(ParameterError, match="theta must be"):
        Circuit(1).rx(angle, 0)


class CountedName(str):
    """A name that counts how often it is looked up."""

    lookups = 0

    def __hash__(self):
        CountedName.lookups += 1
        return super().__hash__()


def test_the_cost_of_values_by_name_grows_linearly():
    names = [CountedName(f"p{i}") for i in range(400)]
    parameters = [Parameter(name) for name in names]
    CountedName.lookups = 0
    assert len(resolve_values(parameters, dict.fromkeys(parameters, 0.5))) == 400
    assert CountedName.lookups < 20 * 400


def test_empty_name():
    with pytest.raises(ParameterError, match="non-empty string"):
        Parameter("")


def declared() -> Circuit:
    """Its gates use b before a, and never c."""
    a, b = Parameter("a"), Parameter("b")
    return Circuit(2, 1).declare_parameters([a, "c", "b"]).rx(b, 0).cx(0, 1).rz(2 * a, 1).ry(b, 1)


def names_of(circuit):
    return [parameter.name for parameter in circuit.parameters]


def test_declared_parameters_keep_their_places_wherever_a_circuit_goes():
    circuit = declared()
    assert names_of(circuit) == ["a", "c", "b"]
    for made in (
        circuit.copy(),
        pickle.loads(pickle.dumps(circuit)),
        circuit.inverse(),
        circuit.inverse().inverse(),
        circuit.controlled(),
        circuit.power(2),
        circuit.power(-3),
        circuit.power(0),
        circuit.compose(circuit.inverse()),
        circuit.compose(Circuit(1).rx(Parameter("b"), 0)),
        circuit.without_final_measurements(),
        Circuit(3, 2).compose(circuit, [2, 0], [1]),
        Circuit(2, 1).if_(0, circuit),
        Circuit(2, 1).if_(0, lambda body: body.extend(circuit)),
        Circuit(2, 1).if_(0, lambda body: body.if_(0, circuit)),
    ):
        assert names_of(made) == ["a", "c", "b"], made
    assert names_of(circuit.bind({"a": 0.5})) == ["c", "b"]
    assert names_of(circuit.bind({"c": 0.5, "b": 1.0})) == ["a"]
    assert names_of(circuit.bind([1.0, 2.0, 3.0])) == []
    np.testing.assert_array_equal(
        circuit.bind([1.0, 2.0, 3.0]).to_matrix(), circuit.bind({"b": 3.0, "c": 2.0, "a": 1.0}).to_matrix()
    )


def test_what_is_added_comes_after_what_is_there():
    first = Circuit(2, 1).ry(Parameter("z"), 0).ry(Parameter("b"), 0)
    joined = first.compose(declared())
    assert names_of(joined) == ["z", "b", "a", "c"]
    assert names_of(joined.rx(Parameter("y"), 0)) == ["z", "b", "a", "c", "y"]
    assert names_of(first.copy().if_(0, declared()).rx(Parameter("y"), 0)) == ["z", "b", "a", "c", "y"]
    assert names_of(declared().extend(first)) == ["a", "c", "b", "z"]
    assert names_of(declared().declare_parameters(["d"]).rx(Parameter("e"), 0)) == ["a", "c", "b", "d", "e"]


def test_an_inverse_takes_values_in_the_same_order():
    circuit = Circuit(1).rx(Parameter("z"), 0).ry(Parameter("a"), 0)
    assert circuit.inverse().parameters == circuit.parameters
    assert circuit.inverse().inverse() == circuit
    product = circuit.bind([0.3, 0.9]).to_matrix() @ circuit.inverse().bind([0.3, 0.9]).to_matrix()
    np.testing.assert_allclose(product, np.eye(2), atol=1e-15)


def test_circuits_that_take_values_in_another_order_are_not_equal():
    plain = Circuit(1).rx(Parameter("b"), 0).rz(Parameter("a"), 0)
    ordered = Circuit(1).declare_parameters(["a", "b"]).rx(Parameter("b"), 0).rz(Parameter("a"), 0)
    assert plain != ordered
    assert plain == Circuit(1).declare_parameters(["b", "a"]).extend(plain)
    assert plain.bind([2.0, 1.0]) == ordered.bind([1.0, 2.0])


def test_the_order_is_shown():
    assert repr(declared()) == "Circuit(2, 1) with 4 operations, parameters (a, c, b)"
    many = Circuit(1)
    for angle in ParameterVector("t", 9):
        many.rx(angle, 0)
    assert repr(many).endswith("parameters (t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], ...)")
    assert repr(many.bind([0.0] * 9)) == "Circuit(1) with 9 operations"


def test_a_declared_parameter_that_nothing_uses_takes_a_value():
    circuit = declared()
    simulator = StatevectorSimulator()
    values = np.array([0.4, 7.0, 1.1])
    plain = Circuit(2).rx(1.1, 0).cx(0, 1).rz(0.8, 1).ry(1.1, 1)
    expected = simulator.state_vector(plain)
    observable = PauliSum.from_list([("ZX", 0.5), ("YI", 0.25)])
    for plan in (circuit, simulator.compile(circuit)):
        for _ in range(3):  # a second call may take a shorter way
            np.testing.assert_allclose(simulator.state_vector(plan, values), expected, atol=1e-14)
            value, slope = simulator.gradient(plan, observable, values)
            assert value == pytest.approx(simulator.expectation_value(plain, observable), abs=1e-14)
            assert slope[1] == 0.0
            assert abs(slope[[0, 2]]).min() > 1e-3
            with pytest.raises(UnboundParameterError, match="none for a, c, b"):
                simulator.state_vector(plan)
    idle = simulator.compile(Circuit(1).declare_parameters(["x"]).h(0))
    for _ in range(3):
        simulator.state_vector(idle, [0.5])
        simulator.expectation_value(idle, PauliSum.from_list([("Z", 1.0)]), np.array([0.5]))
        with pytest.raises(UnboundParameterError, match="none for x"):
            simulator.state_vector(idle)
        with pytest.raises(UnboundParameterError, match="none for x"):
            simulator.expectation_value(idle, PauliSum.from_list([("Z", 1.0)]))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["b", "b"], "declared once, got 'b' twice"),
        (["a"], "declared once, got 'a' twice"),
        ([""], "a non-empty string"),
        ([2], "a non-empty string, got 2"),
        ("a", "a list of them or of their names, got 'a'"),
        (Parameter("x"), "a list of them or of their names"),
        (3, "a list of them or of their names, got 3"),
    ],
)
def test_bad_declarations(names, message):
    circuit = Circuit(1).declare_parameters(["a"])
    with pytest.raises(ParameterError, match=message):
        circuit.declare_parameters(names)
    assert names_of(circuit) == ["a"]


def test_a_series_gives_values_by_its_labels():
    pandas = pytest.importorskip("pandas")
    a, b = Parameter("a"), Parameter("b")
    circuit = Circuit(2).rx(a, 0).ry(b, 1)
    energy, simulator = PauliSum.from_list([("IZ", 1.0)]), StatevectorSimulator()
    series = pandas.Series({"b": 0.3, "a": 1.0})
    for values in (series, pandas.Series([1.0, 0.3]), pandas.Series([0.3, 1.0], index=[1, 0])):
        assert resolve_values([a, b], values) == {"a": 1.0, "b": 0.3}
        for runnable in (circuit, simulator.compile(circuit)):
            assert simulator.expectation_value(runnable, energy, values) == pytest.approx(np.cos(1.0))
            assert simulator.gradient(runnable, energy, values)[1] == pytest.approx([-np.sin(1.0), 0.0])
        assert circuit.bind(values).to_matrix() == pytest.approx(circuit.bind([1.0, 0.3]).to_matrix())
    assert resolve_values([a, b], series[["b"]]) == {"b": 0.3}
    with pytest.raises(ParameterError, match="the circuit's parameters are a, b; got a value for c"):
        circuit.bind(series.rename({"b": "c"}))
    for table in (series.to_frame(), pandas.DataFrame([series]), [series, series]):
        with pytest.raises(ParameterError):
            circuit.bind(table)


def test_a_set_has_no_order():
    for values in ({0.3, 1.0}, frozenset({0.3, 1.0})):
        with pytest.raises(ParameterError, match="parameter values need names or an order, got a"):
            resolve_values([Parameter("a"), Parameter("b")], values)


A, B, C = map(Parameter, "abc")


def cut_back() -> Circuit:
    """Its symbols begin with one that no row refers to any more."""
    circuit = Circuit(2)
    with pytest.raises(QubitIndexError):
        circuit.ry(C, [0, 5])
    return circuit.ry(B, 0).rz(A, 1)


def with_a_symbol_behind() -> Circuit:
    """As a signal leaves it that comes before a row is written."""
    circuit = Circuit(2).ry(B, 0)
    circuit.operations.symbols.append(C)
    return circuit.rz(A, 1)


@pytest.mark.parametrize(
    "circuit",
    [
        Circuit(2).rx(B, 0).rzz(A, 0, 1).ry(B, 1).h(0).cp(C, 1, 0),
        Circuit(2).rx(B, 0).rz(A, 1).power(3),
        Circuit(2).rx(B, 0).extend(Circuit(2).rx(C, 0).ry(A, 1), [1, 0]).rz(A, 1),
        Circuit(2).u(0.5, B, A, 0).fsim(C, A, 0, 1),
        Circuit(2).rx(2 * C - A, 0).rz(B, 1),
        Circuit(2).rx(B, 0).pauli_rotation("XZ", C).rz(A, 1),
        cut_back(),
        with_a_symbol_behind(),
    ],
)
def test_parameters_are_those_of_the_operations_in_order(circuit):
    expressions = [expression for operation in circuit for expression in operation.gate.expressions]
    expected = dict.fromkeys(parameter for expression in expressions for parameter in expression.parameters)
    assert circuit.parameters == tuple(expected)


@pytest.mark.parametrize("angle", [0.3, np.float64(0.3), 2, A, 2 * A, A - B + 1, A - A + 0.5])
def test_methods_place_what_append_does(angle):
    for name, record in STANDARD_GATES.items():
        if record.num_params == 1 and record.num_qubits > 0:
            qubits = tuple(range(record.num_qubits))[::-1]
            made = getattr(Circuit(2), name)(angle, *qubits)
            assert made == Circuit(2).append(StandardGate(name, (angle,)), qubits), name
