"""``qtoolkit molecule resources``: what a fault-tolerant computer would need."""

from __future__ import annotations

from typing import Annotated

import typer

from qtoolkit.cli.molecule_options import Geometry, MoleculeOptions
from qtoolkit.cli.options import with_groups

__all__ = ["resources"]


@with_groups
def resources(
    geometry: Geometry,
    stated: MoleculeOptions,
    error: Annotated[float, typer.Option(metavar="E", help="Of the energy, in hartree.")] = 1.6e-3,
    threshold: Annotated[float, typer.Option(metavar="T", help="Of the factorisation, in hartree.")] = 1e-4,
    physical_error_rate: Annotated[float, typer.Option(metavar="P", help="Of physical gates.")] = 1e-3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the tables.")] = False,
) -> None:
    """Count Toffoli gates, logical and physical qubits of phase estimation by double factorisation."""
    from qtoolkit.applications.chemistry.resources import double_factorisation, double_factorised_cost
    from qtoolkit.applications.qec import ScalingLaw, physical_footprint
    from qtoolkit.cli.output import print_json, stdout_console
    from qtoolkit.cli.packages import check_packages
    from qtoolkit.errors import InputError
    from qtoolkit.report.molecules import ResourcesAnswer, resources_data, resources_tables

    check_packages("this command", stated.packages(geometry))
    integrals = stated.integrals(geometry)
    if integrals.norb < 2:
        raise InputError("phase estimation is counted from 2 orbitals on, got 1; take a larger basis or active space")
    factorised = double_factorisation(integrals.hamiltonian, threshold)
    cost = double_factorised_cost(factorised, error)
    footprint = physical_footprint(cost.num_toffolis, cost.num_logical_qubits, ScalingLaw(physical_error_rate))
    answer = ResourcesAnswer(integrals, factorised, cost, footprint)
    if as_json:
        print_json(resources_data(answer))
        return
    console = stdout_console()
    for table in resources_tables(answer, console.width):
        console.print(table)
        console.print()
