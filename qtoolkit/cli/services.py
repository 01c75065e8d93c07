"""Services of providers: what they need, and which devices they have now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtoolkit.backends.provider import DeviceInfo, Provider

__all__ = ["ServiceState", "live_devices", "services", "state_data"]


@dataclass(frozen=True)
class ServiceState:
    """Whether a service can be used here.

    Attributes:
        provider: its name.
        description: a few words.
        extra: that installs its package; None where nothing more is needed.
        is_installed: whether the package is there.
        credentials: each by the name of its variable, and whether it is set.
        examples: names of devices.
        can_be_asked: whether it tells its devices.
    """

    provider: str
    description: str
    extra: str | None
    is_installed: bool
    credentials: Mapping[str, bool] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    can_be_asked: bool = False

    @property
    def missing(self) -> list[str]:
        """What has to be done before it can be used."""
        unset = [name for name, is_set in self.credentials.items() if not is_set]
        install = [] if self.is_installed else [f'pip install "qtoolkit-quantum[{self.extra}]"']
        return install + ([f"set {', '.join(unset)}"] if unset else [])


def services(only: str | None = None) -> list[ServiceState]:
    """Every provider that has a service, or one of them; nothing is asked, no package loaded."""
    from qtoolkit._optional import is_installed
    from qtoolkit.backends.cloud.secrets import has_credential
    from qtoolkit.backends.registry import providers

    return [
        ServiceState(
            provider.name,
            provider.service or provider.name,
            provider.extra,
            provider.sdk is None or is_installed(provider.sdk),
            {name: has_credential(name) for name in provider.credentials},
            provider.examples,
            provider.devices is not None,
        )
        for provider in providers().values()
        if provider.open_device is not None and only in (None, provider.name)
    ]


def live_devices(state: ServiceState) -> tuple[list[DeviceInfo], str]:
    """Ask a service for its devices; what went wrong, if something did."""
    from qtoolkit.backends.cloud.secrets import redacted
    from qtoolkit.backends.registry import providers
    from qtoolkit.errors import QToolkitError

    provider: Provider = providers()[state.provider]
    if provider.devices is None:
        return [], "it tells no devices"
    if state.missing:
        return [], f"not asked: {'; '.join(state.missing)}"
    try:
        return provider.devices(), ""
    except QToolkitError as error:
        return [], redacted(error)
    except Exception as error:
        return [], f"{type(error).__name__}: {redacted(error)}"


def state_data(state: ServiceState) -> dict[str, Any]:
    """A service as JSON types."""
    return {
        "provider": state.provider,
        "description": state.description,
        "extra": state.extra,
        "is_installed": state.is_installed,
        "credentials": dict(state.credentials),
        "examples": list(state.examples),
        "can_be_asked": state.can_be_asked,
    }
