"""Constraints on bits against every choice and every set of constraints of small random instances."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quadratic_problems import points

from qtoolkit.algorithms.quadratic import Constraints, Group, LinearRow
from qtoolkit.algorithms.quadratic import constraints as module
from qtoolkit.algorithms.quadratic._diagram import build_diagram
from qtoolkit.errors import InputError

SEEDS = st.integers(0, 2**32 - 1)


def random_constraints(num_variables, num_rows, seed):
    """Tight enough that many of them conflict, with integers and with other numbers."""
    rng = np.random.default_rng(seed)
    names = [f"x{k}" for k in range(num_variables)]
    rows = []
    for k in range(num_rows):
        a = rng.integers(-2, 4, num_variables) * (rng.random(num_variables) < 0.6)
        middle = a @ rng.integers(0, 2, num_variables) + rng.integers(-1, 2)
        kind = rng.integers(4)
        limits = [(middle, middle), (-np.inf, middle), (middle, np.inf), (middle, middle + 1)][kind]
        scale = rng.choice([1.0, 0.1])
        rows.append(LinearRow(scale * a, *(scale * np.array(limits, dtype=float)), f"row {k}"))
    cardinality = (None, int(rng.integers(0, num_variables + 1)), (1, num_variables // 2 + 1))[rng.integers(3)]
    members = tuple(rng.permutation(names)[: rng.integers(1, num_variables + 1)].tolist())
    groups = {"some": Group(members, 0, int(rng.integers(0, len(members) + 1)))} if rng.integers(2) else {}
    return Constraints(names, cardinality=cardinality, groups=groups, rows=rows)


def holds_exactly(row, bits):
    """Within rounding, by another path than the code's."""
    values = np.array([math.fsum(a for a, bit in zip(row.coefficients, x, strict=True) if bit) for x in bits])
    return (values >= row.lower - 1e-9) & (values <= row.upper + 1e-9)


@settings(max_examples=120, deadline=None)
@given(st.integers(1, 8), st.integers(0, 5), SEEDS)
def test_counting_drawing_and_listing_are_those_of_all_choices(num_variables, num_rows, seed):
    constraints = random_constraints(num_variables, num_rows, seed)
    bits = points(num_variables)
    wanted = np.logical_and.reduce([np.ones(len(bits), bool), *(holds_exactly(row, bits) for row in constraints.rows)])
    np.testing.assert_array_equal(constraints.feasible(bits), wanted)
    assert constraints.count() == constraints.diagram.count == wanted.sum()
    listed = constraints.diagram.list(0, int(wanted.sum()))
    assert {tuple(x) for x in listed.tolist()} == {tuple(x) for x in bits[wanted].tolist()}
    np.testing.assert_array_equal(constraints.diagram.list(1, max(len(listed), 1)), listed[1:])
    fewest, most = constraints.weights
    assert np.all((bits[wanted].sum(axis=1) >= fewest) & (bits[wanted].sum(axis=1) <= most))
    if wanted.any():
        drawn = constraints.draw(50, seed)
        assert constraints.feasible(drawn).all()
        np.testing.assert_array_equal(drawn, constraints.draw(50, seed))


def test_draws_are_uniform():
    constraints = Constraints([*"abcdef"], cardinality=3, groups={"g": Group(("a", "b", "c"), 0, 1)})
    drawn = constraints.draw(20_000, 5)
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(counts) == constraints.count() == 10
    expected = 20_000 / 10
    # the sum is chi-squared with 9 degrees of freedom: beyond 33.7 once in ten thousand seeds
    assert np.sum((counts - expected) ** 2 / expected) < 33.7


@settings(max_examples=120, deadline=None)
@given(st.integers(2, 6), st.integers(1, 6), SEEDS)
def test_the_conflict_is_a_smallest_one(num_variables, num_rows, seed):
    constraints = random_constraints(num_variables, num_rows, seed)
    bits = points(num_variables)
    meets = [holds_exactly(row, bits) for row in constraints.rows]
    sizes = [
        size
        for size in range(len(meets) + 1)
        for chosen in itertools.combinations(meets, size)
        if not np.logical_and.reduce([np.ones(len(bits), bool), *chosen]).any()
    ]
    found = constraints.conflict()
    if not sizes:
        assert found is None
        constraints.require_feasible()
        return
    assert len(found) == min(sizes)
    by_name = {row.name: meet for row, meet in zip(constraints.rows, meets, strict=True)}
    assert not np.logical_and.reduce([by_name[name] for name in found]).any()
    with pytest.raises(InputError, match="no choice"):
        constraints.require_feasible()


def test_the_smallest_conflicting_set_is_named():
    names = [f"x{k}" for k in range(6)]
    groups = {"tech": Group(("x0", "x1", "x2"), 0, 1), "health": Group(("x3", "x4", "x5"), 0, 2)}
    idle = LinearRow.of({"x0": 1, "x1": 1}, ">=", 0, names=names, name="idle")
    constraints = Constraints(names, cardinality=5, groups=groups, rows=[idle])
    assert constraints.conflict() == ("cardinality", "tech")
    with pytest.raises(
        InputError,
        match=r"^no choice satisfies all of: cardinality = 5, tech <= 1; either can be met alone; relax one$",
    ):
        constraints.require_feasible()
    both = Constraints(names, cardinality=4, groups=groups, rows=[idle])
    assert both.conflict() == ("cardinality", "tech", "health")
    with pytest.raises(InputError, match="health <= 2; any 2 of them can be met; relax one"):
        both.require_feasible()
    assert Constraints(names, cardinality=7).conflict() == ("cardinality",)
    with pytest.raises(InputError, match="no choice of 6 bits satisfies cardinality = 7; relax it"):
        Constraints(names, cardinality=7).draw(1)


def test_a_conflict_too_large_for_the_diagram_is_found_by_search(monkeypatch):
    build = module.build_diagram
    monkeypatch.setattr(module, "build_diagram", lambda rows, size, most=0: build(rows, size, 3))
    names = [f"x{k}" for k in range(12)]
    groups = {"low": Group(tuple(names[:7]), 0, 2), "high": Group(tuple(names[5:]), 0, 2)}
    constraints = Constraints(names, cardinality=5, groups=groups)
    assert constraints.diagram is None
    assert constraints.count() is None
    assert constraints.draw(3) is None
    assert constraints.conflict() == ("cardinality", "low", "high")
    assert Constraints(names, cardinality=4, groups=groups).conflict() is None


def test_large_sets_are_counted_in_closed_form_or_by_the_diagram():
    names = [f"x{k}" for k in range(225)]
    assert Constraints(names, cardinality=10).count() == math.comb(225, 10)
    assert Constraints(names, cardinality=(0, 225)).count() == 2**225
    assert Constraints(names).count() == 2**225
    thirds = {f"g{k}": Group(tuple(names[k::3]), 2, 4) for k in range(3)}
    grouped = Constraints(names, cardinality=9, groups=thirds)
    wanted = sum(
        math.prod(math.comb(75, part) for part in parts)
        for parts in itertools.product((2, 3, 4), repeat=3)
        if sum(parts) == 9
    )
    assert grouped.count() == wanted
    assert grouped.feasible(grouped.draw(20, 1)).all()
    rng = np.random.default_rng(0)
    random = Constraints(names, rows=[LinearRow(rng.normal(size=225), 0, 1)])
    assert random.count() is None
    assert random.conflict() is None


def test_a_diagram_of_nothing():
    diagram = build_diagram([], 3)
    assert diagram.count == 8
    assert len(np.unique(diagram.list(0, 8), axis=0)) == 8
    assert build_diagram([LinearRow([0, 0], 1)], 2).count == 0


def test_checks_say_what_each_constraint_gets():
    constraints = Constraints(
        ["a", "b", "c"],
        cardinality=(1, 2),
        groups={"g": Group(("a", "b"), 1, 1)},
        rows=[LinearRow([0.5, 0.0, 0.25], upper=0.5, name="r")],
    )
    checks = constraints.checks(pd.Series([1, 1, 1], index=["c", "b", "a"]))
    assert [(check.name, check.value, check.satisfied, check.slack) for check in checks] == [
        ("cardinality", 3.0, False, -1.0),
        ("g", 2.0, False, -1.0),
        ("r", 0.75, False, -0.25),
    ]
    assert constraints.violations([1, 1, 0]) == {"g": 1.0}
    assert constraints.violations([1, 0, 0]) == {}
    assert repr(constraints) == "Constraints(3 variables: 1 <= cardinality <= 2, g = 1, r <= 0.5)"
    assert repr(Constraints(["a"])) == "Constraints(1 variables: none)"
    assert Constraints([*"ab"], cardinality=1).only_weights
    assert not constraints.only_weights
    others = [
        Constraints([*"abc"]),
        Constraints([*"acb"]),
        Constraints([*"abc"], cardinality=1),
        Constraints([*"abc"], cardinality=2),
    ]
    assert len({other.fingerprint for other in [*others, constraints]}) == 5
    assert Constraints([*"abc"], cardinality=1).fingerprint == others[2].fingerprint


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Constraints(["a", "a"]), "got a twice"),
        (lambda: Constraints([*"ab"], cardinality=1.5), "cardinality must be an integer, got 1.5"),
        (lambda: Constraints([*"ab"], cardinality=(2, 1)), "cardinality must be at least 2, got 1"),
        (lambda: Constraints([*"ab"], cardinality=-1), "cardinality must be at least 0, got -1"),
        (lambda: Constraints([*"ab"], groups=[1]), "groups are a mapping from names to Group"),
        (lambda: Constraints([*"ab"], groups={"g": ("a",)}), "the group 'g' must be a Group"),
        (lambda: Constraints([*"ab"], groups={"g": Group(("c",))}), "got 'c', which is none"),
        (lambda: Constraints([*"ab"], groups={"cardinality": Group(("a",))}, cardinality=1), "got cardinality twice"),
        (lambda: Constraints([*"ab"], rows=[3]), "rows must be a sequence of LinearRow, got 3"),
        (lambda: Constraints([*"ab"], rows=[LinearRow([1], 0)]), "each of 2 variables, got 1"),
        (lambda: Group(("a", "a")), "got a twice"),
        (lambda: Group(("a",), 2, 1), "the upper limit of a group must be in .*, got 1"),
        (lambda: Constraints([*"ab"]).feasible([1, 2]), "bits must be 0 or 1"),
        (lambda: Constraints([*"ab"]).checks([[1, 0]]), "checks are made of one choice"),
        (lambda: Constraints([*"ab"]).draw(-1), "number must be in .*, got -1"),
    ],
)
def test_odd_input_gets_one_clear_error(call, message):
    with pytest.raises(InputError, match=message):
        call()
