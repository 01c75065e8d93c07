"""Samples of a state: the right distribution, the same for one seed however it is drawn, and nothing impossible."""

import numpy as np
import pytest
from scipy import stats

from qtoolkit.simulators import sample
from qtoolkit.simulators.sample import sample_state
from qtoolkit_kernels.team import Team

TEAM = Team(3)
SIZES = [0, 1, 2, 3, 9, 14, 15, 17]


def _state(num_qubits: int, dtype: type = np.complex128, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng([num_qubits, seed])
    state = rng.normal(size=2 << num_qubits).view(np.complex128)
    return (state / np.linalg.norm(state)).astype(dtype)


class _Uniforms(np.random.Generator):
    """Gives chosen numbers instead of random ones."""

    def __init__(self, numbers: np.ndarray) -> None:
        super().__init__(np.random.PCG64(0))
        self._numbers = numbers

    def random(self, size: int) -> np.ndarray:
        drawn, self._numbers = self._numbers[:size], self._numbers[size:]
        return drawn


@pytest.mark.parametrize("num_qubits", SIZES)
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_samples_invert_the_cumulative_distribution(num_qubits: int, dtype: type) -> None:
    state = _state(num_qubits, dtype)
    uniforms = np.random.default_rng(1).random(3000)
    edges = np.cumsum(np.abs(state.astype(np.complex128)) ** 2)
    expected = np.searchsorted(edges, uniforms * edges[-1], side="right")
    for team in (None, TEAM):
        np.testing.assert_array_equal(sample_state(state, 3000, _Uniforms(uniforms), team), expected)


@pytest.mark.parametrize("num_qubits", [4, 16])
def test_a_seed_gives_the_same_samples_for_every_team(num_qubits: int) -> None:
    state = _state(num_qubits)
    samples = [sample_state(state, 200_000, np.random.default_rng(5), team) for team in (None, Team(2), TEAM)]
    np.testing.assert_array_equal(samples[0], samples[1])
    np.testing.assert_array_equal(samples[0], samples[2])
    single = sample_state(state.astype(np.complex64), 200_000, np.random.default_rng(5))
    assert np.count_nonzero(single != samples[0]) <= 20


def test_parts_of_many_shots_are_drawn_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for num_qubits in (4, 16):
        state = _state(num_qubits)
        whole = sample_state(state, 5000, np.random.default_rng(5))
        with monkeypatch.context() as patch:
            patch.setattr(sample, "SHOTS_AT_A_TIME", 700)
            np.testing.assert_array_equal(sample_state(state, 5000, np.random.default_rng(5), TEAM), whole)


@pytest.mark.parametrize("num_qubits", [3, 16])
def test_shots_are_independent_and_in_random_order(num_qubits: int) -> None:
    state = _state(num_qubits)
    samples = sample_state(state, 1 << 18, np.random.default_rng(3))
    outcomes = samples & 7
    expected = np.bincount(np.arange(state.size) & 7, weights=np.abs(state) ** 2)
    assert stats.chisquare(np.bincount(outcomes), expected * samples.size).pvalue > 1e-4
    pairs = np.bincount(outcomes[::2] * 8 + outcomes[1::2], minlength=64)
    assert stats.chisquare(pairs, np.outer(expected, expected).ravel() * samples.size / 2).pvalue > 1e-4


@pytest.mark.parametrize("scale", [1e-6, 1 - 1e-6, 1 + 1e-16, 7.0, 1e150])
def test_the_norm_does_not_matter(scale: float) -> None:
    for num_qubits in (5, 16):
        state = _state(num_qubits)
        samples = sample_state(state, 1000, np.random.default_rng(0))
        np.testing.assert_array_equal(sample_state(scale * state, 1000, np.random.default_rng(0)), samples)


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 10, 14, 16])
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_outcomes_of_probability_zero_never_come(num_qubits: int, dtype: type) -> None:
    rng = np.random.default_rng(num_qubits)
    for _ in range(20):
        state = _state(num_qubits, dtype, int(rng.integers(1000)))
        # Holes within tiles and blocks, empty blocks, and empty ends.
        first, last = np.sort(rng.integers(0, state.size, 2))
        state[rng.random(state.size) < rng.choice([0.1, 0.9, 0.999])] = 0
        state[:first] = 0
        state[last + 1 :] = 0
        state[rng.integers(first, last + 1)] = 0.3 + 0.1j
        possible = np.flatnonzero(state)
        edges = np.cumsum(np.abs(state[possible].astype(np.complex128)) ** 2)
        edges = np.append(edges, 0) / edges[-1]
        close = np.concatenate([edges, np.nextafter(edges, 0), np.nextafter(edges, 2), rng.random(1000)])
        close = close[close < 1]
        for team in (None, TEAM):
            samples = sample_state(state, close.size, _Uniforms(close), team)
            assert np.isin(samples, possible).all()
        assert sample_state(state, 1, _Uniforms(np.array([0.0])))[0] == possible[0]
        assert sample_state(state, 1, _Uniforms(np.array([np.nextafter(1, 0)])))[0] == possible[-1]


@pytest.mark.parametrize("num_qubits", [0, 1, 4, 14, 17])
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_a_basis_state_gives_its_index(num_qubits: int, dtype: type) -> None:
    for index in {0, (1 << num_qubits) // 3, (1 << num_qubits) - 1}:
        state = np.zeros(1 << num_qubits, dtype)
        state[index] = 1j
        assert np.all(sample_state(state, 100, np.random.default_rng(0), TEAM) == index)


def test_weights_too_small_for_their_sum_do_no_harm() -> None:
    for num_qubits in (4, 16):
        state = np.full(1 << num_qubits, 1e-160 + 0j)
        state[5] = 1
        assert np.all(sample_state(state, 100, np.random.default_rng(0)) == 5)


@pytest.mark.parametrize("num_qubits", [2, 16])
def test_more_shots_begin_with_the_same_samples(num_qubits: int) -> None:
    state = _state(num_qubits)
    many = sample_state(state, 3000, np.random.default_rng(2), TEAM)
    np.testing.assert_array_equal(sample_state(state, 70, np.random.default_rng(2)), many[:70])


def test_no_shots() -> None:
    assert sample_state(_state(3), 0, np.random.default_rng(0)).shape == (0,)
    assert sample_state(_state(16), 0, np.random.default_rng(0)).shape == (0,)
