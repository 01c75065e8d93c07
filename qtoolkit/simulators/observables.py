"""What observables say of a state: Pauli sums, and diagonals given as real vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit.errors import OperatorError
from qtoolkit.operators import PauliSum
from qtoolkit.operators import _state_action as pauli_sums
from qtoolkit.simulators.engine import StateArray
from qtoolkit.simulators.measure import probabilities
from qtoolkit_kernels.team import Team

__all__ = [
    "Observable",
    "apply",
    "check_observable",
    "checked_observables",
    "expectation_values",
    "finite",
    "finite_number",
    "variance",
]

PIECE = 1 << 16
"""Probabilities are formed for so many amplitudes at a time, and summed with diagonals while they are in the cache."""

ROW = 1 << 13
"""Inner products are taken of rows so short that BLAS wakes no threads of its own."""

FloatArray: TypeAlias = NDArray[np.float64]

Observable: TypeAlias = PauliSum | NDArray[np.float64]
"""A Pauli sum, or the diagonal of one that is diagonal: a real vector of shape ``(2**num_qubits,)``."""


def check_observable(observable: object, num_qubits: int) -> None:
    """Refuse what is no observable on this many qubits.

    Raises:
        OperatorError: if it is not Hermitian, has another number of qubits or is of another kind.
    """
    if isinstance(observable, PauliSum):
        if observable.num_qubits != num_qubits:
            raise OperatorError(
                f"the observable must have the circuit's {num_qubits} qubits, got {observable.num_qubits}"
            )
        if not pauli_sums.is_hermitian(observable):
            raise OperatorError("an observable must be Hermitian (real coefficients), got a complex coefficient")
    elif not isinstance(observable, np.ndarray):
        raise OperatorError(
            f"an observable is a PauliSum or a real numpy vector, got {shown(observable)}; see PauliSum.from_list"
        )
    elif observable.shape != (1 << num_qubits,) or observable.dtype.kind not in "biuf":
        raise OperatorError(
            f"a diagonal observable is a real vector of shape ({1 << num_qubits},), got {observable.dtype} "
            f"of shape {observable.shape}"
        )


def finite(values: FloatArray) -> FloatArray:
    """Values of observables, if all are finite.

    Raises:
        OperatorError: if a diagonal holds NaN or infinity, or numbers are too large to be added up or squared.
    """
    if not np.isfinite(values).all():
        raise OperatorError("an observable's entries must be finite, and small enough to be added up and squared")
    return values


def finite_number(value: float) -> float:
    """The same for one value."""
    return value if math.isfinite(value) else float(finite(np.array([value]))[0])


def expectation_values(observables: Sequence[Observable], state: StateArray, team: Team) -> list[float]:
    """``⟨ψ|H|ψ⟩`` of each; the state is read once for all Pauli sums."""
    if len(observables) == 1 and isinstance(observables[0], PauliSum):
        return [pauli_sums.expectation_value_of_own(observables[0], state, team)]
    with np.errstate(all="ignore"):  # what is not finite is told by the values
        return _expectation_values(observables, state, team)


def _expectation_values(observables: Sequence[Observable], state: StateArray, team: Team) -> list[float]:
    sums = [item for item in observables if isinstance(item, PauliSum)]
    if len(sums) == 1:
        found = iter([pauli_sums.expectation_value(sums[0], state, team)])
    else:
        found = iter(pauli_sums.expectation_values(sums, state, team).tolist())
    diagonals = [item for item in observables if not isinstance(item, PauliSum)]
    means = iter(_means(diagonals, state, team)) if diagonals else found
    return [next(found if isinstance(item, PauliSum) else means) for item in observables]


def variance(observable: Observable, state: StateArray, team: Team) -> float:
    """``⟨ψ|H²|ψ⟩ - ⟨ψ|H|ψ⟩²``, as the squared norm of ``(H - ⟨H⟩)|ψ⟩``: no difference of large numbers."""
    with np.errstate(all="ignore"):
        if isinstance(observable, PauliSum):
            return pauli_sums.variance(_without_offset(observable), state, team)
        return _variance_of_diagonal(observable, state, team)


def _without_offset(observable: PauliSum) -> PauliSum:
    """The sum without a multiple of the identity that outweighs all else, which no variance knows but rounding does."""
    x_masks, z_masks, sizes = observable.x_masks, observable.z_masks, np.abs(observable.coefficients)
    rest = (x_masks | z_masks) != 0
    if sizes[~rest].sum() <= sizes[rest].sum():
        return observable
    return PauliSum(x_masks[rest], z_masks[rest], observable.coefficients[rest], observable.num_qubits)


def _variance_of_diagonal(diagonal: NDArray[np.float64], state: StateArray, team: Team) -> float:
    offset = diagonal[0]
    if state.size <= ROW:
        weights, centred = probabilities(state, team=team), diagonal - offset
        return float(weights @ (centred - weights @ centred) ** 2)
    total = mean = 0.0
    for power in (1, 2):
        for start in range(0, state.size, PIECE):
            piece = slice(start, start + PIECE)
            weights = probabilities(state[piece], team=team)
            total += _dot(weights, (diagonal[piece] - offset - mean) ** power)
        if power == 1:
            total, mean = 0.0, total
    return total


def _means(diagonals: Sequence[NDArray[np.float64]], state: StateArray, team: Team) -> list[float]:
    """Mean of each diagonal."""
    if state.size <= ROW:
        weights = probabilities(state, team=team)
        return [float(weights @ diagonal) for diagonal in diagonals]
    totals = [0.0] * len(diagonals)
    for start in range(0, state.size, PIECE):
        piece = slice(start, start + PIECE)
        weights = probabilities(state[piece], team=team)
        for k, diagonal in enumerate(diagonals):
            totals[k] += _dot(weights, diagonal[piece])
    return totals


def _dot(weights: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    return float(np.vecdot(weights.reshape(-1, ROW), values.reshape(-1, ROW)).sum())


def apply(observable: Observable, state: StateArray, out: StateArray, team: Team) -> None:
    """Write ``H|ψ⟩`` to another array of the same precision."""
    if isinstance(observable, PauliSum):
        pauli_sums.applied(observable, state, team, out)
    else:
        with np.errstate(all="ignore"):
            np.multiply(state, observable, out=out, casting="same_kind")


def checked_observables(
    observable: Observable | Sequence[Observable], num_qubits: int
) -> tuple[Sequence[Observable], bool]:
    """One observable or several, as a sequence, and whether they were several."""
    # Asking whether something is a sequence takes longer than a small circuit.
    if isinstance(observable, (PauliSum, np.ndarray)) or not isinstance(observable, Sequence):
        check_observable(observable, num_qubits)
        return (observable,), False
    for item in observable:
        check_observable(item, num_qubits)
    return observable, True
