"""Cirq's gates as gates of ours, by type: a table of exact rules, the global phase included.

An `EigenGate` with exponent t and shift s multiplies by ``e^{iπts}`` what it does without a shift, and
``X^t = e^{iπt/2} exp(-iπtX/2)``; hence the phases below.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from functools import singledispatch
from typing import Any, TypeAlias

import cirq
import numpy as np

from qtoolkit.circuit import (
    DiagonalGate,
    Gate,
    ParameterExpression,
    ParameterValue,
    PauliRotationGate,
    StandardGate,
    UnitaryGate,
)
from qtoolkit.errors import ConversionError
from qtoolkit.interop.cirq.parameters import angle_from_cirq, half_turns_from_cirq, phase_from_cirq

__all__ = ["Step", "gate_steps", "reversed_unitary"]

Step: TypeAlias = tuple[Gate, tuple[int, ...]]
"""One of our gates and its positions among the qubits of the Cirq gate."""

PI = math.pi


@singledispatch
def gate_steps(gate: Any) -> list[Step] | None:
    """Gates in time order that together equal a Cirq gate, or None where no rule is known for its type."""
    return None


def reversed_unitary(matrix: Any, num_qubits: int) -> Step:
    """A matrix in Cirq's order: its last qubit is the lowest bit of the index."""
    return UnitaryGate(matrix), tuple(reversed(range(num_qubits)))


def _step(name: str, params: Sequence[ParameterValue] = (), positions: tuple[int, ...] = (0,)) -> Step:
    return StandardGate(name, params), positions


def _phase(gamma: ParameterValue) -> list[Step]:
    return [] if not isinstance(gamma, ParameterExpression) and gamma == 0.0 else [_step("gphase", (gamma,), ())]


def _power(
    gate: Any,
    positions: tuple[int, ...],
    named: Mapping[float, str],
    rotation: Callable[[ParameterValue], list[Step]],
    offset: float,
) -> list[Step]:
    """An eigengate: `named` holds gates by exponent, `rotation` takes πt and lacks the phase ``e^{iπt·offset}``."""
    half_turns = half_turns_from_cirq(gate.exponent)
    shift = float(gate.global_shift)
    name = named.get(_canonical(gate.exponent))
    if name is not None and (shift == 0.0 or shift != -offset):
        return [_step(name, (), positions), *_phase(half_turns * shift if shift else 0.0)]
    total = shift + offset
    return [*rotation(half_turns), *_phase(half_turns * total if total else 0.0)]


def _canonical(exponent: Any) -> float:
    """The exponent in (-1, 1]; NaN, which no table holds, for a symbolic one."""
    if not isinstance(exponent, numbers.Real):
        return math.nan
    reduced = float(exponent) % 2.0
    return reduced - 2.0 if reduced > 1.0 else reduced


@gate_steps.register(cirq.IdentityGate)
def _(gate: Any) -> list[Step]:
    return [_step("id", (), (k,)) for k in range(cirq.num_qubits(gate))]


@gate_steps.register(cirq.GlobalPhaseGate)
def _(gate: Any) -> list[Step]:
    return [_step("gphase", (phase_from_cirq(gate.coefficient),), ())]


@gate_steps.register(cirq.XPowGate)
def _(gate: Any) -> list[Step]:
    named = {1.0: "x", 0.5: "sx", -0.5: "sxdg"}
    return _power(gate, (0,), named, lambda angle: [_step("rx", (angle,))], 0.5)


@gate_steps.register(cirq.YPowGate)
def _(gate: Any) -> list[Step]:
    return _power(gate, (0,), {1.0: "y"}, lambda angle: [_step("ry", (angle,))], 0.5)


@gate_steps.register(cirq.ZPowGate)
def _(gate: Any) -> list[Step]:
    if gate.global_shift == -0.5:
        return [_step("rz", (half_turns_from_cirq(gate.exponent),))]
    named = {1.0: "z", 0.5: "s", -0.5: "sdg", 0.25: "t", -0.25: "tdg"}
    return _power(gate, (0,), named, lambda angle: [_step("p", (angle,))], 0.0)


@gate_steps.register(cirq.Rx)
def _(gate: Any) -> list[Step]:
    return [_step("rx", (half_turns_from_cirq(gate.exponent),))]


@gate_steps.register(cirq.Ry)
def _(gate: Any) -> list[Step]:
    return [_step("ry", (half_turns_from_cirq(gate.exponent),))]


@gate_steps.register(cirq.Rz)
def _(gate: Any) -> list[Step]:
    return [_step("rz", (half_turns_from_cirq(gate.exponent),))]


@gate_steps.register(cirq.HPowGate)
def _(gate: Any) -> list[Step]:
    # H = RY(π/4) Z RY(-π/4)
    def rotation(angle: ParameterValue) -> list[Step]:
        return [_step("ry", (-PI / 4,)), _step("p", (angle,)), _step("ry", (PI / 4,))]

    return _power(gate, (0,), {1.0: "h"}, rotation, 0.0)


@gate_steps.register(cirq.PhasedXPowGate)
def _(gate: Any) -> list[Step]:
    return [
        _phased_x(half_turns_from_cirq(gate.exponent), half_turns_from_cirq(gate.phase_exponent), 0.0),
        *_phase(half_turns_from_cirq(gate.exponent) * (0.5 + float(gate.global_shift))),
    ]


@gate_steps.register(cirq.PhasedXZGate)
def _(gate: Any) -> list[Step]:
    x, z, axis = (half_turns_from_cirq(value) for value in (gate.x_exponent, gate.z_exponent, gate.axis_phase_exponent))
    return [_phased_x(x, axis, z), *_phase(0.5 * x)]


def _phased_x(x: ParameterValue, axis: ParameterValue, z: ParameterValue) -> Step:
    """P(z) RZ(axis) RX(x) RZ(-axis) as one gate."""
    return _step("u", (x, axis - PI / 2 + z, PI / 2 - axis))


def _phase_on_ones(num_controls: int) -> Callable[[ParameterValue], list[Step]]:
    positions = tuple(range(num_controls + 1))
    return lambda angle: [(StandardGate("p", (angle,)).controlled(num_controls), positions)]


def _controlled_power(gate: Any, num_controls: int, named: Mapping[float, str], into: Sequence[str]) -> list[Step]:
    """A phase on all ones, the last qubit carried into its basis by `into` and back by the inverses."""
    last = num_controls
    before = [_step(name, (), (last,)) for name in into]
    after = [(step.inverse(), positions) for step, positions in reversed(before)]
    positions = tuple(range(num_controls + 1))
    phase = _phase_on_ones(num_controls)
    return _power(gate, positions, named, lambda angle: [*before, *phase(angle), *after], 0.0)


@gate_steps.register(cirq.CZPowGate)
def _(gate: Any) -> list[Step]:
    return _controlled_power(gate, 1, {1.0: "cz", 0.5: "cs", -0.5: "csdg"}, ())


@gate_steps.register(cirq.CXPowGate)
def _(gate: Any) -> list[Step]:
    return _controlled_power(gate, 1, {1.0: "cx", 0.5: "csx", -0.5: "csxdg"}, ("h",))


@gate_steps.register(cirq.CCZPowGate)
def _(gate: Any) -> list[Step]:
    return _controlled_power(gate, 2, {1.0: "ccz"}, ())


@gate_steps.register(cirq.CCXPowGate)
def _(gate: Any) -> list[Step]:
    return _controlled_power(gate, 2, {1.0: "ccx"}, ("h",))


if hasattr(cirq, "CYPowGate"):  # Cirq 1.6 has neither

    @gate_steps.register(cirq.CYPowGate)
    def _(gate: Any) -> list[Step]:
        return _controlled_power(gate, 1, {1.0: "cy"}, ("sdg", "h"))

    @gate_steps.register(cirq.CCYPowGate)
    def _(gate: Any) -> list[Step]:
        return _controlled_power(gate, 2, {}, ("sdg", "h"))


@gate_steps.register(cirq.CSwapGate)
def _(gate: Any) -> list[Step]:
    return [_step("cswap", (), (0, 1, 2))]


def _on_pair(name: str, *extra: ParameterValue) -> Callable[[ParameterValue], list[Step]]:
    return lambda angle: [_step(name, (angle, *extra), (0, 1))]


@gate_steps.register(cirq.XXPowGate)
def _(gate: Any) -> list[Step]:
    return _power(gate, (0, 1), {}, _on_pair("rxx"), 0.5)


@gate_steps.register(cirq.YYPowGate)
def _(gate: Any) -> list[Step]:
    return _power(gate, (0, 1), {}, _on_pair("ryy"), 0.5)


@gate_steps.register(cirq.ZZPowGate)
def _(gate: Any) -> list[Step]:
    return _power(gate, (0, 1), {}, _on_pair("rzz"), 0.5)


@gate_steps.register(cirq.SwapPowGate)
def _(gate: Any) -> list[Step]:
    # SWAP^t turns the odd-parity pair as (XX + YY)/2 does and gives it the phase e^{iπt/2}.
    def rotation(angle: ParameterValue) -> list[Step]:
        return [_step("xx_plus_yy", (angle, 0.0), (0, 1)), _step("rzz", (0.5 * angle,), (0, 1))]

    return _power(gate, (0, 1), {1.0: "swap"}, rotation, 0.25)


@gate_steps.register(cirq.ISwapPowGate)
def _(gate: Any) -> list[Step]:
    shift = float(gate.global_shift)
    half_turns = half_turns_from_cirq(gate.exponent)
    phase = _phase(half_turns * shift if shift else 0.0)
    if gate.exponent == 1:
        return [_step("iswap", (), (0, 1)), *phase]
    return [_step("xx_plus_yy", (-half_turns, 0.0), (0, 1)), *phase]


@gate_steps.register(cirq.PhasedISwapPowGate)
def _(gate: Any) -> list[Step]:
    half_turns = half_turns_from_cirq(gate.exponent)
    frame = 2.0 * half_turns_from_cirq(gate.phase_exponent)
    shift = float(gate.global_shift)
    return [
        _step("xx_plus_yy", (-half_turns, frame), (0, 1)),
        *_phase(half_turns * shift if shift else 0.0),
    ]


@gate_steps.register(cirq.FSimGate)
def _(gate: Any) -> list[Step]:
    return [_step("fsim", (angle_from_cirq(gate.theta), angle_from_cirq(gate.phi)), (0, 1))]


@gate_steps.register(cirq.MatrixGate)
def _(gate: Any) -> list[Step]:
    return [reversed_unitary(cirq.unitary(gate), cirq.num_qubits(gate))]


@gate_steps.register(cirq.DiagonalGate)
@gate_steps.register(cirq.TwoQubitDiagonalGate)
@gate_steps.register(cirq.ThreeQubitDiagonalGate)
def _(gate: Any) -> list[Step]:
    count = cirq.num_qubits(gate)
    angles = [angle_from_cirq(angle) for angle in gate.diag_angles_radians]
    numeric = [angle for angle in angles if not isinstance(angle, ParameterExpression)]
    if len(numeric) == len(angles):
        return [(DiagonalGate(np.exp(1j * np.array(numeric))), tuple(reversed(range(count))))]
    return _phases_on_subsets(angles, count)


def _phases_on_subsets(angles: list[ParameterValue], count: int) -> list[Step]:
    """A diagonal by phases on "all of these qubits are 1", from the angles by a Möbius transform over subsets."""
    weights = list(angles)
    for bit in range(count):
        for index in range(1 << count):
            if index >> bit & 1:
                weights[index] = weights[index] - weights[index ^ 1 << bit]
    steps = _phase(weights[0])
    for index in range(1, 1 << count):
        # Cirq's first qubit is the highest bit of the index.
        positions = tuple(count - 1 - bit for bit in range(count) if index >> bit & 1)
        gate: Gate = StandardGate("p", (weights[index],))
        steps.append((gate.controlled(len(positions) - 1) if len(positions) > 1 else gate, positions))
    return steps


@gate_steps.register(cirq.PauliStringPhasorGate)
def _(gate: Any) -> list[Step] | None:
    string = gate.dense_pauli_string
    if not np.all(string.pauli_mask):
        return None  # Cirq 1.7 acts on the letter I as on Z; its own decomposition settles what the gate means
    negative, positive = half_turns_from_cirq(gate.exponent_neg), half_turns_from_cirq(gate.exponent_pos)
    label = "".join("IXYZ"[letter] for letter in string.pauli_mask)  # the first qubit leftmost
    theta = (negative - positive) * float(complex(string.coefficient).real)
    rotation = PauliRotationGate(label[::-1], theta)
    return [(rotation, tuple(range(len(label)))), *_phase(0.5 * (negative + positive))]


@gate_steps.register(cirq.BaseDensePauliString)
def _(gate: Any) -> list[Step]:
    coefficient = gate.coefficient
    if cirq.is_parameterized(coefficient) or not math.isclose(abs(complex(coefficient)), 1.0):
        raise ConversionError(f"a Pauli string is a gate when its coefficient has modulus 1, got {coefficient}")
    letters = [_step("ixyz"[letter], (), (k,)) for k, letter in enumerate(gate.pauli_mask) if letter]
    return [*letters, *_phase(phase_from_cirq(coefficient))]
