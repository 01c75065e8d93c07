"""Lists as they are typed."""

import pytest

from qtoolkit.cli.ranges import parse_integers, parse_rates
from qtoolkit.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.01", [0.01]),
        ("0.01, 0.001,1/100", [0.001, 0.01]),
        ("1e-3,...,1e-2", [0.001, 0.001468, 0.002154, 0.003162, 0.004642, 0.006813, 0.01]),
        ("1e-3,…,1e-2", [0.001, 0.001468, 0.002154, 0.003162, 0.004642, 0.006813, 0.01]),
        ("0.001,0.002,...,0.005", [0.001, 0.002, 0.003, 0.004, 0.005]),
        ("0.001,0.002,...,0.008", [0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008]),
        ("0.001,0.01,...,0.1,0.2", [0.001, 0.01, 0.1, 0.2]),
        ("1e-3:1e-2:3", [0.001, 0.003162, 0.01]),
        ("1e-3:5e-3:5:linear,0.1", [0.001, 0.002, 0.003, 0.004, 0.005, 0.1]),
        ("0.2,1e-3:1e-2:2", [0.001, 0.01, 0.2]),
    ],
)
def test_rates(text, expected):
    assert parse_rates("--rate", text) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", [3]),
        ("7,3,5,5", [3, 5, 7]),
        ("3,5,...,11", [3, 5, 7, 9, 11]),
        ("3,...,9", [3, 5, 7, 9]),
        ("4,7,...,13", [4, 7, 10, 13]),
    ],
)
def test_integers(text, expected):
    assert parse_integers("--distance", text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--rate must be numbers with commas between, got ''"),
        ("0.1,,0.2", "--rate must be numbers with commas between"),
        ("a", "--rate must be a number or a fraction"),
        ("...,0.1", "dots in --rate must stand between numbers"),
        ("0.1,...", "dots in --rate must stand between numbers"),
        ("0.1,...,...,0.2", "dots in --rate must stand between numbers"),
        ("0.2,...,0.1", "must go up from above 0, got 0.2 to 0.1"),
        ("0,...,0.1", "must go up from above 0, got 0 to 0.1"),
        ("0.1,0.2,...,0.35", "neither the step nor the ratio of 0.1 and 0.2 leads to 0.35"),
        ("0.3,0.2,...,0.1", "must go up, got 0.3, 0.2, ..., 0.1"),
        ("0.1:0.2", "must be first:last:number"),
        ("0.1:0.2:3:log", "must be first:last:number"),
        ("0.1:0.2:1", "must have 2 to 1000 numbers, got 1"),
        ("0.1:0.2:9999", "must have 2 to 1000 numbers, got 9999"),
        ("0.1:0.2:x", "must be integers"),
        ("0,1e-9,...,1", "must have 2 to 1000 numbers"),
    ],
)
def test_rates_that_are_none(text, message):
    with pytest.raises(InputError, match=message):
        parse_rates("--rate", text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3.5", "--distance must be integers with commas between, got '3.5'"),
        ("3,5,...,10", "must go on in steps of 2 to its last number, got '3,5,...,10'"),
        ("5,3,...,1", "must go on in steps of -2"),
        ("3,...,99999", "must go on in steps of 2"),
        ("3,...", "dots in --distance must stand between numbers"),
    ],
)
def test_integers_that_are_none(text, message):
    with pytest.raises(InputError, match=message):
        parse_integers("--distance", text)
