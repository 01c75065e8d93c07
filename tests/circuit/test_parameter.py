import pickle

import numpy as np
import pytest

from qtoolkit import Circuit, Parameter, ParameterVector
from qtoolkit.circuit.parameter import resolve_values
from qtoolkit.errors import ParameterError, UnboundParameterError


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
