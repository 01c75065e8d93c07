"""The twins themselves against textbook matrices, so that the oracle is not merely consistent with the kernels."""

from functools import reduce

import numpy as np
import pytest

from qtoolkit_kernels.reference import dense, diagonal, inner, measurement, pauli, permutation

PAULIS = {
    (0, 0): np.eye(2),
    (1, 0): np.array([[0, 1], [1, 0]]),
    (0, 1): np.diag([1, -1]),
    (1, 1): np.array([[0, -1j], [1j, 0]]),
}
NUM_QUBITS = 4


def _random_state(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    state = rng.normal(size=2**NUM_QUBITS) + 1j * rng.normal(size=2**NUM_QUBITS)
    return state / np.linalg.norm(state)


def _kron(factors: dict[int, np.ndarray]) -> np.ndarray:
    """The operator with `factors[q]` on qubit q, qubit 0 the rightmost factor."""
    return reduce(np.kron, [factors.get(q, np.eye(2)) for q in reversed(range(NUM_QUBITS))])


def _string(x_mask: int, z_mask: int) -> np.ndarray:
    return _kron({q: PAULIS[x_mask >> q & 1, z_mask >> q & 1] for q in range(NUM_QUBITS)})


@pytest.mark.parametrize("x_mask", range(2**NUM_QUBITS))
def test_pauli_strings_are_products_of_pauli_matrices(x_mask: int) -> None:
    state = _random_state(x_mask)
    for z_mask in range(2**NUM_QUBITS):
        np.testing.assert_allclose(pauli.apply_pauli(state, x_mask, z_mask), _string(x_mask, z_mask) @ state)


def test_pauli_rotation_is_the_exponential() -> None:
    state, angle = _random_state(0), 0.7
    eigenvalues, vectors = np.linalg.eigh(_string(0b1011, 0b0110))
    expected = vectors @ np.diag(np.exp(-0.5j * angle * eigenvalues)) @ vectors.conj().T @ state
    pauli.apply_pauli_rotation(state, 0b1011, 0b0110, np.cos(angle / 2), np.sin(angle / 2), 0, 0)
    np.testing.assert_allclose(state, expected)


def test_first_target_is_the_least_significant_bit_of_the_matrix() -> None:
    rng = np.random.default_rng(1)
    low, high = rng.normal(size=(2, 2, 2)) + 1j * rng.normal(size=(2, 2, 2))
    state = _random_state(1)
    expected = _kron({3: low, 1: high}) @ state
    matrix = np.kron(high, low).ravel()
    bra = _random_state(2)
    np.testing.assert_allclose(inner.dense_inner(bra, state, np.array([3, 1]), matrix, 0, 0), np.vdot(bra, expected))
    dense.apply_kq(state, matrix, np.array([3, 1]), 0, 0)
    np.testing.assert_allclose(state, expected)


def test_controls_are_projectors() -> None:
    matrix = np.array([[1, 2j], [3, 4]])
    one, zero = np.diag([0, 1]), np.diag([1, 0])
    selected = _kron({0: one, 3: zero})
    state, bra = _random_state(3), _random_state(4)
    expected = (np.eye(16) - selected + selected @ _kron({2: matrix})) @ state
    value = np.vdot(bra, selected @ _kron({2: matrix}) @ state)
    assert inner.dense_inner(bra, state, np.array([2]), matrix.ravel(), 0b1001, 0b0001) == pytest.approx(value)
    dense.apply_kq(state, matrix.ravel(), np.array([2]), 0b1001, 0b0001)
    np.testing.assert_allclose(state, expected)


def test_diagonals_and_permutations_of_basis_states() -> None:
    targets = np.array([2, 0])
    for index in range(16):
        sub_index = (index >> 2 & 1) + 2 * (index & 1)
        state = np.zeros(16, np.complex128)
        state[index] = 1
        diagonal.apply_diagonal(state, targets, np.arange(4) + 0j, 0, 0)
        assert state[index] == sub_index
        state[index] = 1
        table = np.array([2, 3, 1, 0])
        permutation.apply_permutation(state, targets, table, 0, 0)
        moved = index & 0b1010 | (table[sub_index] & 1) << 2 | table[sub_index] >> 1
        assert np.flatnonzero(state).tolist() == [moved]


def test_measurement_of_a_qubit() -> None:
    state = _random_state(5)
    reals, threads = state.view(np.float64), (np.zeros((2, 1), np.int64), 0)
    one = float(np.sum(np.abs(_kron({1: np.diag([0, 1])}) @ state) ** 2))
    out = np.empty((1, 4))
    measurement.marginal_probabilities(reals, np.array([3, 1]), out, *threads)
    assert out[0, 2:].sum() == pytest.approx(one)
    kept = (_kron({1: np.diag([0, 1])}) @ state)[[2, 3, 6, 7, 10, 11, 14, 15]]
    measurement.project(reals, reals, 1, 1, 0, one**-0.5, *threads)
    np.testing.assert_allclose(state[[0, 1, 4, 5, 8, 9, 12, 13]], kept * one**-0.5)
    assert measurement.norm_squared(reals) == pytest.approx(1.0)
    measurement.marginal_probabilities(reals, np.array([1]), out[:, :2], *threads)
    assert out[0, 1] == 0.0
