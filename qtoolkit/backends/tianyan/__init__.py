"""Tianyan, China Telecom Quantum's cloud, and the simulator of its SDK on this machine.

`catalog` says what there is without loading the SDK; `qcis` is the dialect, both ways.
"""

from qtoolkit.backends.tianyan.backend import TianyanBackend
from qtoolkit.backends.tianyan.local import TianyanLocalBackend
from qtoolkit.backends.tianyan.qcis import from_qcis, to_qcis
from qtoolkit.backends.tianyan.serializer import TianyanSerializer

__all__ = ["TianyanBackend", "TianyanLocalBackend", "TianyanSerializer", "from_qcis", "to_qcis"]
