"""The exchange of all pairs of some qubits, e^{-iφA} with A = ½ Σ_{i<j} (X_i X_j + Y_i Y_j), and its derivative.

A is diagonal in the basis of definite total spin and weight. The spins of the targets are added up one after another by
rotations of pairs of amplitudes (Clebsch–Gordan coefficients), in place, and taken apart again behind the phases. A
pattern of bits stands for a path of such additions: read from the lowest bit on, a one matches the last zero before it
that has no partner yet, and goes a step down; with w ones of k and m matches A is (w - m)(k - w - m) - m.

Cost: k rotations for each amplitude and both ways, 6 flops, each time on two amplitudes anywhere; 16 bytes of
working memory for each pattern of the targets.
"""

import numpy as np

from qtoolkit_kernels._bits import as_index, count_bits, deposit, next_subset, scatter_bits
from qtoolkit_kernels._jit import njit, reduction_njit
from qtoolkit_kernels._types import Complex, Floats, Integers, ShortIntegers

__all__ = ["apply_complete_xy", "complete_xy_inner"]


@njit
def apply_complete_xy(
    state: Complex,
    targets: Integers,
    cosine: float,
    sine: float,
    control_mask: int,
    control_value: int,
    start: int,
    stop: int,
) -> None:
    """Apply e^{-iφA}, given the cosine and sine of φ, in place.

    A work item is one group of 2^k amplitudes: `state.size >> (k + number of controls)` of them.
    """
    k = targets.size
    size, levels = 1 << k, k // 2 + 1
    places = np.empty(size, np.int64)
    first_zero = np.zeros(size, np.int32)  # without a partner, of infinitely many above the pattern
    paths = np.zeros(size, np.int32)  # ones and matches
    places[0] = control_value
    for j in range(k):
        bit = 1 << j
        for p in range(bit):
            ones, matches = paths[as_index(p)] // levels, paths[as_index(p)] % levels
            zeros = j - ones - matches
            places[as_index(bit + p)] = places[as_index(p)] + (1 << targets[j])
            first_zero[as_index(bit + p)] = first_zero[as_index(p)] if zeros > 1 else j + 1
            paths[as_index(bit + p)] = (ones + 1) * levels + matches + (zeros > 0)

    angle = np.arctan2(sine, cosine)
    cosines = np.empty((k, (k + 1) * levels))
    sines = np.empty((k, (k + 1) * levels))
    phases = np.empty((k + 1) * levels, np.complex128)
    for w in range(k + 1):
        for m in range(min(w, k - w) + 1):
            value = (w - m) * (k - w - m) - m
            phases[w * levels + m] = np.exp(-1j * angle * value)
            for j in range(w + m + 1, k):  # with a zero left that the next one can match
                length = j + 1 - 2 * m
                cosines[j, w * levels + m] = np.sqrt((j - w - m) / length)
                sines[j, w * levels + m] = np.sqrt((w + 1 - m) / length)

    free = (state.size - 1) & ~(control_mask | scatter_bits(size - 1, targets))
    base = deposit(start, free)
    for _ in range(start, stop):
        for j in range(1, k):
            _add_spin(state, base, places, first_zero, paths, cosines[j], sines[j], j)
        for p in range(size):
            state[as_index(base | places[as_index(p)])] *= phases[as_index(paths[as_index(p)])]
        for step in range(1, k):
            j = k - step
            _add_spin(state, base, places, first_zero, paths, cosines[j], -sines[j], j)
        base = next_subset(base, free)


@njit
def _add_spin(
    state: Complex,
    base: int,
    places: Integers,
    first_zero: ShortIntegers,
    paths: ShortIntegers,
    cosines: Floats,
    sines: Floats,
    j: int,
) -> None:
    """Rotate the pairs that add target j to those below it."""
    bit = 1 << j
    for above in range(0, places.size, 2 * bit):
        for p in range(bit):
            zero = first_zero[as_index(p)]
            if zero < j:
                path = as_index(paths[as_index(p)])
                cosine, sine = cosines[path], sines[path]
                place_a = as_index(base | places[as_index(above + p + (1 << zero))])
                place_b = as_index(base | places[as_index(above + p + bit)])
                a, b = state[place_a], state[place_b]
                state[place_a] = cosine * a + sine * b
                state[place_b] = cosine * b - sine * a


@reduction_njit
def complete_xy_inner(bra: Complex, ket: Complex, targets: Integers, control_mask: int, control_value: int) -> complex:
    """Return ⟨bra| Π ⊗ A |ket⟩, where Π keeps the indices with `index & control_mask == control_value`."""
    everything = scatter_bits((1 << targets.size) - 1, targets)
    free = (ket.size - 1) & ~control_mask
    total = 0j
    base = 0
    for _ in range(ket.size >> count_bits(control_mask)):
        index = base | control_value
        moved = 0j
        ones = index & everything
        while ones:
            one = ones & -ones
            zeros = everything & ~index
            while zeros:
                zero = zeros & -zeros
                moved += ket[as_index(index ^ one ^ zero)]
                zeros ^= zero
            ones ^= one
        total += np.conj(np.complex128(bra[as_index(index)])) * moved
        base = next_subset(base, free)
    return total
