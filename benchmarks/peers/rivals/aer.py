"""Qiskit Aer, a simulator in C++."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit_aer import AerSimulator
from qiskit_aer.library import SaveExpectationValue, SaveStatevector

from peers.portable import Task
from peers.rivals.base import Context, Prepared, Rival, Settings
from peers.rivals.qiskit import qiskit_circuit, qiskit_observable

__all__ = ["RIVAL"]


def _simulator(context: Context) -> AerSimulator:
    return AerSimulator(
        method="statevector",
        precision=context.precision,
        max_parallel_threads=context.threads,
        fusion_enable=bool(context.settings["fusion"]),
        fusion_max_qubit=context.settings["fusion"] or 1,
        fusion_threshold=1,
    )


def _state(task: Task, context: Context) -> Prepared:
    circuit, simulator = qiskit_circuit(task.circuit), _simulator(context)
    circuit.append(SaveStatevector(circuit.num_qubits), circuit.qubits)
    return Prepared(lambda: simulator.run(circuit).result(), lambda result: np.asarray(result.data(0)["statevector"]))


def _expectation(task: Task, context: Context) -> Prepared:
    circuit, simulator = qiskit_circuit(task.circuit), _simulator(context)
    assert task.observable is not None
    circuit.append(SaveExpectationValue(qiskit_observable(task.observable)), circuit.qubits)
    return Prepared(
        lambda: simulator.run(circuit).result(), lambda result: np.array([result.data(0)["expectation_value"]])
    )


def _samples(task: Task, context: Context) -> Prepared:
    circuit, simulator = qiskit_circuit(task.circuit), _simulator(context)
    circuit.measure_all()

    def read(result: Any) -> Any:
        counts = result.data(0)["counts"]
        return np.repeat(np.array([int(key, 16) for key in counts], np.int64), list(counts.values()))

    return Prepared(lambda: simulator.run(circuit, shots=task.shots, seed_simulator=1).result(), read)


def _candidates(task: Task, threads: int) -> list[Settings]:
    return [{"fusion": size} for size in (5, 0, 3, 4)]


RIVAL = Rival(
    title="Aer",
    packages=("qiskit-aer", "qiskit"),
    precisions=("double", "single"),
    questions={"state": _state, "expectation": _expectation, "samples": _samples},
    candidates=_candidates,
    note="fusing the circuit is part of each run",
)
