"""Which nodes run in which sweep.

A sweep works on blocks that hold `block_bits` bits of the index: the lowest ones always, the others as the planner
likes. A node can run where all its targets are among them; qubits that it is diagonal in may lie outside. Nodes are
taken in time order, each as soon as nothing before it on its qubits is left; phases at the end of a circuit wait for
the last sweep. The free bits of a block first go to those that come first and are then exchanged one for another as
long as the sweep gets more done. That is greedy, and often leaves little for the last sweep; a search over several
choices in each sweep then tries to do without it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.nodes import Node
from qtoolkit.compiler.passes.merge import is_waiting

__all__ = ["Item", "Sweep", "Worth", "apart", "mask_of", "schedule", "take"]

WINDOW = 512
"""Nodes ahead that the choice of bits looks at."""

SEARCH_QUBITS = 20
"""From this size on a sweep is worth the search for a way without it, some milliseconds for each that there is."""

SEARCH_SWEEPS = range(3, 11)
"""How many there are where the search is tried."""

WIDTH, STARTS, CHOICES = 8, 2, 6
"""Of the search: ways that are followed, random bits to begin with besides the first come, blocks taken from each."""

Masks = NDArray[np.int64]


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
    for inside in _blocks(rest, layout):
        taken, rest = take(rest, inside)
        members = [q for q in range(layout.num_bits) if inside >> q & 1]
        bits = members + [q for q in range(layout.num_bits) if not inside >> q & 1]
        nodes = [item.node for item in taken + ([] if rest else last)]
        sweeps.append(Sweep(tuple(bits), tuple(nodes)))
    return sweeps


def _blocks(items: Sequence[Item], layout: Layout) -> list[int]:
    """The masks of the blocks' bits, sweep by sweep."""
    blocks = []
    rest = list(items)
    while rest:
        window = rest[:WINDOW]
        seen = _climb(Worth(window, layout), _first_come(window, layout), layout)
        blocks.append(max(seen, key=seen.__getitem__))
        rest = take(rest, blocks[-1])[1]
    if layout.num_bits >= SEARCH_QUBITS and len(blocks) in SEARCH_SWEEPS:
        return _search(items, layout, len(blocks) - 1) or blocks
    return blocks


def _search(items: Sequence[Item], layout: Layout, most: int) -> list[int] | None:
    """Blocks for at most so many sweeps, if some are found."""
    rng = random.Random(most)
    ways: list[tuple[list[Item], list[int]]] = [(list(items), [])]
    for _ in range(most):
        found: dict[tuple[int, ...], tuple[list[Item], list[int]]] = {}
        for rest, blocks in ways:
            for inside in _promising(rest[:WINDOW], layout, rng):
                later = take(rest, inside)[1]
                if not later:
                    return [*blocks, inside]
                found.setdefault(tuple(map(id, later)), (later, [*blocks, inside]))
        ways = sorted(found.values(), key=lambda way: sum(item.worth for item in way[0]))[:WIDTH]
    return None


def _promising(window: Sequence[Item], layout: Layout, rng: random.Random) -> list[int]:
    """Blocks that get most done, of those that several climbs come by; the best first."""
    worth = Worth(window, layout)
    free = range(layout.chunk_bits, layout.num_bits)
    held, chosen = (1 << layout.chunk_bits) - 1, layout.block_bits - layout.chunk_bits
    starts = [_first_come(window, layout), *(held | mask_of(rng.sample(free, chosen)) for _ in range(STARTS))]
    seen: dict[int, int] = {}
    for start in starts:
        seen |= _climb(worth, start, layout)
    return sorted(seen, key=seen.__getitem__, reverse=True)[:CHOICES]


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


class Worth:
    """How much blocks get done of some nodes: what `take` takes, without the lists and for many blocks at once."""

    def __init__(self, window: Sequence[Item], layout: Layout) -> None:
        counts: dict[int, int] = {}
        for item, needed in zip(window, _needed(window, layout.num_bits), strict=True):
            if item.worth and needed.bit_count() <= layout.block_bits:
                counts[needed] = counts.get(needed, 0) + item.worth
        self._needed = np.array([*counts], np.int64)
        self._worth = np.array([*counts.values()], np.int64)

    def of(self, blocks: Masks) -> Masks:
        """By mask of bits."""
        done: Masks = self._worth @ ((self._needed[:, None] & ~blocks) == 0)
        return done


def _needed(window: Sequence[Item], num_bits: int) -> Iterator[int]:
    """The bits that a block must hold to run a node: its targets and those of all that must come before."""
    by_target, by_any = [0] * num_bits, [0] * num_bits
    for item in window:
        needed = item.targets
        for q in item.node.targets:
            needed |= by_any[q]
        for q in item.node.diagonal:
            needed |= by_target[q]
        yield needed
        for q in item.node.targets:
            by_target[q] |= needed
            by_any[q] |= needed
        for q in item.node.diagonal:
            by_any[q] |= needed


def _climb(worth: Worth, inside: int, layout: Layout) -> dict[int, int]:
    """Exchange one bit for another as long as that gets more done; all blocks looked at, and what they get done."""
    seen = {inside: int(worth.of(np.array([inside]))[0])}
    high = range(layout.chunk_bits, layout.num_bits)
    while layout.block_bits < layout.num_bits:
        blocks = [
            inside ^ (1 << out | 1 << other)
            for out in high if inside >> out & 1
            for other in high if not inside >> other & 1
        ]  # fmt: skip
        done = worth.of(np.array(blocks))
        seen |= dict(zip(blocks, done.tolist(), strict=True))
        best = int(done.argmax())
        if done[best] <= seen[inside]:
            break
        inside = blocks[best]
    return seen


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
