"""The order within sweeps that start where most amplitudes are zero.

After |0…0⟩ an amplitude is zero wherever a bit is 1 that no node has turned. With those bits at the top of a block, all
that is not zero lies at its beginning, and operations stop there: every bit that waits halves their work. So a sweep
goes in stages. The first runs all that needs no other bits than those in reach, the next adds the bits of one node and
runs what follows from them, and so on. Nodes are merged within stages only; where the last ones cost less as one, they
are one. Chunks, and so blocks that are whole states, keep the order of their bits: who reaches one reaches those below.
"""

import numpy as np

from qtoolkit_kernels._bits import count_bits, highest_bit, lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.planner.items import apart, is_waiting, take_until
from qtoolkit_kernels.planner.merge import (
    ACTION,
    ACTION_COLUMNS,
    END,
    LINK_COLUMNS,
    POLYNOMIAL,
    QUEUES,
    ROTATIONS,
    START,
    STRINGS,
    WAIT_COLUMNS,
    merge_sweep,
)
from qtoolkit_kernels.planner.nodes import DIAGONAL, GATES, TARGETS

__all__ = ["merge_sweeps"]

WINDOW = 256
"""Nodes of the last stage that are looked at when stages are joined."""

STRINGS_PASSES = 5
"""Over the block, for many strings together."""

OPERATION_COST, POLYNOMIAL_COST = 1 << 6, 1 << 12
"""What an operation costs whatever its size, as so many amplitudes more; tables are written for a polynomial."""

MOST_BITS = 64

SIZES = 4
NUM_BITS, BLOCK_BITS, CHUNK_BITS, LOW_BITS = range(SIZES)
"""The numbers of a layout."""

LISTS = QUEUES + 5
STAGED, REST, LATER, TAKEN, TRIED = range(QUEUES, LISTS)
"""Rows behind the queues of `merge_sweep`: nodes stage by stage, those that are left, and members of what is tried."""

TARGETS_LEFT, DIAGONAL_LEFT, WORTH_LEFT = range(3)
"""Rows of queues that hold, while there are stages to find, what must be known of the nodes that are left."""

STAGE_COLUMNS = 4
FIRST, COST, REACHED, COUNT = range(STAGE_COLUMNS)
"""Of a stage: where its nodes begin, and before it what all cost, the bits in reach, and how many actions there are."""


@njit
def _grown(reached: int, targets: int, sizes: Integers) -> int:
    """The bits in reach when these are as well; the lowest ones have their places, each above the one before."""
    below: int = targets & ((1 << sizes[CHUNK_BITS]) - 1)
    if below:
        reached |= 2 * highest_bit(below) - 1
    return reached | targets


@njit
def _extent(reached: int, sizes: Integers) -> int:
    """How many positions of a block operations cover."""
    low: int = sizes[LOW_BITS]
    return max(count_bits(reached), low)


@njit
def _targets_of(nodes: Integers, action: Integers, members: Integers) -> int:
    """The qubits that an action is not diagonal in."""
    targets = 0
    if action[ACTION] != POLYNOMIAL and action[ACTION] != STRINGS:
        for i in range(action[START], action[END]):
            targets |= nodes[members[i], TARGETS]
    return targets


@njit
def _cost(
    nodes: Integers, actions: Integers, first: int, end: int, members: Integers, reached: int, sizes: Integers
) -> tuple[int, int]:
    """Amplitudes that actions work on, one after the other, and the bits in reach behind them."""
    cost = 0
    for i in range(first, end):
        action = actions[i]
        if action[ACTION] == STRINGS:
            cost += STRINGS_PASSES << sizes[BLOCK_BITS]
            continue
        targets = _targets_of(nodes, action, members)
        reached = _grown(reached, targets, sizes)
        passes = (action[END] - action[START] + 3) // 4 if action[ACTION] == ROTATIONS else 1
        cost += passes << _extent(reached, sizes)
        cost += POLYNOMIAL_COST if action[ACTION] == POLYNOMIAL else OPERATION_COST * passes
    return cost, reached


@njit
def _worth_of(left: Integers, count: int, worths: int, wanted: int, inside: int, least: int) -> int:
    """How many nodes can run with these bits that are worth something, up to where no target is left.

    Args:
        left: int64[3, :], of the nodes that are left their targets, the qubits that they are diagonal in, and whether
            they are worth something.
        count: how many there are.
        worths: how many of them are worth something.
        wanted: the targets of all of them.
        inside: the bits.
        least: less may be told where there are fewer than so many.
    """
    blocked, targets_blocked = ~inside, 0
    worth = missed = 0
    for i in range(count):
        targets, diagonal, is_worth = left[TARGETS_LEFT, i], left[DIAGONAL_LEFT, i], left[WORTH_LEFT, i]
        if targets & blocked | diagonal & targets_blocked:
            targets_blocked |= targets
            blocked |= targets | diagonal
            missed += is_worth
            if not wanted & ~targets_blocked or worths - missed < least:
                break
        else:
            worth += is_worth
    return worth


@njit
def _with_one_more(
    nodes: Integers, count: int, num_later: int, wanted: int, reached: int, sizes: Integers, lists: Integers
) -> int:
    """The bits in reach and those of one more of the nodes that are left: few, and such that much can follow.

    Args:
        nodes: int64[:, 10].
        count: how many nodes are left, all in LATER.
        num_later: how many have been looked at, and are not in reach.
        wanted: the targets of all of them.
        reached: the bits in reach.
        sizes: of the layout.
        lists: their first rows are overwritten.
    """
    later, candidates = lists[LATER], np.empty(MOST_BITS, np.int64)
    least, num = MOST_BITS, 0
    blocked = targets_blocked = 0
    for i in range(num_later):
        targets, diagonal = nodes[later[i], TARGETS], nodes[later[i], DIAGONAL]
        if targets & ~reached and not targets & blocked and not diagonal & targets_blocked:
            candidate = _grown(reached, targets, sizes)
            size = count_bits(candidate)
            if size < least:
                least, num = size, 0
            if size == least:
                candidates[num] = candidate
                num += 1
        targets_blocked |= targets
        blocked |= targets | diagonal
        if not wanted & ~(reached | blocked):
            break
    best: int = candidates[0]
    if num < 2:
        return best
    # Phases count for nothing, and what always can run for all candidates alike.
    worths, most = 0, -1
    for i in range(count):
        row = nodes[later[i]]
        is_worth = 1 if (row[TARGETS] | row[DIAGONAL]) & wanted and not is_waiting(row) else 0
        lists[TARGETS_LEFT, i], lists[DIAGONAL_LEFT, i], lists[WORTH_LEFT, i] = row[TARGETS], row[DIAGONAL], is_worth
        worths += is_worth
    for k in range(num):
        worth = _worth_of(lists, count, worths, wanted, candidates[k], most)
        if worth > most or (worth == most and candidates[k] < best):
            best, most = candidates[k], worth
    return best


@njit
def _find_stages(
    nodes: Integers, items: Integers, reached: int, sizes: Integers, lists: Integers, stages: Integers
) -> int:
    """Write the nodes of a sweep stage by stage; how many stages there are."""
    staged, rest, later, taken = lists[STAGED], lists[REST], lists[LATER], lists[TAKEN]
    place, num_stages, count, wanted = 0, 0, items.size, 0
    for i in range(count):
        rest[i] = items[i]
        wanted |= nodes[items[i], TARGETS]
    while count:
        # The last nodes mostly tell which qubits are targets still.
        left, i = 0, count
        while i and left != wanted:
            i -= 1
            left |= nodes[rest[i], TARGETS]
        wanted = left
        num_taken, num_later, seen, _ = take_until(nodes, rest, count, wanted, reached, taken, later)
        more = reached
        while num_later:
            for i in range(seen, count):
                later[num_later + i - seen] = rest[i]
            more = _with_one_more(nodes, num_later + count - seen, num_later, wanted, reached, sizes, lists)
            if _extent(more, sizes) > _extent(reached, sizes):
                break
            reached = more
            num_taken, num_later, seen, _ = take_until(nodes, rest, count, wanted, reached, taken, later)
        reached = more
        stages[num_stages, FIRST] = place
        if num_later == 0:
            for i in range(num_taken):
                staged[place + i] = taken[i]
            return num_stages + 1
        num_later += count - seen
        # Phases that nothing here follows may join others in the next stage.
        num_taken, count = apart(nodes, taken, num_taken, staged[place:], rest)
        for i in range(num_later):
            rest[count + i] = later[i]
        count += num_later
        place += num_taken
        num_stages += 1 if num_taken else 0
    return num_stages


@njit
def _in_stages(
    nodes: Integers,
    items: Integers,
    reached: int,
    sizes: Integers,
    lists: Integers,
    waits: Integers,
    links: Integers,
    tried: Integers,
    actions: Integers,
    num_actions: int,
    members: Integers,
    num_members: int,
) -> int:
    """Write the actions of as many stages as lower the cost, of which the last one's begin tells enough."""
    stages = np.empty((MOST_BITS, STAGE_COLUMNS), np.int64)
    num_stages = _find_stages(nodes, items, reached, sizes, lists, stages)
    staged, tried_members = lists[STAGED], lists[TRIED]
    last = num_stages - 1
    stages[num_stages, FIRST] = end = min(items.size, stages[last, FIRST] + WINDOW)
    stages[0, COST], stages[0, REACHED], stages[0, COUNT] = 0, reached, num_actions
    for k in range(num_stages):
        start, count = stages[k, FIRST], stages[k, COUNT]
        stage = staged[start : stages[k + 1, FIRST]]
        after = merge_sweep(nodes, stage, waits, links, lists, actions, count, members, num_members + start)
        cost, reached = _cost(nodes, actions, count, after, members, reached, sizes)
        stages[k + 1, COST], stages[k + 1, REACHED], stages[k + 1, COUNT] = stages[k, COST] + cost, reached, after
    lowest = stages[num_stages, COST]
    k = last - 1
    while k >= 0:
        start = stages[k, FIRST]
        after = merge_sweep(nodes, staged[start:end], waits, links, lists, tried, start, tried_members, start)
        cost, _ = _cost(nodes, tried, start, after, tried_members, stages[k, REACHED], sizes)
        cost += stages[k, COST]
        if cost < lowest:
            last, lowest = k, cost
            k -= 1
        else:
            # If not the last ones, all may cost less as one.
            k = 0 if k > 0 else -1
    if stages[last + 1, FIRST] == items.size:
        return int(stages[last + 1, COUNT])
    start, count = stages[last, FIRST], stages[last, COUNT]
    stage = staged[start : items.size]
    return merge_sweep(nodes, stage, waits, links, lists, actions, count, members, num_members + start)


@njit
def _place_bits(bits: Integers, count: int, mask: int) -> int:
    """Append the bits of a mask, the lowest first; how many there are now."""
    while mask:
        bits[count] = lowest_index(mask)
        mask &= mask - 1
        count += 1
    return count


@njit
def _order_bits(
    nodes: Integers,
    actions: Integers,
    first: int,
    end: int,
    members: Integers,
    block: int,
    reached: int,
    sizes: Integers,
    bits: Integers,
) -> None:
    """Write the bits by position: those of the block in the order in which they come into reach, then the others."""
    count = _place_bits(bits, 0, block & reached)
    for i in range(first, end):
        if block & ~reached == 0:
            break
        before = reached
        reached = _grown(reached, _targets_of(nodes, actions[i], members), sizes)
        count = _place_bits(bits, count, block & reached & ~before)
    count = _place_bits(bits, count, block & ~reached)
    _place_bits(bits, count, ((1 << sizes[NUM_BITS]) - 1) & ~block)


@njit
def merge_sweeps(
    nodes: Integers,
    order: Integers,
    sweep_start: Integers,
    blocks: Integers,
    num_bits: int,
    block_bits: int,
    chunk_bits: int,
    low_bits: int,
    from_zero_state: bool,
    actions: Integers,
    members: Integers,
    action_start: Integers,
    bits: Integers,
    unreached: Integers,
    gates: Integers,
) -> int:
    """Merge the nodes of sweeps; from ``|0…0⟩`` on, order them and the bits of their blocks as well.

    Args:
        nodes: int64[:, 10].
        order: int64[:], the numbers of nodes sweep by sweep, each in time order.
        sweep_start: int64[num_sweeps + 1], where sweeps begin in `order`.
        blocks: int64[num_sweeps], masks of the bits of sweeps' blocks.
        num_bits, block_bits, chunk_bits, low_bits: the layout's.
        from_zero_state: whether the first sweep finds ``|0…0⟩``.
        actions: int64[:, 3], as many rows as `order`; receives actions in time order, as `merge` describes them.
        members: int64[:], as long as `order`; receives the nodes of actions.
        action_start: int64[num_sweeps + 1], receives where sweeps begin in `actions`.
        bits: int64[num_sweeps, num_bits], receives index bits by position, those of the block first.
        unreached: int64[num_sweeps], receives how many of a block's highest bits are out of reach before the sweep:
            where one is 1 all is zero.
        gates: int64[num_sweeps], receives how many gates of the program sweeps stand for.

    Returns:
        How many actions there are.
    """
    sizes = np.empty(SIZES, np.int64)
    sizes[NUM_BITS], sizes[BLOCK_BITS], sizes[CHUNK_BITS], sizes[LOW_BITS] = num_bits, block_bits, chunk_bits, low_bits
    num_links = 0
    for i in range(order.size):
        num_links += count_bits(nodes[order[i], TARGETS]) + 2 * count_bits(nodes[order[i], DIAGONAL])
    waits = np.empty((nodes.shape[0], WAIT_COLUMNS), np.int64)
    links = np.empty((num_links, LINK_COLUMNS), np.int64)
    lists = np.empty((LISTS, order.size), np.int64)
    tried = np.empty((order.size, ACTION_COLUMNS), np.int64)
    low = (1 << (chunk_bits if chunk_bits < block_bits else low_bits)) - 1
    turned = 0 if from_zero_state else -1
    action_start[0] = 0
    for k in range(blocks.size):
        block, first, start = blocks[k], action_start[k], sweep_start[k]
        items = order[start : sweep_start[k + 1]]
        reached = _grown(block & turned, low, sizes)
        unreached[k] = block_bits - _extent(reached, sizes)
        if unreached[k] == 0:
            reached = block
        if unreached[k] and items.size:
            count = _in_stages(
                nodes, items, reached, sizes, lists, waits, links, tried, actions, first, members, start
            )  # fmt: skip
        else:
            count = merge_sweep(nodes, items, waits, links, lists, actions, first, members, start)
        _order_bits(nodes, actions, first, count, members, block, reached, sizes, bits[k])
        action_start[k + 1] = count
        gates[k] = 0
        for i in range(items.size):
            gates[k] += nodes[items[i], GATES]
            turned |= nodes[items[i], TARGETS]
    return int(action_start[blocks.size])
