"""From qtoolkit's circuits and operators to what crosses over to the simulators' processes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from peers.portable import Gate, PauliTerms, PortableCircuit
from qtoolkit import Circuit, PauliSum
from qtoolkit.circuit import Gate as CircuitGate
from qtoolkit.circuit import ParameterExpression, PauliRotationGate, UnitaryGate

__all__ = ["portable_circuit", "portable_terms"]

_PLAIN = {"x", "h", "z", "ry", "rx", "rz", "p", "cx", "cz", "cp", "swap", "rxx", "ryy", "rzz"}


def portable_circuit(circuit: Circuit, parameters: Sequence[float] = ()) -> PortableCircuit:
    """A circuit with its parameters bound, which remembers how the angles follow from them.

    Raises:
        ValueError: if a gate has no portable form, or an angle is more than a multiple of one parameter.
    """
    slots = {parameter.name: slot for slot, parameter in enumerate(circuit.parameters)}
    gates = tuple(_gate(operation.gate, operation.qubits, slots, parameters) for operation in circuit.operations)
    return PortableCircuit(circuit.num_qubits, gates, tuple(float(value) for value in parameters))


def _gate(gate: object, qubits: tuple[int, ...], slots: dict[str, int], parameters: Sequence[float]) -> Gate:
    if not isinstance(gate, CircuitGate):
        raise ValueError(f"the benchmark's circuits hold gates alone, got {gate!r}")
    angle, slot, factor = _angle(gate.params[0] if gate.params else 0.0, slots, parameters)
    if gate.name in _PLAIN:
        return Gate(gate.name, qubits, angle, slot=slot, factor=factor)
    if isinstance(gate, PauliRotationGate):
        return Gate("pauli", qubits, angle, letters=gate.label[::-1], slot=slot, factor=factor)
    if isinstance(gate, UnitaryGate) and gate.num_qubits == 2:
        return Gate("matrix2", qubits, matrix=np.array(gate.matrix()))
    base, controls, state = gate.control_structure()
    if base.name == "z" and controls and state == (1 << controls) - 1:
        return Gate("mcz", qubits)
    raise ValueError(f"the gate {gate.name} has no portable form; add one to peers.portable and to every rival")


def _angle(value: object, slots: dict[str, int], parameters: Sequence[float]) -> tuple[float, int, float]:
    if not isinstance(value, ParameterExpression):
        return float(value), -1, 0.0  # type: ignore[arg-type]
    if len(value.terms) != 1 or value.constant:
        raise ValueError(f"an angle here is a multiple of one parameter, got {value}")
    ((name, factor),) = value.terms.items()
    return factor * float(parameters[slots[name]]), slots[name], factor


def portable_terms(operator: PauliSum) -> PauliTerms:
    """A real Pauli sum as plain numbers."""
    merged = operator.simplify(0.0)
    return PauliTerms(
        merged.num_qubits,
        tuple(merged.x_masks.tolist()),
        tuple(merged.z_masks.tolist()),
        tuple(merged.coefficients.real.tolist()),
    )
