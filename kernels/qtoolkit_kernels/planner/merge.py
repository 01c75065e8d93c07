"""The nodes of one sweep as actions: rotations together, diagonals as phase polynomials.

All diagonal gates on one or two qubits commute, so they wait in one polynomial until something touches a qubit of
theirs that it is not diagonal in; so do rotations by longer strings of Z. Real rotations wait until nothing else can
run and then become one action.

An action is a row of int64.

| column | of an action |
|---|---|
| ACTION | NODE, ROTATIONS, POLYNOMIAL or STRINGS |
| START, END | its nodes among `members`: the one of NODE, those whose factors are the terms of a POLYNOMIAL |

Cost: 30 to 100 ns a node.
"""

import numpy as np

from qtoolkit_kernels._bits import lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.planner.items import is_waiting
from qtoolkit_kernels.planner.nodes import DIAGONAL, KIND, PHASES, ROTATION, TARGETS

__all__ = [
    "ACTION", "ACTIONS", "ACTION_COLUMNS", "END", "LINK_COLUMNS", "NODE", "POLYNOMIAL", "QUEUES", "ROTATIONS", "START",
    "STRINGS", "STRINGS_TOGETHER", "WAIT_COLUMNS", "merge_sweep",
]  # fmt: skip

ACTION_COLUMNS = 3
ACTION, START, END = range(ACTION_COLUMNS)
ACTIONS = ("NODE", "ROTATIONS", "POLYNOMIAL", "STRINGS")
"""Names of what nodes are merged into, by number."""

NODE, ROTATIONS, POLYNOMIAL, STRINGS = range(len(ACTIONS))

STRINGS_TOGETHER = 12
"""From this many on, one transform of their angles costs less than one pass for each string."""

WAIT_COLUMNS = 3
WAITS, FIRST_LINK, LAST_LINK = range(WAIT_COLUMNS)
"""Of a node: how many links lead to it from nodes that have not run, and the ends of the chain of those from it."""

LINK_COLUMNS = 2
FOLLOWER, NEXT_LINK = range(LINK_COLUMNS)

MOST_BITS = 64
TARGET, DIAGONALS = range(2)
"""Of a qubit: the last node with a target there, and the list of those that are diagonal in it since."""

QUEUES = 4
READY, TURN, TERMS, LINES = range(QUEUES)
"""Nodes that may run, diagonal ones that may join, those that wait in the polynomial, and strings that wait."""


@njit
def _add_link(waits: Integers, links: Integers, place: int, before: int, after: int) -> None:
    """Let a node wait for one before; nodes are taken in time order, so what is known already was added last."""
    last = waits[before, LAST_LINK]
    if last < 0:
        waits[before, FIRST_LINK] = place
    elif links[last, FOLLOWER] == after:
        return
    else:
        links[last, NEXT_LINK] = place
    waits[before, LAST_LINK] = place
    waits[after, WAITS] += 1
    links[place, FOLLOWER], links[place, NEXT_LINK] = after, -1


@njit
def _find_order(nodes: Integers, items: Integers, waits: Integers, links: Integers) -> None:
    """Which nodes must follow which: those that share a qubit, unless both are diagonal in it."""
    ends = np.empty((MOST_BITS, 2), np.int64)
    for q in range(MOST_BITS):
        ends[q, TARGET], ends[q, DIAGONALS] = -1, -1
    count = 0
    for i in range(items.size):
        node = items[i]
        waits[node, WAITS], waits[node, FIRST_LINK], waits[node, LAST_LINK] = 0, -1, -1
        qubits = nodes[node, TARGETS]
        while qubits:
            q = lowest_index(qubits)
            qubits &= qubits - 1
            before, entry = ends[q, TARGET], ends[q, DIAGONALS]
            if entry < 0 and before >= 0:
                _add_link(waits, links, count, before, node)
                count += 1
            while entry >= 0:
                # What stood in the list of diagonal nodes becomes the link from one of them.
                following = links[entry, NEXT_LINK]
                _add_link(waits, links, entry, links[entry, FOLLOWER], node)
                entry = following
            ends[q, TARGET], ends[q, DIAGONALS] = node, -1
        qubits = nodes[node, DIAGONAL]
        while qubits:
            q = lowest_index(qubits)
            qubits &= qubits - 1
            before = ends[q, TARGET]
            if before >= 0:
                _add_link(waits, links, count, before, node)
                count += 1
            links[count, FOLLOWER], links[count, NEXT_LINK] = node, ends[q, DIAGONALS]
            ends[q, DIAGONALS] = count
            count += 1


@njit
def _queue(nodes: Integers, node: int, queues: Integers, num_ready: int, num_turn: int) -> tuple[int, int]:
    """Append a node that waits for no other one; how many are ready and how many may join now."""
    if is_waiting(nodes[node]):
        queues[TURN, num_turn] = node
        return num_ready, num_turn + 1
    queues[READY, num_ready] = node
    return num_ready + 1, num_turn


@njit
def _finish(
    nodes: Integers, node: int, waits: Integers, links: Integers, queues: Integers, num_ready: int, num_turn: int
) -> tuple[int, int]:
    """Let what follows a node wait no longer for it; how many are ready and how many may join now."""
    link = waits[node, FIRST_LINK]
    while link >= 0:
        follower = links[link, FOLLOWER]
        link = links[link, NEXT_LINK]
        waits[follower, WAITS] -= 1
        if waits[follower, WAITS] == 0:
            num_ready, num_turn = _queue(nodes, follower, queues, num_ready, num_turn)
    return num_ready, num_turn


@njit
def _run_ready(
    nodes: Integers, pending: int, action: int, queues: Integers, num_ready: int, members: Integers, end: int
) -> tuple[int, int]:
    """Run ROTATIONS, or other nodes, with no target that is pending; how many stay ready, and how many have run."""
    kept = 0
    for i in range(num_ready):
        node = queues[READY, i]
        if nodes[node, TARGETS] & pending or (nodes[node, KIND] == ROTATION) != (action == ROTATIONS):
            queues[READY, kept] = node
            kept += 1
        else:
            members[end] = node
            end += 1
    return kept, end


@njit
def merge_sweep(
    nodes: Integers,
    items: Integers,
    waits: Integers,
    links: Integers,
    queues: Integers,
    actions: Integers,
    num_actions: int,
    members: Integers,
    num_members: int,
) -> int:
    """Order the nodes of a sweep so that few polynomials are needed, and merge them.

    Args:
        nodes: int64[:, 10].
        items: int64[:], the sweep's nodes in time order.
        waits: int64[:, 3], a row for each of `nodes`, overwritten.
        links: int64[:, 2], a row for each target of the items and two for each qubit that they are diagonal in,
            overwritten.
        queues: int64[4 or more, :], rows no shorter than `items`; the first four are overwritten.
        actions: int64[:, 3], receives at most as many rows as there are items.
        num_actions: how many it holds.
        members: int64[:], receives the items.
        num_members: how many it holds.

    Returns:
        How many actions there are now.
    """
    num_ready = num_turn = num_terms = num_lines = pending = 0
    _find_order(nodes, items, waits, links)
    for i in range(items.size):
        if waits[items[i], WAITS] == 0:
            num_ready, num_turn = _queue(nodes, items[i], queues, num_ready, num_turn)
    while num_ready or num_turn or num_terms or num_lines:
        seen = 0
        while seen < num_turn:
            node = queues[TURN, seen]
            seen += 1
            pending |= nodes[node, DIAGONAL]
            if nodes[node, KIND] == PHASES:
                queues[TERMS, num_terms] = node
                num_terms += 1
            else:
                queues[LINES, num_lines] = node
                num_lines += 1
            num_ready, num_turn = _finish(nodes, node, waits, links, queues, num_ready, num_turn)
        num_turn = 0
        start = num_members
        action = NODE
        while action <= ROTATIONS and num_members == start:
            # Rotations wait for others: four on different qubits cost little more than one.
            num_ready, num_members = _run_ready(nodes, pending, action, queues, num_ready, members, num_members)
            action += num_members == start
        for i in range(start, num_members):
            num_ready, num_turn = _finish(nodes, members[i], waits, links, queues, num_ready, num_turn)
        if num_members == start:
            action = POLYNOMIAL if num_terms else (STRINGS if num_lines >= STRINGS_TOGETHER else NODE)
            queue, count = (TERMS, num_terms) if num_terms else (LINES, num_lines)
            for i in range(count):
                members[start + i] = queues[queue, i]
            num_members += count
            if num_terms == 0 or num_lines == 0:
                num_lines = pending = 0
            num_terms = 0
        while start < num_members:
            end = start + 1 if action == NODE else num_members
            actions[num_actions, ACTION], actions[num_actions, START], actions[num_actions, END] = action, start, end
            num_actions += 1
            start = end
    return num_actions
