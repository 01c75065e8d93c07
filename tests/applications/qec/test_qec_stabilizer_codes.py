"""Codes from matrices and labels: what is refused, and logical operators that fit."""

import numpy as np
import pytest
import stim
from hypothesis import given, settings
from hypothesis import strategies as st

from qtoolkit import PauliString
from qtoolkit.applications.qec import CSSCode, StabilizerCode, SubsystemCode
from qtoolkit.errors import InputError, OperatorError

FIVE = ["XZZXI", "IXZZX", "XIXZZ", "ZXIXZ"]


def anticommute(first, second):
    half = first.shape[1] // 2
    return (first[:, :half] @ second[:, half:].T + first[:, half:] @ second[:, :half].T) % 2


def random_code(seed, num_qubits, num_stabilizers):
    """Stabilizers that a random Clifford circuit makes of Z on some qubits."""
    rng = np.random.default_rng(seed)
    circuit = stim.Circuit()
    circuit.append("I", range(num_qubits))
    for _ in range(5 * num_qubits):
        circuit.append(str(rng.choice(["H", "S", "SQRT_X"])), int(rng.integers(num_qubits)))
        circuit.append("CX", rng.permutation(num_qubits)[:2])
    tableau = circuit.to_tableau()
    return np.array(
        [np.concatenate(tableau.z_output(k).to_numpy()) for k in rng.permutation(num_qubits)[:num_stabilizers]]
    ).astype(np.uint8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 8), st.integers(0, 7))
def test_logical_operators_found_fit_the_stabilizers(seed, num_qubits, rank):
    rank = 1 + rank % num_qubits
    code = StabilizerCode(random_code(seed, num_qubits, rank))
    k = num_qubits - rank
    assert (code.num_qubits, code.num_logical, code.rank) == (num_qubits, k, rank)
    for rows in (code.logical_x, code.logical_z):
        assert rows.shape == (k, 2 * num_qubits)
        assert not anticommute(rows.astype(int), code.stabilizers.astype(int)).any()
        assert not anticommute(rows.astype(int), rows.astype(int)).any()
    assert np.array_equal(anticommute(code.logical_x.astype(int), code.logical_z.astype(int)), np.eye(k))


def test_stabilizers_that_anticommute_are_named_with_the_qubits_where_they_clash():
    with pytest.raises(InputError, match=r"rows 0 and 2 that anticommute: they clash on the qubits \[0\]"):
        StabilizerCode(["IIX", "XII", "IIZ"])
    with pytest.raises(InputError, match=r"row 1 of x_checks and row 0 of z_checks that share the qubits \[2\]"):
        CSSCode([[1, 1, 0], [0, 0, 1]], [[1, 1, 1]])


def test_stabilizers_whose_product_is_minus_one_are_refused():
    with pytest.raises(InputError, match=r"the product of rows \[0, 1, 2\] is −1"):
        StabilizerCode(["XX", "ZZ", "YY"])
    assert StabilizerCode(["XX", "ZZ"]).num_logical == 0


def test_dependent_rows_are_kept_and_count_once():
    code = CSSCode(np.zeros((0, 3)), [[1, 1, 0], [0, 1, 1], [1, 0, 1]])
    assert (code.num_stabilizers, code.rank, code.num_logical) == (3, 2, 1)


def test_labels_read_from_either_side():
    left = StabilizerCode.from_strings(FIVE, first="left")
    right = StabilizerCode.from_strings([label[::-1] for label in FIVE])
    assert left == right == StabilizerCode([PauliString(label[::-1]) for label in FIVE])
    assert [string.label[::-1] for string in left.stabilizer_strings()] == FIVE
    assert hash(left) == hash(right)
    assert left != StabilizerCode(["XX", "ZZ"])


def test_given_logical_operators_are_checked():
    stabilizers = ["ZZI", "IZZ"]
    code = StabilizerCode(stabilizers, ["XXX"], ["IIZ"])
    assert [tuple(s.label for s in pair) for pair in code.logical_strings()] == [("XXX", "IIZ")]
    for logical_x, logical_z, message in (
        (["IIX"], ["IIZ"], "got row 0 of logical_x and row 1"),
        (["ZZZ"], ["IIZ"], r"logical_x\[0\] and logical_z\[0\] that commute"),
        (["XXX", "XXX"], ["IIZ", "IIZ"], "stores 1 qubits, got 2 rows in logical_x"),
        (["XXX"], None, "together or not at all"),
    ):
        with pytest.raises(InputError, match=message):
            StabilizerCode(stabilizers, logical_x, logical_z)
    with pytest.raises(InputError, match="got 3 and logical X of qubit 0 of weight 2"):
        CSSCode([[1, 1, 1, 1]], [[1, 1, 1, 1]], [[1, 1, 0, 0], [1, 0, 1, 0]], [[1, 0, 1, 0], [1, 1, 0, 0]], distance=3)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[0, 1, 2, 0]], "must hold 0 and 1, got 2 in row 0, column 2"),
        ([[0, 1, 1]], "even length"),
        ("XX", "got one: 'XX'; put it in a list"),
        (["XX", "XXX"], r"same number of qubits, got \[2, 3\]"),
        ([[0.5, 0.5]], "must be integers|integers"),
    ],
)
def test_what_is_no_matrix_of_pauli_operators_is_refused(rows, message):
    with pytest.raises(InputError, match=message):
        StabilizerCode(rows)


def test_odd_labels_are_refused():
    with pytest.raises(OperatorError, match="letters"):
        StabilizerCode(["XQ"])
    with pytest.raises(InputError, match="by keyword"):
        StabilizerCode(["XX"], colour="red")


def test_codes_cannot_be_changed():
    code = StabilizerCode(["XX", "ZZ"])
    with pytest.raises(ValueError, match="read-only"):
        code.stabilizers[0, 0] = 0
    with pytest.raises(AttributeError):
        code.name = "other"


def test_syndromes_and_logical_action_of_all_errors_on_one_qubit():
    code = StabilizerCode.from_strings(FIVE, first="left")
    errors = ["I" * (4 - q) + letter + "I" * q for q in range(5) for letter in "XYZ"]
    syndromes = code.syndrome(errors)
    assert len({row.tobytes() for row in syndromes}) == 15
    assert syndromes.any(axis=1).all()
    assert code.logical_action(code.logical_x).tolist() == [[False, True]]


def test_stim_tableau_has_stabilizers_and_logical_z():
    code = StabilizerCode.from_strings(FIVE, ["XXXXX"], ["ZZZZZ"], first="left")
    tableau = code.to_stim()
    assert [str(tableau.z_output(k)) for k in range(5)] == ["+" + row.replace("I", "_") for row in [*FIVE, "ZZZZZ"]]


def test_stabilizers_of_a_subsystem_code_follow_from_its_gauge_operators():
    gauge = ["IIXX", "XXII", "IZIZ", "ZIZI"]  # the Bacon–Shor code on 2 × 2 qubits
    code = SubsystemCode(gauge)
    assert {string.label for string in code.stabilizer_strings()} == {"XXXX", "ZZZZ"}
    assert (code.num_logical, code.num_gauge) == (1, 1)
    for row, chosen in zip(code.stabilizers, code.products, strict=True):
        assert np.array_equal(chosen.astype(int) @ code.gauge_operators % 2, row)
    with pytest.raises(InputError, match="of X alone or of Z alone, got row 1"):
        SubsystemCode(["XX", "YZ"])
