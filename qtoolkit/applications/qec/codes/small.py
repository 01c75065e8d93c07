"""Small codes, and those given by one number: repetition, Shor's, Bacon and Shor's, Steane's and the like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import check_memory
from qtoolkit.applications.qec._validation import MOST_ROUND_A_LATTICE, require_count
from qtoolkit.applications.qec.codes.css import CSSCode
from qtoolkit.applications.qec.codes.stabilizer import StabilizerCode
from qtoolkit.applications.qec.codes.subsystem import SubsystemCode

__all__ = [
    "bacon_shor_code",
    "fifteen_one_three_code",
    "five_qubit_code",
    "four_two_two_code",
    "repetition_code",
    "shor_code",
    "steane_code",
]


def repetition_code(length: int) -> CSSCode:
    """The repetition code on `length` qubits in a row, which corrects bit flips alone: [[n, 1, 1]].

    Checks are Z on neighbours; its distance against X is n (`CSSCode.find_distance_of`), against Z it is 1.

    Source: Shor, Phys. Rev. A 52, R2493 (1995), the first half of whose code it is.

    Raises:
        InputError: if the length is no integer of at least 2.
        InsufficientMemoryError: if there is no memory for its arrays.
    """
    n = require_count("length", length, 2, MOST_ROUND_A_LATTICE)
    check_memory(64 * n * n, f"a repetition code of {n} qubits", "take fewer")
    places = np.arange(n)
    checks = ((places[None] == places[:-1, None]) | (places[None] == places[1:, None])).astype(np.uint8)
    return CSSCode(
        np.zeros((0, n), dtype=np.uint8),
        checks,
        np.ones((1, n), dtype=np.uint8),
        np.eye(1, n, dtype=np.uint8),
        name="repetition",
        distance=1,
        coordinates=np.column_stack([2 * places, 0 * places]),
        schedule=[[(row, row) for row in range(n - 1)], [(row, row + 1) for row in range(n - 1)]],
    )


def five_qubit_code() -> StabilizerCode:
    """The five-qubit code [[5, 1, 3]], the smallest that corrects any error on one qubit.

    Source: Laflamme et al., Phys. Rev. Lett. 77, 198 (1996); stabilizers as in Gottesman, PhD thesis (1997), Table 3.2.
    """
    angles = np.pi / 2 + 2 * np.pi * np.arange(5) / 5
    return StabilizerCode.from_strings(
        ["XZZXI", "IXZZX", "XIXZZ", "ZXIXZ"],
        ["XXXXX"],
        ["ZZZZZ"],
        first="left",
        name="five-qubit",
        distance=3,
        coordinates=np.round(2 * np.column_stack([np.cos(angles), np.sin(angles)]), 6),
    )


def steane_code() -> CSSCode:
    """Steane's code [[7, 1, 3]], from the Hamming code; it is the smallest triangular colour code.

    Source: Steane, Phys. Rev. Lett. 77, 793 (1996).
    """
    checks = _binary_columns(7, 3)
    return CSSCode(
        checks,
        checks,
        np.ones((1, 7), dtype=np.uint8),
        np.ones((1, 7), dtype=np.uint8),
        name="Steane",
        distance=3,
        coordinates=[[0, 4], [-4, -2], [-2, 1], [4, -2], [2, 1], [0, -2], [0, 0]],
    )


def shor_code() -> CSSCode:
    """Shor's code [[9, 1, 3]]: three blocks of three qubits.

    Source: Shor, Phys. Rev. A 52, R2493 (1995).
    """
    blocks = np.kron(np.eye(3, dtype=np.uint8), np.ones((1, 3), dtype=np.uint8))
    pairs = [np.kron(block, [1, 1, 0]) for block in np.eye(3)] + [np.kron(block, [0, 1, 1]) for block in np.eye(3)]
    return CSSCode(
        np.vstack([blocks[0] ^ blocks[1], blocks[1] ^ blocks[2]]),
        np.array(pairs).astype(np.uint8),
        blocks[:1],
        np.kron(np.ones((1, 3)), [1, 0, 0]).astype(np.uint8),
        name="Shor",
        distance=3,
        schedule=_shor_schedule(),
        coordinates=_grid(3, 3),
    )


def bacon_shor_code(distance: int) -> SubsystemCode:
    """The Bacon–Shor code on d × d qubits, [[d², 1, d]] with (d − 1)² gauge qubits.

    Gauge operators are XX on neighbours in a column and ZZ on neighbours in a row; stabilizers are X on two rows, and
    Z on two columns. Qubit ``d·j + i`` sits at (2i, 2j).

    Source: Bacon, Phys. Rev. A 73, 012340 (2006), section V.

    Raises:
        InputError: if the distance is no integer of at least 2.
        InsufficientMemoryError: if there is no memory for its arrays.
    """
    d = require_count("distance", distance, 2, MOST_ROUND_A_LATTICE)
    n = d * d
    check_memory(256 * n * n, f"a Bacon–Shor code of {n} qubits", "take a smaller distance")
    eye = np.eye(n, dtype=np.uint8)
    down = np.array([eye[d * j + i] ^ eye[d * (j + 1) + i] for j in range(d - 1) for i in range(d)])
    right = np.array([eye[d * j + i] ^ eye[d * j + i + 1] for i in range(d - 1) for j in range(d)])
    zeros = np.zeros_like(down)
    places = np.arange(n)
    none = np.zeros((1, n), dtype=np.uint8)
    return SubsystemCode(
        np.vstack([np.hstack([down, zeros]), np.hstack([zeros, right])]),
        np.hstack([(places < d).astype(np.uint8)[None], none]),
        np.hstack([none, (places % d == 0).astype(np.uint8)[None]]),
        name="Bacon–Shor",
        distance=d,
        coordinates=_grid(d, d),
    )


def four_two_two_code() -> CSSCode:
    """The [[4, 2, 2]] code, which detects any error on one qubit.

    Source: Vaidman, Goldenberg and Wiesner, Phys. Rev. A 54, R1745 (1996); Grassl, Beth and Pellizzari, Phys. Rev. A
    56, 33 (1997).
    """
    return CSSCode(
        [[1, 1, 1, 1]],
        [[1, 1, 1, 1]],
        [[1, 1, 0, 0], [1, 0, 1, 0]],
        [[1, 0, 1, 0], [1, 1, 0, 0]],
        name="four-two-two",
        distance=2,
        coordinates=_grid(2, 2),
    )


def fifteen_one_three_code() -> CSSCode:
    """The punctured Reed–Muller code [[15, 1, 3]], on which T on every qubit is a logical T†.

    Qubit q stands for the number q + 1 of four bits: X checks are those where one bit is set, Z checks where one or
    two are.

    Source: Knill, Laflamme and Zurek, arXiv:quant-ph/9610011; Bravyi and Kitaev, Phys. Rev. A 71, 022316 (2005),
    section VI.
    """
    bits = _binary_columns(15, 4)
    pairs = [bits[a] & bits[b] for a in range(4) for b in range(a)]
    everything = np.ones((1, 15), dtype=np.uint8)
    return CSSCode(
        bits,
        np.vstack([bits, *(pair[None] for pair in pairs)]),
        everything,
        everything,
        name="Reed–Muller",
        distance=3,
        coordinates=_tetrahedron(bits),
    )


def _shor_schedule() -> list[list[tuple[int, int]]]:
    """X checks meet their two blocks in turn, so that no error of an ancilla spreads over a block; then the pairs."""
    turns = (0, 3, 1, 4, 2, 5)
    layers = [[(row, turns[(time + 2 * row) % 6] + 3 * row) for row in (0, 1)] for time in range(6)]
    first = [(2 + block, 3 * block) for block in range(3)] + [(5 + block, 3 * block + 2) for block in range(3)]
    second = [(2 + block, 3 * block + 1) for block in range(3)]
    third = [(5 + block, 3 * block + 1) for block in range(3)]
    return [*layers, first, second, third]


def _binary_columns(count: int, digits: int) -> NDArray[np.uint8]:
    """The numbers 1 to `count` in binary, one in each column; the lowest digit is row 0."""
    return (np.arange(1, count + 1)[None] >> np.arange(digits)[:, None] & 1).astype(np.uint8)


def _grid(columns: int, rows: int) -> NDArray[np.float64]:
    return np.array([(2 * i, 2 * j) for j in range(rows) for i in range(columns)], dtype=np.float64)


def _tetrahedron(bits: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Corners, middles of edges and faces, and the middle of a tetrahedron, seen from a side."""
    corners = np.array([(0, 10), (-10, -3), (3, -10), (11, 1)], dtype=np.float64)
    points: NDArray[np.float64] = bits.T.astype(np.float64) @ corners / bits.sum(axis=0)[:, None]
    return np.round(points, 6)
