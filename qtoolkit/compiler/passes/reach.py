"""The order within sweeps that start where most amplitudes are zero.

After |0…0⟩ an amplitude is zero wherever a bit is 1 that no node has turned. With those bits at the top of a block, all
that is not zero lies at its beginning, and operations stop there: every bit that waits halves their work. So a sweep
goes in stages. The first runs all that needs no other bits than those in reach, the next adds the bits of one node and
runs what follows from them, and so on. Nodes are merged within stages only; where the last ones cost less as one, they
are one. Chunks, and so blocks that are whole states, keep the order of their bits: who reaches one reaches those below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.nodes import Node
from qtoolkit.compiler.passes.merge import (
    Action,
    MergedSweep,
    Polynomial,
    Rotations,
    Strings,
    merge_sweep,
    targets_of,
)
from qtoolkit.compiler.passes.schedule import Item, Sweep, Worth, apart, mask_of, take

__all__ = ["merge_sweeps"]

WINDOW = 256
"""Nodes of the last stage that are looked at when stages are joined."""

STRINGS_PASSES = 5
"""Over the block, for many strings together."""

OPERATION_COST, POLYNOMIAL_COST = 1 << 6, 1 << 12
"""What an operation costs whatever its size, as so many amplitudes more; tables are written for a polynomial."""


def merge_sweeps(sweeps: Sequence[Sweep], layout: Layout, from_zero_state: bool) -> list[MergedSweep]:
    """Merge the nodes of sweeps; from ``|0…0⟩`` on, order them and the bits of their blocks as well."""
    merged: list[MergedSweep] = []
    places = layout.chunk_bits if layout.chunk_bits < layout.block_bits else layout.low_bits
    turned = 0 if from_zero_state else -1
    for sweep in sweeps:
        reached = _grown(mask_of(sweep.bits[: layout.block_bits]) & turned, (1 << places) - 1, layout)
        unreached = layout.block_bits - _extent(reached, layout)
        if unreached:
            actions = _in_stages(sweep.nodes, reached, layout)
            bits = _by_first_use(sweep.bits, actions, reached, layout)
        else:
            actions, bits = merge_sweep(sweep.nodes), sweep.bits
        merged.append(MergedSweep(bits, tuple(actions), sum(node.operations for node in sweep.nodes), unreached))
        for node in sweep.nodes:
            turned |= mask_of(node.targets)
    return merged


def _in_stages(nodes: Sequence[Node], reached: int, layout: Layout) -> list[Action]:
    """The actions of as many stages as lower the cost, of which the last one's begin tells enough."""
    stages = _stages([Item.of(node) for node in nodes], reached, layout)
    heads = [*stages[:-1], *(stage[:WINDOW] for stage in stages[-1:])]
    merged = [merge_sweep(stage) for stage in heads]

    def cost_from(first: int) -> int:
        last = merge_sweep(list(chain.from_iterable(heads[first:])))
        return _cost(chain(*merged[:first], last), reached, layout)

    first = len(stages) - 1
    lowest = _cost(chain.from_iterable(merged), reached, layout)
    while first > 0 and (cost := cost_from(first - 1)) < lowest:
        first, lowest = first - 1, cost
    if first > 1 and cost_from(0) < lowest:
        first = 0
    return [*chain.from_iterable(merged[:first]), *merge_sweep(list(chain.from_iterable(stages[first:])))]


def _stages(items: Sequence[Item], reached: int, layout: Layout) -> list[list[Node]]:
    stages: list[list[Node]] = []
    rest = list(items)
    while rest:
        taken, later = take(rest, reached)
        if later:
            more = _with_one_more(later, reached, layout)
            if _extent(more, layout) == _extent(reached, layout):
                reached = more
                continue
            # Phases that nothing here follows may join others in the next stage.
            taken, waiting = apart(taken)
            reached, later = more, waiting + later
        if taken:
            stages.append([item.node for item in taken])
        rest = later
    return stages


def _with_one_more(items: Sequence[Item], reached: int, layout: Layout) -> int:
    """The bits in reach and those of one more of the nodes that are left: few, and such that much can follow."""
    blocked = targets_blocked = 0
    candidates: set[int] = set()
    for item in items:
        if item.targets & ~reached and not item.targets & blocked and not item.diagonal & targets_blocked:
            candidates.add(_grown(reached, item.targets, layout))
        targets_blocked |= item.targets
        blocked |= item.targets | item.diagonal
    least = min(candidate.bit_count() for candidate in candidates)
    fewest = sorted(candidate for candidate in candidates if candidate.bit_count() == least)
    return fewest[int(Worth(items, layout).of(np.array(fewest)).argmax())]


def _grown(reached: int, targets: int, layout: Layout) -> int:
    """The bits in reach when these are as well; the lowest ones have their places, each above the one before."""
    below = targets & ((1 << layout.chunk_bits) - 1)
    return reached | targets | (1 << below.bit_length()) - 1


def _extent(reached: int, layout: Layout) -> int:
    """How many positions of a block operations cover."""
    return max(reached.bit_count(), layout.low_bits)


def _cost(actions: Iterable[Action], reached: int, layout: Layout) -> int:
    """Amplitudes that operations work on, one after the other."""
    cost = 0
    for action in actions:
        if isinstance(action, Strings):
            cost += STRINGS_PASSES << layout.block_bits
            continue
        reached = _grown(reached, mask_of(targets_of(action)), layout)
        passes = (len(action.qubits) + 3) // 4 if isinstance(action, Rotations) else 1
        cost += passes << _extent(reached, layout)
        cost += POLYNOMIAL_COST if isinstance(action, Polynomial) else OPERATION_COST * passes
    return cost


def _by_first_use(bits: tuple[int, ...], actions: Iterable[Action], reached: int, layout: Layout) -> tuple[int, ...]:
    """The bits with those of the block in the order in which they come into reach."""
    inside = bits[: layout.block_bits]
    order = [q for q in inside if reached >> q & 1]
    for action in actions:
        before, reached = reached, _grown(reached, mask_of(targets_of(action)), layout)
        if reached != before:
            order += [q for q in inside if (reached & ~before) >> q & 1]
    return (*order, *(q for q in inside if not reached >> q & 1), *bits[layout.block_bits :])
