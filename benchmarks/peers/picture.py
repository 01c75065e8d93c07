"""Results as a picture: every circuit a row, every simulator a mark on an axis of time."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any

from peers.results import Race, Results
from peers.rivals import OURS
from peers.tasks import PRECISIONS
from qtoolkit._files import write_whole

__all__ = ["draw"]

_COLOURS = (
    "#0072B2",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#8c6d31",
    "#7b8794",
    "#393b79",
    "#637939",
    "#ad494a",
)
_MARKERS = ("s", "^", "D", "v", "P", "X", "<", ">", "h", "p")
_OURS_COLOUR = "#D55E00"
_INK = "#1f2933"
_GREY = "#7b8794"


def draw(results: Results, path: Path, num_qubits: int | None = None) -> None:
    """Write an SVG of the state-vector races of one size, the one nearest to 24 that most circuits have by default.

    The same numbers give the same bytes.

    Raises:
        ValueError: if no state vector was measured.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    races = [race for race in results.of("state") if race.ours is not None and race.peers()]
    if not races:
        raise ValueError("a picture needs state vectors of qtoolkit and of a peer, and there are none in these results")
    size = num_qubits or _best_size(races)
    style: dict[str, Any] = {
        "svg.fonttype": "path",
        "svg.hashsalt": "qtoolkit",
        "font.family": "DejaVu Sans",
        "font.size": 9.5,
        "text.color": _INK,
        "axes.labelcolor": _INK,
    }
    shown = [[race for race in races if race.case.num_qubits == size and race.case.precision == p] for p in PRECISIONS]
    panels = [(precision, found) for precision, found in zip(PRECISIONS, shown, strict=True) if found]
    rows = max(len(found) for _, found in panels)
    with rc_context(style):
        figure = Figure(figsize=(9.0, 1.6 + 0.34 * rows), layout="constrained")
        axes = figure.subplots(1, len(panels), squeeze=False, sharex=True)[0]
        marks = _marks(results)
        for ax, (precision, found) in zip(axes, panels, strict=True):
            _panel(ax, precision, found, marks)
        handles: dict[str, Any] = {}
        for ax in axes:
            handles |= dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
        handles = {"qtoolkit": handles.pop("qtoolkit"), **handles}
        figure.legend(
            handles.values(), handles.keys(), loc="outside lower center", ncols=6, frameon=False, fontsize=8.5
        )
        threads = results.options.get("threads", "?")
        processor = results.machine.get("processor", "")
        title = f"State vectors of {size} qubits: seconds, less is better ({processor}, {threads} threads)"
        figure.suptitle(title, fontsize=10.5, fontweight="bold", x=0.01, ha="left")
        drawn = io.BytesIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    write_whole(path, drawn.getvalue())


def _best_size(races: list[Race]) -> int:
    counts = Counter(race.case.num_qubits for race in races)
    most = max(counts.values())
    return min((size for size, count in counts.items() if 2 * count >= most), key=lambda size: abs(size - 24))


def _marks(results: Results) -> dict[str, tuple[str, str, str]]:
    """Label, colour and marker of each peer, the same in every picture."""
    peers = [name for name in results.rivals if name != OURS]
    return {
        name: (results.rivals[name].get("title", name), _COLOURS[k % len(_COLOURS)], _MARKERS[k % len(_MARKERS)])
        for k, name in enumerate(peers)
    }


def _panel(ax: Any, precision: str, races: list[Race], marks: dict[str, tuple[str, str, str]]) -> None:
    ordered = sorted(races, key=lambda race: race.ratio() or 0.0)
    for row, race in enumerate(ordered):
        ours, peers = race.ours, race.peers()
        assert ours is not None
        ax.plot([ours.seconds, peers[0].seconds], [row, row], color="#e4e7eb", linewidth=5, zorder=1)
        for entry in peers:
            label, colour, marker = marks[entry.rival]
            ax.plot(entry.seconds, row, marker, color=colour, markersize=5, label=label, zorder=2)
        ax.plot(ours.seconds, row, "o", color=_OURS_COLOUR, markersize=7.5, label="qtoolkit", zorder=3)
        ax.annotate(
            f"{race.ratio():.1f}x", (1.0, row), xycoords=("axes fraction", "data"), xytext=(4, 0),
            textcoords="offset points", va="center", fontsize=8.5, color=_INK,
        )  # fmt: skip
    ax.set_yticks(range(len(ordered)), [race.case.circuit for race in ordered])
    ax.set_xscale("log")
    ax.set_title(f"{precision} precision; right: fastest peer over qtoolkit", fontsize=9, loc="left")
    ax.grid(axis="x", color="#e4e7eb", linewidth=0.7)
    ax.tick_params(color=_GREY, length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
