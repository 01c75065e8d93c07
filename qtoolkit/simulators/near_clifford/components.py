"""Components: qubits whose states are held as amplitudes, and their places in one room."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Component", "Room"]


@dataclass(eq=False, slots=True)
class Component:
    """Qubits with a state of their own.

    Attributes:
        place: of the first amplitude.
        qubits: bit k of an amplitude's number belongs to ``qubits[k]``.
    """

    place: int
    qubits: list[int]

    @property
    def size(self) -> int:
        """Number of qubits."""
        return len(self.qubits)

    def local(self, mask: int) -> int:
        """The bits of a mask that belong to these qubits, in their order."""
        return sum(1 << k for k, qubit in enumerate(self.qubits) if mask >> qubit & 1)


class Room:
    """Hands out places; the lowest that fit.

    Attributes:
        size: places that were ever used.
    """

    def __init__(self) -> None:
        self.size = 0
        self._free: list[tuple[int, int]] = []

    def take(self, count: int) -> int:
        """So many places in a row; the first of them."""
        for k, (start, length) in enumerate(self._free):
            if length >= count:
                rest = [(start + count, length - count)] if length > count else []
                self._free[k : k + 1] = rest
                return start
        at_end = bool(self._free) and sum(self._free[-1]) == self.size
        start = self._free.pop()[0] if at_end else self.size
        self.size = start + count
        return start

    def give_back(self, start: int, count: int) -> None:
        """Return places."""
        spans = sorted([*self._free, (start, count)])
        joined: list[tuple[int, int]] = []
        for first, length in spans:
            if joined and joined[-1][0] + joined[-1][1] == first:
                joined[-1] = joined[-1][0], joined[-1][1] + length
            else:
                joined.append((first, length))
        self._free = joined
