"""`Calibration`: what was measured of a device's qubits and gates, in seconds and probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from qtoolkit._arguments import check_instance, check_integer, check_number, is_integer, items_of, shown
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.noise import NoiseModel

__all__ = ["Calibration", "GateCalibration", "QubitCalibration"]

MOST_QUBITS = 100_000
FORMAT = 1


@dataclass(frozen=True)
class QubitCalibration:
    """One qubit; what was not measured is None.

    Attributes:
        t1: relaxation time in seconds.
        t2: dephasing time in seconds.
        p1_given_0: probability to read 1 where 0 is.
        p0_given_1: probability to read 0 where 1 is.
        readout_duration: of a measurement, in seconds.

    Raises:
        InputError: if a time is not positive and finite, or a probability not in [0, 1].
    """

    t1: float | None = None
    t2: float | None = None
    p1_given_0: float | None = None
    p0_given_1: float | None = None
    readout_duration: float | None = None

    def __post_init__(self) -> None:
        _check_time("t1", self.t1)
        _check_time("t2", self.t2)
        _check_probability("p1_given_0", self.p1_given_0)
        _check_probability("p0_given_1", self.p0_given_1)
        _check_duration("readout_duration", self.readout_duration)


@dataclass(frozen=True)
class GateCalibration:
    """One gate on its qubits; what was not measured is None.

    Attributes:
        name: as in circuits of this toolkit, such as ``"cx"``; None for every gate on so many qubits that has no entry
            of its own there and is not done by changing frames.
        num_qubits: that it acts on, 1 or 2.
        qubits: on which ones, in order; None for any.
        error: 1 minus the average gate fidelity.
        duration: in seconds.

    Raises:
        InputError: if one of them is none of these.
    """

    name: str | None
    num_qubits: int
    qubits: tuple[int, ...] | None = None
    error: float | None = None
    duration: float | None = None

    def __post_init__(self) -> None:
        if self.name is not None and (not isinstance(self.name, str) or not self.name):
            raise InputError(f"a gate's name is a string or None, got {shown(self.name)}")
        check_integer(self.num_qubits, "the number of a gate's qubits", 1, 2)
        if self.qubits is not None:
            rule = f"a calibrated gate on {self.num_qubits} qubits has so many distinct ones"
            if not isinstance(self.qubits, tuple) or not all(
                is_integer(qubit) and 0 <= qubit < MOST_QUBITS for qubit in self.qubits
            ):
                raise InputError(f"{rule}, integers of at least 0, got {shown(self.qubits)}")
            if len(set(self.qubits)) != self.num_qubits or len(self.qubits) != self.num_qubits:
                raise InputError(f"{rule}, got {shown(self.qubits)}")
        _check_probability("a gate's error", self.error)
        _check_duration("a gate's duration", self.duration)

    @property
    def is_dead(self) -> bool:
        """Whether its output is no better than chance: providers say so by an error of 1."""
        most = 1.0 - 0.5**self.num_qubits
        return self.error is not None and self.error >= most


@dataclass(frozen=True)
class Calibration:
    """What a provider measured of a device.

    Attributes:
        device: as the provider calls it.
        source: whose form it was read from: ``"ibm"``, ``"google"``, ``"braket"``, ``"origin"``, ``"iqm"``.
        taken_at: when it was measured, with its time zone; None where the provider does not say.
        num_qubits: one more than the highest number of a qubit.
        qubits: by number; a device may lack some.
        gates: at most one entry for each name and qubits, in their order.
        coupling: pairs of qubits that two-qubit gates act on; None where any do, or the provider does not say.
        frames: gates that are done by changing frames, without time or error.
        labels: the provider's names of the qubits 0, 1, ..., where they are other than their numbers.
        remarks: what the provider's data held and makes no sense: each is left out, and said here.

    Raises:
        InputError: if a qubit's number is too high, or an attribute is of another kind.
    """

    device: str
    source: str
    taken_at: datetime | None
    num_qubits: int
    qubits: Mapping[int, QubitCalibration]
    gates: tuple[GateCalibration, ...] = ()
    coupling: frozenset[tuple[int, int]] | None = None
    frames: frozenset[str] = frozenset()
    labels: tuple[str, ...] | None = None
    remarks: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        check_instance(self.device, str, "a device's name is a string")
        check_instance(self.source, str, "the source of a calibration is a string")
        if self.taken_at is not None:
            check_instance(self.taken_at, datetime, "the time of a calibration is a datetime")
        count = check_integer(self.num_qubits, "num_qubits", 1, MOST_QUBITS)
        used = {qubit for gate in self.gates for qubit in gate.qubits or ()}.union(self.qubits)
        used.update(qubit for pair in self.coupling or () for qubit in pair)
        if not all(is_integer(qubit) and 0 <= qubit < count for qubit in used):
            raise InputError(
                f"qubits of {self.device} are numbered 0 to {count - 1}, got {shown(sorted(used, key=str))}"
            )
        for what, texts in (("frames", self.frames), ("labels", self.labels or ()), ("remarks", self.remarks)):
            if not all(isinstance(text, str) for text in texts):
                raise InputError(f"{what} of a calibration are strings, got {shown(texts)}")
        ordered = sorted(self.gates, key=lambda gate: (gate.name or "", gate.num_qubits, gate.qubits or ()))
        object.__setattr__(self, "gates", tuple(ordered))
        if self.labels is not None and len(self.labels) != count:
            raise InputError(f"{self.device} has {count} qubits, got labels of {len(self.labels)}")

    def __hash__(self) -> int:
        return hash((self.device, self.source, self.taken_at, self.num_qubits, self.gates))

    def gate(self, name: str | None, qubits: Sequence[int]) -> GateCalibration | None:
        """What is known of a gate on qubits: its own entry, or the one that stands for it; None where there is none.

        Args:
            name: of the gate.
            qubits: its operands, in order.

        Raises:
            InputError: if the name is no string, or the operands are no one or two integers.
        """
        from qtoolkit.backends.calibration.lookup import Lookup

        if name is not None:
            check_instance(name, str, "a gate's name is a string or None")
        operands = tuple(items_of(qubits, "a gate's operands are a sequence of integers"))
        if len(operands) not in (1, 2) or not all(is_integer(qubit) for qubit in operands):
            raise InputError(f"a calibrated gate has one or two qubits, integers, got {shown(operands)}")
        return Lookup(self).entry(name, operands)

    @property
    def dead(self) -> tuple[GateCalibration, ...]:
        """Gates that do not work, by their errors."""
        return tuple(gate for gate in self.gates if gate.is_dead)

    @property
    def is_uniform(self) -> bool:
        """Whether all qubits, and all pairs, are alike, so that it makes no difference which a circuit is on."""
        alike = len(set(self.qubits.values())) <= 1 and len(self.qubits) in (0, self.num_qubits)
        return alike and self.coupling is None and all(gate.qubits is None for gate in self.gates)

    def noise_model(self, qubits: Iterable[int | str] | None = None, *, full_relaxation: bool = False) -> NoiseModel:
        """The noise of circuits that are already in the device's gates, on its qubits.

        A gate is followed by depolarising noise and by relaxation of its qubits over its duration, such that both
        together have the gate's average error; where relaxation alone has more, it is cut short. A gate without an
        entry has that of the best one on its qubits. Measurements are misread with the probabilities of their
        qubits. What waits stays as it is. A gate of error 1 leaves nothing of its qubits' state. T2 above ``2 T1``
        counts as ``2 T1``.

        Args:
            qubits: the device's qubits that are qubit 0, 1, ... of the circuits, by number or label; by default the
                circuits have the device's numbers.
            full_relaxation: whether relaxation is never cut short, and a gate's error may be above the one measured, as
                in Qiskit Aer's models.

        Raises:
            InputError: if the device has no such qubit, or one stands twice.
        """
        from qtoolkit.backends.calibration.rules import noise_of

        return noise_of(self, qubits, full_relaxation)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types; `from_json` reads it."""
        by_name: dict[str, list[list[Any]]] = {}
        for gate in self.gates:
            entry = [gate.num_qubits, None if gate.qubits is None else list(gate.qubits), gate.error, gate.duration]
            by_name.setdefault(gate.name or "", []).append(entry)
        return {
            "format": FORMAT,
            "device": self.device,
            "source": self.source,
            "taken_at": None if self.taken_at is None else self.taken_at.isoformat(),
            "num_qubits": self.num_qubits,
            "qubits": {
                str(number): [qubit.t1, qubit.t2, qubit.p1_given_0, qubit.p0_given_1, qubit.readout_duration]
                for number, qubit in self.qubits.items()
            },
            "gates": by_name,
            "coupling": None if self.coupling is None else [list(pair) for pair in sorted(self.coupling)],
            "frames": sorted(self.frames),
            "labels": None if self.labels is None else list(self.labels),
            "remarks": list(self.remarks),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What `to_json` wrote.

        Raises:
            InputError: if it is anything else, or of a later version.
        """
        check_instance(data, Mapping, "a calibration is read from a mapping")
        if data.get("format") != FORMAT:
            raise InputError(f"this version reads calibrations of format {FORMAT}, got {shown(data.get('format'))}")
        try:
            taken_at, coupling, labels = data["taken_at"], data["coupling"], data["labels"]
            return cls(
                data["device"],
                data["source"],
                None if taken_at is None else datetime.fromisoformat(taken_at),
                data["num_qubits"],
                {int(number): QubitCalibration(*values) for number, values in data["qubits"].items()},
                tuple(
                    GateCalibration(name or None, size, None if qubits is None else tuple(qubits), error, duration)
                    for name, entries in data["gates"].items()
                    for size, qubits, error, duration in entries
                ),
                None if coupling is None else frozenset((a, b) for a, b in coupling),
                frozenset(data["frames"]),
                None if labels is None else tuple(labels),
                tuple(data["remarks"]),
            )
        except InputError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"this is no calibration in JSON: {type(error).__name__}: {error}") from error


def _check_time(name: str, value: float | None) -> None:
    if value is not None:
        check_number(value, name, kind="a positive, finite time in seconds", accept=lambda x: 0.0 < x < math.inf)


def _check_duration(name: str, value: float | None) -> None:
    if value is not None:
        check_number(value, name, kind="a finite time in seconds of at least 0", accept=lambda x: 0.0 <= x < math.inf)


def _check_probability(name: str, value: float | None) -> None:
    if value is not None:
        check_number(value, name, kind="a probability, 0 to 1", accept=lambda x: 0.0 <= x <= 1.0)
