"""OpenQASM 3 text to Qiskit's circuit, with two things set right before Qiskit's importer sees the program.

The importer (qiskit-qasm3-import 0.6) hands a gate's angles to the parameters of its definition in the alphabetical
order of their names, which is wrong for ``gate f(theta, phi) …``; names that sort as they are declared make it right.
It cannot index qubits by a loop's variable; loops over constant integers are unrolled.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import openqasm3
from openqasm3 import ast
from openqasm3.visitor import QASMTransformer
from qiskit_qasm3_import import convert

__all__ = ["parse"]


_MAX_STATEMENTS = 1_000_000


def parse(text: str) -> Any:
    """The `QuantumCircuit` of a text; raises the parser's own errors."""
    program = openqasm3.parse(text)
    for statement in program.statements:
        if isinstance(statement, ast.QuantumGateDefinition) and statement.arguments:
            _order_angles(statement)
    return convert(_LoopUnroller().visit(program))


def _order_angles(definition: ast.QuantumGateDefinition) -> None:
    renamed: dict[str, str] = {}
    for position, argument in enumerate(definition.arguments):
        renamed[argument.name] = argument.name = f"_{position:06d}_{argument.name}"
    for statement in definition.body:
        _AngleRenamer(renamed).visit(statement)


class _AngleRenamer(QASMTransformer[None]):
    """Renames identifiers in the angles and modifiers of gate statements, not the gates and qubits themselves."""

    def __init__(self, renamed: Mapping[str, str]) -> None:
        self._renamed = renamed

    def visit_QuantumGate(self, node: ast.QuantumGate) -> ast.QuantumGate:  # noqa: N802  # the visitor's protocol
        """Rename in the angles and modifiers."""
        node.arguments = [self.visit(argument) for argument in node.arguments]
        node.modifiers = [self.visit(modifier) for modifier in node.modifiers]
        return node

    def visit_QuantumPhase(self, node: ast.QuantumPhase) -> ast.QuantumPhase:  # noqa: N802
        """Rename in the angle and modifiers."""
        node.argument = self.visit(node.argument)
        node.modifiers = [self.visit(modifier) for modifier in node.modifiers]
        return node

    def visit_Identifier(self, node: ast.Identifier) -> ast.Identifier:  # noqa: N802
        """Rename an angle."""
        node.name = self._renamed.get(node.name, node.name)
        return node


class _LoopUnroller(QASMTransformer[None]):
    """Puts a copy of the block for each value in place of a loop over constant integers."""

    def __init__(self) -> None:
        self._budget = _MAX_STATEMENTS

    def visit_ForInLoop(self, node: ast.ForInLoop) -> Any:  # noqa: N802
        """The statements of all rounds, or the loop as it is when its values are not constants."""
        values = _constant_values(node.set_declaration)
        if values is None:
            return node
        self._budget -= len(values) * len(node.block)
        if self._budget < 0:
            raise ValueError(f"loops unroll to more than {_MAX_STATEMENTS} statements; shorten them")
        rounds: list[Any] = []
        for value in values:
            replacer = _VariableReplacer(node.identifier.name, value)
            for statement in copy.deepcopy(node.block):
                unrolled = self.visit(replacer.visit(statement))
                rounds += unrolled if isinstance(unrolled, list) else [unrolled]
        return rounds


class _VariableReplacer(QASMTransformer[None]):
    """Writes a loop's value in place of its variable."""

    def __init__(self, name: str, value: int) -> None:
        self._name = name
        self._value = value

    def visit_Identifier(self, node: ast.Identifier) -> ast.Expression:  # noqa: N802
        """The value, for the variable."""
        return ast.IntegerLiteral(self._value) if node.name == self._name else node

    def visit_IndexedIdentifier(self, node: ast.IndexedIdentifier) -> ast.IndexedIdentifier:  # noqa: N802
        """Replace in the indices, which lie in nested lists."""
        node.indices = [
            [self.visit(index) for index in group] if isinstance(group, list) else self.visit(group)
            for group in node.indices
        ]
        return node

    def visit_IndexExpression(self, node: ast.IndexExpression) -> ast.IndexExpression:  # noqa: N802
        """Replace in the index, which may be a list."""
        node.collection = self.visit(node.collection)
        index = node.index
        node.index = [self.visit(item) for item in index] if isinstance(index, list) else self.visit(index)
        return node

    def visit_ForInLoop(self, node: ast.ForInLoop) -> ast.ForInLoop:  # noqa: N802
        """Replace in an inner loop, up to where it takes the name for itself."""
        node.set_declaration = self.visit(node.set_declaration)
        if node.identifier.name != self._name:
            node.block = [self.visit(statement) for statement in node.block]
        return node


def _constant_values(values: Any) -> Sequence[int] | None:
    """The integers of a range (its end included) or of a set; None where one is not a literal."""
    if isinstance(values, ast.DiscreteSet):
        items = [_integer(value) for value in values.values]
        return None if None in items else [item for item in items if item is not None]
    if not isinstance(values, ast.RangeDefinition):
        return None
    start, end = _integer(values.start), _integer(values.end)
    step = 1 if values.step is None else _integer(values.step)
    if start is None or end is None or not step:
        return None
    return range(start, end + (1 if step > 0 else -1), step)


def _integer(node: Any) -> int | None:
    if isinstance(node, ast.IntegerLiteral):
        return int(node.value)
    if isinstance(node, ast.UnaryExpression) and node.op is ast.UnaryOperator["-"]:
        value = _integer(node.expression)
        return None if value is None else -value
    return None
