"""IBM's fake devices, snapshots of real ones with their couplings, native gates and noise; and IBM's service."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from decimal import Decimal
from functools import partial
from typing import Any

from qtoolkit._arguments import is_integer
from qtoolkit.backends.cloud import JobStore
from qtoolkit.backends.ibm.account import TOKEN, IBMAccount
from qtoolkit.backends.ibm.backend import IBMBackend, fake_device
from qtoolkit.backends.ibm.client import IBMClient
from qtoolkit.backends.ibm.serializer import IBMSerializer
from qtoolkit.backends.ibm.service import IBMServiceBackend
from qtoolkit.backends.provider import BackendEntry, DeviceInfo, Provider, did_you_mean
from qtoolkit.errors import UnknownBackendError

__all__ = ["FAKE_DEVICES", "PROVIDER"]

FAKE_DEVICES = {
    1: ("armonk",),
    5: (
        "manila", "athens", "belem", "bogota", "burlington", "essex", "fractional", "lima", "london", "ourense",
        "quito", "rome", "santiago", "valencia", "vigo", "yorktown",
    ),
    7: ("casablanca", "jakarta", "lagos", "nairobi", "oslo", "perth"),
    15: ("melbourne",),
    16: ("guadalupe",),
    20: ("almaden", "boeblingen", "johannesburg", "poughkeepsie", "singapore"),
    27: (
        "algiers", "auckland", "cairo", "geneva", "hanoi", "kolkata", "montreal", "mumbai", "paris", "peekskill",
        "sydney", "toronto",
    ),
    28: ("cambridge",),
    33: ("prague",),
    53: ("rochester",),
    65: ("brooklyn", "manhattan"),
    120: ("berlin", "miami", "nighthawk"),
    127: (
        "brisbane", "brussels", "cusco", "kawasaki", "kyiv", "kyoto", "osaka", "quebec", "sherbrooke", "strasbourg",
        "washington",
    ),
    133: ("torino",),
    156: ("aachen", "boston", "fez", "kingston", "marrakesh", "pittsburgh"),
}  # fmt: skip
"""By number of qubits, as of qiskit-ibm-runtime 0.51."""


def _open(
    name: str,
    optimization_level: int = 1,
    executor: Executor | None = None,
    layout: Sequence[int] | None = None,
) -> IBMBackend:
    return IBMBackend(fake_device(name), optimization_level, executor, f"ibm:{name}", layout)


def _entry(city: str, num_qubits: int) -> BackendEntry:
    name = f"fake_{city}"
    description = f"IBM's {name}, with its noise"
    return BackendEntry(f"ibm:{name}", description, "noisy simulator", num_qubits, partial(_open, name))


def _open_device(
    device: str,
    optimization_level: int = 1,
    instance: str | None = None,
    max_execution_time: int | None = None,
    store: JobStore | None = None,
    max_cost: Decimal | int | str | None = None,
) -> IBMServiceBackend:
    if device.lower().startswith("fake_"):
        known = {f"fake_{city}": f"ibm:fake_{city}" for cities in FAKE_DEVICES.values() for city in cities}
        hint = did_you_mean(device, known)
        raise UnknownBackendError(
            f"no backend is named 'ibm:{device}'; {hint}qtoolkit backends or list_backends() tells the names"
        )
    return IBMServiceBackend(
        device,
        IBMClient(IBMAccount(instance)),
        optimization_level=optimization_level,
        max_execution_time=max_execution_time,
        store=store,
        max_cost=max_cost,
    )


def _devices() -> list[DeviceInfo]:
    """The devices of the instance that the environment names."""
    return [_info(device) for device in IBMClient(IBMAccount()).devices() if device.get("class") != "mock"]


def _info(device: dict[str, Any]) -> DeviceInfo:
    status, processor = device.get("status"), device.get("processor_type")
    word = status.get("name") if isinstance(status, dict) else status
    described = f"{processor.get('family', '')} r{processor.get('revision', '')}" if isinstance(processor, dict) else ""
    qubits, queue = device.get("qubits"), device.get("queue_length")
    return DeviceInfo(
        f"ibm:{device['name']}",
        int(qubits) if is_integer(qubits) else None,
        "simulator" if device.get("is_simulator") else "device",
        str(word or "unknown"),
        int(queue) if is_integer(queue) else None,
        described,
    )


PROVIDER = Provider(
    name="ibm",
    sdk="qiskit_ibm_runtime",
    extra="ibm",
    entries=tuple(_entry(city, size) for size, cities in FAKE_DEVICES.items() for city in cities),
    serializer=IBMSerializer,
    open_device=_open_device,
    devices=_devices,
    credentials=(TOKEN,),
    service="IBM Quantum",
    examples=("ibm:ibm_fez", "ibm:ibm_kingston"),
)
