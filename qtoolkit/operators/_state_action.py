"""Pauli sums acting on state vectors: H|ψ⟩ and its moments without a matrix, by the compiled kernels.

The kernels are imported on first use: loading the compiler takes longer than all else in this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from qtoolkit._cores import num_cores
from qtoolkit._memory import reserved
from qtoolkit.errors import OperatorError
from qtoolkit.operators._types import FloatArray, complex_array

if TYPE_CHECKING:
    from qtoolkit.operators.pauli_sum import PauliSum
    from qtoolkit_kernels.team import Team
    from qtoolkit_kernels.vector.lanes import Lanes
    from qtoolkit_kernels.vector.pauli.prepared_sums import PreparedSums
    from qtoolkit_kernels.vector.pauli.program import PauliProgram

__all__ = [
    "StateVector",
    "applied",
    "default_team",
    "expectation_value",
    "expectation_value_of_own",
    "expectation_values",
    "is_hermitian",
    "kernel_program",
    "variance",
]

StateVector: TypeAlias = npt.NDArray[np.complexfloating[Any, Any]]

_ALONE_SIZE = 1 << 12
"""Up to this size no sum is worth waking threads for."""

_TOGETHER_SIZE = 1 << 16
"""From this size on, several sums share one pass over the state; below, it stays in the cache between them."""

_MOST_SETS = 8

_NATIVE = (np.dtype(np.complex128).str, np.dtype(np.complex64).str)

_sets: dict[tuple[int, ...], tuple[tuple[PauliSum, ...], PreparedSums]] = {}
"""The last sets of sums evaluated together, by the identities of their members, which it keeps alive."""


@cache
def default_team() -> Team:
    """The threads that sums on large states share where the caller has none: one for each core of this process."""
    from qtoolkit_kernels.team import Team

    return Team(num_cores())


@cache
def _kernels() -> ModuleType:
    """The module with the kernels' entries: an import statement would cost as much as a small sum."""
    from qtoolkit_kernels import pauli_sum

    return pauli_sum


@cache
def _prepared_sums() -> type[PreparedSums]:
    from qtoolkit_kernels.vector.pauli.prepared_sums import PreparedSums

    return PreparedSums


def applied(
    op: PauliSum, state_vector: npt.ArrayLike, team: Team | None = None, out: StateVector | None = None
) -> StateVector:
    """Return H|ψ⟩ in the precision of the state, in `out` if that is given: another array like the state.

    Raises:
        OperatorError: if the state has not shape (2^n,).
    """
    state = _checked(state_vector, op)
    if out is None:
        what = f"the image of a state of {op._num_qubits} qubits"
        with reserved(state.nbytes, what, "use fewer qubits", kept=state.nbytes):
            return applied(op, state, team, np.empty(state.shape, state.dtype))
    _kernels().apply_pauli_sum(state, out, _prepared(op)[0], _team_for(state, team))
    return out


def expectation_value(op: PauliSum, state_vector: npt.ArrayLike, team: Team | None = None) -> float:
    """Return ⟨ψ|H|ψ⟩.

    Raises:
        OperatorError: if the state has not shape (2^n,) or the sum is not Hermitian.
    """
    sums = _observable(op, "an expectation value")
    state = _checked(state_vector, op)
    return cast(float, _kernels().pauli_sum_expectation(state, sums, _team_for(state, team)))


def expectation_value_of_own(op: PauliSum, state: StateVector, team: Team | None) -> float:
    """Do what `expectation_value` does for a sum known to be Hermitian and a state as simulators make them."""
    sums = _prepared(op)[0]
    ready = sums.ready.get(state.itemsize)
    if ready is not None:
        value = ready(state)
        if type(value) is float:
            return value
    return cast(float, _kernels().pauli_sum_expectation(state, sums, team))


def expectation_values(ops: Sequence[PauliSum], state_vector: npt.ArrayLike, team: Team | None = None) -> FloatArray:
    """Return ⟨ψ|H|ψ⟩ of every sum, float64; a large state is read once for all of them.

    Raises:
        OperatorError: if the state has not shape (2^n,) or a sum is not Hermitian.
    """
    state = np.asarray(state_vector)
    if len(ops) < 2 or state.size < _TOGETHER_SIZE:
        return np.array([expectation_value(op, state, team) for op in ops], np.float64)
    for op in ops:
        _observable(op, "an expectation value")
        state = _checked(state, op)
    key = tuple(map(id, ops))
    if key not in _sets:
        while len(_sets) >= _MOST_SETS:
            _sets.pop(next(iter(_sets)))
        _sets[key] = tuple(ops), _prepared_sums()([op._terms for op in ops], ops[0].num_qubits)
    return cast(FloatArray, _kernels().pauli_sum_expectations(state, _sets[key][1], _team_for(state, team)))


def variance(op: PauliSum, state_vector: npt.ArrayLike, team: Team | None = None) -> float:
    """Return ‖(H − ⟨H⟩)ψ‖².

    Raises:
        OperatorError: if the state has not shape (2^n,) or the sum is not Hermitian.
    """
    from qtoolkit_kernels.inner import distance_squared, vdot

    _observable(op, "a variance")
    state = _checked(state_vector, op)
    team = _team_for(state, team)
    image = applied(op, state, team)
    return distance_squared(image, state, vdot(state, image, team).real, team)


def kernel_program(op: PauliSum, itemsize: int, expectation: bool) -> tuple[Lanes, PauliProgram] | None:
    """What kernels need for the expectation value, else for H|ψ⟩, of states of `itemsize` bytes an amplitude.

    None if the sum is not Hermitian.
    """
    sums, hermitian = _prepared(op)
    return (sums.lanes, sums.program(itemsize, expectation)) if hermitian else None


def is_hermitian(op: PauliSum) -> bool:
    """Whether a sum is Hermitian, found once and kept with what prepares it for states."""
    return _prepared(op)[1]


def _prepared(op: PauliSum) -> tuple[PreparedSums, bool]:
    """The packed terms of a sum and whether it is Hermitian, kept because a sum is evaluated many times."""
    if op._prepared is None:
        op._prepared = _prepared_sums()([op._terms], op._num_qubits), op.is_hermitian()
    return op._prepared


def _observable(op: PauliSum, what: str) -> PreparedSums:
    sums, hermitian = _prepared(op)
    if not hermitian:
        op._check_hermitian(what)
    return sums


def _checked(state_vector: npt.ArrayLike, op: PauliSum) -> StateVector:
    """`state_vector` as a contiguous complex64 or complex128 array of length 2^n."""
    state = state_vector if isinstance(state_vector, np.ndarray) else complex_array(state_vector, "a state vector")
    if state.shape != (1 << op._num_qubits,):
        raise OperatorError(
            f"a state vector of {op._num_qubits} qubits must have shape ({1 << op._num_qubits},), got {state.shape}"
        )
    if state.dtype.str in _NATIVE and state.flags.c_contiguous:
        return state
    if state.dtype == np.complex64:
        return np.ascontiguousarray(state)
    return np.ascontiguousarray(complex_array(state, "a state vector"))


def _team_for(state: StateVector, team: Team | None) -> Team | None:
    return team if team is not None or state.size <= _ALONE_SIZE else default_team()
