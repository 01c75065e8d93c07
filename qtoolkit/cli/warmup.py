"""``qtoolkit warmup``: compile ahead what a first run would compile."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["warmup"]


def warmup(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of text.")] = False,
) -> None:
    """Compile everything for this processor, in both precisions, and keep it on disk.

    Takes a minute or two the first time. Later processes, of this user or of all where the installation can be
    written, then start at once.
    """
    from qtoolkit.cli.entry import UNEXPECTED
    from qtoolkit.cli.output import note, print_json
    from qtoolkit.simulators.warm_up import kernel_folder

    compiled, seconds = _run()
    folder = kernel_folder()
    if as_json:
        print_json({"compiled": compiled, "seconds": seconds, "folder": folder and str(folder)})
    elif folder is not None and compiled:
        typer.echo(f"{compiled} kernels compiled in {seconds:.0f} s; they are kept in {folder}")
    elif folder is not None:
        typer.echo(f"Already warm: all kernels are kept in {folder}")
    if folder is None:
        note("qtoolkit: compiled kernels cannot be kept; set QTOOLKIT_CACHE_DIR to a folder that can be written")
        raise typer.Exit(UNEXPECTED)


def _run() -> tuple[int, float]:
    """Run all steps; return how many kernels were compiled, and the seconds."""
    import logging

    from qtoolkit.cli.progress import DemoProgress
    from qtoolkit.simulators.warm_up import PRECISIONS, STEPS, warm_up

    compiled, seconds = 0, 0.0
    # The bars say that something is being compiled, and the last line where it is kept.
    logger = logging.getLogger("qtoolkit.kernels")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with DemoProgress(list(STEPS)) as progress:
            for name in STEPS:
                report, taken = progress.of(name), 0.0
                for number, precision in enumerate(PRECISIONS):
                    report(f"{precision} precision", number / len(PRECISIONS))
                    step = warm_up(name, precision)
                    compiled += step.compiled
                    taken += step.wall_time
                progress.finish(name, taken)
                seconds += taken
    finally:
        logger.setLevel(level)
    return compiled, seconds
