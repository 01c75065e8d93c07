"""Gates as the steps that `qtoolkit_kernels.vector.small.tape` takes: one-qubit factors, Pauli strings, global phases.

The steps of a standard gate hold for all its angles; they are found once in a process. Those of any other operation are
found where it stands.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import (
    STANDARD_GATES,
    Barrier,
    Gate,
    GateRecord,
    Operation,
    Parameter,
    ParameterExpression,
    ParameterValue,
    PauliRotationGate,
    StandardGate,
)
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.details import masks_of
from qtoolkit.circuit.tape import OTHER, gate_numbers
from qtoolkit.compiler.encode import ProgramBuilder
from qtoolkit.compiler.program import Program
from qtoolkit.simulators.small.plan import Product, SmallPlan, small_plan, string_signs
from qtoolkit_kernels.vector.small import prepare
from qtoolkit_kernels.vector.small import tape as kernels

__all__ = ["Recipes", "Symbols", "recipes_with", "standard_recipes"]

FloatArray = NDArray[np.float64]

FEW_ROWS = 256
"""Below, counting steps takes longer than memory for the most that there may be."""

_Step = tuple[list[int], list[float]]


class Recipes(NamedTuple):
    """Recipes by number: first those of `STANDARD_GATES` in their order, then others.

    Attributes:
        arrays: what the kernel takes.
        most_steps: of any recipe.
    """

    arrays: kernels.Recipes
    most_steps: int

    def count(self, rows: FloatArray) -> int:
        """How many steps the rows of a tape have, or somewhat more."""
        if len(rows) < FEW_ROWS:
            return len(rows) * self.most_steps
        numbers = gate_numbers(rows)
        numbers = np.where(numbers == OTHER, len(STANDARD_GATES) + rows[:, 1].astype(np.int64), numbers)
        lengths = np.append(self.arrays.ranges[:, 1] - self.arrays.ranges[:, 0], 1)  # the last is what has details
        return int(lengths[np.minimum(numbers[numbers >= 0], len(lengths) - 1)].sum())

    @classmethod
    def of(cls, found: Sequence[list[_Step] | None]) -> Recipes:
        """Join recipes; None where there is none."""
        joined: list[_Step] = []
        ranges: list[tuple[int, int]] = []
        for recipe in found:
            if recipe is None:
                ranges.append((-1, -1))
                continue
            ranges.append((len(joined), len(joined) + len(recipe)))
            joined += recipe
        steps = np.array([step for step, _ in joined], np.int64).reshape(-1, kernels.STEP_COLUMNS)
        numbers = np.array([number for _, number in joined], np.float64).reshape(-1, kernels.STEP_NUMBERS)
        most_steps = max([last - first for first, last in ranges])
        return cls(kernels.Recipes(np.array(ranges, np.int64), steps, numbers), most_steps)


@cache
def standard_recipes() -> Recipes:
    """Those of the standard gates."""
    return Recipes.of([_standard_recipe(record) for record in STANDARD_GATES.values()])


class Symbols:
    """Angles with free parameters, by number: ``constant + Σ coefficient · parameter``.

    Args:
        angles: of a tape's `symbols`.
        parameter_index: place of each parameter in the vector of values.
    """

    def __init__(self, angles: Sequence[ParameterValue], parameter_index: Mapping[str, int]) -> None:
        self.parameter_index = parameter_index
        self._constants: list[float] = []
        self._starts = [0]
        self._parameters: list[int] = []
        self._coefficients: list[float] = []
        index = parameter_index
        # Most angles are parameters and no more.
        plain = [index[angle.name] for angle in angles if type(angle) is Parameter and angle.name in index]
        self._plain = plain if len(plain) == len(angles) else None
        if self._plain is None:
            for angle in angles:
                if isinstance(angle, ParameterExpression):
                    self.add_expression(angle)
                else:
                    self.add(angle, [])

    def add(self, constant: float, terms: list[tuple[int, float]]) -> int:
        """The number of a new one."""
        if self._plain is not None:
            plain, self._plain = self._plain, None
            for parameter in plain:
                self.add(0.0, [(parameter, 1.0)])
        self._constants.append(constant)
        for parameter, coefficient in terms:
            self._parameters.append(parameter)
            self._coefficients.append(coefficient)
        self._starts.append(len(self._parameters))
        return len(self._constants) - 1

    def add_expression(self, angle: ParameterExpression) -> int:
        """The number of a new one.

        A symbol that no row refers to may have parameters that the circuit has not.
        """
        index = self.parameter_index
        return self.add(angle.constant, [(index[name], c) for name, c in angle.terms.items() if name in index])

    def table(self) -> prepare.Symbols:
        """All of them, as compiled code takes them."""
        if self._plain is not None:
            return prepare.Symbols(_NO_FLOATS, _NO_INTEGERS, np.array(self._plain, np.int64), _NO_FLOATS)
        return prepare.Symbols(
            np.array(self._constants),
            np.array(self._starts, np.int64),
            np.array(self._parameters, np.int64),
            np.array(self._coefficients),
        )


_NO_FLOATS, _NO_INTEGERS = np.zeros(0), np.zeros(0, np.int64)


def recipes_with(others: Iterable[Operation], symbols: Symbols) -> Recipes:
    """Those of the standard gates, and of further operations where they stand.

    Args:
        others: what is no row of numbers; matrices and diagonals, of which there are no derivatives, have no recipe.
        symbols: receives angles of theirs.
    """
    standard = standard_recipes()
    found = [_other_recipe(operation, symbols) for operation in others]
    if not found:
        return standard
    (ranges, steps, numbers), most_steps = standard
    (added_ranges, added_steps, added_numbers), most_added = Recipes.of(found)
    moved = np.where(added_ranges < 0, -1, added_ranges + len(steps))
    arrays = kernels.Recipes(
        np.concatenate([ranges, moved]), np.concatenate([steps, added_steps]), np.concatenate([numbers, added_numbers])
    )
    return Recipes(arrays, max(most_steps, most_added))


def _standard_recipe(record: GateRecord) -> list[_Step] | None:
    names = [str(k) for k in range(record.num_params)]
    gate = StandardGate(record, [Parameter(name) for name in names])
    positions = tuple(range(record.num_qubits))
    for gates in ([(gate, positions)], gate.decomposition() or ()):
        builder = ProgramBuilder({name: k for k, name in enumerate(names)})
        for part, qubits in gates:
            builder.add(part, qubits)
        recipe = _recipe(builder.build(), 1 + record.num_qubits) if gates else None
        if recipe is not None:
            return recipe
    return None


def _other_recipe(operation: Operation, symbols: Symbols) -> list[_Step] | None:
    gate = operation.gate
    kind = type(gate)  # asking for an instance of an abstract class takes half a microsecond
    if kind is Barrier or kind in ANNOTATIONS:
        return []
    if kind is PauliRotationGate and isinstance(gate, PauliRotationGate):
        return _rotation_recipe(gate, operation.qubits, symbols)
    if not isinstance(gate, Gate):
        return None
    builder = ProgramBuilder(symbols.parameter_index)
    builder.add(gate, operation.qubits)
    return _recipe(builder.build(), 0, symbols)


def _rotation_recipe(gate: PauliRotationGate, qubits: tuple[int, ...], symbols: Symbols) -> list[_Step]:
    """A Pauli rotation: a global phase, a factor or a string."""
    (angle,) = gate.params
    symbol, first, second = -1, 0.5, 0.0  # what the angle is multiplied by, and what is added
    if not isinstance(angle, ParameterExpression):
        first, second = math.cos(angle / 2), math.sin(angle / 2)
    else:
        symbol = symbols.add_expression(angle)
    x_mask, z_mask = masks_of(gate, qubits)
    letters = x_mask | z_mask
    if not letters:
        numbers = [-0.5, 0.0] if symbol >= 0 else [first, -second]
        return [_step(kernels.PHASE, symbol, symbol, 0, [], numbers)]
    if not letters & (letters - 1):
        axis = 2 if x_mask and z_mask else (1 if x_mask else 3)
        numbers = [first, second]
        if symbol < 0:
            numbers = [first, 0.0, 0.0, 0.0]
            numbers[axis], axis = second, 0
        return [_step(kernels.FACTOR, symbol, symbol, axis, [letters.bit_length() - 1], numbers)]
    sign, imaginary = string_signs(x_mask, z_mask)
    return [_step(kernels.STRING, symbol, symbol, 0, [x_mask, z_mask, 0, 0, sign, imaginary, -1], [first, second])]


def _recipe(program: Program, first_angle: int, symbols: Symbols | None = None) -> list[_Step] | None:
    plan = small_plan(program)
    return None if plan is None else _Writer(program, plan, first_angle, symbols).recipe()


class _Writer:
    """Writes the steps of a plan whose parameters are operands of a row, from `first_angle` on, or else symbols."""

    def __init__(self, program: Program, plan: SmallPlan, first_angle: int, symbols: Symbols | None) -> None:
        self._plan = plan
        self._symbols = symbols
        self._first_angle = first_angle
        slots = program.slots
        self._constant = slots.constant
        self._terms: dict[int, list[tuple[int, float]]] = {}
        terms = zip(slots.slot.tolist(), slots.parameter.tolist(), slots.coefficient.tolist(), strict=True)
        for slot, parameter, coefficient in terms:
            self._terms.setdefault(slot, []).append((parameter, coefficient))

    def recipe(self) -> list[_Step] | None:
        """The steps; None if an angle depends on several operands."""
        plan = self._plan
        if not self._symbols and any(len(self._terms.get(slot, ())) > 1 for slot, _, _ in plan.slots):
            return None
        found: list[_Step] = []
        for operation in plan.operations:
            if isinstance(operation, Product):
                found += [self._factor(operation.qubit, *factor) for factor in operation.factors]
                continue
            angle, numbers = self._turn(operation.turn)
            masks = [operation.x_mask, operation.z_mask, operation.controls, operation.values]
            signs = [operation.sign, operation.imaginary, operation.inverse]
            found.append(self._step_of(kernels.STRING, angle, 0, [*masks, *signs], numbers))
        turned = plan.turned
        for slot, scale in plan.phases:
            turned *= cmath.rect(1.0, scale * float(self._constant[slot]))
            terms = self._terms.get(slot, [])
            if terms and self._symbols:
                found.append(self._step_of(kernels.PHASE, self._symbols.add(0.0, terms), 0, [], [scale, 0.0]))
                continue
            for parameter, coefficient in terms:
                found.append(self._step_of(kernels.PHASE, parameter, 0, [], [scale * coefficient, 0.0]))
        if turned != 1.0:
            found.append(self._step_of(kernels.PHASE, -1, 0, [], [turned.real, turned.imag]))
        return found

    def _factor(self, qubit: int, axis: int, number: int) -> _Step:
        angle, numbers = -1, [0.0] * 4
        if axis == 0:
            numbers = self._plan.quaternions[number].tolist()
        else:
            angle, turn = self._turn(number)
            if angle >= 0:
                numbers = turn
            else:
                numbers[0], numbers[axis], axis = turn[0], turn[1], 0
        return self._step_of(kernels.FACTOR, angle, axis, [qubit], numbers)

    def _step_of(self, kind: int, angle: int, axis: int, rest: list[int], numbers: list[float]) -> _Step:
        return _step(kind, self._first_angle + angle if angle >= 0 else -1, angle, axis, rest, numbers)

    def _turn(self, turn: int) -> tuple[int, list[float]]:
        """The angle that a turn depends on, and how; -1 and the cosine and sine of one that depends on none."""
        if turn < 0:
            return -1, list(self._plan.constants[-1 - turn])
        slot, scale, offset = self._plan.slots[turn]
        terms = self._terms.get(slot)
        if not terms:
            return -1, [float(np.cos(offset)), float(np.sin(offset))]
        if self._symbols:
            return self._symbols.add(0.0, terms), [scale, offset]
        ((parameter, coefficient),) = terms
        return parameter, [scale * coefficient, offset]


def _step(kind: int, operand: int, place: int, axis: int, rest: list[int], numbers: list[float]) -> _Step:
    columns = [kind, operand, place, axis, *rest]
    return (
        columns + [0] * (kernels.STEP_COLUMNS - len(columns)),
        numbers + [0.0] * (kernels.STEP_NUMBERS - len(numbers)),
    )
