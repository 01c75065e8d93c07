"""``qtoolkit molecule``: the energy of a molecule."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from qtoolkit.cli.molecule_options import AnsatzOptions, Geometry, MoleculeOptions
from qtoolkit.cli.options import with_groups
from qtoolkit.cli.output_options import OutputOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtoolkit.algorithms.optimizers import Evaluation
    from qtoolkit.applications.chemistry import AdaptStep, MolecularIntegrals
    from qtoolkit.report.molecules import EnergyAnswer

__all__ = ["energy"]

_PART = "molecule"
_TYPICAL_EVALUATIONS = 30
_BEGIN = 0.2


class Method(StrEnum):
    """How the energy is found."""

    VQE = "vqe"
    ADAPT = "adapt"
    EXACT = "exact"


@with_groups
def energy(
    geometry: Geometry,
    stated: MoleculeOptions,
    search: AnsatzOptions,
    output: OutputOptions,
    method: Annotated[
        Method,
        typer.Option(
            help="vqe tunes an ansatz, adapt grows one, exact diagonalises.", rich_help_panel="Ansatz and search"
        ),
    ] = Method.VQE,
    threshold: Annotated[
        float,
        typer.Option(
            metavar="G", help="Of adapt: gradient norm at which it ends.", rich_help_panel="Ansatz and search"
        ),
    ] = 1e-3,
) -> None:
    """Find the energy of a molecule, and show it beside Hartree–Fock, coupled cluster and the exact one.

    The state vector is exact, without shots or noise; what stands behind the
    energy (spin, variance, gaps) is printed with it.
    """
    from qtoolkit.cli.progress import DemoProgress
    from qtoolkit.cli.publication import Publication, publish
    from qtoolkit.report.molecules import energy_data, energy_facts, energy_page, energy_picture, energy_tables

    output.check(stated.packages(geometry))
    if method is not Method.VQE:
        search.check_unused(method.value)
    with DemoProgress([_PART]) as progress:
        tell = progress.of(_PART)
        tell("integrals", 0.0)
        integrals = stated.integrals(geometry)
        tell("search", _BEGIN)
        answer = _solved(integrals, search, method, threshold, tell)
        progress.finish(_PART, answer.wall_time)
    publish(
        Publication(
            data=energy_data(answer),
            tables=lambda width: energy_tables(answer, width),
            evidence=energy_facts(answer),
            page=lambda: energy_page(answer),
            plot=lambda: energy_picture(answer, output.theme.value),
        ),
        output.report,
        output.as_json,
        output.plot,
    )


def _solved(
    integrals: MolecularIntegrals,
    search: AnsatzOptions,
    method: Method,
    threshold: float,
    tell: Callable[[str, float], None],
) -> EnergyAnswer:
    from qtoolkit.applications.chemistry import adapt_vqe, ground_state
    from qtoolkit.report.molecules import EnergyAnswer, exact_answer

    if method is Method.EXACT:
        return exact_answer(integrals)
    if method is Method.ADAPT:

        def grown(step: AdaptStep) -> None:
            share = min(1.0, math.log(step.largest_gradient / threshold + 1.0) / 10.0)
            tell(f"{step.operator}: {step.gradient_norm:.1e}", _BEGIN + (1.0 - _BEGIN) * (1.0 - share))

        found = adapt_vqe(integrals, threshold=threshold, progress=grown, seed=search.seed)
        return EnergyAnswer(found.state, found)

    def evaluated(evaluation: Evaluation) -> None:
        share = 1.0 - math.exp(-evaluation.number / _TYPICAL_EVALUATIONS)
        tell(f"evaluation {evaluation.number}", _BEGIN + (1.0 - _BEGIN) * share)

    state = ground_state(
        integrals,
        ansatz=search.ansatz.value,
        use_symmetry=search.uses_symmetry(integrals),
        num_starts=search.starts,
        callback=evaluated,
        seed=search.seed,
    )
    return EnergyAnswer(state)
