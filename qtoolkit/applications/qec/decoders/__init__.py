"""How detection events become predicted logical flips: one protocol, decoders compiled once and run many times,
detector error models as arrays, and files of both."""

from qtoolkit.applications.qec.decoders.belief import BeliefDecoder, BeliefMethod, SecondStage
from qtoolkit.applications.qec.decoders.belief_matching import BeliefMatchingDecoder
from qtoolkit.applications.qec.decoders.event_files import EventFormat, read_events, write_events
from qtoolkit.applications.qec.decoders.lookup import LookupDecoder
from qtoolkit.applications.qec.decoders.matching import MatchingDecoder
from qtoolkit.applications.qec.decoders.maximum_likelihood import MaximumLikelihoodDecoder
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, DetectorErrorParts, ModelLike
from qtoolkit.applications.qec.decoders.pauli_noise import pauli_noise_model
from qtoolkit.applications.qec.decoders.protocol import (
    CheckedDecoder,
    CompiledDecoder,
    Decoder,
    ReweightingDecoder,
    compile_decoder,
)
from qtoolkit.applications.qec.decoders.registry import DECODERS, decoder_named
from qtoolkit.applications.qec.decoders.sinter import from_sinter, to_sinter
from qtoolkit.applications.qec.decoders.sliding_window import SlidingWindowDecoder
from qtoolkit.applications.qec.decoders.table import TableDecoder
from qtoolkit.applications.qec.decoders.tesseract import TesseractDecoder
from qtoolkit.applications.qec.decoders.union_find import UnionFindDecoder

__all__ = [
    # the protocol
    "Decoder",
    "CompiledDecoder",
    "CheckedDecoder",
    "ReweightingDecoder",
    "compile_decoder",
    "DECODERS",
    "decoder_named",
    # decoders
    "BeliefDecoder",
    "BeliefMatchingDecoder",
    "BeliefMethod",
    "LookupDecoder",
    "MatchingDecoder",
    "MaximumLikelihoodDecoder",
    "SecondStage",
    "SlidingWindowDecoder",
    "TableDecoder",
    "TesseractDecoder",
    "UnionFindDecoder",
    # models
    "DetectorErrorModel",
    "DetectorErrorParts",
    "ModelLike",
    "pauli_noise_model",
    # files and other packages
    "EventFormat",
    "from_sinter",
    "read_events",
    "to_sinter",
    "write_events",
]
