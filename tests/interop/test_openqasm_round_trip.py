import numpy as np
import pytest
import qiskit.qasm2
import qiskit.qasm3
from qiskit.quantum_info import Operator, random_statevector, random_unitary
from qiskit_reference import assert_same_outcomes, circuit_outcomes
from random_circuits import random_dynamic_circuit, random_gate_circuit

import qtoolkit.circuit as qt
from qtoolkit.interop.openqasm import from_qasm, to_qasm
from qtoolkit.interop.openqasm.permutations import permutation_network
from qtoolkit.interop.qiskit import from_qiskit, to_qiskit

RECORDS = tuple(qt.STANDARD_GATES.values())
VERSIONS = [2, 3]


def read_and_converted(text: str) -> qt.Circuit:
    return from_qiskit(read_by_qiskit(text, 2))


def read_by_qiskit(text: str, version: int):
    if version == 2:
        return qiskit.qasm2.loads(text, custom_instructions=qiskit.qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    return qiskit.qasm3.loads(text)


def assert_text_means(circuit: qt.Circuit, version: int) -> qt.Circuit:
    """Both this reader and Qiskit's own give the circuit's unitary, global phase included."""
    text = to_qasm(circuit, version)
    back = from_qasm(text)
    np.testing.assert_allclose(back.to_matrix(), circuit.to_matrix(), atol=1e-10)
    np.testing.assert_allclose(Operator(read_by_qiskit(text, version)).data, circuit.to_matrix(), atol=1e-10)
    return back


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_gate_comes_back_as_it_was(record, version):
    rng = np.random.default_rng(len(record.name))
    gate = qt.StandardGate(record, tuple(rng.uniform(-3, 3, record.num_params)))
    circuit = qt.Circuit(record.num_qubits + 1).append(gate, range(record.num_qubits, 0, -1))
    back = assert_text_means(circuit, version)
    if (version, record.name) != (2, "gphase"):  # a gate sequence
        assert list(back) == list(circuit)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("seed", range(8))
def test_random_circuits(seed, version):
    assert_text_means(random_gate_circuit(seed % 5 + 1, 25, seed), version)


@pytest.mark.parametrize("seed", range(4))
def test_random_circuits_with_measurement(seed):
    circuit = random_dynamic_circuit(seed % 3 + 1, 5, seed)
    text = to_qasm(circuit, 3)
    assert_same_outcomes(from_qasm(text), read_by_qiskit(text, 3))
    ours, back = circuit_outcomes(circuit), circuit_outcomes(from_qasm(text))
    assert ours.keys() == back.keys()
    for clbits, density in ours.items():
        np.testing.assert_allclose(back[clbits], density, atol=1e-10)


@pytest.mark.parametrize("version", VERSIONS)
def test_controlled_gates(version):
    circuit = qt.Circuit(4)
    for name, count, state in (
        ("rx", 3, 5),
        ("u", 2, 1),
        ("u", 1, 0),
        ("sxdg", 2, 2),
        ("gphase", 2, 0),
        ("fsim", 2, 1),
    ):
        base = qt.StandardGate(name, (0.3, -0.4, 0.5)[: qt.STANDARD_GATES[name].num_params])
        gate = base.controlled(count, state)
        circuit.append(gate, np.random.default_rng(state).permutation(4)[: gate.num_qubits].tolist())
    circuit.append(qt.UnitaryGate(random_unitary(4, seed=1).data).controlled(1, 0), (2, 0, 1))
    circuit.append(qt.UnitaryGate([[1j]]).controlled(2, 2), (3, 0))
    circuit.append(qt.DiagonalGate([1, 1j, -1, 1]).controlled(1), (3, 0, 1))
    circuit.append(qt.PermutationGate([1, 2, 3, 0]).controlled(1, 0), (3, 0, 1))
    circuit.append(qt.PauliRotationGate("XY", 0.4).controlled(1), (3, 0, 1))
    assert_text_means(circuit, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_array_gates(version):
    rng = np.random.default_rng(4)
    circuit = (
        qt.Circuit(4)
        .unitary(random_unitary(8, seed=1).data, (2, 0, 3), label="Ünïtary 1!")
        .unitary(random_unitary(2, seed=2).data, 1)
        .unitary(random_unitary(2, seed=2).data, 3)
        .append(qt.UnitaryGate([[1j]]), ())
        .diagonal(np.exp(1j * rng.uniform(0, 6, 8)), (3, 1, 0))
        .permutation(rng.permutation(16))
        .permutation([0, 2, 4, 6, 1, 3, 5, 7], (0, 1, 3))
        .pauli_rotation("XIZY", 0.7)
        .pauli_rotation("XIZY", -0.2)
        .pauli_rotation("II", 0.3, (0, 1))
    )
    assert_text_means(circuit, version)
    text = to_qasm(circuit, version)
    assert text.count("gate unitary ") == 1  # equal matrices share a definition
    assert text.count("gate pauli_xizy(theta)") == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_preparations(version):
    state = random_statevector(8, seed=3).data
    circuit = qt.Circuit(4).h(range(4)).cx(0, 3).initialize(state, (3, 0, 1))
    back = circuit_outcomes(from_qasm(to_qasm(circuit, version)))[0]
    np.testing.assert_allclose(back, circuit_outcomes(circuit)[0], atol=1e-10)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_permutation_networks(k):
    for seed in range(5):
        table = np.random.default_rng(seed).permutation(1 << k).astype(np.int64)
        network = permutation_network(table)
        assert np.array_equal(np.argmax(np.abs(network.to_matrix()), axis=0), table)


@pytest.mark.parametrize("version", VERSIONS)
def test_angles_keep_every_digit(version):
    angles = [0.1, -1e-300, np.pi / 7, 123456789.123456789, 5e-324, -0.0, 1.0, 2.0**80]
    circuit = qt.Circuit(1)
    for angle in angles:
        circuit.rx(angle, 0)
    assert [op.gate.params[0] for op in from_qasm(to_qasm(circuit, version))] == angles


def test_parameters_stay_free():
    x, y = qt.Parameter("alpha"), qt.Parameter("v[1]")
    circuit = qt.Circuit(2).rx(2 * x - y / 3 + 0.5, 0).fsim(-x, y - 0.25, 0, 1).pauli_rotation("ZX", -y)
    circuit.append(qt.StandardGate("u", (x, y, 0.1)).controlled(1, 0), (1, 0)).gphase(0.5 * x)
    text = to_qasm(circuit)
    assert "input float[64] alpha;\ninput float[64] v_1;" in text
    back = from_qasm(text)
    assert {p.name for p in back.parameters} == {"alpha", "v_1"}
    np.testing.assert_allclose(
        back.bind({"alpha": 0.7, "v_1": -1.3}).to_matrix(), circuit.bind([0.7, -1.3]).to_matrix(), atol=1e-12
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_registers_keep_their_names(version):
    circuit = qt.Circuit(4)
    circuit.name_qubits("a", (0, 1))
    circuit.name_qubits("b", (3,))
    circuit.add_clbits(2, "low")
    circuit.add_clbits(1, "flag")
    circuit.h(2).cx(2, 3).measure((3, 0), (2, 0))
    back = from_qasm(to_qasm(circuit, version))
    assert [(r.name, r.qubits) for r in back.qubit_registers] == [("a", (0, 1)), ("q", (2,)), ("b", (3,))]
    assert back.clbit_registers == circuit.clbit_registers
    assert back == circuit


@pytest.mark.parametrize("version", VERSIONS)
def test_names_bend_to_the_grammar(version):
    circuit = qt.Circuit(3)
    circuit.name_qubits("Qubits of Ä", (0,))
    circuit.name_qubits("cx", (1,))
    circuit.name_qubits("pi", (2,))
    circuit.add_clbits(1, "1st")
    circuit.add_clbits(1, "Qubits of Ä")
    circuit.cx(0, 2).measure(2, 1)
    back = from_qasm(to_qasm(circuit, version))
    assert back == circuit
    names = [r.name for r in (*back.qubit_registers, *back.clbit_registers)]
    assert len(set(names)) == 5


@pytest.mark.parametrize("version", VERSIONS)
def test_overlapping_registers_keep_the_order_of_bits(version):
    circuit = qt.Circuit(2, 3)
    circuit.name_clbits("turned", (2, 1))
    circuit.name_clbits("tail", (1, 2))
    circuit.name_qubits("far", (1, 0))
    circuit.cx(1, 0).measure((0, 1), (2, 0))
    back = from_qasm(to_qasm(circuit, version))
    assert back == circuit
    assert [r.clbits for r in back.clbit_registers] == [(0, 1, 2)]


def test_branches_of_version_3():
    circuit = qt.Circuit(2, 4)
    circuit.name_clbits("pair", (1, 2))
    circuit.h(0).measure(0, 0).h(0).measure(0, 3)
    circuit.if_(circuit.clbit(0) == 0, lambda body: body.x(1))
    circuit.if_(circuit.clbit_register("c") == 9, lambda body: body.h(1).measure(1, 1), lambda body: body.y(1))
    circuit.if_(qt.Condition((3, 0), 2), lambda body: body.z(1), lambda body: body.reset(1))
    circuit.if_(circuit.clbit_register("pair") == 1, lambda b: b.if_(b.clbit(3) == 1, lambda inner: inner.s(1)))
    ours, back = circuit_outcomes(circuit), circuit_outcomes(from_qasm(to_qasm(circuit)))
    for clbits, density in ours.items():
        np.testing.assert_allclose(back[clbits], density, atol=1e-10)


def test_branches_of_version_2():
    circuit = qt.Circuit(3, 2)
    flag = circuit.add_clbits(1, "flag")
    circuit.h(0).measure(0, 2)
    circuit.if_(flag == 1, lambda body: body.x(1).barrier().initialize([0, 1], 2).measure(1, 0))
    circuit.if_(circuit.clbit_register("c") == 1, lambda body: body.gphase(0.3).measure(0, 1))
    text = to_qasm(circuit, 2)
    assert "if(flag==1) x q[1];\nif(flag==1) reset q[2];\n" in text
    ours, back = circuit_outcomes(circuit), circuit_outcomes(from_qasm(text))
    for clbits, density in ours.items():
        np.testing.assert_allclose(back[clbits], density, atol=1e-10)


def test_texts_of_others_are_read_in_version_3():
    text = """
    // angles not in alphabetical order, loops, broadcasting, modifiers
    include "stdgates.inc";
    gate twist(theta, phi, lam) a, b { rz(theta) a; ctrl @ p(phi - 2*lam) a, b; inv @ s b; gphase(lam/4); }
    input angle alpha;
    qubit[3] q;
    bit[3] c;
    h q;
    for uint i in [0:1] { cx q[i], q[i + 1]; for int j in {2, -1} rx(j*alpha) q[i]; }
    negctrl @ twist(0.1, 0.2, 0.3) q[2], q[0], q[1];
    pow(2) @ t q[1];
    for uint i in [2:-1:1] { c[i] = measure q[i]; if (c[i]) { x q[0]; } }
    """
    expected = qt.Circuit(3, 3).h(range(3))
    alpha = qt.Parameter("alpha")
    for i in range(2):
        expected.cx(i, i + 1).rx(2 * alpha, i).rx(-alpha, i)
    twist = qt.Circuit(2).rz(0.1, 0).cp(0.2 - 0.6, 0, 1).sdg(1).p(0.075, 0).x(0).p(0.075, 0).x(0)
    expected.extend(twist.controlled(1, 0), (2, 0, 1)).s(1)
    for i in (2, 1):
        expected.measure(i, i).if_(i, lambda body: body.x(0))
    ours, theirs = circuit_outcomes(expected.bind([0.7])), circuit_outcomes(from_qasm(text).bind([0.7]))
    for clbits, density in ours.items():
        np.testing.assert_allclose(theirs[clbits], density, atol=1e-10)


def test_texts_of_others_are_read_in_version_2():
    text = """OPENQASM 2.0;
    include "qelib1.inc";
    gate twist(theta, phi) a, b { rz(theta) a; cu1(phi/2) a, b; u2(0, pi) b; }
    qreg q[2]; creg c[2];
    twist(0.1, 0.2) q[1], q[0];
    measure q -> c;
    if(c==1) x q[0];
    """
    expected = qt.Circuit(2, 2).rz(0.1, 1).cp(0.1, 1, 0).u(np.pi / 2, 0, np.pi, 0).measure((0, 1), (0, 1))
    expected.if_(expected.clbit_register("c") == 1, lambda body: body.x(0))
    assert from_qasm(text) == expected
    assert from_qasm(text.replace("OPENQASM 2.0;", "")) == expected


def test_signs_may_follow_signs_in_version_2():
    text = "OPENQASM 2.0; include 'qelib1.inc'; qreg q[1]; rx(1++2) q[0]; rx(++--+3) q[0]; rx(2^-1---1) q[0];"
    assert from_qasm(text) == read_and_converted(text)
    assert [op.gate.params[0] for op in from_qasm(text)] == [3.0, 3.0, -0.5]


def test_qiskits_own_text_is_read():
    circuit = random_gate_circuit(4, 25, 5, arrays=False)
    exported = to_qiskit(circuit)
    for text in (qiskit.qasm2.dumps(exported.decompose("csxdg")), qiskit.qasm3.dumps(exported)):
        overlap = np.vdot(from_qasm(text).to_matrix(), circuit.to_matrix()) / 16
        assert abs(overlap) == pytest.approx(1.0, abs=1e-10)  # Qiskit drops the global phase in version 2
