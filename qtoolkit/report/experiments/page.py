"""Memories and thresholds as pages."""

from __future__ import annotations

from qtoolkit.applications.qec import BothBases
from qtoolkit.report.environment import environment
from qtoolkit.report.experiments.answer import Estimate, MemoryAnswer, ThresholdAnswer
from qtoolkit.report.experiments.data import result_data
from qtoolkit.report.experiments.numbers import interval_text, plain_power, rate_text, rate_unit, uncertain
from qtoolkit.report.experiments.pictures import (
    memory_picture,
    scaling_picture,
    suppression_picture,
    threshold_picture,
)
from qtoolkit.report.experiments.tables import memory_facts, threshold_facts
from qtoolkit.report.model import Figure, Report, Row, Section, Unit

__all__ = ["memory_page", "threshold_page"]

_BARE_LIMIT = (
    "A bare qubit here idles for as long as a round, under depolarising at rate p, and no more is done to it. A "
    "logical qubit that keeps better need not compute better: no logical gate is tested."
)


def memory_page(answer: MemoryAnswer) -> Report:
    """The page.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    figures = [
        Figure(
            memory_picture(answer),
            f"Logical error rate per round over the physical error rate, {answer.bases}; bars are 95% intervals, a "
            "hollow arrow hangs from the upper end where nothing failed.",
            "Line plot on logarithmic axes: a curve for each distance.",
        )
    ]
    if answer.suppressions:
        figures.append(
            Figure(
                suppression_picture(answer),
                "Logical error rate per round over the distance, with the fit of Λ and its 95% band, drawn on beyond "
                "the distances that were simulated.",
                "Line plot on a logarithmic axis: error rates fall with the distance.",
            )
        )
    section = Section(
        name="memory",
        title="Memory",
        question=f"How often does a logical qubit flip in a round? {answer.description}, {answer.bases}.",
        rows=tuple(_row(one) for one in answer.estimates),
        findings=tuple(_findings(answer)),
        limits=(
            "Λ is taken to stay what it is at the distances simulated: extrapolated distances know nothing of errors "
            "that only larger codes meet, and their intervals hold the scatter of the counts alone.",
            _BARE_LIMIT,
        ),
        figures=tuple(figures),
        evidence=_evidence(answer, memory_facts(answer)),
        wall_time=answer.wall_time,
    )
    return _report(f"Memory of {answer.description}", section, answer)


def threshold_page(answer: ThresholdAnswer) -> Report:
    """The page.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    memory, fit = answer.memory, answer.fit
    rows: list[Row] = []
    if fit is not None:
        rows.append(
            Row(
                f"Threshold from distances {', '.join(map(str, fit.distances))}",
                fit.threshold,
                None,
                _percent(fit.standard_error),
                _percent(fit.standard_error),
                f"profile likelihood, ν = {fit.exponent:.2f}",
                interval=fit.confidence_interval,
            )
        )
    for crossing in answer.crossings:
        unit = _percent(crossing.standard_error)
        smaller, larger = crossing.distances
        rows.append(
            Row(
                f"Crossing of distances {smaller} and {larger}",
                crossing.physical_error_rate,
                None,
                unit,
                unit,
                f"± {unit.text(crossing.standard_error)}, counts and interpolation",
            )
        )
    figures = [
        Figure(
            threshold_picture(answer),
            "Logical error rate of whole experiments over the physical error rate; lines are the fit, the band is the "
            "threshold's 95% interval." if fit is not None else "Logical error rate of whole experiments.",
            "Line plot on logarithmic axes: curves of all distances cross.",
        )
    ]  # fmt: skip
    if fit is not None:
        figures.append(
            Figure(
                scaling_picture(answer),
                "The same over the scaled distance from the threshold: all distances lie on one curve as far as the "
                "fit holds.",
                "Scatter plot: points of all distances along one curve.",
            )
        )
    section = Section(
        name="threshold",
        title="Threshold",
        question=f"Below which physical error rate does a larger code do better? {memory.description}, {memory.bases}.",
        rows=tuple(rows) or tuple(_row(one) for one in memory.estimates),
        findings=tuple(_threshold_findings(answer)),
        limits=(
            "A threshold is a limit of large codes: curves of small ones cross elsewhere, which the term in 1/d and "
            "the estimate without the smallest distance make visible.",
            "Of a crossing of two distances alone nothing follows for larger ones.",
        ),
        figures=tuple(figures),
        evidence=_evidence(memory, threshold_facts(answer)),
        wall_time=memory.wall_time,
    )
    return _report(f"Threshold of {memory.description}", section, memory)


def _report(title: str, section: Section, answer: MemoryAnswer) -> Report:
    return Report(
        title=title,
        summary="Sampled, decoded and counted; every rate has its 95% interval.",
        sections=(section,),
        seed=answer.seed,
        environment=environment(),
        missing=("what was left when the run was interrupted",) if answer.interrupted else (),
    )


def _row(one: Estimate) -> Row:
    value = one.logical_error_rate_per_round
    unit = rate_unit(value if value > 0.0 else one.confidence_interval_per_round[1])
    parts = (one.x, one.z) if isinstance(one, BothBases) else (one,)
    shots, errors = sum(part.accepted for part in parts), sum(part.errors for part in parts)
    return Row(
        f"p = {one.physical_error_rate:g}, d = {one.distance}: error per round",
        value,
        None,
        unit,
        unit,
        f"{errors:,} errors in {shots:,} shots of {one.rounds} rounds",
        interval=one.confidence_interval_per_round,
        data={"results": [result_data(part) for part in parts]},
    )


def _percent(error: float) -> Unit:
    """Per cent, with two digits of a standard error."""
    digits = 3
    while 100.0 * error < 10.0 ** (1 - digits) and digits < 9:
        digits += 1
    return Unit("%", 100.0, digits)


def _findings(answer: MemoryAnswer) -> list[str]:
    found = []
    for rate, fit in answer.suppressions.items():
        text = (
            f"At p = {rate:g} two more of distance divide the error of a round by Λ = {fit.factor:.3g} "
            f"({interval_text(fit.confidence_interval, fit.factor)})."
        )
        projected = answer.projection(rate)
        if projected is not None:
            low, high = projected.num_qubits_interval
            span = f"{low:,} to {'any number' if high is None else f'{high:,}'}"
            text += (
                f" An error of {plain_power(answer.target)} a round then takes distance {projected.distance} and "
                f"{projected.num_qubits:,} qubits ({span})."
            )
        verdict = answer.verdict(rate)
        if verdict not in ("–", "undecided"):
            text += f" Distance {answer.at(rate)[-1].distance} keeps a qubit {verdict} than a bare one that waits."
        found.append(text)
    return found


def _threshold_findings(answer: ThresholdAnswer) -> list[str]:
    fit = answer.fit
    found = []
    if fit is not None:
        low, high = (rate_text(end, 4) for end in fit.confidence_interval)
        term = "with" if fit.has_size_term else "without"
        found.append(
            f"One curve through all distances, {term} a term for the size of small codes, puts the threshold at "
            f"{uncertain(fit.threshold, fit.standard_error)} ({low} to {high} at 95%). The counts lie about it "
            f"as they would by chance with probability {fit.goodness:.2g}."
        )
        if fit.without_smallest is not None:
            found.append(f"Without distance {fit.distances[0]} it would be {fit.without_smallest:.4g}.")
    else:
        found.append(f"There is no threshold to tell: {answer.reason}.")
    better, worse = answer.bounds
    smallest, largest = answer.memory.distances[0], answer.memory.distances[-1]
    if better is not None:
        found.append(
            f"Distance {largest} fails less often in a whole experiment than distance {smallest} up to p = {better:g} "
            "at least."
        )
    if worse is not None:
        found.append(f"From p = {worse:g} on it fails more often.")
    return found


def _evidence(answer: MemoryAnswer, facts: list[str]) -> dict[str, str]:
    first = answer.results[0]
    return {
        "Run": "; ".join(facts),
        "Rule": "batches are counted in order until the shots are drawn or, at the end of a batch, the errors are "
        "enough; estimates are free of the bias of stopping",
        "Intervals": "Clopper–Pearson at 95%; of both bases together by MOVER",
        "Tasks": ", ".join(result.task_id[:12] for result in answer.results[:8])
        + (", …" if len(answer.results) > 8 else ""),
        "Software": ", ".join(f"{name} {version}" for name, version in first.versions.items()),
    }
