"""The Hartree–Fock state and the unitary coupled-cluster ansatz as circuits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit._checks import require_integer, require_number
from qtoolkit.applications.chemistry.ansaetze.excitations import Excitation, single_and_double_excitations
from qtoolkit.applications.chemistry.integrals import FloatArray, MolecularIntegrals, require_integrals
from qtoolkit.applications.chemistry.molecule import checked_electrons
from qtoolkit.circuit import Circuit, Parameter, ParameterExpression, ParameterValue
from qtoolkit.errors import InputError
from qtoolkit.operators import jordan_wigner

__all__ = ["UCCSD", "append_excitation", "hartree_fock_circuit"]


def hartree_fock_circuit(norb: int, nelec: tuple[int, int]) -> Circuit:
    """The determinant that fills the lowest orbitals of each spin, on ``2 * norb`` qubits, alpha qubits first.

    Raises:
        InputError: if the electrons do not fit the orbitals.
    """
    norb, nelec = require_integer("norb", norb, 1), checked_electrons(nelec)
    if not all(0 <= count <= norb for count in nelec):
        raise InputError(f"nelec must lie in [0, {norb}] for each spin in {norb} orbitals, got {nelec}")
    circuit = Circuit(2 * norb, name="hartree-fock")
    for occupied in (*range(nelec[0]), *range(norb, norb + nelec[1])):
        circuit.x(occupied)
    return circuit


def append_excitation(circuit: Circuit, excitation: Excitation, theta: ParameterValue) -> Circuit:
    """Add exp(θ (T − T†)) by the Jordan–Wigner mapping, spin orbital k on qubit k, and return the circuit.

    T − T† = i Σ c_k P_k with real c_k and strings that commute, so that the product of their rotations is exact.

    Raises:
        InputError: if an argument is of another type, or `theta` not finite.
        OperatorError: if the circuit has too few qubits.
    """
    if not isinstance(circuit, Circuit) or not isinstance(excitation, Excitation):
        raise InputError(
            f"append_excitation needs a Circuit and an Excitation, got {shown(circuit)}, {shown(excitation)}"
        )
    if not isinstance(theta, ParameterExpression):
        theta = require_number("theta", theta)
    for string, coefficient in jordan_wigner(excitation.generator(), circuit.num_qubits):
        qubits = string.qubits
        letters = "".join(string.letter(qubit) for qubit in reversed(qubits))
        circuit.pauli_rotation(letters, -2.0 * coefficient.imag * theta, qubits)
    return circuit


@dataclass(frozen=True)
class UCCSD:
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
        object.__setattr__(self, "norb", require_integer("norb", self.norb))
        object.__setattr__(self, "nelec", checked_electrons(self.nelec))
        if self.spin_adapted and self.nelec[0] != self.nelec[1]:
            raise InputError(
                f"a spin-adapted ansatz needs as many alpha as beta electrons, got {self.nelec}; use spin_adapted=False"
            )
        _ = self.excitations  # checks the rest

    @property
    def num_qubits(self) -> int:
        """Number of spin orbitals."""
        return 2 * self.norb

    @property
    def num_parameters(self) -> int:
        """Number of free amplitudes."""
        return self.circuit.num_parameters

    @cached_property
    def excitations(self) -> tuple[Excitation, ...]:
        """The excitations in the order in which they act."""
        return single_and_double_excitations(self.norb, self.nelec, self.orbital_symmetries)

    @cached_property
    def angles(self) -> tuple[ParameterExpression, ...]:
        """The angle of each excitation, a parameter or a linear expression in some."""
        return tuple(self._angle(excitation) for excitation in self.excitations)

    @cached_property
    def circuit(self) -> Circuit:
        """The Hartree–Fock state followed by every excitation."""
        circuit = hartree_fock_circuit(self.norb, self.nelec)
        circuit.name = "uccsd"
        for excitation, angle in zip(self.excitations, self.angles, strict=True):
            append_excitation(circuit, excitation, angle)
        return circuit

    def perturbative_parameters(self, integrals: MolecularIntegrals) -> FloatArray:
        """A start for the optimiser, in the order of ``circuit.parameters``: MP2 amplitudes, bounded by π/4.

        Each double excitation rotates the reference by θ = ½ arctan(2 V / Δ), where V couples the two determinants
        and Δ is the difference of their orbital energies. To first order in V that is the MP2 amplitude (Helgaker,
        Jørgensen and Olsen, Molecular Electronic-Structure Theory, chapter 14), and it stays finite where
        orbitals become degenerate. Singles start at zero.

        Raises:
            InputError: if the integrals have another number of orbitals.
        """
        require_integrals(integrals)
        if integrals.norb != self.norb:
            raise InputError(f"the ansatz has {self.norb} orbitals, got integrals of {integrals.norb}")
        guesses: dict[str, float] = {}
        for excitation, angle in zip(self.excitations, self.angles, strict=True):
            if isinstance(angle, Parameter):
                guesses.setdefault(angle.name, _perturbative_angle(excitation, integrals))
        return np.array([guesses[parameter.name] for parameter in self.circuit.parameters])

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


def _perturbative_angle(excitation: Excitation, integrals: MolecularIntegrals) -> float:
    if excitation.rank == 1:
        return 0.0
    norb = integrals.norb
    (i, j), (a, b) = ([mode % norb for mode in modes] for modes in (excitation.annihilated, excitation.created))
    coupling = integrals.two_body_tensor[a, i, b, j]
    if excitation.created[0] // norb == excitation.created[1] // norb:
        coupling -= integrals.two_body_tensor[a, j, b, i]
    energies = integrals.orbital_energies
    gap = energies[a] + energies[b] - energies[i] - energies[j]
    return -0.5 * math.atan2(2.0 * coupling, abs(gap)) if coupling else 0.0
