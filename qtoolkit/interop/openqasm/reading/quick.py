"""The shape that nearly all statements of a large file have, taken in one step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from qtoolkit.circuit import Circuit, Measure
from qtoolkit.circuit.tape import are_finite_floats
from qtoolkit.errors import QToolkitError
from qtoolkit.interop.openqasm.reading.bits import Bits
from qtoolkit.interop.openqasm.reading.budget import Budget
from qtoolkit.interop.openqasm.reading.expansion import Expander
from qtoolkit.interop.openqasm.reading.expressions import Evaluator, Value, parse_expression
from qtoolkit.interop.openqasm.reading.gates import KnownGate, Target, barrier_on
from qtoolkit.interop.openqasm.reading.tokens import Tokens

__all__ = ["QuickCalls"]

_CALL = re.compile(
    r"""\s*+ (\w++) \s*+ (?: \( ( (?: [^()\[\];{}"'/@]++ | /(?![/*]) )*+ ) \) )?+ \s*+ ( \w++ [\w\s,\[\]]*+ ) ;""",
    re.VERBOSE,
)
"""``name(angles) operands;`` without comments, strings, modifiers and brackets in brackets."""

_MEASURE = re.compile(
    r"\s*+(?:measure\s++(?P<old>\w++\[[0-9]++\])\s*+->\s*+(?P<into>\w++\[[0-9]++\])"
    r"|(?P<bit>\w++\[[0-9]++\])\s*+=\s*+measure\s++(?P<new>\w++\[[0-9]++\]))\s*+;"
)
_BIT = re.compile(r"\s*+(\w++)\[([0-9]{1,9})\]\s*+")
_MAX_KEPT = 1 << 16
_MEASUREMENT = Measure()


def _are_plain(num_qubits: int, qubits: tuple[int, ...], values: tuple[Value, ...]) -> bool:
    """Whether these are so many different qubits, and finite numbers."""
    fits = len(qubits) == num_qubits and (num_qubits == 1 or len(set(qubits)) == num_qubits)
    return fits and are_finite_floats(values)


class _Places(dict[str, int]):
    """The qubit or classical bit that ``q[3]`` is, by its text as it stands."""

    def __init__(self, names: Mapping[str, Any], *, quantum: bool) -> None:
        super().__init__()
        self._names = names
        self._quantum = quantum

    def __missing__(self, text: str) -> int:
        match = _BIT.fullmatch(text)
        bits = self._names.get(match[1]) if match else None
        if match is None or not isinstance(bits, Bits) or bits.quantum != self._quantum or bits.single:
            raise KeyError(text)
        if int(match[2]) >= len(bits.indices):
            raise KeyError(text)
        index = self[text] = bits.indices[int(match[2])]
        return index


class _Angles(dict[str, Value]):
    """The value of an angle, by its text as it stands."""

    def __init__(self, version: int, names: Mapping[str, Any]) -> None:
        super().__init__()
        self._version = version
        self._names = names

    def __missing__(self, text: str) -> Value:
        if text[-1:].isdecimal():
            try:
                return float(text)
            except ValueError:
                pass  # 2*pi/3 ends in a digit as well
        tokens = Tokens(text)
        budget = Budget(len(text))
        code = parse_expression(tokens, self._version)
        if tokens.peek():
            raise KeyError(text)
        evaluator = Evaluator(self._version, budget)
        value = evaluator.value(code, self._names)
        if evaluator.truncated:
            raise KeyError(text)
        if len(self) < _MAX_KEPT:
            self[text] = value
        return value


class QuickCalls:
    """Adds plain calls and measurements; whatever is not plain, or wrong, is left to the parser, which says so.

    Args:
        version: 2 or 3.
        names: the global ones.
        gates: what can be called.
        expander: unrolls definitions.
        budget: counts the calls.
    """

    def __init__(
        self, version: int, names: Mapping[str, Any], gates: Mapping[str, Target], expander: Expander, budget: Budget
    ) -> None:
        self._places = _Places(names, quantum=True)
        self._clbits = _Places(names, quantum=False)
        self._angles = _Angles(version, names)
        self._gates = gates
        self._expander = expander
        self._budget = budget

    def forget(self) -> None:
        """Read angles anew, since a name in them may mean something else from here on."""
        self._angles.clear()

    def add(self, circuit: Circuit, text: str, offset: int) -> int:
        """Add the calls and measurements that stand at an offset, and return the offset of what follows them."""
        places, angles, gates = self._places, self._angles, self._gates
        try:
            while True:
                match = _CALL.match(text, offset)
                if match is None or match[1] == "measure":
                    match = _MEASURE.match(text, offset)
                    if match is None:
                        return offset
                    self._budget.spend()
                    old, into, bit, new = match.groups()
                    circuit.append(_MEASUREMENT, (places[old or new],), (self._clbits[into or bit],))
                    offset = match.end()
                    continue
                name, given, operands = match.groups()
                qubits = tuple([places[operand] for operand in operands.split(",")])
                target = gates.get(name)
                if target is None:
                    if name != "barrier" or given is not None:
                        return offset
                    target = barrier_on(len(qubits))
                values = tuple([angles[angle] for angle in given.split(",")]) if given else ()
                if type(target) is KnownGate and target.single and len(values) == target.num_params:
                    self._budget.spend()
                    if target.number >= 0 and _are_plain(target.num_qubits, qubits, values):
                        circuit.operations.append_standard(target.number, qubits, values)
                    else:
                        circuit.append(target.build(*values)[0][0], qubits)
                else:
                    self._expander.add(circuit, target, values, (), qubits)
                offset = match.end()
        except (KeyError, QToolkitError):
            return offset
