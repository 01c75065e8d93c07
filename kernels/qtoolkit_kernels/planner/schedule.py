"""Which nodes run in which sweep.

A sweep works on blocks that hold `block_bits` bits of the index: the lowest `chunk_bits` always, the others as the
planner likes. A node can run where all its targets are among them; qubits that it is diagonal in may lie outside. Nodes
are taken in time order, each as soon as nothing before it on its qubits is left; phases at the end of a circuit wait
for the last sweep. The free bits of a block first go to those that come first and are then exchanged one for another
as long as the sweep gets more done. That is greedy, and often leaves little for the last sweep; a search over several
choices in each sweep then tries to do without it.

What blocks get done is counted in sets: for every bit the nodes that need it, 63 to a number. A block does those that
are in the set of no bit outside.

Cost: about 3 us a sweep and 30 ns a node; the search some 0.3 ms for ten sweeps of a few hundred nodes.
"""

import numpy as np

from qtoolkit_kernels._bits import count_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.planner.items import FREE, apart, is_waiting, needed_bits, stake, take_until
from qtoolkit_kernels.planner.nodes import DIAGONAL, TARGETS

__all__ = ["choose_blocks", "distribute", "search_blocks"]

WINDOW = 512
"""Nodes ahead that the choice of bits looks at."""

WIDTH, STARTS, CHOICES = 8, 2, 6
"""Of the search: ways that are followed, random bits to begin with besides the first come, blocks taken from each."""

WORD = 63
"""Nodes to a number."""

KEY, LEFT, PATH = range(3)
"""Of a way of the search: what tells lists of nodes apart, how much is left, and then its blocks."""


@njit
def _begin(
    nodes: Integers, num_bits: int, block_bits: int, rest: Integers, last: Integers, stakes: Integers, ahead: Integers
) -> tuple[int, int]:
    """List the nodes to schedule, and the ones that wait for the last sweep.

    Args:
        nodes: int64[:, 10].
        num_bits, block_bits: index bits of the state and of a block.
        rest, last: int64[:], receive the lists.
        stakes: int64[:], receives what each node has at stake, see `stake`.
        ahead: int64[one more], receives what all nodes from one on have at stake.

    Returns:
        how many of both there are.
    """
    count = nodes.shape[0]
    for k in range(count):
        rest[k] = k
        stakes[k] = stake(nodes[k])
    num_rest, num_last = count, 0
    if block_bits < num_bits:
        num_rest, num_last = apart(nodes, rest, count, rest, last)
    if num_rest == 0:
        for k in range(num_last):
            rest[k] = last[k]
        num_rest, num_last = num_last, 0
    ahead[num_rest] = 0
    for k in range(num_rest - 1, -1, -1):
        ahead[k] = ahead[k + 1] | stakes[rest[k]]
    return num_rest, num_last


@njit
def _run(
    nodes: Integers,
    stakes: Integers,
    rest: Integers,
    ahead: Integers,
    start: int,
    count: int,
    inside: int,
    taken: Integers,
) -> tuple[int, int]:
    """Take from a list what a block can run; what it leaves of the nodes looked at moves up to the others.

    Args:
        nodes, stakes, rest, ahead: see `_begin`.
        start, count: where the list begins and ends.
        inside: the bits of the block.
        taken: int64[:], receives the nodes.

    Returns:
        how many were taken, and where the list begins now.
    """
    num_taken, num_later, seen, _ = take_until(
        nodes, rest[start:], count - start, ahead[start] & ~FREE, inside, taken, rest[start:]
    )
    place = start + seen
    for k in range(start + num_later - 1, start - 1, -1):
        place -= 1
        rest[place] = rest[k]
        ahead[place] = ahead[place + 1] | stakes[rest[place]]
    return num_taken, place


@njit
def _filled(inside: int, num_bits: int, block_bits: int) -> int:
    """A block that holds some bits, and the lowest others."""
    room = block_bits - count_bits(inside)
    for q in range(num_bits):
        if room > 0 and not inside >> q & 1:
            inside |= 1 << q
            room -= 1
    return inside


@njit
def _first_come(nodes: Integers, items: Integers, count: int, num_bits: int, block_bits: int, chunk_bits: int) -> int:
    """Bits for the nodes that come first."""
    inside = (1 << chunk_bits) - 1
    room = block_bits - chunk_bits
    hard = soft = 0
    for k in range(count):
        targets, diagonal = nodes[items[k], TARGETS], nodes[items[k], DIAGONAL]
        missing = targets & ~inside
        size = 0
        is_free = not (targets & (hard | soft) or diagonal & hard)
        if missing and is_free:
            size = count_bits(missing)
        if is_free and size <= room:
            inside |= missing
            room -= size
            if room == 0:
                return int(inside)
        else:
            hard |= targets
            soft |= diagonal
    return _filled(inside, num_bits, block_bits)


@njit
def _sets(
    nodes: Integers, items: Integers, count: int, stakes: int, block_bits: int, chunk_bits: int, sets: Integers
) -> int:
    """For every bit that a block may lack the nodes that need it, of those that a block can run at all.

    Args:
        nodes, items, count: a list of at most `WINDOW` nodes.
        stakes: see `needed_bits`.
        block_bits, chunk_bits: index bits of a block, and how many of the lowest every block holds.
        sets: int64[:, bits from `chunk_bits` on], receives sets; a row for every `WORD` nodes.

    Returns:
        how many nodes there are.
    """
    needed, held = np.empty(count, np.int64), (1 << chunk_bits) - 1
    num = needed_bits(nodes, items, count, stakes, held, block_bits - chunk_bits, needed)
    for first in range(0, num, WORD):
        row = sets[first // WORD]
        for j in range(row.size):
            row[j] = 0
        for k in range(first, min(first + WORD, num)):
            mask = needed[k] >> chunk_bits
            for j in range(row.size):
                row[j] |= (mask >> j & 1) << (k - first)
    return num


@njit
def _note(block: int, worth: int, best: Integers) -> None:
    """Add a block to the best ones, int64[:, 2]: blocks and worths, of equal ones the first come first."""
    k = best.shape[0]
    for j in range(k):
        if best[j, 0] == block:
            return
    while k > 0 and worth > best[k - 1, 1]:
        k -= 1
        if k + 1 < best.shape[0]:
            best[k + 1, 0], best[k + 1, 1] = best[k, 0], best[k, 1]
        best[k, 0], best[k, 1] = block, worth


@njit
def _climb(
    sets: Integers, num: int, inside: int, num_bits: int, block_bits: int, chunk_bits: int, best: Integers
) -> None:
    """Exchange one bit for another as long as that gets more done.

    Args:
        sets, num: what `_sets` found.
        inside: the bits of the block to begin with.
        num_bits, block_bits, chunk_bits: see `choose_blocks`.
        best: int64[:, 2], receives the best of all blocks looked at; see `_note`.
    """
    size, others = block_bits - chunk_bits, num_bits - block_bits
    own, other = np.empty(size + others + 1, np.int64), np.empty(size + others + 1, np.int64)
    lacking, done = np.empty(others, np.int64), np.empty((size, others), np.int64)
    least = best.shape[0] - 1
    is_first = True
    while True:
        num_own = num_others = 0
        for q in range(chunk_bits, num_bits):
            is_own = inside >> q & 1
            own[num_own] = other[num_others] = q - chunk_bits
            num_own += is_own
            num_others += 1 - is_own
        now = _exchanges(sets, num, own, other, lacking, done)
        if is_first:
            _note(inside, now, best)
        is_first = False
        most, following = now, inside
        for i in range(size):
            for j in range(others):
                worth = done[i, j]
                if worth > most or worth > best[least, 1]:
                    block = inside ^ (1 << own[i] | 1 << other[j]) << chunk_bits
                    _note(block, worth, best)
                    if worth > most:
                        most, following = worth, block
        if following == inside:
            return
        inside = following


@njit
def _exchanges(sets: Integers, num: int, own: Integers, other: Integers, lacking: Integers, done: Integers) -> int:
    """How much a block gets done, and how much with each of its bits exchanged for each other.

    Args:
        sets, num: what `_sets` found.
        own, other: int64[:], the bits of the block and the others, from `chunk_bits` on.
        lacking: int64[others], scratch.
        done: int64[own, others], receives how much, by the bit that leaves and the one that comes.

    Returns:
        how much the block itself does.
    """
    size, others = done.shape
    now = 0
    for i in range(size):
        for j in range(others):
            done[i, j] = 0
    for first in range(0, num, WORD):
        every = (1 << min(WORD, num - first)) - 1
        row = sets[first // WORD]
        lacked = 0
        for j in range(others):
            lacking[j] = lacked
            lacked |= row[other[j]]
        now += count_bits(every & ~lacked)
        lacked = 0
        for j in range(others - 1, -1, -1):
            lacking[j] = every & ~(lacking[j] | lacked)
            lacked |= row[other[j]]
        for i in range(size):
            here = ~row[own[i]]
            for j in range(others):
                done[i, j] += count_bits(lacking[j] & here)
    return now


@njit
def _next(random: Integers) -> int:
    """A random number below 2**31."""
    random[0] = random[0] * 48271 % 2147483647
    return int(random[0])


@njit
def _random_block(num_bits: int, block_bits: int, chunk_bits: int, random: Integers) -> int:
    """Any block."""
    inside, room = (1 << chunk_bits) - 1, block_bits - chunk_bits
    for q in range(chunk_bits, num_bits):
        if _next(random) % (num_bits - q) < room:
            inside |= 1 << q
            room -= 1
    return inside


@njit
def _promising(
    nodes: Integers,
    items: Integers,
    count: int,
    num_bits: int,
    block_bits: int,
    chunk_bits: int,
    stakes: int,
    starts: int,
    random: Integers,
    best: Integers,
) -> int:
    """Blocks that get most done, of those that several climbs come by.

    Args:
        nodes, items, count: a list of nodes.
        num_bits, block_bits, chunk_bits: see `choose_blocks`.
        stakes: see `needed_bits`.
        starts: how many climbs begin at random, besides one at the bits that come first.
        random: int64[1], where random numbers stand.
        best: int64[:, 2], receives them, the best first; see `_note`.

    Returns:
        how many there are.
    """
    for k in range(best.shape[0]):
        best[k, 0] = best[k, 1] = -1
    count = min(count, WINDOW)
    sets = np.empty((WINDOW // WORD + 1, num_bits - chunk_bits), np.int64)
    num = _sets(nodes, items, count, stakes, block_bits, chunk_bits, sets)
    for climb in range(starts + 1):
        if climb == 0:
            inside = _first_come(nodes, items, count, num_bits, block_bits, chunk_bits)
        else:
            inside = _random_block(num_bits, block_bits, chunk_bits, random)
        _climb(sets, num, inside, num_bits, block_bits, chunk_bits, best)
    found = 0
    while found < best.shape[0] and best[found, 1] >= 0:
        found += 1
    return found


@njit
def choose_blocks(nodes: Integers, num_bits: int, block_bits: int, chunk_bits: int, blocks: Integers) -> int:
    """Choose the bits of the blocks, sweep by sweep, each such that it gets much done.

    Args:
        nodes: int64[:, 10], see `nodes`; a block has room for the targets of each.
        num_bits: index bits of the state.
        block_bits: those of a block.
        chunk_bits: how many of the lowest ones every block holds.
        blocks: int64[as many as there are nodes], receives masks of bits.

    Returns:
        how many sweeps there are.
    """
    size = nodes.shape[0]
    rest, taken, ahead = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size + 1, np.int64)
    stakes = np.empty(size, np.int64)
    count, _ = _begin(nodes, num_bits, block_bits, rest, taken, stakes, ahead)
    if block_bits == num_bits and count > 0:
        blocks[0] = (1 << num_bits) - 1
        return 1
    random, best = np.ones(1, np.int64), np.empty((1, 2), np.int64)
    start = num_sweeps = 0
    while start < count and num_sweeps < blocks.size:
        items, stake_ahead = rest[start:], ahead[start]
        _promising(nodes, items, count - start, num_bits, block_bits, chunk_bits, stake_ahead, 0, random, best)
        blocks[num_sweeps] = best[0, 0]
        _, start = _run(nodes, stakes, rest, ahead, start, count, best[0, 0], taken)
        num_sweeps += 1
    return num_sweeps


@njit
def distribute(
    nodes: Integers,
    num_bits: int,
    block_bits: int,
    chunk_bits: int,
    blocks: Integers,
    num_sweeps: int,
    order: Integers,
    sweep_start: Integers,
) -> None:
    """Distribute nodes over sweeps.

    Args:
        nodes, num_bits, block_bits, chunk_bits, blocks, num_sweeps: what `choose_blocks` or `search_blocks` got and
            found.
        order: int64[as many as there are nodes], receives their numbers, sweep by sweep.
        sweep_start: int64[num_sweeps + 1], receives where each begins there, and the end of the last.
    """
    size = nodes.shape[0]
    rest, last, ahead = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size + 1, np.int64)
    stakes = np.empty(size, np.int64)
    count, num_last = _begin(nodes, num_bits, block_bits, rest, last, stakes, ahead)
    start = place = 0
    for sweep in range(num_sweeps):
        sweep_start[sweep] = place
        num_taken, start = _run(nodes, stakes, rest, ahead, start, count, blocks[sweep], order[place:])
        place += num_taken
    for k in range(num_last):
        order[place + k] = last[k]
    sweep_start[num_sweeps] = place + num_last


@njit
def _keep(found: Integers, num: int, way: Integers, depth: int, key: int, worth: int, block: int) -> int:
    """Keep a way if it is among those that leave least, and none with the same list is there.

    Args:
        found, num: int64[:, PATH + most], the ways and how many there are.
        way, depth: what it goes on from, and how many blocks that has.
        key, worth: of the nodes that the block takes, see `_weigh`.
        block: the next block.

    Returns:
        how many there are then.
    """
    key, left = way[KEY] ^ key, way[LEFT] - worth
    for k in range(num):
        if found[k, KEY] == key:
            return num
    k = min(num, found.shape[0] - 1)
    if k < num and left >= found[k, LEFT]:
        return num
    while k > 0 and left < found[k - 1, LEFT]:
        for column in range(PATH + depth + 1):
            found[k, column] = found[k - 1, column]
        k -= 1
    for column in range(PATH, PATH + depth):
        found[k, column] = way[column]
    found[k, KEY], found[k, LEFT], found[k, PATH + depth] = key, left, block
    return min(num + 1, int(found.shape[0]))


@njit
def _weigh(
    nodes: Integers, items: Integers, ahead: Integers, count: int, inside: int, keys: Integers, taken: Integers,
    later: Integers,
) -> tuple[int, int, int]:  # fmt: skip
    """What a block would do of a list.

    Args:
        nodes, items, ahead, count: see `_begin`.
        inside: the bits of the block.
        keys: int64[:], a random number for each node, odd if it is worth something.
        taken, later: int64[count], scratch.

    Returns:
        the keys of the nodes taken, combined; what they are worth; and the targets of those that are left.
    """
    num_taken, _, seen, targets = take_until(nodes, items, count, ahead[0] & ~FREE, inside, taken, later)
    key = worth = 0
    for k in range(num_taken):
        key ^= keys[taken[k]]
        worth += keys[taken[k]] & 1
    return key, worth, int(targets | ahead[seen] & ~FREE)


@njit
def search_blocks(
    nodes: Integers, num_bits: int, block_bits: int, chunk_bits: int, most: int, effort: int, blocks: Integers
) -> int:
    """Search blocks for few sweeps: follow the ways that leave least, with several blocks in each.

    Args:
        nodes, num_bits, block_bits, chunk_bits: see `choose_blocks`; `block_bits` is less than `num_bits`.
        most: how many sweeps there may be, at least 2.
        effort: by how much there are more ways, random bits and choices than `WIDTH`, `STARTS` and `CHOICES`.
        blocks: int64[most], receives masks of bits.

    Returns:
        how many sweeps there are, or 0 if no blocks were found.
    """
    size = nodes.shape[0]
    every, rest = np.empty(size, np.int64), np.empty(size, np.int64)
    taken, later = np.empty(size, np.int64), np.empty(size, np.int64)
    stakes, keys = np.empty(size, np.int64), np.empty(size, np.int64)
    every_ahead, ahead = np.empty(size + 1, np.int64), np.empty(size + 1, np.int64)
    width = effort * WIDTH
    ways, found = np.zeros((width, PATH + most), np.int64), np.zeros((width, PATH + most), np.int64)
    random, best = np.full(1, most, np.int64), np.empty((effort * CHOICES, 2), np.int64)
    for k in range(size):
        keys[k] = _next(random) << 1 | (not is_waiting(nodes[k]))
    count, _ = _begin(nodes, num_bits, block_bits, every, taken, stakes, every_ahead)
    num_ways = 1
    for depth in range(most - 1):
        num_found = 0
        for w in range(num_ways):
            way, start = ways[w], 0
            for k in range(count):
                rest[k] = every[k]
                ahead[k] = every_ahead[k]
            ahead[count] = 0
            for k in range(depth):
                _, start = _run(nodes, stakes, rest, ahead, start, count, way[PATH + k], taken)
            items, tail = rest[start:], ahead[start:]
            num_blocks = _promising(
                nodes, items, count - start, num_bits, block_bits, chunk_bits, tail[0], effort * STARTS, random, best
            )
            for choice in range(num_blocks):
                inside = best[choice, 0]
                key, worth, targets = _weigh(nodes, items, tail, count - start, inside, keys, taken, later)
                targets |= (1 << chunk_bits) - 1
                if count_bits(targets) <= block_bits:
                    for k in range(depth):
                        blocks[k] = way[PATH + k]
                    blocks[depth] = inside
                    blocks[depth + 1] = _filled(targets, num_bits, block_bits)
                    return depth + 2
                num_found = _keep(found, num_found, way, depth, key, worth, inside)
        ways, found = found, ways
        num_ways = num_found
    return 0
