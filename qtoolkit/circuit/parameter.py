"""Symbolic circuit parameters and the linear expressions that gates accept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, overload

import numpy as np

from qtoolkit._arguments import MOST_ITEMS, check_instance, check_integer, items_of, shown
from qtoolkit._labels import aligned, labels_of
from qtoolkit.errors import ParameterError, UnboundParameterError

__all__ = [
    "Parameter",
    "ParameterExpression",
    "ParameterVector",
    "ParameterValue",
    "ParameterValues",
    "bind_value",
    "check_angle",
    "check_real",
    "declared_names",
    "listed",
    "names_of",
    "resolve_values",
]


class ParameterExpression:
    """A linear expression ``constant + Σ coefficient · parameter``.

    Expressions are immutable; arithmetic with numbers and other expressions
    returns a new one. Parameters are the same when their names are.

    Args:
        terms: coefficient of each parameter, by name; those that are zero are left out.
        constant: the part that no parameter multiplies.

    Raises:
        ParameterError: if a number is not real and finite.
    """

    __slots__ = ("_constant", "_terms")

    def __init__(self, terms: Mapping[str, float], constant: float = 0.0) -> None:
        check_instance(terms, Mapping, "the terms of an expression are a mapping from names to numbers", ParameterError)
        for name in terms:
            check_instance(name, str, "a parameter's name must be a string", ParameterError)
        self._terms = {name: number for name, c in terms.items() if (number := check_real(c, "a coefficient")) != 0.0}
        self._constant = check_real(constant, "a constant")

    @property
    def terms(self) -> Mapping[str, float]:
        """Coefficient of each parameter, by name."""
        return self._terms

    @property
    def constant(self) -> float:
        """The part that no parameter multiplies."""
        return self._constant

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the expression, in order of appearance."""
        return tuple(Parameter(name) for name in self._terms)

    def bind(self, values: Mapping[str, float]) -> ParameterExpression | float:
        """Replace the parameters named in `values`; a float once none is left."""
        check_instance(values, Mapping, "values are bound by a mapping from names to numbers", ParameterError)
        constant = self._constant
        free: dict[str, float] = {}
        for name, coefficient in self._terms.items():
            if name in values:
                constant += coefficient * check_real(values[name], f"parameter {name}")
            else:
                free[name] = coefficient
        return ParameterExpression(free, constant) if free else constant

    def __add__(self, other: ParameterExpression | float) -> ParameterExpression:
        if isinstance(other, ParameterExpression):
            terms = dict(self._terms)
            for name, coefficient in other._terms.items():
                terms[name] = terms.get(name, 0.0) + coefficient
            return ParameterExpression(terms, self._constant + other._constant)
        return ParameterExpression(self._terms, self._constant + check_real(other, "a summand"))

    __radd__ = __add__

    def __mul__(self, factor: float | ParameterExpression) -> ParameterExpression:
        if isinstance(factor, ParameterExpression):
            raise ParameterError(
                f"parameter expressions are linear, got the product ({self}) * ({factor}); bind one first"
            )
        scale = check_real(factor, "a factor")
        return ParameterExpression({n: c * scale for n, c in self._terms.items()}, self._constant * scale)

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> ParameterExpression:
        return self * (1.0 / check_real(divisor, "a divisor"))

    def __neg__(self) -> ParameterExpression:
        return self * -1.0

    def __pos__(self) -> ParameterExpression:
        return self

    def __sub__(self, other: ParameterExpression | float) -> ParameterExpression:
        return self + (-other)

    def __rsub__(self, other: float) -> ParameterExpression:
        return (-self) + other

    def __float__(self) -> float:
        if self._terms:
            raise UnboundParameterError(f"expression {self} has free parameters; bind {', '.join(self._terms)} first")
        return self._constant

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ParameterExpression):
            return self._terms == other._terms and self._constant == other._constant
        if isinstance(other, int | float):
            return not self._terms and self._constant == float(other)
        return NotImplemented

    def __hash__(self) -> int:
        terms, constant = self._terms, self._constant
        if not terms:
            return hash(constant)
        if len(terms) == 1 and not constant:
            ((name, coefficient),) = terms.items()
            if coefficient == 1.0:
                return hash(name)  # as of the parameter, which it equals
        return hash((frozenset(terms.items()), constant))

    def __str__(self) -> str:
        parts: list[str] = []
        for name, c in self._terms.items():
            magnitude = name if abs(c) == 1.0 else f"{abs(c):.6g}*{name}"
            sign = "-" if c < 0 else "+"
            parts.append(magnitude if not parts and c > 0 else f"-{magnitude}" if not parts else f" {sign} {magnitude}")
        if self._constant or not parts:
            sign = "-" if self._constant < 0 else "+"
            constant = f"{abs(self._constant):.6g}"
            parts.append(f" {sign} {constant}" if parts else f"{self._constant:.6g}")
        return "".join(parts)

    def __repr__(self) -> str:
        return f"ParameterExpression({self})"


class Parameter(ParameterExpression):
    """A named angle to be given later.

    Args:
        name: shown in drawings and used as the key when binding; equal names mean the same parameter.
    """

    __slots__ = ("name",)

    _constant = 0.0

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name:
            raise ParameterError(f"a parameter's name must be a non-empty string, got {shown(name)}")
        self.name = name

    @property
    def _terms(self) -> dict[str, float]:  # type: ignore[override]
        """Made when somebody asks: to make them takes as long as all the rest, and most parameters are never asked."""
        return {self.name: 1.0}

    def __eq__(self, other: object) -> bool:
        return self.name == other.name if type(other) is Parameter else super().__eq__(other)

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> tuple[type[Parameter], tuple[str]]:
        return (Parameter, (self.name,))

    def __repr__(self) -> str:
        return f"Parameter({self.name!r})"


_PLACES = tuple([f"[{place}]" for place in range(1 << 8)])
"""Ends of the names in a vector, few of which have more; to write numbers takes as long as all else."""


class ParameterVector(Sequence[Parameter]):
    """Parameters ``name[0] … name[length - 1]``.

    Raises:
        ParameterError: if the length is no integer from 0 to 1,048,576, or the name is no string.
    """

    def __init__(self, name: str, length: int) -> None:
        count = check_integer(length, "a parameter vector's length", 0, MOST_ITEMS, ParameterError)
        self.name = check_instance(name, str, "a parameter vector's name must be a string", ParameterError)
        items, new = [], Parameter.__new__
        for place in _PLACES[:count] if count <= len(_PLACES) else map("[{}]".format, range(count)):
            parameter = new(Parameter)  # nothing is left to check
            parameter.name = name + place
            items.append(parameter)
        self._items = tuple(items)

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> Parameter: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Parameter, ...]: ...

    def __getitem__(self, index: int | slice) -> Parameter | tuple[Parameter, ...]:
        return self._items[index]

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"ParameterVector({self.name!r}, {len(self)})"


ParameterValue: TypeAlias = ParameterExpression | float
"""What a gate takes for an angle: a number (radians) or a linear expression."""

ParameterValues: TypeAlias = Mapping[Parameter, float] | Mapping[str, float] | Iterable[float]
"""Values by parameter or by name, or a sequence in the order of ``circuit.parameters``."""


def check_angle(value: ParameterValue, name: str) -> ParameterValue:
    """Return `value` as a float or expression.

    Raises:
        ParameterError: if it is not a real finite number.
    """
    if isinstance(value, ParameterExpression):
        return value if value.terms else value.constant
    return check_real(value, name, "a real number or a parameter expression")


def check_real(value: Any, name: str, kind: str = "a real number") -> float:
    """Return `value` as a float.

    Raises:
        ParameterError: if it is no number, complex or not finite.
    """
    if type(value) is float:
        number = value
    else:
        if isinstance(value, str | bytes | bytearray | np.complexfloating) or (
            isinstance(value, np.ndarray) and (value.size != 1 or value.dtype.kind == "c")
        ):
            raise ParameterError(f"{name} must be {kind}, got {shown(value)}")
        try:
            number = float(value)
        except UnboundParameterError:
            raise
        except (TypeError, ValueError, ArithmeticError) as error:
            raise ParameterError(f"{name} must be {kind}, got {shown(value)}") from error
    if not math.isfinite(number):
        raise ParameterError(f"{name} must be finite, got {number}")
    return number


def bind_value(value: ParameterValue, values: Mapping[str, float]) -> ParameterValue:
    """Bind one gate angle."""
    return value.bind(values) if isinstance(value, ParameterExpression) else value


def declared_names(known: tuple[str, ...], added: Iterable[Parameter | str]) -> tuple[str, ...]:
    """The names declared so far and those of more parameters.

    Raises:
        ParameterError: if one is neither a parameter nor a name, or comes twice.
    """
    rule = "parameters are declared by a list of them or of their names"
    if isinstance(added, ParameterExpression):
        raise ParameterError(f"{rule}, got {shown(added)}")
    names = dict.fromkeys(known)
    for item in items_of(added, rule, ParameterError):
        name = item.name if isinstance(item, Parameter) else Parameter(item).name
        if name in names:
            raise ParameterError(f"each parameter is declared once, got {name!r} twice")
        names[name] = None
    return tuple(names)


def names_of(angles: Sequence[ParameterValue]) -> list[str] | None:
    """The names of angles that are parameters and no more; None if there are others."""
    names = [angle.name for angle in angles if type(angle) is Parameter]
    return names if len(names) == len(angles) else None


def listed(parameters: Sequence[Parameter]) -> str:
    """The names of the first eight, for messages."""
    return ", ".join(p.name for p in parameters[:8]) + (", ..." if len(parameters) > 8 else "")


def resolve_values(parameters: Sequence[Parameter], values: ParameterValues) -> dict[str, float]:
    """Map parameter names to floats.

    Args:
        parameters: the circuit's parameters, in order.
        values: a mapping by parameter or name (which may leave parameters free), a pandas Series with names for
            labels likewise, or one value per parameter in order.

    Raises:
        ParameterError: for a name the circuit does not have, a wrong count, a set, which has no order, or a value that
            is not finite.
    """
    names = [p.name for p in parameters]
    if not isinstance(values, Mapping):
        values = _by_name(values)
    if isinstance(values, Mapping):
        resolved = {key.name if isinstance(key, Parameter) else key: value for key, value in values.items()}
        known = set(names)
        unknown = [key if isinstance(key, str) else shown(key) for key in resolved if key not in known]
        if unknown:
            raise ParameterError(
                f"the circuit's parameters are {', '.join(names) or 'none'}; got a value for {', '.join(unknown)}"
            )
    else:
        listed = items_of(values, "parameter values are a mapping or a sequence", ParameterError)
        if len(listed) != len(names):
            raise ParameterError(
                f"the circuit has {len(names)} parameters, got {len(listed)} values; give one for each"
            )
        resolved = dict(zip(names, listed, strict=True))
    bound: dict[str, float] = {}
    for name, value in resolved.items():
        number = check_angle(value, f"parameter {name}")
        if isinstance(number, ParameterExpression):
            raise ParameterError(f"parameter {name} must be bound to a number, got the expression {number}")
        bound[name] = number
    return bound


def _by_name(values: Any) -> Any:
    """A Series as a mapping from its labels, or in the order of its row numbers; anything else as it is."""
    if isinstance(values, set | frozenset):
        raise ParameterError(f"parameter values need names or an order, got a set: {shown(values)}")
    if getattr(values, "ndim", 0) != 1:
        return values
    labels = labels_of(values)
    if labels is not None:
        return dict(zip(labels, values.tolist(), strict=True))
    return aligned("parameter values", values, [str(k) for k in range(len(values))])
