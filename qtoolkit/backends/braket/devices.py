"""Names of devices of the service: short ones, their ARNs, and the regions that they are in."""

from __future__ import annotations

import os
import re

from qtoolkit._arguments import check_instance, shown
from qtoolkit.backends.provider import did_you_mean
from qtoolkit.errors import UnknownBackendError

__all__ = ["DEVICES", "QPU_REGIONS", "SIMULATOR_REGIONS", "arn_of", "region_of", "short_name"]

DEVICES = {
    "amazon/sv1": "arn:aws:braket:::device/quantum-simulator/amazon/sv1",
    "amazon/dm1": "arn:aws:braket:::device/quantum-simulator/amazon/dm1",
    "amazon/tn1": "arn:aws:braket:::device/quantum-simulator/amazon/tn1",
    "aqt/Ibex-Q1": "arn:aws:braket:eu-north-1::device/qpu/aqt/Ibex-Q1",
    "ionq/Forte-1": "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1",
    "ionq/Forte-Enterprise-1": "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-Enterprise-1",
    "iqm/Garnet": "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet",
    "iqm/Emerald": "arn:aws:braket:eu-north-1::device/qpu/iqm/Emerald",
    "rigetti/Ankaa-3": "arn:aws:braket:us-west-1::device/qpu/rigetti/Ankaa-3",
    "rigetti/Cepheus-1-108Q": "arn:aws:braket:us-west-1::device/qpu/rigetti/Cepheus-1-108Q",
}
"""Short names, as `braket.devices.Devices` of the SDK 1.127 lists them; others are opened by their ARN."""

LOCAL = ("local", "local_dm")
"""What runs on this machine, behind ``"braket:"``."""

SIMULATOR_REGIONS = ("us-east-1", "us-west-1", "us-west-2", "eu-west-2")
"""Where Amazon's simulators run; their ARNs name no region."""

QPU_REGIONS = ("us-east-1", "us-west-1", "us-west-2", "eu-north-1", "eu-west-2")
"""Where Braket has quantum computers."""

_ARN = re.compile(r"arn:aws[a-z-]*:braket:([a-z0-9-]*):[0-9]*:device/(qpu|quantum-simulator)/(\w[\w.-]*/\w[\w.-]*)")
_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


def arn_of(device: str) -> str:
    """The ARN of a device, from itself or a short name such as ``"ionq/Forte-1"`` or ``"sv1"``; case is no matter.

    Raises:
        InputError: if it is no text.
        UnknownBackendError: naming the closest.
    """
    check_instance(device, str, "a device of Braket is named by text")
    if _ARN.fullmatch(device):
        return device
    by_name = {name.lower(): arn for name, arn in DEVICES.items()}
    by_name |= {name.partition("/")[2]: arn for name, arn in by_name.items()}
    found = by_name.get(device.lower())
    if found is None:
        names = {name: f"braket:{name}" for name in (*LOCAL, *DEVICES)}
        hint = did_you_mean(device, names | {name.partition("/")[2]: f"braket:{name}" for name in DEVICES})
        known = ", ".join((*LOCAL, *DEVICES))
        raise UnknownBackendError(
            f"no backend is named {shown(f'braket:{device}')}; {hint}there are, behind 'braket:', {known}; name others "
            "by their ARN, braket:arn:aws:braket:…"
        )
    return found


def region_of(arn: str, given: str | None = None) -> str | None:
    """The region to ask for a device: its ARN's, or for a simulator the one given or that of the environment.

    None leaves it to the configuration of AWS.
    """
    found = _ARN.fullmatch(arn)
    if found is not None and found[1]:
        return found[1]
    return given or next((value for name in _VARIABLES if (value := os.environ.get(name))), None)


def short_name(arn: str) -> str:
    """The short name of an ARN: provider and device."""
    found = _ARN.fullmatch(arn)
    return arn if found is None else found[3]
