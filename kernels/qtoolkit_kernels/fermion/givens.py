"""A unitary matrix as rotations of neighbouring orbitals and phases."""

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers

__all__ = ["decompose"]


@njit
def decompose(unitary: Complex, orbitals: Integers, angles: Floats, phases: Complex) -> None:
    """Write U = W_1 … W_m D with plane rotations W of orbitals p and p + 1, and diagonal D.

    W has (c, −s*; s, c) in rows and columns (p, p + 1), c real. Below the diagonal, U is brought to zeros column by
    column from below (Golub and Van Loan, Matrix Computations, section 5.2.5).

    Args:
        unitary: complex128[n, n], used up.
        orbitals: int64[n (n − 1) / 2], p of each rotation in the order in which they act on a state: W_m first.
        angles: float64[n (n − 1) / 2, 3], c and real and imaginary part of s, as `tiles.Turns` takes them for the
            pair (p + 1, p), whose first row has p + 1 occupied: the sine of that order, −s*.
        phases: complex128[n], the diagonal of D.
    """
    size = unitary.shape[0]
    place = orbitals.size - 1
    for column in range(size):
        for step in range(size - 1 - column):
            p = size - 2 - step
            a, b = unitary[p, column], unitary[p + 1, column]
            length = (a.real * a.real + a.imag * a.imag + b.real * b.real + b.imag * b.imag) ** 0.5
            first = (a.real * a.real + a.imag * a.imag) ** 0.5
            cosine, sine = 1.0, 0.0j
            if b != 0.0:
                cosine = first / length
                sine = b / length * (a.conjugate() / first if first > 0.0 else 1.0 + 0.0j)
            for k in range(column, size):
                x, y = unitary[p, k], unitary[p + 1, k]
                unitary[p, k] = cosine * x + sine.conjugate() * y
                unitary[p + 1, k] = cosine * y - sine * x
            orbitals[place] = p
            angles[place, 0], angles[place, 1], angles[place, 2] = cosine, -sine.real, sine.imag
            place -= 1
    for k in range(size):
        phases[k] = unitary[k, k]
