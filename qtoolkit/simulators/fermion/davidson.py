"""Davidson's iteration for the lowest eigenpairs of a real symmetric operator.

E. R. Davidson, J. Comput. Phys. 17, 87 (1975); restarts keep the Ritz vectors of the step before too, as in
A. Stathopoulos and Y. Saad, Electron. Trans. Numer. Anal. 7, 163 (1998).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.errors import ConvergenceError
from qtoolkit_kernels.team import check_stop

__all__ = ["Progress", "lowest_pairs"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

Progress: TypeAlias = Callable[[int, FloatArray, FloatArray], Any]
"""Called after each step with its number, the lowest energies and the norms of their residuals; True ends it."""

_CHUNK = 1 << 14
"""Columns of vectors that are combined at a time."""

_SMALLEST = 1e-3
"""Of the denominators by which residuals are divided."""


def lowest_pairs(
    apply: Callable[[FloatArray, FloatArray], None],
    diagonal: FloatArray,
    starts: list[FloatArray],
    count: int,
    most_vectors: int,
    tolerance: float,
    most_steps: int,
    progress: Progress | None,
    purify: Callable[[FloatArray], FloatArray] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """The lowest eigenvalues, shape (count,), and eigenvectors, shape (count, size).

    Args:
        apply: writes the operator's image of its first argument to the second.
        diagonal: of the operator or close to it, shape (size,).
        starts: vectors to begin with, at least `count`; emptied.
        count: of pairs.
        most_vectors: that are held with their images, at least ``len(starts) + 2 * count``.
        tolerance: for norms of residuals.
        most_steps: after which it fails.
        progress: called after each step.
        purify: takes a new direction of norm 1 and gives it back without what it must not have.

    Raises:
        ConvergenceError: if the residuals are not small enough in the end, or if `progress` says so.
    """
    kept, size = len(starts), diagonal.size
    vectors, images = np.empty((most_vectors, size)), np.empty((most_vectors, size))
    inside = np.zeros((most_vectors, most_vectors))
    held = 0
    while starts:
        held += _take(starts.pop(0), vectors, held)
    known, before = 0, np.zeros((0, 0))
    for step in range(1, most_steps + 1):
        for k in range(known, held):
            check_stop()
            apply(vectors[k], images[k])
            inside[k, : k + 1] = vectors[: k + 1] @ images[k]
            inside[: k + 1, k] = inside[k, : k + 1]
        known = held
        values, within = np.linalg.eigh(inside[:held, :held])
        wanted = min(count, held)
        residuals, norms = _residuals(vectors[:held], images[:held], values[:wanted], within[:, :wanted])
        answer = None if progress is None else progress(step, values[:wanted].copy(), norms.copy())
        open_ones = np.flatnonzero(norms > tolerance)
        if wanted == count and not open_ones.size:
            return values[:count], within[:, :count].T @ vectors[:held]
        if answer is True:
            raise ConvergenceError(_reached("the callback ended it", step, values[:wanted], norms))
        if held + max(1, open_ones.size) > most_vectors:
            held = known = _restart(vectors, images, inside, values, within, before, kept, count)
            within = np.eye(held)
        before = within[:, :wanted]
        added = 0
        for k in open_ones.tolist():
            residual = residuals[k]
            residual /= _denominators(values[k], diagonal)
            if purify is not None:
                residual = purify(residual / np.linalg.norm(residual))
            added += _take(residual, vectors, held + added)
        if not added and purify is None:
            added = _inverse_steps(vectors, within, held, values, diagonal, open_ones)
        if not added:
            raise ConvergenceError(_reached("no direction is left", step, values[:wanted], norms))
        held += added
    raise ConvergenceError(_reached("its steps are used up", most_steps, values[:wanted], norms))


def _denominators(value: float, diagonal: FloatArray) -> FloatArray:
    gap = value - diagonal
    found: FloatArray = np.where(np.abs(gap) < _SMALLEST, np.copysign(_SMALLEST, gap), gap)
    return found


def _inverse_steps(
    vectors: FloatArray,
    within: FloatArray,
    held: int,
    values: FloatArray,
    diagonal: FloatArray,
    open_ones: IntArray,
) -> int:
    """Add Ritz vectors divided by the denominators; returns how many were new.

    For operators that are diagonal, a divided residual is the Ritz vector itself and nothing new. What is left of the
    correction of J. Olsen, P. Jørgensen and J. Simons, Chem. Phys. Lett. 169, 463 (1990), is a step of inverse
    iteration.
    """
    added = 0
    for k in open_ones.tolist():
        direction = within[:, k] @ vectors[:held]
        direction /= _denominators(values[k], diagonal)
        added += _take(direction, vectors, held + added)
    return added


def _take(vector: FloatArray, vectors: FloatArray, held: int) -> int:
    """Add what of a vector is orthogonal to those that are held; returns 0 if that is nothing."""
    norm = np.linalg.norm(vector)
    if not norm > 0.0:
        return 0
    vector /= norm
    for _ in range(3):
        if held:
            vector -= (vectors[:held] @ vector) @ vectors[:held]
        norm = np.linalg.norm(vector)
        if norm < 1e-10:
            return 0
        vector /= norm
        if norm > 0.7:
            break
    vectors[held] = vector
    return 1


def _residuals(
    vectors: FloatArray, images: FloatArray, values: FloatArray, within: FloatArray
) -> tuple[FloatArray, FloatArray]:
    found = within.T @ images
    for start in range(0, found.shape[1], _CHUNK):
        part = slice(start, start + _CHUNK)
        found[:, part] -= values[:, None] * (within.T @ vectors[:, part])
    return found, np.linalg.norm(found, axis=1)


def _restart(
    vectors: FloatArray,
    images: FloatArray,
    inside: FloatArray,
    values: FloatArray,
    within: FloatArray,
    before: FloatArray,
    kept: int,
    count: int,
) -> int:
    """Keep the lowest Ritz vectors, and what those of the step before add to them; returns how many these are."""
    held = len(values)
    kept = min(kept, held)
    earlier = np.zeros((held, before.shape[1]))
    earlier[: len(before)] = before
    lowest = within[:, :kept]
    earlier -= lowest @ (lowest.T @ earlier)
    basis, sizes, _ = np.linalg.svd(earlier, full_matrices=False)
    basis = basis[:, sizes > 1e-8][:, :count]
    # what is nearly contained in the lowest vectors is orthogonal to them after a second time only
    basis, _ = np.linalg.qr(basis - lowest @ (lowest.T @ basis))
    chosen = np.concatenate([lowest, basis], axis=1).T
    for start in range(0, vectors.shape[1], _CHUNK):
        part = slice(start, start + _CHUNK)
        for array in (vectors, images):
            array[: len(chosen), part] = chosen @ array[:held, part]
    inside[: len(chosen), : len(chosen)] = chosen @ inside[:held, :held] @ chosen.T
    return len(chosen)


def _reached(reason: str, step: int, values: FloatArray, norms: FloatArray) -> str:
    return (
        f"Davidson's iteration did not converge: {reason} after {step} steps, with energies "
        f"{', '.join(f'{value:.9f}' for value in values[:5])} and residuals up to {norms.max():.1e}"
    )
