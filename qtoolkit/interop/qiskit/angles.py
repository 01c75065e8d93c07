"""Angles: Qiskit's parameter expressions to and from this toolkit's linear ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import qiskit.circuit as qc

from qtoolkit.circuit import Parameter, ParameterExpression, ParameterValue
from qtoolkit.errors import ConversionError

__all__ = ["AngleReader", "AngleWriter", "FreshAngles", "read_linear"]

AngleReader = Callable[[Any], ParameterValue]
"""Converts one of Qiskit's angles, or raises `ConversionError`."""

_VECTOR_ELEMENT = re.compile(r"(?P<vector>.+)\[(?P<index>0|[1-9]\d*)\]")
_MAX_VECTOR_LENGTH = 1 << 16


def read_linear(value: Any) -> ParameterValue:
    """Convert a number or a linear expression of Qiskit's parameters.

    Raises:
        ConversionError: if the expression is not linear with real coefficients.
    """
    if isinstance(value, qc.Parameter):
        return Parameter(value.name)
    if not isinstance(value, qc.ParameterExpression):
        return _real(value, value)
    parameters = _by_name(value.parameters)
    try:
        slopes = {parameter.name: value.gradient(parameter) for parameter in parameters}
        constant = value.bind(dict.fromkeys(parameters, 0.0)) if parameters else value
    except Exception as error:  # Qiskit raises its own errors and those of its symbolic engine
        raise _not_linear(value) from error
    if any(isinstance(slope, qc.ParameterExpression) and slope.parameters for slope in slopes.values()):
        raise _not_linear(value)
    return _collapsed(
        ParameterExpression({name: _real(slope, value) for name, slope in slopes.items()}, _real(constant, value))
    )


def _by_name(parameters: Iterable[Any]) -> list[Any]:
    """Qiskit keeps them in a set; a fixed order makes conversions reproducible."""
    return sorted(parameters, key=lambda parameter: parameter.name)


def _collapsed(expression: ParameterExpression) -> ParameterValue:
    return expression if expression.terms else expression.constant


def _real(value: Any, whole: Any) -> float:
    number = complex(value)
    if number.imag != 0.0:
        raise ConversionError(f"an angle must be real, got {whole}")
    return number.real


def _not_linear(expression: Any) -> ConversionError:
    return ConversionError(
        f"angles are linear in the parameters, got {expression}; bind it first or make it a parameter"
    )


class FreshAngles:
    """Reads angles, giving each non-linear expression a fresh parameter whose value is computed at run time.

    So a circuit with any expressions still converts and compiles once for all parameter values.
    """

    def __init__(self) -> None:
        self._fresh: dict[Any, Parameter] = {}

    def __call__(self, value: Any) -> ParameterValue:
        """Convert a number or any expression of Qiskit's parameters."""
        try:
            return read_linear(value)
        except ConversionError:
            if not isinstance(value, qc.ParameterExpression):
                raise
        return self._fresh.setdefault(value, Parameter(f"({value})#{len(self._fresh)}"))

    def values(self, names: Sequence[str], given: Mapping[Any, float]) -> list[float]:
        """Values of the converted circuit's parameters.

        Args:
            names: of the converted circuit's parameters.
            given: a value for each of Qiskit's parameters.

        Raises:
            ConversionError: if an expression is not real at these values.
        """
        known = {parameter.name: float(value) for parameter, value in given.items()}
        for expression, fresh in self._fresh.items():
            bound = expression.bind({parameter: given[parameter] for parameter in expression.parameters})
            known[fresh.name] = _real(bound, expression)
        return [known[name] for name in names]


class AngleWriter:
    """Writes angles with one Qiskit parameter for each name; ``v[0], v[1], …`` become one `ParameterVector`."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self._parameters: dict[str, Any] = {}
        vectors: dict[str, dict[str, int]] = {}
        for parameter in parameters:
            match = _VECTOR_ELEMENT.fullmatch(parameter.name)
            if match and int(match["index"]) < _MAX_VECTOR_LENGTH:
                vectors.setdefault(match["vector"], {})[parameter.name] = int(match["index"])
            else:
                self._parameters[parameter.name] = qc.Parameter(parameter.name)
        for vector_name, members in vectors.items():
            vector = qc.ParameterVector(vector_name, max(members.values()) + 1)
            self._parameters.update({name: vector[index] for name, index in members.items()})

    def __call__(self, value: ParameterValue) -> Any:
        """Convert a number or a linear expression."""
        if not isinstance(value, ParameterExpression):
            return value
        total: Any = None
        for name, coefficient in value.terms.items():
            term = self._parameters[name] if coefficient == 1.0 else coefficient * self._parameters[name]
            total = term if total is None else total + term
        return total + value.constant if value.constant else total
