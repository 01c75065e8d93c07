"""IBM's fake devices: snapshots of real ones, with their couplings, native gates and noise."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import partial

from qtoolkit.backends.ibm.backend import IBMBackend, fake_device
from qtoolkit.backends.provider import BackendEntry, Provider

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


def _open(name: str, optimization_level: int = 1, executor: Executor | None = None) -> IBMBackend:
    device = fake_device(name)
    return IBMBackend(device, optimization_level=optimization_level, executor=executor, name=f"ibm:{name}")


def _entry(city: str, num_qubits: int) -> BackendEntry:
    name = f"fake_{city}"
    description = f"IBM's {name}, with its noise"
    return BackendEntry(f"ibm:{name}", description, "noisy simulator", num_qubits, partial(_open, name))


PROVIDER = Provider(
    name="ibm",
    sdk="qiskit_ibm_runtime",
    extra="ibm",
    entries=tuple(_entry(city, size) for size, cities in FAKE_DEVICES.items() for city in cities),
)
