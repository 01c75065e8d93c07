"""The energy of an ansatz as a function of its parameters, and what else is known of its states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit.algorithms.fermion_objective import FermionObjective
from qtoolkit.algorithms.objective import CircuitObjective, EnergyObjective
from qtoolkit.applications.chemistry.ansaetze.base import Ansatz
from qtoolkit.applications.chemistry.integrals import FloatArray, MolecularIntegrals
from qtoolkit.applications.chemistry.spin import common_orbitals, spin_squared_fermions
from qtoolkit.errors import InputError
from qtoolkit.operators import FermionMapping, FermionOperator, PauliSum, fermion_mapping
from qtoolkit.primitives import Estimator
from qtoolkit.simulators import StatevectorSimulator
from qtoolkit.simulators.fermion import FermionProgram, FermionSector, FermionSimulator, SpinSquared
from qtoolkit.simulators.fermion.adjoint import SectorOperator

__all__ = [
    "CircuitModel",
    "EnergyModel",
    "SectorModel",
    "StateFacts",
    "facts_of",
    "has_spin",
    "knows_spin",
    "model_of",
    "program_of",
    "spin_penalty",
    "spin_squared_target",
]

State = NDArray[Any]


@dataclass(frozen=True)
class StateFacts:
    """What is known of a state beside its energy.

    Attributes:
        spin_squared: ⟨S²⟩; None where the overlap of alpha with beta orbitals is unknown.
        variance: ⟨H²⟩ − ⟨H⟩², in hartree squared.
        num_electrons: expectation values of the numbers of alpha and beta electrons.
    """

    spin_squared: float | None
    variance: float
    num_electrons: tuple[float, float]


class EnergyModel(Protocol):
    """An ansatz on a molecule, however it is run."""

    def objective(self, penalty: float = 0.0) -> EnergyObjective:
        """The energy, with so many hartree for each unit of ⟨S²⟩ too many."""
        ...

    def facts(self, parameters: FloatArray) -> StateFacts:
        """Of the state without noise."""
        ...


class SectorModel:
    """An ansatz in the sector of its electrons.

    Args:
        integrals: the problem.
        program: of the ansatz.
    """

    def __init__(self, integrals: MolecularIntegrals, program: FermionProgram) -> None:
        self.integrals = integrals
        self.program = program
        self.simulator = FermionSimulator()

    @cached_property
    def spin(self) -> SpinSquared:
        """S² in the sector."""
        return SpinSquared(self.program.sector, self.integrals.orbital_overlap)

    def objective(
        self,
        penalty: float = 0.0,
        additions: Sequence[SectorOperator] = (),
        initial_state: ArrayLike | None = None,
    ) -> FermionObjective:
        """See `EnergyModel.objective`; `additions` and `initial_state` as for `FermionObjective`."""
        added = list(additions)
        if penalty:
            added.append(spin_penalty(self.spin, spin_squared_target(self.integrals), penalty))
        return FermionObjective(
            self.program,
            self.integrals.hamiltonian,
            additions=added,
            initial_state=initial_state,
            simulator=self.simulator,
        )

    def facts(self, parameters: FloatArray) -> StateFacts:
        """See `EnergyModel.facts`."""
        return self.facts_of(self.simulator.state(self.program, parameters))

    def facts_of(self, state: State) -> StateFacts:
        """Of a normalised state of the sector."""
        return facts_of(self.integrals, self.program.sector, state, self.simulator, self.spin)


class CircuitModel:
    """An ansatz as a circuit, whose energy an estimator gives.

    Args:
        integrals: the problem.
        ansatz: the ansatz.
        estimator: the local state-vector simulator by default.
        mapping: of fermions to qubits.
    """

    def __init__(
        self,
        integrals: MolecularIntegrals,
        ansatz: Ansatz,
        estimator: Estimator | None = None,
        mapping: str | FermionMapping = "jordan_wigner",
    ) -> None:
        self._integrals = integrals
        self._estimator = estimator
        self._mapping = fermion_mapping(mapping, ansatz.num_qubits)
        self._circuit = ansatz.to_circuit(self._mapping)
        self._program = program_of(ansatz)

    @cached_property
    def hamiltonian(self) -> PauliSum:
        """On the qubits."""
        return self._mapping.map(self._integrals.hamiltonian)

    def objective(self, penalty: float = 0.0) -> CircuitObjective:
        """See `EnergyModel.objective`; of an ansatz that does not keep the electrons, they are penalised likewise."""
        observable = self.hamiltonian
        if penalty:
            observable = observable + penalty * self._excess
        return CircuitObjective(self._circuit, observable, self._estimator)

    def facts(self, parameters: FloatArray) -> StateFacts:
        """See `EnergyModel.facts`."""
        if self._program is not None:
            return SectorModel(self._integrals, self._program).facts(parameters)
        state = StatevectorSimulator().state_vector(self._circuit, parameters)
        # S²'s operator holds for the electrons asked for, so that what has others is no state of this spin at all
        return StateFacts(
            spin_squared=self._spin_squared.expectation_value(state) if knows_spin(self._integrals) else None,
            variance=self.hamiltonian.variance(state),
            num_electrons=(self._number(0).expectation_value(state), self._number(1).expectation_value(state)),
        )

    @property
    def _excess(self) -> PauliSum:
        """S² − S (S + 1), and squares of the electrons too many where the ansatz does not keep them."""
        square = self._spin_squared
        identity = PauliSum.identity(square.num_qubits)
        excess = square - spin_squared_target(self._integrals) * identity
        if self._program is None:
            for spin, count in enumerate(self._integrals.nelec):
                off = self._number(spin) - float(count) * identity
                excess = excess + off @ off
        return excess

    @property
    def _spin_squared(self) -> PauliSum:
        return self._mapping.map(spin_squared_fermions(self._integrals))

    def _number(self, spin: int) -> PauliSum:
        norb = self._integrals.norb
        modes = range(spin * norb, (spin + 1) * norb)
        return self._mapping.map(FermionOperator({((p, True), (p, False)): 1.0 for p in modes}))


def model_of(
    integrals: MolecularIntegrals,
    ansatz: Ansatz,
    estimator: Estimator | None,
    mapping: str | FermionMapping = "jordan_wigner",
) -> EnergyModel:
    """The sector engine where it can run the ansatz and no estimator is asked for, else circuits."""
    program = program_of(ansatz) if estimator is None else None
    if program is None:
        return CircuitModel(integrals, ansatz, estimator, mapping)
    return SectorModel(integrals, program)


def program_of(ansatz: Ansatz) -> FermionProgram | None:
    """The ansatz for the sector engine; None for one that does not keep the numbers of electrons."""
    try:
        return ansatz.program
    except InputError:
        return None


def facts_of(
    integrals: MolecularIntegrals,
    sector: FermionSector,
    state: State,
    simulator: FermionSimulator | None = None,
    spin: SpinSquared | None = None,
) -> StateFacts:
    """Of a normalised state of a sector."""
    image = (simulator or FermionSimulator()).apply(integrals.hamiltonian, sector, state)
    image = image - np.vdot(state, image).real * state
    n_alpha, n_beta = sector.nelec
    return StateFacts(
        spin_squared=(spin or SpinSquared(sector, integrals.orbital_overlap)).expectation_value(state)
        if knows_spin(integrals)
        else None,
        variance=float(np.vdot(image, image).real),
        num_electrons=(float(n_alpha), float(n_beta)),
    )


def spin_penalty(spin: SpinSquared, target: float, penalty: float, *, squared: bool = False) -> SectorOperator:
    """``penalty * (S² − target)``, or its square, which is not negative for any spin."""

    def excess(state: State) -> State:
        found: State = spin.apply(state) - target * state
        return found

    def apply(state: State) -> State:
        found: State = penalty * (excess(excess(state)) if squared else excess(state))
        return found

    return apply


def spin_squared_target(integrals: MolecularIntegrals) -> float:
    """S (S + 1) of the state asked for."""
    return integrals.spin * (integrals.spin + 1.0)


def knows_spin(integrals: MolecularIntegrals) -> bool:
    """Whether S² can be told: of orbitals that both spins share, or whose overlap is known."""
    return not integrals.is_unrestricted or integrals.orbital_overlap is not None


def has_spin(integrals: MolecularIntegrals) -> bool:
    """Whether S is a quantum number: alpha and beta orbitals span one space."""
    return common_orbitals(integrals) is not None
