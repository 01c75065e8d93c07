"""`verify`: a job's counts beside what its circuits give on this machine, and what its calibration predicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qtoolkit._arguments import seeded, shown
from qtoolkit._version import __version__
from qtoolkit.backends.calibration import Calibration
from qtoolkit.backends.cloud.job import CloudJob
from qtoolkit.backends.cloud.payload import Failure
from qtoolkit.backends.cloud.records import JobRecord, PartRecord
from qtoolkit.backends.cloud.secrets import redacted
from qtoolkit.backends.registry import serializer_of
from qtoolkit.backends.verification.comparison import Comparison, compare
from qtoolkit.backends.verification.payloads import circuits_of, verify_payload
from qtoolkit.backends.verification.prediction import noise_on, predicted_distance
from qtoolkit.backends.verification.reference import Reference, reference_of
from qtoolkit.backends.verification.statistics import confidence_bound
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError, JobError, PartialFailureError, QToolkitError
from qtoolkit.primitives import Result

__all__ = ["CircuitVerification", "Verification", "verify"]


@dataclass(frozen=True)
class CircuitVerification:
    """One circuit's counts beside what they should be.

    Attributes:
        index: of the circuit in its job.
        shots: that came; 0 where none did.
        num_clbits: of the circuit.
        ideal: beside the circuit without noise; None where that was not possible.
        noisy: beside the circuit with the noise of the job's calibration; None where there is none.
        predicted: the mean total variation from the ideal circuit that this noise and the shots give; None as `noisy`.
        is_reversed: whether the counts fit the ideal circuit better with their bits in reverse order.
        reason: why something is None; empty where nothing is.
    """

    index: int
    shots: int
    num_clbits: int
    ideal: Comparison | None = None
    noisy: Comparison | None = None
    predicted: float | None = None
    is_reversed: bool = False
    reason: str = ""

    @property
    def agrees(self) -> bool:
        """Whether shots alone explain the difference from the ideal circuit, or from the predicted noise."""
        return any(side is not None and side.agrees for side in (self.ideal, self.noisy))

    @property
    def verdict(self) -> str:
        """In a few words."""
        if self.ideal is None:
            return f"not compared: {self.reason}"
        if self.ideal.agrees:
            return "as the ideal circuit, within shot noise"
        if self.is_reversed:
            return "differs: the bits seem to come in reverse order"
        if self.noisy is None or self.predicted is None:
            return "differs from the ideal circuit" + (f"; no prediction: {self.reason}" if self.reason else "")
        if self.noisy.agrees:
            return "as the calibration predicts, within shot noise"
        if self.ideal.total_variation > confidence_bound(self.predicted, self.shots):
            return "more errors than the calibration predicts"
        if self.ideal.total_variation < 2.0 * self.predicted - confidence_bound(self.predicted, self.shots):
            return "fewer errors than the calibration predicts"
        return "as many errors as the calibration predicts, but others"

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "index": self.index,
            "shots": self.shots,
            "num_clbits": self.num_clbits,
            "ideal": None if self.ideal is None else self.ideal.to_json(),
            "noisy": None if self.noisy is None else self.noisy.to_json(),
            "predicted_total_variation": self.predicted,
            "is_reversed": self.is_reversed,
            "reason": self.reason,
            "agrees": self.agrees,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class Verification:
    """A job's counts beside what they should be.

    Attributes:
        job_id: the toolkit's.
        backend: where the job ran.
        circuits: in order.
        calibration: the device of the calibration that noise was predicted by, and when it was measured; empty where
            none was stored with the job.
        payload_distance: how far the circuits that were sent are from those that were asked for, if they were given;
            see `verify_payload`.
        seed: of what was sampled.
        version: of the toolkit.
    """

    job_id: str
    backend: str
    circuits: tuple[CircuitVerification, ...]
    calibration: str = ""
    payload_distance: float | None = None
    seed: int | None = None
    version: str = __version__

    @property
    def agrees(self) -> bool:
        """Whether every circuit does."""
        return all(circuit.agrees for circuit in self.circuits)

    @property
    def verdict(self) -> str:
        """In a sentence: what holds for how many circuits."""
        counts = Counter(circuit.verdict for circuit in self.circuits)
        if len(self.circuits) == 1:
            return self.circuits[0].verdict
        return "; ".join(f"{count} of {len(self.circuits)}: {verdict}" for verdict, count in counts.most_common())

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "job_id": self.job_id,
            "backend": self.backend,
            "agrees": self.agrees,
            "verdict": self.verdict,
            "calibration": self.calibration,
            "payload_distance": self.payload_distance,
            "seed": self.seed,
            "version": self.version,
            "circuits": [circuit.to_json() for circuit in self.circuits],
        }


def verify(
    job: CloudJob | JobRecord,
    *,
    circuits: Circuit | Sequence[Circuit] | None = None,
    timeout: float | None = None,
    seed: int | np.random.Generator | None = None,
) -> Verification:
    """Compare a job's counts with what its circuits give on this machine.

    The payload that was sent is parsed back, so what is simulated is what the provider had, compiled for the device.
    Where a calibration is stored with the job, its noise is simulated too.

    Args:
        job: on record. Of a record, what has come is compared; a job is waited for.
        circuits: those that were asked for; the payload is compared with them too.
        timeout: seconds to wait for a job; None as for its `result`.
        seed: of what must be sampled.

    Raises:
        InputError: if it is no job on record, or other numbers of circuits were asked for.
        JobError: if it has not ended, or all of it failed.
        ConversionError: if the payload cannot be parsed back.
        BackendError: if no provider here reads its format.
    """
    record = _ended(job, timeout)
    number, rng = seeded(seed)
    calibration, why = _calibration(record)
    found: list[CircuitVerification] = []
    for part in record.parts:
        results = _results(record, part)
        parsed = serializer_of(part.payload.format).circuits(part.payload)
        if len(parsed) != len(results):
            raise JobError(f"the payload of job {record.id} holds {len(parsed)} circuits, {len(results)} were sent")
        for offset, (circuit, result) in enumerate(zip(parsed, results, strict=True)):
            index = part.first + offset
            if isinstance(result, Failure):
                reason = result.reason
                found.append(CircuitVerification(index, 0, circuit.num_clbits, reason=reason))
            else:
                found.append(_verified(index, circuit, result, part, offset, calibration, why, rng))
    distance = None
    if circuits is not None:
        asked = circuits_of(circuits)
        if len(asked) != record.num_circuits:
            raise InputError(f"job {record.id} has {record.num_circuits} circuits, {len(asked)} were given")
        distance = max(
            verify_payload(part.payload, asked[part.first : part.first + part.num_circuits], seed=rng)
            for part in record.parts
        )
    taken = "" if calibration is None or calibration.taken_at is None else f" of {calibration.taken_at:%Y-%m-%d %H:%M}"
    name = "" if calibration is None else (calibration.device or calibration.source) + taken
    return Verification(record.id, record.backend, tuple(found), name, distance, number)


def _ended(job: object, timeout: float | None) -> JobRecord:
    if isinstance(job, JobRecord):
        return job
    if not isinstance(job, CloudJob):
        raise InputError(f"what is verified is a job on record, or its record, got {shown(job)}; see compare")
    try:
        job.result(timeout)
    except PartialFailureError as error:
        if not any(result is not None for result in error.results):
            raise
    return job.record


def _calibration(record: JobRecord) -> tuple[Calibration | None, str]:
    """The calibration that is stored with a job, or why there is none."""
    if record.calibration is None:
        return None, ""
    try:
        return Calibration.from_json(record.calibration), ""
    except InputError as error:
        return None, str(error)


def _results(record: JobRecord, part: PartRecord) -> list[Result | Failure]:
    """The counts of a part's circuits, as its raw answer has them."""
    if part.result is None:
        return [Failure(part.reason or f"it is {part.status}, and nothing has come")] * part.num_circuits
    outcomes = list(serializer_of(part.payload.format).outcomes(part.payload, part.result))
    if len(outcomes) != part.num_circuits:
        raise JobError(f"job {record.id} has answers for {len(outcomes)} circuits, {part.num_circuits} were sent")
    return [
        Failure(redacted(outcome.reason)) if isinstance(outcome, Failure) else bits.result(outcome, record.shots)
        for outcome, bits in zip(outcomes, part.payload.bits, strict=True)
    ]


def _verified(
    index: int,
    circuit: Circuit,
    result: Result,
    part: PartRecord,
    offset: int,
    calibration: Calibration | None,
    why: str,
    rng: np.random.Generator,
) -> CircuitVerification:
    try:
        reference = reference_of(circuit, result.shots, seed=rng)
        ideal = compare(result, reference, seed=rng)
    except QToolkitError as error:
        return CircuitVerification(index, result.shots, result.num_clbits, reason=str(error))
    backwards = False
    if not ideal.agrees:
        turned = compare(_reversed(result), reference, seed=rng)
        backwards = turned.agrees or turned.total_variation < 0.5 * ideal.total_variation - ideal.bound
    noisy, predicted = None, None
    if calibration is not None:
        try:
            circuit, noise = noise_on(circuit, calibration, part.payload, offset)
            expected: Reference = reference_of(circuit, result.shots, noise=noise, seed=rng)
            noisy = compare(result, expected, seed=rng)
            predicted = predicted_distance(expected, reference, result.shots, rng)
        except QToolkitError as error:
            why = str(error)
    return CircuitVerification(index, result.shots, result.num_clbits, ideal, noisy, predicted, backwards, why)


def _reversed(result: Result) -> Result:
    return Result.from_counts({key[::-1]: count for key, count in result.counts.items()}, result.num_clbits)
