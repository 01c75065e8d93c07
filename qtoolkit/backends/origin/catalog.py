"""What there is of Origin Quantum."""

from __future__ import annotations

from collections.abc import Mapping

from qtoolkit.backends.provider import BackendEntry, DeviceInfo, Provider, late

__all__ = ["PROVIDER"]


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


PROVIDER = Provider(
    name="origin",
    sdk="pyqpanda3",
    extra="origin",
    entries=(
        BackendEntry(
            "origin:cpu",
            "Origin's state vector, of pyqpanda3",
            "simulator",
            30,
            late("qtoolkit.backends.origin.local", "OriginLocalBackend"),
        ),
    ),
    serializer=late("qtoolkit.backends.origin.serializer", "OriginSerializer"),
    open_device=late("qtoolkit.backends.origin.backend", "OriginBackend"),
    devices=_devices,
    credentials=("QPANDA3_API_KEY",),
    service="Origin's cloud",
    examples=("origin:WK_C180", "origin:full_amplitude"),
)
