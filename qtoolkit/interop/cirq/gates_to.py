"""Our gates as Cirq operations, exact, the global phase included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cirq
import numpy as np
import sympy

from qtoolkit.circuit import (
    DiagonalGate,
    Gate,
    ParameterExpression,
    ParameterValue,
    PauliRotationGate,
    PermutationGate,
    StandardGate,
    UnitaryGate,
)
from qtoolkit.errors import ConversionError
from qtoolkit.interop.cirq.parameters import angle_to_cirq, half_turns_to_cirq

__all__ = ["gate_operations"]

_MAX_PERMUTATION_QUBITS = 10

_FIXED: dict[str, Any] = {
    "id": cirq.I,
    "x": cirq.X,
    "y": cirq.Y,
    "z": cirq.Z,
    "h": cirq.H,
    "s": cirq.S,
    "sdg": cirq.S**-1,
    "t": cirq.T,
    "tdg": cirq.T**-1,
    "sx": cirq.X**0.5,
    "sxdg": cirq.X**-0.5,
    "swap": cirq.SWAP,
    "iswap": cirq.ISWAP,
    "cx": cirq.CNOT,
    "cz": cirq.CZ,
    "cs": cirq.CZ**0.5,
    "csdg": cirq.CZ**-0.5,
    "csx": cirq.CNOT**0.5,
    "csxdg": cirq.CNOT**-0.5,
    "ccx": cirq.CCNOT,
    "ccz": cirq.CCZ,
    "cswap": cirq.CSWAP,
}

_ROTATIONS: dict[str, Callable[..., Any]] = {
    "p": lambda lam: cirq.ZPowGate(exponent=half_turns_to_cirq(lam)),
    "cp": lambda lam: cirq.CZPowGate(exponent=half_turns_to_cirq(lam)),
    "rx": lambda theta: cirq.Rx(rads=angle_to_cirq(theta)),
    "ry": lambda theta: cirq.Ry(rads=angle_to_cirq(theta)),
    "rz": lambda theta: cirq.Rz(rads=angle_to_cirq(theta)),
    "rxx": lambda theta: cirq.XXPowGate(exponent=half_turns_to_cirq(theta), global_shift=-0.5),
    "ryy": lambda theta: cirq.YYPowGate(exponent=half_turns_to_cirq(theta), global_shift=-0.5),
    "rzz": lambda theta: cirq.ZZPowGate(exponent=half_turns_to_cirq(theta), global_shift=-0.5),
    "fsim": lambda theta, phi: cirq.FSimGate(angle_to_cirq(theta), angle_to_cirq(phi)),
    "xx_plus_yy": lambda theta, beta: cirq.PhasedISwapPowGate(
        phase_exponent=half_turns_to_cirq(0.5 * beta), exponent=half_turns_to_cirq(-theta)
    ),
}


def gate_operations(gate: Gate, qubits: Sequence[Any]) -> list[Any]:
    """Cirq operations that together equal a gate on Cirq's qubits.

    Raises:
        ConversionError: for a permutation on more than 10 qubits, or a kind of gate without a rule.
    """
    base, num_controls, state = gate.control_structure()
    if isinstance(gate, StandardGate) and gate.name in _FIXED:
        return [_FIXED[gate.name].on(*qubits)]
    if isinstance(gate, StandardGate) and gate.name in _ROTATIONS:
        return [_ROTATIONS[gate.name](*gate.params).on(*qubits)]
    if num_controls:
        controls = qubits[:num_controls]
        values = [state >> k & 1 for k in range(num_controls)]
        inner = gate_operations(base, qubits[num_controls:])
        return [operation.controlled_by(*controls, control_values=values) for operation in inner]
    return _uncontrolled(gate, qubits)


def _uncontrolled(gate: Gate, qubits: Sequence[Any]) -> list[Any]:
    if isinstance(gate, StandardGate) and gate.name == "gphase":
        return [cirq.global_phase_operation(_phase_factor(gate.params[0]))]
    if isinstance(gate, StandardGate) and gate.name == "u":
        theta, phi, lam = gate.params
        steps = (("p", lam), ("ry", theta), ("p", phi))
        return [_ROTATIONS[name](angle).on(*qubits) for name, angle in steps]
    if isinstance(gate, StandardGate) and gate.name == "rzx":
        return _pauli_rotation("XZ", gate.params[0], qubits)
    if isinstance(gate, PauliRotationGate):
        return _pauli_rotation(gate.label, gate.params[0], qubits)
    if isinstance(gate, UnitaryGate):
        name = None if gate.name == "unitary" else gate.name
        return [cirq.MatrixGate(gate.matrix(), name=name).on(*reversed(qubits))]
    if isinstance(gate, DiagonalGate):
        return [cirq.DiagonalGate(np.angle(gate.entries).tolist()).on(*reversed(qubits))]
    if isinstance(gate, PermutationGate):
        if gate.num_qubits > _MAX_PERMUTATION_QUBITS:
            raise ConversionError(
                "Cirq takes a permutation of basis states as a dense matrix, here of at most "
                f"{_MAX_PERMUTATION_QUBITS} qubits, got {gate.num_qubits}; decompose it into gates"
            )
        return [cirq.MatrixGate(gate.matrix(), name="permutation").on(*reversed(qubits))]
    parts = gate.decomposition()
    if parts is None:
        raise ConversionError(f"no rule turns the gate {gate.name} into Cirq's; decompose it into standard gates")
    return [
        operation
        for part, positions in parts
        for operation in gate_operations(part, [qubits[position] for position in positions])
    ]


def _phase_factor(gamma: ParameterValue) -> Any:
    if isinstance(gamma, ParameterExpression):
        return sympy.exp(sympy.I * angle_to_cirq(gamma))
    return complex(np.exp(1j * gamma))


def _pauli_rotation(label: str, theta: ParameterValue, qubits: Sequence[Any]) -> list[Any]:
    """``exp(-iθ/2 P)``, the rightmost letter on the first qubit; idle letters are dropped."""
    active = [(letter, qubit) for letter, qubit in zip(reversed(label), qubits, strict=True) if letter != "I"]
    if not active:
        return [cirq.global_phase_operation(_phase_factor(-0.5 * theta))]
    string = cirq.DensePauliString("".join(letter for letter, _ in active))
    exponent = half_turns_to_cirq(0.5 * theta)
    rotation = cirq.PauliStringPhasorGate(string, exponent_neg=exponent, exponent_pos=-exponent)
    return [rotation.on(*(qubit for _, qubit in active))]
