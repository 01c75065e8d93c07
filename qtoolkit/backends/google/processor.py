"""What the Quantum Engine says of its processors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from qtoolkit._arguments import shown
from qtoolkit.backends.google.client import GoogleClient
from qtoolkit.backends.google.connection import NotThere
from qtoolkit.backends.google.requests import DeviceConfig
from qtoolkit.backends.provider import DeviceInfo
from qtoolkit.errors import BackendError, InputError

__all__ = ["Processor", "check_config", "check_id", "current_metrics", "listed", "processor_of"]


@dataclass(frozen=True)
class Processor:
    """A processor as it is configured now.

    Attributes:
        id: in its project.
        device: a `cirq_google.GridDevice`: qubits, pairs, gates.
        config: the configuration that runs jobs.
    """

    id: str
    device: Any
    config: DeviceConfig

    @property
    def gateset(self) -> Any:
        """What circuits are compiled for: the first that the device offers."""
        return self.device.metadata.compilation_target_gatesets[0]


def check_id(given: object, what: str) -> str:
    """Something that stands in the name of a resource.

    Raises:
        InputError: if it is empty or has other signs than letters, digits, ``-``, ``_``, ``.`` and ``:``.
    """
    if not isinstance(given, str) or not re.fullmatch(r"[A-Za-z0-9._:-]+", given):
        raise InputError(f"{what} has letters, digits, and - _ . : alone, got {shown(given)}")
    return given


def check_config(run_name: str, snapshot_id: str, device_config_name: str) -> DeviceConfig:
    """A configuration by the names that Google gives its parts; all empty for a processor's default.

    Raises:
        InputError: if a run or a snapshot is named and no configuration of it, or the other way round.
    """
    names = {"run_name": run_name, "snapshot_id": snapshot_id, "device_config_name": device_config_name}
    for what, given in names.items():
        if given != "":
            check_id(given, what)
    if bool(run_name or snapshot_id) != bool(device_config_name):
        raise InputError(
            f"a configuration is named by device_config_name and one of run_name and snapshot_id, got {names}"
        )
    return DeviceConfig(run_name, snapshot_id, device_config_name)


def processor_of(client: GoogleClient, processor: str, config: DeviceConfig) -> Processor:
    """Ask the service for a processor.

    Args:
        client: of the service.
        processor: its id.
        config: where it is empty, the processor's default.

    Raises:
        BackendError: if there is no such processor, or it does not say what it can do.
        Exception: as `Connection.call`.
    """
    from cirq_google.cloud import quantum

    name = f"projects/{client.project}/processors/{processor}"
    try:
        found = client.connection.call("get_quantum_processor", quantum.GetQuantumProcessorRequest(name=name))
    except NotThere as error:
        raise BackendError(f"the project {client.project} has no processor {processor}: {error}") from None
    if config == DeviceConfig():
        default = found.default_device_config_key
        config = DeviceConfig(default.run, default.snapshot_id, default.config_alias)
    specification = _specification(client, name, config) or found.device_spec
    device = _device(specification)
    if device is None or not device.metadata.compilation_target_gatesets:
        raise BackendError(f"the processor {processor} does not say what can be compiled for it")
    return Processor(processor, device, config)


def current_metrics(client: GoogleClient, processor: str) -> Any:
    """The metrics of a processor's calibration now, a ``MetricsSnapshot``; None where the service has none.

    Raises:
        BackendError: if they cannot be read.
        Exception: as `Connection.call`.
    """
    from cirq_google.api import v2
    from cirq_google.cloud import quantum
    from google.protobuf.message import DecodeError

    name = f"projects/{client.project}/processors/{processor}/calibrations/current"
    message = v2.metrics_pb2.MetricsSnapshot()
    try:
        found = client.connection.call("get_quantum_calibration", quantum.GetQuantumCalibrationRequest(name=name)).data
        if not found.Unpack(message):
            raise BackendError(f"the calibration of {processor} is of a form that is not known: {found.type_url!r}")
    except NotThere:
        return None
    except DecodeError as error:
        raise BackendError(f"the calibration of {processor} cannot be read: {error}") from error
    return message


def listed(client: GoogleClient) -> list[DeviceInfo]:
    """The project's processors."""
    from cirq_google.cloud import quantum

    request = quantum.ListQuantumProcessorsRequest(parent=f"projects/{client.project}")
    found = []
    for processor in client.connection.call("list_quantum_processors", request):
        message = type(processor).pb(processor)
        healths = message.DESCRIPTOR.fields_by_name["health"].enum_type.values_by_number
        health = healths[message.health].name if message.health in healths else str(message.health)
        device = _device(processor.device_spec)
        stats = message.activity_stats if message.HasField("activity_stats") else None
        found.append(
            DeviceInfo(
                f"google:{processor.name.rpartition('/')[2]}",
                None if device is None else len(device.metadata.qubit_set),
                "device",
                health,
                None if stats is None else stats.active_jobs_count,
                "a processor of Google's Quantum Engine",
            )
        )
    return found


def _specification(client: GoogleClient, name: str, config: DeviceConfig) -> Any:
    """The device specification of a configuration; None where the service has none apart from the processor's."""
    from cirq_google.cloud import quantum

    if not config.alias:
        return None
    if config.snapshot_id:
        place = f"configSnapshots/{config.snapshot_id}"
    else:
        place = f"configAutomationRuns/{config.run_name or 'default'}"
    request = quantum.GetQuantumProcessorConfigRequest(name=f"{name}/{place}/configs/{config.alias}")
    try:
        found = client.connection.call("get_quantum_processor_config", request).device_specification
    except NotThere:
        return None
    return found if found.type_url else None


def _device(specification: Any) -> Any:
    """A `cirq_google.GridDevice`; None where there is no specification.

    Raises:
        BackendError: if it cannot be read.
    """
    from cirq_google import GridDevice
    from cirq_google.api import v2
    from google.protobuf.message import DecodeError

    if not specification.type_url:
        return None
    message = v2.device_pb2.DeviceSpecification()
    try:
        if not specification.Unpack(message):
            raise BackendError(f"a processor is specified in a way that is not known: {specification.type_url}")
        return GridDevice.from_proto(message)
    except (DecodeError, ValueError) as error:
        raise BackendError(f"the specification of a processor cannot be read: {error}") from error
