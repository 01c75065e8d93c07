"""Probabilities of a state vector's outcomes, and what a measurement leaves of it.

A ``team`` of threads, where it is taken, shares the work on large states; results do not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels import measurement as kernels
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters

__all__ = ["norm_squared", "normalise", "num_parts", "outcome_weights", "probabilities", "project"]

StateArray: TypeAlias = NDArray[np.complex128] | NDArray[np.complex64]

IMPOSSIBLE = {np.dtype(np.complex128): 1e-12, np.dtype(np.complex64): 1e-9}
"""An outcome less probable than this, by precision, is rounding: it never comes, and no random number is drawn."""

LARGE = 1 << 15
"""Amplitudes from which threads save more time than it takes to wake them."""

FEW_ITEMS = 64
"""A marginal distribution is formed in at least so many pieces where the state is large enough."""

LONG = 1 << 26
"""Amplitudes, a nanosecond each, from which a signal must be able to end a pass over a state."""

_alone = Team(1)


def norm_squared(state: StateArray, team: Team | None = None) -> float:
    """``⟨ψ|ψ⟩``, summed in double precision."""
    if state.size <= kernels.BLOCK:
        return float(kernels.norm_squared(as_reals(state)))
    return float(block_weights(state, state.size // kernels.BLOCK, team).sum())


def normalise(state: StateArray, team: Team | None = None) -> float:
    """Give a state the norm 1, in place; the squared norm that it had."""
    norm = norm_squared(state, team)
    np.multiply(state, 1.0 / np.sqrt(norm), out=state, casting="same_kind")
    return norm


def probabilities(
    state: StateArray, qubits: Sequence[int] | None = None, team: Team | None = None
) -> NDArray[np.float64]:
    """Distribution of the outcomes of some qubits, for about one pass over the state.

    Args:
        state: contiguous, of shape ``(2**n,)``.
        qubits: distinct; bit j of an outcome is ``qubits[j]``. All qubits in order by default.
        team: threads that help.

    Returns:
        float64 of shape ``(2**len(qubits),)``; it adds up to the squared norm.
    """
    reals, helpers = as_reals(state), _helpers(state, team)
    num_qubits = state.size.bit_length() - 1
    if qubits is None or list(qubits) == list(range(num_qubits)):
        out = np.empty(state.size, np.float64)
        enter(helpers, kernels.probabilities, reals, out, counters(2), long=state.size >= LONG)
        return out
    slices = num_parts(num_qubits, qubits)
    partial = np.empty((slices, 1 << len(qubits)), np.float64)
    arguments = reals, np.array(qubits, np.int64), partial, counters(2)
    enter(helpers, kernels.marginal_probabilities, *arguments, long=state.size >= LONG)
    summed: NDArray[np.float64] = partial.sum(axis=0) if slices > 1 else partial[0]
    return summed


def num_parts(num_qubits: int, qubits: Sequence[int]) -> int:
    """In how many parts, which are added up, the distribution of some qubits is formed."""
    if list(qubits) == list(range(num_qubits)):
        return 1
    lowest = kernels.MARGINAL_BLOCK.bit_length() - 1
    high = sum(qubit >= lowest for qubit in qubits)
    return min(max(1, FEW_ITEMS >> high), 1 << max(0, num_qubits - lowest - high))


def outcome_weights(state: StateArray, qubit: int, team: Team | None = None) -> NDArray[np.float64]:
    """Weights of the outcomes 0 and 1, shape ``(2,)``; exactly 0 for one that only rounding makes possible.

    They add up to the squared norm, which rounding moves away from 1, most of all in single precision. One minus the
    weight of an outcome would therefore make impossible ones possible.
    """
    weights = probabilities(state, (qubit,), team)
    weights[weights < IMPOSSIBLE[state.dtype] * weights.sum()] = 0.0
    return weights


def project(
    state: StateArray,
    qubit: int,
    outcome: int,
    weight: float,
    *,
    reset: bool = False,
    out: StateArray | None = None,
    team: Team | None = None,
) -> StateArray:
    """The normalised state after `qubit` was measured, in one pass.

    Args:
        state: contiguous; it is changed unless another array is given for the result.
        qubit: which was measured.
        outcome: 0 or 1.
        weight: the weight of this outcome.
        reset: whether the qubit goes to ``|0⟩``.
        out: where to write, of the shape and dtype of `state`.
        team: threads that help.
    """
    target = state if out is None else out
    scale = float(1.0 / np.sqrt(weight))
    final = 0 if reset else outcome
    arguments = as_reals(state), as_reals(target), qubit, outcome, final, scale, counters(2)
    enter(_helpers(state, team), kernels.project, *arguments, long=state.size >= LONG)
    return target


def block_weights(state: StateArray, count: int, team: Team | None) -> NDArray[np.float64]:
    """Weights of `count` equal blocks of amplitudes, a power of two."""
    weights = np.empty(count, np.float64)
    arguments = as_reals(state), weights, counters(2)
    enter(_helpers(state, team), kernels.block_weights, *arguments, long=state.size >= LONG)
    return weights


def as_reals(state: StateArray) -> NDArray[np.floating[Any]]:
    """Real and imaginary parts in turn, the same memory."""
    return state.view(state.real.dtype)


def enter(team: Team | None, kernel: Callable[..., None], *arguments: Any, long: bool = False) -> None:
    """Run a kernel on a team, or on the calling thread alone; see `Team.run`."""
    if team is None and not long:
        kernel(*arguments, 0)
    else:
        (team or _alone).run(kernel, *arguments, long=long)


def _helpers(state: StateArray, team: Team | None) -> Team | None:
    return team if state.size >= LARGE else None
