"""Schedules: every qubit once, nothing at the same time twice, and no operators that disturb each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtoolkit.applications.qec import CODES, CSSCode, code_named, syndrome_schedule
from qtoolkit.applications.qec.codes.schedule import checked_schedule, coloured_schedule
from qtoolkit.errors import InputError

SINGLE = [name for name in CODES if name not in {"honeycomb", "bivariate-bicycle"}]


@pytest.mark.parametrize("name", SINGLE)
def test_schedules_of_all_codes_measure_them(name):
    code = code_named(name, **({"distance": 5} if CODES[name].takes_distance else {}))
    schedule = syndrome_schedule(code)
    if name == "bacon-shor":  # its operators do not commute: those of X are measured first
        assert max(when for when, layer in enumerate(schedule) for row, _ in layer if row < 20) == 1
    else:
        assert checked_schedule(code.measured_operators, schedule) == schedule


@pytest.mark.parametrize(
    ("name", "layers"),
    [("rotated-surface", 4), ("surface", 4), ("toric", 4), ("xzzx", 4), ("bivariate-bicycle-144", 7)],
)
def test_depth_of_the_schedules_of_the_literature(name, layers):
    assert len(syndrome_schedule(code_named(name, **({"distance": 5} if CODES[name].takes_distance else {})))) == layers


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 9))
def test_colouring_takes_as_many_layers_as_the_busiest_vertex_has_edges(seed, num_checks, num_qubits):
    support = np.random.default_rng(seed).integers(0, 2, (num_checks, num_qubits)).astype(np.uint8)
    rows = np.hstack([np.zeros_like(support), support])
    layers = coloured_schedule(rows)
    assert sorted(pair for layer in layers for pair in layer) == [tuple(map(int, e)) for e in np.argwhere(support)]
    for layer in layers:
        assert len({row for row, _ in layer}) == len({qubit for _, qubit in layer}) == len(layer)
    assert len(layers) == max(support.sum(axis=0).max(), support.sum(axis=1).max())


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ([[(0, 0)], [(0, 1)], [(1, 0)]], r"got none for \(1, 1\)"),
        ([[(0, 0), (1, 1)], [(0, 1), (1, 0)], [(0, 0)]], r"once, got \(0, 0\) again"),
        ([[(0, 0), (1, 0)]], r"once, got \(1, 0\) in the used layer 0"),
        ([[(0, 2)]], r"visits the qubits of each operator, got \(0, 2\)"),
        ([[0, 1]], r"pairs \(operator, qubit\), got 0 in layer 0"),
        ([[(0, 0), (1, 1)], [(0, 1), (1, 0)]], "got operators 0 and 1"),
    ],
)
def test_schedules_that_do_not_measure_are_refused(schedule, message):
    with pytest.raises(InputError, match=message):
        CSSCode([[1, 1]], [[1, 1]], schedule=schedule)


def test_a_schedule_of_ones_own():
    code = CSSCode([[1, 1]], [[1, 1]], schedule=[[(0, 0)], [(0, 1), (1, 0)], [(1, 1)]])
    assert code.schedule == (((0, 0),), ((0, 1), (1, 0)), ((1, 1),)) == syndrome_schedule(code)
