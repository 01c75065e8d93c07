"""Belief propagation with a second stage where it does not converge: ordered or localised statistics, by ldpc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from qtoolkit._checks import require_choice, require_integer, require_number
from qtoolkit._optional import require
from qtoolkit.applications.qec.decoders._binary import parities, row_relations
from qtoolkit.applications.qec.decoders._normal import normal_model
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, ModelLike, as_model
from qtoolkit.applications.qec.decoders.protocol import ReweightingDecoder, impossible_events

__all__ = ["BeliefDecoder", "BeliefMethod", "CompiledBelief", "SecondStage"]

SecondStage: TypeAlias = Literal["osd", "lsd"]
"""What follows belief propagation: ordered statistics, or localised statistics."""

BeliefMethod: TypeAlias = Literal["minimum_sum", "product_sum"]
"""How beliefs are updated: by their smallest, scaled, or exactly on a tree."""


_OSD_ORDER = 7


@dataclass(frozen=True)
class BeliefDecoder:
    """BP+OSD or BP+LSD with the package ldpc; takes any model, hypergraphs too, and uses no decomposition.

    Source: Roffe, White, Burton and Campbell, Phys. Rev. Research 2, 043423 (2020); Panteleev and Kalachev, Quantum 5,
    585 (2021); localised statistics: Hillmann et al., arXiv:2406.18655 (2024).

    Args:
        second_stage: ``"osd"`` or ``"lsd"``.
        order: how deep OSD searches: 0 takes its first solution, otherwise combinations of this many of the next bits
            are tried ("combination sweep"). None for 7. LSD takes its first solution: order 0.
        max_iterations: of belief propagation.
        method: of belief propagation.
        scaling: of messages where the method is ``"minimum_sum"``, in (0, 1].

    Raises:
        InputError: if an option is none of these.
        MissingExtraError: at `compile`, if ldpc is not installed.
    """

    second_stage: SecondStage = "osd"
    order: int | None = None
    max_iterations: int = 30
    method: BeliefMethod = "minimum_sum"
    scaling: float = 0.625

    def __post_init__(self) -> None:
        require_choice("second_stage", self.second_stage, get_args(SecondStage))
        require_choice("method", self.method, get_args(BeliefMethod))
        if self.order is not None:
            most = 60 if self.second_stage == "osd" else 0  # ldpc's sweep of clusters writes beyond small ones
            object.__setattr__(self, "order", require_integer(f"order of {self.second_stage}", self.order, 0, most))
        object.__setattr__(self, "max_iterations", require_integer("max_iterations", self.max_iterations, 1, 1 << 20))
        object.__setattr__(self, "scaling", require_number("scaling", self.scaling, 1e-6, 1.0))

    @property
    def name(self) -> str:
        """As on the command line."""
        return f"bp-{self.second_stage}"

    def compile(self, model: ModelLike) -> CompiledBelief:
        """The decoder for this model.

        Raises:
            InputError: if it is no model.
            MissingExtraError: if ldpc is not installed.
        """
        return CompiledBelief(self, as_model(model))


class CompiledBelief(ReweightingDecoder):
    """Belief propagation on one check matrix; soft and erased input changes the beliefs that it begins with."""

    def __init__(self, decoder: BeliefDecoder, model: DetectorErrorModel) -> None:
        super().__init__(decoder.name, model)
        self._options = decoder
        self._normal = normal_model(model)
        self._relations = row_relations(self._normal.model.detector_matrix)
        rank = model.num_detectors - self._relations.shape[0]
        self._decoder = _built(decoder, self._normal.model, rank)

    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        left = events ^ self._normal.events
        # ldpc searches for ever for what does not exist.
        impossible = np.flatnonzero(parities(self._relations, left).any(axis=1))
        if impossible.size:
            raise impossible_events(events, int(impossible[0]))
        distinct, places = np.unique(np.packbits(left, axis=1), axis=0, return_inverse=True)
        syndromes = np.unpackbits(distinct, axis=1, count=self.num_detectors)
        corrections = np.zeros((len(syndromes), self._normal.model.num_mechanisms), np.uint8)
        for k in np.flatnonzero(syndromes.any(axis=1)):
            corrections[k] = self._decoder.decode(syndromes[k])
        flips = parities(self._normal.model.observable_matrix, corrections)[places.reshape(-1)]
        return np.asarray(flips ^ self._normal.flips)

    def _compiled(self, model: DetectorErrorModel) -> CompiledBelief:
        return CompiledBelief(self._options, model)

    def _decode_reweighted(self, events: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        predictions = np.zeros((len(events), self.num_observables), np.bool_)
        for shot in range(len(events)):
            compiled = self._compiled(self._model.with_probabilities(probabilities[shot]))
            predictions[shot] = compiled.decode_batch(events[shot : shot + 1])[0]
        return predictions


def _built(options: BeliefDecoder, model: DetectorErrorModel, rank: int) -> Any:
    if not model.num_mechanisms:
        return None
    ldpc = require("ldpc", extra="qec")
    checks = sparse.csr_matrix(model.detector_matrix)
    shared = {
        "error_channel": model.probabilities.tolist(),
        "max_iter": options.max_iterations,
        "bp_method": options.method,
        "ms_scaling_factor": options.scaling,
        "input_vector_type": "syndrome",
    }
    if options.second_stage == "lsd":
        return ldpc.BpLsdDecoder(checks, lsd_method="LSD_0", lsd_order=0, **shared)
    # ldpc sweeps over as many free bits as it is told to, whether they exist or not.
    order = min(_OSD_ORDER if options.order is None else options.order, model.num_mechanisms - rank)
    return ldpc.BpOsdDecoder(checks, osd_method="OSD_CS" if order else "OSD_0", osd_order=order, **shared)
