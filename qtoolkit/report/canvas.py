"""What all figures share: one style and one canvas, drawn by Matplotlib and kept as an SVG document.

The same numbers give the same bytes: no dates, fixed ids. Letters are drawn as outlines, so that a figure looks the
same where its fonts are missing. Colours are those of Okabe and Ito, which colour-blind readers tell apart.
"""

from __future__ import annotations

import io
from typing import Any, Literal, TypeAlias

from qtoolkit._optional import require

__all__ = ["MARKERS", "PALETTE", "Axes", "Canvas", "Theme", "ink", "legend_beside", "quiet", "series_color"]

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

Theme: TypeAlias = Literal["light", "dark"]

_SERIES = {
    "light": tuple(PALETTE[name] for name in ("blue", "vermilion", "green", "purple", "orange", "sky")),
    "dark": ("#56B4E9", "#F0803C", "#2BC49B", "#E29BC3", "#F0C040", "#9CC9F0"),
}
_GROUNDS = {"light": "#ffffff", "dark": "#16181d"}
_INKS = {"light": PALETTE["ink"], "dark": "#e8eaed"}
_QUIET = {"light": PALETTE["grey"], "dark": "#9aa5b1"}
_GRIDS = {"light": "#e4e7eb", "dark": "#2c3038"}
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
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "errorbar.capsize": 2.5,
    "figure.constrained_layout.use": True,
}


def _style(theme: Theme) -> dict[str, Any]:
    """Of a figure on a ground of this theme; letters and lines stand out from it alike."""
    letters = ("axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor", "text.color")
    lines = ("axes.edgecolor", "xtick.color", "ytick.color")
    grounds = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    return {
        **_STYLE,
        "grid.color": _GRIDS[theme],
        **dict.fromkeys(letters, _INKS[theme]),
        **dict.fromkeys(lines, _QUIET[theme]),
        **dict.fromkeys(grounds, _GROUNDS[theme]),
    }


Axes: TypeAlias = Any
"""Matplotlib's Axes, which carries no types here."""


class Canvas:
    """A figure of one row of axes in the common style, open inside ``with``; `svg` afterwards."""

    def __init__(
        self, columns: int = 1, size: tuple[float, float] = _WIDE, theme: Theme = "light", **ratios: Any
    ) -> None:
        self._columns, self._size, self._theme, self._ratios = columns, size, theme, ratios
        self.svg = ""

    def __enter__(self) -> list[Axes]:
        matplotlib = require("matplotlib", extra="plot")
        self._context = matplotlib.rc_context(_style(self._theme))
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


def series_color(k: int, theme: Theme = "light") -> str:
    """Of the k-th series."""
    return _SERIES[theme][k % len(_SERIES[theme])]


def ink(theme: Theme = "light") -> str:
    """Of letters."""
    return _INKS[theme]


def quiet(theme: Theme = "light") -> str:
    """Of lines that stand behind others."""
    return _QUIET[theme]


def legend_beside(axes: Axes) -> None:
    """A legend outside, where it hides no data."""
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
