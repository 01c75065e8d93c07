"""Twin of `qtoolkit_kernels.fermion.one_spin`: ladder operators applied one after another."""

import itertools

import numpy as np

from qtoolkit_kernels._types import Floats, Integers, ShortIntegers

__all__ = ["fill_one_spin"]


def fill_one_spin(
    strings: Integers,
    _binomials: Integers,
    one_body: Floats,
    two_body: Floats,
    constant: float,
    negligible: float,
    first: int,
    columns: ShortIntegers,
    values: Floats,
    counts: Integers,
) -> None:
    """Rows of constant + Σ h_pq a†_p a_q + ½ Σ (pq|rs) a†_p a†_r a_s a_q on strings, by ascending column."""
    norb = len(one_body)
    for row in range(len(counts)):
        bits = int(strings[first + row])
        found = {bits: constant}
        for p, q in itertools.product(range(norb), repeat=2):
            # the matrix is symmetric: rows are images of their strings
            _add(found, bits, one_body[p, q], [(q, False), (p, True)])
            for r, s in itertools.product(range(norb), repeat=2):
                _add(found, bits, 0.5 * two_body[p, q, r, s], [(q, False), (s, False), (r, True), (p, True)])
        kept = [(string, value) for string, value in sorted(found.items()) if abs(value) > negligible]
        counts[row] = len(kept)
        columns[row, : len(kept)] = np.searchsorted(strings, [string for string, _ in kept])
        values[row, : len(kept)] = [value for _, value in kept]


def _add(found: dict[int, float], bits: int, value: float, operators: list[tuple[int, bool]]) -> None:
    for orbital, creates in operators:
        if (bits >> orbital & 1) == creates:
            return
        value *= (-1) ** (bits & ((1 << orbital) - 1)).bit_count()
        bits ^= 1 << orbital
    found[bits] = found.get(bits, 0.0) + value
