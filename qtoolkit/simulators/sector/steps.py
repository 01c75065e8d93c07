"""What circuits on states of one Hamming weight are made of: exchanges of amplitudes in pairs, and phases.

Every gate that conserves the weight is lowered to these two, and their order is all that a program needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import ParameterValue

__all__ = [
    "Matrix2",
    "PairPattern",
    "PairStep",
    "PhaseLayer",
    "PhaseTable",
    "PhaseTerm",
    "ReflectionStep",
    "SectorStep",
    "SpinPhases",
    "SpinStep",
]

Matrix2: TypeAlias = tuple[complex, complex, complex, complex]


@dataclass(frozen=True)
class PairPattern:
    """Which amplitudes exchange: a state with the bits ``a_value`` under ``x_mask``, and the same with those flipped.

    Attributes:
        x_mask, a_value: as above; half of the mask's bits are set in the value.
        control_mask, control_value: only states with these bits take part.
        z_mask: off-diagonal matrix entries change sign where the state has an odd number of ones under it; it shares no
            bit with the other masks.
    """

    x_mask: int
    a_value: int
    control_mask: int = 0
    control_value: int = 0
    z_mask: int = 0

    @property
    def fixed_mask(self) -> int:
        """Bits that the pattern fixes."""
        return self.x_mask | self.control_mask

    @property
    def fixed_value(self) -> int:
        """What the first state of a pair has there."""
        return self.a_value | self.control_value


@dataclass(frozen=True)
class PairStep:
    """A 2x2 matrix on the pairs ``(a, b)`` of a pattern.

    Attributes:
        pattern: the pairs.
        matrix: row by row; None for a rotation.
        angle: of the rotation ``exp(-iφG)`` with ``G = e^{iα}|b⟩⟨a| + e^{-iα}|a⟩⟨b|``.
        axis: its α.
    """

    pattern: PairPattern
    matrix: Matrix2 | None
    angle: ParameterValue = 0.0
    axis: float = 0.0

    def constant_matrix(self) -> Matrix2 | None:
        """The matrix, if no parameter enters."""
        if self.matrix is not None:
            return self.matrix
        if not isinstance(self.angle, float):
            return None
        c, s = complex(np.cos(self.angle)), -1j * np.sin(self.angle)
        return c, s * np.exp(-1j * self.axis), s * np.exp(1j * self.axis), c


@dataclass(frozen=True)
class PhaseTerm:
    """``(-1)^{|bits & parity_mask|}`` on states with ``bits & match_mask == match_value``, 0 on the others."""

    match_mask: int
    match_value: int
    parity_mask: int = 0

    @property
    def support(self) -> int:
        """Bits it depends on."""
        return self.match_mask | self.parity_mask


@dataclass(frozen=True, eq=False)
class PhaseTable:
    """Angles (float64) by the bits on some qubits, on states with ``bits & match_mask == match_value``."""

    qubits: tuple[int, ...]
    angles: NDArray[np.float64]
    flipped: int
    match_mask: int
    match_value: int

    @property
    def support(self) -> int:
        """Bits it depends on."""
        return self.match_mask | sum(1 << q for q in self.qubits)

    def values(self, bits: NDArray[np.int64]) -> NDArray[np.float64]:
        """The angle on each bit pattern."""
        index = np.zeros(bits.shape, np.int64)
        for place, qubit in enumerate(self.qubits):
            index |= ((bits ^ self.flipped) >> qubit & 1) << place
        matching = bits & self.match_mask == self.match_value
        return np.where(matching, self.angles[index], 0.0)


@dataclass(frozen=True)
class SpinPhases:
    """Values of the exchange of all pairs of some qubits, between the steps to and from their total spin.

    They count on states with ``bits & match_mask == match_value``, bits of other qubits.
    """

    qubits: tuple[int, ...]
    match_mask: int
    match_value: int

    @property
    def support(self) -> int:
        """Bits it depends on."""
        return self.match_mask | sum(1 << q for q in self.qubits)


@dataclass
class PhaseLayer:
    """Phases that commute and are applied at once: ``exp(i Σ angle · term)``."""

    terms: list[tuple[PhaseTerm, ParameterValue]] = field(default_factory=list)
    tables: list[PhaseTable] = field(default_factory=list)
    spins: list[tuple[SpinPhases, ParameterValue]] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class ReflectionStep:
    """``1 + (e^{iθ} - 1)|s⟩⟨s|`` with ``|s⟩`` what the steps `preparation` make of the basis state `start`."""

    start: int
    preparation: tuple[PairStep, ...]
    angle: ParameterValue


@dataclass(frozen=True)
class SpinStep:
    """From bit patterns of some qubits to their total spin, in place, or back."""

    qubits: tuple[int, ...]
    back: bool


SectorStep: TypeAlias = PairStep | PhaseLayer | ReflectionStep | SpinStep
