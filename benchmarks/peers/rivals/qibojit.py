"""Qibo with qibojit, kernels compiled by Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
import qibo
from qibo import gates

from peers.portable import Gate, PortableCircuit, Task, kind_of
from peers.rivals.base import Context, Prepared, Rival, Settings, pauli_ladder

__all__ = ["RIVAL"]

_FIXED = {"x": gates.X, "h": gates.H, "z": gates.Z, "cx": gates.CNOT, "cz": gates.CZ, "swap": gates.SWAP}
_ROTATIONS = {
    "rx": gates.RX,
    "ry": gates.RY,
    "rz": gates.RZ,
    "p": gates.U1,
    "cp": gates.CU1,
    "rxx": gates.RXX,
    "ryy": gates.RYY,
    "rzz": gates.RZZ,
}


def _circuit(circuit: PortableCircuit) -> Any:
    """Qubits in reverse: Qibo's first qubit is the high bit of an index."""
    last = circuit.num_qubits - 1
    found = qibo.Circuit(circuit.num_qubits)
    for gate in circuit.gates:
        for part in pauli_ladder(gate) if gate.name == "pauli" else (gate,):
            found.add(_gate(part, [last - qubit for qubit in part.qubits]))
    return found


def _gate(gate: Gate, qubits: list[int]) -> Any:
    if gate.name in _FIXED:
        return _FIXED[gate.name](*qubits)
    if gate.name in _ROTATIONS:
        return _ROTATIONS[gate.name](*qubits, gate.angle)
    if gate.name == "mcz":
        return gates.Z(qubits[-1]).controlled_by(*qubits[:-1])
    return gates.Unitary(gate.matrix, *qubits[::-1])


def _set_up(context: Context) -> None:
    qibo.set_backend("qibojit", platform="numba")
    qibo.set_dtype("complex128" if context.precision == "double" else "complex64")
    qibo.set_threads(context.threads)


class _Run:
    def __init__(self, task: Task, context: Context) -> None:
        _set_up(context)
        self.plain = self.circuit = _circuit(task.circuit)
        self.fusion = context.settings["fusion"]

    def compile(self) -> None:
        if self.fusion:
            self.circuit = self.plain.fuse(max_qubits=self.fusion)


def _state(task: Task, context: Context) -> Prepared:
    job = _Run(task, context)
    # Qibo gives back the result of a circuit's earlier run unless it is asked anew.
    return Prepared(lambda: job.circuit.execute(), lambda result: np.asarray(result.state()), job.compile)


def _samples(task: Task, context: Context) -> Prepared:
    job = _Run(task, context)
    job.plain.add(gates.M(*range(task.circuit.num_qubits)))

    def run() -> Any:
        result = job.circuit.execute(nshots=task.shots)
        return result.samples(binary=False)

    return Prepared(run, lambda shots: np.asarray(shots).astype(np.int64), job.compile)


def _candidates(task: Task, threads: int) -> list[Settings]:
    return [{"fusion": size} for size in ((0,) if kind_of(task.question) == "samples" else (0, 2, 3))]


RIVAL = Rival(
    title="qibojit",
    packages=("qibojit", "qibo", "numba"),
    precisions=("double", "single"),
    questions={"state": _state, "samples": _samples},
    candidates=_candidates,
)
