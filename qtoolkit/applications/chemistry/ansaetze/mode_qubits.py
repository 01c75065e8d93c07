"""Which qubits stand for the spin orbitals, and what operators and determinants become on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeAlias

from qtoolkit._arguments import shown
from qtoolkit.errors import InputError
from qtoolkit.operators import FermionOperator, LinearEncoding, PauliSum
from qtoolkit.operators.mappings import bravyi_kitaev_encoding, jordan_wigner_encoding, parity_encoding

__all__ = ["Mapping", "ModeQubits", "passed_modes", "sign_of"]

Mapping: TypeAlias = Any
"""A name, as ``"jordan_wigner"``, or a mapping of `qtoolkit.operators`."""

_ENCODINGS = {
    "jordan_wigner": jordan_wigner_encoding,
    "parity": parity_encoding,
    "bravyi_kitaev": bravyi_kitaev_encoding,
}


class ModeQubits:
    """A mapping of spin orbitals to qubits, and perhaps a tapering that leaves some of them out.

    Args:
        num_modes: number of spin orbitals.
        mapping: a name or an object, see `Mapping`.
        tapering: what takes qubits away, None for nothing.

    Raises:
        InputError: if there is no such mapping, or it has another number of modes.
    """

    def __init__(self, num_modes: int, mapping: Mapping = "jordan_wigner", tapering: Any = None) -> None:
        self._encoding = _encoding(num_modes, mapping)
        self._tapering = tapering
        self._num_modes = num_modes

    @property
    def num_qubits(self) -> int:
        """Number of qubits that are left."""
        return self._num_modes if self._tapering is None else int(self._tapering.num_qubits)

    @property
    def is_jordan_wigner(self) -> bool:
        """Whether qubit k is mode k, and none is left out."""
        return self._tapering is None and self._encoding == jordan_wigner_encoding(self._num_modes)

    def operator(self, fermions: FermionOperator) -> PauliSum:
        """An operator on the qubits."""
        return self._tapered(self._encoding.encode(fermions))

    def qubit_excitation(self, fermions: FermionOperator, modes: Sequence[int]) -> PauliSum:
        """The generator of a fermionic excitation without the signs of fermions, on the qubits.

        Args:
            fermions: T − T†.
            modes: those that T empties, then those that it fills.
        """
        operator = self._encoding.encode(fermions)
        for mode in passed_modes(modes):
            operator = operator @ self._encoding.encode(_parity_of(mode))
        return self._tapered(operator) if sign_of(modes) > 0 else self._tapered(-1.0 * operator)

    def parity(self, mode: int) -> PauliSum:
        """(−1)^n of a mode: one string, with a sign."""
        return self._tapered(self._encoding.encode(_parity_of(mode)))

    def occupation_bits(self, occupied: Iterable[int]) -> int:
        """The basis state of a determinant, as an index."""
        bits = self._encoding.encode_occupation(sum(1 << mode for mode in occupied))
        return bits if self._tapering is None else int(self._tapering.taper_bits(bits))

    def _tapered(self, operator: PauliSum) -> PauliSum:
        if self._tapering is None:
            return operator
        found: PauliSum = self._tapering.taper(operator)
        return found


def _encoding(num_modes: int, mapping: Mapping) -> LinearEncoding:
    if isinstance(mapping, LinearEncoding):
        if mapping.num_modes != num_modes:
            raise InputError(f"the mapping has {mapping.num_modes} modes, but there are {num_modes} spin orbitals")
        return mapping
    if not isinstance(mapping, str) or mapping not in _ENCODINGS:
        raise InputError(f"mapping is one of {', '.join(_ENCODINGS)}, or a LinearEncoding, got {shown(mapping)}")
    return _ENCODINGS[mapping](num_modes)


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
