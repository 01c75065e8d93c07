"""From the rows of a circuit's tape to the arrays of a program.

What a gate comes to is told by examples: the operation that `qtoolkit_kernels.program` would run for it on its own
operands, and its coefficients as trigonometric polynomials ``Σ c exp(i Σ m_j θ_j / 2)``.

| column of an example | |
|---|---|
| OPCODE | of the operation; -1 if there is none |
| QUBITS, NUM_QUBITS | where its targets begin in `operands`, and how many they are |
| MASK, VALUE | its controls and their values |
| TERMS, NUM_COEFFICIENTS | where its first coefficient stands in `term_start`, and how many there are |
| ENTRIES, NUM_ENTRIES | where its table begins in `entries`, and how many they are |
| ANGLES | operand of its first angle |
| GLOBAL | what a global phase multiplies that angle by, instead of an operation |
| IS_ABSOLUTE | whether its qubits are those of the circuit, not operands |

Matrices without controls need none: they stand beside the tape, in numbers (`vector.small.tape.Details`).
"""

import numpy as np

from qtoolkit_kernels import program
from qtoolkit_kernels._bits import map_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.vector.small.tape import OTHER, SYMBOLIC
from qtoolkit_kernels.vector.small.write import QUBIT_BITS
from qtoolkit_kernels.vector.trigonometry import HIGHEST, MAX_ANGLES, fill_powers

__all__ = [
    "ANGLES", "ENTRIES", "EXAMPLE_COLUMNS", "GLOBAL", "IS_ABSOLUTE", "MASK", "NUM_COEFFICIENTS",
    "NUM_ENTRIES", "NUM_QUBITS", "OPCODE", "OPERATION_COLUMNS", "QUBITS", "TERMS", "VALUE", "encode", "measure",
]  # fmt: skip

EXAMPLE_COLUMNS = 12
(
    OPCODE, QUBITS, NUM_QUBITS, MASK, VALUE, TERMS, NUM_COEFFICIENTS, ENTRIES, NUM_ENTRIES, ANGLES, GLOBAL, IS_ABSOLUTE,
) = range(EXAMPLE_COLUMNS)  # fmt: skip

OPERATION_COLUMNS = 6

FIRST_ENTRY, NUM_TARGETS, TARGETS = range(1, 4)
"""Columns of the details of a matrix."""


@njit
def measure(
    rows: Floats, examples: Integers, num_gates: int, details: Floats, is_matrix: Integers
) -> tuple[int, int, int, int]:
    """How many operations a tape comes to, and of qubits, coefficients and entries of tables at most.

    Args:
        rows, examples, num_gates, details, is_matrix: see `encode`.
    """
    operations = qubits = coefficients = entries = 0
    for i in range(rows.shape[0]):
        code = int(rows[i, 0])
        number = code & (SYMBOLIC - 1)
        if code == OTHER:
            if is_matrix[int(rows[i, 1])]:
                size = int(details[int(rows[i, 2]), NUM_TARGETS])
                operations += 1
                qubits += size
                coefficients += 1 << 2 * size
                continue
            number = num_gates + int(rows[i, 1])
        example = examples[number]
        operations += example[OPCODE] >= 0
        qubits += example[NUM_QUBITS]
        coefficients += example[NUM_COEFFICIENTS]
        entries += example[NUM_ENTRIES]
    return operations, qubits, coefficients, entries


@njit
def _write_matrix(matrix: Floats, size: int, coefficients: Complex) -> int:
    """Write a matrix, its diagonal if all else is 0; how many numbers that takes.

    Args:
        matrix: float64[:], its entries row by row, real and imaginary parts.
        size: how many rows it has.
        coefficients: complex128[:], receives them.
    """
    is_diagonal = True
    for k in range(size * size):
        if k % (size + 1) and (matrix[2 * k] != 0.0 or matrix[2 * k + 1] != 0.0):
            is_diagonal = False
    step, count = (size + 1, size) if is_diagonal else (1, size * size)
    for k in range(count):
        coefficients[k] = complex(matrix[2 * k * step], matrix[2 * k * step + 1])
    return count


@njit
def encode(
    rows: Floats,
    examples: Integers,
    operands: Integers,
    term_start: Integers,
    powers: Integers,
    amplitudes: Complex,
    entries: Integers,
    num_gates: int,
    details: Floats,
    matrices: Floats,
    is_matrix: Integers,
    operations: Integers,
    qubits: Integers,
    coefficients: Complex,
    table: Integers,
) -> tuple[float, int]:
    """Write the operations of a tape of gates.

    Args:
        rows: float64[:, 5], the tape.
        examples: int64[:, 12], of standard gates by number, then of further operations in their order.
        operands, entries: int64[:], see above.
        term_start: int64[:], coefficient c of an example is the sum of the terms ``term_start[c]`` up to the next.
        powers, amplitudes: int64[:, MAX_ANGLES] and complex128[:], the m and c of all terms.
        num_gates: number of standard gates.
        details, matrices: float64[:, 6] and float64[:], the numbers of further operations and their matrices.
        is_matrix: int64[:], of each further operation whether it is a matrix without controls.
        operations: int64[6, 1 + operations], receives from its second column on opcode, control mask and value, and
            where targets, coefficients and table end.
        qubits, coefficients, table: receive those; coefficients that depend on symbols are 0.

    Returns:
        The global phase of gates without symbols, in radians, and how many coefficients there are.
    """
    phase = 0.0
    count = num_qubits = num_coefficients = num_entries = 0
    for column in range(OPERATION_COLUMNS):
        operations[column, 0] = 0
    known = np.empty((MAX_ANGLES, 2 * HIGHEST + 1), np.complex128)
    for i in range(rows.shape[0]):
        row = rows[i]
        code = int(row[0])
        is_symbolic = code >= SYMBOLIC
        number = num_gates + int(row[1]) if code == OTHER else code & (SYMBOLIC - 1)
        if code == OTHER and is_matrix[int(row[1])]:
            detail = details[int(row[2])]
            first, size, packed = int(detail[FIRST_ENTRY]), int(detail[NUM_TARGETS]), int(detail[TARGETS])
            for _ in range(size):
                qubits[num_qubits] = packed & ((1 << QUBIT_BITS) - 1)
                packed >>= QUBIT_BITS
                num_qubits += 1
            written = _write_matrix(matrices[2 * first :], 1 << size, coefficients[num_coefficients:])
            num_coefficients += written
            count += 1
            opcode = program.DENSE_1Q if size == 1 else (program.DENSE_2Q if size == 2 else program.DENSE_KQ)
            operations[0, count] = program.DIAGONAL if written == 1 << size else opcode
            operations[1, count] = operations[2, count] = 0
            operations[3, count], operations[4, count] = num_qubits, num_coefficients
            operations[5, count] = num_entries
            continue
        example = examples[number]
        angles = example[ANGLES]
        if example[OPCODE] < 0:
            if example[GLOBAL] and not is_symbolic:
                phase += example[GLOBAL] * row[angles]
            continue
        mask, value = example[MASK], example[VALUE]
        absolute = example[IS_ABSOLUTE]
        for k in range(example[QUBITS], example[QUBITS] + example[NUM_QUBITS]):
            qubits[num_qubits] = operands[k] if absolute else int(row[1 + operands[k]])
            num_qubits += 1
        is_string = example[OPCODE] == program.PAULI_ROTATION and not absolute
        for k in range(example[ENTRIES], example[ENTRIES] + example[NUM_ENTRIES]):
            table[num_entries] = map_bits(entries[k], row[1:]) if is_string else entries[k]
            num_entries += 1
        if mask and not absolute:
            mask, value = map_bits(mask, row[1:]), map_bits(value, row[1:])
        filled = 0
        for c in range(example[TERMS], example[TERMS] + example[NUM_COEFFICIENTS]):
            total = 0.0 + 0.0j
            for t in range(term_start[c], term_start[c + 1]):
                term = amplitudes[t]
                for j in range(MAX_ANGLES):
                    if powers[t, j] and not is_symbolic:
                        if not filled >> j & 1:
                            fill_powers(row[angles + j], known[j])
                            filled |= 1 << j
                        term *= known[j, HIGHEST + powers[t, j]]
                total += term
            coefficients[num_coefficients] = 0.0 if is_symbolic else total
            num_coefficients += 1
        count += 1
        operations[0, count], operations[1, count], operations[2, count] = example[OPCODE], mask, value
        operations[3, count], operations[4, count], operations[5, count] = num_qubits, num_coefficients, num_entries
    return phase, num_coefficients
