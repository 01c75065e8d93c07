"""The honeycomb code: a code whose logical operators move as pairs of qubits are measured in turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._checks import require_array, require_integer
from qtoolkit._memory import check_memory
from qtoolkit.applications.qec._validation import MOST_ROUND_A_LATTICE, require_count
from qtoolkit.applications.qec.codes._binary import Bits, row_reduced
from qtoolkit.applications.qec.codes.stabilizer import StabilizerCode
from qtoolkit.errors import InputError

__all__ = ["HoneycombCode"]

LETTERS = "XYZ"
"""The letter of the pairs of each colour."""

_AROUND = ((1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1))


@dataclass(frozen=True)
class HoneycombCode:
    """The honeycomb code on a torus of columns × rows points, two thirds of which are qubits and one third hexagons.

    Hexagons have three colours, and an edge that of the two hexagons at its ends. Round r measures the pairs on all
    edges of colour r mod 3: XX, YY and ZZ for the colours 0, 1 and 2. A hexagon of colour c is the product of the
    pairs around it, of the two other colours: it is X⊗⁶, Y⊗⁶ or Z⊗⁶, and never changes. As a subsystem code it would
    store nothing; between two rounds it is equivalent to a toric code with two logical qubits.

    Source: Hastings and Haah, Quantum 5, 564 (2021); with letters by colour as in Gidney, Newman, Fowler and
    Broughton, Quantum 5, 605 (2021), section 2.

    Attributes:
        columns, rows: points in both directions, multiples of 3.
        num_qubits: two thirds of the points.
        coordinates: float64, shape (n, 2).
        edges: int64, shape (3n/2, 2), the qubits of each pair.
        edge_colours: int64, shape (3n/2,), of 0, 1 and 2.
        hexagons: int64, shape (n/2, 6), the qubits around each.
        hexagon_colours: int64, shape (n/2,).
        hexagon_coordinates: float64, shape (n/2, 2).

    Raises:
        InputError: if a number of points is no multiple of 3 of at least 3.
        InsufficientMemoryError: if there is no memory for its arrays.
    """

    columns: int
    rows: int
    num_qubits: int = field(init=False, repr=False, compare=False)
    coordinates: NDArray[np.float64] = field(init=False, repr=False, compare=False)
    edges: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    edge_colours: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    hexagons: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    hexagon_colours: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    hexagon_coordinates: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        size = tuple(require_count(name, getattr(self, name), 3, MOST_ROUND_A_LATTICE) for name in ("columns", "rows"))
        for name, value in zip(("columns", "rows"), size, strict=True):
            if value % 3:
                raise InputError(f"{name} must be a multiple of 3, got {value}: take {value // 3 * 3 + 3}")
        check_memory(64 * (size[0] * size[1]) ** 2, f"a honeycomb of {size[0]} × {size[1]} points", "take fewer")
        points = [(i, j) for j in range(size[1]) for i in range(size[0])]
        index = {point: k for k, point in enumerate(p for p in points if (p[0] - p[1]) % 3 != 1)}
        centres = [point for point in points if (point[0] - point[1]) % 3 == 1]

        def at(i: int, j: int) -> int:
            return index[i % size[0], j % size[1]]

        hexagons = np.array([[at(i + di, j + dj) for di, dj in _AROUND] for i, j in centres])
        # The spokes of a hexagon lead to others of its colour.
        spokes = {
            (*sorted((at(i + di, j + dj), at(i + 2 * di, j + 2 * dj))), i % 3) for i, j in centres for di, dj in _AROUND
        }
        edges = np.array(sorted(spokes))
        place = np.array([[2.0, 0.0], [1.0, np.sqrt(3)]])
        wrap = np.array([2.0 * size[0], np.inf])
        arrays: dict[str, NDArray[np.generic]] = {
            "coordinates": np.array(list(index)) @ place % wrap,
            "edges": edges[:, :2],
            "edge_colours": edges[:, 2],
            "hexagons": hexagons,
            "hexagon_colours": np.array([i % 3 for i, _ in centres]),
            "hexagon_coordinates": np.array(centres) @ place % wrap,
        }
        object.__setattr__(self, "columns", size[0])
        object.__setattr__(self, "rows", size[1])
        object.__setattr__(self, "num_qubits", len(index))
        for name, array in arrays.items():
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def name(self) -> str:
        """What it is called."""
        return "honeycomb"

    @property
    def num_logical(self) -> int:
        """Stored qubits, two on a torus."""
        return 2

    @cached_property
    def pairs(self) -> Bits:
        """The measured pairs as rows [x | z], uint8 of shape (3n/2, 2n)."""
        return self._rows(self.edges, self.edge_colours)

    @cached_property
    def plaquettes(self) -> Bits:
        """The hexagons as rows [x | z], uint8 of shape (n/2, 2n)."""
        return self._rows(self.hexagons, self.hexagon_colours)

    def instantaneous_code(self, round_: int) -> StabilizerCode:
        """The code after a round, once all hexagons are known: hexagons and the pairs of the round.

        Args:
            round_: number of the round, of which only the remainder modulo 3 counts.

        Raises:
            InputError: if it is no integer of at least 0.
        """
        colour = require_integer("round_", round_, minimum=0) % 3
        rows = np.vstack([self.pairs[self.edge_colours == colour], self.plaquettes])
        return StabilizerCode(
            # Independent ones alone: the signs of the others follow, and are −1 for some sizes.
            rows[row_reduced(rows.T)[1]],
            name=f"honeycomb after round {colour}",
            coordinates=self.coordinates,
        )

    def nearest(self, points: ArrayLike, centre: ArrayLike) -> NDArray[np.float64]:
        """Points of the torus, shape (m, 2), each where it is nearest to a centre.

        Args:
            points: in the units of `coordinates`.
            centre: a point, shape (2,).

        Raises:
            InputError: if they are no such points.
        """
        middle = require_array("centre", centre, (2,))
        across, up = np.array([2.0 * self.columns, 0.0]), np.array([1.0, np.sqrt(3)]) * self.rows
        offsets = require_array("points", points, (None, 2)) - middle
        offsets = offsets - np.round(offsets[:, 1] / up[1])[:, None] * up
        near: NDArray[np.float64] = middle + offsets - np.round(offsets[:, 0] / across[0])[:, None] * across
        return near

    def draw(self, theme: Literal["light", "dark"] = "light") -> str:
        """The lattice as an SVG document.

        Raises:
            InputError: if the theme is neither light nor dark.
        """
        from qtoolkit.applications.qec.codes.drawing import honeycomb_svg

        return honeycomb_svg(self, theme)

    def _rows(self, members: NDArray[np.int64], colours: NDArray[np.int64]) -> Bits:
        rows = np.zeros((len(members), 2 * self.num_qubits), dtype=np.uint8)
        for row, (qubits, colour) in enumerate(zip(members, colours, strict=True)):
            if LETTERS[colour] in "XY":
                rows[row, qubits] ^= 1
            if LETTERS[colour] in "YZ":
                rows[row, self.num_qubits + qubits] ^= 1
        rows.setflags(write=False)
        return rows
