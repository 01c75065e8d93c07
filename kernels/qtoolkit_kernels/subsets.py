"""The states of one Hamming weight, in ascending order of their bit patterns, and quadratic forms of their bits.

In this order the lowest one runs through all places below the next one while the others stand still: a run of states,
whose values take two additions each whatever the weight.
"""

import numpy as np

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers

__all__ = ["add_quadratic", "list_patterns"]


@njit
def add_quadratic(constant: float, linear: Floats, quadratic: Floats, weight: int, out: Floats) -> None:
    """Add constant + Σ_i linear[i] x_i + Σ_{i<j} quadratic[i, j] x_i x_j to `out`, one value a state.

    `linear` is float64[n], `quadratic` float64[n, n], symmetric, its diagonal not read, `out` float64[C(n, weight)].
    """
    n = linear.size
    if weight == 0:
        out[0] += constant
        return
    places = np.arange(weight + 1)
    places[weight] = n
    totals = np.empty(weight + 1)  # of the ones from the k-th on, and what a further one at q would add to them
    added = np.empty((weight + 1, n))
    totals[weight] = constant
    added[weight] = linear
    first, changed = 0, weight - 1
    while True:
        for k in range(changed, 0, -1):
            place = places[k]
            totals[k] = totals[k + 1] + added[k + 1, place]
            for q in range(place):
                added[k, as_index(q)] = added[k + 1, as_index(q)] + quadratic[place, as_index(q)]
        length = places[1]
        total = totals[1]
        for q in range(length):
            out[as_index(first + q)] += total + added[1, as_index(q)]
        first += length
        changed = 1
        while changed < weight and places[changed] + 1 == places[changed + 1]:
            places[changed] = changed
            changed += 1
        if changed == weight:
            return
        places[changed] += 1


@njit
def list_patterns(weight: int, out: Integers) -> None:
    """Write the patterns of `weight` ones to `out`, int64, the smallest first, as many as it holds."""
    pattern = (1 << weight) - 1
    for j in range(out.size):
        out[as_index(j)] = pattern
        if pattern:
            # the lowest run of ones gives its highest one to the place above, and the rest of it falls to the bottom
            lowest = pattern & -pattern
            ripple = pattern + lowest
            pattern = ripple | ((pattern ^ ripple) // lowest) >> 2
