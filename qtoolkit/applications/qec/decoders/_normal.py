"""Models in which every mechanism is rare: what happens more often than not is taken to have happened."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.qec.decoders._binary import parities
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel

__all__ = ["NormalModel", "normal_model"]


class NormalModel(NamedTuple):
    """A model of distinct mechanisms of probabilities in (0, 1/2] that flip detectors, and what is flipped besides.

    Attributes:
        model: undecomposed.
        events: bool (detectors,), the events of what is taken to have happened.
        flips: bool (observables,), its flips.
    """

    model: DetectorErrorModel
    events: NDArray[np.bool_]
    flips: NDArray[np.bool_]


def normal_model(model: DetectorErrorModel) -> NormalModel:
    """The normal form of a model; mechanisms that no detector sees are left to their likelier case."""
    merged = model.undecomposed().merged()
    usual = (merged.probabilities > 0.5)[None, :]
    rates = np.minimum(merged.probabilities, 1.0 - merged.probabilities)
    kept = [k for k, (detectors, _) in enumerate(merged.symptoms) if detectors and rates[k] > 0.0]
    return NormalModel(
        merged.selected(kept, rates[kept]),
        parities(merged.detector_matrix, usual)[0],
        parities(merged.observable_matrix, usual)[0],
    )
