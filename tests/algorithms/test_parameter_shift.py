"""Parameter shifts against the adjoint method, for every gate with an angle."""

import numpy as np
import pytest

from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator
from qtoolkit.algorithms import parameter_shift_gradient
from qtoolkit.circuit import STANDARD_GATES, PauliRotationGate, StandardGate, UnitaryGate
from qtoolkit.errors import CircuitError, InputError

OBSERVABLE = PauliSum.from_list([("ZIX", 0.7), ("XYI", -0.4), ("IZZ", 0.3), ("YIY", 0.9), ("IIX", 0.5)])
PARAMETRISED = [record.name for record in STANDARD_GATES.values() if record.num_params]


def scrambled(seed):
    rng = np.random.default_rng(seed)
    circuit = Circuit(3)
    for qubit in range(3):
        circuit.u(*rng.normal(size=3), qubit)
    return circuit.cx(0, 1).cx(1, 2).ry(0.4, 0)


def check(circuit, values):
    value, gradient = parameter_shift_gradient(circuit, OBSERVABLE, values, estimator=StatevectorSimulator())
    expected_value, expected = StatevectorSimulator().gradient(circuit, OBSERVABLE, values)
    assert value == pytest.approx(expected_value, abs=1e-12)
    np.testing.assert_allclose(gradient, expected, atol=1e-11)


def appended(gate):
    circuit = scrambled(1).append(gate, range(gate.num_qubits))
    return circuit.extend(scrambled(2))


@pytest.mark.parametrize("gate_name", PARAMETRISED)
@pytest.mark.parametrize("num_controls", [0, 1])
def test_agrees_with_the_adjoint_method(gate_name, num_controls):
    record = STANDARD_GATES[gate_name]
    if record.num_qubits + num_controls > 3:
        pytest.skip("three qubits carry the observable")
    gate = StandardGate(record, [Parameter(f"t{k}") for k in range(record.num_params)])
    rng = np.random.default_rng(7)
    check(appended(gate.controlled(1, 0) if num_controls else gate), rng.normal(size=record.num_params))


def test_pauli_rotations_shared_parameters_and_linear_expressions():
    a, b = Parameter("a"), Parameter("b")
    circuit = scrambled(3).pauli_rotation("XZY", 2 * a - b + 0.3).rx(b, 1).crz(0.5 * b, 0, 2)
    circuit.append(PauliRotationGate("YX", a).controlled(), (2, 0, 1)).append(PauliRotationGate("III", a), (0, 1, 2))
    check(circuit.extend(scrambled(4)).ry(a, 2), [0.4, -0.9])


def test_a_circuit_without_parameters_has_an_empty_gradient():
    check(scrambled(5), [])


def test_wrong_count_and_parameters_in_branches_are_refused():
    with pytest.raises(InputError, match="1 parameters, got values of shape"):
        parameter_shift_gradient(
            Circuit(3).rx(Parameter("a"), 0), OBSERVABLE, [0.1, 0.2], estimator=StatevectorSimulator()
        )
    branched = Circuit(3, 1).measure(0, 0).if_(0, lambda body: body.rx(Parameter("a"), 1))
    with pytest.raises(CircuitError, match="parameters in gates alone"):
        parameter_shift_gradient(branched, OBSERVABLE, [0.1], estimator=StatevectorSimulator())


def test_unparametrised_matrices_are_left_alone():
    check(scrambled(6).append(UnitaryGate(np.eye(2)[::-1]), (1,)).rx(Parameter("a"), 1), [0.2])


def test_a_declared_parameter_that_no_gate_uses_has_no_slope():
    a, b = Parameter("a"), Parameter("b")
    circuit = Circuit(3).declare_parameters(["b", "x", "a"]).ry(a, 0).cx(0, 2).rx(b, 2)  # and qubit 1 is idle
    observable = PauliSum.from_list([("ZIZ", 1.0), ("IXX", 0.3), ("XZY", 0.5)])
    simulator = StatevectorSimulator()
    value, slope = parameter_shift_gradient(circuit, observable, [0.1, 0.2, 0.3], estimator=simulator)
    level, expected = simulator.gradient(circuit, observable, [0.1, 0.2, 0.3])
    assert value == pytest.approx(level, abs=1e-12)
    np.testing.assert_allclose(slope, expected, atol=1e-12)
    assert slope[1] == 0.0
