"""Lists of nodes: which of them a block of bits can run, and how much it gets done of them.

A list is an array of node numbers in time order, of which the first `count` count. A node is worth 1, unless it is a
phase that waits for others to join it, which is worth nothing.
"""

import numpy as np

from qtoolkit_kernels._bits import count_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.planner.nodes import CONTROLS, DIAGONAL, KIND, PAULI, PHASES, TARGETS

__all__ = ["FREE", "apart", "is_waiting", "needed_bits", "stake", "take_until"]

PLACES = 67
"""Powers of two differ modulo 67, so that this tells the masks of qubits apart."""

FREE = 1 << 62
"""No qubit: what nodes have at stake that run wherever nothing hinders them."""


@njit
def is_waiting(row: Integers) -> bool:
    """Whether a node is diagonal and joins others: a phase on one or two qubits, or a string of Z."""
    kind = row[KIND]
    return bool(kind == PHASES or (kind == PAULI and row[TARGETS] == 0 and row[CONTROLS] == 0))


@njit
def take_until(
    nodes: Integers, items: Integers, count: int, wanted: int, inside: int, taken: Integers, later: Integers
) -> tuple[int, int, int, int]:
    """Split nodes into those that a block can run and others, up to where all targets are blocked.

    Args:
        nodes: int64[:, 10].
        items: int64[:], the list.
        count: how many it holds.
        wanted: the targets of all of them.
        inside: the bits of the block.
        taken, later: int64[count], receive the nodes; `later` may be `items`.

    Returns:
        how many were taken, how many left for later, how many looked at, and the targets of those for later.
    """
    num_taken = num_later = 0
    blocked, targets_blocked = ~inside, 0
    for k in range(count):
        item = items[k]
        targets, diagonal = nodes[item, TARGETS], nodes[item, DIAGONAL]
        waits = -1 if targets & blocked | diagonal & targets_blocked else 0
        taken[num_taken] = item
        later[num_later] = item
        num_taken += waits + 1
        num_later -= waits
        targets_blocked |= targets & waits
        blocked |= (targets | diagonal) & waits
        if waits and not wanted & ~targets_blocked:
            return num_taken, num_later, k + 1, int(targets_blocked)
    return num_taken, num_later, count, int(targets_blocked)


@njit
def apart(nodes: Integers, items: Integers, count: int, rest: Integers, last: Integers) -> tuple[int, int]:
    """Split nodes into diagonal ones that nothing follows but such, and the others.

    Phases join in one polynomial if they wait for the end.

    Args:
        nodes, items, count: see `take_until`.
        rest, last: int64[count], receive the others and the diagonal ones; `rest` may be `items`.

    Returns:
        how many of both there are.
    """
    targets = 0
    first_rest = first_last = count
    for k in range(count - 1, -1, -1):
        item = items[k]
        row = nodes[item]
        targets |= row[TARGETS]
        if row[DIAGONAL] & targets or not is_waiting(row):
            first_rest -= 1
            rest[first_rest] = item
        else:
            first_last -= 1
            last[first_last] = item
    for k in range(first_rest, count):
        rest[k - first_rest] = rest[k]
    for k in range(first_last, count):
        last[k - first_last] = last[k]
    return count - first_rest, count - first_last


@njit
def stake(row: Integers) -> int:
    """The targets of a node, or `FREE` if it has none and is worth something."""
    return FREE if row[TARGETS] == 0 and not is_waiting(row) else int(row[TARGETS])


@njit
def needed_bits(
    nodes: Integers, items: Integers, count: int, stakes: int, held: int, most: int, needed: Integers
) -> int:
    """The bits that a block must hold to run a node, its targets and those of all that must come before.

    Args:
        nodes, items, count: see `take_until`.
        stakes: what all nodes have at stake together, or more.
        held: bits that are left out, as every block holds them.
        most: nodes that need more bits are left out, as are those that are worth nothing.
        needed: int64[count], receives masks.

    Returns:
        how many masks there are.
    """
    by_target, by_any = np.zeros(PLACES, np.int64), np.zeros(PLACES, np.int64)
    lost_targets = lost = num = 0
    for k in range(count):
        row = nodes[items[k]]
        targets, diagonal = row[TARGETS], row[DIAGONAL]
        if not (targets & lost or diagonal & lost_targets):
            mask = targets & ~held
            qubits = targets | diagonal
            while qubits:
                bit = qubits & -qubits
                mask |= by_any[bit % PLACES] if targets & bit else by_target[bit % PLACES]
                qubits ^= bit
            if count_bits(mask) <= most:
                qubits = targets | diagonal
                while qubits:
                    bit = qubits & -qubits
                    by_any[bit % PLACES] |= mask
                    by_target[bit % PLACES] |= mask if targets & bit else 0
                    qubits ^= bit
                if not is_waiting(row):
                    needed[num] = mask
                    num += 1
                continue
        # What must follow is lost as well.
        lost_targets |= targets
        lost |= targets | diagonal
        if not stakes & ~lost:
            break
    return num
