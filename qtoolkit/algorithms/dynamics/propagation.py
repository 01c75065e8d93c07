"""Exact evolution of a state in a Krylov space, to a tolerance that is checked while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import reserved
from qtoolkit.algorithms.lanczos import Tridiagonal, tridiagonal
from qtoolkit.errors import ConvergenceError

__all__ = ["Propagated", "propagated", "propagated_to"]

Apply: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]

DIMENSION = 24
"""Vectors of a Krylov space; each step is as long as they allow."""

_POINTS = 16
_MOST_STEPS = 100_000


class Propagated(NamedTuple):
    """A state after some time.

    Attributes:
        state: of the shape of the one before.
        error: a bound of its distance from the exact one, but for rounding.
        num_applications: of the Hamiltonian.
    """

    state: NDArray[np.complex128]
    error: float
    num_applications: int


def propagated(apply: Apply, state: NDArray[Any], time: float, tolerance: float) -> Propagated:
    """``e^{−iHt}|ψ⟩`` by Lanczos vectors (Park and Light, J. Chem. Phys. 85, 5870 (1986)).

    In each step the residual is ``β |c_m(s)|`` along the first vector that is left out, with c the coefficients in the
    Krylov space; its integral over the step bounds the error of the step, which is chosen so that all stay within the
    tolerance.

    Args:
        apply: a Hermitian H on states of this shape.
        state: |ψ⟩, real or complex.
        time: t.
        tolerance: for the distance from the exact state, for a state of norm 1.

    Raises:
        ConvergenceError: if H is not Hermitian or finite, or so large that steps vanish.
        InsufficientMemoryError: if the vectors do not fit into free memory.
    """
    current: NDArray[np.complex128] = np.array(state, np.complex128)
    with reserved(16 * (DIMENSION + 4) * current.size, "the vectors of a Krylov space", "use a smaller system"):
        left, total, applications = abs(time), 0.0, 0
        for _ in range(_MOST_STEPS):
            if left == 0.0:
                return Propagated(current, total, applications)
            with np.errstate(all="ignore"):
                space = tridiagonal(apply, current, DIMENSION)
            if not np.isfinite([*space.diagonal, *space.beside]).all():
                raise ConvergenceError("an evolution needs a finite Hamiltonian, but H|ψ⟩ is not finite")
            applications += len(space.diagonal)
            step, coefficients, error = _longest_step(space, left, tolerance / abs(time))
            turned = space.norm * (coefficients.conj() if time < 0 else coefficients)
            current = np.zeros_like(current)
            for weight, vector in zip(turned, space.basis, strict=False):  # one vector more leads out of the space
                current += weight * vector
            total += error
            left = 0.0 if step >= left else left - step
    raise ConvergenceError(f"evolution for a time of {time:g} takes more than {_MOST_STEPS} steps; use shorter times")


def propagated_to(
    apply: Apply, state: NDArray[Any], times: NDArray[np.float64], tolerance: float
) -> Iterator[tuple[int, NDArray[np.complex128], float]]:
    """The state at each of some times, in any order: which of them, the state, and a bound of its error.

    Each goes on from the time before it on its side of 0. Arguments and errors are those of `propagated`.
    """
    for sign in (1.0, -1.0):
        chosen = np.flatnonzero(times >= 0 if sign > 0 else times < 0)
        current, passed, error = state, 0.0, 0.0
        for k in chosen[np.argsort(np.abs(times[chosen]), kind="stable")]:
            moved = propagated(apply, current, times[k] - passed, tolerance / len(times))
            current, passed, error = moved.state, float(times[k]), error + moved.error
            yield int(k), moved.state, error


def _longest_step(space: Tridiagonal, left: float, rate: float) -> tuple[float, NDArray[np.complex128], float]:
    """A step, the coefficients after it, and the bound of its error, at most ``rate`` times the step."""
    energies, rotation = space.eigen()

    def coefficients(times: NDArray[np.float64]) -> NDArray[np.complex128]:
        found: NDArray[np.complex128] = (np.exp(-1j * np.outer(times, energies)) * rotation[0]) @ rotation.T
        return found

    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    step = left
    for _ in range(200):
        times = np.append(step * (nodes + 1) / 2, step)
        found = coefficients(times)
        error = float(space.beside[-1] * step / 2 * (weights @ np.abs(found[:-1, -1])))
        if error <= rate * step:
            return step, found[-1], error
        step *= 0.7
    raise ConvergenceError("steps of an evolution vanish: the Hamiltonian must be Hermitian and of moderate size")
