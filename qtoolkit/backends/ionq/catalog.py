"""IonQ's cloud, before its SDK is loaded."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from qtoolkit.backends.provider import DeviceInfo, Provider

if TYPE_CHECKING:
    from qtoolkit.backends.cloud.payload import Serializer
    from qtoolkit.backends.cloud.store import JobStore
    from qtoolkit.backends.ionq.backend import IonQBackend

__all__ = ["PROVIDER"]


def _open(
    device: str,
    noise_model: str | None = None,
    noise_seed: int | None = None,
    debiasing: bool = False,
    address: str | None = None,
    store: JobStore | None = None,
    max_cost: Decimal | int | str | None = None,
) -> IonQBackend:
    from qtoolkit.backends.ionq.backend import IonQBackend

    return IonQBackend(
        device,
        noise_model=noise_model,
        noise_seed=noise_seed,
        debiasing=debiasing,
        address=address,
        store=store,
        max_cost=max_cost,
    )


def _serializer() -> Serializer:
    from qtoolkit.backends.ionq.serializer import IonQSerializer

    return IonQSerializer()


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
    serializer=_serializer,
    open_device=_open,
    devices=_devices,
    credentials=("IONQ_API_KEY",),
    service="IonQ's cloud",
    examples=("ionq:simulator", "ionq:simulator.aria-1", "ionq:qpu.forte-1"),
)
