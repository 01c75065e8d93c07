"""Origin Quantum: the CPU machine of pyqpanda3 on this machine, and the cloud with the Wukong chips.

`catalog` says what there is without loading the SDK; `originir` is the dialect, both ways.
"""

from qtoolkit.backends.origin.backend import OriginBackend
from qtoolkit.backends.origin.local import OriginLocalBackend
from qtoolkit.backends.origin.originir import from_originir, to_originir
from qtoolkit.backends.origin.serializer import OriginSerializer

__all__ = ["OriginBackend", "OriginLocalBackend", "OriginSerializer", "from_originir", "to_originir"]
