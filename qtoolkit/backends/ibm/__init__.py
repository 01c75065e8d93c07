"""IBM: fake devices with real noise in this process, and devices of the IBM Quantum service.

`catalog` says what there is without loading IBM's package; `IBMBackend` runs the former, `IBMServiceBackend` the
latter.
"""

from qtoolkit.backends.ibm.backend import IBMBackend
from qtoolkit.backends.ibm.service import IBMServiceBackend

__all__ = ["IBMBackend", "IBMServiceBackend"]
