"""Twins of the states of one Hamming weight: each from the combination of its ones."""

from itertools import combinations, count, islice

from qtoolkit_kernels._types import Floats, Integers

__all__ = ["add_quadratic", "list_patterns"]


def add_quadratic(constant: float, linear: Floats, quadratic: Floats, weight: int, out: Floats) -> None:
    """Add constant + Σ_i linear[i] x_i + Σ_{i<j} quadratic[i, j] x_i x_j to `out`, one value a state."""
    states = sorted(combinations(range(linear.size), weight), key=lambda ones: ones[::-1])
    for place, ones in enumerate(states):
        out[place] += constant + sum(linear[list(ones)]) + sum(quadratic[i, j] for i, j in combinations(ones, 2))


def list_patterns(weight: int, out: Integers) -> None:
    """Write the patterns of `weight` ones to `out`, int64, the smallest first, as many as it holds."""
    out[:] = list(islice((pattern for pattern in count() if pattern.bit_count() == weight), out.size))
