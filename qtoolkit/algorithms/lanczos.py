"""The Lanczos recursion: a Hermitian operator as a small tridiagonal matrix, as one vector sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import reserved
from qtoolkit.errors import ConvergenceError

__all__ = ["Tridiagonal", "extreme_magnitude", "propagated", "tridiagonal"]

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


def propagated(apply: Apply, state: NDArray[Any], time: float, tolerance: float = 1e-10) -> NDArray[np.complex128]:
    """exp(−i H time)|ψ⟩, in as many short steps as the tolerance asks for.

    Each step stays in a Krylov space of at most 24 vectors, whose error is judged by what leads out of it
    (T. J. Park and J. C. Light, J. Chem. Phys. 85, 5870 (1986)).

    Args:
        apply: H on arrays of the state's shape.
        state: normalised.
        time: in units of 1/energy.
        tolerance: of the norm of the error, over the whole time.

    Raises:
        ConvergenceError: if steps would become shorter than a 10^6th of the time.
        InsufficientMemoryError: if the vectors do not fit into free memory.
    """
    current: NDArray[np.complex128] = np.asarray(state, np.complex128)
    left, step = float(time), float(time)
    while left != 0.0:
        space = tridiagonal(apply, current, 24)
        values, vectors = space.eigen()
        step = np.copysign(min(abs(step), abs(left)), left)
        while True:
            weights = vectors @ (np.exp(-1j * step * values) * vectors[0])
            error = 0.0 if space.is_closed else space.beside[-1] * abs(step) * abs(weights[-1])
            if error <= tolerance * abs(step / time):
                break
            step *= 0.7
            if abs(step) < 1e-6 * abs(time):
                raise ConvergenceError(f"propagation to {tolerance:g} needs steps below {step:.2g}; ask for less")
        current = space.norm * sum(
            (weight * vector for weight, vector in zip(weights, space.basis, strict=False)), np.zeros_like(current)
        )
        left -= step
        if abs(left) < 1e-14 * abs(time):
            break
        step *= 1.3
    return current


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
