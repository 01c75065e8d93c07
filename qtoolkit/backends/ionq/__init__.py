"""IonQ's cloud: its simulators and its trapped-ion devices, over its REST service of version 0.4.

`catalog` says what there is without loading the SDK; `IonQBackend` submits.
"""

from qtoolkit.backends.ionq.backend import IonQBackend
from qtoolkit.backends.ionq.client import IonQClient
from qtoolkit.backends.ionq.serializer import IonQSerializer

__all__ = ["IonQBackend", "IonQClient", "IonQSerializer"]
