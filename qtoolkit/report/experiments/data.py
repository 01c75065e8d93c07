"""Memories and thresholds as JSON types."""

from __future__ import annotations

from typing import Any

from qtoolkit.applications.qec import BothBases, ExperimentResult, SuppressionFit
from qtoolkit.report.experiments.answer import Estimate, MemoryAnswer, ThresholdAnswer, finite

__all__ = ["memory_data", "result_data", "threshold_data"]


def result_data(result: ExperimentResult) -> dict[str, Any]:
    """One result with all that repeats it."""
    return {
        **dict(result.labels),
        "rounds": result.rounds,
        "decoder": result.decoder,
        "shots": result.shots,
        "discards": result.discards,
        "errors": result.errors,
        "observable_errors": list(result.observable_errors),
        "logical_error_rate": finite(result.logical_error_rate),
        "confidence_interval": list(result.confidence_interval),
        "logical_error_rate_per_round": finite(result.logical_error_rate_per_round),
        "confidence_interval_per_round": list(result.confidence_interval_per_round),
        "max_errors": result.max_errors,
        "batch_shots": result.batch_shots,
        "seed": result.seed,
        "task": result.task_id,
        "interrupted": result.interrupted,
        "wall_time": result.wall_time,
        "versions": dict(result.versions),
    }


def memory_data(answer: MemoryAnswer) -> dict[str, Any]:
    """All results, both bases together where they are there, suppression and projections."""
    return {
        "description": answer.description,
        "seed": answer.seed,
        "interrupted": answer.interrupted,
        "sampling": answer.sampling or "Stim",
        "results": [result_data(result) for result in answer.results],
        "both_bases": [_pair(one) for one in answer.estimates if isinstance(one, BothBases)],
        "suppression": [_suppression(answer, rate, fit) for rate, fit in answer.suppressions.items()],
        "unprotected": {f"{rate:g}": answer.unprotected(rate) for rate in answer.rates},
    }


def threshold_data(answer: ThresholdAnswer) -> dict[str, Any]:
    """The same with the fit, the crossings and the bounds."""
    fit = answer.fit
    better, worse = answer.bounds
    return {
        **memory_data(answer.memory),
        "threshold": None
        if fit is None
        else {
            "physical_error_rate": fit.threshold,
            "confidence_interval": list(fit.confidence_interval),
            "standard_error": fit.standard_error,
            "exponent": fit.exponent,
            "coefficients": list(fit.coefficients),
            "has_size_term": fit.has_size_term,
            "distances": list(fit.distances),
            "physical_error_rates": list(fit.physical_error_rates),
            "deviance": fit.deviance,
            "degrees_of_freedom": fit.degrees_of_freedom,
            "goodness": fit.goodness,
            "without_smallest": fit.without_smallest,
        },
        "no_threshold_because": answer.reason or None,
        "crossings": [
            {
                "distances": list(crossing.distances),
                "physical_error_rate": crossing.physical_error_rate,
                "statistical_error": crossing.statistical_error,
                "interpolation_error": crossing.interpolation_error,
            }
            for crossing in answer.crossings
        ],
        "largest_code_better_up_to": better,
        "largest_code_worse_from": worse,
    }


def _pair(one: Estimate) -> dict[str, Any]:
    return {
        "distance": one.distance,
        "physical_error_rate": one.physical_error_rate,
        "rounds": one.rounds,
        "logical_error_rate": finite(one.logical_error_rate),
        "confidence_interval": list(one.confidence_interval),
        "logical_error_rate_per_round": finite(one.logical_error_rate_per_round),
        "confidence_interval_per_round": list(one.confidence_interval_per_round),
    }


def _suppression(answer: MemoryAnswer, rate: float, fit: SuppressionFit) -> dict[str, Any]:
    found = answer.projection(rate)
    return {
        "physical_error_rate": rate,
        "factor": fit.factor,
        "confidence_interval": list(fit.confidence_interval),
        "distances": list(fit.distances),
        "target": answer.target,
        "projection": None
        if found is None
        else {
            "distance": found.distance,
            "distance_interval": list(found.distance_interval),
            "num_qubits": found.num_qubits,
            "num_qubits_interval": list(found.num_qubits_interval),
            "is_extrapolated": found.is_extrapolated,
        },
    }
