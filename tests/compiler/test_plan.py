import pickle

import numpy as np
import pytest
from node_states import run_gates
from random_circuits import random_dynamic_circuit, random_gate_circuit
from reference_gradients import on_qubits

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import Gate, Instruction, StandardGate
from qtoolkit.compiler import Opcode, UnitaryStep, compile_circuit
from qtoolkit.errors import CircuitError, ParameterError, UnboundParameterError
from qtoolkit_kernels import program as kernels


def test_opcodes_are_the_kernels():
    assert {code.name: code.value for code in Opcode} == {
        name: getattr(kernels, name)
        for name in ("DENSE_1Q", "DENSE_2Q", "DENSE_KQ", "DIAGONAL", "PERMUTATION", "PAULI_ROTATION", "COMPLETE_XY")
    }


@pytest.mark.parametrize("num_qubits", [1, 3, 5])
def test_adjoint_program_undoes(num_qubits):
    program = compile_circuit(random_gate_circuit(num_qubits, 60, seed=num_qubits)).unitary_program()
    rng = np.random.default_rng(0)
    start = rng.normal(size=1 << num_qubits) + 1j * rng.normal(size=1 << num_qubits)
    state = start.copy()
    coefficients, _ = program.bind(np.zeros(0))
    run_gates(program, coefficients, state)
    assert np.abs(state - start).max() > 0.1
    run_gates(program.adjoint, program.adjoint_coefficients(coefficients), state)
    assert np.abs(state - start).max() < 1e-12


def test_binding_beside_the_plan_equals_binding_the_circuit():
    a, b = Parameter("a"), Parameter("b")
    circuit = Circuit(3).rx(a, 0).rz(2 * a - b, [0, 1]).u(a, b, 0.5, 2).cp(b + 1, 0, 2).rzz(a, 1, 2)
    circuit.pauli_rotation("XYZ", b).fsim(a, b, 0, 1).crx(b, 2, 0).gphase(a).mcp(a, [0, 1], 2)
    values = [0.3, -1.1]
    bound = compile_circuit(circuit.bind(values)).unitary_program()
    plan = compile_circuit(circuit)
    free = plan.unitary_program()
    coefficients, angles = free.bind(plan.parameter_vector(values))
    assert np.allclose(coefficients, bound.constant_coefficients, atol=1e-15)
    assert angles[free.phase_slot] == pytest.approx(0.3)
    assert np.array_equal(free.opcodes, bound.opcodes)


def test_parameter_vector_by_any_key():
    a, b = Parameter("a"), Parameter("b")
    plan = compile_circuit(Circuit(1).rx(b, 0).rz(a, 0))
    for values in ({a: 1.0, b: 2.0}, {"a": 1.0, "b": 2.0}, [2.0, 1.0], np.array([2.0, 1.0])):
        assert plan.parameter_vector(values).tolist() == [2.0, 1.0]
    with pytest.raises(ParameterError, match="must be a real number"):
        plan.parameter_vector(np.array([1j, 0]))
    with pytest.raises(ParameterError, match="a mapping or a sequence, got 1"):
        plan.parameter_vector(1.0)
    with pytest.raises(UnboundParameterError, match="none for a"):
        plan.parameter_vector({"b": 1.0})
    with pytest.raises(UnboundParameterError, match="none for b, a"):
        plan.parameter_vector(None)


def test_plans_can_be_pickled():
    a = Parameter("a")
    circuit = Circuit(3, 1).rx(a, 0).pauli_rotation("XYZ", 2 * a).u(a, 0.1, a, 1).crz(a, 0, 2).measure(0, 0)
    circuit.if_(0, lambda body: body.fsim(a, a, 1, 2)).h(0)
    plan = compile_circuit(circuit)
    loaded = pickle.loads(pickle.dumps(plan))
    values = plan.parameter_vector([0.4])
    assert loaded.parameters == plan.parameters
    coefficients, angles = plan.steps[0].program.bind(values)
    found, found_angles = loaded.steps[0].program.bind(values)
    assert np.array_equal(found, coefficients)
    assert np.array_equal(found_angles, angles)


def test_angles_beyond_floats_are_refused():
    plan = compile_circuit(Circuit(1).rx(1e300 * Parameter("a"), 0))
    with pytest.raises(ParameterError, match="angles must be finite, got inf"):
        plan.unitary_program().bind(plan.parameter_vector([1e300]))


def test_what_cannot_be_compiled():
    class Other(Instruction):
        name = "other"
        num_qubits = 1

    with pytest.raises(CircuitError, match=r"a circuit to run holds gates, .*, got other"):
        compile_circuit(Circuit(1).append(Other(), 0))
    with pytest.raises(CircuitError, match=r"at most 62 qubits .*, got 63"):
        compile_circuit(Circuit(63).h(range(63)))


def test_measurements_split_the_plan():
    plan = compile_circuit(random_dynamic_circuit(3, 5, seed=1))
    assert not plan.is_unitary
    with pytest.raises(CircuitError, match="mid-circuit"):
        plan.unitary_program()
    ends = compile_circuit(Circuit(2).h(0).measure_all())
    assert ends.is_unitary
    assert ends.final_measurements == ((0, 0), (1, 1))
    assert isinstance(compile_circuit(Circuit(2)).steps[0], UnitaryStep)


MATRIX = np.kron(np.diag([1, 1j]), np.array([[0.6, 0.8], [-0.8, 0.6]]))


@pytest.mark.parametrize(
    "circuit",
    [
        Circuit(3).h(0).unitary(MATRIX, [0, 2]).x(1).unitary(MATRIX, [2, 1]),
        Circuit(3).h(0).unitary(MATRIX, [0, 2]).power(3),
        Circuit(3).h(0).barrier(0).unitary(MATRIX, [0, 2]).x(1),
        Circuit(3).h(0).unitary(MATRIX, [0, 2]).x(1).measure_all(),
        Circuit(3).h(0).append(StandardGate("gphase", [0.4]).controlled(), [1]).diagonal([1, 1j], [1]).h(1),
    ],
)
def test_gates_beside_the_rows_keep_their_order(circuit):
    program = compile_circuit(circuit).unitary_program()
    state = np.eye(1, 8, dtype=complex)[0]
    expected = state.copy()
    run_gates(program, *program.bind(np.zeros(0))[:1], state)
    for operation in circuit.operations:
        if isinstance(operation.gate, Gate):
            expected = on_qubits(operation.gate.matrix(), operation.qubits, expected)
    assert np.abs(state - expected).max() < 1e-14
