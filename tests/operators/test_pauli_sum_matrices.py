import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp

from qtoolkit.errors import InsufficientMemoryError, OperatorError
from qtoolkit.operators import PauliString, PauliSum
from qtoolkit.operators._matrix_form import walsh_hadamard


@pytest.mark.parametrize(("num_qubits", "num_terms"), [(1, 1), (1, 10), (2, 7), (4, 3), (4, 200), (6, 40)])
def test_dense_and_sparse_matrices_agree_with_qiskit(random_sum, num_qubits, num_terms):
    op = random_sum(num_qubits, num_terms)
    reference = SparsePauliOp(*zip(*op.to_list(), strict=True)).to_matrix()
    np.testing.assert_allclose(op.to_matrix(), reference, atol=1e-12)
    sparse = op.to_sparse()
    np.testing.assert_allclose(sparse.toarray(), reference, atol=1e-12)
    assert sparse.format == "csr"
    assert sparse.has_sorted_indices
    assert np.all(sparse.data != 0)


def test_sparse_matrix_stores_no_zeros():
    projector = (PauliSum.identity(3) + PauliString("IIZ")) / 2
    assert projector.to_sparse().nnz == 4
    assert PauliSum.zero(2).to_sparse().nnz == 0
    np.testing.assert_array_equal(PauliSum.zero(2).to_matrix(), np.zeros((4, 4)))


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 5])
def test_from_matrix_inverts_to_matrix(rng, num_qubits):
    matrix = rng.normal(size=(2, 1 << num_qubits, 1 << num_qubits))
    matrix = matrix[0] + 1j * matrix[1]
    op = PauliSum.from_matrix(matrix)
    assert len(op) == 4**num_qubits
    np.testing.assert_allclose(op.to_matrix(), matrix, atol=1e-12)


def test_from_matrix_knows_the_swap():
    swap = np.eye(4)[[0, 2, 1, 3]]
    assert PauliSum.from_matrix(swap) == PauliSum.from_strings(["II", "XX", "YY", "ZZ"]) / 2
    assert len(PauliSum.from_matrix(np.diag([1.0, 1.0 + 1e-13]))) == 1
    assert len(PauliSum.from_matrix(np.diag([1.0, 1.0 + 1e-13]), atol=0)) == 2


@pytest.mark.parametrize(("num_qubits", "num_terms"), [(1, 2), (3, 2), (5, 30)])
def test_diagonal_is_the_matrix_diagonal_and_round_trips(random_sum, num_qubits, num_terms):
    op = random_sum(num_qubits, num_terms, hermitian=True)
    op = PauliSum(np.zeros(num_terms, dtype=int), op.z_masks, op.coefficients, num_qubits)
    diagonal = op.diagonal()
    assert diagonal.dtype == np.float64
    np.testing.assert_allclose(np.diag(diagonal), op.to_matrix(), atol=1e-12)
    assert PauliSum.from_diagonal(diagonal).allclose(op)


def test_from_diagonal_knows_the_projector():
    assert PauliSum.from_diagonal([0, 0, 0, 4]).to_list() == [("II", 1), ("IZ", -1), ("ZI", -1), ("ZZ", 1)]
    assert PauliSum.from_diagonal([1j, -1j]) == 1j * PauliString("Z")


def test_walsh_hadamard_transforms_the_last_axis(rng):
    values = rng.normal(size=(3, 8))
    signs = np.array([[(-1) ** (k & j).bit_count() for j in range(8)] for k in range(8)])
    expected = values @ signs
    walsh_hadamard(values)
    np.testing.assert_allclose(values, expected, atol=1e-13)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: PauliSum.from_matrix(np.ones((2, 4))), r"must be square, got shape \(2, 4\)"),
        (lambda: PauliSum.from_matrix(np.ones((3, 3))), "power of two and at least 2, got 3"),
        (lambda: PauliSum.from_matrix(np.ones((1, 1))), "power of two and at least 2, got 1"),
        (lambda: PauliSum.from_matrix([[np.nan, 0], [0, 1]]), "matrix entry must be finite.* index 0, 0"),
        (lambda: PauliSum.from_diagonal([[1, 2]]), "must be a vector"),
        (lambda: PauliSum.from_diagonal([1, 2, 3]), "length of a diagonal must be a power of two"),
        (lambda: PauliSum.from_diagonal([1, np.inf]), "diagonal entry must be finite"),
        (lambda: PauliSum.from_list([("X", 1)]).diagonal(), "needs strings of I and Z only"),
        (lambda: PauliSum.from_list([("Z", 1j)]).diagonal(), "needs real coefficients"),
    ],
)
def test_bad_input_is_refused(build, message):
    with pytest.raises(OperatorError, match=message):
        build()


@pytest.mark.parametrize("form", ["to_matrix", "to_sparse", "diagonal"])
def test_what_does_not_fit_is_refused_before_it_is_tried(form):
    with pytest.raises(InsufficientMemoryError, match=r"needs [\d,]+ bytes but [\d,]+ are free"):
        getattr(PauliSum.from_list([("Z" * 50, 1.0)]), form)()
