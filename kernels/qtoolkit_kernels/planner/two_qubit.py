"""Two-qubit gates taken apart by Cartan's decomposition, and the two forms of what remains in a chain of them.

A gate is ``(A⊗B) · exp(i(x XX + y YY + z ZZ)) · (C⊗D)`` (Kraus and Cirac, Phys. Rev. A 63, 062309 (2001), eq. 5), and
with ``A = Rz Ry Rz`` the product in the middle and the Z rotation beside it mix |00> with |11> and |01> with |10>
alone. C and D come from the eigenvectors of ``mᵀm``, m being the gate in Bell's basis, where one-qubit gates are real.
Its real and its imaginary part share them, and Jacobi's rotations find them for both at once (Cardoso and Souloumiac,
SIAM J. Matrix Anal. Appl. 17, 161 (1996)).

A gate and what becomes of it is a row of complex128[24]: 16 numbers of the matrix, then two gates of 4 each or two
diagonals of 2; what belongs to the low bit comes first. With it goes a row of float64[46]: the angles of the Z
rotations behind it and those of the Y rotations, in radians; the rest is for use meanwhile.
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats
from qtoolkit_kernels.planner.matrices import (
    ROW,
    determinant,
    inverse_root,
    one_qubit_parts,
    rect,
    square,
    turn,
)
from qtoolkit_kernels.planner.nodes import FLIPS, FORM_COLUMNS, FORM_NUMBERS, IS_TANGENT
from qtoolkit_kernels.vector.numbers import split_unitary

__all__ = [
    "ANGLE_COLUMNS", "BEHIND", "GATE_COLUMNS", "OUTER", "WORK_ROWS", "general_form", "split", "tangent_form",
]  # fmt: skip

GATE_COLUMNS, ANGLE_COLUMNS, WORK_ROWS = 24, 46, 4
BEHIND = 16
"""Where the matrix of a row ends."""

GATE, TURNED, SPARE, OUTER = range(WORK_ROWS)
"""Rows to work with; the last one is free for what is around the gate."""

SCALE, TANGENTS, COSINES = 4, 8, 14
VECTORS, REAL = 14, 30
"""Angles and real matrices to work with."""

MIXTURES = tuple(complex(np.exp(1j * np.pi * (k + 0.5) / 8)) for k in range(8))
"""Of a symmetric unitary's real and imaginary part; eigenvalues of the one that tells them best apart order them."""

COINCIDENCE = 1e-6
"""Eigenvalues nearer than this count as one, whose eigenvectors any basis will do for."""

CHANCE = 100 * COINCIDENCE
"""Eigenvalues of the unitary further apart than this are not one, though they be in a mixture."""

ASYMMETRIC = (2.0**0.5, 3.0**0.5, 5.0**0.5, 7.0**0.5)
"""A vector that no eigenvector is orthogonal to but by chance: it fixes their signs."""

TOLERANCE = 1e-14
"""What may be left where a form has zeros."""

STEEPEST = 64.0
"""No larger tangent is used."""

NEGLIGIBLE = 2.0**-50
"""Entries of a unitary that Jacobi's rotations leave."""

MOST_ROUNDS = 12
"""Of Jacobi's rotations; some four are needed."""


@njit
def _into_bell(matrix: Complex, scale: complex, out: Complex) -> None:
    """Write a gate, times a number, in Bell's basis: in it one-qubit gates of determinant 1 are real."""
    half = 0.5 * scale
    for k in range(4):
        x, y, z, t = matrix[4 * k], matrix[4 * k + 1], matrix[4 * k + 2], matrix[4 * k + 3]
        out[4 * k], out[4 * k + 1], out[4 * k + 2], out[4 * k + 3] = x + t, 1j * (y + z), y - z, 1j * (x - t)
    for k in range(4):
        x, y, z, t = half * out[k], half * out[4 + k], half * out[8 + k], half * out[12 + k]
        out[k], out[4 + k], out[8 + k], out[12 + k] = x + t, -1j * (y + z), y - z, -1j * (x - t)


@njit
def _out_of_bell(matrix: Floats, out: Complex) -> None:
    """Write the gate that a real matrix is in Bell's basis."""
    for k in range(4):
        x, y, z, t = matrix[k], matrix[4 + k], matrix[8 + k], matrix[12 + k]
        out[k], out[4 + k], out[8 + k], out[12 + k] = complex(x, t), complex(z, y), complex(-z, y), complex(x, -t)
    for k in range(4):
        x, y, z, t = 0.5 * out[4 * k], -0.5j * out[4 * k + 1], 0.5 * out[4 * k + 2], -0.5j * out[4 * k + 3]
        out[4 * k], out[4 * k + 1], out[4 * k + 2], out[4 * k + 3] = x + t, y + z, y - z, x - t


@njit
def _rotate(vectors: Floats, first: int, second: int, cosine: float, sine: float) -> None:
    """Rotate two columns of a real matrix."""
    for k in range(0, 16, 4):
        x, y = vectors[k + first], vectors[k + second]
        vectors[k + first] = cosine * x + sine * y
        vectors[k + second] = cosine * y - sine * x


@njit
def _diagonalize(symmetric: Complex, vectors: Floats) -> None:
    """Make a symmetric unitary, of which the upper triangle is read, diagonal there; write eigenvectors, in columns."""
    for k in range(16):
        vectors[k] = 1.0 if k % 5 == 0 else 0.0
    for _ in range(MOST_ROUNDS):
        is_done = True
        for p in range(3):
            for q in range(p + 1, 4):
                half = symmetric[4 * p + q]
                across, along = 2 * half, symmetric[5 * p] - symmetric[5 * q]
                if square(across) <= 4 * NEGLIGIBLE * NEGLIGIBLE:
                    continue
                on, off = square(along) - square(across), 2 * (along * across.conjugate()).real
                size = np.sqrt(on * on + off * off)
                if size == 0.0:
                    continue
                # (on, off) is at four times the angle; halve it twice, without cancellation.
                large = np.sqrt((1 + abs(on) / size) / 2)
                small = off / (2 * size * large)
                if on < 0:
                    large, small = abs(small), (large if off >= 0 else -large)
                cosine = np.sqrt((1 + large) / 2)
                sine = small / (2 * cosine)
                is_done = False
                for k in range(4):
                    if k in (p, q):
                        continue
                    first, second = 4 * min(k, p) + max(k, p), 4 * min(k, q) + max(k, q)
                    x, y = symmetric[first], symmetric[second]
                    symmetric[first] = cosine * x + sine * y
                    symmetric[second] = cosine * y - sine * x
                # Of twice the angle, large is the cosine and small the sine.
                moved = sine * (sine * along) - small * half
                symmetric[4 * p + q] = large * half - 0.5 * small * along
                symmetric[5 * p] -= moved
                symmetric[5 * q] += moved
                _rotate(vectors, p, q, cosine, sine)
        if is_done:
            return


@njit
def _best_mixture(diagonal: Complex) -> complex:
    """The mixture of eigenvalues, as the number whose conjugate they are multiplied by, that tells them best apart."""
    best, widest = 1.0 + 0.0j, -1.0
    for mixture in range(len(MIXTURES)):
        mixed = MIXTURES[mixture]
        gap = np.inf
        for i in range(3):
            for j in range(i + 1, 4):
                difference = diagonal[5 * i] - diagonal[5 * j]
                distance = abs((difference * mixed.conjugate()).real)
                if distance <= COINCIDENCE:
                    if square(difference) > CHANCE * CHANCE:
                        gap = -2.0
                elif distance < gap:
                    gap = distance
        if gap > widest:
            best, widest = mixed, gap
    return best


@njit
def _common_eigenvectors(symmetric: Complex, found: Floats, vectors: Floats) -> None:
    """Write real eigenvectors of a symmetric unitary, of determinant 1, in columns.

    Their order depends on how far the eigenvalues stand apart, not on what rounding leaves, and signs are fixed.

    Args:
        symmetric: complex128[16]; becomes diagonal in its upper triangle.
        found: float64[16], overwritten.
        vectors: float64[16], receives them.
    """
    _diagonalize(symmetric, found)
    mixed = _best_mixture(symmetric)
    for j in range(4):
        place, side = 0, 0.0
        value = (symmetric[5 * j] * mixed.conjugate()).real
        for i in range(4):
            other = (symmetric[5 * i] * mixed.conjugate()).real
            if other < value or (other == value and i < j):
                place += 1
            side += ASYMMETRIC[i] * found[4 * i + j]
        for i in range(4):
            vectors[4 * i + place] = -found[4 * i + j] if side < 0 else found[4 * i + j]
    _make_proper(vectors)


@njit
def _make_proper(matrix: Floats) -> None:
    """Make the determinant of a real orthogonal matrix 1."""
    if _real_determinant(matrix) < 0:
        for i in range(4):
            matrix[4 * i] = -matrix[4 * i]


@njit
def _real_determinant(m: Floats) -> float:
    """The determinant of a real matrix, by the 2x2 ones of its upper and its lower half."""
    total: float = (m[0] * m[5] - m[1] * m[4]) * (m[10] * m[15] - m[11] * m[14])
    total -= (m[0] * m[6] - m[2] * m[4]) * (m[9] * m[15] - m[11] * m[13])
    total += (m[0] * m[7] - m[3] * m[4]) * (m[9] * m[14] - m[10] * m[13])
    total += (m[1] * m[6] - m[2] * m[5]) * (m[8] * m[15] - m[11] * m[12])
    total -= (m[1] * m[7] - m[3] * m[5]) * (m[8] * m[14] - m[10] * m[12])
    total += (m[2] * m[7] - m[3] * m[6]) * (m[8] * m[13] - m[9] * m[12])
    return total


@njit
def split(row: Complex, angles: Floats, work: Complex) -> bool:
    """Take a unitary apart: ``(Rz⊗Rz) · (Ry⊗Ry) · kept · (C⊗D)``.

    Args:
        row: complex128[24], the matrix; it becomes what is kept, which mixes |00> with |11> and |01> with |10> alone,
            then C and D.
        angles: float64[46], receives those of the rotations; the ones about Y are within [-π/2, π/2].
        work: complex128[4, 24], overwritten but for its last row.

    Returns:
        Whether rounding did not get in the way; if it did, `row` holds nothing of use.
    """
    gate, symmetric, outer = work[GATE], work[TURNED], work[SPARE]
    vectors, real = angles[VECTORS : VECTORS + 16], angles[REAL : REAL + 16]
    _into_bell(row, inverse_root(_root(determinant(row))), gate)
    for i in range(4):
        for j in range(i, 4):
            total = 0.0j
            for k in range(0, 16, 4):
                total += gate[k + i] * gate[k + j]
            symmetric[4 * i + j] = total
    _common_eigenvectors(symmetric, real, vectors)
    for j in range(4):
        for i in range(4):
            total = 0.0j
            for k in range(4):
                total += gate[4 * i + k] * vectors[4 * k + j]
            symmetric[i] = total
        total = 0.0j
        for i in range(4):
            total += symmetric[i] * symmetric[i]
        root = inverse_root(total)
        for i in range(4):
            real[4 * i + j] = (symmetric[i] * root).real
    _make_proper(real)
    _out_of_bell(real, gate)
    one_qubit_parts(gate, outer, BEHIND)
    for k in range(16):
        real[k] = vectors[4 * (k & 3) + (k >> 2)]
    _out_of_bell(real, gate)
    one_qubit_parts(gate, row, BEHIND)
    for side in range(2):
        for k in range(4):
            gate[k] = row[BEHIND + 4 * side + k].conjugate()
        turn(row, side, gate[0], gate[1], gate[2], gate[3])
    for side in range(2):
        _keep_parity(outer, side, row, angles)
    worst = 0.0
    for i in range(16):
        if (i ^ i >> 1 ^ i >> 2 ^ i >> 3) & 1:
            size = square(row[i])
            if not size <= worst:
                worst = size
            row[i] = 0.0
    return worst <= TOLERANCE * TOLERANCE


@njit
def _root(number: complex) -> complex:
    """The principal square root."""
    return number * inverse_root(number)


@njit
def _euler(gates: Complex, start: int, angles: Floats, place: int) -> None:
    """Write the angles of the gate ``e^{iα} diag(1, e^{iβ}) R(θ) diag(1, e^{iγ})`` at `start`: α, β, γ, θ."""
    cosine, sine, alpha, beta, gamma = split_unitary(
        gates[start], gates[start + 1], gates[start + 2], gates[start + 3], 0
    )  # fmt: skip
    angles[place] = np.arctan2(alpha.imag, alpha.real)
    angles[place + 1] = np.arctan2(beta.imag, beta.real)
    angles[place + 2] = np.arctan2(gamma.imag, gamma.real)
    angles[place + 3] = np.arctan2(sine, cosine)


@njit
def _keep_parity(outer: Complex, side: int, row: Complex, angles: Floats) -> None:
    """Write the angles of the two rotations behind what keeps the parity of a bit, and take them off."""
    start, place = BEHIND + 4 * side, TANGENTS + side
    _euler(outer, start, angles, place)
    turned, middle = angles[place + 1], 2 * angles[place + 3]
    if abs(middle) > np.pi / 2:
        # Ry(θ) Rz(φ) is Ry(θ∓π) Rz(-φ) Y, and Y passes on through what keeps the parity.
        middle -= np.pi if middle > 0 else -np.pi
        turn(row, side, 0.0j, 1j, -1j, 0.0j)
        for k in range(start, start + 2):
            x, y = row[k], row[k + 2]
            row[k] = -1j * y
            row[k + 2] = 1j * x
    angles[side], angles[2 + side] = turned, middle
    cosine, sine = np.cos(middle / 2), np.sin(middle / 2)
    one = rect(1.0, turned / 2)
    zero = one.conjugate()
    turn(row, ROW + side, cosine * one, sine * zero, -sine * one, cosine * zero)


@njit
def general_form(row: Complex, angles: Floats, before: Complex, share: float, form: Floats) -> complex:
    """The form of any matrix after diagonals on both bits, over `share` squared.

    Args:
        row, angles: what `split` writes; behind the matrix `row` receives the diagonals that are left to the nodes
            behind.
        before: complex128[4], the diagonals before.
        share: what each of the diagonals behind is multiplied by.
        form: float64[22], receives the form.

    Returns:
        The phase that it leaves out.
    """
    scale = np.cos(angles[2] / 2) * np.cos(angles[3] / 2) / (share * share)
    first = row[0] * before[0] * before[2]
    phase = rect(1.0, np.arctan2(first.imag, first.real))
    form[IS_TANGENT] = form[FLIPS] = 0.0
    for k in range(8):
        column = k >> 1 if k & 1 == 0 else 3 - (k >> 1)
        entry = row[4 * (k >> 1) + column] * before[column & 1] * before[2 + (column >> 1)] * phase.conjugate()
        form[FORM_NUMBERS + 2 * k] = scale * entry.real
        form[FORM_NUMBERS + 2 * k + 1] = scale * entry.imag
    for k in range(4):
        form[FORM_NUMBERS + 16 + k] = np.tan(angles[2 + (k >> 1)] / 2)
        row[BEHIND + k] = rect(share, angles[k >> 1] * ((k & 1) - 0.5))
    return phase


@njit
def _set_tilted(form: Floats, number: int, tangent: float, ratio: float) -> None:
    """Write a rotation where what the second row leaves out is so many times as large as the first row's."""
    form[FORM_NUMBERS + number] = tangent * ratio
    form[FORM_NUMBERS + number + 1] = tangent / ratio


@njit
def tangent_form(row: Complex, angles: Floats, before: Complex, flips: int, form: Floats, work: Complex) -> complex:
    """The form by tangents; arguments as of `general_form` and `split`.

    Row k is ``scale[k]`` times what is computed; at the end the scales are those of a product of two diagonals.

    Args:
        flips: 1 if the low bit's values are taken the other way round, 2 for the high bit, or both.

    Returns:
        The phase that it leaves out; 0, and no form, if a tangent is too large.
    """
    pairs = work[TURNED]
    for column in range(4):
        source, is_odd = column ^ flips, (column ^ column >> 1) & 1
        entry = before[source & 1] * before[2 + (source >> 1)]
        size = np.sqrt(square(entry))
        angles[SCALE + column] = size
        # The pairs of rows 0 and 3, and 1 and 2, as 2x2 matrices.
        for k in range(2):
            across = (3 - is_odd if k else is_odd) ^ flips
            pairs[4 * is_odd + 2 * k + (column >> 1)] = row[4 * across + source] * entry * (1 / size)
    for k in range(2):
        _euler(pairs, 4 * k, angles, TANGENTS + 4 * k)
    # From two times four angles to those before on rows 1, 2 and 3, of both rotations, and after on row 2.
    even, after_even = angles[TANGENTS], angles[TANGENTS + 1]
    angles[TANGENTS] = angles[TANGENTS + 4] - even
    angles[TANGENTS + 1] = angles[TANGENTS] + angles[TANGENTS + 6]
    angles[TANGENTS + 4] = angles[TANGENTS + 7]
    for k in range(6):
        angle = angles[TANGENTS + k]
        angles[COSINES + k], angles[TANGENTS + k] = np.cos(angle), np.tan(angle)
        if abs(angles[TANGENTS + k]) > STEEPEST:
            return 0.0j
    for k in range(3):
        angles[SCALE + 1 + k] *= angles[COSINES + k]
    for k in range(FORM_COLUMNS):
        form[k] = 0.0
    form[IS_TANGENT], form[FLIPS] = 1.0, flips
    for k in range(3):
        form[FORM_NUMBERS + k] = angles[TANGENTS + k]
    for k in range(2):
        _set_tilted(form, 3 + 2 * k, angles[TANGENTS + 3 + k], angles[SCALE + 3 - k] / angles[SCALE + k])
        for i in range(2):
            angles[SCALE + (3 - k if i else k)] *= angles[COSINES + 3 + k]
    scale_0, scale_1, scale_2 = angles[SCALE], angles[SCALE + 1], angles[SCALE + 2] * angles[COSINES + 5]
    rest = rect(angles[SCALE + 3] * scale_0 / (scale_1 * scale_2), after_even)
    form[FORM_NUMBERS + 7] = angles[TANGENTS + 5]
    form[FORM_NUMBERS + 8], form[FORM_NUMBERS + 9] = rest.real, rest.imag
    common = scale_0 * np.cos(angles[2] / 2) * np.cos(angles[3] / 2)
    for side in range(2):
        ratio = (scale_2 if side else scale_1) / scale_0
        is_flipped = flips >> side & 1
        _set_tilted(form, 10 + 2 * side, np.tan(angles[2 + side] / 2) * (1 - 2 * is_flipped), ratio)
        for k in range(2):
            part = np.sqrt(abs(common)) * (1.0 if k == is_flipped else ratio)
            row[BEHIND + 2 * side + k] = rect(part, angles[side] * (k - 0.5))
    return rect(1.0 if common > 0 else -1.0, even)
