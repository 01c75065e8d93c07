"""The diamond norm of the difference of two channels, between bounds that prove each other.

``½‖A - B‖⋄`` is the maximum over density matrices ρ of the channels' input of ``f(ρ) = tr [M]₊`` with
``M = (√ρ ⊗ 1) J (√ρ ⊗ 1)``, where J is the difference of the Choi matrices and ``[M]₊`` the positive part. Each ρ gives
a lower bound, and, if it is invertible, an upper one: ``Z = (ρ^{-1/2} ⊗ 1) [M]₊ (ρ^{-1/2} ⊗ 1)`` obeys the constraints
``Z ≥ J`` and ``Z ≥ 0`` of the dual problem, whose value is the largest eigenvalue of ``tr_out Z``. That matrix is a
supergradient of f, which is concave, so a search that follows it closes the gap.

Sources: J. Watrous, Theory of Computing 5, 217 (2009) and Chicago J. Theor. Comput. Sci. 2013, 8, arXiv:1207.5726, for
the semidefinite programme; E. Magesan, J. M. Gambetta and J. Emerson, Phys. Rev. A 85, 042311 (2012), for Pauli
channels; D. Aharonov, A. Kitaev and N. Nisan, STOC 1998, for unitaries.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance, check_number
from qtoolkit.circuit import Gate, KrausChannel
from qtoolkit.circuit.gates import Matrix
from qtoolkit.errors import CircuitError, ConvergenceError

__all__ = ["diamond_bounds", "diamond_distance"]

TOLERANCE = 1e-6
LEAST_TOLERANCE = 1e-10
ROUNDING = 1e-14
"""Of bounds that are known in closed form."""

MIXED = (1e-3, 1e-5, 1e-7, 1e-9, 1e-11)
"""Shares of the maximally mixed state, one of which makes an optimum at the border invertible enough."""

MOST_SEARCHES = 6
MOST_STEPS = 2000


def diamond_distance(a: KrausChannel | Gate, b: KrausChannel | Gate, tolerance: float = TOLERANCE) -> float:
    """``‖A - B‖⋄``, from 0 to 2: who uses one of the two once tells which it is with probability ``½ + ‖A - B‖⋄/4``.

    Exact for two Pauli channels, ``Σ |p - q|``, and for two unitaries; else the middle between two bounds.

    Args:
        a, b: channels or gates without free parameters on the same 1 to 4 qubits.
        tolerance: how far the bounds may be apart, at least 1e-10.

    Raises:
        CircuitError: if one is no channel, or they are on different numbers of qubits.
        InputError: if the tolerance is too small.
        ConvergenceError: if the bounds stay further apart; its message has them.
    """
    lower, upper = diamond_bounds(a, b, tolerance)
    return 0.5 * (lower + upper)


def diamond_bounds(a: KrausChannel | Gate, b: KrausChannel | Gate, tolerance: float = TOLERANCE) -> tuple[float, float]:
    """Numbers between which ``‖A - B‖⋄`` lies, at most `tolerance` apart; see `diamond_distance`.

    The lower one is reached by an input state, the upper one by a solution of the dual problem, both up to rounding.

    Raises:
        CircuitError, InputError, ConvergenceError: as there.
    """
    rule = f"a number of at least {LEAST_TOLERANCE:g}"
    tolerance = check_number(tolerance, "tolerance", kind=rule, accept=lambda x: LEAST_TOLERANCE <= x < np.inf)
    first, second = _channel_of(a), _channel_of(b)
    if first.num_qubits != second.num_qubits:
        raise CircuitError(
            f"channels are compared on the same qubits, got {first.num_qubits} and {second.num_qubits} of them"
        )
    p, q = first.pauli_probabilities, second.pauli_probabilities
    if p is not None and q is not None:
        known = sum(abs(p.get(label, 0.0) - q.get(label, 0.0)) for label in p.keys() | q.keys())
        return known, known
    if first.is_unitary and second.is_unitary:
        known = _between_unitaries(first.operators[0], second.operators[0])
        return known, known
    return solved_bounds(first, second, tolerance)


def _channel_of(given: KrausChannel | Gate) -> KrausChannel:
    if isinstance(given, Gate):
        return KrausChannel([given.matrix()], name=given.name)
    return check_instance(given, KrausChannel, "a distance is that of two KrausChannels", CircuitError)


def _between_unitaries(a: Matrix, b: Matrix) -> float:
    """``2 √(1 - ν²)``, ν the distance of 0 from the convex hull of the eigenvalues of ``A†B``."""
    angles = np.sort(np.angle(np.linalg.eigvals(a.conj().T @ b)))
    gaps = np.diff(np.append(angles, angles[0] + 2.0 * np.pi))
    spread = 2.0 * np.pi - gaps.max()  # of the shortest arc that holds all eigenvalues
    return 2.0 if spread >= np.pi else float(2.0 * np.sin(0.5 * spread))


def solved_bounds(a: KrausChannel, b: KrausChannel, tolerance: float) -> tuple[float, float]:
    """The bounds by the search alone, whatever the channels.

    Raises:
        ConvergenceError: if they stay further apart than the tolerance.
    """
    problem = _Difference(a.choi() - b.choi(), 1 << a.num_qubits)
    lower, upper = 0.0, 2.0
    rng = np.random.default_rng(0)
    for search in range(MOST_SEARCHES):
        start = np.eye(problem.side, dtype=np.complex128)
        if search:
            start += 0.3 * (rng.normal(size=start.shape) + 1j * rng.normal(size=start.shape))
        density = problem.searched(start, tolerance)
        for share in (0.0, *MIXED):
            below, above = problem.bounds((1.0 - share) * density + share * np.eye(problem.side) / problem.side)
            lower, upper = max(lower, below), min(upper, above)
            if upper - lower <= tolerance:
                return min(lower, upper), upper
    raise ConvergenceError(
        f"the bounds of the diamond distance came to {lower:.10g} and {upper:.10g}, further apart than the tolerance "
        f"{tolerance:g}; raise it"
    )


class _Difference:
    """The difference of two channels.

    Args:
        choi: of the difference; Hermitian, and zero if the output is traced out.
        side: ``2**k``.
    """

    def __init__(self, choi: Matrix, side: int) -> None:
        self.side = side
        self._choi = 0.5 * (choi + choi.conj().T).reshape((side,) * 4)

    def bounds(self, density: Matrix) -> tuple[float, float]:
        """What a density matrix of the input proves: the value at it, and that of a dual solution made of it."""
        value, gradient = self._at(density)
        if gradient is None:
            return 2.0 * value, 2.0
        return 2.0 * value, 2.0 * float(np.linalg.eigvalsh(gradient)[-1])

    def searched(self, start: Matrix, tolerance: float) -> Matrix:
        """A density matrix at which the bounds are near each other, from ``A A† / tr(A A†)`` at the start A."""
        import scipy.optimize

        side = self.side

        def negative(numbers: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            root: Matrix = numbers[: side * side].reshape(side, side) + 1j * numbers[side * side :].reshape(side, side)
            size = float((np.abs(root) ** 2).sum())
            density: Matrix = root @ root.conj().T / size
            value, gradient = self._at(density)
            if gradient is None:
                return -value, np.zeros_like(numbers)
            slope = 2.0 / size * (gradient @ root - value * root)
            return -value, -np.concatenate([slope.real.ravel(), slope.imag.ravel()])

        numbers = np.concatenate([start.real.ravel(), start.imag.ravel()])
        options: Any = {"maxiter": MOST_STEPS, "maxfun": 2 * MOST_STEPS, "ftol": 1e-16, "gtol": 1e-3 * tolerance}
        minimize: Any = scipy.optimize.minimize
        found = minimize(negative, numbers, jac=True, method="L-BFGS-B", options=options).x
        root: Matrix = found[: side * side].reshape(side, side) + 1j * found[side * side :].reshape(side, side)
        density: Matrix = root @ root.conj().T
        density /= np.trace(density).real
        return density

    def _at(self, density: Matrix) -> tuple[float, Matrix | None]:
        """``tr [M]₊``, and ``tr_out Z``; None if the density matrix cannot be inverted."""
        side = self.side
        weights, vectors = np.linalg.eigh(density)
        weights = np.maximum(weights, 0.0)
        root = (vectors * np.sqrt(weights)) @ vectors.conj().T
        # A Choi matrix has the input first, the higher part of its index; transposed, as vec(K) stacks columns.
        turned = np.einsum("ab,bicj,cd->aidj", root, self._choi, root).reshape(side**2, side**2)
        values, columns = np.linalg.eigh(turned)
        kept = values > 0.0
        value = float(values[kept].sum())
        if weights[0] <= ROUNDING * weights[-1]:
            return value, None
        positive = (columns[:, kept] * values[kept]) @ columns[:, kept].conj().T
        inner = np.trace(positive.reshape((side,) * 4), axis1=1, axis2=3)
        inverse = (vectors / np.sqrt(weights)) @ vectors.conj().T
        gradient: Matrix = inverse @ inner @ inverse
        return value, 0.5 * (gradient + gradient.conj().T)
