"""Gates as the steps that `qtoolkit_kernels.vector.tape` takes: one-qubit factors, Pauli strings, global phases.

The steps of a standard gate hold for all its angles; they are found once in a process. Those of any other operation are
found where it stands.
"""

from __future__ import annotations

import cmath
from collections.abc import Iterable, Sequence
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
    StandardGate,
)
from qtoolkit.compiler.encode import ProgramBuilder
from qtoolkit.compiler.program import Program
from qtoolkit.simulators.small_plan import Product, SmallPlan, small_plan
from qtoolkit_kernels.vector import tape as kernels

__all__ = ["Recipes", "recipes_with"]

_Step = tuple[list[int], list[float]]


class Recipes(NamedTuple):
    """Recipes by number: first those of `STANDARD_GATES` in their order, then others.

    Attributes:
        recipes: int64[:, 2], the first step of each and the one past the last; -1 where there is none.
        steps, numbers: int64[:, 9] and float64[:, 4].
        most_steps: of any recipe.
    """

    recipes: NDArray[np.int64]
    steps: NDArray[np.int64]
    numbers: NDArray[np.float64]
    most_steps: int

    @classmethod
    def of(cls, found: Sequence[list[_Step] | None]) -> Recipes:
        """Join recipes; None where there is none."""
        lengths = [len(recipe or ()) for recipe in found]
        ends = np.cumsum([0, *lengths])
        recipes = np.column_stack([ends[:-1], ends[1:]])
        recipes[[recipe is None for recipe in found]] = -1
        joined = [step for recipe in found for step in recipe or ()]
        steps = np.array([step for step, _ in joined], np.int64).reshape(-1, kernels.STEP_COLUMNS)
        numbers = np.array([number for _, number in joined], np.float64).reshape(-1, kernels.STEP_NUMBERS)
        return cls(recipes, steps, numbers, max(lengths, default=0))


@cache
def standard_recipes() -> Recipes:
    """Those of the standard gates."""
    return Recipes.of([_standard_recipe(record) for record in STANDARD_GATES.values()])


def recipes_with(others: Iterable[Operation]) -> Recipes:
    """Those of the standard gates, and of further operations where they stand."""
    standard = standard_recipes()
    added = Recipes.of([_other_recipe(operation) for operation in others])
    if not len(added.recipes):
        return standard
    moved = np.where(added.recipes < 0, -1, added.recipes + len(standard.steps))
    return Recipes(
        np.concatenate([standard.recipes, moved]),
        np.concatenate([standard.steps, added.steps]),
        np.concatenate([standard.numbers, added.numbers]),
        max(standard.most_steps, added.most_steps),
    )


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


def _other_recipe(operation: Operation) -> list[_Step] | None:
    gate = operation.gate
    if isinstance(gate, Barrier):
        return []
    if not isinstance(gate, Gate) or gate.expressions:
        return None
    builder = ProgramBuilder({})
    builder.add(gate, operation.qubits)
    return _recipe(builder.build(), 0)


def _recipe(program: Program, first_angle: int) -> list[_Step] | None:
    plan = small_plan(program)
    return None if plan is None else _Writer(program, plan, first_angle).recipe()


class _Writer:
    """Writes the steps of a plan whose parameters are operands of a row, from `first_angle` on."""

    def __init__(self, program: Program, plan: SmallPlan, first_angle: int) -> None:
        self._plan = plan
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
        if any(len(self._terms.get(slot, ())) > 1 for slot, _, _ in plan.slots):
            return None
        found: list[_Step] = []
        for operation in plan.operations:
            if isinstance(operation, Product):
                found += [self._factor(operation.qubit, *factor) for factor in operation.factors]
                continue
            angle, numbers = self._turn(operation.turn)
            masks = [operation.x_mask, operation.z_mask, operation.controls, operation.values]
            found.append(_step(kernels.STRING, angle, 0, masks, numbers, operation.sign, operation.imaginary))
        turned = plan.turned
        for slot, scale in plan.phases:
            turned *= cmath.rect(1.0, scale * float(self._constant[slot]))
            for parameter, coefficient in self._terms.get(slot, ()):
                angle = self._first_angle + parameter
                found.append(_step(kernels.PHASE, angle, 0, [0] * 4, [scale * coefficient, 0.0]))
        if turned != 1.0:
            found.append(_step(kernels.PHASE, -1, 0, [0] * 4, [turned.real, turned.imag]))
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
        return _step(kernels.FACTOR, angle, axis, [qubit, 0, 0, 0], numbers)

    def _turn(self, turn: int) -> tuple[int, list[float]]:
        """The operand that an angle depends on, and how; -1 and the cosine and sine of one that depends on none."""
        if turn < 0:
            return -1, list(self._plan.constants[-1 - turn])
        slot, scale, offset = self._plan.slots[turn]
        terms = self._terms.get(slot)
        if not terms:
            return -1, [float(np.cos(offset)), float(np.sin(offset))]
        ((parameter, coefficient),) = terms
        return self._first_angle + parameter, [scale * coefficient, offset]


def _step(
    kind: int, angle: int, axis: int, masks: list[int], numbers: list[float], sign: int = 0, imaginary: int = 0
) -> _Step:
    return [kind, angle, axis, *masks, sign, imaginary], numbers + [0.0] * (kernels.STEP_NUMBERS - len(numbers))
