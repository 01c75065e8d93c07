"""What there is of Tianyan."""

from __future__ import annotations

from collections.abc import Mapping

from qtoolkit.backends.provider import BackendEntry, DeviceInfo, Provider, late

__all__ = ["PROVIDER"]

_STATES = {0: "online", 1: "calibration", 2: "maintenance", 3: "offline"}


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


PROVIDER = Provider(
    name="tianyan",
    sdk="cqlib",
    extra="tianyan",
    entries=(
        BackendEntry(
            "tianyan:local",
            "Tianyan's state vector, of cqlib",
            "simulator",
            20,
            late("qtoolkit.backends.tianyan.local", "TianyanLocalBackend"),
        ),
    ),
    serializer=late("qtoolkit.backends.tianyan.serializer", "TianyanSerializer"),
    open_device=late("qtoolkit.backends.tianyan.backend", "TianyanBackend"),
    devices=_devices,
    credentials=("TIANYAN_LOGIN_KEY",),
    service="Tianyan, China Telecom Quantum's cloud",
    examples=("tianyan:tianyan176", "tianyan:tianyan_sw"),
)
