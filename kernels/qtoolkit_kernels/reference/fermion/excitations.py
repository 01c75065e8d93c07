"""Reference for `qtoolkit_kernels.fermion.excitations`; states are matrices of alpha by beta strings there and here."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.fermion.excitations import Excitations

__all__ = ["turn", "turn_back"]

Places = NDArray[np.integer[Any]]
Strings = tuple[Integers, Integers, Floats]
"""Those of one spin before and after an excitation, and signs."""


def _rotations(program: Excitations) -> Iterator[int]:
    """In order; what is in no group is left out."""
    for _, first, last in program.groups.tolist():
        yield from range(first, last)


def _strings(program: Excitations, rotation: int, spin: int, count: int) -> Strings:
    """What a rotation connects; every one of `count` strings with itself where it doesn't touch this spin."""
    held = program.lists_of[rotation, spin]
    if held < 0:
        return np.arange(count), np.arange(count), np.ones(count)
    first, negative, last = program.lists[held]
    source, target = program.pairs[first:last].T.astype(np.int64)
    return source, target, np.where(np.arange(first, last) < negative, 1.0, -1.0)


def _pairs(state: Floats, width: int, program: Excitations, rotation: int) -> tuple[Floats, Places, Places, Floats]:
    """The state by alpha string, beta string and part, flat places of what rotates with what, and signs."""
    parts = state.reshape(len(state), -1, width)
    alpha, beta = (_strings(program, rotation, spin, parts.shape[spin]) for spin in (0, 1))
    places = np.arange(parts.size).reshape(parts.shape)
    source, target = places[np.ix_(alpha[0], beta[0])], places[np.ix_(alpha[1], beta[1])]
    sign = np.broadcast_to(np.multiply.outer(alpha[2], beta[2])[:, :, None], source.shape)
    return parts.reshape(-1), source, target, sign


def _turn(state: Floats, width: int, program: Excitations, rotation: int, cosine: float, sine: float) -> None:
    flat, source, target, sign = _pairs(state, width, program, rotation)
    before, after = flat[source], flat[target]
    flat[source] = cosine * before - sine * sign * after
    flat[target] = cosine * after + sine * sign * before


def turn(
    state: Floats,
    width: int,
    program: Excitations,
    angles: Floats,
    num_tasks: int,
    scratch: Floats,
    progress: Integers,
    thread: int,
) -> None:
    """Rotate by all excitations of a program, in place; arguments are those of the kernel."""
    for rotation in _rotations(program):
        _turn(state, width, program, rotation, *angles[rotation])


def turn_back(
    ket: Floats,
    bra: Floats,
    width: int,
    program: Excitations,
    angles: Floats,
    sums: Floats,
    scratch: Floats,
    progress: Integers,
    thread: int,
) -> None:
    """Undo `turn` on two vectors, and add what derivatives need to the first task; arguments are the kernel's."""
    for rotation in reversed([*_rotations(program)]):
        ket_parts, source, target, sign = _pairs(ket, width, program, rotation)
        bra_parts = bra.reshape(-1)
        slope = bra_parts[target] * ket_parts[source] - bra_parts[source] * ket_parts[target]
        sums[rotation, 0] += np.sum(sign * slope)
        cosine, sine = angles[rotation]
        for vector in (ket, bra):
            _turn(vector, width, program, rotation, cosine, -sine)
