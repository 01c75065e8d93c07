"""Twins of the samplers: invert the cumulative distribution by bisection."""

import numpy as np

from qtoolkit_kernels._types import Complex, Floats, Integers

__all__ = ["sample_sorted", "sample_state_sorted"]


def sample_sorted(probabilities: Floats, uniforms: Floats, out: Integers) -> None:
    """Write the outcome that each of `uniforms` (in [0, total probability)) selects into `out`."""
    outcomes = np.flatnonzero(probabilities)
    places = np.searchsorted(np.cumsum(probabilities[outcomes]), uniforms, side="right")
    out[:] = outcomes[np.minimum(places, outcomes.size - 1)]


def sample_state_sorted(state: Complex, uniforms: Floats, out: Integers) -> None:
    """Do what `sample_sorted` does for the probabilities |ψ_j|²."""
    sample_sorted(np.abs(state.astype(np.complex128)) ** 2, uniforms, out)
