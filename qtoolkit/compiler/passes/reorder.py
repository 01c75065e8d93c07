"""Exchanges and swaps among tile bits, several in a row as one operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.nodes import Kind, Node

__all__ = ["Reorder", "join_exchanges"]

Action = TypeVar("Action")

LEAST_EXCHANGES = 6
"""Moving tiles along cycles takes about as long as so many exchanges of half of them, which run in order."""


@dataclass(frozen=True)
class Reorder:
    """Tile j becomes what tile ``offset ^ (XOR of images[b] for the bits b of j)`` was.

    Attributes:
        images: of the bits of a tile's number.
        offset: the image of 0.
    """

    images: tuple[int, ...]
    offset: int

    @property
    def moved_bits(self) -> int:
        """How many of the lowest bits of a tile's number can change."""
        moved = self.offset
        for bit, image in enumerate(self.images):
            moved |= image ^ 1 << bit
        return moved.bit_length()


def join_exchanges(actions: Sequence[Action], position: Mapping[int, int], layout: Layout) -> list[Action | Reorder]:
    """Replace runs of exchanges with at most one control and of swaps, where that saves passes over the block.

    Args:
        actions: of one sweep, in time order.
        position: of every qubit.
        layout: how the state is cut.
    """
    joined: list[Action | Reorder] = []
    for together, run in groupby(actions, lambda action: _moves_tiles(action, position, layout)):
        members = list(run)
        if together and len(members) >= LEAST_EXCHANGES:
            joined.append(_reorder([m for m in members if isinstance(m, Node)], position, layout))
        else:
            joined.extend(members)
    return joined


def _moves_tiles(action: object, position: Mapping[int, int], layout: Layout) -> bool:
    if not isinstance(action, Node) or len(action.controls) > 1:
        return False
    if action.kind is not Kind.SWAP and (action.kind is not Kind.EXCHANGE or not action.controls):
        return False
    return all(layout.lane_bits <= position[q] < layout.block_bits for q in action.qubits)


def _reorder(nodes: Sequence[Node], position: Mapping[int, int], layout: Layout) -> Reorder:
    bits = range(layout.block_bits - layout.lane_bits)
    place = {q: p - layout.lane_bits for q, p in position.items()}
    offset = _source(nodes, place, 0)
    return Reorder(tuple(_source(nodes, place, 1 << b) ^ offset for b in bits), offset)


def _source(nodes: Sequence[Node], place: Mapping[int, int], tile: int) -> int:
    """Which tile comes to a place in the end."""
    for node in reversed(nodes):
        if node.kind is Kind.SWAP:
            first, second = (place[q] for q in node.targets)
            if tile >> first & 1 != tile >> second & 1:
                tile ^= 1 << first | 1 << second
        else:
            control = node.controls[0]
            if tile >> place[control] & 1 != node.zeros >> control & 1:
                tile ^= 1 << place[node.targets[0]]
    return tile
