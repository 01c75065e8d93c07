"""A circuit with Pauli noise as one without, in which noise flips signs of angles.

A Pauli error moves through a Clifford gate as another Pauli error, and through a rotation ``exp(-i θ P / 2)`` as
itself, the angle's sign flipped if it anticommutes with P. Behind the circuit it flips measured bits. So all shots run
one circuit of Clifford gates and rotations, at angles of two signs, and those of equal signs share a run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Circuit, Gate, Parameter, PauliRotationGate, StandardGate
from qtoolkit.compiler import ChannelStep, ExecutionPlan, MeasureStep, ResetStep, UnitaryStep, compile_circuit
from qtoolkit.simulators.density.transfer import transfer_matrices

__all__ = ["Cleared", "Clifford", "Error", "Flip", "Rotation", "SignedCircuit", "signed_circuit"]

ROUNDING = 1e-12
"""How far a gate may be from Clifford."""


@dataclass(frozen=True)
class Clifford:
    """A gate that moves errors.

    Attributes:
        qubits: one or two.
        sources: for the X of the first qubit, its Z, those of the second: of which of these it is the sum.
    """

    qubits: tuple[int, ...]
    sources: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Rotation:
    """A rotation by a Pauli string, whose angle is the next parameter.

    Attributes:
        x_qubits: those of letters X and Y.
        z_qubits: those of letters Z and Y.
    """

    x_qubits: tuple[int, ...]
    z_qubits: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Error:
    """A Pauli channel.

    Attributes:
        qubits: on which.
        probability: that anything happens.
        weights: of each error if one does.
        x, z: bool of shape ``(errors, len(qubits))``, the letters of each.
    """

    qubits: tuple[int, ...]
    probability: float
    weights: NDArray[np.float64]
    x: NDArray[np.bool_]
    z: NDArray[np.bool_]


@dataclass(frozen=True)
class Flip:
    """A measurement, whose bit an error of X flips."""

    qubit: int
    clbit: int


@dataclass(frozen=True)
class Cleared:
    """Resets, which end errors."""

    qubits: tuple[int, ...]


Event: TypeAlias = Clifford | Rotation | Error | Flip | Cleared


@dataclass(frozen=True, eq=False)
class SignedCircuit:
    """What all shots run, and what noise does to them.

    Attributes:
        plan: of Clifford gates, rotations, measurements and resets; its parameters are the rotations' angles.
        angles: float64 of shape ``(num_rotations,)``, as they are without noise.
        events: what errors meet, in time order.
    """

    plan: ExecutionPlan
    angles: NDArray[np.float64]
    events: tuple[Event, ...]


def signed_circuit(plan: ExecutionPlan, values: NDArray[np.float64]) -> SignedCircuit | None:
    """Write a plan with noise as a circuit whose angles noise flips.

    Args:
        plan: of the circuit, without idle qubits.
        values: of its parameters.

    Returns:
        None where there is another channel than of Pauli errors, a gate that is no product of Clifford gates and
        rotations, or a step that depends on measured bits.
    """
    bound = {parameter.name: float(value) for parameter, value in zip(plan.parameters, values, strict=True)}
    writer = _Writer(plan, bound)
    return writer.signed() if writer.add_steps() else None


class _Writer:
    def __init__(self, plan: ExecutionPlan, bound: Mapping[str, float]) -> None:
        self._plan = plan
        self._bound = bound
        self._circuit = Circuit(plan.num_qubits, max(1, plan.num_clbits))
        self._angles: list[float] = []
        self._events: list[Event] = []

    def signed(self) -> SignedCircuit:
        """What has been written, with the final measurements."""
        plan = compile_circuit(self._circuit, tuple(range(self._plan.num_qubits)))
        return SignedCircuit(plan, np.array(self._angles), tuple(self._events))

    def add_steps(self) -> bool:
        """Write all steps and the final measurements; False if one of them can't be written so."""
        for step in self._plan.steps:
            if isinstance(step, UnitaryStep):
                if not all(self._add(op.gate, op.qubits) for op in step.tape.bound(self._bound)):
                    return False
            elif isinstance(step, ChannelStep):
                if not self._add_channel(step):
                    return False
            elif isinstance(step, MeasureStep):
                self._add_measurement(step.qubit, step.clbit)
            elif isinstance(step, ResetStep):
                self._circuit.reset(step.qubits)
                self._events.append(Cleared(step.qubits))
            else:
                return False
        for qubit, clbit in self._plan.final_measurements:
            self._add_measurement(qubit, clbit)
        return True

    def _add_measurement(self, qubit: int, clbit: int) -> None:
        if qubit < self._plan.num_qubits:  # else it is idle, and always 0
            self._circuit.measure(qubit, clbit)
            self._events.append(Flip(qubit, clbit))

    def _add_channel(self, step: ChannelStep) -> bool:
        probabilities = step.channel.pauli_probabilities
        if probabilities is None:
            return False
        errors = {label: p for label, p in probabilities.items() if p > 0.0 and set(label) != {"I"}}
        if errors:
            letters = np.array([list(reversed(label)) for label in errors])
            weights = np.array(list(errors.values()))
            total = float(weights.sum())
            event = Error(
                step.qubits,
                min(1.0, total),
                weights / total,
                np.isin(letters, ["X", "Y"]),
                np.isin(letters, ["Z", "Y"]),
            )
            self._events.append(event)
        return True

    def _add(self, gate: object, qubits: tuple[int, ...]) -> bool:
        """Write a gate; False if that can't be done."""
        assert isinstance(gate, Gate)
        if not qubits:
            return True  # a global phase
        sources = _sources_of(gate) if len(qubits) <= 2 else None
        if sources is not None:
            self._circuit.append(gate, qubits)
            self._events.append(Clifford(qubits, sources))
            return True
        rotation = _rotation_of(gate)
        if rotation is not None:
            self._rotate(rotation[0], rotation[1], qubits)
            return True
        if len(qubits) == 1:
            for letter, angle in zip("ZYZ", _euler_angles(gate.matrix()), strict=True):
                self._rotate(letter, angle, qubits)
            return True
        parts = gate.decomposition()
        return parts is not None and all(self._add(part, tuple(qubits[k] for k in places)) for part, places in parts)

    def _rotate(self, label: str, angle: float, qubits: tuple[int, ...]) -> None:
        letters = list(zip(qubits, reversed(label), strict=True))
        parameter = Parameter(f"a{len(self._angles)}")
        if len(qubits) == 1:
            {"X": self._circuit.rx, "Y": self._circuit.ry, "Z": self._circuit.rz}[label](parameter, qubits[0])
        else:
            self._circuit.append(PauliRotationGate(label, parameter), qubits)
        self._angles.append(angle)
        x_qubits = tuple(q for q, letter in letters if letter in "XY")
        self._events.append(Rotation(x_qubits, tuple(q for q, letter in letters if letter in "ZY")))


_STRINGS = {"rx": "X", "ry": "Y", "rz": "Z", "p": "Z", "rxx": "XX", "ryy": "YY", "rzz": "ZZ", "rzx": "XZ"}
_EIGHTHS = {"t": math.pi / 4, "tdg": -math.pi / 4}


def _rotation_of(gate: Gate) -> tuple[str, float] | None:
    """The Pauli string and the angle of a rotation, but for a global phase; None of other gates."""
    if isinstance(gate, PauliRotationGate):
        return gate.label, float(gate.params[0])
    if isinstance(gate, StandardGate):
        if gate.name in _STRINGS:
            return _STRINGS[gate.name], float(gate.params[0])
        if gate.name in _EIGHTHS:
            return "Z", _EIGHTHS[gate.name]
    return None


def _euler_angles(matrix: NDArray[np.complex128]) -> tuple[float, float, float]:
    """Angles of the rotations about Z, Y and Z, the first one first, whose product is a matrix but for its phase."""
    special = matrix / np.sqrt(np.linalg.det(matrix))
    total, difference = 2.0 * np.angle(special[1, 1]), 2.0 * np.angle(special[1, 0])
    theta = 2.0 * math.atan2(abs(special[1, 0]), abs(special[1, 1]))
    return float(total - difference) / 2, theta, float(total + difference) / 2


def _sources_of(gate: Gate) -> tuple[tuple[int, ...], ...] | None:
    """How a gate on one qubit or two moves Pauli strings; None if it is not Clifford."""
    if isinstance(gate, StandardGate) and not gate.params:
        return _standard_sources(gate)
    return _sources_of_matrix(gate)


@cache
def _standard_sources(gate: StandardGate) -> tuple[tuple[int, ...], ...] | None:
    return _sources_of_matrix(gate)


def _sources_of_matrix(gate: Gate) -> tuple[tuple[int, ...], ...] | None:
    transfer = np.abs(transfer_matrices(np.asarray(gate.matrix(), np.complex128)[None])[0])
    if np.minimum(transfer, np.abs(transfer - 1.0)).max() > ROUNDING:
        return None
    images = [int(transfer[:, 1 << bit].argmax()) for bit in range(2 * gate.num_qubits)]
    return tuple(tuple(source for source, image in enumerate(images) if image >> bit & 1) for bit in range(len(images)))
