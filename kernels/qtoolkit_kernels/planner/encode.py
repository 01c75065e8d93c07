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
"""

import numpy as np

from qtoolkit_kernels import program
from qtoolkit_kernels._bits import map_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.vector.small.tape import OTHER, SYMBOLIC
from qtoolkit_kernels.vector.trigonometry import HIGHEST, MAX_ANGLES, fill_powers

__all__ = [
    "ANGLES", "ENTRIES", "EXAMPLE_COLUMNS", "GLOBAL", "IS_ABSOLUTE", "MASK", "NUM_COEFFICIENTS",
    "NUM_ENTRIES", "NUM_QUBITS", "OPCODE", "OPERATION_COLUMNS", "QUBITS", "TERMS", "VALUE", "encode",
]  # fmt: skip

EXAMPLE_COLUMNS = 12
(
    OPCODE, QUBITS, NUM_QUBITS, MASK, VALUE, TERMS, NUM_COEFFICIENTS, ENTRIES, NUM_ENTRIES, ANGLES, GLOBAL, IS_ABSOLUTE,
) = range(EXAMPLE_COLUMNS)  # fmt: skip

OPERATION_COLUMNS = 6


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
    operations: Integers,
    qubits: Integers,
    coefficients: Complex,
    table: Integers,
) -> float:
    """Write the operations of a tape of gates.

    Args:
        rows: float64[:, 5], the tape.
        examples: int64[:, 12], of standard gates by number, then of further operations in their order.
        operands, entries: int64[:], see above.
        term_start: int64[:], coefficient c of an example is the sum of the terms ``term_start[c]`` up to the next.
        powers, amplitudes: int64[:, MAX_ANGLES] and complex128[:], the m and c of all terms.
        num_gates: number of standard gates.
        operations: int64[:, 6], receives opcode, control mask and value, and where targets, coefficients and table end.
        qubits, coefficients, table: receive those; coefficients that depend on symbols are 0.

    Returns:
        The global phase of gates without symbols, in radians.
    """
    phase = 0.0
    count = num_qubits = num_coefficients = num_entries = 0
    known = np.empty((MAX_ANGLES, 2 * HIGHEST + 1), np.complex128)
    for i in range(rows.shape[0]):
        row = rows[i]
        code = int(row[0])
        is_symbolic = code >= SYMBOLIC
        number = num_gates + int(row[1]) if code == OTHER else code & (SYMBOLIC - 1)
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
        operation = operations[count]
        operation[0], operation[1], operation[2] = example[OPCODE], mask, value
        operation[3], operation[4], operation[5] = num_qubits, num_coefficients, num_entries
        count += 1
    return phase
