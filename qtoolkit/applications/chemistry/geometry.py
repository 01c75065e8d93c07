"""Atoms and their places: their checks, and the texts that hold them."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from qtoolkit._arguments import items_of, shown
from qtoolkit._checks import require_number
from qtoolkit._files import read_text
from qtoolkit.errors import InputError

__all__ = [
    "ATOMIC_NUMBERS",
    "BOHR_IN_ANGSTROM",
    "Atom",
    "FloatArray",
    "LengthUnit",
    "atoms_of_string",
    "atoms_of_xyz",
    "checked_geometry",
    "text_of",
    "xyz_of_atoms",
]

FloatArray: TypeAlias = npt.NDArray[np.float64]

LengthUnit: TypeAlias = Literal["angstrom", "bohr"]
"""Unit of coordinates and bond lengths."""

Atom: TypeAlias = tuple[str, tuple[float, float, float]]
"""Element symbol and Cartesian coordinates."""

BOHR_IN_ANGSTROM = 0.52917721092
"""The Bohr radius as PySCF takes it (CODATA 2010), so that lengths mean the same here and there."""

_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr "
    "Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu "
    "Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr "
    "Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
)
ATOMIC_NUMBERS = {symbol: number for number, symbol in enumerate(_SYMBOLS.split(), start=1)}
"""By element symbol, ascending."""

_CLOSEST_NUCLEI = 0.01
"""Below this distance, in either unit, two entries are surely the same atom given twice, and integrals break down."""
_PLAIN_COLUMNS = "species:S:1:pos:R:3"
"""What the columns of an extended XYZ file begin with where they are those of a plain one."""


def checked_geometry(geometry: Sequence[Atom] | str, unit: str) -> tuple[Atom, ...]:
    """Atoms as a tuple.

    Raises:
        InputError: if there are none, one is no symbol with three finite numbers, or two coincide.
    """
    if isinstance(geometry, str):
        raise InputError(
            'geometry is a sequence of pairs ("H", (x, y, z)), got a string; Molecule.from_string reads those'
        )
    items = items_of(geometry, 'geometry is a sequence of pairs ("H", (x, y, z))')
    atoms = tuple(_checked_atom(atom) for atom in items)
    if not atoms:
        raise InputError("geometry must have at least one atom, got none")
    for (index, (_, here)), (other, (_, there)) in itertools.combinations(enumerate(atoms), 2):
        if math.dist(here, there) < _CLOSEST_NUCLEI:
            raise InputError(
                f"atoms must be {_CLOSEST_NUCLEI:g} {unit} apart at least, got atoms {index} and {other} at {here} and "
                f"{there}; is the unit right?"
            )
    return atoms


def atoms_of_string(text: str) -> tuple[Atom, ...]:
    """Atoms of a text such as ``"Li 0 0 0; H 0 0 1.595"``: a symbol or atomic number and three coordinates each.

    Atoms end with a semicolon or a line, columns with blanks or a comma.

    Raises:
        InputError: naming the atom that is none.
    """
    if not isinstance(text, str):
        raise InputError(f'a geometry is a text such as "Li 0 0 0; H 0 0 1.595", got {shown(text)}')
    entries = [entry for line in text.splitlines() for entry in line.split(";") if entry.strip()]
    return tuple(_read_atom(entry, f"atom {index}") for index, entry in enumerate(entries))


def atoms_of_xyz(source: str | os.PathLike[str]) -> tuple[Atom, ...]:
    """Atoms of an XYZ file, in angstrom: their number, a comment, and one line for each.

    Columns behind the coordinates are passed over.

    Args:
        source: a path, or the text itself, which has several lines.

    Raises:
        InputError: if the file cannot be read, or naming the line that is wrong.
    """
    lines = text_of(source, "XYZ").splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise InputError("an XYZ file holds the number of atoms, a comment and the atoms, got an empty one")
    count = lines[0].strip()
    if not (count.isascii() and count.isdecimal()):
        raise InputError(f"line 1 of an XYZ file is the number of its atoms, got {shown(lines[0])}")
    found = len(lines) - 2
    if found != int(count):
        remedy = "; give one frame of a trajectory" if found > int(count) else ""
        raise InputError(
            f"line 1 of the XYZ file promises {int(count)} atoms, but {max(found, 0)} lines follow{remedy}"
        )
    _, key, columns = lines[1].partition("Properties=")
    if key and not columns.startswith(_PLAIN_COLUMNS):
        raise InputError(
            f"line 2 of the XYZ file has columns of its own, {shown(columns.split(' ')[0])}; write species and "
            f"positions first, {_PLAIN_COLUMNS}"
        )
    return tuple(_read_atom(line, f"line {number}", True) for number, line in enumerate(lines[2:], start=3))


def xyz_of_atoms(atoms: Iterable[Atom], comment: str) -> str:
    """The text of an XYZ file for atoms in angstrom, exact to the last bit.

    Raises:
        InputError: if the comment has more than one line.
    """
    if not isinstance(comment, str) or len(comment.splitlines()) > 1:
        raise InputError(f"the comment of an XYZ file is one line, got {shown(comment)}")
    rows = [f"{symbol} {x!r} {y!r} {z!r}" for symbol, (x, y, z) in atoms]
    return "\n".join([str(len(rows)), comment.rstrip("\r\n"), *rows]) + "\n"


def text_of(source: str | os.PathLike[str], kind: str) -> str:
    """The text of a file that is given by its path, or as a text of several lines.

    Args:
        source: path or text.
        kind: of file, for the error.

    Raises:
        InputError: if it is neither, or cannot be read.
    """
    if isinstance(source, str) and len(source.splitlines()) > 1:
        return source
    if not isinstance(source, str | os.PathLike):
        raise InputError(
            f"{'an' if kind == 'XYZ' else 'a'} {kind} file is given by its path or its text, got {shown(source)}"
        )
    return read_text(source, f"the {kind} file")


def _read_atom(entry: str, place: str, more_columns: bool = False) -> Atom:
    symbol, *columns = entry.replace(",", " ").split() or [""]
    if len(columns) < 3 or (len(columns) > 3 and not more_columns):
        raise InputError(f"{place} must be a symbol and three coordinates, got {shown(entry.strip())}")
    if symbol.isascii() and symbol.isdecimal() and 0 < int(symbol[:9]) <= len(ATOMIC_NUMBERS):
        symbol = list(ATOMIC_NUMBERS)[int(symbol) - 1]
    if symbol not in ATOMIC_NUMBERS:
        raise InputError(f"{place} must begin with an element, got {shown(symbol)}{_meant(symbol)}")
    x, y, z = _read_numbers(columns[:3], place, entry)
    return symbol, (x, y, z)


def _read_numbers(columns: Sequence[str], place: str, entry: str) -> Iterator[float]:
    for column in columns:
        try:
            number = float(column.lower().replace("d", "e"))  # Fortran's exponents too
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise InputError(
                f"{place} must have three finite coordinates, got {shown(column)} in {shown(entry.strip())}"
            )
        yield number


def _meant(symbol: object) -> str:
    """What a symbol in other letters may stand for."""
    usual = symbol.capitalize() if isinstance(symbol, str) else ""
    return f"; is it {usual}?" if usual in ATOMIC_NUMBERS else ""


def _checked_atom(atom: Atom) -> Atom:
    try:
        symbol, (x, y, z) = atom
    except (TypeError, ValueError):
        raise InputError(f'an atom is a pair ("H", (x, y, z)) with three numbers, got {shown(atom)}') from None
    if not isinstance(symbol, str) or symbol not in ATOMIC_NUMBERS:
        raise InputError(f'an element is given by its symbol, such as "Li", got {shown(symbol)}{_meant(symbol)}')
    x, y, z = (require_number(f"coordinates of {symbol} must be three numbers, each of which", c) for c in (x, y, z))
    return symbol, (x, y, z)
