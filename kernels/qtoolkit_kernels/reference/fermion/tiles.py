"""Twins of `qtoolkit_kernels.fermion.tiles`: the same on all strings of a spin at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.fermion.tiles import Pairs, Side, SparseRows, Turns
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["apply_one_spin", "sum_pairs", "turn_orbitals"]


def _strings(state: Floats, side: Side) -> NDArray[Any]:
    """A view of the state with the spin's strings as rows, complex if it is."""
    amplitudes: NDArray[Any] = state.view(np.complex128) if side.parts == 2 else state
    return amplitudes.T if side.is_beta else amplitudes


def turn_orbitals(
    state: Floats,
    _lanes: Lanes,
    side: Side,
    pairs: Pairs,
    turns: Turns,
    _scratch: Floats,
    _progress: Integers,
    _thread: int,
) -> None:
    """Multiply strings by phases and turn orbitals one after another, in place."""
    strings = _strings(state, side)
    phases = turns.phases @ np.array([1.0, 1j]) if side.parts == 2 else turns.phases[:, 0]
    strings *= phases[:, None]
    for (first, last), (cosine, real, imaginary) in zip(turns.stretches, turns.angles, strict=True):
        sine = real + 1j * imaginary if side.parts == 2 else real
        a, b = pairs.pairs[first:last].T
        old_a, old_b = strings[a], strings[b]
        strings[a] = cosine * old_a - np.conj(sine) * old_b
        strings[b] = sine * old_a + cosine * old_b


def apply_one_spin(
    out: Floats,
    state: Floats,
    _lanes: Lanes,
    side: Side,
    rows: SparseRows,
    first: int,
    adding: bool,
    _scratch: Floats,
    _progress: Integers,
    _thread: int,
) -> None:
    """Write a matrix on the strings of one spin, times the state, to `out`, or add it."""
    strings = _strings(state, side)
    count = len(rows.start) - 1
    matrix = np.zeros((count, len(strings)))
    matrix[np.repeat(np.arange(count), np.diff(rows.start)), rows.columns] = rows.values
    target = _strings(out, side)[first : first + count]
    target[:] = matrix @ strings + (target if adding else 0.0)


def sum_pairs(
    bra: Floats,
    ket: Floats,
    _lanes: Lanes,
    side: Side,
    pairs: Pairs,
    sums: Floats,
    norms: Floats,
    _scratch: Floats,
    _progress: Integers,
    _thread: int,
) -> None:
    """Scalar products of the strings that pairs connect, all of them in the first block."""
    left, right = _strings(bra, side), _strings(ket, side)
    for number, (start, split, end) in enumerate(pairs.start):
        for first, last, sign in ((start, split, 1.0), (split, end, -1.0)):
            a, b = pairs.pairs[first:last].T
            up, down = np.vdot(left[a], right[b]), np.vdot(left[b], right[a])
            sums[0, number] += sign * np.array([up.real, down.real, up.imag, down.imag])
    products = np.sum(left.conj() * right, axis=1)
    norms[0] += np.stack([products.real, products.imag], axis=1)
