"""Annotations: parities of classical bits that tell decoders what a circuit is for, and change nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable

from qtoolkit._arguments import MOST_ITEMS, check_number, items_of
from qtoolkit.circuit._checks import check_count
from qtoolkit.circuit.gate import Instruction
from qtoolkit.errors import CircuitError

__all__ = ["ANNOTATIONS", "Detector", "Observable"]

MOST_COORDINATES = 16
MOST_OBSERVABLES = 1 << 16


class Detector(Instruction):
    """A parity of classical bits, as they are where it stands, that is always the same unless something goes wrong.

    Simulators pass over it, as over a barrier.

    Args:
        num_clbits: on how many bits.
        coordinates: where it is in space and time, at most 16 finite numbers; drawings and some decoders read them.

    Raises:
        CircuitError: if these are no numbers, or too many.
    """

    name = "detector"
    num_qubits = 0

    def __init__(self, num_clbits: int, coordinates: Iterable[float] = ()) -> None:
        self.num_clbits = check_count(num_clbits, "num_clbits", most=MOST_ITEMS)
        given = items_of(coordinates, "coordinates must be a sequence of numbers", CircuitError)
        if len(given) > MOST_COORDINATES:
            raise CircuitError(f"a detector has at most {MOST_COORDINATES} coordinates, got {len(given)}")
        numbers = (check_number(number, "a coordinate", accept=math.isfinite, error=CircuitError) for number in given)
        self.coordinates: tuple[float, ...] = tuple(numbers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Detector) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((Detector, self._key()))

    def _key(self) -> tuple[int, tuple[float, ...]]:
        return self.num_clbits, self.coordinates

    def __repr__(self) -> str:
        return f"Detector({self.num_clbits}, {self.coordinates})"


class Observable(Instruction):
    """A part of a logical observable: a parity of classical bits, as they are where it stands.

    The parts of one index are added modulo 2. Simulators pass over it, as over a barrier.

    Args:
        num_clbits: on how many bits.
        index: of the logical observable, below 65,536.

    Raises:
        CircuitError: if the index is none.
    """

    name = "observable"
    num_qubits = 0

    def __init__(self, num_clbits: int, index: int = 0) -> None:
        self.num_clbits = check_count(num_clbits, "num_clbits", most=MOST_ITEMS)
        self.index = check_count(index, "index", most=MOST_OBSERVABLES - 1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Observable) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((Observable, self._key()))

    def _key(self) -> tuple[int, int]:
        return self.num_clbits, self.index

    def __repr__(self) -> str:
        return f"Observable({self.num_clbits}, {self.index})"


ANNOTATIONS: tuple[type[Instruction], ...] = (Detector, Observable)
"""What changes neither the state nor the bits, and orders nothing. Compare classes: of what derives from an abstract
one, asking for an instance takes half a microsecond.
"""
