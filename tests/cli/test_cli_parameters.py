import math

import pytest

from qtoolkit.cli.parameters import parse_parameters
from qtoolkit.errors import ParameterError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.3", 0.3),
        ("-1e-3", -1e-3),
        ("7", 7.0),
        ("pi", math.pi),
        ("-pi/4", -math.pi / 4),
        ("3*pi/4", 3 * math.pi / 4),
        ("2pi", 2 * math.pi),
        ("+1.5*π", 1.5 * math.pi),
        ("PI/2", math.pi / 2),
        ("1e-1*pi", 0.1 * math.pi),
    ],
)
def test_values_are_numbers_or_multiples_of_pi(text, value):
    assert parse_parameters([f"theta={text}"]) == {"theta": value}


def test_names_may_be_entries_of_a_vector():
    assert parse_parameters(["theta[0]=1", " θ[1] = 2 "]) == {"theta[0]": 1.0, "θ[1]": 2.0}


@pytest.mark.parametrize("entry", ["theta", "=1", "theta=", ""])
def test_an_entry_is_name_and_value(entry):
    with pytest.raises(ParameterError, match="name=value"):
        parse_parameters([entry])


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "pi/0", "two", "pi*2*pi", "__import__('os')"])
def test_values_that_are_no_finite_numbers_are_refused(text):
    with pytest.raises(ParameterError, match="the value of theta must be a finite number"):
        parse_parameters([f"theta={text}"])


def test_a_name_comes_once():
    with pytest.raises(ParameterError, match="got theta twice"):
        parse_parameters(["theta=1", "theta=1"])
