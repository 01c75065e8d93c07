"""A tape of gates as a program equals what a builder makes of the gates one by one."""

import numpy as np
import pytest
from planner_passes import both
from random_circuits import random_gate_circuit, transpiled_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit, Parameter, ParameterVector
from qtoolkit.circuit import STANDARD_GATES, StandardGate
from qtoolkit.compiler import examples
from qtoolkit.compiler.encode import ProgramBuilder
from qtoolkit.compiler.examples import program_of
from qtoolkit.compiler.program import Opcode
from qtoolkit_kernels import _jit
from qtoolkit_kernels.planner import encode

EXACT = (
    "opcodes", "qubits", "qubit_start", "control_masks", "control_values", "coefficient_start", "table", "table_start",
)  # fmt: skip


def index_of(circuit):
    return {parameter.name: k for k, parameter in enumerate(circuit.parameters)}


def assert_same(circuit):
    """The program of a circuit of gates alone, bound to a few values."""
    builder = ProgramBuilder(index_of(circuit))
    for operation in circuit.operations:
        builder.add(operation.gate, operation.qubits)
    expected, found = builder.build(), program_of(circuit.operations, index_of(circuit))
    for name in EXACT:
        assert getattr(found, name).dtype == np.int64
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    np.testing.assert_allclose(found.constant_coefficients, expected.constant_coefficients, rtol=0, atol=2e-15)
    rng = np.random.default_rng(1)
    for values in rng.uniform(-4, 4, (3, circuit.num_parameters)):
        (coefficients, angles), (other_coefficients, other_angles) = found.bind(values), expected.bind(values)
        np.testing.assert_allclose(coefficients, other_coefficients, rtol=0, atol=1e-14)
        assert angles[found.phase_slot] == pytest.approx(other_angles[expected.phase_slot], abs=1e-12)
        assert len(found.differentials) == len(expected.differentials)
        for one, other in zip(found.differentials, expected.differentials, strict=True):
            assert (one.operation, one.record) == (other.operation, other.record)
            np.testing.assert_allclose(angles[list(one.slots)], other_angles[list(other.slots)], rtol=0, atol=1e-12)
    return found


@pytest.fixture(autouse=True)
def _both(monkeypatch):
    """Every tape is encoded both ways."""

    def run(kernel, *arguments):
        assert kernel in (encode.measure, encode.encode)
        return both(kernel, *arguments)

    monkeypatch.setattr(examples, "runner", lambda _: run)


@pytest.mark.parametrize("name", STANDARD_GATES)
def test_every_gate(name):
    """At random, at special, and at free angles, on qubits in any order."""
    record = STANDARD_GATES[name]
    theta = ParameterVector("theta", 3)
    rng = np.random.default_rng(2)
    circuit = Circuit(4)
    angles = [[float(x) for x in rng.uniform(-4, 4, record.num_params)] for _ in range(4)]
    angles += [[special] * record.num_params for special in (0.0, np.pi, -np.pi / 2, 2 * np.pi)]
    angles += [[0.3 * theta[k] - 0.2 for k in range(record.num_params)], [theta[1]] * record.num_params]
    angles += [[theta[0] - 2 * theta[2] + 1, 0.3, theta[1]][: record.num_params]]
    for values in angles:
        circuit.append(StandardGate(record, values), [int(q) for q in rng.permutation(4)[: record.num_qubits]])
    assert_same(circuit)


@pytest.mark.parametrize("seed", range(4))
def test_circuits(seed):
    assert_same(random_gate_circuit(5, 80, seed))
    assert_same(transpiled_circuit(5, 80, seed, ["cx", "cz"][seed % 2]))


def test_what_is_no_standard_gate():
    a, b = Parameter("a"), Parameter("b")
    gates = [
        (StandardGate("x").controlled(3, 5), [3, 0, 1, 2]),
        (StandardGate("rz", (a,)).controlled(2, 1), [2, 0, 3]),
        (StandardGate("rxx", (b - a,)).controlled(1, 0), [1, 3, 0]),
        (StandardGate("u", (a, 0.3, b)).controlled(1), [2, 1]),
        (StandardGate("gphase", (a,)).controlled(2, 2), [1, 2]),
        (StandardGate("swap").controlled(1), [0, 2, 3]),
    ]
    circuit = Circuit(4).pauli_rotation("XYZI", a).pauli_rotation("ZIIX", 0.4).mcp(b, [0, 2], 3)
    for gate, qubits in gates:
        circuit.append(gate, qubits).rx(a, qubits[0]).h(qubits[-1])
    circuit.diagonal(np.exp(1j * np.arange(8)), [2, 0, 3]).permutation([1, 2, 3, 0], [3, 1])
    circuit.unitary(np.eye(8)[::-1], [3, 1, 0]).unitary(np.diag([1, 1j]), [2]).rz(b, 1).pauli_rotation("YIIZ", 2 * b)
    program = assert_same(circuit)
    assert len(program.differentials) > 10


def test_global_phases():
    a, b = Parameter("a"), Parameter("b")
    circuit = Circuit(2).gphase(0.3).h(0).gphase(a - b).gphase(2 * a + 0.1).cx(0, 1).gphase(-0.7)
    program = assert_same(circuit)
    _, angles = program.bind(np.array([0.4, 1.3]))
    assert angles[program.phase_slot] == pytest.approx(0.3 + 0.4 - 1.3 + 0.8 + 0.1 - 0.7)
    assert assert_same(Circuit(1).gphase(0.3)).num_operations == 0


def test_nothing():
    program = assert_same(Circuit(3))
    assert program.num_operations == 0
    assert program.groups == ()


def test_gates_with_angles_alike_are_bound_together():
    theta = ParameterVector("theta", 4)
    circuit = Circuit(4)
    for k in range(4):
        circuit.rx(theta[k], k).rz(theta[k], k).pauli_rotation("XYZZ", theta[k])
    assert sorted(group.slots.shape for group in assert_same(circuit).groups) == [(4, 1)] * 3


def test_long_tapes_wait_for_the_compiler(monkeypatch):
    def refuse(*_arguments):
        raise AssertionError

    monkeypatch.setattr(_jit, "run_soon", refuse)
    monkeypatch.setattr(_jit, "MOST_INTERPRETED", 100)
    circuit = Circuit(3)
    for k in range(200):
        circuit.rx(0.1 * k, k % 3).cx(k % 3, (k + 1) % 3)
    assert_same(circuit)


def test_matrices_without_controls():
    """Dense and diagonal ones of every size, on qubits that numbers hold and on others, between gates that move."""
    rng = np.random.default_rng(5)
    a = Parameter("a")
    for with_parameters in (False, True):
        circuit = Circuit(40)
        for size in (1, 2, 3, 4, 5):
            for width in (6, 40):
                qubits = rng.permutation(width)[:size].tolist()
                circuit.unitary(unitary_group.rvs(1 << size, random_state=rng), qubits).h(qubits[0])
                circuit.unitary(np.diag(np.exp(1j * rng.uniform(-3, 3, 1 << size))), qubits)
            if with_parameters:
                circuit.rx(a, size).pauli_rotation("XYZ", 2 * a, [size, 0, 7])
        assert not circuit.operations.is_told
        assert_same(circuit)
    few = Circuit(3).unitary(unitary_group.rvs(4, random_state=rng), [2, 0]).unitary(np.diag([1, 1j]), [1])
    assert few.operations.is_told
    assert assert_same(few).opcodes.tolist() == [Opcode.DENSE_2Q, Opcode.DIAGONAL]
