"""The gates that a text can call: built in, included, and defined by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qtoolkit.errors import ConversionError
from qtoolkit.interop.openqasm.reading.bits import loop_values
from qtoolkit.interop.openqasm.reading.budget import Budget, Place, ReadingError
from qtoolkit.interop.openqasm.reading.expansion import Expander
from qtoolkit.interop.openqasm.reading.expressions import Code, Evaluator, Name, Value, substituted
from qtoolkit.interop.openqasm.reading.gates import (
    BUILT_IN,
    DefinedGate,
    Step,
    Target,
    barrier_on,
    check_count,
    check_qubits,
)
from qtoolkit.interop.openqasm.reading.statements import (
    BarrierStatement,
    Call,
    Definition,
    Loop,
    Modifier,
    Operand,
    Statement,
)
from qtoolkit.interop.openqasm.reading.tokens import shown

__all__ = ["Definer"]


class Definer:
    """Keeps the gates by name; what the text defines comes before what it includes.

    Args:
        version: 2 or 3.
        evaluator: computes what stands in loops.
        expander: compares definitions with what this toolkit has.
        budget: counts the steps of definitions.
    """

    def __init__(self, version: int, evaluator: Evaluator, expander: Expander, budget: Budget) -> None:
        self.gates: dict[str, Target] = dict(BUILT_IN[version])
        self._version = version
        self._evaluator = evaluator
        self._expander = expander
        self._budget = budget
        self._own = {"U", "CX"} if version == 2 else {"U", "gphase"}

    def add(self, name: str, target: Target) -> None:
        """Give a name its meaning.

        Raises:
            ConversionError: if the text has defined it before.
        """
        if name in self._own:
            raise ConversionError(f"gate {shown(name)} is already defined; choose another name")
        self._own.add(name)
        self.gates[name] = target

    def target(self, call: Call) -> Target:
        """What a call means where it stands.

        Raises:
            ReadingError: if no gate has this name.
        """
        found = self.gates.get(call.name)
        if found is None:
            kind = "gate " if self._version == 3 else ""
            raise ReadingError(f"{kind}{shown(call.name)} is not defined", call.place)
        return found

    def define(self, definition: Definition) -> None:
        """Add a definition.

        Raises:
            ReadingError: if it does something else than gates on its qubits and angles.
        """
        places = {name: k for k, name in enumerate(definition.qubits)}
        collector = _Collector(self, definition, places)
        collector.add(definition.body, {})
        self.add_gate(DefinedGate(definition.name, tuple(definition.angles), len(places), collector.steps))

    def add_gate(self, gate: DefinedGate) -> None:
        """Give a definition's name its meaning, and note whether it says what a gate here is.

        Raises:
            ConversionError: if the text has defined it before.
        """
        self.add(gate.name, gate)
        self._expander.recognise(gate)

    def loop_values(self, loop: Loop, names: Mapping[str, Value]) -> Sequence[int]:
        """The values of a loop in a definition."""
        return loop_values(loop.values, names, self._evaluator)

    def is_constant(self, name: str) -> bool:
        """Whether a name is one of the version's numbers."""
        return self._evaluator.is_constant(name)

    def spend(self, amount: int) -> None:
        """Count steps."""
        self._budget.spend(amount)


class _Collector:
    """The steps of one definition, loops unrolled."""

    def __init__(self, definer: Definer, definition: Definition, places: Mapping[str, int]) -> None:
        self._definer = definer
        self._definition = definition
        self._places = places
        self._angles = set(definition.angles)
        self.steps: list[Step] = []

    def add(self, statements: Sequence[Statement], names: Mapping[str, Value]) -> None:
        """Add statements, in which the variables of loops have values."""
        for statement in statements:
            self._definer.spend(1)
            if isinstance(statement, Call):
                self._add_call(statement, names)
            elif isinstance(statement, BarrierStatement):
                qubits = tuple(dict.fromkeys(self._place(operand) for operand in statement.operands))
                qubits = qubits or tuple(range(len(self._places)))
                self.steps.append(Step(barrier_on(len(qubits)), [], [], qubits))
            elif isinstance(statement, Loop):
                values = self._definer.loop_values(statement, names)
                self._definer.spend(len(values))
                for value in values:
                    inner = names if statement.variable is None else {**names, statement.variable: value}
                    self.add(statement.body, inner)
            else:
                raise ReadingError("only gates are valid in the definition of a gate", statement.place)

    def _add_call(self, call: Call, names: Mapping[str, Value]) -> None:
        if call.name == self._definition.name:
            raise ReadingError(f"{shown(call.name)} is not defined inside of its own definition", call.place)
        target = self._definer.target(call)
        try:
            needed = check_count(target, len(call.arguments)).num_qubits
            if not call.modifiers:
                check_qubits(target, needed, len(call.operands))
        except ConversionError as error:
            raise ReadingError(str(error), call.place) from error
        arguments = [self._code(code, names, call.place) for code in call.arguments]
        modifiers = [
            Modifier(m.kind, None if m.argument is None else self._code(m.argument, names, call.place))
            for m in call.modifiers
        ]
        qubits = tuple(self._place(operand) for operand in call.operands)
        if len(set(qubits)) < len(qubits):
            raise ReadingError("duplicate qubits in a gate's definition", call.place)
        self.steps.append(Step(target, modifiers, arguments, qubits))

    def _code(self, code: Code, names: Mapping[str, Value], place: Place) -> Code:
        self._definer.spend(len(code) // 8)
        result = substituted(code, names)
        for item in result:
            if type(item) is Name and item not in self._angles and not self._definer.is_constant(item):
                raise ReadingError(f"{shown(item)} is not defined in this gate", place)
        return result

    def _place(self, operand: Operand) -> int:
        if operand.selectors or operand.name not in self._places:
            raise ReadingError(f"{shown(operand.name)} is not defined in this gate", operand.place)
        return self._places[operand.name]
