"""Amazon Braket: the state-vector and density-matrix simulators of its SDK, on this machine.

`catalog` says what there is without loading the SDK; `BraketBackend` runs it, `to_braket_qasm` writes its dialect.
"""

from qtoolkit.backends.braket.backend import BraketBackend
from qtoolkit.backends.braket.openqasm import to_braket_qasm

__all__ = ["BraketBackend", "to_braket_qasm"]
