"""Pools of operators that ADAPT-VQE chooses from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from qtoolkit._arguments import MOST_ITEMS, check_flag, check_instance, check_integer, check_number, items_of
from qtoolkit.applications.chemistry.ansaetze.excitations import single_and_double_excitations
from qtoolkit.applications.chemistry.ansaetze.space import checked_space
from qtoolkit.errors import InputError
from qtoolkit.operators import Excitation
from qtoolkit.simulators.fermion import ExcitationRotation, LinearAngle

__all__ = ["PoolOperator", "fermionic_pool", "qubit_pool"]


@dataclass(frozen=True)
class PoolOperator:
    """Excitations that share an angle: Π_k exp(c_k θ (T_k − T_k†)), the first of them first.

    That is the exponential of the sum where they commute; its derivative at θ = 0 is that of the sum in any case.

    Attributes:
        excitations: T_k.
        coefficients: c_k; 1 for each by default.
        fermionic: whether they have the signs of fermions; see `ExcitationRotation`.

    Raises:
        InputError: if there is no excitation, or not one coefficient for each.
    """

    excitations: tuple[Excitation, ...]
    coefficients: tuple[float, ...] = ()
    fermionic: bool = True

    def __post_init__(self) -> None:
        excitations = tuple(items_of(self.excitations, "excitations are a sequence"))
        for excitation in excitations:
            check_instance(excitation, Excitation, "excitations of a pool operator must be of the class Excitation")
        given = tuple(items_of(self.coefficients, "coefficients are a sequence of numbers"))
        coefficients = tuple(check_number(value, "a coefficient") for value in given) or (1.0,) * len(excitations)
        if not excitations or len(coefficients) != len(excitations):
            raise InputError(
                "a pool operator has excitations and a coefficient for each, got "
                f"{len(excitations)} and {len(coefficients)}"
            )
        check_flag(self.fermionic, "fermionic")
        object.__setattr__(self, "excitations", excitations)
        object.__setattr__(self, "coefficients", coefficients)

    def rotations(self, parameter: int) -> tuple[ExcitationRotation, ...]:
        """What acts, at the angle of the parameter with a number.

        Raises:
            InputError: if the number is none.
        """
        parameter = check_integer(parameter, "the number of a parameter", 0, MOST_ITEMS)
        return tuple(
            ExcitationRotation(excitation, LinearAngle.parameter(parameter, coefficient), self.fermionic)
            for excitation, coefficient in zip(self.excitations, self.coefficients, strict=True)
        )


def fermionic_pool(
    norb: int, nelec: tuple[int, int], *, generalised: bool = False, spin_adapted: bool = False
) -> tuple[PoolOperator, ...]:
    """Single and double excitations of fermions (Grimsley et al., Nat. Commun. 10, 3007 (2019)).

    Args:
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons.
        generalised: whether they lead between all spin orbitals that differ, not only from filled to empty ones.
        spin_adapted: whether an excitation shares its angle with its mirror image, the same with the spins exchanged;
            for as many alpha as beta electrons, or generalised pools. Those whose mirror image is their inverse are
            left out.

    Raises:
        InputError: if the electrons do not fit the orbitals, or mirror images do not exist.
    """
    return _pool(norb, nelec, generalised, spin_adapted, fermionic=True)


def qubit_pool(
    norb: int, nelec: tuple[int, int], *, generalised: bool = False, spin_adapted: bool = False
) -> tuple[PoolOperator, ...]:
    """Single and double excitations of qubits, without the signs of fermions, in fewer gates.

    Yordanov et al., Commun. Phys. 4, 228 (2021). Single Pauli strings, as in Tang et al., PRX Quantum 2, 020310 (2021),
    do not keep the numbers of electrons and are no such operators.

    Args:
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons.
        generalised: as for `fermionic_pool`.
        spin_adapted: as for `fermionic_pool`.

    Raises:
        InputError: as for `fermionic_pool`.
    """
    return _pool(norb, nelec, generalised, spin_adapted, fermionic=False)


def _pool(
    norb: int, nelec: tuple[int, int], generalised: bool, spin_adapted: bool, fermionic: bool
) -> tuple[PoolOperator, ...]:
    norb, nelec = checked_space(norb, nelec)
    generalised, spin_adapted = check_flag(generalised, "generalised"), check_flag(spin_adapted, "spin_adapted")
    excitations = tuple(_generalised(norb)) if generalised else single_and_double_excitations(norb, nelec)
    if not spin_adapted:
        return tuple(PoolOperator((excitation,), fermionic=fermionic) for excitation in excitations)
    if nelec[0] != nelec[1] and not generalised:
        raise InputError(
            f"a spin-adapted pool needs as many alpha as beta electrons, got {nelec}; use generalised=True"
        )
    found: dict[frozenset[frozenset[tuple[int, ...]]], PoolOperator] = {}
    for excitation in excitations:
        mirrored = _mirrored(excitation, norb)
        if (mirrored.created, mirrored.annihilated) == (excitation.annihilated, excitation.created):
            continue  # its own inverse: the sum of both is zero
        members = (excitation,) if mirrored == excitation else (excitation, mirrored)
        key = frozenset(frozenset({member.annihilated, member.created}) for member in members)
        found.setdefault(key, PoolOperator(members, fermionic=fermionic))
    return tuple(found.values())


def _generalised(norb: int) -> Iterator[Excitation]:
    """Each excitation between distinct spin orbitals once, not also backwards; doubles before singles."""
    alpha, beta = range(norb), range(norb, 2 * norb)
    opposite = list(itertools.product(alpha, beta))
    equal = [*itertools.combinations(alpha, 2), *itertools.combinations(beta, 2)]
    for pairs in (opposite, equal):
        for source, target in itertools.combinations(pairs, 2):
            if not set(source) & set(target) and source[0] // norb == target[0] // norb:
                yield Excitation(source, target)
    for orbitals in (alpha, beta):
        for p, q in itertools.combinations(orbitals, 2):
            yield Excitation((p,), (q,))


def _mirrored(excitation: Excitation, norb: int) -> Excitation:
    """The excitation with the spins exchanged, alpha before beta."""

    def flip(modes: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted((mode + norb) % (2 * norb) for mode in modes))

    return Excitation(flip(excitation.annihilated), flip(excitation.created))
