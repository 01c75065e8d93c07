"""Each operation taken back with its sums equals its twin, alone and in programs, for every width and precision."""

import numpy as np
import pytest
from vector_rows import CASES, FORWARD_ONLY, RandomRows, Shape, draw_program, every_case, fitting
from vector_sums import Sought
from vector_widths import WIDTHS

from qtoolkit_kernels.reference.vector.adjoint import sweep as twins

PRECISIONS = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["double", "single"])
EPSILONS = {np.float64: 1e-15, np.float32: 5e-7}


def check(rows, sought, rounding, num_groups=1, keep=True, first_row=0, num_threads=1):
    """Run both from the same states, and compare the sums and, where they are kept, the states."""
    factor = 0.6 - 0.8j if keep else 1.0
    ket, bra = rows.state(), rows.state()
    expected = [state.astype(np.float64) for state in (ket, bra)]
    sums = np.zeros((num_groups, sought.num_places))
    program = rows.cut, rows.bits, rows.operation_start, first_row, rows.numbers(factor)
    twins.turn_back_sweeps(*expected, *program, sought.arrays, keep, sums)
    found = rows.turn_back(ket, bra, sought, keep, factor, num_groups, first_row, num_threads)
    epsilon = rounding * EPSILONS[rows.shape.dtype]
    np.testing.assert_allclose(found, sums, rtol=0, atol=epsilon * max(1.0, np.abs(sums).max(initial=0.0)))
    if keep:
        for actual, state in zip((ket, bra), expected, strict=True):
            np.testing.assert_allclose(actual, state, rtol=0, atol=epsilon * np.abs(state).max())
    return found


@PRECISIONS
@WIDTHS
@every_case(lambda opcode, kind: (opcode, kind) not in FORWARD_ONLY)
def test_operation_taken_back(opcode, kind, vector_bytes, dtype):
    """Three rows of one kind, with sums and probes before each, on several blocks and on one."""
    shapes = [Shape(dtype, vector_bytes, *bits) for bits in ((5, 2), (4, 0))]
    for shape in fitting(shapes, opcode, kind):
        for seed in range(3):
            rows = RandomRows(shape, [seed, shape.tile_bits])
            for _ in range(3):
                CASES[opcode][kind](rows, 0)
            check(rows, Sought.draw(rows), rounding=100 * (1 + len(rows.strings) // 10))


@PRECISIONS
@WIDTHS
@pytest.mark.parametrize("low_bits", [0, 3, 5])
@pytest.mark.parametrize("seed", range(4))
def test_programs_taken_back(seed, low_bits, vector_bytes, dtype):
    """Three sweeps over blocks of different bits; sums of groups of blocks, whatever the number of threads."""
    rows = RandomRows(Shape(dtype, vector_bytes, 5, 3, 1 + seed, low_bits), [seed, low_bits], num_sweeps=3)
    draw_program(rows, 6, forward_only=False)
    sought = Sought.draw(rows)
    results = []
    for num_threads in (1, 2):
        rows.rng = np.random.default_rng(seed)
        results.append(check(rows, sought, 1000, num_groups=2 << seed % 3, num_threads=num_threads))
    np.testing.assert_array_equal(*results)


@PRECISIONS
@WIDTHS
@pytest.mark.parametrize("first_row", [0, 2, 5, 6, 11])
def test_stopping_at_a_row(first_row, vector_bytes, dtype):
    """Rows before the first one that is wanted are not taken back; the states are used up."""
    rows = RandomRows(Shape(dtype, vector_bytes), first_row, num_sweeps=2)
    draw_program(rows, 6, forward_only=False)
    sought = Sought.draw(rows)
    check(rows, sought, 1000, keep=False, first_row=first_row)
