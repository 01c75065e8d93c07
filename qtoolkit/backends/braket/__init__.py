"""Amazon Braket: the simulators of its SDK on this machine, and the devices of its service.

`catalog` says what there is without loading the SDK; `BraketBackend` runs what is on this machine, `BraketCloudBackend`
what the service has, and `to_braket_qasm` writes the dialect.
"""

from qtoolkit.backends.braket.backend import BraketBackend
from qtoolkit.backends.braket.cloud import BraketCloudBackend
from qtoolkit.backends.braket.openqasm import to_braket_qasm

__all__ = ["BraketBackend", "BraketCloudBackend", "to_braket_qasm"]
