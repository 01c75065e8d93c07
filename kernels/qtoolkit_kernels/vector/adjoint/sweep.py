"""Sweeps taken back: ψ and λ go through memory together, block by block, and leave sums behind.

Blocks are claimed in groups, whose sums are kept apart and added in order, so that results don't depend on threads.
Bytes per amplitude and sweep: 64 in double precision, 32 in single; the last sweep only reads.
"""

import numpy as np

from qtoolkit_kernels._bits import scatter_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers, Reals
from qtoolkit_kernels.threads import add_to_counter, is_stopped, wait_for_counter
from qtoolkit_kernels.vector import tiles
from qtoolkit_kernels.vector.adjoint.block import turn_back_block
from qtoolkit_kernels.vector.adjoint.plan import Sought
from qtoolkit_kernels.vector.cut import Cut
from qtoolkit_kernels.vector.matrices import MOST_TARGETS
from qtoolkit_kernels.vector.phases import tables_size
from qtoolkit_kernels.vector.plan import Numbers
from qtoolkit_kernels.vector.skew import skew_of, skewed
from qtoolkit_kernels.vector.sweep import (
    COMPLEX,
    TILES,
    block_size,
    chunk_offsets,
    count_diagonals,
    prepare_tables,
    read_block,
    write_block,
)

__all__ = ["adjoint_scratch_size", "turn_back_sweeps"]


def adjoint_scratch_size(
    block_bits: int, low_bits: int, most_diagonals: int, has_strings: bool, vector_bytes: int, itemsize: int
) -> int:
    """Elements of scratch memory for one thread: two blocks, weights, and tables for the diagonals of one sweep."""
    tile = 2 * vector_bytes // itemsize
    blocks = block_size.py_func(block_bits + 1, tile, skew_of.py_func(2 * vector_bytes))  # type: ignore[attr-defined]
    weights = max((8 << (block_bits if has_strings else low_bits)) // itemsize, tile << MOST_TARGETS)
    tables = tables_size.py_func(block_bits, low_bits)  # type: ignore[attr-defined]
    size = blocks + weights + (2 << low_bits) + most_diagonals * tables
    return int(size + -size % (64 * tile))


@njit
def turn_back_sweep(
    ket: Reals,
    bra: Reals,
    cut: Cut,
    bits: Integers,
    first_row: int,
    operations: Integers,
    numbers: Numbers,
    sought: Sought,
    scratch: Reals,
    source: int,
    writes: bool,
    to_complex: bool,
    sums: Floats,
    counters: Integers,
    counter: int,
) -> None:
    """Take back one sweep, whose rows `sought` is about: claim groups of blocks until none is left."""
    lanes, block_bits, chunk_bits, low_bits = cut
    strings, factor = numbers.strings, numbers.factor
    tile = 2 * tiles.lanes_of(ket, lanes)
    skew = skew_of(tile * ket.itemsize)
    far = skewed((2 << block_bits) // tile, skew) * tile
    size = block_size(block_bits + 1, tile, skew)
    room = max((8 << (block_bits if strings.shape[0] else low_bits)) // ket.itemsize, tile << MOST_TARGETS)
    block, angles, tables = scratch[:size], scratch[size : size + room], scratch[size + room :]
    weights = angles.view(np.float64)
    run = 2 << chunk_bits
    per_group = (1 << (bits.size - block_bits)) // sums.shape[0]
    offsets = chunk_offsets(bits[chunk_bits:block_bits])

    first_table = np.empty(count_diagonals(operations), np.int64)
    prepared = False
    while True:
        group = add_to_counter(counters, counter, 1)
        if group >= sums.shape[0]:
            return
        if not prepared:
            prepared = True
            prepare_tables(tables, lanes, block_bits, low_bits, bits, operations, numbers.pairs, first_table)
        for number in range(group * per_group, (group + 1) * per_group):
            if is_stopped(counters, counter):
                return
            outer = scatter_bits(number, bits[block_bits:])
            base = 2 * outer
            read_block(block, ket, lanes, base, offsets, run, tile, skew, source, -1)
            read_block(block[far:], bra, lanes, base, offsets, run, tile, skew, source, -1)
            turn_back_block(
                block, cut, first_row, operations, numbers, bits, outer, tables, first_table, weights, angles, sought,
                sums[group],
            )  # fmt: skip
            if writes:
                write_block(block, ket, lanes, base, offsets, run, tile, skew, to_complex, factor)
                write_block(block[far:], bra, lanes, base, offsets, run, tile, skew, to_complex, factor)
        add_to_counter(counters, counter + 1, 1)


@njit
def turn_back_sweeps(
    ket: Reals,
    bra: Reals,
    cut: Cut,
    bits: Integers,
    operation_start: Integers,
    first_row: int,
    numbers: Numbers,
    sought: Sought,
    scratch: Reals,
    keep: bool,
    sums: Floats,
    counters: Integers,
    thread: int,
) -> None:
    """Take back all sweeps from the last one down to row `first_row`, as one of several threads or alone.

    Args:
        ket, bra: ψ and λ, interleaved complex numbers as reals of shape ``(2 * 2**num_bits,)``, aligned; used up.
        cut, bits, operation_start: as for `sweep.run_sweeps`.
        first_row: where to stop; 0 if the states are kept.
        numbers: those of the inverse operations, see `adjoint.numbers`; states that are kept are multiplied by the
            factor.
        sought: the sums of all rows.
        scratch: one row for each thread, of `adjoint_scratch_size` elements or more, aligned.
        keep: whether the states are written back at the end, as complex numbers.
        sums: zeros, float64[groups, places]; the number of groups divides that of blocks.
        counters: zeros, two rows for each sweep.
        thread: the caller's row of scratch.
    """
    collect, scales, probe_start, probes, wanted_start, wanted = sought
    source = COMPLEX
    for s in range(bits.shape[0] - 1, -1, -1):
        first, stop = operation_start[s], operation_start[s + 1]
        if stop <= first_row and not keep:
            return
        last = s == 0 or (first <= first_row and not keep)
        own = Sought(
            collect[first:stop], scales[first:stop], probe_start[first : stop + 1], probes,
            wanted_start[first : stop + 1], wanted,
        )  # fmt: skip
        turn_back_sweep(
            ket, bra, cut, bits[s], max(first_row - first, 0), numbers.operations[first:stop], numbers, own,
            scratch[thread], source, keep or not last, keep and s == 0, sums, counters, 2 * s,
        )  # fmt: skip
        wait_for_counter(counters, 2 * s + 1, sums.shape[0])
        source = TILES
