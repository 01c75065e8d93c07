"""Sweeps equal the plain NumPy twins of their operations, for every vector width, precision and placement of bits."""

import numpy as np
import pytest
from scipy.stats import unitary_group

from qtoolkit_kernels.reference import vector as twins
from qtoolkit_kernels.vector import sweep
from qtoolkit_kernels.vector.lanes import Lanes, native_vector_bytes
from qtoolkit_kernels.vector.operations import OperationList, Phases, aligned_zeros

NUM_BITS, BLOCK_BITS, CHUNK_BITS, LOW_BITS, NUM_SWEEPS = 10, 8, 5, 6, 3
COMPLEX_TYPES = {np.float64: np.complex128, np.float32: np.complex64}
TOLERANCES = {np.float64: 1e-13, np.float32: 2e-6}


def add_random(kind, operations, bits, state, rng):
    """Add one operation of a kind and return the scale it leaves out and the state that its twin makes."""
    places = [int(p) for p in rng.permutation(BLOCK_BITS)]
    outer = [int(b) for b in bits[BLOCK_BITS:]]
    if kind == "rotate":
        angles = {p: float(rng.uniform(0, np.pi / 2)) for p in places[: rng.integers(1, BLOCK_BITS + 1)]}
        scale = operations.rotate(angles)
        for p, angle in angles.items():
            state = twins.rotate(state, bits[p], angle)
        return scale, state
    if kind == "dense":
        matrix = unitary_group.rvs(4, random_state=rng)
        low, high = sorted(places[:2])
        operations.dense(matrix, low, high)
        state = twins.dense(state, matrix, bits[low], bits[high])
    elif kind == "exchange":
        operations.exchange(places[0], places[1])
        state = twins.exchange(state, bits[places[0]], (bits[places[1]],))
    elif kind == "outer exchange":
        operations.exchange(places[0], outer=1 << outer[0])
        state = twins.exchange(state, bits[places[0]], (outer[0],))
    elif kind == "swap":
        operations.swap(places[0], places[1])
        state = twins.swap(state, bits[places[0]], bits[places[1]])
    elif kind == "phase":
        factor = np.exp(1j * rng.uniform(0, 6))
        operations.phase(factor, tuple(places[:3]), outer=1 << outer[1])
        state = twins.phase(state, factor, (*(bits[p] for p in places[:3]), outer[1]))
    else:
        phases = Phases(NUM_BITS, constant=np.exp(1j * rng.uniform(0, 6)))
        phases.linear[:] = np.exp(1j * rng.uniform(0, 6, NUM_BITS))
        if kind != "linear phases":
            joined = np.triu(rng.uniform(0, 6, (NUM_BITS, NUM_BITS)), 1)
            phases.pairs[:] = np.exp(1j * (joined + joined.T))
        if kind == "controlled phases":
            phases.control = int(bits[rng.integers(LOW_BITS, NUM_BITS)])
            phases.linear[phases.control] = 1
            phases.pairs[phases.control, :] = phases.pairs[:, phases.control] = 1
        operations.phases(phases)
        state = twins.phases(state, phases.constant, phases.linear, phases.pairs, phases.control)
    return 1.0, state


KINDS = [
    "rotate", "dense", "exchange", "outer exchange", "swap", "phase", "phases", "linear phases", "controlled phases",
]  # fmt: skip


def check_sweeps(kinds, dtype, vector_bytes, parts, from_zero, seed=0):
    rng = np.random.default_rng(seed)
    start = rng.normal(size=1 << NUM_BITS) + 1j * rng.normal(size=1 << NUM_BITS)
    start /= np.linalg.norm(start)
    if from_zero:
        start = np.zeros(1 << NUM_BITS, np.complex128)
        start[0] = 1
    operations = OperationList(dtype, vector_bytes, NUM_BITS)
    all_bits, scale, expected = [], 1.0, start
    for _ in range(NUM_SWEEPS):
        others = rng.permutation(np.arange(CHUNK_BITS, NUM_BITS))
        bits = np.concatenate([np.arange(CHUNK_BITS), others])
        all_bits.append(bits)
        for kind in kinds:
            factor, expected = add_random(kind, operations, bits, expected, rng)
            scale *= factor
        operations.end_sweep()

    memory = aligned_zeros(2 << NUM_BITS, dtype)
    state = memory.view(COMPLEX_TYPES[dtype])
    state[:] = 7 if from_zero else start  # what lies there must not matter
    run = sweep.run_sweeps if parts == 1 else sweep.run_sweeps_parallel
    run(
        memory, Lanes(vector_bytes), BLOCK_BITS, CHUNK_BITS, LOW_BITS, np.array(all_bits), operations.operation_start,
        operations.operations, operations.coefficients, *operations.phase_arrays,
        operations.scratch(BLOCK_BITS, LOW_BITS, parts), sweep.ZERO_STATE if from_zero else sweep.COMPLEX, scale,
    )  # fmt: skip
    assert np.abs(state - expected).max() < TOLERANCES[dtype]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", KINDS)
def test_each_operation(kind, dtype):
    for seed in range(4):
        check_sweeps([kind] * 3, dtype, native_vector_bytes(), parts=1, from_zero=False, seed=seed)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("from_zero", [False, True])
def test_all_operations_together(dtype, from_zero):
    kinds = ["rotate", *KINDS, "dense", "rotate"]
    for seed in range(3):
        check_sweeps(kinds, dtype, native_vector_bytes(), parts=1, from_zero=from_zero, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_parallel_sweeps(dtype):
    for parts in (2, 3):
        check_sweeps(["rotate", *KINDS], dtype, native_vector_bytes(), parts, from_zero=True)


@pytest.mark.slow
@pytest.mark.parametrize("vector_bytes", [64, 32, 16])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_width(vector_bytes, dtype):
    """Wider registers than the machine has are split by the compiler, so that every width runs everywhere."""
    for kind in KINDS:
        check_sweeps([kind] * 3, dtype, vector_bytes, parts=1, from_zero=False)
