"""Backends by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from qtoolkit._arguments import shown
from qtoolkit._optional import is_installed
from qtoolkit.backends.backend import Backend
from qtoolkit.backends.cloud.backend import CloudBackend
from qtoolkit.backends.cloud.payload import Serializer
from qtoolkit.backends.cloud.secrets import redacted
from qtoolkit.backends.provider import BackendEntry, Provider, did_you_mean
from qtoolkit.errors import BackendError, InputError, UnknownBackendError

__all__ = ["BackendInfo", "PROVIDERS", "get_backend", "list_backends", "providers", "serializer_of"]

_CATALOGS = (
    "qtoolkit.backends.local",
    "qtoolkit.backends.ibm.catalog",
    "qtoolkit.backends.braket.catalog",
    "qtoolkit.backends.google.catalog",
    "qtoolkit.backends.quantinuum.catalog",
    "qtoolkit.backends.iqm.catalog",
    "qtoolkit.backends.origin.catalog",
    "qtoolkit.backends.tianyan.catalog",
    "qtoolkit.backends.quafu.catalog",
    "qtoolkit.backends.ionq.catalog",
    "qtoolkit.backends.azure.catalog",
)
"""The module of each provider of this distribution, in the order of a table: a new provider is one more line.

Each has its `Provider` under the name ``PROVIDER``. They are loaded by these names, because what all clouds share opens
a backend by its name: an import written out would make every cloud know every other.
"""

PROVIDERS: tuple[Provider, ...] = tuple(import_module(name).PROVIDER for name in _CATALOGS)
"""Every provider of this distribution, in the order of a table."""

ENTRY_POINTS = "qtoolkit.backends"
"""The group of entry points under which other distributions register a `Provider`."""

_NAMES_IN_MESSAGE = 2
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class BackendInfo:
    """A backend that `get_backend` opens.

    Attributes:
        name: what `get_backend` takes.
        provider: ``"local"``, ``"ibm"``, ``"braket"``.
        description: a few words.
        kind: ``"simulator"``, ``"noisy simulator"`` or ``"device"``.
        num_qubits: the widest circuit; None where only memory sets the limit.
        extra: the extra that installs its SDK; None where nothing more is needed.
        is_installed: whether its SDK is there.
    """

    name: str
    provider: str
    description: str
    kind: str
    num_qubits: int | None
    extra: str | None
    is_installed: bool


@cache
def providers() -> Mapping[str, Provider]:
    """Every provider by its name: those of this distribution, then those that others register by an entry point.

    Raises:
        BackendError: if an entry point holds something else, or takes a name that is taken.
    """
    found = {provider.name: provider for provider in PROVIDERS}
    for point in entry_points(group=ENTRY_POINTS):
        try:
            provider = point.load()
        except Exception as error:
            raise BackendError(
                f"the backends that {point.value} registers cannot be loaded: {type(error).__name__}: {error}; repair "
                "or uninstall the package"
            ) from error
        if not isinstance(provider, Provider):
            raise BackendError(
                f"the entry point {point.name} of {ENTRY_POINTS} must be a Provider, got {shown(provider)}"
            )
        if provider.name in found:
            raise BackendError(f"the provider {provider.name} of {point.value} is there already; name it otherwise")
        found[provider.name] = provider
    return found


def list_backends() -> list[BackendInfo]:
    """Every backend that `get_backend` knows without asking a service, installed or not; loads no vendor's package."""
    found = []
    for provider in providers().values():
        there = provider.sdk is None or is_installed(provider.sdk)
        found += [
            BackendInfo(
                entry.name, provider.name, entry.description, entry.kind, entry.num_qubits, provider.extra, there
            )
            for entry in provider.entries
        ]
    return found


def get_backend(name: str, **options: Any) -> Backend:
    """Open a backend by name.

    Args:
        name: as in `list_backends`, such as ``"local"``, ``"ibm:fake_manila"``, ``"braket:local"``; or a device of a
            provider's service, such as ``"ionq:simulator"``.
        **options: of the backend's own, such as ``precision`` of ``"local"``; clouds take ``store`` and ``max_cost``.

    Raises:
        UnknownBackendError: naming those that exist, and the closest.
        InputError: for an option that this backend does not have.
        MissingExtraError: if the backend's SDK is not installed.
        CredentialsError: if a credential of the service is missing.
    """
    opener, given = _opener(name)
    signature = inspect.signature(opener)
    try:
        signature.bind(*given, **options)
    except TypeError:
        known = ", ".join([*signature.parameters][len(given) :]) or "none"
        raise InputError(f"the options of the backend {name} are: {known}; got {', '.join(options)}") from None
    backend = opener(*given, **options)
    if isinstance(backend, CloudBackend):
        backend.options = {
            key: value
            for key, value in options.items()
            if isinstance(value, _PLAIN) and key != "max_cost" and redacted(value) == str(value)
        }
    return backend


def serializer_of(format: str) -> Serializer:
    """What reads payloads of a format, and the answers to them.

    Raises:
        BackendError: if no provider here has such a format.
    """
    name = format.partition(".")[0]
    provider = providers().get(name)
    if provider is None or provider.serializer is None:
        raise BackendError(f"no provider here reads the format {shown(format)}; install what wrote it")
    return provider.serializer()


def _opener(name: str) -> tuple[Callable[..., Backend], tuple[str, ...]]:
    """What opens a backend, and what it takes besides the options."""
    entries = {entry.name: entry for provider in providers().values() for entry in provider.entries}
    if isinstance(name, str):
        if name in entries:
            return entries[name].open, ()
        vendor, colon, device = name.partition(":")
        provider = providers().get(vendor)
        if provider is not None and provider.open_device is not None and colon and device:
            return provider.open_device, (device,)
    raise _unknown(name, entries)


def _unknown(name: object, entries: Mapping[str, BackendEntry]) -> UnknownBackendError:
    examples = [example for provider in providers().values() for example in provider.examples]
    if isinstance(name, str):
        provider = providers().get(name.rstrip(":").lower())
        if provider is not None and (known := _names(provider)):
            return UnknownBackendError(
                f"no backend is named {shown(name)}, which is a provider; name one of its backends: {known}; qtoolkit "
                f"backends --provider {provider.name} tells all"
            )
        if hint := did_you_mean(name, [*entries, *examples]):
            return UnknownBackendError(
                f"no backend is named {shown(name)}; {hint}qtoolkit backends or list_backends() tells the names"
            )
    known = ", ".join(text for provider in providers().values() if (text := _names(provider)))
    return UnknownBackendError(
        f"no backend is named {shown(name)}; there are {known}; qtoolkit backends or list_backends() tells all"
    )


def _names(provider: Provider) -> str:
    """The names of a provider's backends; the first of them where they are many."""
    names = [entry.name for entry in provider.entries] or list(provider.examples)
    return ", ".join(names[:_NAMES_IN_MESSAGE]) + (", …" if len(names) > _NAMES_IN_MESSAGE else "")
