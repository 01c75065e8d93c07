"""Sweeps over the Pauli coefficients of a density matrix: one pass over memory in which every block is gathered, worked
on, and written back.

A sweep names the digits that its blocks hold, the lowest `chunk_digits` always among them, so that memory is read and
written in runs. Bytes per entry and sweep: 16 in double precision, 8 in single.

A row of `rows` is int64:

| column | holds |
|---|---|
| OPCODE | one of those below |
| FIRST, SECOND | positions of its digits in the block, ascending; SECOND is -1 where there is one |
| START | where its coefficients begin, as `cells` wants them |
| PLACES | PRODUCT_*: where its cells go, four bits each |

Every thread calls `run_sweeps` with its own number. Blocks are claimed one by one; a sweep begins when all blocks of
the one before are done.
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers, Reals
from qtoolkit_kernels.density import cells
from qtoolkit_kernels.density.cells import CELL
from qtoolkit_kernels.threads import add_to_counter, wait_for_counter
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.sweep import chunks_ahead, fetch_chunk

__all__ = [
    "FIRST", "HIGH", "HIGH_HIGH", "LOW", "LOW_HIGH", "LOW_LOW", "OPCODE", "PLACES", "PRODUCT_BOTH", "PRODUCT_FIRST",
    "PRODUCT_NONE", "PRODUCT_SECOND", "ROW_COLUMNS", "SECOND", "START", "block_size", "run_sweeps",
]  # fmt: skip

ROW_COLUMNS = 5
OPCODE, FIRST, SECOND, START, PLACES = range(ROW_COLUMNS)

(
    HIGH, LOW, HIGH_HIGH, LOW_HIGH, LOW_LOW, PRODUCT_BOTH, PRODUCT_FIRST, PRODUCT_SECOND, PRODUCT_NONE,
) = range(9)  # fmt: skip
"""A matrix on one digit, above a cell or inside it; on two; and products of two, one or none on two above."""

GROUP_BITS = 6
"""A cell is left out after 2^GROUP_BITS cells, lest those that a matrix mixes compete for places in a cache."""


@njit
def _skewed(cell: int) -> int:
    """Where a cell of a block begins in working memory."""
    return (cell + (cell >> GROUP_BITS)) * CELL


def block_size(block_digits: int) -> int:
    """Elements of working memory that a block takes, its gaps included; a multiple of 64 bytes."""
    cells_of_block = 1 << (2 * block_digits - 4)
    return (cells_of_block + (cells_of_block >> GROUP_BITS)) * CELL


@njit
def _run_row(block: Reals, lanes: Lanes, num_cells: int, row: Integers, weights: Reals) -> None:
    opcode, start, places = row[OPCODE], row[START], row[PLACES]
    if opcode == LOW:
        for cell in range(num_cells):
            if row[FIRST] == 0:
                cells.matrix_low_0(block, lanes, _skewed(cell), weights, start)
            else:
                cells.matrix_low_1(block, lanes, _skewed(cell), weights, start)
        return
    if opcode == LOW_LOW:
        for cell in range(num_cells):
            cells.matrix_low_low(block, lanes, _skewed(cell), weights, start)
        return
    if opcode in (HIGH, LOW_HIGH):
        low = row[FIRST]
        stride = 1 << (2 * (row[SECOND] if opcode == LOW_HIGH else low) - 4)
        step = _skewed(stride)
        for outer in range(0, num_cells, 4 * stride):
            for cell in range(outer, outer + stride):
                place = _skewed(cell)
                if opcode == HIGH:
                    cells.matrix_high(block, lanes, place, step, weights, start)
                elif low == 0:
                    cells.matrix_low_high_0(block, lanes, place, step, weights, start)
                else:
                    cells.matrix_low_high_1(block, lanes, place, step, weights, start)
        return
    stride, wide = 1 << (2 * row[FIRST] - 4), 1 << (2 * row[SECOND] - 4)
    first, second = _skewed(stride), _skewed(wide)
    for outer in range(0, num_cells, 4 * wide):
        for inner in range(outer, outer + wide, 4 * stride):
            for cell in range(inner, inner + stride):
                place = _skewed(cell)
                if opcode == HIGH_HIGH:
                    cells.matrix_high_high(block, lanes, place, first, second, weights, start)
                elif opcode == PRODUCT_BOTH:
                    cells.product_both(block, lanes, place, first, second, places, weights, start)
                elif opcode == PRODUCT_FIRST:
                    cells.product_first(block, lanes, place, first, second, places, weights, start)
                elif opcode == PRODUCT_SECOND:
                    cells.product_second(block, lanes, place, first, second, places, weights, start)
                else:
                    cells.product_none(block, lanes, place, first, second, places, weights, start)


@njit
def _deposited(number: int, digits: Integers) -> int:
    """The index whose digits at these positions spell a number."""
    index = 0
    for k in range(digits.size):
        index |= (number >> 2 * k & 3) << 2 * digits[k]
    return index


@njit
def _read_block(
    block: Reals,
    state: Reals,
    lanes: Lanes,
    base: int,
    offsets: Integers,
    chunk_digits: int,
    vectors: Reals,
    chunk: Reals,
) -> None:
    """Gather a block; from the product of one-qubit vectors if there are any, of which `chunk` is the lowest part."""
    cell, run = 0, 1 << 2 * chunk_digits
    ahead = chunks_ahead(state, offsets)
    for k in range(offsets.size):
        there = base + offsets[k]
        if k + ahead < offsets.size and vectors.shape[0] == 0:
            fetch_chunk(state, lanes, base + offsets[k + ahead], run)
        if vectors.shape[0] == 0:
            for step in range(0, run, CELL):
                cells.copy_cell(block, lanes, _skewed(cell), state, there + step)
                cell += 1
            continue
        factor, index = state.dtype.type(1.0), there >> 2 * chunk_digits
        for digit in range(chunk_digits, vectors.shape[0]):
            factor *= vectors[digit, index & 3]
            index >>= 2
        for step in range(0, run, CELL):
            cells.scale_cell(block, lanes, _skewed(cell), chunk, step, factor)
            cell += 1


@njit
def _write_block(block: Reals, state: Reals, lanes: Lanes, base: int, offsets: Integers, run: int) -> None:
    cell, ahead = 0, chunks_ahead(state, offsets)
    for k in range(offsets.size):
        if k + ahead < offsets.size:
            fetch_chunk(state, lanes, base + offsets[k + ahead], run)
        for step in range(0, run, CELL):
            cells.copy_cell(state, lanes, base + offsets[k] + step, block, _skewed(cell))
            cell += 1


@njit
def _product_chunk(vectors: Reals, run: int, chunk: Reals) -> None:
    """The product of the lowest digits' vectors."""
    chunk[0] = 1.0
    size, digit = 1, 0
    while size < run:
        for k in range(3, -1, -1):
            for j in range(size):
                chunk[k * size + j] = chunk[j] * vectors[digit, k]
        size, digit = 4 * size, digit + 1


@njit
def run_sweeps(
    lanes: Lanes,
    chunk_digits: int,
    block_digits: int,
    digits: Integers,
    row_start: Integers,
    rows: Integers,
    weights: Reals,
    vectors: Reals,
    scratch: Reals,
    state: Reals,
    counters: Integers,
    thread: int,
) -> None:
    """Run sweeps on Pauli coefficients, as one of several threads or alone.

    Args:
        lanes: marker of the vector width.
        chunk_digits: memory is read and written in runs of ``4**chunk_digits`` entries; at least 2.
        block_digits: how many digits a block holds.
        digits: int64[sweeps, num_digits], for each sweep the digit of every position, the block's first.
        row_start: int64[sweeps + 1], where its rows begin.
        rows: int64[:, 5], see above.
        weights: coefficients, of the state's dtype, aligned to a register where cells of them are.
        vectors: of the state's dtype, shape ``(num_digits, 4)``: the state is their product, whatever it holds; of
            shape ``(0, 4)`` where it holds what it is.
        scratch: one row for each thread, of `block_size` elements and a chunk's, aligned.
        state: float64 or float32 of shape ``(4**num_digits,)``.
        counters: zeros, two rows for each sweep.
        thread: the caller's row of scratch.
    """
    run = 1 << 2 * chunk_digits
    num_blocks = 1 << 2 * (digits.shape[1] - block_digits)
    num_cells = 1 << (2 * block_digits - 4)
    block = scratch[thread]
    chunk = scratch[thread, block.size - run :]
    product = vectors
    offsets = np.empty(1 << 2 * (block_digits - chunk_digits), np.int64)
    for s in range(digits.shape[0]):
        inner, outer = digits[s, chunk_digits:block_digits], digits[s, block_digits:]
        for k in range(offsets.size):
            offsets[k] = _deposited(k, inner)
        if product.shape[0]:
            _product_chunk(product, run, chunk)
        number = add_to_counter(counters, 2 * s, 1)
        while number < num_blocks:
            base = _deposited(number, outer)
            _read_block(block, state, lanes, base, offsets, chunk_digits, product, chunk)
            for i in range(row_start[s], row_start[s + 1]):
                _run_row(block, lanes, num_cells, rows[i], weights)
            _write_block(block, state, lanes, base, offsets, run)
            add_to_counter(counters, 2 * s + 1, 1)
            number = add_to_counter(counters, 2 * s, 1)
        wait_for_counter(counters, 2 * s + 1, num_blocks)
        product = vectors[:0]
