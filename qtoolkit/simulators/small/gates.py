"""What gates of the library are as rotations; found once for each by looking at its matrices and generators."""

from __future__ import annotations

import cmath
import math
from functools import cache
from typing import NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import STANDARD_GATES, GateRecord

__all__ = [
    "LEAVES",
    "NEGLIGIBLE",
    "DiagonalRotation",
    "Rotation",
    "Step",
    "diagonal_rotations",
    "direction",
    "is_euler",
    "quaternion_of",
    "rotation_of",
    "steps_of",
]

ComplexArray = NDArray[np.complex128]
FloatArray = NDArray[np.float64]

NEGLIGIBLE = 1e-15
"""Sines and phases below this are rounding."""

ALIKE = 1e-14
"""Gates of the library whose entries differ by less are the same."""


class Rotation(NamedTuple):
    """A gate on one qubit: ``exp(-iθ (offset + size · axis · (X, Y, Z)))`` after `start`, a quaternion and a phase."""

    start: FloatArray
    phase: float
    axis: FloatArray
    size: float
    offset: float


class DiagonalRotation(NamedTuple):
    """One angle of a diagonal gate.

    Attributes:
        generator: its diagonal.
        z_mask: where the generator is a multiple of a string of Z, the string's qubits; else 0.
    """

    generator: tuple[float, ...]
    z_mask: int


class Step(NamedTuple):
    """A gate that is one of `LEAVES`.

    Attributes:
        leaf: its name.
        qubits: positions among the qubits of the gate that it is a step of.
        start: its angle where that gate's angles are 0.
        angle, slope: which of these angles it depends on, and how; -1 if on none.
    """

    leaf: str
    qubits: tuple[int, ...]
    start: float
    angle: int
    slope: float


LEAVES = {"rx": "X", "ry": "Y", "rz": "Z", "rxx": "XX", "ryy": "YY", "rzz": "ZZ", "cp": ""}
"""Gates that other gates are taken apart into: letters of their Pauli strings; of a phase none."""


def quaternion_of(matrix: ComplexArray) -> tuple[FloatArray, float]:
    """(w, x, y, z) and α with ``matrix = e^{iα} (w - i (x X + y Y + z Z))``; w is at least 0."""
    a, b, c, d = matrix.ravel().tolist()
    alpha = cmath.phase(a * d - b * c) / 2
    turn = cmath.exp(-1j * alpha)
    parts = [
        ((a + d) * turn).real / 2, -((b + c) * turn).imag / 2, -((b - c) * turn).real / 2, -((a - d) * turn).imag / 2
    ]  # fmt: skip
    size = math.hypot(*parts)
    if parts[0] < 0:
        size, alpha = -size, alpha + math.pi
    return np.array(parts) / size, math.remainder(alpha, 2 * math.pi)


def direction(vector: FloatArray) -> tuple[FloatArray, float]:
    """A unit vector whose largest component is positive, and what the vector is times that."""
    size = float(np.linalg.norm(vector))
    if vector[np.argmax(np.abs(vector))] < 0:
        size = -size
    return (vector / size if size else vector), size


@cache
def rotation_of(record: GateRecord) -> Rotation | None:
    """A gate on one qubit of one angle; None if its generator depends on that."""
    (generator,), (other,) = record.generators(0.3), record.generators(0.7)
    if not np.array_equal(generator, other):
        return None
    g = generator
    axis, size = direction(np.array([g[1, 0].real, g[1, 0].imag, (g[0, 0] - g[1, 1]).real / 2]))
    return Rotation(*quaternion_of(record.matrix(0.0)), axis, size, float(np.trace(g).real) / 2)


@cache
def diagonal_rotations(record: GateRecord) -> tuple[DiagonalRotation, ...] | None:
    """Every angle of a diagonal gate; None if it is none at the angles 0, or its generators depend on angles."""
    count = record.num_params
    if not np.allclose(np.diagonal(record.matrix(*np.zeros(count))), 1.0, rtol=0.0, atol=ALIKE):
        return None
    generators, others = (record.generators(*np.full(count, angle)) for angle in (0.3, 0.7))
    if not all(np.array_equal(a, b) for a, b in zip(generators, others, strict=True)):
        return None
    return tuple(_diagonal_rotation(np.diagonal(generator).real) for generator in generators)


def _diagonal_rotation(generator: FloatArray) -> DiagonalRotation:
    places = np.arange(generator.size)
    found = 0
    for z_mask in range(1, generator.size):
        if np.array_equal(generator, generator[0] * (1.0 - 2.0 * (np.bitwise_count(places & z_mask) & 1))):
            found = z_mask
    return DiagonalRotation(tuple(generator.tolist()), found)


@cache
def is_euler(record: GateRecord) -> bool:
    """Whether a gate of angles (θ, φ, λ) is ``e^{i(φ+λ)/2} RZ(φ) RY(θ) RZ(λ)``."""
    if record.num_params != 3:
        return False
    theta, phi, lam = 0.3, 0.5, 0.9
    turned, kept = math.sin(theta / 2), math.cos(theta / 2)
    outer, inner = cmath.exp(0.5j * (phi + lam)), cmath.exp(0.5j * (phi - lam))
    expected = outer * np.array([kept / outer, -turned / inner, turned * inner, kept * outer])
    return bool(np.abs(expected - record.matrix(theta, phi, lam).ravel()).max() < ALIKE)


@cache
def steps_of(record: GateRecord) -> tuple[Step, ...] | None:
    """A gate as rotations and phases, each linear in one of its angles; None if its decomposition has others."""
    points = np.eye(1 + record.num_params)[:, 1:].tolist()
    origin, *others = (_leaves(record.name, tuple(point), tuple(range(record.num_qubits))) for point in points)
    steps = []
    for k, (leaf, angles, qubits) in enumerate(origin):
        if leaf not in LEAVES:
            return None
        slopes = [other[k][1][0] - angles[0] for other in others]
        used = [j for j, slope in enumerate(slopes) if slope]
        if len(used) > 1:
            return None
        steps.append(Step(leaf, qubits, angles[0], used[0] if used else -1, slopes[used[0]] if used else 0.0))
    return tuple(steps)


_Leaf: TypeAlias = tuple[str, tuple[float, ...], tuple[int, ...]]
"""Name, angles and qubits of a gate."""


def _leaves(name: str, angles: tuple[float, ...], qubits: tuple[int, ...]) -> list[_Leaf]:
    """The decomposition of a gate of the library, down to `LEAVES` where it gets there."""
    decomposition = None if name in LEAVES else STANDARD_GATES[name].decomposition
    if decomposition is None:
        return [(name, angles, qubits)]
    return [
        leaf
        for step, given, at in decomposition(*angles)
        for leaf in _leaves(step, cast(tuple[float, ...], given), tuple(qubits[q] for q in at))
    ]
