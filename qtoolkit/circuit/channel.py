"""Channels: what noise does to a state, by Kraus operators."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, items_of
from qtoolkit.circuit._checks import numeric_array
from qtoolkit.circuit.channel_forms import (
    choi_of_operators,
    operators_of_choi,
    pauli_labels,
    pauli_matrices,
    superoperator_of_operators,
    transfer_matrix_of_superoperator,
)
from qtoolkit.circuit.gate import Instruction, array_hash
from qtoolkit.circuit.gates import Matrix
from qtoolkit.errors import CircuitError

__all__ = ["KrausChannel"]

MOST_QUBITS = 4
MOST_OPERATORS = 1 << 12
"""A channel needs ``4**k`` at most."""

TRACE_TOLERANCE = 1e-8
"""How far ``Σ K†K`` may be from the identity."""

FORM_TOLERANCE = 1e-9
"""How far, relative to its weight, an operator may be from a multiple of a unitary to be taken for one."""

PROPORTIONAL = 1e-13
"""How far, relative to its size, an operator may be from a multiple of another one to be joined with it."""

CHI_TOLERANCE = 1e-12
"""How far from diagonal the process matrix of a Pauli channel may be."""


class KrausChannel(Instruction):
    """A random or dissipative operation ``ρ → Σ K ρ K†``.

    No gate: it has no unitary, and unless it has one operator only, nothing undoes it.

    Args:
        operators: the K, each of shape ``(2**k, 2**k)`` with k from 1 to 4; the first qubit is the lowest bit of the
            index, as in `UnitaryGate`.
        name: shown in drawings.

    Attributes:
        operators: the same, complex128, read-only.

    Raises:
        CircuitError: if shapes differ or are none of those, an entry is not finite, or the trace is not preserved:
            ``Σ K†K`` is further than 1e-8 from the identity.
    """

    def __init__(self, operators: Iterable[ArrayLike], *, name: str = "channel") -> None:
        self.name = check_instance(name, str, "a channel's name must be a string", CircuitError)
        given = items_of(operators, "a channel's operators must be a sequence of matrices", CircuitError)
        arrays = [numeric_array(operator, "an operator of a channel") for operator in given]
        if not arrays or len(arrays) > MOST_OPERATORS:
            raise CircuitError(f"a channel has 1 to {MOST_OPERATORS} Kraus operators, got {len(arrays)}")
        side = arrays[0].shape[0] if arrays[0].ndim else 0
        for array in arrays:
            if array.shape != (side, side) or side & (side - 1) or not 1 < side <= 1 << MOST_QUBITS:
                raise CircuitError(
                    "the operators of a channel must be square and of one size, their side a power of two from 2 to "
                    f"{1 << MOST_QUBITS}, got shape {array.shape} among those of side {side}"
                )
        stacked: NDArray[np.complex128] = np.stack(arrays).astype(np.complex128)
        if not np.isfinite(stacked).all():
            raise CircuitError("the operators of a channel must have finite entries, got NaN or infinity")
        with np.errstate(all="ignore"):
            total = np.einsum("mji,mjk->ik", stacked.conj(), stacked)
            deviation = float(np.abs(total - np.eye(side)).max())
        if not deviation <= TRACE_TOLERANCE:
            raise CircuitError(
                f"a channel must preserve the trace: Σ K†K = 1 to {TRACE_TOLERANCE:g}, got max|Σ K†K - 1| = "
                f"{deviation:.3g} with Σ K†K = {_short(total)}; rescale the operators or add the one that is missing"
            )
        stacked.setflags(write=False)
        self._stacked = stacked
        self.num_qubits = side.bit_length() - 1

    @property
    def operators(self) -> tuple[Matrix, ...]:
        """The Kraus operators, read-only."""
        return tuple(self._stacked)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KrausChannel) and np.array_equal(self._stacked, other._stacked)

    def __hash__(self) -> int:
        return array_hash(self._stacked)

    def __repr__(self) -> str:
        return f"KrausChannel({self.name}, {len(self._stacked)} operators on {self.num_qubits} qubits)"

    def __getstate__(self) -> dict[str, object]:
        return {"name": self.name, "num_qubits": self.num_qubits, "_stacked": self._stacked}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._stacked.setflags(write=False)

    @property
    def is_unital(self) -> bool:
        """Whether it leaves the maximally mixed state as it is: ``Σ K K† = 1`` to 1e-8."""
        total = np.einsum("mij,mkj->ik", self._stacked, self._stacked.conj())
        return bool(np.abs(total - np.eye(len(total))).max() <= TRACE_TOLERANCE)

    @property
    def is_unitary(self) -> bool:
        """Whether there is one operator, a unitary, so that nothing is random."""
        return len(self._stacked) == 1

    @cached_property
    def mixture(self) -> tuple[tuple[float, Matrix], ...] | None:
        """Probabilities and unitaries, if each operator is ``√p U``; None otherwise.

        Operators that are zero are left out. A channel may be a mixture of unitaries without being written as one.
        """
        found: list[tuple[float, Matrix]] = []
        for operator in self._stacked:
            square = operator.conj().T @ operator
            weight = float(np.trace(square).real) / len(square)
            if weight == 0.0:
                continue
            if np.abs(square - weight * np.eye(len(square))).max() > FORM_TOLERANCE * weight:
                return None
            unitary = operator / np.sqrt(weight)
            unitary.setflags(write=False)
            found.append((weight, unitary))
        return tuple(found)

    @cached_property
    def pauli_probabilities(self) -> dict[str, float] | None:
        """Probability of each Pauli string that comes at all, if the channel is a mixture of those; None otherwise.

        Labels are as in `PauliString`: the rightmost letter acts on the first qubit. The identity is among them.
        """
        side = len(self._stacked[0])
        paulis = pauli_matrices(self.num_qubits)
        coefficients = np.einsum("aij,mji->am", paulis, self._stacked) / side
        chi = coefficients @ coefficients.conj().T
        probabilities = chi.diagonal().real
        if np.abs(chi - np.diag(chi.diagonal())).max() > CHI_TOLERANCE:
            return None
        labels = pauli_labels(self.num_qubits)
        return {label: float(p) for label, p in zip(labels, probabilities, strict=True) if p > 0.0}

    def superoperator(self) -> Matrix:
        """``Σ conj(K) ⊗ K``, shape ``(4**k, 4**k)``, for states stacked column by column, as Qiskit's `SuperOp`."""
        return superoperator_of_operators(self._stacked)

    def choi(self) -> Matrix:
        """``Σ vec(K) vec(K)†``, shape ``(4**k, 4**k)`` and trace ``2**k``, as Qiskit's `Choi`."""
        return choi_of_operators(self._stacked)

    def pauli_transfer_matrix(self) -> NDArray[np.float64]:
        """``tr(P_i E(P_j)) / 2**k``, shape ``(4**k, 4**k)``, as Qiskit's `PTM`.

        Strings are numbered in base 4 with the digits I, X, Y, Z, the first qubit's lowest.
        """
        return transfer_matrix_of_superoperator(self.superoperator())

    def compose(self, other: KrausChannel) -> KrausChannel:
        """This channel, then another one on the same qubits.

        Raises:
            CircuitError: if it is on another number of qubits.
        """
        check_instance(other, KrausChannel, "a channel is composed with a KrausChannel", CircuitError)
        if other.num_qubits != self.num_qubits:
            raise CircuitError(
                f"channels are composed on the same qubits, got {self.num_qubits} and {other.num_qubits} of them"
            )
        products = np.einsum("mij,njk->nmik", other._stacked, self._stacked)
        return KrausChannel(_fewer(products.reshape(-1, *products.shape[2:])), name=f"{self.name}, {other.name}")

    def tensor(self, other: KrausChannel) -> KrausChannel:
        """self ⊗ other: another channel on the first qubits, and independently this one on those that follow.

        The order is that of `PauliString.tensor`, whose labels are joined likewise, and of Qiskit.

        Raises:
            CircuitError: if that is on more than 4 qubits.
        """
        check_instance(other, KrausChannel, "a channel is joined with a KrausChannel", CircuitError)
        if self.num_qubits + other.num_qubits > MOST_QUBITS:
            raise CircuitError(
                f"a channel acts on at most {MOST_QUBITS} qubits, got {self.num_qubits} and {other.num_qubits}; "
                "place the two one after the other"
            )
        side = len(self._stacked[0]) * len(other._stacked[0])
        products = np.einsum("mij,nkl->mnikjl", self._stacked, other._stacked).reshape(-1, side, side)
        return KrausChannel(_fewer(products), name=f"{self.name} ⊗ {other.name}")

    def inverse(self) -> KrausChannel:
        """The channel that undoes this one, if it has one operator.

        Raises:
            CircuitError: if it has several: what they tell the environment is lost.
        """
        if not self.is_unitary:
            raise CircuitError(
                f"the channel {self.name} has {len(self._stacked)} Kraus operators: it loses information, and no "
                "channel undoes it; take the inverse of the circuit before noise is added"
            )
        return KrausChannel([self._stacked[0].conj().T], name=f"{self.name}†")


def _fewer(operators: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """The same channel with proportional operators joined, which keeps unitaries, and if need be the fewest."""
    side = operators.shape[1]
    rows = operators.reshape(len(operators), -1)
    rows = rows[np.linalg.norm(rows, axis=1) > 0.0]
    kept: list[NDArray[np.complex128]] = []
    while len(rows):
        first = rows[0]
        sizes = np.linalg.norm(rows, axis=1)
        beside = rows - np.outer(rows @ first.conj() / sizes[0] ** 2, first)
        same = np.linalg.norm(beside, axis=1) <= PROPORTIONAL * sizes
        same[0] = True
        kept.append(first * (np.linalg.norm(sizes[same]) / sizes[0]))
        rows = rows[~same]
    joined = np.array(kept).reshape(-1, side, side)
    return joined if len(joined) <= side**2 else operators_of_choi(choi_of_operators(joined))


def _short(matrix: Matrix) -> str:
    entries = [[f"{entry.real:.4g}{entry.imag:+.2g}j" if entry.imag else f"{entry.real:.4g}" for entry in row]
               for row in matrix[:4, :4].tolist()]  # fmt: skip
    return "[" + ", ".join("[" + ", ".join(row) + "]" for row in entries) + "]" + ("…" if len(matrix) > 4 else "")
