"""Named tuples as arguments of kernels: their members are checked and passed like arguments of their own."""

from typing import NamedTuple

import numpy as np
import pytest

from qtoolkit_kernels._arguments import describe, member_at, members
from qtoolkit_kernels._jit import entry_of, njit
from qtoolkit_kernels._load import DECLINED
from qtoolkit_kernels._types import Floats
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.tiles import lanes_of


class Line(NamedTuple):
    slope: float
    points: Floats


class Weighted(NamedTuple):
    lanes: Lanes
    line: Line
    weights: Floats


class Twin(NamedTuple):
    lanes: Lanes
    line: Line
    weights: Floats


@njit
def weighted_sum(given: Weighted, offset: float) -> float:
    """Σ weight (slope · point + offset), times the lanes of a register."""
    total = 0.0
    for k in range(given.weights.size):
        total += given.weights[k] * (given.line.slope * given.line.points[k] + offset)
    return total * lanes_of(given.weights, given.lanes)


POINTS, WEIGHTS = np.array([1.0, 2.0]), np.array([3.0, 4.0])


def test_members_are_passed():
    given = Weighted(Lanes(32), Line(2.0, POINTS), WEIGHTS)
    assert weighted_sum(given, 1.0) == 4 * (3 * 3 + 4 * 5)
    assert weighted_sum(given._replace(line=Line(np.float64(1.0), POINTS)), np.float64(0.0)) == 4 * 11
    assert weighted_sum(given._replace(lanes=Lanes(64)), 1.0) == 8 * 29


@pytest.mark.parametrize(
    "other",
    [
        Twin(Lanes(32), Line(2.0, POINTS), WEIGHTS),
        (Lanes(32), (2.0, POINTS), WEIGHTS),
        Weighted(Lanes(64), Line(2.0, POINTS), WEIGHTS),
        Weighted(Lanes(32), Line(2, POINTS), WEIGHTS),
        Weighted(Lanes(32), Line(2.0, POINTS.astype(np.float32)), WEIGHTS),
        Weighted(Lanes(32), Line(2.0, POINTS), np.repeat(WEIGHTS, 2)[::2]),
    ],
)
def test_other_members_are_declined(other):
    """By code for the first kinds; what has none of its own is declined and compiled for."""
    entry, _ = entry_of(weighted_sum, Weighted(Lanes(32), Line(2.0, POINTS), WEIGHTS), 1.0)
    assert entry(Weighted(Lanes(32), Line(2.0, POINTS), WEIGHTS), 1.0) == 4 * 29
    assert entry(other, 1.0) is DECLINED


def test_kinds_name_classes_and_members():
    given = Weighted(Lanes(16), Line(1.0, POINTS), WEIGHTS)
    kinds, values = describe((given, 3))
    assert members(kinds[0])[0] is Weighted
    _, inner = members(kinds[0])
    assert inner[0].startswith("marker:")
    assert inner[2] == "float64[1]"
    assert members(inner[1]) == (Line, ["float64", "float64[1]"])
    assert member_at(values, "0.1.1") is POINTS
    assert describe((Line(1.0, object()),)) is None
