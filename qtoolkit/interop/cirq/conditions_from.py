"""Cirq's classical conditions as conditions of ours.

A key's k-th measured qubit is bit k of its register, while Cirq reads a key as a number with the first qubit
highest: hence the reversals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import cirq
import numpy as np
import sympy

from qtoolkit.circuit import Circuit, Condition
from qtoolkit.errors import ConversionError

__all__ = ["Guard", "Records", "add_guarded", "guards_from_cirq"]

Guard: TypeAlias = tuple[tuple[Condition, bool], ...]
"""Conditions with the value each must have; at most one pair holds at a time, and the guard holds if one does."""

Records: TypeAlias = Mapping[str, Sequence[tuple[int, ...]]]
"""Classical bits of every measurement under each key so far, in the order of the measured qubits."""

_MAX_TABLE_BITS = 8
_NEVER: Guard = ()


def guards_from_cirq(conditions: Sequence[Any], records: Records) -> tuple[Guard, ...]:
    """Guards that must all hold, in a fixed order.

    Raises:
        ConversionError: if a condition reads a key not measured before, or cannot be expressed.
    """
    plain: dict[int, int] = {}
    others: list[Guard] = []
    for condition in sorted(conditions, key=str):
        guard = _guard(condition, records)
        if guard is None:
            continue
        if len(guard) == 1 and guard[0][1] and not plain.keys() & set(guard[0][0].clbits):
            only = guard[0][0]
            plain.update((clbit, only.value >> k & 1) for k, clbit in enumerate(only.clbits))
        else:
            others.append(guard)
    if plain:
        clbits = tuple(sorted(plain))
        value = sum(plain[clbit] << k for k, clbit in enumerate(clbits))
        others.insert(0, ((Condition(clbits, value), True),))
    return tuple(others)


def add_guarded(circuit: Circuit, guards: Sequence[Guard], write: Callable[[Circuit], object]) -> None:
    """Add to `circuit` what `write` adds to a circuit, to run only when all guards hold."""
    if not guards:
        write(circuit)
        return
    for condition, wanted in guards[0]:

        def body(branch: Circuit) -> None:
            add_guarded(branch, guards[1:], write)

        if wanted:
            circuit.if_(condition, body)
        else:
            circuit.if_(condition, lambda branch: None, body)


def _guard(condition: Any, records: Records) -> Guard | None:
    """The guard of one condition; None if it always holds."""
    if isinstance(condition, cirq.KeyCondition):
        return _comparison(_clbits(condition.key, records, condition.index), 0, equal=False)
    if isinstance(condition, cirq.BitMaskKeyCondition):
        clbits = _clbits(condition.key, records, condition.index)
        mask = (1 << len(clbits)) - 1 if condition.bitmask is None else condition.bitmask
        width = len(clbits)
        kept = [k for k in range(width) if mask >> (width - 1 - k) & 1]
        if condition.target_value & ~mask:
            return _NEVER if condition.equal_target else None
        digits = [condition.target_value >> (width - 1 - k) & 1 for k in kept]
        target = sum(digit << (len(kept) - 1 - j) for j, digit in enumerate(digits))
        return _comparison([clbits[k] for k in kept], target, equal=condition.equal_target)
    if isinstance(condition, cirq.SympyCondition):
        return _of_expression(condition.expr, records)
    raise ConversionError(f"conditions may be on measurement keys or in SymPy, got {type(condition).__name__}")


def _clbits(key: Any, records: Records, index: int = -1) -> tuple[int, ...]:
    instances = records.get(str(key), ())
    if not -len(instances) <= index < len(instances):
        what = f"measurement {index} of key" if instances else "key"
        raise ConversionError(f"a condition may read only what is measured before it, got {what} {str(key)!r}")
    return instances[index]


def _comparison(clbits: Sequence[int], number: int, *, equal: bool) -> Guard | None:
    """Whether bits, the first one highest, equal a number or differ from it."""
    if number >> len(clbits) or number < 0:
        return _NEVER if equal else None
    value = sum((number >> (len(clbits) - 1 - k) & 1) << k for k in range(len(clbits)))
    if not clbits:
        return None if equal else _NEVER
    if not equal and len(clbits) == 1:
        value, equal = 1 - value, True
    return ((Condition(tuple(clbits), value), equal),)


def _of_expression(expression: Any, records: Records) -> Guard | None:
    if isinstance(expression, sympy.Symbol):
        return _comparison(_clbits(expression.name, records), 0, equal=False)
    if isinstance(expression, sympy.Eq | sympy.Ne):
        key, number = expression.args
        if isinstance(number, sympy.Symbol):
            key, number = number, key
        if isinstance(key, sympy.Symbol) and isinstance(number, sympy.Integer):
            return _comparison(_clbits(key.name, records), int(number), equal=isinstance(expression, sympy.Eq))
    return _truth_table(expression, records)


def _truth_table(expression: Any, records: Records) -> Guard | None:
    """Any other expression by evaluating it, as Cirq does, on every value of the bits that it reads."""
    symbols = expression.free_symbols
    indexed = {str(symbol.base.name) for symbol in symbols if isinstance(symbol, sympy.Indexed)}
    bits_of = {
        name: _clbits(name, records)
        for name in sorted(symbol.name for symbol in symbols if isinstance(symbol, sympy.Symbol))
    }
    clbits = sorted({clbit for bits in bits_of.values() for clbit in bits})
    if len(clbits) > _MAX_TABLE_BITS:
        raise ConversionError(
            f"a condition other than key == number may read at most {_MAX_TABLE_BITS} bits, "
            f"got {len(clbits)} in {expression}"
        )
    holds = np.zeros(1 << len(clbits), dtype=bool)
    for value in range(holds.size):
        bit = {clbit: value >> k & 1 for k, clbit in enumerate(clbits)}
        replacements: dict[str, Any] = {}
        for name, bits in bits_of.items():
            digits = tuple(bit[clbit] for clbit in bits)
            replacements[name] = digits if name in indexed else int("".join(map(str, digits)), 2)
        outcome = expression.subs(replacements)
        if outcome.free_symbols:
            raise ConversionError(f"a condition must be decided by the measured bits, got {expression}")
        holds[value] = bool(outcome)
    satisfied, unsatisfied = np.flatnonzero(holds).tolist(), np.flatnonzero(~holds).tolist()
    if not unsatisfied:
        return None
    if len(unsatisfied) == 1 < len(satisfied):
        return ((Condition(tuple(clbits), unsatisfied[0]), False),)
    return tuple((Condition(tuple(clbits), value), True) for value in satisfied)
