"""What there is of Origin Quantum."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from decimal import Decimal

from qtoolkit.backends.backend import Backend
from qtoolkit.backends.cloud.payload import Serializer
from qtoolkit.backends.cloud.store import JobStore
from qtoolkit.backends.provider import BackendEntry, DeviceInfo, Provider

__all__ = ["PROVIDER"]


def _cpu(executor: Executor | None = None) -> Backend:
    from qtoolkit.backends.origin.local import OriginLocalBackend

    return OriginLocalBackend(executor)


def _open(
    device: str,
    url: str | None = None,
    amend: bool = False,
    mapping: bool = True,
    optimization: bool = True,
    store: JobStore | None = None,
    max_cost: Decimal | int | str | None = None,
) -> Backend:
    from qtoolkit.backends.origin.backend import OriginBackend
    from qtoolkit.backends.origin.client import ADDRESS, OriginClient

    return OriginBackend(
        device,
        OriginClient(url or ADDRESS),
        amend=amend,
        mapping=mapping,
        optimization=optimization,
        store=store,
        max_cost=max_cost,
    )


def _devices() -> list[DeviceInfo]:
    from qtoolkit.backends.origin.client import OriginClient
    from qtoolkit.backends.origin.serializer import FULL_AMPLITUDE

    found = [DeviceInfo(f"origin:{FULL_AMPLITUDE}", None, "simulator", "online", None, "state vector")]
    for item in OriginClient().resources():
        # The type 5 is of chips; the others are modes of the simulators.
        if isinstance(item, Mapping) and item.get("machineType") == 5 and item.get("sinanChipId"):
            status = "online" if item.get("onlineFlag") is True else "offline"
            found.append(DeviceInfo(f"origin:{item['sinanChipId']}", None, "device", status))
    return found


def _serializer() -> Serializer:
    from qtoolkit.backends.origin.serializer import OriginSerializer

    return OriginSerializer()


PROVIDER = Provider(
    name="origin",
    sdk="pyqpanda3",
    extra="origin",
    entries=(BackendEntry("origin:cpu", "Origin's state vector, of pyqpanda3", "simulator", 30, _cpu),),
    serializer=_serializer,
    open_device=_open,
    devices=_devices,
    credentials=("QPANDA3_API_KEY",),
    service="Origin's cloud",
    examples=("origin:WK_C180", "origin:full_amplitude"),
)
