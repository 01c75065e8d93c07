"""The kernels of density matrices equal their twins, and those textbook matrices."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from vector_widths import WIDTHS

import qtoolkit_kernels
from qtoolkit.simulators.density.convert import places_of
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit_kernels._jit import Kernel
from qtoolkit_kernels.density import matrices, sweep
from qtoolkit_kernels.reference.density import matrices as matrix_twins
from qtoolkit_kernels.reference.density import sweep as sweep_twins
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.lanes import Lanes

TOLERANCE = {np.float64: 1e-13, np.float32: 1e-5}
CUTS = [(2, 2, 2), (3, 3, 3), (5, 5, 5), (5, 4, 2), (6, 4, 3)]
"""Digits of the state, of a block and of a chunk."""


def random_row(rng: np.random.Generator, opcode: int, block: int) -> list[int]:
    """A row whose coefficients begin at the 64th."""
    low, high = [0, 1], list(range(2, block))
    few = {sweep.LOW: low, sweep.HIGH: high}
    if opcode in few:
        return [opcode, int(rng.choice(few[opcode])), -1, 64, 0]
    if opcode == sweep.LOW_LOW:
        return [opcode, 0, 1, 64, 0]
    if opcode == sweep.LOW_HIGH:
        return [opcode, int(rng.choice(low)), int(rng.choice(high)), 64, 0]
    places = sum(int(place) << 4 * k for k, place in enumerate(rng.permutation(16)))
    first, second = sorted(rng.choice(high, 2, replace=False).tolist())
    return [opcode, first, second, 64, places - (1 << 64) if places >> 63 else places]


def fits(opcode: int, block: int) -> bool:
    needed = {sweep.LOW: 2, sweep.LOW_LOW: 2, sweep.HIGH: 3, sweep.LOW_HIGH: 3}
    return block >= needed.get(opcode, 4)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@WIDTHS
@pytest.mark.parametrize(("num_digits", "block", "chunk"), CUTS)
def test_sweeps_equal_their_twin(num_digits: int, block: int, chunk: int, vector_bytes: int, dtype: type) -> None:
    rng = np.random.default_rng(num_digits * 100 + block)
    others = np.arange(chunk, num_digits)
    digits = []
    for _ in range(3):
        inside = np.sort(rng.permutation(others)[: block - chunk])
        digits.append([*range(chunk), *inside, *(d for d in others if d not in inside)])
    opcodes = [opcode for opcode in range(9) if fits(opcode, block)]
    # Coefficients inside a cell are the same wherever only another digit differs, as a matrix on one digit has them.
    for opcode in opcodes:
        rows = np.array([random_row(rng, opcode, block) for _ in range(3)], np.int64)
        weights = aligned_empty(64 + 64 * 16, dtype)
        weights[:] = rng.normal(size=weights.size) / 2
        for place in range(64, weights.size, 16) if opcode in (sweep.LOW, sweep.LOW_HIGH) else ():
            own = np.arange(16) >> 2 * rows[0, sweep.FIRST] & 3
            weights[place : place + 16] = weights[place : place + 16][own << 2 * rows[0, sweep.FIRST]]
        rows[:, sweep.FIRST] = rows[0, sweep.FIRST] if opcode in (sweep.LOW, sweep.LOW_HIGH) else rows[:, sweep.FIRST]
        state = aligned_empty(4**num_digits, dtype)
        state[:] = rng.normal(size=state.size)
        vectors = rng.normal(size=(num_digits, 4)).astype(dtype)
        scratch = aligned_empty(sweep.block_size(block) + 4**chunk, dtype).reshape(1, -1)
        for given in (vectors[:0], vectors):
            expected = state.copy()
            arguments = np.array(digits, np.int64), np.array([0, 1, 1, 3]), rows, weights, given, scratch
            sweep_twins.run_sweeps(Lanes(vector_bytes), chunk, block, *arguments, expected, counters(6), 0)
            sweep.run_sweeps(Lanes(vector_bytes), chunk, block, *arguments, state, counters(6), 0)
            np.testing.assert_allclose(state, expected, atol=TOLERANCE[dtype] * np.abs(expected).max())


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
@pytest.mark.parametrize("num_qubits", [1, 2, 3, 5])
def test_matrices_equal_their_twins(num_qubits: int, dtype: type) -> None:
    rng = np.random.default_rng(num_qubits)
    size, real = 1 << num_qubits, np.dtype(dtype).type(0).real.dtype
    spread = places_of(np.arange(size))
    state = rng.normal(size=4**num_qubits).astype(real)
    parts, turns = np.empty((1, 8, size)), counters(2)
    found, expected = np.empty((2, size, size), dtype)
    matrices.fill_matrix(state, spread, parts, found, turns, 0)
    matrix_twins.fill_matrix(state, spread, parts, expected, turns, 0)
    np.testing.assert_allclose(found, expected, atol=10 * TOLERANCE[real.type])
    back, again = np.empty((2, 4**num_qubits), real)
    matrices.fill_coefficients(found, spread, parts, back, counters(2), 0)
    matrix_twins.fill_coefficients(found, spread, parts, again, counters(2), 0)
    np.testing.assert_allclose(back, again, atol=10 * TOLERANCE[real.type])
    np.testing.assert_allclose(back, state, atol=10 * TOLERANCE[real.type])


@pytest.mark.parametrize("size", [1, 2, 8, 64])
def test_transforms_equal_their_twin(size: int) -> None:
    values = np.random.default_rng(size).normal(size=size)
    expected = values.copy()
    matrix_twins.transform(expected)
    matrices.transform(values)
    np.testing.assert_allclose(values, expected, atol=1e-13 * size)


def test_every_kernel_has_a_twin() -> None:
    for path in Path(qtoolkit_kernels.__file__).parent.glob("density/[!_]*.py"):
        module = import_module(f"qtoolkit_kernels.density.{path.stem}")
        kernels = [name for name in module.__all__ if isinstance(getattr(module, name), Kernel)]
        twins = import_module(f"qtoolkit_kernels.reference.density.{path.stem}") if kernels else None
        assert all(hasattr(twins, name) for name in kernels)
