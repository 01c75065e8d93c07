"""Which rotations of a program go through the state together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels.fermion import excitations as kernels

__all__ = ["ListedRotation", "grouped", "lines_of"]

IntArray = NDArray[np.int64]

_MOST_LINES = 1 << 16
"""Lines of 64 bytes that a vector may have, which bounds the memory of each thread."""

_LEAST_WORK = {kernels.ALPHA: 2.0, kernels.BETA: 0.25, kernels.SAME_ALPHA: 0.25, kernels.SAME_BETA: 0.75}
"""Pairs of lines to rotate for each line to fill: with fewer, rotating amplitudes where they are is faster, as measured
for states in the third-level cache. Rows lie side by side already, and columns wide apart."""

_LOOKS_BACK = 64
"""Groups that are asked whether they take a rotation, which bounds the time for programs without any order."""


class ListedRotation(NamedTuple):
    """A rotation by its lists of strings.

    Attributes:
        number: which one of the program.
        alpha, beta: numbers of its lists; -1 for a spin that is not touched.
        mask: as bits, its spin orbitals, and above them whether it has signs of fermions, or has not.
        meets: bits of those that it must not pass: with one of its spin orbitals, or of the other sort.
    """

    number: int
    alpha: int
    beta: int
    mask: int
    meets: int


class _Group:
    """Rotations of alpha strings, of beta strings, or of both with one list in common."""

    def __init__(self, first: ListedRotation) -> None:
        self.members = [first]
        self.mask = first.mask
        self._shares_alpha = self._shares_beta = True

    def takes(self, rotation: ListedRotation) -> bool:
        """Whether it stays a group with this one too; then it is added."""
        first = self.members[0]
        if (rotation.alpha < 0) != (first.alpha < 0) or (rotation.beta < 0) != (first.beta < 0):
            return False
        shares_alpha = self._shares_alpha and rotation.alpha == first.alpha
        shares_beta = self._shares_beta and rotation.beta == first.beta
        if not (shares_alpha or shares_beta):
            return False
        self._shares_alpha, self._shares_beta = shares_alpha, shares_beta
        self.members.append(rotation)
        self.mask |= rotation.mask
        return True

    @property
    def kind(self) -> int:
        """Of groups that fill lines."""
        first = self.members[0]
        if first.beta < 0:
            return kernels.ALPHA
        if first.alpha < 0:
            return kernels.BETA
        return kernels.SAME_ALPHA if self._shares_alpha else kernels.SAME_BETA


_ALONE = {
    kernels.ALPHA: kernels.ALPHA_ALONE,
    kernels.BETA: kernels.BETA_ALONE,
    kernels.SAME_ALPHA: kernels.BOTH_ALONE,
    kernels.SAME_BETA: kernels.BOTH_ALONE,
}


def grouped(
    rotations: Sequence[ListedRotation], counts: Sequence[int], shape: tuple[int, int]
) -> tuple[IntArray, IntArray]:
    """Groups of rotations, int64[:, 3] as kernels take them, and the number of the rotation at each place.

    A rotation goes to the last group that takes it, if it commutes with all that comes after. It does with what has
    none of its spin orbitals, since excitations keep the number of electrons; but the signs of fermions know the
    occupations of other orbitals, which excitations without signs change one by one.

    Args:
        rotations: in order.
        counts: pairs in each list.
        shape: of the state.
    """
    groups: list[_Group] = []
    for rotation in rotations:
        for group in reversed(groups[-_LOOKS_BACK:]):
            if group.takes(rotation):
                break
            if group.mask & rotation.meets:
                groups.append(_Group(rotation))
                break
        else:
            groups.append(_Group(rotation))
    rows, place = list[tuple[int, int, int]](), 0
    for group in groups:
        for kind, count in _as_kernels_take(group, counts, shape):
            rows.append((kind, place, place + count))
            place += count
    order = [rotation.number for group in groups for rotation in group.members]
    return np.array(rows, np.int64).reshape(-1, 3), np.array(order, np.int64)


def lines_of(kind: int, shape: tuple[int, int]) -> int:
    """Lines that an item of a group fills for one vector."""
    rows, columns = shape
    lines = {kernels.ALPHA: rows, kernels.BETA: columns, kernels.SAME_ALPHA: 2 * columns, kernels.SAME_BETA: 2 * rows}
    return lines.get(kind, 0)


def _as_kernels_take(group: _Group, counts: Sequence[int], shape: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Kinds and numbers of rotations: the group as one, or each of its members alone."""
    kind = group.kind
    running_alpha = kind in (kernels.ALPHA, kernels.SAME_BETA)
    work = sum(counts[rotation.alpha if running_alpha else rotation.beta] for rotation in group.members)
    lines = lines_of(kind, shape)
    if lines <= _MOST_LINES and work >= _LEAST_WORK[kind] * lines:
        yield kind, len(group.members)
    else:
        yield from [(_ALONE[kind], 1)] * len(group.members)
