"""Each operation of the block program equals its twin, alone and in programs, for every width and precision."""

import numpy as np
import pytest
from vector_rows import CASES, RandomRows, Shape, draw_program, every_case, fitting
from vector_widths import WIDTHS

from qtoolkit_kernels.reference.vector import sweep as twins
from qtoolkit_kernels.vector import isa, sweep

PRECISIONS = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["double", "single"])
EPSILONS = {np.float64: 1e-15, np.float32: 5e-7}
SEEDS = 3


def check(rows, source=sweep.COMPLEX, factor=1.0, num_threads=1, rounding=10):
    """Run both, and compare all numbers; the tolerance is a few roundings of the largest one."""
    found = rows.state()
    lanes = rows.shape.lanes
    if source == sweep.TILES:
        found[:] = twins.tiled(found.astype(np.float64).view(np.complex128), lanes)
    expected = found.astype(np.float64)
    if source == sweep.ZERO_STATE:
        found[:] = np.nan
    twins.run_sweeps(expected, rows.cut, rows.bits, rows.operation_start, rows.numbers(factor), source)
    rows.run(found, source, factor, num_threads)
    tolerance = rounding * EPSILONS[rows.shape.dtype] * max(1e-3, np.abs(expected).max())
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
    return found


@PRECISIONS
@WIDTHS
@every_case()
def test_operation(opcode, kind, vector_bytes, dtype):
    """Alone, on several blocks whose bits are any bits of the index."""
    shapes = [Shape(dtype, vector_bytes, *bits) for bits in ((5, 2), (4, 0), (8, 1))]
    for shape in fitting(shapes, opcode, kind):
        for seed in range(SEEDS):
            rows = RandomRows(shape, [seed, shape.tile_bits])
            CASES[opcode][kind](rows, 0)
            # Angles of strings add up in the state's precision.
            check(rows, rounding=len(rows.strings) * 20 if opcode == "STRINGS" else 10)


@PRECISIONS
@WIDTHS
@every_case(lambda opcode, _: opcode != "STRINGS")
def test_operation_that_leaves_out_the_highest_bits(opcode, kind, vector_bytes, dtype):
    """Rows drawn for small blocks, on larger ones; the twin touches nothing above."""
    large = Shape(dtype, vector_bytes, 8, 1)
    (small,) = fitting([Shape(dtype, vector_bytes, 6, 3)], opcode, kind)
    for seed in range(SEEDS):
        rows = RandomRows(small, [seed, 1])
        CASES[opcode][kind](rows, 0)
        rows.shape = large
        for row in rows.sweep_rows[0]:
            row[isa.UNREACHED] = large.block_bits - small.block_bits
        check(rows)


def test_every_opcode_has_cases():
    assert set(CASES) == {known.name for known in isa.INSTRUCTIONS}


def every_pair_of(lane_bits, tile_bits):
    places = range(lane_bits + tile_bits)
    return [(low, high) for high in places for low in range(high)]


@PRECISIONS
@WIDTHS
def test_dense_matrices_on_every_pair_of_positions(vector_bytes, dtype):
    shape = Shape(dtype, vector_bytes, 4, 1)
    for low, high in every_pair_of(shape.lane_bits, shape.tile_bits):
        rows = RandomRows(shape, [low, high])
        inside = sum(1 << p < shape.lanes for p in (low, high))
        registers = [rows.register() for _ in range((0, 16, 8)[inside])]
        start = rows.place(*registers) if inside else rows.place(rows.rng.uniform(-1, 1, 32))
        rows.row(0, isa.DENSE, [low, high], {isa.START: start})
        check(rows)


@PRECISIONS
@WIDTHS
def test_cartan_forms_on_every_pair_of_positions(vector_bytes, dtype):
    """Two tiles in both orders; by tangents each value of each bit the other way round."""
    shape = Shape(dtype, vector_bytes, 4, 1)
    for low, high in every_pair_of(shape.lane_bits, shape.tile_bits):
        forms = [{}]
        if high >= shape.lane_bits:
            forms += [{isa.CARTAN_TANGENTS: 1, isa.CARTAN_FLIPS: k} for k in range(4)]
        for form in forms:
            for positions in [[low, high], [high, low]] if low >= shape.lane_bits else [[low, high]]:
                rows = RandomRows(shape, [low, high])
                start = rows.place(rows.rng.uniform(-1, 1, 14 if form else 20))
                rows.row(0, isa.CARTAN, positions, {isa.START: start} | form)
                check(rows)


@PRECISIONS
@WIDTHS
def test_exchanges_and_rotations_at_every_position(vector_bytes, dtype):
    shape = Shape(dtype, vector_bytes, 6, 0)
    for position in range(shape.block_bits):
        rows = RandomRows(shape, position)
        rows.row(0, isa.EXCHANGE, [position], {isa.START: rows.place(rows.lane_choice(1 << position))})
        check(rows, rounding=0)
        if position >= shape.lane_bits:
            rows = RandomRows(shape, position)
            columns = {isa.ROTATE_COUNT: 1, isa.START: rows.place(rows.rng.uniform(-1, 1, 1))}
            rows.row(0, isa.ROTATE, [position], columns)
            check(rows)


@PRECISIONS
@WIDTHS
@pytest.mark.parametrize("chunk_bits", [0, 1, 3, 5])
@pytest.mark.parametrize("low_bits", [0, 3, 5])
@pytest.mark.parametrize("source", [sweep.ZERO_STATE, sweep.COMPLEX, sweep.TILES], ids=["zero", "complex", "tiles"])
def test_programs(source, low_bits, chunk_bits, vector_bytes, dtype):
    """Three sweeps over blocks of different bits, from whatever the state holds, to complex numbers times a factor."""
    rows = RandomRows(Shape(dtype, vector_bytes, 5, 3, chunk_bits, low_bits), [low_bits, chunk_bits], num_sweeps=3)
    draw_program(rows, 8)
    alone = check(rows, source, 0.6 - 0.8j, rounding=1000)
    if chunk_bits == 3 and low_bits == 3:
        for num_threads in (2, 3):
            rows.rng = np.random.default_rng(0)
            state = check(rows, source, 0.6 - 0.8j, num_threads, rounding=1000)
        rows.rng = np.random.default_rng(0)
        np.testing.assert_array_equal(check(rows, source, 0.6 - 0.8j, 1, rounding=1000), state)
    assert np.isfinite(alone).all()


@PRECISIONS
@WIDTHS
def test_blocks_of_the_engines_size(vector_bytes, dtype):
    """Tiles are left out every 4 KiB, and once more every 2^14 bytes or later; that takes as large a block."""
    lane_bits = Shape(dtype, vector_bytes).lane_bits
    rows = RandomRows(Shape(dtype, vector_bytes, 14 - lane_bits, 1, 2, 8 - lane_bits), 1, num_sweeps=1)
    draw_program(rows, 12)
    check(rows, rounding=1000)


@PRECISIONS
@WIDTHS
@pytest.mark.parametrize("source", [sweep.ZERO_STATE, sweep.COMPLEX, sweep.TILES], ids=["zero", "complex", "tiles"])
def test_reading_and_writing_alone(source, vector_bytes, dtype):
    """Without operations numbers change by the factor only, and by 1 not at all."""
    for num_sweeps in (1, 2):
        rows = RandomRows(Shape(dtype, vector_bytes, 3, 3), num_sweeps, num_sweeps)
        check(rows, source, rounding=0)
        check(rows, source, 0.3j - 2)


@PRECISIONS
@WIDTHS
def test_states_that_are_not_aligned(vector_bytes, dtype):
    rows = RandomRows(Shape(dtype, vector_bytes), 0, num_sweeps=2)
    draw_program(rows, 8)
    aligned = rows.state()
    memory = np.empty(aligned.size + 16, dtype)
    shifted = memory[2:-14] if memory.ctypes.data % 64 == 0 else memory[:-16]
    assert shifted.ctypes.data % 64
    shifted[:] = aligned
    for state in (aligned, shifted):
        rows.run(state, sweep.COMPLEX)
    np.testing.assert_array_equal(shifted, aligned)
