"""Gradients of any Hermitian operator's expectation value, from any initial state, by the adjoint method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_callable, check_instance, shown
from qtoolkit._memory import reserved
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion.actions import Action, actions_of
from qtoolkit.simulators.fermion.program import FermionProgram
from qtoolkit.simulators.options import threads_of
from qtoolkit_kernels.team import Team

__all__ = ["ProgramAdjoint", "SectorOperator", "prepared", "taken_back"]

FloatArray = NDArray[np.float64]
State = NDArray[Any]

SectorOperator: TypeAlias = Callable[[State], State]
"""A Hermitian operator as a function: a state of the sector's shape to a new array, its image."""


def prepared(
    program: FermionProgram, actions: Sequence[Action], values: FloatArray, initial_state: State | None = None
) -> State:
    """The state that the actions of a program prepare, from its reference determinant or a checked state.

    Args:
        program: whose actions they are.
        actions: in the order in which they act.
        values: of its parameters.
        initial_state: of the sector's shape; it is left as it is.
    """
    dtype = np.dtype(np.float64 if program.is_real else np.complex128)
    if initial_state is None:
        state: State = np.zeros(program.sector.shape, dtype)
        state[program.sector.position(*program.reference)] = 1.0
    else:
        state = initial_state.astype(np.result_type(initial_state, dtype))
    for action in actions:
        action.forward(values, state)
    return state


def taken_back(
    program: FermionProgram, actions: Sequence[Action], values: FloatArray, ket: State, bra: State
) -> FloatArray:
    """Derivatives of ⟨ψ|O|ψ⟩ by the parameters; |ψ⟩ = `ket` and O|ψ⟩ = `bra` are used up."""
    found = np.zeros(program.num_parameters)
    for action in reversed(actions):
        action.backward(values, ket, bra, found)
    return found


class ProgramAdjoint:
    """A program, prepared once, with the derivatives of what it gives.

    T. Jones and J. Gacon, arXiv:2009.02823: |ψ⟩ and O|ψ⟩ are taken back through the program, once.

    Args:
        program: what acts.
        num_threads: all cores by default.

    Raises:
        InputError: if it is no program, or there are fewer cores.
    """

    def __init__(self, program: FermionProgram, num_threads: int | None = None) -> None:
        check_instance(program, FermionProgram, "program must be a FermionProgram")
        self.program = program
        self._actions = actions_of(program, Team(threads_of(num_threads)))

    def state(self, parameters: ArrayLike, initial_state: ArrayLike | None = None) -> State:
        """The state that the program prepares, from its reference determinant or a state of the same shape.

        Raises:
            InputError: if parameters or initial state do not fit.
        """
        values = self.program.parameter_vector(parameters)
        given = None if initial_state is None else self.program.sector.checked(initial_state, "initial_state")
        return prepared(self.program, self._actions, values, given)

    def value_and_gradient(
        self, operator: SectorOperator, parameters: ArrayLike, initial_state: ArrayLike | None = None
    ) -> tuple[float, FloatArray]:
        """⟨ψ|O|ψ⟩ and its derivatives by the parameters, shape ``(num_parameters,)``.

        Raises:
            InputError: if parameters, initial state or what the operator returns do not fit.
            InsufficientMemoryError: if there is no memory for the states.
        """
        check_callable(operator, "operator")
        size = self.program.sector.size * (8 if self.program.is_real else 16)
        with reserved(3 * size, f"3 states of {self.program!r}", "use fewer orbitals"):
            ket = self.state(parameters, initial_state)
            bra = self.program.sector.checked(operator(ket), "what the operator returns")
            if np.shares_memory(bra, ket) or np.iscomplexobj(bra) != np.iscomplexobj(ket):
                raise InputError(
                    "an operator must return a new array, real for real states and complex for complex ones"
                )
            value = float(np.vdot(ket, bra).real)
            return value, self.slopes(parameters, ket, bra)

    def slopes(self, parameters: ArrayLike, ket: State, bra: State) -> FloatArray:
        """Derivatives of ⟨ψ|O|ψ⟩ for |ψ⟩ = `ket`, which the program prepared, and O|ψ⟩ = `bra`; both are used up.

        At parameters that make every operation the identity, the ket may be any state: the derivative by parameter k
        is then 2 Re ⟨bra|A_k|ket⟩, with A_k the sum of the generators of its operations.

        Raises:
            InputError: if there is not a finite number per parameter, or the states are no arrays that can be changed,
                of the sector's shape, both float64 (for real programs) or both complex128.
        """
        values = self.program.parameter_vector(parameters)
        is_complex = not self.program.is_real or (isinstance(ket, np.ndarray) and ket.dtype.kind == "c")
        dtype = np.dtype(np.complex128 if is_complex else np.float64)
        for name, state in (("ket", ket), ("bra", bra)):
            is_usable = isinstance(state, np.ndarray) and state.flags.c_contiguous and state.flags.writeable
            if not is_usable or state.dtype != dtype or state.shape != self.program.sector.shape:
                raise InputError(
                    f"{name} must be a writeable array of {dtype} of shape {self.program.sector.shape}, got "
                    f"{shown(state)}"
                )
        return taken_back(self.program, self._actions, values, ket, bra)
