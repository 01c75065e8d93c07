"""What crosses from the harness to a simulator's process: plain data that needs NumPy alone to be read.

A simulator may need another Python or other versions than qtoolkit, so its process never imports qtoolkit.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Gate", "PauliTerms", "PortableCircuit", "Task", "load_task", "save_task", "QUESTIONS", "kind_of"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate, its angles numbers.

    Attributes:
        name: ``x h z ry rx rz p`` on one qubit, ``cx cz cp swap rxx ryy rzz`` on two, ``mcz`` on two or more, ``pauli``
            (``exp(-iθP/2)``) and ``matrix2`` (dense). Controls come first.
        qubits: where it stands.
        angle: in radians.
        letters: of ``pauli``, ``letters[j]`` on ``qubits[j]``.
        matrix: of ``matrix2``, shape (4, 4), ``qubits[0]`` the low bit.
        slot: which of the circuit's parameters the angle follows, -1 for none: ``angle = factor * parameters[slot]``.
        factor: see `slot`.
    """

    name: str
    qubits: tuple[int, ...]
    angle: float = 0.0
    letters: str = ""
    matrix: Any = None
    slot: int = -1
    factor: float = 0.0


@dataclass(frozen=True)
class PortableCircuit:
    """Gates in time order; qubit k is bit k of the state's index."""

    num_qubits: int
    gates: tuple[Gate, ...]
    parameters: tuple[float, ...] = ()

    @property
    def parametrised(self) -> tuple[Gate, ...]:
        """The gates that follow a parameter, in time order."""
        return tuple(gate for gate in self.gates if gate.slot >= 0)

    def gradient(self, by_gate: Any) -> Any:
        """Derivatives by the parameters from those by the angle of each parametrised gate."""
        found = np.zeros(len(self.parameters))
        slots = [gate.slot for gate in self.parametrised]
        factors = [gate.factor for gate in self.parametrised]
        np.add.at(found, slots, np.asarray(factors) * np.asarray(by_gate, dtype=float))
        return found


@dataclass(frozen=True)
class PauliTerms:
    """A real sum of Pauli strings as bit masks: bit k of an x mask says X or Y on qubit k, of a z mask Z or Y."""

    num_qubits: int
    x_masks: tuple[int, ...]
    z_masks: tuple[int, ...]
    coefficients: tuple[float, ...]

    def __iter__(self) -> Iterator[tuple[float, tuple[tuple[int, str], ...]]]:
        """Coefficient and (qubit, letter) pairs of each term."""
        for x, z, coefficient in zip(self.x_masks, self.z_masks, self.coefficients, strict=True):
            letters = tuple(
                (k, "IXZY"[(x >> k & 1) + 2 * (z >> k & 1)]) for k in range(self.num_qubits) if (x | z) >> k & 1
            )
            yield coefficient, letters


@dataclass(frozen=True)
class Task:
    """One thing to compute.

    Attributes:
        question: ``state``, ``once``, ``expectation``, ``gradient`` or ``samples``; the last three with ``once-``
            before them where everything is built anew each time.
        circuit: from ``|0…0⟩``.
        observable: of ``expectation`` and ``gradient``.
        shots: of ``samples``.
        extra: of circuits that some simulators have a path of their own for; ``gammas``, ``betas`` of QAOA. The
            ``circuits`` of ``once-many``, `circuit` the last of them.
    """

    question: str
    circuit: PortableCircuit
    observable: PauliTerms | None = None
    shots: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


QUESTIONS = (
    "state", "once", "expectation", "gradient", "samples", "once-expectation", "once-gradient", "once-samples",
    "once-many",
)  # fmt: skip
"""What may be asked."""


def kind_of(question: str) -> str:
    """What is computed, however often: ``state``, ``expectation``, ``gradient`` or ``samples``."""
    return "state" if question in ("once", "once-many", "startup") else question.removeprefix("once-")


def save_task(task: Task, path: Path) -> None:
    """Write a task to a file."""
    path.write_bytes(pickle.dumps(_with_matrices(task, lambda matrix: matrix.tolist()), protocol=5))


def load_task(path: Path) -> Task:
    """Read a task that this machine wrote."""
    task = pickle.loads(path.read_bytes())
    assert isinstance(task, Task)
    return _with_matrices(task, np.array)


def _with_matrices(task: Task, convert: Callable[[Any], Any]) -> Task:
    """Matrices cross over as lists: NumPy 1 cannot read arrays that NumPy 2 has pickled."""
    gates = tuple(
        gate if gate.matrix is None else replace(gate, matrix=convert(gate.matrix)) for gate in task.circuit.gates
    )
    return replace(task, circuit=replace(task.circuit, gates=gates))
