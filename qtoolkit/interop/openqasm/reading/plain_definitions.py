"""Definitions of plain calls, read in one step each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from qtoolkit.errors import QToolkitError
from qtoolkit.interop.openqasm.reading.angles import Angles
from qtoolkit.interop.openqasm.reading.definitions import Definer
from qtoolkit.interop.openqasm.reading.expressions import Code, Name, parse_expression
from qtoolkit.interop.openqasm.reading.gates import DefinedGate, OpaqueGate, Step
from qtoolkit.interop.openqasm.reading.plain import call_parts
from qtoolkit.interop.openqasm.reading.tokens import Tokens

__all__ = ["PlainDefinitions"]

_DEFINITION = re.compile(
    r"""
    (?: \s | //[^\n]*+\n )*+
    gate \s++ ( [a-zA-Z_]\w*+ ) \s*+ ( (?: \( [\w\s,]*+ \) )?+ [\w\s,]++ ) \{ ( [^{}"'@]*+ ) \}
    """,
    re.VERBOSE | re.ASCII,
)
_MOST_HEADS = 1 << 8
_MOST_STEPS = 1 << 12


@dataclass(slots=True)
class _Head:
    """The angles and qubits of definitions.

    Attributes:
        angles: their names.
        places: each qubit's position, by its name.
        steps: what statements mean behind this head, and what they count for.
    """

    angles: tuple[str, ...]
    places: Mapping[str, int]
    steps: dict[str, tuple[Step, int]] = field(default_factory=dict)


class PlainDefinitions:
    """Reads definitions; what is not plain, or wrong, is left to the parser.

    Args:
        version: 2 or 3.
        definer: knows the gates.
        reserved: words that start no call.
        angles: knows the values of angles.
    """

    def __init__(self, version: int, definer: Definer, reserved: Set[str], angles: Angles) -> None:
        self._version = version
        self._definer = definer
        self._reserved = reserved
        self._angles = angles
        self._heads: dict[str, _Head] = {}

    def forget(self) -> None:
        """Read statements anew, since a name in them means something else from here on."""
        self._heads.clear()

    def read(self, text: str, offset: int) -> tuple[DefinedGate, int, int] | None:
        """The definition that stands at an offset, what it counts for, and the offset of what follows; None if none."""
        match = _DEFINITION.match(text, offset)
        if match is None:
            return None
        name, written, body = match.groups()
        if "//" in body or "/*" in body:
            return None
        *statements, rest = body.split(";")
        if rest and not rest.isspace():
            return None
        cost = 1
        steps = []
        try:
            head = self._head(written)
            for statement in statements:
                step, amount = head.steps.get(statement) or self._step(head, statement)
                if step.target.name == name:
                    return None
                cost += amount
                steps.append(step)
        except (KeyError, ValueError, QToolkitError):
            return None
        return DefinedGate(name, head.angles, len(head.places), steps), cost, match.end()

    def _head(self, written: str) -> _Head:
        head = self._heads.get(written)
        if head is not None:
            return head
        bracket, _, names = written.rpartition(")")
        angles = bracket.replace("(", "").strip()
        found = [[name.strip() for name in part.split(",")] if part else [] for part in (angles, names)]
        for part in found:
            if len(set(part)) < len(part) or not all(name.isidentifier() for name in part):
                raise KeyError(written)
        if any(map(self._definer.is_constant, found[0])):
            raise KeyError(written)
        head = _Head(tuple(found[0]), {name: place for place, name in enumerate(found[1])})
        if len(self._heads) < _MOST_HEADS:
            self._heads[written] = head
        return head

    def _step(self, head: _Head, statement: str) -> tuple[Step, int]:
        name, given, operands = call_parts(statement)
        target = self._definer.gates[name]
        if name in self._reserved or isinstance(target, OpaqueGate):
            raise KeyError(name)
        arguments = self._arguments(head, given)
        qubits = tuple([head.places[operand.strip()] for operand in operands.split(",")])
        if len(arguments) != target.num_params or len(qubits) != target.num_qubits or len(set(qubits)) < len(qubits):
            raise KeyError(name)
        found = Step(target, [], arguments, qubits), 1 + sum(len(code) // 8 for code in arguments)
        if len(head.steps) < _MOST_STEPS:
            head.steps[statement] = found
        return found

    def _arguments(self, head: _Head, given: str | None) -> list[Code]:
        if not given:
            return []
        try:
            return [(number,) for number in self._angles.numbers(given)]
        except (KeyError, QToolkitError):
            return [self._code(head, text) for text in given.split(",")]

    def _code(self, head: _Head, text: str) -> Code:
        if "//" in text or "/*" in text:
            raise KeyError(text)
        tokens = Tokens(text)
        code = parse_expression(tokens, self._version)
        if tokens.peek():
            raise KeyError(text)
        for item in code:
            if type(item) is Name and item not in head.angles and not self._definer.is_constant(item):
                raise KeyError(item)
        return code
