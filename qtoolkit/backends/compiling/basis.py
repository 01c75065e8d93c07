"""Circuits in the few gates that a provider's dialect has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import (
    Barrier,
    Circuit,
    Gate,
    IfElse,
    Initialize,
    Instruction,
    Measure,
    Operation,
    Reset,
    StandardGate,
)
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.operation import everything_in
from qtoolkit.errors import ConversionError

__all__ = ["NEEDED", "in_basis", "prepared", "preparing_unitary", "rotation_angles", "written_clbits"]

NEEDED = frozenset({"ry", "rz", "cx"})
"""Gates that a basis must have; every other one is made of them."""


def in_basis(circuit: Circuit, names: Set[str]) -> Circuit:
    """The circuit in gates of these names, with the same qubits, classical bits and registers; global phases are lost.

    Gates that are not among them go as their decompositions; those of one qubit as three rotations, those without a
    decomposition as a synthesis. A preparation on qubits not used before becomes gates, elsewhere resets and gates.
    Detectors and observables are left out.

    Args:
        circuit: every parameter bound.
        names: of standard gates, those of `NEEDED` among them.

    Raises:
        ConversionError: naming an operation that is none of gates, measurements, resets, barriers and conditions, or
            a gate of more than 10 qubits that has no decomposition.
        UnboundParameterError: if a parameter has no value.
    """
    missing = NEEDED - names
    if missing:
        raise ConversionError(f"a basis needs the gates {', '.join(sorted(NEEDED))}, got none named {min(missing)}")
    circuit.check_bound()
    return _lowered(circuit, names, set())


def prepared(circuit: Circuit) -> Circuit:
    """The circuit with gates in place of the states to prepare, and resets before them on qubits that were used.

    Raises:
        ConversionError: for a state of more than 10 qubits.
    """
    return _lowered(circuit, None, set())


def written_clbits(circuit: Circuit) -> set[int]:
    """The classical bits that some measurement writes, under conditions as well."""
    measured = (operation for operation in everything_in(circuit.operations) if isinstance(operation.gate, Measure))
    return {operation.clbits[0] for operation in measured}


def _lowered(circuit: Circuit, names: Set[str] | None, used: set[int]) -> Circuit:
    """The circuit without states to prepare, in gates of these names; any gate stays without."""
    result = Circuit(circuit.num_qubits, name=circuit.name)
    result.num_clbits = circuit.num_clbits
    for register in circuit.clbit_registers:
        result.name_clbits(register.name, register.clbits)
    for position, operation in enumerate(circuit.operations):
        try:
            for gate, qubits, clbits in _steps(operation, names, used):
                result.append(gate, qubits, clbits)
        except ConversionError as error:
            raise ConversionError(f"cannot write {operation.gate.name!r} at position {position}: {error}") from error
        if not isinstance(operation.gate, Barrier):
            used.update(operation.qubits)
    return result


_Step = tuple[Instruction, Sequence[int], Sequence[int]]


def _steps(operation: Operation, names: Set[str] | None, used: set[int]) -> Iterator[_Step]:
    gate, qubits = operation.gate, operation.qubits
    if isinstance(gate, Gate):
        for step, places in _gates(gate, qubits, names):
            yield step, places, ()
    elif isinstance(gate, Initialize):
        from qtoolkit.interop.openqasm.synthesis import preparation

        for qubit in sorted(used.intersection(qubits)):
            yield Reset(), (qubit,), ()
        for item in preparation(gate.state_vector).operations:
            if isinstance(item.gate, Gate) and item.qubits:
                for step, places in _gates(item.gate, [qubits[k] for k in item.qubits], names):
                    yield step, places, ()
    elif isinstance(gate, IfElse):
        # Whether a branch runs is not known, so that a preparation in it resets all of its qubits.
        branches = [_lowered(branch, names, set(range(branch.num_qubits))) for branch in gate.branches]
        branch = IfElse(gate.condition, *branches)
        yield branch, branch.qubits, branch.clbits
    elif isinstance(gate, Measure | Reset | Barrier):
        yield gate, qubits, operation.clbits
    elif type(gate) not in ANNOTATIONS:
        raise ConversionError("a provider's dialect has gates, measurements, resets and conditions")


def _gates(gate: Gate, qubits: Sequence[int], names: Set[str] | None) -> Iterator[tuple[Gate, Sequence[int]]]:
    if names is None:
        yield gate, qubits
        return
    if gate.num_qubits == 0 or (isinstance(gate, StandardGate) and gate.name == "id"):
        return
    if isinstance(gate, StandardGate) and gate.name in names:
        yield gate, qubits
        return
    if gate.num_qubits == 1:
        yield from ((rotation, qubits) for rotation in _rotations(gate))
        return
    steps = gate.decomposition()
    if steps is None:
        from qtoolkit.interop.openqasm.synthesis import synthesised

        found = synthesised(gate, named_controls=False)
        steps = tuple((item.gate, item.qubits) for item in found.operations if isinstance(item.gate, Gate))
    for step, places in steps:
        yield from _gates(step, [qubits[k] for k in places], names)


def _rotations(gate: Gate) -> Iterator[StandardGate]:
    for name, angle in zip(("rz", "ry", "rz"), rotation_angles(gate.matrix()), strict=True):
        if angle:
            yield StandardGate(name, (angle,))


def rotation_angles(matrix: NDArray[np.complex128]) -> tuple[float, float, float]:
    """Angles of the rotations about Z, Y and Z, in the order of time, that equal a gate of one qubit up to a phase.

    Args:
        matrix: unitary, of shape ``(2, 2)``.
    """
    phi = np.angle(matrix[1, 0] * matrix[0, 0].conj())
    # The outer angles' sum is read off the diagonal and their difference off the rest, whichever is not small.
    if abs(matrix[0, 0]) >= abs(matrix[1, 0]):
        lam = np.angle(matrix[1, 1] * matrix[0, 0].conj()) - phi
    else:
        lam = phi - np.angle(-matrix[1, 0] * matrix[0, 1].conj())
    theta = 2.0 * np.arctan2(abs(matrix[1, 0]), abs(matrix[0, 0]))
    return float(lam), float(theta), float(phi)


def preparing_unitary(state_vector: NDArray[np.complex128]) -> NDArray[np.complex128]:
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
