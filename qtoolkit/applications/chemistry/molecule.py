"""`Molecule`: nuclei, basis set, charge and spin, checked before any integral is computed."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from qtoolkit._arguments import shown
from qtoolkit._checks import require_integer, require_number
from qtoolkit.applications.chemistry.geometry import (
    ATOMIC_NUMBERS,
    BOHR_IN_ANGSTROM,
    Atom,
    LengthUnit,
    atoms_of_string,
    atoms_of_xyz,
    checked_geometry,
    xyz_of_atoms,
)
from qtoolkit.applications.chemistry.point_charges import PointCharges
from qtoolkit.applications.chemistry.smiles import conformer_of_smiles
from qtoolkit.errors import InputError

__all__ = ["Atom", "LengthUnit", "Molecule", "checked_electrons", "diatomic"]

_MOST_CHARGE = 1 << 20

_CLOSEST_TO_NUCLEUS = 0.1
"""In angstrom: a charge that is nearer stands for the atom itself."""


@dataclass(frozen=True)
class Molecule:
    """A molecule at fixed nuclei.

    `from_string`, `from_xyz` and `from_smiles` read it from texts.

    Attributes:
        geometry: element symbol and (x, y, z) of each atom, ``[("H", (0, 0, 0)), ("H", (0, 0, 0.735))]`` for instance;
            kept as a tuple.
        basis: name of a Gaussian basis set that PySCF knows. Where effective core potentials belong to it, they are
            used.
        charge: total charge in units of the elementary charge.
        spin: number of unpaired electrons, n_alpha − n_beta = 2S: 0 for a singlet, 1 for a doublet.
        unit: unit of the coordinates.
        ghosts: places with basis functions of an element but without nucleus and electrons, as the counterpoise
            correction needs them (S. F. Boys and F. Bernardi, Mol. Phys. 19, 553 (1970)); kept as a tuple. Populations
            tell them after the atoms.
        environment: charges around the molecule, in whose field its electrons and nuclei are.

    Raises:
        InputError: if an element is unknown, coordinates are not three finite numbers, two atoms or ghosts coincide,
            charge and spin do not fit the number of electrons, or a charge of the environment lies on a nucleus.
    """

    geometry: Sequence[Atom]
    basis: str = "sto-3g"
    charge: int = 0
    spin: int = 0
    unit: LengthUnit = "angstrom"
    ghosts: Sequence[Atom] = ()
    environment: PointCharges | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "geometry", checked_geometry(self.geometry, self.unit))
        ghosts: object = self.ghosts
        if not isinstance(ghosts, Sequence) or isinstance(ghosts, str):
            raise InputError(f'ghosts is a sequence of pairs ("H", (x, y, z)), got {shown(ghosts)}')
        together = checked_geometry((*self.geometry, *ghosts), self.unit)
        object.__setattr__(self, "ghosts", together[len(self.geometry) :])
        # PySCF reads a file where one has the name, and a text of several lines as the set itself
        if not isinstance(self.basis, str) or not self.basis.strip() or set(self.basis) & set("/\\\n\r\0@"):
            raise InputError(f'basis must be the name of a basis set such as "sto-3g", got {shown(self.basis)}')
        if not isinstance(self.unit, str) or self.unit not in get_args(LengthUnit):
            raise InputError(f'unit must be "angstrom" or "bohr", got {shown(self.unit)}')
        object.__setattr__(self, "charge", require_integer("charge", self.charge, -_MOST_CHARGE, _MOST_CHARGE))
        object.__setattr__(self, "spin", require_integer("spin", self.spin, -_MOST_CHARGE, _MOST_CHARGE))
        if self.num_electrons < 1:
            raise InputError(
                f"a molecule needs at least one electron, got charge {self.charge} on nuclei of total charge "
                f"{sum(self.nuclear_charges)}"
            )
        if not 0 <= self.spin <= self.num_electrons or (self.num_electrons - self.spin) % 2:
            raise InputError(
                f"spin is the number of unpaired electrons: for {self.num_electrons} electrons it must lie in "
                f"[{self.num_electrons % 2}, {self.num_electrons}] in steps of 2, got {self.spin}"
            )
        if self.environment is not None:
            if not isinstance(self.environment, PointCharges):
                raise InputError(f"environment must be PointCharges or None, got {shown(self.environment)}")
            _check_apart(self.environment, self)

    @classmethod
    def from_string(
        cls, text: str, basis: str = "sto-3g", charge: int = 0, spin: int = 0, unit: LengthUnit = "angstrom"
    ) -> Molecule:
        """Read ``"Li 0 0 0; H 0 0 1.595"``: a symbol or atomic number and three coordinates for each atom.

        Args:
            text: atoms end with a semicolon or a line, columns with blanks or a comma.
            basis: see `Molecule`.
            charge: see `Molecule`.
            spin: see `Molecule`.
            unit: see `Molecule`.

        Raises:
            InputError: naming the atom that is none, or as for `Molecule`.
        """
        return cls(atoms_of_string(text), basis, charge, spin, unit)

    @classmethod
    def from_xyz(
        cls, source: str | os.PathLike[str], basis: str = "sto-3g", charge: int = 0, spin: int = 0
    ) -> Molecule:
        """Read an XYZ file, whose coordinates are in angstrom.

        Args:
            source: its path, or its text, which has several lines.
            basis: see `Molecule`.
            charge: see `Molecule`.
            spin: see `Molecule`.

        Raises:
            InputError: if the file cannot be read, naming the line that is wrong, or as for `Molecule`.
        """
        return cls(atoms_of_xyz(source), basis, charge, spin)

    @classmethod
    def from_smiles(
        cls,
        smiles: str,
        basis: str = "sto-3g",
        charge: int | None = None,
        spin: int | None = None,
        *,
        seed: int = 0,
    ) -> Molecule:
        """A conformer of the molecule with these bonds, such as ``"CCO"``, made by RDKit.

        Distance geometry (ETKDGv3), relaxed in the force field MMFF94, or UFF where that lacks an atom. One seed gives
        one conformer, not the lowest; a geometry that is relaxed in the basis itself will differ.

        Args:
            smiles: hydrogens are added where valences ask for them.
            basis: see `Molecule`.
            charge: the sum of the formal charges by default.
            spin: all unpaired electrons that the valences leave, parallel, by default.
            seed: of the conformer, 0 to 2**31 − 2.

        Raises:
            MissingExtraError: if RDKit is not installed.
            InputError: if the text is no SMILES, or as for `Molecule`.
            ConvergenceError: if no conformer is found.
        """
        found = conformer_of_smiles(smiles, seed)
        return cls(
            found.atoms,
            basis,
            found.charge if charge is None else charge,
            found.num_radicals if spin is None else spin,
        )

    def to_xyz(self, comment: str = "") -> str:
        """The text of an XYZ file, in angstrom.

        Raises:
            InputError: if the comment has more than one line.
        """
        factor = 1.0 if self.unit == "angstrom" else BOHR_IN_ANGSTROM
        return xyz_of_atoms(((s, (factor * x, factor * y, factor * z)) for s, (x, y, z) in self.geometry), comment)

    def with_basis(self, basis: str) -> Molecule:
        """The same molecule in another basis set.

        Raises:
            InputError: if that is no name.
        """
        return dataclasses.replace(self, basis=basis)

    def with_environment(self, charges: PointCharges | None) -> Molecule:
        """The same molecule in the field of charges, or of none.

        Raises:
            InputError: if they are none, or one lies on a nucleus.
        """
        return dataclasses.replace(self, environment=charges)

    @property
    def num_electrons(self) -> int:
        """Number of electrons, core electrons included."""
        return sum(self.nuclear_charges) - self.charge

    @property
    def nelec(self) -> tuple[int, int]:
        """Numbers of alpha and beta electrons."""
        return (self.num_electrons + self.spin) // 2, (self.num_electrons - self.spin) // 2

    @property
    def formula(self) -> str:
        """Symbols with their counts in order of appearance, such as ``"H2O"``."""
        symbols = [symbol for symbol, _ in self.geometry]
        counts = {symbol: symbols.count(symbol) for symbol in dict.fromkeys(symbols)}
        return "".join(symbol + (str(count) if count > 1 else "") for symbol, count in counts.items())

    @property
    def nuclear_charges(self) -> tuple[int, ...]:
        """Atomic number of each atom."""
        return tuple(ATOMIC_NUMBERS[symbol] for symbol, _ in self.geometry)

    @property
    def coordinates(self) -> npt.NDArray[np.float64]:
        """Places of the nuclei in bohr, float64 of shape (num_atoms, 3)."""
        places = np.array([place for _, place in self.geometry], dtype=np.float64)
        return places if self.unit == "bohr" else places / BOHR_IN_ANGSTROM

    @property
    def nuclear_repulsion(self) -> float:
        """Energy of the bare nuclei in hartree; core potentials screen them, which this leaves out."""
        places, charges = self.coordinates, np.array(self.nuclear_charges, dtype=np.float64)
        first, second = np.triu_indices(len(charges), 1)
        distances = np.linalg.norm(places[first] - places[second], axis=1)
        return float(np.sum(charges[first] * charges[second] / distances))


def diatomic(
    first: str,
    second: str,
    distance: float,
    basis: str = "sto-3g",
    charge: int = 0,
    spin: int = 0,
    unit: LengthUnit = "angstrom",
) -> Molecule:
    """Two atoms on the z axis, `distance` apart.

    Raises:
        InputError: if the distance is not positive and finite, or an argument of `Molecule` breaks its rule.
    """
    length = require_number("distance", distance)
    if length <= 0:
        raise InputError(f"distance must be positive, got {length:g}")
    return Molecule(((first, (0.0, 0.0, 0.0)), (second, (0.0, 0.0, length))), basis, charge, spin, unit)


def checked_electrons(nelec: object) -> tuple[int, int]:
    """Numbers of alpha and beta electrons.

    Raises:
        InputError: if they are not two integers.
    """
    if not isinstance(nelec, Sequence) or len(nelec) != 2:
        raise InputError(f"nelec must be two numbers, of alpha and beta electrons, got {shown(nelec)}")
    return require_integer("nelec", nelec[0]), require_integer("nelec", nelec[1])


def _check_apart(charges: PointCharges, molecule: Molecule) -> None:
    for index, ((symbol, _), place) in enumerate(zip(molecule.geometry, molecule.coordinates, strict=True)):
        distances = np.linalg.norm(charges.coordinates - place, axis=1) * BOHR_IN_ANGSTROM
        nearest = int(np.argmin(distances))
        if distances[nearest] < _CLOSEST_TO_NUCLEUS:
            raise InputError(
                f"point charges must be {_CLOSEST_TO_NUCLEUS:g} angstrom from nuclei at least, got charge {nearest} at "
                f"{distances[nearest]:.3g} from atom {index} ({symbol}); leave out those that stand for atoms of the "
                "molecule"
            )
