"""Cirq: circuits from and to it, and a simulator that its users can drop in.

Cirq's first qubit is the highest bit of a number, ours is the lowest; `from_cirq` says what becomes of that.
"""

from qtoolkit.interop.cirq.from_circuit import from_cirq
from qtoolkit.interop.cirq.simulator import Simulator
from qtoolkit.interop.cirq.to_circuit import to_cirq

__all__ = ["from_cirq", "to_cirq", "Simulator"]
