import copy
import pickle

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp

from qtoolkit.errors import OperatorError
from qtoolkit.operators import PauliString, PauliSum, _term_algebra


def as_dict(op: PauliSum) -> dict[str, complex]:
    return dict(op.to_list())


def test_from_list_keeps_order_and_repeats():
    terms = [("ZZI", 0.5), ("IXY", 1j), ("ZZI", 0.25)]
    op = PauliSum.from_list(terms)
    assert op.to_list() == terms
    assert op.x_masks.tolist() == [0, 0b011, 0]
    assert op.z_masks.tolist() == [0b110, 0b001, 0b110]
    assert (op.x_masks.dtype, op.coefficients.dtype) == (np.int64, np.complex128)
    assert list(op)[1] == (PauliString("IXY"), 1j)
    assert (len(op), op.num_qubits) == (3, 3)


def test_constructors_agree():
    expected = PauliSum.from_list([("XIZ", 2.0), ("IYI", -1.0)])
    assert PauliSum.from_strings([PauliString("XIZ"), "IYI"], [2, -1]) == expected
    assert PauliSum.from_sparse_list([("ZX", (0, 2), 2.0), ("Y", [1], -1.0)], 3) == expected
    assert PauliSum([0b100, 0b010], [0b001, 0b010], [2, -1], 3) == expected
    assert PauliSum.from_strings(["XX", "YY"]) == PauliSum.from_list([("XX", 1), ("YY", 1)])
    assert PauliSum.identity(2) == PauliSum.from_list([("II", 1)])
    assert PauliSum.from_list([], 2) == PauliSum.zero(2) == PauliSum.from_list([("XX", 0)])


@pytest.mark.parametrize("num_terms", [1, 3, 64, 65, 200])
def test_plain_numbers_and_arrays_make_the_same_sum(num_terms):
    rng = np.random.default_rng(num_terms)
    x_masks, z_masks = rng.integers(0, 1 << 62, (2, num_terms)).tolist()
    coefficients = (rng.normal(size=num_terms) + 1j * rng.normal(size=num_terms)).tolist()
    arrays = np.array(x_masks), np.array(z_masks), np.array(coefficients)
    for numbers in (coefficients, [c.real for c in coefficients], list(range(num_terms))):
        expected = PauliSum(arrays[0], arrays[1], np.array(numbers), 62)
        for kind in (list, tuple):
            made = PauliSum(kind(x_masks), kind(z_masks), kind(numbers), 62)
            assert made.to_list() == expected.to_list()
            assert not made.x_masks.flags.writeable
    for wrong in (-1, 1 << 62, 1 << 64, True, 1.0):
        for place in range(2):
            masks = [x_masks, z_masks]
            masks[place] = [*masks[place][:-1], wrong]
            if type(wrong) is not bool or num_terms == 1:
                with pytest.raises(OperatorError):
                    PauliSum(*masks, coefficients, 62)
    for wrong in (np.inf, complex(0, np.nan), "1", None):
        with pytest.raises(OperatorError, match="coefficient"):
            PauliSum(x_masks, z_masks, [*coefficients[:-1], wrong], 62)


def test_largest_register():
    label = "XYZ" * 20 + "XY"
    op = PauliSum.from_list([(label, 1.0)])
    assert op.num_qubits == PauliSum.max_qubits == 62
    assert op.to_list() == [(label, 1.0)]
    assert op @ op == PauliSum.identity(62)


def test_simplify_merges_drops_and_sorts():
    op = PauliSum.from_list([("ZI", 1), ("XX", 1e-14), ("IZ", 2), ("ZI", -3), ("YI", 1), ("YI", -1)])
    assert op.simplify().to_list() == [("IZ", 2), ("ZI", -2)]
    assert op.simplify(0).to_list() == [("IZ", 2), ("ZI", -2), ("XX", 1e-14)]
    assert op.simplify(2.5).to_list() == []


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 5])
def test_algebra_agrees_with_matrices(random_sum, num_qubits):
    a, b = random_sum(num_qubits, 9), random_sum(num_qubits, 12)
    A, B = a.to_matrix(), b.to_matrix()
    for result, expected in [
        (a + b, A + B),
        (a - b, A - B),
        (-a, -A),
        (2.5j * a, 2.5j * A),
        (a * np.complex64(2), 2 * A),
        (a / 4j, A / 4j),
        (a @ b, A @ B),
        (a.commutator(b), A @ B - B @ A),
        (a.anticommutator(b), A @ B + B @ A),
        (a.adjoint(), A.conj().T),
        (a.tensor(b), np.kron(A, B)),
        (sum([a, b, a]), 2 * A + B),
    ]:
        np.testing.assert_allclose(result.to_matrix(), expected, atol=1e-12)


def test_products_agree_with_qiskit_on_many_qubits(random_sum):
    a, b = random_sum(40, 25), random_sum(40, 30)
    qiskit_a, qiskit_b = (SparsePauliOp(*zip(*op.to_list(), strict=True)) for op in (a, b))
    reference = dict(qiskit_a.compose(qiskit_b, front=True).simplify(atol=0).to_list())
    product = as_dict(a @ b)
    assert product.keys() == reference.keys()
    for label, value in product.items():
        assert value == pytest.approx(reference[label], abs=1e-12)


def test_chunked_products_equal_unchunked(random_sum, monkeypatch):
    a, b = random_sum(4, 30), random_sum(4, 20)
    whole = a @ b
    monkeypatch.setattr(_term_algebra, "_PAIRS_PER_CHUNK", 45)
    assert (a @ b).allclose(whole, 1e-13)
    assert len(a @ b) == len(whole)


def test_pauli_algebra_is_exact():
    x, y, z = (PauliSum.from_list([(letter, 1)]) for letter in "XYZ")
    assert x @ y == 1j * z
    assert x.commutator(y) == 2j * z
    assert x.anticommutator(y) == PauliSum.zero(1)
    assert x.anticommutator(PauliString("X")) == 2 * PauliSum.identity(1)
    assert len(x - x) == 0


def test_mixes_with_strings():
    op, string = PauliSum.from_list([("XI", 2)]), PauliString("IZ")
    assert op + string == string + op == PauliSum.from_list([("XI", 2), ("IZ", 1)])
    assert op - string == -(string - op)
    assert op @ string == PauliSum.from_list([("XZ", 2)])
    assert op.allclose(2 * PauliString("XI"))
    assert not op.allclose(string)
    assert not op.allclose(PauliString("I"))


def test_equality_is_of_operators_not_of_terms():
    a = PauliSum.from_list([("X", 1), ("Z", 2), ("X", 1)])
    assert a == PauliSum.from_list([("Z", 2), ("X", 2)])
    assert a != PauliSum.from_list([("Z", 2), ("X", 2.0000001)])
    assert a != PauliSum.from_list([("ZI", 2), ("XI", 2)])
    assert a != "X"
    assert a.allclose(PauliSum.from_list([("Z", 2), ("X", 2 + 1e-12)]))
    with pytest.raises(TypeError, match="unhashable"):
        hash(a)


def test_properties():
    op = PauliSum.from_list([("II", 3), ("ZZ", 1), ("II", 0.5)])
    assert op.constant == 3.5
    assert op.is_diagonal()
    assert op.is_hermitian()
    assert not (op + PauliString("XI")).is_diagonal()
    assert not (op + 1j * PauliString("XI")).is_hermitian()
    assert PauliSum.from_list([("X", 1j), ("X", -1j)]).is_hermitian()
    assert (1e-13j * PauliString("X")).is_hermitian()
    assert not (1e-13j * PauliString("X")).is_hermitian(atol=1e-14)


def test_on_qubits_moves_and_widens(random_sum):
    op = PauliSum.from_list([("XYZ", 2)])
    assert op.on_qubits((4, 0, 2), 5).to_list() == [("ZIXIY", 2)]
    random = random_sum(4, 6)
    assert random.on_qubits([2, 0, 3, 1], 4).on_qubits([1, 3, 0, 2], 4) == random
    assert random.on_qubits(range(4), 6) == PauliSum.identity(2).tensor(random)


def test_is_immutable_and_copies(random_sum):
    masks = np.array([1, 2])
    op = PauliSum(masks, masks, [1.0, 2.0], 2)
    masks[0] = 3
    assert op.x_masks[0] == 1
    for array in (op.x_masks, op.z_masks, op.coefficients, (op * 2).coefficients):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(AttributeError):
        op.num_qubits = 3
    restored = pickle.loads(pickle.dumps(op))
    assert restored == copy.deepcopy(op) == op
    with pytest.raises(ValueError, match="read-only"):
        restored.coefficients[0] = 0


def test_text_forms():
    op = PauliSum.from_list([("XZ", 0.5), ("II", 1j)])
    assert str(op) == "0.5·XZ + 1j·II"
    assert repr(op) == "PauliSum.from_list([('XZ', 0.5), ('II', 1j)], num_qubits=2)"
    assert eval(repr(op)) == op
    assert str(PauliSum.zero(2)) == "0"
    assert eval(repr(PauliSum.zero(2))) == PauliSum.zero(2)
    long = repr(PauliSum.from_strings(["X"] * 9))
    assert long.startswith("<PauliSum of 9 terms on 1 qubits: [('X', 1.0), ")
    assert long.endswith(", ...]>")


ONE = PauliSum.identity(1)
TWO = PauliSum.identity(2)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: PauliSum.from_list([("XA", 1)]), "only the letters I, X, Y and Z"),
        (lambda: PauliSum.from_list([("XX", 1), ("X", 1)]), "every term must have 2 qubits, got 1 in 'X'"),
        (lambda: PauliSum.from_list([]), "needs num_qubits"),
        (lambda: PauliSum.from_list([("X", float("nan"))]), "must be finite, got nan"),
        (lambda: PauliSum.from_list([("X", complex(0, float("inf")))]), "must be finite"),
        (lambda: PauliSum.from_list([("X", "1")]), "must be a number, got '1'"),
        (lambda: PauliSum.from_strings(["X"], [1, 2]), "one entry per term, got lengths 1, 1 and 2"),
        (lambda: PauliSum.from_list([("I" * 63, 1)]), "at most 62 qubits .* num_qubits=63"),
        (lambda: PauliSum.zero(63), "at most 62 qubits"),
        (lambda: PauliSum.zero(0), "at least one qubit"),
        (lambda: PauliSum.identity(40).tensor(PauliSum.identity(40)), "at most 62 qubits .* num_qubits=80"),
        (lambda: PauliSum.from_sparse_list([("ZZ", (0,), 1)], 2), "each letter needs one qubit"),
        (lambda: PauliSum.from_sparse_list([("ZZ", (0, 0), 1)], 2), "distinct"),
        (lambda: PauliSum.from_sparse_list([("Z", (2,), 1)], 2), r"must be in \[0, 2\), got 2"),
        (lambda: PauliSum([2], [0], [1], 1), r"x_masks must be in \[0, 2\^1\)"),
        (lambda: PauliSum([0], [-1], [1], 1), "z_masks must be in .* got -1"),
        (lambda: PauliSum([2**70], [0], [1], 1), "x_masks must be integers"),
        (lambda: PauliSum([0.0], [0], [1], 1), "x_masks must be integers below"),
        (lambda: PauliSum([[0]], [0], [1], 1), "x_masks must be a vector"),
        (lambda: PauliSum([[0], [0, 1]], [0], [1], 1), "x_masks must be a vector"),
        (lambda: PauliSum([0], [0], [[1]], 1), "coefficients must be a vector"),
        (lambda: PauliSum([0], [0], ["a"], 1), "coefficients must be numbers"),
        (lambda: PauliSum([0], [0], [np.inf], 1), "must be finite, got .* at index 0"),
        (lambda: ONE + TWO, "same number of qubits, got 1 and 2"),
        (lambda: ONE @ TWO, "same number of qubits"),
        (lambda: ONE.commutator(TWO), "same number of qubits"),
        (lambda: ONE.commutator(3), "must be a PauliSum or PauliString, got int"),
        (lambda: ONE * np.nan, "must be finite"),
        (lambda: ONE / 0, "non-zero"),
        (lambda: TWO.on_qubits([0], 3), "2 distinct qubits"),
        (lambda: TWO.on_qubits([1, 1], 3), "2 distinct qubits"),
        (lambda: TWO.on_qubits([0, 3], 3), r"must be in \[0, 3\)"),
        (lambda: TWO.on_qubits([0, 1.5], 3), "a qubit must be an integer"),
    ],
)
def test_bad_input_is_refused(build, message):
    with pytest.raises(OperatorError, match=message):
        build()


@pytest.mark.parametrize(
    "operation", [lambda: ONE + 1, lambda: ONE - 1, lambda: ONE * ONE, lambda: ONE @ 2, lambda: ONE / "2"]
)
def test_meaningless_arithmetic_is_a_type_error(operation):
    with pytest.raises(TypeError):
        operation()
