"""The simulators that Braket's SDK brings along, and the devices of the service."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

from qtoolkit.backends.braket.backend import BraketBackend
from qtoolkit.backends.braket.client import BraketClient
from qtoolkit.backends.braket.devices import QPU_REGIONS, short_name
from qtoolkit.backends.braket.properties import read_properties
from qtoolkit.backends.braket.sdk import sdk
from qtoolkit.backends.provider import BackendEntry, DeviceInfo, Provider, late
from qtoolkit.errors import BackendError

__all__ = ["PROVIDER"]


def _local(executor: Executor | None = None) -> BraketBackend:
    device = sdk("braket.devices").LocalSimulator("braket_sv")
    return BraketBackend(device, executor=executor, name="braket:local")


def _local_dm(noise_model: Any = None, executor: Executor | None = None) -> BraketBackend:
    device = sdk("braket.devices").LocalSimulator("braket_dm")
    return BraketBackend(device, noise_model=noise_model, executor=executor, name="braket:local_dm")


def _devices() -> list[DeviceInfo]:
    """Every device that runs circuits of gates, in all regions; each device is asked for its queue."""
    found: dict[str, DeviceInfo] = {}
    for region in QPU_REGIONS:
        client = BraketClient(region)
        for entry in client.devices():
            arn = str(entry.get("deviceArn"))
            if arn in found or entry.get("deviceStatus") == "RETIRED":
                continue
            try:
                properties = read_properties(client.device(arn))
            except BackendError:
                continue  # an annealer, an analogue device, or one that just went
            found[arn] = DeviceInfo(
                f"braket:{short_name(arn)}",
                len(properties.qubits),
                "simulator" if properties.is_simulator else "device",
                properties.status,
                properties.queue,
                f"{properties.provider} {properties.name}".strip(),
            )
    return list(found.values())


PROVIDER = Provider(
    name="braket",
    sdk="braket",
    extra="braket",
    entries=(
        BackendEntry("braket:local", "Amazon Braket's state vector", "simulator", 26, _local),
        BackendEntry(
            "braket:local_dm",
            "Amazon Braket's density matrix; takes a noise_model",
            "noisy simulator",
            13,
            _local_dm,
        ),
    ),
    serializer=late("qtoolkit.backends.braket.serializer", "BraketSerializer"),
    open_device=late("qtoolkit.backends.braket.cloud", "BraketCloudBackend"),
    devices=_devices,
    credentials=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    service="Amazon Braket",
    examples=("braket:amazon/sv1", "braket:ionq/Forte-1", "braket:iqm/Garnet", "braket:rigetti/Cepheus-1-108Q"),
)
