"""Circuits in Braket's dialect of OpenQASM 3: its gate names, its pragma for matrices, measurements at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Barrier, Circuit, ControlledGate, Gate, Initialize, Operation, StandardGate
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.errors import ConversionError

__all__ = ["NATIVE_GATES", "Program", "to_braket_qasm"]

_SAME_NAME = ("x", "y", "z", "h", "s", "t", "rx", "ry", "rz", "swap", "iswap", "cswap", "cy", "cz", "ecr")
_OTHER_NAME = {
    "id": "i",
    "sdg": "si",
    "tdg": "ti",
    "sx": "v",
    "sxdg": "vi",
    "p": "phaseshift",
    "cx": "cnot",
    "cp": "cphaseshift",
    "csx": "cv",
    "ccx": "ccnot",
    "rxx": "xx",
    "ryy": "yy",
    "rzz": "zz",
}
NATIVE_GATES = {name: name for name in _SAME_NAME} | _OTHER_NAME
"""This toolkit's name of a gate to Braket's, for those with the same matrix and angles."""

MAX_MATRIX_QUBITS = 6
"""A pragma of 6 qubits takes about a second to parse, and each further qubit four times as long."""


@dataclass(frozen=True)
class Program:
    """A circuit as text, and where its classical bits come from.

    Attributes:
        source: OpenQASM 3, each measured qubit measured once.
        measured: qubit and classical bit of each measurement of the circuit, in time order.
    """

    source: str
    measured: tuple[tuple[int, int], ...]


def to_braket_qasm(circuit: Circuit) -> Program:
    """Write a circuit in Braket's dialect.

    Gates that Braket lacks go as their decomposition, others as a matrix; global phases are left out.

    Args:
        circuit: gates, `initialize` on qubits not used before, measurements at its end; every parameter bound.

    Raises:
        ConversionError: naming what the dialect cannot hold.
        UnboundParameterError: if a parameter has no value.
    """
    circuit.check_bound()
    body, measured = circuit.split_final_measurements()
    qubits = sorted({qubit for qubit, _ in measured})
    lines = ["OPENQASM 3.0;", f"qubit[{circuit.num_qubits}] q;", f"bit[{len(qubits)}] b;"]
    used: set[int] = set()
    for position, operation in enumerate(body.operations):
        if isinstance(operation.gate, Initialize) and used.intersection(operation.qubits):
            raise ConversionError(f"cannot write initialize at position {position}: its qubits are in use")
        try:
            lines += _statements(operation)
        except ConversionError as error:
            raise ConversionError(f"cannot write {operation.gate.name!r} at position {position}: {error}") from error
        if not isinstance(operation.gate, Barrier):
            used.update(operation.qubits)
    lines += [f"b[{index}] = measure q[{qubit}];" for index, qubit in enumerate(qubits)]
    return Program("\n".join(lines) + "\n", measured)


def _statements(operation: Operation) -> Iterator[str]:
    gate, qubits = operation.gate, operation.qubits
    if isinstance(gate, Barrier):
        yield f"barrier {_targets(qubits)};"
    elif isinstance(gate, Initialize):
        yield _matrix_pragma(lambda: _preparation(gate.state_vector), qubits)
    elif isinstance(gate, Gate):
        yield from _gate_statements(gate, qubits)
    elif type(gate) not in ANNOTATIONS:
        raise ConversionError("Braket's dialect, as written here, has gates and final measurements only")


def _gate_statements(gate: Gate, qubits: Sequence[int]) -> Iterator[str]:
    if gate.num_qubits == 0:
        return
    call = _native_call(gate)
    if call is not None:
        yield f"{call} {_targets(qubits)};"
        return
    if isinstance(gate, ControlledGate):
        call = _native_call(gate.base)
        if call is not None:
            # The SDK's simulator and its to_unitary read mixed ctrl and negctrl in opposite orders.
            flips = [f"x q[{qubits[k]}];" for k in range(gate.num_controls) if not gate.ctrl_state >> k & 1]
            yield from flips
            yield f"ctrl({gate.num_controls}) @ {call} {_targets(qubits)};"
            yield from flips
            return
    steps = gate.decomposition()
    if steps is not None:
        for step, positions in steps:
            yield from _gate_statements(step, [qubits[k] for k in positions])
        return
    if gate.num_qubits == 1:
        yield from _euler_rotations(gate, qubits[0])
        return
    yield _matrix_pragma(gate.matrix, qubits)


def _native_call(gate: Gate) -> str | None:
    if not isinstance(gate, StandardGate) or gate.name not in NATIVE_GATES:
        return None
    angles = ", ".join(repr(float(angle)) for angle in gate.params)
    return NATIVE_GATES[gate.name] + (f"({angles})" if angles else "")


def _euler_rotations(gate: Gate, qubit: int) -> Iterator[str]:
    """Z, Y and Z rotations, up to a global phase: every Braket device has them, and few take a matrix."""
    matrix = gate.matrix()
    phi = np.angle(matrix[1, 0] * matrix[0, 0].conj())
    # The outer angles' sum is read off the diagonal and their difference off the rest, whichever is not small.
    if abs(matrix[0, 0]) >= abs(matrix[1, 0]):
        lam = np.angle(matrix[1, 1] * matrix[0, 0].conj()) - phi
    else:
        lam = phi - np.angle(-matrix[1, 0] * matrix[0, 1].conj())
    theta = 2.0 * np.arctan2(abs(matrix[1, 0]), abs(matrix[0, 0]))
    for name, angle in (("rz", lam), ("ry", theta), ("rz", phi)):
        yield f"{name}({float(angle)!r}) q[{qubit}];"


def _matrix_pragma(matrix: Callable[[], NDArray[np.complex128]], qubits: Sequence[int]) -> str:
    if len(qubits) > MAX_MATRIX_QUBITS:
        raise ConversionError(
            f"a gate without a decomposition is written as a matrix of at most {MAX_MATRIX_QUBITS} qubits, "
            f"got {len(qubits)}; build it from smaller gates"
        )
    rows = ", ".join("[" + ", ".join(_complex(entry) for entry in row) + "]" for row in matrix().tolist())
    # Braket takes the first qubit as the highest bit of the matrix index.
    return f"#pragma braket unitary([{rows}]) {_targets(qubits[::-1])}"


def _complex(value: complex) -> str:
    return f"{value.real!r} {'-' if value.imag < 0 else '+'} {abs(value.imag)!r}im"


def _targets(qubits: Sequence[int]) -> str:
    return ", ".join(f"q[{qubit}]" for qubit in qubits)


def _preparation(state_vector: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """A unitary whose first column is the state: a phase times a Householder reflection."""
    phase = complex(np.exp(1j * np.angle(state_vector[0])))
    normal = state_vector / phase
    normal[0] -= 1.0
    size = float(np.vdot(normal, normal).real)
    unitary = np.eye(len(normal), dtype=np.complex128)
    if size > 0.0:
        unitary -= 2.0 / size * np.outer(normal, normal.conj())
    unitary *= phase
    return unitary
