"""Sweeps: one pass over memory in which every block is gathered, worked on, and written back.

A sweep names the index bits that its blocks hold. The lowest `chunk_bits` are always among them, so that memory is
read and written in runs of 2^chunk_bits amplitudes; the others are any bits. The first sweep turns interleaved complex
numbers into tiles as it reads, or starts from |0…0⟩ without reading; the last one turns them back as it writes.
Bytes per amplitude and sweep: 32 in double precision, 16 in single.
"""

import numpy as np
from numba import prange

from qtoolkit_kernels._jit import njit, parallel_njit
from qtoolkit_kernels._types import Complex, Integers, Reals
from qtoolkit_kernels.vector import tiles
from qtoolkit_kernels.vector.block import DIAGONAL, run_block
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.phases import prepare_phases

__all__ = ["COMPLEX", "TILES", "ZERO_STATE", "run_sweeps", "run_sweeps_parallel"]

ZERO_STATE, COMPLEX, TILES = range(3)


@njit
def spread(value: int, bits: Integers) -> int:
    """Put bit k of `value` at place ``bits[k]``."""
    result = 0
    for k in range(bits.size):
        result |= (value >> k & 1) << bits[k]
    return result


@njit
def sweep_part(
    state: Reals,
    lanes: Lanes,
    block_bits: int,
    chunk_bits: int,
    low_bits: int,
    bits: Integers,
    operations: Integers,
    coefficients: Reals,
    constants: Complex,
    linear: Complex,
    pairs: Complex,
    controls: Integers,
    scratch: Reals,
    first_block: int,
    last_block: int,
    source: int,
    to_complex: bool,
    scale: float,
) -> None:
    """Run one sweep for some of its blocks on the calling thread."""
    tile = 2 * tiles.lanes_of(state, lanes)
    size = 2 << block_bits
    block, tables = scratch[:size], scratch[size:]
    run = 2 << chunk_bits
    num_chunks = 1 << (block_bits - chunk_bits)
    offsets = np.empty(num_chunks, np.int64)
    for k in range(num_chunks):
        offsets[k] = 2 * spread(k, bits[chunk_bits:block_bits])

    num_diagonals = 0
    for i in range(operations.shape[0]):
        num_diagonals += operations[i, 0] == DIAGONAL
    first_table = np.empty(num_diagonals, np.int64)
    place = 2 << low_bits
    found = 0
    for i in range(operations.shape[0]):
        if operations[i, 0] == DIAGONAL:
            first_table[found] = place
            place = prepare_phases(tables, lanes, place, block_bits, low_bits, bits, pairs[operations[i, 7]])
            found += 1

    for number in range(first_block, last_block):
        outer = spread(number, bits[block_bits:])
        base = 2 * outer
        if source == ZERO_STATE:
            if outer != 0:
                for k in range(num_chunks):
                    state[base + offsets[k] : base + offsets[k] + run] = 0
                continue
            block[:] = 0
            block[0] = 1
        else:
            for k in range(num_chunks):
                here, there = k * run, base + offsets[k]
                if source == COMPLEX:
                    for j in range(0, run, tile):
                        tiles.tile_from_complex(block, lanes, here + j, state, there + j)
                else:
                    for j in range(0, run, tile):
                        tiles.copy_tile(block, lanes, here + j, state, there + j)
        run_block(
            block, lanes, block_bits, low_bits, operations, coefficients, bits, outer, tables, first_table, constants,
            linear, pairs, controls,
        )  # fmt: skip
        for k in range(num_chunks):
            here, there = k * run, base + offsets[k]
            if to_complex:
                for j in range(0, run, tile):
                    tiles.tile_to_complex(state, lanes, there + j, block, here + j, scale)
            else:
                for j in range(0, run, tile):
                    tiles.copy_tile(state, lanes, there + j, block, here + j)


@njit
def run_sweeps(
    state: Reals,
    lanes: Lanes,
    block_bits: int,
    chunk_bits: int,
    low_bits: int,
    bits: Integers,
    operation_start: Integers,
    operations: Integers,
    coefficients: Reals,
    constants: Complex,
    linear: Complex,
    pairs: Complex,
    controls: Integers,
    scratch: Reals,
    source: int,
    scale: float,
) -> None:
    """Run all sweeps on the calling thread."""
    num_sweeps = bits.shape[0]
    num_blocks = 1 << (bits.shape[1] - block_bits)
    for s in range(num_sweeps):
        sweep_part(
            state, lanes, block_bits, chunk_bits, low_bits, bits[s],
            operations[operation_start[s] : operation_start[s + 1]], coefficients, constants, linear, pairs, controls,
            scratch[0], 0, num_blocks, source if s == 0 else TILES, s == num_sweeps - 1, scale,
        )  # fmt: skip


@parallel_njit
def run_sweeps_parallel(
    state: Reals,
    lanes: Lanes,
    block_bits: int,
    chunk_bits: int,
    low_bits: int,
    bits: Integers,
    operation_start: Integers,
    operations: Integers,
    coefficients: Reals,
    constants: Complex,
    linear: Complex,
    pairs: Complex,
    controls: Integers,
    scratch: Reals,
    source: int,
    scale: float,
) -> None:
    """Run all sweeps, the blocks of each in as many parts as `scratch` has rows."""
    num_sweeps = bits.shape[0]
    num_blocks = 1 << (bits.shape[1] - block_bits)
    parts = scratch.shape[0]
    for s in range(num_sweeps):
        for part in prange(parts):
            sweep_part(
                state, lanes, block_bits, chunk_bits, low_bits, bits[s],
                operations[operation_start[s] : operation_start[s + 1]], coefficients, constants, linear, pairs,
                controls, scratch[part], num_blocks * part // parts, num_blocks * (part + 1) // parts,
                source if s == 0 else TILES, s == num_sweeps - 1, scale,
            )  # fmt: skip
