"""Qiskit's control flow as chains of this toolkit's conditions, and loops as their rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import qiskit.circuit as qc

from qtoolkit.circuit import Circuit, ClassicalCondition
from qtoolkit.errors import ConversionError
from qtoolkit.interop.qiskit.conditions import AnyOf, case_condition, read_condition

__all__ = ["Block", "add_case", "add_if", "iterations"]

_MAX_ITERATIONS = 100_000

Block = Callable[[Circuit], object]
"""Adds a branch's operations to the circuit it is given."""


def add_if(target: Circuit, condition: Any, clbit_of: Mapping[Any, int], blocks: Sequence[Block]) -> None:
    """Add an if statement of one or two blocks."""
    _add_test(target, read_condition(condition, clbit_of), blocks[0], blocks[1] if len(blocks) > 1 else None)


def add_case(
    target: Circuit, value: Any, clbit_of: Mapping[Any, int], cases: Sequence[tuple[Sequence[Any], Block]]
) -> None:
    """Add a switch statement: the first case whose labels hold `value`, one of which may be the default."""
    if not cases:
        return
    labels, body = cases[0]
    if any(label is qc.CASE_DEFAULT for label in labels):
        body(target)
        return
    rest: Block | None = (lambda branch: add_case(branch, value, clbit_of, cases[1:])) if cases[1:] else None
    _add_test(target, case_condition(value, labels, clbit_of), body, rest)


def _add_test(target: Circuit, test: AnyOf, body: Block | None, else_body: Block | None) -> None:
    if test.negated:
        body, else_body = else_body, body
    _add_chain(target, test.conditions, body, else_body)


def _add_chain(
    target: Circuit, conditions: Sequence[ClassicalCondition], body: Block | None, else_body: Block | None
) -> None:
    """Run `body` when any condition holds: the second is looked at only where the first fails, and so on."""
    if not conditions:
        if else_body is not None:
            else_body(target)
        return
    rest: Block | None = else_body
    if len(conditions) > 1:
        rest = lambda branch: _add_chain(branch, conditions[1:], body, else_body)  # noqa: E731
    target.if_(conditions[0], body or _nothing, rest)


def _nothing(branch: Circuit) -> None:
    """An empty block."""


def iterations(loop: Any) -> Iterator[Any]:
    """The bodies of a for loop's rounds, its variable replaced by each value.

    Raises:
        ConversionError: if its values are not fixed integers or more than 100 000.
    """
    values, variable, body = loop.params
    if not isinstance(values, Iterable):
        raise ConversionError(f"the values of a loop must be fixed, got {values!r}; unroll it")
    rounds = values if isinstance(values, range) else tuple(values)
    if len(rounds) > _MAX_ITERATIONS:
        raise ConversionError(f"a loop is unrolled up to {_MAX_ITERATIONS} rounds, got {len(rounds)}; shorten it")
    for value in rounds:
        free = variable is not None and variable in body.parameters
        yield body.assign_parameters({variable: value}) if free else body
