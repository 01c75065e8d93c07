"""The statements that only OpenQASM 2 has."""

from __future__ import annotations

from collections.abc import Callable

from qtoolkit.interop.openqasm.reading.budget import ReadingError
from qtoolkit.interop.openqasm.reading.expressions import Code, parse_integer
from qtoolkit.interop.openqasm.reading.parser import Parser
from qtoolkit.interop.openqasm.reading.statements import (
    Branch,
    Call,
    Declaration,
    Measurement,
    Opaque,
    Operand,
    ResetStatement,
    Selector,
    Statement,
    Test,
)

__all__ = ["Parser2"]


class Parser2(Parser):
    """OpenQASM 2, with what Qiskit's reader lets pass: empty statements, commas at the end, no header."""

    version = 2

    def kinds(self) -> dict[str, Callable[[], Statement]]:
        """The words of version 2."""
        return {
            "qreg": lambda: self._register(True),
            "creg": lambda: self._register(False),
            "opaque": self._opaque,
            "measure": self._measure,
            "if": self._if,
        }

    def selector(self) -> Selector:
        """An index."""
        return self._integer()

    def _integer(self) -> Code:
        number = parse_integer(self.tokens.peek())
        if not isinstance(number, int):
            raise self.tokens.unexpected("needed an integer of at most 64 bits")
        self.tokens.take()
        return (number,)

    def _register(self, quantum: bool) -> Declaration:
        self.tokens.take()
        place = self.tokens.place()
        name = self.tokens.name()
        self.tokens.expect("[")
        size = self._integer()
        self.tokens.expect("]")
        self.tokens.expect(";")
        return Declaration(place, quantum, name, size)

    def _opaque(self) -> Opaque:
        self.tokens.take()
        place = self.tokens.place()
        name = self.tokens.name()
        if self.tokens.accept("("):
            self.names_before(")")
            self.tokens.expect(")")
        self.names_before(";")
        self.tokens.expect(";")
        return Opaque(place, name)

    def _measure(self) -> Measurement:
        place = self.tokens.place()
        self.tokens.take()
        source = self.operand()
        self.tokens.expect("->")
        target = self.operand()
        self.tokens.expect(";")
        return Measurement(place, source, target)

    def _if(self) -> Branch:
        place = self.tokens.place()
        self.tokens.take()
        self.tokens.expect("(")
        register = Operand(self.tokens.name(), place)
        self.tokens.expect("==")
        value = self._integer()
        self.tokens.expect(")")
        where = self.tokens.place()
        statement = self.statement()
        if not isinstance(statement, Call | Measurement | ResetStatement):
            raise ReadingError("needed a gate, a measurement or a reset behind the condition", where)
        return Branch(place, Test(register, value), [statement])
