"""Circuits as users bring them: in their own gates, and in {rz, sx, x, cx}, which transpilers leave.

Names that end in ``-rzsx`` are circuits of `circuits`, those that begin with ``mqt-`` are MQT Bench's (Quetschlich,
Burgholzer and Wille, Quantum 7, 1062 (2023)), which takes the package mqt.bench beside qtoolkit.
"""

from __future__ import annotations

import math
from typing import Any

from peers import circuits
from qtoolkit import Circuit, from_qiskit, to_qiskit

__all__ = ["LEAST_QUBITS", "NAMES", "named"]

BASIS = ["rz", "sx", "x", "cx"]
TRANSPILED = "-rzsx"
MQT = "mqt-"

_OWN = ("qft", "quantum-volume", "random-line", "ansatz", "qaoa-portfolio", "qaoa-regular", "ghz", "grover")
_MQT = ("ae", "dj", "graphstate", "qaoa", "qftentangled", "qpeexact", "qpeinexact", "randomcircuit", "wstate")

NAMES = (*_OWN, *(name + TRANSPILED for name in _OWN), *(MQT + name for name in _MQT))
"""Everything that is asked once."""

LEAST_QUBITS = {"mqt-graphstate": 3}
"""Of what takes more than 2 qubits."""


def named(name: str, num_qubits: int) -> Circuit:
    """A circuit by its name.

    Raises:
        KeyError: if there is none.
        ImportError: for one of MQT Bench's without that.
    """
    if name.startswith(MQT):
        from mqt.bench import BenchmarkLevel, get_benchmark

        found = get_benchmark(name.removeprefix(MQT), BenchmarkLevel.INDEP, num_qubits)
        found.remove_final_measurements()
        return _transpiled(found)
    if name.endswith(TRANSPILED):
        return _transpiled(to_qiskit(circuits.CIRCUITS[name.removesuffix(TRANSPILED)](num_qubits)))
    return circuits.CIRCUITS[name](num_qubits)


def _transpiled(circuit: Any) -> Circuit:
    """The circuit in `BASIS`, up to its global phase, which no check of states looks at."""
    from qiskit import transpile

    lowered = from_qiskit(transpile(circuit, basis_gates=BASIS, optimization_level=1, seed_transpiler=1))
    result = Circuit(lowered.num_qubits)
    for operation in lowered.operations:
        if operation.gate.name == "sx":
            result.rx(math.pi / 2, *operation.qubits)
        elif operation.gate.name in BASIS:
            result.append(operation.gate, operation.qubits)
    return result
