"""Minimum-weight perfect matching, by PyMatching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from qtoolkit._arguments import check_flag
from qtoolkit._optional import require
from qtoolkit.applications.qec.decoders._binary import from_columns, pieces
from qtoolkit.applications.qec.decoders.graph import MatchingGraph, matching_graph, require_edges
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, ModelLike, as_model
from qtoolkit.applications.qec.decoders.protocol import ReweightingDecoder, impossible_events
from qtoolkit.errors import InputError

__all__ = ["CompiledMatching", "MatchingDecoder", "matched", "weighted_matching"]


_BYTES_AT_A_TIME = 1 << 21
"""Of the shots in one call of PyMatching, some tenths of a second."""


@dataclass(frozen=True)
class MatchingDecoder:
    """Minimum-weight perfect matching with PyMatching; needs a model decomposed into graph-like errors.

    Source: Higgott and Gidney, Quantum 9, 1600 (2025), sparse blossom; correlations: Fowler, arXiv:1310.0863 (2013).

    Args:
        correlations: whether edges are reweighted by what their mechanisms do elsewhere, in a second pass. Sharper
            where mechanisms are decomposed, as Y errors of a surface code are, and a fraction as fast.

    Raises:
        InputError: at `compile`, naming the error, if the model has one that is certain, one with a part of three or
            more detectors, or one decomposed into edges that flip other observables.
        MissingExtraError: at `compile`, if PyMatching is not installed.
    """

    correlations: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "correlations", check_flag(self.correlations, "correlations"))

    @property
    def name(self) -> str:
        """As on the command line."""
        return "correlated-matching" if self.correlations else "matching"

    @property
    def takes_parts(self) -> bool:
        """Whether it uses how mechanisms are decomposed."""
        return True

    def compile(self, model: ModelLike) -> CompiledMatching:
        """The decoder for this model; `MatchingDecoder` says what it raises."""
        return CompiledMatching(self, as_model(model))


class CompiledMatching(ReweightingDecoder):
    """Matching on one graph; soft and erased input builds a graph for each shot."""

    def __init__(self, decoder: MatchingDecoder, model: DetectorErrorModel) -> None:
        super().__init__(decoder.name, model)
        usual = np.flatnonzero(model.probabilities > 0.5)
        if decoder.correlations and usual.size:
            raise InputError(
                f"matching with correlations needs errors of probability at most 1/2, got "
                f"{model.describe(int(usual[0]))}: let the circuit have it as a gate and its absence as the error"
            )
        self._decoder = decoder
        self._graph = matching_graph(model)
        self._options = {"enable_correlations": True} if decoder.correlations else {}
        self._matching = self._built(model)

    def _built(self, model: DetectorErrorModel) -> Any:
        matching = require("pymatching", extra="qec").Matching
        try:
            return matching.from_detector_error_model(_likeliest_only(model, self._graph).to_stim(), **self._options)
        except ValueError as error:
            raise InputError(f"PyMatching takes no such detector error model: {error}") from error

    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return self._widened(matched(self._matching, events.view(np.uint8), **self._options), 1).view(np.bool_)

    def _decode_packed(self, events: NDArray[np.uint8]) -> NDArray[np.uint8]:
        options = {"bit_packed_shots": True, "bit_packed_predictions": True, **self._options}
        return self._widened(matched(self._matching, events, **options), 8)

    def _widened(self, predictions: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
        """With the observables that no error flips: they are absent from the graph but still have to be predicted."""
        missing = -(-self.num_observables // bits) - predictions.shape[1]
        return np.pad(predictions, ((0, 0), (0, missing))) if missing > 0 else predictions

    def _compiled(self, model: DetectorErrorModel) -> CompiledMatching:
        return CompiledMatching(self._decoder, model)

    def _decode_reweighted(self, events: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        predictions = np.zeros((len(events), self.num_observables), np.bool_)
        if self._options:
            for shot in range(len(events)):
                model = self._model.with_probabilities(probabilities[shot])
                matching = CompiledMatching(self._decoder, model)
                predictions[shot] = matching.decode_batch(events[shot : shot + 1])[0]
            return predictions
        require_edges(self._model, self._graph, probabilities, "matching")
        for shot, rates in enumerate(self._graph.combined(probabilities)):
            matching = weighted_matching(self._graph, self.num_detectors, self.num_observables, rates)
            predictions[shot] = matched(matching, events[shot : shot + 1].view(np.uint8), shot)[0]
        return predictions


def weighted_matching(
    graph: MatchingGraph, num_detectors: int, num_observables: int, probabilities: NDArray[np.float64]
) -> Any:
    """PyMatching on the edges of a graph, at these probabilities of the edges."""
    smallest = np.finfo(np.float64).tiny
    rates = np.clip(probabilities, smallest, 1.0 - 1e-15)
    checks = from_columns([[d for d in ends if d >= 0] for ends in graph.ends.tolist()], num_detectors)
    faults = from_columns(graph.observables, num_observables)
    return require("pymatching", extra="qec").Matching.from_check_matrix(
        sparse.csc_matrix(checks),
        np.log1p(-rates) - np.log(rates),
        faults_matrix=sparse.csc_matrix(faults),
        merge_strategy="smallest-weight",
    )


def matched(matching: Any, events: NDArray[np.uint8], first: int = 0, **options: bool) -> NDArray[np.uint8]:
    """What PyMatching predicts; `first` is the number of the first shot, for messages.

    Raises:
        InputError: if no errors give the events of a shot.
    """
    found = []
    for piece in pieces(len(events), _BYTES_AT_A_TIME // max(events.shape[1], 1)):
        try:
            found.append(matching.decode_batch(events[piece], **options))
        except ValueError as error:
            raise _impossible(matching, events[piece], first + piece.start, options, error) from None
    return found[0] if len(found) == 1 else np.concatenate(found)


def _impossible(
    matching: Any, events: NDArray[np.uint8], first: int, options: dict[str, bool], error: ValueError
) -> InputError:
    """The error for the first of these shots that no errors give."""
    for shot in range(len(events)):
        row = events[shot : shot + 1]
        try:
            matching.decode_batch(row, **options)
        except ValueError:
            bits = np.unpackbits(row, axis=1, bitorder="little") if "bit_packed_shots" in options else row
            return impossible_events(bits.astype(np.bool_), 0, first + shot)
    return InputError(f"PyMatching takes no such detection events: {error}")


def _likeliest_only(model: DetectorErrorModel, graph: MatchingGraph) -> DetectorErrorModel:
    """Without the mechanisms that no edge stands for: PyMatching merges parallel edges whatever they flip."""
    kept = graph.likeliest_mechanisms().tolist()
    return model if len(kept) == model.num_mechanisms else model.selected(kept)
