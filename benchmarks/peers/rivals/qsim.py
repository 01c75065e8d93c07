"""qsim, Google's simulator in C++, through its Python interface; single precision."""

from __future__ import annotations

from typing import Any

import cirq
import numpy as np
import qsimcirq

from peers.portable import Task
from peers.rivals.base import Context, Prepared, Rival, Settings
from peers.rivals.cirq import cirq_circuit, cirq_observable, sampled_states

__all__ = ["RIVAL"]


def _simulator(context: Context) -> Any:
    options = qsimcirq.QSimOptions(
        max_fused_gate_size=context.settings["fusion"], cpu_threads=context.settings.get("threads", context.threads)
    )
    # Remembered circuits are found again by comparison, which costs more than translating where they are long.
    return qsimcirq.QSimSimulator(options, seed=1, circuit_memoization_size=context.settings["remembered"])


def _state(task: Task, context: Context) -> Prepared:
    circuit, simulator = cirq_circuit(task.circuit), _simulator(context)
    return Prepared(lambda: simulator.simulate_into_1d_array(circuit), lambda found: found[1])


def _expectation(task: Task, context: Context) -> Prepared:
    circuit, simulator = cirq_circuit(task.circuit), _simulator(context)
    assert task.observable is not None
    observable = cirq_observable(task.observable)
    return Prepared(
        lambda: simulator.simulate_expectation_values(circuit, [observable]), lambda found: np.real(np.array(found))
    )


def _samples(task: Task, context: Context) -> Prepared:
    circuit, simulator = cirq_circuit(task.circuit), _simulator(context)
    circuit.append(cirq.measure(*sorted(circuit.all_qubits()), key="m"))
    return Prepared(lambda: simulator.run(circuit, repetitions=task.shots), sampled_states)


def _candidates(task: Task, threads: int) -> list[Settings]:
    # With few amplitudes, starting threads costs more than they bring.
    counts = (1, threads) if task.circuit.num_qubits <= 14 and threads > 1 else (threads,)
    remembered = (0, 1) if task.circuit.num_qubits <= 20 else (0,)
    return [
        {"fusion": fusion, "threads": count, "remembered": size}
        for count in counts
        for size in remembered
        for fusion in (2, 3, 4, 5)
    ]


RIVAL = Rival(
    title="qsim",
    packages=("qsimcirq", "cirq-core"),
    precisions=("single",),
    questions={"state": _state, "expectation": _expectation, "samples": _samples},
    candidates=_candidates,
    note="single precision only; translating and fusing the circuit is part of each run",
)
