"""Noise of single qubits as process matrices in the Pauli basis, one for each qubit of a code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import items_of, numbers_of, shown
from qtoolkit.errors import InputError

__all__ = ["LETTERS", "QubitNoise", "qubit_noise"]

LETTERS = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 0], [0, -1]], [[0, -1j], [1j, 0]]])
"""Pauli matrices in the order I, X, Z, Y: bit 0 of the number is the X part, bit 1 the Z part."""

_TRACE_TOLERANCE = 1e-8
_ROUNDING = 1e-15
"""What a process matrix may hold beside a Pauli channel's or a unitary's, as rounding leaves it."""


@dataclass(frozen=True, eq=False)
class QubitNoise:
    """Independent noise on n qubits.

    Attributes:
        process: ``N(ρ) = Σ process[P, Q] P ρ Q`` of each qubit, complex128, shape (n, 4, 4), letters I, X, Z, Y.
    """

    process: NDArray[np.complex128]

    @property
    def num_qubits(self) -> int:
        """n."""
        return len(self.process)

    @cached_property
    def is_pauli(self) -> bool:
        """Whether every qubit's noise is a mixture of Pauli operators."""
        beside = self.process * (1 - np.eye(4))
        return bool(np.abs(beside).max(initial=0.0) <= _ROUNDING)

    @cached_property
    def amplitudes(self) -> NDArray[np.complex128] | None:
        """Coefficients of the letters, complex128, shape (n, 4), where all noise is single operators; else None."""
        values, vectors = np.linalg.eigh(self.process)
        if np.abs(values[:, :3]).max(initial=0.0) > _ROUNDING:
            return None
        return np.asarray(np.sqrt(values[:, 3])[:, None] * vectors[:, :, 3])

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """Weights of the letters: of the Pauli twirl, float64, shape (n, 4)."""
        return np.asarray(np.maximum(np.einsum("npp->np", self.process).real, 0.0))

    @cached_property
    def letters(self) -> NDArray[np.bool_]:
        """Which letters occur on each qubit, bool, shape (n, 4)."""
        return np.asarray(self.probabilities > _ROUNDING**2)

    @cached_property
    def transfer_matrices(self) -> NDArray[np.float64]:
        """Pauli transfer matrices, float64, shape (n, 4, 4), letters I, X, Z, Y."""
        products = np.einsum("aij,pjk,bkl,qli->apbq", LETTERS, LETTERS, LETTERS, LETTERS, optimize=True) / 2
        return np.asarray(np.einsum("apbq,npq->nab", products, self.process, optimize=True).real)

    def twirled(self) -> QubitNoise:
        """The Pauli twirl: what is left when each qubit's noise stands between random Pauli operators."""
        return QubitNoise(self.process * np.eye(4))

    def conjugated(self, operator: int) -> QubitNoise:
        """The noise between two of the same Pauli operator, an integer of 2n bits with the X part low."""
        n = self.num_qubits
        x, z = ((operator >> shift + np.arange(n)) & 1 for shift in (0, n))
        letters = np.arange(4)
        odd = ((letters & 1) * z[:, None] + (letters >> 1) * x[:, None]) % 2
        signs = 1.0 - 2.0 * odd
        return QubitNoise(self.process * signs[:, :, None] * signs[:, None, :])


def qubit_noise(noise: object, num_qubits: int) -> QubitNoise:
    """Noise of each qubit, from what users pass.

    Args:
        noise: Kraus operators of one qubit, shape (m, 2, 2), or what has them as `operators`, for all qubits alike; or
            a sequence of n of these.
        num_qubits: n.

    Raises:
        InputError: if operators have another shape, do not preserve the trace, or are for another number of qubits.
    """
    if isinstance(noise, QubitNoise):
        if noise.num_qubits != num_qubits:
            raise InputError(f"noise must be that of {num_qubits} qubits, got {noise.num_qubits}")
        return noise
    if hasattr(noise, "operators") or _depth(noise) == 3:
        return QubitNoise(np.repeat(_process(noise, "noise")[None], num_qubits, axis=0))
    each = items_of(cast(Sequence[object], noise), "noise must be Kraus operators of a qubit, or such for each of them")
    if len(each) != num_qubits:
        raise InputError(f"noise must have one channel for each of {num_qubits} qubits, got {len(each)}")
    return QubitNoise(np.array([_process(channel, f"noise of qubit {q}") for q, channel in enumerate(each)]))


def _depth(noise: object) -> int:
    """Dimensions of an array or of nested lists, down to four."""
    if isinstance(noise, np.ndarray):
        return noise.ndim
    depth = 0
    while depth < 4 and isinstance(noise, list | tuple) and noise:
        noise, depth = noise[0], depth + 1
    return depth + (noise.ndim if isinstance(noise, np.ndarray) else 0)


def _process(channel: object, name: str) -> NDArray[np.complex128]:
    """The process matrix of a channel of one qubit."""
    given = getattr(channel, "operators", channel)
    rule = "Kraus operators of shape (m, 2, 2)"
    operators = numbers_of(given, name, kind=rule).astype(np.complex128)
    if operators.ndim != 3 or operators.shape[1:] != (2, 2) or not len(operators):
        raise InputError(f"{name} must be {rule}, got shape {operators.shape}")
    if not np.isfinite(operators).all():
        raise InputError(f"{name} must be finite, got {shown(given)}")
    total = np.einsum("kji,kjl->il", operators.conj(), operators)
    deviation = float(np.abs(total - np.eye(2)).max())
    if deviation > _TRACE_TOLERANCE:
        raise InputError(
            f"{name} must preserve the trace, the sum of K†K be the identity, got {total.tolist()}, off by "
            f"{deviation:.3g}"
        )
    coefficients = np.einsum("pij,kji->kp", LETTERS, operators) / 2
    return np.asarray(np.einsum("kp,kq->pq", coefficients, coefficients.conj()))
