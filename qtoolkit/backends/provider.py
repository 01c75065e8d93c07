"""What a provider tells about its backends before its SDK is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtoolkit.backends.backend import Backend
    from qtoolkit.backends.cloud.payload import Serializer

__all__ = ["BackendEntry", "DeviceInfo", "Provider"]


@dataclass(frozen=True)
class BackendEntry:
    """One backend that can be opened by name.

    Attributes:
        name: ``"provider:backend"``, or the provider's name alone.
        description: a few words for a table.
        kind: ``"simulator"``, ``"noisy simulator"`` or ``"device"``.
        num_qubits: the widest circuit; None where only memory sets the limit.
        open: makes the backend; its keyword arguments are the options of `get_backend`. It loads the SDK.
    """

    name: str
    description: str
    kind: str
    num_qubits: int | None
    open: Callable[..., Backend]


@dataclass(frozen=True)
class DeviceInfo:
    """A device of a service, as the service describes it now.

    Attributes:
        name: ``"provider:device"``.
        num_qubits: the widest circuit; None where it does not say.
        kind: ``"simulator"``, ``"noisy simulator"`` or ``"device"``.
        status: the service's own word: online, offline, in maintenance.
        queue: jobs that wait; None where it does not say.
        description: a few words for a table.
    """

    name: str
    num_qubits: int | None
    kind: str
    status: str
    queue: int | None = None
    description: str = ""


@dataclass(frozen=True)
class Provider:
    """A provider and its backends.

    Attributes:
        name: what its backends' names start with.
        sdk: the package that must be importable; None for none.
        extra: the extra of this distribution that installs it; None for none.
        entries: its backends that need no credentials, in the order of a table.
        serializer: makes what reads its payloads and answers (see `qtoolkit.backends.cloud.Serializer`); None where
            its backends run in this process.
        open_device: opens a device of its service by what stands behind ``"provider:"``; its further keyword
            arguments are the options of `get_backend`. None where there is no service.
        devices: asks the service which devices there are now; None where it cannot be asked.
        credentials: the environment variables that its service needs, by the vendor's own names.
        service: a few words on its service for a table, such as ``"IonQ's cloud"``.
        examples: names of devices of the service, for messages and tables, ``"provider:device"``.
    """

    name: str
    sdk: str | None
    extra: str | None
    entries: tuple[BackendEntry, ...] = ()
    serializer: Callable[[], Serializer] | None = None
    open_device: Callable[..., Backend] | None = None
    devices: Callable[[], list[DeviceInfo]] | None = None
    credentials: tuple[str, ...] = ()
    service: str = ""
    examples: tuple[str, ...] = ()
