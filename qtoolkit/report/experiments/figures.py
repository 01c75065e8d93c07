"""The figures of error correction, one function each, returned as SVG documents; see `qtoolkit.report.canvas`.

They are drawn small, so that their letters can be read at a width of 400 pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._optional import require
from qtoolkit.report.canvas import MARKERS, Axes, Canvas, Theme, ink, quiet, series_color

__all__ = ["Curve", "error_rates", "scaling", "suppression"]

FloatArray = NDArray[np.float64]

_SIZE = (5.0, 3.7)
_TICKS = 6


@dataclass(frozen=True, eq=False)
class Curve:
    """One series of estimates.

    Attributes:
        label: in the legend.
        x: shape (N,).
        rates: estimates, shape (N,).
        intervals: low and high ends at 95 %, shape (2, N).
        fit: x and y of a line through them, or None.
    """

    label: str
    x: ArrayLike
    rates: ArrayLike
    intervals: ArrayLike
    fit: tuple[ArrayLike, ArrayLike] | None = None


def error_rates(
    curves: Sequence[Curve],
    ylabel: str = "logical error rate per round",
    *,
    unprotected: tuple[str, ArrayLike, ArrayLike] | None = None,
    threshold: tuple[str, float, tuple[float, float]] | None = None,
    theme: Theme = "light",
) -> str:
    """Logical over physical error rate on logarithmic axes, a curve for each distance.

    Args:
        curves: by distance; where nothing failed, an arrow hangs from the end of the interval.
        ylabel: what the rates are.
        unprotected: label, x and y of what they are compared with.
        threshold: label, value and interval, drawn as a line with a band.
        theme: of the ground.
    """
    canvas = Canvas(size=_SIZE, theme=theme)
    with canvas as (axes,):
        if threshold is not None:
            label, value, (low, high) = threshold
            axes.axvspan(low, high, color=quiet(theme), alpha=0.25, linewidth=0)
            axes.axvline(value, color=quiet(theme), linewidth=1.2, label=label)
        if unprotected is not None:
            label, x, y = unprotected
            axes.plot(x, y, color=quiet(theme), linestyle=":", linewidth=1.4, label=label)
        for k, curve in enumerate(curves):
            _draw(axes, curve, k, theme, joined=curve.fit is None)
        axes.set(xscale="log", yscale="log", xlabel="physical error rate", ylabel=ylabel)
        _ticks(axes.xaxis, np.concatenate([np.asarray(curve.x, dtype=np.float64) for curve in curves]))
        axes.legend(loc="best", handlelength=1.6)
    return canvas.svg


def scaling(curves: Sequence[Curve], fit: tuple[ArrayLike, ArrayLike], *, theme: Theme = "light") -> str:
    """Logical error rates of all distances over the scaled distance from the threshold: one curve if the fit holds.

    Args:
        curves: by distance, `x` scaled.
        fit: x and y of the curve.
        theme: of the ground.
    """
    canvas = Canvas(size=_SIZE, theme=theme)
    with canvas as (axes,):
        axes.plot(*fit, color=ink(theme), linewidth=1.2, label="fit")
        for k, curve in enumerate(curves):
            _draw(axes, curve, k, theme, joined=False)
        axes.axvline(0.0, color=quiet(theme), linewidth=1.0)
        axes.set(xlabel=r"$(p - p_{\mathrm{th}})\, d^{1/\nu}$", ylabel="logical error rate, less size term")
        axes.legend(loc="best", handlelength=1.6)
    return canvas.svg


def suppression(
    curves: Sequence[Curve], bands: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]], *, theme: Theme = "light"
) -> str:
    """Logical error rate of a round over the distance, with the fits that larger codes are extrapolated by.

    Args:
        curves: by physical error rate.
        bands: label of a curve to distances and the low and high ends of its fit's band.
        theme: of the ground.
    """
    canvas = Canvas(size=_SIZE, theme=theme)
    with canvas as (axes,):
        for k, curve in enumerate(curves):
            if curve.label in bands:
                x, low, high = bands[curve.label]
                axes.fill_between(x, low, high, color=series_color(k, theme), alpha=0.2, linewidth=0)
            _draw(axes, curve, k, theme, joined=False)
        axes.set(yscale="log", xlabel="distance", ylabel="logical error rate per round")
        axes.xaxis.set_major_locator(require("matplotlib.ticker", extra="plot").MaxNLocator(integer=True))
        axes.legend(loc="best", handlelength=1.6)
    return canvas.svg


def _draw(axes: Axes, curve: Curve, k: int, theme: Theme, joined: bool) -> None:
    """Points with bars; estimates of 0 hang below the end of their interval."""
    x, rates = (np.asarray(values, dtype=np.float64) for values in (curve.x, curve.rates))
    low, high = np.asarray(curve.intervals, dtype=np.float64)
    seen = rates > 0.0
    style: dict[str, Any] = {"color": series_color(k, theme), "marker": MARKERS[k % len(MARKERS)]}
    bars = np.maximum(np.stack([rates - low, high - rates]), 0.0)
    line = "-" if joined else "none"
    axes.errorbar(x[seen], rates[seen], bars[:, seen], linestyle=line, linewidth=1.3, label=curve.label, **style)
    if np.any(~seen):
        axes.plot(x[~seen], high[~seen], color=style["color"], marker="v", linestyle="none", fillstyle="none")
    if curve.fit is not None:
        axes.plot(*curve.fit, color=style["color"], linewidth=1.2)


def _ticks(axis: Any, values: FloatArray) -> None:
    """Six ticks at most, at values themselves, as they are written in a table."""
    ticker = require("matplotlib.ticker", extra="plot")
    places = np.unique(values)
    if len(places) > _TICKS:
        places = places[np.unique(np.linspace(0, len(places) - 1, _TICKS).round().astype(int))]
    axis.set_major_locator(ticker.FixedLocator(places.tolist()))
    axis.set_major_formatter(ticker.FixedFormatter([f"{value:.3g}" for value in places]))
    axis.set_minor_locator(ticker.NullLocator())
