"""Runs blocks of shots, shared by threads.

A block's shots take their random numbers from the block's key, so that neither the number of threads nor the width of
the registers shows in a result, and fewer shots are the first ones of more.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.threads import claim_block, finish_block, is_stopped, wait_for_blocks
from qtoolkit_kernels.vector.frame.code import BLOCK, WORD, WORDS, Code, Noise
from qtoolkit_kernels.vector.frame.operations import Group, run_operations
from qtoolkit_kernels.vector.frame.output import write_bits, write_words
from qtoolkit_kernels.vector.frame.symbols import draw_symbols, flip_column
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.tiles import lanes_of

__all__ = ["Output", "Stretch", "Work", "flip_symbols", "run_blocks"]


class Stretch(NamedTuple):
    """Which operations run.

    Attributes:
        start, stop: of the operations.
        begins: 1 where blocks begin, and symbols are drawn.
        ends: 1 where the results are written.
    """

    start: int
    stop: int
    begins: int
    ends: int


class Work(NamedTuple):
    """Memory to work in.

    Attributes:
        bits: uint64, shape ``(threads, WORDS, num_row_bits)``.
        rooms: float64, shape ``(threads, size)``, aligned.
        factors: float64, shape ``(threads, size)``, aligned.
        registers: of shots that run together.
        keeps: 1 where blocks go on later: ``bits`` then has one row for each block, and `rooms` one for each group.
    """

    bits: Integers
    rooms: Floats
    factors: Floats
    registers: int
    keeps: int


class Output(NamedTuple):
    """Results, one row for each shot; the kind that is not wanted has no rows.

    Attributes:
        bits: uint8, shape ``(shots, count)``.
        words: uint64, shape ``(shots, ceil(count / 64))``.
        count: how many row bits are wanted.
    """

    bits: NDArray[np.uint8]
    words: Integers
    count: int


@njit
def run_blocks(
    code: Code,
    noise: Noise,
    stretch: Stretch,
    keys: Integers,
    work: Work,
    output: Output,
    lanes: Lanes,
    turns: Integers,
    thread: int,
) -> None:
    """Run all shots of the blocks whose keys are given (uint64, one each)."""
    width = lanes_of(work.rooms, lanes)
    count = work.registers * width
    block = claim_block(turns)
    while block < keys.size:
        key = keys[block]
        bits = work.bits[block if work.keeps else thread]
        if stretch.begins:
            draw_symbols(code, noise, key, bits)
        for word in range(WORDS):
            for part in range(WORD // count):
                if stretch.start == stretch.stop or is_stopped(turns, 0):
                    break
                place = (block * WORDS + word) * (WORD // count) + part if work.keeps else thread
                group = Group(work.rooms[place], work.factors[thread], work.registers)
                first_shot = word * WORD + part * count
                run_operations(group, lanes, code, stretch.start, stretch.stop, key, first_shot, bits[word])
            if stretch.ends:
                if output.bits.shape[0]:
                    write_bits(bits[word], output.count, output.bits, block * BLOCK + word * WORD)
                if output.words.shape[0]:
                    write_words(bits[word], output.count, output.words, block * BLOCK + word * WORD)
        finish_block(turns)
        block = claim_block(turns)
    wait_for_blocks(turns, keys.size)


@njit
def flip_symbols(code: Code, bits: Integers, symbol: int, values: Integers) -> None:
    """Flip the columns of some symbols where a caller has found them to be 1.

    Args:
        code: whose columns are used.
        bits: uint64, shape ``(blocks, WORDS, num_row_bits)``.
        symbol: the first one.
        values: uint64, shape ``(num_symbols, blocks, WORDS)``, a bit for each shot.
    """
    for k in range(values.shape[0]):
        for block in range(values.shape[1]):
            for word in range(WORDS):
                shots = values[k, block, word]
                if shots:
                    flip_column(bits[block, word], code.column_start, code.column_bits, symbol + k, shots)
