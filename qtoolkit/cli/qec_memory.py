"""``qtoolkit qec memory``: how well a code keeps a logical qubit."""

from __future__ import annotations

from typing import Annotated

import typer

from qtoolkit.cli.options import with_groups
from qtoolkit.cli.output_options import OutputOptions
from qtoolkit.cli.qec_options import PACKAGES, CodeOptions, RunOptions, memory_answer

__all__ = ["memory"]

_PART = "memory"


@with_groups
def memory(
    stated: CodeOptions,
    run: RunOptions,
    output: OutputOptions,
    rate: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="Physical error rates: 0.001,0.002; 1e-3,...,1e-2 for seven with equal ratios; 1e-3:1e-2:5 for five; "
            "0.001,0.002,...,0.009 in steps.",
            rich_help_panel="Code and noise",
        ),
    ] = "1e-3,...,1e-2",
    target: Annotated[
        float,
        typer.Option(metavar="E", help="Logical error rate of a round to find a code for.", rich_help_panel="Output"),
    ] = 1e-9,
) -> None:
    """Store logical states in codes and count what is lost, with intervals and what larger codes would do.

    A point ends when its shots are drawn or, at the end of a batch, its
    errors are enough. Ctrl-C prints what is done; with a store the next call
    goes on from there, as it does after a kill.
    """
    from qtoolkit._checks import require_number
    from qtoolkit.cli.publication import Publication, publish
    from qtoolkit.errors import InputError
    from qtoolkit.report.experiments import memory_data, memory_facts, memory_page, memory_tables
    from qtoolkit.report.experiments.pictures import memory_picture

    output.check(PACKAGES)
    run.check()
    if not 0.0 < require_number("--target", target) < 0.5:
        raise InputError(f"--target must lie strictly between 0 and 1/2, got {target:g}")
    answer = memory_answer(stated, run, rate, _PART, target)
    publish(
        Publication(
            data=memory_data(answer),
            tables=lambda width: memory_tables(answer, width),
            evidence=memory_facts(answer),
            page=lambda: memory_page(answer),
            plot=lambda: memory_picture(answer, output.theme.value),
        ),
        output.report,
        output.as_json,
        output.plot,
    )
    if answer.interrupted:
        raise KeyboardInterrupt
