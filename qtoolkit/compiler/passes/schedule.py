"""Which nodes run in which sweep.

A sweep works on blocks that hold `block_bits` bits of the index: the lowest ones always, the others as the planner
likes. A node can run where all its targets are among them; qubits that it is diagonal in may lie outside. Nodes are
taken in time order, each as soon as nothing before it on its qubits is left, and the block's free bits go to those that
come first, then exchanged one for another as long as the sweep runs more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.nodes import Kind, Node

__all__ = ["Sweep", "schedule"]

WINDOW = 4096
"""Nodes that are looked at for one sweep."""


@dataclass(frozen=True)
class Sweep:
    """Nodes that one pass over memory runs.

    Attributes:
        bits: index bits by position: first those of the block, lowest position first, then the others.
        nodes: in time order.
    """

    bits: tuple[int, ...]
    nodes: tuple[Node, ...]


def schedule(nodes: Sequence[Node], layout: Layout) -> list[Sweep]:
    """Distribute nodes over sweeps."""
    sweeps = []
    rest = list(nodes)
    while rest:
        window, beyond = rest[:WINDOW], rest[WINDOW:]
        inside = _choose_bits(window, layout)
        taken, later = _take(window, inside)
        bits = sorted(inside) + [q for q in range(layout.num_bits) if q not in inside]
        sweeps.append(Sweep(tuple(bits), tuple(taken)))
        rest = later + beyond
    return sweeps


def _choose_bits(window: Sequence[Node], layout: Layout) -> set[int]:
    fixed = set(range(layout.chunk_bits))
    inside = set(fixed)
    hard: set[int] = set()
    soft: set[int] = set()
    for node in window:
        if len(inside) == layout.block_bits:
            break
        targets = set(node.targets)
        free = not targets & (hard | soft) and not hard.intersection(node.diagonal)
        if free and len(inside | targets) <= layout.block_bits:
            inside |= targets
        else:
            hard |= targets
            soft.update(node.diagonal)
    for q in range(layout.num_bits):
        if len(inside) == layout.block_bits:
            break
        inside.add(q)
    return inside


def _take(window: Sequence[Node], inside: set[int]) -> tuple[list[Node], list[Node]]:
    """Split nodes into those that a block with these bits can run, and the rest."""
    taken: list[Node] = []
    later: list[Node] = []
    blocked: set[int] = set()
    blocked_targets: set[int] = set()
    for place, node in enumerate(window):
        if inside <= blocked_targets and len(later) > len(inside):
            later.extend(window[place:])
            break
        targets = node.targets
        if (
            inside.issuperset(targets)
            and blocked.isdisjoint(targets)
            and blocked_targets.isdisjoint(node.diagonal)
        ):
            taken.append(node)
        else:
            blocked_targets.update(targets)
            blocked.update(targets)
            blocked.update(node.diagonal)
            later.append(node)
    return taken, later


