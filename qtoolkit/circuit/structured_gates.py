"""Gates with a structure that a matrix would hide: diagonals, permutations, Pauli rotations."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit import _needs
from qtoolkit._arguments import shown
from qtoolkit._memory import check_memory
from qtoolkit.circuit._checks import numeric_array
from qtoolkit.circuit.gate import UNITARY_TOLERANCE, Gate, StandardGate, array_hash, check_dense
from qtoolkit.circuit.gates import STANDARD_GATES, Matrix
from qtoolkit.circuit.parameter import ParameterExpression, ParameterValue, bind_value, check_angle
from qtoolkit.errors import CircuitError, UnboundParameterError

__all__ = ["DiagonalGate", "PauliRotationGate", "PermutationGate"]


class DiagonalGate(Gate):
    """A gate given by its diagonal.

    Args:
        entries: shape ``(2**k,)``, each of modulus 1 to 1e-8; k is at least 1.

    Raises:
        CircuitError: if the length is no power of two or an entry has another modulus.
    """

    def __init__(self, entries: ArrayLike) -> None:
        given = numeric_array(entries, "a diagonal")
        check_memory(_needs.gate_of_vector(given.size), f"a diagonal of {given.size} entries", "use fewer qubits")
        array = given.astype(np.complex128)
        if array.ndim != 1 or array.size < 2 or array.size & (array.size - 1):
            raise CircuitError(f"a diagonal's length must be a power of two from 2, got shape {array.shape}")
        with np.errstate(all="ignore"):
            deviation = np.abs(np.abs(array) - 1.0).max()
        if not deviation <= UNITARY_TOLERANCE:
            raise CircuitError(
                f"a diagonal's entries must have modulus 1 to {UNITARY_TOLERANCE:g}, off by {deviation:.3g}; "
                "for phases φ pass numpy.exp(1j * φ)"
            )
        array.setflags(write=False)
        self.entries = array
        self.num_qubits = array.size.bit_length() - 1
        self.name = "diagonal"

    @property
    def is_diagonal(self) -> bool:
        """Always true."""
        return True

    def matrix(self) -> Matrix:
        """The dense diagonal matrix.

        Raises:
            InsufficientMemoryError: if it does not fit into free memory.
        """
        check_dense(self.num_qubits)
        return np.diag(self.entries)

    def inverse(self) -> Gate:
        """The conjugate diagonal."""
        return DiagonalGate(self.entries.conj())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DiagonalGate) and np.array_equal(self.entries, other.entries)

    def __hash__(self) -> int:
        return array_hash(self.entries)


class PermutationGate(Gate):
    """A permutation of basis states: ``|j⟩`` becomes ``|table[j]⟩``.

    Args:
        table: a permutation of ``0 … 2**k - 1``; k is at least 1.

    Raises:
        CircuitError: if the length is no power of two or an entry is missing.
    """

    def __init__(self, table: ArrayLike) -> None:
        given = numeric_array(table, "a permutation")
        if given.ndim != 1 or given.size < 2 or given.size & (given.size - 1):
            raise CircuitError(f"a permutation's length must be a power of two from 2, got shape {given.shape}")
        check_memory(_needs.gate_of_table(given.size), f"a permutation of {given.size} entries", "use fewer qubits")
        if not np.array_equal(np.sort(given), np.arange(given.size)):
            raise CircuitError(
                f"a permutation must hold each of 0 to {given.size - 1} once, got {shown(given.tolist()[:16])}"
            )
        array = given.astype(np.int64)
        array.setflags(write=False)
        self.table = array
        self.num_qubits = array.size.bit_length() - 1
        self.name = "permutation"

    def matrix(self) -> Matrix:
        """The dense permutation matrix.

        Raises:
            InsufficientMemoryError: if it does not fit into free memory.
        """
        check_dense(self.num_qubits)
        dense = np.zeros((self.table.size, self.table.size), dtype=np.complex128)
        dense[self.table, np.arange(self.table.size)] = 1.0
        return dense

    def inverse(self) -> Gate:
        """The inverse permutation."""
        return PermutationGate(np.argsort(self.table))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PermutationGate) and np.array_equal(self.table, other.table)

    def __hash__(self) -> int:
        return array_hash(self.table)


class PauliRotationGate(Gate):
    """``exp(-i θ/2 P)`` for a Pauli string ``P``.

    Args:
        pauli: letters I, X, Y, Z, the leftmost for the highest qubit; or an object with such a ``label``.
        theta: angle in radians.

    Raises:
        CircuitError: if `pauli` is empty or has other letters.
        ParameterError: if the angle is no finite real number.
    """

    def __init__(self, pauli: Any, theta: ParameterValue) -> None:
        label = getattr(pauli, "label", pauli)
        if not isinstance(label, str) or not label or set(label) - set("IXYZ"):
            raise CircuitError(f"a Pauli string has the letters I, X, Y and Z, got {shown(label)}")
        self.label = label
        self.num_qubits = len(label)
        self.params = (check_angle(theta, "theta"),)
        self.name = "pauli_rotation"

    @property
    def x_mask(self) -> int:
        """Bit k is set where the letter of qubit k is X or Y."""
        return sum(1 << k for k, letter in enumerate(reversed(self.label)) if letter in "XY")

    @property
    def z_mask(self) -> int:
        """Bit k is set where the letter of qubit k is Z or Y."""
        return sum(1 << k for k, letter in enumerate(reversed(self.label)) if letter in "ZY")

    @property
    def is_diagonal(self) -> bool:
        """Whether the string has no X and no Y."""
        return self.x_mask == 0

    def _pauli_matrix(self) -> Matrix:
        check_dense(self.num_qubits, _needs.pauli_rotation_matrix(self.num_qubits))
        result: Matrix = np.ones((1, 1), dtype=np.complex128)
        for letter in self.label:
            factor = np.eye(2) if letter == "I" else STANDARD_GATES[letter.lower()].matrix()
            result = np.kron(result, factor).astype(np.complex128)
        return result

    def matrix(self) -> Matrix:
        """``cos(θ/2) - i sin(θ/2) P``.

        Raises:
            InsufficientMemoryError: if it does not fit into free memory.
        """
        theta = self.params[0]
        if isinstance(theta, ParameterExpression):
            raise UnboundParameterError(f"gate {self.name} has the free parameter {theta}; bind it to a number first")
        pauli = self._pauli_matrix()
        identity = np.eye(len(pauli), dtype=np.complex128)
        return math.cos(theta / 2) * identity - 1j * math.sin(theta / 2) * pauli

    def inverse(self) -> Gate:
        """The rotation by ``-θ``."""
        return PauliRotationGate(self.label, -self.params[0])

    def decomposition(self) -> tuple[tuple[Gate, tuple[int, ...]], ...] | None:
        """Basis changes, a ladder of CX, one RZ, and back."""
        theta = self.params[0]
        active = [(k, letter) for k, letter in enumerate(reversed(self.label)) if letter != "I"]
        if not active:
            return ((StandardGate("gphase", (-0.5 * theta,)), ()),)
        into: list[tuple[Gate, tuple[int, ...]]] = []
        back: list[tuple[Gate, tuple[int, ...]]] = []
        for k, letter in active:
            if letter == "X":
                into.append((StandardGate("h"), (k,)))
                back.append((StandardGate("h"), (k,)))
            elif letter == "Y":
                into.append((StandardGate("sx"), (k,)))
                back.append((StandardGate("sxdg"), (k,)))
        qubits = [k for k, _ in active]
        ladder: list[tuple[Gate, tuple[int, ...]]] = [(StandardGate("cx"), pair) for pair in itertools.pairwise(qubits)]
        rotation: tuple[Gate, tuple[int, ...]] = (StandardGate("rz", (theta,)), (qubits[-1],))
        return (*into, *ladder, rotation, *reversed(ladder), *back)

    def generators(self) -> tuple[Matrix, ...]:
        """Half the Pauli string."""
        return (self._pauli_matrix() / 2,)

    def bind(self, values: Mapping[str, float]) -> Gate:
        """The gate with parameters replaced by the values under their names."""
        return PauliRotationGate(self.label, bind_value(self.params[0], values)) if self.expressions else self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PauliRotationGate) and (self.label, self.params) == (other.label, other.params)

    def __hash__(self) -> int:
        return hash((self.label, self.params))
