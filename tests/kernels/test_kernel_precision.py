"""Single precision stays single precision: no gate kernel computes in doubles behind the caller's back."""

from typing import Any

import numba
import numpy as np
import pytest
from numba import types

from qtoolkit_kernels import dense, diagonal, inner, permutation

STATE = types.Array(types.complex64, 1, "C")
INTEGERS = types.Array(types.int64, 1, "C")
RANGE = (types.int64,) * 4
DOUBLES = (types.float64, types.complex128)


@pytest.mark.parametrize(
    ("kernel", "arguments"),
    [
        (dense.apply_kq, (STATE, STATE, INTEGERS, *RANGE)),
        (diagonal.apply_diagonal, (STATE, INTEGERS, STATE, *RANGE)),
        (permutation.apply_permutation, (STATE, INTEGERS, INTEGERS, *RANGE)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_gate_kernels_hold_no_double(kernel: Any, arguments: tuple[types.Type, ...]) -> None:
    fresh = numba.njit(kernel.py_func)
    fresh.compile(arguments)
    variables = fresh.overloads[arguments].type_annotation.typemap
    assert not [name for name, kind in variables.items() if kind in DOUBLES]


@pytest.mark.parametrize("size", [2, 1 << 14])
def test_sums_of_single_precision_states_run_in_double(size: int) -> None:
    state = np.full(size, np.float32(0.1), np.complex64)
    exact = size * float(np.float32(0.1)) ** 2
    assert inner.vdot(state, state) == pytest.approx(exact, rel=1e-13)
    assert inner.distance_squared(state, state, 0.5) == pytest.approx(exact / 4, rel=1e-13)
