"""What a channel does to a state vector: which of its operators acts is drawn, and the state is normalised again.

Of a mixture of unitaries the probabilities are known beforehand. Else operator K acts with probability ``‖Kψ‖²``, which
the reduced density matrix ρ of the channel's qubits gives, ``tr(K†K ρ)``, before any operator is applied.

Source: J. Dalibard, Y. Castin and K. Mølmer, Phys. Rev. Lett. 68, 580 (1992).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import ChannelStep
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.measure import IMPOSSIBLE, normalise

__all__ = ["apply_operator", "operator_probabilities", "reduced_density_matrix"]

AMPLITUDES_AT_A_TIME = 1 << 14
"""Of each value of the qubits that are kept: what lies apart in memory is copied."""


def operator_probabilities(engine: Engine, step: ChannelStep, state: StateArray) -> NDArray[np.float64]:
    """How probable each operator is, shape ``(num_operators,)``; exactly 0 for one that only rounding makes possible.

    Args:
        engine: runs the channel.
        step: the channel and its qubits.
        state: shape ``(2**n,)``; unused, if the channel is a mixture of unitaries.
    """
    if step.mixture_weights is not None:
        return step.mixture_weights
    reduced = reduced_density_matrix(state, step.qubits)
    weights: NDArray[np.float64] = np.einsum("mij,ji->m", step.effects, reduced).real
    weights[weights < IMPOSSIBLE[state.dtype] * weights.sum()] = 0.0
    weights /= weights.sum()
    return weights


def apply_operator(engine: Engine, step: ChannelStep, number: int, state: StateArray) -> None:
    """Let one operator act on a state, in place, and normalise it."""
    if step.is_idle[number]:
        return
    program = step.program
    engine.run_gates(program, program.constant_coefficients, state, number, number + 1)
    if step.mixture_weights is None:
        normalise(state, engine.team)


def reduced_density_matrix(state: StateArray, qubits: Sequence[int]) -> NDArray[np.complex128]:
    """The density matrix of some qubits, shape ``(2**k, 2**k)``; ``qubits[0]`` is the lowest bit of its index."""
    total, k = state.size.bit_length() - 1, len(qubits)
    kept = [total - 1 - qubit for qubit in reversed(qubits)]
    rest = [axis for axis in range(total) if axis not in kept]
    tensor = state.reshape((2,) * total).transpose(kept + rest)
    apart = max(0, total - k - (AMPLITUDES_AT_A_TIME.bit_length() - 1))
    found = np.zeros((1 << k, 1 << k), np.complex128)
    for place in np.ndindex((2,) * apart):
        rows = tensor[(slice(None),) * k + place].reshape(1 << k, -1).astype(np.complex128)
        found += rows @ rows.conj().T
    return found
