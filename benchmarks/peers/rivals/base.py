"""What a rival is: for each question a function that makes a task ready to be run in the simulator's own API."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from peers.portable import Gate, Task, kind_of

__all__ = ["Context", "Prepared", "Rival", "Settings", "as_matrix", "pauli_ladder"]

Settings = Mapping[str, Any]
"""What was tuned, such as ``{"fusion": 4}``; JSON."""


@dataclass(frozen=True)
class Context:
    """How a task is to be run.

    Attributes:
        precision: ``double`` or ``single``.
        threads: how many threads the simulator may use.
        settings: one of the rival's candidates.
    """

    precision: str
    threads: int
    settings: Settings


@dataclass
class Prepared:
    """A task in a simulator's own objects.

    Attributes:
        run: what is timed; returns the simulator's own result.
        read: turns that into an array: the state with qubit k as bit k of the index; one expectation value; the
            value followed by the gradient; or a basis state for each shot.
        compile: the simulator's own optimisation of the circuit, which is timed apart.
        figures: what the simulator says of its work, such as passes over memory.
    """

    run: Callable[[], Any]
    read: Callable[[Any], Any]
    compile: Callable[[], None] | None = None
    figures: Callable[[], dict[str, float]] = dict


@dataclass(frozen=True)
class Rival:
    """A simulator.

    Attributes:
        title: its name as its makers write it.
        packages: distributions whose versions say what was measured.
        precisions: those it has.
        questions: what it can answer, and how.
        candidates: settings to choose from for a task and a number of threads; the quickest is measured.
        note: what a reader of its figures should know.
    """

    title: str
    packages: Sequence[str]
    precisions: Sequence[str]
    questions: Mapping[str, Callable[[Task, Context], Prepared]]
    candidates: Callable[[Task, int], Sequence[Settings]] = field(default=lambda task, threads: ({},))
    note: str = ""

    def answer(self, question: str) -> Callable[[Task, Context], Prepared] | None:
        """How a question is answered.

        ``once`` is a state with the simulator's own optimisation counted each time; ``once-gradient`` and the like
        begin with the gates as plain data, so that building the circuit and the observable counts too;
        ``once-many`` does that for the states of many circuits, one after another.
        """
        if question in self.questions:
            return self.questions[question]
        answer = self.questions.get(kind_of(question))
        if answer is None or question == kind_of(question):
            return None
        if question == "once":
            return lambda task, context: _with_compiling(answer(task, context))
        if question == "once-many":
            return lambda task, context: _one_after_another(answer, task, context)
        return lambda task, context: _from_scratch(answer, task, context)


def _with_compiling(prepared: Prepared) -> Prepared:
    compile_, run = prepared.compile, prepared.run
    if compile_ is None:
        return prepared

    def once() -> Any:
        compile_()
        return run()

    return Prepared(once, prepared.read)


def _from_scratch(answer: Callable[[Task, Context], Prepared], task: Task, context: Context) -> Prepared:
    def once() -> tuple[Any, Prepared]:
        prepared = answer(task, context)
        if prepared.compile is not None:
            prepared.compile()
        return prepared.run(), prepared

    return Prepared(once, lambda found: found[1].read(found[0]))


def _one_after_another(answer: Callable[[Task, Context], Prepared], task: Task, context: Context) -> Prepared:
    prepared = [_from_scratch(answer, replace(task, circuit=circuit), context) for circuit in task.extra["circuits"]]

    def once() -> Any:
        for one in prepared:
            found = one.run()
        return found

    return Prepared(once, prepared[-1].read)


def as_matrix(gate: Gate) -> Any:
    """The matrix of a diagonal or rotation gate on two qubits that a simulator has no name for; shape (4, 4)."""
    import numpy as np

    if gate.name == "matrix2":
        return gate.matrix
    if gate.name == "cp":
        return np.diag([1, 1, 1, np.exp(1j * gate.angle)])
    paulis = {"x": np.array([[0, 1], [1, 0]]), "y": np.array([[0, -1j], [1j, 0]]), "z": np.diag([1, -1])}
    string = np.kron(*(paulis[letter] for letter in gate.name[1:]))
    return math.cos(gate.angle / 2) * np.eye(4) - 1j * math.sin(gate.angle / 2) * string


def pauli_ladder(gate: Gate) -> Iterator[Gate]:
    """``exp(-iθP/2)`` by basis changes, a ladder of CX and one RZ, for simulators without such a gate."""
    into, back = [], []
    for letter, qubit in zip(gate.letters, gate.qubits, strict=True):
        if letter == "X":
            into.append(Gate("h", (qubit,)))
            back.append(Gate("h", (qubit,)))
        elif letter == "Y":
            into.append(Gate("rx", (qubit,), math.pi / 2))
            back.append(Gate("rx", (qubit,), -math.pi / 2))
    ladder = [Gate("cx", pair) for pair in zip(gate.qubits, gate.qubits[1:], strict=False)]
    yield from into
    yield from ladder
    yield Gate("rz", gate.qubits[-1:], gate.angle, slot=gate.slot, factor=gate.factor)
    yield from reversed(ladder)
    yield from back
