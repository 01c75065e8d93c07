"""`FermionSimulator`: states, expectation values and adjoint gradients of programs of fermions."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit import _needs
from qtoolkit._arguments import check_instance
from qtoolkit._memory import reserved
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion.adjoint import prepared, taken_back
from qtoolkit.simulators.fermion.excitation_run import ExcitationRun, compile_backward_ahead
from qtoolkit.simulators.fermion.hamiltonian_action import HamiltonianAction
from qtoolkit.simulators.fermion.kept_actions import KeptActions
from qtoolkit.simulators.fermion.program import FermionProgram
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit.simulators.options import threads_of
from qtoolkit_kernels.team import Team

__all__ = ["FermionSimulator"]

FloatArray = NDArray[np.float64]


class FermionSimulator:
    """Exact states of fermions with given numbers of alpha and beta electrons.

    States are matrices of alpha by beta strings (see `FermionSector`), float64 where all amplitudes are real, else
    complex128. An excitation is one rotation of pairs of amplitudes, never a sequence of gates.

    Args:
        num_threads: all cores by default.

    Raises:
        InputError: if there are fewer cores.
    """

    def __init__(self, num_threads: int | None = None) -> None:
        self._num_threads = threads_of(num_threads)
        self._team = Team(self._num_threads)
        self._kept = KeptActions(self._team)
        self._hamiltonians: list[tuple[ElectronicHamiltonian, FermionSector, HamiltonianAction]] = []

    def __reduce__(self) -> tuple[type[FermionSimulator], tuple[int]]:
        return FermionSimulator, (self._num_threads,)

    @property
    def num_threads(self) -> int:
        """Number of threads."""
        return self._num_threads

    def state(
        self, program: FermionProgram, parameters: ArrayLike | None = None, *, initial_state: ArrayLike | None = None
    ) -> NDArray[Any]:
        """The state that a program prepares, shape (alpha strings, beta strings).

        Args:
            program: what acts.
            parameters: shape ``(program.num_parameters,)``.
            initial_state: in place of the program's reference determinant, of the same shape; used as it is.

        Raises:
            InputError: if parameters or initial state do not fit.
            InsufficientMemoryError: if there is no memory for the state.
        """
        check_instance(program, FermionProgram, "program must be a FermionProgram")
        values = program.parameter_vector(parameters)
        given = None if initial_state is None else program.sector.checked(initial_state, "initial_state")
        with self._room(program, 1, given, kept=True):
            return prepared(program, self._kept.of(program), values, given)

    def apply(self, hamiltonian: ElectronicHamiltonian, sector: FermionSector, state: ArrayLike) -> NDArray[Any]:
        """H|ψ⟩, of the sector's shape.

        Raises:
            InputError: if Hamiltonian, sector and state do not fit.
        """
        check_instance(sector, FermionSector, "sector must be a FermionSector")
        return self._action_of(hamiltonian, sector).apply(sector.checked(state))

    def expectation_value(
        self, program: FermionProgram, hamiltonian: ElectronicHamiltonian, parameters: ArrayLike | None = None
    ) -> float:
        """⟨ψ|H|ψ⟩.

        Raises:
            InputError: if an argument does not fit the program.
        """
        check_instance(program, FermionProgram, "program must be a FermionProgram")
        values, action = program.parameter_vector(parameters), self._action_of(hamiltonian, program.sector)
        with self._room(program, 2):
            state = prepared(program, self._kept.of(program), values)
            return float(np.vdot(state, action.apply(state)).real)

    def variance(
        self, program: FermionProgram, hamiltonian: ElectronicHamiltonian, parameters: ArrayLike | None = None
    ) -> float:
        """⟨H²⟩ − ⟨H⟩², as the squared norm of (H − ⟨H⟩)|ψ⟩, which is not negative.

        Raises:
            InputError: if an argument does not fit the program.
        """
        check_instance(program, FermionProgram, "program must be a FermionProgram")
        values, action = program.parameter_vector(parameters), self._action_of(hamiltonian, program.sector)
        with self._room(program, 2):
            state = prepared(program, self._kept.of(program), values)
            image = action.apply(state)
            energy = np.vdot(state, image).real
            state *= energy
            image -= state
            return float(np.vdot(image, image).real)

    def gradient(
        self, program: FermionProgram, hamiltonian: ElectronicHamiltonian, parameters: ArrayLike
    ) -> tuple[float, FloatArray]:
        """⟨ψ|H|ψ⟩ and its derivatives by the parameters, shape ``(num_parameters,)``, by the adjoint method.

        T. Jones and J. Gacon, arXiv:2009.02823: |ψ⟩ and H|ψ⟩ are taken back through the program, once.

        Raises:
            InputError: if an argument does not fit the program.
        """
        check_instance(program, FermionProgram, "program must be a FermionProgram")
        values, action_of_energy = program.parameter_vector(parameters), self._action_of(hamiltonian, program.sector)
        actions = self._kept.of(program)
        if any(isinstance(action, ExcitationRun) for action in actions):
            compile_backward_ahead()
        with self._room(program, 2):
            ket = prepared(program, actions, values)
            bra = action_of_energy.apply(ket)
            return float(np.vdot(ket, bra).real), taken_back(program, actions, values, ket, bra)

    @staticmethod
    def _room(
        program: FermionProgram, count: int, initial_state: NDArray[Any] | None = None, kept: bool = False
    ) -> AbstractContextManager[None]:
        """Keep memory for so many states, of which one may be the result."""
        is_real = program.is_real and (initial_state is None or not np.iscomplexobj(initial_state))
        one = _needs.fermion_states(_needs.REAL if is_real else _needs.COMPLEX, program.sector.size, 1)
        return reserved(count * one, f"{count} states of {program!r}", "use fewer orbitals", one if kept else 0)

    def _action_of(self, hamiltonian: ElectronicHamiltonian, sector: FermionSector) -> HamiltonianAction:
        check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
        for known, its_sector, action in self._hamiltonians:
            if known is hamiltonian and (its_sector.norb, its_sector.nelec) == (sector.norb, sector.nelec):
                return action
        action = HamiltonianAction(hamiltonian, sector, self._team)
        self._hamiltonians = [*self._hamiltonians[-3:], (hamiltonian, sector, action)]
        return action
