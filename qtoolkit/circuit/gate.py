"""Gates: unitary instructions. Standard ones from their records, controlled ones, and those given by a matrix."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit import _needs
from qtoolkit._arguments import MOST_ITEMS, check_instance, items_of, shown
from qtoolkit._memory import check_memory
from qtoolkit.circuit._checks import check_count, numeric_array
from qtoolkit.circuit.gates import (
    STANDARD_GATES,
    GateRecord,
    Matrix,
    Step,
    controlled_generator,
    controlled_matrix,
    standard_record,
)
from qtoolkit.circuit.parameter import ParameterExpression, ParameterValue, bind_value, check_angle, check_real
from qtoolkit.errors import CircuitError, UnboundParameterError

__all__ = ["ControlledGate", "Gate", "Instruction", "StandardGate", "UnitaryGate", "standard_gate"]

UNITARY_TOLERANCE = 1e-8

_CONTROLLED_RECORDS = {(r.base, r.num_controls): r for r in STANDARD_GATES.values() if r.base is not None}


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

        Raises:
            CircuitError: if there is no control, or they cannot hold `ctrl_state`.
        """
        gate = ControlledGate(self, num_controls, ctrl_state)
        if isinstance(gate.base, StandardGate) and gate.ctrl_state == (1 << gate.num_controls) - 1:
            record = _CONTROLLED_RECORDS.get((gate.base.name, gate.num_controls))
            if record is not None:
                return StandardGate(record, gate.params)
        return gate

    def power(self, exponent: float) -> Gate:
        """The gate to a real power, by its principal eigenphases (those above -π, up to π).

        Raises:
            UnboundParameterError: if an angle has a free parameter.
            ParameterError: if the exponent is no finite real number.
        """
        exponent = check_real(exponent, "exponent")
        values, vectors = _unitary_eigen(self.matrix())
        phases = np.exp(1j * exponent * np.angle(values))
        return UnitaryGate((vectors * phases) @ vectors.conj().T, label=f"{self.name}^{exponent:g}")

    def __repr__(self) -> str:
        angles = ", ".join(str(p) for p in self.params)
        return f"{type(self).__name__}({self.name}{f'({angles})' if angles else ''})"


def check_dense(num_qubits: int, needed: int | None = None) -> None:
    """Refuse a matrix that no memory holds, or what takes so many bytes.

    Raises:
        InsufficientMemoryError: if the matrix does not fit into free memory.
    """
    needed = _needs.dense_matrix(num_qubits) if needed is None else needed
    check_memory(needed, f"a matrix on {num_qubits} qubits", "run the gate on a state")


def _unitary_eigen(matrix: Matrix) -> tuple[NDArray[np.complex128], Matrix]:
    """Eigenvalues and orthonormal eigenvectors of a unitary, degenerate spaces included."""
    import scipy.linalg

    triangular, vectors = scipy.linalg.schur(matrix, output="complex")
    return np.diag(triangular), vectors


class StandardGate(Gate):
    """A gate that has a record.

    Args:
        record: the record or its name.
        params: its angles in radians, numbers or linear expressions.

    Raises:
        CircuitError: for an unknown name or a wrong number of angles.
        ParameterError: if an angle is no finite real number.
    """

    def __init__(self, record: GateRecord | str, params: Sequence[ParameterValue] = ()) -> None:
        if not isinstance(record, GateRecord):
            record = standard_record(record)
        params = items_of(params, "a gate's angles are a sequence", CircuitError)
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


def standard_gate(record: GateRecord, params: tuple[ParameterValue, ...]) -> StandardGate:
    """The gate of a record at angles that are known to be right."""
    gate = StandardGate.__new__(StandardGate)
    gate.record, gate.name, gate.num_qubits, gate.params = record, record.name, record.num_qubits, params
    return gate


class ControlledGate(Gate):
    """A gate switched on by the value of its first `num_controls` qubits.

    Controls of the gate given join the new ones, so that `base` is never controlled itself.

    Args:
        base: the gate to control.
        num_controls: how many qubits come before those of `base`, at least 1.
        ctrl_state: their value that switches the gate on, the first qubit lowest; all ones by default.

    Raises:
        CircuitError: if there is no control, or they cannot hold `ctrl_state`.
    """

    def __init__(self, base: Gate, num_controls: int, ctrl_state: int | None = None) -> None:
        check_instance(base, Gate, "only gates can be controlled", CircuitError)
        added = check_count(num_controls, "num_controls", 1, MOST_ITEMS)
        highest = (1 << added) - 1
        state = highest if ctrl_state is None else check_count(ctrl_state, "ctrl_state")
        if state > highest:
            raise CircuitError(f"ctrl_state must be 0 to {shown(highest)} for {added} controls, got {shown(state)}")
        self.base, inner, inner_state = base.control_structure()
        self.num_controls = added + inner
        self.ctrl_state = inner_state << added | state
        self.num_qubits = self.base.num_qubits + self.num_controls
        self.params = self.base.params
        prefix = "c" * self.num_controls if self.num_controls < 3 else f"c{self.num_controls}"
        open_controls = "" if self.ctrl_state == (1 << self.num_controls) - 1 else f"_o{shown(self.ctrl_state)}"
        self.name = f"{prefix}{self.base.name}{open_controls}"

    @property
    def is_diagonal(self) -> bool:
        """Whether the controlled gate is diagonal."""
        return self.base.is_diagonal

    def matrix(self) -> Matrix:
        """The unitary; the controls are the lowest qubits."""
        check_dense(self.num_qubits)
        return controlled_matrix(self.base.matrix(), self.num_controls, self.ctrl_state)

    def inverse(self) -> Gate:
        """The controlled inverse."""
        return self.base.inverse().controlled(self.num_controls, self.ctrl_state)

    def generators(self) -> tuple[Matrix, ...]:
        """Generators of the base, projected on the controls' value."""
        check_dense(self.num_qubits)
        return tuple(controlled_generator(g, self.num_controls, self.ctrl_state) for g in self.base.generators())

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
        given = numeric_array(matrix, "a gate's matrix")
        if given.ndim == 2:
            check_memory(_needs.gate_of_matrix(len(given)), f"a matrix of {len(given)} rows", "use fewer qubits")
        array = given.astype(np.complex128)
        self.name = check_instance(label, str, "a gate's label must be a string", CircuitError)
        if (
            array.ndim != 2
            or array.shape[0] != array.shape[1]
            or array.shape[0] & (array.shape[0] - 1)
            or not array.size
        ):
            raise CircuitError(f"a gate's matrix must be square, its side a power of two, got shape {array.shape}")
        if not np.isfinite(array).all():
            raise CircuitError("a gate's matrix must have finite entries, got NaN or infinity")
        with np.errstate(all="ignore"):
            deviation = float(np.abs(array.conj().T @ array - np.eye(len(array))).max())
        if not deviation <= UNITARY_TOLERANCE:
            raise CircuitError(
                f"a gate's matrix must be unitary to {UNITARY_TOLERANCE:g}, got max|U†U - 1| = {deviation:.3g}; "
                "orthonormalise it (scipy.linalg.polar) if that is rounding"
            )
        array.setflags(write=False)
        self._matrix = array
        self.num_qubits = len(array).bit_length() - 1

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
        return array_hash(self._matrix)


def _toggled_dagger(label: str) -> str:
    return label[:-1] if label.endswith("†") else label + "†"


def array_hash(array: NDArray[Any]) -> int:
    """A hash that is equal for equal arrays, those that differ in signs of zeros included."""
    return hash((array + 0).tobytes())
