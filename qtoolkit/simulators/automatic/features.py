"""What a circuit holds, as far as the cost of its shots depends on it: one look at the rows of its tape."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import (
    Barrier,
    Circuit,
    Decode,
    Gate,
    IfElse,
    Initialize,
    KrausChannel,
    Measure,
    Operation,
    PauliRotationGate,
    ReadoutError,
    Reset,
)
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.gates import STANDARD_GATES
from qtoolkit.circuit.tape import MEASURE, OTHER, RESET, WIDTH, Tape, gate_numbers
from qtoolkit.compiler import used_qubits
from qtoolkit.simulators.stabilizer.gates import TO_STIM

__all__ = ["NUM_QUBITS", "Features", "features_of", "is_plain", "measures"]

ANGLE_TOLERANCE = 1e-12
"""How far, in quarter turns, a rotation may be from a Clifford gate."""

_CLIFFORD = frozenset(TO_STIM)
_ROTATIONS = frozenset({"rx", "ry", "rz", "p", "rxx", "ryy", "rzz", "rzx"})
_RECORDS = tuple(STANDARD_GATES.values())
_IS_CLIFFORD = np.array([record.name in _CLIFFORD for record in _RECORDS])
_IS_ROTATION = np.array([record.name in _ROTATIONS for record in _RECORDS])
NUM_QUBITS = np.array([record.num_qubits for record in _RECORDS])
_EXPENSIVE = (KrausChannel, ReadoutError, IfElse, Decode, Initialize)


@dataclass(frozen=True)
class Features:
    """What the cost of shots depends on.

    Attributes:
        num_qubits: that may leave ``|0⟩``.
        num_operations: all but barriers and annotations; those of branches count once.
        num_rotations: gates that are not surely Clifford.
        num_channels: channels.
        num_pauli: of these, mixtures of Pauli strings.
        num_errors: expected in a shot: operators of channels that are not the most likely ones.
        num_early: measurements and resets that something follows.
        num_read: classical bits that conditions and decoders read.
    """

    num_qubits: int
    num_operations: int
    num_rotations: int
    num_channels: int
    num_pauli: int
    num_errors: float
    num_early: int
    num_read: int

    @property
    def is_random(self) -> bool:
        """Whether shots part on the way."""
        return self.num_channels > 0 or self.num_early > 0

    @property
    def may_be_clifford(self) -> bool:
        """Whether nothing in it is known to be beyond Clifford gates and Pauli noise."""
        return self.num_rotations == 0 and self.num_pauli == self.num_channels


def is_plain(circuit: Circuit, most_qubits: int) -> bool:
    """Whether a circuit has gates, and measurements behind all of them, and nothing else, and uses few qubits.

    It takes some microseconds.
    """
    tape = circuit.operations
    if circuit.num_qubits > most_qubits and len(used_qubits(tape, circuit.num_qubits)) > most_qubits:
        return False
    if tape.others and any(type(operation.gate) in _EXPENSIVE for operation in tape.others):
        return False
    codes = tape.words[::WIDTH]
    first = codes.index(MEASURE) if MEASURE in codes else len(codes)
    return codes.count(MEASURE) == len(codes) - first and RESET not in codes[:first]


def measures(operations: Iterable[Operation]) -> bool:
    """Whether anything is measured, in branches too."""
    if isinstance(operations, Tape):
        if MEASURE in operations.words[::WIDTH]:
            return True
        operations = operations.others
    return any(
        type(operation.gate) is Measure
        or (
            isinstance(operation.gate, IfElse)
            and any(measures(branch.operations) for branch in operation.gate.branches)
        )
        for operation in operations
    )


def features_of(circuit: Circuit) -> Features:
    """What a circuit without free parameters holds."""
    tape = circuit.operations
    rows = tape.rows()
    numbers = gate_numbers(rows)
    gates = numbers[numbers >= 0]
    angles = rows[numbers >= 0][np.arange(len(gates)), np.minimum(1 + NUM_QUBITS[gates], WIDTH - 1)]
    hard = ~_IS_CLIFFORD[gates] & ~(_IS_ROTATION[gates] & (_from_quarter(angles) <= ANGLE_TOLERANCE))
    found = _Others()
    for operation in tape.others:
        found.add(operation)
    num_rows = int((numbers != OTHER).sum())
    return Features(
        num_qubits=len(used_qubits(tape, circuit.num_qubits)),
        num_operations=num_rows + found.num_operations,
        num_rotations=int(hard.sum()) + found.num_rotations,
        num_channels=found.num_channels,
        num_pauli=found.num_pauli,
        num_errors=found.num_errors,
        num_early=_num_early(rows, numbers, tape.others, circuit) + found.num_early,
        num_read=len(found.read),
    )


def _from_quarter(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    quarters = angles / (math.pi / 2)
    distance: NDArray[np.float64] = np.abs(quarters - np.round(quarters))
    return distance


class _Others:
    """Sums over operations that are no rows of numbers."""

    def __init__(self) -> None:
        self.num_operations = self.num_rotations = self.num_channels = self.num_pauli = self.num_early = 0
        self.num_errors = 0.0
        self.read: set[int] = set()
        self._errors: dict[int, tuple[bool, float]] = {}

    def add(self, operation: Operation) -> None:
        """Count an operation, and those in its branches."""
        gate = operation.gate
        if isinstance(gate, Barrier) or type(gate) in ANNOTATIONS:
            return
        self.num_operations += 1
        if isinstance(gate, KrausChannel):
            self._channel(gate)
        elif isinstance(gate, IfElse):
            self.read.update(gate.condition.clbits)
            for branch in gate.branches:
                for inner in branch.operations:
                    self.add(inner)
        elif isinstance(gate, Decode):
            self.read.update(operation.clbits[: gate.num_in])
        elif isinstance(gate, Measure | Reset):
            self.num_early += 1
        elif isinstance(gate, Initialize) or (isinstance(gate, Gate) and not _may_be_clifford(gate)):
            self.num_rotations += 1

    def _channel(self, channel: KrausChannel) -> None:
        self.num_channels += 1
        known = self._errors.get(id(channel))
        if known is None:
            known = self._errors[id(channel)] = _errors_of(channel)
        self.num_pauli += known[0]
        self.num_errors += known[1]


def _errors_of(channel: KrausChannel) -> tuple[bool, float]:
    """Whether a channel is one of Paulis, and how probable all but its most likely operator are."""
    pauli = channel.pauli_probabilities
    if pauli is not None:
        return True, 1.0 - max(pauli.values())
    weights = [float(np.vdot(operator, operator).real) / len(operator) for operator in channel.operators]
    return channel.is_unitary, 1.0 - max(weights)


def _may_be_clifford(gate: Gate) -> bool:
    if isinstance(gate, PauliRotationGate):
        angle = gate.params[0]
        return isinstance(angle, float) and bool(_from_quarter(np.array(angle)) <= ANGLE_TOLERANCE)
    name = gate.name
    return name in _CLIFFORD or name not in STANDARD_GATES


def _num_early(rows: NDArray[np.float64], numbers: NDArray[np.int64], others: list[Operation], circuit: Circuit) -> int:
    """Resets of qubits that something has happened to, and measurements behind which more than measurements stand on
    their qubit, or something reads their bit.
    """
    places = np.arange(len(rows))
    first, last = np.full(circuit.num_qubits, len(rows)), np.full(circuit.num_qubits, -1)
    for k in range(int(NUM_QUBITS.max())):
        here = (numbers >= 0) & (NUM_QUBITS[np.maximum(numbers, 0)] > k)
        qubits = rows[here, 1 + k].astype(np.int64)
        np.maximum.at(last, qubits, places[here])
        np.minimum.at(first, qubits, places[here])
    read = np.zeros(circuit.num_clbits, np.bool_)
    for place in np.flatnonzero(numbers == OTHER).tolist():
        operation = others[int(rows[place, 1])]
        if isinstance(operation.gate, Barrier) or type(operation.gate) in ANNOTATIONS:
            continue
        on = list(operation.qubits)
        last[on] = np.maximum(last[on], place)
        first[on] = np.minimum(first[on], place)
        if isinstance(operation.gate, IfElse):
            read[list(operation.clbits)] = True
    resets, measured = np.flatnonzero(numbers == RESET), np.flatnonzero(numbers == MEASURE)
    late_resets = resets[first[rows[resets, 1].astype(np.int64)] < resets]
    np.maximum.at(last, rows[late_resets, 1].astype(np.int64), late_resets)
    qubits, clbits = rows[measured, 1].astype(np.int64), rows[measured, 2].astype(np.int64)
    early = (last[qubits] > measured) | read[clbits]
    return int(early.sum()) + len(late_resets)
