"""Angles between the two toolkits: SymPy expressions in Cirq, linear `ParameterExpression`s here."""

from __future__ import annotations

import math
import numbers
from typing import Any

import sympy

from qtoolkit.circuit import Parameter, ParameterExpression, ParameterValue
from qtoolkit.errors import ConversionError

__all__ = ["angle_from_cirq", "angle_to_cirq", "half_turns_from_cirq", "half_turns_to_cirq", "phase_from_cirq"]


def angle_from_cirq(value: Any) -> ParameterValue:
    """An angle in radians: a real number, or a SymPy expression linear in its symbols.

    Raises:
        ConversionError: if the expression is not linear or a number in it is not real.
    """
    if isinstance(value, numbers.Real):
        return float(value)
    expression = _linear(sympy.sympify(value), value)
    return expression if expression.terms else expression.constant


def half_turns_from_cirq(exponent: Any) -> ParameterValue:
    """π times an exponent, in radians."""
    if isinstance(exponent, numbers.Real):
        return math.pi * float(exponent)
    return angle_from_cirq(sympy.pi * exponent)


def phase_from_cirq(coefficient: Any) -> ParameterValue:
    """The angle γ of a phase ``e^{iγ}``: of a number, or of ``exp(I*expression)`` or ``c**expression`` in SymPy.

    Raises:
        ConversionError: if a symbolic phase has another form.
    """
    if not isinstance(coefficient, sympy.Basic):
        number = complex(coefficient)
        return math.atan2(number.imag, number.real)
    if coefficient.is_number:
        return phase_from_cirq(complex(coefficient))
    total: ParameterValue = 0.0
    for factor in sympy.Mul.make_args(coefficient):
        base, exponent = factor.as_base_exp()
        if factor.is_number:
            total = total + phase_from_cirq(complex(factor))
        elif base == sympy.E:
            total = total + angle_from_cirq(sympy.expand(exponent / sympy.I))
        elif base.is_number and math.isclose(abs(complex(base)), 1.0):
            # SymPy's power takes the principal logarithm, as `phase_from_cirq` of the base does.
            total = total + angle_from_cirq(exponent) * float(phase_from_cirq(base))
        else:
            raise ConversionError(f"a symbolic phase must be exp(I*x) with a linear x, got {coefficient}; resolve it")
    return total


def angle_to_cirq(value: ParameterValue) -> Any:
    """An angle in radians as a float or a SymPy expression."""
    if not isinstance(value, ParameterExpression):
        return value
    terms = [_number(factor) * sympy.Symbol(name) for name, factor in value.terms.items()]
    return sympy.Add(*terms, _number(value.constant))


def half_turns_to_cirq(value: ParameterValue) -> Any:
    """An angle over π; symbols are divided by SymPy's exact π, so that conversion there and back is exact."""
    return angle_to_cirq(value) / sympy.pi if isinstance(value, ParameterExpression) else value / math.pi


def _number(value: float) -> Any:
    return sympy.Integer(int(value)) if value.is_integer() else sympy.Float(value)


def _linear(expression: Any, given: Any) -> ParameterExpression:
    if expression.is_number:
        number = complex(expression)
        if number.imag or not math.isfinite(number.real):
            raise ConversionError(f"an angle must be real and finite, got {given}")
        return ParameterExpression({}, number.real)
    if isinstance(expression, sympy.Symbol):
        return Parameter(expression.name)
    if isinstance(expression, sympy.Add):
        total = ParameterExpression({})
        for term in expression.args:
            total = total + _linear(term, given)
        return total
    if isinstance(expression, sympy.Mul):
        factor, rest = expression.as_independent(*expression.free_symbols, as_Add=False)
        if factor != 1:
            return _linear(rest, given) * float(_linear(factor, given))
    expanded = sympy.expand(expression)
    if expanded != expression:
        return _linear(expanded, given)
    raise ConversionError(
        f"angles may be linear in their parameters, got {given}; resolve it to numbers, or name the expression "
        "by a symbol of its own"
    )
