"""Twins of `qtoolkit_kernels.fermion.coulomb`: one phase for each amplitude."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.fermion.coulomb import Cut, Phases

__all__ = ["turn_phases", "turn_phases_back"]


def _occupations(cut: Cut) -> NDArray[np.bool_]:
    """Orbitals of each beta string, shape (strings, n)."""
    found: list[Floats] = []
    for high, (first, count, low) in enumerate(cut.runs):
        assert first == len(found)
        found += [cut.bits[:, high] + cut.bits[:, low + k] for k in range(count)]
    return np.array(found) > 0.0


def _factors(cut: Cut, phases: Phases) -> NDArray[Any]:
    rows, columns, units = (values.view(np.complex128) for values in phases)
    products = np.prod(np.where(_occupations(cut), units[:, None, :], 1.0), axis=2)
    found: NDArray[Any] = rows[:, None] * columns * products
    return found


def turn_phases(
    state: Floats, cut: Cut, phases: Phases, _blocks: int, _tables: Floats, _progress: Integers, _thread: int
) -> None:
    """Multiply a state by phases, in place."""
    amplitudes: NDArray[Any] = state.view(np.complex128)
    amplitudes *= _factors(cut, phases)


def turn_phases_back(
    ket: Floats,
    bra: Floats,
    cut: Cut,
    phases: Phases,
    by_row: Floats,
    by_column: Floats,
    _tables: Floats,
    _progress: Integers,
    _thread: int,
) -> None:
    """Multiply two states by phases, in place, and sum Im(λ* ψ); over rows, all in the first block."""
    right: NDArray[Any] = ket.view(np.complex128)
    left: NDArray[Any] = bra.view(np.complex128)
    current = (left.conj() * right).imag
    by_row[:, :-1] = current @ _occupations(cut)
    by_row[:, -1] = current.sum(axis=1)
    by_column[0] += current.sum(axis=0)
    right *= _factors(cut, phases)
    left *= _factors(cut, phases)
