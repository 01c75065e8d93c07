"""What there is of Quafu."""

from __future__ import annotations

from decimal import Decimal

from qtoolkit.backends.backend import Backend
from qtoolkit.backends.cloud.payload import Serializer
from qtoolkit.backends.cloud.store import JobStore
from qtoolkit.backends.provider import DeviceInfo, Provider

__all__ = ["PROVIDER"]


def _open(
    device: str,
    url: str | None = None,
    compile_there: bool = True,
    store: JobStore | None = None,
    max_cost: Decimal | int | str | None = None,
) -> Backend:
    from qtoolkit.backends.quafu.backend import QuafuBackend
    from qtoolkit.backends.quafu.client import ADDRESS, QuafuClient

    return QuafuBackend(
        device, QuafuClient(url or ADDRESS), compile_there=compile_there, store=store, max_cost=max_cost
    )


def _devices() -> list[DeviceInfo]:
    from qtoolkit.backends.quafu.client import QuafuClient

    found = []
    for chip in QuafuClient().chips():
        name, qubits, queue = (chip.get(key) for key in ("system_name", "qubits", "queued_len"))
        if isinstance(name, str):
            found.append(
                DeviceInfo(
                    f"quafu:{name}",
                    qubits if isinstance(qubits, int) else None,
                    "simulator" if "Sim" in name else "device",
                    str(chip.get("status", "")),
                    queue if isinstance(queue, int) and queue >= 0 else None,
                )
            )
    return found


def _serializer() -> Serializer:
    from qtoolkit.backends.quafu.serializer import QuafuSerializer

    return QuafuSerializer()


PROVIDER = Provider(
    name="quafu",
    sdk=None,
    extra=None,
    serializer=_serializer,
    open_device=_open,
    devices=_devices,
    credentials=("QUAFU_API_TOKEN",),
    service="Quafu, the cloud of the Beijing Academy of Quantum Information Sciences",
    examples=("quafu:ScQ-P18", "quafu:ScQ-Sim10"),
)
