"""From a circuit's operations to the steps of a plan, on all of its qubits or on some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import (
    STANDARD_GATES,
    Barrier,
    Circuit,
    Decode,
    Gate,
    IfElse,
    Initialize,
    Instruction,
    KrausChannel,
    Measure,
    Operation,
    ParityCondition,
    PauliRotationGate,
    ReadoutError,
    Reset,
    StandardGate,
    UnitaryGate,
)
from qtoolkit.circuit.analysis import split_tail
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.details import DETAIL_WIDTH
from qtoolkit.circuit.tape import OTHER, Tape
from qtoolkit.compiler.plan import (
    BranchStep,
    ChannelStep,
    ClassicalStep,
    DecodeStep,
    ExecutionPlan,
    InitializeStep,
    MeasureStep,
    ReadoutErrorStep,
    ResetStep,
    Step,
    UnitaryStep,
)
from qtoolkit.errors import CircuitError
from qtoolkit_kernels._jit import runner
from qtoolkit_kernels.planner.survey import survey

__all__ = ["final_steps_of", "plan_on", "used_qubits"]

MAX_QUBITS = 62


def used_qubits(operations: Iterable[Operation], num_qubits: int) -> tuple[int, ...]:
    """The qubits that may leave ``|0⟩``, ascending: those of gates, channels and `initialize`, in branches too.

    Measurements, resets, barriers, identities and the letter I of Pauli strings leave a qubit in ``|0⟩`` there.

    Args:
        operations: of a circuit.
        num_qubits: of the circuit; the search ends when all of them are found.
    """
    used: set[int] = set()
    if isinstance(operations, Tape):
        found = np.zeros(num_qubits, np.int64)
        if _survey(operations, found)[0] == num_qubits:
            return tuple(range(num_qubits))
        used.update(np.flatnonzero(found).tolist())
        operations = () if operations.is_told else operations.others
    for operation in operations:
        if len(used) == num_qubits:
            break
        gate = operation.gate
        if isinstance(gate, IfElse):
            for branch in gate.branches:
                used.update(used_qubits(branch.operations, num_qubits))
        elif isinstance(gate, PauliRotationGate):
            letters = zip(operation.qubits, reversed(gate.label), strict=True)
            used.update(qubit for qubit, letter in letters if letter != "I")
        elif operation.qubits and not isinstance(gate, Barrier | Measure | Reset) and not _is_identity(gate):
            used.update(operation.qubits)
    return tuple(sorted(used))


def plan_on(circuit: Circuit, qubits: Sequence[int]) -> ExecutionPlan:
    """The plan of a circuit on some of its qubits, the k-th of which is the plan's qubit k.

    The others must be idle. Their resets are left out; where they are measured, the plan has a qubit that it lacks,
    number ``len(qubits)``, the bit above all bits of its basis states and so always zero.

    Raises:
        CircuitError: for more than 62 qubits, or if the circuit holds an instruction of an unknown kind.
    """
    if len(qubits) > MAX_QUBITS:
        raise CircuitError(
            f"a plan has at most {MAX_QUBITS} qubits (it numbers basis states in 64 bits), got {len(qubits)}; "
            "idle ones count only where all amplitudes are asked for or given"
        )
    places = None
    if len(qubits) < circuit.num_qubits:
        places = [len(qubits)] * circuit.num_qubits
        for place, qubit in enumerate(qubits):
            places[qubit] = place
    parameters = circuit.parameters
    body, final, tail, are_gates = _split(circuit)
    writer = _Writer({parameter.name: i for i, parameter in enumerate(parameters)}, places, len(qubits))
    if are_gates and places is None:
        steps: tuple[Step, ...] = (writer.unitary(body.copy()),)
    else:
        steps = writer.steps(body) or (writer.unitary(Tape()),)
    return ExecutionPlan(
        num_qubits=len(qubits),
        num_clbits=circuit.num_clbits,
        parameters=parameters,
        clbit_registers=circuit.clbit_registers,
        steps=steps,
        final_measurements=tuple([(writer.placed((qubit,))[0], clbit) for qubit, clbit in final]),
        final_steps=final_steps_of(tail),
    )


def final_steps_of(tail: Iterable[Operation]) -> tuple[ClassicalStep, ...]:
    """The steps of readout errors and decoders."""
    return tuple([step for operation in tail for step in (_classical_step(operation),) if step is not None])


def _classical_step(operation: Operation) -> ClassicalStep | None:
    """The step of what is done with classical bits alone; None of all else."""
    gate, clbits = operation.gate, operation.clbits
    if isinstance(gate, ReadoutError):
        return ReadoutErrorStep(gate, clbits)
    if isinstance(gate, Decode):
        return DecodeStep(gate, clbits[: gate.num_in], clbits[gate.num_in :])
    return None


def _split(circuit: Circuit) -> tuple[Tape, tuple[tuple[int, int], ...], tuple[Operation, ...], bool]:
    """What comes before the final measurements, those, what is done with their bits, and whether the first is known to
    be gates alone.
    """
    tape = circuit.operations
    _, measurements, specials, first = _survey(tape, np.zeros(circuit.num_qubits, np.int64))
    if first == len(tape) - measurements:
        if not measurements:
            return tape, (), (), not specials
        before, measured = tape.copy(), tape.rows()[first:, 1:3]
        before.cut(first)
        return before, tuple([(int(qubit), int(clbit)) for qubit, clbit in measured.tolist()]), (), not specials
    body, final, tail = split_tail(tape)
    return Tape(body), final, tail, False


_TOUCHED = np.array([0 if record.name == "id" else record.num_qubits for record in STANDARD_GATES.values()])
"""Qubits of each standard gate that may leave ``|0⟩``."""


def _survey(tape: Tape, used: NDArray[np.int64]) -> tuple[int, int, int, int]:
    """What `qtoolkit_kernels.planner.survey` finds on a tape."""
    rows = tape.rows()
    details = np.array(tape.details).reshape(-1, DETAIL_WIDTH) if tape.others else _NO_DETAILS
    found: tuple[int, int, int, int] = runner(len(rows))(survey, rows, _TOUCHED, details, used)
    return found


_NO_DETAILS = np.zeros((0, DETAIL_WIDTH))


def _is_identity(gate: Instruction) -> bool:
    return isinstance(gate, StandardGate) and gate.name == "id"


def _holds_gates_alone(tape: Tape) -> bool:
    """Whether there is nothing but gates, in rows or, each named by one row, beside them."""
    if not all(issubclass(kind, Gate) for kind in {type(operation.gate) for operation in tape.others}):
        return False
    rows = tape.rows()
    special = rows[rows[:, 0] < 0]
    named = special[:, 0] == OTHER
    return len(special) == len(tape.others) and bool(named.all() and (special[:, 1] == np.arange(len(special))).all())


class _Writer:
    """Writes steps.

    Args:
        parameter_index: number of each parameter.
        places: where each qubit of the circuit goes; None where each stays.
        num_qubits: of the plan; a place of this number is none.
    """

    def __init__(self, parameter_index: Mapping[str, int], places: Sequence[int] | None, num_qubits: int) -> None:
        self._parameter_index = parameter_index
        self._places = places
        self._num_qubits = num_qubits

    def unitary(self, tape: Tape) -> UnitaryStep:
        return UnitaryStep(tape, self._parameter_index)

    def placed(self, qubits: tuple[int, ...]) -> tuple[int, ...]:
        places = self._places
        return qubits if places is None else tuple(places[qubit] for qubit in qubits)

    def steps(self, operations: Tape) -> tuple[Step, ...]:
        if self._places is None and operations and _holds_gates_alone(operations):
            return (self.unitary(operations.copy()),)
        steps: list[Step] = []
        tape = Tape()
        for operation in operations:
            gate = operation.gate
            if isinstance(gate, Gate):
                if self._places is None or not _is_identity(gate):
                    tape.append(Operation(gate, self.placed(operation.qubits)))
            elif isinstance(gate, KrausChannel) and gate.is_unitary:
                tape.append(Operation(UnitaryGate(gate.operators[0], gate.name), self.placed(operation.qubits)))
            elif not isinstance(gate, (Barrier, *ANNOTATIONS)):
                special = self._special(operation)
                if special and tape:
                    steps.append(self.unitary(tape))
                    tape = Tape()
                steps.extend(special)
        if tape:
            steps.append(self.unitary(tape))
        return tuple(steps)

    def _special(self, operation: Operation) -> tuple[Step, ...]:
        gate = operation.gate
        qubits = self.placed(operation.qubits)
        if isinstance(gate, Measure):
            return (MeasureStep(qubits[0], operation.clbits[0]),)
        if isinstance(gate, Reset):
            return (ResetStep(qubits),) if qubits[0] < self._num_qubits else ()
        if isinstance(gate, Initialize):
            return (ResetStep(qubits), InitializeStep(qubits, gate.state_vector))
        if isinstance(gate, IfElse):
            branches = [self.steps(branch.operations) for branch in gate.branches]
            otherwise = branches[1] if len(branches) == 2 else ()
            condition, is_parity = gate.condition, isinstance(gate.condition, ParityCondition)
            return (BranchStep(condition.clbits, condition.value, branches[0], otherwise, is_parity),)
        if isinstance(gate, KrausChannel):
            return (ChannelStep(gate, qubits),)
        step = _classical_step(operation)
        if step is None:
            raise CircuitError(
                f"a circuit to run holds gates, channels, measure, reset, initialize, barrier and if, got {gate.name}; "
                "write it as those"
            )
        return (step,)
