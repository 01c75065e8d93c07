"""`Molecule`: nuclei, basis set, charge and spin, checked before any integral is computed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from qtoolkit._arguments import shown
from qtoolkit._checks import require_integer, require_number
from qtoolkit.errors import InputError

__all__ = ["Atom", "LengthUnit", "Molecule", "checked_electrons", "diatomic"]

LengthUnit: TypeAlias = Literal["angstrom", "bohr"]
"""Unit of coordinates and bond lengths."""

Atom: TypeAlias = tuple[str, tuple[float, float, float]]
"""Element symbol and Cartesian coordinates."""

_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr "
    "Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu "
    "Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr "
    "Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
)
_ATOMIC_NUMBERS = {symbol: number for number, symbol in enumerate(_SYMBOLS.split(), start=1)}
_CLOSEST_NUCLEI = 0.01
"""Below this distance, in either unit, two entries are surely the same atom given twice, and integrals break down."""


@dataclass(frozen=True)
class Molecule:
    """A molecule at fixed nuclei.

    Attributes:
        geometry: element symbol and (x, y, z) of each atom, ``[("H", (0, 0, 0)), ("H", (0, 0, 0.735))]`` for instance;
            kept as a tuple.
        basis: name of a Gaussian basis set that PySCF knows. Where effective core potentials belong to it, they are
            used.
        charge: total charge in units of the elementary charge.
        spin: number of unpaired electrons, n_alpha − n_beta = 2S: 0 for a singlet, 1 for a doublet.
        unit: unit of the coordinates.

    Raises:
        InputError: if an element is unknown, coordinates are not three finite numbers, two atoms coincide, or
            charge and spin do not fit the number of electrons.
    """

    geometry: Sequence[Atom]
    basis: str = "sto-3g"
    charge: int = 0
    spin: int = 0
    unit: LengthUnit = "angstrom"

    def __post_init__(self) -> None:
        object.__setattr__(self, "geometry", _checked_geometry(self.geometry, self.unit))
        # PySCF reads a file where one has the name, and a text of several lines as the set itself
        if not isinstance(self.basis, str) or not self.basis.strip() or set(self.basis) & set("/\\\n\r\0@"):
            raise InputError(f'basis must be the name of a basis set such as "sto-3g", got {self.basis!r}')
        if not isinstance(self.unit, str) or self.unit not in get_args(LengthUnit):
            raise InputError(f'unit must be "angstrom" or "bohr", got {self.unit!r}')
        object.__setattr__(self, "charge", require_integer("charge", self.charge))
        object.__setattr__(self, "spin", require_integer("spin", self.spin))
        if self.num_electrons < 1:
            raise InputError(
                f"a molecule needs at least one electron, got charge {self.charge} on nuclei of total charge "
                f"{self._nuclear_charge}"
            )
        if not 0 <= self.spin <= self.num_electrons or (self.num_electrons - self.spin) % 2:
            raise InputError(
                f"spin is the number of unpaired electrons: for {self.num_electrons} electrons it must lie in "
                f"[{self.num_electrons % 2}, {self.num_electrons}] in steps of 2, got {self.spin}"
            )

    @property
    def num_electrons(self) -> int:
        """Number of electrons, core electrons included."""
        return self._nuclear_charge - self.charge

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
    def _nuclear_charge(self) -> int:
        return sum(_ATOMIC_NUMBERS[symbol] for symbol, _ in self.geometry)


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


def _checked_geometry(geometry: Sequence[Atom] | str, unit: str) -> tuple[Atom, ...]:
    if isinstance(geometry, str):
        raise InputError('geometry is a sequence of pairs ("H", (x, y, z)), got a string; parse it first')
    if not isinstance(geometry, Iterable):
        raise InputError(f'geometry is a sequence of pairs ("H", (x, y, z)), got {shown(geometry)}')
    atoms = tuple(_checked_atom(atom) for atom in geometry)
    if not atoms:
        raise InputError("geometry must have at least one atom, got none")
    for (index, (_, here)), (other, (_, there)) in itertools.combinations(enumerate(atoms), 2):
        if math.dist(here, there) < _CLOSEST_NUCLEI:
            raise InputError(
                f"atoms must be {_CLOSEST_NUCLEI:g} {unit} apart at least, got atoms {index} and {other} at {here} and "
                f"{there}; is the unit right?"
            )
    return atoms


def _checked_atom(atom: Atom) -> Atom:
    try:
        symbol, (x, y, z) = atom
    except (TypeError, ValueError):
        raise InputError(f'an atom is a pair ("H", (x, y, z)) with three numbers, got {shown(atom)}') from None
    if not isinstance(symbol, str) or symbol not in _ATOMIC_NUMBERS:
        raise InputError(f'an element is given by its symbol, such as "Li", got {shown(symbol)}')
    x, y, z = (require_number(f"coordinates of {symbol} must be three numbers, each of which", c) for c in (x, y, z))
    return symbol, (x, y, z)


def checked_electrons(nelec: object) -> tuple[int, int]:
    """Numbers of alpha and beta electrons.

    Raises:
        InputError: if they are not two integers.
    """
    if not isinstance(nelec, Sequence) or len(nelec) != 2:
        raise InputError(f"nelec must be two numbers, of alpha and beta electrons, got {shown(nelec)}")
    return require_integer("nelec", nelec[0]), require_integer("nelec", nelec[1])
