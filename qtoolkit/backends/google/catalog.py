"""Google's processors: those that cirq-google simulates here, and those of the Quantum Engine."""

from __future__ import annotations

import os
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from qtoolkit._optional import require
from qtoolkit.backends.cloud.store import JobStore
from qtoolkit.backends.provider import BackendEntry, DeviceInfo, Provider, late
from qtoolkit.errors import CredentialsError

if TYPE_CHECKING:
    from qtoolkit.backends.google.backend import GoogleBackend
    from qtoolkit.backends.google.client import GoogleClient

__all__ = ["PROVIDER"]

PROJECT = "GOOGLE_CLOUD_PROJECT"

_VIRTUAL = {"rainbow": 23, "weber": 53, "willow_pink": 105}
"""Processors that cirq-google simulates, and their qubits."""


def _client(project: str | None, address: str | None) -> GoogleClient:
    from qtoolkit.backends.google.client import GoogleClient
    from qtoolkit.backends.google.connection import Connection
    from qtoolkit.backends.google.processor import check_id

    require("cirq_google", extra="google")
    given = project or os.environ.get(PROJECT)
    if not given:
        raise CredentialsError(
            f"Google's Quantum Engine needs the id of a project of Google's cloud: set {PROJECT}, or give project="
        )
    return GoogleClient(Connection(_address(address)), check_id(given, "a project's id"))


def _address(given: str | None) -> str:
    from qtoolkit.backends.google.connection import ADDRESS

    return given or ADDRESS


def _open(
    device: str,
    project: str | None = None,
    address: str | None = None,
    run_name: str = "",
    snapshot_id: str = "",
    device_config_name: str = "",
    store: JobStore | None = None,
    max_cost: Decimal | int | str | None = None,
) -> GoogleBackend:
    """A processor of the service.

    Args:
        device: its id.
        project: of Google's cloud; ``GOOGLE_CLOUD_PROJECT`` without.
        address: of the service, if it is not Google's own.
        run_name: of the run whose configuration is used, with `device_config_name`; the processor's default without.
        snapshot_id: of the snapshot whose configuration is used, likewise.
        device_config_name: of the configuration.
        store: where jobs are on record.
        max_cost: of each job.
    """
    from qtoolkit.backends.google.backend import GoogleBackend
    from qtoolkit.backends.google.processor import check_config, check_id

    config = check_config(run_name, snapshot_id, device_config_name)
    client = _client(project, address)
    return GoogleBackend(check_id(device, "a processor's id"), client, config, store=store, max_cost=max_cost)


def _devices() -> list[DeviceInfo]:
    from qtoolkit.backends.google.processor import listed

    return listed(_client(None, None))


PROVIDER = Provider(
    name="google",
    sdk="cirq_google",
    extra="google",
    entries=tuple(
        BackendEntry(
            f"google:{processor}",
            f"cirq-google's simulation of {processor}, with its noise",
            "noisy simulator",
            num_qubits,
            partial(late("qtoolkit.backends.google.local", "VirtualGoogleBackend"), processor),
        )
        for processor, num_qubits in _VIRTUAL.items()
    ),
    serializer=late("qtoolkit.backends.google.serializer", "GoogleSerializer"),
    open_device=_open,
    devices=_devices,
    credentials=(PROJECT,),
    service="Google's Quantum Engine",
    examples=("google:PROCESSOR",),
)
