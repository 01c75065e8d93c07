"""Which two-qubit gates are one-qubit gates around a rotation about ZZ: those that one CX, CP or RZZ can make.

Such a gate is ``(A1⊗A0) · exp(-iφ ZZ) · (B1⊗B0)``. Where all but one qubit's values are given, it is one of the
2x2 matrices ``A · diag · B`` of that qubit, so all products of one's adjoint with another are diagonal in the basis B.
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex
from qtoolkit_kernels.planner.matrices import determinant, one_qubit_parts, power, rect, square, turn

__all__ = ["LOCAL_GATES", "ZZ_ROTATION", "locals_and_phase"]

LOCAL_GATES, ZZ_ROTATION = 1, 2
"""What a gate is: one-qubit gates alone, or a rotation about ZZ between such; 0 is neither."""

TOLERANCE = 1e-14
"""By which entries of a gate may be off."""

ROUNDING = 2e-15
"""What is smaller in a product of blocks is taken for 0, so that a basis is the qubit's own or another Pauli's."""

FEW_TERMS = 1e-9
"""Gates of one or two terms in ``Σ A⊗B`` have a determinant of 0 when their entries stand by qubit, all others have
four; above this rounding leaves no doubt.
"""

TIE = 1e-9
"""Angles and coordinates nearer than this to where the choice of a sign turns over are one side of it."""


@njit
def _set_basis(matrix: Complex, side: int, out: Complex) -> None:
    """Write the adjoint of a qubit's basis B, the identity if rounding allows it, else with a real diagonal.

    Args:
        matrix: complex128[16].
        side: 0 for the low bit, 1 for the high one.
        out: complex128[16], of which places ``8 + 4 * side`` to ``11 + 4 * side`` receive B itself.
    """
    row, column = 4 << side, 1 << side
    largest, worst = -1.0, 0.0
    half = upper = lower = 0.0j
    for first in range(4):
        for second in range(first + 1):
            # Entry 0, 0 of the two blocks, by the values that the other qubit has in a row and in a column.
            a = (first >> 1) * (12 - row) + (first & 1) * (3 - column)
            b = (second >> 1) * (12 - row) + (second & 1) * (3 - column)
            x, y, z = 0.0j, 0.0j, 0.0j
            for i in range(2):
                p, q = matrix[a + i * row].conjugate(), matrix[a + i * row + column].conjugate()
                r, s = matrix[b + i * row], matrix[b + i * row + column]
                x += 0.5 * (p * r - q * s)
                y += p * s
                z += q * r
            size, across = 2 * square(x) + square(y) + square(z), max(square(y), square(z))
            if across > worst:
                worst = across
            if size > largest:
                largest, half, upper, lower = size, x, y, z
    place = 8 + 4 * side
    out[place] = out[place + 3] = 1.0
    out[place + 1] = out[place + 2] = 0.0
    if worst <= ROUNDING * ROUNDING:
        return
    # A multiple of n·σ, the basis being that in which n points up.
    root = power(half * half + upper * lower, -0.5)
    up, over = (root * half).real, 0.5 * (root * lower + (root * upper).conjugate())
    # What a small rotation leaves uncertain is taken for the axis of a Pauli, if it may be one.
    unsure = ROUNDING / np.sqrt(largest)
    up = 0.0 if abs(up) <= unsure else up
    over = complex(
        0.0 if abs(over.real) <= unsure else over.real, 0.0 if abs(over.imag) <= unsure else over.imag
    )  # fmt: skip
    size = np.sqrt(up * up + square(over))
    if size == 0.0:
        return
    norm = 1 / size
    if up < -TIE or (up <= TIE and (over.real < -TIE or (over.real <= TIE and over.imag < 0))):
        norm = -norm
    up, over = norm * up, norm * over
    cosine = np.sqrt(0.5 * (1 + up))
    out[place] = out[place + 3] = cosine
    out[place + 1] = (0.5 / cosine) * over.conjugate()
    out[place + 2] = (-0.5 / cosine) * over


@njit
def _set_rest(turned: Complex, out: Complex) -> None:
    """Write A0, A1 and φ of a gate that B has been taken off."""
    first = second = 0.0j
    for k in range(4, 8):
        out[k] = 0.0
    for high in range(2):
        # The larger of two blocks tells A0 with the diagonal for this value of the high bit.
        best, largest = 0, -1.0
        for i in range(2):
            size = 0.0
            for k in range(4):
                size += square(turned[8 * i + 2 * high + 2 * (k & 2) + (k & 1)])
            if size > largest:
                best, largest = i, size
        norm = np.sqrt(2 / largest)
        for k in range(4):
            place = 2 * high + 2 * (k & 2) + (k & 1)
            entry = norm * turned[8 * best + place]
            if not high:
                out[k] = entry
            elif k & 1:
                second += out[k].conjugate() * entry
            else:
                first += out[k].conjugate() * entry
            for i in range(2):
                out[4 + 2 * i + high] += 0.5 * entry.conjugate() * turned[8 * i + place]
    ratio = first * second.conjugate()
    four = np.arctan2(ratio.imag, ratio.real)
    if four < TIE - np.pi:
        four += 2 * np.pi
    angle = four / 4
    larger = out[0] if square(out[0]) > 0.25 else out[2]
    phase = rect(1.0, -np.arctan2(larger.imag, larger.real))
    one = rect(1.0, np.arctan2(first.imag, first.real) - 2 * angle)
    a0_second, a1_first = phase * rect(1.0, -2 * angle), phase.conjugate() * rect(1.0, angle)
    for i in range(2):
        out[2 * i] *= phase
        out[2 * i + 1] *= a0_second
        out[4 + 2 * i] *= a1_first
        out[5 + 2 * i] *= a1_first * one
    out[16] = angle


@njit
def _is_near(matrix: Complex, out: Complex, product: Complex) -> bool:
    """Whether a gate is what has been written of it."""
    equal = rect(1.0, -out[16].real)
    for k in range(16):
        product[k] = out[4 + (k >> 2 & 2 | k >> 1 & 1)] * out[k >> 1 & 2 | k & 1]
        product[k] *= equal.conjugate() if (k ^ k >> 1) & 1 else equal
    for side in range(2):
        b = out[8 + 4 * side :]
        turn(product, side, b[0], b[2], b[1], b[3])
    is_near = True
    for k in range(16):
        is_near &= square(product[k] - matrix[k]) <= TOLERANCE * TOLERANCE
    return is_near


@njit
def locals_and_phase(matrix: Complex, out: Complex) -> int:
    """Take a gate apart that is a rotation about ZZ between one-qubit gates.

    B0 and B1 are identities where rounding allows it, so for the qubits that the gate is diagonal in, but for a
    permutation of their values. φ is within (-π/4, π/4].

    Args:
        matrix: complex128[16], a unitary, row by row, low bit first.
        out: complex128[17], receives A0, A1, B0 and B1, row by row, and φ; A1 holds the phase of all.

    Returns:
        `LOCAL_GATES` if it is A1⊗A0 alone, then B0 and B1 are identities and φ is 0; `ZZ_ROTATION`; or 0 if it is
        neither, then `out` holds nothing of use.
    """
    turned = np.empty(16, np.complex128)
    for k in range(16):
        turned[k & 9 | k << 1 & 4 | k >> 1 & 2] = matrix[k]
    if square(determinant(turned)) > FEW_TERMS * FEW_TERMS:
        return 0
    one_qubit_parts(matrix, out, 0)
    for k in range(8, 17):
        out[k] = 1.0 if k < 16 and (k + 1) & 2 == 0 else 0.0
    if _is_near(matrix, out, turned):
        return LOCAL_GATES
    for k in range(16):
        turned[k] = matrix[k]
    for side in range(2):
        _set_basis(matrix, side, out)
    for side in range(2):
        b = out[8 + 4 * side :]
        turn(turned, side, b[0].conjugate(), b[1].conjugate(), b[2].conjugate(), b[3].conjugate())
    _set_rest(turned, out)
    return ZZ_ROTATION if _is_near(matrix, out, turned) else 0
