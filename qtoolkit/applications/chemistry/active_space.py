"""Which orbitals stay: named before Hartree–Fock, or chosen from its orbitals by a rule."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from qtoolkit._arguments import items_of, shown
from qtoolkit._checks import require_number
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum

__all__ = [
    "ActiveSpace",
    "AtomicValenceSpace",
    "NaturalOrbitalSpace",
    "active_orbitals",
    "avas",
    "check_active",
    "natural_orbitals",
    "whole_space",
]

_MAX_ORBITALS = PauliSum.max_qubits // 2
_LABELS = 'a tuple of texts such as "Fe 3d" or "C 2pz"'
_NOBLE_GAS_CORES = ((54, 27), (36, 18), (18, 9), (10, 5), (2, 1))
"""Electrons of a noble gas and the spatial orbitals they fill, heaviest first."""


@dataclass(frozen=True)
class AtomicValenceSpace:
    """The orbitals that overlap with some valence orbitals of atoms (AVAS).

    Sayfutyarova, Sun, Chan and Knizia, J. Chem. Theory Comput. 13, 4063 (2017): occupied and empty orbitals are turned,
    each among themselves, to eigenvectors of the projector on the atomic orbitals, and those with large eigenvalues
    stay. Singly occupied orbitals all stay, the paper's option 3.

    Attributes:
        labels: of atomic orbitals in PySCF's minimal basis ``minao``, such as ``"Fe 3d"`` or ``"C 2pz"``.
        threshold: the least eigenvalue that stays.

    Raises:
        InputError: if a label is no text, or the threshold does not lie between 0 and 1.
    """

    labels: tuple[str, ...]
    threshold: float = 0.2

    def __post_init__(self) -> None:
        labels: object = self.labels
        if not isinstance(labels, tuple) or not labels or not all(isinstance(x, str) and x.strip() for x in labels):
            raise InputError(f"labels are {_LABELS}, got {shown(labels)}")
        object.__setattr__(self, "threshold", _strictly_between("threshold", self.threshold, 0.0, 1.0))

    def __str__(self) -> str:
        return f"AVAS of {', '.join(self.labels)} with threshold {self.threshold:g}"


@dataclass(frozen=True)
class NaturalOrbitalSpace:
    """The natural orbitals of second-order perturbation theory whose occupation is neither 0 nor 2.

    Occupied and empty orbitals are turned, each among themselves, to eigenvectors of the unrelaxed MP2 density matrix
    (Löwdin, Phys. Rev. 97, 1474 (1955)); the determinant stays that of Hartree–Fock. For closed shells.

    Attributes:
        lowest: empty orbitals with at least this occupation stay.
        highest: occupied orbitals with at most this occupation stay.

    Raises:
        InputError: if they are not 0 < lowest < 1 < highest < 2.
    """

    lowest: float = 0.02
    highest: float = 1.98

    def __post_init__(self) -> None:
        object.__setattr__(self, "lowest", _strictly_between("lowest", self.lowest, 0.0, 1.0))
        object.__setattr__(self, "highest", _strictly_between("highest", self.highest, 1.0, 2.0))

    def __str__(self) -> str:
        return f"MP2 natural orbitals with occupations from {self.lowest:g} to {self.highest:g}"


ActiveSpace: TypeAlias = (
    tuple[int, int] | Sequence[int] | Literal["frozen_core"] | AtomicValenceSpace | NaturalOrbitalSpace | None
)
"""What stays: a tuple of two is (electrons, orbitals) around the highest occupied orbital, as chemists write it; any
other sequence, a list of two among them, names spatial orbitals, counted from the lowest; ``"frozen_core"`` freezes
noble-gas cores; `avas` and `natural_orbitals` choose by a rule; None keeps all."""


def avas(labels: str | Sequence[str], threshold: float = 0.2) -> AtomicValenceSpace:
    """The orbitals that overlap with valence orbitals of atoms, ``avas(["C 2pz", "N 2pz"])`` for instance.

    Args:
        labels: one or several, as PySCF finds atomic orbitals: ``"Fe 3d"`` for all iron atoms, ``"0 C 2p"`` for the
            first atom.
        threshold: see `AtomicValenceSpace`.

    Raises:
        InputError: see `AtomicValenceSpace`.
    """
    given = (labels,) if isinstance(labels, str) else items_of(labels, f"labels are {_LABELS}")
    return AtomicValenceSpace(tuple(given), threshold)


def natural_orbitals(lowest: float = 0.02, highest: float = 1.98) -> NaturalOrbitalSpace:
    """The MP2 natural orbitals with occupations in a window; see `NaturalOrbitalSpace`.

    Raises:
        InputError: see `NaturalOrbitalSpace`.
    """
    return NaturalOrbitalSpace(lowest, highest)


def active_orbitals(active_space: ActiveSpace, structure: Any, num_orbitals: int | None = None) -> tuple[int, ...]:
    """The orbitals that stay, told before they are computed: the lowest are filled.

    Args:
        active_space: see `compute_integrals`.
        structure: the molecule as PySCF has it.
        num_orbitals: as many as basis functions by default.

    Returns:
        Their indices; none where a rule chooses among orbitals that are not there yet.

    Raises:
        InputError: if they break a rule of `compute_integrals`.
    """
    if isinstance(active_space, AtomicValenceSpace | NaturalOrbitalSpace):
        return ()
    active = _named_orbitals(active_space, structure, structure.nao if num_orbitals is None else num_orbitals)
    check_active(active, (int(structure.nelec[0]), int(structure.nelec[1])))
    return active


def whole_space(active_space: ActiveSpace, structure: Any) -> tuple[int, ...]:
    """All orbitals, or those beyond the frozen core, however many; none where something else is asked for."""
    if active_space is None or active_space == "frozen_core":
        return _named_orbitals(active_space, structure, structure.nao)
    return ()


def check_active(active: tuple[int, ...], nelec: tuple[int, int]) -> None:
    """Refuse orbitals that make no problem for qubits.

    Args:
        active: their indices among all, of which the lowest are filled.
        nelec: alpha and beta electrons of the molecule.

    Raises:
        InputError: if they are too many, hold no electron, leave out a singly occupied one, or are out of order.
    """
    if len(active) > _MAX_ORBITALS:
        raise InputError(
            f"at most {_MAX_ORBITALS} orbitals can be active, two qubits each, because Pauli strings have "
            f"{PauliSum.max_qubits} bits, got {len(active)}; choose an active space"
        )
    n_alpha, n_beta = nelec
    if not any(p < n_alpha for p in active):
        raise InputError(f"an active space must hold an electron, but of orbitals {active} none is occupied")
    left_out = [p for p in range(n_beta, n_alpha) if p not in active]
    if left_out:
        raise InputError(f"singly occupied orbitals must be active, but orbitals {left_out} are not in {active}")
    ranks = [(p >= n_beta) + (p >= n_alpha) for p in active]
    if ranks != sorted(ranks):
        raise InputError(f"active_space must name occupied orbitals before empty ones, got {active}")


def _named_orbitals(
    active_space: tuple[int, int] | Sequence[int] | str | None, structure: Any, total: int
) -> tuple[int, ...]:
    if active_space is None:
        return tuple(range(total))
    if isinstance(active_space, str):
        if active_space != "frozen_core":
            raise InputError(
                'active_space is (electrons, orbitals), a list of orbitals, "frozen_core", avas(...), '
                f"natural_orbitals(...) or None, got {shown(active_space)}"
            )
        cores = sum(_core_orbitals(structure, atom) for atom in range(structure.natm))
        return tuple(range(min(cores, int(min(structure.nelec))), total))
    what = "active_space must hold orbital indices"
    try:
        named = tuple(operator.index(number) for number in items_of(active_space, what))
    except TypeError:
        raise InputError(f"{what}, got {shown(active_space)}") from None
    if isinstance(active_space, tuple) and len(named) == 2:
        electrons, orbitals = named
        core, odd = divmod(int(structure.nelectron) - electrons, 2)
        if odd or core < 0 or electrons < 0 or not electrons <= 2 * orbitals or core + orbitals > total:
            raise InputError(
                f"a tuple of two is (electrons, orbitals): of {structure.nelectron} electrons in {total} orbitals an "
                f"even number must stay out, and the others fit in, got {shown(named)}; name orbitals by a list: "
                f"{shown(list(named))}"
            )
        return tuple(range(core, core + orbitals))
    if not named or len(set(named)) != len(named) or not all(0 <= p < total for p in named):
        raise InputError(f"active_space must hold distinct orbitals in [0, {total}), got {shown(named)}")
    return named


def _core_orbitals(structure: Any, atom: int) -> int:
    """Orbitals of the noble-gas core that no core potential stands for."""
    replaced = int(structure.atom_nelec_core(atom))
    atomic_number = int(structure.atom_charge(atom)) + replaced
    core = next((orbitals for electrons, orbitals in _NOBLE_GAS_CORES if atomic_number > electrons), 0)
    return max(core - replaced // 2, 0)


def _strictly_between(name: str, value: object, low: float, high: float) -> float:
    number = require_number(name, value)
    if not low < number < high:
        raise InputError(f"{name} must lie between {low:g} and {high:g}, got {number:g}")
    return number
