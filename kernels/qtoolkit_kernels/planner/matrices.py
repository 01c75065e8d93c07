"""Small complex matrices as passes of the planner multiply and split them: of two qubits, row by row, low bit first.

An entry's number is four bits: the column's low and high bit, then the row's.
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.planner.nodes import DETAIL, FORM, NEXT, OTHER, PLACE, QUBIT
from qtoolkit_kernels.vector.numbers import add_factor, small_matrix

__all__ = [
    "ROW",
    "dense_product",
    "determinant",
    "inverse_root",
    "multiply",
    "multiply_factors",
    "one_qubit_parts",
    "power",
    "rect",
    "square",
    "turn",
]

ROW = 2
"""Number of the row's low bit among those of an entry's number."""


@njit
def square(number: complex) -> float:
    """The square of the absolute value."""
    return number.real * number.real + number.imag * number.imag


@njit
def rect(size: float, angle: float) -> complex:
    """The number with an absolute value and an angle."""
    return complex(size * np.cos(angle), size * np.sin(angle))


@njit
def power(number: complex, exponent: float) -> complex:
    """The principal value of a power, 0 of 0."""
    size = square(number)
    if size == 0.0:
        return 0.0j
    return rect(size ** (exponent / 2), exponent * np.arctan2(number.imag, number.real))


@njit
def inverse_root(number: complex) -> complex:
    """The principal value of 1/√z, 0 of 0, without an angle."""
    real, imaginary = abs(number.real), abs(number.imag)
    size = np.sqrt(square(number))
    if size == 0.0:
        return 0.0j
    large = np.sqrt(0.5 * (size + real))
    small = 0.5 * imaginary / large
    if number.real < 0.0:
        large, small = small, large
    return complex(large / size, small / size if number.imag < 0.0 else -small / size)


@njit
def multiply(first: Complex, second: Complex, out: Complex) -> None:
    """Write the product of two matrices into the first 16 numbers of `out`."""
    for i in range(4):
        for j in range(4):
            total = 0.0j
            for k in range(4):
                total += first[4 * i + k] * second[4 * k + j]
            out[4 * i + j] = total


@njit
def turn(matrix: Complex, bit: int, a: complex, b: complex, c: complex, d: complex) -> None:
    """Apply ``[[a, b], [c, d]]`` to a bit of the entries' numbers.

    On a bit of the row that multiplies the matrix by a gate from the left, on a bit of the column by the gate's
    transpose from the right.
    """
    step = 1 << bit
    for i in range(16):
        if i & step == 0:
            x, y = matrix[i], matrix[i + step]
            matrix[i] = a * x + b * y
            matrix[i + step] = c * x + d * y


@njit
def determinant(m: Complex) -> complex:
    """The determinant of a matrix, by the 2x2 ones of its upper and its lower half."""
    total = 0.0j
    for i in range(3):
        for j in range(i + 1, 4):
            # The other two columns.
            k = 0 if i else (1 if j > 1 else 2)
            h = 6 - i - j - k
            upper = m[i] * m[4 + j] - m[j] * m[4 + i]
            lower = m[8 + k] * m[12 + h] - m[8 + h] * m[12 + k]
            total += upper * lower if (i + j) & 1 else -upper * lower
    return total


@njit
def one_qubit_parts(product: Complex, out: Complex, place: int) -> None:
    """Write the one-qubit gates whose product this is, row by row from `place` on; the low one's determinant is 1."""
    best, largest = 0, -1.0
    for block in range(4):
        corner = (block & 2) << 2 | (block & 1) << 1
        size = 0.0
        for k in range(4):
            size += np.sqrt(square(product[corner + (k & 1) + 2 * (k & 2)]))
        if size > largest:
            best, largest = corner, size
    root = power(product[best] * product[best + 5] - product[best + 1] * product[best + 4], -0.5)
    for k in range(4):
        out[place + k] = product[best + (k & 1) + 2 * (k & 2)] * root
    for block in range(4):
        corner = (block & 2) << 2 | (block & 1) << 1
        total = 0.0j
        for k in range(4):
            total += product[corner + (k & 1) + 2 * (k & 2)] * out[place + k].conjugate()
        out[place + 4 + block] = 0.5 * total


@njit
def dense_product(
    coefficients: Complex, factors: Integers, first: int, low: int, product: Complex, work: Complex
) -> None:
    """Multiply the factors of a DENSE.

    Args:
        coefficients: that they name, complex128.
        factors: int64[:, 6], see `nodes`.
        first: the first one of the node, which the others follow.
        low: the lower one of the node's qubits.
        product: complex128, receives the matrix in its first 16 numbers.
        work: complex128[2, 16], overwritten.
    """
    for k in range(16):
        product[k] = 1.0 if k % 5 == 0 else 0.0
    multiply_factors(coefficients, factors, first, low, product, work)


@njit
def multiply_factors(
    coefficients: Complex, factors: Integers, first: int, low: int, product: Complex, work: Complex
) -> None:
    """Let a matrix be followed by the factors of a node; see `dense_product`."""
    matrix, before = work[0], work[1]
    while first >= 0:
        row = factors[first]
        is_high = 0 if row[QUBIT] == low else 1
        if row[OTHER] < 0:
            small_matrix(coefficients, row[FORM], row[PLACE], row[DETAIL], matrix)
            turn(product, ROW + is_high, matrix[0], matrix[1], matrix[2], matrix[3])
        else:
            add_factor(coefficients, row[FORM], row[PLACE], row[DETAIL], 2 + is_high, matrix)
            for k in range(16):
                before[k] = product[k]
            multiply(matrix, before, product)
        first = row[NEXT]
