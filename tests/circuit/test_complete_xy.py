"""The exchange of all pairs of qubits as a gate: its matrix, in simulations of all states, and exported."""

import numpy as np
import pytest
from qiskit.quantum_info import Operator
from scipy.linalg import expm

from qtoolkit import (
    Circuit,
    Parameter,
    PauliSum,
    StatevectorSimulator,
    from_qasm,
    from_qiskit,
    to_cirq,
    to_qasm,
    to_qiskit,
)
from qtoolkit.algorithms import parameter_shift_gradient
from qtoolkit.circuit import CompleteXYGate, StandardGate
from qtoolkit.errors import CircuitError, ParameterError, UnboundParameterError

FULL = StatevectorSimulator()


def hamiltonian(num_qubits):
    terms = [(letters, (i, j), 0.5) for j in range(num_qubits) for i in range(j) for letters in ("XX", "YY")]
    return PauliSum.from_sparse_list(terms, num_qubits).to_matrix()


@pytest.mark.parametrize("num_qubits", range(2, 8))
def test_matrix_generator_and_levels(num_qubits):
    gate, half = CompleteXYGate(num_qubits, 1.9), hamiltonian(num_qubits) / 2
    np.testing.assert_allclose(gate.matrix(), expm(-1.9j * half), rtol=0, atol=1e-13)
    (generator,) = CompleteXYGate(num_qubits, Parameter("a")).generators()
    np.testing.assert_allclose(generator, half, rtol=0, atol=1e-13)
    np.testing.assert_allclose(gate.levels(), np.unique(np.linalg.eigvalsh(half).round(9)), rtol=0, atol=1e-8)
    np.testing.assert_allclose(gate.inverse().matrix() @ gate.matrix(), np.eye(2**num_qubits), rtol=0, atol=1e-13)


def test_two_qubits_are_an_exchange():
    expected = StandardGate("xx_plus_yy", (0.7, 0.0))
    np.testing.assert_allclose(CompleteXYGate(2, 0.7).matrix(), expected.matrix(), rtol=0, atol=1e-15)
    assert CompleteXYGate(2, 0.7).decomposition() == ((expected, (0, 1)),)


def test_as_a_value():
    a = Parameter("a")
    gate = CompleteXYGate(3, 2 * a)
    assert gate.bind({"a": 0.4}) == CompleteXYGate(3, 0.8)
    assert gate.inverse() == CompleteXYGate(3, -2 * a)
    assert len({gate, CompleteXYGate(3, 2 * a), CompleteXYGate(4, 2 * a), CompleteXYGate(3, a)}) == 3
    with pytest.raises(UnboundParameterError, match="complete_xy has the free parameter"):
        gate.matrix()
    with pytest.raises(CircuitError, match="num_qubits"):
        CompleteXYGate(1, 0.3)
    with pytest.raises(ParameterError, match="theta"):
        CompleteXYGate(2, "0.3")


def some_circuit(num_qubits, seed):
    rng = np.random.default_rng(seed)
    a, b = Parameter("a"), Parameter("b")
    circuit = Circuit(num_qubits)
    for q in range(num_qubits):
        circuit.ry(rng.normal(), q).rz(rng.normal(), q)
    order = rng.permutation(num_qubits).tolist()
    circuit.append(CompleteXYGate(num_qubits, 0.8 * a - 0.3 * b + 0.2), order).rx(b, 0).cx(0, 1)
    circuit.append(CompleteXYGate(num_qubits - 1, 1.1), order[1:]).rzz(a, *order[:2])
    gate = CompleteXYGate(num_qubits - 2, b).controlled(2, int(rng.integers(4)))
    return circuit.append(gate, order).ry(a, order[-1])


def random_observable(num_qubits, seed):
    rng = np.random.default_rng(seed)
    labels = ["".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(20)]
    return PauliSum.from_list([(label, float(rng.normal())) for label in labels])


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("num_qubits", [4, 5, 7, 9])
def test_simulations_of_all_states(num_qubits, precision):
    tolerance = 1e-12 if precision == "double" else 3e-6
    circuit, values = some_circuit(num_qubits, num_qubits), np.array([0.8, -1.7])
    simulator, observable = StatevectorSimulator(precision), random_observable(num_qubits, 1)
    expected = circuit.bind(values).to_matrix()[:, 0]
    for body in (circuit, simulator.compile(circuit)):
        np.testing.assert_allclose(simulator.state_vector(body, values), expected, rtol=0, atol=tolerance)
        rows = simulator.expectation_value(body, observable, np.array([values, 2 * values]))
        assert rows[0] == pytest.approx(simulator.expectation_value(body, observable, values), abs=tolerance)
        value, gradient = simulator.gradient(body, observable, values)
        assert value == pytest.approx(rows[0], abs=tolerance)
        shifted = parameter_shift_gradient(circuit, observable, values, estimator=FULL)[1] if num_qubits < 6 else None
        for k, step in enumerate(np.eye(2) * 1e-5):
            up, down = (FULL.expectation_value(circuit, observable, values + sign * step) for sign in (1, -1))
            assert gradient[k] == pytest.approx((up - down) / 2e-5, abs=1e-7 + 20 * tolerance)
            assert shifted is None or gradient[k] == pytest.approx(shifted[k], abs=1e-9 + 20 * tolerance)


def test_sixteen_qubits_in_threads():
    num_qubits = 16
    circuit = some_circuit(num_qubits, 3)
    back = circuit.copy().extend(circuit.inverse())
    state = FULL.state_vector(back, [0.8, -1.7])
    assert abs(state[0]) == pytest.approx(1.0, abs=1e-12)
    ones = StatevectorSimulator(num_threads=1).state_vector(circuit, [0.8, -1.7])
    np.testing.assert_allclose(FULL.state_vector(circuit, [0.8, -1.7]), ones, rtol=0, atol=1e-13)


def test_plans_tell_of_it():
    plan = FULL.compile(Circuit(5).append(CompleteXYGate(5, 0.3), range(5)))
    report = plan.explain()
    assert [dict(sweep.operations) for sweep in report.sweeps] == [{"WHOLE": 1}]
    assert report.sweeps[0].flops == 30.0


def trotter(circuit):
    """The circuit with the gate's decomposition in its place."""
    spelled = Circuit(circuit.num_qubits)
    for gate, qubits in ((operation.gate, operation.qubits) for operation in circuit):
        if isinstance(gate, CompleteXYGate):
            for step, places in gate.decomposition():
                spelled.append(step, [qubits[k] for k in places])
        else:
            spelled.append(gate, qubits)
    return spelled


def test_exports_spell_the_decomposition_out():
    circuit = Circuit(4).x(0).h(2).append(CompleteXYGate(4, 0.9), [2, 0, 3, 1]).rz(0.3, 1)
    circuit.append(CompleteXYGate(3, -0.4), [3, 1, 0])
    expected = trotter(circuit)
    unitary = expected.to_matrix()
    assert np.abs(unitary - circuit.to_matrix()).max() > 0.01
    assert expected.count_ops()["xx_plus_yy"] == 9
    assert to_qiskit(circuit).count_ops()["xx_plus_yy"] == 9
    np.testing.assert_allclose(Operator(to_qiskit(circuit)).data, unitary, rtol=0, atol=1e-12)
    for back in (from_qiskit(to_qiskit(circuit)), from_qasm(to_qasm(circuit))):
        np.testing.assert_allclose(back.to_matrix(), unitary, rtol=0, atol=1e-12)
    assert len(list(to_cirq(circuit).all_operations())) == 9 + 3


def test_exports_keep_free_angles_and_controls():
    a = Parameter("a")
    circuit = Circuit(4).append(CompleteXYGate(3, 2 * a), [1, 2, 3])
    back = from_qiskit(to_qiskit(circuit)).bind({"a": 0.7})
    np.testing.assert_allclose(back.to_matrix(), trotter(circuit).bind({"a": 0.7}).to_matrix(), rtol=0, atol=1e-12)
    controlled = Circuit(4).append(CompleteXYGate(3, 0.8).controlled(1, 0), [2, 0, 1, 3])
    spelled = Circuit(4)
    for step, places in CompleteXYGate(3, 0.8).decomposition():
        spelled.append(step.controlled(1, 0), [2, *([0, 1, 3][k] for k in places)])
    for back in (from_qiskit(to_qiskit(controlled)), from_qasm(to_qasm(controlled))):
        np.testing.assert_allclose(back.to_matrix(), spelled.to_matrix(), rtol=0, atol=1e-12)
