"""What a circuit is lowered to: Clifford gates, Pauli rotations, measurements and classical steps, in time order.

Qubits are the circuit's own; Pauli operators on them are bits x and z, Hermitian, as in `pauli.hermitian`. Classical
bits are the circuit's, and after them bits that only the lowering uses. A condition is a bit that must be 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.near_clifford.clifford import CliffordTable

__all__ = [
    "AndItem",
    "CliffordItem",
    "DecodeItem",
    "Instrument",
    "InstrumentItem",
    "Item",
    "LinearItem",
    "MeasureItem",
    "NoiseItem",
    "ParityItem",
    "PauliItem",
    "ReadoutItem",
    "ResetItem",
    "RotationItem",
]


@dataclass(frozen=True, slots=True)
class CliffordItem:
    """A Clifford gate."""

    qubits: tuple[int, ...]
    table: CliffordTable


@dataclass(frozen=True, slots=True)
class PauliItem:
    """A Pauli operator, applied where the condition holds."""

    x: int
    z: int
    condition: int | None = None


@dataclass(frozen=True, slots=True)
class RotationItem:
    """``exp(-i angle/2 P)``, where the condition holds."""

    x: int
    z: int
    angle: float
    condition: int | None = None


@dataclass(frozen=True, slots=True)
class MeasureItem:
    """A measurement in the Z basis; into no bit, if nobody reads it."""

    qubit: int
    clbit: int | None


@dataclass(frozen=True, slots=True)
class ResetItem:
    """A qubit that begins anew in ``|0⟩``; what it was is measured before."""

    qubit: int


@dataclass(frozen=True, slots=True)
class NoiseItem:
    """One of several alternatives, or none of them, at random.

    Attributes:
        probabilities: of the alternatives; what is missing to 1 is that of none.
        flips: for each of them a Pauli operator's x and z, and classical bits that flip.
    """

    probabilities: tuple[float, ...]
    flips: tuple[tuple[int, int, tuple[int, ...]], ...]


@dataclass(frozen=True, eq=False)
class Instrument:
    """Kraus operators on k qubits, written in Pauli operators.

    The m-th of these is i^|x∧z| X^x Z^z, where bit q of x is bit 2q of m and bit q of z is bit 2q + 1.

    Attributes:
        operators: complex128, shape ``(num_operators, 4**k)``.
        weights: float64 of the same shape: the coefficients of ``K†K``.
        num_outcomes: 2 if which of two operators acted is recorded, else 0.
        confusion: of one qubit, if all operators take basis states to basis states: ``confusion[before, after]``.
    """

    operators: NDArray[np.complex128]
    weights: NDArray[np.float64]
    num_outcomes: int = 0
    confusion: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class InstrumentItem:
    """One of several Kraus operators at random, by their weights, where the condition holds."""

    qubits: tuple[int, ...]
    instrument: Instrument
    condition: int | None = None
    clbit: int | None = None


@dataclass(frozen=True, slots=True)
class LinearItem:
    """``target`` becomes the parity of some bits and a constant."""

    target: int
    sources: tuple[int, ...]
    constant: int = 0


@dataclass(frozen=True, slots=True)
class AndItem:
    """``target`` becomes 1 where all of some bits are."""

    target: int
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReadoutItem:
    """Draws which of the bits `sources` are read wrongly into `targets`.

    Attributes:
        confusion: ``confusion[true, read]``.
    """

    targets: tuple[int, ...]
    sources: tuple[int, ...]
    confusion: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DecodeItem:
    """Writes what a function makes of the bits `sources` into `targets`."""

    targets: tuple[int, ...]
    sources: tuple[int, ...]
    function: Callable[[NDArray[np.bool_]], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class ParityItem:
    """A detector, or a part of an observable: the parity of some bits as they are here.

    Attributes:
        output: of which output it is a part, detectors first.
    """

    output: int
    sources: tuple[int, ...]


Item: TypeAlias = (
    CliffordItem
    | PauliItem
    | RotationItem
    | MeasureItem
    | ResetItem
    | NoiseItem
    | InstrumentItem
    | LinearItem
    | AndItem
    | ReadoutItem
    | DecodeItem
    | ParityItem
)
