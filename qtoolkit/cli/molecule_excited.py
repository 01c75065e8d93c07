"""``qtoolkit molecule excited``: excited states with their spins."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from qtoolkit.cli.molecule_options import AnsatzOptions, Geometry, MoleculeOptions
from qtoolkit.cli.options import with_groups
from qtoolkit.cli.output_options import OutputOptions

if TYPE_CHECKING:
    from qtoolkit.applications.chemistry import ExcitedStates, MolecularIntegrals

__all__ = ["excited"]

_PART = "excited"
_SPIN = {"any": None, "singlet": 0.0, "doublet": 0.5, "triplet": 1.0, "quartet": 1.5, "quintet": 2.0}


class ExcitedMethod(StrEnum):
    """How states above the lowest are found."""

    QEOM = "qeom"
    QSE = "qse"
    VQD = "vqd"
    SSVQE = "ssvqe"


class Multiplicity(StrEnum):
    """Of the states."""

    ANY = "any"
    SINGLET = "singlet"
    DOUBLET = "doublet"
    TRIPLET = "triplet"
    QUARTET = "quartet"
    QUINTET = "quintet"


@with_groups
def excited(
    geometry: Geometry,
    stated: MoleculeOptions,
    search: AnsatzOptions,
    output: OutputOptions,
    method: Annotated[
        ExcitedMethod,
        typer.Option(
            help="qeom and qse expand about a ground state, vqd and ssvqe tune k-UpCCGSD for each.",
            rich_help_panel="Ansatz and search",
        ),
    ] = ExcitedMethod.QEOM,
    states: Annotated[int, typer.Option(min=1, help="Number of states.", rich_help_panel="Ansatz and search")] = 4,
    multiplicity: Annotated[
        Multiplicity, typer.Option(help="Of the states.", rich_help_panel="Ansatz and search")
    ] = Multiplicity.ANY,
) -> None:
    """Find excited states, each with its spin and the exact energy of the same rank."""
    from qtoolkit.cli.progress import DemoProgress
    from qtoolkit.cli.publication import Publication, publish
    from qtoolkit.report.molecules import (
        excited_data,
        excited_facts,
        excited_page,
        excited_picture,
        excited_tables,
    )

    output.check(stated.packages(geometry))
    if method in (ExcitedMethod.VQD, ExcitedMethod.SSVQE):
        search.check_unused(method.value)
    with DemoProgress([_PART]) as progress:
        tell = progress.of(_PART)
        tell("integrals", 0.0)
        integrals = stated.integrals(geometry)
        tell(method.value, 0.2)
        found = _solved(integrals, search, method, states, _SPIN[multiplicity.value])
        progress.finish(_PART, found.wall_time)
    publish(
        Publication(
            data=excited_data(found),
            tables=lambda width: excited_tables(found, width),
            evidence=excited_facts(found),
            page=lambda: excited_page(found),
            plot=lambda: excited_picture(found, output.theme.value),
        ),
        output.report,
        output.as_json,
        output.plot,
    )


def _solved(
    integrals: MolecularIntegrals, search: AnsatzOptions, method: ExcitedMethod, count: int, spin: float | None
) -> ExcitedStates:
    from qtoolkit.applications.chemistry import ground_state, qeom, quantum_subspace_expansion, ssvqe, vqd

    if method is ExcitedMethod.VQD:
        return vqd(integrals, count, spin=spin, seed=search.seed)
    if method is ExcitedMethod.SSVQE:
        return ssvqe(integrals, count, spin=spin, seed=search.seed)
    ground = ground_state(
        integrals,
        ansatz=search.ansatz.value,
        use_symmetry=search.uses_symmetry(integrals),
        num_starts=search.starts,
        seed=search.seed,
    )
    if method is ExcitedMethod.QSE:
        return quantum_subspace_expansion(ground, count, spin=spin, doubles=True)
    return qeom(ground, count, spin=spin)
