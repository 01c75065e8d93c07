"""Sampling of basis states by inverting the cumulative distribution.

The caller draws one uniform number for each shot, and shot i depends on number i alone: samples come in the order of
their numbers, independent of each other and of the number of threads. A large state is read twice: once for the
weights of its blocks, and once, block by block, for the shots that fall into each. States come as real numbers, as
`measurement` says.

Within a block the weights of the first 0, 1, 2, ... amplitudes are written out and searched by bisection. All steps of
a search are taken for a batch of shots before the next step: such a loop has no branch to mispredict and costs half a
nanosecond a step, a tenth of what one search after the other does.

Rounding cannot produce an outcome of probability zero: numbers beyond the last sum are moved before it, and an
outcome is returned only if its weight moves the sum.
"""

import numpy as np

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers, Reals
from qtoolkit_kernels.seeding import fill_uniforms
from qtoolkit_kernels.threads import COUNTER, claim_block, finish_block, wait_for_blocks

__all__ = ["SHOTS", "WORD", "sample_small", "sample_measured", "assign_blocks", "sort_by_block", "sample_blocks"]

SHOTS = 1 << 16
"""Shots that a thread takes at a time."""

WORD = 64
"""Classical bits of a shot that `sample_measured` can write."""

_BATCH = 256
_TILE = 8


@njit
def _search(edges: Floats, targets: Floats, out: Integers) -> None:
    """Write the last place whose edge does not exceed the target, for `out.size` targets.

    `edges` begin with 0 and have a power of two of places before the last one, which exceeds all targets.
    """
    for i in range(out.size):
        out[as_index(i)] = 0
    half = (edges.size - 1) >> 1
    while half:
        for i in range(out.size):
            place = out[as_index(i)]
            beyond = edges[as_index(place + half)] <= targets[as_index(i)]
            out[as_index(i)] = place + (half if beyond else 0)
        half >>= 1


@njit
def _add_weights(reals: Reals, first: int, edges: Floats) -> None:
    """Write the weight of the first 0, 1, 2, ... amplitudes from amplitude `first` on."""
    below = 0.0
    edges[0] = 0.0
    tile = min(_TILE, edges.size - 1)
    for start in range(0, edges.size - 1, _TILE):
        # Sums within a tile do not wait for the sum before it.
        total = 0.0
        for i in range(tile):
            place = as_index(2 * (first + start + i))
            real, imag = np.float64(reals[place]), np.float64(reals[place + np.uint64(1)])
            total += real * real + imag * imag
            edges[as_index(start + i + 1)] = below + total
        below += total


@njit
def sample_small(reals: Reals, uniforms: Floats, out: Integers, turns: Integers, _thread: int) -> None:
    """Write the basis state that each of `uniforms` (float64 in [0, 1)) selects into `out` (int64).

    The state is one block, and each thread adds it up for itself.
    """
    edges = np.empty((reals.size >> 1) + 1, np.float64)
    _add_weights(reals, 0, edges)
    most = np.nextafter(edges[-1], 0.0)
    targets = np.empty(_BATCH, np.float64)
    count = (uniforms.size + SHOTS - 1) // SHOTS
    part = claim_block(turns)
    while part < count:
        stop = min(uniforms.size, (part + 1) * SHOTS)
        for start in range(part * SHOTS, stop, _BATCH):
            length = min(_BATCH, stop - start)
            for i in range(length):
                targets[as_index(i)] = min(edges[-1] * uniforms[as_index(start + i)], most)
            _search(edges, targets, out[start : start + length])
        finish_block(turns)
        part = claim_block(turns)
    wait_for_blocks(turns, count)


@njit
def sample_measured(reals: Reals, seed: int, uniforms: Floats, rows: Floats, measure: int, out: Integers) -> int:
    """Write the classical bits of shots into `out` (int64), bit c for classical bit c, and return how many were read.

    Args:
        reals: the state, of one block.
        seed: of the random numbers, written to `uniforms`; if it is negative, they are there.
        uniforms: float64 in [0, 1), one for each shot.
        rows: float64[:, 5], operations; those that begin with `measure` go on with a qubit and a classical bit, and
            are final. Bits from `WORD` on are left out.
        measure: see `rows`.
    """
    sources = np.full(WORD, -1, np.int64)
    for i in range(rows.shape[0]):
        if rows[i, 0] == measure and rows[i, 2] < WORD:
            sources[int(rows[i, 2])] = int(rows[i, 1])
    shifts, masks = np.empty(WORD, np.int64), np.zeros(WORD, np.int64)
    count = read = 0
    for clbit in range(WORD):
        if sources[clbit] < 0:
            continue
        shift, k = clbit - sources[clbit], 0
        while k < count and shifts[k] != shift:
            k += 1
        count = max(count, k + 1)
        shifts[k] = shift
        masks[k] |= 1 << sources[clbit]
        read += 1
    if not read:
        return 0
    if seed >= 0:
        fill_uniforms(seed, uniforms)
    sample_small(reals, uniforms, out, np.zeros((2, COUNTER), np.int64), 0)
    if count == 1 and shifts[0] == 0 and masks[0] == (reals.size >> 1) - 1:
        return read
    for i in range(out.size):
        outcome, bits = out[as_index(i)], 0
        for k in range(count):
            moved = outcome & masks[k]
            bits |= moved << shifts[k] if shifts[k] >= 0 else moved >> -shifts[k]
        out[as_index(i)] = bits
    return read


@njit
def assign_blocks(edges: Floats, uniforms: Floats, blocks: Integers, counts: Integers, turns: Integers, _: int) -> None:
    """Write the block that each of `uniforms` selects, and how many select each.

    `edges` (float64[B + 1], B a power of two) are the weights of the first 0, 1, 2, ... blocks; `blocks` is int32 as
    long as `uniforms`. Row p of `counts` (int64, shape (parts, B), zeros) is for the p-th part of the uniforms; all
    parts but the last ones are equally long.
    """
    size = (uniforms.size + counts.shape[0] - 1) // counts.shape[0]
    most = np.nextafter(edges[-1], 0.0)
    targets = np.empty(_BATCH, np.float64)
    part = claim_block(turns)
    while part < counts.shape[0]:
        row = counts[part]
        stop = min(uniforms.size, (part + 1) * size)
        for start in range(part * size, stop, _BATCH):
            length = min(_BATCH, stop - start)
            for i in range(length):
                targets[as_index(i)] = min(edges[-1] * uniforms[as_index(start + i)], most)
            _search(edges, targets, blocks[start : start + length])
            for i in range(length):
                row[as_index(blocks[as_index(start + i)])] += 1
        finish_block(turns)
        part = claim_block(turns)
    wait_for_blocks(turns, counts.shape[0])


@njit
def sort_by_block(blocks: Integers, starts: Integers, shots: Integers, turns: Integers, _thread: int) -> None:
    """Write the numbers of the shots sorted by block into `shots` (int32).

    `starts[p, b]` is where the shots of part p that fall into block b begin.
    """
    size = (blocks.size + starts.shape[0] - 1) // starts.shape[0]
    part = claim_block(turns)
    while part < starts.shape[0]:
        row = starts[part].copy()
        for i in range(part * size, min(blocks.size, (part + 1) * size)):
            block = as_index(blocks[as_index(i)])
            shots[as_index(row[block])] = i
            row[block] += 1
        finish_block(turns)
        part = claim_block(turns)
    wait_for_blocks(turns, starts.shape[0])


@njit
def sample_blocks(
    reals: Reals,
    edges: Floats,
    uniforms: Floats,
    borders: Integers,
    shots: Integers,
    out: Integers,
    turns: Integers,
    _thread: int,
) -> None:
    """Write the basis state of every shot into `out` (int64).

    The shots of block b are `shots[borders[b] : borders[b + 1]]`; for the rest see `assign_blocks`.
    """
    count = edges.size - 1
    length = (reals.size >> 1) // count
    inner = np.empty(length + 1, np.float64)
    targets, places = np.empty(_BATCH, np.float64), np.empty(_BATCH, np.int64)
    block = claim_block(turns)
    while block < count:
        if borders[block] < borders[block + 1]:
            _add_weights(reals, block * length, inner)
            most = np.nextafter(inner[-1], 0.0)
        for start in range(borders[block], borders[block + 1], _BATCH):
            batch = min(_BATCH, borders[block + 1] - start)
            for i in range(batch):
                uniform = uniforms[as_index(shots[as_index(start + i)])]
                # The product is not rounded before the difference, which may therefore fall below 0.
                targets[as_index(i)] = max(0.0, min(edges[-1] * uniform - edges[as_index(block)], most))
            _search(inner, targets, places[:batch])
            for i in range(batch):
                out[as_index(shots[as_index(start + i)])] = block * length + places[as_index(i)]
        finish_block(turns)
        block = claim_block(turns)
    wait_for_blocks(turns, count)
