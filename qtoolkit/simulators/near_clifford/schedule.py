"""In which order operations run: what commutes may change places, and the fewest amplitudes are best.

An operation must follow those before it that it does not commute with, and those whose classical results it needs.
Within that, coins and certain measurements run at once, measurements on one component as soon as they can, since each
halves it; and of the rest the measurement comes next that, with the rotations that it waits for, makes the smallest
component. This is the greedy elimination of tensor networks. A surface code's round is so swept from one side to the
other with a component as wide as the code, where the circuit's own order would hold one as large as its area.
"""

from __future__ import annotations

from collections.abc import Callable

from qtoolkit.simulators.near_clifford.builder import Builder
from qtoolkit.simulators.near_clifford.items import InstrumentItem, MeasureItem, RotationItem
from qtoolkit.simulators.near_clifford.pauli import set_bits

__all__ = ["build"]

WINDOW = 48
"""Measurements among which the next one is chosen, the earliest ones that are left."""

MOST_GREEDY = 20_000
"""Beyond so many operations the circuit's order is taken, since choosing would take minutes."""


def build(make: Callable[[], Builder]) -> tuple[Builder, str]:
    """The cheaper of two programs, in the circuit's order or by choice; and which of them it is.

    Args:
        make: a builder that has performed nothing.
    """
    plain = make()
    for operation in range(len(plain.effects)):
        plain.perform(operation)
    if plain.peak > 1 and len(plain.effects) <= MOST_GREEDY:
        chosen = make()
        _Greedy(chosen).run()
        if chosen.cost < plain.cost:
            return chosen, "chosen"
    return plain, "the circuit's"


_TURNING = (RotationItem, InstrumentItem)


class _Greedy:
    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        count = len(builder.effects)
        self._before = self._predecessors(count)
        self._kind = [builder.item_of(operation) for operation in range(count)]
        self._operation_of = [0] * builder.first_slot[-1]
        for operation in range(count):
            for slot in builder.slots_of(operation):
                self._operation_of[slot] = operation
        self._left = dict.fromkeys(range(count))
        self._waiting_for: list[list[int]] = [[] for _ in range(count)]
        self._num_before = [0] * count
        for operation, mask in enumerate(self._before):
            earlier = {self._operation_of[slot] for slot in set_bits(mask)}
            self._num_before[operation] = len(earlier)
            for other in earlier:
                self._waiting_for[other].append(operation)
        self._fresh = [operation for operation in range(count) if not self._num_before[operation]]
        self._ready: dict[int, None] = {}

    def _predecessors(self, count: int) -> list[int]:
        """For each operation, the slots of those that it must follow."""
        builder = self._builder
        owners: dict[int, int] = {}
        for operation, effect in enumerate(builder.effects):
            for row in (*effect.rows, effect.condition):
                owners[row] = operation
        before = [0] * count
        for operation in range(count):
            first = builder.first_slot[operation]
            earlier = (1 << first) - 1
            for slot in builder.slots_of(operation):
                before[operation] |= builder.columns.anticommuting(*builder.columns.slot(slot)) & earlier
        for operation, effect in enumerate(builder.effects):
            for column in effect.columns:
                for row in set_bits(column):
                    if row in owners:
                        before[owners[row]] |= 1 << builder.first_slot[operation]
        return before

    def run(self) -> None:
        """Perform everything."""
        while self._left:
            while self._fresh:
                operation = self._fresh.pop(0)
                if operation in self._left:
                    self._begin(operation)
            if not self._left:
                return
            if not self._measure_alone():
                self._perform_cheapest()

    def _begin(self, operation: int) -> None:
        """Perform an operation that has just become ready if it needs no amplitudes, else keep it."""
        kind = self._kind[operation]
        waits = self._size(operation) > 0 if isinstance(kind, MeasureItem) else isinstance(kind, _TURNING)
        if waits:
            self._ready[operation] = None
        else:
            self._perform(operation)

    def _perform(self, operation: int) -> None:
        self._builder.perform(operation)
        del self._left[operation]
        self._ready.pop(operation, None)
        for later in self._waiting_for[operation]:
            self._num_before[later] -= 1
            if not self._num_before[later]:
                self._fresh.append(later)

    def _size(self, operation: int) -> int:
        """Components that a measurement joins; 0 if it needs no amplitudes."""
        builder = self._builder
        x, z = builder.columns.slot(builder.first_slot[operation])
        if x & ~builder.active:
            return 0
        return len(builder.components_at((x | z) & builder.active))

    def _measure_alone(self) -> bool:
        """Perform the ready measurements on one component each, or on none; whether there was one."""
        found = False
        for operation in list(self._ready):
            if isinstance(self._kind[operation], MeasureItem) and self._size(operation) <= 1:
                self._perform(operation)
                found = True
        return found

    def _perform_cheapest(self) -> None:
        best: tuple[tuple[int, int], list[int]] | None = None
        looked = 0
        for operation in self._left:
            if isinstance(self._kind[operation], RotationItem):
                continue
            needed = self._needed(operation)
            size = self._joint_size(needed)
            if best is None or (size, operation) < best[0]:
                best = (size, operation), needed
            looked += 1
            if looked == WINDOW:
                break
        # Rotations that no measurement follows were pruned, all others are needed by one.
        for operation in sorted(self._left) if best is None else best[1]:
            if operation in self._left:
                self._perform(operation)

    def _needed(self, operation: int) -> list[int]:
        """An operation and all before it that are left, in the circuit's order."""
        undone = self._builder.undone
        found, waiting = {operation}, [operation]
        while waiting:
            for slot in set_bits(self._before[waiting.pop()] & undone):
                other = self._operation_of[slot]
                if other not in found:
                    found.add(other)
                    waiting.append(other)
        return sorted(found)

    def _joint_size(self, operations: list[int]) -> int:
        """Qubits of the component that these operations make, about."""
        builder = self._builder
        touched = opened = 0
        for operation in operations:
            for slot in builder.slots_of(operation):
                x, z = builder.columns.slot(slot)
                touched |= (x | z) & builder.active
                opened += bool(x & ~builder.active)
        return opened + sum(component.size for component in builder.components_at(touched))
