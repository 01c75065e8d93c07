"""Which nodes run in which sweep.

A sweep works on blocks that hold `block_bits` bits of the index: the lowest ones always, the others as the planner
likes. A node can run where all its targets are among them; qubits that it is diagonal in may lie outside. Nodes are
taken in time order, each as soon as nothing before it on its qubits is left; phases at the end of a circuit wait for
the last sweep. The free bits of a block first go to those that come first and are then exchanged one for another as
long as the sweep gets more done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.nodes import Node
from qtoolkit.compiler.passes.merge import is_waiting

__all__ = ["Item", "Sweep", "apart", "mask_of", "schedule", "take", "worth_of"]

WINDOW = 512
"""Nodes ahead that the choice of bits looks at."""


@dataclass(frozen=True)
class Sweep:
    """Nodes that one pass over memory runs.

    Attributes:
        bits: index bits by position: first those of the block, lowest position first, then the others.
        nodes: in time order.
    """

    bits: tuple[int, ...]
    nodes: tuple[Node, ...]


class Item(NamedTuple):
    """What the choice of bits needs to know of a node: masks of its qubits, and how much it is worth."""

    node: Node
    targets: int
    diagonal: int
    worth: int

    @classmethod
    def of(cls, node: Node) -> Item:
        """The item of a node."""
        return cls(node, mask_of(node.targets), mask_of(node.diagonal), not is_waiting(node))


def schedule(nodes: Sequence[Node], layout: Layout) -> list[Sweep]:
    """Distribute nodes over sweeps."""
    items = [Item.of(node) for node in nodes]
    rest, last = apart(items) if layout.block_bits < layout.num_bits else (items, [])
    if not rest:
        rest, last = last, []
    sweeps: list[Sweep] = []
    while rest:
        inside = _choose_bits(rest[:WINDOW], layout)
        taken, rest = take(rest, inside)
        members = [q for q in range(layout.num_bits) if inside >> q & 1]
        bits = members + [q for q in range(layout.num_bits) if not inside >> q & 1]
        nodes = [item.node for item in taken + ([] if rest else last)]
        sweeps.append(Sweep(tuple(bits), tuple(nodes)))
    return sweeps


def apart(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Nodes, and diagonal ones that nothing follows but such: they join in one polynomial if they wait for the end."""
    rest: list[Item] = []
    last: list[Item] = []
    targets = 0
    for item in reversed(items):
        targets |= item.targets
        (rest if item.worth or item.diagonal & targets else last).append(item)
    return rest[::-1], last[::-1]


def mask_of(qubits: Sequence[int]) -> int:
    """Qubits as a mask."""
    return sum(1 << q for q in qubits)


def _choose_bits(window: Sequence[Item], layout: Layout) -> int:
    """The mask of a block's bits."""
    inside = _first_come(window, layout)
    if layout.block_bits == layout.num_bits:
        return inside
    high = range(layout.chunk_bits, layout.num_bits)
    best = worth_of(window, inside)
    improved = True
    while improved:
        improved = False
        choice = inside
        for out in high:
            if not inside >> out & 1:
                continue
            for other in high:
                if inside >> other & 1:
                    continue
                candidate = inside ^ (1 << out | 1 << other)
                worth = worth_of(window, candidate)
                if worth > best:
                    best, choice, improved = worth, candidate, True
        inside = choice
    return inside


def _first_come(window: Sequence[Item], layout: Layout) -> int:
    """Bits for the nodes that come first."""
    inside = (1 << layout.chunk_bits) - 1
    hard = soft = 0
    for item in window:
        wanted = inside | item.targets
        if not item.targets & (hard | soft) and not item.diagonal & hard and wanted.bit_count() <= layout.block_bits:
            inside = wanted
        else:
            hard |= item.targets
            soft |= item.diagonal
    for q in range(layout.num_bits):
        if inside.bit_count() < layout.block_bits:
            inside |= 1 << q
    return inside


def worth_of(window: Sequence[Item], inside: int) -> int:
    """How much a block with these bits gets done; what `take` does, without the lists."""
    outside = ~inside
    total = blocked = targets_blocked = 0
    for _, targets, diagonal, worth in window:
        if targets & (outside | blocked) or diagonal & targets_blocked:
            targets_blocked |= targets
            blocked |= targets | diagonal
            if not inside & ~targets_blocked:
                break
        else:
            total += worth
    return total


def take(items: Sequence[Item], inside: int) -> tuple[list[Item], list[Item]]:
    """Split nodes into those that a block with these bits can run, and the rest."""
    taken: list[Item] = []
    later: list[Item] = []
    blocked = targets_blocked = 0
    wanted = 0
    for item in items:
        wanted |= item.targets
    for place, item in enumerate(items):
        if not item.targets & (~inside | blocked) and not item.diagonal & targets_blocked:
            taken.append(item)
            continue
        targets_blocked |= item.targets
        blocked |= item.targets | item.diagonal
        later.append(item)
        if not wanted & ~targets_blocked:
            later.extend(items[place + 1 :])
            break
    return taken, later
