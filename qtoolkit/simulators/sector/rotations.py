"""Rotations about Pauli strings that conserve the Hamming weight together: exp(-iθ/2 (XX + YY)), excitations, ...

Strings that flip the same bits and commute are summed: ``G|j⟩ = f(j)|j ^ x⟩`` for the flipped bits x. The sum conserves
the weight if f vanishes unless half of the bits x are set, and what is left are rotations of pairs of amplitudes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qtoolkit.circuit import Gate, ParameterExpression, ParameterValue, PauliRotationGate, StandardGate
from qtoolkit.simulators.sector.steps import PairPattern, PairStep

__all__ = ["Rotation", "rotation_of", "rotation_steps"]

MAX_FLIPPED = 8
"""Strings with more letters X and Y are left alone."""

_LETTERS = {"rxx": "XX", "ryy": "YY"}
_TOLERANCE = 1e-14


@dataclass(frozen=True)
class Rotation:
    """``exp(-i angle/2 P)`` under controls; P flips the bits `x_mask` and has Z or Y on `z_mask`."""

    x_mask: int
    z_mask: int
    angle: ParameterValue
    control_mask: int
    control_value: int


def rotation_of(gate: Gate, qubits: tuple[int, ...], flipped: int) -> Rotation | None:
    """Read a gate as a rotation about a Pauli string with X or Y in it, or None.

    Args:
        gate: any.
        qubits: where it stands.
        flipped: mask of qubits with an X before and after it.
    """
    base, num_controls, state = gate.control_structure()
    if isinstance(base, PauliRotationGate):
        label = base.label
    elif isinstance(base, StandardGate) and base.name in _LETTERS:
        label = _LETTERS[base.name]
    else:
        return None
    controls, targets = qubits[:num_controls], qubits[num_controls:]
    letters = list(zip(reversed(label), targets, strict=True))
    x_mask = sum(1 << q for letter, q in letters if letter in "XY")
    z_mask = sum(1 << q for letter, q in letters if letter in "ZY")
    if x_mask.bit_count() < 2 or x_mask.bit_count() % 2:
        return None
    mask = sum(1 << q for q in controls)
    value = sum(1 << q for place, q in enumerate(controls) if state >> place & 1) ^ flipped & mask
    angle = -base.params[0] if (z_mask & flipped).bit_count() & 1 else base.params[0]
    return Rotation(x_mask, z_mask, angle, mask, value)


def rotation_steps(rotations: Sequence[Rotation]) -> list[PairStep] | None:
    """Steps of a product of rotations; None if it does not conserve the weight or is no one rotation."""
    first = rotations[0]
    x_mask, outside = first.x_mask, first.z_mask & ~first.x_mask
    if x_mask.bit_count() > MAX_FLIPPED:
        return None
    for other in rotations[1:]:
        same = (other.x_mask, other.z_mask & ~x_mask, other.control_mask, other.control_value)
        if same != (x_mask, outside, first.control_mask, first.control_value):
            return None
        if (x_mask & (first.z_mask ^ other.z_mask)).bit_count() % 2:
            return None
    reference = next((r.angle for r in rotations if isinstance(r.angle, ParameterExpression)), 1.0)
    ratios = [_ratio(rotation.angle, reference) for rotation in rotations]
    bits = [q for q in range(x_mask.bit_length()) if x_mask >> q & 1]
    steps = []
    for index in range(1 << len(bits)):
        a_value = sum(1 << q for place, q in enumerate(bits) if index >> place & 1)
        amplitude = 0j
        for rotation, ratio in zip(rotations, ratios, strict=True):
            if ratio is None:
                return None
            sign = -1.0 if (a_value & rotation.z_mask).bit_count() & 1 else 1.0
            amplitude += 0.5 * ratio * sign * 1j ** ((x_mask & rotation.z_mask).bit_count() % 4)
        if abs(amplitude) < _TOLERANCE:
            continue
        if 2 * index.bit_count() != len(bits):
            return None
        if not index & 1:
            continue  # the other half of a pair
        size, axis = abs(amplitude), float(np.angle(amplitude))
        if abs(amplitude.imag) < _TOLERANCE:
            size, axis = amplitude.real, 0.0
        pattern = PairPattern(x_mask, a_value, first.control_mask, first.control_value, outside)
        steps.append(PairStep(pattern, None, size * reference, axis))
    return steps


def _ratio(angle: ParameterValue, reference: ParameterValue) -> float | None:
    """``angle / reference``, or None if they are not proportional."""
    if not isinstance(reference, ParameterExpression):
        return None if isinstance(angle, ParameterExpression) else angle / reference
    if not isinstance(angle, ParameterExpression) or set(angle.terms) != set(reference.terms):
        return None
    name = next(iter(reference.terms))
    ratio = angle.terms[name] / reference.terms[name]
    difference = angle - ratio * reference
    size = max(abs(c) for c in angle.terms.values())
    close = all(abs(c) <= _TOLERANCE * size for c in (*difference.terms.values(), difference.constant))
    return ratio if close else None
