"""The statements that nearly all of a large file consists of, many of them in one step."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from qtoolkit.circuit import Circuit
from qtoolkit.circuit.tape import Tape
from qtoolkit.errors import QToolkitError
from qtoolkit.interop.openqasm.reading.bits import Bits
from qtoolkit.interop.openqasm.reading.budget import Budget
from qtoolkit.interop.openqasm.reading.expansion import Expander
from qtoolkit.interop.openqasm.reading.gates import Target
from qtoolkit.interop.openqasm.reading.plain import PlainStatements, call_parts

__all__ = ["QuickStatements"]

_FIRST_CHARACTERS = 1 << 8
_MOST_CHARACTERS = 1 << 16
"""Of the text at a time: little at first, lest much is gone over again where few statements are plain."""

_MOST_BYTES = 1 << 24
_ENTRY_BYTES = 300
"""What keeping a statement takes, beside its text and its rows."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a statement adds that is more than a row, or counts for more than one operation."""

    rows: bytes
    cost: int


class QuickStatements:
    """Adds plain calls, measurements, resets and barriers; what is not plain, or wrong, is left to the parser.

    Args:
        version: 2 or 3.
        names: the global ones.
        gates: what can be called.
        reserved: words that start no call.
        expander: unrolls definitions.
        budget: counts the calls.
    """

    def __init__(
        self,
        version: int,
        names: Mapping[str, Any],
        gates: Mapping[str, Target],
        reserved: Set[str],
        expander: Expander,
        budget: Budget,
    ) -> None:
        self._names = names
        self._gates = gates
        self._reserved = reserved
        self._expander = expander
        self._budget = budget
        self._plain = PlainStatements(version, names, gates, reserved)
        self._rows: dict[str, bytes] = {}
        self._others: dict[str, _Kept] = {}
        self._room = _MOST_BYTES

    def forget(self) -> None:
        """Read statements anew, since a name in them means something else from here on."""
        self._plain.forget()
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
            if end < 0:
                return offset
            # Cut inside of a comment or a string, none of the parts is plain.
            statements = text[offset:end].split(";")
            done = self._add(circuit, statements)
            if done < len(statements):
                return offset + sum(map(len, statements[:done])) + done
            offset = end + 1
            size = min(2 * size, _MOST_CHARACTERS)

    def _add(self, circuit: Circuit, statements: list[str]) -> int:
        """Add statements up to the first that is not plain, or one too many; how many these are."""
        known, others, plain, tape = self._rows, self._others, self._plain, circuit.operations
        rows: list[bytes] = []
        done = 0
        for statement in statements:
            row = known.get(statement)
            if row is None:
                row = None if statement in others else plain.row(statement)
                if row is None:
                    count = self._write(tape, rows)
                    done += count
                    if count < len(rows) or not self._add_other(circuit, statement):
                        return done
                    done += 1
                    rows.clear()
                    continue
                if self._keeps(len(statement)):
                    known[statement] = row
            rows.append(row)
        return done + self._write(tape, rows)

    def _write(self, tape: Tape, rows: list[bytes]) -> int:
        """Add as many rows as there may be, one for each statement; how many these are."""
        count = min(len(rows), max(self._budget.left, 0))
        self._budget.spend(count)
        tape.words.frombytes(b"".join(rows[:count]))
        return count

    def _keeps(self, num_bytes: int) -> bool:
        """Whether there is room to keep so much more, which is taken then."""
        needed = num_bytes + _ENTRY_BYTES
        if needed > self._room:
            return False
        self._room -= needed
        return True

    def _add_other(self, circuit: Circuit, statement: str) -> bool:
        """Add a barrier or any call; False if it is none, or wrong."""
        words, budget = circuit.operations.words, self._budget
        try:
            kept = self._others.get(statement)
            if kept is not None:
                budget.spend(kept.cost)
                words.frombytes(kept.rows)
                return True
            length, left, comparisons = len(words), budget.left, self._expander.comparisons
            self._call(circuit, statement)
        except (KeyError, ValueError, QToolkitError):
            return False
        rows = words[length:].tobytes()
        # A comparison counts once.
        if self._expander.comparisons == comparisons and self._keeps(len(statement) + len(rows)):
            self._others[statement] = _Kept(rows, left - budget.left)
        return True

    def _call(self, circuit: Circuit, statement: str) -> None:
        name, angles, operands = call_parts(statement)
        places = self._plain.places
        if name == "barrier" and not angles:
            chosen: dict[int, None] = {}
            for operand in operands:
                register = self._names.get(operand.strip())
                if isinstance(register, Bits) and register.quantum:
                    chosen.update(dict.fromkeys(register.indices))
                else:
                    chosen[places[operand]] = None
            self._budget.spend(1 + len(chosen) // 16)
            if chosen:
                circuit.barrier(*chosen)
        elif name in self._reserved:
            raise KeyError(name)
        else:
            values = tuple([self._plain.angles.any_value(angle) for angle in angles])
            qubits = tuple([places[operand] for operand in operands])
            self._expander.add(circuit, self._gates[name], values, (), qubits)
