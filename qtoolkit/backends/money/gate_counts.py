"""How many gates and measurements a circuit has, as providers charge for them."""

from __future__ import annotations

from dataclasses import dataclass

from qtoolkit.circuit import Circuit, Initialize, Measure, Reset
from qtoolkit.circuit.gate import ControlledGate, Gate, Instruction, StandardGate
from qtoolkit.circuit.operation import everything_in

__all__ = ["GateCounts", "gate_counts"]

_NATIVE = {"swap": 3, "iswap": 2, "fsim": 3, "xx_plus_yy": 2, "xx_minus_yy": 2}
"""Two-qubit gates that take more than one of a device's; every rotation about a product and controlled gate is one."""

_MOST_FOR_TWO = 3
"""Entangling gates that any unitary of two qubits takes at most (Vatan and Williams, 2004)."""


@dataclass(frozen=True)
class GateCounts:
    """Gates and measurements of a circuit.

    Attributes:
        one_qubit: gates on one qubit.
        two_qubit: entangling gates on two qubits, larger ones taken apart.
        spam: preparations, the first one of each qubit included, measurements and resets.
    """

    one_qubit: int
    two_qubit: int
    spam: int


def gate_counts(circuit: Circuit) -> GateCounts:
    """Count what a circuit would run at most: both branches of a condition, and gates before any are joined.

    Compilers for a device add gates to route, and join others; what a provider counts may lie on either side.
    """
    one = two = spam = 0
    used: set[int] = set()
    for operation in everything_in(circuit.operations):
        gate = operation.gate
        if isinstance(gate, Measure | Reset):
            spam += 1
            used.update(operation.qubits)
        elif isinstance(gate, Gate | Initialize):
            ones, twos = _of(gate)
            one, two = one + ones, two + twos
            used.update(operation.qubits)
    return GateCounts(one, two, spam + len(used))


def _of(gate: Instruction) -> tuple[int, int]:
    """Gates on one qubit and entangling gates on two that an instruction takes."""
    size = gate.num_qubits
    if size < 2:
        return size, 0
    if isinstance(gate, StandardGate) and size == 2:
        return 0, _NATIVE.get(gate.name, 1)
    if isinstance(gate, ControlledGate):
        return _of_controlled(gate)
    parts = gate.decomposition() if isinstance(gate, Gate) else None
    if parts:
        counts = [_of(part) for part, _ in parts]
        return sum(ones for ones, _ in counts), sum(twos for _, twos in counts)
    if size == 2:
        return 4, _MOST_FOR_TWO
    # Shende, Bullock and Markov (2006): 23/48 4^n - 3/2 2^n + 4/3 of any unitary.
    return 4**size, 23 * 4**size // 48 + 1


def _of_controlled(gate: ControlledGate) -> tuple[int, int]:
    """IonQ counts a gate on one qubit with controls, N qubits together, as 6 (N - 2) on two qubits."""
    parts = gate.base.decomposition() or ((gate.base, ()),)
    ones = twos = 0
    for part, _ in parts:
        inner, entangling = _of(part)
        twos += inner * max(1, 6 * (gate.num_controls - 1)) + entangling * 6 * gate.num_controls
        ones += inner
    return ones, twos
