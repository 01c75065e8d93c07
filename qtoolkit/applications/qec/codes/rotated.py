"""The rotated surface code by its distance, with the coordinates that Stim's generated circuits annotate."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import check_memory
from qtoolkit.applications.qec._validation import require_odd_distance
from qtoolkit.applications.qec.codes.css import CSSCode
from qtoolkit.applications.qec.codes.surface import rotated_patch

__all__ = ["RotatedSurfaceCode"]


@dataclass(frozen=True)
class RotatedSurfaceCode:
    """The rotated surface code [[d², 1, d]] on a d × d patch.

    Data qubit ``d·j + i`` sits at coordinates (2i + 1, 2j + 1); a stabilizer sits at even coordinates (2x, 2y)
    and acts on the two or four data qubits diagonal to it. Stabilizers with odd x + y are of type X and those with
    even x + y of type Z; the left and right edges keep only Z, the bottom and top edges only X. These are the
    coordinates that Stim's generated circuits annotate.

    Source: Bombin and Martin-Delgado, Phys. Rev. A 76, 012305 (2007); Tomita and Svore, Phys. Rev. A 90, 062320 (2014).

    Attributes:
        distance: odd code distance d ≥ 3.
        data_coordinates: int64, shape (d², 2).
        x_coordinates: int64, shape ((d² − 1)/2, 2), positions of the X stabilizers.
        z_coordinates: int64, shape ((d² − 1)/2, 2), positions of the Z stabilizers.
        x_checks: uint8 of 0 and 1, shape ((d² − 1)/2, d²), one row for the support of each X stabilizer.
        z_checks: uint8 of 0 and 1, shape ((d² − 1)/2, d²), one row for the support of each Z stabilizer.
        logical_x: uint8 of 0 and 1, shape (d²,), the column x = 1.
        logical_z: uint8 of 0 and 1, shape (d²,), the row y = 1.

    Raises:
        InputError: if the distance is even or below 3.
        InsufficientMemoryError: if there is no memory for its arrays.
    """

    distance: int
    data_coordinates: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    x_coordinates: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    z_coordinates: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    x_checks: NDArray[np.uint8] = field(init=False, repr=False, compare=False)
    z_checks: NDArray[np.uint8] = field(init=False, repr=False, compare=False)
    logical_x: NDArray[np.uint8] = field(init=False, repr=False, compare=False)
    logical_z: NDArray[np.uint8] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        d = require_odd_distance(self.distance)
        check_memory(8 * d**4, f"a rotated surface code of distance {d}", "take a smaller distance")
        data = np.array([(2 * i + 1, 2 * j + 1) for j in range(d) for i in range(d)], dtype=np.int64)
        x_sites = np.array(
            [(2 * x, 2 * y) for y in range(d + 1) for x in range(1, d) if (x + y) % 2 == 1], dtype=np.int64
        )
        z_sites = np.array(
            [(2 * x, 2 * y) for y in range(1, d) for x in range(d + 1) if (x + y) % 2 == 0], dtype=np.int64
        )
        arrays = {
            "data_coordinates": data,
            "x_coordinates": x_sites,
            "z_coordinates": z_sites,
            "x_checks": _diagonal_neighbours(x_sites, data),
            "z_checks": _diagonal_neighbours(z_sites, data),
            "logical_x": (data[:, 0] == 1).astype(np.uint8),
            "logical_z": (data[:, 1] == 1).astype(np.uint8),
        }
        object.__setattr__(self, "distance", d)
        for name, array in arrays.items():
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @cached_property
    def code(self) -> CSSCode:
        """The same as a `CSSCode`, for experiments, distances and encoders."""
        return rotated_patch(self.distance, self.distance)

    @property
    def num_data_qubits(self) -> int:
        """d²."""
        return self.distance**2

    def commutes(self) -> bool:
        """Whether all stabilizers commute with each other and with both logicals, and the logicals anticommute.

        An X-type and a Z-type operator commute exactly when their supports share an even number of qubits.
        """
        x_side = np.vstack([self.x_checks, self.logical_x]).astype(np.int64)
        z_side = np.vstack([self.z_checks, self.logical_z]).astype(np.int64)
        overlap_parity = (x_side @ z_side.T) % 2
        expected = np.zeros_like(overlap_parity)
        expected[-1, -1] = 1
        return bool(np.array_equal(overlap_parity, expected))


def _diagonal_neighbours(sites: NDArray[np.int64], data: NDArray[np.int64]) -> NDArray[np.uint8]:
    offsets = np.abs(sites[:, None, :] - data[None, :, :])
    return np.asarray(np.all(offsets == 1, axis=2), dtype=np.uint8)
