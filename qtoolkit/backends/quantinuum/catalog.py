"""Quantinuum's local emulators, and the devices of Nexus."""

from __future__ import annotations

from functools import partial

from qtoolkit.backends.provider import BackendEntry, DeviceInfo, Provider, late

__all__ = ["PROVIDER"]


def _devices() -> list[DeviceInfo]:
    from qtoolkit.backends.quantinuum.client import NexusClient

    return NexusClient().devices()


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
            partial(late("qtoolkit.backends.quantinuum.local", "QuantinuumLocalBackend"), name),
        )
        for name, num_qubits in (("H1-1LE", 20), ("H2-1LE", 56))
    ),
    serializer=late("qtoolkit.backends.quantinuum.serializer", "NexusSerializer"),
    open_device=late("qtoolkit.backends.quantinuum.backend", "QuantinuumBackend"),
    devices=_devices,
    credentials=("NEXUS_REFRESH_TOKEN",),
    service="Quantinuum's Nexus",
    examples=("quantinuum:H2-1", "quantinuum:H2-1E", "quantinuum:H2-1SC"),
)
