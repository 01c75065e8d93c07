"""Which strings an excitation connects, and with what sign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.operators import Excitation

__all__ = ["StringPairs", "passing_sign", "string_pairs"]

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class StringPairs:
    """Strings before and after an excitation.

    Attributes:
        source, target: positions among the strings of one spin, int64 of the same shape.
        sign: 1.0 or −1.0, float64.
    """

    source: IntArray
    target: IntArray
    sign: NDArray[np.float64]


def string_pairs(
    strings: IntArray, created: tuple[int, ...], annihilated: tuple[int, ...], fermionic: bool = True
) -> StringPairs:
    """Pairs of a†_c1 a†_c2 … a_a2 a_a1 on the strings of one spin, in the order of `Excitation.generator`.

    Args:
        strings: ascending.
        created, annihilated: orbitals of this spin, as many of each; they may share some.
        fermionic: with the signs of fermions.
    """
    factors = [(orbital, False) for orbital in annihilated] + [(orbital, True) for orbital in reversed(created)]
    source = np.arange(len(strings))
    bits, sign = strings, np.ones(len(strings))
    for orbital, creates in factors:
        bit = np.int64(1 << orbital)
        allowed = (bits & bit == 0) == creates
        source, bits, sign = source[allowed], bits[allowed], sign[allowed]
        if fermionic:
            sign = sign * (1.0 - 2.0 * (np.bitwise_count(bits & (bit - 1)) & 1))
        bits = bits ^ bit
    return StringPairs(source, np.searchsorted(strings, bits), sign)


def passing_sign(excitation: Excitation, norb: int, n_alpha: int) -> int:
    """(−1) to the number of alpha operators and electrons that beta operators pass on their way to the right.

    All pairs of determinants that an excitation connects have it beside the signs of their alpha and beta strings.

    Args:
        excitation: of spin orbitals, alpha before beta.
        norb: spatial orbitals.
        n_alpha: alpha electrons.
    """
    sign, left = 1, n_alpha
    factors = [(mode, -1) for mode in excitation.annihilated] + [(mode, 1) for mode in reversed(excitation.created)]
    for mode, change in factors:
        if mode < norb:
            left += change
        elif left % 2:
            sign = -sign
    return sign
