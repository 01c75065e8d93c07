"""The statements that nearly all of a large file consists of, many of them in one step."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from qtoolkit.circuit import Circuit
from qtoolkit.circuit.tape import Tape
from qtoolkit.errors import QToolkitError
from qtoolkit.interop.openqasm.reading.bits import Bits
from qtoolkit.interop.openqasm.reading.budget import Budget
from qtoolkit.interop.openqasm.reading.definitions import Definer
from qtoolkit.interop.openqasm.reading.expansion import Applied, Expander
from qtoolkit.interop.openqasm.reading.plain import PlainStatements, behind_comments, call_parts
from qtoolkit.interop.openqasm.reading.plain_definitions import PlainDefinitions

__all__ = ["QuickStatements"]

_MODIFIERS: dict[str, Applied] = {"inv": ("inv", 1.0, 0), "ctrl": ("ctrl", 1.0, 1), "negctrl": ("negctrl", 1.0, 1)}

_FIRST_CHARACTERS = 1 << 8
_MOST_CHARACTERS = 1 << 16
"""Of the text at a time: little at first, lest much is gone over again where few statements are plain."""

_MOST_ROWS = 1 << 16
_LONGEST_KEPT = 200
_MOST_BYTES = 1 << 24
_ENTRY_BYTES = 300
"""What is kept of statements: texts with their row, others as far as there is room for text, rows and this much."""

_COMPARISON = 1 << 12
"""More than comparing a definition with the gate of its name counts for."""


class QuickStatements:
    """Adds plain calls, measurements, resets and barriers; what is not plain, or wrong, is left to the parser.

    Args:
        version: 2 or 3.
        names: the global ones.
        definer: keeps the gates.
        reserved: words that start no call.
        expander: unrolls definitions.
        budget: counts the calls.
    """

    def __init__(
        self,
        version: int,
        names: Mapping[str, Any],
        definer: Definer,
        reserved: Set[str],
        expander: Expander,
        budget: Budget,
    ) -> None:
        self._names = names
        self._modifiers = _MODIFIERS if version == 3 else {}
        self._definer = definer
        self._reserved = reserved
        self._expander = expander
        self._budget = budget
        self._plain = PlainStatements(version, names, definer.gates)
        self._definitions = PlainDefinitions(version, definer, reserved, self._plain.angles)
        self._rows: dict[str, bytes] = {}
        self._others: dict[str, tuple[bytes, int]] = {}  # with what they count for
        self._room = _MOST_BYTES

    def forget(self) -> None:
        """Read statements anew, since a name in them means something else from here on."""
        self._plain.forget()
        self._definitions.forget()
        self._rows.clear()
        self._others.clear()
        self._room = _MOST_BYTES

    def add(self, circuit: Circuit, text: str, offset: int) -> int:
        """Add the plain statements that stand at an offset, and return the offset of what follows them."""
        size = _FIRST_CHARACTERS
        while True:
            end = text.rfind(";", offset, offset + size)
            if end < 0:
                end = text.find(";", offset, offset + _MOST_CHARACTERS)
            # Cut inside of a comment or a string, none of the parts is plain.
            statements = text[offset:end].split(";") if end >= 0 else []
            done = self._add(circuit, statements)
            if statements and done == len(statements):
                offset = end + 1
                size = min(2 * size, _MOST_CHARACTERS)
                continue
            offset += sum(map(len, statements[:done])) + done
            behind = self._define(text, offset)
            if behind == offset:
                return offset
            offset = behind
            size = _FIRST_CHARACTERS

    def _add(self, circuit: Circuit, statements: list[str]) -> int:
        """Add statements up to the first that is not plain, or one too many; how many these are."""
        known, others, plain, tape = self._rows, self._others, self._plain, circuit.operations
        rows: list[bytes] = []
        done = 0
        for statement in statements:
            row = known.get(statement)
            if row is None and "//" in statement:
                statement = behind_comments(statement)
                row = known.get(statement)
            if row is None:
                row = None if statement in others else plain.row(statement)
                if row is None:
                    count = self._write(tape, rows) if rows else 0
                    done += count
                    if count < len(rows) or not self._add_other(circuit, statement):
                        return done
                    done += 1
                    rows.clear()
                    continue
                if len(known) < _MOST_ROWS and len(statement) < _LONGEST_KEPT:
                    known[statement] = row
            rows.append(row)
        return done + self._write(tape, rows)

    def _write(self, tape: Tape, rows: list[bytes]) -> int:
        """Add as many rows as there may be, one for each statement; how many these are."""
        count = min(len(rows), max(self._budget.left, 0))
        self._budget.spend(count)
        tape.words.frombytes(b"".join(rows[:count]))
        return count

    def _add_other(self, circuit: Circuit, statement: str) -> bool:
        """Add a barrier or any call; False if it is none, or wrong."""
        words, budget = circuit.operations.words, self._budget
        length, left, comparisons = len(words), budget.left, self._expander.comparisons
        try:
            kept = self._others.get(statement)
            if kept is not None:
                rows, cost = kept
                budget.spend(cost)
                words.frombytes(rows)
                return True
            self._call(circuit, statement)
        except (KeyError, ValueError, QToolkitError):
            del words[length:]
            return False
        rows = words[length:].tobytes()
        needed = len(statement) + len(rows) + _ENTRY_BYTES
        if self._expander.comparisons == comparisons and needed <= self._room:  # a comparison counts once
            self._others[statement] = rows, left - budget.left
            self._room -= needed
        return True

    def _call(self, circuit: Circuit, statement: str) -> None:
        *written, call = statement.split("@")
        modifiers = tuple([self._modifiers[modifier.strip()] for modifier in written])
        name, given, operands = call_parts(call)
        if name == "barrier" and given is None:
            self._barrier(circuit, operands)
        elif name in self._reserved:
            raise KeyError(name)
        else:
            qubits, values = self._plain.operands[operands], self._plain.angles.read(given)
            self._expander.add(circuit, self._definer.gates[name], values, modifiers, qubits)

    def _define(self, text: str, offset: int) -> int:
        """Add the definitions that stand at an offset; the offset of what follows them."""
        while True:
            found = self._definitions.read(text, offset)
            if found is None:
                return offset
            gate, cost, end = found
            if cost + _COMPARISON > self._budget.left:
                return offset
            if gate.name in self._definer.gates:
                self.forget()
            try:
                self._definer.add_gate(gate)
            except QToolkitError:
                return offset
            self._budget.spend(cost)
            offset = end

    def _barrier(self, circuit: Circuit, operands: str) -> None:
        chosen: dict[int, None] = {}
        for operand in operands.split(","):
            register = self._names.get(operand.strip())
            if isinstance(register, Bits) and register.quantum:
                chosen.update(dict.fromkeys(register.indices))
            else:
                chosen[self._plain.places[operand]] = None
        self._budget.spend(1 + len(chosen) // 16)
        if chosen:
            circuit.barrier(*chosen)
