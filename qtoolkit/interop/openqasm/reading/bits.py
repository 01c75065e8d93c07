"""Qubits and classical bits under their names, and what selects among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qtoolkit.errors import ConversionError
from qtoolkit.interop.openqasm.reading.budget import Budget, ReadingError
from qtoolkit.interop.openqasm.reading.expressions import Evaluator
from qtoolkit.interop.openqasm.reading.statements import Operand, Range, Selector, Values
from qtoolkit.interop.openqasm.reading.tokens import shown

__all__ = ["Bits", "loop_values", "selected"]


@dataclass(frozen=True, slots=True)
class Bits:
    """A register, a single bit, or some of them.

    Attributes:
        quantum: whether they are qubits.
        indices: in the circuit.
        single: whether it is one bit rather than a register of one.
    """

    quantum: bool
    indices: Sequence[int]
    single: bool = False


def selected(operand: Operand, names: Mapping[str, Any], evaluator: Evaluator, budget: Budget) -> Bits:
    """The bits of an operand.

    Args:
        operand: what the text says.
        names: what names stand for.
        evaluator: computes indices.
        budget: counts the bits.

    Raises:
        ReadingError: where a name or an index does not exist.
    """
    found = names.get(operand.name)
    if found is None:
        raise ReadingError(f"{shown(operand.name)} is not defined", operand.place)
    if not isinstance(found, Bits):
        raise ReadingError(f"{shown(operand.name)} is neither qubits nor bits", operand.place)
    try:
        for selector in operand.selectors:
            found = _selected(found, selector, names, evaluator, budget)
    except ReadingError:
        raise
    except ConversionError as error:
        raise ReadingError(str(error), operand.place) from error
    if not operand.followers:
        return found
    parts = [found, *(selected(follower, names, evaluator, budget) for follower in operand.followers)]
    if len({part.quantum for part in parts}) > 1:
        raise ReadingError("qubits and classical bits cannot be joined", operand.place)
    budget.spend(sum(len(part.indices) for part in parts))
    return Bits(found.quantum, [index for part in parts for index in part.indices])


def _selected(bits: Bits, selector: Selector, names: Mapping[str, Any], evaluator: Evaluator, budget: Budget) -> Bits:
    if bits.single:
        raise ConversionError("a single bit has no index; leave it out")
    size = len(bits.indices)
    if isinstance(selector, tuple):
        index = evaluator.integer(selector, names, "an index")
        return Bits(bits.quantum, (bits.indices[_within(index, size)],), single=True)
    if isinstance(selector, list):
        chosen: Sequence[int] = [evaluator.integer(code, names, "an index") for code in selector]
    else:
        step = 1 if selector.step is None else evaluator.integer(selector.step, names, "a step")
        ends = (0, size - 1) if step > 0 else (size - 1, 0)
        start, end = (
            default if code is None else _within(evaluator.integer(code, names, "an index"), size)
            for code, default in zip((selector.start, selector.end), ends, strict=True)
        )
        chosen = _integers(start, step, end)
    budget.spend(len(chosen))
    return Bits(bits.quantum, [bits.indices[_within(index, size)] for index in chosen])


def _within(index: int, size: int) -> int:
    if not -size <= index < size:
        raise ConversionError(f"index {index} is out-of-range for {size} bits")
    return index % size


def _integers(start: int, step: int, end: int) -> range:
    """From `start` to `end`, both inside.

    Raises:
        ConversionError: if the step is 0, or they are too many to count.
    """
    if step == 0:
        raise ConversionError("the step of a range must not be 0")
    result = range(start, end + (1 if step > 0 else -1), step)
    if abs(end - start) // abs(step) >= 1 << 62:
        raise ConversionError(f"a range has at most 2**62 values, got {start} to {end}")
    return result


def loop_values(values: Values, names: Mapping[str, Any], evaluator: Evaluator) -> Sequence[int]:
    """The integers that a loop runs over.

    Raises:
        ConversionError: if an end is left out, or what should be an integer is none.
    """
    if not isinstance(values, Range):
        return [evaluator.integer(code, names, "a loop's value") for code in values]
    if values.start is None or values.end is None:
        raise ConversionError("the range of a loop must have a start and an end")
    start, end = (evaluator.integer(code, names, "an end of a range") for code in (values.start, values.end))
    step = 1 if values.step is None else evaluator.integer(values.step, names, "a step")
    return _integers(start, step, end)
