"""The quantum computers of IQM's cloud."""

from __future__ import annotations

from qtoolkit.backends.provider import DeviceInfo, Provider, late

__all__ = ["PROVIDER"]


def _devices() -> list[DeviceInfo]:
    from qtoolkit.backends.iqm.client import IQMClient

    return IQMClient("").devices()


PROVIDER = Provider(
    name="iqm",
    sdk=None,
    extra=None,
    serializer=late("qtoolkit.backends.iqm.serializer", "IQMSerializer"),
    open_device=late("qtoolkit.backends.iqm.backend", "IQMBackend"),
    devices=_devices,
    credentials=("IQM_TOKEN",),
    service="IQM's cloud, Resonance",
    examples=("iqm:garnet", "iqm:emerald", "iqm:sirius"),
)
