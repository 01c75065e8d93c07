"""Triangular colour codes on the honeycomb (6.6.6) and on the lattice of squares and octagons (4.8.8)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import check_memory
from qtoolkit.applications.qec._validation import require_odd_distance
from qtoolkit.applications.qec.codes.css import CSSCode

__all__ = ["color_code_488", "color_code_666"]


def color_code_666(distance: int) -> CSSCode:
    """The triangular colour code on the honeycomb, [[(3d² + 1)/4, 1, d]], d odd.

    The points of a triangular lattice in a triangle with (3d − 1)/2 points a side: every third is a face, all others
    are qubits. Each face is an X check and a Z check.

    Source: Bombin and Martin-Delgado, Phys. Rev. Lett. 97, 180501 (2006), Fig. 1.

    Raises:
        InputError: if the distance is even or below 3.
        InsufficientMemoryError: if there is no memory for its arrays.
    """
    d = require_odd_distance(distance)
    check_memory(64 * d**4, f"a colour code of distance {d}", "take a smaller distance")
    side = (3 * d - 1) // 2
    points = [(i, j) for j in range(side) for i in range(side - j)]
    qubits = [point for point in points if (point[0] - point[1]) % 3 != 1]
    faces = [point for point in points if (point[0] - point[1]) % 3 == 1]
    around = ((1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1))
    members = [[(i + di, j + dj) for di, dj in around] for i, j in faces]
    place = np.array([[2.0, 0.0], [1.0, np.sqrt(3)]])
    edge = [point for point in qubits if point[1] == 0]
    return _color_code("colour 6.6.6", d, qubits, members, np.array(qubits) @ place, edge)


def color_code_488(distance: int) -> CSSCode:
    """The triangular colour code on squares and octagons, [[(d² + 2d − 1)/2, 1, d]], d odd.

    Octagons sit at (4a, 4b) in two colours, a + b even and odd, and squares at (4a + 2, 4b + 2). The triangle is cut
    through the octagons along x = 0, y = 0 and x + y = 2(d + 1): each cut leaves halves of one colour and drops
    another.

    Source: Landahl, Anderson and Rice, arXiv:1108.5738, Fig. 3.

    Raises:
        InputError: if the distance is even or below 3.
        InsufficientMemoryError: if there is no memory for its arrays.
    """
    d = require_odd_distance(distance)
    check_memory(64 * d**4, f"a colour code of distance {d}", "take a smaller distance")
    across = 2 * (d + 1)
    size = across // 4 + 1
    square = ((1, 0), (0, 1), (-1, 0), (0, -1))
    octagon = ((2, 1), (1, 2), (-1, 2), (-2, 1), (-2, -1), (-1, -2), (1, -2), (2, -1))
    inside = [(a, b) for b in range(size) for a in range(size) if 4 * (a + b) <= across]
    members = [[(4 * a + 2 + x, 4 * b + 2 + y) for x, y in square] for a, b in inside if 4 * (a + b + 1) < across]
    members += [
        [(4 * a + x, 4 * b + y) for x, y in octagon if x + 4 * a > 0 and y + 4 * b > 0 and 4 * (a + b) + x + y < across]
        for a, b in inside
        if not (a == 0 and b % 2 == 0) and not (b == 0 and a % 2 == 1)
    ]
    members = [face for face in members if len(face) >= 4]
    qubits = sorted({point for face in members for point in face}, key=lambda point: (point[1], point[0]))
    # The qubits of the octagons that the cut along y = 0 drops: every face that is left shares two or none of them.
    edge = [(x, y) for x, y in qubits if (y == 1 and x % 8 in (2, 6)) or (y == 2 and x % 8 in (3, 5))]
    return _color_code("colour 4.8.8", d, qubits, members, np.array(qubits, dtype=np.float64), edge)


def _color_code(
    name: str,
    distance: int,
    qubits: list[tuple[int, int]],
    faces: list[list[tuple[int, int]]],
    coordinates: NDArray[np.float64],
    edge: list[tuple[int, int]],
) -> CSSCode:
    """A colour code by the qubits of each face and those along one side, which are its logical operators."""
    index = {point: qubit for qubit, point in enumerate(qubits)}
    checks = np.zeros((len(faces), len(qubits)), dtype=np.uint8)
    for row, face in enumerate(faces):
        checks[row, [index[point] for point in face if point in index]] = 1
    logical = np.zeros((1, len(qubits)), dtype=np.uint8)
    logical[0, [index[point] for point in edge]] = 1
    return CSSCode(checks, checks, logical, logical, name=name, distance=distance, coordinates=np.round(coordinates, 6))
