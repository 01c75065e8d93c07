"""Whether a circuit is planned before it runs, and where its plan comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit.circuit import Circuit, ParameterValues, UnitaryGate
from qtoolkit.circuit.parameter import resolve_values
from qtoolkit.circuit.tape import MEASURE
from qtoolkit.compiler import ExecutionPlan, compile_circuit, plans, used_qubits
from qtoolkit.errors import InputError
from qtoolkit.simulators.batch.runs import ParameterBatch
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.small.once import state_of_gates, state_once
from qtoolkit.simulators.small.quick import SMALL_QUBITS

__all__ = ["measurements_of", "plan_of", "state_unplanned", "unplanned_qubits"]

ALWAYS_QUBITS = 9
"""Up to this size no plan is faster by more than some microseconds."""

MOST_QUBITS = 16
"""From here on a plan pays at once."""

PLAN, PLANNING, BINDING, RECIPE, AMPLITUDE = 0.3e-3, 1.2e-6, 5e-6, 25e-6, 0.1e-9
"""Seconds for a plan, and for each of its gates; what it takes longer without one to give a gate values, or a recipe of
its own; and an amplitude, for each gate.
"""

MOST_ROWS, MOST_VISITS, LEAST_QUBITS = 1 << 17, 1 << 30, 10
"""Operations, and these times amplitudes, of a run that cannot be interrupted: a tenth of a second or some; and the
number of qubits from which on amplitudes are what takes time.
"""

GRADIENT_PLANNING, GRADIENT_AMPLITUDE = 50e-6, 1e-9
"""The same for a gate and an amplitude of a gradient."""


def state_unplanned(
    engine: Engine, circuit: Circuit | ExecutionPlan, parameters: ParameterValues | ParameterBatch | None
) -> StateArray | None:
    """The state before the final measurements, where that is there sooner without a plan; else None.

    A circuit that is run again and again is planned when its runs so far would have paid for that, so that no number of
    runs takes more than twice as long as it might.

    Raises:
        ParameterError: for values that are not the circuit's.
    """
    if type(circuit) is not Circuit:
        return None
    num_qubits = circuit.num_qubits
    if num_qubits > MOST_QUBITS or (parameters is not None and not _is_one_vector(parameters)) or _is_long(circuit):
        return None
    tape = circuit.operations
    words = tape.words[:]
    if parameters is None and num_qubits <= ALWAYS_QUBITS and not tape.symbols and not tape.others:
        # As long as this takes, it is most of the time.
        return None if circuit.version[-1] else state_of_gates(engine, words, num_qubits)
    if any(type(operation.gate) is UnitaryGate and len(operation.qubits) > 1 for operation in tape.others):
        return None  # which has no recipe
    tape = tape.copy()  # others may add to the circuit meanwhile
    seconds = AMPLITUDE * (len(tape) << num_qubits) + BINDING * len(tape.symbols) + RECIPE * len(tape.others)
    if num_qubits > ALWAYS_QUBITS or tape.symbols or tape.others:
        known = plans.of(circuit)
        known.runs += 1
        if known.plan is not None or known.runs * seconds > PLAN + PLANNING * len(tape):
            return None
    if parameters is not None:
        free = circuit.parameters
        values = resolve_values(free, cast(ParameterValues, parameters))
        if len(values) < len(free):
            return None
        tape = tape.bound(values)
    elif circuit.version[-1]:
        return None
    return state_once(engine, tape, num_qubits)


def unplanned_qubits(circuit: Circuit | ExecutionPlan) -> int:
    """Up to how many qubits a gradient of the circuit is there sooner without sweeps, counting this one."""
    if isinstance(circuit, ExecutionPlan) or _is_long(circuit):
        return SMALL_QUBITS
    known = plans.of(circuit)
    known.runs += 1
    has_paid = known.runs * GRADIENT_AMPLITUDE * (1 << circuit.num_qubits) > GRADIENT_PLANNING
    return SMALL_QUBITS if has_paid else MOST_QUBITS


def _is_long(circuit: Circuit) -> bool:
    """Whether a circuit takes more memory or time than nobody may interrupt."""
    length = len(circuit)
    return length > MOST_ROWS or length << max(circuit.num_qubits, LEAST_QUBITS) > MOST_VISITS


def _is_one_vector(parameters: object) -> bool:
    """Whether these are certainly no batch."""
    return isinstance(parameters, Mapping) or (isinstance(parameters, np.ndarray) and parameters.ndim == 1)


def measurements_of(circuit: Circuit | ExecutionPlan) -> ExecutionPlan:
    """A plan of the final measurements alone, of a circuit in which there are no others."""
    if isinstance(circuit, ExecutionPlan):
        return circuit
    tape = circuit.operations
    rows = tape.rows()
    measured = rows[rows[:, 0] == MEASURE, 1:3].astype(np.int64)
    final = tuple(zip(*measured.T.tolist(), strict=True)) if len(measured) else ()
    return ExecutionPlan(circuit.num_qubits, circuit.num_clbits, (), circuit.clbit_registers, (), final)


def plan_of(engine: Engine, circuit: Circuit | ExecutionPlan) -> ExecutionPlan:
    """The plan of a circuit, from the cache if it is there; a plan is its own.

    Raises:
        InputError: for anything else.
        InsufficientMemoryError: if the state of the qubits that it uses does not fit into free memory.
    """
    if isinstance(circuit, ExecutionPlan):
        return circuit
    if not isinstance(circuit, Circuit):
        raise InputError(f"a simulator takes a Circuit or what compile made of one, got {shown(circuit)}")
    known = plans.of(circuit)
    if known.plan is not None:
        return known.plan
    circuit = circuit.copy()  # others may add to it meanwhile
    used = used_qubits(circuit.operations, circuit.num_qubits)
    engine.check_memory(len(used))
    plan = compile_circuit(circuit, used)
    plans.keep(circuit, plan)
    return plan
