"""Circuits as users bring them: in their own gates, and in {rz, sx, x, cx}, which transpilers leave.

Names that end in ``-rzsx`` are circuits of `circuits`, those that begin with ``mqt-`` are MQT Bench's (Quetschlich,
Burgholzer and Wille, Quantum 7, 1062 (2023)), which takes the package mqt.bench beside qtoolkit.
"""

from __future__ import annotations

from peers import circuits
from qtoolkit import Circuit, to_qiskit

__all__ = ["LEAST_QUBITS", "NAMES", "TRANSPILED_NAMES", "named"]

TRANSPILED = "-rzsx"
MQT = "mqt-"

_OWN = ("qft", "quantum-volume", "random-line", "ansatz", "qaoa-portfolio", "qaoa-regular", "ghz", "grover")
_MQT = ("ae", "dj", "graphstate", "qaoa", "qftentangled", "qpeexact", "qpeinexact", "randomcircuit", "wstate")

TRANSPILED_NAMES = tuple(name + TRANSPILED for name in _OWN)
"""Circuits in the gates that transpilers leave."""

NAMES = (*_OWN, *TRANSPILED_NAMES, *(MQT + name for name in _MQT))
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
        return circuits.transpiled_gates(found)
    if name.endswith(TRANSPILED):
        return circuits.transpiled_gates(to_qiskit(circuits.CIRCUITS[name.removesuffix(TRANSPILED)](num_qubits)))
    return circuits.CIRCUITS[name](num_qubits)
