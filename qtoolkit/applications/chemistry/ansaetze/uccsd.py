"""`UCCSD`: unitary coupled cluster with singles and doubles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qtoolkit._arguments import check_flag
from qtoolkit._checks import require_choice
from qtoolkit.applications.chemistry.ansaetze.amplitudes import amplitudes_by
from qtoolkit.applications.chemistry.ansaetze.base import Ansatz, check_same_space
from qtoolkit.applications.chemistry.ansaetze.excitations import Excitation, single_and_double_excitations
from qtoolkit.applications.chemistry.ansaetze.space import checked_space
from qtoolkit.applications.chemistry.integrals import FloatArray, MolecularIntegrals
from qtoolkit.circuit import Parameter, ParameterExpression
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion import ExcitationRotation, FermionOperation, LinearAngle

__all__ = ["UCCSD"]

_STARTS = ("mp2", "ccsd", "zeros")


@dataclass(frozen=True)
class UCCSD(Ansatz):
    """Unitary coupled cluster with singles and doubles, one first-order Trotter step.

    exp(θ (T − T†)) for each excitation in the order of `single_and_double_excitations`, doubles before singles, on the
    Hartree–Fock state (Romero et al., Quantum Sci. Technol. 4, 014008 (2019)). The order is part of the ansatz: see
    Grimsley et al., J. Chem. Theory Comput. 16, 1 (2020).

    Attributes:
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons.
        spin_adapted: give excitations that spin symmetry ties one parameter: t_ia for both spins, t_iajb = t_jbia for
            opposite spins, t_iajb − t_ibja for equal spins. For closed shells only.
        orbital_symmetries: leave out excitations that break the point-group symmetry of the reference, whose
            amplitudes vanish at a symmetric stationary point; None keeps all.

    Raises:
        InputError: if the electrons do not fit the orbitals, or a spin-adapted ansatz is asked of an open shell.
    """

    norb: int
    nelec: tuple[int, int]
    spin_adapted: bool = False
    orbital_symmetries: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        norb, nelec = checked_space(self.norb, self.nelec)
        object.__setattr__(self, "norb", norb)
        object.__setattr__(self, "nelec", nelec)
        check_flag(self.spin_adapted, "spin_adapted")
        if self.spin_adapted and self.nelec[0] != self.nelec[1]:
            raise InputError(
                f"a spin-adapted ansatz needs as many alpha as beta electrons, got {self.nelec}; use spin_adapted=False"
            )
        _ = self.excitations  # checks the rest

    @cached_property
    def excitations(self) -> tuple[Excitation, ...]:
        """The excitations in the order in which they act."""
        return single_and_double_excitations(self.norb, self.nelec, self.orbital_symmetries)

    @cached_property
    def angles(self) -> tuple[ParameterExpression, ...]:
        """The angle of each excitation, a parameter or a linear expression in some."""
        return tuple(self._angle(excitation) for excitation in self.excitations)

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the amplitudes, by their first appearance."""
        return tuple(dict.fromkeys(name for angle in self.angles for name in angle.terms))

    @cached_property
    def operations(self) -> tuple[FermionOperation, ...]:
        """Every excitation by its angle."""
        places = {name: index for index, name in enumerate(self.parameter_names)}
        return tuple(
            ExcitationRotation(
                excitation, LinearAngle(tuple(places[name] for name in angle.terms), tuple(angle.terms.values()))
            )
            for excitation, angle in zip(self.excitations, self.angles, strict=True)
        )

    def initial_parameters(self, integrals: MolecularIntegrals, start: str = "mp2") -> FloatArray:
        """A start for the optimiser, in the order of `parameter_names`.

        Args:
            integrals: of the same orbitals and electrons; the two spins may differ.
            start: ``"mp2"``, perturbative doubles that `mp2_amplitudes` describes, without singles; ``"ccsd"``, the
                amplitudes of coupled cluster from PySCF; ``"zeros"``, the reference.

        Raises:
            InputError: if the integrals have other orbitals or electrons, or there is no such start.
            MissingExtraError: for ``"ccsd"``, if PySCF is not installed.
            ConvergenceError: for ``"ccsd"``, if its iteration does not converge.
        """
        check_same_space(self, integrals)
        if require_choice("start", start, _STARTS) == "zeros":
            return np.zeros(self.num_parameters)
        amplitudes = amplitudes_by(start, integrals)
        guesses: dict[str, float] = {}
        for excitation, angle in zip(self.excitations, self.angles, strict=True):
            if isinstance(angle, Parameter):
                guesses.setdefault(angle.name, amplitudes.of(excitation))
        return np.array([guesses[name] for name in self.parameter_names])

    def perturbative_parameters(self, integrals: MolecularIntegrals) -> FloatArray:
        """``initial_parameters(integrals, "mp2")``.

        Raises:
            InputError: if the integrals have other orbitals or electrons.
        """
        return self.initial_parameters(integrals, "mp2")

    def _angle(self, excitation: Excitation) -> ParameterExpression:
        if not self.spin_adapted:
            return _parameter(excitation.annihilated, excitation.created)
        annihilated = [mode % self.norb for mode in excitation.annihilated]
        created = [mode % self.norb for mode in excitation.created]
        direct = _parameter(*zip(*sorted(zip(annihilated, created, strict=True)), strict=True))
        if excitation.rank == 1 or excitation.created[0] // self.norb != excitation.created[1] // self.norb:
            return direct
        exchanged = sorted(zip(annihilated, reversed(created), strict=True))
        return direct - _parameter(*zip(*exchanged, strict=True))


def _parameter(annihilated: Iterable[int], created: Iterable[int]) -> Parameter:
    return Parameter("t_" + "_".join(map(str, annihilated)) + "_to_" + "_".join(map(str, created)))
