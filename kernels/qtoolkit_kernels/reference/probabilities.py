"""Twins of the kernels for probabilities and measurement."""

import numpy as np

from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.reference._indices import sub_indices

__all__ = ["norm_squared", "probabilities", "probability_of_one", "marginal_probabilities", "collapse", "reset_to_zero"]


def _weights(state: Complex) -> Floats:
    """Return |ψ_j|² in double precision."""
    return np.asarray(np.abs(state.astype(np.complex128)) ** 2)


def norm_squared(state: Complex) -> float:
    """Return ⟨ψ|ψ⟩."""
    return float(_weights(state).sum())


def probabilities(state: Complex, out: Floats) -> None:
    """Write |ψ_j|² into `out` (float64, the state's shape)."""
    out[:] = _weights(state)


def probability_of_one(state: Complex, qubit: int) -> float:
    """Return the weight of the amplitudes whose bit `qubit` is set."""
    return float(_weights(state)[(np.arange(state.size) >> qubit) & 1 == 1].sum())


def marginal_probabilities(state: Complex, qubits: Integers, out: Floats) -> None:
    """Write the distribution of the outcomes of `qubits` (int64[m]) into `out` (float64[2^m])."""
    outcomes = sub_indices(np.arange(state.size, dtype=np.int64), qubits)
    out[:] = np.bincount(outcomes, weights=_weights(state), minlength=out.size)


def collapse(state: Complex, qubit: int, outcome: int, scale: float) -> None:
    """Project `qubit` onto `outcome` in place and multiply by the real `scale`."""
    kept = (np.arange(state.size) >> qubit) & 1 == outcome
    state[:] = np.where(kept, scale * state, 0)


def reset_to_zero(state: Complex, qubit: int) -> None:
    """Bring a collapsed `qubit` to |0⟩ in place."""
    halves = state.reshape(-1, 2, 1 << qubit)
    halves[:, 0] += halves[:, 1]
    halves[:, 1] = 0
