"""Plain statements as rows of a tape: standard gates at numbers, measurements and resets of single qubits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from qtoolkit.circuit.tape import MEASURE, RESET, WIDTH, pack_one, pack_row, pack_two
from qtoolkit.errors import QToolkitError
from qtoolkit.interop.openqasm.reading.angles import Angles
from qtoolkit.interop.openqasm.reading.bits import Bits
from qtoolkit.interop.openqasm.reading.gates import KnownGate, Target

__all__ = ["PlainStatements", "behind_comments", "call_parts"]

_BIT = re.compile(r"(\w++)\[([0-9]{1,9})\]")
_COMMENTS = re.compile(r"(?:\s*+//[^\n]*+\n)++")
_MOST_KEPT = 1 << 16
_LONGEST_KEPT = 200
_MOST_AT_ONCE = 1 << 10
"""Bits of a register that are looked up before somebody asks."""


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
        super().__init__({"": ()})
        self._places = places

    def __missing__(self, text: str) -> tuple[int, ...]:
        if "," not in text:
            qubits: tuple[int, ...] = (self._places[text],)
        else:
            qubits = tuple(map(self._places.__getitem__, text.split(",")))
        if len(qubits) > 1 and len(set(qubits)) < len(qubits):
            raise KeyError(text)
        if len(self) < _MOST_KEPT and len(text) < _LONGEST_KEPT:
            self[text] = qubits
        return qubits


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

    def __init__(self, gates: Mapping[str, Target]) -> None:
        super().__init__()
        self._gates = gates

    def __missing__(self, name: str) -> _Call | None:
        target = self._gates[name]
        if not isinstance(target, KnownGate) or target.number < 0:
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

    Attributes:
        places: the qubits.
        operands: several of them.
        angles: the angles.
    """

    def __init__(self, version: int, names: Mapping[str, Any], gates: Mapping[str, Target]) -> None:
        self.places = Places(names, quantum=True)
        self.operands = Operands(self.places)
        self.angles = Angles(version, names)
        self._clbits = Places(names, quantum=False)
        self._calls = _Calls(gates)
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
                return pack_one(RESET, self.places[operands.strip()])
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
        return pack_two(MEASURE, self.places[source.strip()], self._clbits[target.strip()])
