"""Experiments: tasks to counted errors with intervals, resumable and over any executor, and what they say of thresholds
and of larger codes."""

from qtoolkit.applications.qec.experiments.bases import BothBases, Verdict, both_bases, unprotected_error_rate
from qtoolkit.applications.qec.experiments.collect import (
    ExperimentProgress,
    errors_for,
    run_experiment,
    run_experiments,
)
from qtoolkit.applications.qec.experiments.correction import Correction, correct_once
from qtoolkit.applications.qec.experiments.memory import Basis, MemoryExperiment, NoiseKind, memory_experiment
from qtoolkit.applications.qec.experiments.result import ExperimentResult
from qtoolkit.applications.qec.experiments.sampling import SamplingReport
from qtoolkit.applications.qec.experiments.store import ExperimentStore, default_store
from qtoolkit.applications.qec.experiments.suppression import Projection, SuppressionFit, fit_suppression
from qtoolkit.applications.qec.experiments.sweep import (
    MemorySweep,
    ThresholdCrossing,
    logical_error_rates,
    threshold_crossing,
)
from qtoolkit.applications.qec.experiments.task import ExperimentTask, Label
from qtoolkit.applications.qec.experiments.tasks import Rounds, memory_tasks
from qtoolkit.applications.qec.experiments.threshold_fit import ThresholdFit, fit_threshold

__all__ = [
    # what is run
    "ExperimentTask",
    "SamplingReport",
    "Label",
    "memory_tasks",
    "Basis",
    "Rounds",
    # running it
    "run_experiments",
    "run_experiment",
    "ExperimentResult",
    "ExperimentStore",
    "default_store",
    "ExperimentProgress",
    "errors_for",
    # one code by itself
    "MemoryExperiment",
    "NoiseKind",
    "memory_experiment",
    "MemorySweep",
    "logical_error_rates",
    # both bases
    "BothBases",
    "Verdict",
    "both_bases",
    "unprotected_error_rate",
    # one shot to look at
    "Correction",
    "correct_once",
    # what results say
    "ThresholdCrossing",
    "threshold_crossing",
    "ThresholdFit",
    "fit_threshold",
    "SuppressionFit",
    "fit_suppression",
    "Projection",
]
