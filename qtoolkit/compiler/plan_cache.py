"""Plans of circuits that are given again, found by the circuit itself or by an equal one.

A circuit is known by its object and version, which takes 0.3 µs to look up, else by what it holds. When all that is
kept takes too many bytes, what has stood there for longest goes first, what was asked for meanwhile after the others.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from qtoolkit.circuit import Circuit
from qtoolkit.compiler.kept import Kept
from qtoolkit.compiler.plan import ExecutionPlan

__all__ = ["Known", "PlanCache", "plans"]

MOST_BYTES = 1 << 28
"""Of all plans together, by their own estimate."""

BYTES_OF_PLAN, BYTES_OF_OPERATION, COPIES = 1 << 14, 1 << 12, 4
"""What a plan takes with all that simulators keep of it, and how often it holds what the circuit does; about a third of
that has been seen, in one precision.
"""

BYTES_OF_KEY = 2048
"""What any circuit takes, be it never planned."""

LARGEST_SHARE = 8
"""A circuit that takes more than this part of the bytes is planned each time."""

STATES, MOST_QUBITS = 16, 16
"""How many states there are in working memory that is kept with a plan, up to so many qubits."""


class Known:
    """What is known of a circuit.

    Attributes:
        runs: how often it was run without a plan.
        plan: None before there is one, and again when it was forgotten.
        nbytes: what it is counted for; 0 of one that is not kept, or no longer.
        asked: whether somebody has asked for it since there was last no room.
        key: what a cache finds it by; None of one that is in none.
        kept: what simulators make of the circuit without a plan, by keys of their own.
    """

    __slots__ = ("asked", "kept", "key", "nbytes", "plan", "runs")

    def __init__(self, nbytes: int, key: _Key | None = None) -> None:
        self.runs = 0
        self.plan: ExecutionPlan | None = None
        self.nbytes = nbytes
        self.asked = False
        self.key = key
        self.kept = Kept()


class _Key:
    """What circuits are told apart by, hashed once: each array in it is read for that."""

    __slots__ = ("_content", "_hash")

    def __init__(self, content: Hashable) -> None:
        self._content = content
        self._hash = hash(content)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._hash == other._hash and self._content == other._content


class _Note(NamedTuple):
    """A circuit at some version, which it may have left; at none, and unknown, before anybody asked what it holds."""

    circuit: weakref.ref[Circuit]
    version: Hashable
    known: Known


_UNKNOWN = Known(0)


class PlanCache:
    """Keeps plans; safe between threads, and in forked processes.

    Args:
        most_bytes: of all plans together.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self.begin()

    def forget(self) -> None:
        """Begin anew, if anything is known."""
        if self._notes or self._by_content:
            self.begin()

    def begin(self) -> None:
        """Know nothing, with a lock that nobody holds."""
        self._lock = threading.RLock()  # the handler of a signal may run a circuit while this thread holds it
        self._notes: dict[int, _Note] = {}
        self._by_content: OrderedDict[_Key, Known] = OrderedDict()
        self._nbytes = 0

    def __len__(self) -> int:
        return sum(known.plan is not None for known in self._by_content.values())

    def is_new(self, circuit: Circuit) -> bool:
        """Whether this object comes for the first time; what it holds is not looked at."""
        note = self._notes.get(id(circuit))
        if note and note.circuit() is circuit:
            return False
        self._write_note(circuit, None, _UNKNOWN)
        return True

    def _write_note(self, circuit: Circuit, version: Hashable, known: Known) -> None:
        place, notes = id(circuit), self._notes
        notes[place] = _Note(weakref.ref(circuit, lambda _: notes.pop(place, None)), version, known)

    def of(self, circuit: Circuit) -> Known:
        """What is known of a circuit."""
        note = self._notes.get(id(circuit))
        if note and note.known.nbytes and note.circuit() is circuit and note.version == circuit.version:
            note.known.asked = True
            return note.known
        version, (content, nbytes) = circuit.version, self._content(circuit)
        if content is None or circuit.version != version:
            return Known(0)
        with self._lock:
            known = self._by_content.get(content)
            if known is None:
                known = self._by_content[content] = Known(nbytes, content)
                self._nbytes += known.nbytes
                self._shrink(known)
            else:
                known.asked = True
            self._write_note(circuit, version, known)
        return known

    def keep(self, circuit: Circuit, plan: ExecutionPlan, known: Known | None = None) -> None:
        """Keep the plan of a circuit that nobody else adds to.

        Args:
            circuit: what was planned.
            plan: its plan.
            known: what `of` returned for it, or for one that it is a copy of.
        """
        content = None if known is None else known.key
        if content is None:
            content = self._content(circuit)[0]
        if content is None:
            return
        with self._lock:
            known = self._by_content.get(content)
            if known is None:
                known = self._by_content[content] = Known(0, content)
            self._nbytes -= known.nbytes
            if known.plan is None:
                known.nbytes += BYTES_OF_PLAN + BYTES_OF_OPERATION * len(circuit) + COPIES * _nbytes_of(circuit)
                known.nbytes += 16 * STATES << circuit.num_qubits if circuit.num_qubits <= MOST_QUBITS else 0
            known.plan = plan
            self._by_content.move_to_end(content)
            self._nbytes += known.nbytes
            self._shrink(known)

    def count_more(self, known: Known, nbytes: int) -> None:
        """Count what was made of a circuit without a plan."""
        with self._lock:
            if known.nbytes:
                known.nbytes += nbytes
                self._nbytes += nbytes
                self._shrink(known)

    def _content(self, circuit: Circuit) -> tuple[_Key | None, int]:
        """What circuits are told apart by, None for those too large to be kept, and the bytes that it takes."""
        nbytes = _nbytes_of(circuit)
        content = circuit.content if nbytes <= self._most_bytes // LARGEST_SHARE else None
        return None if content is None else _Key(content), nbytes

    def _shrink(self, newest: Known) -> None:
        while self._nbytes > self._most_bytes and self._by_content:
            content, known = self._by_content.popitem(last=False)
            if known.asked or (known is newest and self._by_content):
                # A second chance, behind all others.
                known.asked = False
                self._by_content[content] = known
                continue
            self._nbytes -= known.nbytes
            known.plan, known.nbytes = None, 0
            known.kept.clear()


def _nbytes_of(circuit: Circuit) -> int:
    """What a circuit takes as a key, at most."""
    tape, bits = circuit.operations, sum(len(register.clbits) for register in circuit.clbit_registers)
    names = len(circuit.version[-1])
    return BYTES_OF_KEY + tape.nbytes + 512 * len(tape.symbols) + 1024 * len(tape.others) + 64 * bits + 128 * names


plans = PlanCache()
"""Of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=plans.begin)
