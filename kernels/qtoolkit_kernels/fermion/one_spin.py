"""Matrix elements between the strings of one spin, by the rules of Slater and Condon."""

import numpy as np

from qtoolkit_kernels._bits import as_index, parity
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers, ShortIntegers

__all__ = ["fill_one_spin"]

MOST_ORBITALS = 64


@njit
def _rank(bits: int, binomials: Integers) -> int:
    """Position of a string among those of as many ones, ascending."""
    rank, count, position = 0, 0, 0
    while bits:
        if bits & 1:
            count += 1
            rank += binomials[position, count]
        bits >>= 1
        position += 1
    return rank


@njit
def _moves_oddly(bits: int, source: int, target: int) -> int:
    """Electrons between two orbitals modulo 2."""
    low, high = min(source, target), max(source, target)
    return parity(bits & ((1 << high) - 1) & ~((2 << low) - 1))


@njit
def fill_one_spin(
    strings: Integers,
    binomials: Integers,
    one_body: Floats,
    two_body: Floats,
    constant: float,
    negligible: float,
    first: int,
    columns: ShortIntegers,
    values: Floats,
    counts: Integers,
) -> None:
    """Rows of constant + Σ h_pq a†_p a_q + ½ Σ (pq|rs) a†_p a†_r a_s a_q on strings.

    Helgaker, Jørgensen and Olsen, Molecular Electronic-Structure Theory, section 1.4.

    Args:
        strings: int64[:], ascending bits.
        binomials: int64[63, 64], C(n, k).
        one_body, two_body: float64[n, n] and float64[n, n, n, n], symmetric as real orbitals make them.
        constant: on the diagonal.
        negligible: entries of at most this magnitude are left out.
        first: number of the first row.
        columns, values: int32 and float64[rows, most entries], to be filled from the left.
        counts: int64[rows], how many entries there are.
    """
    norb = one_body.shape[0]
    occupied, empty = np.empty(MOST_ORBITALS, np.int64), np.empty(MOST_ORBITALS, np.int64)
    for row in range(counts.size):
        bits = strings[first + row]
        electrons, holes, place = 0, 0, 0
        for p in range(norb):
            if bits >> p & 1:
                occupied[electrons] = p
                electrons += 1
            else:
                empty[holes] = p
                holes += 1
        diagonal = constant
        for x in range(electrons):
            i = occupied[x]
            diagonal += one_body[i, i]
            for y in range(x):
                j = occupied[y]
                diagonal += two_body[i, i, j, j] - two_body[i, j, j, i]
        if abs(diagonal) > negligible:
            columns[row, place], values[row, place] = first + row, diagonal
            place += 1
        for x in range(electrons):
            i = occupied[x]
            for z in range(holes):
                a = empty[z]
                value = one_body[a, i]
                for y in range(electrons):
                    j = occupied[y]
                    value += two_body[a, i, j, j] - two_body[a, j, j, i]
                odd = _moves_oddly(bits, i, a)
                moved = bits ^ (1 << i) ^ (1 << a)
                if abs(value) > negligible:
                    columns[row, place] = _rank(moved, binomials)
                    values[row, place] = -value if odd else value
                    place += 1
                for y in range(x):
                    j = occupied[y]
                    for w in range(z):
                        b = empty[w]
                        value = two_body[a, i, b, j] - two_body[a, j, b, i]
                        if abs(value) > negligible:
                            columns[row, place] = _rank(moved ^ (1 << j) ^ (1 << b), binomials)
                            values[row, place] = -value if odd ^ _moves_oddly(moved, j, b) else value
                            place += 1
        counts[as_index(row)] = place
