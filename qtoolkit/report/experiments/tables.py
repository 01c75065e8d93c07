"""Memories and thresholds as tables in a terminal, and the facts that stand below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtoolkit.applications.qec import BothBases, Projection
from qtoolkit.report.experiments.answer import Estimate, MemoryAnswer, ThresholdAnswer
from qtoolkit.report.experiments.numbers import interval_text, plain_power, rate_text, uncertain
from qtoolkit.report.tables import number_table

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["memory_facts", "memory_tables", "threshold_facts", "threshold_tables"]


def memory_tables(answer: MemoryAnswer, width: int = 80) -> list[Table]:
    """What a terminal shows of memories.

    Args:
        answer: the memories.
        width: columns of the terminal.
    """
    tables = [_rates(answer, width, per_round=True)]
    if answer.suppressions:
        tables.append(_suppressions(answer, width))
    return tables


def memory_facts(answer: MemoryAnswer) -> list[str]:
    """What was run, and how."""
    first = answer.results[0]
    facts = [answer.description, answer.bases, f"decoder {first.decoder}", f"{answer.shots:,} shots"]
    if answer.sampling:
        facts.append(answer.sampling)
    limit = first.max_errors
    if limit is not None:
        facts.append(f"each until {limit:,} errors")
    if any(result.discards for result in answer.results):
        facts.append(f"{sum(result.discards for result in answer.results):,} shots discarded")
    facts += [f"seed {answer.seed}", f"{answer.wall_time:.3g} s"]
    return [*facts, "intervals at 95 %", *(["INTERRUPTED"] if answer.interrupted else [])]


def threshold_tables(answer: ThresholdAnswer, width: int = 80) -> list[Table]:
    """What a terminal shows of a threshold.

    Args:
        answer: the threshold.
        width: columns of the terminal.
    """
    rows: list[tuple[str, ...]] = []
    fit = answer.fit
    if fit is not None:
        chance = f"by chance {fit.goodness:.2g}"
        term = "with a term 1/d" if fit.has_size_term else "without a term for small codes"
        rows += [
            (f"threshold, distances {_listed(fit.distances)}", uncertain(fit.threshold, fit.standard_error),
             interval_text(fit.confidence_interval, fit.threshold)),
            (f"  {term}; exponent ν", f"{fit.exponent:.2f}", ""),
            (f"  deviance of {fit.degrees_of_freedom} degrees of freedom", f"{fit.deviance:.1f}", chance),
        ]  # fmt: skip
        if fit.without_smallest is not None:
            rows.append((f"  without distance {fit.distances[0]}", f"{fit.without_smallest:.4g}", ""))
        left_out = len(answer.memory.rates) - len(fit.physical_error_rates)
        if left_out:
            rows.append((f"  rates left out, far from it: {left_out}", "", ""))
    for crossing in answer.crossings:
        smaller, larger = crossing.distances
        rows.append(
            (
                f"crossing of distances {smaller} and {larger}",
                uncertain(crossing.physical_error_rate, crossing.standard_error),
                "± one standard error",
            )
        )
    better, worse = answer.bounds
    ends = (answer.memory.distances[0], answer.memory.distances[-1])
    if better is not None:
        rows.append((f"distance {ends[1]} fails less than {ends[0]} up to", f"{better:g}", ""))
    if worse is not None:
        rows.append((f"distance {ends[1]} fails more than {ends[0]} from", f"{worse:g}", ""))
    tables = [_rates(answer.memory, width, per_round=False)]
    if rows:
        tables.append(number_table(("physical error rate", "", "95 %"), rows, width))
    return tables


def threshold_facts(answer: ThresholdAnswer) -> list[str]:
    """What was run, how, and why there is no threshold if there is none."""
    return [*memory_facts(answer.memory), *([f"no threshold: {answer.reason}"] if answer.reason else [])]


def _rates(answer: MemoryAnswer, width: int, *, per_round: bool) -> Table:
    rows: list[tuple[str, ...]] = []
    for rate in answer.rates:
        rows.append((f"p = {rate:.3g}",))
        for one in answer.at(rate):
            shots, errors = _counts(one)
            value = one.logical_error_rate_per_round if per_round else one.logical_error_rate
            ends = one.confidence_interval_per_round if per_round else one.confidence_interval
            rounds = f"{one.rounds} rounds" if one.rounds > 1 else "1 round"
            rows.append(
                (
                    f"  d = {one.distance}, {rounds}",
                    f"{shots:,}",
                    f"{errors:,}",
                    rate_text(value),
                    interval_text(ends, value),
                )
            )
    what = "error per round" if per_round else "error in all"
    return number_table((answer.description, "shots", "errors", what, "95 %"), rows, width)


def _suppressions(answer: MemoryAnswer, width: int) -> Table:
    shows_bare = answer.has_both_bases and answer.unprotected(answer.rates[0]) is not None
    rows = []
    for rate, fit in answer.suppressions.items():
        projected = answer.projection(rate)
        cells = [f"{rate:.3g}", f"{fit.factor:.3g}", interval_text(fit.confidence_interval, fit.factor)]
        cells += [_span(projected, "distance"), _span(projected, "num_qubits")]
        rows.append((*cells, answer.verdict(rate)) if shows_bare else tuple(cells))
    largest = f"d = {answer.distances[-1]} vs bare"
    headings = ("p", "Λ", "95 %", f"d for {plain_power(answer.target)}", "qubits", largest)
    return number_table(headings if shows_bare else headings[:-1], rows, width)


def _span(projected: Projection | None, name: str) -> str:
    if projected is None:
        return "–"
    low, high = getattr(projected, f"{name}_interval")
    value = getattr(projected, name)
    return f"{value:,}" if low == high else f"{value:,} ({low:,}–{'∞' if high is None else f'{high:,}'})"


def _counts(one: Estimate) -> tuple[int, int]:
    parts = (one.x, one.z) if isinstance(one, BothBases) else (one,)
    return sum(part.accepted for part in parts), sum(part.errors for part in parts)


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))
