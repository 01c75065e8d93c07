"""Conditions on our classical bits as conditions on Cirq's measurement keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cirq
import sympy

from qtoolkit.circuit import ClassicalCondition, Condition, ParityCondition
from qtoolkit.errors import ConversionError

__all__ = ["KeyBit", "KeyTest", "cases_of", "tests_of", "unmet_tests"]

MOST_PARITY_BITS = 6
"""Each more doubles the operations."""


@dataclass(frozen=True)
class KeyBit:
    """Where a classical bit is in Cirq: a key, the position among its qubits, and their number."""

    key: str
    position: int
    width: int


@dataclass(frozen=True)
class KeyTest:
    """Whether some bits of a key, a number with the first qubit highest, equal a value.

    Attributes:
        key: the measurement key.
        width: its number of qubits.
        mask: the bits that count.
        value: what they must be; a subset of `mask`.
        equal: False to ask for the opposite.
    """

    key: str
    width: int
    mask: int
    value: int
    equal: bool = True

    def to_cirq(self) -> Any:
        """The condition, of the plainest kind that Cirq has for it."""
        whole = self.mask == (1 << self.width) - 1
        if whole and ((self.value == 0 and not self.equal) or (self.width == 1 and self.value == 1 and self.equal)):
            return cirq.KeyCondition(cirq.MeasurementKey.parse_serialized(self.key))
        if whole and self.equal and _is_plain_symbol(self.key):
            return cirq.SympyCondition(sympy.Eq(sympy.Symbol(self.key), self.value))
        return cirq.BitMaskKeyCondition(
            cirq.MeasurementKey.parse_serialized(self.key),
            target_value=self.value,
            equal_target=self.equal,
            bitmask=None if whole else self.mask,
        )


def _is_plain_symbol(name: str) -> bool:
    """Whether Cirq, which hands the key's name to SymPy's parser, reads it as that symbol."""
    if not name.isidentifier():
        return False
    try:
        return bool(sympy.sympify(name) == sympy.Symbol(name))
    except (sympy.SympifyError, SyntaxError, TypeError, AttributeError):
        return False


def tests_of(condition: Condition, places: Mapping[int, KeyBit]) -> list[KeyTest] | None:
    """Tests that must all be met for a condition to hold; None if it cannot hold.

    Args:
        condition: on classical bits, of which those that are not measured yet are 0.
        places: where the bits measured so far are.
    """
    tests: dict[str, KeyTest] = {}
    for k, clbit in enumerate(condition.clbits):
        bit = condition.value >> k & 1
        place = places.get(clbit)
        if place is None:
            if bit:
                return None
            continue
        weight = 1 << (place.width - 1 - place.position)
        test = tests.get(place.key, KeyTest(place.key, place.width, 0, 0))
        tests[place.key] = replace(test, mask=test.mask | weight, value=test.value | bit * weight)
    return list(tests.values())


def unmet_tests(tests: Sequence[KeyTest] | None) -> list[list[KeyTest]]:
    """Lists of tests, of which exactly one is met in full when `tests` are not."""
    if tests is None:
        return [[]]
    return [[*tests[:k], replace(test, equal=not test.equal)] for k, test in enumerate(tests)]


def cases_of(
    condition: ClassicalCondition, places: Mapping[int, KeyBit]
) -> tuple[list[list[KeyTest]], list[list[KeyTest]]]:
    """Lists of tests, of which exactly one is met in full when a condition holds, and those for when it does not.

    Raises:
        ConversionError: for a parity of more than 6 bits.
    """
    if not isinstance(condition, ParityCondition):
        met = tests_of(condition, places)
        return [] if met is None else [met], unmet_tests(met)
    count = len(condition.clbits)
    if count > MOST_PARITY_BITS:
        raise ConversionError(
            f"Cirq tests a parity value by value, at most {MOST_PARITY_BITS} bits, got {count}; split the condition"
        )
    cases: tuple[list[list[KeyTest]], list[list[KeyTest]]] = ([], [])
    for word in range(1 << count):
        tests = tests_of(Condition(condition.clbits, word), places)
        if tests is not None:
            cases[word.bit_count() & 1 != condition.value].append(tests)
    return cases
