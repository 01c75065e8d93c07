import copy
import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import Pauli

from qtoolkit.errors import OperatorError
from qtoolkit.operators import PauliString, PauliSum

LETTERS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}

labels = st.text("IXYZ", min_size=1, max_size=5)
pairs_of_labels = st.integers(1, 5).flatmap(
    lambda size: st.tuples(st.text("IXYZ", min_size=size, max_size=size), st.text("IXYZ", min_size=size, max_size=size))
)


def test_leftmost_letter_is_the_highest_qubit():
    string = PauliString("ZXI")
    assert (string.num_qubits, string.x_mask, string.z_mask) == (3, 0b010, 0b100)
    assert [string.letter(qubit) for qubit in range(3)] == ["I", "X", "Z"]
    assert string.qubits == (1, 2)
    assert string.weight == 2
    assert len(string) == 3


def test_y_sets_both_masks():
    assert PauliString("Y") == PauliString.from_masks(1, 1, 1)


@given(labels)
@settings(deadline=None, max_examples=60)
def test_label_round_trips_and_matrix_is_the_kronecker_product(label):
    string = PauliString(label)
    expected = np.eye(1)
    for letter in label:
        expected = np.kron(expected, LETTERS[letter])
    assert string.label == str(string) == label
    assert eval(repr(string)) == string
    np.testing.assert_array_equal(string.to_matrix(), expected)


@given(pairs_of_labels)
@settings(deadline=None, max_examples=60)
def test_products_and_commutation_follow_qiskit(pair):
    left, right = map(PauliString, pair)
    phase, product = left.multiply(right)
    reference = Pauli(pair[0]) @ Pauli(pair[1])
    assert (phase, product.label) == ((-1j) ** reference.phase, reference.to_label().lstrip("-i"))
    assert left.commutes_with(right) == Pauli(pair[0]).commutes(Pauli(pair[1]))
    expected = all(a == b or "I" in (a, b) for a, b in zip(*pair, strict=True))
    assert left.commutes_with(right, qubit_wise=True) == expected
    assert left * right == left @ right == PauliSum.from_strings([product], [phase])


def test_sparse_forms_agree():
    expected = PauliString("ZIIYX")
    assert PauliString.from_sparse({0: "X", 1: "Y", 4: "Z"}, 5) == expected
    assert PauliString.from_sparse("X0 Y1 Z4", 5) == expected
    assert PauliString.from_sparse("", 2) == PauliString.identity(2) == PauliString("II")


def test_arithmetic_makes_sums():
    x, z = PauliString("XI"), PauliString("IZ")
    assert 2 * x - z / 4 == PauliSum.from_list([("XI", 2), ("IZ", -0.25)])
    assert x + z == sum([x, z]) == PauliSum.from_list([("XI", 1), ("IZ", 1)])
    assert -x == np.float64(-1.0) * x == x * -1 == PauliSum.from_list([("XI", -1)])
    assert x @ z.to_sum() == x * z
    assert x.tensor(z) == PauliString("XIIZ")


def test_works_beyond_the_limit_of_sums():
    label = "XYZI" * 40
    string = PauliString(label)
    assert string.label == label
    phase, product = string.multiply(PauliString("Z" * 160))
    assert phase == 1  # forty times XZ = -iY and YZ = iX
    assert product.label == "YXIZ" * 40
    with pytest.raises(OperatorError, match="at most 62 qubits"):
        string.to_sum()


def test_is_immutable_hashable_and_copies():
    string = PauliString("XYZ")
    with pytest.raises(dataclasses.FrozenInstanceError):
        string.x_mask = 0
    assert {string: 1}[PauliString("XYZ")] == 1
    assert string != PauliString("IXYZ")
    assert pickle.loads(pickle.dumps(string)) == copy.deepcopy(string) == string


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: PauliString(""), "non-empty"),
        (lambda: PauliString("XQZ"), r"only the letters .* \['Q'\]"),
        (lambda: PauliString("X1"), "only the letters"),
        (lambda: PauliString(3), "non-empty string"),
        (lambda: PauliString.from_masks(4, 0, 2), r"x_mask must be in \[0, 2\^2\)"),
        (lambda: PauliString.from_masks(0, -1, 2), "z_mask must be in"),
        (lambda: PauliString.from_masks(0.5, 0, 2), "x_mask must be an integer"),
        (lambda: PauliString.from_masks(0, 0, 0), "at least one qubit"),
        (lambda: PauliString.from_masks(0, 0, 1.5), "num_qubits must be an integer"),
        (lambda: PauliString.from_sparse({2: "X"}, 2), r"must be in \[0, 2\), got 2"),
        (lambda: PauliString.from_sparse({"0": "X"}, 2), "a qubit must be an integer"),
        (lambda: PauliString.from_sparse({0: "A"}, 2), "got 'A' on qubit 0"),
        (lambda: PauliString.from_sparse("X0 Z0", 2), "qubit 0 twice"),
        (lambda: PauliString.from_sparse("X0Z1", 2), "got 'X0Z1'"),
        (lambda: PauliString("XX").letter(2), r"must be in \[0, 2\)"),
        (lambda: PauliString("XX").commutes_with(PauliString("X")), "same number of qubits, got 2 and 1"),
        (lambda: PauliString("XX") * PauliString("X"), "same number of qubits"),
        (lambda: PauliString("X") * float("nan"), "must be finite, got nan"),
    ],
)
def test_bad_input_is_refused(build, message):
    with pytest.raises(OperatorError, match=message):
        build()


def test_meaningless_arithmetic_is_a_type_error():
    with pytest.raises(TypeError):
        PauliString("X") * "Z"
    with pytest.raises(TypeError):
        "Z" * PauliString("X")
