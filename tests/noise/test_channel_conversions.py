"""Channels from superoperators, Choi and Pauli transfer matrices; fidelities and twirls against Qiskit's."""

import numpy as np
import pytest
from qiskit.quantum_info import (
    PTM,
    Choi,
    Kraus,
    Operator,
    SuperOp,
    process_fidelity,
    random_quantum_channel,
    random_unitary,
)
from qiskit.quantum_info import average_gate_fidelity as qiskit_average

from qtoolkit.circuit import KrausChannel, StandardGate
from qtoolkit.errors import CircuitError
from qtoolkit.noise import (
    amplitude_damping,
    average_gate_fidelity,
    bit_flip,
    depolarizing,
    entanglement_fidelity,
    from_choi,
    from_kraus,
    from_pauli_transfer_matrix,
    from_superoperator,
    over_rotation,
    twirled,
)


@pytest.mark.parametrize(("num_qubits", "rank"), [(1, None), (2, 1), (2, 5), (3, 2)])
def test_every_form_leads_to_the_same_channel(num_qubits, rank):
    side = 1 << num_qubits
    theirs = random_quantum_channel(side, side, rank=rank, seed=3)
    wanted = SuperOp(theirs).data
    for ours in (
        from_kraus(Kraus(theirs).data),
        from_superoperator(wanted),
        from_choi(Choi(theirs).data),
        from_pauli_transfer_matrix(PTM(theirs).data),
        from_pauli_transfer_matrix(from_superoperator(wanted).pauli_transfer_matrix()),
    ):
        np.testing.assert_allclose(ours.superoperator(), wanted, atol=1e-12)
        assert len(ours.operators) <= 4**num_qubits
    assert from_choi(Choi(theirs).data, name="mine").name == "mine"


def test_pauli_channels_stay_mixtures_of_strings():
    channel = depolarizing(0.3, 2)
    for found in (from_choi(channel.choi()), from_superoperator(channel.superoperator())):
        assert found.mixture is not None
        assert found.pauli_probabilities == pytest.approx(channel.pauli_probabilities, abs=1e-13)


def test_what_is_no_channel_is_refused():
    transposition = np.eye(4)[[0, 2, 1, 3]]  # positive, but not completely
    with pytest.raises(CircuitError, match="completely positive, got a Choi matrix with the eigenvalue -1"):
        from_superoperator(transposition)
    with pytest.raises(CircuitError, match="preserve the trace"):
        from_superoperator(0.5 * np.eye(4))
    with pytest.raises(CircuitError, match="Hermitian"):
        from_choi(np.triu(np.ones((4, 4))))
    with pytest.raises(CircuitError, match="shape"):
        from_choi(np.eye(8))
    with pytest.raises(CircuitError, match="finite"):
        from_choi(np.full((4, 4), np.nan))
    with pytest.raises(CircuitError, match="is real"):
        from_pauli_transfer_matrix(1j * np.eye(4))


@pytest.mark.parametrize("num_qubits", [1, 2])
def test_fidelities_are_those_of_qiskit(num_qubits):
    side = 1 << num_qubits
    theirs = random_quantum_channel(side, side, rank=3, seed=5)
    target = random_unitary(side, seed=6)
    ours = KrausChannel(Kraus(theirs).data)
    assert entanglement_fidelity(ours, target.data) == pytest.approx(process_fidelity(theirs, target), abs=1e-12)
    assert average_gate_fidelity(ours, target.data) == pytest.approx(qiskit_average(theirs, target), abs=1e-12)
    assert entanglement_fidelity(ours) == pytest.approx(process_fidelity(theirs), abs=1e-12)


def test_fidelities_that_are_known():
    assert entanglement_fidelity(depolarizing(0.3, 2)) == pytest.approx(0.7, abs=1e-14)
    assert average_gate_fidelity(depolarizing(0.3)) == pytest.approx(1 - 0.3 * 2 / 3, abs=1e-14)
    assert entanglement_fidelity(over_rotation("X", 0.4)) == pytest.approx(np.cos(0.2) ** 2, abs=1e-14)
    turned = KrausChannel([StandardGate("h").matrix()])
    assert average_gate_fidelity(turned, StandardGate("h")) == pytest.approx(1, abs=1e-14)
    with pytest.raises(CircuitError, match="the channel's 1 qubits, got 2"):
        entanglement_fidelity(bit_flip(0.1), StandardGate("cx"))


def test_twirls():
    assert twirled(over_rotation("X", 0.4)).pauli_probabilities == pytest.approx(
        {"I": np.cos(0.2) ** 2, "X": np.sin(0.2) ** 2}, abs=1e-14
    )
    channel = amplitude_damping(0.3).tensor(over_rotation("Z", 0.2))
    diagonal = np.diag(channel.pauli_transfer_matrix())
    np.testing.assert_allclose(twirled(channel).pauli_transfer_matrix(), np.diag(diagonal), atol=1e-14)
    assert entanglement_fidelity(twirled(channel)) == pytest.approx(entanglement_fidelity(channel), abs=1e-14)
    # By its definition, averaged over all strings.
    paulis = [np.kron(a, b) for a in _letters() for b in _letters()]
    average = sum(
        SuperOp(Operator(p)).compose(SuperOp(channel.superoperator())).compose(SuperOp(Operator(p))).data
        for p in paulis
    )
    np.testing.assert_allclose(twirled(channel).superoperator(), average / 16, atol=1e-14)


def _letters():
    return [np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])]
