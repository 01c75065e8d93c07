"""Kernels for measurement and sampling equal their twins, for every number of threads and every place of a qubit."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from qtoolkit_kernels import measurement, sampling, seeding
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters

TOLERANCE = {np.float64: 1e-13, np.float32: 1e-6}
TEAMS = [Team(1), Team(3)]

Arguments = tuple[Any, ...]


def _reals(rng: np.random.Generator, num_qubits: int, dtype: type) -> np.ndarray:
    reals = rng.normal(size=2 << num_qubits)
    return (reals / np.linalg.norm(reals)).astype(dtype)


def _sparse(rng: np.random.Generator, num_qubits: int, dtype: type) -> np.ndarray:
    reals = _reals(rng, num_qubits, dtype).reshape(-1, 2)
    reals[rng.random(reals.shape[0]) < 0.3] = 0
    reals[rng.integers(reals.shape[0])] = 0.5
    return reals.ravel()


def block_weights(rng: np.random.Generator, n: int, dtype: type) -> Arguments:
    return _reals(rng, n, dtype), np.full(1 << rng.integers(n + 1), np.nan)


def probabilities(rng: np.random.Generator, n: int, dtype: type) -> Arguments:
    return _reals(rng, n, dtype), np.full(1 << n, np.nan)


def project(rng: np.random.Generator, n: int, dtype: type) -> Arguments:
    qubit, outcome = int(rng.integers(n)), int(rng.integers(2))
    reals = _reals(rng, n, dtype)
    return reals, np.full_like(reals, np.nan), qubit, outcome, int(rng.integers(2)), 1.25


def sample_small(rng: np.random.Generator, n: int, dtype: type) -> Arguments:
    return _sparse(rng, n, dtype), rng.random(700), np.full(700, -1)


def assign_blocks(rng: np.random.Generator, n: int, _dtype: type) -> Arguments:
    edges = np.append(0.0, np.cumsum(rng.random(1 << n) * (rng.random(1 << n) < 0.8) + 1e-9))
    return edges, rng.random(1000), np.full(1000, -1, np.int32), np.zeros((3, 1 << n), np.int64)


def sort_by_block(rng: np.random.Generator, n: int, _dtype: type) -> Arguments:
    blocks = rng.integers(0, 1 << n, 1000, dtype=np.int32)
    counts = np.array([np.bincount(part, minlength=1 << n) for part in np.split(blocks, [334, 668])])
    starts = np.ascontiguousarray(np.cumsum(counts.T).reshape(-1, 3).T - counts)
    return blocks, starts, np.full(1000, -1, np.int32)


def sample_blocks(rng: np.random.Generator, n: int, dtype: type) -> Arguments:
    n = max(n, 4)
    reals = _sparse(rng, n, dtype)
    weights = (reals.astype(np.float64) ** 2).reshape(2 << rng.integers(n - 3), -1).sum(axis=1)
    edges = np.append(0.0, np.cumsum(weights))
    uniforms = rng.random(1000)
    blocks = np.searchsorted(edges[1:], edges[-1] * uniforms, side="right")
    borders = np.append(0, np.cumsum(np.bincount(blocks, minlength=weights.size)))
    shots = np.argsort(blocks, kind="stable").astype(np.int32)
    return reals, edges, uniforms, borders, shots, np.full(1000, -1)


CASES: dict[str, tuple[Any, Callable[[np.random.Generator, int, type], Arguments]]] = {
    "block_weights": (measurement.block_weights, block_weights),
    "probabilities": (measurement.probabilities, probabilities),
    "project": (measurement.project, project),
    "sample_small": (sampling.sample_small, sample_small),
    "assign_blocks": (sampling.assign_blocks, assign_blocks),
    "sort_by_block": (sampling.sort_by_block, sort_by_block),
    "sample_blocks": (sampling.sample_blocks, sample_blocks),
}


def _twin(kernel: Any) -> Any:
    return getattr(import_module(kernel.__module__.replace("_kernels", "_kernels.reference")), kernel.__name__)


def _copy(arguments: Arguments) -> Arguments:
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in arguments)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["double", "single"])
@pytest.mark.parametrize("num_qubits", [1, 2, 3, 4, 7, 10, 11, 16])
@pytest.mark.parametrize("name", CASES)
def test_kernel_equals_its_twin_on_every_team(name: str, num_qubits: int, dtype: type) -> None:
    kernel, build = CASES[name]
    rng = np.random.default_rng([num_qubits, list(CASES).index(name)])
    for _ in range(3):
        arguments = build(rng, num_qubits, dtype)
        expected = _copy(arguments)
        _twin(kernel)(*expected, counters(2), 0)
        results = []
        for team in TEAMS:
            ours = _copy(arguments)
            team.run(kernel, *ours, counters(2))
            results.append(ours)
            for actual, wanted in zip(ours, expected, strict=True):
                np.testing.assert_allclose(actual, wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
        for one, other in zip(*results, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["double", "single"])
@pytest.mark.parametrize("num_qubits", [1, 2, 5, 9, 10, 11, 12, 16])
def test_slices_of_marginal_distributions_add_up(num_qubits: int, dtype: type) -> None:
    rng = np.random.default_rng(num_qubits)
    reals = _reals(rng, num_qubits, dtype)
    for measured in {0, 1, num_qubits // 2, num_qubits - 1, num_qubits}:
        qubits = rng.permutation(num_qubits)[:measured]
        expected = np.empty((1, 1 << measured))
        _twin(measurement.marginal_probabilities)(reals, qubits, expected, counters(2), 0)
        unmeasured = max(0, num_qubits - 10) - sum(qubits >= 10)
        for slices in {1, 1 << max(0, unmeasured)}:
            results = []
            for team in TEAMS:
                partial = np.full((slices, 1 << measured), np.nan)
                team.run(measurement.marginal_probabilities, reals, qubits, partial, counters(2))
                results.append(partial)
                np.testing.assert_allclose(partial.sum(axis=0), expected[0], rtol=1e-12, atol=1e-12)
            np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["double", "single"])
@pytest.mark.parametrize("num_qubits", [1, 2, 5, 14])
def test_measurements_of_rows_become_classical_bits(num_qubits: int, dtype: type) -> None:
    rng = np.random.default_rng(num_qubits)
    identity = np.arange(num_qubits)
    for qubits, clbits in (
        (identity, identity),
        (identity, identity[::-1]),
        (identity, identity + sampling.WORD - num_qubits),
        (identity[:1], identity[:1]),
        *[(rng.integers(num_qubits, size=size), rng.integers(sampling.WORD, size=size)) for size in (1, 3, 20, 200)],
    ):
        rows = rng.integers(100, size=(len(qubits) + 7, 5)).astype(float)
        rows[np.sort(rng.permutation(len(rows))[: len(qubits)]), :3] = np.stack(
            [np.full(len(qubits), -1), qubits, clbits], axis=1
        )
        for seed in (3, -1):
            reals, uniforms, bits = _sparse(rng, num_qubits, dtype), rng.random(300), np.full((2, 300), -1)
            ours, expected = (
                (reals, seed, uniforms.copy(), rows, -1, bits[0]),
                (reals, seed, uniforms.copy(), rows, -1, bits[1]),
            )
            assert (
                sampling.sample_measured(*ours)
                == _twin(sampling.sample_measured)(*expected)
                == len(set(clbits.tolist()))
            )
            np.testing.assert_array_equal(*bits)
    unmeasured = np.full(10, 7)
    assert sampling.sample_measured(_reals(rng, 2, dtype), 1, np.zeros(10), np.zeros((3, 5)), -1, unmeasured) == 0


def test_random_numbers_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    edges = [0, 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**53 + 1, seeding.MOST_SEED]
    for seed in edges + rng.integers(seeding.MOST_SEED, size=300).tolist() + rng.integers(2**32, size=300).tolist():
        ours, expected = np.full((2, 50), np.nan)
        seeding.fill_uniforms(seed, ours)
        _twin(seeding.fill_uniforms)(seed, expected)
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["double", "single"])
def test_norm(dtype: type) -> None:
    reals = 3 * _reals(np.random.default_rng(0), 12, dtype)
    assert measurement.norm_squared(reals) == pytest.approx(_twin(measurement.norm_squared)(reals), rel=1e-13)


@pytest.mark.parametrize("qubit", [0, 2, 3, 12, 15])
@pytest.mark.parametrize("outcome", [0, 1])
@pytest.mark.parametrize("final", [0, 1])
def test_projection_in_place(qubit: int, outcome: int, final: int) -> None:
    reals = _reals(np.random.default_rng(qubit), 16, np.float64)
    expected = np.empty_like(reals)
    measurement.project(reals, expected, qubit, outcome, final, 0.75, counters(2), 0)
    TEAMS[1].run(measurement.project, reals, reals, qubit, outcome, final, 0.75, counters(2))
    np.testing.assert_array_equal(reals, expected)


@pytest.mark.parametrize("size", [2, 1 << 14])
def test_squares_of_single_precision_are_summed_in_double(size: int) -> None:
    reals = np.full(size, np.float32(0.1))
    assert measurement.norm_squared(reals) == pytest.approx(size * float(np.float32(0.1)) ** 2, rel=1e-13)
