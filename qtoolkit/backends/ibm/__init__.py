"""IBM: fake devices with real noise in this process, and devices of the IBM Quantum service.

`catalog` says what there is without loading IBM's package; `IBMBackend` runs it.
"""

from qtoolkit.backends.ibm.backend import IBMBackend
from qtoolkit.backends.ibm.job import IBMJob

__all__ = ["IBMBackend", "IBMJob"]
