"""Sector programs equal their NumPy twins: lists and runs of pairs, vectors and terms, reflections, turns, threads."""

import numpy as np
import pytest

from qtoolkit_kernels import sector
from qtoolkit_kernels._angles import sines_and_cosines
from qtoolkit_kernels.reference import sector as twins
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.lanes import Lanes

TOLERANCE = {np.complex128: 1e-12, np.complex64: 1e-5}
SERIAL = counters(0)


class RandomProgram:
    """Every kind of operation, several times, in random order."""

    def __init__(self, seed: int, size: int) -> None:
        rng = np.random.default_rng(seed)
        self.rng, self.size = rng, size
        half = size // 2
        order = rng.permutation(size)[: 2 * half].reshape(2, half).T.astype(np.int32)
        cut = half // 3
        self.rows = np.array(
            [
                [0, 0, 0, cut, 1],
                [0, 0, cut, half - cut - 1, -1],
                [half, 0, -1, half // 2, 1],
                [half + half // 2, half // 2, -1, half - half // 2, -1],
            ]
        )
        self.low_pairs = np.ascontiguousarray(order)
        self.pattern_start, self.block_rows = np.array([0, 2, 3, 3]), np.array([0, 1, 2, 4])
        self.kinds = rng.permutation(np.repeat([sector.PAIRS, sector.PHASES, sector.REFLECTION, sector.TURNS], 6))
        self.items = np.array([int(rng.integers(3 if kind == sector.PAIRS else 2)) for kind in self.kinds])
        self.weights = rng.normal(size=(self.kinds.size, 8)) / 2
        # the first list has one block of two rows, each of which turns some amplitudes several times
        entries = [rng.choice(half, 2, replace=False) for _ in range(2 * half)]
        angles = rng.uniform(0, 1, 5)
        self.turns = sector.Turns(
            np.array([0, 1, 3]),
            np.array([0, 2, 3, 4]),
            np.array([[0, 0, half], [half, half // 2, half], [0, 0, cut], [half, cut, half]]),
            np.column_stack([entries, rng.integers(0, 5, 2 * half)]).astype(np.int32),
            np.stack([np.cos(angles), np.sin(angles)], axis=1),
        )
        self.layer_start = np.array([0, 3, 4])
        self.entry_vector = np.array([1, -1, -1, 0])
        masks = rng.integers(0, 1 << 12, (4, 3))
        self.entry_term = np.stack([masks[:, 0] & 7, masks[:, 1] & masks[:, 0] & 7, masks[:, 2]], axis=1)
        self.entry_term[1, :2] = 0
        self.scales = rng.normal(size=4)
        self.vectors = rng.normal(size=(2, size))
        self.bits = rng.integers(0, 1 << 12, size)
        directions = rng.normal(size=(2, 2 * size))
        self.directions = directions / np.linalg.norm(directions, axis=1)[:, None]
        self.wanted = rng.integers(0, 2, self.kinds.size)
        self.sum_start = np.arange(self.kinds.size) * 16 * (size // sector.BLOCK + 1)
        self.sums = np.zeros(self.sum_start[-1] + 16 * (size // sector.BLOCK + 1))

    @property
    def operations(self) -> sector.Operations:
        pairs = sector.Pairs(self.pattern_start, self.block_rows, self.rows, self.low_pairs)
        layers = sector.Layers(self.layer_start, self.entry_vector, self.entry_term, self.vectors, self.bits)
        return sector.Operations(
            self.kinds, self.items, self.wanted, self.sum_start, pairs, layers, self.turns, self.directions
        )

    def state(self, dtype: type, vectors: int) -> np.ndarray:
        values = self.rng.normal(size=(self.size, 2 * vectors))
        return (values / np.linalg.norm(values)).astype(dtype(0).real.dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("vectors", [1, 2])
@pytest.mark.parametrize("size", [7, 1024, 2500])
def test_programs_equal_their_twins(size, vectors, dtype):
    program = RandomProgram(size, size)
    state = program.state(dtype, vectors)
    expected, expected_sums = state.copy(), program.sums.copy()
    given = Lanes(2 * vectors * state.itemsize), program.operations, program.weights, program.scales
    rest = 1, program.kinds.size - 1, vectors == 2, SERIAL, 0
    sector.run_sector(state, *given, program.sums, *rest)
    twins.run_sector(expected, *given, expected_sums, *rest)
    assert np.abs(state - expected).max() < TOLERANCE[dtype] * np.abs(expected).max()
    assert np.abs(state).max() > 0
    if vectors == 1:
        return
    assert np.abs(expected_sums).max() > 0
    for i in np.flatnonzero(program.wanted[1:-1]) + 1:
        place = slice(program.sum_start[i], program.sum_start[i] + 16 * (size // sector.BLOCK + 1))
        scale = np.abs(expected_sums[place]).max()
        assert np.abs(program.sums[place] - expected_sums[place]).max() <= TOLERANCE[dtype] * max(scale, 1e-3)


def test_threads_change_no_bit():
    program = RandomProgram(5, 9000)
    states = [program.state(np.complex128, 2)]
    sums = [program.sums]
    for _ in range(2):
        states.append(states[0].copy())
        sums.append(program.sums.copy())
    team = Team(3)
    for k, state in enumerate(states):
        given = program.operations, program.weights, program.scales, sums[k], 0, program.kinds.size, True
        if k:
            team.run(sector.run_sector, state, Lanes(32), *given, counters(4 * program.kinds.size))
        else:
            sector.run_sector(state, Lanes(32), *given, SERIAL, 0)
    for k in (1, 2):
        assert np.array_equal(states[0], states[k])
        assert np.array_equal(sums[0], sums[k])


def test_phase_terms_equal_their_twin():
    rng = np.random.default_rng(8)
    bits = rng.integers(0, 1 << 40, 2100)
    terms = rng.integers(0, 1 << 40, (20, 3))
    terms[:10, :2] = 0
    terms[10:, 0] = 1 << rng.integers(0, 40, 10) | 1
    terms[10:, 1] &= terms[10:, 0]
    coefficients = rng.normal(size=20)
    found, expected = np.ones(2100), np.ones(2100)
    sector.add_phase_terms(bits, terms, coefficients, found)
    twins.add_phase_terms(bits, terms, coefficients, expected)
    np.testing.assert_allclose(found, expected, atol=1e-13)


@pytest.mark.parametrize("largest", [1.0, 100.0, 9.9e5, 1e9])
def test_sines_and_cosines(largest):
    rng = np.random.default_rng(3)
    angles = np.concatenate([rng.uniform(-largest, largest, 5000), np.arange(-40, 41) * np.pi / 4, [0.0]])
    sines, cosines = np.empty_like(angles), np.empty_like(angles)
    sines_and_cosines(angles, angles.size, sines, cosines)
    assert np.abs(sines - np.sin(angles)).max() < 5e-16
    assert np.abs(cosines - np.cos(angles)).max() < 5e-16
