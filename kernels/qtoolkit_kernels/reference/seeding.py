"""Twin of the random numbers: NumPy's own."""

import numpy as np

from qtoolkit_kernels._types import Floats

__all__ = ["fill_uniforms"]


def fill_uniforms(seed: int, out: Floats) -> None:
    """Write the first random numbers of a seed."""
    out[:] = np.random.default_rng(seed).random(out.size)
