"""Excitations that follow each other, as the arrays that kernels take: pair lists, each once, and groups of rotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.fermion.operations import ExcitationRotation
from qtoolkit.simulators.fermion.pairs import passing_sign, string_pairs
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit_kernels.fermion import excitations as kernels

__all__ = ["Tables", "bytes_of_lists", "tables_of"]

IntArray = NDArray[np.int64]

_MOST_LINES = 1 << 15
"""Lines of 64 bytes that a vector may have: beyond the caches, rotating amplitudes where they are is as fast."""

_Key = tuple[int, tuple[int, ...], tuple[int, ...], bool]
"""Which list: the number of electrons of its spin, orbitals annihilated and created, and whether it has signs."""


@dataclass(frozen=True, eq=False)
class Tables:
    """What the kernels take, and what else is known of the rotations.

    Attributes:
        program: lists and groups.
        signs: 1.0 or −1.0, by which the angle of each rotation is multiplied, float64.
        num_lines: the most that an item of a group fills for a vector.
        num_pairs: of amplitudes that rotate, of all rotations together.
    """

    program: kernels.Excitations
    signs: NDArray[np.float64]
    num_lines: int
    num_pairs: int

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in self.program) + self.signs.nbytes


def tables_of(sector: FermionSector, operations: Sequence[ExcitationRotation]) -> Tables:
    """The tables of some excitations.

    Lists without a pair stay, so that every rotation has its place; what they belong to is left out of the groups.
    """
    numbers: dict[_Key, int] = {}
    lists_of = np.empty((len(operations), 2), np.int64)
    signs = np.ones(len(operations))
    for number, operation in enumerate(operations):
        for spin, key in enumerate(_keys(sector, operation)):
            lists_of[number, spin] = -1 if key is None else numbers.setdefault(key, len(numbers))
        if operation.fermionic and lists_of[number, 1] >= 0:
            signs[number] = passing_sign(operation.excitation, sector.norb, sector.nelec[0])
    lists, pairs = _lists(sector, list(numbers))
    counts = lists[:, 2] - lists[:, 0]
    groups = [*_groups(sector, lists_of, counts)]
    program = kernels.Excitations(np.array(groups, np.int64).reshape(-1, 3), lists_of, lists, pairs)
    rows, columns = sector.shape
    by_spin = np.where(lists_of < 0, (rows, columns), np.append(counts, 0)[lists_of])
    lines = {kernels.ALPHA: rows, kernels.BETA: columns, kernels.SAME_ALPHA: 2 * columns, kernels.SAME_BETA: 2 * rows}
    most = max((lines.get(kind, 0) for kind, _, _ in groups), default=0)
    return Tables(program, signs, most, int(by_spin.prod(axis=1).sum()))


def bytes_of_lists(sector: FermionSector, operation: ExcitationRotation) -> dict[_Key, int]:
    """Bytes of the lists that an excitation needs."""
    found = {}
    for key in _keys(sector, operation):
        if key is not None:
            electrons, annihilated, _, _ = key
            free, rest = sector.norb - 2 * len(annihilated), electrons - len(annihilated)
            found[key] = 8 * _binomial(free, rest)
    return found


def _binomial(total: int, chosen: int) -> int:
    import math

    return math.comb(total, chosen) if 0 <= chosen <= total else 0


def _keys(sector: FermionSector, operation: ExcitationRotation) -> tuple[_Key | None, _Key | None]:
    """The lists of alpha and of beta strings that an excitation needs."""
    norb, excitation = sector.norb, operation.excitation
    found: list[_Key | None] = []
    for first, electrons in zip((0, norb), sector.nelec, strict=True):
        annihilated = tuple(mode - first for mode in excitation.annihilated if first <= mode < first + norb)
        created = tuple(mode - first for mode in excitation.created if first <= mode < first + norb)
        found.append((electrons, annihilated, created, operation.fermionic) if created else None)
    return found[0], found[1]


def _lists(sector: FermionSector, keys: Sequence[_Key]) -> tuple[IntArray, NDArray[np.int32]]:
    """Bounds of the lists, int64[:, 3], and their entries, those of positive sign first, int32[:, 2]."""
    strings = {sector.nelec[0]: sector.alpha_strings, sector.nelec[1]: sector.beta_strings}
    bounds, entries, filled = np.zeros((len(keys), 3), np.int64), [np.zeros((0, 2), np.int32)], 0
    for number, (electrons, annihilated, created, fermionic) in enumerate(keys):
        found = string_pairs(strings[electrons], created, annihilated, fermionic)
        negative = found.sign < 0.0
        order = np.concatenate([np.flatnonzero(~negative), np.flatnonzero(negative)])
        entry = np.empty((len(order), 2), np.int32)
        entry[:, 0], entry[:, 1] = found.source[order], found.target[order]
        entries.append(entry)
        bounds[number] = filled, filled + len(order) - np.count_nonzero(negative), filled + len(order)
        filled += len(order)
    return bounds, np.concatenate(entries)


def _groups(sector: FermionSector, lists_of: IntArray, counts: IntArray) -> Iterator[tuple[int, int, int]]:
    """Groups of rotations, in order, as kinds and bounds."""
    rows, columns = sector.shape
    alone = {(True, False): kernels.ALPHA_ALONE, (False, True): kernels.BETA_ALONE, (True, True): kernels.BOTH_ALONE}
    listed = [tuple(pair) for pair in lists_of.tolist()]
    sizes = counts.tolist()
    place = 0
    while place < len(listed):
        alpha, beta = listed[place]
        touched = alpha >= 0, beta >= 0
        if any(number >= 0 and sizes[number] == 0 for number in (alpha, beta)):
            place += 1
            continue
        if touched == (True, True):
            same_alpha, same_beta = _run(listed, place, 0), _run(listed, place, 1)
            kind, end, running = (kernels.SAME_ALPHA, same_alpha, 1)
            if same_beta > same_alpha:
                kind, end, running = (kernels.SAME_BETA, same_beta, 0)
            lines = 2 * (columns if running else rows)
        else:
            end = place
            while end < len(listed) and (listed[end][0] >= 0, listed[end][1] >= 0) == touched:
                end += 1
            kind, lines, running = (kernels.ALPHA, rows, 0) if touched[0] else (kernels.BETA, columns, 1)
        work = sum(sizes[listed[k][running]] for k in range(place, end))
        if lines > _MOST_LINES or work < lines:
            kind, end = alone[touched], place + 1
        yield kind, place, end
        place = end


def _run(listed: list[tuple[int, ...]], place: int, spin: int) -> int:
    """Where the rotations of both spins end that share the list of one."""
    end = place
    while end < len(listed) and listed[end][spin] == listed[place][spin] and min(listed[end]) >= 0:
        end += 1
    return end
