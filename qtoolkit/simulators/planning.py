"""Whether a circuit is planned before it runs, and where its plan comes from."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.circuit.details import DETAIL_WIDTH, MATRIX
from qtoolkit.circuit.tape import MEASURE, Tape
from qtoolkit.compiler import ExecutionPlan, Known, compile_circuit, plans, used_qubits
from qtoolkit.errors import InputError
from qtoolkit.simulators.batch.runs import ParameterBatch
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.passes import num_passes
from qtoolkit.simulators.small.once import runner_of, state_once
from qtoolkit.simulators.small.quick import SMALL_QUBITS, program_of_circuit, tape_runner
from qtoolkit.simulators.small.recipes import standard_recipes
from qtoolkit.simulators.values import vector_of
from qtoolkit.simulators.ways import (
    ALWAYS_QUBITS,
    AMPLITUDE,
    ARRAY,
    ENTRY,
    FEW_ENTRIES,
    GIVEN,
    GRADIENT_AMPLITUDE,
    GRADIENT_PLANNING,
    LARGE,
    LEAST_QUBITS,
    LONG,
    MOST_QUBITS,
    MOST_ROWS,
    MOST_VISITS,
    NEGLIGIBLE,
    NEVER,
    PARAMETRISED,
    PLAN,
    PLANNING,
    PRODUCT,
    WHEN_IT_PAYS,
    WITHOUT_RECIPE,
    Way,
)

if TYPE_CHECKING:
    from qtoolkit.simulators.small.program import SmallProgram

__all__ = [
    "FirstRuns", "gradient_unplanned", "measurements_of", "plan_of", "program_unplanned", "state_unplanned",
    "value_unplanned", "way_of",
]  # fmt: skip

FloatArray = NDArray[np.float64]


class FirstRuns(dict[int, Callable[[Tape], StateArray | None]]):
    """By number of qubits, what runs circuits of few gates without parameters; None from it for those that are others.

    A run of four qubits takes less time than `state_unplanned` takes to find out how. The tapes must hold neither
    symbols nor others.

    Args:
        engine: whose precision and registers count.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __missing__(self, num_qubits: int) -> Callable[[Tape], StateArray | None]:
        is_small = num_qubits <= ALWAYS_QUBITS
        run = self[num_qubits] = runner_of(self._engine, num_qubits, False).run if is_small else _nothing
        return run

    def __reduce__(self) -> tuple[type[FirstRuns], tuple[Engine]]:
        """The engine alone: what runs circuits holds memory of this process."""
        return FirstRuns, (self._engine,)


def _nothing(_: Tape) -> None:
    return None


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
    num_qubits, tape = circuit.num_qubits, circuit.operations
    if parameters is None and _is_never_planned(tape, num_qubits) and not circuit.declared and not tape.symbols:
        # As long as this takes, it is most of the time.
        state = runner_of(engine, num_qubits, bool(tape.entries)).run(tape)
        if state is not None:
            return state
    if num_qubits > MOST_QUBITS or _is_long(circuit):
        return None
    if parameters is not None:
        values = vector_of(circuit, parameters)
        if values is None:
            return None
        if num_qubits <= ALWAYS_QUBITS and plans.is_new(circuit):
            state = tape_runner()(engine, num_qubits).state(circuit, values)
            if state is not None:
                return state
        program = program_unplanned(engine, circuit, values)
        return None if program is None else program.state(values)
    if circuit.declared:
        return None
    tape = tape.copy()  # others may add to the circuit meanwhile
    if not _is_never_planned(tape, num_qubits):
        known = plans.of(circuit)
        known.runs += 1
        if known.plan is not None or _is_plan_paid_for(tape, num_qubits, known.runs):
            return None
    return state_once(engine, tape, num_qubits)


def value_unplanned(
    engine: Engine, circuit: Circuit, observable: object, parameters: ParameterValues | ParameterBatch | None
) -> float | None:
    """The expectation value without a plan; None where that is not sooner, or not usual.

    Raises:
        ParameterError: for names that are not the circuit's.
    """
    values = vector_of(circuit, parameters)
    if values is None:
        return None
    if circuit.num_qubits <= ALWAYS_QUBITS and (parameters is None or plans.is_new(circuit)):
        value = tape_runner()(engine, circuit.num_qubits).value(circuit, observable, values)
        if value is not None or parameters is None:
            return value
    program = None if parameters is None else program_unplanned(engine, circuit, values)
    evaluate = None if program is None else program.evaluator(observable, values.shape)
    return None if evaluate is None else evaluate(values)


def gradient_unplanned(
    engine: Engine, circuit: Circuit, observable: object, parameters: ParameterValues | ParameterBatch
) -> tuple[float, FloatArray] | None:
    """The same with the derivatives."""
    values = vector_of(circuit, parameters)
    if values is None:
        return None
    if circuit.num_qubits <= ALWAYS_QUBITS and plans.is_new(circuit):
        found = tape_runner()(engine, circuit.num_qubits).gradient(circuit, observable, values)
        if found is not None:
            return found
    program = program_unplanned(engine, circuit, values, is_gradient=True)
    return None if program is None else program.gradient(observable, values)


def program_unplanned(
    engine: Engine, circuit: Circuit, values: FloatArray, is_gradient: bool = False
) -> SmallProgram | None:
    """What runs a circuit at parameter values, where that is sooner than a plan, and counts this run; else None.

    Args:
        engine: whose precision and registers count.
        circuit: with parameters.
        values: one a parameter; there is no program for another number of them.
        is_gradient: whether its gradient is wanted, not a state or a value.
    """
    num_qubits = circuit.num_qubits
    if num_qubits > MOST_QUBITS or _is_long(circuit):
        return None
    known = plans.of(circuit)
    program = program_of_circuit()(engine, circuit, known)
    if program is None or values.shape != (program.num_parameters,):
        return None
    if num_qubits <= SMALL_QUBITS and not program.is_better_merged:
        return program
    known.runs += 1
    amplitude, planning = (GRADIENT_AMPLITUDE, GRADIENT_PLANNING) if is_gradient else (AMPLITUDE, PLANNING)
    seconds = known.runs * amplitude * (program.num_operations << num_qubits)
    return program if known.plan is None and seconds <= PLAN + planning * len(circuit) else None


def way_of(engine: Engine, circuit: Circuit | ExecutionPlan, plan: ExecutionPlan) -> tuple[Way, float]:
    """How a circuit runs that is given with one vector of values, or none; nothing is run, or counted.

    Args:
        engine: whose precision counts.
        circuit: whatever is run.
        plan: its plan.

    Returns:
        Its way, and how many runs of it, for a state or a value, go without a plan before there is one; infinity where
        all of them do.
    """
    if isinstance(circuit, ExecutionPlan):
        return GIVEN, 0
    num_qubits, tape = circuit.num_qubits, circuit.operations.copy()
    if num_qubits > MOST_QUBITS:
        return LARGE, 0
    if _is_long(circuit):
        return LONG, 0
    if not plan.is_unitary:
        return WITHOUT_RECIPE, 0
    if plan.parameters:
        program = program_of_circuit()(engine, circuit, Known(0))
        if program is None:
            return WITHOUT_RECIPE, 0
        if num_qubits <= SMALL_QUBITS and not program.is_better_merged:
            return PARAMETRISED, math.inf
        seconds = AMPLITUDE * (program.num_operations << num_qubits)
        return WHEN_IT_PAYS, math.inf if not seconds else (PLAN + PLANNING * len(tape)) // seconds
    if not tape.is_told or engine.drifts(standard_recipes().count(tape.rows())):
        return WITHOUT_RECIPE, 0
    if _is_never_planned(tape, num_qubits):
        return NEVER, math.inf
    seconds = _seconds(tape, num_qubits, num_passes(tape, num_qubits))
    return WHEN_IT_PAYS, math.inf if not seconds else _seconds_of_planning(tape) // seconds


def _is_never_planned(tape: Tape, num_qubits: int) -> bool:
    """Whether a plan saves next to nothing of any run without parameters."""
    if num_qubits <= ALWAYS_QUBITS:
        return tape.is_told and len(tape.entries) <= 2 * FEW_ENTRIES
    return num_qubits <= MOST_QUBITS and not tape.others and AMPLITUDE * (len(tape) << num_qubits) <= NEGLIGIBLE


def _is_plan_paid_for(tape: Tape, num_qubits: int, num_runs: int) -> bool:
    """Whether so many runs without a plan take longer than a plan and as many runs with it."""
    planning = _seconds_of_planning(tape)
    # Counting passes takes as long as dozens of them, on few qubits.
    if num_runs * _seconds(tape, num_qubits, len(tape)) <= planning:
        return False
    return num_runs * _seconds(tape, num_qubits, num_passes(tape, num_qubits)) > planning


def _seconds(tape: Tape, num_qubits: int, passes: float) -> float:
    """What a run of so many passes without a plan takes longer than one with it, predicted."""
    seconds = AMPLITUDE * passes * (1 << num_qubits)
    if not tape.entries:
        return seconds
    details = np.array(tape.details).reshape(-1, DETAIL_WIDTH)
    columns = float(np.exp2(details[details[:, 0] == MATRIX, 2]).sum())
    return seconds + PRODUCT * columns * (1 << num_qubits) + ENTRY * len(tape.entries) / 2


def _seconds_of_planning(tape: Tape) -> float:
    return PLAN + PLANNING * len(tape) + ARRAY * len(tape.others)


def _is_long(circuit: Circuit) -> bool:
    """Whether a circuit takes more memory or time than nobody may interrupt."""
    length = len(circuit)
    return length > MOST_ROWS or length << max(circuit.num_qubits, LEAST_QUBITS) > MOST_VISITS


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
    copied = circuit.copy()  # others may add to it meanwhile
    used = used_qubits(copied.operations, copied.num_qubits)
    engine.check_memory(len(used))
    is_known = plans.of(circuit) is known  # so it had not grown when it was copied
    plan = compile_circuit(copied, used)
    plans.keep(copied, plan, known if is_known else None)
    return plan
