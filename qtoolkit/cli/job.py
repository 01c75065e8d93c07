"""``qtoolkit job``: one job on a cloud: what is known of it, its result, its end."""

from __future__ import annotations

import typer

from qtoolkit.cli.job_cancel import cancel
from qtoolkit.cli.job_forget import forget
from qtoolkit.cli.job_result import result
from qtoolkit.cli.job_show import show

__all__ = ["job"]

job = typer.Typer(
    name="job",
    no_args_is_help=True,
    help="One job on a cloud, by its id, the beginning of it, or the provider's id; qtoolkit jobs lists them.",
)
job.command()(show)
job.command()(result)
job.command()(cancel)
job.command()(forget)
