"""Tesseract: a search for the most likely set of mechanisms, by the package tesseract-decoder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit._checks import require_integer
from qtoolkit._optional import require
from qtoolkit.applications.qec.decoders._binary import parities, pieces, row_relations
from qtoolkit.applications.qec.decoders._normal import normal_model
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, ModelLike, as_model
from qtoolkit.applications.qec.decoders.protocol import CheckedDecoder, impossible_events

__all__ = ["CompiledTesseract", "TesseractDecoder"]

_AT_A_TIME = 4
"""Shots in one call; a hard one takes a quarter of a second."""


@dataclass(frozen=True)
class TesseractDecoder:
    """Tesseract, an A* search with a beam; takes any model, hypergraphs too, and uses no decomposition.

    Source: Aghababaie Beni, Higgott and Shutty, arXiv:2503.10988 (2025).

    Args:
        beam: detection events that a partial solution may have beyond the fewest so far; a wider beam is slower and
            finds more.
        max_queue: partial solutions after which a shot is given up.

    Raises:
        InputError: if an option is below 1.
        MissingExtraError: at `compile`, if tesseract-decoder is not installed.
    """

    beam: int = 15
    max_queue: int = 200_000

    def __post_init__(self) -> None:
        object.__setattr__(self, "beam", require_integer("beam", self.beam, 1, 1 << 16))
        object.__setattr__(self, "max_queue", require_integer("max_queue", self.max_queue, 1, 1 << 31))

    @property
    def name(self) -> str:
        """As on the command line."""
        return "tesseract"

    def compile(self, model: ModelLike) -> CompiledTesseract:
        """The decoder for this model.

        Raises:
            InputError: if it is no model.
            MissingExtraError: if tesseract-decoder is not installed.
        """
        return CompiledTesseract(self, as_model(model))


class CompiledTesseract(CheckedDecoder):
    """Tesseract on one model."""

    def __init__(self, decoder: TesseractDecoder, model: DetectorErrorModel) -> None:
        super().__init__(decoder.name, model.num_detectors, model.num_observables)
        self._normal = normal_model(model)
        self._relations = row_relations(self._normal.model.detector_matrix)
        tesseract = require("tesseract_decoder", extra="tesseract").tesseract
        config = tesseract.TesseractConfig(
            self._normal.model.to_stim(),
            det_beam=decoder.beam,
            pqlimit=decoder.max_queue,
            no_revisit_dets=True,
        )
        self._decoder = tesseract.TesseractDecoder(config) if self._normal.model.num_mechanisms else None

    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        left = events ^ self._normal.events
        # Tesseract predicts no flips for what it cannot explain.
        impossible = np.flatnonzero(parities(self._relations, left).any(axis=1))
        if impossible.size:
            raise impossible_events(events, int(impossible[0]))
        # Few syndromes come again and again where errors are rare.
        distinct, places = np.unique(np.packbits(left, axis=1), axis=0, return_inverse=True)
        syndromes = np.unpackbits(distinct, axis=1, count=self.num_detectors).view(np.bool_)
        predictions = np.zeros((len(syndromes), self.num_observables), np.bool_)
        if self._decoder is not None and self.num_observables and len(events):
            for piece in pieces(len(syndromes), _AT_A_TIME):
                predictions[piece] = self._decoder.decode_batch(syndromes[piece])
        return np.asarray(predictions[places.reshape(-1)] ^ self._normal.flips)
