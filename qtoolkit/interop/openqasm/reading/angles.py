"""Angles as they stand in a text, most of them numbers and products with pi."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from qtoolkit.interop.openqasm.reading.budget import Budget
from qtoolkit.interop.openqasm.reading.expressions import Evaluator, Value, parse_expression
from qtoolkit.interop.openqasm.reading.tokens import Tokens

__all__ = ["Angles"]

_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_FACTOR = rf"\s*(-?)\s*(pi|{_NUMBER})\s*"
_PRODUCT = re.compile(rf"{_FACTOR}([*/]){_FACTOR}(?:([*/])\s*(pi|{_NUMBER})\s*)?")
_MOST_KEPT = 1 << 16
_LONGEST_KEPT = 200

_Factor: TypeAlias = tuple[str, str]
"""A sign and a number or pi."""


class Angles(dict[str, float]):
    """The finite number that an angle is, by its text as it stands.

    Args:
        version: 2 or 3.
        names: the global ones.
    """

    def __init__(self, version: int, names: Mapping[str, Any]) -> None:
        super().__init__()
        self._version = version
        self._names = names
        self._symbols: dict[str, Value] = {}

    def numbers(self, given: str) -> list[float]:
        """The values of angles that commas part.

        Raises:
            KeyError, QToolkitError: if they are not all numbers.
        """
        texts = given.split(",")
        if "pi" not in given and _are_floats(given):
            try:
                numbers = list(map(float, texts))
            except ValueError:
                pass
            else:
                if math.isfinite(sum(numbers)):
                    return numbers
                raise KeyError(given)
        return list(map(self.__getitem__, texts))

    def __missing__(self, text: str) -> float:
        if text[-1:].isdecimal() and _are_floats(text):
            try:
                number = float(text)
            except ValueError:
                pass  # 2*pi/3 ends in a digit as well
            else:
                if math.isfinite(number):
                    return number
                raise KeyError(text)
        if text in self._symbols:
            raise KeyError(text)
        product = self._product(text)
        value = self._value(text) if product is None else product
        if not isinstance(value, int | float):
            if len(self._symbols) < _MOST_KEPT and len(text) < _LONGEST_KEPT:
                self._symbols[text] = value
            raise KeyError(text)
        if not math.isfinite(value):
            raise KeyError(text)
        number = float(value)
        if len(self) < _MOST_KEPT and len(text) < _LONGEST_KEPT:
            self[text] = number
        return number

    def read(self, given: str | None) -> tuple[Value, ...]:
        """The values of angles, which may have free parameters.

        Raises:
            KeyError: if something there is no angle alone, or divides integers with a remainder.
            QToolkitError: if something there is no angle.
        """
        if not given:
            return ()
        try:
            return tuple(self.numbers(given))
        except KeyError:
            return tuple([self._any_value(text) for text in given.split(",")])

    def _any_value(self, text: str) -> Value:
        symbol = self._symbols.get(text)
        if symbol is not None:
            return symbol
        try:
            return self[text]
        except KeyError:
            return self._symbols[text]

    def clear(self) -> None:
        """Forget all."""
        super().clear()
        self._symbols.clear()

    def _value(self, text: str) -> Value:
        if "//" in text or "/*" in text:
            raise KeyError(text)  # a comma in the comment would not part angles
        tokens = Tokens(text)
        code = parse_expression(tokens, self._version)
        if tokens.peek():
            raise KeyError(text)
        evaluator = Evaluator(self._version, Budget(len(text)))
        value = evaluator.value(code, self._names)
        if evaluator.truncated:
            raise KeyError(text)
        return value

    def _product(self, text: str) -> float | None:
        """The value of two or three factors; None for what else there is."""
        match = _PRODUCT.fullmatch(text)
        if match is None or "pi" in self._names:
            return None
        sign, first, symbol, second_sign, second, next_symbol, third = match.groups()
        if self._version == 3 and first.isdecimal() and second.isdecimal():
            return None  # integers are divided without remainder
        try:
            result = _product(symbol, (sign, first), (second_sign, second))
            return result if third is None else _applied(next_symbol, result, _number(("", third)))
        except ZeroDivisionError:
            return None


def _number(factor: _Factor) -> float:
    sign, text = factor
    number = math.pi if text == "pi" else float(text)
    return -number if sign else number


def _product(symbol: str, left: _Factor, right: _Factor) -> float:
    return _applied(symbol, _number(left), _number(right))


def _applied(symbol: str, left: float, right: float) -> float:
    return left * right if symbol == "*" else left / right


def _are_floats(text: str) -> bool:
    """Whether what Python reads as floats there is the same number here: other digits and underscores are not."""
    return "_" not in text and text.isascii()
