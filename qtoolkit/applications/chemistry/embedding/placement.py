"""Molecules put beside each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import shown
from qtoolkit._checks import require_array
from qtoolkit.applications.chemistry.geometry import BOHR_IN_ANGSTROM, Atom, FloatArray
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.errors import InputError

__all__ = ["in_unit_of", "join_molecules", "move_molecule", "require_molecule", "to_principal_axes"]

_ORTHOGONAL = 1e-6


def move_molecule(
    molecule: Molecule, shift: ArrayLike = (0.0, 0.0, 0.0), rotation: ArrayLike | None = None
) -> Molecule:
    """The molecule turned about the origin, then shifted; its ghosts go with it, an environment stays.

    Args:
        molecule: what is moved.
        shift: in the molecule's unit, shape (3,).
        rotation: that columns of coordinates are multiplied by from the left, orthogonal, shape (3, 3).

    Raises:
        InputError: if shapes do not match, or the matrix is no rotation.
    """
    require_molecule("molecule", molecule)
    offset = require_array("shift", shift, (3,))
    turn = np.eye(3) if rotation is None else require_array("rotation", rotation, (3, 3))
    if not np.allclose(turn @ turn.T, np.eye(3), rtol=0.0, atol=_ORTHOGONAL) or np.linalg.det(turn) < 0:
        raise InputError("rotation must be an orthogonal matrix with determinant 1, got another; mirrors are none")
    return dataclasses.replace(
        molecule,
        geometry=_moved(molecule.geometry, turn, offset),
        ghosts=_moved(molecule.ghosts, turn, offset),
    )


def to_principal_axes(molecule: Molecule) -> Molecule:
    """The molecule with the mean of its nuclei at the origin, its longest extent along x and its shortest along z.

    A planar molecule then lies in the xy plane, so that ``"C 2pz"`` names its π orbitals whatever its conformer's
    frame was.

    Raises:
        InputError: if it is no molecule.
    """
    require_molecule("molecule", molecule)
    places = np.array([place for _, place in molecule.geometry])
    centred = places - places.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    turn = axes[:, ::-1].T
    # the first atom that lies off the middle is on the positive side, so that rounding decides nothing
    for row in turn[:2]:
        along = centred @ row
        off = np.flatnonzero(np.abs(along) > 1e-3)
        if len(off) and along[off[0]] < 0:
            row *= -1.0
    turn[2] = np.cross(turn[0], turn[1])
    return move_molecule(molecule, -turn @ places.mean(axis=0), turn)


def join_molecules(first: Molecule, second: Molecule) -> Molecule:
    """Both molecules as one, the atoms of the first before those of the second, in the unit of the first.

    Charges add up, unpaired electrons too.

    Raises:
        InputError: if one is no molecule, their basis sets differ, both have unpaired electrons, one has ghosts or an
            environment, or atoms coincide.
    """
    require_molecule("first", first)
    require_molecule("second", second)
    if first.basis != second.basis:
        raise InputError(f"molecules that are joined have one basis set, got {first.basis!r} and {second.basis!r}")
    if first.spin and second.spin:
        raise InputError(
            f"of two molecules with unpaired electrons it is not plain how they couple, got {first.spin} and "
            f"{second.spin}; make the whole by Molecule"
        )
    for molecule in (first, second):
        if molecule.ghosts or molecule.environment is not None:
            raise InputError("molecules that are joined have neither ghosts nor an environment, got one with some")
    return Molecule(
        (*first.geometry, *in_unit_of(first, second)),
        first.basis,
        first.charge + second.charge,
        first.spin + second.spin,
        first.unit,
    )


def in_unit_of(first: Molecule, second: Molecule) -> tuple[Atom, ...]:
    """The atoms of the second molecule in the unit of the first."""
    if first.unit == second.unit:
        return tuple(second.geometry)
    factor = BOHR_IN_ANGSTROM if first.unit == "angstrom" else 1.0 / BOHR_IN_ANGSTROM
    return tuple((symbol, (factor * x, factor * y, factor * z)) for symbol, (x, y, z) in second.geometry)


def require_molecule(name: str, value: object) -> Molecule:
    """Refuse what is no `Molecule`.

    Raises:
        InputError: saying so.
    """
    if not isinstance(value, Molecule):
        raise InputError(f"{name} must be a Molecule, got {shown(value)}")
    return value


def _moved(atoms: Sequence[Atom], turn: FloatArray, offset: FloatArray) -> tuple[Atom, ...]:
    moved = []
    for symbol, place in atoms:
        x, y, z = (turn @ np.array(place) + offset).tolist()
        moved.append((symbol, (x, y, z)))
    return tuple(moved)
