"""`Constraints`: what a choice of bits must obey, how many choices do, and why none does."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import MOST_ITEMS, check_instance, items_of, seeded, shown
from qtoolkit._checks import require_integer
from qtoolkit._memory import reserved
from qtoolkit.algorithms.quadratic._diagram import Diagram, build_diagram
from qtoolkit.errors import InputError
from qtoolkit.operators.binary_program import LinearRow, named_rows
from qtoolkit.operators.quadratic import names_of, read_bits

__all__ = ["ConstraintCheck", "Constraints", "Group"]

_MOST_CHECKS = 400
"""Sets of constraints that are tried in search of a smaller conflict."""

_SECONDS_FOR_CHECK = 10.0
_MOST_DRAWS = 1 << 62


@dataclass(frozen=True)
class Group:
    """Some variables of which only so many may be 1.

    Attributes:
        members: distinct names.
        lower: least number of ones.
        upper: greatest number; all by default.

    Raises:
        InputError: if members repeat, or a number is negative or the upper below the lower.
    """

    members: tuple[str, ...]
    lower: int = 0
    upper: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", names_of(self.members))
        lower = require_integer("the lower limit of a group", self.lower, 0, MOST_ITEMS)
        upper = len(self.members) if self.upper is None else self.upper
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", require_integer("the upper limit of a group", upper, lower, MOST_ITEMS))


@dataclass(frozen=True)
class ConstraintCheck:
    """What a choice does to one constraint.

    Attributes:
        name: of the constraint.
        value: of its row.
        lower, upper: its limits, infinite where it has none.
        satisfied: whether it holds, to rounding.
    """

    name: str
    value: float
    lower: float
    upper: float
    satisfied: bool

    @property
    def slack(self) -> float:
        """Distance of the value from the nearer limit; negative where it lies outside."""
        return min(self.value - self.lower, self.upper - self.value)


class Constraints:
    """Linear rows on bits: a number of ones, groups, and any others.

    Attributes:
        names: of the variables.
        rows: all constraints as rows: ``cardinality``, then the groups, then the others, each with a name of its own.
        weights: the fewest and most ones that the rows on all bits alike allow.
    """

    def __init__(
        self,
        names: Iterable[object],
        *,
        cardinality: int | tuple[int, int] | None = None,
        groups: Mapping[str, Group] | None = None,
        rows: Iterable[LinearRow] = (),
    ) -> None:
        """Gather constraints; none at all by default.

        Args:
            names: of the variables, as `BinaryQuadratic.names`.
            cardinality: number of ones, or the fewest and most.
            groups: by name.
            rows: others, with a coefficient for each variable.

        Raises:
            InputError: if a name is unknown or repeats, or numbers do not fit. Whether all can be met together is for
                `count`, `conflict` and `require_feasible` to say.
        """
        self.names = names_of(names)
        size = len(self.names)
        found: list[LinearRow] = []
        if cardinality is not None:
            is_pair = isinstance(cardinality, tuple) and len(cardinality) == 2
            pair = cardinality if is_pair else (cardinality, cardinality)
            least = require_integer("cardinality", pair[0], 0)  # type: ignore[index]
            found.append(LinearRow(np.ones(size), least, require_integer("cardinality", pair[1], least), "cardinality"))  # type: ignore[index]
        if not isinstance(groups, Mapping | None):
            raise InputError(f"groups are a mapping from names to Group, got {shown(groups)}")
        for name, group in (groups or {}).items():
            check_instance(group, Group, f"the group {shown(name)} must be a Group")
            check_instance(name, str, "the name of a group must be text")
            ones = LinearRow.of(dict.fromkeys(group.members, 1.0), ">=", 0, names=self.names).coefficients
            lower = float(group.lower) if group.lower else -math.inf
            found.append(LinearRow(ones, lower, float(group.upper or 0), name))
        rule = "rows must be a sequence of LinearRow"
        found += [check_instance(row, LinearRow, rule) for row in items_of(rows, rule)]
        self.rows = named_rows(found, size)
        fewest, most = 0.0, float(size)
        for row in self.rows:
            if np.all(row.coefficients == 1.0):
                lower, upper = row.limits()
                fewest, most = max(fewest, lower), min(most, upper)
        self.weights = (int(fewest), int(most)) if fewest <= most else (0, -1)

    @property
    def num_variables(self) -> int:
        """n."""
        return len(self.names)

    @property
    def only_weights(self) -> bool:
        """Whether the number of ones decides alone."""
        return all(bool(np.all(row.coefficients == 1.0)) for row in self.rows)

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that other constraints do not share."""
        parts = [
            repr((self.names, row.lower, row.upper, row.name)).encode() + row.coefficients.tobytes()
            for row in self.rows
        ]
        return hashlib.blake2b(b"".join([repr(self.names).encode(), *parts]), digest_size=8).hexdigest()

    def feasible(self, bits: ArrayLike) -> NDArray[np.bool_]:
        """Whether bits of shape ``(..., n)`` obey all constraints, to shape ``(...)``.

        Raises:
            InputError: if the shape or labels do not fit, or an entry is neither 0 nor 1.
        """
        x = read_bits(bits, self.names)
        result = np.ones(x.shape[:-1], dtype=np.bool_)
        for row in self.rows:
            result &= row.holds(x)
        return result

    def checks(self, bits: ArrayLike) -> tuple[ConstraintCheck, ...]:
        """What one choice, shape ``(n,)``, does to each constraint.

        Raises:
            InputError: as for `feasible`.
        """
        x = read_bits(bits, self.names)
        if x.ndim != 1:
            raise InputError(f"checks are made of one choice, got shape {x.shape}")
        return tuple(
            ConstraintCheck(row.name, float(x @ row.coefficients), row.lower, row.upper, bool(row.holds(x)))
            for row in self.rows
        )

    def violations(self, bits: ArrayLike) -> dict[str, float]:
        """By how much one choice breaks each constraint that it breaks.

        Raises:
            InputError: as for `feasible`.
        """
        return {check.name: -check.slack for check in self.checks(bits) if not check.satisfied}

    def count(self) -> int | None:
        """How many choices obey all constraints; None where they are too many, and too various, to be counted."""
        if self.only_weights:
            return sum(math.comb(self.num_variables, k) for k in range(self.weights[0], self.weights[1] + 1))
        return None if self.diagram is None else self.diagram.count

    def draw(self, number: int, seed: int | np.random.Generator | None = None) -> NDArray[np.int8] | None:
        """Uniformly drawn feasible choices, shape ``(number, n)``; None where they cannot be counted.

        Raises:
            InputError: if no choice is feasible.
            InsufficientMemoryError: if there is no memory for so many.
        """
        number = require_integer("number", number, 0, _MOST_DRAWS)
        _, generator = seeded(seed)
        if self.diagram is None:
            return None
        self.require_feasible()
        with reserved(number * (self.num_variables + 40), f"{number:,} choices", "draw fewer"):
            return self.diagram.draw(number, generator)

    @cached_property
    def diagram(self) -> Diagram | None:
        """The feasible choices in a form that counts and draws them; None where it would be too large."""
        return build_diagram(self.rows, self.num_variables)

    @cached_property
    def _conflict(self) -> tuple[str, ...] | None:
        rows = list(self.rows)
        if self._can_hold(rows):
            return None
        for row in self.rows:  # drop what the rest conflicts without
            rest = [other for other in rows if other is not row]
            if not self._can_hold(rest):
                rows = rest
        smaller = (
            chosen
            for size in range(1, len(rows))
            for chosen in itertools.combinations(self.rows, size)
            if _hangs_together(chosen)
        )
        for chosen in itertools.islice(smaller, _MOST_CHECKS):
            if not self._can_hold(chosen):
                return tuple(row.name for row in chosen)
        return tuple(row.name for row in rows)

    def conflict(self) -> tuple[str, ...] | None:
        """The names of constraints that no choice obeys together, any one less of which can be met; None if all can.

        It is the smallest such set unless there are hundreds of smaller ones to try. What cannot be decided exactly
        within seconds counts as possible.
        """
        return self._conflict

    def can_be_met(self) -> bool:
        """Whether some choice obeys all constraints; what cannot be decided within seconds counts as possible."""
        return self._can_hold(self.rows)

    def require_feasible(self) -> None:
        """Do nothing where some choice obeys all constraints.

        Raises:
            InputError: naming the smallest set that conflicts.
        """
        names = self.conflict()
        if names is not None:
            raise InputError(self.explanation(names))

    def explanation(self, conflict: Sequence[str]) -> str:
        """What to say of constraints that conflict, given by name, any one less of which can be met.

        Raises:
            InputError: if they are no names of constraints.
        """
        known = [row.name for row in self.rows]
        rule = "a conflict is a sequence of names of constraints"
        conflict = items_of(conflict, rule)
        for name in conflict:
            if not isinstance(name, str) or name not in known:
                raise InputError(f"{rule}, got {shown(name)}")
        listed = ", ".join(str(row) for row in self.rows if row.name in conflict)
        if len(conflict) == 1:
            return f"no choice of {self.num_variables} bits satisfies {listed}; relax it"
        least = "either can be met alone" if len(conflict) == 2 else f"any {len(conflict) - 1} of them can be met"
        return f"no choice satisfies all of: {listed}; {least}; relax one"

    def _can_hold(self, rows: Sequence[LinearRow]) -> bool:
        """Whether some choice obeys some of the rows."""
        diagram = build_diagram(rows, self.num_variables, 1 << 18)
        return _found_by_search(rows) if diagram is None else diagram.count > 0

    def __repr__(self) -> str:
        listed = ", ".join(str(row) for row in self.rows[:4])
        return f"Constraints({self.num_variables} variables: {listed or 'none'}{', …' if len(self.rows) > 4 else ''})"


def _hangs_together(rows: Sequence[LinearRow]) -> bool:
    """Whether no part of the rows is without a variable in common with the rest; such parts conflict alone or not."""
    supports = [row.coefficients != 0.0 for row in rows]
    reached, rest = supports[0], supports[1:]
    while rest:
        joined = [support for support in rest if np.any(support & reached)]
        if not joined:
            return False
        rest = [support for support in rest if not np.any(support & reached)]
        reached = np.logical_or.reduce([reached, *joined])
    return True


def _found_by_search(rows: Sequence[LinearRow]) -> bool:
    """Whether branch and bound finds a choice, or ends without knowing."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    matrix = np.array([row.coefficients for row in rows])
    lower, upper = np.array([row.limits() for row in rows]).T
    size = matrix.shape[1]
    answer = milp(
        np.zeros(size),
        integrality=np.ones(size, dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, lower, upper),
        options={"time_limit": _SECONDS_FOR_CHECK},
    )
    infeasible = 2
    return bool(answer.status != infeasible)
