"""Quantinuum's local emulators, and the devices of Nexus."""

from __future__ import annotations

from concurrent.futures import Executor
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from qtoolkit.backends.provider import BackendEntry, DeviceInfo, Provider

if TYPE_CHECKING:
    from qtoolkit.backends.cloud import JobStore, Serializer
    from qtoolkit.backends.quantinuum.backend import QuantinuumBackend
    from qtoolkit.backends.quantinuum.local import QuantinuumLocalBackend

__all__ = ["PROVIDER"]


def _local(device: str, optimization_level: int = 2, executor: Executor | None = None) -> QuantinuumLocalBackend:
    from qtoolkit.backends.quantinuum.local import QuantinuumLocalBackend

    return QuantinuumLocalBackend(device, optimization_level, executor)


def _service(
    device: str,
    *,
    project: str = "qtoolkit",
    user_group: str | None = None,
    noisy: bool = True,
    optimization_level: int = 2,
    store: JobStore | None = None,
    max_cost: Decimal | int | str | None = None,
) -> QuantinuumBackend:
    from qtoolkit.backends.quantinuum.backend import QuantinuumBackend

    return QuantinuumBackend(
        device,
        project=project,
        user_group=user_group,
        noisy=noisy,
        optimization_level=optimization_level,
        store=store,
        max_cost=max_cost,
    )


def _devices() -> list[DeviceInfo]:
    from qtoolkit.backends.quantinuum.client import NexusClient

    return NexusClient().devices()


def _serializer() -> Serializer:
    from qtoolkit.backends.quantinuum.serializer import NexusSerializer

    return NexusSerializer()


PROVIDER = Provider(
    name="quantinuum",
    sdk="pytket_pecos",
    extra="quantinuum",
    entries=tuple(
        BackendEntry(
            f"quantinuum:{name}",
            f"the gates of Quantinuum's {name.removesuffix('LE')}, without noise",
            "simulator",
            num_qubits,
            partial(_local, name),
        )
        for name, num_qubits in (("H1-1LE", 20), ("H2-1LE", 56))
    ),
    serializer=_serializer,
    open_device=_service,
    devices=_devices,
    credentials=("NEXUS_REFRESH_TOKEN",),
    service="Quantinuum's Nexus",
    examples=("quantinuum:H2-1", "quantinuum:H2-1E", "quantinuum:H2-1SC"),
)
