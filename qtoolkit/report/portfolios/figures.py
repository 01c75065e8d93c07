"""The figures of portfolios, one function each, returned as SVG documents; see `qtoolkit.report.canvas`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._optional import require
from qtoolkit.report.canvas import MARKERS, PALETTE, Axes, Canvas, legend_beside, series_color

__all__ = ["chances", "composition", "courses", "risks_and_returns", "spread", "weights"]

FloatArray = NDArray[np.float64]

_BAR = 0.17
_OTHERS = "others"
_HUES = (
    *(PALETTE[name] for name in ("blue", "vermilion", "green", "purple", "orange", "sky")),
    *("#004a75", "#8c3d00", "#005c43", "#8a4a6c", "#8f6200", "#2b6f96"),
    PALETTE["grey"],
)
"""Of stacked bars: the palette, the same darker, and grey for what is left."""

_FEW = 40
"""Up to so many assets are named next to their points."""

_POINT, _LETTER, _LINE = 0.014, 0.0145, 0.032
"""Sizes of a point and of its name, as shares of the axes."""


def weights(names: Sequence[str], portfolios: Mapping[str, Sequence[float]], what: str = "weight") -> str:
    """One group of horizontal bars for each asset.

    Args:
        names: of the assets, from the top.
        portfolios: label to the weight of each asset; the second is what the first is measured against.
        what: is drawn.
    """
    canvas = Canvas(size=(7.2, 0.9 + _BAR * len(names) * (len(portfolios) + 0.6)))
    with canvas as (axes,):
        height = 1.0 / (len(portfolios) + 0.6)
        for k, (label, values) in enumerate(portfolios.items()):
            places = np.arange(len(names)) + (k - (len(portfolios) - 1) / 2) * height
            color = series_color(0) if k == 0 else PALETTE["grey"]
            axes.barh(places, values, height=0.92 * height, color=color, label=label)
        axes.set_yticks(np.arange(len(names)), names)
        axes.set(xlabel=what)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        legend_beside(axes)
    return canvas.svg


def spread(values: ArrayLike, marks: Mapping[str, float], period: str, bins: int = 48) -> str:
    """How the objectives of all choices spread, with some marked.

    Args:
        values: objective of every choice, shape (N,).
        marks: label to an objective: the optimum, then others.
        period: of the returns.
        bins: number of bars.
    """
    objectives = np.asarray(values, dtype=np.float64)
    factor, label = _scaled(np.concatenate([objectives, list(marks.values())]))
    canvas = Canvas()
    with canvas as (axes,):
        edges = np.linspace(objectives.min(), objectives.max(), bins + 1)
        if edges[0] == edges[-1]:  # all choices alike
            edges = np.array([edges[0] - 0.5 / factor, edges[0] + 0.5 / factor])
        counts = np.histogram(objectives, edges)[0]
        shares = counts / objectives.size
        axes.stairs(shares, factor * edges, color=PALETTE["grey"], fill=True, alpha=0.35, label="every choice alike")
        styles = ("-", "--", ":")
        for k, (name, value) in enumerate(marks.items()):
            # the first is the optimum, which others may reach: a broad line behind theirs
            if k == 0:
                axes.axvline(factor * value, color=PALETTE["ink"], linewidth=5.0, alpha=0.3, label=name)
            else:
                style = styles[(k - 1) % len(styles)]
                axes.axvline(factor * value, color=series_color(k - 1), linestyle=style, label=name)
        axes.set(xlabel=f"objective{label} per {period}, lower is better", ylabel="share of all choices")
        axes.set_ylim(bottom=0)
        legend_beside(axes)
    return canvas.svg


def chances(probabilities: Mapping[str, float], shots: int) -> str:
    """Chance that some of so many shots is an optimum, over the number of shots.

    Args:
        probabilities: label to the probability of one shot.
        shots: that were drawn, which a line marks.
    """
    most = 10.0 ** np.ceil(np.log10(max(shots, 10)))
    least = min((p for p in probabilities.values() if p > 0.0), default=1.0)
    numbers = np.logspace(0.0, np.log10(max(most, min(5.0 / least, 1e9))), 200)
    canvas = Canvas()
    with canvas as (axes,):
        for k, (label, probability) in enumerate(probabilities.items()):
            chance = -np.expm1(numbers * np.log1p(-min(probability, 1.0 - 1e-12)))
            axes.plot(numbers, 100.0 * chance, color=series_color(k), linestyle=("-", "--")[k % 2], label=label)
        axes.axvline(shots, color=PALETTE["ink"], linestyle=":", linewidth=1.0, label=f"{shots:,} shots, as here")
        axes.set(xscale="log", xlabel="shots", ylabel="chance that they hold the optimum (%)", ylim=(0, 103))
        legend_beside(axes)
    return canvas.svg


def risks_and_returns(
    assets: tuple[Sequence[str], ArrayLike, ArrayLike],
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    portfolios: Mapping[str, tuple[float, float]],
    axes_of: tuple[str, str],
    ringed: str | None = None,
) -> str:
    """Return over risk: assets as points with their names, frontiers as lines, portfolios as marks.

    Args:
        assets: names, risks and returns in per cent, shape (n,) each.
        curves: label to risks and returns in per cent, shape (P,) each.
        portfolios: label to a risk and a return in per cent.
        axes_of: what the axes are called.
        ringed: the portfolio that others may reach: a ring around them.
    """
    names, risks, returns = assets
    canvas = Canvas(size=(7.6, 4.4))
    with canvas as (axes,):
        axes.plot(risks, returns, color=PALETTE["grey"], marker="o", linestyle="none", label="assets")
        for k, (label, (x, y)) in enumerate(curves.items()):
            style = ("-", "--", ":")[k % 3]
            axes.plot(x, y, color=series_color(k), linestyle=style, marker=MARKERS[k], markersize=3.0, label=label)
        for k, (label, (risk, value)) in enumerate(portfolios.items()):
            if label == ringed:
                look = {"color": "none", "markeredgecolor": PALETTE["ink"], "marker": "o", "markersize": 12.0}
            else:
                place = k + len(curves)
                look = {"color": series_color(place), "marker": MARKERS[place % len(MARKERS)], "markersize": 6.5}
            axes.plot([risk], [value], linestyle="none", label=label, **look)
        axes.set(xlabel=axes_of[0], ylabel=axes_of[1])
        axes.margins(x=0.08)
        if len(names) <= _FEW:
            _name_points(axes, names, np.asarray(risks, dtype=np.float64), np.asarray(returns, dtype=np.float64))
        legend_beside(axes)
    return canvas.svg


def composition(
    returns: Sequence[float], portfolios: Sequence[Mapping[str, float]], names: Sequence[str], axis: str
) -> str:
    """Stacked bars of weights, one for each portfolio.

    Args:
        returns: of the portfolios, which stand below the bars.
        portfolios: weights by name.
        names: of all assets, in the order of their colours; those beyond the last colour are others.
        axis: what the returns are called.
    """
    shown = names if len(names) <= len(_HUES) else [*names[: len(_HUES) - 1], _OTHERS]
    canvas = Canvas()
    with canvas as (axes,):
        places, base = np.arange(len(portfolios)), np.zeros(len(portfolios))
        for k, name in enumerate(shown):
            inside = names[len(_HUES) - 1 :] if name == _OTHERS else [name]
            heights: FloatArray = np.array(
                [sum(portfolio.get(asset, 0.0) for asset in inside) for portfolio in portfolios]
            )
            if not heights.any():
                continue
            axes.bar(places, heights, bottom=base, width=0.86, color=_HUES[k], label=name)
            base += heights
        step = max(1, len(portfolios) // 8)
        axes.set_xticks(places[::step], [f"{returns[place]:.3g}" for place in places[::step]])
        axes.set(xlabel=axis, ylabel="weight")
        axes.margins(y=0.02)
        axes.grid(visible=False, axis="x")
        legend_beside(axes)
    return canvas.svg


def courses(
    dates: ArrayLike,
    series: Mapping[str, ArrayLike],
    axis: str,
    *,
    is_logarithmic: bool = False,
    has_steps: bool = False,
) -> str:
    """One line for each strategy over time.

    Args:
        dates: datetime64[D], shape (T,).
        series: label to values, shape (T,) each; those after the first two in quieter colours.
        axis: what the values are called.
        is_logarithmic: whether the axis is.
        has_steps: whether a value holds until the next.
    """
    days = np.asarray(dates)
    canvas = Canvas()
    with canvas as (axes,):
        for k, (label, values) in enumerate(series.items()):
            color = (PALETTE["blue"], PALETTE["vermilion"], PALETTE["green"], PALETTE["grey"])[k % 4]
            style = {"color": color, "linestyle": ("-", "--", "-", "-")[k % 4], "linewidth": 1.6 if k < 2 else 1.1}
            axes.plot(days, values, drawstyle="steps-post" if has_steps else "default", label=label, **style)
        if is_logarithmic:
            ticker = require("matplotlib.ticker", extra="plot")
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
            axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
            axes.yaxis.set_minor_formatter(ticker.NullFormatter())
        axes.set(ylabel=axis)
        mdates = require("matplotlib.dates", extra="plot")
        locator = mdates.AutoDateLocator()
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
        legend_beside(axes)
    return canvas.svg


def _name_points(axes: Axes, names: Sequence[str], x: FloatArray, y: FloatArray) -> None:
    """Names beside points, each where it hides no other, and left out where it would."""
    width, height = (float(np.ptp(limits)) or 1.0 for limits in (axes.get_xlim(), axes.get_ylim()))
    across, up = x / width, y / height
    taken = [(place, height_at, _POINT, _POINT) for place, height_at in zip(across, up, strict=True)]
    for k, name in enumerate(names):
        size = (_LETTER * len(name), _LINE)
        for side, offset in (("left", (5, -3)), ("right", (-5, -3)), ("center", (0, 5)), ("center", (0, -11))):
            middle = across[k] + {"left": 1, "right": -1, "center": 0}[side] * (size[0] / 2 + 0.014)
            level = up[k] + {-3: 0.0, 5: 0.03, -11: -0.03}[offset[1]]
            others = taken[:k] + taken[k + 1 :]
            if all(abs(middle - a) > (size[0] + w) / 2 or abs(level - b) > (size[1] + h) / 2 for a, b, w, h in others):
                axes.annotate(
                    name,
                    (x[k], y[k]),
                    offset,
                    textcoords="offset points",
                    ha=side,
                    fontsize=7.5,
                    color=PALETTE["grey"],
                )
                taken.append((middle, level, *size))
                break


def _scaled(values: FloatArray) -> tuple[float, str]:
    """A power of ten by which numbers are shown, and how the axis says so."""
    largest = float(np.abs(values).max())
    exponent = int(np.floor(np.log10(largest))) if largest > 0.0 else 0
    if -1 <= exponent <= 3:
        return 1.0, ""
    digits = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return 10.0**-exponent, f" (10{digits})"
