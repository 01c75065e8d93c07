"""A noisy circuit as matrices in which every channel has taken its likeliest operator.

Gates and likeliest operators on the same qubits are multiplied together. What is left of a state's squared norm is the
probability that no channel so far has taken another operator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Gate
from qtoolkit.compiler import ChannelStep, ExecutionPlan, Program, UnitaryStep
from qtoolkit.compiler.encode import ProgramBuilder

__all__ = ["GROUPS_A_RUN", "Group", "Part", "Stretches", "stretches_of"]

ComplexArray = NDArray[np.complex128]

GROUPS_A_RUN = 8
"""Run between two looks at the norm; as many are run again where a shot leaves."""

MOST_QUBITS = 2
"""Of a gate or a channel, which larger ones are not multiplied."""


@dataclass(frozen=True, eq=False)
class Part:
    """A gate, or a channel.

    Attributes:
        qubits: of the circuit, the first the lowest bit.
        operators: shape ``(num_operators, 2**k, 2**k)``, the likeliest first; of a gate its matrix alone.
    """

    qubits: tuple[int, ...]
    operators: ComplexArray

    @cached_property
    def program(self) -> Program:
        """The operators as operations, one after another."""
        return _program([(self.qubits, operator) for operator in self.operators])

    @cached_property
    def effects(self) -> ComplexArray:
        """``K†K`` of each operator."""
        return self.operators.conj().swapaxes(1, 2) @ self.operators


@dataclass(frozen=True, eq=False)
class Group:
    """Parts that are multiplied.

    Attributes:
        qubits: ascending.
        parts: in time order.
    """

    qubits: tuple[int, ...]
    parts: list[Part]

    def matrix(self) -> ComplexArray:
        """The product of gates and likeliest operators."""
        product = np.eye(1 << len(self.qubits), dtype=np.complex128)
        for part in self.parts:
            product = _placed(part, self.qubits) @ product
        return product


@dataclass(frozen=True, eq=False)
class Stretches:
    """A circuit of groups.

    Attributes:
        groups: in time order.
        program: their matrices, an operation each, to run some of them one by one.
        runs: every `GROUPS_A_RUN` of them, to run together; none on a single qubit.
    """

    groups: tuple[Group, ...]
    program: Program
    runs: tuple[Program, ...]


def stretches_of(plan: ExecutionPlan, values: NDArray[np.float64]) -> Stretches | None:
    """Group the gates and channels of a plan.

    Args:
        plan: of the circuit, without idle qubits.
        values: of its parameters.

    Returns:
        None where there are other steps, channels on more than two qubits, or gates that cannot be written on two.
    """
    parts = _parts_of(plan, values)
    if parts is None:
        return None
    groups: list[Group] = []
    last: dict[int, Group] = {}
    waiting: dict[int, list[Part]] = {qubit: [] for qubit in range(plan.num_qubits)}
    for part in parts:
        group = last.get(part.qubits[0])
        if len(part.qubits) == 1:
            (waiting[part.qubits[0]] if group is None else group.parts).append(part)
            continue
        first, second = sorted(part.qubits)
        if group is None or group is not last.get(part.qubits[1]):
            group = Group((first, second), waiting[first] + waiting[second])
            waiting[first], waiting[second] = [], []
            groups.append(group)
            last[first] = last[second] = group
        group.parts.append(part)
    groups += [Group((qubit,), alone) for qubit, alone in waiting.items() if alone]
    operators = [(group.qubits, group.matrix()) for group in groups]
    starts = range(0, len(groups) if plan.num_qubits > 1 else 0, GROUPS_A_RUN)
    runs = [_run(operators[first : first + GROUPS_A_RUN], plan.num_qubits) for first in starts]
    return Stretches(tuple(groups), _program(operators), tuple(runs))


def _run(operators: list[tuple[tuple[int, ...], ComplexArray]], num_qubits: int) -> Program:
    """Matrices for sweeps, those on one qubit with another one beside it."""
    builder = ProgramBuilder({})
    for qubits, operator in operators:
        if len(qubits) == 1:
            other = (qubits[0] + 1) % num_qubits
            both: ComplexArray = np.kron(np.eye(2), operator).astype(np.complex128)
            builder.add_operator(both, (qubits[0], other), is_dense=True)
        else:
            builder.add_operator(operator, qubits, is_dense=True)
    return replace(builder.build(), is_unitary=False)


def _parts_of(plan: ExecutionPlan, values: NDArray[np.float64]) -> list[Part] | None:
    bound = {parameter.name: float(value) for parameter, value in zip(plan.parameters, values, strict=True)}
    parts: list[Part] = []
    for step in plan.steps:
        if isinstance(step, ChannelStep) and len(step.qubits) <= MOST_QUBITS:
            parts.append(Part(step.qubits, _likeliest_first(np.array(step.channel.operators))))
        elif isinstance(step, UnitaryStep):
            for operation in step.tape.bound(bound):
                found = list(_small_gates(operation.gate, operation.qubits))
                if None in found:
                    return None
                parts += [part for part in found if part is not None]
        else:
            return None
    return parts


def _small_gates(gate: object, qubits: tuple[int, ...]) -> Iterator[Part | None]:
    """A gate on two qubits at most, or those that make a larger one; None among them where there are none."""
    assert isinstance(gate, Gate)
    if not qubits:
        return  # a global phase
    if len(qubits) <= MOST_QUBITS:
        yield Part(qubits, np.asarray(gate.matrix(), np.complex128)[None])
        return
    parts = gate.decomposition()
    if parts is None:
        yield None
        return
    for part, places in parts:
        yield from _small_gates(part, tuple(qubits[place] for place in places))


def _likeliest_first(operators: ComplexArray) -> ComplexArray:
    weights = np.linalg.norm(operators, axis=(1, 2))
    return operators[np.argsort(-weights, kind="stable")]


def _placed(part: Part, qubits: tuple[int, ...]) -> ComplexArray:
    """The likeliest operator of a part as a matrix on a group's qubits."""
    matrix: ComplexArray = part.operators[0]
    if part.qubits == qubits:
        return matrix
    if len(part.qubits) == 2:
        swapped: ComplexArray = matrix.reshape(2, 2, 2, 2).transpose(1, 0, 3, 2).reshape(4, 4)
        return swapped
    identity = np.eye(2)
    pair = (identity, matrix) if part.qubits[0] == qubits[0] else (matrix, identity)
    return np.kron(*pair).astype(np.complex128)


def _program(operators: list[tuple[tuple[int, ...], ComplexArray]]) -> Program:
    builder = ProgramBuilder({})
    for qubits, operator in operators:
        builder.add_operator(operator, qubits)
    return builder.build()
