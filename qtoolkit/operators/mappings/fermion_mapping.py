"""`FermionMapping`: two Pauli strings for each fermionic mode, and what that makes of operators and determinants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np

from qtoolkit import _needs
from qtoolkit._arguments import check_instance, items_of, shown
from qtoolkit._memory import reserved
from qtoolkit.errors import OperatorError
from qtoolkit.operators._binary_rows import inverse
from qtoolkit.operators._term_algebra import merge_terms
from qtoolkit.operators._types import DEFAULT_ATOL, MAX_SUM_QUBITS, as_int, check_atol, check_num_qubits
from qtoolkit.operators.electronic_hamiltonian import ElectronicHamiltonian
from qtoolkit.operators.fermion_operator import FermionOperator
from qtoolkit.operators.mappings._electronic import strings_of_hamiltonian
from qtoolkit.operators.mappings._products import LadderTables, strings_of_products
from qtoolkit.operators.pauli_string import PauliString
from qtoolkit.operators.pauli_sum import PauliSum
from qtoolkit.operators.tapering import Tapering

__all__ = ["FermionMapping", "Fermions", "checked_name", "modes_of"]

Fermions: TypeAlias = FermionOperator | ElectronicHamiltonian
"""What a mapping takes."""

_WHAT = "what is mapped must be a FermionOperator or an ElectronicHamiltonian"


@dataclass(frozen=True, init=False)
class FermionMapping:
    """A mapping from fermionic modes to qubits that makes basis states of determinants.

    Mode k is a pair of Majorana operators, γ_k = a_k + a†_k and γ'_k = i γ_k Z_F(k), each a Pauli string, so that
    a_k = γ_k (1 − Z_F(k)) / 2 with γ_k = i^p X_U(k) Z_P(k): the occupation of a mode is the parity of the qubits in F,
    no mode is filled in ``|0...0⟩``, and ladder operators take basis states to basis states with a factor of 1, i, −1
    or −i. In a `LinearEncoding` the factor is 1 for determinants that are filled from the highest mode downwards.

    `fermion_mapping` makes one by name, `LinearEncoding` from a matrix.

    Attributes:
        name: of the mapping.
        num_modes: number of modes, 1 to 62.
        update: for mode k, the mask of U(k), the qubits that change when the mode is filled or emptied.
        flip: for mode k, the mask of F(k).
        parity: for mode k, the mask of P(k).
        power: for mode k, the power p of i, 0 to 3.
        tapering: qubits to take off after the mapping, or None.
    """

    name: str
    num_modes: int
    update: tuple[int, ...] = field(repr=False)
    flip: tuple[int, ...] = field(repr=False)
    parity: tuple[int, ...] = field(repr=False)
    power: tuple[int, ...] = field(repr=False)
    tapering: Tapering | None

    def __init__(self, majoranas: Iterable[PauliString | str], name: str = "majorana") -> None:
        """Take the strings of γ_0, γ'_0, γ_1, γ'_1 and so on, as many as two for each qubit.

        A sign of each γ' is chosen such that no mode is filled in ``|0...0⟩``.

        Args:
            majoranas: 2n strings on n qubits, each anticommuting with all others, where the two of a mode have X and Y
                on the same qubits: their product has letters I and Z only.
            name: of the mapping.

        Raises:
            OperatorError: if they are not such strings.
        """
        given = items_of(majoranas, "Majorana operators are a sequence of Pauli strings", OperatorError)
        strings = [item if isinstance(item, PauliString) else PauliString(item) for item in given]
        num_modes = check_num_qubits(len(strings) // 2, MAX_SUM_QUBITS)
        if len(strings) % 2 or any(item.num_qubits != num_modes for item in strings):
            raise OperatorError(
                f"a mapping of n modes takes 2n strings on n qubits, got {len(strings)} on "
                f"{sorted({item.num_qubits for item in strings})} qubits"
            )
        for place, left in enumerate(strings):
            for right in strings[:place]:
                if left.commutes_with(right):
                    raise OperatorError(f"Majorana operators must anticommute, but {right} and {left} do not")
        first, second = strings[::2], strings[1::2]
        for left, right in zip(first, second, strict=True):
            if left.x_mask != right.x_mask:
                raise OperatorError(
                    f"the two strings of a mode must have X and Y on the same qubits, so that |0...0⟩ is empty, "
                    f"got {left} and {right}"
                )
        self._fill(
            checked_name(name),
            tuple(string.x_mask for string in first),
            tuple(left.z_mask ^ right.z_mask for left, right in zip(first, second, strict=True)),
            tuple(string.z_mask for string in first),
            tuple((string.x_mask & string.z_mask).bit_count() % 4 for string in first),
        )

    def _fill(
        self,
        name: str,
        update: tuple[int, ...],
        flip: tuple[int, ...],
        parity: tuple[int, ...],
        power: tuple[int, ...],
        tapering: Tapering | None = None,
    ) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "num_modes", len(update))
        object.__setattr__(self, "update", update)
        object.__setattr__(self, "flip", flip)
        object.__setattr__(self, "parity", parity)
        object.__setattr__(self, "power", power)
        object.__setattr__(self, "tapering", tapering)

    @property
    def num_qubits(self) -> int:
        """Number of qubits: as many as modes, less those that are tapered off."""
        return self.num_modes if self.tapering is None else self.tapering.num_qubits

    @property
    def majoranas(self) -> tuple[PauliString, ...]:
        """The strings of γ_0, γ'_0, γ_1 and so on, before tapering, without their signs."""
        return tuple(
            PauliString.from_masks(x, z, self.num_modes)
            for x, parity, flip in zip(self.update, self.parity, self.flip, strict=True)
            for z in (parity, parity ^ flip)
        )

    @cached_property
    def stored(self) -> tuple[int, ...]:
        """For qubit j, before tapering, the mask of the modes whose occupations it sums modulo 2."""
        return inverse(self.flip)

    @cached_property
    def _tables(self) -> LadderTables:
        return LadderTables(*(np.array(getattr(self, name), np.int64) for name in LadderTables._fields))

    def map(self, operator: Fermions, *, atol: float = DEFAULT_ATOL) -> PauliSum:
        """Return the Pauli sum of an operator, without coefficients of magnitude at most `atol`.

        Args:
            operator: what to map; of an `ElectronicHamiltonian`, mode p is orbital p alpha and mode ``norb + p`` is
                orbital p beta.
            atol: the tolerance.

        Raises:
            OperatorError: if the operator has more modes than the mapping, or does not conserve what the tapering of
                this mapping takes for granted.
            InsufficientMemoryError: if the strings do not fit.
        """
        least = check_atol(atol)
        used = _num_modes(operator)
        if used > self.num_modes:
            raise OperatorError(
                f"the operator acts on {used} modes but the mapping has {self.num_modes}: "
                "give a num_modes at least as large"
            )
        with reserved(_bytes(operator), "the strings of a fermionic operator", "use fewer modes"):
            if isinstance(operator, ElectronicHamiltonian):
                terms = strings_of_hamiltonian(operator, self._tables, least)
            else:
                terms = merge_terms(*strings_of_products(operator, self._tables), least)
        total = PauliSum(*terms, self.num_modes)
        return total if self.tapering is None else self.tapering.taper(total, atol=least)

    def occupation_bits(self, modes: Iterable[int]) -> int:
        """Return the basis state of a determinant, as a state index.

        Args:
            modes: the filled ones, in any order.

        Raises:
            OperatorError: if a mode is out of range or named twice, or the determinant has other parities than the
                tapering of this mapping takes for granted.
        """
        filled = [as_int("a mode", mode) for mode in items_of(modes, "modes are a sequence of integers", OperatorError)]
        if len(set(filled)) != len(filled) or not all(0 <= mode < self.num_modes for mode in filled):
            raise OperatorError(f"modes must be distinct and in [0, {self.num_modes}), got {shown(tuple(filled))}")
        occupation = sum(1 << mode for mode in filled)
        bits = sum(((occupation & row).bit_count() & 1) << qubit for qubit, row in enumerate(self.stored))
        return bits if self.tapering is None else self.tapering.taper_bits(bits)

    def occupied_modes(self, bits: int) -> tuple[int, ...]:
        """Return the filled modes of a basis state, ascending: what `occupation_bits` takes.

        Raises:
            OperatorError: if `bits` is no state index.
        """
        index = as_int("a state index", bits)
        if index < 0 or index >> self.num_qubits:
            raise OperatorError(
                f"a state index must be in [0, 2^{self.num_qubits}) for {self.num_qubits} qubits, got {shown(index)}"
            )
        full = index if self.tapering is None else self.tapering.untaper_bits(index)
        return tuple(mode for mode, qubits in enumerate(self.flip) if (full & qubits).bit_count() & 1)

    def tapered(self, tapering: Tapering, name: str | None = None) -> FermionMapping:
        """Return this mapping followed by a tapering of its qubits.

        Raises:
            OperatorError: if it is none, has another number of qubits, or this mapping is tapered already.
        """
        check_instance(tapering, Tapering, "what follows a mapping must be a Tapering", OperatorError)
        if self.tapering is not None:
            raise OperatorError(f"the mapping {self.name!r} is tapered already: taper the Pauli sums that it returns")
        if tapering.num_qubits_before != self.num_modes:
            raise OperatorError(
                f"the tapering must be one of {self.num_modes} qubits, got one of {tapering.num_qubits_before}"
            )
        mapping = FermionMapping.__new__(FermionMapping)
        tables = self.update, self.flip, self.parity, self.power
        mapping._fill(self.name if name is None else checked_name(name), *tables, tapering)
        return mapping


def modes_of(fermions: Fermions, num_modes: int | None) -> int:
    """Return `num_modes`, or where it is None the modes that the operator uses.

    Raises:
        OperatorError: if neither says how many modes there are.
    """
    used = _num_modes(fermions)
    if num_modes is not None:
        return check_num_qubits(num_modes, MAX_SUM_QUBITS)
    if used == 0:
        raise OperatorError("an operator without ladder operators has no modes of its own: give num_modes")
    return used


def _num_modes(fermions: object) -> int:
    if isinstance(fermions, ElectronicHamiltonian):
        return fermions.num_qubits
    return check_instance(fermions, FermionOperator, _WHAT, OperatorError).num_modes


def _bytes(fermions: Fermions) -> int:
    if isinstance(fermions, ElectronicHamiltonian):
        return _needs.mapped_hamiltonian(fermions.norb)
    lengths = Counter(map(len, fermions.terms))
    return _needs.mapped_products(sum(number << length for length, number in lengths.items()))


def checked_name(name: str) -> str:
    """The name of a mapping.

    Raises:
        OperatorError: if it is no text.
    """
    return check_instance(name, str, "the name of a mapping must be text", OperatorError)
