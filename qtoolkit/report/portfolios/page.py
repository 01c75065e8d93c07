"""The page of a portfolio: its weights and its selection, two sections that are not to be taken for each other."""

from __future__ import annotations

import math

import numpy as np

from qtoolkit.report.environment import environment
from qtoolkit.report.model import Figure, Report, Row, Section, Unit
from qtoolkit.report.portfolios import figures
from qtoolkit.report.portfolios.answer import PortfolioAnswer
from qtoolkit.report.portfolios.entries import NO_ADVICE, input_entries
from qtoolkit.report.portfolios.numbers import PERCENT, WEIGHT, gap_unit, share
from qtoolkit.report.portfolios.tables import evidence_facts, limits_text

__all__ = ["portfolio_page"]

_RATIO = Unit("", 1.0, 4)


def portfolio_page(answer: PortfolioAnswer) -> Report:
    """The page.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    problem, result = answer.problem, answer.result
    chosen = "no feasible choice was found" if result.assets is None else ", ".join(result.assets)
    return Report(
        title=f"Portfolio: {answer.number} of {problem.num_assets} assets",
        summary=(
            f"{result.solver} chose: {chosen}. Two questions are kept apart: how good the choice is while all chosen "
            f"assets have the same {answer.word}, which is what the solver minimised, and how good it is with the best "
            f"{answer.word}s. Each number stands beside the proved optimum, or a bound, where there is one."
        ),
        sections=(_weights_section(answer), _selection_section(answer)),
        seed=result.seed,
        environment=environment(),
    )


def _weights_section(answer: PortfolioAnswer) -> Section:
    result, problem, optimum = answer.result, answer.problem, answer.optimum
    unit = answer.unit
    rows: list[Row] = []
    if result.objective is not None:
        best = None if optimum is None or result.bound is None else min(result.bound, result.objective)
        rows.append(_beside("Objective", result.objective, best, unit, _bound_text(answer, unit)))
        for label, ours, theirs in answer.parts:
            rows.append(_beside(label.capitalize(), ours, theirs, unit, "a part of the objective"))
    weights, best_weights = result.weights, (answer.optimal_weights if optimum else None)
    for name in answer.assets:
        theirs = None if best_weights is None else best_weights[name]
        sector = answer.evidence.sectors.get(name, "")
        what = "held" if name in weights else "not held"
        rows.append(
            Row(
                f"{answer.word.capitalize()} of {name}",
                weights.get(name, 0.0),
                theirs,
                WEIGHT,
                WEIGHT,
                f"{what}, {sector}" if sector else what,
            )
        )
    return Section(
        name="weights",
        title=f"{answer.word.capitalize()}s",
        units=f"objective per {answer.evidence.period}",
        question=(
            f"How good is the portfolio? To be minimised is {answer.formula.removeprefix('objective: ')}, where the "
            f"risk is the {answer.risk}, by the {answer.word}s of {answer.number} of {problem.num_assets} assets."
        ),
        rows=tuple(rows),
        findings=_weight_findings(answer, unit),
        limits=(NO_ADVICE,),
        figures=_weight_figures(answer),
        evidence={
            "Constraints": "; ".join(_checked(answer)) or "none were checked",
            **_weigher(answer),
            **input_entries(answer.evidence, problem.fingerprint),
        },
        wall_time=max(result.wall_time - result.selection.wall_time, 0.0),
    )


def _selection_section(answer: PortfolioAnswer) -> Section:
    solution, luck = answer.result.selection, answer.result.luck
    unit = answer.unit
    is_optimal = solution.bound.kind == "optimal"
    bound = solution.bound.value
    best = bound if is_optimal else None
    told = "" if is_optimal or bound is None or math.isinf(bound) else f"no choice falls below {unit.text(bound)}; "
    tail = "" if answer.problem.tail is None else " The conditional value at risk is taken for that of normal returns."
    rows: list[Row] = []
    if solution.value is not None:
        label = f"Objective, best of {answer.draws}" if answer.draws else "Objective"
        rows.append(_beside(label, solution.value, best, unit, f"{told}{', '.join(solution.names)}"))
    if luck is not None and answer.is_measured and solution.expected_value is not None:
        blind = "" if luck.mean_value is None else f"drawn blindly {unit.text(luck.mean_value)}"
        rows.append(_beside("Objective, mean of the shots", solution.expected_value, best, unit, f"{told}{blind}"))
    if luck is not None and luck.best_value_expected is not None:
        text = f"expected; {luck.method}"
        label = f"Objective, best of {luck.shots:,} blind draws"
        rows.append(_beside(label, luck.best_value_expected, best, unit, text))
    if solution.approximation_ratio is not None:
        of = "of the mean of the shots" if answer.is_measured else "of the answer"
        rows.append(Row("Approximation ratio", solution.approximation_ratio, 1.0, _RATIO, _RATIO, of))
    if luck is not None:
        for label, ours, blindly in (
            ("Probability of the optimum in one shot", solution.probability_of_optimum, luck.probability_of_optimum),
            (f"Chance that {answer.draws} hold it", solution.chance_of_optimum, luck.chance_of_optimum),
        ):
            if ours is not None:
                rows.append(Row(label, ours, None, PERCENT, PERCENT, f"as many drawn blindly: {share(blindly)}"))
    return Section(
        name="selection",
        title="Selection",
        units=f"objective per {answer.evidence.period}",
        question=(
            f"How well did {solution.solver} choose? Its problem is a quadratic function of bits, in which all chosen "
            f"assets have the same {answer.word}; its optimum is another than that of the best {answer.word}s."
            f"{tail}"
        ),
        rows=tuple(rows),
        findings=_selection_findings(answer),
        limits=_selection_limits(answer),
        figures=_selection_figures(answer),
        evidence={
            "Solver": "; ".join(evidence_facts(answer)),
            "End": solution.message or "–",
            "Optimum": f"{solution.bound.kind} by {solution.bound.solver}",
            **({"Unknown": solution.unknown} if solution.unknown else {}),
            "Evaluations": f"{solution.num_evaluations:,}",
            "Selection's problem": solution.problem_fingerprint,
        },
        wall_time=solution.wall_time,
    )


def _beside(label: str, value: float, exact: float | None, unit: Unit, text: str) -> Row:
    """A row whose gap has digits of its own: it may be tiny."""
    gap = None if exact is None else value - exact
    return Row(label, value, exact, unit, gap_unit(gap), text)


def _bound_text(answer: PortfolioAnswer, unit: Unit) -> str:
    """What is known of the optimum, in a few words."""
    result, exact = answer.result, answer.result.exact
    if answer.optimum is not None:
        return "convex programme; the best choice of assets and weights is proved by SCIP"
    if exact is None or result.bound is None or math.isinf(result.bound):
        return "no optimum is known"
    gap = gap_unit(result.gap).text(result.gap or 0.0)
    return (
        f"no portfolio falls below {unit.text(result.bound)} (SCIP: {exact.status}), {gap} away; the best known has "
        f"{unit.text(exact.objective)}"
    )


def _checked(answer: PortfolioAnswer) -> list[str]:
    """Each constraint with its numbers, and whether it holds."""
    found = []
    for check in answer.result.feasibility:
        value, lower, upper = limits_text(check)
        inside = f" {value} in [{lower or '−∞'}, {upper or '∞'}]" if value else ""
        found.append(f"{check.name}{inside}: {'holds' if check.satisfied else 'BROKEN'}")
    return found


def _weigher(answer: PortfolioAnswer) -> dict[str, str]:
    result = answer.result
    entries = {}
    if result.weighing is not None:
        entries["Weighed by"] = f"{result.weighing.solver}, {result.weighing.status}"
    if result.exact is not None:
        entries["Best by"] = f"{result.exact.solver}, {result.exact.status}, {result.exact.seconds:.2g} s"
    if result.num_unweighable:
        entries["Excluded"] = f"{result.num_unweighable} selections that have no weights"
    return entries


def _weight_findings(answer: PortfolioAnswer, unit: Unit) -> tuple[str, ...]:
    result, optimum = answer.result, answer.optimum
    if result.objective is None or result.gap is None or optimum is None:
        return ()
    missing = [
        name
        for name, weight in (answer.optimal_weights or {}).items()
        if round(weight, 4) and name not in result.weights
    ]
    gap = gap_unit(result.gap).text(result.gap)
    text = f"The objective is {gap} above the optimum of any choice of assets, {unit.text(optimum.objective)}."
    return (f"{text} The optimum holds {', '.join(missing)} too, which the selection left out." if missing else text,)


def _selection_findings(answer: PortfolioAnswer) -> tuple[str, ...]:
    solution, luck = answer.result.selection, answer.result.luck
    if luck is None:
        return ("Nothing was measured, so there is no probability to set against luck.",)
    if solution.times_luck is None:
        return ("How luck would do is not known: the choices are too many to be counted or the optimum is not proved.",)
    return (
        f"One shot is an optimum {_times(solution.times_luck)} times as often as a choice drawn blindly among "
        f"{luck.num_feasible:,} feasible ones.",
    )


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def _selection_limits(answer: PortfolioAnswer) -> tuple[str, ...]:
    solution, luck = answer.result.selection, answer.result.luck
    limits = []
    if solution.evidence == "state vector":
        limits.append("The circuit is simulated without noise; probabilities come from its state vector.")
    if luck is not None and luck.chance_of_optimum is not None and luck.chance_of_optimum > 0.01:
        limits.append(
            f"As many blind draws hold the optimum with probability {share(luck.chance_of_optimum)}: that it is among "
            "the samples says less than its probability in one shot."
        )
    return tuple(limits)


def _weight_figures(answer: PortfolioAnswer) -> tuple[Figure, ...]:
    result = answer.result
    if result.assets is None and result.exact is None:
        return ()
    names, best = answer.weighty or answer.assets, answer.optimal_weights
    word = "optimum" if answer.optimum else "best known"
    bars = {"this portfolio": [result.weights.get(name, 0.0) for name in names]} if result.assets else {}
    bars |= {} if best is None else {word: [best[name] for name in names]}
    return (
        Figure(
            figures.weights(names, bars, answer.word),
            f"{answer.word.capitalize()}s of the assets that weigh something here or in the {word}.",
            f"Bars: the {answer.word} of each asset, this portfolio beside the {word}.",
        ),
        _plane(answer),
    )


def _plane(answer: PortfolioAnswer) -> Figure:
    """Risk and return of assets and portfolios of one unit in all, by the moments of the problem."""
    result, problem = answer.result, answer.problem
    covariance, means = problem.covariance, problem.expected_returns
    points = {}
    held = np.array([result.weights.get(name, 0.0) for name in problem.asset_names])
    if result.assets is not None:
        points["this portfolio"] = held
        if result.weighed == "convex":
            points["its assets alike"] = problem.equal_weights(result.assets)
    if result.exact is not None:
        points["optimum" if answer.optimum else "best known"] = result.exact.weights
    points["all assets alike"] = np.ones(problem.num_assets)
    found = {}
    for label, weights in points.items():
        parts = weights / (weights.sum() or 1.0)
        found[label] = (100.0 * math.sqrt(max(float(parts @ covariance @ parts), 0.0)), 100.0 * float(parts @ means))
    period = answer.evidence.period
    return Figure(
        figures.risks_and_returns(
            (problem.asset_names, 100.0 * np.sqrt(np.diag(covariance)), 100.0 * means),
            {},
            found,
            (f"standard deviation (% per {period})", f"expected return (% per {period})"),
            ringed="optimum" if answer.optimum else "best known",
        ),
        "Risk and expected return of the assets and of portfolios of them, each divided by the sum of its "
        f"{answer.word}s. Better is up and to the left.",
        "Scatter plot: portfolios lie to the left of most assets.",
    )


def _selection_figures(answer: PortfolioAnswer) -> tuple[Figure, ...]:
    solution, luck, enumeration = answer.result.selection, answer.result.luck, answer.enumeration
    found = []
    if enumeration is not None and enumeration.complete:
        marks = {"optimum": enumeration.value}
        if solution.value is not None:
            marks[f"{solution.solver}, its answer"] = solution.value
        if answer.is_measured and solution.expected_value is not None:
            marks[f"{solution.solver}, mean shot"] = solution.expected_value
        if luck is not None and luck.best_value_expected is not None:
            marks[f"best of {luck.shots:,} blind draws"] = luck.best_value_expected
        found.append(
            Figure(
                figures.spread(enumeration.lowest_values, marks, answer.evidence.period),
                f"How the objectives of all {enumeration.num_choices:,} choices spread, grey, and where the answer, "
                "the mean of its shots and the best of as many blind draws lie.",
                "Histogram of all choices: the marked ones lie at its left end.",
            )
        )
    if luck is not None and solution.probability_of_optimum is not None and luck.probability_of_optimum is not None:
        both = {solution.solver: solution.probability_of_optimum, "drawn blindly": luck.probability_of_optimum}
        found.append(
            Figure(
                figures.chances(both, luck.shots),
                "Chance that so many shots hold an optimum. The further left a curve rises, the fewer it needs.",
                "Two rising curves over the number of shots: the solver's and that of blind draws.",
            )
        )
    return tuple(found)
