"""`BinaryProgram`: a quadratic function of bits and the linear rows that bound its variables, as formats hold them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_flag, check_instance, check_number, items_of, shown
from qtoolkit._checks import require_array, require_number
from qtoolkit._labels import aligned
from qtoolkit.errors import InputError
from qtoolkit.operators.quadratic import BinaryQuadratic, names_of, read_bits

__all__ = ["BinaryProgram", "LinearRow", "named_rows"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class LinearRow:
    """The constraint ``lower ≤ aᵀx ≤ upper``; an equation where both limits are the same.

    Attributes:
        coefficients: a, shape ``(n,)``.
        lower: least value; minus infinity for none.
        upper: greatest value; infinity for none.
        name: for messages and reports.

    Raises:
        InputError: if a coefficient is not finite, a limit is no number, or both are infinite.
    """

    coefficients: FloatArray
    lower: float = -math.inf
    upper: float = math.inf
    name: str = ""

    def __post_init__(self) -> None:
        vector = require_array("coefficients", self.coefficients, (None,))
        for limit in ("lower", "upper"):
            kind = "a real number or infinite"
            number = check_number(getattr(self, limit), limit, kind=kind, accept=lambda x: not math.isnan(x))
            object.__setattr__(self, limit, number)
        if self.lower == math.inf or self.upper == -math.inf or (math.isinf(self.lower) and math.isinf(self.upper)):
            raise InputError(f"a row needs a finite limit, got {self.lower} and {self.upper}")
        check_instance(self.name, str, "a row's name must be text")
        object.__setattr__(self, "coefficients", vector)

    @classmethod
    def of(
        cls,
        coefficients: Mapping[str, float] | ArrayLike,
        sense: str,
        limit: float,
        *,
        names: Sequence[str],
        name: str = "",
    ) -> LinearRow:
        """The row ``aᵀx <= limit``, ``>=`` or ``==``.

        Args:
            coefficients: a by name (0 where a name is left out), as a Series, or in the order of the names.
            sense: ``"<="``, ``">="``, ``"=="`` or ``"="``.
            limit: number.
            names: of the variables.
            name: of the row.

        Raises:
            InputError: for another sense, or names and numbers that do not fit.
        """
        if not isinstance(sense, str) or sense not in ("<=", ">=", "==", "="):
            raise InputError(f'a sense is "<=", ">=" or "==", got {shown(sense)}')
        variables = names_of(names)
        if isinstance(coefficients, Mapping):
            place = {variable: k for k, variable in enumerate(variables)}
            unknown = [variable for variable in coefficients if variable not in place]
            if unknown:
                raise InputError(f"the coefficients must belong to variables, got {shown(unknown[0])}, which is none")
            vector = np.zeros(len(variables))
            for variable, value in coefficients.items():
                vector[place[variable]] = require_number(f"the coefficient of {variable}", value)
        else:
            vector = require_array("coefficients", aligned("coefficients", coefficients, variables), (len(variables),))
        number = require_number("limit", limit)
        return cls(vector, -math.inf if sense == "<=" else number, math.inf if sense == ">=" else number, name)

    @property
    def is_integral(self) -> bool:
        """Whether all coefficients are integers, so that every value is one."""
        return bool(np.all(self.coefficients == np.round(self.coefficients)))

    def limits(self) -> tuple[float, float]:
        """The limits to compare a computed value with.

        With integer coefficients they are the integers within, and exact. Else they are wider by 1e-9 of the largest
        value that the row could have, which rounding may add.
        """
        if self.is_integral:
            lower = self.lower if math.isinf(self.lower) else float(math.ceil(self.lower))
            return lower, self.upper if math.isinf(self.upper) else float(math.floor(self.upper))
        room = 1e-9 * float(np.abs(self.coefficients).sum())
        return self.lower - room, self.upper + room

    def holds(self, bits: ArrayLike) -> NDArray[np.bool_]:
        """Whether bits of shape ``(..., n)`` obey it, to shape ``(...)``.

        Raises:
            InputError: if they are not real numbers, or not n in the last axis.
        """
        x = require_array("bits", bits)
        if x.shape[-1:] != self.coefficients.shape:
            raise InputError(f"bits have one entry for each of {len(self.coefficients)} variables, got shape {x.shape}")
        value = x @ self.coefficients
        lower, upper = self.limits()
        return np.asarray((value >= lower) & (value <= upper))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LinearRow):
            return NotImplemented
        same = (self.lower, self.upper, self.name) == (other.lower, other.upper, other.name)
        return same and np.array_equal(self.coefficients, other.coefficients)

    def __hash__(self) -> int:
        return hash((self.coefficients.tobytes(), self.lower, self.upper, self.name))

    def __repr__(self) -> str:
        return f"LinearRow({np.count_nonzero(self.coefficients)} of {len(self.coefficients)} variables: {self})"

    def __str__(self) -> str:
        if self.lower == self.upper:
            return f"{self.name} = {self.upper:g}"
        if math.isinf(self.lower):
            return f"{self.name} <= {self.upper:g}"
        return (
            f"{self.name} >= {self.lower:g}"
            if math.isinf(self.upper)
            else (f"{self.lower:g} <= {self.name} <= {self.upper:g}")
        )


@dataclass(frozen=True, repr=False)
class BinaryProgram:
    """Minimise a quadratic function of bits under linear rows.

    Attributes:
        objective: to be minimised.
        rows: constraints on the variables of the objective, in its order.
        maximise: whether the format it came from maximises; the objective is then minus the one stated there.

    Raises:
        InputError: if a row has another number of coefficients than there are variables, or names repeat.
    """

    objective: BinaryQuadratic
    rows: tuple[LinearRow, ...] = ()
    maximise: bool = False

    def __post_init__(self) -> None:
        check_instance(self.objective, BinaryQuadratic, "the objective must be a BinaryQuadratic")
        rule = "rows must be a sequence of LinearRow"
        rows = tuple(check_instance(row, LinearRow, rule) for row in items_of(self.rows, rule))
        object.__setattr__(self, "rows", named_rows(rows, self.objective.num_variables))
        object.__setattr__(self, "maximise", check_flag(self.maximise, "maximise"))

    def feasible(self, bits: ArrayLike) -> NDArray[np.bool_]:
        """Whether bits of shape ``(..., n)`` obey all rows, to shape ``(...)``.

        Raises:
            InputError: as for `BinaryQuadratic.values`.
        """
        x = read_bits(bits, self.objective.names)
        result = np.ones(x.shape[:-1], dtype=np.bool_)
        for row in self.rows:
            result &= row.holds(x)
        return result

    def __repr__(self) -> str:
        sense = "maximise" if self.maximise else "minimise"
        return f"BinaryProgram({sense} {self.objective.num_variables} variables, {len(self.rows)} rows)"


def named_rows(rows: Iterable[LinearRow], num_variables: int) -> tuple[LinearRow, ...]:
    """Rows of one length, each with a name of its own; those without one become ``row 0``, ….

    Raises:
        InputError: if a length differs or a name repeats.
    """
    found: list[LinearRow] = []
    for place, row in enumerate(rows):
        if len(row.coefficients) != num_variables:
            raise InputError(
                f"a row has a coefficient for each of {num_variables} variables, got {len(row.coefficients)} in "
                f"{row.name or f'row {place}'}"
            )
        named = row if row.name else LinearRow(row.coefficients, row.lower, row.upper, f"row {place}")
        found.append(named)
    names = [row.name for row in found]
    if len(set(names)) != len(names):
        repeated = next(name for k, name in enumerate(names) if name in names[:k])
        raise InputError(f"constraints must have distinct names, got {repeated} twice")
    return tuple(found)
