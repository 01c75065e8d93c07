"""Decoders by the names that the command line knows."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from qtoolkit._checks import require_choice
from qtoolkit.applications.qec.decoders.belief import BeliefDecoder
from qtoolkit.applications.qec.decoders.belief_matching import BeliefMatchingDecoder
from qtoolkit.applications.qec.decoders.lookup import LookupDecoder
from qtoolkit.applications.qec.decoders.matching import MatchingDecoder
from qtoolkit.applications.qec.decoders.maximum_likelihood import MaximumLikelihoodDecoder
from qtoolkit.applications.qec.decoders.protocol import Decoder
from qtoolkit.applications.qec.decoders.sliding_window import SlidingWindowDecoder
from qtoolkit.applications.qec.decoders.tesseract import TesseractDecoder
from qtoolkit.applications.qec.decoders.union_find import UnionFindDecoder

__all__ = ["DECODERS", "decoder_named"]

DECODERS: MappingProxyType[str, Callable[[], Decoder]] = MappingProxyType(
    {
        "lookup": LookupDecoder,
        "maximum-likelihood": MaximumLikelihoodDecoder,
        "matching": MatchingDecoder,
        "correlated-matching": lambda: MatchingDecoder(correlations=True),
        "union-find": UnionFindDecoder,
        "bp-osd": lambda: BeliefDecoder("osd"),
        "bp-lsd": lambda: BeliefDecoder("lsd"),
        "belief-matching": BeliefMatchingDecoder,
        "tesseract": TesseractDecoder,
        "sliding-window": SlidingWindowDecoder,
    }
)
"""By name: what makes the decoder with its usual options."""


def decoder_named(name: str) -> Decoder:
    """The decoder of a name, with its usual options; the classes have them all.

    Raises:
        InputError: if none has this name; the message lists those that exist.
    """
    return DECODERS[require_choice("decoder", name, DECODERS)]()
