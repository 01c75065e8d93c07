"""Ansätze of electron pairs: generalised singles with pair doubles, and pair doubles alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import check_flag
from qtoolkit._checks import require_integer
from qtoolkit.applications.chemistry.ansaetze.amplitudes import Amplitudes, mp2_amplitudes
from qtoolkit.applications.chemistry.ansaetze.base import Ansatz, check_same_space
from qtoolkit.applications.chemistry.ansaetze.mode_qubits import Mapping
from qtoolkit.applications.chemistry.ansaetze.space import MAX_REPETITIONS, checked_space
from qtoolkit.applications.chemistry.integrals import FloatArray, MolecularIntegrals
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.operators import Excitation, Tapering
from qtoolkit.simulators.fermion import ExcitationRotation, FermionOperation, LinearAngle

__all__ = ["KUpCCGSD", "PairUCCD", "pair_excitation"]


def pair_excitation(norb: int, source: int, target: int) -> Excitation:
    """Both electrons of one orbital to another."""
    return Excitation((source, source + norb), (target, target + norb))


@dataclass(frozen=True)
class KUpCCGSD(Ansatz):
    """Unitary pair coupled cluster with generalised singles, k times.

    Lee, Huggins, Head-Gordon and Whaley, J. Chem. Theory Comput. 15, 311 (2019): every repetition moves pairs of
    electrons between all orbitals p < q, then single electrons, one excitation after the other in the order of (p, q),
    alpha before beta.

    Attributes:
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons.
        repetitions: k.
        spin_adapted: whether both spins share the angle of a single excitation, which keeps S² and halves their number.

    Raises:
        InputError: if the electrons do not fit the orbitals.
    """

    norb: int
    nelec: tuple[int, int]
    repetitions: int = 1
    spin_adapted: bool = True

    def __post_init__(self) -> None:
        norb, nelec = checked_space(self.norb, self.nelec)
        object.__setattr__(self, "norb", norb)
        object.__setattr__(self, "nelec", nelec)
        object.__setattr__(self, "repetitions", require_integer("repetitions", self.repetitions, 1, MAX_REPETITIONS))
        check_flag(self.spin_adapted, "spin_adapted")

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """``pair_k_p_to_q`` and ``single_k_p_to_q`` of each repetition k; of singles with a spin where it is told."""
        return tuple(dict.fromkeys(name for name, _ in self._named()))

    @cached_property
    def operations(self) -> tuple[FermionOperation, ...]:
        """Every excitation by its angle."""
        places = {name: index for index, name in enumerate(self.parameter_names)}
        return tuple(ExcitationRotation(found, LinearAngle.parameter(places[name])) for name, found in self._named())

    def initial_parameters(self, integrals: MolecularIntegrals) -> FloatArray:
        """Perturbative pair doubles in the first repetition, see `mp2_amplitudes`; zeros for all else.

        Raises:
            InputError: if the integrals have other orbitals or electrons.
        """
        check_same_space(self, integrals)
        amplitudes = mp2_amplitudes(integrals)
        found = np.zeros(self.num_parameters)
        for index, name in enumerate(self.parameter_names):
            kind, repetition, source, _, target = name.split("_")[:5]
            if (kind, repetition) == ("pair", "0"):
                found[index] = _pair_amplitude(amplitudes, self.norb, self.nelec, int(source), int(target))
        return found

    def _named(self) -> Iterator[tuple[str, Excitation]]:
        for repetition in range(self.repetitions):
            pairs = list(itertools.combinations(range(self.norb), 2))
            for p, q in pairs:
                yield f"pair_{repetition}_{p}_to_{q}", pair_excitation(self.norb, p, q)
            for p, q in pairs:
                for spin, offset in (("alpha", 0), ("beta", self.norb)):
                    ending = "" if self.spin_adapted else f"_{spin}"
                    yield f"single_{repetition}_{p}_to_{q}{ending}", Excitation((p + offset,), (q + offset,))


@dataclass(frozen=True)
class PairUCCD(Ansatz):
    """Unitary coupled cluster with doubles that move pairs from filled to empty orbitals.

    States keep every orbital filled twice or empty, so that one qubit per orbital holds them:
    ``to_circuit("pair")``, for `pair_hamiltonian` (Elfving et al., Phys. Rev. A 103, 032605 (2021)). The excitations
    act in the order of (filled, empty) orbitals.

    Attributes:
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons, as many of each.

    Raises:
        InputError: if the electrons do not fit the orbitals or are no pairs.
    """

    norb: int
    nelec: tuple[int, int]

    def __post_init__(self) -> None:
        norb, nelec = checked_space(self.norb, self.nelec)
        object.__setattr__(self, "norb", norb)
        object.__setattr__(self, "nelec", nelec)
        if self.nelec[0] != self.nelec[1]:
            raise InputError(f"pairs need as many alpha as beta electrons, got {self.nelec}; use KUpCCGSD")

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """``pair_i_to_a``."""
        return tuple(f"pair_{i}_to_{a}" for i, a in self._pairs)

    @cached_property
    def operations(self) -> tuple[FermionOperation, ...]:
        """Every excitation of a pair by its angle."""
        return tuple(
            ExcitationRotation(pair_excitation(self.norb, i, a), LinearAngle.parameter(index))
            for index, (i, a) in enumerate(self._pairs)
        )

    def to_circuit(
        self,
        mapping: Mapping = "jordan_wigner",
        tapering: Tapering | None = None,
        *,
        parameters: ArrayLike | None = None,
        compact: bool = False,
    ) -> Circuit:
        """The ansatz on qubits; see `Ansatz.to_circuit`.

        The mapping ``"pair"`` puts a pair of orbital p on qubit p: `norb` qubits, and two two-qubit gates for each
        excitation.

        Raises:
            InputError: as there, or if anything is to be tapered off pairs.
            OperatorError: as there.
        """
        if not isinstance(mapping, str) or mapping != "pair":
            return super().to_circuit(mapping, tapering, parameters=parameters, compact=compact)
        if tapering is not None:
            raise InputError('the mapping "pair" has no symmetry to taper off; leave tapering out')
        circuit = Circuit(self.norb, name=self._name)
        for qubit in range(self.nelec[0]):
            circuit.x(qubit)
        for (i, a), angle in zip(self._pairs, self._values(parameters), strict=True):
            circuit.xx_plus_yy(2.0 * angle, np.pi / 2, i, a)
        if parameters is None:
            circuit.declare_parameters(self.parameter_names)
        return circuit

    def initial_parameters(self, integrals: MolecularIntegrals) -> FloatArray:
        """Perturbative doubles, see `mp2_amplitudes`.

        Raises:
            InputError: if the integrals have other orbitals or electrons.
        """
        check_same_space(self, integrals)
        amplitudes = mp2_amplitudes(integrals)
        return np.array([_pair_amplitude(amplitudes, self.norb, self.nelec, i, a) for i, a in self._pairs])

    @property
    def _pairs(self) -> list[tuple[int, int]]:
        filled = self.nelec[0]
        return list(itertools.product(range(filled), range(filled, self.norb)))


def _pair_amplitude(amplitudes: Amplitudes, norb: int, nelec: tuple[int, int], source: int, target: int) -> float:
    """0 unless the pair leaves an orbital that is filled for one that is empty."""
    if source >= min(nelec) or target < max(nelec):
        return 0.0
    return amplitudes.of(pair_excitation(norb, source, target))
