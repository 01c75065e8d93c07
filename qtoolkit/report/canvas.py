"""What all figures share: one style and one canvas, drawn by Matplotlib and kept as an SVG document.

The same numbers give the same bytes: no dates, fixed ids. Letters are drawn as outlines, so that a figure looks the
same where its fonts are missing. Colours are those of Okabe and Ito, which colour-blind readers tell apart.
"""

from __future__ import annotations

import io
from typing import Any, TypeAlias

from qtoolkit._optional import require

__all__ = ["MARKERS", "PALETTE", "Axes", "Canvas", "legend_beside", "series_color"]

PALETTE = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "ink": "#1f2933",
    "grey": "#7b8794",
}

_SERIES = ("blue", "vermilion", "green", "purple", "orange", "sky")
MARKERS = ("o", "s", "^", "D", "v", "P")
_WIDE = (7.2, 3.6)
_STYLE: dict[str, Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "qtoolkit",
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": PALETTE["ink"],
    "axes.edgecolor": PALETTE["grey"],
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e7eb",
    "grid.linewidth": 0.7,
    "xtick.color": PALETTE["grey"],
    "ytick.color": PALETTE["grey"],
    "xtick.labelcolor": PALETTE["ink"],
    "ytick.labelcolor": PALETTE["ink"],
    "text.color": PALETTE["ink"],
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "errorbar.capsize": 2.5,
    "figure.constrained_layout.use": True,
}

Axes: TypeAlias = Any
"""Matplotlib's Axes, which carries no types here."""


class Canvas:
    """A figure of one row of axes in the common style, open inside ``with``; `svg` afterwards."""

    def __init__(self, columns: int = 1, size: tuple[float, float] = _WIDE, **ratios: Any) -> None:
        self._columns, self._size, self._ratios = columns, size, ratios
        self.svg = ""

    def __enter__(self) -> list[Axes]:
        matplotlib = require("matplotlib", extra="plot")
        self._context = matplotlib.rc_context(_STYLE)
        self._context.__enter__()
        self._figure = require("matplotlib.figure", extra="plot").Figure(figsize=self._size)
        axes = self._figure.subplots(1, self._columns, squeeze=False, **self._ratios)
        return list(axes[0])

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                out = io.StringIO()
                self._figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
                self.svg = out.getvalue()
        finally:
            self._context.__exit__(kind, *rest)


def series_color(k: int) -> str:
    """Of the k-th series."""
    return PALETTE[_SERIES[k % len(_SERIES)]]


def legend_beside(axes: Axes) -> None:
    """A legend outside, where it hides no data."""
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
