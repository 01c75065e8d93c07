"""What both versions share: gate calls, operands and definitions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Set
from typing import ClassVar, TypeVar

from qtoolkit.interop.openqasm.reading.budget import MAX_DEPTH, Place, ReadingError
from qtoolkit.interop.openqasm.reading.expressions import Code, parse_expression
from qtoolkit.interop.openqasm.reading.statements import (
    BarrierStatement,
    Call,
    Definition,
    Include,
    Modifier,
    Operand,
    ResetStatement,
    Selector,
    Statement,
)
from qtoolkit.interop.openqasm.reading.tokens import Tokens, shown

__all__ = ["Parser"]

_T = TypeVar("_T")


class Parser(ABC):
    """Parses one statement after another.

    Args:
        tokens: where they come from.
    """

    version: ClassVar[int]

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self._depth = 0
        self._kinds: dict[str, Callable[[], Statement]] = {
            "include": self._include,
            "gate": self._definition,
            "barrier": self._barrier,
            "reset": self._reset,
            **self.kinds(),
        }

    @abstractmethod
    def kinds(self) -> dict[str, Callable[[], Statement]]:
        """What parses a statement that starts with a word; any other is a gate's call."""

    @abstractmethod
    def selector(self) -> Selector:
        """What stands in brackets behind a name."""

    @property
    def words(self) -> Set[str]:
        """The words that start no call."""
        return self._kinds.keys()

    def header(self) -> None:
        """Pass ``OPENQASM …;`` where it is there."""
        if self.tokens.accept("OPENQASM"):
            self.tokens.take()
            self.tokens.expect(";")

    def statement(self) -> Statement | None:
        """The next statement; None at the end of the text.

        Raises:
            ReadingError: if the tokens are none, or blocks nest too deep.
        """
        while self.tokens.accept(";"):
            pass
        token = self.tokens.peek()
        if not token:
            return None
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ReadingError(f"blocks may nest {MAX_DEPTH} deep; write them flat", self.tokens.place())
        kind = self._kinds.get(token)
        result = self.call() if kind is None else kind()
        self._depth -= 1
        return result

    def block(self) -> list[Statement]:
        """The statements between braces."""
        self.tokens.expect("{")
        body: list[Statement] = []
        while not self.tokens.accept("}"):
            if self.tokens.accept(";"):
                continue
            statement = self.statement()
            if statement is None:
                raise self.tokens.unexpected("needed '}'")
            body.append(statement)
        return body

    def call(self) -> Statement:
        """A gate on operands."""
        place = self.tokens.place()
        modifiers = self.modifiers()
        return self.call_of(place, modifiers, self.tokens.name())

    def call_of(self, place: Place, modifiers: list[Modifier], name: str) -> Call:
        """The call whose modifiers and name are passed already."""
        arguments: list[Code] = []
        if self.tokens.accept("("):
            arguments = self.listed(self.expression, ")")
        operands = self.listed(self.operand, ";")
        return Call(place, name, modifiers, arguments, operands)

    def modifiers(self) -> list[Modifier]:
        """What stands before a gate's name; version 2 has nothing."""
        return []

    def expression(self) -> Code:
        """The next expression."""
        return parse_expression(self.tokens, self.version)

    def operand(self) -> Operand:
        """A name with what selects among its bits."""
        place = self.tokens.place()
        return self.selected(Operand(self.bit_name(), place))

    def selected(self, operand: Operand) -> Operand:
        """The operand with the brackets that follow."""
        while self.tokens.accept("["):
            operand.place = self.tokens.place()
            operand.selectors.append(self.selector())
            self.tokens.expect("]")
        return operand

    def bit_name(self) -> str:
        """The name of a bit or register."""
        return self.tokens.name()

    def string(self) -> str:
        """What stands in quotes."""
        token = self.tokens.peek()
        if len(token) < 2 or token[0] not in "\"'" or token[0] != token[-1]:
            raise self.tokens.unexpected("needed a string")
        self.tokens.take()
        return token[1:-1]

    def _include(self) -> Include:
        self.tokens.take()
        place = self.tokens.place()
        file = self.string()
        self.tokens.expect(";")
        return Include(place, file)

    def _definition(self) -> Definition:
        place = self.tokens.place()
        self.tokens.take()
        name = self.tokens.name()
        angles: list[str] = []
        if self.tokens.accept("("):
            angles = self.listed(self.tokens.name, ")")
        qubits = self.names_before("{")
        for names, what in ((angles, "angle"), (qubits, "qubit")):
            if len(set(names)) < len(names):
                raise ReadingError(f"gate {shown(name)} has two {what}s of the same name; rename one", place)
        return Definition(place, name, angles, qubits, self.block())

    def names_before(self, end: str) -> list[str]:
        """Names up to a token, which stays."""
        names: list[str] = []
        while self.tokens.peek() != end:
            names.append(self.tokens.name())
            if not self.tokens.accept(",") and self.tokens.peek() != end:
                raise self.tokens.unexpected(f"needed ',' or {end!r}")
        return names

    def _barrier(self) -> BarrierStatement:
        place = self.tokens.place()
        self.tokens.take()
        return BarrierStatement(place, self.listed(self.operand, ";"))

    def _reset(self) -> ResetStatement:
        place = self.tokens.place()
        self.tokens.take()
        operand = self.operand()
        self.tokens.expect(";")
        return ResetStatement(place, operand)

    def listed(self, item: Callable[[], _T], end: str) -> list[_T]:
        """Items with commas between them, up to a token, which is passed; a comma may stand before it."""
        found: list[_T] = []
        while not self.tokens.accept(end):
            found.append(item())
            if not self.tokens.accept(","):
                self.tokens.expect(end)
                break
        return found
