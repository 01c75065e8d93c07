"""Plain statements as rows of a tape: standard gates at numbers, measurements and resets of single qubits."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Set
from typing import Any, NamedTuple, TypeAlias

from qtoolkit.circuit.tape import MEASURE, RESET, WIDTH, pack_row
from qtoolkit.errors import QToolkitError
from qtoolkit.interop.openqasm.reading.bits import Bits
from qtoolkit.interop.openqasm.reading.budget import Budget
from qtoolkit.interop.openqasm.reading.expressions import Evaluator, Value, parse_expression
from qtoolkit.interop.openqasm.reading.gates import KnownGate, Target
from qtoolkit.interop.openqasm.reading.tokens import Tokens

__all__ = ["Angles", "PlainStatements", "behind_comments", "call_parts"]

_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_FACTOR = rf"\s*(-?)\s*(pi|{_NUMBER})\s*"
_PRODUCT = re.compile(rf"{_FACTOR}([*/]){_FACTOR}(?:([*/])\s*(pi|{_NUMBER})\s*)?")
_BIT = re.compile(r"(\w++)\[([0-9]{1,9})\]")
_COMMENTS = re.compile(r"(?:\s*+//[^\n]*+\n)++")
_MOST_KEPT = 1 << 16
_LONGEST_KEPT = 200
_MOST_AT_ONCE = 1 << 10
"""Bits of a register that are looked up before somebody asks."""


def _are_floats(text: str) -> bool:
    """Whether what Python reads as floats there is the same number here: other digits and underscores are not."""
    return "_" not in text and text.isascii()


_Factor: TypeAlias = tuple[str, str]
"""A sign and a number or pi."""


def behind_comments(statement: str) -> str:
    """A statement without the comments in front of it that end with a line."""
    match = _COMMENTS.match(statement)
    return statement[match.end() :] if match else statement


def call_parts(statement: str) -> tuple[str, str | None, str]:
    """Name, angles and operands of a statement, if it is a call and has no comments and no strings.

    Raises:
        ValueError: if there are no operands.
    """
    head, bracket, rest = statement.partition("(")
    if not bracket:
        name, operands = statement.split(None, 1)
        return name, None, operands
    given, _, operands = rest.rpartition(")")
    return head.strip(), given, operands


class Places(dict[str, int]):
    """The qubit or classical bit that ``q[3]`` is, or a name alone, by its text as it stands.

    Args:
        names: the global ones.
        quantum: whether they are qubits.
    """

    def __init__(self, names: Mapping[str, Any], *, quantum: bool) -> None:
        super().__init__()
        self._names = names
        self._quantum = quantum

    def __missing__(self, text: str) -> int:
        stripped = text.strip()
        if stripped != text:
            return self[stripped]
        match = _BIT.fullmatch(text)
        name, place = (match[1], int(match[2])) if match else (text, 0)
        bits = self._names.get(name)
        if not isinstance(bits, Bits) or bits.quantum != self._quantum or bits.single == (match is not None):
            raise KeyError(text)
        if place >= len(bits.indices):
            raise KeyError(text)
        if match and f"{name}[0]" not in self:
            self.update({f"{name}[{k}]": bits.indices[k] for k in range(min(len(bits.indices), _MOST_AT_ONCE))})
        if len(self) < _MOST_KEPT:
            self[text] = bits.indices[place]
        return bits.indices[place]


class Operands(dict[str, tuple[int, ...]]):
    """The different qubits that ``q[3], r[0]`` are, by this text.

    Args:
        places: the qubits.
    """

    def __init__(self, places: Places) -> None:
        super().__init__()
        self._places = places

    def __missing__(self, text: str) -> tuple[int, ...]:
        places = self._places
        qubits = tuple([places[operand] for operand in text.split(",")])
        if len(qubits) > 1 and len(set(qubits)) < len(qubits):
            raise KeyError(text)
        if len(self) < _MOST_KEPT and len(text) < _LONGEST_KEPT:
            self[text] = qubits
        return qubits


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

    def values(self, given: str | None) -> tuple[Value, ...]:
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


class _Call(NamedTuple):
    """A standard gate to be called.

    Attributes:
        num_qubits: number of its qubits.
        num_angles: number of angles in the text.
        number: of the gate.
        before: angles in front of those.
        idle: what fills the row.
    """

    num_qubits: int
    num_angles: int
    number: int
    before: tuple[float, ...]
    idle: tuple[float, ...]


class _Calls(dict[str, _Call | None]):
    """The standard gates by the names that calls of them have, and None by those of others."""

    def __init__(self, gates: Mapping[str, Target], reserved: Set[str]) -> None:
        super().__init__()
        self._gates = gates
        self._reserved = reserved

    def __missing__(self, name: str) -> _Call | None:
        target = self._gates[name]
        if name in self._reserved or not isinstance(target, KnownGate) or target.number < 0:
            self[name] = None
            return None
        used = 1 + target.num_qubits + len(target.before) + target.num_params
        idle = (0.0,) * (WIDTH - used)
        call = self[name] = _Call(target.num_qubits, target.num_params, target.number, target.before, idle)
        return call


class PlainStatements:
    """Turns statements into rows.

    Args:
        version: 2 or 3.
        names: the global ones.
        gates: what can be called.
        reserved: words that start no call.

    Attributes:
        places: the qubits.
        operands: several of them.
        angles: the angles.
    """

    def __init__(self, version: int, names: Mapping[str, Any], gates: Mapping[str, Target], reserved: Set[str]) -> None:
        self.places = Places(names, quantum=True)
        self.operands = Operands(self.places)
        self.angles = Angles(version, names)
        self._clbits = Places(names, quantum=False)
        self._calls = _Calls(gates, reserved)
        self._assigns = version == 3

    def forget(self) -> None:
        """Read angles and names of gates anew, since one of them means something else from here on."""
        self.angles.clear()
        self._calls.clear()

    def row(self, statement: str) -> bytes | None:
        """The row of a statement without the semicolon at its end; None if it is not plain, or wrong."""
        try:
            name, given, operands = call_parts(statement)
            if name == "measure" or "=" in statement:
                return self._measurement(statement)
            if name == "reset" and given is None:
                return pack_row(RESET, self.places[operands.strip()], 0.0, 0.0, 0.0)
            call = self._calls[name]
            if call is None:
                return None
            num_qubits, num_angles, number, before, idle = call
            qubits = self.operands[operands.strip()]
            values = self.angles.numbers(given) if given else ()
            if len(qubits) != num_qubits or len(values) != num_angles:
                return None
            return pack_row(number, *qubits, *before, *values, *idle)
        except (KeyError, ValueError, QToolkitError):
            return None

    def _measurement(self, statement: str) -> bytes:
        if self._assigns and "=" in statement:
            target, _, source = statement.partition("=")
            word, source = source.split(None, 1)
        else:
            word, source = statement.split(None, 1)
            source, _, target = source.partition("->")
        if word != "measure":
            raise KeyError(word)
        return pack_row(MEASURE, self.places[source.strip()], self._clbits[target.strip()], 0.0, 0.0)
