"""The dialect writer against Braket's own matrices: every gate, matrices, controls, states; and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from random_circuits import random_gate_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit, Parameter
from qtoolkit.backends.braket import to_braket_qasm
from qtoolkit.backends.braket.openqasm import MAX_MATRIX_QUBITS, NATIVE_GATES, Dialect
from qtoolkit.backends.braket.verbatim import verbatim_call
from qtoolkit.circuit import STANDARD_GATES, Gate, StandardGate, UnitaryGate
from qtoolkit.errors import ConversionError, UnboundParameterError

braket_circuits = pytest.importorskip("braket.circuits")


TRAPPED_IONS = ("x", "y", "z", "rx", "ry", "rz", "h", "cx", "s", "sdg", "t", "tdg", "sx", "sxdg", "rxx", "ryy", "swap")
FEW_GATES = Dialect({name: NATIVE_GATES[name] for name in TRAPPED_IONS}, False, False, False)
"""A quantum computer: no matrices, no controls, no barriers."""


def braket_matrix(circuit: Circuit, dialect: Dialect | None = None) -> np.ndarray:
    """What Braket makes of the text, with qubit 0 as the lowest bit."""
    n = circuit.num_qubits
    touched = circuit.copy()
    for q in range(n):
        touched.id(q)  # Braket leaves out qubits that nothing acts on
    if dialect is not None:
        touched = circuit.copy().h(range(n)).h(range(n))
    program = to_braket_qasm(touched) if dialect is None else to_braket_qasm(touched, dialect)
    big_endian = braket_circuits.Circuit.from_ir(program.source).to_unitary()
    reverse = [int(f"{k:0{n}b}"[::-1], 2) for k in range(1 << n)]
    return big_endian[np.ix_(reverse, reverse)]


def assert_equal_up_to_phase(left: np.ndarray, right: np.ndarray) -> None:
    overlap = np.vdot(left, right)
    assert abs(overlap) == pytest.approx(len(left), abs=1e-9)
    np.testing.assert_allclose(left * overlap / abs(overlap), right, atol=1e-10)


@pytest.mark.parametrize("name", STANDARD_GATES)
def test_every_standard_gate(name) -> None:
    record = STANDARD_GATES[name]
    angles = np.random.default_rng(len(name)).uniform(-3, 3, record.num_params)
    qubits = [2, 0, 1][: record.num_qubits]
    circuit = Circuit(3).append(StandardGate(name, angles), qubits)
    assert_equal_up_to_phase(braket_matrix(circuit), circuit.to_matrix())


@pytest.mark.parametrize("name", NATIVE_GATES)
def test_native_gates_stay_themselves_and_can_be_controlled(name) -> None:
    record = STANDARD_GATES[name]
    angles = np.random.default_rng(7).uniform(-3, 3, record.num_params)
    qubits = [3, 1, 0][: record.num_qubits]
    text = to_braket_qasm(Circuit(4).append(StandardGate(name, angles), qubits)).source
    assert f"\n{NATIVE_GATES[name]}" in text
    # a phase that does not show on the gate alone shows under control
    circuit = Circuit(4).h(range(4)).append(StandardGate(name, angles).controlled(1, ctrl_state=0), [2, *qubits])
    assert_equal_up_to_phase(braket_matrix(circuit), circuit.to_matrix())


@pytest.mark.parametrize(
    "gate",
    [
        StandardGate("x").controlled(3, ctrl_state=0b010),
        StandardGate("u", (0.3, 1.1, -0.7)).controlled(2),
        StandardGate("fsim", (0.3, 1.1)).controlled(1),
        UnitaryGate(unitary_group.rvs(8, random_state=1)),
        UnitaryGate(unitary_group.rvs(2, random_state=2)).controlled(1, ctrl_state=0),
    ],
    ids=lambda gate: gate.name,
)
def test_controls_and_matrices(gate: Gate) -> None:
    circuit = Circuit(4).h(0).append(gate, [3, 0, 2, 1][: gate.num_qubits])
    assert_equal_up_to_phase(braket_matrix(circuit), circuit.to_matrix())


@pytest.mark.parametrize(
    "matrix",
    [
        unitary_group.rvs(2, random_state=3),
        np.eye(2),
        1j * np.eye(2),
        np.diag([1, np.exp(0.4j)]),
        np.array([[0, 1], [1, 0]]),
        np.array([[0, np.exp(0.4j)], [np.exp(-1.3j), 0]]),
        np.array([[1e-9, 1], [1, -1e-9]]) / np.sqrt(1 + 1e-18),
        np.array([[1, 1j], [1j, 1]]) / np.sqrt(2),
    ],
)
def test_one_qubit_matrices_become_rotations(matrix) -> None:
    circuit = Circuit(2).unitary(matrix, [1])
    assert "pragma" not in to_braket_qasm(circuit).source
    assert_equal_up_to_phase(braket_matrix(circuit), circuit.to_matrix())


@pytest.mark.parametrize("seed", range(3))
def test_random_circuits(seed) -> None:
    circuit = random_gate_circuit(4, 30, seed)
    assert_equal_up_to_phase(braket_matrix(circuit), circuit.to_matrix())


@pytest.mark.parametrize(
    "state",
    [[0, 1], [1, 0], [0.6, 0.8j], [1j, 0], [0, 0, 0, 1], [0.5, -0.5, 0.5j, 0.5], [1, 1e-12]],
)
def test_initialize(state) -> None:
    qubits = [2, 0][: len(state).bit_length() - 1]
    circuit = Circuit(3).initialize(state, qubits).measure_all()
    prepared = braket_matrix(circuit.without_final_measurements())[:, 0]
    index = [sum((k >> j & 1) << q for j, q in enumerate(qubits)) for k in range(len(state))]
    assert abs(np.vdot(prepared[index], state)) == pytest.approx(1.0, abs=1e-10)


def test_the_text() -> None:
    circuit = Circuit(3, 2).h(0).cx(0, 2).barrier(0, 1).rz(-1e-5, 2).sx(1).gphase(0.4)
    circuit.measure([2, 0, 2], [0, 1, 1])
    program = to_braket_qasm(circuit)
    assert program.source == (
        "OPENQASM 3.0;\nqubit[3] q;\nbit[2] b;\nh q[0];\ncnot q[0], q[2];\n"
        "barrier q[0], q[1];\nrz(-1e-05) q[2];\nv q[1];\nb[0] = measure q[0];\nb[1] = measure q[2];\n"
    )
    assert program.measured == ((2, 0), (0, 1), (2, 1))


def test_refusals() -> None:
    with pytest.raises(UnboundParameterError, match="theta"):
        to_braket_qasm(Circuit(1).rx(Parameter("theta"), 0).measure_all())
    with pytest.raises(ConversionError, match=r"cannot write 'reset' at position 1: .* gates and final measurements"):
        to_braket_qasm(Circuit(1).x(0).reset(0).measure_all())
    with pytest.raises(ConversionError, match="cannot write 'measure' at position 0"):
        to_braket_qasm(Circuit(1, 1).measure(0, 0).x(0))
    with pytest.raises(ConversionError, match="cannot write initialize at position 1: its qubits are in use"):
        to_braket_qasm(Circuit(1).x(0).initialize([0, 1], 0).measure_all())
    wide = MAX_MATRIX_QUBITS + 1
    with pytest.raises(ConversionError, match=f"cannot write 'diagonal' at position 0: .* of at most .* got {wide}"):
        to_braket_qasm(Circuit(wide).diagonal(np.ones(1 << wide)).measure_all())


@pytest.mark.parametrize("name", [name for name, record in STANDARD_GATES.items() if record.num_qubits])
def test_every_standard_gate_in_few_gates(name) -> None:
    record = STANDARD_GATES[name]
    angles = np.random.default_rng(len(name)).uniform(-3, 3, record.num_params)
    circuit = Circuit(3).append(StandardGate(name, angles), [2, 0, 1][: record.num_qubits]).barrier()
    text = to_braket_qasm(circuit, FEW_GATES).source
    used = {line.split("(")[0].split()[0] for line in text.splitlines()[2:]}
    assert used - {"bit[0]"} <= set(FEW_GATES.gates.values())
    assert_equal_up_to_phase(braket_matrix(circuit, FEW_GATES), circuit.to_matrix())


def test_matrices_controls_and_states_in_few_gates() -> None:
    circuit = Circuit(3).unitary(unitary_group.rvs(4, random_state=4), [2, 0])
    circuit.append(StandardGate("u", (0.3, 1.1, -0.7)).controlled(2, ctrl_state=1), [1, 2, 0])
    text = to_braket_qasm(circuit, FEW_GATES).source
    assert "ctrl" not in text
    assert "pragma" not in text
    assert_equal_up_to_phase(braket_matrix(circuit, FEW_GATES), circuit.to_matrix())
    state = np.array([0.5, -0.5, 0.1 + 0.7j, 0.0])
    state /= np.linalg.norm(state)
    column = braket_matrix(Circuit(2).initialize(state, [0, 1]), FEW_GATES)[:, 0]
    # Behind the state come two Hadamard gates on each qubit.
    assert abs(np.vdot(column, state)) == pytest.approx(1.0, abs=1e-10)


def test_a_dialect_without_what_all_is_made_of() -> None:
    with pytest.raises(ConversionError, match="the device has no gate cnot"):
        to_braket_qasm(Circuit(2).swap(0, 1), Dialect({"ry": "ry", "rz": "rz"}, False, False))
    with pytest.raises(ConversionError, match="the device has no gates ry and rz"):
        to_braket_qasm(Circuit(1).h(0), Dialect({"cx": "cnot"}, False, False))


@pytest.mark.parametrize(
    ("native", "theta", "phi"),
    [
        ({"prx"}, 0.4, -2.1),
        ({"prx"}, 2.9, 0.3),
        ({"prx"}, np.pi, 1.2),
        ({"prx"}, -0.8, 0.9),
        ({"prx"}, 4.0, 2.0),
        ({"gpi", "gpi2"}, np.pi, 0.7),
        ({"gpi", "gpi2"}, np.pi / 2, -2.6),
        ({"gpi", "gpi2"}, -np.pi / 2, 0.2),
        ({"rx", "rz"}, 1.3, 0.0),
        ({"rx", "rz"}, 1.3, np.pi),
        ({"rx", "rz"}, -np.pi / 2, 0.0),
    ],
)
@pytest.mark.parametrize("phase", [0.0, 1.9])
def test_rotations_in_the_plane_are_gates_of_devices(native, theta, phi, phase) -> None:
    axis = np.array([[0, np.exp(-1j * phi)], [np.exp(1j * phi), 0]])
    matrix = np.exp(1j * phase) * (np.cos(theta / 2) * np.eye(2) - 1j * np.sin(theta / 2) * axis)
    call = verbatim_call(UnitaryGate(matrix), frozenset(native), None)
    text = f"OPENQASM 3.0;\nqubit[1] q;\n{call} q[0];\n"
    assert_equal_up_to_phase(braket_circuits.Circuit.from_ir(text).to_unitary(), matrix)


@pytest.mark.parametrize("native", [{"prx", "cz"}, {"gpi", "gpi2", "zz"}, {"rx", "iswap"}])
def test_gates_that_a_device_has_not(native) -> None:
    for gate in (StandardGate("h"), StandardGate("t"), StandardGate("cx")):
        with pytest.raises(ConversionError, match="none of the device's own gates"):
            verbatim_call(gate, frozenset(native), None)
    with pytest.raises(ConversionError, match="none of the device's own gates"):
        verbatim_call(StandardGate("ry", (0.4,)), frozenset({"gpi", "gpi2"}), None)
