"""`Lattice`: sites and the bonds between them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_flag, check_instance, check_integer, items_of, real_numbers_of, shown
from qtoolkit.errors import InputError

__all__ = ["Lattice", "chain", "ladder", "square"]

MOST_SITES = 4096
"""Models keep a number for each pair of sites."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Sites and bonds; any graph will do.

    Attributes:
        num_sites: number of sites.
        bonds: pairs of different sites, each bond once.
        positions: of the sites in units of the lattice constant, float64 of shape (num_sites, dimensions), for momenta
            and drawings; by default on a line.
        name: for people.

    Raises:
        InputError: if a bond names a site that is not there, joins a site to itself or comes twice, or positions have
            another shape or are not finite.
    """

    num_sites: int
    bonds: tuple[tuple[int, int], ...]
    positions: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)), repr=False)
    name: str = "lattice"

    def __post_init__(self) -> None:
        object.__setattr__(self, "num_sites", check_integer(self.num_sites, "num_sites", 1, MOST_SITES))
        bonds = tuple(self._checked(bond) for bond in items_of(self.bonds, "bonds are a sequence of pairs of sites"))
        seen: set[frozenset[int]] = set()
        for bond in bonds:
            if frozenset(bond) in seen:
                raise InputError(f"each bond is given once, got {bond} twice; a stronger bond is a larger coupling")
            seen.add(frozenset(bond))
        object.__setattr__(self, "bonds", bonds)
        check_instance(self.name, str, "name must be a text")
        positions = real_numbers_of(self.positions, "positions")
        if positions.size == 0:
            positions = np.arange(self.num_sites, dtype=np.float64)[:, None]
        if positions.ndim != 2 or len(positions) != self.num_sites:
            raise InputError(f"positions must have shape ({self.num_sites}, dimensions), got {positions.shape}")
        if not np.isfinite(positions).all():
            raise InputError("positions must be finite, got one that is not")
        positions = positions.copy()
        positions.setflags(write=False)
        object.__setattr__(self, "positions", positions)

    def _checked(self, bond: Sequence[int]) -> tuple[int, int]:
        pair = items_of(bond, "a bond is a pair of sites")
        if len(pair) != 2:
            raise InputError(f"a bond is a pair of sites, got {shown(bond)}")
        first, second = (check_integer(site, "a site of a bond", 0, self.num_sites - 1) for site in pair)
        if first == second:
            raise InputError(f"a bond joins two different sites, got {first} twice")
        return first, second


def chain(num_sites: int, periodic: bool = False) -> Lattice:
    """Sites on a line, or on a ring of at least 3.

    Raises:
        InputError: if there are too few sites.
    """
    num_sites = check_integer(num_sites, "num_sites", 1, MOST_SITES)
    periodic = check_flag(periodic, "periodic")
    bonds = _line(range(num_sites), periodic)
    return Lattice(num_sites, bonds, np.arange(num_sites, dtype=np.float64)[:, None], "ring" if periodic else "chain")


def ladder(length: int, periodic: bool = False) -> Lattice:
    """Two chains of `length` sites, with rungs between them; site ``2 * x + y`` is at (x, y).

    Args:
        length: number of rungs.
        periodic: along the legs, from 3 rungs on.

    Raises:
        InputError: if there are too few rungs.
    """
    length = check_integer(length, "length", 1, MOST_SITES // 2)
    periodic = check_flag(periodic, "periodic")
    legs = [bond for y in range(2) for bond in _line(range(y, 2 * length, 2), periodic)]
    rungs = [(2 * x, 2 * x + 1) for x in range(length)]
    positions = np.array([(x, y) for x in range(length) for y in range(2)], dtype=np.float64)
    return Lattice(2 * length, (*legs, *rungs), positions, "periodic ladder" if periodic else "ladder")


def square(width: int, height: int, periodic: bool | tuple[bool, bool] = False) -> Lattice:
    """A piece of the square lattice; site ``width * y + x`` is at (x, y).

    Args:
        width, height: numbers of sites.
        periodic: in both directions, or in x and in y; a periodic direction has at least 3 sites.

    Raises:
        InputError: if there are too few sites.
    """
    width, height = check_integer(width, "width", 1, MOST_SITES), check_integer(height, "height", 1, MOST_SITES)
    check_integer(width * height, "width * height", 1, MOST_SITES)
    along = periodic if isinstance(periodic, tuple) else (periodic, periodic)
    if len(along) != 2:
        raise InputError(f"periodic is a truth value or a pair of them, got {shown(periodic)}")
    in_x, in_y = (check_flag(flag, "periodic") for flag in along)
    rows = [bond for y in range(height) for bond in _line(range(width * y, width * (y + 1)), in_x)]
    columns = [bond for x in range(width) for bond in _line(range(x, width * height, width), in_y)]
    positions = np.array([(x, y) for y in range(height) for x in range(width)], dtype=np.float64)
    names = {(False, False): "square", (True, True): "torus"}
    return Lattice(width * height, (*rows, *columns), positions, names.get((in_x, in_y), "cylinder"))


def _line(sites: range, periodic: bool) -> tuple[tuple[int, int], ...]:
    if periodic and len(sites) < 3:
        raise InputError(
            f"a periodic direction has at least 3 sites (with 2, both bonds would join the same), got {len(sites)}"
        )
    bonds = list(itertools.pairwise(sites))
    if periodic:
        bonds.append((sites[-1], sites[0]))
    return tuple(bonds)
