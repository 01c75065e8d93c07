"""Circuits that decode and correct while they run, and records of devices decoded after."""

from qtoolkit.applications.qec.adaptive.corrected import corrected_memory_circuit
from qtoolkit.applications.qec.adaptive.counts import DecodedCounts, decode_counts
from qtoolkit.applications.qec.adaptive.deferred import measured_last
from qtoolkit.applications.qec.adaptive.records import RecordedDecoder, detection_events, recorded_decoder

__all__ = [
    # in a circuit
    "recorded_decoder",
    "RecordedDecoder",
    "corrected_memory_circuit",
    # on devices, and after it
    "measured_last",
    "detection_events",
    "decode_counts",
    "DecodedCounts",
]
