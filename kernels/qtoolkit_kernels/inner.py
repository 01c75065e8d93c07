"""Inner products ⟨bra| A |ket⟩ without forming A|ket⟩; sums run in double precision and give complex128.

`bra` and `ket` are vectors of one shape and dtype. Under controls A is Π ⊗ M, where Π keeps the indices with
`index & control_mask == control_value`: that is the derivative of a controlled gate, not the gate itself.

Cost, for each amplitude that the controls let through: 8 flops, with a diagonal 14, with a matrix 8 for each
entry of a row that is not zero; both vectors are read once, 32 bytes in double precision, 16 in single.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from qtoolkit_kernels._bits import SHORT_RUN, as_index, count_bits, gather_bits, lowest_bit, next_subset, scatter_bits
from qtoolkit_kernels._jit import njit, reduction_njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Scalar
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.lanes import Lanes, native_vector_bytes
from qtoolkit_kernels.vector.overlaps import BLOCK, distances, products, share_distances, share_products

__all__ = ["vdot", "distance_squared", "diagonal_inner", "dense_inner"]

_BLOCK = 256
_LANES = Lanes(native_vector_bytes())
_SHARED_BLOCKS = 8
"""Blocks of a vector, about five microseconds each, from which threads are worth waking."""

_LONG_BLOCKS = 1 << 12
"""Blocks from which a signal must be able to end the sum."""

_alone = Team(1)


@njit
def _conjugate_product(left: Scalar, right: Scalar) -> complex:
    """Return conj(left) · right in double precision."""
    left_real, left_imag = np.float64(left.real), np.float64(left.imag)
    right_real, right_imag = np.float64(right.real), np.float64(right.imag)
    return complex(left_real * right_real + left_imag * right_imag, left_real * right_imag - left_imag * right_real)


@reduction_njit
def _vdot_run(bra: Complex, ket: Complex, bra_start: int, ket_start: int, length: int) -> complex:
    """Return the inner product of two contiguous stretches."""
    total = 0j
    for i in range(length):
        total += _conjugate_product(bra[as_index(bra_start + i)], ket[as_index(ket_start + i)])
    return total


def vdot(bra: Complex, ket: Complex, team: Team | None = None) -> complex:
    """Return ⟨bra|ket⟩; with a team, threads share long vectors and the result stays the same."""
    if bra.size <= BLOCK:
        return complex(*products(bra, ket, _LANES, 0, bra.size))
    return complex(*_in_blocks(share_products, (bra, ket), bra.size, 2, team).tolist())


def distance_squared(left: Complex, right: Complex, factor: float, team: Team | None = None) -> float:
    """Return ‖left - factor · right‖² for a real factor; with a team, threads share long vectors."""
    if left.size <= BLOCK:
        return distances(left, right, factor, _LANES, 0, left.size)
    return float(_in_blocks(share_distances, (left, right, factor), left.size, 1, team)[0])


def _in_blocks(
    kernel: Callable[..., None], arguments: tuple[Any, ...], size: int, width: int, team: Team | None
) -> Floats:
    sums = np.zeros((-(-size // BLOCK), width))
    long = len(sums) >= _LONG_BLOCKS
    if long or (team is not None and len(sums) >= _SHARED_BLOCKS):
        (team or _alone).run(kernel, *arguments, _LANES, sums, counters(2), long=long)
    else:
        kernel(*arguments, _LANES, sums, counters(2), 0)
    return cast(Floats, sums.sum(axis=0))


@reduction_njit
def _weighted_vdot_run(bra: Complex, ket: Complex, weights: Complex, start: int, length: int) -> complex:
    """Return Σ_i conj(bra_i) weights_i ket_i over a contiguous stretch; `weights` begins with it."""
    total = 0j
    for i in range(length):
        total += _conjugate_product(bra[as_index(start + i)], ket[as_index(start + i)]) * weights[as_index(i)]
    return total


@reduction_njit
def diagonal_inner(
    bra: Complex, ket: Complex, targets: Integers, entries: Complex, control_mask: int, control_value: int
) -> complex:
    """Return ⟨bra| Π D |ket⟩ for the diagonal `entries` (2^k) on `targets` (int64[k], 0 <= k <= n)."""
    free = (ket.size - 1) & ~control_mask
    items = ket.size >> count_bits(control_mask)
    run = lowest_bit(scatter_bits(entries.size - 1, targets) | control_mask, ket.size)
    total = 0j
    base = 0
    if run >= SHORT_RUN:
        outer = free & -run
        for _ in range(0, items, run):
            first = base | control_value
            total += _vdot_run(bra, ket, first, first, run) * entries[as_index(gather_bits(base, targets))]
            base = next_subset(base, outer)
        return total

    block = min(_BLOCK, ket.size)
    low_bits = block - 1
    high_controls = control_mask & ~low_bits
    outer = (ket.size - 1) & ~low_bits & ~high_controls
    low_part = np.empty(block, np.int64)
    for i in range(block):
        low_part[i] = gather_bits(i, targets)
    weights = np.zeros(block, np.complex128)
    filled_for = -1
    for _ in range(0, ket.size >> count_bits(high_controls), block):
        high_part = gather_bits(base, targets)
        if high_part != filled_for:
            for i in range(block):
                if (i ^ control_value) & control_mask & low_bits == 0:
                    weights[as_index(i)] = entries[as_index(high_part | low_part[as_index(i)])]
            filled_for = high_part
        total += _weighted_vdot_run(bra, ket, weights, base | (control_value & high_controls), block)
        base = next_subset(base, outer)
    return total


@reduction_njit
def dense_inner(
    bra: Complex, ket: Complex, targets: Integers, matrix: Complex, control_mask: int, control_value: int
) -> complex:
    """Return ⟨bra| Π ⊗ M |ket⟩ for a flat row-major matrix (4^k) on `targets` (int64[k], k >= 1)."""
    dimension = 1 << targets.size
    fixed = control_mask | scatter_bits(dimension - 1, targets)
    free = (ket.size - 1) & ~fixed
    items = ket.size >> count_bits(fixed)
    run = fixed & -fixed
    total = 0j

    if run >= SHORT_RUN:
        outer = free & -run
        base = 0
        for _ in range(0, items, run):
            first = base | control_value
            for row in range(dimension):
                bra_start = first | scatter_bits(row, targets)
                for column in range(dimension):
                    entry = matrix[row * dimension + column]
                    if entry != 0:
                        ket_start = first | scatter_bits(column, targets)
                        total += entry * _vdot_run(bra, ket, bra_start, ket_start, run)
            base = next_subset(base, outer)
        return total

    offsets = np.empty(dimension, np.int64)
    for j in range(dimension):
        offsets[j] = scatter_bits(j, targets) | control_value
    amplitudes = np.empty(dimension, ket.dtype)
    base = 0
    for _ in range(items):
        for column in range(dimension):
            amplitudes[as_index(column)] = ket[as_index(base | offsets[as_index(column)])]
        for row in range(dimension):
            image = 0j
            for column in range(dimension):
                image += matrix[as_index(row * dimension + column)] * amplitudes[as_index(column)]
            total += _conjugate_product(bra[as_index(base | offsets[as_index(row)])], image)
        base = next_subset(base, free)
    return total
