"""The operations of a circuit as rows of numbers; an `Operation` is made when somebody looks at one.

A row is five float64: what stands there, and up to four operands. It is written in one step, after what it refers to,
so that whoever copies the rows first, while the circuit grows, has a circuit that there was. A signal may leave symbols
behind that no row refers to. A row takes 40 bytes.

| code | operands |
|---|---|
| number of a standard gate, in the order of `STANDARD_GATES` | its qubits, then its angles |
| the same and `SYMBOLIC` | its qubits, and last the place of its first angle among `symbols` |
| `MEASURE` | qubit, classical bit |
| `RESET` | qubit |
| `OTHER` | place among `others` of an operation that is none of these, and that of its numbers among `details` |
"""

from __future__ import annotations

import math
import operator
from array import array
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from struct import Struct
from typing import NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.channel import KrausChannel
from qtoolkit.circuit.details import DETAIL_WIDTH, DIAGONAL, MATRIX, OPAQUE_DETAIL, detail_of
from qtoolkit.circuit.gate import ControlledGate, Instruction, StandardGate, UnitaryGate, standard_gate
from qtoolkit.circuit.gates import STANDARD_GATES
from qtoolkit.circuit.operation import Barrier, IfElse, Initialize, Measure, Operation, Reset
from qtoolkit.circuit.parameter import Parameter, ParameterExpression, ParameterValue, names_of
from qtoolkit.circuit.readout import ReadoutError
from qtoolkit.circuit.structured_gates import DiagonalGate, PauliRotationGate, PermutationGate

__all__ = [
    "GATE_NUMBERS",
    "MEASURE",
    "OTHER",
    "RESET",
    "SYMBOLIC",
    "WIDTH",
    "Tape",
    "are_finite_floats",
    "gate_numbers",
    "pack_one",
    "pack_row",
    "pack_symbolic_one",
    "pack_symbolic_two",
    "pack_three",
    "pack_two",
]

WIDTH = 5
"""Numbers in a row."""

SYMBOLIC = 1 << 10
"""Added to the number of a gate that has a free parameter."""

MEASURE, RESET, OTHER = -1, -2, -3

_ROW = Struct(f"{WIDTH}d")
pack_row = _ROW.pack
"""A row as bytes."""

pack_one, pack_two, pack_three = Struct("2d24x").pack, Struct("3d16x").pack, Struct("4d8x").pack
"""A row of a code and so many operands, the others zeros."""
pack_symbolic_one, pack_symbolic_two = Struct("2d16xd").pack, Struct("3d8xd").pack
"""A row of a code, so many qubits, and the place of an angle."""

_Row: TypeAlias = tuple[float, float, float, float, float]


class _Shape(NamedTuple):
    """A standard gate: how many qubits, how many operands that are no symbols, the gate itself if it has no angle."""

    num_qubits: int
    num_operands: int
    fixed: StandardGate | None


_RECORDS = tuple(STANDARD_GATES.values())
GATE_NUMBERS: Mapping[str, int] = {record.name: number for number, record in enumerate(_RECORDS)}
_SHAPES = tuple(
    _Shape(r.num_qubits, r.num_qubits + r.num_params, None if r.num_params else StandardGate(r)) for r in _RECORDS
)
_ANGLE_COUNTS = tuple(record.num_params for record in _RECORDS)
_ANGLES_IN = np.array(_ANGLE_COUNTS)
_QUBITS_IN = np.array([*(shape.num_qubits for shape in _SHAPES), 0, 1, 1])  # OTHER, RESET and MEASURE last
_IDLE = tuple((0.0,) * (WIDTH - 1 - used) for used in range(WIDTH))
"""Operands that a row lacks, by how many it has."""
_MEASURE, _RESET = Measure(), Reset()
_OWN = (
    *(UnitaryGate, DiagonalGate, PermutationGate, PauliRotationGate, Barrier, Initialize),
    *(KrausChannel, ReadoutError, *ANNOTATIONS),
)


def gate_numbers(rows: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number of each row's standard gate, symbolic or not; the code, which is negative, of all else."""
    codes = rows[:, 0].astype(np.int64)
    return np.where(codes >= SYMBOLIC, codes - SYMBOLIC, codes)


def are_finite_floats(angles: Iterable[object]) -> bool:
    """Whether these can stand in a row as they are."""
    return all(type(angle) is float and math.isfinite(angle) for angle in angles)


def _content_of(operation: Operation) -> Hashable | None:
    """A key of an operation that is no row; None of one with an instruction of a class not ours."""
    gate = operation.gate
    if type(gate) is IfElse:
        branches = tuple(branch.content for branch in gate.branches)
        return None if None in branches else (gate.condition, branches)
    return operation if _never_changes(gate) else None


def _nbytes_of(gate: Instruction) -> int:
    if type(gate) is IfElse:
        return sum(branch.operations.nbytes for branch in gate.branches)
    holder = gate.base if type(gate) is ControlledGate else gate
    return sum([value.nbytes for value in vars(holder).values() if type(value) is np.ndarray])


def _never_changes(gate: Instruction) -> bool:
    """Whether an instruction is one of ours, and so stays as it is and is equal to no other."""
    kind = type(gate)
    if kind is ControlledGate and isinstance(gate, ControlledGate):
        return _never_changes(gate.base)
    if kind is StandardGate and isinstance(gate, StandardGate):
        return STANDARD_GATES.get(gate.name) is gate.record
    return kind in _OWN


class Tape(Sequence[Operation]):
    """A list of operations.

    Args:
        operations: in time order.

    Attributes:
        words: the rows, one after another.
        symbols: angles of gates with free parameters.
        others: operations that are no rows of numbers.
        details: what these are, as far as numbers tell, see `details`.
        entries: of their matrices and diagonals, real and imaginary parts.
        cuts: how often operations were taken back.
        is_told: whether numbers say all that matters of each operation.
    """

    __slots__ = ("cuts", "details", "entries", "is_told", "others", "symbols", "words")

    def __init__(self, operations: Iterable[Operation] = ()) -> None:
        self.words = array("d")
        self.symbols: list[ParameterValue] = []
        self.others: list[Operation] = []
        self.details = array("d")
        self.entries = array("d")
        self.cuts = 0
        self.is_told = True
        for operation in operations:
            self.append(operation)

    def __len__(self) -> int:
        return len(self.words) // WIDTH

    @overload
    def __getitem__(self, index: int) -> Operation: ...

    @overload
    def __getitem__(self, index: slice) -> list[Operation]: ...

    def __getitem__(self, index: int | slice) -> Operation | list[Operation]:
        if isinstance(index, slice):
            places = range(len(self))[index]
            return [self._operation(_ROW.unpack_from(self.words, _ROW.size * place)) for place in places]
        length, place = len(self), operator.index(index)
        if not -length <= place < length:
            raise IndexError(f"operation index out of range: {place} of {length}")
        return self._operation(_ROW.unpack_from(self.words, _ROW.size * (place % length)))

    def __iter__(self) -> Iterator[Operation]:
        return map(self._operation, _ROW.iter_unpack(self.words.tobytes()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tape):
            return list(self) == other
        # The same operations may have come by other ways, so the quick answer is right only where it is yes.
        if self.words == other.words and self.symbols == other.symbols and self.others == other.others:
            return True
        return len(self) == len(other) and all(left == right for left, right in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return repr(list(self))

    @property
    def nbytes(self) -> int:
        """Bytes of rows and of arrays that gates hold, those in branches included."""
        if self.is_told:  # gates hold what entries do
            return self.words.itemsize * (len(self.words) + len(self.details) + 2 * len(self.entries))
        numbers = len(self.words) + len(self.details) + len(self.entries)
        return self.words.itemsize * numbers + sum([_nbytes_of(operation.gate) for operation in self.others])

    def copy(self) -> Tape:
        """A tape with the same operations."""
        copied = Tape()
        # In this order: what rows refer to is there before them.
        copied.words, copied.symbols = self.words[:], self.symbols[:]
        if self.others:
            copied._take_others(self)
        return copied

    def _take_others(self, other: Tape) -> None:
        self.others, self.details, self.entries = other.others[:], other.details[:], other.entries[:]
        self.is_told = other.is_told

    def repeated(self, times: int) -> Tape:
        """The operations so many times."""
        if not self.words or not times:
            return Tape()
        copied = self.copy()
        copied.words *= times
        return copied

    def append(self, operation: Operation) -> None:
        """Add an operation at the end."""
        gate, qubits = operation.gate, operation.qubits
        kind = type(gate)
        if isinstance(gate, StandardGate) and kind is StandardGate:
            number = GATE_NUMBERS.get(gate.name, -1)
            if number >= 0 and _RECORDS[number] is gate.record:
                self.append_standard(number, qubits, gate.params)
                return
        elif kind is Measure:
            self.words.frombytes(pack_two(MEASURE, qubits[0], operation.clbits[0]))
            return
        elif kind is Reset:
            self.words.frombytes(pack_one(RESET, qubits[0]))
            return
        detail = self._add_other(operation)
        self.words.frombytes(pack_two(OTHER, len(self.others) - 1, detail))

    def _add_other(self, operation: Operation) -> int:
        """Add to `others` and to what is read of them; the place of the detail."""
        detail = detail_of(operation, self.entries)
        self.is_told &= detail is not OPAQUE_DETAIL
        self.details.frombytes(detail)
        self.others.append(operation)
        return len(self.details) // DETAIL_WIDTH - 1

    def append_standard(self, number: int, qubits: tuple[int, ...], params: tuple[ParameterValue, ...]) -> None:
        """Add a standard gate by its number, on qubits and at angles that are known to be right."""
        for angle in params:
            if type(angle) is not float and isinstance(angle, ParameterExpression):
                first = len(self.symbols)
                self.symbols.extend(params)
                self.words.frombytes(pack_row(number + SYMBOLIC, *qubits, *_IDLE[1 + len(qubits)], first))
                return
        self.words.frombytes(pack_row(number, *qubits, *params, *_IDLE[len(qubits) + len(params)]))

    def append_measurements(self, places: Iterable[tuple[int, int]]) -> None:
        """Measure qubits into classical bits, pair by pair; all of them are known to be right."""
        self.words.frombytes(b"".join([pack_two(MEASURE, qubit, clbit) for qubit, clbit in places]))

    def extend(self, other: Tape) -> None:
        """Add all operations of a tape."""
        rows, details = other.rows(), np.array(other.details).reshape(-1, DETAIL_WIDTH)
        others = rows[:, 0] == OTHER
        if others.any():
            rows[others, 1] += len(self.others)
            rows[others, 2] += len(self.details) // DETAIL_WIDTH
            details[np.isin(details[:, 0], (MATRIX, DIAGONAL)), 1] += len(self.entries) // 2
            self.is_told &= other.is_told
            self.entries.extend(other.entries)
            self.details.frombytes(details.tobytes())
            self.others.extend(other.others)
        self._extend(other, rows)

    def extend_moved(
        self, other: Tape, others: Sequence[Operation], qubits: Sequence[int], clbits: Sequence[int]
    ) -> None:
        """Add all operations of a tape on other qubits and bits.

        Args:
            other: what to add.
            others: its `others`, moved already.
            qubits: where each qubit of its rows goes.
            clbits: where each classical bit of its rows goes.
        """
        rows = other.rows()
        numbers = gate_numbers(rows)
        counts = _QUBITS_IN[numbers]
        to_qubits, to_clbits = np.array(qubits, np.float64), np.array(clbits, np.float64)
        for k in range(counts.max(initial=0)):
            column = rows[counts > k, k + 1]
            rows[counts > k, k + 1] = to_qubits[column.astype(np.int64)]
        measured = numbers == MEASURE
        rows[measured, 2] = to_clbits[rows[measured, 2].astype(np.int64)]
        if others:
            here, first = numbers == OTHER, len(self.others)
            places = np.array([self._add_other(operation) for operation in others])
            rows[here, 2] = places[rows[here, 1].astype(np.int64)]
            rows[here, 1] += first
        self._extend(other, rows)

    def _extend(self, other: Tape, rows: NDArray[np.float64]) -> None:
        rows[rows[:, 0] >= SYMBOLIC, WIDTH - 1] += len(self.symbols)
        self.symbols.extend(other.symbols)
        self.words.frombytes(rows.tobytes())

    def placed_others(self) -> list[Operation]:
        """The operations that are no rows of numbers, in time order."""
        if not self.others:
            return []
        rows = self.rows()
        return [self.others[place] for place in rows[rows[:, 0] == OTHER, 1].astype(np.int64).tolist()]

    def bound(self, values: Mapping[str, float]) -> Tape:
        """The tape with parameters replaced by the values under their names."""
        if not self.symbols and not self.others:
            return self.copy()
        numbers = self._numbers(values)
        if numbers is not None:
            return self._with_numbers(numbers)
        result = Tape()
        for row in _ROW.iter_unpack(self.words.tobytes()):
            if row[0] >= SYMBOLIC or row[0] == OTHER:
                operation = self._operation(row)
                gate = operation.gate.bind(values)
                result.append(Operation(gate, operation.qubits, operation.clbits))
            else:
                result.words.frombytes(pack_row(*row))
        return result

    def _numbers(self, values: Mapping[str, float]) -> list[float] | None:
        """The symbols at some values; None unless all are numbers then, and no other operation has any."""
        if any(operation.gate.expressions for operation in self.others):
            return None
        names = names_of(self.symbols)
        if names is not None and values.keys() >= set(names):
            numbers = [values[name] for name in names]
        else:
            bound = [s.bind(values) if isinstance(s, ParameterExpression) else s for s in self.symbols]
            numbers = [number for number in bound if not isinstance(number, ParameterExpression)]
        return numbers if len(numbers) == len(self.symbols) and are_finite_floats(numbers) else None

    def _with_numbers(self, numbers: Sequence[float]) -> Tape:
        """The tape with numbers for all symbols."""
        rows, angles = self.rows(), np.array(numbers)
        places = np.flatnonzero(rows[:, 0] >= SYMBOLIC)
        gates = rows[places, 0].astype(np.int64) - SYMBOLIC
        first, qubits, count = rows[places, WIDTH - 1].astype(np.int64), _QUBITS_IN[gates], _ANGLES_IN[gates]
        rows[places, 0] = gates
        rows[places, WIDTH - 1] = 0.0
        for k in range(count.max(initial=0)):
            here = count > k
            rows[places[here], 1 + qubits[here] + k] = angles[first[here] + k]
        result = Tape()
        result.words.frombytes(rows.tobytes())
        result._take_others(self)
        return result

    def cut(self, length: int) -> None:
        """Keep so many operations, from the first on."""
        self.cuts += 1
        del self.words[WIDTH * length :]

    def rows(self) -> NDArray[np.float64]:
        """A copy of the rows, shape ``(len(self), 5)``."""
        words = self.words[:]
        return np.ndarray((len(words) // WIDTH, WIDTH), np.float64, words)

    def version(self) -> Hashable:
        """Something else whenever the tape has changed, or a branch on it."""
        if self.is_told:
            return len(self.words), self.cuts, ()
        # By type: of abstract classes, asking for an instance takes half a microsecond.
        branches = [op.gate.branches for op in self.others if type(op.gate) is IfElse]
        return len(self.words), self.cuts, tuple([branch.version for both in branches for branch in both])

    def content(self) -> Hashable | None:
        """A key that only tapes with equal operations share; None if there are instructions of a class not ours.

        Annotations count no more than barriers, and all decoders as not ours.
        """
        others = () if self.is_told else tuple(map(_content_of, self.others))
        if None in others:
            return None
        details = (self.details.tobytes(), self.entries.tobytes()) if self.others else ()
        # A name knows its hash.
        symbols = tuple([angle.name if type(angle) is Parameter else angle for angle in self.symbols])
        return self.words.tobytes(), symbols, others, details

    def expressions(self) -> Iterator[ParameterExpression]:
        """All angles with free parameters, in time order."""
        if self.symbols or self.others:
            symbols, counts = self.symbols, _ANGLE_COUNTS  # names of their own are found sooner
            for row in _ROW.iter_unpack(self.words.tobytes()):
                if row[0] >= SYMBOLIC:
                    first = int(row[-1])
                    for angle in symbols[first : first + counts[int(row[0]) - SYMBOLIC]]:
                        if isinstance(angle, ParameterExpression):
                            yield angle
                elif row[0] == OTHER:
                    yield from self.others[int(row[1])].gate.expressions

    def parameters(self) -> dict[str, Parameter]:
        """The free parameters by name, in the order of their first appearance."""
        if not self.symbols and self.is_told:
            return {}
        # Most angles are parameters and no more, each of one row.
        plain = [angle for angle in self.symbols if type(angle) is Parameter]
        if len(plain) == len(self.symbols) and not self.others and self._is_in_order():
            return {parameter.name: parameter for parameter in plain}
        found: dict[str, Parameter] = {}
        for expression in self.expressions():
            for parameter in (expression,) if type(expression) is Parameter else expression.parameters:
                found.setdefault(parameter.name, parameter)
        return found

    def _is_in_order(self) -> bool:
        """Whether each symbol is the first angle of one row, in the order of the rows."""
        words = self.words[:]
        # Of few rows this takes less time than a call of NumPy.
        places = [
            place for code, place in zip(words[::WIDTH], words[WIDTH - 1 :: WIDTH], strict=True) if code >= SYMBOLIC
        ]
        return places == list(range(len(self.symbols)))

    def _operation(self, row: _Row | tuple[float, ...]) -> Operation:
        code = int(row[0])
        if code >= 0:
            num_qubits, num_operands, gate = _SHAPES[code & SYMBOLIC - 1]
            if gate is None:
                if code < SYMBOLIC:
                    params: tuple[ParameterValue, ...] = row[num_qubits + 1 : num_operands + 1]
                else:
                    first = int(row[-1])
                    params = tuple(self.symbols[first : first + num_operands - num_qubits])
                gate = standard_gate(_RECORDS[code & SYMBOLIC - 1], params)
            return Operation(gate, tuple(map(int, row[1 : num_qubits + 1])))
        if code == MEASURE:
            return Operation(_MEASURE, (int(row[1]),), (int(row[2]),))
        if code == RESET:
            return Operation(_RESET, (int(row[1]),))
        return self.others[int(row[1])]
