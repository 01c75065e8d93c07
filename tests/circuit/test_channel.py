"""Kraus channels: their forms against Qiskit's, what they are made of, what is refused."""

import pickle

import numpy as np
import pytest
from qiskit.quantum_info import PTM, Choi, Kraus, SuperOp, random_quantum_channel

from qtoolkit.circuit import Circuit, KrausChannel, PauliRotationGate, StandardGate
from qtoolkit.circuit.channel_forms import (
    choi_of_operators,
    operators_of_choi,
    reshuffled,
    superoperator_of_transfer_matrix,
)
from qtoolkit.errors import CircuitError

X = np.array([[0, 1], [1, 0]])
FLIP = KrausChannel([np.sqrt(0.9) * np.eye(2), np.sqrt(0.1) * X], name="flip")
DAMPING = KrausChannel([np.diag([1, np.sqrt(0.7)]), [[0, np.sqrt(0.3)], [0, 0]]], name="damping")


def random_channel(num_qubits, seed, rank=None):
    side = 1 << num_qubits
    theirs = Kraus(random_quantum_channel(side, side, rank=rank, seed=seed))
    return KrausChannel(theirs.data), theirs


@pytest.mark.parametrize(("num_qubits", "rank"), [(1, None), (1, 2), (2, 3), (3, 2)])
def test_forms_are_those_of_qiskit(num_qubits, rank):
    ours, theirs = random_channel(num_qubits, 7, rank)
    np.testing.assert_allclose(ours.superoperator(), SuperOp(theirs).data, atol=1e-13)
    np.testing.assert_allclose(ours.choi(), Choi(theirs).data, atol=1e-13)
    np.testing.assert_allclose(ours.pauli_transfer_matrix(), PTM(theirs).data, atol=1e-13)


def test_forms_lead_back():
    ours, _ = random_channel(2, 3)
    superoperator, choi = ours.superoperator(), ours.choi()
    np.testing.assert_allclose(reshuffled(superoperator), choi, atol=1e-14)
    np.testing.assert_allclose(reshuffled(choi), superoperator, atol=1e-14)
    np.testing.assert_allclose(
        superoperator_of_transfer_matrix(ours.pauli_transfer_matrix()), superoperator, atol=1e-13
    )
    np.testing.assert_allclose(choi_of_operators(operators_of_choi(choi)), choi, atol=1e-13)


def test_composition_and_tensor_products_are_those_of_superoperators():
    first, theirs_first = random_channel(1, 1)
    second, theirs_second = random_channel(1, 2)
    np.testing.assert_allclose(
        first.compose(second).superoperator(), SuperOp(theirs_first).compose(SuperOp(theirs_second)).data, atol=1e-13
    )
    np.testing.assert_allclose(
        first.tensor(second).superoperator(), SuperOp(theirs_first).tensor(SuperOp(theirs_second)).data, atol=1e-13
    )


def test_mixtures_stay_mixtures_when_composed():
    twice = FLIP.compose(FLIP)
    assert twice.pauli_probabilities == pytest.approx({"I": 0.82, "X": 0.18}, abs=1e-15)
    assert len(twice.operators) == 2
    both = FLIP.tensor(FLIP)
    assert both.pauli_probabilities == pytest.approx({"II": 0.81, "IX": 0.09, "XI": 0.09, "XX": 0.01}, abs=1e-15)
    phase = KrausChannel([np.sqrt(0.8) * np.eye(2), np.sqrt(0.2) * np.diag([1, -1])])
    assert phase.tensor(FLIP).pauli_probabilities["ZX"] == pytest.approx(0.02, abs=1e-15)


def test_composing_needs_no_more_operators_than_there_are_entries():
    ours, _ = random_channel(1, 4)
    assert len(ours.compose(ours).operators) <= 4


def test_mixture_and_pauli_probabilities():
    assert [p for p, _ in FLIP.mixture] == pytest.approx([0.9, 0.1], abs=1e-15)
    np.testing.assert_allclose(FLIP.mixture[1][1], X, atol=1e-15)
    assert FLIP.pauli_probabilities == pytest.approx({"I": 0.9, "X": 0.1}, abs=1e-15)
    assert DAMPING.mixture is None
    assert DAMPING.pauli_probabilities is None
    turn = KrausChannel([PauliRotationGate("X", 0.2).matrix()])
    assert turn.pauli_probabilities is None
    assert len(turn.mixture) == 1


def test_labels_have_the_first_qubit_rightmost():
    on_first = KrausChannel([np.sqrt(0.5) * np.eye(4), np.sqrt(0.5) * np.kron(np.eye(2), X)])
    assert on_first.pauli_probabilities == pytest.approx({"II": 0.5, "IX": 0.5}, abs=1e-15)


def test_a_pauli_channel_written_in_other_operators_is_found():
    mixed = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    old = np.array([np.sqrt(0.9) * np.eye(2), np.sqrt(0.1) * X])
    turned = KrausChannel(np.einsum("ab,bij->aij", mixed, old))
    assert turned.mixture is not None or turned.pauli_probabilities is not None
    assert turned.pauli_probabilities == pytest.approx({"I": 0.9, "X": 0.1}, abs=1e-14)


def test_unital_channels():
    assert FLIP.is_unital
    assert not DAMPING.is_unital


def test_equality_hash_and_pickle():
    same = KrausChannel(FLIP.operators, name="other")
    assert same == FLIP
    assert hash(same) == hash(FLIP)
    assert FLIP != DAMPING
    back = pickle.loads(pickle.dumps(FLIP))
    assert back == FLIP
    assert back.name == "flip"
    assert not back.operators[0].flags.writeable


def test_operators_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        FLIP.operators[0][0, 0] = 2.0


@pytest.mark.parametrize(
    ("operators", "message"),
    [
        ([0.9 * np.eye(2)], "must preserve the trace.*0.19 with Σ K†K = \\[\\[0.81, 0\\], \\[0, 0.81\\]\\]"),
        ([], "1 to 4096 Kraus operators, got 0"),
        ([np.eye(3)], "side a power of two"),
        ([np.eye(32)], "from 2 to 16"),
        ([np.eye(1)], "from 2 to 16"),
        ([np.eye(2), np.eye(4)], "of one size"),
        ([np.full((2, 2), np.nan)], "finite"),
        (3, "sequence of matrices"),
        (["ab"], "an operator of a channel"),
    ],
)
def test_what_is_no_channel_is_refused(operators, message):
    with pytest.raises(CircuitError, match=message):
        KrausChannel(operators)


def test_inverse_exists_for_one_operator_alone():
    turn = KrausChannel([StandardGate("t").matrix()], name="t")
    np.testing.assert_allclose(turn.compose(turn.inverse()).superoperator(), np.eye(4), atol=1e-15)
    with pytest.raises(CircuitError, match="loses information"):
        FLIP.inverse()
    with pytest.raises(CircuitError, match="loses information"):
        Circuit(1).channel(FLIP, 0).inverse()
    with pytest.raises(CircuitError, match="the channel flip: its operators have no phases"):
        Circuit(1).channel(FLIP, 0).controlled()
    with pytest.raises(CircuitError, match="loses information"):
        Circuit(1).channel(FLIP, 0).power(-1)
    undone = Circuit(1).channel(turn, 0).compose(Circuit(1).channel(turn, 0).inverse())
    np.testing.assert_allclose(undone.to_matrix(), np.eye(2), atol=1e-15)


def test_channels_in_circuits():
    circuit = Circuit(3).h(0).channel(FLIP, [0, 2]).channel(FLIP.tensor(DAMPING), (2, 1))
    assert [operation.qubits for operation in circuit] == [(0,), (0,), (2,), (2, 1)]
    assert circuit.depth() == 2
    assert circuit.copy() == circuit
    assert pickle.loads(pickle.dumps(circuit)) == circuit
    assert circuit.power(2).count_ops() == {"flip": 4, "h": 2, "flip ⊗ damping": 2}
    assert circuit.content == circuit.copy().content
    assert circuit.content != Circuit(3).h(0).channel(DAMPING, [0, 2]).content
    moved = Circuit(4).extend(circuit, [3, 1, 0])
    assert [operation.qubits for operation in moved][2:] == [(0,), (0, 1)]
    assert "flip ⊗ damping:1" in circuit.draw(120)
    for bad in ([0, 1, 2, 3], 5, (0, 0)):
        with pytest.raises(CircuitError):
            circuit.channel(FLIP.tensor(DAMPING), bad)
    with pytest.raises(CircuitError, match="a channel must be a KrausChannel"):
        circuit.channel(np.eye(2), 0)
    with pytest.raises(CircuitError, match="only gates have a matrix"):
        circuit.to_matrix()
