import numpy as np
import pytest

from qtoolkit.errors import ConvergenceError, OperatorError
from qtoolkit.operators import PauliString, PauliSum
from qtoolkit.operators._state_action import expectation_values


def ising_ring(num_qubits: int, field: float) -> PauliSum:
    """−Σ Z_k Z_{k+1} − field Σ X_k on a ring."""
    bonds = [("ZZ", (k, (k + 1) % num_qubits), -1.0) for k in range(num_qubits)]
    return PauliSum.from_sparse_list(bonds + [("X", (k,), -field) for k in range(num_qubits)], num_qubits)


@pytest.mark.parametrize("dtype", [np.complex128, np.complex64])
@pytest.mark.parametrize("num_qubits", [1, 3, 6])
def test_action_and_moments_agree_with_matrices(random_sum, random_state, num_qubits, dtype):
    atol = 1e-12 if dtype == np.complex128 else 1e-4
    state = random_state(num_qubits).astype(dtype)
    op = random_sum(num_qubits, 25)
    image = op.apply(state)
    assert image.dtype == dtype
    np.testing.assert_allclose(image, op.to_matrix() @ state, atol=atol)

    hermitian = random_sum(num_qubits, 25, hermitian=True)
    matrix = hermitian.to_matrix()
    mean = np.vdot(state, matrix @ state).real
    assert hermitian.expectation_value(state) == pytest.approx(mean, abs=atol)
    square = np.vdot(state, matrix @ matrix @ state).real
    assert hermitian.variance(state) == pytest.approx(square - mean**2, abs=100 * atol)


def test_known_moments():
    plus = np.full(2, np.sqrt(0.5))
    z = PauliSum.from_list([("Z", 1.0)])
    assert z.expectation_value([0, 1]) == -1
    assert z.expectation_value(plus) == pytest.approx(0, abs=1e-15)
    assert z.variance(plus) == pytest.approx(1)
    assert z.variance([1, 0]) == 0
    assert PauliSum.from_list([("Y", 2.0)]).expectation_value(np.array([1, 1j]) / np.sqrt(2)) == pytest.approx(2)
    assert PauliSum.zero(1).expectation_value(plus) == 0
    np.testing.assert_array_equal(PauliSum.zero(1).apply(plus), [0, 0])


@pytest.mark.parametrize("num_qubits", [3, 16])
def test_several_sums_at_once_give_what_each_gives(random_sum, random_state, num_qubits):
    state = random_state(num_qubits)
    ops = [random_sum(num_qubits, terms, hermitian=True) for terms in (1, 9, 30)]
    for chosen in (ops, ops[::-1], ops[:1], []):
        each = [op.expectation_value(state) for op in chosen]
        np.testing.assert_allclose(expectation_values(chosen, state), each, atol=1e-12)
    with pytest.raises(OperatorError, match="needs a Hermitian operator"):
        expectation_values([*ops, 1j * ops[0]], state)
    with pytest.raises(OperatorError, match="must have shape"):
        expectation_values([*ops, random_sum(2, 3, hermitian=True)], state)


def test_sets_of_sums_are_told_apart(random_state):
    """More sets than are kept, of sums that die at once and whose places in memory others may take."""
    state = random_state(16)
    for weight in range(1, 20):
        pair = [PauliSum.from_sparse_list([("Z", (0,), weight * sign)], 16) for sign in (1, -1)]
        expected = weight * PauliSum.from_sparse_list([("Z", (0,), 1.0)], 16).expectation_value(state)
        np.testing.assert_allclose(expectation_values(pair, state), [expected, -expected], atol=1e-12)


def test_states_of_any_layout_are_read_and_left_alone(random_sum, random_state):
    op, state = random_sum(3, 10, hermitian=True), random_state(3)
    strided = np.repeat(state, 2)[::2]
    frozen = state.copy()
    frozen.setflags(write=False)
    expected = op.expectation_value(state)
    assert (
        op.expectation_value(strided) == op.expectation_value(frozen) == op.expectation_value(list(state)) == expected
    )
    np.testing.assert_array_equal(op.apply(frozen), op.apply(state))


@pytest.mark.parametrize("num_qubits", [4, 8])
def test_ground_state_of_the_critical_ising_ring(num_qubits):
    """Free fermions give −2 / sin(π / 2n) (Pfeuty, Ann. Phys. 57, 79 (1970)); 4 goes dense, 8 through Lanczos."""
    hamiltonian = ising_ring(num_qubits, 1.0)
    energy, state = hamiltonian.ground_state(seed=3)
    assert energy == pytest.approx(-2 / np.sin(np.pi / (2 * num_qubits)), abs=1e-10)
    assert np.linalg.norm(state) == pytest.approx(1)
    assert hamiltonian.expectation_value(state) == pytest.approx(energy, abs=1e-10)
    assert hamiltonian.variance(state) < 1e-15


def test_eigenvalues_agree_with_lapack(random_sum):
    hamiltonian = random_sum(7, 60, hermitian=True)
    reference = np.linalg.eigvalsh(hamiltonian.to_matrix())
    np.testing.assert_allclose(hamiltonian.eigenvalues(4, seed=1), reference[:4], atol=1e-9)
    np.testing.assert_allclose(hamiltonian.eigenvalues(100), reference[:100], atol=1e-9)
    np.testing.assert_allclose(hamiltonian.eigenvalues(), reference, atol=1e-9)


def test_lanczos_repeats_with_its_seed():
    hamiltonian = ising_ring(7, 0.7)
    (first, state), (second, again) = hamiltonian.ground_state(seed=5), hamiltonian.ground_state(seed=5)
    assert first == second
    np.testing.assert_array_equal(state, again)


def test_spectrum_of_a_diagonal_sum_is_read_off():
    hamiltonian = ising_ring(20, 0.0) + 0.5 * PauliString("I" * 19 + "Z")
    energy, state = hamiltonian.ground_state()
    assert energy == -20.5
    assert np.flatnonzero(state).tolist() == [(1 << 20) - 1]
    np.testing.assert_array_equal(hamiltonian.eigenvalues(2), [-20.5, -19.5])


def test_lanczos_that_does_not_converge_says_so(monkeypatch):
    import scipy.sparse.linalg as linalg

    def give_up(*_, **__):
        raise linalg.ArpackNoConvergence("no", np.array([]), np.array([]))

    monkeypatch.setattr(linalg, "eigsh", give_up)
    with pytest.raises(ConvergenceError, match="0 of 1 eigenvalues converged on 7 qubits"):
        ising_ring(7, 1.0).ground_state()


Z = PauliSum.from_list([("Z", 1.0)])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Z.apply([1, 0, 0, 0]), r"must have shape \(2,\), got \(4,\)"),
        (lambda: Z.expectation_value(np.eye(2)), r"must have shape \(2,\), got \(2, 2\)"),
        (lambda: Z.variance([1]), "must have shape"),
        (lambda: (1j * Z).expectation_value([1, 0]), "an expectation value needs a Hermitian operator"),
        (lambda: (1j * Z).variance([1, 0]), "a variance needs"),
        (lambda: (1j * Z).eigenvalues(), "an ordered spectrum needs"),
        (lambda: (1j * Z).ground_state(), "a ground state needs"),
        (lambda: Z.eigenvalues(0), r"k must be in \[1, 2\] on 1 qubits, got 0"),
        (lambda: Z.eigenvalues(3), "k must be in"),
        (lambda: Z.eigenvalues(1.5), "k must be an integer"),
    ],
)
def test_bad_input_is_refused(build, message):
    with pytest.raises(OperatorError, match=message):
        build()
