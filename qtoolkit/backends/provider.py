"""What a provider tells about its backends before its SDK is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtoolkit.backends.backend import Backend

__all__ = ["BackendEntry", "Provider"]


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
class Provider:
    """A provider and its backends.

    Attributes:
        name: what its backends' names start with.
        sdk: the package that must be importable; None for none.
        extra: the extra of this distribution that installs it; None for none.
        entries: its backends, in the order of a table.
    """

    name: str
    sdk: str | None
    extra: str | None
    entries: tuple[BackendEntry, ...]
