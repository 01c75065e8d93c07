"""Conserved quantities: shots that break them are dropped, or projected out of what is estimated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance, check_integer, is_integer, items_of, shown
from qtoolkit.algorithms.measurement.groups import MeasurementGroup
from qtoolkit.errors import InputError
from qtoolkit.operators import FermionMapping, PauliString, PauliSum, fermion_mapping

__all__ = [
    "PostSelection",
    "SymmetryVerification",
    "kept_outcomes",
    "projected_observables",
    "verified_moments",
]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_MOST_SYMMETRIES = 8
"""Of a verification, which measures 2^k times as many terms."""

_Parity = tuple[PauliString | str, int]


@dataclass(frozen=True, eq=False)
class PostSelection:
    """Keeps the shots in which conserved quantities have the right values, and drops the others.

    A group of terms tells those quantities that commute with all of it: particle numbers where it is diagonal in the
    occupations, their parities in every group of a Hamiltonian that conserves them if the grouping is
    ``"commuting"``, and in qubit-wise groups where the letters agree. Source: Bonet-Monroig et al., Phys. Rev. A 98,
    062339 (2018), section II; McArdle, Yuan and Benjamin, Phys. Rev. Lett. 122, 180501 (2019).

    Args:
        parities: pairs of a string and its value, +1 or −1.
        numbers: pairs of strings and how many of them must be −1; their product is a parity too.

    Attributes:
        strings: those of `numbers`, their products, and those of `parities`: what is measured besides.

    Raises:
        InputError: if a value is none, there is nothing to keep, or two strings do not commute.
    """

    parities: tuple[_Parity, ...] = ()
    numbers: tuple[tuple[tuple[PauliString | str, ...], int], ...] = ()
    strings: PauliSum = field(init=False, repr=False)
    _values: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parities = _checked_parities(self.parities)
        numbers = []
        rule = "numbers are pairs of a sequence of strings and an integer"
        for pair in items_of(self.numbers, rule):
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise InputError(f"{rule}, got {shown(pair)}")
            strings = tuple(_string(item) for item in items_of(pair[0], rule))
            if not strings:
                raise InputError(f"{rule}, got no string in {shown(pair)}")
            numbers.append((strings, check_integer(pair[1], "a number of strings that are -1", 0, len(strings))))
        if not parities and not numbers:
            raise InputError("a post-selection keeps what has the right parities or numbers, got none of them")
        all_strings = [item for strings, _ in numbers for item in strings]
        _check_commuting([*all_strings, *(string for string, _ in parities)])
        implied = [*(_product(strings, count) for strings, count in numbers), *parities]
        all_strings += [string for string, _ in implied]
        object.__setattr__(self, "parities", tuple(parities))
        object.__setattr__(self, "numbers", tuple(numbers))
        object.__setattr__(self, "strings", PauliSum.from_strings(all_strings))
        object.__setattr__(self, "_values", tuple(value for _, value in implied))

    @classmethod
    def particle_numbers(
        cls, norb: int, nelec: tuple[int, int], mapping: str | FermionMapping = "jordan_wigner"
    ) -> PostSelection:
        """Numbers of alpha and of beta electrons; mode p is orbital p with spin alpha, norb + p with spin beta.

        Args:
            norb: number of spatial orbitals.
            nelec: alpha and beta electrons.
            mapping: of the 2 norb modes, see `fermion_mapping`; none that leaves qubits out.

        Raises:
            InputError: if the electrons do not fit, or the mapping is none or leaves qubits out.
        """
        count = check_integer(norb, "norb", 1, PauliSum.max_qubits // 2)
        electrons = items_of(nelec, "nelec are the numbers of alpha and beta electrons")
        if len(electrons) != 2:
            raise InputError(f"nelec are the numbers of alpha and beta electrons, got {shown(nelec)}")
        chosen = fermion_mapping(mapping, 2 * count)
        if chosen.tapering is not None:
            raise InputError(
                f"numbers of electrons are read where every mode has its qubit, got the mapping {chosen.name!r} with "
                "qubits left out; give PostSelection(parities=...) what is left to keep"
            )
        # n = (1 - Z_F) / 2
        strings = [PauliString.from_masks(0, flip, 2 * count) for flip in chosen.flip]
        numbers = [
            (tuple(strings[spin * count : (spin + 1) * count]), check_integer(electrons[spin], "nelec", 0, count))
            for spin in range(2)
        ]
        return cls(numbers=tuple(numbers))


@dataclass(frozen=True, eq=False)
class SymmetryVerification:
    """Projects onto the right parities in the estimate: ⟨ΠO⟩ / ⟨Π⟩ with Π = ∏ (1 + s P) / 2, from more terms.

    Needs no group that tells the parities, unlike `PostSelection`, and measures 2^k times as many terms for k of them.
    Source: Bonet-Monroig et al., Phys. Rev. A 98, 062339 (2018), section III, "S-QSE".

    Args:
        parities: pairs of a string P and its value s, +1 or −1; the observables must commute with each string.

    Raises:
        InputError: if a value is none, there are none or more than 8, or two strings do not commute.
    """

    parities: tuple[_Parity, ...]

    def __post_init__(self) -> None:
        parities = _checked_parities(self.parities)
        if not 1 <= len(parities) <= _MOST_SYMMETRIES:
            raise InputError(f"a verification takes 1 to {_MOST_SYMMETRIES} parities, got {len(parities)}")
        _check_commuting([string for string, _ in parities])
        object.__setattr__(self, "parities", tuple(parities))


def kept_outcomes(selection: PostSelection, group: MeasurementGroup, outcomes: IntArray) -> BoolArray:
    """Whether each outcome has the right values of what its group tells."""
    found = np.ones(len(outcomes), dtype=bool)
    place = 0
    for strings, count in selection.numbers:
        own = slice(place, place + len(strings))
        masks, signs = group.extra_masks[own], group.extra_signs[own]
        place += len(strings)
        if signs.all():
            values = signs * (1.0 - 2.0 * (np.bitwise_count(outcomes[:, None] & masks) & 1))
            found &= (1.0 - values).sum(axis=1) == 2 * count
    for mask, sign, value in zip(group.extra_masks[place:], group.extra_signs[place:], selection._values, strict=True):
        if sign:
            found &= sign * (1.0 - 2.0 * (np.bitwise_count(outcomes & mask) & 1)) == value
    return found


def projected_observables(verification: SymmetryVerification, observables: Sequence[PauliSum]) -> list[PauliSum]:
    """ΠO of each observable, and last Π.

    Raises:
        InputError: if an observable does not commute with a parity.
    """
    num_qubits = observables[0].num_qubits
    projector = PauliSum.identity(num_qubits)
    for string, value in _checked_parities(verification.parities):
        if string.num_qubits != num_qubits:
            raise InputError(f"a parity must have the observables' {num_qubits} qubits, got {string}")
        symmetry = PauliSum.from_strings([string])
        for observable in observables:
            if len(symmetry.commutator(observable).simplify(1e-10)):
                raise InputError(f"a symmetry must commute with what is estimated, got {string}, which does not")
        projector = projector @ (0.5 * PauliSum.identity(num_qubits) + (0.5 * value) * symmetry)
    return [*((projector @ observable).simplify() for observable in observables), projector]


def verified_moments(values: FloatArray, covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The ratios, and their covariance to first order, from estimates of what `projected_observables` returns.

    Raises:
        InputError: if hardly anything is left to divide by.
    """
    share = float(values[-1])
    if share <= 2.0 * float(np.sqrt(covariance[-1, -1])):
        raise InputError(
            f"the projection onto the right parities must be found positive, got {share:.3g} ± "
            f"{float(np.sqrt(covariance[-1, -1])):.3g}; take more shots, or check the values of the parities"
        )
    ratios = values[:-1] / share
    slopes = np.hstack((np.eye(len(ratios)), -ratios[:, None])) / share
    return ratios, slopes @ covariance @ slopes.T


def _string(item: object) -> PauliString:
    if isinstance(item, PauliString):
        return item
    return PauliString(check_instance(item, str, "a symmetry is a PauliString or its label"))


def _checked_parities(given: Iterable[object]) -> list[tuple[PauliString, int]]:
    rule = "parities are pairs of a string and +1 or -1"
    found = []
    for pair in items_of(given, rule):
        if not isinstance(pair, tuple | list) or len(pair) != 2 or not (is_integer(pair[1]) and abs(pair[1]) == 1):
            raise InputError(f"{rule}, got {shown(pair)}")
        found.append((_string(pair[0]), int(pair[1])))
    return found


def _check_commuting(strings: Sequence[PauliString]) -> None:
    for index, one in enumerate(strings):
        if one.num_qubits != strings[0].num_qubits:
            raise InputError(f"symmetries must have the same number of qubits, got {strings[0]} and {one}")
        for other in strings[:index]:
            if not one.commutes_with(other):
                raise InputError(f"symmetries must commute with each other, got {other} and {one}")


def _product(strings: Sequence[PauliString], count: int) -> tuple[PauliString, int]:
    """The product of strings that commute, without its sign, and its value where so many of them are −1."""
    value = 1 - 2 * (count & 1)
    product = PauliString.identity(strings[0].num_qubits)
    for string in strings:
        phase, product = product.multiply(string)
        value *= int(phase.real)
    return product, value
