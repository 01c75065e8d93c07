"""Belief matching: belief propagation on the hypergraph weighs the edges that matching then chooses from."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from qtoolkit._checks import require_integer
from qtoolkit._optional import require
from qtoolkit.applications.qec.decoders._normal import normal_model
from qtoolkit.applications.qec.decoders.graph import matching_graph
from qtoolkit.applications.qec.decoders.matching import matched, weighted_matching
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, ModelLike, as_model
from qtoolkit.applications.qec.decoders.protocol import CheckedDecoder
from qtoolkit.errors import InputError

__all__ = ["BeliefMatchingDecoder", "CompiledBeliefMatching"]


@dataclass(frozen=True)
class BeliefMatchingDecoder:
    """Belief matching: sharper than matching where errors are decomposed, and much slower.

    Belief propagation runs on the mechanisms as they are. Where it converges, its answer stands; otherwise each edge of
    the matching graph gets the probability that an odd number of its mechanisms happened, as it believes.

    Source: Higgott, Bohdanowicz, Kubica, Flammia and Campbell, Phys. Rev. X 13, 031007 (2023).

    Args:
        max_iterations: of belief propagation.

    Raises:
        InputError: if `max_iterations` is below 1; at `compile`, as `MatchingDecoder` does, and for mechanisms that
            happen more often than not.
        MissingExtraError: at `compile`, if ldpc or PyMatching is not installed.
    """

    max_iterations: int = 20

    def __post_init__(self) -> None:
        object.__setattr__(self, "max_iterations", require_integer("max_iterations", self.max_iterations, 1, 1 << 20))

    @property
    def name(self) -> str:
        """As on the command line."""
        return "belief-matching"

    @property
    def takes_parts(self) -> bool:
        """Whether it uses how mechanisms are decomposed."""
        return True

    def compile(self, model: ModelLike) -> CompiledBeliefMatching:
        """The decoder for this model; the class says what it raises."""
        return CompiledBeliefMatching(self, as_model(model))


class CompiledBeliefMatching(CheckedDecoder):
    """Belief propagation on one check matrix, and a matching graph for each shot where it does not converge."""

    def __init__(self, decoder: BeliefMatchingDecoder, model: DetectorErrorModel) -> None:
        super().__init__(decoder.name, model.num_detectors, model.num_observables)
        usual = np.flatnonzero(model.probabilities > 0.5)
        if usual.size:
            raise InputError(
                f"belief matching needs errors of probability at most 1/2, got {model.describe(int(usual[0]))}: let "
                "the circuit have it as a gate and its absence as the error"
            )
        merged = model.merged()
        self._graph = matching_graph(merged, what="belief matching")
        self._normal = normal_model(merged)
        kept = [k for k, (detectors, _) in enumerate(merged.symptoms) if detectors and merged.probabilities[k] > 0.0]
        self._kept = np.array(kept, np.int64)
        self._num_mechanisms = merged.num_mechanisms
        self._beliefs = None
        # ldpc's decoder holds its last answer, which another thread must not overwrite before it is read.
        self._lock = threading.Lock()
        if kept:
            self._beliefs = require("ldpc", extra="qec").BpDecoder(
                sparse.csr_matrix(self._normal.model.detector_matrix),
                error_channel=self._normal.model.probabilities.tolist(),
                max_iter=decoder.max_iterations,
                bp_method="product_sum",
                input_vector_type="syndrome",
            )

    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        distinct, places = np.unique(np.packbits(events, axis=1), axis=0, return_inverse=True)
        syndromes = np.unpackbits(distinct, axis=1, count=self.num_detectors)
        predictions = np.zeros((len(syndromes), self.num_observables), np.bool_)
        for k in np.flatnonzero(syndromes.any(axis=1)):
            predictions[k] = self._predicted(syndromes[k], int(np.argmax(places.reshape(-1) == k)))
        return predictions[places.reshape(-1)]

    def _predicted(self, syndrome: NDArray[np.uint8], shot: int) -> NDArray[np.bool_]:
        rates = self._graph.probabilities
        if self._beliefs is not None:
            with self._lock:
                correction = self._beliefs.decode(syndrome)
                converged, ratios = self._beliefs.converge, np.array(self._beliefs.log_prob_ratios)
            if converged:
                return np.asarray(self._normal.model.observable_matrix @ correction % 2, np.bool_)
            believed = np.zeros(self._num_mechanisms)
            ratios = np.clip(ratios, -700.0, 700.0)
            believed[self._kept] = 1.0 / (1.0 + np.exp(ratios))
            rates = self._graph.combined(believed)
        matching = weighted_matching(self._graph, self.num_detectors, self.num_observables, rates)
        return np.asarray(matched(matching, syndrome[None, :], shot)[0], np.bool_)
