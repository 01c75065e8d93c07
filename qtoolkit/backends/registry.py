"""Backends by name."""

from __future__ import annotations

import difflib
import inspect
from dataclasses import dataclass
from typing import Any

from qtoolkit._arguments import shown
from qtoolkit._optional import is_installed
from qtoolkit.backends.backend import Backend
from qtoolkit.backends.braket.catalog import PROVIDER as BRAKET
from qtoolkit.backends.ibm.catalog import PROVIDER as IBM
from qtoolkit.backends.local import PROVIDER as LOCAL
from qtoolkit.backends.provider import BackendEntry, Provider
from qtoolkit.errors import InputError, UnknownBackendError

__all__ = ["BackendInfo", "PROVIDERS", "get_backend", "list_backends"]

PROVIDERS: tuple[Provider, ...] = (LOCAL, IBM, BRAKET)
"""Every provider, in the order of a table."""

_NAMES_IN_MESSAGE = 4


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


def list_backends() -> list[BackendInfo]:
    """Every backend that `get_backend` knows, installed or not; loads no vendor's package."""
    found = []
    for provider in PROVIDERS:
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
        name: as in `list_backends`, such as ``"local"``, ``"ibm:fake_manila"``, ``"braket:local"``.
        **options: of the backend's own, such as ``precision`` of ``"local"``.

    Raises:
        UnknownBackendError: naming those that exist, and the closest.
        InputError: for an option that this backend does not have.
        MissingExtraError: if the backend's SDK is not installed.
    """
    entry = _entry(name)
    signature = inspect.signature(entry.open)
    try:
        signature.bind(**options)
    except TypeError:
        known = ", ".join(signature.parameters) or "none"
        raise InputError(f"the options of the backend {name} are: {known}; got {', '.join(options)}") from None
    return entry.open(**options)


def _entry(name: str) -> BackendEntry:
    entries = {entry.name: entry for provider in PROVIDERS for entry in provider.entries}
    if isinstance(name, str) and name in entries:
        return entries[name]
    close = difflib.get_close_matches(name.lower(), entries, n=1) if isinstance(name, str) else []
    hint = f"did you mean {close[0]!r}? " if close else ""
    known = ", ".join(_names(provider) for provider in PROVIDERS)
    raise UnknownBackendError(f"no backend is named {shown(name)}; {hint}there are {known}")


def _names(provider: Provider) -> str:
    """The names of a provider's backends; the first of them where they are many."""
    names = [entry.name for entry in provider.entries]
    shown = names[:_NAMES_IN_MESSAGE]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more of {provider.name} (see list_backends())" if more else "")
