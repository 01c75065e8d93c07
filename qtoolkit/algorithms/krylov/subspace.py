"""Lowest eigenvalues of a Hermitian matrix between vectors that are nearly dependent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.errors import ConvergenceError

__all__ = ["thresholded_eigenvalues"]


def thresholded_eigenvalues(
    matrix: NDArray[Any], overlaps: NDArray[Any], threshold: float
) -> tuple[NDArray[np.float64], int]:
    """Eigenvalues of ``A v = λ S v``, ascending, where S has an eigenvalue above the threshold; and how many these are.

    E. N. Epperly, L. Lin and Y. Nakatsukasa, SIAM J. Matrix Anal. Appl. 43, 1263 (2022): noise below the threshold
    does not spoil what is left.

    Raises:
        ConvergenceError: if nothing is left.
    """
    weights, vectors = np.linalg.eigh((overlaps + overlaps.conj().T) / 2)
    kept = weights > threshold
    if not kept.any():
        raise ConvergenceError(
            f"an overlap matrix needs an eigenvalue above the threshold {threshold:g}, got {weights[-1]:g} at most; "
            "take more shots"
        )
    basis = vectors[:, kept] / np.sqrt(weights[kept])
    projected = basis.conj().T @ matrix @ basis
    found: NDArray[np.float64] = np.linalg.eigvalsh((projected + projected.conj().T) / 2)
    return found, int(kept.sum())
