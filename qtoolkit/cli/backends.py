"""``qtoolkit backends``: where circuits can run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from qtoolkit.backends import BackendInfo

__all__ = ["backends"]


def backends(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the table.")] = False,
) -> None:
    """List the backends that run and get_backend take, installed or not."""
    from qtoolkit.backends import list_backends
    from qtoolkit.cli.output import print_json, stdout_console
    from qtoolkit.report.tables import plain_table

    found = list_backends()
    if as_json:
        print_json([asdict(info) for info in found])
        return
    console = stdout_console()
    console.print(plain_table(("backend", "qubits", "description"), [_row(info) for info in found]))
    if missing := sorted({info.extra for info in found if info.extra and not info.is_installed}):
        console.print(f'\nTo install what is missing: pip install "qtoolkit-quantum[{",".join(missing)}]"')


def _row(info: BackendInfo) -> tuple[str, ...]:
    # Without a number, memory alone sets the limit.
    qubits = "–" if info.num_qubits is None else str(info.num_qubits)
    return info.name, qubits, info.description if info.is_installed else f"{info.description} (not installed)"
