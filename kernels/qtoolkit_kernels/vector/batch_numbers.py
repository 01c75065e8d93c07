"""Registers of a batch: from the coefficients of every member's gates to what the rows of its block program read.

Matrices are multiplied, one-qubit products split and phases collected as for single states (`numbers`), member by
member; each number then goes to the member's lane. Costs some 20 to 100 nanoseconds a gate and member.
"""

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.vector.batch_block import COUNT, DENSE, DIAGONAL, OPCODE, PAULI, PHASE, ROTATE, SOURCE, START
from qtoolkit_kernels.vector.numbers import add_term, multiply_dense, multiply_products

__all__ = ["fill_batch_registers", "write_rotations"]


@njit
def write_rotations(row: Integers, angles: Floats, smallest: float, lanes: int, place: int, registers: Reals) -> None:
    """Write the tangents of a row of rotations, and for the last one cosine and sine times the cosines left out.

    A cosine counts as at least `smallest`, which is less than the rounding of a rotation by a right angle.
    """
    scale = 1.0
    last = row[COUNT] - 1
    for k in range(last):
        cosine, sine = max(angles[row[SOURCE + k], 0], smallest), angles[row[SOURCE + k], 1]
        registers[place + k * lanes] = sine / cosine
        scale *= cosine
    registers[place + last * lanes] = scale * angles[row[SOURCE + last], 0]
    registers[place + (last + 1) * lanes] = scale * angles[row[SOURCE + last], 1]


@njit
def write_polynomial(
    partners: Integers,
    constant: complex,
    linear: Complex,
    pairs: Complex,
    lanes: int,
    place: int,
    registers: Reals,
) -> None:
    """Write a polynomial of phases in the order in which `batch_block.apply_phases` reads it."""
    registers[place], registers[place + lanes] = constant.real, constant.imag
    place += 2 * lanes
    for i in range(linear.size):
        registers[place], registers[place + lanes] = linear[i].real, linear[i].imag
        place += 2 * lanes
    for i in range(linear.size):
        for j in range(i):
            if partners[i] >> j & 1:
                registers[place], registers[place + lanes] = pairs[i, j].real, pairs[i, j].imag
                place += 2 * lanes


@njit
def fill_batch_registers(
    coefficients: Complex,
    product_start: Integers,
    product_factors: Integers,
    dense_start: Integers,
    dense_factors: Integers,
    terms: Integers,
    partners: Integers,
    operations: Integers,
    lanes: int,
    lane: int,
    angles: Floats,
    phases: Complex,
    matrices: Complex,
    constants: Complex,
    linear: Complex,
    pairs: Complex,
    registers: Reals,
) -> complex:
    """Compute the numbers of one member.

    Args:
        coefficients: complex128, of its gates and then the planner's constants.
        product_start, product_factors, dense_start, dense_factors, terms: see `numbers`.
        partners: int64[polynomials, qubits], see `batch_block.apply_phases`.
        operations: rows.
        lanes, lane: members in a register, and the place of this one.
        angles, phases, matrices, constants, linear, pairs: scratch, see `numbers.fill_numbers`.
        registers: receives the numbers.

    Returns:
        What the operations leave out, a phase.
    """
    factor = multiply_products(coefficients, product_start, product_factors, angles, phases)
    multiply_dense(coefficients, dense_start, dense_factors, matrices)
    constants[:] = 1.0
    linear[:] = 1.0
    pairs[:] = 1.0
    for t in range(terms.shape[0]):
        add_term(coefficients, phases, terms[t], constants, linear, pairs)
    smallest = 1e-17 if registers.itemsize == 8 else 1e-8
    for i in range(operations.shape[0]):
        row = operations[i]
        opcode = row[OPCODE]
        place = row[START] * lanes + lane
        source, detail = row[SOURCE], row[SOURCE + 1]
        if opcode == ROTATE:
            write_rotations(row, angles, smallest, lanes, place, registers)
        elif opcode == DENSE:
            for k in range(16):
                entry = matrices[source, k]
                registers[place + 2 * k * lanes] = entry.real
                registers[place + (2 * k + 1) * lanes] = entry.imag
        elif opcode == PHASE:
            # detail: a coefficient, or the phase before or after the rotation of a product.
            entry = coefficients[source] if detail == 0 else phases[source, detail - 1]
            registers[place], registers[place + lanes] = entry.real, entry.imag
        elif opcode == PAULI:
            # source: where cosine and sine of half the angle stand; detail: the sine's sign.
            registers[place] = coefficients[source].real
            registers[place + lanes] = coefficients[source + 1].real * detail
        elif opcode == DIAGONAL:
            write_polynomial(
                partners[source], constants[source], linear[source], pairs[source], lanes, place, registers
            )
    return factor
