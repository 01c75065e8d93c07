"""Azure Quantum, before its SDK is loaded."""

from __future__ import annotations

from qtoolkit.backends.provider import DeviceInfo, Provider, late

__all__ = ["PROVIDER"]


def _devices() -> list[DeviceInfo]:
    """The targets of the workspace that circuits can be written for."""
    from qtoolkit.backends.azure.client import AzureClient
    from qtoolkit.backends.azure.targets import family_of, known_qubits
    from qtoolkit.errors import BackendError

    found = []
    for company, target in AzureClient().targets():
        name = str(target.get("id"))
        try:
            family_of(name)
        except BackendError:
            continue
        given, wait = target.get("numQubits"), target.get("averageQueueTime")
        qubits = given if isinstance(given, int) and given > 0 else known_qubits(name)
        kind = "device" if "qpu" in name.split(".") else "simulator"
        words = company if not isinstance(wait, int) or wait <= 0 else f"{company}, average wait {wait} s"
        status = str(target.get("currentAvailability"))
        found.append(DeviceInfo(f"azure:{name}", qubits, kind, status, None, words))
    return found


PROVIDER = Provider(
    name="azure",
    sdk="azure.quantum",
    extra="azure",
    serializer=late("qtoolkit.backends.azure.serializer", "AzureSerializer"),
    open_device=late("qtoolkit.backends.azure.backend", "AzureBackend"),
    devices=_devices,
    credentials=("AZURE_QUANTUM_CONNECTION_STRING",),
    service="Azure Quantum",
    examples=("azure:ionq.simulator", "azure:quantinuum.sim.h2-1e", "azure:rigetti.sim.qvm"),
)
