"""`decode_counts`: what a device or a simulator recorded of a memory, decoded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance, shown
from qtoolkit.applications.qec.adaptive.records import parities_of
from qtoolkit.applications.qec.circuits._noise import Noise, check_noise, noisy
from qtoolkit.applications.qec.decoders import Decoder
from qtoolkit.applications.qec.experiments.task import ExperimentTask
from qtoolkit.applications.qec.intervals import clopper_pearson
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.primitives import Result

if TYPE_CHECKING:
    import stim

__all__ = ["DecodedCounts", "decode_counts"]


@dataclass(frozen=True, repr=False)
class DecodedCounts:
    """How many recorded shots a decoder got wrong.

    Attributes:
        shots: that were recorded, discarded ones too.
        discards: shots in which a herald fired.
        errors: other shots of which an observable was mispredicted.
        observable_errors: shots of those, by observable.
        undecoded_errors: accepted shots of which an observable was flipped, decoded or not.
        detection_fractions: how often each detector fired, of all shots.
        decoder: its name.
        backend_name: where the shots are from.
    """

    shots: int
    discards: int
    errors: int
    observable_errors: tuple[int, ...]
    undecoded_errors: int
    detection_fractions: tuple[float, ...]
    decoder: str
    backend_name: str

    @property
    def accepted(self) -> int:
        """Shots that no herald discarded."""
        return self.shots - self.discards

    @property
    def logical_error_rate(self) -> float:
        """The fraction of accepted shots with a logical error; NaN where no shot is accepted."""
        return self.errors / self.accepted if self.accepted else float("nan")

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """Clopper–Pearson interval of the logical error rate at 95 %."""
        return clopper_pearson(self.errors, self.accepted) if self.accepted else (0.0, 1.0)

    @property
    def undecoded_error_rate(self) -> float:
        """The fraction of accepted shots in which the readout by itself is wrong."""
        return self.undecoded_errors / self.accepted if self.accepted else float("nan")

    def __repr__(self) -> str:
        low, high = self.confidence_interval
        discards = f", {self.discards:,} discarded" if self.discards else ""
        where = f" on {self.backend_name}" if self.backend_name else ""
        return (
            f"DecodedCounts({self.errors:,} errors in {self.shots:,} shots{where}{discards}, "
            f"{self.logical_error_rate:.4g} ({low:.4g} to {high:.4g}), {self.decoder}; "
            f"{self.undecoded_error_rate:.4g} without)"
        )


def decode_counts(
    circuit: Circuit,
    result: Result,
    decoder: Decoder | str = "matching",
    *,
    noise: Noise | None = None,
    detector_error_model: stim.DetectorErrorModel | None = None,
    heralds: Iterable[int] = (),
) -> DecodedCounts:
    """Decode what came of a circuit that ran somewhere: on a device, its simulation, or a simulator of ours.

    Args:
        circuit: that was run, with detectors and observables, such as `memory_circuit` gives. Every bit that they read
            must keep its value to the end.
        result: its bits; counts do.
        decoder: a name of `DECODERS`, or an object with ``compile(model)``.
        noise: what the decoder is to believe in, a preset or a model such as that of `device_noise`: the error model is
            that of the circuit with this noise, or of its Pauli twirl. Where it is left out the circuit has its own.
        detector_error_model: the error model, where that is known better.
        heralds: detectors that discard a shot where one of them fires.

    Raises:
        InputError: if an argument is none of these, the result is of another number of bits or has no shots, or errors
            of the model do not explain what was recorded.
        MissingExtraError: if Stim, or what the decoder needs, is not installed.
    """
    check_instance(circuit, Circuit, "counts are those of a Circuit")
    check_instance(result, Result, "what is decoded is a Result")
    check_noise(noise)
    if noise is not None and detector_error_model is not None:
        raise InputError("a decoder has one error model, got noise and a detector_error_model: leave one out")
    if result.num_clbits != circuit.num_clbits or result.shots < 1:
        raise InputError(
            f"the result must have shots of the circuit's {circuit.num_clbits} classical bits, got {result.shots} "
            f"shots of {result.num_clbits}"
        )
    task = ExperimentTask(
        noisy(circuit, noise), decoder, heralds=tuple(heralds), detector_error_model=detector_error_model
    )
    records, times = _distinct(result)
    events, flips = parities_of(circuit).of(records)
    fractions = times @ events / result.shots
    accepted = ~events[:, list(task.heralds)].any(axis=1)
    events, flips, kept = events[accepted], flips[accepted], times[accepted]
    compiled = task.compiled()
    wrong = flips ^ compiled.decode_batch(events) if len(events) else flips
    return DecodedCounts(
        shots=result.shots,
        discards=result.shots - int(kept.sum()),
        errors=int(kept @ wrong.any(axis=1)),
        observable_errors=tuple(int(count) for count in kept @ wrong),
        undecoded_errors=int(kept @ flips.any(axis=1)),
        detection_fractions=tuple(float(fraction) for fraction in fractions),
        decoder=compiled.name,
        backend_name=result.backend_name,
    )


def _distinct(result: Result) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Records that came, bool (records, classical bits), and how often."""
    if result.num_clbits == 0:
        raise InputError(f"the result must have classical bits, got {shown(result)}")
    letters = np.frombuffer("".join(result.counts).encode("ascii"), np.uint8).reshape(-1, result.num_clbits)
    times = np.fromiter(result.counts.values(), np.int64, len(result.counts))
    return (letters[:, ::-1] == ord("1")), times
