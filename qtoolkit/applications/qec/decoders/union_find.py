"""Union–find decoding with weighted growth, on kernels of our own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.qec.decoders._binary import from_columns, parities, pieces
from qtoolkit.applications.qec.decoders.graph import matching_graph, require_edges
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, ModelLike, as_model
from qtoolkit.applications.qec.decoders.protocol import ReweightingDecoder, impossible_events
from qtoolkit_kernels.union_find import DecodingGraph, decode_union_find

__all__ = ["CompiledUnionFind", "UnionFindDecoder"]

_LONGEST = 1 << 20
"""The integer length of the longest edge of a shot; the others are rounded to it."""

_SMALLEST = 1e-300

_BITS_AT_A_TIME = 1 << 21
"""Events of the shots in one call of the kernel, some tenths of a second."""


@dataclass(frozen=True)
class UnionFindDecoder:
    """Union–find: clusters of events grow until each can be explained; needs a model decomposed into graph-like errors.

    It corrects as many errors as matching does for certain, at somewhat more failures beyond. Erased edges have no
    length and are explored first.

    Source: Delfosse and Nickerson, Quantum 5, 595 (2021); weighted growth: Huang, Newman and Brown, Phys. Rev. A 102,
    012419 (2020).

    Raises:
        InputError: at `compile`, as `MatchingDecoder` does.
    """

    @property
    def name(self) -> str:
        """As on the command line."""
        return "union-find"

    @property
    def takes_parts(self) -> bool:
        """Whether it uses how mechanisms are decomposed."""
        return True

    def compile(self, model: ModelLike) -> CompiledUnionFind:
        """The decoder for this model; `MatchingDecoder` says what it raises."""
        return CompiledUnionFind(as_model(model))


class CompiledUnionFind(ReweightingDecoder):
    """Union–find on one graph."""

    def __init__(self, model: DetectorErrorModel) -> None:
        super().__init__("union-find", model)
        self._graph = matching_graph(model, what="union-find")
        ends = self._graph.ends
        self._incidence = from_columns([[d for d in pair if d >= 0] for pair in ends.tolist()], model.num_detectors)
        self._flips = from_columns(self._graph.observables, model.num_observables)
        rows = self._incidence.tocsr()
        rows.sort_indices()
        self._arrays = DecodingGraph(
            ends,
            rows.indptr.astype(np.int64),
            rows.indices.astype(np.int64),
            self._flips.indptr.astype(np.int64),
            self._flips.indices.astype(np.int64),
        )

    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return self._decoded(events, self._graph.probabilities[None, :])

    def _compiled(self, model: DetectorErrorModel) -> CompiledUnionFind:
        return CompiledUnionFind(model)

    def _decode_reweighted(self, events: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        require_edges(self._model, self._graph, probabilities, "union-find")
        if len(events) == 0:
            return np.zeros((0, self.num_observables), np.bool_)
        return self._decoded(events, self._graph.combined(probabilities))

    def _decoded(self, events: NDArray[np.bool_], rates: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Predictions at these rates of the edges, of shape (shots, edges), or (1, edges) for all."""
        predictions = np.zeros((len(events), self.num_observables), np.uint8)
        left = events.astype(np.uint8, order="C")
        # What happens more often than not is taken to have happened, and its absence is the error.
        usual = rates > 0.5
        if usual.any():
            left ^= parities(self._incidence, usual).view(np.uint8)
            predictions ^= parities(self._flips, usual).view(np.uint8)
            rates = np.where(usual, 1.0 - rates, rates)
        lengths = np.log1p(-rates) - np.log(np.maximum(rates, _SMALLEST))
        longest = lengths.max(axis=1, keepdims=True, initial=_SMALLEST)
        weights = np.rint(lengths * (_LONGEST / longest)).astype(np.int64)
        for piece in pieces(len(events), _BITS_AT_A_TIME // max(self.num_detectors, 1)):
            own = weights[piece] if len(weights) > 1 else weights
            shot = decode_union_find(self._arrays, own, left[piece], predictions[piece])
            if shot >= 0:
                raise impossible_events(events, piece.start + shot)
        return predictions.view(np.bool_)
