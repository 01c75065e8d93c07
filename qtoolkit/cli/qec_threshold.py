"""``qtoolkit qec threshold``: below which physical error rate larger codes do better."""

from __future__ import annotations

from typing import Annotated

import typer

from qtoolkit.cli.options import with_groups
from qtoolkit.cli.output_options import OutputOptions
from qtoolkit.cli.qec_options import PACKAGES, CodeOptions, RunOptions, memory_answer

__all__ = ["threshold"]

_PART = "threshold"


@with_groups
def threshold(
    stated: CodeOptions,
    run: RunOptions,
    output: OutputOptions,
    rate: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="Physical error rates about the threshold: 0.004:0.012:8:linear for eight in equal steps.",
            rich_help_panel="Code and noise",
        ),
    ] = "0.005:0.01:6:linear",
) -> None:
    """Fit the threshold by finite-size scaling, with an uncertainty that includes the fit.

    It takes three distances or more; two have a crossing, which is no
    threshold. With four or more a term for the size of small codes is fitted
    too.
    """
    from qtoolkit.cli.publication import Publication, publish
    from qtoolkit.report.experiments import (
        ThresholdAnswer,
        threshold_data,
        threshold_facts,
        threshold_page,
        threshold_tables,
    )
    from qtoolkit.report.experiments.pictures import threshold_picture

    output.check(PACKAGES)
    run.check()
    answer = ThresholdAnswer(memory_answer(stated, run, rate, _PART))
    publish(
        Publication(
            data=threshold_data(answer),
            tables=lambda width: threshold_tables(answer, width),
            evidence=threshold_facts(answer),
            page=lambda: threshold_page(answer),
            plot=lambda: threshold_picture(answer, output.theme.value),
        ),
        output.report,
        output.as_json,
        output.plot,
    )
    if answer.memory.interrupted:
        raise KeyboardInterrupt
