"""Expressions of numbers and parameters: from tokens to postfix code, and from code to values.

Postfix, so that no expression is too long for Python's stack.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from qtoolkit.circuit import ParameterExpression
from qtoolkit.errors import ConversionError, QToolkitError
from qtoolkit.interop.openqasm.reading.budget import MAX_DEPTH, Budget, ReadingError
from qtoolkit.interop.openqasm.reading.tokens import Tokens, shown

__all__ = ["Code", "Evaluator", "Name", "Value", "parse_expression", "parse_integer", "substituted"]

Value: TypeAlias = int | float | ParameterExpression
"""What an expression gives; Booleans are integers here."""

_MAX_BITS = 64


class Name(str):
    """A name to look up, in the code of an expression."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator or a function.

    Attributes:
        symbol: how it is written.
        arity: number of operands, which it takes from the stack.
        apply: computes it.
        precedence: the higher, the tighter it binds; -1 for what is no infix operator.
        rightmost: whether it groups from the right.
    """

    symbol: str
    arity: int
    apply: Callable[..., Any]
    precedence: int = -1
    rightmost: bool = False


Code: TypeAlias = tuple[int | float | Name | Operator, ...]
"""Postfix: numbers and names push, operators take their operands from the stack."""


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int):
        if exponent < 0:
            return float(base) ** exponent
        if abs(base) > 1 and exponent * (abs(base).bit_length() - 1) > _MAX_BITS:
            raise OverflowError(f"integers have at most {_MAX_BITS} bits")
    return base**exponent


def _quotient(dividend: Any, divisor: Any) -> Any:
    if isinstance(dividend, int) and isinstance(divisor, int):
        return dividend // divisor
    return dividend / divisor


def _infix(symbol: str, precedence: int, apply: Callable[..., Any], *, rightmost: bool = False) -> Operator:
    return Operator(symbol, 2, apply, precedence, rightmost)


_SUM, _PRODUCT, _PREFIX, _POWER = range(4)
_COMMON = (
    _infix("+", _SUM, lambda a, b: a + b),
    _infix("-", _SUM, lambda a, b: a - b),
    _infix("*", _PRODUCT, lambda a, b: a * b),
)
_INFIX = {
    2: (
        *_COMMON,
        _infix("/", _PRODUCT, lambda a, b: a / b),
        _infix("^", _POWER, _power, rightmost=True),
        _infix("++", _SUM, lambda a, b: a + b),  # a plus and a sign, which only version 3 reads as one token
    ),
    3: (
        *_COMMON,
        _infix("/", _PRODUCT, _quotient),
        _infix("%", _PRODUCT, lambda a, b: a % b),
        _infix("**", _POWER, _power, rightmost=True),
    ),
}
INFIX = {version: {operator.symbol: operator for operator in table} for version, table in _INFIX.items()}
_NEGATE = Operator("-", 1, lambda a: -a)

_FUNCTIONS = {
    2: {"sin": math.sin, "cos": math.cos, "tan": math.tan, "exp": math.exp, "ln": math.log, "sqrt": math.sqrt},
    3: {
        "sin": math.sin,
        "cos": math.cos,
        "tan": math.tan,
        "arcsin": math.asin,
        "arccos": math.acos,
        "arctan": math.atan,
        "exp": math.exp,
        "log": math.log,
        "sqrt": math.sqrt,
        "floor": lambda a: float(math.floor(a)),
        "ceiling": lambda a: float(math.ceil(a)),
    },
}
FUNCTIONS = {
    version: {name: Operator(name, 1, function) for name, function in table.items()}
    for version, table in _FUNCTIONS.items()
}
_CONSTANTS: dict[int, dict[str, int | float]] = {
    2: {"pi": math.pi},
    3: {
        **dict.fromkeys(("pi", "π"), math.pi),
        **dict.fromkeys(("tau", "τ"), math.tau),
        **dict.fromkeys(("euler", "ℇ"), math.e),
        "true": True,
        "false": False,
    },
}


def parse_expression(tokens: Tokens, version: int, first: str | None = None) -> Code:
    """The code of the expression that comes next.

    Args:
        tokens: where it is taken from.
        version: 2 or 3.
        first: a name that starts it and is passed already.

    Raises:
        ReadingError: if the tokens are no expression, or brackets nest too deep.
    """
    code: list[int | float | Name | Operator] = [] if first is None else [Name(first)]
    _Parser(tokens, version, code).infix(_SUM, 0)
    return tuple(code)


def parse_integer(token: str) -> int | float | None:
    """The integer that a token writes, as a float where it has more than 64 bits; None for another token."""
    digits = token.replace("_", "")
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2].lower(), 10)
    try:
        if len(digits) > 100:  # far beyond, and long ones take long
            return float(digits) if base == 10 else math.inf
        number = int(digits, base)
    except ValueError:
        return None
    return float(number) if number.bit_length() > _MAX_BITS else number


class _Parser:
    """Appends the code of one expression, by precedence climbing."""

    def __init__(self, tokens: Tokens, version: int, code: list[int | float | Name | Operator]) -> None:
        self._tokens = tokens
        self._version = version
        self._infix = INFIX[version]
        self._signs = ("-", "+", "++") if version == 2 else ("-", "+")
        self._code = code

    def infix(self, least: int, depth: int) -> None:
        """Operands and the operators between them that bind at least this tightly."""
        if depth > MAX_DEPTH:
            raise ReadingError(f"brackets may nest {MAX_DEPTH} deep; write it simpler", self._tokens.place())
        if depth or not self._code:
            self._operand(depth)
        while True:
            operator = self._infix.get(self._tokens.peek())
            if operator is None or operator.precedence < least:
                return
            self._tokens.take()
            self.infix(operator.precedence + (not operator.rightmost), depth + 1)
            self._code.append(operator)

    def _operand(self, depth: int) -> None:
        tokens = self._tokens
        signs = 0
        minus = False
        while tokens.peek() in self._signs:
            minus ^= tokens.take() == "-"
            signs += 1
        if signs:
            self.infix(_POWER, depth + 1)
            if minus:
                self._code.append(_NEGATE)
            return
        if tokens.accept("("):
            self.infix(_SUM, depth + 1)
            tokens.expect(")")
            return
        token = tokens.peek()
        function = FUNCTIONS[self._version].get(token)
        if function is not None:
            tokens.take()
            tokens.expect("(")
            self.infix(_SUM, depth + 1)
            tokens.expect(")")
            self._code.append(function)
            return
        self._code.append(self._atom(token))

    def _atom(self, token: str) -> int | float | Name:
        tokens = self._tokens
        if token[:1].isdigit() or (token[:1] == "." and len(token) > 1):
            value = self._number(token)
            tokens.take()
            return value
        name = Name(tokens.name())
        if tokens.peek() == "(":
            raise ReadingError(f"{shown(name)} is no function that can be computed here", tokens.place())
        return name

    def _number(self, token: str) -> int | float:
        number = parse_integer(token)
        if number is None:
            try:
                number = float(token)
            except ValueError:
                raise self._tokens.unexpected("needed a number") from None
        return float(number) if self._version == 2 else number


def substituted(code: Code, names: Mapping[str, Value]) -> Code:
    """The code with the names that have a number replaced by it."""
    if not names:
        return code
    return tuple(
        names[item] if type(item) is Name and isinstance(names.get(item), int | float) else item  # type: ignore[misc]
        for item in code
    )


class Evaluator:
    """Computes the values of code, and notes integers that were divided with a remainder left over.

    Args:
        version: 2 or 3.
        budget: counts long expressions.
    """

    def __init__(self, version: int, budget: Budget) -> None:
        self.version = version
        self._constants = _CONSTANTS[version]
        self._divides = INFIX[version]["/"] if version == 3 else None
        self._budget = budget
        self.truncated: list[str] = []

    def is_constant(self, name: str) -> bool:
        """Whether a name is one of the version's numbers, such as pi."""
        return name in self._constants

    def value(self, code: Code, names: Mapping[str, Any]) -> Value:
        """The value of code.

        Args:
            code: the expression.
            names: what names stand for.

        Raises:
            ConversionError: for an unknown name, what is no number, and values that cannot be computed.
        """
        if len(code) == 1 and type(code[0]) is not Name:
            return code[0]  # type: ignore[return-value]
        self._budget.spend(len(code) // 8)
        stack: list[Any] = []
        for item in code:
            if isinstance(item, Operator):
                operands = stack[-item.arity :]
                stack[-item.arity :] = [self._applied(item, operands)]
            elif isinstance(item, Name):
                value = names[item] if item in names else self._constants.get(item)
                if value is None:
                    raise ConversionError(f"{shown(item)} is not defined")
                if not isinstance(value, int | float | ParameterExpression):
                    raise ConversionError(f"{shown(item)} is no number")
                stack.append(value)
            else:
                stack.append(item)
        result: Value = stack[0]
        return result

    def _applied(self, operator: Operator, operands: list[Any]) -> Value:
        try:
            result = operator.apply(*operands)
        except (ArithmeticError, ValueError, TypeError) as error:
            if any(isinstance(operand, ParameterExpression) for operand in operands):
                raise ConversionError(
                    f"angles are linear in the parameters, got {operator.symbol} of "
                    f"{' and '.join(shown(str(operand))[1:-1] for operand in operands)}; bind it first"
                ) from error
            if isinstance(error, QToolkitError):
                raise
            raise ConversionError(f"cannot compute {_written(operator, operands)}: {error}") from error
        if isinstance(result, ParameterExpression):
            self._budget.spend(len(result.terms) // 4)
        elif isinstance(result, complex) or (isinstance(result, int) and result.bit_length() > _MAX_BITS):
            raise ConversionError(f"numbers are real and integers have 64 bits, got {_written(operator, operands)}")
        elif (
            operator is self._divides
            and isinstance(result, int)
            and result * operands[1] != operands[0]
            and not self.truncated
        ):
            self.truncated.append(f"{operands[0]}/{operands[1]} is {result}")
        return result  # type: ignore[no-any-return]

    def integer(self, code: Code, names: Mapping[str, Any], what: str) -> int:
        """The value of code where only an integer makes sense.

        Raises:
            ConversionError: if it is none.
        """
        value = self.value(code, names)
        if isinstance(value, float) and value.is_integer() and abs(value) < 1 << _MAX_BITS:
            value = int(value)
        if not isinstance(value, int):
            raise ConversionError(f"{what} must be an integer, got {shown(str(value))[1:-1]}")
        return value


def _written(operator: Operator, operands: list[Any]) -> str:
    if operator.arity == 1:
        return f"{operator.symbol}({operands[0]})"
    return f"{operands[0]} {operator.symbol} {operands[1]}"
