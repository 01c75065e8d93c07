"""Circuits of few gates are the same unitaries as the exponentials that they stand for."""

import numpy as np
import pytest
from qiskit import transpile
from scipy.linalg import expm
from scipy.stats import unitary_group

from qtoolkit import Circuit
from qtoolkit.applications.chemistry import (
    LUCJ,
    UCCSD,
    Excitation,
    KUpCCGSD,
    PairUCCD,
    append_compact_excitation,
    append_excitation,
)
from qtoolkit.applications.chemistry.ansaetze.givens import determinant_network, rotation_network
from qtoolkit.circuit import Parameter
from qtoolkit.errors import ConversionError, InputError
from qtoolkit.interop.qiskit import to_qiskit

DEVICE = ["rz", "sx", "x", "cx"]


def random_excitation(rank, rng, num_modes=6):
    modes = rng.permutation(num_modes)[: 2 * rank].tolist()
    return Excitation(tuple(modes[:rank]), tuple(modes[rank:]))


def qubit_generator(excitation, num_qubits):
    """What moves the ones of a bit string, without signs, minus its transpose."""
    matrix = np.zeros((1 << num_qubits,) * 2)
    source, target = (sum(1 << mode for mode in modes) for modes in (excitation.annihilated, excitation.created))
    for index in range(1 << num_qubits):
        if index & (source | target) == source:
            matrix[index ^ source ^ target, index] = 1.0
    return matrix - matrix.T


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("seed", range(12))
def test_compact_fermionic_excitations_are_their_pauli_rotations(rank, seed):
    rng = np.random.default_rng(seed)
    excitation, theta = random_excitation(rank, rng), rng.normal()
    compact = append_compact_excitation(Circuit(6), excitation, theta).to_matrix()
    np.testing.assert_allclose(compact, append_excitation(Circuit(6), excitation, theta).to_matrix(), atol=1e-13)


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("seed", range(6))
def test_compact_qubit_excitations_are_their_exponentials(rank, seed):
    rng = np.random.default_rng(seed)
    excitation, theta = random_excitation(rank, rng), rng.normal()
    compact = append_compact_excitation(Circuit(6), excitation, theta, fermionic=False).to_matrix()
    np.testing.assert_allclose(compact, expm(theta * qubit_generator(excitation, 6)), atol=1e-13)


def test_compact_excitations_take_free_parameters():
    circuit = append_compact_excitation(Circuit(6), Excitation((0, 3), (2, 5)), 2.0 * Parameter("t"))
    bound = append_compact_excitation(Circuit(6), Excitation((0, 3), (2, 5)), 0.6)
    np.testing.assert_allclose(circuit.bind([0.3]).to_matrix(), bound.to_matrix(), atol=1e-14)


@pytest.mark.parametrize(
    ("excitation", "fermionic", "num_cx"),
    [
        (Excitation((0,), (5,)), False, 2),
        (Excitation((0, 3), (2, 5)), False, 13),
        (Excitation((0, 1), (2, 3)), True, 13),
        (Excitation((0,), (5,)), True, 10),
        (Excitation((0, 3), (2, 5)), True, 17),
    ],
)
def test_compact_excitations_cost_what_was_published(excitation, fermionic, num_cx):
    circuit = append_compact_excitation(Circuit(6), excitation, 0.3, fermionic)
    assert transpile(to_qiskit(circuit), basis_gates=DEVICE, optimization_level=1).count_ops()["cx"] == num_cx


def test_gate_counts_are_those_of_a_compact_circuit():
    ansatz = UCCSD(3, (1, 1))
    counts = ansatz.gate_counts()
    assert set(counts) <= {*DEVICE, "two_qubit_gates", "depth", "two_qubit_depth"}
    # 4 doubles and 4 singles; the alpha and beta electron of a double pass 2 or 3 others, singles 0 or 1
    passed = {(1, 4): 0, (1, 5): 1, (2, 4): 1, (2, 5): 2}
    doubles = sum(13 + 2 * count for count in passed.values())
    assert counts["two_qubit_gates"] <= doubles + 2 * (2 + 4)
    assert counts["two_qubit_gates"] < ansatz.gate_counts(compact=False)["two_qubit_gates"]
    assert counts["two_qubit_depth"] <= counts["two_qubit_gates"] == counts["cx"]
    assert counts["two_qubit_depth"] < counts["depth"]


def test_gate_counts_are_those_of_any_basis_and_mapping():
    ansatz = KUpCCGSD(3, (1, 1))
    counts = ansatz.gate_counts("parity", ["u", "cz"])
    assert set(counts) == {"u", "cz", "two_qubit_gates", "depth", "two_qubit_depth"}
    assert counts["cz"] == counts["two_qubit_gates"] > 0
    with pytest.raises(ConversionError, match="must be able to write"):
        ansatz.gate_counts(basis_gates=["x", "cx"])
    with pytest.raises(InputError, match="sequence of names"):
        ansatz.gate_counts(basis_gates="cx")
    with pytest.raises(InputError, match="need the Jordan"):
        ansatz.gate_counts("parity", compact=True)


def test_pairs_cost_two_gates_each():
    ansatz = PairUCCD(4, (2, 2))
    counts = ansatz.gate_counts("pair")
    assert counts["cx"] == 2 * ansatz.num_parameters == 8
    assert ansatz.to_circuit("pair").num_qubits == 4


def test_local_jastrow_circuits_act_on_neighbours_only():
    norb = 5
    ansatz = LUCJ(norb, (2, 2))
    circuit = ansatz.to_circuit(parameters=np.full(ansatz.num_parameters, 0.1))
    pairs = {tuple(sorted(operation.qubits)) for operation in circuit if len(operation.qubits) == 2}
    lines = {(first + p, first + p + 1) for first in (0, norb) for p in range(norb - 1)}
    assert pairs == lines | {(p, p + norb) for p in range(norb)}


@pytest.mark.parametrize("norb", [1, 2, 5, 6])
def test_networks_of_neighbours_are_the_rotation(norb):
    unitary = np.asarray(unitary_group.rvs(norb, random_state=norb)).reshape(norb, norb)
    network = rotation_network(unitary)
    assert len(network.rotations) == norb * (norb - 1) // 2
    found = np.diag(np.exp(1j * network.phases)) @ product(network, norb)
    np.testing.assert_allclose(found, unitary, atol=1e-13)
    for count in range(norb + 1):
        network = determinant_network(unitary[:, :count])
        assert len(network.rotations) == count * (norb - count)
        columns = product(network, norb)[:, :count]
        overlap = np.linalg.det(columns.conj().T @ unitary[:, :count])
        assert overlap == pytest.approx(np.exp(1j * network.global_phase), abs=1e-12)


def test_rotations_of_neighbours_take_the_least_depth():
    unitary = unitary_group.rvs(6, random_state=1)
    levels = np.zeros(6, int)
    for turn in rotation_network(unitary).rotations:
        levels[turn.orbital : turn.orbital + 2] = levels[turn.orbital : turn.orbital + 2].max() + 1
    assert levels.max() == 6


def product(network, norb):
    matrix = np.eye(norb, dtype=complex)
    for turn in network.rotations:
        generator = np.zeros((norb, norb), complex)
        generator[turn.orbital + 1, turn.orbital] = turn.theta * np.exp(1j * turn.phi)
        matrix = expm(generator - generator.conj().T) @ matrix
    return matrix


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: append_compact_excitation(None, Excitation((0,), (1,)), 0.1), "needs a Circuit"),
        (lambda: append_compact_excitation(Circuit(2), Excitation((0,), (1,)), "a"), "theta"),
        (lambda: append_compact_excitation(Circuit(6), Excitation((0, 1, 2), (3, 4, 5)), 0.1), "one or two electrons"),
        (lambda: UCCSD(2, (1, 1)).to_circuit("parity", compact=True), "need the Jordan"),
        (lambda: PairUCCD(2, (1, 1)).to_circuit("pair", object()), "no symmetry to taper"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
