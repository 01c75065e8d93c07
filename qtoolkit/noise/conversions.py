"""Channels from their other forms, which `KrausChannel` gives by its methods; see `qtoolkit.circuit.channel_forms`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import numbers_of
from qtoolkit.circuit import KrausChannel
from qtoolkit.circuit.channel_forms import (
    operators_of_choi,
    pauli_matrices,
    reshuffled,
    superoperator_of_transfer_matrix,
)
from qtoolkit.circuit.gates import Matrix
from qtoolkit.errors import CircuitError

__all__ = ["from_choi", "from_kraus", "from_pauli_transfer_matrix", "from_superoperator"]

HERMITIAN_TOLERANCE = 1e-8
POSITIVE_TOLERANCE = 1e-8
"""How negative an eigenvalue of a Choi matrix may be, which is then left out."""

PAULI_TOLERANCE = 1e-12
"""How far from diagonal the process matrix may be of what is written with Pauli strings."""

NEGLIGIBLE = 1e-14
"""A probability below is rounding."""


def from_kraus(operators: Iterable[ArrayLike], *, name: str = "channel") -> KrausChannel:
    """The channel ``ρ → Σ K ρ K†``; the same as `KrausChannel`.

    Raises:
        CircuitError: as there.
    """
    return KrausChannel(operators, name=name)


def from_superoperator(superoperator: ArrayLike, *, name: str = "channel") -> KrausChannel:
    """The channel with ``vec(E(ρ)) = S vec(ρ)``, states stacked column by column, as Qiskit's `SuperOp`.

    Args:
        superoperator: S, shape ``(4**k, 4**k)``, k from 1 to 4.
        name: shown in drawings.

    Raises:
        CircuitError: if the shape is another one, or the map is not completely positive or does not preserve the trace.
    """
    matrix = _checked(superoperator, "a superoperator").astype(np.complex128)
    return _of_choi(reshuffled(matrix), name)


def from_choi(choi: ArrayLike, *, name: str = "channel") -> KrausChannel:
    """The channel with the Choi matrix ``Σ vec(K) vec(K)†`` of trace ``2**k``, as Qiskit's `Choi`.

    Args:
        choi: shape ``(4**k, 4**k)``, k from 1 to 4.
        name: shown in drawings.

    Raises:
        CircuitError: if the shape is another one, or the map is not completely positive or does not preserve the trace.
    """
    return _of_choi(_checked(choi, "a Choi matrix").astype(np.complex128), name)


def from_pauli_transfer_matrix(transfer_matrix: ArrayLike, *, name: str = "channel") -> KrausChannel:
    """The channel with ``R_ij = tr(P_i E(P_j)) / 2**k``, strings numbered as by `KrausChannel.pauli_transfer_matrix`.

    Args:
        transfer_matrix: R, real, shape ``(4**k, 4**k)``, k from 1 to 4.
        name: shown in drawings.

    Raises:
        CircuitError: if the shape is another one, or the map is not completely positive or does not preserve the trace.
    """
    matrix = _checked(transfer_matrix, "a Pauli transfer matrix")
    if np.iscomplexobj(matrix) and np.abs(matrix.imag).max() > HERMITIAN_TOLERANCE:
        raise CircuitError(f"a Pauli transfer matrix is real, got an imaginary part of {np.abs(matrix.imag).max():.3g}")
    return _of_choi(reshuffled(superoperator_of_transfer_matrix(matrix.real.astype(np.float64))), name)


def _checked(values: ArrayLike, what: str) -> NDArray[np.generic]:
    matrix = numbers_of(values, what, error=CircuitError)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape[0] not in (4, 16, 64, 256):
        raise CircuitError(f"{what} of k qubits has shape (4**k, 4**k), k from 1 to 4, got {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise CircuitError(f"{what} must have finite entries, got NaN or infinity")
    return matrix


def _of_choi(choi: Matrix, name: str) -> KrausChannel:
    deviation = float(np.abs(choi - choi.conj().T).max())
    if deviation > HERMITIAN_TOLERANCE:
        raise CircuitError(f"a channel has a Hermitian Choi matrix, got one with max|Λ - Λ†| = {deviation:.3g}")
    choi = 0.5 * (choi + choi.conj().T)
    least = float(np.linalg.eigvalsh(choi)[0])
    if least < -POSITIVE_TOLERANCE:
        raise CircuitError(
            f"a channel is completely positive, got a Choi matrix with the eigenvalue {least:.3g}; the nearest channel "
            "has none below 0"
        )
    return KrausChannel(_pauli_operators(choi) or operators_of_choi(choi), name=name)


def _pauli_operators(choi: Matrix) -> list[Matrix] | None:
    """Multiples of Pauli strings, if the channel is a mixture of those; eigenvectors might be any mixture of them."""
    paulis = pauli_matrices((len(choi).bit_length() - 1) // 2)
    columns = paulis.transpose(0, 2, 1).reshape(len(choi), -1).T
    chi = columns.conj().T @ choi @ columns / len(choi)
    if np.abs(chi - np.diag(chi.diagonal())).max() > PAULI_TOLERANCE:
        return None
    weights = chi.diagonal().real
    return [np.sqrt(weight) * pauli for weight, pauli in zip(weights, paulis, strict=True) if weight > NEGLIGIBLE]
