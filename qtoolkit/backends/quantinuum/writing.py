"""`to_tket`: this toolkit's circuits to TKET's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from qtoolkit.backends.compiling.basis import in_basis, written_clbits
from qtoolkit.backends.quantinuum.sdk import sdk
from qtoolkit.circuit import Barrier, Circuit, IfElse, Measure, Operation, Reset, StandardGate
from qtoolkit.circuit.registers import ClassicalCondition, ParityCondition
from qtoolkit.errors import ConversionError

__all__ = ["bit_of", "to_tket"]

WIDTH = 32
"""Bits of one of TKET's classical registers, which the emulators and QIR hold in one word."""

_NAMES = {
    "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "Sdg", "t": "T", "tdg": "Tdg", "sx": "SX", "sxdg": "SXdg",
    "rx": "Rx", "ry": "Ry", "rz": "Rz", "p": "U1", "u": "U3", "cx": "CX", "cy": "CY", "cz": "CZ", "ch": "CH",
    "crx": "CRx", "cry": "CRy", "crz": "CRz", "cp": "CU1", "swap": "SWAP", "rxx": "XXPhase", "ryy": "YYPhase",
    "rzz": "ZZPhase", "ecr": "ECR", "ccx": "CCX", "cswap": "CSWAP",
}  # fmt: skip
"""This toolkit's name of a gate to TKET's, for those with the same matrix up to a phase; TKET's angles are in π."""

_MOST_VALUES = 64
"""A branch is written once for each value of the bits that lets it run."""

_Conditions = tuple[tuple[int, int], ...]


def bit_of(clbit: int) -> tuple[str, int]:
    """TKET's register and index of a classical bit."""
    return f"c{clbit // WIDTH:04d}", clbit % WIDTH


def to_tket(circuit: Circuit, name: str = "") -> Any:
    """Write a circuit as a `pytket.Circuit`, up to global phases.

    Qubit k is ``q[k]``, classical bit k is `bit_of` it. Gates that TKET lacks go as their decomposition. What stands
    under a condition is written once for each value of the bits that lets it run.

    Args:
        circuit: every parameter bound.
        name: of the result.

    Raises:
        ConversionError: naming what TKET cannot hold.
        UnboundParameterError: if a parameter has no value.
    """
    lowered = in_basis(circuit, _NAMES.keys())
    pytket = sdk("pytket.circuit")
    result = pytket.Circuit(circuit.num_qubits, name=name)
    for first in range(0, circuit.num_clbits, WIDTH):
        result.add_c_register(bit_of(first)[0], min(WIDTH, circuit.num_clbits - first))
    _Writer(result, pytket).write(lowered.operations, ())
    return result


class _Writer:
    def __init__(self, target: Any, pytket: Any) -> None:
        self.target = target
        self.pytket = pytket

    def write(self, operations: Iterable[Operation], conditions: _Conditions) -> None:
        for position, operation in enumerate(operations):
            try:
                self._write_one(operation, conditions)
            except ConversionError as error:
                raise ConversionError(f"cannot write {operation.gate.name!r} at position {position}: {error}") from None

    def _write_one(self, operation: Operation, conditions: _Conditions) -> None:
        gate, qubits = operation.gate, operation.qubits
        if isinstance(gate, Barrier):
            if not conditions:
                self.target.add_barrier([self.pytket.Qubit(qubit) for qubit in qubits])
        elif isinstance(gate, Measure):
            bit = self._bit(operation.clbits[0])
            self.target.Measure(self.pytket.Qubit(qubits[0]), bit, **self._under(conditions))
        elif isinstance(gate, Reset):
            self._add("Reset", (), qubits, conditions)
        elif isinstance(gate, IfElse):
            self._branches(gate, conditions)
        else:
            assert isinstance(gate, StandardGate)
            self._add(_NAMES[gate.name], [float(angle) / math.pi for angle in gate.params], qubits, conditions)

    def _branches(self, gate: IfElse, conditions: _Conditions) -> None:
        written = set().union(*map(written_clbits, gate.branches))
        outer = {clbit for clbit, _ in conditions}
        if clash := written & (set(gate.condition.clbits) | outer):
            raise ConversionError(
                f"what stands under a condition measures into classical bit {min(clash)} of the condition itself; "
                "measure into another bit"
            )
        for body, wanted in zip(gate.branches, (True, False), strict=False):
            for values in _values(gate.condition, wanted):
                together = dict(conditions)
                if all(together.setdefault(clbit, bit) == bit for clbit, bit in values):
                    self.write(body.operations, tuple(together.items()))

    def _add(self, name: str, angles: Sequence[float], qubits: Sequence[int], conditions: _Conditions) -> None:
        kind = getattr(self.pytket.OpType, name)
        self.target.add_gate(kind, list(angles), [self.pytket.Qubit(q) for q in qubits], **self._under(conditions))

    def _under(self, conditions: _Conditions) -> dict[str, Any]:
        if not conditions:
            return {}
        value = sum(bit << place for place, (_, bit) in enumerate(conditions))
        return {"condition_bits": [self._bit(clbit) for clbit, _ in conditions], "condition_value": value}

    def _bit(self, clbit: int) -> Any:
        return self.pytket.Bit(*bit_of(clbit))


def _values(condition: ClassicalCondition, wanted: bool) -> list[list[tuple[int, int]]]:
    """Every assignment of the bits of a condition under which it holds, or does not."""
    clbits = condition.clbits
    holds: Callable[[int], bool]
    if isinstance(condition, ParityCondition):
        holds = lambda value: value.bit_count() & 1 == condition.value  # noqa: E731
    elif wanted:
        return [[(clbit, condition.value >> k & 1) for k, clbit in enumerate(clbits)]]
    else:
        holds = lambda value: value == condition.value  # noqa: E731
    if 1 << len(clbits) > _MOST_VALUES:
        raise ConversionError(
            f"a parity or an else of {len(clbits)} classical bits would be written {1 << len(clbits)} times; use at "
            f"most {_MOST_VALUES.bit_length() - 1} bits"
        )
    chosen = [value for value in range(1 << len(clbits)) if holds(value) == wanted]
    return [[(clbit, value >> k & 1) for k, clbit in enumerate(clbits)] for value in chosen]
