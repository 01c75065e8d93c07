"""From a problem to qubits: which constraints the mixer keeps, which become penalties, what each qubit stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.algorithms.quadratic.constraints import Constraints
from qtoolkit.algorithms.quadratic.penalties import Penalty, penalised
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem
from qtoolkit.errors import InputError
from qtoolkit.operators.binary_program import LinearRow
from qtoolkit.operators.quadratic import BinaryQuadratic

__all__ = ["MOST_QUBITS", "Encoding", "KeptGroup", "encode", "kept_groups"]

IntArray = NDArray[np.int64]
BitArray = NDArray[np.int8]

MOST_QUBITS = 62
"""Bit patterns are 64-bit integers."""


@dataclass(frozen=True)
class KeptGroup:
    """Qubits of which a mixer keeps so many at 1.

    Attributes:
        qubits: ascending.
        ones: more than none and fewer than all.
    """

    qubits: tuple[int, ...]
    ones: int


@dataclass(frozen=True, eq=False)
class Encoding:
    """A problem on qubits.

    Attributes:
        problem: that is encoded.
        form: of the qubits: the objective and the penalties.
        groups: that a mixer keeps; disjoint.
        variables: of the problem, that the first qubits stand for; slack bits come after them.
        fixed: bits of the problem that the kept constraints leave no choice, -1 for the others, shape ``(n,)``.
        penalties: the names of the constraints that became penalties.
    """

    problem: QuadraticProblem
    form: BinaryQuadratic
    groups: tuple[KeptGroup, ...]
    variables: IntArray
    fixed: BitArray
    penalties: tuple[str, ...]

    @property
    def num_qubits(self) -> int:
        """Variables that are free, and slack bits."""
        return self.form.num_variables

    @property
    def num_slack_bits(self) -> int:
        """Qubits beyond the problem's own."""
        return self.num_qubits - len(self.variables)

    @property
    def free_qubits(self) -> tuple[int, ...]:
        """Those in no group."""
        kept = {qubit for group in self.groups for qubit in group.qubits}
        return tuple(qubit for qubit in range(self.num_qubits) if qubit not in kept)

    @property
    def weight(self) -> int | None:
        """The number of ones of all qubits; None where some are free."""
        return None if self.free_qubits else sum(group.ones for group in self.groups)

    @property
    def scale(self) -> float:
        """Standard deviation of the form in closed form, over the bits of the kept weight where there is one."""
        spread = self.form.moments(self.weight).standard_deviation
        largest = float(np.abs(self.form.matrix).max())
        return spread if spread > 1e-12 * largest else largest or 1.0

    def choices(self, patterns: IntArray) -> BitArray:
        """The problem's bits, int8 of shape ``(m, n)``, of patterns of qubits, shape ``(m,)``."""
        bits = np.empty((len(patterns), self.problem.num_variables), dtype=np.int8)
        bits[:] = self.fixed
        for qubit, variable in enumerate(self.variables.tolist()):
            bits[:, variable] = patterns >> qubit & 1
        return bits


def kept_groups(constraints: Constraints) -> tuple[dict[tuple[int, ...], int], frozenset[str]]:
    """Disjoint groups of variables with a fixed number of ones, and the names of the constraints that they imply.

    Where the number of all ones is fixed as well, the variables outside all groups are one more group.
    """
    counted = [(row, ones) for row in constraints.rows if (ones := _fixed_ones(row)) is not None]
    size = constraints.num_variables
    parts = sorted((pair for pair in counted if 0 < _width(pair[0]) < size), key=lambda pair: -_width(pair[0]))
    groups: dict[tuple[int, ...], int] = {}
    names: set[str] = set()
    taken = np.zeros(size, dtype=np.bool_)
    for row, ones in parts:
        members = row.coefficients == 1.0
        if not np.any(members & taken):
            groups[_members(members)] = ones
            names.add(row.name)
            taken |= members
    for row, ones in counted:
        if _width(row) == size:
            if not np.all(taken):
                groups[_members(~taken)] = ones - sum(groups.values())
                taken[:] = True
            names.add(row.name)
    if groups:
        names |= {row.name for row in constraints.rows if _is_implied(row, groups)}
    return groups, frozenset(names)


def _is_implied(row: LinearRow, groups: dict[tuple[int, ...], int]) -> bool:
    """Whether all choices that the groups allow obey a row."""
    free = np.ones(len(row.coefficients), dtype=np.bool_)
    least = most = 0.0
    for members, ones in groups.items():
        free[list(members)] = False
        ordered = np.sort(row.coefficients[list(members)])
        least += float(ordered[:ones].sum())
        most += float(ordered[len(ordered) - ones :].sum())
    least += float(np.minimum(row.coefficients[free], 0.0).sum())
    most += float(np.maximum(row.coefficients[free], 0.0).sum())
    lower, upper = row.limits()
    return least >= lower and most <= upper


def encode(
    problem: QuadraticProblem, *, keep: bool, penalty: Penalty | None = "calibrated", num_layers: int = 1
) -> Encoding:
    """The qubits of a problem.

    Args:
        problem: that can be met.
        keep: whether groups with a fixed number of ones are left to the mixer.
        penalty, num_layers: of the other constraints, see `penalised`; with None they do not enter the form.

    Raises:
        InputError: as `penalised` does, or for more than 62 qubits.
    """
    groups, names = kept_groups(problem.constraints) if keep else ({}, frozenset())
    # a group of one, none or all has no choice
    fixed = np.full(problem.num_variables, -1, dtype=np.int8)
    for members, ones in groups.items():
        if ones in (0, len(members)):
            fixed[list(members)] = int(ones > 0)
    ignored = [row.name for row in problem.constraints.rows if penalty is None or row.name in names]
    soft = penalised(problem, penalty or "calibrated", num_layers=num_layers, kept=ignored)
    form = soft.form
    free = np.flatnonzero(fixed < 0)
    if len(free) < len(fixed):
        if not len(free) + soft.num_slack_bits:
            form = BinaryQuadratic(np.zeros((1, 1)))  # nothing is left to choose; see `QaoaSolver`
        else:
            form = form.fixed({int(k): int(fixed[k]) for k in np.flatnonzero(fixed >= 0)})
    if form.num_variables > MOST_QUBITS:
        raise InputError(
            f"states are simulated on at most {MOST_QUBITS} qubits, got {form.num_variables}, of which "
            f"{soft.num_slack_bits} are slack bits; take the solver decomposition, which chooses part after part, "
            "a classical solver, or fewer variables"
        )
    place = {int(variable): qubit for qubit, variable in enumerate(free)}
    return Encoding(
        problem=problem,
        form=form,
        groups=tuple(
            KeptGroup(tuple(place[k] for k in members), ones)
            for members, ones in groups.items()
            if 0 < ones < len(members)
        ),
        variables=free.astype(np.int64),
        fixed=fixed,
        penalties=tuple(soft.strengths),
    )


def _fixed_ones(row: LinearRow) -> int | None:
    """The number of ones that a row fixes among its variables; None where it is no such row."""
    if not np.all((row.coefficients == 0.0) | (row.coefficients == 1.0)):
        return None
    lower, upper = row.limits()
    least, most = max(lower, 0.0), min(upper, _width(row))
    return int(least) if least == most else None


def _width(row: LinearRow) -> float:
    return float(row.coefficients.sum())


def _members(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(mask).tolist())
