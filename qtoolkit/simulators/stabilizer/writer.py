"""`to_stim`: a circuit of ours, with its noise, detectors and observables, as a circuit of Stim."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from qtoolkit._arguments import check_flag, check_instance
from qtoolkit._optional import require
from qtoolkit.circuit import (
    Barrier,
    Circuit,
    Detector,
    Gate,
    IfElse,
    Instruction,
    KrausChannel,
    Measure,
    Observable,
    Operation,
    ParityCondition,
    PauliRotationGate,
    ReadoutError,
    Reset,
    StandardGate,
    UnitaryGate,
)
from qtoolkit.circuit.gates import Matrix
from qtoolkit.errors import ConversionError
from qtoolkit.simulators.stabilizer.extensions import Extension, tag_of
from qtoolkit.simulators.stabilizer.gates import TO_STIM

if TYPE_CHECKING:
    import stim

__all__ = ["Written", "to_stim", "written_for_stim"]

QUARTER = math.pi / 2
ANGLE_TOLERANCE = 1e-12
"""How far, in radians, an angle may be from a multiple of π/2 to be taken for it."""

MATRIX_TOLERANCE = 1e-6
"""How far the overlap of a matrix with that of a Clifford gate may be from 1."""

_ROTATIONS: Mapping[str, tuple[str, Mapping[int, str]]] = {
    "rx": ("R_X", {0: "I", 1: "SQRT_X", 2: "X", 3: "SQRT_X_DAG"}),
    "ry": ("R_Y", {0: "I", 1: "SQRT_Y", 2: "Y", 3: "SQRT_Y_DAG"}),
    "rz": ("R_Z", {0: "I", 1: "S", 2: "Z", 3: "S_DAG"}),
    "p": ("R_Z", {0: "I", 1: "S", 2: "Z", 3: "S_DAG"}),
    "rxx": ("R_XX", {0: "II", 1: "SQRT_XX", 3: "SQRT_XX_DAG"}),
    "ryy": ("R_YY", {0: "II", 1: "SQRT_YY", 3: "SQRT_YY_DAG"}),
    "rzz": ("R_ZZ", {0: "II", 1: "SQRT_ZZ", 3: "SQRT_ZZ_DAG"}),
}
"""The extension of a rotation, and Stim's gates by quarter turns; half turns of pairs are two Paulis."""


@dataclass
class _Line:
    """An instruction of Stim that may still get an argument."""

    name: str
    targets: list[int | str]
    arguments: tuple[float, ...] = ()
    tag: str = ""

    def __str__(self) -> str:
        tag = f"[{self.tag}]" if self.tag else ""
        arguments = f"({', '.join(map(repr, self.arguments))})" if self.arguments else ""
        return f"{self.name}{tag}{arguments} {' '.join(map(str, self.targets))}"


@dataclass
class _Record:
    """What was last measured into a classical bit."""

    place: int
    line: _Line
    is_read: bool = field(default=False)
    rate: float = 0.0
    """With which it is 1, of a bit that was never measured."""


class Written(NamedTuple):
    """A circuit as Stim has it.

    Attributes:
        circuit: the same.
        records: by classical bit that is measured, the place in Stim's record of its last measurement.
    """

    circuit: stim.Circuit
    records: Mapping[int, int]


def to_stim(circuit: Circuit, *, tags: bool = False) -> stim.Circuit:
    """Convert to a circuit of Stim.

    - Qubit k is qubit k. Detectors and observables look back to the last measurement into each of their bits; a bit
      that was never measured is 0 and is left out.
    - Gates that are Clifford at their angles become Stim's, up to a global phase; matrices are tried as well.
    - Channels of Paulis become its noise, on three and four qubits a chain of correlated errors. An error of readout
      with equal rates, right after its measurement, becomes that of the measurement. One on a bit that was never
      measured becomes ``MPAD``, and with a channel of Paulis that the bit switches on, a heralded error.
    - Paulis in the branch of a condition on one bit, or on a parity, become feedback.
    - A barrier on all qubits becomes ``TICK``; others are left out.

    Args:
        circuit: with numbers for all parameters.
        tags: write T, rotations and ``u`` as identities with a tag, such as ``I[R_Z(theta=0.3)]``, and rotations that
            are channels as ``I_ERROR[R_Z(theta=0.3)]``, which `from_stim` reads back. Stim itself takes them for
            identities, and its error model for noise that is not there.

    Raises:
        ConversionError: naming the operation and what to do, for gates that are not Clifford, channels that are no
            mixture of Paulis, conditions and readout errors that Stim has not, `initialize` and decoders.
        MissingExtraError: if Stim is not installed.
    """
    check_instance(circuit, Circuit, "to_stim takes a Circuit", ConversionError)
    return written_for_stim(circuit, check_flag(tags, "tags")).circuit


def written_for_stim(circuit: Circuit, tags: bool = False) -> Written:
    """What `to_stim` returns, and where in Stim's record the classical bits are.

    Raises:
        ConversionError, MissingExtraError: as `to_stim`.
    """
    if circuit.parameters:
        names = ", ".join(parameter.name for parameter in circuit.parameters[:5])
        raise ConversionError(f"Stim has no parameters: bind them first, got free {names}")
    return _Writer(circuit, tags, require("stim", extra="qec")).written()


class _Writer:
    def __init__(self, circuit: Circuit, tags: bool, theirs: Any) -> None:
        self._circuit = circuit
        self._tags = tags
        self._theirs = theirs
        self._lines: list[_Line] = []
        self._records: dict[int, _Record] = {}
        self._measured = 0
        self._tableaus: dict[Instruction, Any] = {}

    def written(self) -> Written:
        for number, operation in enumerate(self._circuit.operations):
            try:
                self._add(operation)
            except ConversionError as error:
                raise ConversionError(
                    f"Stim cannot take operation {number}, {operation.gate.name} on {_places(operation)}: {error}"
                ) from error
        # Stim reads a text in a tenth of the time that it takes to append the instructions.
        result = self._theirs.Circuit("\n".join(map(str, self._lines)))
        # A qubit that nothing happens to is one all the same.
        if self._circuit.num_qubits > result.num_qubits:
            result.append("I", [self._circuit.num_qubits - 1], ())
        return Written(result, {clbit: record.place for clbit, record in self._records.items()})

    def _write(self, name: str, targets: Sequence[int | str], *arguments: float, tag: str = "") -> _Line:
        line = _Line(name, list(targets), arguments, tag)
        self._lines.append(line)
        return line

    def _add(self, operation: Operation) -> None:
        gate = operation.gate
        if isinstance(gate, Gate):
            self._gate(gate, operation.qubits)
            return
        for kind, add in _KINDS:
            if isinstance(gate, kind):
                add(self, gate, operation)
                return
        raise ConversionError("it has no such instruction; leave it out, or run the circuit with a simulator of ours")

    # Gates.

    def _gate(self, gate: Gate, qubits: tuple[int, ...]) -> None:
        name = TO_STIM.get(gate.name) if isinstance(gate, StandardGate) else None
        if name is not None:
            self._write(name, qubits)
        elif gate.num_qubits and not self._rotation(gate, qubits) and not self._by_decomposition(gate, qubits):
            self._by_matrix(gate, qubits)

    def _rotation(self, gate: Gate, qubits: tuple[int, ...]) -> bool:
        """Write a rotation; whether it was one."""
        if isinstance(gate, PauliRotationGate):
            (angle,) = _numbers(gate)
            letters = [
                (qubit, letter) for qubit, letter in zip(qubits, reversed(gate.label), strict=True) if letter != "I"
            ]
            if not letters:
                return True
            quarters = _quarters(angle)
            targets = ["*".join(f"{letter}{qubit}" for qubit, letter in letters)]
            if quarters is None:
                self._extension(Extension("R_PAULI", (angle,)), targets)
            elif quarters == 2:
                for qubit, letter in letters:
                    self._write(letter, [qubit])
            elif quarters:
                self._write("SPP" if quarters == 1 else "SPP_DAG", targets)
            return True
        if not isinstance(gate, StandardGate):
            return False
        if gate.name in ("t", "tdg"):
            self._extension(Extension("T" if gate.name == "t" else "T_DAG"), qubits)
            return True
        if gate.name not in _ROTATIONS:
            return False
        (angle,) = _numbers(gate)
        name, by_quarters = _ROTATIONS[gate.name]
        quarters = _quarters(angle)
        if quarters is None:
            self._extension(Extension(name, (angle,)), qubits)
        elif quarters in by_quarters:
            self._write(by_quarters[quarters], qubits)
        else:
            self._write(name[-1], qubits)
        return True

    def _by_decomposition(self, gate: Gate, qubits: tuple[int, ...]) -> bool:
        """Write what a gate that is not known is made of; whether it is made of anything, and that can be written."""
        parts = gate.decomposition()
        if parts is None or self._tableau(gate) is not None:
            return False
        for part, places in parts:
            self._gate(part, tuple([qubits[place] for place in places]))
        return True

    def _by_matrix(self, gate: Gate, qubits: tuple[int, ...]) -> None:
        tableau = self._tableau(gate)
        if tableau is None:
            if self._tags and isinstance(gate, StandardGate) and gate.name == "u":
                self._extension(Extension("U3", _numbers(gate)), qubits)
                return
            raise ConversionError(
                f"{gate.name} is no Clifford gate"
                + ("" if self._tags else "; with tags=True, T and rotations are written as tagged identities")
            )
        for item in tableau.to_circuit():
            self._write(item.name, [qubits[target.value] for target in item.targets_copy()])

    def _tableau(self, gate: Gate) -> Any:
        """Of a gate that is Clifford; None of others, and of those too large to try."""
        if gate.num_qubits > 6:
            return None
        if gate not in self._tableaus:
            matrix = gate.matrix()
            try:
                found = self._theirs.Tableau.from_unitary_matrix(matrix, endian="little")
            except ValueError:
                found = None
            # Stim finds tableaus of matrices that are no Clifford ones, too.
            if found is not None and not _is_same(found.to_unitary_matrix(endian="little"), matrix):
                found = None
            self._tableaus[gate] = found
        return self._tableaus[gate]

    def _extension(self, extension: Extension, targets: Sequence[int | str]) -> None:
        if not self._tags:
            raise ConversionError(
                "it is no Clifford gate; with tags=True it becomes a tagged identity, which `from_stim` reads back"
            )
        carrier, tag = tag_of(extension)
        self._write(carrier, targets, tag=tag)

    # Measurements and what is done with their bits.

    def _measure(self, gate: Measure, operation: Operation) -> None:
        self._records[operation.clbits[0]] = _Record(self._measured, self._write("M", operation.qubits))
        self._measured += 1

    def _readout(self, gate: ReadoutError, operation: Operation) -> None:
        record = self._records.get(operation.clbits[0])
        if gate.num_clbits == 1 and record is None:
            self._pad(operation.clbits[0], gate.flips[0])
            return
        if gate.num_clbits != 1 or gate.flips[0] != gate.flips[1]:
            raise ConversionError(
                "its measurements err as often on 0 as on 1, and each for itself; put a channel before the "
                "measurement, or run the circuit with a simulator of ours"
            )
        if record is None or record.is_read or record.line.name != "M":
            raise ConversionError("a readout error follows its measurement, before anything reads the bit")
        flip, line = gate.flips[0], record.line
        (before,) = line.arguments or (0.0,)
        rate = before * (1.0 - flip) + flip * (1.0 - before)
        if rate > 0.5:
            line.targets = [target[1:] if isinstance(target, str) else f"!{target}" for target in line.targets]
            rate = 1.0 - rate
        line.arguments = (rate,) if rate else ()

    def _pad(self, clbit: int, rate: float) -> None:
        """A bit that nobody measures, 1 with some probability."""
        targets, wrong = ([0], rate) if rate <= 0.5 else ([1], 1.0 - rate)
        line = self._write("MPAD", targets, *([wrong] if wrong else []))
        self._records[clbit] = _Record(self._measured, line, rate=rate)
        self._measured += 1

    def _heralded(self, clbit: int, body: Circuit) -> bool:
        """Make a bit at random the herald of the error that it switches on; whether it is one."""
        record, operations = self._records.get(clbit), list(body.operations)
        if record is None or record.is_read or self._lines[-1] is not record.line or record.line.name != "MPAD":
            return False
        if len(operations) != 1 or not isinstance(operations[0].gate, KrausChannel):
            return False
        ((gate, qubits),) = [(operation.gate, operation.qubits) for operation in operations]
        errors = gate.pauli_probabilities if isinstance(gate, KrausChannel) and gate.num_qubits == 1 else None
        if errors is None:
            return False
        rates = [errors.get(letter, 0.0) for letter in "IXYZ"]
        line = record.line
        line.targets = list(qubits)
        if max(rates) - min(rates) <= 1e-12:
            line.name, line.arguments = "HERALDED_ERASE", (record.rate,)
        else:
            line.name, line.arguments = "HERALDED_PAULI_CHANNEL_1", tuple(record.rate * p for p in rates)
        return True

    def _look_back(self, clbits: Sequence[int]) -> list[str]:
        """Targets for the bits that were measured."""
        targets = []
        for clbit in clbits:
            record = self._records.get(clbit)
            if record is not None:
                record.is_read = True
                targets.append(f"rec[{record.place - self._measured}]")
        return targets

    def _branch(self, gate: IfElse, operation: Operation) -> None:
        condition, branches = gate.condition, gate.branches
        if not isinstance(condition, ParityCondition) and len(condition.clbits) != 1:
            raise ConversionError("its feedback is on one bit or a parity, not on the value of several bits")
        if len(branches) > 1 and len(branches[1].operations):
            raise ConversionError("its feedback has no else; write a second condition")
        if condition.value == 1 and len(condition.clbits) == 1 and self._heralded(condition.clbits[0], branches[0]):
            return
        paulis: list[tuple[str, int]] = []
        for inner in branches[0].operations:
            if not isinstance(inner.gate, StandardGate) or inner.gate.name not in ("x", "y", "z", "id"):
                raise ConversionError(f"its feedback is of the gates X, Y and Z alone, got {inner.gate.name}")
            if inner.gate.name != "id":
                paulis.append((inner.gate.name.upper(), inner.qubits[0]))
        controls = self._look_back(condition.clbits)
        for letter, qubit in paulis:
            if condition.value == 0:
                self._write(letter, [qubit])
            for control in controls:
                self._write("C" + letter, [control, qubit])

    # Annotations and noise.

    def _detector(self, gate: Detector, operation: Operation) -> None:
        self._write("DETECTOR", self._look_back(operation.clbits), *gate.coordinates)

    def _observable(self, gate: Observable, operation: Operation) -> None:
        self._write("OBSERVABLE_INCLUDE", self._look_back(operation.clbits), gate.index)

    def _barrier(self, gate: Barrier, operation: Operation) -> None:
        if gate.num_qubits == self._circuit.num_qubits:
            self._write("TICK", [])

    def _reset(self, gate: Reset, operation: Operation) -> None:
        self._write("R", operation.qubits)

    def _channel(self, gate: KrausChannel, operation: Operation) -> None:
        probabilities = gate.pauli_probabilities
        if probabilities is None:
            if gate.is_unitary and self._tags and (found := _turn(gate.operators[0])) is not None:
                carrier = "I_ERROR" if gate.num_qubits == 1 else "II_ERROR"
                self._write(carrier, operation.qubits, tag=tag_of(found)[1])
                return
            if gate.is_unitary:
                self._gate(UnitaryGate(gate.operators[0]), operation.qubits)
                return
            raise ConversionError("its noise is a mixture of Paulis; take `qtoolkit.noise.twirled` of the channel")
        errors = {label: p for label, p in probabilities.items() if set(label) != {"I"}}
        if not errors:
            return
        certain = [label for label, p in errors.items() if p >= 1.0]
        if certain:
            self._gate(PauliRotationGate(certain[0], math.pi), operation.qubits)
        elif gate.num_qubits == 1:
            self._one_qubit_error(errors, operation.qubits)
        elif gate.num_qubits == 2 and len(errors) > 1:
            if len(errors) == 15 and _all_equal(errors):
                self._write("DEPOLARIZE2", operation.qubits, sum(errors.values()))
            else:
                pairs = (second + first for first in "IXYZ" for second in "IXYZ")
                self._write("PAULI_CHANNEL_2", operation.qubits, *[errors.get(pair, 0.0) for pair in pairs][1:])
        else:
            self._chain(errors, operation.qubits)

    def _one_qubit_error(self, errors: Mapping[str, float], qubits: tuple[int, ...]) -> None:
        if len(errors) == 1:
            ((letter, p),) = errors.items()
            self._write(f"{letter}_ERROR", qubits, p)
        elif len(errors) == 3 and _all_equal(errors):
            self._write("DEPOLARIZE1", qubits, sum(errors.values()))
        else:
            self._write("PAULI_CHANNEL_1", qubits, *[errors.get(letter, 0.0) for letter in "XYZ"])

    def _chain(self, errors: Mapping[str, float], qubits: tuple[int, ...]) -> None:
        """Correlated errors, each under the condition that none before it has happened."""
        left = 1.0
        for place, (label, p) in enumerate(errors.items()):
            letters = _letters(label, qubits)
            targets = [f"{letter}{qubit}" for qubit, letter in letters]
            self._write("ELSE_CORRELATED_ERROR" if place else "E", targets, min(1.0, p / left) if left > 0.0 else 0.0)
            left -= p


def _places(operation: Operation) -> str:
    qubits = ", ".join(map(str, operation.qubits))
    bits = ", ".join(map(str, operation.clbits))
    return " and ".join(part for part in (f"qubits {qubits}" if qubits else "", f"bits {bits}" if bits else "") if part)


def _letters(label: str, qubits: Sequence[int]) -> list[tuple[int, str]]:
    """Qubits with their letters, without those of the identity."""
    return [(qubit, letter) for qubit, letter in zip(qubits, reversed(label), strict=True) if letter != "I"]


def _numbers(gate: Gate) -> tuple[float, ...]:
    return tuple(float(angle) for angle in gate.params)


def _quarters(angle: float) -> int | None:
    """Quarter turns, 0 to 3; None between them."""
    quarters = round(angle / QUARTER)
    return quarters % 4 if abs(angle - quarters * QUARTER) <= ANGLE_TOLERANCE * max(1.0, abs(angle)) else None


def _turn(matrix: Matrix) -> Extension | None:
    """The rotation about X, Y, Z, XX, YY or ZZ that a matrix is up to a phase; None of others."""
    side = len(matrix)
    if side > 4:
        return None
    for letter in "XYZ":
        single = StandardGate(letter.lower()).matrix()
        pauli = single if side == 2 else np.kron(single, single)
        stays, turns = np.trace(matrix) / side, np.trace(pauli @ matrix) / side
        # exp(-iθ/2 P) = cos(θ/2) - i sin(θ/2) P, times a phase
        if abs(abs(stays) ** 2 + abs(turns) ** 2 - 1.0) < 1e-12:
            angle = 2.0 * math.atan2(-(turns * np.conj(stays)).imag / abs(stays), abs(stays)) if stays else math.pi
            return Extension(f"R_{letter * (side // 2)}", (angle,))
    return None


def _is_same(found: Matrix, matrix: Matrix) -> bool:
    """Whether two unitaries are one up to a phase; Stim's has single precision."""
    return bool(abs(abs(np.vdot(found, matrix)) / len(matrix) - 1.0) < MATRIX_TOLERANCE)


def _all_equal(errors: Mapping[str, float]) -> bool:
    values = list(errors.values())
    return max(values) - min(values) <= 1e-12 * max(values)


_KINDS: tuple[tuple[type[Instruction], Callable[[_Writer, Any, Operation], None]], ...] = (
    (Measure, _Writer._measure),
    (Reset, _Writer._reset),
    (Barrier, _Writer._barrier),
    (Detector, _Writer._detector),
    (Observable, _Writer._observable),
    (KrausChannel, _Writer._channel),
    (ReadoutError, _Writer._readout),
    (IfElse, _Writer._branch),
)
