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
from qtoolkit_kernels.vector.frame.code import BLOCK, WORD, WORDS, Code, Noise, Words
from qtoolkit_kernels.vector.frame.operations import Group, run_operations
from qtoolkit_kernels.vector.frame.output import write_bits, write_words
from qtoolkit_kernels.vector.frame.symbols import draw_symbols, flip_column
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.tiles import lanes_of

__all__ = ["Output", "Stretch", "Work", "flip_symbols", "run_blocks"]


TOGETHER = 16
"""Operations that run without asking whether to stop; those on many amplitudes take tens of milliseconds."""


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

    bits: Words
    rooms: Floats
    factors: Floats
    registers: int
    keeps: int


class Output(NamedTuple):
    """Results, one row for each shot; the kind that is not wanted has no rows.

    Attributes:
        bits: uint8, shape ``(shots, num_bits)``.
        words: uint64, shape ``(shots, ceil(num_bits / 64))``.
        num_bits: how many row bits are wanted.
    """

    bits: NDArray[np.uint8]
    words: Words
    num_bits: int


@njit
def run_blocks(
    code: Code,
    noise: Noise,
    stretch: Stretch,
    keys: Words,
    work: Work,
    output: Output,
    lanes: Lanes,
    turns: Integers,
    thread: int,
) -> None:
    """Run all shots that are wanted of the blocks whose keys are given (uint64, one each)."""
    width = lanes_of(work.rooms, lanes)
    count = work.registers * width
    shots = max(output.bits.shape[0], output.words.shape[0])
    block = claim_block(turns)
    while block < keys.size:
        key = keys[block]
        bits = work.bits[block if work.keeps else thread]
        if stretch.begins:
            draw_symbols(code, noise, key, bits)
        for word in range(WORDS):
            for part in range(WORD // count):
                place = (block * WORDS + word) * (WORD // count) + part if work.keeps else thread
                group = Group(work.rooms[place], work.factors[thread], work.registers)
                first_shot = word * WORD + part * count
                start = stretch.start if block * BLOCK + first_shot < shots else stretch.stop
                while start < stretch.stop and not is_stopped(turns, 0):
                    stop = min(start + TOGETHER, stretch.stop)
                    run_operations(group, lanes, code, start, stop, key, first_shot, bits[word])
                    start = stop
            if stretch.ends:
                if output.bits.shape[0]:
                    write_bits(bits[word], output.num_bits, output.bits, block * BLOCK + word * WORD)
                if output.words.shape[0]:
                    write_words(bits[word], output.num_bits, output.words, block * BLOCK + word * WORD)
        finish_block(turns)
        block = claim_block(turns)
    wait_for_blocks(turns, keys.size)


@njit
def flip_symbols(code: Code, bits: Words, symbol: int, values: Words) -> None:
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
