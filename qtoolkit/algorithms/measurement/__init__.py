"""Expectation values from shots: groups of terms, shots for each, errors undone or extrapolated away, shadows.

Written against `Sampler`, so that all of it runs on a simulator, a noisy one, or a cloud alike.
"""

from qtoolkit.algorithms.measurement.allocation import Allocation
from qtoolkit.algorithms.measurement.diagonalise import diagonalising_circuit
from qtoolkit.algorithms.measurement.estimator import Mitigation, ShotEstimate, ShotEstimator
from qtoolkit.algorithms.measurement.extrapolation import Extrapolation, ExtrapolationModel, ZeroNoiseExtrapolation
from qtoolkit.algorithms.measurement.folding import Folding, folded_circuit
from qtoolkit.algorithms.measurement.groups import Grouping, MeasurementGroup, MeasurementGroups, measurement_groups
from qtoolkit.algorithms.measurement.readout import CalibrationMethod, ReadoutMitigation, calibrate_readout
from qtoolkit.algorithms.measurement.shadows import ClassicalShadow, biased_bases, measure_shadow
from qtoolkit.algorithms.measurement.symmetries import PostSelection, SymmetryVerification

__all__ = [
    # estimates
    "ShotEstimator",
    "ShotEstimate",
    "Allocation",
    "Mitigation",
    # groups
    "measurement_groups",
    "MeasurementGroups",
    "MeasurementGroup",
    "Grouping",
    "diagonalising_circuit",
    # readout errors
    "ReadoutMitigation",
    "calibrate_readout",
    "CalibrationMethod",
    # symmetries
    "PostSelection",
    "SymmetryVerification",
    # zero noise
    "ZeroNoiseExtrapolation",
    "Extrapolation",
    "ExtrapolationModel",
    "folded_circuit",
    "Folding",
    # classical shadows
    "measure_shadow",
    "ClassicalShadow",
    "biased_bases",
]
