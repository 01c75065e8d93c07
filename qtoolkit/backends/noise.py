"""The noise of devices by name."""

from __future__ import annotations

from qtoolkit._arguments import shown
from qtoolkit.backends.google.noise import PROCESSORS, GoogleNoise
from qtoolkit.backends.ibm.backend import fake_device
from qtoolkit.backends.ibm.catalog import FAKE_DEVICES
from qtoolkit.backends.ibm.noise import IBMNoise
from qtoolkit.backends.provider import did_you_mean
from qtoolkit.errors import UnknownBackendError
from qtoolkit.noise import NoiseModel

__all__ = ["device_noise", "list_device_noise"]


def list_device_noise() -> list[str]:
    """The names that `device_noise` takes; loads no vendor's package."""
    ibm = [f"ibm:fake_{city}" for cities in FAKE_DEVICES.values() for city in cities]
    return [*ibm, *(f"google:{processor}" for processor in PROCESSORS)]


def device_noise(name: str) -> NoiseModel:
    """The noise of a device, by its calibration, for simulators of ours: ``run(circuit, noise=device_noise(name))``.

    A model of a device compiles a circuit for it before it adds the noise; measured bits are those of the circuit.

    Args:
        name: ``"ibm:fake_manila"`` and other fake devices of IBM; ``"google:rainbow"``, ``"google:weber"`` and
            ``"google:willow_pink"``.

    Raises:
        UnknownBackendError: naming the closest.
        MissingExtraError: if the vendor's package is not installed.
    """
    known = list_device_noise()
    if not isinstance(name, str) or name not in known:
        hint = did_you_mean(name, known)
        raise UnknownBackendError(
            f"no device whose noise is known is named {shown(name)}; {hint}there are ibm:fake_manila and others of IBM "
            f"(see list_device_noise()), and {', '.join(f'google:{processor}' for processor in PROCESSORS)}"
        )
    vendor, _, device = name.partition(":")
    return IBMNoise(fake_device(device)) if vendor == "ibm" else GoogleNoise(device)
