"""Constraints as penalties: a problem turned into a function of free bits, with strengths that let QAOA beat luck.

A penalty beyond its sufficient bound makes the penalised minimum feasible, which minimisers want. It also drowns the
objective, and QAOA then does no better than drawing blindly. What its samples need is the contrary: a feasible choice
must not be much rarer than chance, and the objective must still tell good choices from bad. So the calibrated form
first takes out of the objective what only speaks of how far a constraint is missed: its tilt, a linear multiplier, and
its curvature, the square. Neither changes a feasible choice. What is left needs some tenths of a standard deviation,
and more where there are more layers to make use of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import items_of, shown
from qtoolkit._checks import require_integer, require_number
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem, require_problem
from qtoolkit.errors import InputError
from qtoolkit.operators.binary_program import LinearRow
from qtoolkit.operators.quadratic import BinaryQuadratic, read_bits

__all__ = ["PenalisedProblem", "Penalty", "can_be_penalty", "feasible_shares", "penalised", "sufficient_penalty"]

Penalty: TypeAlias = float | Literal["calibrated", "sufficient"]
"""How strong penalties are, see `penalised`."""

FloatArray = NDArray[np.float64]

_STRENGTH_OF_A_LAYER, _MOST_LAYERS = 0.1, 4
"""In standard deviations of the objective over feasible choices: the best of a campaign over portfolios and random
functions of 10 to 20 bits was 0.1 of them for one layer, 0.2 for two, 0.3 for three, 0.4 for six."""

_BEYOND = 1.001
"""At the bound itself an infeasible choice may cost the same as the optimum."""

_DRAWS = 512


@dataclass(frozen=True, eq=False, repr=False)
class PenalisedProblem:
    """A function of free bits whose low values are good feasible choices.

    Attributes:
        form: of the problem's variables, then of the slack bits of its inequalities. On feasible choices with the
            slack that fits, it is the objective.
        num_variables: of the problem.
        strengths: what a violation by one, squared, costs beyond the objective, by name of the constraint.
        spread: standard deviation of the objective over feasible choices, for scale.
        is_sufficient: whether the minimum is known to be feasible, and so the optimum.
        problem_fingerprint: of the problem.
    """

    form: BinaryQuadratic
    num_variables: int
    strengths: Mapping[str, float]
    spread: float
    is_sufficient: bool
    problem_fingerprint: str

    def choices(self, bits: ArrayLike) -> FloatArray:
        """The problem's own variables of bits of the form, shape ``(..., num_variables)``.

        Raises:
            InputError: if the shape or labels do not fit, or an entry is neither 0 nor 1.
        """
        return read_bits(bits, self.form.names)[..., : self.num_variables]

    @property
    def num_slack_bits(self) -> int:
        """How many variables inequalities take beside the problem's own."""
        return self.form.num_variables - self.num_variables

    def __repr__(self) -> str:
        kind = "sufficient" if self.is_sufficient else "calibrated or given"
        return f"PenalisedProblem({self.num_variables} variables and {self.num_slack_bits} slack bits, {kind})"


def penalised(
    problem: QuadraticProblem,
    penalty: Penalty = "calibrated",
    *,
    num_layers: int = 3,
    kept: Collection[str] = (),
) -> PenalisedProblem:
    """Turn constraints into penalties ``P · (aᵀx + slack − upper)²``.

    Args:
        problem: whose inequalities have integer coefficients; slack bits make them equations.
        penalty: ``"calibrated"`` for sampling by QAOA; its minimum need not be feasible. ``"sufficient"`` for
            minimisers: the bound of `sufficient_penalty`. Or P itself for all constraints.
        num_layers: of the QAOA to calibrate for.
        kept: names of constraints that something else keeps, a mixer say, and that get no penalty.

    Raises:
        InputError: if an inequality has other coefficients, the constraints conflict, P is not positive, there is no
            layer, or no constraint has a name that is to be kept.
    """
    require_problem(problem).constraints.require_feasible()
    strength = _STRENGTH_OF_A_LAYER * min(require_integer("num_layers", num_layers, 1), _MOST_LAYERS)
    if isinstance(penalty, str) and penalty not in ("calibrated", "sufficient"):
        raise InputError(f'a penalty is "calibrated", "sufficient" or a number, got {shown(penalty)}')
    kind = penalty if isinstance(penalty, str) else "given"
    names = items_of(kept, "kept must be names of constraints")
    for name in names:
        if not isinstance(name, str) or name not in [row.name for row in problem.constraints.rows]:
            raise InputError(f"kept must be names of constraints, got {shown(name)}")
    rows = [_Equation.of(row) for row in problem.constraints.rows if row.name not in names and _can_break(row)]
    form = _with_slack(problem.objective, rows)
    spread = _spread(problem)
    if kind == "calibrated":
        unit = strength * spread or 1.0
        strengths = [unit / row.least_step**2 for row in rows]
        form = _without_tilt(form, [row for row in rows if not row.slack], problem)
    else:
        is_bound = kind == "sufficient"
        bound = _BEYOND * sufficient_penalty(problem) if is_bound else require_number("a penalty", penalty)
        if bound <= 0.0:
            raise InputError(f"a penalty must be a positive number, got {shown(penalty)}")
        strengths = [bound] * len(rows)
    first = problem.num_variables
    for row, factor in zip(rows, strengths, strict=True):
        vector = np.zeros(form.num_variables)
        vector[: problem.num_variables] = row.coefficients
        vector[first : first + len(row.slack)] = row.slack
        first += len(row.slack)
        form += _square(vector, row.right, factor, form.names)
    return PenalisedProblem(
        form=form,
        num_variables=problem.num_variables,
        strengths={row.name: value for row, value in zip(rows, strengths, strict=True)},
        spread=spread,
        is_sufficient=kind == "sufficient",
        problem_fingerprint=problem.fingerprint,
    )


def sufficient_penalty(problem: QuadraticProblem) -> float:
    """A penalty beyond which the penalised minimum is feasible, and so the optimum.

    For a number of ones alone it bounds what the objective can rise when a choice of too few takes one in, or a choice
    of too many drops one: a choice that misses the number by d is then d steps, and less than d² penalties, from one
    that does not. For other constraints it bounds the range of the objective.

    Raises:
        InputError: if a constraint has coefficients other than integers, or the constraints conflict.
    """
    constraints = require_problem(problem).constraints
    constraints.require_feasible()
    rows = [_Equation.of(row) for row in constraints.rows if _can_break(row)]
    for row in rows:
        if not row.is_integral:
            raise InputError(
                f"a sufficient penalty needs integer coefficients, got others in {row.name}; give a number"
            )
    tiny = float(np.finfo(np.float64).tiny)
    if len(rows) == 1 and not rows[0].slack and np.all(rows[0].coefficients == 1.0):
        return max(_step_bound(problem.objective, int(rows[0].right)), tiny)
    fields, couplings, _ = problem.objective.spins()
    return max(2.0 * float(np.abs(fields).sum() + np.abs(couplings).sum()), tiny)


@dataclass(frozen=True, eq=False)
class _Equation:
    """``aᵀx + slackᵀs = right`` with slack bits s, none where it was an equation."""

    coefficients: FloatArray
    right: float
    slack: tuple[float, ...]
    name: str
    is_integral: bool

    @classmethod
    def of(cls, row: LinearRow) -> _Equation:
        if row.lower == row.upper:
            return cls(row.coefficients, row.upper, (), row.name, row.is_integral)
        if not row.is_integral:
            raise InputError(
                f"the penalty of an inequality needs integer coefficients, got others in {row.name}; multiply the row "
                "until they are integers, or round it"
            )
        lower, upper = row.limits()
        lower = max(lower, float(np.minimum(row.coefficients, 0.0).sum()))
        upper = min(upper, float(np.maximum(row.coefficients, 0.0).sum()))
        room = int(upper - lower)
        slack: list[int] = []
        while room > sum(slack):
            slack.append(min(2 ** len(slack), room - sum(slack)))
        return cls(row.coefficients, upper, tuple(map(float, slack)), row.name, True)

    @property
    def least_step(self) -> float:
        """What the flip of one bit changes at least."""
        return float(np.abs(self.coefficients[self.coefficients != 0.0]).min())


def can_be_penalty(row: LinearRow) -> bool:
    """Whether a penalty can stand for a row: it is an equation, or its coefficients are integers."""
    return row.lower == row.upper or row.is_integral


def _can_break(row: LinearRow) -> bool:
    """Whether some bits break the row."""
    lower, upper = row.limits()
    least, most = np.minimum(row.coefficients, 0.0).sum(), np.maximum(row.coefficients, 0.0).sum()
    return bool(least < lower or most > upper)


def _with_slack(form: BinaryQuadratic, rows: list[_Equation]) -> BinaryQuadratic:
    names = list(form.names)
    taken = set(names)
    for row in rows:
        for place in range(len(row.slack)):
            name = f"slack {place} of {row.name}"
            while name in taken:
                name += "'"
            taken.add(name)
            names.append(name)
    size = form.num_variables
    matrix = np.zeros((len(names), len(names)))
    matrix[:size, :size] = form.matrix
    return BinaryQuadratic(matrix, None, form.offset, names)


def _square(vector: FloatArray, right: float, strength: float, names: tuple[str, ...]) -> BinaryQuadratic:
    """``strength · (vectorᵀy − right)²``."""
    return BinaryQuadratic(
        strength * np.outer(vector, vector), -2.0 * strength * right * vector, strength * right**2, names
    )


def _without_tilt(form: BinaryQuadratic, rows: list[_Equation], problem: QuadraticProblem) -> BinaryQuadratic:
    """The same function where the equations hold, with as little as can be that depends on how far they are missed."""
    if not rows:
        return form
    size = problem.num_variables
    a = np.array([row.coefficients for row in rows])
    pairs = 2.0 * np.array(problem.objective.matrix)
    np.fill_diagonal(pairs, 0.0)
    # the pairs nearest to a sum of 2 c_r a_r a_r^T, diagonals apart
    products = (a @ a.T) ** 2 - (a**2) @ (a**2).T
    curvatures = np.linalg.lstsq(products, np.einsum("ri,ij,rj->r", a, pairs, a) / 2.0, rcond=1e-9)[0]
    for row, curvature in zip(rows, curvatures.tolist(), strict=True):
        vector = np.zeros(form.num_variables)
        vector[:size] = row.coefficients
        form += _square(vector, row.right, -curvature, form.names)
    shares = feasible_shares(problem)
    own = np.array(form.matrix[:size, :size])
    slopes = np.diagonal(own) + 2.0 * (own @ shares - np.diagonal(own) * shares)
    weights = np.maximum(shares * (1.0 - shares), 1e-3)  # those that never vary count a little
    tilts = np.linalg.lstsq((a * weights) @ a.T, (a * weights) @ slopes, rcond=1e-9)[0]
    linear = np.zeros(form.num_variables)
    linear[:size] = -tilts @ a
    offset = float(sum(tilt * row.right for tilt, row in zip(tilts, rows, strict=True)))
    return form + BinaryQuadratic(np.zeros(form.matrix.shape), linear, offset, form.names)


def feasible_shares(problem: QuadraticProblem) -> FloatArray:
    """How often each variable is 1 among feasible choices, shape ``(n,)``: in closed form, or among some drawn ones."""
    constraints = problem.constraints
    if constraints.only_weights and constraints.weights[0] == constraints.weights[1]:
        return np.full(problem.num_variables, constraints.weights[0] / problem.num_variables)
    drawn = constraints.draw(_DRAWS, 0)
    return np.full(problem.num_variables, 0.5) if drawn is None else drawn.mean(axis=0)


def _spread(problem: QuadraticProblem) -> float:
    """Standard deviation of the objective over feasible choices: in closed form, or of some drawn ones."""
    constraints = problem.constraints
    if constraints.only_weights:
        return problem.objective.moments(constraints.weights).standard_deviation
    drawn = constraints.draw(_DRAWS, 0)
    if drawn is None:
        return problem.objective.moments(constraints.weights).standard_deviation
    return float(problem.objective.values(drawn).std())


def _step_bound(form: BinaryQuadratic, number: int) -> float:
    """What the objective can rise in a step towards so many ones."""
    size = form.num_variables
    pairs = 2.0 * np.array(form.matrix)
    np.fill_diagonal(pairs, np.nan)
    ordered = np.sort(pairs, axis=1)[:, : size - 1]
    bound = 0.0
    if number > 0:  # taking in a variable beside at most number - 1 others
        rise = form.linear + np.maximum(ordered, 0.0)[:, ::-1][:, : number - 1].sum(axis=1)
        bound = max(bound, float(rise.max()))
    if number < size:  # dropping one from beside at least `number`, at most n - 1 others
        fixed, free = ordered[:, :number], ordered[:, number:]
        fall = -(form.linear + fixed.sum(axis=1) + np.minimum(free, 0.0).sum(axis=1))
        bound = max(bound, float(fall.max()))
    return bound
