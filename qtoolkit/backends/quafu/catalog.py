"""What there is of Quafu."""

from __future__ import annotations

from qtoolkit.backends.provider import DeviceInfo, Provider, late

__all__ = ["PROVIDER"]


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


PROVIDER = Provider(
    name="quafu",
    sdk=None,
    extra=None,
    serializer=late("qtoolkit.backends.quafu.serializer", "QuafuSerializer"),
    open_device=late("qtoolkit.backends.quafu.backend", "QuafuBackend"),
    devices=_devices,
    credentials=("QUAFU_API_TOKEN",),
    service="Quafu, the cloud of the Beijing Academy of Quantum Information Sciences",
    examples=("quafu:ScQ-P18", "quafu:ScQ-Sim10"),
)
