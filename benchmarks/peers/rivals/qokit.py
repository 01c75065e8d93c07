"""QOKit's simulator of QAOA; it answers only where a task gives QAOA's angles."""

from __future__ import annotations

from typing import Any

import numpy as np
from qokit.fur import choose_simulator, get_available_simulator_names

from peers.portable import Task
from peers.rivals.base import Context, Prepared, Rival, Settings

__all__ = ["RIVAL"]


def _expectation(task: Task, context: Context) -> Prepared:
    if not task.extra:
        raise NotImplementedError("QOKit runs QAOA only")
    assert task.observable is not None
    terms = [(coefficient, [qubit for qubit, _ in string]) for coefficient, string in task.observable if string]
    offset = sum(coefficient for coefficient, string in task.observable if not string)
    simulator = choose_simulator(context.settings["simulator"])(task.circuit.num_qubits, terms=terms)
    # Its layers are exp(-iγC/2) and exp(-iβΣX).
    gammas, betas = 2 * np.array(task.extra["gammas"]), -np.array(task.extra["betas"])

    def run() -> Any:
        return simulator.get_expectation(simulator.simulate_qaoa(gammas, betas))

    return Prepared(run, lambda value: np.array([float(value) + offset]))


def _candidates(task: Task, threads: int) -> list[Settings]:
    return [{"simulator": name} for name in get_available_simulator_names("x") if name in ("c", "python")]


RIVAL = Rival(
    title="QOKit",
    packages=("qokit", "numpy"),
    precisions=("double",),
    questions={"expectation": _expectation},
    candidates=_candidates,
    note="QAOA only; its package holds no compiled simulator for processors, so NumPy and Python loops",
)
