"""A tape of gates as a program, by examples of what each gate comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import STANDARD_GATES, Operation, Parameter, ParameterExpression, ParameterValue, StandardGate
from qtoolkit.circuit.details import DETAIL_WIDTH, MATRIX
from qtoolkit.circuit.gate import Gate, UnitaryGate
from qtoolkit.circuit.tape import OTHER, SYMBOLIC, Tape, gate_numbers
from qtoolkit.compiler.encode import ProgramBuilder
from qtoolkit.compiler.ladders import with_rotations
from qtoolkit.compiler.polynomials import polynomials_of
from qtoolkit.compiler.program import Opcode, ParameterGroup, Program, Slots
from qtoolkit_kernels._jit import runner
from qtoolkit_kernels.planner import encode as kernel
from qtoolkit_kernels.vector.trigonometry import MAX_ANGLES

__all__ = ["program_of"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]


class _Examples(NamedTuple):
    """Arrays as `qtoolkit_kernels.planner.encode` takes them, and the programs that they were made of.

    Those have one operation at most, and for each angle of a standard gate a parameter; of other gates, those without
    parameters have none, and `phase` is what they turn all amplitudes by.
    """

    examples: IntArray
    operands: IntArray
    term_start: IntArray
    powers: IntArray
    amplitudes: ComplexArray
    entries: IntArray
    programs: tuple[Program | None, ...]
    phase: float = 0.0


def program_of(tape: Tape, parameter_index: Mapping[str, int]) -> Program:
    """The program of a tape of gates.

    Args:
        tape: gates alone.
        parameter_index: place of each parameter in the vector of values.
    """
    rows = with_rotations(tape.rows()) if tape.symbols else tape.rows()
    others = _Others.of(tape, rows) if tape.others else _NO_OTHERS
    found = _standard_examples()
    if tape.symbols or len(others.is_matrix) > np.count_nonzero(others.is_matrix):
        found = _examples_with(tape.others, others.is_matrix, parameter_index)
    call, num_gates = runner(len(rows)), len(STANDARD_GATES)
    num_operations, num_qubits, num_coefficients, num_entries = call(
        kernel.measure, rows, found.examples, num_gates, others.details, others.is_matrix
    )
    operations = np.empty((kernel.OPERATION_COLUMNS, 1 + num_operations), np.int64)
    qubits, table = np.empty(num_qubits, np.int64), np.empty(num_entries, np.int64)
    coefficients = np.empty(num_coefficients, np.complex128)
    arrays = rows, *found[:6], num_gates, *others, operations, qubits, coefficients, table
    phase, num_coefficients = call(kernel.encode, *arrays)
    writer = _Symbols(phase + found.phase, parameter_index)
    if tape.symbols or found.programs is not _standard_examples().programs:
        writer.add_tape(tape, rows, found, operations[4])
    opcodes, masks, values, qubit_start, coefficient_start, table_start = operations
    return Program(
        opcodes=opcodes[1:],
        qubits=qubits,
        qubit_start=qubit_start,
        control_masks=masks[1:],
        control_values=values[1:],
        constant_coefficients=coefficients[:num_coefficients],
        coefficient_start=coefficient_start,
        table=table,
        table_start=table_start,
        slots=writer.slots(),
        groups=writer.groups(),
        phase_slot=0,
    )


class _Others(NamedTuple):
    """What numbers say of the operations of a tape that are no rows.

    Attributes:
        details, entries: float64[:, 6] and float64[:], as of a tape.
        is_matrix: int64[:], of each operation whether it is a matrix without controls, of which they say all.
    """

    details: FloatArray
    entries: FloatArray
    is_matrix: IntArray

    @classmethod
    def of(cls, tape: Tape, rows: FloatArray) -> _Others:
        """Those of a tape with some."""
        details = np.array(tape.details).reshape(-1, DETAIL_WIDTH)
        is_matrix = np.array([type(operation.gate) is UnitaryGate for operation in tape.others], np.int64)
        if not tape.is_told:
            place, detail = rows[rows[:, 0] == OTHER, 1:3].astype(np.int64).T
            is_matrix[place] &= details[detail, 0] == MATRIX
        return cls(details, np.array(tape.entries), is_matrix)


_NO_OTHERS = _Others(np.zeros((0, DETAIL_WIDTH)), np.zeros(0), np.zeros(0, np.int64))


class _Symbols:
    """Collects the angles that parameters enter, and what depends on them.

    Args:
        phase: the global phase that depends on none.
        parameter_index: place of each parameter in the vector of values.
    """

    def __init__(self, phase: float, parameter_index: Mapping[str, int]) -> None:
        self._parameter_index = parameter_index
        self._constants = np.array([phase])
        self._terms: list[tuple[IntArray, IntArray, FloatArray]] = []
        """Slots, parameters, and the coefficients between them."""
        self._groups: dict[object, list[ParameterGroup]] = {}
        """By how coefficients are computed."""

    def add_tape(self, tape: Tape, rows: FloatArray, found: _Examples, coefficient_start: IntArray) -> None:
        """Add all of a tape's gates with symbols, those of one kind together.

        Args:
            tape: the gates.
            rows: its rows.
            found: what examples there are.
            coefficient_start: of the operations.
        """
        numbers = gate_numbers(rows)
        if tape.others:
            numbers = np.where(numbers == OTHER, len(STANDARD_GATES) + rows[:, 1].astype(np.int64), numbers)
        operation_of = np.cumsum(found.examples[numbers, kernel.OPCODE] >= 0) - 1
        places = np.flatnonzero((rows[:, 0] >= SYMBOLIC) | (rows[:, 0] == OTHER))
        kinds, firsts = numbers[places], rows[places, -1].astype(np.int64)
        starts = coefficient_start[np.minimum(operation_of[places], coefficient_start.size - 1)]
        angles = _Angles.of(tape.symbols, self._parameter_index)
        for number in np.unique(kinds).tolist():
            program, chosen = found.programs[number], kinds == number
            if program is not None:
                is_standard = number < len(STANDARD_GATES)
                self._add(program, starts[chosen], angles if is_standard else None, firsts[chosen])

    def _add(self, program: Program, starts: IntArray, angles: _Angles | None, firsts: IntArray) -> None:
        """Add gates of one example, whose parameters are angles, or else the circuit's.

        Args:
            program: of the example.
            starts: the first coefficient of each gate.
            angles: of the tape, if they are the parameters.
            firsts: the first angle of each gate.
        """
        own, num_gates = program.slots, len(starts)
        size = own.constant.size - 1
        moved = self._constants.size - 1 + size * np.arange(num_gates)[:, None]
        slots = np.where(own.slot > 0, own.slot + moved, 0)
        self._constants = np.concatenate([self._constants, np.tile(own.constant[1:], num_gates)])
        self._constants[0] += num_gates * own.constant[0]
        coefficients = np.broadcast_to(own.coefficient, slots.shape).ravel()
        if angles is None:
            self._terms.append((slots.ravel(), np.tile(own.parameter, num_gates), coefficients))
        else:
            used = (firsts[:, None] + own.parameter).ravel()
            np.add.at(self._constants, slots.ravel(), coefficients * angles.constants[used])
            counts = np.diff(angles.start)[used]
            which = np.repeat(np.arange(used.size), counts)
            terms = angles.start[used][which] + np.arange(which.size) - (np.cumsum(counts) - counts)[which]
            scaled = coefficients[which] * angles.coefficients[terms]
            self._terms.append((slots.ravel()[which], angles.parameters[terms], scaled))
        for group in program.groups:
            positions = group.positions + starts[:, None]
            found = ParameterGroup(group.coefficients, group.slots + moved, positions, group.record)
            self._groups.setdefault(group.coefficients, []).append(found)

    def slots(self) -> Slots:
        """All angles."""
        none = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        if not self._terms:
            return Slots(self._constants, *none)
        slot, parameter, coefficient = (np.concatenate(arrays) for arrays in zip(none, *self._terms, strict=True))
        return Slots(self._constants, slot, parameter, coefficient)

    def groups(self) -> tuple[ParameterGroup, ...]:
        """Operations of one kind together."""
        return tuple(
            replace(
                found[0],
                slots=np.concatenate([group.slots for group in found]),
                positions=np.concatenate([group.positions for group in found]),
            )
            for found in self._groups.values()
        )


class _Angles(NamedTuple):
    """Angles of a tape: constants, and of each where its parameters and their coefficients begin."""

    constants: FloatArray
    start: IntArray
    parameters: IntArray
    coefficients: FloatArray

    @classmethod
    def of(cls, symbols: Sequence[ParameterValue], parameter_index: Mapping[str, int]) -> _Angles:
        """Take angles apart."""
        constants, sizes = [], [0]
        names: list[str] = []
        coefficients: list[float] = []
        for angle in symbols:
            if isinstance(angle, ParameterExpression):
                constants.append(angle.constant)
                names += angle.terms
                coefficients += angle.terms.values()
            else:
                constants.append(angle)
            sizes.append(len(names))
        parameters = np.array([parameter_index[name] for name in names], np.int64)
        return cls(np.array(constants, float), np.array(sizes), parameters, np.array(coefficients, float))


@cache
def _standard_examples() -> _Examples:
    """Those of the standard gates."""
    programs = []
    for record in STANDARD_GATES.values():
        names = [str(k) for k in range(record.num_params)]
        gate = StandardGate(record, [Parameter(name) for name in names])
        builder = ProgramBuilder({name: k for k, name in enumerate(names)})
        builder.add(gate, tuple(range(record.num_qubits)))
        programs.append(builder.build())
    found = _joined(programs, [[k] * program.num_operations for k, program in enumerate(programs)], is_absolute=False)
    for row, program, record in zip(found.examples, programs, STANDARD_GATES.values(), strict=True):
        row[kernel.ANGLES] = 1 + record.num_qubits
        row[kernel.GLOBAL] = not program.num_operations and program.slots.slot.size > 0
    return found._replace(programs=tuple(programs))


def _examples_with(others: Sequence[Operation], is_matrix: IntArray, parameter_index: Mapping[str, int]) -> _Examples:
    """Those of the standard gates, and of further operations where they stand; of matrices, the opcode alone."""
    standard = _standard_examples()
    if not others:
        return standard
    # Those without parameters are one program: it takes longer to begin one than to add a gate.
    constant = ProgramBuilder({})
    own: list[Program | None] = []
    rows: list[int] = []
    for number, (operation, is_told) in enumerate(zip(others, is_matrix.tolist(), strict=True)):
        gate, program = operation.gate, None
        if isinstance(gate, Gate) and not is_told:
            if gate.params and gate.expressions:
                builder = ProgramBuilder(parameter_index)
                builder.add(gate, operation.qubits)
                program = builder.build()
            else:
                constant.add(gate, operation.qubits)
                rows += [number] * (constant.num_operations - len(rows))
        own.append(program)
    shared = constant.build()
    programs = [shared, *(program for program in own if program is not None)]
    places = [rows, *([k] * program.num_operations for k, program in enumerate(own) if program is not None)]
    added = _joined(programs, places, is_absolute=True, size=len(others))
    examples = added.examples
    examples[is_matrix > 0, kernel.OPCODE] = Opcode.DENSE_KQ
    examples[:, kernel.QUBITS] += standard.operands.size
    examples[:, kernel.TERMS] += standard.term_start.size - 1
    examples[:, kernel.ENTRIES] += standard.entries.size
    return _Examples(
        np.concatenate([standard.examples, examples]),
        np.concatenate([standard.operands, added.operands]),
        np.concatenate([standard.term_start[:-1], added.term_start + standard.amplitudes.size]),
        np.concatenate([standard.powers, added.powers]),
        np.concatenate([standard.amplitudes, added.amplitudes]),
        np.concatenate([standard.entries, added.entries]),
        (*standard.programs, *own),
        float(shared.slots.constant[0]),
    )


def _joined(
    programs: Sequence[Program], rows: Sequence[Sequence[int]], is_absolute: bool, size: int | None = None
) -> _Examples:
    """Examples of the operations of programs.

    Args:
        programs: whose arrays follow each other.
        rows: the number of the example that each operation of each program is.
        is_absolute: whether qubits are those of the circuit.
        size: how many examples there are; as many as programs by default.
    """
    examples = np.zeros((len(programs) if size is None else size, kernel.EXAMPLE_COLUMNS), np.int64)
    examples[:, kernel.OPCODE], examples[:, kernel.IS_ABSOLUTE] = -1, is_absolute
    num_operands = num_entries = num_coefficients = 0
    for program, places in zip(programs, rows, strict=True):
        columns = {
            kernel.OPCODE: program.opcodes,
            kernel.MASK: program.control_masks,
            kernel.VALUE: program.control_values,
            kernel.QUBITS: num_operands + program.qubit_start[:-1],
            kernel.NUM_QUBITS: np.diff(program.qubit_start),
            kernel.ENTRIES: num_entries + program.table_start[:-1],
            kernel.NUM_ENTRIES: np.diff(program.table_start),
            kernel.TERMS: num_coefficients + program.coefficient_start[:-1],
            kernel.NUM_COEFFICIENTS: np.diff(program.coefficient_start),
        }
        for column, values in columns.items():
            examples[places, column] = values
        num_operands += program.qubits.size
        num_entries += program.table.size
        num_coefficients += program.constant_coefficients.size
    terms = [_terms_of(program, is_absolute) for program in programs]
    return _Examples(
        examples,
        np.concatenate([program.qubits for program in programs]),
        np.concatenate([[0], np.cumsum(np.concatenate([lengths for lengths, _, _ in terms]))]),
        np.concatenate([powers for _, powers, _ in terms]),
        np.concatenate([amplitudes for _, _, amplitudes in terms]),
        np.concatenate([program.table for program in programs]),
        (),
    )


def _terms_of(program: Program, is_absolute: bool) -> tuple[IntArray, IntArray, ComplexArray]:
    """The terms of all coefficients: how many each has, their powers and their amplitudes."""
    size = program.constant_coefficients.size
    if is_absolute or not program.groups:
        return np.ones(size, np.int64), np.zeros((size, MAX_ANGLES), np.int64), program.constant_coefficients
    (group,) = program.groups
    found = polynomials_of(group.coefficients, group.slots.shape[1])
    assert found is not None  # a test looks at all standard gates
    terms, amplitudes = found
    order = np.argsort(terms[:, 0], kind="stable")
    return np.bincount(terms[:, 0], minlength=size), np.ascontiguousarray(terms[order, 1:]), amplitudes[order]
