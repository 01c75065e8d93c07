"""IonQ's cloud, before its SDK is loaded."""

from __future__ import annotations

from qtoolkit.backends.provider import DeviceInfo, Provider, late

__all__ = ["PROVIDER"]


def _devices() -> list[DeviceInfo]:
    from qtoolkit.backends.ionq.client import IonQClient

    found = []
    for entry in IonQClient().backends():
        name, qubits = str(entry.get("backend")), entry.get("qubits")
        words = [str(entry["location"])] if entry.get("location") else []
        if entry.get("degraded"):
            words.append("degraded")
        kind = "simulator" if name == "simulator" else "device"
        count = qubits if isinstance(qubits, int) and qubits > 0 else None
        found.append(DeviceInfo(f"ionq:{name}", count, kind, str(entry.get("status")), None, ", ".join(words)))
    return found


PROVIDER = Provider(
    name="ionq",
    sdk="qiskit_ionq",
    extra="ionq",
    serializer=late("qtoolkit.backends.ionq.serializer", "IonQSerializer"),
    open_device=late("qtoolkit.backends.ionq.backend", "IonQBackend"),
    devices=_devices,
    credentials=("IONQ_API_KEY",),
    service="IonQ's cloud",
    examples=("ionq:simulator", "ionq:simulator.aria-1", "ionq:qpu.forte-1"),
)
