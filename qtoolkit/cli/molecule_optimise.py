"""``qtoolkit molecule optimise``: the geometry of lowest energy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtoolkit.cli.molecule_options import AnsatzOptions, Geometry, MoleculeOptions, Reference
from qtoolkit.cli.options import with_groups
from qtoolkit.cli.output_options import OutputOptions

if TYPE_CHECKING:
    from qtoolkit.applications.chemistry import GeometryStep

__all__ = ["optimise"]

_PART = "optimise"


@with_groups
def optimise(
    geometry: Geometry,
    stated: MoleculeOptions,
    search: AnsatzOptions,
    output: OutputOptions,
    force_tolerance: Annotated[
        float,
        typer.Option(
            metavar="F", help="Largest force at the end, hartree per bohr.", rich_help_panel="Ansatz and search"
        ),
    ] = 1e-5,
    max_steps: Annotated[int, typer.Option(min=1, help="At most.", rich_help_panel="Ansatz and search")] = 50,
    xyz: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the geometry, such as out.xyz.", rich_help_panel="Output")
    ] = None,
) -> None:
    """Move the nuclei by the forces of the variational state until they vanish."""
    from qtoolkit._files import check_output, write_whole
    from qtoolkit.applications.chemistry import optimise_geometry
    from qtoolkit.cli.entry import UNEXPECTED
    from qtoolkit.cli.output import note
    from qtoolkit.cli.progress import DemoProgress
    from qtoolkit.cli.publication import Publication, publish
    from qtoolkit.errors import InputError
    from qtoolkit.report.molecules import (
        geometry_data,
        geometry_facts,
        geometry_page,
        geometry_picture,
        geometry_tables,
    )

    output.check(stated.packages(geometry))
    if stated.reads_integrals(geometry):
        raise InputError("an FCIDUMP file has no nuclei that could move; give atoms, a file .xyz or a SMILES")
    if stated.reference is not Reference.AUTO or search.starts is not None:
        raise InputError(
            "a geometry moves on the lowest RHF or ROHF solution, from one start at each step: leave "
            "--reference and --starts out"
        )
    if xyz is not None:
        check_output(xyz, "--xyz")
    with DemoProgress([_PART]) as progress:
        tell = progress.of(_PART)
        count = 0

        def moved(step: GeometryStep) -> None:
            nonlocal count
            count += 1
            tell(f"{step.energy:.6f} Ha, {step.largest_force:.1e}", count / (count + 4.0))

        found = optimise_geometry(
            stated.molecule(geometry),
            active_space=stated.active_space,
            ansatz=search.ansatz.value,
            force_tolerance=force_tolerance,
            max_steps=max_steps,
            progress=moved,
            seed=search.seed,
        )
        progress.finish(_PART, found.wall_time)
    if xyz is not None:
        write_whole(xyz, found.molecule.to_xyz())
    publish(
        Publication(
            data=geometry_data(found),
            tables=lambda width: geometry_tables(found, width),
            evidence=geometry_facts(found),
            page=lambda: geometry_page(found),
            plot=lambda: geometry_picture(found, output.theme.value),
        ),
        output.report,
        output.as_json,
        output.plot,
    )
    if not found.converged:
        note(f"Not converged: {found.message}.")
        raise typer.Exit(UNEXPECTED)
