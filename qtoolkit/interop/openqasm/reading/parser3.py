"""The statements that only OpenQASM 3 has."""

from __future__ import annotations

from collections.abc import Callable

from qtoolkit.interop.openqasm.reading.budget import MAX_DEPTH, ReadingError
from qtoolkit.interop.openqasm.reading.expressions import INFIX, Code, parse_expression
from qtoolkit.interop.openqasm.reading.parser import Parser
from qtoolkit.interop.openqasm.reading.statements import (
    Alias,
    Branch,
    Call,
    Declaration,
    Delay,
    Input,
    Loop,
    Measurement,
    Modifier,
    Operand,
    Range,
    Selector,
    Statement,
    Test,
    Values,
)

__all__ = ["Parser3"]

_TYPES = ("int", "uint", "float", "angle", "bool", "complex", "array", "duration", "stretch", "const")
_OTHERS = {
    "while": "the number of rounds of a while loop is known at run time only; unroll it into if statements",
    "break": "a loop with break cannot be unrolled; use if statements",
    "continue": "a loop with continue cannot be unrolled; use if statements",
    "output": "outputs are not supported; measure into bits",
    "pragma": "pragmas are not supported; leave it out",
    "#pragma": "pragmas are not supported; leave it out",
    **{
        word: f"{word!r} has no counterpart in a circuit here"
        for word in ("def", "extern", "cal", "defcal", "defcalgrammar", "return", "end", "switch", "opaque", "nop")
    },
}


class Parser3(Parser):
    """OpenQASM 3, as far as it describes a circuit."""

    version = 3

    def kinds(self) -> dict[str, Callable[[], Statement]]:
        """The words of version 3."""
        return {
            "qubit": lambda: self._declaration(True),
            "bit": lambda: self._declaration(False),
            "qreg": lambda: self._old_declaration(True),
            "creg": lambda: self._old_declaration(False),
            "input": self._input,
            "let": self._alias,
            "if": self._if,
            "for": self._for,
            "box": self._box,
            "delay": self._delay,
            "measure": self._measure,
            **dict.fromkeys(_TYPES, self._typed),
            **dict.fromkeys(_OTHERS, self._other),
        }

    def statement(self) -> Statement | None:
        """The next statement; annotations say nothing about the circuit."""
        if self.tokens.peek() == "@":
            self.tokens.skip_annotations()
        return super().statement()

    def call(self) -> Statement:
        """A gate on operands, or a measurement that is assigned."""
        place = self.tokens.place()
        modifiers = self.modifiers()
        name = self.tokens.name()
        if modifiers or self.tokens.peek() not in ("=", "["):
            return self.call_of(place, modifiers, name)
        target = self.selected(Operand(name, place))
        self.tokens.expect("=")
        return self._measured_into(target)

    def modifiers(self) -> list[Modifier]:
        """``ctrl(2) @ inv @ …``."""
        found: list[Modifier] = []
        while (kind := self.tokens.peek()) in ("inv", "pow", "ctrl", "negctrl"):
            self.tokens.take()
            argument: Code | None = None
            if kind != "inv" and (kind == "pow" or self.tokens.peek() == "("):
                self.tokens.expect("(")
                argument = self.expression()
                self.tokens.expect(")")
            self.tokens.expect("@")
            found.append(Modifier(kind, argument))
        return found

    def bit_name(self) -> str:
        """The name of a bit or register, or a physical qubit."""
        return self.tokens.take() if self.tokens.peek()[:1] == "$" else self.tokens.name()

    def selector(self) -> Selector:
        """An index, a range or a set."""
        if self.tokens.accept("{"):
            return self.listed(self.expression, "}")
        return self._index_or_range()

    def _index_or_range(self) -> Code | Range:
        start = None if self.tokens.peek() == ":" else self.expression()
        if not self.tokens.accept(":"):
            assert start is not None
            return start
        end = None if self.tokens.peek() == "]" else self.expression()
        if not self.tokens.accept(":"):
            return Range(start, None, end)
        return Range(start, end, None if self.tokens.peek() == "]" else self.expression())

    def _declaration(self, quantum: bool) -> Declaration:
        self.tokens.take()
        size = None
        if self.tokens.accept("["):
            size = self.expression()
            self.tokens.expect("]")
        place = self.tokens.place()
        name = self.tokens.name()
        measured = None
        if not quantum and self.tokens.accept("="):
            if self.tokens.peek() != "measure":
                raise ReadingError("initialisation of classical bits is not supported; measure into them", place)
            measured = self._measured_into(Operand(name, place)).source
        else:
            self.tokens.expect(";")
        return Declaration(place, quantum, name, size, measured)

    def _old_declaration(self, quantum: bool) -> Declaration:
        self.tokens.take()
        place = self.tokens.place()
        name = self.tokens.name()
        size = None
        if self.tokens.accept("["):
            size = self.expression()
            self.tokens.expect("]")
        self.tokens.expect(";")
        return Declaration(place, quantum, name, size)

    def _measure(self) -> Measurement:
        place = self.tokens.place()
        self.tokens.take()
        source = self.operand()
        if self.tokens.peek() != "->":
            raise ReadingError("measurements must save their result; write bit = measure qubit", place)
        self.tokens.take()
        target = self.operand()
        self.tokens.expect(";")
        return Measurement(place, source, target)

    def _measured_into(self, target: Operand) -> Measurement:
        place = self.tokens.place()
        if not self.tokens.accept("measure"):
            raise self.tokens.unexpected("only measurements can be assigned")
        source = self.operand()
        self.tokens.expect(";")
        return Measurement(place, source, target)

    def _input(self) -> Input:
        self.tokens.take()
        kind = self.tokens.peek()
        if kind not in ("float", "angle"):
            raise ReadingError("only 'float' and 'angle' inputs are supported", self.tokens.place())
        self.tokens.take()
        self._skip_brackets()
        place = self.tokens.place()
        name = self.tokens.name()
        self.tokens.expect(";")
        return Input(place, name)

    def _alias(self) -> Alias:
        self.tokens.take()
        place = self.tokens.place()
        name = self.tokens.name()
        self.tokens.expect("=")
        operand = self.operand()
        while self.tokens.accept("++"):
            operand.followers.append(self.operand())
        self.tokens.expect(";")
        return Alias(place, name, operand)

    def _body(self) -> list[Statement]:
        if self.tokens.peek() == "{":
            return self.block()
        statement = self.statement()
        if statement is None:
            raise self.tokens.unexpected("needed a statement")
        return [statement]

    def _if(self) -> Branch:
        place = self.tokens.place()
        self.tokens.take()
        self.tokens.expect("(")
        test = self._test(0)
        self.tokens.expect(")")
        body = self._body()
        return Branch(place, test, body, self._body() if self.tokens.accept("else") else None)

    def _test(self, depth: int) -> Test:
        if depth > MAX_DEPTH:
            raise ReadingError(f"brackets may nest {MAX_DEPTH} deep; write it simpler", self.tokens.place())
        if self.tokens.peek() in ("!", "~"):
            self.tokens.take()
            test = self._test(depth + 1)
            test.negated = not test.negated
            return test
        if self.tokens.accept("("):
            test = self._test(depth + 1)
            self.tokens.expect(")")
            return test
        left = self._side()
        symbol = self.tokens.peek()
        if symbol not in ("==", "!="):
            return Test(left)
        self.tokens.take()
        return Test(left, self._side(), symbol == "!=")

    def _side(self) -> Operand | Code:
        token = self.tokens.peek()
        if token[:1] == '"':
            digits = self.string().replace("_", "")
            if not digits or set(digits) - {"0", "1"}:
                raise ReadingError("a bit string has digits 0 and 1", self.tokens.place())
            return (int(digits, 2),)
        if not (token[:1].isalpha() or token[:1] == "_") or token in ("true", "false"):
            return self.expression()
        operand = self.operand()
        if not operand.selectors and self.tokens.peek() in INFIX[3]:
            return parse_expression(self.tokens, 3, operand.name)
        return operand

    def _for(self) -> Loop:
        place = self.tokens.place()
        self.tokens.take()
        kind = self.tokens.peek()
        if kind not in ("int", "uint"):
            raise ReadingError("only integer loop variables are supported", self.tokens.place())
        self.tokens.take()
        self._skip_brackets()
        variable = self.tokens.name()
        self.tokens.expect("in")
        values: Values
        if self.tokens.accept("{"):
            values = tuple(self.listed(self.expression, "}"))
        else:
            self.tokens.expect("[")
            where = self.tokens.place()
            found = self._index_or_range()
            if not isinstance(found, Range):
                raise ReadingError("a loop runs over a range or a set of integers", where)
            values = found
            self.tokens.expect("]")
        return Loop(place, variable, values, self._body())

    def _box(self) -> Loop:
        place = self.tokens.place()
        self.tokens.take()
        self._skip_brackets()
        return Loop(place, None, ((0,),), self.block())

    def _delay(self) -> Delay | Call:
        place = self.tokens.place()
        self.tokens.take()
        if self.tokens.peek() == "(":  # a gate of this name that version 2 has
            return self.call_of(place, [], "delay")
        self._skip_brackets()
        return Delay(place, self.listed(self.operand, ";"))

    def _skip_brackets(self) -> None:
        """Pass a width or a duration, which says nothing about the circuit."""
        if self.tokens.accept("["):
            while self.tokens.peek() not in ("", "]", ";", "{", "}"):
                self.tokens.take()
            self.tokens.expect("]")

    def _typed(self) -> Call:
        raise ReadingError(f"declarations of type {self.tokens.peek()!r} are not supported", self.tokens.place())

    def _other(self) -> Call:
        raise ReadingError(_OTHERS[self.tokens.peek()], self.tokens.place())
