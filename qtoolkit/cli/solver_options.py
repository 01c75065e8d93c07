"""The options that say who selects assets, and how."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.algorithms.quadratic import Solver

__all__ = ["SolverOptions"]

_PANEL = "Solver"
_SOLVERS = (
    "That selects: qaoa, recursive-qaoa, vqe, imaginary-time, grover-adaptive, annealing, decomposition (of many "
    "assets), enumeration, scip or luck."
)


@dataclass(frozen=True)
class SolverOptions:
    """Who selects, and how."""

    solver: Annotated[str, typer.Option(help=_SOLVERS, rich_help_panel=_PANEL)] = "qaoa"
    backend: Annotated[
        str,
        typer.Option(
            help="Where the shots of circuits are drawn; local simulates exactly. See qtoolkit backends.",
            rich_help_panel=_PANEL,
        ),
    ] = "local"
    layers: Annotated[int | None, typer.Option(min=1, help="Layers of the circuit.", rich_help_panel=_PANEL)] = None
    mixer: Annotated[
        str | None,
        typer.Option(help="auto, complete, ring, transverse or grover.", rich_help_panel=_PANEL),
    ] = None
    shots: Annotated[int | None, typer.Option(min=1, help="Samples drawn.", rich_help_panel=_PANEL)] = None
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed; drawn and printed if left out.", rich_help_panel=_PANEL)
    ] = None
    time_limit: Annotated[float, typer.Option(metavar="S", help="Seconds for each search.", rich_help_panel=_PANEL)] = (
        60.0
    )

    def build(self) -> Solver:
        """The solver with these settings.

        Raises:
            InputError: if no solver has this name, it has no such setting, or a setting breaks its rule.
            UnknownBackendError: if no backend has this name.
            MissingExtraError: if it needs a package that is not installed.
        """
        from qtoolkit._arguments import shown
        from qtoolkit._checks import require_number
        from qtoolkit.algorithms.quadratic import solver_named
        from qtoolkit.backends import BackendSampler, get_backend

        require_number("--time-limit", self.time_limit, 0)
        chosen = solver_named(self.solver)
        settings: dict[str, tuple[str, Any]] = {
            "num_layers": ("--layers", self.layers),
            "mixer": ("--mixer", self.mixer),
            "shots": ("--shots", self.shots),
            "sampler": ("--backend", None if self.backend == "local" else self.backend),
        }
        given = {word: setting for word, setting in settings.items() if setting[1] is not None}
        taken = inspect.signature(type(chosen)).parameters
        for word, (option, value) in given.items():
            if word not in taken:
                raise InputError(f"the solver {self.solver} has no {option}, got {shown(value)}; leave it out")
        values = {word: value for word, (_, value) in given.items()}
        if "sampler" in values:
            values["sampler"] = BackendSampler(get_backend(self.backend))
        return type(chosen)(**values) if values else chosen
