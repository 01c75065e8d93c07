"""Which qubits stand for the spin orbitals, and what operators and determinants become on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TypeAlias

from qtoolkit.operators import FermionMapping, FermionOperator, PauliSum, Tapering, fermion_mapping

__all__ = ["Mapping", "ModeQubits", "passed_modes", "sign_of"]

Mapping: TypeAlias = str | FermionMapping
"""A name, as ``"jordan_wigner"``, or a mapping of `qtoolkit.operators`."""


class ModeQubits:
    """A mapping of spin orbitals to qubits, and perhaps a tapering that leaves some of them out.

    Args:
        num_modes: number of spin orbitals.
        mapping: see `fermion_mapping`.
        tapering: symmetries whose qubits are left out, None for none.

    Raises:
        OperatorError: if there is no such mapping, it has another number of modes, or the tapering does not fit.
    """

    def __init__(self, num_modes: int, mapping: Mapping = "jordan_wigner", tapering: Tapering | None = None) -> None:
        found = fermion_mapping(mapping, num_modes)
        self._mapping = found if tapering is None else found.tapered(tapering)

    @property
    def num_qubits(self) -> int:
        """Number of qubits that are left."""
        return self._mapping.num_qubits

    @property
    def is_jordan_wigner(self) -> bool:
        """Whether qubit k is mode k, and none is left out."""
        mapping = self._mapping
        modes = tuple(1 << mode for mode in range(mapping.num_modes))
        signs = tuple(bit - 1 for bit in modes)
        tables = (mapping.update, mapping.flip, mapping.parity)
        return mapping.tapering is None and tables == (modes, modes, signs) and not any(mapping.power)

    def operator(self, fermions: FermionOperator) -> PauliSum:
        """An operator on the qubits."""
        return self._mapping.map(fermions)

    def qubit_excitation(self, fermions: FermionOperator, modes: Sequence[int]) -> PauliSum:
        """The generator of a fermionic excitation without the signs of fermions, on the qubits.

        Args:
            fermions: T − T†.
            modes: those that T empties, then those that it fills.
        """
        operator = self.operator(fermions)
        for mode in passed_modes(modes):
            operator = operator @ self.parity(mode)
        return operator if sign_of(modes) > 0 else -1.0 * operator

    def parity(self, mode: int) -> PauliSum:
        """(−1)^n of a mode: one string, with a sign."""
        return self.operator(_parity_of(mode))

    def occupation_bits(self, occupied: Iterable[int]) -> int:
        """The basis state of a determinant, as an index."""
        return self._mapping.occupation_bits(occupied)


@cache
def _parity_of(mode: int) -> FermionOperator:
    """(−1)^n of a mode."""
    return FermionOperator({(): 1.0, ((mode, True), (mode, False)): -2.0})


def passed_modes(modes: Sequence[int]) -> list[int]:
    """Modes whose occupation gives an excitation its sign: those below an odd number of its modes, its own left out."""
    return [k for k in range(max(modes)) if k not in modes and sum(k < mode for mode in modes) % 2]


def sign_of(modes: Sequence[int]) -> int:
    """The sign with which T acts on the determinant that has just what it empties."""
    half = len(modes) // 2
    bits, sign = sum(1 << mode for mode in modes[:half]), 1
    for mode in (*modes[:half], *reversed(modes[half:])):
        if (bits & ((1 << mode) - 1)).bit_count() % 2:
            sign = -sign
        bits ^= 1 << mode
    return sign
