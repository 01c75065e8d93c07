"""Circuits in Braket's dialect of OpenQASM 3: its gate names, its pragma for matrices, measurements at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qtoolkit.backends.braket.verbatim import verbatim_call
from qtoolkit.backends.compiling.basis import preparing_unitary, rotation_angles
from qtoolkit.circuit import Barrier, Circuit, ControlledGate, Gate, Initialize, KrausChannel, Operation, StandardGate
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.errors import ConversionError

__all__ = ["EVERYTHING", "NATIVE_GATES", "WITH_NOISE", "Dialect", "Program", "to_braket_qasm"]

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

_CX = StandardGate("cx")

MAX_CHANNEL_QUBITS = 2

MAX_MATRIX_QUBITS = 6
"""A pragma of 6 qubits takes about a second to parse, and each further qubit four times as long."""


@dataclass(frozen=True)
class Dialect:
    """What a device takes of Braket's dialect.

    Attributes:
        gates: this toolkit's name of a gate to Braket's; the others are decomposed.
        takes_matrices: whether a gate may be given by its matrix; without, such gates become products of gates.
        takes_controls: whether gates may have the modifier ``ctrl``.
        takes_channels: whether channels of one or two qubits may stand among the gates.
        takes_barriers: whether barriers may stand in the text; without, they are left out.
        places: the device's number of each qubit of the circuit; None where the service chooses.
        native: Braket's names of the device's own gates, for a circuit that runs exactly as it stands: other gates are
            then refused; None where the service compiles.
    """

    gates: Mapping[str, str]
    takes_matrices: bool = True
    takes_controls: bool = True
    takes_barriers: bool = True
    takes_channels: bool = False
    places: tuple[int, ...] | None = None
    native: frozenset[str] | None = None

    def targets(self, qubits: Sequence[int]) -> str:
        """Qubits as they are written behind a gate."""
        if self.places is None:
            return ", ".join(f"q[{qubit}]" for qubit in qubits)
        return ", ".join(f"${self.places[qubit]}" for qubit in qubits)


EVERYTHING = Dialect(NATIVE_GATES)
"""The dialect of the state vector on this machine."""

WITH_NOISE = replace(EVERYTHING, takes_channels=True)
"""The dialect of the density matrix on this machine."""


@dataclass(frozen=True)
class Program:
    """A circuit as text, and where its classical bits come from.

    Attributes:
        source: OpenQASM 3, each measured qubit measured once, into the bits of ``b`` by its number.
        measured: qubit and classical bit of each measurement of the circuit, in time order.
    """

    source: str
    measured: tuple[tuple[int, int], ...]

    @property
    def columns(self) -> tuple[int, ...]:
        """The qubit of each bit of ``b``."""
        return tuple(sorted({qubit for qubit, _ in self.measured}))


def to_braket_qasm(circuit: Circuit, dialect: Dialect = EVERYTHING) -> Program:
    """Write a circuit in Braket's dialect.

    Gates that the dialect lacks go as their decomposition, others as a matrix; global phases are left out.

    Args:
        circuit: gates, `initialize` on qubits not used before, measurements at its end; every parameter bound.
        dialect: what the device takes.

    Raises:
        ConversionError: naming what the dialect cannot hold.
        UnboundParameterError: if a parameter has no value.
    """
    circuit.check_bound()
    body, measured = circuit.split_final_measurements()
    qubits = sorted({qubit for qubit, _ in measured})
    lines: list[str] = []
    used: set[int] = set()
    for position, operation in enumerate(body.operations):
        if isinstance(operation.gate, Initialize) and used.intersection(operation.qubits):
            raise ConversionError(f"cannot write initialize at position {position}: its qubits are in use")
        try:
            lines += _statements(operation, dialect)
        except ConversionError as error:
            raise ConversionError(f"cannot write {operation.gate.name!r} at position {position}: {error}") from error
        if not isinstance(operation.gate, Barrier):
            used.update(operation.qubits)
    if dialect.native is not None:
        lines = ["#pragma braket verbatim", "box{", *lines, "}"]
    head = ["OPENQASM 3.0;", f"bit[{len(qubits)}] b;"]
    if dialect.places is None:
        head.insert(1, f"qubit[{circuit.num_qubits}] q;")
    tail = [f"b[{index}] = measure {dialect.targets([qubit])};" for index, qubit in enumerate(qubits)]
    return Program("\n".join([*head, *lines, *tail]) + "\n", measured)


def _statements(operation: Operation, dialect: Dialect) -> Iterator[str]:
    gate, qubits = operation.gate, operation.qubits
    if isinstance(gate, Barrier):
        if dialect.takes_barriers and qubits:
            yield f"barrier {dialect.targets(qubits)};"
    elif isinstance(gate, Initialize):
        yield from _preparation_statements(gate, qubits, dialect)
    elif isinstance(gate, Gate):
        yield from _gate_statements(gate, qubits, dialect)
    elif isinstance(gate, KrausChannel) and dialect.takes_channels:
        if len(qubits) > MAX_CHANNEL_QUBITS:
            raise ConversionError(f"Braket's channels are on at most {MAX_CHANNEL_QUBITS} qubits, got {len(qubits)}")
        matrices = ", ".join(_matrix(operator) for operator in gate.operators)
        yield f"#pragma braket noise kraus({matrices}) {dialect.targets(qubits[::-1])}"
    elif type(gate) not in ANNOTATIONS:
        raise ConversionError("Braket's dialect, as this device takes it, has gates and final measurements only")


def _gate_statements(gate: Gate, qubits: Sequence[int], dialect: Dialect) -> Iterator[str]:
    if gate.num_qubits == 0:
        return
    if dialect.native is not None:
        yield f"{verbatim_call(gate, dialect.native, _call(gate, dialect))} {dialect.targets(qubits)};"
        return
    call = _call(gate, dialect)
    if call is not None:
        yield f"{call} {dialect.targets(qubits)};"
        return
    if isinstance(gate, ControlledGate) and dialect.takes_controls:
        call = _call(gate.base, dialect)
        if call is not None:
            # The SDK's simulator and its to_unitary read mixed ctrl and negctrl in opposite orders.
            flipped = [qubits[k] for k in range(gate.num_controls) if not gate.ctrl_state >> k & 1]
            flips = [f"x {dialect.targets([qubit])};" for qubit in flipped]
            yield from flips
            yield f"ctrl({gate.num_controls}) @ {call} {dialect.targets(qubits)};"
            yield from flips
            return
    steps = gate.decomposition()
    if steps is not None:
        for step, positions in steps:
            yield from _gate_statements(step, [qubits[k] for k in positions], dialect)
        return
    if gate.num_qubits == 1:
        yield from _euler_rotations(gate, qubits[0], dialect)
    elif dialect.takes_matrices:
        yield _matrix_pragma(gate.matrix, qubits, dialect)
    elif gate == _CX:
        raise ConversionError("the device has no gate cnot, of which all others are made")
    else:
        from qtoolkit.interop.openqasm.synthesis import synthesised

        yield from _circuit_statements(synthesised(gate, named_controls=False), qubits, dialect)


def _preparation_statements(gate: Initialize, qubits: Sequence[int], dialect: Dialect) -> Iterator[str]:
    if dialect.native is not None:
        raise ConversionError("what runs exactly as it stands is made of the device's own gates")
    if dialect.takes_matrices:
        yield _matrix_pragma(lambda: preparing_unitary(gate.state_vector), qubits, dialect)
        return
    from qtoolkit.interop.openqasm.synthesis import preparation

    yield from _circuit_statements(preparation(gate.state_vector), qubits, dialect)


def _circuit_statements(circuit: Circuit, qubits: Sequence[int], dialect: Dialect) -> Iterator[str]:
    for operation in circuit.operations:
        assert isinstance(operation.gate, Gate)
        yield from _gate_statements(operation.gate, [qubits[k] for k in operation.qubits], dialect)


def _call(gate: Gate, dialect: Dialect) -> str | None:
    if not isinstance(gate, StandardGate) or gate.name not in dialect.gates:
        return None
    angles = ", ".join(repr(float(angle)) for angle in gate.params)
    return dialect.gates[gate.name] + (f"({angles})" if angles else "")


def _euler_rotations(gate: Gate, qubit: int, dialect: Dialect) -> Iterator[str]:
    """Z, Y and Z rotations, up to a global phase: every Braket device has them, and few take a matrix."""
    if not {"ry", "rz"} <= dialect.gates.keys():
        raise ConversionError("the device has no gates ry and rz, of which all gates of one qubit are made")
    for name, angle in zip(("rz", "ry", "rz"), rotation_angles(gate.matrix()), strict=True):
        yield f"{name}({angle!r}) {dialect.targets([qubit])};"


def _matrix_pragma(matrix: Callable[[], NDArray[np.complex128]], qubits: Sequence[int], dialect: Dialect) -> str:
    if len(qubits) > MAX_MATRIX_QUBITS:
        raise ConversionError(
            f"a gate without a decomposition is written as a matrix of at most {MAX_MATRIX_QUBITS} qubits, "
            f"got {len(qubits)}; build it from smaller gates"
        )
    # Braket takes the first qubit as the highest bit of the matrix index.
    return f"#pragma braket unitary({_matrix(matrix())}) {dialect.targets(qubits[::-1])}"


def _matrix(matrix: NDArray[np.complex128]) -> str:
    return "[" + ", ".join("[" + ", ".join(_complex(entry) for entry in row) + "]" for row in matrix.tolist()) + "]"


def _complex(value: complex) -> str:
    return f"{value.real!r} {'-' if value.imag < 0 else '+'} {abs(value.imag)!r}im"
