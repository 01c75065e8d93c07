"""The simulators that Braket's SDK brings along."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

from qtoolkit.backends.braket.backend import BraketBackend
from qtoolkit.backends.braket.sdk import sdk
from qtoolkit.backends.provider import BackendEntry, Provider

__all__ = ["PROVIDER"]


def _local(executor: Executor | None = None) -> BraketBackend:
    device = sdk("braket.devices").LocalSimulator("braket_sv")
    return BraketBackend(device, executor=executor, name="braket:local")


def _local_dm(noise_model: Any = None, executor: Executor | None = None) -> BraketBackend:
    device = sdk("braket.devices").LocalSimulator("braket_dm")
    return BraketBackend(device, noise_model=noise_model, executor=executor, name="braket:local_dm")


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
)
