"""`PointCharges`: the surroundings of a molecule as charges that stay where they are."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import shown
from qtoolkit._checks import require_array
from qtoolkit.applications.chemistry.geometry import BOHR_IN_ANGSTROM, FloatArray, LengthUnit, text_of
from qtoolkit.errors import InputError

__all__ = ["PointCharges"]

_PQR_RECORDS = ("ATOM", "HETATM")


@dataclass(frozen=True, eq=False)
class PointCharges:
    """Charges at fixed places, such as the partial charges of a force field on the atoms of a protein.

    Equal charges at equal places in equal units are equal.

    Attributes:
        positions: float64 of shape (count, 3).
        charges: in units of the elementary charge, float64 of shape (count,).
        unit: of the positions.

    Raises:
        InputError: if there are none, shapes do not match, a number is not finite, or the unit is none.
    """

    positions: FloatArray = field(repr=False)
    charges: FloatArray = field(repr=False)
    unit: LengthUnit = "angstrom"

    def __post_init__(self) -> None:
        positions = require_array("positions", self.positions, (None, 3))
        charges = require_array("charges", self.charges, (len(positions),))
        if not len(positions):
            raise InputError("point charges must be one at least, got none; leave the environment out")
        if not isinstance(self.unit, str) or self.unit not in get_args(LengthUnit):
            raise InputError(f'unit must be "angstrom" or "bohr", got {shown(self.unit)}')
        for name, array in (("positions", positions), ("charges", charges)):
            kept = array.copy()
            kept.setflags(write=False)
            object.__setattr__(self, name, kept)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PointCharges):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __len__(self) -> int:
        return len(self.charges)

    @classmethod
    def from_xyz(cls, source: str | os.PathLike[str]) -> PointCharges:
        """Read an XYZ file with a fifth column, the charges; positions are in angstrom, and symbols are passed over.

        Args:
            source: its path, or its text, which has several lines.

        Raises:
            InputError: if the file cannot be read, or naming the line that is wrong.
        """
        lines = text_of(source, "XYZ").strip("\n").splitlines()
        count = lines[0].strip() if lines else ""
        if not (count.isascii() and count.isdecimal()) or int(count) != len(lines) - 2:
            raise InputError(
                f"line 1 of an XYZ file is the number of lines after the comment, {max(len(lines) - 2, 0)} here, got "
                f"{shown(count)}"
            )
        rows = []
        for number, line in enumerate(lines[2:], start=3):
            columns = line.split()
            if len(columns) < 5:
                raise InputError(
                    f"line {number} of an XYZ file with charges must have a symbol, three coordinates and a charge, "
                    f"got {shown(line)}"
                )
            rows.append(_numbers(columns[1:5], number, line))
        return cls._of_rows(rows)

    @classmethod
    def from_pqr(cls, source: str | os.PathLike[str]) -> PointCharges:
        """Read the atoms of a PQR file, as PDB2PQR writes them for a protein: of each record ATOM or HETATM the five
        last columns are three coordinates in angstrom, the charge and a radius, which is passed over (T. J. Dolinsky
        and others, Nucleic Acids Res. 32, W665 (2004)).

        Args:
            source: its path, or its text, which has several lines.

        Raises:
            InputError: if the file cannot be read, has no atoms, or naming the line that is wrong.
        """
        rows = []
        for number, line in enumerate(text_of(source, "PQR").splitlines(), start=1):
            columns = line.split()
            if columns and columns[0] in _PQR_RECORDS:
                if len(columns) < 9:
                    raise InputError(
                        f"line {number} of a PQR file must end in three coordinates, a charge and a radius, got "
                        f"{shown(line)}"
                    )
                rows.append(_numbers(columns[-5:-1], number, line))
        return cls._of_rows(rows)

    @classmethod
    def _of_rows(cls, rows: list[list[float]]) -> PointCharges:
        table = np.array(rows, dtype=np.float64).reshape(-1, 4)
        return cls(table[:, :3], table[:, 3])

    @property
    def total(self) -> float:
        """Sum of the charges."""
        return float(self.charges.sum())

    @property
    def coordinates(self) -> FloatArray:
        """Places in bohr, float64 of shape (count, 3)."""
        return self.positions if self.unit == "bohr" else self.positions / BOHR_IN_ANGSTROM

    def energy_with(self, charges: ArrayLike, coordinates: ArrayLike) -> float:
        """Coulomb energy, in hartree, of these charges with others, such as nuclei; not that among themselves.

        Args:
            charges: of the others, shape (num_others,).
            coordinates: of the others in bohr, shape (num_others, 3).

        Raises:
            InputError: if shapes do not match, a number is not finite, or two places coincide.
        """
        places = require_array("coordinates", coordinates, (None, 3))
        others = require_array("charges", charges, (len(places),))
        energy = 0.0
        for charge, place in zip(others, places, strict=True):
            distances = np.linalg.norm(self.coordinates - place, axis=1)
            if not distances.all():
                raise InputError(f"charges must be apart, got two at {tuple(place.tolist())} bohr")
            energy += float(charge * np.sum(self.charges / distances))
        return energy

    def _key(self) -> tuple[str, bytes, bytes]:
        return self.unit, self.positions.tobytes(), self.charges.tobytes()


def _numbers(columns: Sequence[str], number: int, line: str) -> list[float]:
    found = []
    for column in columns:
        try:
            value = float(column)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(f"line {number} must hold finite numbers, got {shown(column)} in {shown(line.strip())}")
        found.append(value)
    return found
