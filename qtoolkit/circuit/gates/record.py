"""What a gate is: one record of data, from which everything else about it is derived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._memory import check_memory
from qtoolkit.circuit.parameter import ParameterValue

__all__ = [
    "GateRecord",
    "Matrix",
    "Step",
    "adjoint",
    "constant",
    "controlled_generator",
    "controlled_matrix",
    "matrix_of",
    "negated_inverse",
    "renamed_inverse",
    "self_inverse",
]

Matrix: TypeAlias = NDArray[np.complex128]
Step: TypeAlias = tuple[str, tuple[ParameterValue, ...], tuple[int, ...]]
"""One gate of a decomposition: name, parameters, positions among the gate's own qubits."""


def matrix_of(rows: list[list[Any]]) -> Matrix:
    """Stack entries, each a number or an array of one common shape ``(...)``, into shape ``(..., d, d)``."""
    dimension = len(rows)
    entries = np.broadcast_arrays(*(np.asarray(entry, dtype=np.complex128) for row in rows for entry in row))
    return np.stack(entries, axis=-1).reshape(*entries[0].shape, dimension, dimension)


def controlled_matrix(base: Matrix, num_controls: int, ctrl_state: int | None = None) -> Matrix:
    """Matrix of a controlled gate; the controls are the lowest qubits.

    Args:
        base: shape ``(..., d, d)``.
        num_controls: number of control qubits.
        ctrl_state: value of the controls that switches the gate on, all ones by default.
    """
    on = (1 << num_controls) - 1 if ctrl_state is None else ctrl_state
    dimension = base.shape[-1] << num_controls
    check_memory(base.itemsize * dimension**2, f"a matrix of {dimension} rows", "use fewer controls")
    result = np.zeros((*base.shape[:-2], dimension, dimension), dtype=np.complex128)
    result[..., range(dimension), range(dimension)] = 1.0
    active = np.arange(base.shape[-1]) << num_controls | on
    result[..., active[:, None], active[None, :]] = base
    return result


def adjoint(matrix: Matrix) -> Matrix:
    """Conjugate transpose of matrices of shape ``(..., d, d)``."""
    return np.conj(np.swapaxes(matrix, -1, -2))


def controlled_generator(base: Matrix, num_controls: int, ctrl_state: int | None = None) -> Matrix:
    """Generator of a controlled gate: that of the gate, projected on the controls' value.

    Args:
        base: shape ``(..., d, d)``.
        num_controls: number of control qubits.
        ctrl_state: value of the controls that switches the gate on, all ones by default.
    """
    idle = controlled_matrix(np.zeros_like(base), num_controls, ctrl_state)
    return controlled_matrix(base, num_controls, ctrl_state) - idle


def _no_generators(*_params: float) -> tuple[Matrix, ...]:
    return ()


@dataclass(frozen=True)
class GateRecord:
    """A gate as data. One test proves every record coherent.

    Matrices index qubits as the state does: the first qubit is the lowest bit.

    Attributes:
        name: the toolkit's name, as in `Circuit.cx`.
        num_qubits: qubits it acts on, controls first.
        parameter_names: names of its angles, in order (radians).
        matrix: angles, each a float or an array of shape ``(...)``, to shape ``(..., d, d)``.
        inverse: angles to the name and angles of the inverse.
        decomposition: angles, symbolic ones included, to simpler gates in time order, exact with
            the global phase; None for the basis ``u, cx, gphase``.
        generators: angles θ, as for `matrix`, to the Hermitian ``G_j`` with ``∂U/∂θ_j = -i G_j U``, one for each angle;
            of shape ``(d, d)`` where no angle matters.
        is_diagonal: whether the matrix is diagonal for every angle.
        base: name of the gate that this one controls.
        num_controls: how many of the qubits are controls.
        qasm2: its name in OpenQASM 2's ``qelib1.inc``, None where that has none.
        qasm3: its name in OpenQASM 3's ``stdgates.inc``, None where that has none.
        symbol: what a drawing shows.
    """

    name: str
    num_qubits: int
    parameter_names: tuple[str, ...]
    matrix: Callable[..., Matrix]
    inverse: Callable[..., tuple[str, tuple[ParameterValue, ...]]]
    decomposition: Callable[..., tuple[Step, ...]] | None = None
    generators: Callable[..., tuple[Matrix, ...]] = _no_generators
    is_diagonal: bool = False
    base: str | None = None
    num_controls: int = 0
    qasm2: str | None = None
    qasm3: str | None = None
    symbol: str = ""

    @property
    def num_params(self) -> int:
        """Number of angles."""
        return len(self.parameter_names)

    def __reduce__(self) -> tuple[Callable[[str], GateRecord], tuple[str]]:
        # The functions of a record cannot be pickled, and its name says everything.
        from qtoolkit.circuit.gates import standard_record

        return standard_record, (self.name,)


def constant(values: ArrayLike) -> Callable[..., Matrix]:
    """A matrix that depends on no angle."""
    matrix = np.array(values, dtype=np.complex128)
    matrix.setflags(write=False)
    return lambda: matrix


def self_inverse(name: str) -> Callable[..., tuple[str, tuple[ParameterValue, ...]]]:
    """The inverse of a gate that is its own."""
    return lambda *params: (name, params)


def renamed_inverse(name: str) -> Callable[..., tuple[str, tuple[ParameterValue, ...]]]:
    """The inverse of a gate whose inverse has a name of its own."""
    return lambda: (name, ())


def negated_inverse(name: str) -> Callable[..., tuple[str, tuple[ParameterValue, ...]]]:
    """The inverse of a gate that all its angles undo when negated."""
    return lambda *params: (name, tuple(-p for p in params))
