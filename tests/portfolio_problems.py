"""Small portfolio problems with constraints of every kind, and what is true of them by trying everything."""

import itertools

import numpy as np
from scipy.optimize import linprog

from qtoolkit.applications.finance.portfolio import PortfolioProblem, WeightGroup

__all__ = ["KINDS", "all_picks", "can_be_weighed", "market", "small_problem"]

BEFORE = {"asset 0": 0.5, "asset 1": 0.3, "asset 2": 0.2}

KINDS = {
    "number": {"cardinality": 2},
    "range": {"cardinality": (2, 3), "upper": 0.45},
    "bounds": {"cardinality": 3, "lower": {"asset 0": 0.1}, "upper": [0.3, 0.5, 0.5, 0.2, 0.9]},
    "minimum": {"cardinality": (2, 4), "minimum_if_held": [0.3, 0.4, 0.25, 0.5, 0.6]},
    "short": {"cardinality": 3, "lower": -0.3, "upper": 0.4},
    "group weights": {"cardinality": 3, "groups": {"g": WeightGroup(("asset 0", "asset 2"), 0.2, 0.3)}, "upper": 0.4},
    "two groups": {
        "cardinality": (2, 4),
        "groups": {"g": WeightGroup(("asset 0", 2), 0.0, 0.4), "h": WeightGroup((1, 3), 0.1, 0.5)},
        "upper": 0.6,
    },
    "group numbers": {"cardinality": 3, "groups": {"g": WeightGroup((0, 2, 4), fewest=1, most=1)}},
    "turnover": {"cardinality": (1, 3), "current": BEFORE, "max_turnover": 0.5, "upper": 0.7},
    "cost": {"cardinality": 2, "current": BEFORE, "cost": 3e-3},
    "turnover and minimum": {
        "cardinality": 3,
        "current": BEFORE,
        "max_turnover": 0.9,
        "minimum_if_held": 0.3,
        "budget": (0.9, 1.0),
    },
    "budget": {"cardinality": (1, 2), "budget": (0.4, 0.8), "upper": 0.35},
}
"""Arguments of a problem of five assets."""


def market(num_assets, seed, factors=3):
    """Means and a covariance of daily returns."""
    rng = np.random.default_rng(seed)
    loads = rng.normal(size=(num_assets, factors)) * 0.01
    return rng.normal(size=num_assets) * 5e-4, loads @ loads.T + np.diag(rng.uniform(0.5, 2.0, num_assets)) * 1e-4


def small_problem(kind, seed, **changes):
    """A problem of five assets with one kind of constraint."""
    return PortfolioProblem(*market(5, seed), **{"risk_aversion": 3.0, **KINDS[kind], **changes})


def all_picks(num_assets):
    """Every choice, shape ``(2**n, n)``."""
    return np.array(list(itertools.product((0, 1), repeat=num_assets)))


def can_be_weighed(program, held):
    """Whether weights of chosen assets obey a programme, by a linear programme written from the definition."""
    held = np.asarray(held, dtype=bool)
    size = program.num_assets
    if not program.cardinality[0] <= held.sum() <= program.cardinality[1] or np.any(program.lower[~held] > 0.0):
        return False
    low = np.where(
        held,
        np.where(program.minimum_if_held > 0, np.maximum(program.lower, program.minimum_if_held), program.lower),
        0.0,
    )
    high = np.where(held, program.upper, 0.0)
    if np.any(low > high):
        return False
    ones, none, eye = np.ones(size), np.zeros(size), np.eye(size)
    above = [np.concatenate([ones, none]), np.concatenate([-ones, none])]
    most = [program.budget[1], -program.budget[0]]
    if np.isfinite(program.max_turnover):
        above.append(np.concatenate([none, ones]))
        most.append(program.max_turnover)
    for group in program.groups.values():
        members = [place if isinstance(place, int) else program.names.index(place) for place in group.members]
        if not group.fewest <= held[members].sum() <= (len(members) if group.most is None else group.most):
            return False
        row = np.concatenate([eye[members].sum(axis=0), none])
        for sign, limit in ((1, group.upper), (-1, -group.lower)):
            if np.isfinite(limit):
                above.append(sign * row)
                most.append(limit)
    for sign in (1, -1):  # traded ≥ |w − current|
        above += list(np.concatenate([sign * eye, -eye], axis=1))
        most += list(sign * program.current)
    box = [*zip(low, high, strict=True), *[(0, None)] * size]
    return linprog(np.zeros(2 * size), np.array(above), np.array(most), bounds=box).status == 0
