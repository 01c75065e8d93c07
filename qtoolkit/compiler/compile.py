"""Compile a circuit to an `ExecutionPlan`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qtoolkit.circuit import Barrier, Circuit, Gate, IfElse, Initialize, Measure, Operation, Reset
from qtoolkit.compiler.encode import ProgramBuilder
from qtoolkit.compiler.plan import BranchStep, ExecutionPlan, InitializeStep, MeasureStep, ResetStep, Step, UnitaryStep
from qtoolkit.errors import CircuitError

__all__ = ["compile_circuit"]

MAX_QUBITS = 62


def compile_circuit(circuit: Circuit) -> ExecutionPlan:
    """Turn a circuit into arrays; parameters may stay free.

    Gates run in the given order. Measurements that nothing follows are set apart, so that all shots of a
    circuit that measures only at its end come from one state.

    Raises:
        CircuitError: if the circuit has more than 62 qubits, or holds an instruction of an unknown kind.
    """
    if circuit.num_qubits > MAX_QUBITS:
        raise CircuitError(
            f"a plan has at most {MAX_QUBITS} qubits (it numbers basis states in 64 bits), got {circuit.num_qubits}; "
            "leave out idle ones"
        )
    parameters = circuit.parameters
    index = {parameter.name: i for i, parameter in enumerate(parameters)}
    body, final = circuit.split_final_measurements()
    steps = _steps(body.operations, index) or (UnitaryStep(ProgramBuilder(index).build()),)
    return ExecutionPlan(
        num_qubits=circuit.num_qubits,
        num_clbits=circuit.num_clbits,
        parameters=parameters,
        clbit_registers=circuit.clbit_registers,
        steps=steps,
        final_measurements=final,
    )


def _steps(operations: Iterable[Operation], parameter_index: Mapping[str, int]) -> tuple[Step, ...]:
    steps: list[Step] = []
    builder = ProgramBuilder(parameter_index)

    def flush() -> None:
        nonlocal builder
        if not builder.is_empty:
            steps.append(UnitaryStep(builder.build()))
            builder = ProgramBuilder(parameter_index)

    for operation in operations:
        gate = operation.gate
        if isinstance(gate, Gate):
            builder.add(gate, operation.qubits)
        elif not isinstance(gate, Barrier):
            flush()
            steps.extend(_special_steps(operation, parameter_index))
    flush()
    return tuple(steps)


def _special_steps(operation: Operation, parameter_index: Mapping[str, int]) -> tuple[Step, ...]:
    gate = operation.gate
    if isinstance(gate, Measure):
        return (MeasureStep(operation.qubits[0], operation.clbits[0]),)
    if isinstance(gate, Reset):
        return (ResetStep(operation.qubits),)
    if isinstance(gate, Initialize):
        return (ResetStep(operation.qubits), InitializeStep(operation.qubits, gate.state_vector))
    if isinstance(gate, IfElse):
        branches = [_steps(branch.operations, parameter_index) for branch in gate.branches]
        otherwise = branches[1] if len(branches) == 2 else ()
        return (BranchStep(gate.condition.clbits, gate.condition.value, branches[0], otherwise),)
    raise CircuitError(
        f"a circuit to run holds gates, measure, reset, initialize, barrier and if, got {gate.name}; write it as those"
    )
