"""What a provider tells about its backends before its SDK is loaded."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtoolkit.backends.backend import Backend
    from qtoolkit.backends.cloud.payload import Serializer

__all__ = ["BackendEntry", "DeviceInfo", "Provider", "did_you_mean", "late"]


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


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """A question for the message about a name that nothing has: the closest of those that are known, or no words.

    Args:
        name: whatever was given.
        known: the names; of a mapping, each key is one more spelling of the name that is its value.
    """
    names = known if isinstance(known, Mapping) else {item: item for item in known}
    spellings = {spelling.lower(): item for spelling, item in names.items()}
    close = difflib.get_close_matches(name.lower(), list(spellings), n=1) if isinstance(name, str) else []
    return f"did you mean {spellings[close[0]]!r}? " if close else ""


def late(module: str, name: str) -> Callable[..., Any]:
    """A class or a function of a module that is imported when it is first called, or its parameters are asked for.

    So a catalog names what opens a backend, whose options are said where they are read, and loads none of it.

    Args:
        module: its full name.
        name: in the module.
    """
    return _Late(module, name)


class _Late:
    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def __repr__(self) -> str:
        return f"late({self._module!r}, {self._name!r})"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._found()(*args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._found())

    def _found(self) -> Callable[..., Any]:
        return getattr(import_module(self._module), self._name)  # type: ignore[no-any-return]
