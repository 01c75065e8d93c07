"""The finance part of a report: five of twenty real shares, chosen by QAOA in three forms."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import get_args

from qtoolkit._version import __version__
from qtoolkit.algorithms import COBYLA
from qtoolkit.applications.finance import (
    ConstraintForm,
    ExactSelection,
    PortfolioProblem,
    PortfolioResult,
    ReturnHistory,
    exact_selection,
    load_sp500_returns,
    select_assets,
)
from qtoolkit.report import plots
from qtoolkit.report.model import Figure, Row, Section, Unit
from qtoolkit.report.studies.progress import Progress, share_of, silent

__all__ = ["finance_study"]

_OBJECTIVE = Unit("e-3", 1e3, 5)
_RISK_AVERSION = 0.5
_BUDGET = 5
_FORMS: tuple[ConstraintForm, ...] = get_args(ConstraintForm)
_LABELS: Mapping[ConstraintForm, str] = {"ring": "ring XY", "complete": "complete XY", "penalty": "penalty"}
_WORK: Mapping[ConstraintForm, float] = {"ring": 0.27, "complete": 0.45, "penalty": 0.27}
"""Share of the time that each form takes, by its number of gates."""


def finance_study(
    seed: int,
    *,
    num_assets: int = 20,
    num_layers: int = 3,
    max_evaluations: int = 16,
    shots: int = 4096,
    progress: Progress = silent,
) -> Section:
    """Choose 5 of some S&P 500 shares by QAOA with two mixers and with a penalty, beside the exact optimum.

    Args:
        seed: of the samples.
        num_assets: the first so many of the twenty shares; above 5.
        num_layers: of the QAOA circuits.
        max_evaluations: of the optimiser, for each form.
        shots: samples for each form.
        progress: told how far the study is.

    Raises:
        InputError: if a number breaks the rule of what it is for.
        MissingExtraError: if skfolio or Matplotlib is not installed.
    """
    begin = time.perf_counter()
    progress("share prices", 0.0)
    history = load_sp500_returns()
    history = history.subset(history.asset_names[:num_assets])
    problem = PortfolioProblem.from_returns(history, risk_aversion=_RISK_AVERSION, budget=_BUDGET)
    exact = exact_selection(problem, top=problem.num_feasible)
    results: list[PortfolioResult] = []
    done = 1.0 - sum(_WORK.values())
    for form in _FORMS:
        results.append(
            select_assets(
                problem,
                form=form,
                num_layers=num_layers,
                shots=shots,
                seed=seed,
                optimizer=COBYLA(max_evaluations=max_evaluations, initial_step=0.15, tolerance=1e-3),
                exact=exact,
                progress=share_of(progress, f"QAOA, {_LABELS[form]}", done, done + _WORK[form]),
            )
        )
        done += _WORK[form]
    return Section(
        name="finance",
        title="Finance",
        units="objective, return per day",
        question=(
            f"Which {_BUDGET} of {problem.num_assets} S&P 500 shares give the best balance of return and risk? The "
            f"objective to be minimised is q·xᵀΣx − μᵀx with q = {_RISK_AVERSION:g}: risk (covariance of daily "
            "returns) less expected daily return, summed over the chosen shares."
        ),
        rows=(*(row for result in results for row in _rows(result)), _random_row(exact)),
        findings=_findings(results, exact),
        limits=(
            f"With {exact.num_choices:,} choices, enumeration takes a fraction of a second: a classical computer needs "
            "no help here. The example shows that the method works and how well, not that it is faster.",
            f"In {shots:,} shots, drawing choices blindly would hold the optimum with probability "
            f"{results[0].random_chance_of_optimum:.0%}: a best sample without a gap is weaker evidence than the "
            "probability per shot.",
            "The optimiser's budget is small, so deeper or longer searches would do better. The simulation is free of "
            "noise.",
            "Past returns over three decades of today's survivors say little about tomorrow. This is no advice.",
        ),
        figures=(_distribution_figure(results, exact), _probability_figure(results)),
        evidence=_evidence(history, results),
        wall_time=time.perf_counter() - begin,
    )


def _rows(result: PortfolioResult) -> tuple[Row, ...]:
    label = _LABELS[result.form]
    data = {
        "form": result.form,
        "num_layers": result.num_layers,
        "shots": result.shots,
        "seed": result.seed,
        "probability_of_optimum": result.probability_of_optimum,
        "random_probability_of_optimum": result.random_probability_of_optimum,
        "feasible_probability": result.feasible_probability,
        "approximation_ratio": result.approximation_ratio,
        "num_evaluations": result.num_evaluations,
        "problem_fingerprint": result.problem_fingerprint,
    }
    rows = []
    if result.value is not None and result.assets is not None:
        rows.append(
            Row(
                f"QAOA {label}, best of {result.shots:,} shots",
                result.value,
                result.exact.value,
                _OBJECTIVE,
                _OBJECTIVE,
                ", ".join(result.assets),
                data={**data, "assets": list(result.assets)},
            )
        )
    if result.expected_value is not None:
        rows.append(
            Row(
                f"QAOA {label}, mean shot",
                result.expected_value,
                result.exact.value,
                _OBJECTIVE,
                _OBJECTIVE,
                f"P(optimum) {_percent(result.probability_of_optimum)}, {_times_luck(result)} × luck",
                data=data,
            )
        )
    return tuple(rows)


def _random_row(exact: ExactSelection) -> Row:
    return Row(
        "Choices drawn blindly, mean",
        exact.mean_value,
        exact.value,
        _OBJECTIVE,
        _OBJECTIVE,
        f"mean of all {exact.num_choices:,} choices",
        data={"num_choices": exact.num_choices},
    )


def _findings(results: list[PortfolioResult], exact: ExactSelection) -> tuple[str, ...]:
    found = [_LABELS[result.form] for result in results if result.gap is not None and result.gap <= 1e-12]
    best = max(results, key=lambda result: result.probability_of_optimum)
    penalty = next(result for result in results if result.form == "penalty")
    outcome = (
        f"is among the samples of {len(found)} of the three forms ({', '.join(found)})"
        if found
        else "is among no form's samples"
    )
    return (
        f"The exact optimum of all {exact.num_choices:,} choices is {', '.join(exact.best.assets)} with an objective "
        f"of {_OBJECTIVE.text(exact.value)} per day. It {outcome}.",
        f"The {_LABELS[best.form]} form does best: it measures the optimum in {_percent(best.probability_of_optimum)} "
        f"of shots, {_times_luck(best)} times as often as a blind draw of five would. The XY mixers start in the "
        "Dicke state, an equal superposition of all choices of five, and never leave those choices.",
        f"The penalty form may leave them: {_percent(penalty.feasible_probability)} of its shots choose five shares at "
        f"all, and it measures the optimum {_times_luck(penalty)} times as often as a blind draw of five.",
    )


def _distribution_figure(results: list[PortfolioResult], exact: ExactSelection) -> Figure:
    objective = {choice.assets: choice.value for choice in exact.ranking}
    sampled = {
        f"QAOA, {_LABELS[result.form]}": (
            [objective[assets] for assets in result.counts],
            [count / result.shots for count in result.counts.values()],
        )
        for result in results
    }
    return Figure(
        plots.objective_distribution([choice.value for choice in exact.ranking], sampled, exact.value),
        "How the samples spread over the objective. A search is good where its line is high at the left, near the "
        "optimum; grey shows what blind drawing gives. Shots that break the budget are left out.",
        "Histogram: the samples of QAOA lie further towards low objectives than all choices taken alike.",
    )


def _probability_figure(results: list[PortfolioResult]) -> Figure:
    chances = {"drawn blindly": results[0].random_probability_of_optimum}
    chances |= {f"QAOA, {_LABELS[result.form]}": result.probability_of_optimum for result in results}
    return Figure(
        plots.optimum_probabilities(chances),
        "Probability to measure the exact optimum in one shot, computed from the state vector.",
        "Bar chart on a logarithmic axis: each form of QAOA beside a blind draw.",
    )


def _evidence(history: ReturnHistory, results: list[PortfolioResult]) -> dict[str, str]:
    first = results[0]
    return {
        "Input": f"{len(history.asset_names)} shares ({', '.join(history.asset_names)}), {len(history.dates):,} simple "
        f"daily returns from {history.dates[0]} to {history.dates[-1]}, as carried by the package skfolio",
        "Circuits": f"{len(history.asset_names)} qubits, {first.num_layers} layers; XY mixers from the Dicke state, "
        "penalty form from the uniform superposition",
        "Optimiser": f"{first.optimizer}, "
        + ", ".join(f"{result.num_evaluations} evaluations ({_LABELS[result.form]})" for result in results),
        "Exact value": "enumeration of every choice",
        "Shots and seed": f"{first.shots:,} for each form, seed {first.seed}",
        "Wall time": ", ".join(f"{_LABELS[result.form]} {result.wall_time:.1f} s" for result in results),
        "Software": f"qtoolkit {__version__}",
        "Sources": "Farhi, Goldstone and Gutmann, arXiv:1411.4028; Hadfield et al., Algorithms 12, 34 (2019); "
        "Markowitz, J. Finance 7, 77 (1952)",
    }


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


def _times_luck(result: PortfolioResult) -> str:
    ratio = result.probability_of_optimum / result.random_probability_of_optimum
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2f}"
