"""Excitations that follow each other, as the arrays that kernels take: lists of pairs, each once, and groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._memory import reserved
from qtoolkit.simulators.fermion.excitation_groups import ListedRotation, grouped, lines_of
from qtoolkit.simulators.fermion.operations import ExcitationRotation
from qtoolkit.simulators.fermion.pairs import passing_sign, string_pairs
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit_kernels.fermion import excitations as kernels

__all__ = ["ListKey", "Tables", "bytes_of_lists", "tables_of"]

IntArray = NDArray[np.int64]

_PAIR = 8
"""Bytes of an entry."""

ListKey: TypeAlias = tuple[int, tuple[int, ...], tuple[int, ...], bool]
"""Which list: the number of electrons of its spin, orbitals annihilated and created, and whether it has signs."""


@dataclass(frozen=True, eq=False)
class Tables:
    """What the kernels take, and what else is known of the rotations.

    Attributes:
        program: lists and groups.
        order: which operation each rotation is, int64.
        signs: 1.0 or −1.0, by which the angle of each rotation is multiplied, float64.
        num_lines: the most that an item of a group fills for a vector.
        num_pairs: of amplitudes that rotate, of all rotations together.
    """

    program: kernels.Excitations
    order: IntArray
    signs: NDArray[np.float64]
    num_lines: int
    num_pairs: int

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in self.program) + self.signs.nbytes + self.order.nbytes


def tables_of(sector: FermionSector, operations: Sequence[ExcitationRotation]) -> Tables:
    """The tables of some excitations.

    What commutes may change places, so that groups become longer: excitations of other spin orbitals do. An excitation
    that connects nothing here is left out.
    """
    numbers: dict[ListKey, int] = {}
    lists_of = np.empty((len(operations), 2), np.int64)
    signs = np.ones(len(operations))
    for number, operation in enumerate(operations):
        for spin, key in enumerate(_keys(sector, operation)):
            lists_of[number, spin] = -1 if key is None else numbers.setdefault(key, len(numbers))
        if operation.fermionic and lists_of[number, 1] >= 0:
            signs[number] = passing_sign(operation.excitation, sector.norb, sector.nelec[0])
    lists, pairs = _lists(sector, list(numbers))
    counts = np.append(lists[:, 2] - lists[:, 0], 1)
    listed = [
        ListedRotation(number, alpha, beta, *_masks(sector.norb, operations[number]))
        for number, (alpha, beta) in enumerate(lists_of.tolist())
        if counts[alpha] and counts[beta]
    ]
    groups, order = grouped(listed, counts.tolist(), sector.shape)
    program = kernels.Excitations(groups, lists_of[order], lists, pairs)
    by_spin = np.where(program.lists_of < 0, sector.shape, counts[program.lists_of])
    most = max((lines_of(kind, sector.shape) for kind in groups[:, 0].tolist()), default=0)
    return Tables(program, order, signs[order], most, int(by_spin.prod(axis=1).sum()))


def bytes_of_lists(sector: FermionSector, operation: ExcitationRotation) -> dict[ListKey, int]:
    """Bytes of the lists that an excitation needs."""
    return {key: _PAIR * _num_pairs(sector.norb, key) for key in _keys(sector, operation) if key is not None}


def _num_pairs(norb: int, key: ListKey) -> int:
    """How many strings have all orbitals that lose an electron, and none of those that gain one."""
    electrons, annihilated, _, _ = key
    rest, free = electrons - len(annihilated), norb - 2 * len(annihilated)
    return math.comb(free, rest) if rest >= 0 and free >= 0 else 0


def _masks(norb: int, operation: ExcitationRotation) -> tuple[int, int]:
    """What a rotation touches, and what it must not pass, as bits (see `ListedRotation`)."""
    orbitals = 0
    for mode in (*operation.excitation.annihilated, *operation.excitation.created):
        orbitals |= 1 << mode
    own, other = (1, 2) if operation.fermionic else (2, 1)
    return orbitals | own << 2 * norb, orbitals | other << 2 * norb


def _keys(sector: FermionSector, operation: ExcitationRotation) -> tuple[ListKey | None, ListKey | None]:
    """The lists of alpha and of beta strings that an excitation needs."""
    norb, excitation = sector.norb, operation.excitation
    found: list[ListKey | None] = []
    for first, electrons in zip((0, norb), sector.nelec, strict=True):
        annihilated = tuple(mode - first for mode in excitation.annihilated if first <= mode < first + norb)
        created = tuple(mode - first for mode in excitation.created if first <= mode < first + norb)
        found.append((electrons, annihilated, created, operation.fermionic) if created else None)
    return found[0], found[1]


def _lists(sector: FermionSector, keys: Sequence[ListKey]) -> tuple[IntArray, NDArray[np.int32]]:
    """Bounds of the lists, int64[:, 3], and their entries, those of positive sign first, int32[:, 2]."""
    strings = {sector.nelec[0]: sector.alpha_strings, sector.nelec[1]: sector.beta_strings}
    total = sum(_num_pairs(sector.norb, key) for key in keys)
    needed = _needs.fermion_pairs(total, max(sector.shape))
    with reserved(needed, f"lists of {total} pairs of strings", "use fewer orbitals", _PAIR * total):
        bounds, entries, filled = np.zeros((len(keys), 3), np.int64), np.empty((total, 2), np.int32), 0
        for number, (electrons, annihilated, created, fermionic) in enumerate(keys):
            found = string_pairs(strings[electrons], created, annihilated, fermionic)
            negative = found.sign < 0.0
            order = np.concatenate([np.flatnonzero(~negative), np.flatnonzero(negative)])
            end, own = filled + len(order), entries[filled : filled + len(order)]
            own[:, 0], own[:, 1] = found.source[order], found.target[order]
            bounds[number] = filled, end - np.count_nonzero(negative), end
            filled = end
    return bounds, entries
