"""The energy of a program of fermions, as the function that an optimiser minimises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance
from qtoolkit.algorithms.optimizers import LBFGSB, Optimizer
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian, Excitation
from qtoolkit.simulators.fermion import (
    ExcitationRotation,
    FermionProgram,
    FermionSimulator,
    ProgramAdjoint,
    determinant_energies,
)
from qtoolkit.simulators.fermion.adjoint import SectorOperator

__all__ = ["FermionObjective"]

FloatArray = NDArray[np.float64]
State = NDArray[Any]

_OPTIMIZER = LBFGSB(max_evaluations=2000, gradient_tolerance=1e-6, value_tolerance=1e-13, memory=20)
"""Energies are then converged to some 1e-11 of a hartree where they are not flat."""
_LEAST_CURVATURE = 0.3
"""In hartree: what is less may be anything where another determinant mixes in."""


class FermionObjective:
    """``⟨ψ(θ)|H + Σ_k O_k|ψ(θ)⟩`` and its gradient in the sector of a program: an `EnergyObjective`.

    Args:
        program: prepares ``|ψ(θ)⟩``.
        hamiltonian: H, of as many orbitals.
        additions: the O_k, Hermitian, as functions of a state: penalties, for instance.
        initial_state: what the program acts on, of its sector's shape; its reference determinant by default.
        simulator: applies H; one with all cores by default.

    Raises:
        InputError: if program, Hamiltonian and initial state do not fit.
    """

    def __init__(
        self,
        program: FermionProgram,
        hamiltonian: ElectronicHamiltonian,
        *,
        additions: Sequence[SectorOperator] = (),
        initial_state: ArrayLike | None = None,
        simulator: FermionSimulator | None = None,
    ) -> None:
        check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
        self._adjoint = ProgramAdjoint(program)
        if hamiltonian.norb != program.norb:
            raise InputError(f"a Hamiltonian of {hamiltonian.norb} orbitals does not fit a program of {program.norb}")
        self.program = program
        self.hamiltonian = hamiltonian
        self._additions = tuple(additions)
        self._initial_state = None if initial_state is None else program.sector.checked(initial_state, "initial_state")
        self._simulator = FermionSimulator() if simulator is None else simulator

    @property
    def num_parameters(self) -> int:
        """Number of free parameters."""
        return self.program.num_parameters

    @property
    def is_differentiable(self) -> bool:
        """True: gradients come by the adjoint method."""
        return True

    @property
    def is_exact(self) -> bool:
        """True: nothing is estimated."""
        return True

    @property
    def precision(self) -> str:
        """``"double"``."""
        return "double"

    @property
    def scale(self) -> float:
        """Standard deviation of the energies of determinants: how far values may lie apart."""
        return self._diagonal[0]

    def state(self, parameters: ArrayLike) -> State:
        """``|ψ(θ)⟩``, of the sector's shape."""
        return self._adjoint.state(parameters, self._initial_state)

    def image(self, state: State) -> State:
        """``(H + Σ_k O_k)|ψ⟩``."""
        found = self._simulator.apply(self.hamiltonian, self.program.sector, state)
        for addition in self._additions:
            found = found + addition(state)
        return found

    def value(self, parameters: ArrayLike) -> float:
        """The expectation value."""
        state = self.state(parameters)
        return float(np.vdot(state, self.image(state)).real)

    def value_and_gradient(self, parameters: ArrayLike) -> tuple[float, FloatArray]:
        """The expectation value and its gradient, shape ``(num_parameters,)``."""
        return self._adjoint.value_and_gradient(self.image, parameters, self._initial_state)

    def estimate(self, parameters: FloatArray) -> tuple[float, float] | None:
        """None: values are exact."""
        return None

    def default_optimizer(self) -> Optimizer:
        """L-BFGS-B, which knows curvatures from the start where the program acts on its reference determinant."""
        if self._initial_state is not None or not self.num_parameters:
            return _OPTIMIZER
        return replace(_OPTIMIZER, scales=tuple((self._diagonal[1] ** -0.5).tolist()))

    @cached_property
    def _diagonal(self) -> tuple[float, FloatArray]:
        """Spread of the energies of determinants, and second derivatives of the energy by each parameter at the
        reference, where excitations lead off it: twice what the excited determinant lies higher. Others count as 1."""
        program, energies = self.program, determinant_energies(self.hamiltonian, self.program.sector)
        reference = energies[program.sector.position(*program.reference)]
        found = np.zeros(self.num_parameters)
        for operation in program.operations:
            place = _excited(program, operation.excitation) if isinstance(operation, ExcitationRotation) else None
            if isinstance(operation, ExcitationRotation) and place is not None:
                rise = 2.0 * float(energies[place] - reference)
                for index, coefficient in zip(operation.angle.indices, operation.angle.coefficients, strict=True):
                    found[index] += coefficient**2 * rise
        found[found < _LEAST_CURVATURE] = 1.0
        return float(np.std(energies)), found


def _excited(program: FermionProgram, excitation: Excitation) -> tuple[int, int] | None:
    """Where the determinant is that an excitation makes of the reference; None for none."""
    alpha, beta = program.reference
    bits = alpha | beta << program.norb
    gone = sum(1 << mode for mode in excitation.annihilated)
    come = sum(1 << mode for mode in excitation.created)
    if bits & gone != gone or bits & come:
        return None
    bits ^= gone | come
    return program.sector.position(bits & (1 << program.norb) - 1, bits >> program.norb)
