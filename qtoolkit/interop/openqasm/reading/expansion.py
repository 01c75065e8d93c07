"""Gate calls as gates of a circuit: definitions unrolled, modifiers applied.

A stack of what is still to do takes the place of recursion, so that definitions may build on one another at any depth.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qtoolkit.circuit import (
    STANDARD_GATES,
    Circuit,
    Gate,
    Instruction,
    Operation,
    Parameter,
    ParameterValue,
    StandardGate,
)
from qtoolkit.circuit.tape import are_finite_floats, pack_row
from qtoolkit.errors import ConversionError, QToolkitError
from qtoolkit.interop._phases import add_controlled_phase, global_phase
from qtoolkit.interop.openqasm.reading.budget import Budget
from qtoolkit.interop.openqasm.reading.expressions import Evaluator, Value
from qtoolkit.interop.openqasm.reading.gates import (
    DefinedGate,
    KnownGate,
    Step,
    Target,
    check_count,
    check_qubits,
    known_standard,
)
from qtoolkit.interop.openqasm.reading.statements import Modifier
from qtoolkit.interop.openqasm.reading.tokens import shown

__all__ = ["Applied", "Expander", "applied_modifiers"]

_MAX_POWERS = 30
_MAX_COMPARED_STEPS = 200
_COMPARISON = 20
_MAX_COMPARED_QUBITS = 4
_MAX_ANSWERS = 1000
_ROOT = 300
"""Steps for a root, beside those for each entry of its matrix."""

_ROUNDING = 1e-13
_ANGLE_ROUNDING = 1e-14

Applied = tuple[str, float, int]
"""A modifier's kind, its exponent, and its number of controls."""


@dataclass(slots=True)
class _Task:
    """A call still to unroll.

    Attributes:
        target: the gate.
        angles: their values.
        modifiers: outermost first.
        qubits: controls of the modifiers, then those of the gate.
        inverse: whether the inverse is wanted.
        controls: qubits that switch all of it on, and the value that does so.
        state: that value.
    """

    target: Target
    angles: tuple[Value, ...]
    modifiers: tuple[Applied, ...]
    qubits: tuple[int, ...]
    inverse: bool = False
    controls: tuple[int, ...] = ()
    state: int = 0


@dataclass(slots=True)
class _Body:
    """A call of a definition on its way.

    Attributes:
        call: what is unrolled.
        names: the angles in it.
        steps: those still to do.
    """

    call: _Task
    names: Mapping[str, Value]
    steps: Iterator[Step]


def applied_modifiers(
    modifiers: Sequence[Modifier], evaluator: Evaluator, names: Mapping[str, Any]
) -> tuple[Applied, ...]:
    """Modifiers with numbers in their brackets.

    Raises:
        ConversionError: if a number of controls is no positive integer, or an exponent no number.
    """
    found: list[Applied] = []
    for modifier in modifiers:
        exponent, controls = 1.0, 0
        if modifier.kind == "pow":
            assert modifier.argument is not None  # the parser demands it
            value = evaluator.value(modifier.argument, names)
            if not isinstance(value, int | float) or not math.isfinite(value):
                raise ConversionError(f"an exponent must be a finite number, got {shown(str(value))[1:-1]}")
            exponent = float(value)
        elif modifier.kind != "inv":
            controls = 1
            if modifier.argument is not None:
                controls = evaluator.integer(modifier.argument, names, "a number of controls")
            if controls < 1:
                raise ConversionError(f"a number of controls must be at least 1, got {controls}")
        found.append((modifier.kind, exponent, controls))
    return tuple(found)


def _as_angles(values: Sequence[Value]) -> tuple[Value, ...]:
    """Values as a gate takes them, for which an integer is an angle and divided as such."""
    return tuple([float(value) if isinstance(value, int) else value for value in values])


class Expander:
    """Adds calls to circuits.

    Args:
        evaluator: computes the angles in definitions.
        budget: counts what is unrolled.
        comparing: whether it unrolls definitions to compare them only.

    Attributes:
        comparisons: how often it compared a definition with the gate of its name.
    """

    def __init__(self, evaluator: Evaluator, budget: Budget, *, comparing: bool = False) -> None:
        self._evaluator = evaluator
        self._budget = budget
        self._comparing = comparing
        self.comparisons = 0

    def add(
        self,
        circuit: Circuit,
        target: Target,
        angles: tuple[Value, ...],
        modifiers: tuple[Applied, ...],
        qubits: tuple[int, ...],
        powers: int = 0,
    ) -> None:
        """Add one call.

        Args:
            circuit: what to add to.
            target: the gate.
            angles: their values.
            modifiers: outermost first.
            qubits: of the circuit; controls of the modifiers come first.
            powers: how many roots it stands inside of.

        Raises:
            ConversionError: if numbers of angles or qubits do not fit, or too much is unrolled.
        """
        known = check_count(target, len(angles))
        check_qubits(target, known.num_qubits + sum([controls for _, _, controls in modifiers]), len(qubits))
        if len(set(qubits)) < len(qubits):
            raise ConversionError(f"the qubits of {shown(target.name)} must be distinct, got {qubits[:8]}")
        angles = _as_angles(angles)
        self._budget.spend(len(modifiers))
        stack: list[_Task | _Body] = []
        task = _Task(target, angles, modifiers, qubits)
        if modifiers:
            stack.append(task)
        else:
            self._budget.spend()
            self._start(circuit, known, task, stack)
        while stack:
            item = stack[-1]
            if isinstance(item, _Body):
                self._run_steps(circuit, item, stack)
            else:
                stack.pop()
                self._budget.spend()
                self._unroll(circuit, item, stack, powers)

    def _unroll(self, circuit: Circuit, task: _Task, stack: list[_Task | _Body], powers: int) -> None:
        inverse, controls, state, qubits = task.inverse, task.controls, task.state, task.qubits
        for position, (kind, exponent, count) in enumerate(task.modifiers):
            if kind == "inv":
                inverse = not inverse
            elif kind != "pow":
                if kind == "ctrl":
                    state |= ((1 << count) - 1) << len(controls)
                controls, qubits = controls + qubits[:count], qubits[count:]
            elif abs(exponent) == 1.0:
                inverse ^= exponent < 0
            elif exponent.is_integer():
                repeats = abs(int(exponent))
                self._budget.spend(repeats)
                inverse ^= exponent < 0
                rest = task.modifiers[position + 1 :]
                stack += [_Task(task.target, task.angles, rest, qubits, inverse, controls, state)] * repeats
                return
            else:
                rest = task.modifiers[position + 1 :]
                root = self._power(task.target, task.angles, rest, len(qubits), exponent, powers)
                self._append(circuit, root, qubits, inverse, controls, state)
                return
        target = check_count(task.target, len(task.angles))
        check_qubits(target, target.num_qubits, len(qubits))
        self._start(circuit, target, _Task(target, task.angles, (), qubits, inverse, controls, state), stack)

    def _start(
        self, circuit: Circuit, target: KnownGate | DefinedGate, call: _Task, stack: list[_Task | _Body]
    ) -> None:
        """Add a gate without modifiers, or put its definition on the stack."""
        known = self._equal(target, call.angles) if isinstance(target, DefinedGate) else target
        if known is None:
            assert isinstance(target, DefinedGate)
            steps = reversed(target.steps) if call.inverse else iter(target.steps)
            stack.append(_Body(call, dict(zip(target.angles, call.angles, strict=True)), steps))
        elif call.inverse or call.controls:
            gates = known.build(*call.angles)
            for instruction, places in reversed(gates) if call.inverse else gates:
                placed = tuple([call.qubits[k] for k in places])
                self._append(circuit, instruction, placed, call.inverse, call.controls, call.state)
        else:
            self._add_known(circuit, known, call.qubits, call.angles)

    def _run_steps(self, circuit: Circuit, body: _Body, stack: list[_Task | _Body]) -> None:
        """Run the steps of the body on top of the stack up to the first that is put there itself."""
        call, names, value_of = body.call, body.names, self._evaluator.value
        plain = not call.inverse and not call.controls
        words = circuit.operations.words
        for step in body.steps:
            target = step.target
            if plain and step.numbers is not None and isinstance(target, KnownGate):
                self._budget.spend()
                words.frombytes(pack_row(target.number, *[call.qubits[k] for k in step.qubits], *step.numbers))
                continue
            qubits = tuple([call.qubits[k] for k in step.qubits])
            angles = _as_angles([value_of(code, names) for code in step.arguments])
            if plain and type(target) is KnownGate and target.number >= 0 and not step.modifiers:
                self._budget.spend()
                self._add_known(circuit, target, qubits, angles)
                continue
            modifiers = applied_modifiers(step.modifiers, self._evaluator, names) if step.modifiers else ()
            stack.append(_Task(target, angles, modifiers, qubits, call.inverse, call.controls, call.state))
            return
        stack.pop()

    @staticmethod
    def _add_known(circuit: Circuit, target: KnownGate, qubits: tuple[int, ...], angles: tuple[Value, ...]) -> None:
        if target.number >= 0 and are_finite_floats(angles):
            circuit.operations.append_standard(target.number, qubits, target.before + angles)
            return
        for instruction, places in target.build(*angles):
            circuit.append(instruction, [qubits[k] for k in places])

    def _append(
        self,
        circuit: Circuit,
        instruction: Instruction,
        qubits: tuple[int, ...],
        inverse: bool,
        controls: tuple[int, ...],
        state: int,
    ) -> None:
        if not isinstance(instruction, Gate):
            circuit.append(instruction, qubits)
            return
        gate = instruction.inverse() if inverse else instruction
        if not controls:
            circuit.append(gate, qubits)
        elif gate.num_qubits:
            self._budget.spend(len(controls) // 4)
            circuit.append(gate.controlled(len(controls), state), (*controls, *qubits))
        else:
            add_controlled_phase(circuit, global_phase(gate), controls, state)

    def _power(
        self,
        target: Target,
        angles: tuple[Value, ...],
        modifiers: tuple[Applied, ...],
        num_qubits: int,
        exponent: float,
        powers: int,
    ) -> Gate:
        """A power that is no integer, of the matrix."""
        if powers >= _MAX_POWERS:
            raise ConversionError(f"roots may nest {_MAX_POWERS} deep; define the gate by others")
        if num_qubits > 12:
            raise ConversionError(f"a root is taken of at most 12 qubits, got {num_qubits}; define it by gates")
        self._budget.spend(_ROOT + 8**num_qubits // 100)
        inner = Circuit(num_qubits)
        self.add(inner, target, angles, modifiers, tuple(range(num_qubits)), powers + 1)
        gates = [operation for operation in inner.operations if isinstance(operation.gate, Gate)]
        if len(gates) == 1 and gates[0].qubits == tuple(range(num_qubits)):
            assert isinstance(gates[0].gate, Gate)
            return gates[0].gate.power(exponent)
        self._budget.spend(len(gates) * 4**num_qubits // 100)
        root = inner.power(exponent).operations[0].gate
        assert isinstance(root, Gate)
        return root

    def recognise(self, target: DefinedGate) -> None:
        """Note whether a definition says what a gate of the same name here is."""
        record = STANDARD_GATES.get(target.name)
        if record is None or (record.num_params, record.num_qubits) != (target.num_params, target.num_qubits):
            return
        known = known_standard(target.name, record.name)
        free = tuple(Parameter(f"{position}") for position in range(record.num_params))
        unrolled = self._compared(target, free)
        steps = StandardGate(record, free).decomposition()
        if (
            unrolled is not None
            and steps is not None
            and _same(_flat(unrolled.operations), _flat([Operation(*step) for step in steps]))
        ):
            target.equals = known
        elif 0 < record.num_qubits <= _MAX_COMPARED_QUBITS:
            target.candidate = known

    def _equal(self, target: DefinedGate, angles: tuple[Value, ...]) -> KnownGate | None:
        """The known gate that a definition is at these angles."""
        known = target.candidate
        if known is None:
            return target.equals
        answer = target.answers.get(angles)
        if answer is None:
            self.comparisons += 1
            answer = self._same_matrix(target, known, angles)
            if len(target.answers) < _MAX_ANSWERS:
                target.answers[angles] = answer
        return known if answer else None

    def _same_matrix(self, target: DefinedGate, known: KnownGate, angles: tuple[Value, ...]) -> bool:
        unrolled = self._compared(target, angles)
        if unrolled is None:
            return False
        try:
            return bool(np.abs(unrolled.to_matrix() - known.build(*angles)[0][0].matrix()).max() < _ROUNDING)  # type: ignore[attr-defined]
        except QToolkitError:  # free parameters and what is no gate have no matrix
            return False

    def _compared(self, target: DefinedGate, angles: tuple[Value, ...]) -> Circuit | None:
        """A definition unrolled by itself; None where it cannot be or is too long to compare."""
        circuit = Circuit(target.num_qubits)
        # What is compared inside of a comparison counts for the outer one, else each level would multiply the work.
        budget = self._budget if self._comparing else Budget(_MAX_COMPARED_STEPS)
        expander = Expander(Evaluator(self._evaluator.version, budget), budget, comparing=True)
        plain = DefinedGate(target.name, target.angles, target.num_qubits, target.steps)
        try:
            expander.add(circuit, plain, angles, (), tuple(range(target.num_qubits)), _MAX_POWERS)
        except QToolkitError:  # what is wrong with it shows where it is called
            return None
        finally:
            self._budget.spend(0 if self._comparing else _COMPARISON + 4 * len(circuit))
        return circuit


def _flat(operations: Sequence[Operation]) -> list[Operation]:
    """The operations with every gate that has a decomposition replaced by it, and so on."""
    stack = list(reversed(operations))
    result: list[Operation] = []
    while stack:
        operation = stack.pop()
        steps = operation.gate.decomposition() if isinstance(operation.gate, Gate) else None
        if steps is None:
            result.append(operation)
            continue
        for gate, places in reversed(steps):
            stack.append(Operation(gate, tuple(operation.qubits[k] for k in places)))
    return result


def _same(left: Sequence[Operation], right: Sequence[Operation]) -> bool:
    return len(left) == len(right) and all(
        a.qubits == b.qubits
        and a.gate.name == b.gate.name
        and len(a.gate.params) == len(b.gate.params)
        and all(_same_angle(p, q) for p, q in zip(a.gate.params, b.gate.params, strict=True))
        for a, b in zip(left, right, strict=True)
    )


def _same_angle(left: ParameterValue, right: ParameterValue) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=_ANGLE_ROUNDING, abs_tol=_ANGLE_ROUNDING)
    return left == right
