"""Shared checks of input: what is no number never becomes one, and labels never get lost."""

import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from qtoolkit._checks import (
    require_array,
    require_choice,
    require_integer,
    require_number,
)
from qtoolkit.errors import InputError, InsufficientMemoryError

NO_NUMBERS = ["1", "text", "", b"1", None, [1.0], {}, object(), 1j, np.datetime64("2020-01-01"), np.timedelta64(1, "D")]


@pytest.mark.parametrize("value", [*NO_NUMBERS, True, np.True_, 1.0, Fraction(1)])
def test_what_is_no_integer_is_refused(value):
    with pytest.raises(InputError, match="rounds must be an integer, got "):
        require_integer("rounds", value)


@pytest.mark.parametrize(
    "value", [*NO_NUMBERS, True, np.True_, np.nan, -np.inf, 10**400, np.array([1.0]), np.str_("1")]
)
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(InputError, match="rate must be a finite number, got "):
        require_number("rate", value)


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)])
def test_every_integer_is_taken(value):
    assert require_integer("rounds", value, 3, 3) == 3
    assert type(require_integer("rounds", value)) is int


@pytest.mark.parametrize("value", [1, 1.0, np.float32(1), np.array(1.0), Decimal(1), Fraction(1), np.uint8(1)])
def test_every_real_number_is_taken(value):
    assert require_number("rate", value, 1, 1) == 1.0
    assert type(require_number("rate", value)) is float


def test_ranges_are_said():
    for ask, message in [
        (lambda: require_integer("rounds", 0, 1), "rounds must be at least 1, got 0"),
        (lambda: require_integer("rounds", 9, maximum=8), "rounds must be at most 8, got 9"),
        (lambda: require_integer("rounds", 9, 1, 8), r"rounds must be in \[1, 8\], got 9"),
        (lambda: require_integer("rounds", 10**9, 1, 10**8), r"rounds must be in \[1, 100000000\], got 1000000000"),
        (
            lambda: require_integer("rounds", -(10**5000), 1),
            r"rounds must be at least 1, got -2..16609 or more",
        ),
        (lambda: require_array("rounds", [10**5000]), r"got 2..16609 or more in magnitude at \[0\]"),
        (lambda: require_number("rate", [10**5000]), r"rate must be a finite number, got a list"),
        (lambda: require_number("rate", 1.5, 0, 1), r"rate must be a number in \[0, 1\], got 1.5"),
        (lambda: require_number("rate", np.nan, 0), "rate must be a number of at least 0, got nan"),
        (lambda: require_number("rate", 1.5, maximum=1), "rate must be a number of at most 1, got 1.5"),
        (lambda: require_choice("form", "star", ("ring", "all")), "form must be one of ring, all, got 'star'"),
        (lambda: require_choice("form", None, ("ring", "all")), "form must be one of ring, all, got None"),
    ]:
        with pytest.raises(InputError, match=message):
            ask()
    assert require_choice("form", "all", ("ring", "all")) == "all"


@pytest.mark.parametrize(
    "value",
    [
        "1",
        ["1", "2"],
        [1.0, "2"],
        [1.0, None],
        None,
        [1.0, 1j],
        np.array([1.0 + 0j]),
        np.array(["2020-01-01"], dtype="datetime64[ns]"),
        [np.array(["2020-01-01"], dtype="datetime64[ns]")],
        np.array([5], dtype="timedelta64[ns]"),
        [[1.0], [1.0, 2.0]],
        {"a": 1.0},
        {1.0, 2.0},
        np.ma.array([1.0, 2.0], mask=[False, True]),
        np.array([(1.0, 2)], dtype=[("a", "f8"), ("b", "i8")]),
        [10**400],
        [np.nan],
        np.array([np.inf], dtype=np.longdouble),
        np.ma.masked,
        [np.ma.masked, 1.0],
        range(10**12),
        [[range(10**12)]],
        [[{"a": 1.0}]],
    ],
)
def test_what_holds_no_real_numbers_is_refused(value):
    with pytest.raises(InputError, match=r"^weights must "):
        require_array("weights", value)


def test_the_first_wrong_entry_is_named():
    for value, message in [
        ([[1.0, 2.0], [3.0, "x"]], r"real numbers, got 'x' at \[1, 1\]"),
        ([1.0, 2j], r"real numbers, got 2j at \[1\]"),
        ([1.0, None], r"real numbers, got None at \[1\]"),
        ([0.0, np.nan], r"finite, got nan at \[1\]"),
        ("1", "real numbers, got '1'$"),
        (1.0 + 1e-9j, r"got \(1\+1e-09j\)"),
    ]:
        with pytest.raises(InputError, match=message):
            require_array("weights", value)
    with pytest.raises(InputError, match="got nan for B"):
        require_array("weights", [0.0, np.nan], place=lambda index: f"for {'AB'[index[0]]}")


def test_an_array_is_a_read_only_copy_of_the_kind_asked_for():
    source = np.ones((2, 2), order="F", dtype=np.float32)
    array = require_array("weights", source, (None, 2))
    source[0, 0] = 5.0
    assert array.dtype == np.float64
    assert array.flags.c_contiguous
    np.testing.assert_array_equal(array, np.ones((2, 2)))
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 2.0
    assert require_array("weights", [1, 2j], kind="complex").dtype == np.complex128
    assert require_array("bits", [True, False], kind="integer").dtype == np.int64
    np.testing.assert_array_equal(require_array("weights", [Decimal("0.5"), Fraction(1, 4), 3]), [0.5, 0.25, 3.0])
    assert np.isnan(require_array("weights", [np.nan], finite=False)[0])


def test_integers_and_shapes_are_checked():
    for ask, message in [
        (lambda: require_array("bits", [0.5], kind="integer"), r"integers, got 0.5 at \[0\]"),
        (lambda: require_array("bits", np.array([2**63], dtype=np.uint64), kind="integer"), "integers, got 9223372036"),
        (lambda: require_array("bits", [2**70], kind="integer"), "integers, got 11805"),
        (lambda: require_array("bits", [1, 0], (3,)), r"shape \(3,\), got \(2,\)"),
        (lambda: require_array("bits", [1, 0], (None, 2)), r"shape \(any, 2\), got \(2,\)"),
    ]:
        with pytest.raises(InputError, match=message):
            ask()


def test_a_conversion_that_fails_is_our_error():
    class Broken:
        def __array__(self, *args, **kwargs):
            raise RuntimeError("detach it first")

    with pytest.raises(InputError, match="weights must be an array of numbers, got Broken: detach it first"):
        require_array("weights", Broken())


def test_an_array_without_memory_is_refused_before_it_is_made(monkeypatch):
    from qtoolkit import _memory

    monkeypatch.setattr(_memory, "free_bytes", lambda: 1 << 30)
    monkeypatch.setattr(_memory, "_last_look", _memory._Look(0.0, 0))
    huge = np.broadcast_to(1.0, (1 << 20, 1 << 20))
    with pytest.raises(InsufficientMemoryError, match="weights needs 8,796,093,022,208 bytes"):
        require_array("weights", huge)


def test_the_checks_load_no_pandas():
    code = "import sys, qtoolkit._checks as c; c.require_array('x', [1.0]); print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
