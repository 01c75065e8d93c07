"""Small random problems with constraints of every kind."""

import numpy as np

from qtoolkit.algorithms.quadratic import BinaryQuadratic, Constraints, Group, LinearRow, QuadraticProblem

__all__ = ["points", "random_problem", "slice_problem"]


def points(num_variables):
    """All bits; row k has bit j of k in column j."""
    return np.arange(1 << num_variables)[:, None] >> np.arange(num_variables) & 1


def random_problem(num_variables, seed, kind="any"):
    """A problem with a feasible choice; `kind` is ``"weights"`` or ``"any"``."""
    rng = np.random.default_rng(seed)
    form = BinaryQuadratic(
        rng.normal(size=(num_variables, num_variables)), rng.normal(size=num_variables), rng.normal()
    )
    weight = int(rng.integers(0, num_variables + 1))
    limits = (weight, (min(1, weight), max(1, weight)), None)[rng.integers(3 if kind == "any" else 2)]
    if kind == "weights":
        return QuadraticProblem(form, Constraints(form.names, cardinality=limits))
    x = rng.permutation((np.arange(num_variables) < weight).astype(int))  # stays feasible
    members = rng.permutation(num_variables)[: rng.integers(1, num_variables + 1)]
    ones = int(x[members].sum())
    groups = {"group": Group(tuple(form.names[k] for k in members), max(ones - 1, 0), ones)}
    row = rng.normal(size=num_variables)
    rows = [LinearRow(row, float(x @ row) - 0.5, np.inf, "row")][: rng.integers(2)]
    return QuadraticProblem(form, Constraints(form.names, cardinality=limits, groups=groups, rows=rows))


def slice_problem(num_variables, number, seed):
    """A problem whose only constraint is the number of ones."""
    rng = np.random.default_rng(seed)
    form = BinaryQuadratic(rng.normal(size=(num_variables, num_variables)), rng.normal(size=num_variables))
    return QuadraticProblem(form, Constraints(form.names, cardinality=number))
