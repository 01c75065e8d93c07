"""Classical conditions: Qiskit's tuples and expressions to and from equalities of bits.

A condition of this toolkit compares some bits with a value. Any expression over few bits becomes a list
of them by its truth table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import qiskit.circuit as qc
from qiskit.circuit.classical import expr, types

from qtoolkit.circuit import ClassicalCondition, ClassicalRegister, Condition, ParityCondition
from qtoolkit.errors import ConversionError

__all__ = ["AnyOf", "case_condition", "read_condition", "write_condition"]

_MAX_TABLE_BITS = 10
_MAX_CONDITIONS = 64


@dataclass(frozen=True)
class AnyOf:
    """True when one of the conditions holds; when `negated`, when none does."""

    conditions: tuple[ClassicalCondition, ...]
    negated: bool = False


_Literals = dict[Any, bool]


def read_condition(condition: Any, clbits: Mapping[Any, int]) -> AnyOf:
    """Convert the condition of an if statement.

    Args:
        condition: ``(Clbit, value)``, ``(ClassicalRegister, value)`` or an expression.
        clbits: index of each of Qiskit's classical bits.

    Raises:
        ConversionError: if it uses classical variables, or is no equality and uses more than 10 bits.
    """
    if isinstance(condition, tuple):
        target, value = condition
        return AnyOf(_as_conditions(_equality(target, int(value)), clbits))
    if not isinstance(condition, expr.Expr):
        raise ConversionError(f"a condition must be a bit, a register's value or an expression, got {condition!r}")
    if isinstance(condition, expr.Unary) and condition.op == expr.Unary.Op.LOGIC_NOT:
        inner = read_condition(condition.operand, clbits)
        return AnyOf(inner.conditions, not inner.negated)
    if isinstance(condition, expr.Binary) and condition.op == expr.Binary.Op.NOT_EQUAL:
        literals = _literals(expr.equal(condition.left, condition.right))
        if literals is not None:
            return AnyOf(_as_conditions(literals, clbits), negated=True)
    literals = _literals(condition)
    if literals is not None:
        return AnyOf(_as_conditions(literals, clbits))
    odd = _odd_bits(condition)
    if odd is not None and len(odd) > 1:
        return AnyOf((ParityCondition(tuple(_index(bit, clbits) for bit in odd), 1),))
    return _by_truth_table(condition, clbits)


def case_condition(target: Any, labels: Sequence[Any], clbits: Mapping[Any, int]) -> AnyOf:
    """The condition under which a switch statement takes the case with these labels."""
    if isinstance(target, qc.Clbit | qc.ClassicalRegister):
        found = [c for label in labels for c in _as_conditions(_equality(target, int(label)), clbits)]
        return AnyOf(tuple(found))
    tests = [expr.equal(target, expr.lift(label, target.type)) for label in labels]
    combined = tests[0]
    for test in tests[1:]:
        combined = expr.logic_or(combined, test)
    return read_condition(combined, clbits)


def _equality(target: Any, value: int) -> _Literals | None:
    """The bits' values under which `target` equals `value`; an empty clash where it never does."""
    bits = [target] if isinstance(target, qc.Clbit) else list(target)
    if not 0 <= value < 1 << len(bits):
        return None
    return {bit: bool(value >> k & 1) for k, bit in enumerate(bits)}


def _as_conditions(literals: _Literals | None, clbits: Mapping[Any, int]) -> tuple[Condition, ...]:
    """No condition where the literals cannot all hold."""
    if literals is None:
        return ()
    indices = tuple(_index(bit, clbits) for bit in literals)
    return (Condition(indices, sum(1 << k for k, value in enumerate(literals.values()) if value)),)


def _index(bit: Any, clbits: Mapping[Any, int]) -> int:
    if bit not in clbits:
        raise ConversionError(f"a condition reads bits of its circuit, got {bit!r}, which is not among them")
    return clbits[bit]


def _literals(node: Any) -> _Literals | None:
    """The bits' values of a conjunction of bits, negated bits and equalities; None where `node` is another form."""
    if isinstance(node, expr.Var) and isinstance(node.var, qc.Clbit):
        return {node.var: True}
    if isinstance(node, expr.Cast) and node.operand.type == node.type:
        return _literals(node.operand)
    if isinstance(node, expr.Unary) and node.op in (expr.Unary.Op.LOGIC_NOT, expr.Unary.Op.BIT_NOT):
        operand = node.operand
        if isinstance(operand, expr.Var) and isinstance(operand.var, qc.Clbit):
            return {operand.var: False}
        return None
    if not isinstance(node, expr.Binary):
        return None
    if node.op == expr.Binary.Op.EQUAL:
        for variable, value in ((node.left, node.right), (node.right, node.left)):
            variable = variable.operand if isinstance(variable, expr.Cast) else variable
            if (
                isinstance(variable, expr.Var)
                and isinstance(variable.var, qc.Clbit | qc.ClassicalRegister)
                and isinstance(value, expr.Value)
            ):
                return _equality(variable.var, int(value.value))
        return None
    boolean_and = node.op == expr.Binary.Op.BIT_AND and node.type.kind is types.Bool
    if node.op == expr.Binary.Op.LOGIC_AND or boolean_and:
        left, right = _literals(node.left), _literals(node.right)
        if left is None or right is None or any(right.get(bit, value) != value for bit, value in left.items()):
            return None
        return {**left, **right}
    return None


def _odd_bits(node: Any) -> set[Any] | None:
    """The bits of which an odd number must be 1, where `node` is an exclusive or of bits; else None."""
    if isinstance(node, expr.Var) and isinstance(node.var, qc.Clbit):
        return {node.var}
    if isinstance(node, expr.Binary) and node.op == expr.Binary.Op.BIT_XOR and node.type.kind is types.Bool:
        left, right = _odd_bits(node.left), _odd_bits(node.right)
        return None if left is None or right is None else left ^ right
    return None


def _by_truth_table(condition: Any, clbits: Mapping[Any, int]) -> AnyOf:
    bits: dict[Any, None] = {}
    for variable in expr.iter_vars(condition):
        if variable.standalone:
            raise ConversionError(
                f"conditions read measured bits, got the classical variable {variable.name!r}; use a register's bits"
            )
        for bit in [variable.var] if isinstance(variable.var, qc.Clbit) else variable.var:
            bits.setdefault(bit)
    if len(bits) > _MAX_TABLE_BITS:
        raise ConversionError(
            f"a condition that is no equality may read at most {_MAX_TABLE_BITS} bits, got {len(bits)}; "
            "split it into equalities"
        )
    order = list(bits)
    values = [
        bool(_evaluate(condition, {bit: word >> k & 1 for k, bit in enumerate(order)}))
        for word in range(1 << len(order))
    ]
    for k in reversed(range(len(order))):
        step = 1 << k
        pairs = [word for word in range(len(values)) if not word & step]
        if all(values[word] == values[word | step] for word in pairs):
            values = [values[word] for word in pairs]
            del order[k]
    if not order:
        return AnyOf((), negated=values[0])
    indices = tuple(_index(bit, clbits) for bit in order)
    true_words = [word for word, value in enumerate(values) if value]
    negated = 2 * len(true_words) > len(values)
    words = [word for word, value in enumerate(values) if value != negated]
    if len(words) > _MAX_CONDITIONS:
        raise ConversionError(
            f"a condition may split into at most {_MAX_CONDITIONS} equalities, got {len(words)} from {condition}; "
            "split it into equalities"
        )
    return AnyOf(tuple(Condition(indices, word) for word in words), negated)


_UNARY: dict[str, Callable[[int], int]] = {
    "BIT_NOT": lambda a: ~a,
    "LOGIC_NOT": lambda a: int(not a),
    "NEGATE": lambda a: -a,
}
_BINARY: dict[str, Callable[[int, int], int]] = {
    "BIT_AND": lambda a, b: a & b,
    "BIT_OR": lambda a, b: a | b,
    "BIT_XOR": lambda a, b: a ^ b,
    "LOGIC_AND": lambda a, b: int(bool(a) and bool(b)),
    "LOGIC_OR": lambda a, b: int(bool(a) or bool(b)),
    "EQUAL": lambda a, b: int(a == b),
    "NOT_EQUAL": lambda a, b: int(a != b),
    "LESS": lambda a, b: int(a < b),
    "LESS_EQUAL": lambda a, b: int(a <= b),
    "GREATER": lambda a, b: int(a > b),
    "GREATER_EQUAL": lambda a, b: int(a >= b),
    "SHIFT_LEFT": lambda a, b: a << b,
    "SHIFT_RIGHT": lambda a, b: a >> b,
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
}


def _evaluate(node: Any, bits: Mapping[Any, int]) -> int:
    """Value of an expression of Booleans and unsigned integers, which wrap around."""
    if isinstance(node, expr.Var):
        word = [node.var] if isinstance(node.var, qc.Clbit) else list(node.var)
        return sum(bits[bit] << k for k, bit in enumerate(word))
    result: int | None = None
    if isinstance(node, expr.Value):
        result = int(node.value) if float(node.value).is_integer() else None
    elif isinstance(node, expr.Cast):
        result = _evaluate(node.operand, bits)
    elif isinstance(node, expr.Index):
        result = _evaluate(node.target, bits) >> _evaluate(node.index, bits) & 1
    elif isinstance(node, expr.Unary) and node.op.name in _UNARY:
        result = _UNARY[node.op.name](_evaluate(node.operand, bits))
    elif isinstance(node, expr.Binary) and node.op.name in _BINARY:
        result = _BINARY[node.op.name](_evaluate(node.left, bits), _evaluate(node.right, bits))
    if result is None or node.type.kind not in (types.Bool, types.Uint):
        raise ConversionError(f"conditions are built from bits and unsigned integers, got {node!r}")
    if node.type.kind is types.Bool:
        return result & 1 if isinstance(node, expr.Unary) else int(bool(result))
    width = int(node.type.width)
    return result & ((1 << width) - 1)


def write_condition(
    condition: ClassicalCondition, registers: Sequence[tuple[ClassicalRegister, Any]], clbits: Any
) -> Any:
    """Convert to Qiskit: a bit's value, a register's, a conjunction or an exclusive or of bits.

    Args:
        condition: equality of bits, or of their parity, and a value.
        registers: this toolkit's registers, each with Qiskit's.
        clbits: Qiskit's classical bits, in the order of ours.
    """
    if len(condition.clbits) == 1:
        return clbits[condition.clbits[0]], bool(condition.value)
    if isinstance(condition, ParityCondition):
        odd = reduce(expr.bit_xor, [expr.lift(clbits[clbit]) for clbit in condition.clbits] or [expr.lift(False)])
        return odd if condition.value else expr.logic_not(odd)
    for register, converted in registers:
        if register.clbits == condition.clbits:
            return converted, condition.value
    result: Any = None
    for k, clbit in enumerate(condition.clbits):
        bit = expr.lift(clbits[clbit])
        literal = bit if condition.value >> k & 1 else expr.logic_not(bit)
        result = literal if result is None else expr.logic_and(result, literal)
    return result
