"""``qtoolkit qec``: the commands of error correction."""

from __future__ import annotations

import typer

from qtoolkit.cli.qec_draw import draw
from qtoolkit.cli.qec_memory import memory
from qtoolkit.cli.qec_threshold import threshold
from qtoolkit.cli.qec_twirl import twirl

__all__ = ["qec"]

qec = typer.Typer(name="qec", no_args_is_help=True, help="Error correction: memories, thresholds and codes.")
qec.command()(memory)
qec.command()(threshold)
qec.command()(twirl)
qec.command()(draw)
