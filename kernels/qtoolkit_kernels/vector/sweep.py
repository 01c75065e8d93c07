"""Sweeps: one pass over memory in which every block is gathered, worked on, and written back.

A sweep names the index bits that its blocks hold. The lowest `chunk_bits` are always among them, so that memory is
read and written in runs of 2^chunk_bits amplitudes; the others are any bits. The first sweep turns interleaved complex
numbers into tiles as it reads; the last one turns them back as it writes.
Bytes per amplitude and sweep: 32 in double precision, 16 in single.

What starts from |0…0⟩ is zero wherever a bit is 1 that no sweep has held yet. Such amplitudes are neither read nor,
before the last sweep, written: the first of two sweeps touches one block, the second writes all and reads almost none.

Every thread calls `run_sweeps` with its own number. Blocks are claimed one by one; a sweep begins when all blocks of
the one before are done.
"""

import numpy as np

from qtoolkit_kernels._bits import scatter_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers, Reals
from qtoolkit_kernels.threads import add_to_counter, wait_for_counter
from qtoolkit_kernels.vector import isa, tiles
from qtoolkit_kernels.vector.block import run_block
from qtoolkit_kernels.vector.cut import Cut
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.matrices import MOST_TARGETS
from qtoolkit_kernels.vector.phases import prepare_phases, tables_size
from qtoolkit_kernels.vector.plan import Numbers
from qtoolkit_kernels.vector.skew import skew_of, skewed

__all__ = ["COMPLEX", "TILES", "ZERO_STATE", "run_sweeps", "scratch_size", "spare_size"]

ZERO_STATE, COMPLEX, TILES = range(3)

AHEAD = 8
"""Chunks that are asked for before they are needed; they are too short for the processor to foresee the next."""

FAR_BYTES = 1 << 23
"""States of this size on may be far away; smaller ones are better read as they are."""

LINE_BYTES = 64
"""Of a cache line."""


@njit
def block_size(block_bits: int, tile: int, skew: int) -> int:
    """Elements that a block covers, its gaps included."""
    num_tiles = (2 << block_bits) // tile
    return (skewed(num_tiles - 1, skew) + 1) * tile


def spare_size(vector_bytes: int, itemsize: int) -> int:
    """Elements that matrices need at the end of scratch memory, beside those of `scratch_size`."""
    return 2 * vector_bytes // itemsize << MOST_TARGETS


def scratch_size(block_bits: int, low_bits: int, most_diagonals: int, vector_bytes: int, itemsize: int) -> int:
    """Elements of scratch memory for one thread: a block, its angles, and tables for one sweep."""
    tile = 2 * vector_bytes // itemsize
    block = block_size.py_func(block_bits, tile, skew_of.py_func(2 * vector_bytes))  # type: ignore[attr-defined]
    tables = tables_size.py_func(block_bits, low_bits)  # type: ignore[attr-defined]
    size = block + (1 << block_bits) + (2 << low_bits) + most_diagonals * tables
    return int(size + -size % (64 * tile))


@njit
def chunk_offsets(high_bits: Integers) -> Integers:
    """Where the chunks of a block begin, in elements of the state, from the index bits that tell them apart."""
    offsets = np.empty(1 << high_bits.size, np.int64)
    for k in range(offsets.size):
        offsets[k] = 2 * scatter_bits(k, high_bits)
    return offsets


@njit
def count_diagonals(operations: Integers) -> int:
    """How many polynomials of phases a sweep applies."""
    count = 0
    for i in range(operations.shape[0]):
        count += operations[i, isa.OPCODE] == isa.DIAGONAL
    return count


@njit
def prepare_tables(
    tables: Reals,
    lanes: Lanes,
    block_bits: int,
    low_bits: int,
    bits: Integers,
    operations: Integers,
    pairs: Complex,
    first_table: Integers,
) -> None:
    """Write the tables of a sweep's polynomials behind the one that every block overwrites, and where each begins."""
    place = 2 << low_bits
    found = 0
    for i in range(operations.shape[0]):
        if operations[i, isa.OPCODE] == isa.DIAGONAL:
            first_table[found] = place
            own = pairs[operations[i, isa.DIAGONAL_POLYNOMIAL]]
            place = prepare_phases(tables, lanes, place, block_bits, low_bits, bits, own)
            found += 1


@njit
def chunks_ahead(state: Reals, offsets: Integers) -> int:
    """How many chunks ahead to fetch: all there are, and so none, if the state is near."""
    return AHEAD if state.size * state.itemsize >= FAR_BYTES else offsets.size


@njit
def fetch_chunk(state: Reals, lanes: Lanes, first: int, run: int) -> None:
    """Begin to fetch a chunk, for a change."""
    for step in range(0, run, LINE_BYTES // state.itemsize):
        tiles.prefetch(state, lanes, first + step)


@njit
def read_block(
    block: Reals,
    state: Reals,
    lanes: Lanes,
    base: int,
    offsets: Integers,
    run: int,
    tile: int,
    skew: int,
    source: int,
    reached: int,
) -> None:
    """Gather the chunks at `offsets` into a block; those at indices with a bit that is not `reached` are zero."""
    j = 0
    if source == ZERO_STATE:
        block[:] = 0
        block[0] = 1
        return
    ahead = chunks_ahead(state, offsets)
    for k in range(offsets.size):
        if k + ahead < offsets.size and (base + offsets[k + ahead]) >> 1 & ~reached == 0:
            fetch_chunk(state, lanes, base + offsets[k + ahead], run)
        there = base + offsets[k]
        if there >> 1 & ~reached:
            for _ in range(0, run, tile):
                here = skewed(j, skew) * tile
                block[here : here + tile] = 0
                j += 1
            continue
        for step in range(0, run, tile):
            here = skewed(j, skew) * tile
            if source == COMPLEX:
                tiles.tile_from_complex(block, lanes, here, state, there + step)
            else:
                tiles.copy_tile(block, lanes, here, state, there + step)
            j += 1


@njit
def write_block(
    block: Reals,
    state: Reals,
    lanes: Lanes,
    base: int,
    offsets: Integers,
    run: int,
    tile: int,
    skew: int,
    to_complex: bool,
    factor: complex,
) -> None:
    """Write a block back; as complex numbers times a factor at the end."""
    real, imag = block.dtype.type(factor.real), block.dtype.type(factor.imag)
    j = 0
    ahead = chunks_ahead(state, offsets)
    for k in range(offsets.size):
        if k + ahead < offsets.size:
            fetch_chunk(state, lanes, base + offsets[k + ahead], run)
        there = base + offsets[k]
        for step in range(0, run, tile):
            here = skewed(j, skew) * tile
            if to_complex:
                tiles.tile_to_complex(state, lanes, there + step, block, here, real, imag)
            else:
                tiles.copy_tile(state, lanes, there + step, block, here)
            j += 1


@njit
def run_sweep(
    state: Reals,
    cut: Cut,
    bits: Integers,
    operations: Integers,
    numbers: Numbers,
    scratch: Reals,
    source: int,
    reached: int,
    to_complex: bool,
    seldom: bool | None,
    spare: int | None,
    counters: Integers,
    counter: int,
) -> None:
    """Run one sweep: claim blocks until none is left. Amplitudes with a bit that is not `reached` are zero."""
    lanes, block_bits, chunk_bits, low_bits = cut
    tile = 2 * tiles.lanes_of(state, lanes)
    skew = skew_of(tile * state.itemsize)
    size = block_size(block_bits, tile, skew)
    block, angles, tables = (
        scratch[:size],
        scratch[size : size + (1 << block_bits)],
        scratch[size + (1 << block_bits) :],
    )
    run = 2 << chunk_bits
    num_blocks = 1 << (bits.size - block_bits)
    # Two allocations take as long as a state of two qubits; its one chunk begins at 0, which is also its lowest bit.
    offsets = chunk_offsets(bits[chunk_bits:block_bits]) if chunk_bits < block_bits else bits[:1]
    alone = counters.shape[0] == 0

    num_diagonals = count_diagonals(operations)
    first_table = np.empty(num_diagonals, np.int64) if num_diagonals else bits[:0]
    prepared = False
    number = -1
    while True:
        number = number + 1 if alone else add_to_counter(counters, counter, 1)
        if number >= num_blocks:
            return
        outer = scatter_bits(number, bits[block_bits:])
        base = 2 * outer
        if outer & ~reached:
            for k in range(offsets.size if to_complex else 0):
                state[base + offsets[k] : base + offsets[k] + run] = 0
        else:
            if not prepared:
                prepared = True
                prepare_tables(tables, lanes, block_bits, low_bits, bits, operations, numbers.pairs, first_table)
            read_block(block, state, lanes, base, offsets, run, tile, skew, source, reached)
            run_block(block, cut, operations, numbers, bits, outer, tables, first_table, angles, scratch, seldom, spare)
            write_block(block, state, lanes, base, offsets, run, tile, skew, to_complex, numbers.factor)
        if not alone:
            add_to_counter(counters, counter + 1, 1)


@njit
def run_sweeps(
    cut: Cut,
    bits: Integers,
    operation_start: Integers,
    numbers: Numbers,
    source: int,
    seldom: bool | None,
    spare: int | None,
    scratch: Reals,
    state: Complex,
    counters: Integers,
    thread: int,
) -> None:
    """Run all sweeps on a state, as one of several threads or alone.

    What belongs to a program comes first, so that it can be kept as a partial call.

    Args:
        cut: of the state.
        bits: int64[sweeps, num_bits], for each sweep the index bit of every position, the block's first.
        operation_start: int64[sweeps + 1], where its rows begin.
        numbers: rows and what they refer to; the result is multiplied by the factor.
        source: what the state holds: ZERO_STATE (anything, taken as |0…0⟩), COMPLEX or TILES.
        seldom: None, and the kernel takes less time to compile, if there are no rows of `isa.SELDOM`.
        spare: elements of `scratch` that matrices may use, `spare_size`; None, and the kernel takes less time to
            compile, if there are no rows from MATRIX on.
        scratch: one row for each thread, of `scratch_size` elements, as many as matrices may use, or more, aligned.
        state: complex128 or complex64 of shape ``(2**num_bits,)``; best aligned to a register.
        counters: zeros, two rows for each sweep; none for a thread that runs alone.
        thread: the caller's row of scratch.
    """
    reals = state.view(scratch.dtype)
    num_sweeps = bits.shape[0]
    num_blocks = 1 << (bits.shape[1] - cut.block_bits)
    reached = 0 if source == ZERO_STATE else -1
    for s in range(num_sweeps):
        run_sweep(
            reals, cut, bits[s], numbers.operations[operation_start[s] : operation_start[s + 1]], numbers,
            scratch[thread], source if s == 0 else TILES, reached, s == num_sweeps - 1, seldom, spare, counters, 2 * s,
        )  # fmt: skip
        for k in range(cut.block_bits):
            reached |= 1 << bits[s, k]
        if counters.shape[0]:
            wait_for_counter(counters, 2 * s + 1, num_blocks)
