"""``qtoolkit molecule``: energies of molecules, curves, excited states, geometries and what a computer would need."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from qtoolkit.cli.molecule_energy import energy
from qtoolkit.cli.molecule_excited import excited
from qtoolkit.cli.molecule_optimise import optimise
from qtoolkit.cli.molecule_resources import resources
from qtoolkit.cli.molecule_scan import scan

__all__ = ["molecule"]

_DEFAULT = "energy"


class _EnergyByDefault(TyperGroup):
    """A geometry, or an option, where a command's name would stand is one for the energy."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help", "-h"):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


molecule = typer.Typer(
    name="molecule",
    cls=_EnergyByDefault,
    no_args_is_help=True,
    help=(
        'Energies of molecules: qtoolkit molecule "Li 0 0 0; H 0 0 1.595"; and curves, excited states, geometries. '
        "Options of an energy: qtoolkit molecule energy --help."
    ),
)
molecule.command(_DEFAULT)(energy)
molecule.command()(scan)
molecule.command()(excited)
molecule.command()(optimise)
molecule.command()(resources)
