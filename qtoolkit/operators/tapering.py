"""Symmetries of a Pauli sum that are Pauli strings, and the qubits that they make superfluous.

Bravyi, Gambetta, Mezzacapo and Temme, arXiv:1701.08213.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_flag, check_instance, items_of, shown
from qtoolkit.errors import OperatorError
from qtoolkit.operators._binary_rows import kernel, row_reduced
from qtoolkit.operators._term_algebra import merge_terms, y_phases
from qtoolkit.operators._types import DEFAULT_ATOL, ComplexArray, IntArray, as_int, check_atol
from qtoolkit.operators.pauli_string import PauliString
from qtoolkit.operators.pauli_sum import PauliSum

__all__ = ["Tapering", "z2_symmetries"]

_ROWS = 256
"""So many terms are added to a linear system at a time: few suffice to leave only the symmetries of all."""


def z2_symmetries(pauli_sum: PauliSum, *, atol: float = DEFAULT_ATOL) -> tuple[PauliString, ...]:
    """Return independent Pauli strings that commute with every term and with one another, as many as there are.

    Strings of I and Z come first, as many as possible; for these alone, basis states are eigenstates. They are the
    kernel of the terms' symplectic form over the field of two elements (arXiv:1701.08213).

    Args:
        pauli_sum: the operator.
        atol: terms whose coefficient has at most this magnitude are not looked at: rounding leaves some that break
            a symmetry.

    Raises:
        OperatorError: if `pauli_sum` is none.
    """
    check_instance(pauli_sum, PauliSum, "symmetries are those of a PauliSum", OperatorError)
    seen = np.abs(pauli_sum.coefficients) > check_atol(atol)
    x, z, num_qubits = pauli_sum.x_masks[seen], pauli_sum.z_masks[seen], pauli_sum.num_qubits
    # A row x | z << n commutes with a term where it shares an even number of bits with the term's z | x << n.
    found = [row << num_qubits for row in _even_with_all(x, np.zeros_like(x), num_qubits, num_qubits)]
    swapped = [_swapped(row, num_qubits) for row in found]
    others = _outside(found, _even_with_all(z, x, num_qubits, 2 * num_qubits, swapped))
    while others:
        chosen, *rest = others
        found.append(chosen)
        other_side = _swapped(chosen, num_qubits)
        clashing = [row for row in rest if (row & other_side).bit_count() & 1]
        agreeing = [row for row in rest if not (row & other_side).bit_count() & 1]
        others = _outside(found, agreeing + [clashing[0] ^ row for row in clashing[1:]])
    mask = (1 << num_qubits) - 1
    return tuple(PauliString.from_masks(row & mask, row >> num_qubits, num_qubits) for row in found)


class _Step(NamedTuple):
    """How one qubit is taken off: with U = (σ + τ)/√2, U τ U† = σ.

    Attributes:
        x_mask, z_mask: of the symmetry τ, which acts on none of the other qubits by what anticommutes with their σ.
        eigenvalue: of τ, 1 or −1.
        qubit: that goes.
        partner_x, partner_z: masks of σ, X or Z on that qubit.
    """

    x_mask: int
    z_mask: int
    eigenvalue: int
    qubit: int
    partner_x: int
    partner_z: int


@dataclass(frozen=True)
class Tapering:
    """Qubits taken off by symmetries with known eigenvalues.

    For each symmetry τ there is a letter σ on one qubit that anticommutes with τ and commutes with the others. The
    unitary (σ + τ)/√2 turns τ into σ; what commutes with τ then acts on that qubit by I or σ only, and σ is replaced by
    the eigenvalue (arXiv:1701.08213). For strings of I and Z the letter is X, and a basis state keeps the
    bits of the qubits that stay.

    Attributes:
        generators: the symmetries, independent and commuting, which need not be of the form above.
        sector: the eigenvalue of each, 1 or −1.
        qubits: the qubit that goes with each; where none are given, the highest ones that can.

    Raises:
        OperatorError: if the symmetries do not commute or are not independent, if lengths differ, an eigenvalue is
            another, a symmetry cannot go with its qubit, or no qubit would be left.
    """

    generators: tuple[PauliString, ...]
    sector: tuple[int, ...]
    qubits: tuple[int, ...] = ()
    _steps: tuple[_Step, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        generators = _checked_generators(self.generators)
        sector = tuple(
            _checked_eigenvalue(value) for value in _items(self.sector, "a sector is a sequence of 1 and −1")
        )
        if len(sector) != len(generators):
            raise OperatorError(f"a sector has one eigenvalue per symmetry, got {len(sector)} for {len(generators)}")
        steps = _steps(generators, sector, _checked_qubits(self.qubits, generators))
        object.__setattr__(self, "generators", generators)
        object.__setattr__(self, "sector", sector)
        object.__setattr__(self, "qubits", tuple(step.qubit for step in steps))
        object.__setattr__(self, "_steps", steps)

    @classmethod
    def for_state(cls, pauli_sum: PauliSum, bits: int, *, atol: float = DEFAULT_ATOL) -> Tapering:
        """Take off what the symmetries of an operator allow, in the sector of a basis state.

        Symmetries with X or Y have no eigenvalue there and are left alone. One qubit always stays.

        Args:
            pauli_sum: the operator, as a molecule's Hamiltonian.
            bits: the state index, as that of the Hartree–Fock determinant.
            atol: as for `z2_symmetries`.

        Raises:
            OperatorError: if `bits` is no state index, or there is no symmetry of I and Z.
        """
        strings = [string for string in z2_symmetries(pauli_sum, atol=atol) if not string.x_mask]
        index = _checked_index(bits, pauli_sum.num_qubits)
        strings = strings[: pauli_sum.num_qubits - 1]
        if not strings:
            raise OperatorError("the operator has no symmetry of I and Z letters, or one qubit only: nothing to taper")
        return cls(tuple(strings), tuple(1 - 2 * ((string.z_mask & index).bit_count() & 1) for string in strings))

    @property
    def num_qubits(self) -> int:
        """Number of qubits that stay."""
        return self.num_qubits_before - len(self.generators)

    @property
    def num_qubits_before(self) -> int:
        """Number of qubits of what is tapered."""
        return self.generators[0].num_qubits

    def taper(self, pauli_sum: PauliSum, *, project: bool = False, atol: float = DEFAULT_ATOL) -> PauliSum:
        """Return the operator within the sector, on the qubits that stay.

        Args:
            pauli_sum: what commutes with the symmetries; terms of magnitude at most `atol` need not.
            project: leave out terms that do not commute, which lead out of the sector: what remains are the
                operator's matrix elements within it.
            atol: coefficients of at most this magnitude are left out.

        Raises:
            OperatorError: if the number of qubits is another, or a term does not commute and `project` is False.
        """
        check_instance(pauli_sum, PauliSum, "what is tapered must be a PauliSum", OperatorError)
        if pauli_sum.num_qubits != self.num_qubits_before:
            raise OperatorError(f"the sum must have {self.num_qubits_before} qubits, got {pauli_sum.num_qubits}")
        least = check_atol(atol)
        x, z, values = pauli_sum.x_masks, pauli_sum.z_masks, pauli_sum.coefficients
        breaks = np.zeros(len(x), dtype=bool)
        for step in self._steps:
            breaks |= _anticommutes(x, z, step.x_mask, step.z_mask)
        if not check_flag(project, "project", OperatorError):
            wrong = np.flatnonzero(breaks & (np.abs(values) > least))
            if len(wrong):
                string = PauliString.from_masks(int(x[wrong[0]]), int(z[wrong[0]]), pauli_sum.num_qubits)
                raise OperatorError(
                    f"{len(wrong)} of {len(x)} terms do not commute with the symmetries, as {shown(str(string))}; "
                    "project=True leaves them out"
                )
        return self._within(x[~breaks], z[~breaks], values[~breaks], least)

    def _within(self, x: IntArray, z: IntArray, values: ComplexArray, atol: float) -> PauliSum:
        values = values * y_phases(x, z)  # strings are c X^x Z^z meanwhile
        for step in self._steps:
            turned = _anticommutes(x, z, step.partner_x, step.partner_z)
            minus = (np.bitwise_count(z & step.x_mask) & 1).astype(bool)
            factor = step.eigenvalue * 1j ** ((step.x_mask & step.z_mask).bit_count() % 4)
            values = np.where(turned, np.where(minus, -factor, factor) * values, values)
            x, z = np.where(turned, x ^ step.x_mask, x), np.where(turned, z ^ step.z_mask, z)
        values = values * y_phases(x, z).conj()
        for step in self._steps:
            if step.eigenvalue == -1:
                acts = ((x & step.partner_x) | (z & step.partner_z)) != 0
                values = np.where(acts, -values, values)
        for qubit in sorted((step.qubit for step in self._steps), reverse=True):
            x, z = _without(x, qubit), _without(z, qubit)
        return PauliSum(*merge_terms(x, z, values, atol), self.num_qubits)

    def taper_bits(self, bits: int) -> int:
        """Return the basis state on the qubits that stay, up to a phase.

        Raises:
            OperatorError: if `bits` is no state index or lies in another sector, or a symmetry has X or Y.
        """
        index = _checked_index(bits, self.num_qubits_before)
        self._check_diagonal()
        for string, eigenvalue in zip(self.generators, self.sector, strict=True):
            if (-1) ** (string.z_mask & index).bit_count() != eigenvalue:
                raise OperatorError(
                    f"the state {index:0{self.num_qubits_before}b} is in another sector: {string} is {-eigenvalue} "
                    f"there, not {eigenvalue}"
                )
        for step in sorted(self._steps, key=lambda step: -step.qubit):
            index = (index >> step.qubit + 1 << step.qubit) | (index & ((1 << step.qubit) - 1))
        return index

    def untaper_bits(self, bits: int) -> int:
        """Return the basis state on all qubits, with the bits that the sector fixes: the inverse of `taper_bits`.

        Raises:
            OperatorError: if `bits` is no state index, or a symmetry has X or Y.
        """
        index = _checked_index(bits, self.num_qubits)
        self._check_diagonal()
        for step in sorted(self._steps, key=lambda step: step.qubit):
            index = (index >> step.qubit << step.qubit + 1) | (index & ((1 << step.qubit) - 1))
        given = index
        for step in self._steps:
            index |= ((given & step.z_mask).bit_count() & 1 ^ (step.eigenvalue == -1)) << step.qubit
        return index

    def _check_diagonal(self) -> None:
        for string in self.generators:
            if string.x_mask:
                raise OperatorError(f"basis states are tapered by symmetries of I and Z, got {string}")


def _even_with_all(low: IntArray, high: IntArray, shift: int, width: int, known: Sequence[int] = ()) -> list[int]:
    """A basis of the rows of `width` bits that share an even number of bits with each ``low | high << shift``.

    Args:
        low, high: masks of terms, int64.
        shift: number of bits of `low`.
        width: of a row.
        known: further rows to share an even number of bits with.
    """
    rows = list(known)
    chosen = np.arange(len(low))
    while True:
        chosen = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), _ROWS)).astype(np.int64)]
        masks = zip(low[chosen].tolist(), high[chosen].tolist(), strict=True)
        rows = list(row_reduced([*rows, *(first | second << shift for first, second in masks)]).values())
        basis = kernel(rows, width)
        is_odd = np.zeros(len(low), dtype=bool)
        for row in basis:
            first, second = row & ((1 << shift) - 1), row >> shift
            is_odd |= (np.bitwise_count((low & first) ^ (high & second)) & 1).astype(bool)
        chosen = np.flatnonzero(is_odd)
        if len(chosen) == 0:
            return basis


def _swapped(row: int, num_qubits: int) -> int:
    """A row x | z << n as z | x << n."""
    return row >> num_qubits | (row & ((1 << num_qubits) - 1)) << num_qubits


def _outside(found: Sequence[int], rows: Sequence[int]) -> list[int]:
    """Rows that are independent of one another and of those found, in the same order."""
    kept: list[int] = []
    rank = len(row_reduced(found))
    for row in rows:
        larger = len(row_reduced([*found, *kept, row]))
        if larger > rank:
            rank = larger
            kept.append(row)
    return kept


def _anticommutes(x: IntArray, z: IntArray, x_mask: int, z_mask: int) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.bitwise_count((x & z_mask) ^ (z & x_mask)) & 1 != 0
    return found


def _without(masks: IntArray, qubit: int) -> IntArray:
    return (masks >> qubit + 1 << qubit) | (masks & ((1 << qubit) - 1))


def _steps(generators: Sequence[PauliString], sector: Sequence[int], qubits: Sequence[int]) -> tuple[_Step, ...]:
    """Multiply symmetries by one another until each alone anticommutes with a letter on its qubit."""
    strings, eigenvalues = list(generators), list(sector)
    num_qubits = strings[0].num_qubits
    partners: list[PauliString] = []
    used: list[int] = []
    for place in range(len(strings)):
        string = strings[place]
        free = [qubit for qubit in string.qubits if qubit not in used]
        if not free:
            raise OperatorError("the symmetries must be independent, but one is a product of others")
        qubit = qubits[place] if qubits else free[-1]
        if qubit not in free:
            raise OperatorError(
                f"the symmetry {generators[place]}, apart from the others, must act on its qubit {qubit}; "
                "leave out qubits to have them chosen"
            )
        partner = PauliString.from_sparse({qubit: "Z" if string.letter(qubit) == "X" else "X"}, num_qubits)
        for other, member in enumerate(strings):
            if other != place and not member.commutes_with(partner):
                phase, strings[other] = member.multiply(string)
                eigenvalues[other] *= eigenvalues[place] * round(phase.real)
        partners.append(partner)
        used.append(qubit)
    return tuple(
        _Step(string.x_mask, string.z_mask, eigenvalue, qubit, partner.x_mask, partner.z_mask)
        for string, eigenvalue, qubit, partner in zip(strings, eigenvalues, used, partners, strict=True)
    )


def _checked_generators(given: Sequence[PauliString]) -> tuple[PauliString, ...]:
    generators = tuple(
        check_instance(item, PauliString, "a symmetry must be a PauliString", OperatorError)
        for item in _items(given, "symmetries are a sequence of PauliStrings")
    )
    if not generators:
        raise OperatorError("a tapering needs at least one symmetry, got none")
    num_qubits = generators[0].num_qubits
    for place, string in enumerate(generators):
        if any(not string.commutes_with(other) for other in generators[:place]):
            raise OperatorError(f"symmetries must commute with one another, but {string} does not")
    if len(generators) >= num_qubits:
        raise OperatorError(f"a tapering must leave a qubit, but {len(generators)} symmetries take all of {num_qubits}")
    return generators


def _checked_eigenvalue(value: object) -> int:
    number = as_int("an eigenvalue of a symmetry", value)
    if number not in (1, -1):
        raise OperatorError(f"an eigenvalue of a symmetry is 1 or −1, got {shown(number)}")
    return number


def _checked_qubits(given: Sequence[int], generators: Sequence[PauliString]) -> tuple[int, ...]:
    qubits = tuple(as_int("a qubit", qubit) for qubit in _items(given, "qubits are a sequence of integers"))
    if len(qubits) not in (0, len(generators)):
        raise OperatorError(f"there is one qubit per symmetry, got {len(qubits)} for {len(generators)}")
    return qubits


def _checked_index(bits: object, num_qubits: int) -> int:
    index = as_int("a state index", bits)
    if index < 0 or index >> num_qubits:
        raise OperatorError(f"a state index must be in [0, 2^{num_qubits}) for {num_qubits} qubits, got {shown(index)}")
    return index


def _items(given: Sequence[Any], what: str) -> Sequence[Any]:
    return items_of(given, what, OperatorError)
