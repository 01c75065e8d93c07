"""The order within sweeps that start where most amplitudes are zero.

After |0…0⟩ an amplitude is zero wherever a bit is 1 that no node has turned. With those bits at the top of a block, all
that is not zero lies at its beginning, and operations stop there: every bit that waits halves their work. So a sweep
goes in stages. The first runs all that needs no other bits than those in reach, the next adds the bits of one node and
runs what follows from them, and so on. Nodes are merged within stages only; where the last ones cost less as one, they
are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.nodes import Node
from qtoolkit.compiler.passes.merge import Action, Polynomial, Rotations, Strings, merge_sweep
from qtoolkit.compiler.passes.schedule import Item, Sweep, apart, mask_of, take, worth_of

__all__ = ["order_by_reach", "targets_of"]

STRINGS_PASSES = 5
"""Over the block, for many strings together."""

OPERATION_COST, POLYNOMIAL_COST = 1 << 6, 1 << 12
"""What an operation costs whatever its size, as so many amplitudes more; tables are written for a polynomial."""


def order_by_reach(sweeps: Sequence[Sweep], layout: Layout) -> list[Sweep]:
    """Order the nodes and the bits of the sweeps that a state runs through from ``|0…0⟩`` on."""
    ordered: list[Sweep] = []
    reached = 0
    for sweep in sweeps:
        inside = mask_of(sweep.bits[: layout.block_bits])
        before = _grown(inside & reached, (1 << min(layout.chunk_bits, layout.low_bits)) - 1, layout)
        unreached = layout.block_bits - _extent(before, layout)
        ordered.append(_ordered(sweep, before, unreached, layout) if unreached else sweep)
        reached |= inside
    return ordered


def targets_of(action: Action) -> tuple[int, ...]:
    """The qubits that an action is not diagonal in."""
    if isinstance(action, Rotations):
        return action.qubits
    return action.targets if isinstance(action, Node) else ()


def _ordered(sweep: Sweep, reached: int, unreached: int, layout: Layout) -> Sweep:
    stages = _joined(_stages([Item.of(node) for node in sweep.nodes], reached, layout), reached, layout)
    actions = [action for stage in stages for action in merge_sweep(stage)]
    return Sweep(_by_first_use(sweep.bits, actions, reached, layout), tuple(stages), unreached)


def _joined(stages: Sequence[tuple[Node, ...]], reached: int, layout: Layout) -> list[tuple[Node, ...]]:
    """The stages with as many of the last ones joined as lowers the cost, or all of them."""
    merged = [merge_sweep(stage) for stage in stages]

    def cost_from(first: int) -> int:
        last = merge_sweep(list(chain.from_iterable(stages[first:])))
        return _cost(chain(*merged[:first], last), reached, layout)

    first = len(stages) - 1
    lowest = _cost(chain.from_iterable(merged), reached, layout)
    while first > 0 and (cost := cost_from(first - 1)) < lowest:
        first, lowest = first - 1, cost
    if first > 0 and cost_from(0) < lowest:
        first = 0
    return [*stages[:first], tuple(chain.from_iterable(stages[first:]))]


def _stages(items: Sequence[Item], reached: int, layout: Layout) -> list[tuple[Node, ...]]:
    stages: list[tuple[Node, ...]] = []
    rest = list(items)
    while rest:
        taken, later = take(rest, reached)
        if later:
            # Phases that nothing here follows may join others in the next stage.
            taken, waiting = apart(taken)
            rest = waiting + later
            reached = _with_one_more(rest, reached, layout)
        else:
            rest = []
        if taken:
            stages.append(tuple(item.node for item in taken))
    return stages


def _with_one_more(items: Sequence[Item], reached: int, layout: Layout) -> int:
    """The bits in reach and those of one more node: few of them, and such that much can follow."""
    blocked = targets_blocked = 0
    candidates: set[int] = set()
    for item in items:
        if item.targets & ~reached or item.targets & blocked or item.diagonal & targets_blocked:
            if not item.targets & blocked and not item.diagonal & targets_blocked:
                candidates.add(_grown(reached, item.targets, layout))
            targets_blocked |= item.targets
            blocked |= item.targets | item.diagonal
    return max(sorted(candidates), key=lambda candidate: (-candidate.bit_count(), worth_of(items, candidate)))


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
        order += [q for q in inside if (reached & ~before) >> q & 1]
    return (*order, *(q for q in inside if not reached >> q & 1), *bits[layout.block_bits :])
