"""In which order operations run: what commutes may change places, and the fewest amplitudes are best.

An operation must follow those before it that it does not commute with, and those whose classical results it needs.
Within that, coins and certain measurements run at once, measurements on one component as soon as they can, since each
halves it; and of the rest the measurement comes next that, with the rotations that it waits for, makes the smallest
component, or the least growth: no rule is the best for all circuits, so several are tried. This is the greedy
elimination of tensor networks. A surface code's round is so swept from one side to the other with a component as wide
as the code, where the circuit's own order would hold one as large as its area.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from qtoolkit.simulators.near_clifford.builder import Builder
from qtoolkit.simulators.near_clifford.items import InstrumentItem, MeasureItem, RotationItem
from qtoolkit.simulators.near_clifford.pauli import set_bits

__all__ = ["build"]

WINDOW = 48
"""Measurements among which the next one is chosen, the earliest ones that are left."""

MOST_CHOSEN = 10_000
"""Beyond so many operations the circuit's order is taken, since choosing would take minutes."""

CHEAP = 256
"""Amplitudes of a shot below which one rule is enough: they take less time than noise and output."""

_TURNING = (RotationItem, InstrumentItem)

_Rule: TypeAlias = Callable[[int, int, int], tuple[int, ...]]
"""Of qubits that become active, of the component that is made and of the largest one that it is made of."""

_RULES: tuple[_Rule, ...] = (
    lambda opened, size, largest: (size,),
    lambda opened, size, largest: (opened, size),
    lambda opened, size, largest: (size - largest, size),
    lambda opened, size, largest: (size - largest, -size),
    lambda opened, size, largest: (size + 2 * opened,),
)


def build(make: Callable[[], Builder]) -> tuple[Builder, str]:
    """The cheapest of some programs, in the circuit's order or by choice; and which of these it is.

    Args:
        make: a builder that has performed nothing.
    """
    best, order = make(), "the circuit's"
    graph = _Graph(best)
    for operation in range(len(best.effects)):
        best.perform(operation)
    if best.peak > 1 and len(best.effects) <= MOST_CHOSEN:
        graph.prepare()
        for rule in _RULES:
            chosen = make()
            if _Greedy(chosen, graph, rule).run(best.cost):
                best, order = chosen, "chosen"
            if best.cost <= CHEAP:
                break
    return best, order


class _Graph:
    """Which operations must follow which.

    Args:
        builder: that has performed nothing.

    Attributes:
        before: for each operation, the slots of all those that come before it, as bits.
        num_before: how many operations it must follow itself.
        after: for each operation, those that must follow it.
        operation_of: by slot.
    """

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        count = len(builder.effects)
        self.operation_of = [0] * builder.first_slot[-1]
        self._slots = [[builder.columns.slot(slot) for slot in builder.slots_of(k)] for k in range(count)]
        self._x, self._z = list(builder.columns.x), list(builder.columns.z)
        for operation in range(count):
            for slot in builder.slots_of(operation):
                self.operation_of[slot] = operation
        self.before: list[int] = []
        self.num_before = [0] * count
        self.after: list[list[int]] = [[] for _ in range(count)]

    def prepare(self) -> None:
        """Find everything out."""
        builder = self._builder
        owners: dict[int, int] = {}
        for operation, effect in enumerate(builder.effects):
            for row in (*effect.rows, effect.condition):
                owners[row] = operation
        direct = [0] * len(builder.effects)
        for operation, strings in enumerate(self._slots):
            earlier = (1 << builder.first_slot[operation]) - 1
            for x, z in strings:
                direct[operation] |= self._anticommuting(x, z) & earlier
        for operation, effect in enumerate(builder.effects):
            for column in effect.columns:
                for row in set_bits(column):
                    if row in owners:
                        direct[owners[row]] |= 1 << builder.first_slot[operation]
        for operation, mask in enumerate(direct):
            every = left = mask
            while left:
                # The latest one; those before it follow from it.
                other = self.operation_of[left.bit_length() - 1]
                every |= self.before[other]
                left &= ~self.before[other] & (1 << builder.first_slot[other]) - 1
                self.num_before[operation] += 1
                self.after[other].append(operation)
            self.before.append(every)

    def _anticommuting(self, x: int, z: int) -> int:
        found = 0
        for qubit in set_bits(x):
            found ^= self._z[qubit]
        for qubit in set_bits(z):
            found ^= self._x[qubit]
        return found


class _Greedy:
    def __init__(self, builder: Builder, graph: _Graph, rule: _Rule) -> None:
        self._builder = builder
        self._graph = graph
        self._rule = rule
        count = len(builder.effects)
        self._kind = [builder.item_of(operation) for operation in range(count)]
        self._left = dict.fromkeys(range(count))
        self._num_before = list(graph.num_before)
        self._fresh = [operation for operation in range(count) if not self._num_before[operation]]
        self._ready: dict[int, None] = {}

    def run(self, most: int) -> bool:
        """Perform everything; False if that costs as much as is given here, and work ends early."""
        while self._left and self._builder.cost < most:
            while self._fresh:
                operation = self._fresh.pop(0)
                if operation in self._left:
                    self._begin(operation)
            if self._left and not self._measure_alone():
                self._perform_cheapest()
        return self._builder.cost < most

    def _begin(self, operation: int) -> None:
        """Perform an operation that has just become ready if it needs no amplitudes, else keep it."""
        kind = self._kind[operation]
        if isinstance(kind, MeasureItem):
            waits = self._size(operation) > 0
        else:
            waits = isinstance(kind, _TURNING) and not self._builder.is_classical(operation)
        if waits:
            self._ready[operation] = None
        else:
            self._perform(operation)

    def _perform(self, operation: int) -> None:
        self._builder.perform(operation)
        del self._left[operation]
        self._ready.pop(operation, None)
        for later in self._graph.after[operation]:
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
        best: tuple[tuple[int, ...], list[int]] | None = None
        looked = 0
        for operation in self._left:
            if isinstance(self._kind[operation], _TURNING) and not self._builder.effects[operation].columns:
                continue
            needed = self._needed(operation)
            score = *self._score(needed), operation
            if best is None or score < best[0]:
                best = score, needed
            looked += 1
            if looked == WINDOW:
                break
        # Rotations and channels that no measurement follows were pruned, all others are needed by one.
        for operation in sorted(self._left) if best is None else best[1]:
            if operation in self._left:
                self._perform(operation)

    def _needed(self, operation: int) -> list[int]:
        """An operation and all before it that are left, in the circuit's order."""
        slots = set_bits(self._graph.before[operation] & self._builder.undone)
        return [*dict.fromkeys(self._graph.operation_of[slot] for slot in slots), operation]

    def _score(self, operations: list[int]) -> tuple[int, ...]:
        """What the rule makes of the component that these operations would make, about."""
        builder = self._builder
        touched = opened = 0
        for operation in operations:
            for slot in builder.slots_of(operation):
                x, z = builder.columns.slot(slot)
                touched |= (x | z) & builder.active
                opened += bool(x & ~builder.active)
        sizes = [component.size for component in builder.components_at(touched)]
        return self._rule(opened, opened + sum(sizes), max(sizes, default=0))
