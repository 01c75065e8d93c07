"""Twins of the strings of Z: one string after the other."""

import numpy as np

from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.reference._indices import signs

__all__ = ["apply_strings", "string_values", "walsh_transform"]


def walsh_transform(values: Floats) -> Floats:
    """Return ``Σ_z (-1)^{x·z} values[z]`` for every x."""
    indices = np.arange(values.size, dtype=np.int64)
    return np.array([signs(indices, x) @ values for x in range(values.size)], np.float64)


def string_values(block_bits: int, outer: int, strings: Integers, angles: Floats) -> Floats:
    """Return ``Σ_k angles[k] (-1)^{z_k·x}`` for every amplitude x of a block; `strings` are as for the kernel."""
    indices = np.arange(1 << block_bits, dtype=np.int64)
    total = np.zeros(indices.size)
    for (inside, outside), angle in zip(strings.tolist(), angles, strict=True):
        total += angle * signs(indices, inside) * (-1) ** (outer & outside).bit_count()
    return total


def apply_strings(block: Complex, outer: int, strings: Integers, angles: Floats) -> None:
    """Multiply the amplitudes of a block by ``exp(i Σ_k angles[k] (-1)^{z_k·x})``."""
    block_bits = block.size.bit_length() - 1
    block *= np.exp(1j * string_values(block_bits, outer, strings, angles))
