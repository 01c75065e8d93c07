"""Compile a circuit to an `ExecutionPlan`."""

from __future__ import annotations

from qtoolkit.circuit import Circuit
from qtoolkit.compiler.padded_plan import PaddedPlan
from qtoolkit.compiler.plan import ExecutionPlan
from qtoolkit.compiler.steps import plan_on, used_qubits

__all__ = ["compile_circuit"]


def compile_circuit(circuit: Circuit, used: tuple[int, ...] | None = None) -> ExecutionPlan:
    """Turn a circuit into arrays; parameters may stay free.

    Gates run in the given order. Measurements that nothing follows are set apart, so that all shots of a
    circuit that measures only at its end come from one state.

    Args:
        circuit: what to compile.
        used: its `used_qubits`, if they are known.

    Returns:
        A `PaddedPlan` of a circuit with idle qubits.

    Raises:
        CircuitError: if the circuit has more than 62 qubits in use, or holds an instruction of an unknown kind.
    """
    active = used_qubits(circuit.operations, circuit.num_qubits) if used is None else used
    if len(active) == circuit.num_qubits:
        return plan_on(circuit, active)
    return PaddedPlan(circuit, active or (0,))  # nothing is made for states of no qubit
