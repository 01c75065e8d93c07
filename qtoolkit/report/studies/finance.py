"""The finance part of a report: five of twenty real shares, chosen by QAOA in three forms, weighed, and compared."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from qtoolkit._version import __version__
from qtoolkit.algorithms.quadratic import Enumeration, QaoaSolver, Solution, enumerate_choices
from qtoolkit.applications.finance import (
    EfficientFrontier,
    PortfolioProblem,
    PortfolioResult,
    ReturnHistory,
    choose_and_weigh,
    efficient_frontier,
    load_sp500_returns,
    solve_portfolio,
)
from qtoolkit.report import plots
from qtoolkit.report.model import Figure, Row, Section, Unit
from qtoolkit.report.studies.progress import Progress, share_of, silent

__all__ = ["finance_study"]

_OBJECTIVE = Unit("e-3", 1e3, 5)
_RISK_AVERSION = 0.5
_NUMBER = 5
_MIXERS: Mapping[str, Literal["ring", "complete", "transverse"]] = {
    "ring XY": "ring",
    "complete XY": "complete",
    "penalty": "transverse",
}
"""The forms by name: how the number of shares is kept."""

_WORK: Mapping[str, float] = {"ring XY": 0.05, "complete XY": 0.1, "penalty": 0.4}
"""Share of the time that each form takes."""

_POINTS = 8


def finance_study(
    seed: int,
    *,
    num_assets: int = 20,
    num_layers: int = 3,
    shots: int = 4096,
    progress: Progress = silent,
) -> Section:
    """Choose 5 of some S&P 500 shares by QAOA with two mixers and with a penalty, beside the exact optimum.

    Args:
        seed: of the samples.
        num_assets: the first so many of the twenty shares; above 5.
        num_layers: of the QAOA circuits.
        shots: samples for each form.
        progress: told how far the study is.

    Raises:
        InputError: if a number breaks the rule of what it is for.
        MissingExtraError: if skfolio, SCIP, HiGHS or Matplotlib is not installed.
    """
    begin = time.perf_counter()
    progress("share prices", 0.0)
    history = load_sp500_returns()
    history = history.subset(history.asset_names[:num_assets])
    problem = PortfolioProblem.from_returns(
        history, risk_aversion=_RISK_AVERSION, cardinality=_NUMBER, objective="positions"
    )
    enumeration = enumerate_choices(problem.selection())
    exact = choose_and_weigh(problem.program)
    results: dict[str, PortfolioResult] = {}
    done = 0.1
    for form, mixer in _MIXERS.items():
        results[form] = solve_portfolio(
            problem,
            QaoaSolver(num_layers, mixer=mixer, shots=shots),
            seed=seed,
            enumeration=enumeration,
            exact=exact,
            progress=share_of(progress, f"QAOA, {form}", done, done + _WORK[form]),
        )
        done += _WORK[form]
    frontiers = _frontiers(problem, share_of(progress, "frontier", done, 1.0))
    return Section(
        name="finance",
        title="Finance",
        units="objective, return per day",
        question=(
            f"Which {_NUMBER} of {problem.num_assets} S&P 500 shares give the best balance of return and risk? The "
            f"objective to be minimised is q·xᵀΣx − μᵀx with q = {_RISK_AVERSION:g}: risk (covariance of daily "
            "returns) less expected daily return, summed over the chosen shares. QAOA chooses, one position in each; "
            "a convex programme then finds the best sizes of the chosen positions."
        ),
        rows=(
            *(row for form, result in results.items() for row in _rows(form, result, num_layers)),
            _random_row(enumeration),
            _weights_row(results),
        ),
        findings=_findings(results, enumeration),
        limits=(
            f"With {enumeration.num_choices:,} choices, enumeration takes a fraction of a second: a classical computer "
            "needs no help here. The example shows that the method works and how well, not that it is faster.",
            f"In {shots:,} shots, drawing choices blindly would hold the optimum with probability "
            f"{1.0 - (1.0 - _luck(enumeration)) ** shots:.0%}: a best sample without a gap is weaker evidence than the "
            "probability per shot.",
            "The circuits are shallow, and deeper ones would do better. The simulation is free of noise.",
            "Past returns over three decades of today's survivors say little about tomorrow. This is no advice.",
        ),
        figures=(_frontier_figure(problem, results, frontiers), _probability_figure(results, enumeration)),
        evidence=_evidence(history, results, num_layers),
        wall_time=time.perf_counter() - begin,
    )


def _frontiers(problem: PortfolioProblem, progress: Any) -> dict[str, EfficientFrontier]:
    """The least risk of weights, of any number of shares and of at most five."""
    free = problem.replace(objective="weights", cardinality=None)
    few = free.replace(cardinality=(1, _NUMBER))
    return {
        "any number of shares": efficient_frontier(free),
        f"at most {_NUMBER}": efficient_frontier(few, _POINTS, time_limit=10.0, progress=progress),
    }


def _rows(form: str, result: PortfolioResult, num_layers: int) -> tuple[Row, ...]:
    solution = result.selection
    data = {
        "form": form,
        "num_layers": num_layers,
        "shots": solution.shots,
        "seed": solution.seed,
        "probability_of_optimum": solution.probability_of_optimum,
        "random_probability_of_optimum": None if solution.luck is None else solution.luck.probability_of_optimum,
        "feasible_probability": solution.feasible_probability,
        "approximation_ratio": solution.approximation_ratio,
        "num_evaluations": solution.num_evaluations,
        "depth": solution.depth,
        "two_qubit_count": solution.two_qubit_count,
        "problem_fingerprint": result.problem_fingerprint,
    }
    exact = solution.bound.value
    rows = []
    if solution.value is not None:
        rows.append(
            Row(
                f"QAOA {form}, best of {solution.shots:,} shots",
                solution.value,
                exact,
                _OBJECTIVE,
                _OBJECTIVE,
                ", ".join(solution.names),
                data={**data, "assets": list(solution.names)},
            )
        )
    if solution.expected_value is not None:
        rows.append(
            Row(
                f"QAOA {form}, mean shot",
                solution.expected_value,
                exact,
                _OBJECTIVE,
                _OBJECTIVE,
                f"P(optimum) {_percent(solution.probability_of_optimum)}, {_times_luck(solution)} × luck",
                data=data,
            )
        )
    return tuple(rows)


def _random_row(enumeration: Enumeration) -> Row:
    return Row(
        "Choices drawn blindly, mean",
        enumeration.mean_value,
        enumeration.value,
        _OBJECTIVE,
        _OBJECTIVE,
        f"mean of all {enumeration.num_choices:,} choices",
        data={"num_choices": enumeration.num_choices},
    )


def _weights_row(results: Mapping[str, PortfolioResult]) -> Row:
    form, best = min(
        ((form, result) for form, result in results.items() if result.objective is not None),
        key=lambda entry: entry[1].objective or 0.0,
    )
    assert best.objective is not None
    assert best.exact is not None
    sizes = ", ".join(f"{name} {size:.2f}" for name, size in best.weights.items())
    return Row(
        "Best choice with the best sizes",
        best.objective,
        best.exact.objective,
        _OBJECTIVE,
        _OBJECTIVE,
        f"of the choice by {form}: {sizes}",
        data={"weights": dict(best.weights), "bound": best.bound},
    )


def _findings(results: Mapping[str, PortfolioResult], enumeration: Enumeration) -> tuple[str, ...]:
    found = [form for form, result in results.items() if result.selection.is_optimal]
    form, best = max(results.items(), key=lambda entry: entry[1].probability_of_optimum or 0.0)
    penalty = results["penalty"].selection
    outcome = (
        f"is among the samples of {len(found)} of the three forms ({', '.join(found)})"
        if found
        else "is among no form's samples"
    )
    return (
        f"The exact optimum of all {enumeration.num_choices:,} choices is {', '.join(enumeration.best.names)} with an "
        f"objective of {_OBJECTIVE.text(enumeration.value)} per day. It {outcome}.",
        f"The {form} form does best: it measures the optimum in {_percent(best.probability_of_optimum)} "
        f"of shots, {_times_luck(best.selection)} times as often as a blind draw of five would. The XY mixers start in "
        "the Dicke state, an equal superposition of all choices of five, and never leave those choices.",
        f"The penalty form may leave them: {_percent(penalty.feasible_probability)} of its shots choose five shares at "
        f"all, and it measures the optimum {_times_luck(penalty)} times as often as a blind draw of five.",
    )


def _frontier_figure(
    problem: PortfolioProblem, results: Mapping[str, PortfolioResult], frontiers: Mapping[str, EfficientFrontier]
) -> Figure:
    lines = {label: (np.sqrt(found.risks), found.expected_returns) for label, found in frontiers.items()}
    best = min(results.values(), key=lambda result: np.inf if result.objective is None else result.objective)
    points = {}
    if best.assets is not None and best.weighing is not None:
        for label, sizes in (
            ("chosen, equal weights", problem.equal_weights(best.assets)),
            ("chosen, best weights", best.weighing.weights),
        ):
            w = sizes / sizes.sum()
            points[label] = (float(np.sqrt(w @ problem.covariance @ w)), float(problem.expected_returns @ w))
    return Figure(
        plots.efficient_frontier(lines, points),
        "The greatest expected return for each risk, with any number of shares and with at most five of them (daily "
        "returns; marks are computed, dots guide the eye), and the best choice by QAOA with equal and with its best "
        "weights.",
        "Line chart: the frontier with at most five shares lies below the one with any number.",
    )


def _probability_figure(results: Mapping[str, PortfolioResult], enumeration: Enumeration) -> Figure:
    chances = {"drawn blindly": _luck(enumeration)}
    chances |= {f"QAOA, {form}": result.probability_of_optimum or 0.0 for form, result in results.items()}
    return Figure(
        plots.optimum_probabilities(chances),
        "Probability to measure the exact optimum in one shot, computed from the state vector.",
        "Bar chart on a logarithmic axis: each form of QAOA beside a blind draw.",
    )


def _evidence(history: ReturnHistory, results: Mapping[str, PortfolioResult], num_layers: int) -> dict[str, str]:
    first = next(iter(results.values())).selection
    sizes = {
        form: f"depth {result.depth}, {result.two_qubit_count} gates on two qubits" for form, result in results.items()
    }
    return {
        "Input": f"{len(history.asset_names)} shares ({', '.join(history.asset_names)}), {len(history.dates):,} simple "
        f"daily returns from {history.dates[0]} to {history.dates[-1]}, as carried by the package skfolio",
        "Circuits": f"{len(history.asset_names)} qubits, {num_layers} layers; XY mixers from the Dicke state, "
        f"penalty form from the uniform superposition; {'; '.join(f'{form}: {size}' for form, size in sizes.items())}",
        "Optimiser": "exact gradients, layer after layer, "
        + ", ".join(f"{result.selection.num_evaluations} evaluations ({form})" for form, result in results.items()),
        "Exact value": "enumeration of every choice; sizes and frontier by HiGHS and SCIP",
        "Shots and seed": f"{first.shots:,} for each form, seed {first.seed}",
        "Wall time": ", ".join(f"{form} {result.selection.wall_time:.1f} s" for form, result in results.items()),
        "Software": f"qtoolkit {__version__}",
        "Sources": "Farhi, Goldstone and Gutmann, arXiv:1411.4028; Hadfield et al., Algorithms 12, 34 (2019); "
        "Markowitz, J. Finance 7, 77 (1952)",
    }


def _luck(enumeration: Enumeration) -> float:
    """Probability to draw an optimum blindly."""
    return enumeration.num_optima / enumeration.num_choices


def _percent(share: float | None) -> str:
    return "nothing known" if share is None else f"{100 * share:.3g}%"


def _times_luck(solution: Solution) -> str:
    ratio = solution.times_luck
    if ratio is None:
        return "unknown"
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2f}"
