"""The command's name, its global options and its subcommands."""

from __future__ import annotations

from typing import Annotated

import typer

from qtoolkit._version import __version__
from qtoolkit.cli.backends import backends
from qtoolkit.cli.backtest import backtest
from qtoolkit.cli.bench import bench
from qtoolkit.cli.cost import cost
from qtoolkit.cli.demo import demo
from qtoolkit.cli.frontier import frontier
from qtoolkit.cli.job import job
from qtoolkit.cli.jobs import jobs
from qtoolkit.cli.molecule import molecule
from qtoolkit.cli.portfolio import portfolio
from qtoolkit.cli.price import price
from qtoolkit.cli.qec import qec
from qtoolkit.cli.reconcile import reconcile
from qtoolkit.cli.risk import risk
from qtoolkit.cli.run import run
from qtoolkit.cli.submit import submit
from qtoolkit.cli.warmup import warmup

__all__ = ["app"]

app = typer.Typer(
    name="qtoolkit",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"qtoolkit {__version__}")
        raise typer.Exit


@app.callback()
def _qtoolkit(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Quantum circuits, a fast simulator, and applications that show their evidence."""
    # With rich, `get_help` prints by itself and returns nothing.
    if context.invoked_subcommand is None and (text := context.get_help()):
        typer.echo(text)


app.command()(demo)
app.command()(run)
app.command()(price)
app.command()(risk)
app.command()(portfolio)
app.command()(frontier)
app.command()(backtest)
app.add_typer(molecule)
app.add_typer(qec)
app.command()(submit)
app.command()(jobs)
app.add_typer(job)
app.command()(reconcile)
app.command()(cost)
app.command()(backends)
app.command()(bench)
app.command()(warmup)
