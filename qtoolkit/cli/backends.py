"""``qtoolkit backends``: where circuits can run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.backends import BackendInfo
    from qtoolkit.backends.provider import DeviceInfo
    from qtoolkit.cli.services import ServiceState

__all__ = ["backends"]

_LEAST_DESCRIPTION = 18
"""Columns that words on a service get at least."""


def backends(
    live: Annotated[
        bool, typer.Option("--live", help="Ask the services whose credentials are set for their devices now.")
    ] = False,
    provider: Annotated[str | None, typer.Option(metavar="NAME", help="Those of this provider alone.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the tables.")] = False,
) -> None:
    """List the backends that run, submit and get_backend take, installed or not, and the services of clouds."""
    from qtoolkit.backends import list_backends
    from qtoolkit.backends.registry import providers
    from qtoolkit.cli.output import print_json
    from qtoolkit.cli.services import live_devices, services, state_data

    if provider is not None and provider not in providers():
        raise InputError(f"the providers are {', '.join(providers())}; got {provider!r}")
    found = [info for info in list_backends() if provider in (None, info.provider)]
    states = services(provider)
    answers = {state.provider: live_devices(state) for state in states} if live else {}
    if not as_json:
        _print(found, states, answers)
        return
    data: dict[str, Any] = {
        "backends": [asdict(info) for info in found],
        "services": [state_data(state) for state in states],
    }
    if live:
        data["devices"] = [asdict(device) for devices, _ in answers.values() for device in devices]
        data["errors"] = {name: error for name, (_, error) in answers.items() if error}
    print_json(data)


def _print(
    found: Sequence[BackendInfo],
    states: Sequence[ServiceState],
    answers: dict[str, tuple[list[DeviceInfo], str]],
) -> None:
    from qtoolkit.cli.output import note, stdout_console
    from qtoolkit.report.tables import plain_table

    console = stdout_console()
    if found:
        console.print(plain_table(("backend", "qubits", "description"), [_row(info) for info in found]))
    if states:
        if found:
            console.print()
        rows = [_service_row(state) for state in states]
        table = plain_table(("service", "such as", "needs"), rows)
        # Names of backends and variables are there to be copied: the description gives way, they are not broken.
        described, such_as, needs = (max(len(line) for row in rows for line in row[k].split("\n")) for k in range(3))
        left = console.width - 4 - such_as
        table.columns[0].width = min(described, max(left - needs, _LEAST_DESCRIPTION))
        table.columns[1].width = such_as
        console.print(table)
    if devices := [device for listed, _ in answers.values() for device in listed]:
        console.print()
        headings = ("device", "qubits", "status", "queue", "description")
        console.print(plain_table(headings, [_device_row(device) for device in devices]))
    for name, (_, error) in answers.items():
        if error:
            note(f"{name}: {error}")
    extras = {info.extra for info in found if info.extra and not info.is_installed}
    if missing := sorted(extras | {state.extra for state in states if state.extra and not state.is_installed}):
        console.print(f'\nTo install what is missing: pip install "qtoolkit-quantum[{",".join(missing)}]"')


def _row(info: BackendInfo) -> tuple[str, ...]:
    # Without a number, memory alone sets the limit.
    qubits = "–" if info.num_qubits is None else str(info.num_qubits)
    return info.name, qubits, info.description if info.is_installed else f"{info.description} (not installed)"


def _service_row(state: ServiceState) -> tuple[str, ...]:
    needs = [] if state.is_installed else [f"extra {state.extra}"]
    needs += [f"{name} ({'set' if is_set else 'not set'})" for name, is_set in state.credentials.items()]
    return state.description, "\n".join(state.examples[:2]) or f"{state.provider}:…", "\n".join(needs) or "nothing"


def _device_row(device: DeviceInfo) -> tuple[str, ...]:
    number = ("–" if value is None else f"{value:,}" for value in (device.num_qubits, device.queue))
    qubits, queue = number
    return device.name, qubits, device.status, queue, device.description
