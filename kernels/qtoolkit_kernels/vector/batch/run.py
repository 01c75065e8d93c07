"""Batches: small states at many parameter values, L of them side by side in the lanes of the registers.

One call takes the parameter values of every member and returns states, probabilities or expectation values. Groups
of L members are claimed by threads; a group's numbers, block and tables stay in the second-level cache. What operations
cost is said in `batch.block`; an observable costs 3 FMA an amplitude for its diagonal, and 2 (real) or 3 for every
other mask of flipped bits, whatever the number of its strings.
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.threads import add_to_counter, wait_for_counter
from qtoolkit_kernels.vector.batch import tiles as batch_tiles
from qtoolkit_kernels.vector.batch.block import run_batch_block
from qtoolkit_kernels.vector.batch.numbers import fill_numbers, write_number
from qtoolkit_kernels.vector.batch.plan import Members, Results, Rows, Weights
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.skew import skew_of, skewed
from qtoolkit_kernels.vector.tiles import lanes_of
from qtoolkit_kernels.vector.trigonometry import Gates, Slots

__all__ = ["DIAGONAL_PART", "IMAGINARY_PART", "REAL_PART", "batch_scratch_size", "run_batch"]

DIAGONAL_PART, REAL_PART, IMAGINARY_PART = range(3)
"""What a part of `Weights` sums: probabilities, or real or imaginary parts of overlaps."""

SUMMED = 128
"""Amplitudes that are summed in the state's precision before the sum goes on in double precision; all observables go
over them before the next ones, while they are in the first-level cache."""

TOGETHER = 4
"""Amplitudes in a row that are summed at a time."""

SUMS = 4
"""Sums that take turns, because an addition waits for the one before it."""


def batch_scratch_size(num_bits: int, num_registers: int, vector_bytes: int, itemsize: int) -> int:
    """Elements of scratch memory for one thread: two blocks, sums and registers."""
    lanes = vector_bytes // itemsize
    skew = skew_of.py_func(2 * vector_bytes)  # type: ignore[attr-defined]
    tiles = skewed.py_func((1 << num_bits) - 1, skew) + 1  # type: ignore[attr-defined]
    size = 4 * lanes * int(tiles) + (num_registers + SUMS) * lanes
    return size + -size % (128 * lanes)


@njit
def add_sums(sums: Reals, lanes: int, factor: float, out: Floats, first: int, count: int) -> None:
    """Add what was summed so far to the results of `count` members, and begin again."""
    for lane in range(count):
        total = 0.0
        for k in range(SUMS):
            total += sums[k * lanes + lane]
        out[first + lane] += factor * total
    sums[:] = 0


@njit
def measure(
    block: Reals,
    lanes: Lanes,
    num_bits: int,
    tile: int,
    skew: int,
    weights: Weights,
    sums: Reals,
    out: Floats,
    first: int,
    count: int,
) -> None:
    """Add the expectation values of L states to the columns of `out` from `first` on."""
    parts, values = weights
    half, size = tile >> 1, 1 << num_bits
    piece, step = min(SUMMED, size), min(TOGETHER, size)
    sums[:] = 0
    for base in range(0, size, piece):
        for p in range(parts.shape[0]):
            kind, place, low = parts[p, 2], parts[p, 3], parts[p, 1] & (step - 1)
            high = parts[p, 1] ^ low
            pivot = high
            while pivot & (pivot - 1):
                pivot &= pivot - 1
            if base & pivot:
                continue
            j, visited = base, 0
            while j < base + piece:
                s = (visited & (SUMS - 1)) * half
                o, q = skewed(j, skew) * tile, skewed(j ^ high, skew) * tile
                if step == 2 and kind == DIAGONAL_PART:
                    batch_tiles.add_probabilities_2(sums, lanes, s, block, o, q, low, values, place + j)
                elif step == 2 and kind == REAL_PART:
                    batch_tiles.add_real_parts_2(sums, lanes, s, block, o, q, low, values, place + j)
                elif step == 2:
                    batch_tiles.add_imaginary_parts_2(sums, lanes, s, block, o, q, low, values, place + j)
                elif kind == DIAGONAL_PART:
                    batch_tiles.add_probabilities_4(sums, lanes, s, block, o, q, low, values, place + j)
                elif kind == REAL_PART:
                    batch_tiles.add_real_parts_4(sums, lanes, s, block, o, q, low, values, place + j)
                else:
                    batch_tiles.add_imaginary_parts_4(sums, lanes, s, block, o, q, low, values, place + j)
                visited += 1
                j = ((j | pivot) + step) & ~pivot
            # Where the mask has high bits, only one of two partners was visited.
            add_sums(sums, half, 2.0 if high else 1.0, out[parts[p, 0]], first, count)


@njit
def write_states(
    block: Reals, num_bits: int, tile: int, skew: int, factors: Complex, states: Reals, first: int, count: int
) -> None:
    """Write the states of `count` members, times their factors, to the rows of `states` from `first` on."""
    half = tile >> 1
    run = min(1 << skew, 1 << num_bits)
    for start in range(0, 1 << num_bits, run):
        for lane in range(count):
            re, im = block.dtype.type(factors[lane].real), block.dtype.type(factors[lane].imag)
            state = states[first + lane, 2 * start : 2 * (start + run)]
            o = skewed(start, skew) * tile + lane
            for x in range(run):
                a, b = block[o + x * tile], block[o + x * tile + half]
                state[2 * x], state[2 * x + 1] = a * re - b * im, a * im + b * re


@njit
def write_probabilities(
    block: Reals, num_bits: int, tile: int, skew: int, probabilities: Floats, first: int, count: int
) -> None:
    """Write the probabilities of `count` members to the rows of `probabilities` from `first` on."""
    half = tile >> 1
    run = min(1 << skew, 1 << num_bits)
    for start in range(0, 1 << num_bits, run):
        for lane in range(count):
            o = skewed(start, skew) * tile + lane
            for x in range(run):
                a, b = np.float64(block[o + x * tile]), np.float64(block[o + x * tile + half])
                probabilities[first + lane, start + x] = a * a + b * b


@njit
def fill_registers(registers: Reals, count: int, work: Floats, image: int, width: int, lanes: int, part: int) -> None:
    """Convert the numbers of W members to the precision of the states."""
    for r in range(count):
        for lane in range(width):
            registers[r * lanes + part * width + lane] = work[image + r * width + lane]


@njit
def run_batch(
    lanes: Lanes,
    rows: Rows,
    matrices: bool | None,
    slots: Slots,
    gates: Gates,
    phase_slot: int,
    members: Members,
    weights: Weights,
    results: Results,
    work: Floats,
    scratch: Reals,
    counters: Integers,
    thread: int,
) -> None:
    """Run a batch, as one of several threads or alone.

    Args:
        lanes: marker of the vector width.
        rows: of the plan.
        matrices: None, and the kernel takes less time to compile, if there are no MATRIX rows.
        slots, gates: how parameters enter.
        phase_slot: the slot of the global phase.
        members: what they are given.
        weights: of observables.
        results: receives what is wanted.
        work: one row for each thread, of `batch_numbers.numbers_size` elements or more, aligned.
        scratch: one row for each thread, of `batch_scratch_size` elements or more, aligned; its precision is the
            states'.
        counters: zeros, two rows.
        thread: the caller's row of scratch.
    """
    num_bits, num_registers, coefficients = rows.num_bits, rows.num_registers, members.coefficients
    states, probabilities, sums, finite = results
    own, numbers = scratch[thread], work[thread]
    half, width = lanes_of(own, lanes), lanes_of(numbers, lanes)
    tile = 2 * half
    skew = skew_of(tile * own.itemsize)
    size = (skewed((1 << num_bits) - 1, skew) + 1) * tile
    block, spare, rest = own[:size], own[size : 2 * size], own[2 * size :]
    totals, registers = rest[: SUMS * half], rest[SUMS * half : (SUMS + num_registers) * half]
    factors = np.empty(half, np.complex128)
    smallest = 1e-17 if own.itemsize == 8 else 1e-8
    batch = members.values.shape[0]
    prepared = False
    num_groups = (batch + half - 1) // half
    while True:
        group = add_to_counter(counters, 0, 1)
        if group >= num_groups:
            break
        if not prepared:
            # Not before: who comes late finds nothing to do, and others may have its row by then.
            prepared = True
            for k in range(coefficients.size):
                write_number(numbers, 2 * k * width, width, coefficients[k])
        first = group * half
        count = min(half, batch - first)
        for part in range(half // width):
            angles, total, image, fine = fill_numbers(
                numbers, lanes, width, rows, slots, gates, members, first + part * width, smallest, matrices
            )
            if not fine:
                finite[0] = 0
            fill_registers(registers, num_registers, numbers, image, width, half, part)
            for lane in range(width):
                angle = numbers[angles + phase_slot * width + lane]
                turn = complex(np.cos(angle), np.sin(angle))
                factors[part * width + lane] = complex(numbers[total + lane], numbers[total + width + lane]) * turn
        block[:] = 0
        block[:half] = 1
        found = run_batch_block(
            block, lanes, num_bits, tile, skew, rows.operations, rows.partners, rows.permutations, registers, spare,
            matrices,
        )  # fmt: skip
        if states.shape[0] > 0:
            write_states(found, num_bits, tile, skew, factors, states, first, count)
        if probabilities.shape[0] > 0:
            write_probabilities(found, num_bits, tile, skew, probabilities, first, count)
        if weights.parts.shape[0] > 0:
            measure(found, lanes, num_bits, tile, skew, weights, totals, sums, first, count)
        add_to_counter(counters, 1, 1)
    wait_for_counter(counters, 1, num_groups)
