"""Gates: unitary instructions, standard ones from their records and those given by arrays."""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit.circuit.gates import STANDARD_GATES, GateRecord, Matrix, Step, controlled_matrix
from qtoolkit.circuit.parameter import ParameterExpression, ParameterValue, bind_value, check_angle
from qtoolkit.errors import CircuitError, UnboundParameterError

__all__ = [
    "ControlledGate",
    "DiagonalGate",
    "Gate",
    "Instruction",
    "PauliRotationGate",
    "PermutationGate",
    "StandardGate",
    "UnitaryGate",
]

UNITARY_TOLERANCE = 1e-8


class Instruction(ABC):
    """Anything a circuit can hold: a `Gate`, or a measurement, reset, barrier or classical branch."""

    name: str
    num_qubits: int
    num_clbits: int = 0
    params: tuple[ParameterValue, ...] = ()

    @property
    def expressions(self) -> tuple[ParameterExpression, ...]:
        """The angles that still hold free parameters."""
        return tuple(p for p in self.params if isinstance(p, ParameterExpression))

    def bind(self, values: Mapping[str, float]) -> Instruction:
        """The instruction with parameters replaced by the values under their names."""
        return self


class Gate(Instruction):
    """A unitary on `num_qubits` qubits."""

    @property
    def is_diagonal(self) -> bool:
        """Whether the matrix is diagonal for every value of the angles."""
        return False

    @abstractmethod
    def matrix(self) -> Matrix:
        """The unitary, shape ``(2**num_qubits, 2**num_qubits)``; the first qubit is the lowest bit.

        Raises:
            UnboundParameterError: if an angle has a free parameter.
        """

    @abstractmethod
    def inverse(self) -> Gate:
        """The inverse gate."""

    def decomposition(self) -> tuple[tuple[Gate, tuple[int, ...]], ...] | None:
        """Simpler gates in time order with positions among this gate's qubits; None where there is none."""
        return None

    def generators(self) -> tuple[Matrix, ...]:
        """Hermitian ``G_j`` with ``∂U/∂θ_j = -i G_j U``, one for each entry of `params`."""
        return ()

    def bind(self, values: Mapping[str, float]) -> Gate:
        """The gate with parameters replaced by the values under their names."""
        return self

    def control_structure(self) -> tuple[Gate, int, int]:
        """The gate that is controlled, the number of controls and the value that switches it on."""
        return self, 0, 0

    def controlled(self, num_controls: int = 1, ctrl_state: int | None = None) -> Gate:
        """The gate controlled by `num_controls` further qubits, which come first.

        Args:
            num_controls: at least 1.
            ctrl_state: value of the new controls that switches the gate on; all ones by default.
        """
        if num_controls < 1:
            raise CircuitError(f"num_controls must be at least 1, got {num_controls}")
        on = (1 << num_controls) - 1 if ctrl_state is None else ctrl_state
        if not 0 <= on < 1 << num_controls:
            raise CircuitError(
                f"ctrl_state must be 0 to {(1 << num_controls) - 1} for {num_controls} controls, got {on}"
            )
        base, inner, inner_state = self.control_structure()
        total = num_controls + inner
        state = inner_state << num_controls | on
        if isinstance(base, StandardGate) and state == (1 << total) - 1:
            for record in STANDARD_GATES.values():
                if record.base == base.name and record.num_controls == total:
                    return StandardGate(record, base.params)
        return ControlledGate(base, total, state)

    def power(self, exponent: float) -> Gate:
        """The gate to a real power, by its principal eigenphases."""
        values, vectors = _unitary_eigen(self.matrix())
        phases = np.exp(1j * exponent * np.angle(values))
        return UnitaryGate((vectors * phases) @ vectors.conj().T, label=f"{self.name}^{exponent:g}")

    def __repr__(self) -> str:
        angles = ", ".join(str(p) for p in self.params)
        return f"{type(self).__name__}({self.name}{f'({angles})' if angles else ''})"


def _unitary_eigen(matrix: Matrix) -> tuple[NDArray[np.complex128], Matrix]:
    """Eigenvalues and orthonormal eigenvectors of a unitary, degenerate spaces included."""
    import scipy.linalg

    triangular, vectors = scipy.linalg.schur(matrix, output="complex")
    return np.diag(triangular), vectors


class StandardGate(Gate):
    """A gate that has a record."""

    def __init__(self, record: GateRecord | str, params: Sequence[ParameterValue] = ()) -> None:
        if isinstance(record, str):
            if record not in STANDARD_GATES:
                raise CircuitError(f"gate names are {', '.join(STANDARD_GATES)}; got {record!r}")
            record = STANDARD_GATES[record]
        if len(params) != record.num_params:
            raise CircuitError(f"{record.name} takes {record.num_params} angles, got {len(params)}")
        self.record = record
        self.name = record.name
        self.num_qubits = record.num_qubits
        self.params = tuple(check_angle(p, n) for p, n in zip(params, record.parameter_names, strict=True))

    @property
    def is_diagonal(self) -> bool:
        """Whether the matrix is diagonal for every value of the angles."""
        return self.record.is_diagonal

    def matrix(self) -> Matrix:
        """The unitary of the record at these angles."""
        return self.record.matrix(*self._numbers())

    def _numbers(self) -> tuple[float, ...]:
        numbers = []
        for p in self.params:
            if isinstance(p, ParameterExpression):
                raise UnboundParameterError(f"gate {self.name} has the free parameter {p}; bind it to a number first")
            numbers.append(p)
        return tuple(numbers)

    def inverse(self) -> Gate:
        """The inverse, named by the record."""
        name, params = self.record.inverse(*self.params)
        return StandardGate(name, params)

    def decomposition(self) -> tuple[tuple[Gate, tuple[int, ...]], ...] | None:
        """The record's decomposition at these angles."""
        if self.record.decomposition is None:
            return None
        steps: tuple[Step, ...] = self.record.decomposition(*self.params)
        return tuple((StandardGate(name, params), positions) for name, params, positions in steps)

    def generators(self) -> tuple[Matrix, ...]:
        """The record's generators at these angles."""
        return self.record.generators(*self._numbers())

    def bind(self, values: Mapping[str, float]) -> Gate:
        """The gate with parameters replaced by the values under their names."""
        if not self.expressions:
            return self
        return StandardGate(self.record, tuple(bind_value(p, values) for p in self.params))

    def control_structure(self) -> tuple[Gate, int, int]:
        """The controlled gate, the number of controls and their value."""
        if self.record.base is None:
            return self, 0, 0
        count = self.record.num_controls
        return StandardGate(self.record.base, self.params), count, (1 << count) - 1

    def __reduce__(self) -> tuple[type[StandardGate], tuple[str, tuple[ParameterValue, ...]]]:
        return StandardGate, (self.name, self.params)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StandardGate) and self.name == other.name and self.params == other.params

    def __hash__(self) -> int:
        return hash((self.name, self.params))


class ControlledGate(Gate):
    """A gate switched on by the value of its first `num_controls` qubits."""

    def __init__(self, base: Gate, num_controls: int, ctrl_state: int) -> None:
        self.base = base
        self.num_controls = num_controls
        self.ctrl_state = ctrl_state
        self.num_qubits = base.num_qubits + num_controls
        self.params = base.params
        prefix = "c" * num_controls if num_controls < 3 else f"c{num_controls}"
        open_controls = "" if ctrl_state == (1 << num_controls) - 1 else f"_o{ctrl_state}"
        self.name = f"{prefix}{base.name}{open_controls}"

    @property
    def is_diagonal(self) -> bool:
        """Whether the controlled gate is diagonal."""
        return self.base.is_diagonal

    def matrix(self) -> Matrix:
        """The unitary; the controls are the lowest qubits."""
        return controlled_matrix(self.base.matrix(), self.num_controls, self.ctrl_state)

    def inverse(self) -> Gate:
        """The controlled inverse."""
        return self.base.inverse().controlled(self.num_controls, self.ctrl_state)

    def generators(self) -> tuple[Matrix, ...]:
        """Generators of the base, projected on the controls' value."""
        projected = []
        for generator in self.base.generators():
            idle = controlled_matrix(np.zeros_like(generator), self.num_controls, self.ctrl_state)
            projected.append(controlled_matrix(generator, self.num_controls, self.ctrl_state) - idle)
        return tuple(projected)

    def bind(self, values: Mapping[str, float]) -> Gate:
        """The gate with parameters replaced by the values under their names."""
        return ControlledGate(self.base.bind(values), self.num_controls, self.ctrl_state) if self.expressions else self

    def control_structure(self) -> tuple[Gate, int, int]:
        """The controlled gate, the number of controls and their value."""
        return self.base, self.num_controls, self.ctrl_state

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ControlledGate)
            and self.base == other.base
            and (self.num_controls, self.ctrl_state) == (other.num_controls, other.ctrl_state)
        )

    def __hash__(self) -> int:
        return hash((self.base, self.num_controls, self.ctrl_state))


class UnitaryGate(Gate):
    """A gate given by its matrix.

    Args:
        matrix: unitary of shape ``(2**k, 2**k)``; the first qubit is the lowest bit.
        label: name shown in drawings.

    Raises:
        CircuitError: if the shape is wrong, an entry is not finite, or ``‖U†U - 1‖`` exceeds 1e-8.
    """

    def __init__(self, matrix: ArrayLike, label: str = "unitary") -> None:
        array = np.array(matrix, dtype=np.complex128)
        if (
            array.ndim != 2
            or array.shape[0] != array.shape[1]
            or array.shape[0] & (array.shape[0] - 1)
            or not array.size
        ):
            raise CircuitError(f"a gate's matrix must be square, its side a power of two, got shape {array.shape}")
        if not np.isfinite(array).all():
            raise CircuitError("a gate's matrix must have finite entries, got NaN or infinity")
        deviation = float(np.abs(array.conj().T @ array - np.eye(len(array))).max())
        if deviation > UNITARY_TOLERANCE:
            raise CircuitError(
                f"a gate's matrix must be unitary to {UNITARY_TOLERANCE:g}, got max|U†U - 1| = {deviation:.3g}; "
                "orthonormalise it (scipy.linalg.polar) if that is rounding"
            )
        array.setflags(write=False)
        self._matrix = array
        self.num_qubits = len(array).bit_length() - 1
        self.name = label

    @cached_property
    def _diagonal(self) -> bool:
        return not np.any(self._matrix - np.diag(np.diag(self._matrix)))

    @property
    def is_diagonal(self) -> bool:
        """Whether all off-diagonal entries are exactly zero."""
        return self._diagonal

    def matrix(self) -> Matrix:
        """The matrix as given, read-only."""
        return self._matrix

    def inverse(self) -> Gate:
        """The adjoint matrix as a gate."""
        return UnitaryGate(self._matrix.conj().T, label=_toggled_dagger(self.name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnitaryGate) and np.array_equal(self._matrix, other._matrix)

    def __hash__(self) -> int:
        return hash(self._matrix.tobytes())


def _toggled_dagger(label: str) -> str:
    return label[:-1] if label.endswith("†") else label + "†"


class DiagonalGate(Gate):
    """A gate given by its diagonal.

    Args:
        entries: shape ``(2**k,)``, each of modulus 1.
    """

    def __init__(self, entries: ArrayLike) -> None:
        array = np.array(entries, dtype=np.complex128)
        if array.ndim != 1 or array.size < 2 or array.size & (array.size - 1):
            raise CircuitError(f"a diagonal's length must be a power of two from 2, got shape {array.shape}")
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
        """The dense diagonal matrix."""
        return np.diag(self.entries)

    def inverse(self) -> Gate:
        """The conjugate diagonal."""
        return DiagonalGate(self.entries.conj())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DiagonalGate) and np.array_equal(self.entries, other.entries)

    def __hash__(self) -> int:
        return hash(self.entries.tobytes())


class PermutationGate(Gate):
    """A permutation of basis states: ``|j⟩`` becomes ``|table[j]⟩``.

    Args:
        table: a permutation of ``0 … 2**k - 1``.
    """

    def __init__(self, table: ArrayLike) -> None:
        given = np.asarray(table)
        if given.ndim != 1 or given.size < 2 or given.size & (given.size - 1):
            raise CircuitError(f"a permutation's length must be a power of two from 2, got shape {given.shape}")
        if not np.array_equal(np.sort(given), np.arange(given.size)):
            raise CircuitError(f"a permutation must hold each of 0 to {given.size - 1} once, got {given.tolist()[:16]}")
        array = given.astype(np.int64)
        array.setflags(write=False)
        self.table = array
        self.num_qubits = array.size.bit_length() - 1
        self.name = "permutation"

    def matrix(self) -> Matrix:
        """The dense permutation matrix."""
        dense = np.zeros((self.table.size, self.table.size), dtype=np.complex128)
        dense[self.table, np.arange(self.table.size)] = 1.0
        return dense

    def inverse(self) -> Gate:
        """The inverse permutation."""
        return PermutationGate(np.argsort(self.table))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PermutationGate) and np.array_equal(self.table, other.table)

    def __hash__(self) -> int:
        return hash(self.table.tobytes())


class PauliRotationGate(Gate):
    """``exp(-i θ/2 P)`` for a Pauli string ``P``.

    Args:
        pauli: letters I, X, Y, Z, the leftmost for the highest qubit; or an object with such a ``label``.
        theta: angle in radians.
    """

    def __init__(self, pauli: Any, theta: ParameterValue) -> None:
        label = getattr(pauli, "label", pauli)
        if not isinstance(label, str) or not label or set(label) - set("IXYZ"):
            raise CircuitError(f"a Pauli string has the letters I, X, Y and Z, got {label!r}")
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
        result: Matrix = np.ones((1, 1), dtype=np.complex128)
        for letter in self.label:
            factor = np.eye(2) if letter == "I" else STANDARD_GATES[letter.lower()].matrix()
            result = np.kron(result, factor).astype(np.complex128)
        return result

    def matrix(self) -> Matrix:
        """``cos(θ/2) - i sin(θ/2) P``."""
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
