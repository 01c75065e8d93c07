"""The Lanczos recursion: a Hermitian operator as a small tridiagonal matrix, as one vector sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import reserved

__all__ = ["Tridiagonal", "extreme_magnitude", "tridiagonal"]

FloatArray = NDArray[np.float64]
Apply = Callable[[NDArray[Any]], NDArray[Any]]

_BREAKDOWN = 1e-12
"""Relative size of the next vector from which the space counts as closed under the operator."""


@dataclass(eq=False)
class Tridiagonal:
    """H in the space of φ, Hφ, H²φ, …

    Attributes:
        diagonal: α, one for each step.
        beside: β, one for each step; the last one leads out of the space, and is 0 where that is closed.
        basis: orthonormal vectors, one for each step, and the next one unless the space is closed.
        norm: of φ.
    """

    norm: float
    diagonal: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    basis: list[NDArray[Any]] = field(default_factory=list)

    @property
    def is_closed(self) -> bool:
        """Whether H leads nowhere else."""
        return bool(self.beside) and self.beside[-1] == 0.0

    def eigen(self) -> tuple[FloatArray, FloatArray]:
        """Eigenvalues, and the eigenvectors in the basis as columns."""
        from scipy.linalg import eigh_tridiagonal

        values, vectors = eigh_tridiagonal(np.array(self.diagonal), np.array(self.beside[:-1]))
        return np.asarray(values, np.float64), np.asarray(vectors, np.float64)

    def extend(self, apply: Apply) -> None:
        """One step more, with all vectors kept orthogonal."""
        vector = self.basis[-1]
        image = apply(vector)
        self.diagonal.append(float(np.vdot(vector, image).real))
        scale = np.linalg.norm(image)
        for _ in range(2):  # twice is enough
            for known in self.basis:
                image = image - np.vdot(known, image) * known
        size = float(np.linalg.norm(image))
        if size <= _BREAKDOWN * max(float(scale), 1.0) or len(self.basis) == vector.size:
            self.beside.append(0.0)
            return
        self.beside.append(size)
        self.basis.append(image / size)


def tridiagonal(apply: Apply, start: NDArray[Any], steps: int) -> Tridiagonal:
    """The recursion from a vector that is not zero, with `steps` steps or as many as lead somewhere.

    C. Lanczos, J. Res. Natl. Bur. Stand. 45, 255 (1950).

    Args:
        apply: the Hermitian operator on arrays of the start's shape.
        start: any norm.
        steps: at least 1.

    Raises:
        InsufficientMemoryError: if the vectors do not fit into free memory.
    """
    norm = float(np.linalg.norm(start))
    found = Tridiagonal(norm, basis=[start / norm])
    steps = min(steps, start.size)
    with reserved((steps + 2) * start.nbytes, f"{steps} vectors of {start.size:,} amplitudes", "ask for fewer steps"):
        while len(found.diagonal) < steps and not found.is_closed:
            found.extend(apply)
    return found


def extreme_magnitude(apply: Apply, start: NDArray[Any], steps: int = 60) -> float:
    """An estimate, from above in practice, of a Hermitian operator's largest eigenvalue in magnitude.

    The largest Ritz value of the recursion, which is never above it, plus its residual, within which an eigenvalue
    lies.

    Args:
        apply: the operator.
        start: not orthogonal to what is looked for, as random vectors are not.
        steps: of the recursion.
    """
    space = tridiagonal(apply, start, steps)
    values, vectors = space.eigen()
    residuals = np.abs(space.beside[-1] * vectors[-1])
    k = int(np.argmax(np.abs(values)))
    return float(abs(values[k]) + residuals[k])
