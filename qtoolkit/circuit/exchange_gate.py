"""The exchange of all pairs of qubits at once, exact: ``e^{-iθ/4 Σ_{i<j} (X_i X_j + Y_i Y_j)}``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import MOST_ITEMS
from qtoolkit.circuit._checks import check_count
from qtoolkit.circuit.gate import Gate, StandardGate, check_dense
from qtoolkit.circuit.gates import Matrix
from qtoolkit.circuit.parameter import ParameterExpression, ParameterValue, bind_value, check_angle
from qtoolkit.errors import UnboundParameterError

__all__ = ["CompleteXYGate", "rounds_of_pairs"]


def rounds_of_pairs(num_qubits: int) -> tuple[tuple[tuple[int, int], ...], ...]:
    """All pairs of qubits in rounds whose pairs share no qubit, those of a round-robin tournament."""
    players = num_qubits + num_qubits % 2  # with an odd number, whoever meets the last, absent player rests
    wheel = players - 1
    rounds = []
    for turn in range(wheel):
        pairs = [(turn, wheel)] + [((turn + k) % wheel, (turn - k) % wheel) for k in range(1, players // 2)]
        rounds.append(tuple((min(pair), max(pair)) for pair in pairs if max(pair) < num_qubits))
    return tuple(rounds)


class CompleteXYGate(Gate):
    """``exp(-i θ/2 · ½ Σ_{i<j} (X_i X_j + Y_i Y_j))`` over all pairs of some qubits; of two, ``xx_plus_yy``.

    Simulators apply it exactly. Machines have no such gate: its `decomposition`, which exports and backends run, is one
    first-order Trotter step, and equals it to second order in θ only.

    Args:
        num_qubits: at least 2.
        theta: angle in radians.

    Raises:
        CircuitError: for fewer than 2 qubits.
        ParameterError: if the angle is no finite real number.
    """

    def __init__(self, num_qubits: int, theta: ParameterValue) -> None:
        self.num_qubits = check_count(num_qubits, "num_qubits", 2, MOST_ITEMS)
        self.params = (check_angle(theta, "theta"),)
        self.name = "complete_xy"

    @property
    def theta(self) -> ParameterValue:
        """The angle in radians."""
        return self.params[0]

    def levels(self) -> NDArray[np.float64]:
        """Distinct eigenvalues of the generator, ascending: the sum in half, by weight k and total spin ``n/2 - m``."""
        n = self.num_qubits
        return np.unique([(k - m) * (n - k - m) - m for k in range(n + 1) for m in range(min(k, n - k) + 1)]) / 2.0

    def matrix(self) -> Matrix:
        """The dense unitary.

        Raises:
            UnboundParameterError: if the angle has a free parameter.
            InsufficientMemoryError: if it does not fit into free memory.
        """
        theta = self.params[0]
        if isinstance(theta, ParameterExpression):
            raise UnboundParameterError(f"gate {self.name} has the free parameter {theta}; bind it to a number first")
        check_dense(self.num_qubits)
        dense: Matrix = np.zeros((1 << self.num_qubits,) * 2, np.complex128)
        for states, values, vectors in _spectrum(self.num_qubits):
            dense[np.ix_(states, states)] = (vectors * np.exp(-0.5j * theta * values)) @ vectors.T
        return dense

    def inverse(self) -> Gate:
        """The exchange by ``-θ``."""
        return CompleteXYGate(self.num_qubits, -self.params[0])

    def decomposition(self) -> tuple[tuple[Gate, tuple[int, ...]], ...]:
        """One first-order Trotter step: an exchange of each pair, in rounds of disjoint pairs."""
        exchange = StandardGate("xx_plus_yy", (self.params[0], 0.0))
        return tuple((exchange, pair) for pairs in rounds_of_pairs(self.num_qubits) for pair in pairs)

    def generators(self) -> tuple[Matrix, ...]:
        """A quarter of the sum over pairs."""
        check_dense(self.num_qubits)
        dense: Matrix = np.zeros((1 << self.num_qubits,) * 2, np.complex128)
        for states, values, vectors in _spectrum(self.num_qubits):
            dense[np.ix_(states, states)] = (vectors * (0.5 * values)) @ vectors.T
        return (dense,)

    def bind(self, values: Mapping[str, float]) -> Gate:
        """The gate with parameters replaced by the values under their names."""
        return CompleteXYGate(self.num_qubits, bind_value(self.params[0], values)) if self.expressions else self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CompleteXYGate):
            return False
        return (self.num_qubits, self.params) == (other.num_qubits, other.params)

    def __hash__(self) -> int:
        return hash((self.num_qubits, self.params))


_Spectrum = tuple[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]], ...]


@lru_cache(maxsize=2)
def _spectrum(num_qubits: int) -> _Spectrum:
    """The basis states of each weight, and eigenvalues and eigenvectors of the sum among them."""
    found = []
    everything = np.arange(1 << num_qubits)
    for weight in range(num_qubits + 1):
        states = everything[np.bitwise_count(everything) == weight]
        flipped = states[:, None] ^ states
        values, vectors = np.linalg.eigh(1.0 * (np.bitwise_count(flipped) == 2))
        found.append((states, values, vectors))
    return tuple(found)
