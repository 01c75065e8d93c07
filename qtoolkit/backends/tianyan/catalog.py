"""What there is of Tianyan."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from decimal import Decimal

from qtoolkit.backends.backend import Backend
from qtoolkit.backends.cloud.payload import Serializer
from qtoolkit.backends.cloud.store import JobStore
from qtoolkit.backends.provider import BackendEntry, DeviceInfo, Provider

__all__ = ["PROVIDER"]

_STATES = {0: "online", 1: "calibration", 2: "maintenance", 3: "offline"}


def _local(executor: Executor | None = None) -> Backend:
    from qtoolkit.backends.tianyan.local import TianyanLocalBackend

    return TianyanLocalBackend(executor)


def _open(
    device: str,
    url: str | None = None,
    optimization_level: int = 1,
    store: JobStore | None = None,
    max_cost: Decimal | int | str | None = None,
) -> Backend:
    from qtoolkit.backends.tianyan.backend import TianyanBackend
    from qtoolkit.backends.tianyan.client import ADDRESS, TianyanClient

    return TianyanBackend(
        device,
        TianyanClient(url or ADDRESS),
        optimization_level=optimization_level,
        store=store,
        max_cost=max_cost,
    )


def _devices() -> list[DeviceInfo]:
    from qtoolkit.backends.tianyan.client import TianyanClient

    found = []
    for item in TianyanClient().machines():
        if isinstance(item, Mapping) and item.get("code"):
            code, state = str(item["code"]), item.get("status")
            kind = "simulator" if code.startswith("tianyan_") else "device"
            status = _STATES.get(state, str(state)) if isinstance(state, int) else str(state)
            found.append(DeviceInfo(f"tianyan:{code}", None, kind, status))
    return found


def _serializer() -> Serializer:
    from qtoolkit.backends.tianyan.serializer import TianyanSerializer

    return TianyanSerializer()


PROVIDER = Provider(
    name="tianyan",
    sdk="cqlib",
    extra="tianyan",
    entries=(BackendEntry("tianyan:local", "Tianyan's state vector, of cqlib", "simulator", 20, _local),),
    serializer=_serializer,
    open_device=_open,
    devices=_devices,
    credentials=("TIANYAN_LOGIN_KEY",),
    service="Tianyan, China Telecom Quantum's cloud",
    examples=("tianyan:tianyan176", "tianyan:tianyan_sw"),
)
