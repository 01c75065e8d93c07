"""Surface codes: rotated patches, unrotated ones, the XZZX code and the toric code."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance
from qtoolkit._memory import check_memory
from qtoolkit.applications.qec._validation import MOST_ROUND_A_LATTICE, require_count, require_odd_distance
from qtoolkit.applications.qec.codes._binary import Bits
from qtoolkit.applications.qec.codes._input import Schedule
from qtoolkit.applications.qec.codes.css import CSSCode
from qtoolkit.applications.qec.codes.schedule import schedule_by_offsets
from qtoolkit.applications.qec.codes.stabilizer import StabilizerCode

__all__ = ["diagonal_code", "rotated_patch", "rotated_surface_code", "surface_code", "toric_code", "xzzx_code"]

Points = NDArray[np.float64]

_DIAGONAL_X = ((1, 1), (-1, 1), (1, -1), (-1, -1))
_DIAGONAL_Z = ((1, 1), (1, -1), (-1, 1), (-1, -1))
_STRAIGHT = ((1, 0), (0, 1), (0, -1), (-1, 0))


def rotated_patch(columns: int, rows: int, *, name: str = "") -> CSSCode:
    """A rotated surface code on columns × rows qubits, [[columns · rows, 1, min(columns, rows)]].

    Qubit ``columns·j + i`` sits at (2i + 1, 2j + 1), checks at even coordinates; logical X is the column
    on the left and logical Z the row at the bottom. The order in which ancillas meet their qubits keeps the errors
    that spread from an ancilla across the logical operator of their own letter.

    Source: Bombin and Martin-Delgado, Phys. Rev. A 76, 012305 (2007); for the order, Tomita and Svore, Phys. Rev. A
    90, 062320 (2014), section II.

    Args:
        columns: qubits from left to right, at least 2.
        rows: qubits from bottom to top, at least 2.
        name: of the code.

    Raises:
        InputError: if a number is no integer of at least 2.
        InsufficientMemoryError: if there is no memory for its arrays.
    """
    width = require_count("columns", columns, 2, MOST_ROUND_A_LATTICE)
    height = require_count("rows", rows, 2, MOST_ROUND_A_LATTICE)
    return diagonal_code(
        width,
        height,
        ((2 * x, 2 * y) for y in range(height + 1) for x in range(1, width) if (x + y) % 2 == 1),
        ((2 * x, 2 * y) for y in range(1, height) for x in range(width + 1) if (x + y) % 2 == 0),
        name=check_instance(name, str, "the name of a code must be text") or f"rotated surface {width} × {height}",
        distance=min(width, height),
        logical=True,
    )


def diagonal_code(
    columns: int,
    rows: int,
    x_sites: Iterable[tuple[int, int]],
    z_sites: Iterable[tuple[int, int]],
    *,
    name: str,
    distance: int | None = None,
    logical: bool = False,
) -> CSSCode:
    """A code whose checks sit at given even coordinates, each on the two or four qubits diagonal to it.

    Args:
        columns: qubits from left to right.
        rows: qubits from bottom to top.
        x_sites: places of the X checks.
        z_sites: places of the Z checks.
        name: of the code.
        distance: as is known.
        logical: whether the column on the left and the row at the bottom are logical X and Z of one stored qubit.
    """
    _check_size(columns * rows, name)
    data = _points((2 * i + 1, 2 * j + 1) for j in range(rows) for i in range(columns))
    x_points, z_points = _points(x_sites), _points(z_sites)
    return CSSCode(
        _neighbours(x_points, data, _DIAGONAL_X),
        _neighbours(z_points, data, _DIAGONAL_Z),
        (data[None, :, 0] == 1).astype(np.uint8) if logical else None,
        (data[None, :, 1] == 1).astype(np.uint8) if logical else None,
        name=name,
        distance=distance,
        coordinates=data,
        check_coordinates=np.vstack([x_points, z_points]),
        schedule=_diagonal_schedule(data, x_points, z_points),
    )


def rotated_surface_code(distance: int) -> CSSCode:
    """The rotated surface code [[d², 1, d]], d odd; see `rotated_patch`.

    Raises:
        InputError: if the distance is even or below 3.
        InsufficientMemoryError: if there is no memory for its arrays.
    """
    d = require_odd_distance(distance)
    return rotated_patch(d, d, name="rotated surface")


def surface_code(distance: int) -> CSSCode:
    """The unrotated surface code [[d² + (d − 1)², 1, d]].

    Qubits sit where i + j is even on a grid of (2d − 1) × (2d − 1) points, X checks where i is odd and Z checks where
    j is; logical X is the column i = 0 and logical Z the row j = 0.

    Source: Bravyi and Kitaev, arXiv:quant-ph/9811052; Dennis et al., J. Math. Phys. 43, 4452 (2002), section III.

    Raises:
        InputError: if the distance is no integer of at least 2.
        InsufficientMemoryError: if there is no memory for its arrays.
    """
    d = require_count("distance", distance, 2, MOST_ROUND_A_LATTICE)
    _check_size(2 * d * d, "surface")
    grid = [(i, j) for j in range(2 * d - 1) for i in range(2 * d - 1)]
    data = _points((i, j) for i, j in grid if (i + j) % 2 == 0)
    x_points = _points((i, j) for i, j in grid if i % 2 == 1 and j % 2 == 0)
    z_points = _points((i, j) for i, j in grid if i % 2 == 0 and j % 2 == 1)
    checks = np.vstack([x_points, z_points])
    return CSSCode(
        _neighbours(x_points, data, _STRAIGHT),
        _neighbours(z_points, data, _STRAIGHT),
        [(data[:, 0] == 0).astype(np.uint8)],
        [(data[:, 1] == 0).astype(np.uint8)],
        name="surface",
        distance=d,
        coordinates=data,
        check_coordinates=checks,
        schedule=schedule_by_offsets(data, checks, [_STRAIGHT] * len(checks)),
    )


def xzzx_code(distance: int) -> StabilizerCode:
    """The XZZX surface code [[d², 1, d]], d odd: the rotated one with X and Z exchanged on every second qubit.

    Source: Bonilla Ataides et al., Nat. Commun. 12, 2172 (2021), Fig. 1.

    Raises:
        InputError: if the distance is even or below 3.
        InsufficientMemoryError: if there is no memory for its arrays.
    """
    base = rotated_surface_code(distance)
    d = require_odd_distance(distance)
    exchanged = np.array([(i + j) % 2 == 1 for j in range(d) for i in range(d)])
    return StabilizerCode(
        _exchanged(base.stabilizers, exchanged),
        _exchanged(base.logical_x, exchanged),
        _exchanged(base.logical_z, exchanged),
        name="XZZX",
        distance=d,
        coordinates=base.coordinates,
        check_coordinates=base.check_coordinates,
        schedule=base.schedule,
    )


def toric_code(distance: int) -> CSSCode:
    """The toric code [[2d², 2, d]]: qubits on the edges of a d × d lattice on a torus.

    X checks are the stars of the vertices at (2i, 2j), Z checks the plaquettes at (2i + 1, 2j + 1). The product of all
    checks of one letter is the identity: two rows depend on others.

    Source: Kitaev, Ann. Phys. 303, 2 (2003), section 1.

    Raises:
        InputError: if the distance is no integer of at least 2.
        InsufficientMemoryError: if there is no memory for its arrays.
    """
    d = require_count("distance", distance, 2, MOST_ROUND_A_LATTICE)
    _check_size(2 * d * d, "toric")
    grid = [(i, j) for j in range(2 * d) for i in range(2 * d)]
    data = _points((i, j) for i, j in grid if (i + j) % 2 == 1)
    x_points = _points((i, j) for i, j in grid if i % 2 == 0 and j % 2 == 0)
    z_points = _points((i, j) for i, j in grid if i % 2 == 1 and j % 2 == 1)
    checks = np.vstack([x_points, z_points])
    period = (2.0 * d, 2.0 * d)
    x, y = data.T
    return CSSCode(
        _neighbours(x_points, data, _STRAIGHT, period),
        _neighbours(z_points, data, _STRAIGHT, period),
        np.array([(x == 1) & (y % 2 == 0), (y == 1) & (x % 2 == 0)], dtype=np.uint8),
        np.array([(y == 0) & (x % 2 == 1), (x == 0) & (y % 2 == 1)], dtype=np.uint8),
        name="toric",
        distance=d,
        coordinates=data,
        check_coordinates=checks,
        period=period,
        schedule=schedule_by_offsets(data, checks, [_STRAIGHT] * len(checks), period),
    )


def _check_size(num_qubits: int, name: str) -> None:
    check_memory(64 * num_qubits**2, f"a code {name} of {num_qubits} qubits", "take a smaller distance")


def _points(places: Iterable[tuple[int, int]]) -> Points:
    return np.array(list(places), dtype=np.float64).reshape(-1, 2)


def _neighbours(
    checks: Points, data: Points, offsets: tuple[tuple[int, int], ...], period: tuple[float, float] | None = None
) -> Bits:
    """Supports of checks: the qubits at the offsets from each, uint8 of shape (r, n)."""
    support = np.zeros((len(checks), len(data)), dtype=np.uint8)
    for layer in schedule_by_offsets(data, checks, [offsets] * len(checks), period):
        support[tuple(np.array(layer).T)] = 1
    return support


def _diagonal_schedule(data: Points, x_points: Points, z_points: Points) -> Schedule:
    orders = [_DIAGONAL_X] * len(x_points) + [_DIAGONAL_Z] * len(z_points)
    return schedule_by_offsets(data, np.vstack([x_points, z_points]), orders)


def _exchanged(rows: Bits, which: NDArray[np.bool_]) -> Bits:
    """Rows [x | z] with both parts exchanged on some qubits."""
    size = len(which)
    x, z = rows[:, :size], rows[:, size:]
    return np.hstack([np.where(which, z, x), np.where(which, x, z)])
