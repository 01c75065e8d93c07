"""Pauli operators as two integers of bits and a power of i, of any number of qubits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pauli", "hermitian", "is_negative", "pauli_of_matrix", "product", "set_bits"]

Pauli: TypeAlias = tuple[int, int, int]
"""Bits x and z and a power: i^power X^x Z^z, where X^x is to the left."""

_TOLERANCE = 1e-10
"""How far the entries of a matrix may be from those of a Pauli operator."""


def hermitian(x: int, z: int, negative: bool = False) -> Pauli:
    """The product of the letters X, Y and Z that the bits name, or its negative."""
    return x, z, ((x & z).bit_count() + 2 * negative) & 3


def is_negative(pauli: Pauli) -> bool:
    """Whether a Hermitian operator is the negative of the product of its letters."""
    x, z, power = pauli
    return bool((power - (x & z).bit_count()) >> 1 & 1)


def product(a: Pauli, b: Pauli) -> Pauli:
    """The product a b."""
    return a[0] ^ b[0], a[1] ^ b[1], (a[2] + b[2] + 2 * (a[1] & b[0]).bit_count()) & 3


def set_bits(mask: int) -> Iterator[int]:
    """The places of the set bits, ascending."""
    if mask.bit_count() > 64:
        octets = np.frombuffer(mask.to_bytes(-(-mask.bit_length() // 8), "little"), np.uint8)
        yield from np.flatnonzero(np.unpackbits(octets, bitorder="little")).tolist()
        return
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def pauli_of_matrix(matrix: NDArray[np.complex128]) -> Pauli | None:
    """The operator with this matrix, shape ``(2**k, 2**k)``; None if it is none."""
    side = len(matrix)
    x = int(np.abs(matrix[:, 0]).argmax())
    columns = np.arange(side)
    entries = matrix[columns ^ x, columns]
    first = entries[0]
    power = int(np.round(np.angle(first) / (np.pi / 2))) & 3
    z = sum(1 << q for q in range(side.bit_length() - 1) if (entries[1 << q] / first).real < 0) if abs(first) else 0
    signs = 1 - 2 * (np.bitwise_count(columns & z) & 1).astype(np.int64)
    expected = np.zeros_like(matrix)
    expected[columns ^ x, columns] = 1j**power * signs
    return (x, z, power) if np.abs(matrix - expected).max() <= _TOLERANCE else None
