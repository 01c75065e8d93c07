"""Azure Quantum: the targets of IonQ, Quantinuum and Rigetti in a workspace.

`catalog` says what there is without loading the SDK; `AzureBackend` submits.
"""

from qtoolkit.backends.azure.backend import AzureBackend
from qtoolkit.backends.azure.client import AzureClient
from qtoolkit.backends.azure.serializer import AzureSerializer

__all__ = ["AzureBackend", "AzureClient", "AzureSerializer"]
