"""The figures of the demo's report, one function each, returned as SVG documents; see `qtoolkit.report.canvas`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._optional import require
from qtoolkit.report.canvas import MARKERS, PALETTE, Canvas, legend_beside, series_color

__all__ = [
    "PALETTE",
    "coherent_errors",
    "convergence",
    "dissociation",
    "efficient_frontier",
    "logical_error_rates",
    "optimum_probabilities",
]


def efficient_frontier(
    frontiers: Mapping[str, tuple[ArrayLike, ArrayLike]], portfolios: Mapping[str, tuple[float, float]]
) -> str:
    """Return over risk: points of frontiers, joined by dots that guide the eye, and single portfolios.

    Args:
        frontiers: label to standard deviations and expected returns, shape (P,) both, per period.
        portfolios: label to a standard deviation and an expected return.
    """
    canvas = Canvas()
    with canvas as (axes,):
        for k, (label, (deviations, returns)) in enumerate(frontiers.items()):
            x, y = (np.asarray(values, dtype=np.float64) for values in (deviations, returns))
            style = {"color": series_color(k), "marker": MARKERS[k % len(MARKERS)], "linestyle": ":", "linewidth": 0.9}
            axes.plot(100 * x, 100 * y, label=label, **style)
        for k, (label, (deviation, expected)) in enumerate(portfolios.items(), start=len(frontiers)):
            marker = MARKERS[k % len(MARKERS)]
            axes.plot(
                [100 * deviation], [100 * expected], color=series_color(k), marker=marker, linestyle="", label=label
            )
        axes.set(xlabel="standard deviation (% per period)", ylabel="expected return (% per period)")
        legend_beside(axes)
    return canvas.svg


def optimum_probabilities(probabilities: Mapping[str, float]) -> str:
    """Probability to hit the optimum in one try, one horizontal bar for each way, on a logarithmic axis.

    Args:
        probabilities: label to probability, above 0.
    """
    labels, values = list(probabilities), list(probabilities.values())
    canvas = Canvas(size=(7.2, 0.8 + 0.42 * len(labels)))
    with canvas as (axes,):
        colors = [PALETTE["grey"], *(series_color(k) for k in range(len(labels) - 1))]
        bars = axes.barh(labels, values, color=colors, height=0.62)
        axes.bar_label(bars, [f"{100 * value:.2g}%" for value in values], padding=5)
        axes.set(xscale="log", xlabel="probability of the optimum in one try")
        axes.set_xlim(min(values) / 3, min(max(values) * 6, 1.5))
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
    return canvas.svg


def dissociation(
    distances: ArrayLike,
    hartree_fock_energies: ArrayLike,
    vqe_energies: ArrayLike,
    fci_energies: ArrayLike,
    accuracy: float,
    molecule: str,
) -> str:
    """Energy over bond length, and the error of each method against the exact energy.

    Args:
        distances: bond lengths in ångström, shape (P,).
        hartree_fock_energies: in hartree, shape (P,).
        vqe_energies: in hartree, shape (P,).
        fci_energies: in hartree, shape (P,).
        accuracy: chemical accuracy in hartree.
        molecule: formula for the title.
    """
    exact = np.asarray(fci_energies, dtype=np.float64)
    canvas = Canvas(columns=2, size=(8.4, 3.5))
    with canvas as (energies, errors):
        energies.plot(distances, exact, color=PALETTE["ink"], linewidth=1.2, label="exact (FCI)")
        errors.axhline(1e3 * accuracy, color=PALETTE["ink"], linestyle="--", linewidth=1.0, label="chemical accuracy")
        for label, values, color, marker in (
            ("Hartree–Fock", hartree_fock_energies, "vermilion", "s"),
            ("UCCSD VQE", vqe_energies, "blue", "o"),
        ):
            series = np.asarray(values, dtype=np.float64)
            energies.plot(distances, series, color=PALETTE[color], marker=marker, linestyle="none", label=label)
            # A logarithmic axis has no place for an error that is zero to rounding.
            shown = 1e3 * np.maximum(np.abs(series - exact), 1e-12)
            errors.plot(distances, shown, color=PALETTE[color], marker=marker, label=label)
        errors.set_yscale("log")
        energies.set(xlabel="bond length (Å)", ylabel="energy (Ha)", title=f"{molecule} energy")
        errors.set(xlabel="bond length (Å)", ylabel="error against FCI (mHa)", title="Error")
        energies.legend()
        errors.legend()
    return canvas.svg


def convergence(gaps: Mapping[str, ArrayLike], accuracy: float) -> str:
    """Distance from the exact energy over the evaluations of an optimiser, on a logarithmic axis.

    Args:
        gaps: label to energy minus exact energy of each evaluation, in hartree, any length.
        accuracy: chemical accuracy in hartree.
    """
    canvas = Canvas()
    with canvas as (axes,):
        for k, (label, values) in enumerate(gaps.items()):
            shown = 1e3 * np.maximum(np.abs(np.asarray(values, dtype=np.float64)), 1e-12)
            axes.plot(np.arange(1, shown.size + 1), shown, color=series_color(k), marker=MARKERS[k], label=label)
        axes.axhline(1e3 * accuracy, color=PALETTE["ink"], linestyle="--", linewidth=1.0, label="chemical accuracy")
        axes.set_yscale("log")
        axes.set(xlabel="evaluations of energy and gradient", ylabel="error against FCI (mHa)")
        _whole_numbers(axes.xaxis)
        legend_beside(axes)
    return canvas.svg


def logical_error_rates(
    physical_error_rates: ArrayLike, rates: Mapping[int, ArrayLike], intervals: Mapping[int, ArrayLike]
) -> str:
    """Logical over physical error rate on logarithmic axes, one line for each distance, with error bars.

    Depolarising at rate p flips an unprotected qubit, stored in one basis as the logical one is, with probability
    2p/3 a round, which is drawn beside them.

    Args:
        physical_error_rates: shape (P,).
        rates: distance to logical error rates per round, shape (P,).
        intervals: distance to low and high ends of the 95 % intervals, shape (2, P).
    """
    physical = np.asarray(physical_error_rates, dtype=np.float64)
    canvas = Canvas()
    with canvas as (axes,):
        for k, (distance, values) in enumerate(rates.items()):
            series = np.asarray(values, dtype=np.float64)
            bars = _bars(series, intervals[distance])
            axes.errorbar(
                physical, series, bars, color=series_color(k), marker=MARKERS[k], label=f"distance {distance}"
            )
        bare = {"color": PALETTE["grey"], "linestyle": ":", "linewidth": 1.2, "label": "unprotected, 2p/3"}
        axes.plot(physical, 2.0 * physical / 3.0, **bare)
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="physical error rate p",
            ylabel="logical error rate per round",
        )
        _percent(axes.xaxis, physical)
        legend_beside(axes)
    return canvas.svg


def coherent_errors(
    rounds: ArrayLike, exact: ArrayLike, twirled: ArrayLike, sampled: ArrayLike, intervals: ArrayLike
) -> str:
    """Logical error over rounds: exact and sampled coherent errors beside the Pauli-twirled prediction.

    Args:
        rounds: shape (R,).
        exact: probability of a logical error under coherent rotation, shape (R,).
        twirled: its Pauli-twirled prediction, shape (R,).
        sampled: fraction of sampled runs, shape (R,).
        intervals: low and high ends of its 95 % intervals, shape (2, R).
    """
    series = np.asarray(sampled, dtype=np.float64)
    canvas = Canvas()
    with canvas as (axes,):
        axes.plot(rounds, exact, color=PALETTE["blue"], label="coherent, exact")
        bars = _bars(series, intervals)
        axes.errorbar(
            rounds, series, bars, color=PALETTE["blue"], marker="o", linestyle="none", label="coherent, sampled"
        )
        axes.plot(rounds, twirled, color=PALETTE["vermilion"], linestyle="--", label="Pauli-twirled")
        axes.set(xscale="log", yscale="log", xlabel="rounds of error correction", ylabel="logical error probability")
        _plain_ticks(axes.xaxis, np.asarray(rounds))
        legend_beside(axes)
    return canvas.svg


def _bars(values: ArrayLike, interval: ArrayLike) -> Any:
    """Lengths of error bars below and above `values`, shape (2, N), from the ends of intervals."""
    low, high = np.asarray(interval, dtype=np.float64)
    return np.maximum(np.stack([values - low, high - values]), 0.0)


def _whole_numbers(axis: Any) -> None:
    ticker = require("matplotlib.ticker", extra="plot")
    axis.set_major_locator(ticker.MaxNLocator(integer=True))


def _percent(axis: Any, values: ArrayLike) -> None:
    _fixed_ticks(axis, values, [f"{100 * value:.3g}%" for value in np.asarray(values)])


def _plain_ticks(axis: Any, values: ArrayLike) -> None:
    _fixed_ticks(axis, values, [f"{value:g}" for value in np.asarray(values)])


def _fixed_ticks(axis: Any, values: ArrayLike, labels: Sequence[str]) -> None:
    """Ticks at the data alone; a logarithmic axis would otherwise add minor ones."""
    ticker = require("matplotlib.ticker", extra="plot")
    axis.set_major_locator(ticker.FixedLocator(list(np.asarray(values))))
    axis.set_major_formatter(ticker.FixedFormatter(list(labels)))
    axis.set_minor_locator(ticker.NullLocator())
