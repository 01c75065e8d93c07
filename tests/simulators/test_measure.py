"""Probabilities, projections and resets of states against index arithmetic in NumPy."""

import numpy as np
import pytest

from qtoolkit.simulators.measure import norm_squared, outcome_weights, probabilities, project
from qtoolkit_kernels.team import Team

TEAMS = [None, Team(1), Team(3)]
SIZES = [1, 2, 3, 6, 10, 11, 15, 17]
TOLERANCE = {np.complex128: 1e-13, np.complex64: 1e-6}
DTYPES = pytest.mark.parametrize("dtype", [np.complex128, np.complex64], ids=["double", "single"])


def _state(num_qubits: int, dtype: type) -> np.ndarray:
    state = np.random.default_rng(num_qubits).normal(size=2 << num_qubits).view(np.complex128)
    return (state / np.linalg.norm(state)).astype(dtype)


def _bits(state: np.ndarray, qubit: int) -> np.ndarray:
    return np.arange(state.size) >> qubit & 1


@DTYPES
@pytest.mark.parametrize("num_qubits", [0, *SIZES])
def test_norm(num_qubits: int, dtype: type) -> None:
    state = (1.5 * _state(num_qubits, dtype)).astype(dtype)
    values = [norm_squared(state, team) for team in TEAMS]
    assert len(set(values)) == 1
    assert values[0] == pytest.approx(np.vdot(state.astype(complex), state.astype(complex)).real, rel=1e-13)


@DTYPES
@pytest.mark.parametrize("num_qubits", SIZES)
def test_marginal_distributions(num_qubits: int, dtype: type) -> None:
    state = _state(num_qubits, dtype)
    weights = np.abs(state.astype(np.complex128)) ** 2
    rng = np.random.default_rng(num_qubits)
    subsets = [rng.permutation(num_qubits)[:m].tolist() for m in rng.integers(0, num_qubits + 1, 6)]
    subsets += [[], [0], [num_qubits - 1], list(range(num_qubits)), list(range(num_qubits))[::-1]]
    for qubits in [*subsets, list(range(num_qubits // 2)), list(range(num_qubits // 2, num_qubits))]:
        outcomes = sum((_bits(state, q) << j for j, q in enumerate(qubits)), np.zeros(state.size, np.int64))
        expected = np.bincount(outcomes, weights=weights, minlength=1 << len(qubits))
        results = [probabilities(state, qubits, team) for team in TEAMS]
        np.testing.assert_allclose(results[0], expected, rtol=1e-12, atol=1e-15)
        for other in results[1:]:
            np.testing.assert_array_equal(other, results[0])
    np.testing.assert_allclose(probabilities(state), weights, rtol=1e-14)


@DTYPES
@pytest.mark.parametrize("num_qubits", SIZES)
def test_projection_and_reset(num_qubits: int, dtype: type) -> None:
    state = _state(num_qubits, dtype)
    for qubit in {0, 1, 2, 3, num_qubits // 2, num_qubits - 1} & set(range(num_qubits)):
        weights = outcome_weights(state, qubit)
        assert weights.sum() == pytest.approx(norm_squared(state), rel=1e-12)
        for outcome in (0, 1):
            kept = np.where(_bits(state, qubit) == outcome, state, 0) / np.sqrt(weights[outcome])
            for reset in (False, True):
                expected = kept + kept[np.arange(state.size) ^ 1 << qubit] if reset and outcome else kept
                expected = np.where(_bits(state, qubit), 0, expected) if reset else expected
                for team in TEAMS:
                    out = np.full_like(state, np.nan)
                    before = state.copy()
                    assert project(state, qubit, outcome, weights[outcome], reset=reset, out=out, team=team) is out
                    np.testing.assert_array_equal(state, before)
                    np.testing.assert_allclose(out, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
                    assert norm_squared(out) == pytest.approx(1, abs=TOLERANCE[dtype])
                    changed = state.copy()
                    assert project(changed, qubit, outcome, weights[outcome], reset=reset, team=team) is changed
                    np.testing.assert_array_equal(changed, out)


@DTYPES
def test_rounding_makes_no_outcome_possible(dtype: type) -> None:
    noise = {np.complex128: 1e-8, np.complex64: 1e-6}[dtype]
    state = np.array([1, noise, 0, noise], dtype)
    weights = outcome_weights(state, 0)
    assert weights[1] == 0
    assert weights[0] == 1
    assert outcome_weights(np.array([1, 0.01], dtype), 0).all()
