"""The diamond norm of the difference of two channels, between bounds that prove each other.

``½‖A - B‖⋄`` is the maximum over invertible matrices R with ``tr RR† = 1`` of ``tr [M]₊``, where J is the difference of
the Choi matrices, ``M = (R† ⊗ 1) J (R ⊗ 1)`` and ``[M]₊`` its positive part. Each R gives a lower bound, that of one
input state, and an upper one: any matrix ``P ≥ M`` with ``P ≥ 0`` makes ``Z = (R⁻† ⊗ 1) P (R⁻¹ ⊗ 1)``, which obeys the
constraints ``Z ≥ J`` and ``Z ≥ 0`` of the dual problem, whose value is the largest eigenvalue of ``tr_out Z``.

The search maximises ``tr φ(M) + ν log det RR†``, which is smooth: φ(x) is half of ``x + √(x² + μ²)``. Where its
gradient vanishes, the bounds are ``O(ν + μ)`` apart; ν and μ go to 0.

Sources: J. Watrous, Theory of Computing 5, 217 (2009) and Chicago J. Theor. Comput. Sci. 2013, 8, arXiv:1207.5726, for
the semidefinite programme; E. Magesan, J. M. Gambetta and J. Emerson, Phys. Rev. A 85, 042311 (2012), for Pauli
channels; D. Aharonov, A. Kitaev and N. Nisan, STOC 1998, for unitaries.
"""

from __future__ import annotations

from functools import partial
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
FIRST_BARRIER, SHRINKS = 0.05, 0.2
"""ν at first, and by what it is multiplied."""

LEAST_BARRIER = 1e-2
"""The last ν, as a share of the tolerance, divided by the dimension."""

MOST_STEPS = 500
"""Of a search at one ν."""

_UNREACHED = 1e9


def diamond_distance(a: KrausChannel | Gate, b: KrausChannel | Gate, tolerance: float = TOLERANCE) -> float:
    """``‖A - B‖⋄``, from 0 to 2: who uses one of the two once tells which it is with probability ``½ + ‖A - B‖⋄/4``.

    Exact for two Pauli channels, ``Σ |p - q|``, and for two unitaries; else the middle between two bounds, which take a
    fraction of a second on up to two qubits, seconds on three and half a minute on four.

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
    import scipy.optimize

    minimize: Any = scipy.optimize.minimize
    problem = _Difference(a.choi() - b.choi(), 1 << a.num_qubits)
    lower, upper, barrier = 0.0, 2.0, FIRST_BARRIER
    root = np.eye(problem.side, dtype=np.complex128) / np.sqrt(problem.side)
    options = {"maxiter": MOST_STEPS, "ftol": 1e-16, "gtol": 1e-3 * tolerance, "maxcor": 30}
    while barrier >= LEAST_BARRIER * tolerance / problem.side:
        objective = partial(problem.objective, barrier)
        numbers = minimize(objective, _as_reals(root), jac=True, method="L-BFGS-B", options=options).x
        root = _as_root(numbers)
        below, above = problem.bounds(root)
        lower, upper = max(lower, below), min(upper, above)
        if upper - lower <= tolerance:
            return min(lower, upper), upper
        barrier *= SHRINKS
    raise ConvergenceError(
        f"the bounds of the diamond distance came to {lower:.10g} and {upper:.10g}, further apart than the tolerance "
        f"{tolerance:g}; raise it"
    )


def _as_reals(root: Matrix) -> NDArray[np.float64]:
    return np.concatenate([root.real.ravel(), root.imag.ravel()])


def _as_root(numbers: NDArray[np.float64]) -> Matrix:
    side = round((numbers.size / 2) ** 0.5)
    real, imaginary = numbers.reshape(2, side, side)
    root: Matrix = real + 1j * imaginary
    root /= np.linalg.norm(root)
    return root


class _Difference:
    """The difference of two channels.

    Args:
        choi: of the difference; Hermitian, and zero if the output is traced out.
        side: ``2**k``.
    """

    def __init__(self, choi: Matrix, side: int) -> None:
        self.side = side
        self._choi = 0.5 * (choi + choi.conj().T).reshape((side,) * 4)

    def bounds(self, root: Matrix) -> tuple[float, float]:
        """What a matrix R proves, whose norm is 1: the value at it, and that of a dual solution made of it."""
        _, values, vectors = self._between(root)
        positive = (vectors * np.maximum(values, 0.0)) @ vectors.conj().T
        lower = 2.0 * float(np.trace(positive).real)
        inner = np.trace(positive.reshape((self.side,) * 4), axis1=1, axis2=3)
        try:
            inverse = np.linalg.inv(root)
            upper = 2.0 * float(np.linalg.eigvalsh(inverse.conj().T @ inner @ inverse)[-1])
        except np.linalg.LinAlgError:
            upper = 2.0
        return lower, upper if np.isfinite(upper) else 2.0

    def objective(self, barrier: float, numbers: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """What is minimised, and its gradient, by the real and imaginary parts of a multiple of R."""
        side, size = self.side, float(np.linalg.norm(numbers))
        root = _as_root(numbers)
        determinant = float(np.linalg.slogdet(root)[1])
        if not np.isfinite(determinant):
            return _UNREACHED, np.zeros_like(numbers)
        half, values, vectors = self._between(root)
        smooth = np.hypot(values, barrier / side)
        value = 0.5 * float((values + smooth).sum()) + 2.0 * barrier * determinant
        slopes = ((vectors * (0.5 + 0.5 * values / smooth)) @ vectors.conj().T).reshape((side,) * 4)
        gradient = 2.0 * np.einsum("ibce,ceab->ia", half, slopes)
        gradient += 2.0 * barrier * np.linalg.inv(root).conj().T
        gradient = (gradient - root * np.vdot(root, gradient).real) / size
        return -value, -_as_reals(gradient)

    def _between(self, root: Matrix) -> tuple[NDArray[np.complex128], NDArray[np.float64], Matrix]:
        """``J (R ⊗ 1)``, shape ``(d, d, d, d)``, and the eigenvalues and eigenvectors of M."""
        # The input is the first, higher part of a Choi matrix's index.
        half = np.einsum("ibje,jc->ibce", self._choi, root)
        matrix = np.einsum("ia,ibce->abce", root.conj(), half).reshape(self.side**2, self.side**2)
        values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.conj().T))
        return half, values, vectors
