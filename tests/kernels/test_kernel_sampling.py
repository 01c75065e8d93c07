"""Sampling: outcomes follow the distribution, depend on the uniforms alone, and never have probability zero."""

import numpy as np
import pytest

from qtoolkit_kernels.sampling import sample_sorted, sample_state_sorted

LARGEST_BELOW_ONE = np.nextafter(1.0, 0.0)


def _sample(probabilities: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    out = np.full(uniforms.size, -1)
    sample_sorted(probabilities, uniforms, out)
    return out


@pytest.mark.parametrize("size", [1, 2, 8, 1024, 5000])
def test_evenly_spread_uniforms_give_the_distribution(size: int) -> None:
    rng = np.random.default_rng(size)
    probabilities = rng.random(size) ** 4
    probabilities /= probabilities.sum()
    shots = 20_000
    outcomes = _sample(probabilities, (np.arange(shots) + 0.5) / shots)
    assert np.all(np.diff(outcomes) >= 0)
    counts = np.bincount(outcomes, minlength=size)
    assert np.max(np.abs(counts - shots * probabilities)) <= 1 + 1e-9


@pytest.mark.parametrize("empty", [slice(0, 1500), slice(700, 2100), slice(1900, 3000), slice(1, 2999)])
def test_outcomes_of_probability_zero_are_never_returned(empty: slice) -> None:
    probabilities = np.random.default_rng(0).random(3000)
    probabilities[empty] = 0.0
    probabilities /= probabilities.sum()
    edges = np.cumsum(probabilities)
    uniforms = np.sort(np.concatenate([[0.0], edges, np.nextafter(edges, 0.0), [LARGEST_BELOW_ONE]]))
    outcomes = _sample(probabilities, uniforms)
    assert np.all(probabilities[outcomes] > 0)
    assert set(outcomes) == set(np.flatnonzero(probabilities))


def test_the_last_possible_outcome_takes_what_rounding_leaves() -> None:
    probabilities = np.array([0.5, 0.4999, 0.0, 0.0])
    assert _sample(probabilities, np.array([0.2, 0.7, LARGEST_BELOW_ONE])).tolist() == [0, 1, 1]


def test_probabilities_too_small_to_move_the_sum_do_no_harm() -> None:
    probabilities = np.array([1.0, 1e-300, 0.0, 1e-300])
    assert _sample(probabilities, np.array([0.0, LARGEST_BELOW_ONE])).tolist() == [0, 0]


def test_each_outcome_depends_on_its_own_uniform_only() -> None:
    rng = np.random.default_rng(5)
    probabilities = rng.random(4096)
    probabilities /= probabilities.sum()
    uniforms = np.sort(rng.random(300))
    outcomes = _sample(probabilities, uniforms)
    for i in range(0, 300, 7):
        assert _sample(probabilities, uniforms[i : i + 1])[0] == outcomes[i]


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
def test_a_basis_state_gives_its_index(dtype: type) -> None:
    for index in (0, 5, 2047):
        state = np.zeros(2048, dtype)
        state[index] = 1
        out = np.full(4, -1)
        sample_state_sorted(state, np.array([0.0, 0.3, 0.9, LARGEST_BELOW_ONE]), out)
        assert out.tolist() == [index] * 4


def test_no_shots() -> None:
    assert _sample(np.array([0.5, 0.5]), np.zeros(0)).size == 0
