"""Widths of vector registers to test with: the machine's own always, the others among the slow tests."""

import pytest

from qtoolkit_kernels.vector.lanes import native_vector_bytes

WIDTHS = pytest.mark.parametrize(
    "vector_bytes",
    [pytest.param(width, marks=[] if width == native_vector_bytes() else pytest.mark.slow) for width in (64, 32, 16)],
)
"""Registers wider than the machine's are split by the compiler, so that every width runs everywhere."""
