"""The quantum computers of IQM's cloud."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from qtoolkit.backends.provider import DeviceInfo, Provider

if TYPE_CHECKING:
    from qtoolkit.backends.cloud import JobStore, Serializer
    from qtoolkit.backends.iqm.backend import IQMBackend

__all__ = ["PROVIDER"]


def _service(
    device: str,
    *,
    calibration_set: str = "default",
    optimization_level: int = 2,
    store: JobStore | None = None,
    max_cost: Decimal | int | str | None = None,
) -> IQMBackend:
    from qtoolkit.backends.iqm.backend import IQMBackend

    return IQMBackend(
        device,
        calibration_set=calibration_set,
        optimization_level=optimization_level,
        store=store,
        max_cost=max_cost,
    )


def _devices() -> list[DeviceInfo]:
    from qtoolkit.backends.iqm.client import IQMClient

    return IQMClient("").devices()


def _serializer() -> Serializer:
    from qtoolkit.backends.iqm.serializer import IQMSerializer

    return IQMSerializer()


PROVIDER = Provider(
    name="iqm",
    sdk=None,
    extra=None,
    serializer=_serializer,
    open_device=_service,
    devices=_devices,
    credentials=("IQM_TOKEN",),
    service="IQM's cloud, Resonance",
    examples=("iqm:garnet", "iqm:emerald", "iqm:sirius"),
)
