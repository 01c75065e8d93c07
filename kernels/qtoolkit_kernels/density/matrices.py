"""From the Pauli coefficients of a density matrix to its entries and back.

For strings P(x, z) = i^|x & z| X^x Z^z, entry ``[j ^ x, j]`` is the Walsh-Hadamard transform over z of
``tr(P ρ) i^|x & z|``, divided by 2^n, at j. All entries take n 4^n additions of complex numbers.

Work items are values of x that differ in their two lowest bits only, so that cache lines are read and written whole.
"""

from qtoolkit_kernels._bits import as_index, count_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.threads import claim_block, finish_block, wait_for_blocks

__all__ = ["fill_coefficients", "fill_matrix", "transform"]

GROUP = 4
"""Values of x that one item stands for, fewer of one qubit."""


@njit
def transform(values: Floats) -> None:
    """Walsh-Hadamard transform in place, not normalised, of float64 of shape ``(2**n,)``."""
    half = 1
    while half < values.size:
        for begin in range(0, values.size, 2 * half):
            for k in range(begin, begin + half):
                low, high = values[as_index(k)], values[as_index(k + half)]
                values[as_index(k)], values[as_index(k + half)] = low + high, low - high
        half *= 2


@njit
def _turned(real: float, imag: float, quarter: int) -> tuple[float, float]:
    """A complex number times i to a power."""
    if quarter & 1:
        real, imag = -imag, real
    return (-real, -imag) if quarter & 2 else (real, imag)


@njit
def fill_matrix(state: Reals, spread: Integers, parts: Floats, out: Complex, turns: Integers, thread: int) -> None:
    """Write a density matrix.

    Args:
        state: coefficients, of which those of strings on the lowest n qubits count.
        spread: int64[2**n], indices with a zero put behind each bit.
        parts: float64[threads, 8, 2**n], working memory.
        out: complex128 or complex64 of shape ``(2**n, 2**n)``.
        turns: two counters.
        thread: the caller's number.
    """
    size = spread.size
    group = min(GROUP, size)
    scale = 1.0 / size
    block = claim_block(turns)
    while block < size // group:
        first = block * group
        for z in range(size):
            for k in range(group):
                x = first + k
                value = float(state[spread[x] | spread[z] << 1])
                real, imag = _turned(value, 0.0, count_bits(x & z))
                parts[thread, k, z], parts[thread, 4 + k, z] = real, imag
        for k in range(group):
            transform(parts[thread, k])
            transform(parts[thread, 4 + k])
        for row in range(size):
            for k in range(group):
                column = row ^ (first + k)
                out[row, column] = complex(parts[thread, k, column] * scale, parts[thread, 4 + k, column] * scale)
        finish_block(turns)
        block = claim_block(turns)
    wait_for_blocks(turns, size // group)


@njit
def fill_coefficients(
    matrix: Complex, spread: Integers, parts: Floats, out: Reals, turns: Integers, thread: int
) -> None:
    """Write the coefficients of a density matrix; arguments as of `fill_matrix`, `matrix` and `out` the other way."""
    size = spread.size
    group = min(GROUP, size)
    block = claim_block(turns)
    while block < size // group:
        first = block * group
        for row in range(size):
            for k in range(group):
                value = complex(matrix[row, row ^ (first + k)])
                parts[thread, k, row], parts[thread, 4 + k, row] = value.real, value.imag
        for k in range(group):
            transform(parts[thread, k])
            transform(parts[thread, 4 + k])
        for z in range(size):
            for k in range(group):
                x = first + k
                real, _ = _turned(parts[thread, k, z], parts[thread, 4 + k, z], count_bits(x & z))
                out[spread[x] | spread[z] << 1] = real
        finish_block(turns)
        block = claim_block(turns)
    wait_for_blocks(turns, size // group)
