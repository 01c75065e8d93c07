"""From recorded bits to detection events, and decoders that take the bits: what a circuit calls in between."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from qtoolkit._arguments import check_instance
from qtoolkit._memory import check_memory
from qtoolkit.applications.qec._validation import require_bits
from qtoolkit.applications.qec.decoders import CheckedDecoder, Decoder
from qtoolkit.applications.qec.experiments.sampling import parities_without_noise
from qtoolkit.applications.qec.experiments.task import ExperimentTask
from qtoolkit.circuit import Circuit, Detector, IfElse, Measure, Observable, ReadoutError
from qtoolkit.circuit.decode import Decode
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    import stim

__all__ = ["Parities", "RecordedDecoder", "detection_events", "parities_of", "recorded_decoder"]


@dataclass(frozen=True, eq=False)
class Parities:
    """Which bits a circuit's detectors and observables are made of.

    Attributes:
        members: uint8 (detectors + observables, classical bits), sparse rows; detectors first.
        odd: which of them are odd without noise, bool (detectors + observables,).
        num_detectors: of the rows.
    """

    members: sparse.csr_array
    odd: NDArray[np.bool_]
    num_detectors: int

    def of(self, bits: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Detection events and flips of observables, for bits of shape (shots, classical bits).

        Raises:
            InsufficientMemoryError: if they do not fit.
        """
        rows, columns = self.members.shape
        check_memory(len(bits) * (columns + 4 * rows), f"detectors of {len(bits)} shots", "take fewer at a time")
        sums = (self.members @ bits.T.astype(np.uint8)).T  # modulo 256, which keeps parities
        found = (sums & 1).astype(np.bool_) ^ self.odd
        return found[:, : self.num_detectors], found[:, self.num_detectors :]


def parities_of(circuit: Circuit) -> Parities:
    """The detectors and observables of a circuit, by the bits that a record of it ends with.

    Raises:
        InputError: if a bit is written again after a detector or an observable has read it: its record is lost then.
    """
    rows: list[set[int]] = []
    observables: list[set[int]] = [set() for _ in range(circuit.num_observables)]
    read: set[int] = set()
    for operation in circuit.operations:
        gate, clbits = operation.gate, operation.clbits
        if isinstance(gate, Detector | Observable):
            found = set(clbits)
            if isinstance(gate, Detector):
                rows.append(found)
            else:
                observables[gate.index] ^= found
            read |= found
            continue
        lost = read.intersection(_written(operation.gate, clbits))
        if lost:
            raise InputError(
                f"records must keep the bits that detectors read, got bit {min(lost)} written again by {gate.name}; "
                "measure into a bit of its own"
            )
    members = [*rows, *observables]
    columns = [sorted(row) for row in members]
    starts = np.cumsum([0, *map(len, columns)])
    flat = np.array([clbit for row in columns for clbit in row], dtype=np.int64)
    matrix = sparse.csr_array((np.ones(len(flat), np.uint8), flat, starts), (len(members), circuit.num_clbits))
    return Parities(matrix, parities_without_noise(circuit), len(rows))


def _written(gate: object, clbits: tuple[int, ...]) -> set[int]:
    """Classical bits that an operation may change."""
    if isinstance(gate, IfElse):
        return {c for branch in gate.branches for inner in branch for c in _written(inner.gate, inner.clbits)}
    if isinstance(gate, Decode):
        return set(clbits[gate.num_in :])
    return set(clbits) if isinstance(gate, Measure | ReadoutError) else set()


def detection_events(circuit: Circuit, records: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Detection events and flips of observables of recorded shots: parities beside those without noise.

    Args:
        circuit: that was run, with detectors and observables.
        records: bits, (shots, classical bits), such as the memory of a result.

    Returns:
        bool of shapes (shots, detectors) and (shots, observables).

    Raises:
        InputError: if it is no circuit, records are no bits of this shape, or a bit is written again after a detector
            has read it.
        InsufficientMemoryError: if they do not fit.
        MissingExtraError: if Stim is not installed.
    """
    check_instance(circuit, Circuit, "records are those of a Circuit")
    return parities_of(circuit).of(require_bits("records", records, circuit.num_clbits, "classical bits"))


class RecordedDecoder:
    """Predicts flips of observables from recorded bits: detectors are made of them first.

    Each thread that calls it compiles a decoder of its own, since most serve one at a time only; so does each process
    that it is sent to.

    Attributes:
        clbits: of the circuit, which it takes in this order: those that detectors read.
        num_observables: bits of each prediction.
    """

    def __init__(self, task: ExperimentTask, parities: Parities) -> None:
        rows = parities.members[: parities.num_detectors]
        self.clbits = tuple(int(clbit) for clbit in np.unique(rows.indices))
        odd = parities.odd[: parities.num_detectors]
        self._parities = Parities(rows[:, list(self.clbits)].tocsr(), odd, parities.num_detectors)
        self._task = task
        self._kept = threading.local()
        self.num_observables = self.decoder.num_observables

    @property
    def decoder(self) -> CheckedDecoder:
        """Of the detectors, compiled for this thread."""
        found: CheckedDecoder | None = getattr(self._kept, "decoder", None)
        if found is None:
            found = self._kept.decoder = self._task.compiled()
        return found

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_kept"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._kept = threading.local()

    def __repr__(self) -> str:
        return f"<{self.decoder.name} decoder of {len(self.clbits)} recorded bits>"

    def decode_batch(self, bits: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Predicted flips of the observables, bool (shots, observables), for bits of shape (shots, len(clbits)).

        Raises:
            InputError: if they are no bits of this shape, or no errors of the model give them.
        """
        events, _ = self._parities.of(require_bits("recorded bits", bits, len(self.clbits), "bits"))
        return self.decoder.decode_batch(events)


def recorded_decoder(
    circuit: Circuit,
    decoder: Decoder | str = "matching",
    detector_error_model: stim.DetectorErrorModel | None = None,
) -> RecordedDecoder:
    """A decoder that takes the bits which a circuit records, for ``Circuit.decode`` in the middle of another one.

    Args:
        circuit: with noise, detectors and observables; what is decoded are its detectors.
        decoder: a name of `DECODERS`, or an object with ``compile(model)``.
        detector_error_model: what it is compiled for; that of the circuit, or of its Pauli twirl, if left out.

    Raises:
        InputError: if an argument is none of these, the circuit has no detector or observable, or a bit is written
            again after a detector has read it.
        MissingExtraError: if Stim, or what the decoder needs, is not installed.
    """
    check_instance(circuit, Circuit, "a recorded decoder is made for a Circuit")
    if not circuit.num_detectors:
        raise InputError("a recorded decoder needs detectors, got a circuit without any; see detector()")
    task = ExperimentTask(circuit, decoder, detector_error_model=detector_error_model)
    return RecordedDecoder(task, parities_of(circuit))
