"""Twins of the kernels for probabilities and measurement; they take the threads' counters and ignore them."""

import numpy as np

from qtoolkit_kernels._types import Floats, Integers, Reals
from qtoolkit_kernels.reference._indices import sub_indices

__all__ = ["norm_squared", "block_weights", "probabilities", "marginal_probabilities", "project"]


def _weights(reals: Reals) -> Floats:
    """Return |ψ_j|² in double precision."""
    squares = reals.astype(np.float64) ** 2
    return np.asarray(squares[0::2] + squares[1::2])


def norm_squared(reals: Reals) -> float:
    """Return ⟨ψ|ψ⟩."""
    return float(_weights(reals).sum())


def block_weights(reals: Reals, out: Floats, _turns: Integers, _thread: int) -> None:
    """Write the weight of each of `out.size` equal blocks of amplitudes."""
    out[:] = _weights(reals).reshape(out.size, -1).sum(axis=1)


def probabilities(reals: Reals, out: Floats, _turns: Integers, _thread: int) -> None:
    """Write |ψ_j|² into `out`."""
    out[:] = _weights(reals)


def marginal_probabilities(reals: Reals, qubits: Integers, partial: Floats, _turns: Integers, _thread: int) -> None:
    """Write the distribution of the outcomes of `qubits` into the first row of `partial`, and zeros into the others."""
    weights = _weights(reals)
    outcomes = sub_indices(np.arange(weights.size, dtype=np.int64), qubits)
    partial[:] = 0.0
    partial[0] = np.bincount(outcomes, weights=weights, minlength=partial.shape[1])


def project(
    reals: Reals,
    out: Reals,
    qubit: int,
    outcome: int,
    final: int,
    scale: float,
    _turns: Integers,
    _thread: int,
) -> None:
    """Write the half where `qubit` is `outcome`, times `scale`, where it is `final`, and zeros elsewhere."""
    kept = (reals.reshape(-1, 2, 2 << qubit)[:, outcome] * scale).astype(reals.dtype)
    out[:] = 0
    out.reshape(-1, 2, 2 << qubit)[:, final] = kept
