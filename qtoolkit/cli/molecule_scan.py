"""``qtoolkit molecule scan``: the energy along a coordinate."""

from __future__ import annotations

from typing import Annotated

import typer

from qtoolkit.cli.molecule_options import AnsatzOptions, MoleculeOptions, Reference
from qtoolkit.cli.options import with_groups
from qtoolkit.cli.output_options import OutputOptions

__all__ = ["scan"]

_PART = "scan"
_PLACE = "{r}"


@with_groups
def scan(
    geometry: Annotated[
        str,
        typer.Argument(
            metavar="GEOMETRY", help='Atoms with {r} where the coordinate stands, once or more: "Li 0 0 0; H 0 0 {r}".'
        ),
    ],
    stated: MoleculeOptions,
    search: AnsatzOptions,
    output: OutputOptions,
    values: Annotated[
        str,
        typer.Option(
            "--range",
            metavar="LIST",
            help="Values of {r}: 1.0,1.6,2.4; 1.0,1.2,...,3.0 in steps; 1:3:9:linear for nine.",
            rich_help_panel="Molecule",
        ),
    ] = "0.8,1.0,...,2.4",
) -> None:
    """Follow the energy along a bond or another coordinate, on the lowest solution at each point."""
    from qtoolkit.applications.chemistry import Molecule
    from qtoolkit.applications.chemistry import scan as scanned
    from qtoolkit.cli.progress import DemoProgress
    from qtoolkit.cli.publication import Publication, publish
    from qtoolkit.cli.ranges import parse_rates
    from qtoolkit.errors import InputError
    from qtoolkit.report.molecules import ScanAnswer, scan_data, scan_facts, scan_page, scan_picture, scan_tables

    output.check({"pyscf": "chemistry"})
    if _PLACE not in geometry:
        raise InputError(
            f'a geometry to scan has {_PLACE} where the coordinate stands, got {geometry!r}: "H 0 0 {_PLACE}"'
        )
    coordinates = parse_rates("--range", values)

    def molecule_at(value: float) -> Molecule:
        return stated.molecule(geometry.replace(_PLACE, repr(value)))

    with DemoProgress([_PART]) as progress:
        tell = progress.of(_PART)

        def point(done: int, count: int) -> None:
            tell(f"point {done} of {count}", done / count)

        curve = scanned(
            coordinates,
            molecule_at,
            active_space=stated.active_space,
            reference=stated.reference.value,
            ansatz=search.ansatz.value,
            use_symmetry=search.uses_symmetry() and stated.reference is not Reference.UHF,
            num_starts=search.starts,
            progress=point,
            seed=search.seed,
        )
        progress.finish(_PART, curve.wall_time)
    answer = ScanAnswer(curve, search.ansatz.value, stated.unit.value, geometry)
    publish(
        Publication(
            data=scan_data(answer),
            tables=lambda width: scan_tables(answer, width),
            evidence=scan_facts(answer),
            page=lambda: scan_page(answer),
            plot=lambda: scan_picture(answer, output.theme.value),
        ),
        output.report,
        output.as_json,
        output.plot,
    )
