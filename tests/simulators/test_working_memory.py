"""Working memory: every row begins at a register, whatever was asked for before."""

import numpy as np
import pytest

from qtoolkit.simulators.memory import REGISTER_BYTES, ThreadArrays


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_rows_begin_at_registers_after_larger_and_smaller_ones(dtype):
    arrays = ThreadArrays()
    rng = np.random.default_rng(5)
    for size in rng.integers(1, 500, 60).tolist():
        rows = arrays.rows(3, size, dtype)
        assert rows.flags.c_contiguous
        assert 0 <= rows.shape[1] - size < REGISTER_BYTES // rows.itemsize
        assert [row.ctypes.data % REGISTER_BYTES for row in rows] == [0, 0, 0]
    assert len(arrays.kept) == 1


def test_memory_is_used_again_where_it_suffices():
    arrays = ThreadArrays()
    first = arrays.rows(2, 100, np.float64)
    assert np.shares_memory(first, arrays.rows(2, 40, np.float64))
    assert not np.shares_memory(first, arrays.rows(2, 4000, np.float64))
    assert not np.shares_memory(first, arrays.rows(1, 40, np.float64))
    assert not np.shares_memory(first, arrays.rows(2, 40, np.float32))
