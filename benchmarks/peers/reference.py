"""The right answers: plain NumPy for small circuits, for larger ones a simulator in double precision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from peers import plain
from peers.portable import Task, kind_of, save_task
from peers.workers import AbsentError, BrokenError, Pool

__all__ = ["write_reference"]

_PLAIN_QUBITS = 15
"""Up to here NumPy takes seconds."""

_SOURCES = ("aer", "qulacs", "lightning", "qibojit", "mindquantum", "prism_q", "cirq")
"""In this order; all of them have agreed with NumPy on the small circuits when they come to the large ones."""

_LARGE = 22
_LARGE_SOURCES = ("prism_q", *_SOURCES)
"""The order from so many qubits on, where some take minutes for one state."""


def write_reference(task: Task, path: Path, pool: Pool, threads: int, limit: float) -> str:
    """Write the answer to a file; returns what computed it.

    Raises:
        BrokenError: if nothing here can.
    """
    kind = kind_of(task.question)
    wanted = replace(task, question="state" if kind == "samples" else kind)
    if task.circuit.num_qubits <= _PLAIN_QUBITS:
        np.save(path, plain.answer(wanted))
        return "NumPy"
    # Not where the task itself is, which the simulators are still to be asked.
    task_path = path.with_suffix(".reference")
    save_task(wanted, task_path)
    reasons = []
    for name in _LARGE_SOURCES if task.circuit.num_qubits >= _LARGE else _SOURCES:
        try:
            worker, _ = pool.worker(name, needed=4 * 16 << task.circuit.num_qubits)
            first = worker.ask(
                "prepare", limit, task=str(task_path), precision="double", threads=threads, settings=None
            )
            if "cannot" in first:
                continue
            worker.ask("write", limit, path=str(path))
            worker.ask("release", limit)
            return str(worker.about["title"])
        except AbsentError:
            continue
        except BrokenError as error:
            reasons.append(f"{name}: {error}")
    raise BrokenError("no simulator is here to check answers with" + "".join(f"; {reason}" for reason in reasons))
