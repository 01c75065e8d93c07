"""The error-correction part of a report: surface-code memories, and what coherent errors do to a repetition code."""

from __future__ import annotations

import time
from collections.abc import Sequence

from qtoolkit.applications.qec import (
    CoherentMemoryResult,
    ExperimentResult,
    MemoryExperiment,
    MemorySweep,
    RotatedSurfaceCode,
    coherent_repetition_memory,
    exact_logical_error_rate,
    logical_error_rates,
    threshold_crossing,
)
from qtoolkit.errors import InputError
from qtoolkit.report import plots
from qtoolkit.report.model import Figure, Row, Section, Unit
from qtoolkit.report.studies.progress import Progress, share_of, silent

__all__ = ["error_correction_study"]

_PERCENT = Unit("%", 100.0, 3)
_DISTANCES = (3, 5)
_EXACT_ROUNDS = 2
"""At distance 3 two rounds give 16 detectors, few enough to sum over every syndrome."""


def error_correction_study(
    seed: int,
    *,
    physical_error_rates: Sequence[float] = (0.002, 0.003, 0.005, 0.007, 0.01, 0.014),
    table_rate: float = 0.005,
    max_shots: int = 1_000_000,
    max_errors: int = 10_000,
    angle: float = 0.2,
    rounds: Sequence[int] = (1, 2, 4, 8, 16, 32, 64),
    coherent_shots: int = 20_000,
    progress: Progress = silent,
) -> Section:
    """Run the surface code at distances 3 and 5 and the repetition code under coherent errors.

    Args:
        seed: of every random choice.
        physical_error_rates: of the sweep.
        table_rate: the physical error rate that the table shows; one of `physical_error_rates`.
        max_shots: shots at which each surface-code experiment stops.
        max_errors: logical errors at which each experiment of the sweep stops.
        angle: coherent over-rotation per data qubit and round, in radians.
        rounds: rounds of the repetition code, ascending; the table shows the last.
        coherent_shots: trajectories for each number of rounds.
        progress: told how far the study is.

    Raises:
        InputError: if `table_rate` is not in the sweep, or an experiment refuses its values.
        MissingExtraError: if Stim, PyMatching or Matplotlib is not installed.
    """
    if table_rate not in physical_error_rates:
        raise InputError(f"table_rate must be one of {tuple(physical_error_rates)}, got {table_rate}")
    begin = time.perf_counter()
    small = MemoryExperiment(RotatedSurfaceCode(_DISTANCES[0]), _EXACT_ROUNDS, table_rate)
    sampled = small.run(
        max_shots=max_shots, seed=seed, progress=share_of(progress, "surface code against exact sum", 0.0, 0.1)
    )
    exact = exact_logical_error_rate(small.detector_error_model, small.compiled_decoder)
    sweep = logical_error_rates(
        _DISTANCES,
        physical_error_rates,
        max_shots=max_shots,
        max_errors=max_errors,
        seed=seed,
        progress=share_of(progress, "surface code, distances 3 and 5", 0.1, 0.5),
    )
    progress("repetition code, coherent errors", 0.5)
    coherent = coherent_repetition_memory(angle, rounds, coherent_shots, seed=seed)
    progress("repetition code, coherent errors", 1.0)

    column = sweep.physical_error_rates.index(table_rate)
    memories = [row[column] for row in sweep.results]
    return Section(
        name="qec",
        title="Error correction",
        question=(
            "How well does a rotated surface code keep a logical qubit when every gate, reset and measurement fails "
            f"with probability p, and does a larger code help? And is it safe to replace a small systematic rotation "
            f"of {angle:g} rad per qubit and round by random flips, as most simulations do?"
        ),
        rows=(_checked_row(sampled, exact), *map(_memory_row, memories), *_coherent_rows(coherent)),
        findings=(_agreement(sampled, exact), _suppression(sweep, memories), _coherence(coherent)),
        limits=(
            "For distance 5 no exact value exists: its 2¹²⁰ syndromes cannot be summed. The error bar is the evidence.",
            "Noise is independent and depolarising; leakage, crosstalk and drift of real devices are not in it. "
            "Only the memory of a logical |0⟩ is tested, not a logical gate.",
            "Where the two curves cross depends on the distances: it lies above the threshold of large codes.",
        ),
        figures=(_sweep_figure(sweep), _coherent_figure(coherent)),
        evidence=_evidence(sampled, sweep, coherent),
        wall_time=time.perf_counter() - begin,
    )


def _checked_row(result: ExperimentResult, exact: float) -> Row:
    return Row(
        f"Surface code d=3, {result.rounds} rounds, p={_rate(result)}",
        result.logical_error_rate,
        exact,
        _PERCENT,
        _PERCENT,
        f"{result.shots:,} shots",
        interval=result.confidence_interval,
        data=_counts(result),
    )


def _memory_row(result: ExperimentResult) -> Row:
    return Row(
        f"Surface code d={result.distance}, per round, p={_rate(result)}",
        result.logical_error_rate_per_round,
        None,
        _PERCENT,
        _PERCENT,
        f"{result.shots:,} shots",
        interval=result.confidence_interval_per_round,
        data=_counts(result),
    )


def _coherent_rows(result: CoherentMemoryResult) -> tuple[Row, Row]:
    low, high = result.confidence_intervals[:, -1]
    last = int(result.rounds[-1])
    data = {"rounds": last, "angle": result.angle}
    exact = float(result.exact[-1])
    return (
        Row(
            f"Repetition code, {last} rounds, coherent",
            float(result.sampled[-1]),
            exact,
            _PERCENT,
            _PERCENT,
            f"{result.shots:,} shots",
            interval=(float(low), float(high)),
            data={**data, "shots": result.shots, "errors": int(result.errors[-1]), "seed": result.seed},
        ),
        Row(
            "The same, Pauli-twirled",
            float(result.twirled[-1]),
            exact,
            _PERCENT,
            _PERCENT,
            "closed form; the gap is its error",
            data=data,
        ),
    )


def _counts(result: ExperimentResult) -> dict[str, int | float | str]:
    return {
        "distance": result.distance,
        "rounds": result.rounds,
        "physical_error_rate": result.physical_error_rate,
        "decoder": result.decoder,
        "shots": result.shots,
        "errors": result.errors,
        "seed": result.seed,
    }


def _agreement(sampled: ExperimentResult, exact: float) -> str:
    low, high = sampled.confidence_interval
    relation = "contains" if low <= exact <= high else "does not contain"
    return (
        f"Sampling can be checked at distance 3 and {sampled.rounds} rounds, where the matching decoder's failures are "
        f"summed over every syndrome: the 95% interval {_PERCENT.text(low)} to {_PERCENT.text(high)} {relation} the "
        f"exact {_PERCENT.text(exact)}."
    )


def _suppression(sweep: MemorySweep, memories: Sequence[ExperimentResult]) -> str:
    small, large = (result.logical_error_rate_per_round for result in memories)
    text = (
        f"At p = {_rate(memories[0])} the larger code fails {small / large:.2g} times less often per round."
        if (0 < large < small)
        else f"At p = {_rate(memories[0])} the larger code does not fail less often."
    )
    try:
        crossing = threshold_crossing(sweep, *_DISTANCES)
    except InputError:
        return text
    return (
        f"{text} The advantage ends where the curves of these two distances cross, at p = "
        f"{100 * crossing.physical_error_rate:.2f}% ± {100 * crossing.standard_error:.2f}% (one standard deviation, of "
        "the counts and of the interpolation together). Larger distances cross elsewhere, so that this is no threshold."
    )


def _coherence(result: CoherentMemoryResult) -> str:
    ratio = result.exact[-1] / result.twirled[-1]
    return (
        f"After one round the twirled prediction is exact. After {int(result.rounds[-1])} rounds the true logical "
        f"error is {ratio:.2f} times what it says: systematic rotations add as amplitudes from round to round, random "
        "flips as probabilities."
    )


def _sweep_figure(sweep: MemorySweep) -> Figure:
    rates = dict(zip(sweep.distances, sweep.logical_error_rates_per_round, strict=True))
    low_high = sweep.confidence_intervals_per_round
    intervals = {distance: low_high[:, k] for k, distance in enumerate(sweep.distances)}
    return Figure(
        plots.logical_error_rates(sweep.physical_error_rates, rates, intervals),
        "Logical error rate per round of the rotated surface code over the physical error rate; bars are 95% "
        "Clopper–Pearson intervals. Below the dotted line a logical |0⟩ keeps better than that of an unprotected qubit "
        "which idles for a round with the same depolarising noise and flips with probability 2p/3.",
        "Line plot on logarithmic axes: logical error rates of distances 3 and 5 rise with the physical error rate "
        "and cross.",
    )


def _coherent_figure(result: CoherentMemoryResult) -> Figure:
    return Figure(
        plots.coherent_errors(result.rounds, result.exact, result.twirled, result.sampled, result.confidence_intervals),
        f"Three-qubit repetition code, every data qubit turned by {result.angle:g} rad in each round. Dots: sampled "
        "state vectors with 95% intervals. The twirled prediction falls behind as rounds go by.",
        "Line plot on logarithmic axes: the coherent logical error rises faster with the rounds than the twirled one.",
    )


def _evidence(sampled: ExperimentResult, sweep: MemorySweep, coherent: CoherentMemoryResult) -> dict[str, str]:
    shots = sum(result.shots for row in sweep.results for result in row)
    versions = {**sampled.versions, **coherent.versions}
    return {
        "Noise": "circuit-level depolarising, one rate p for gates, idling, resets and measurements",
        "Decoder": f"{sampled.decoder}: minimum-weight perfect matching by PyMatching",
        "Shots": f"{sampled.shots:,} for the exact check, {shots:,} in the sweep, {coherent.shots:,} for each number "
        "of rounds of the repetition code",
        "Exact values": "surface code: the decoder's failures, summed over all 2¹⁶ syndromes; repetition code: the "
        "logical density matrix, carried from round to round",
        "Intervals": "Clopper–Pearson, 95%",
        "Seed": f"{sampled.seed}",
        "Software": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "Sources": "Fowler et al., Phys. Rev. A 86, 032324 (2012); Greenbaum and Dutton, Quantum Sci. Technol. 3, "
        "015007 (2018)",
    }


def _rate(result: ExperimentResult) -> str:
    return f"{100 * result.physical_error_rate:g}%"
