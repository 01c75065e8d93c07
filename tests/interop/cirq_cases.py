"""Cirq gates and random Cirq circuits that the tests of the Cirq interop share."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import cirq
import numpy as np
import sympy

EXPONENTS = (1, 0.5, -0.5, -1, 0.25, -0.25, 0, 0.37, 3, -2.6)
SHIFTS = (0.0, -0.5, 0.3)

EIGENGATES: tuple[Any, ...] = (
    cirq.XPowGate,
    cirq.YPowGate,
    cirq.ZPowGate,
    cirq.HPowGate,
    cirq.CXPowGate,
    cirq.CZPowGate,
    cirq.CCXPowGate,
    cirq.CCZPowGate,
    cirq.XXPowGate,
    cirq.YYPowGate,
    cirq.ZZPowGate,
    cirq.SwapPowGate,
    cirq.ISwapPowGate,
    # Cirq 1.6 lacks these two.
    *(getattr(cirq, name) for name in ("CYPowGate", "CCYPowGate") if hasattr(cirq, name)),
)


def numeric_gates() -> list[Any]:
    """One gate at least of every unitary kind that Cirq has."""
    gates = [kind(exponent=t, global_shift=s) for kind in EIGENGATES for t in EXPONENTS for s in SHIFTS]
    gates += [cirq.PhasedXPowGate(exponent=t, phase_exponent=0.7, global_shift=s) for t in EXPONENTS for s in SHIFTS]
    gates += [cirq.PhasedISwapPowGate(exponent=t, phase_exponent=0.7) for t in EXPONENTS]
    gates += [cirq.PhasedXZGate(x_exponent=t, z_exponent=0.3, axis_phase_exponent=-0.6) for t in EXPONENTS]
    return [
        *gates,
        *(cirq.I, cirq.X, cirq.Y, cirq.Z, cirq.H, cirq.S, cirq.T, cirq.CSWAP, cirq.IdentityGate(3)),
        *(cirq.rx(0.3), cirq.ry(4.0), cirq.rz(-9.0), cirq.cphase(0.4), cirq.ms(0.3), cirq.givens(0.7)),
        *(cirq.FSimGate(0.3, -4.0), cirq.PhasedFSimGate(0.1, 0.2, 0.3, 0.4, 0.5), cirq.GlobalPhaseGate(0.6 - 0.8j)),
        *(cirq.MatrixGate(cirq.testing.random_unitary(1 << n, random_state=n)) for n in (1, 2, 3)),
        cirq.DiagonalGate([0.1, 0.2, 0.3, 0.4]),
        cirq.TwoQubitDiagonalGate([0.1, -0.2, 0.3, 4.0]),
        cirq.ThreeQubitDiagonalGate(range(8)),
        cirq.PauliStringPhasorGate(cirq.DensePauliString("ZXY", coefficient=-1), exponent_neg=0.3, exponent_pos=0.12),
        cirq.PauliStringPhasorGate(cirq.DensePauliString("ZIXY"), exponent_neg=0.3),
        cirq.DensePauliString("ZXYI", coefficient=-1j),
        cirq.PauliInteractionGate(cirq.X, False, cirq.Y, True, exponent=0.3),
        cirq.QubitPermutationGate([1, 2, 0]),
        cirq.ParallelGate(cirq.X**0.2, 3),
        cirq.QuantumFourierTransformGate(3),
        cirq.PhaseGradientGate(num_qubits=3, exponent=0.4),
        cirq.UniformSuperpositionGate(3, 2),
        cirq.BooleanHamiltonianGate(["a", "b"], ["a ^ b"], 0.3),
        cirq.SingleQubitCliffordGate.X_sqrt,
        cirq.CliffordGate.from_op_list([cirq.H(cirq.q(0)), cirq.CX(cirq.q(0), cirq.q(1))], [cirq.q(0), cirq.q(1)]),
        cirq.WaitGate(cirq.Duration(nanos=3)),
        cirq.ControlledGate(cirq.X**0.3, control_values=[0, (0, 1), 1]),
        cirq.ControlledGate(cirq.QuantumFourierTransformGate(2), control_values=cirq.SumOfProducts([[0, 1], [1, 0]])),
        cirq.ControlledGate(cirq.GlobalPhaseGate(1j), num_controls=2),
        cirq.ControlledGate(cirq.ControlledGate(cirq.Y**0.5, control_values=[0])),
    ]


def symbolic_gates(x: sympy.Symbol) -> list[Any]:
    """Gates with angles that are linear in one symbol."""
    string = cirq.DensePauliString("ZXY", coefficient=-1)
    return [
        *(kind(exponent=2 * x + 0.3, global_shift=0.2) for kind in EIGENGATES),
        *(cirq.rx(x), cirq.ry(-x), cirq.rz((x - 1) / 3), cirq.ms(x), cirq.cphase(x), cirq.FSimGate(x, 2 * x)),
        cirq.PhasedXZGate(x_exponent=x, z_exponent=-x, axis_phase_exponent=x + 1),
        cirq.PhasedXPowGate(exponent=x, phase_exponent=x * 0.5, global_shift=0.1),
        cirq.PhasedISwapPowGate(exponent=x, phase_exponent=2 * x),
        cirq.PhasedFSimGate(x, 0.2, x, 0.4, 2 * x),
        cirq.GlobalPhaseGate(1j * sympy.exp(3 * sympy.I * (x + 2))),
        cirq.DiagonalGate([x, 1, 2 * x, 3]),
        cirq.TwoQubitDiagonalGate([x, 1, 2 * x, 3]),
        cirq.ThreeQubitDiagonalGate([x, 1, 2 * x, 3, 4, 5, 6, 7 - x]),
        cirq.PauliStringPhasorGate(string, exponent_neg=x, exponent_pos=0.12),
        cirq.PhaseGradientGate(num_qubits=3, exponent=x),
        cirq.ControlledGate(cirq.rx(x), control_values=[0]),
    ]


def wide_domain(num_qubits: int) -> dict[Any, int]:
    """Gates for `cirq.testing.random_circuit`, those that fit into some qubits."""
    hashable = [gate for gate in numeric_gates() if isinstance(gate, Hashable)]
    return {gate: cirq.num_qubits(gate) for gate in hashable if 1 <= cirq.num_qubits(gate) <= num_qubits}


def random_program(
    num_qubits: int, length: int, rng: np.random.Generator, *, classical: bool, hidden: bool = True
) -> cirq.Circuit:
    """A circuit with measurements under new and repeated keys, resets and classical controls of every kind.

    Args:
        num_qubits: at least 3.
        length: number of operations.
        rng: the source of chance.
        classical: use only gates that permute basis states, so that no outcome is random.
        hidden: reset qubits and repeat keys, so that the last record of each key does not tell all outcomes.
    """
    qubits = cirq.LineQubit.range(num_qubits)
    permuting = [cirq.X, cirq.CNOT, cirq.SWAP, cirq.CCNOT, cirq.CSWAP]
    others = [cirq.H, cirq.X**0.3, cirq.ISWAP**0.5, cirq.FSimGate(0.3, 0.7), cirq.ry(0.8), cirq.CZ**0.4]
    gates = permuting if classical else permuting + others
    circuit = cirq.Circuit()
    widths: dict[str, list[int]] = {}

    def some(count: int) -> list[Any]:
        return [qubits[k] for k in rng.permutation(num_qubits)[:count]]

    for step in range(length):
        kind = rng.choice(["gate", "measure", "control", "reset"], p=[0.45, 0.2, 0.3, 0.05])
        gate = gates[rng.integers(len(gates))]
        operation = gate.on(*some(cirq.num_qubits(gate)))
        if kind == "measure":
            key = f"k{rng.integers(4)}" if hidden else f"k{step}"
            width = widths[key][0] if key in widths else int(rng.integers(1, num_qubits + 1))
            widths.setdefault(key, []).append(width)
            operation = cirq.measure(*some(width), key=key, invert_mask=tuple(rng.integers(2, size=width) == 1))
        elif kind == "reset" and hidden:
            operation = cirq.reset(some(1)[0])
        elif kind == "control" and widths:
            conditions = [_condition(widths, rng) for _ in range(rng.integers(1, 3))]
            operation = operation.with_classical_controls(*conditions)
        circuit.append(operation)
    circuit.append(cirq.measure(*qubits, key="end"))
    return circuit


def _condition(widths: dict[str, list[int]], rng: np.random.Generator) -> Any:
    name = str(rng.choice(sorted(widths)))
    width, index = widths[name][0], int(rng.integers(-1, len(widths[name])))
    key, value = cirq.MeasurementKey(name), int(rng.integers(1 << width))
    other = str(rng.choice(sorted(widths)))
    symbol, bits = sympy.Symbol(name), sympy.IndexedBase(name)
    choices = [
        name,
        cirq.KeyCondition(key, index),
        cirq.BitMaskKeyCondition(key, index, value, bool(rng.integers(2)), int(rng.integers(1 << width))),
        sympy.Eq(symbol, value),
        sympy.Ne(symbol, value),
        symbol > value,
        sympy.Eq(symbol, sympy.Symbol(other)),
        sympy.Xor(sympy.Eq(bits[0], 1), sympy.Eq(bits[width - 1], 0)),
    ]
    return choices[rng.integers(len(choices))]
