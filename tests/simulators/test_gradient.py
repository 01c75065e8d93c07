import numpy as np
import pytest

from qtoolkit import Circuit, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.circuit import STANDARD_GATES, ControlledGate, PauliRotationGate, StandardGate
from qtoolkit.errors import CircuitError, OperatorError

SIMULATOR = StatevectorSimulator()
OBSERVABLE = PauliSum.from_list([("ZZII", 0.5), ("XIYX", -0.7), ("IYXZ", 0.3), ("IIIZ", 1.1)])


def every_parametrised_gate() -> Circuit:
    """Each gate that takes an angle, with linear expressions and shared parameters between fixed gates."""
    theta = ParameterVector("theta", 7)
    rng = np.random.default_rng(12)
    circuit = Circuit(4).h(range(4)).cx(0, 1).t(2)
    for record in STANDARD_GATES.values():
        if not record.num_params:
            continue
        angles = [
            float(rng.normal()) * theta[int(rng.integers(7))] + theta[int(rng.integers(7))] + float(rng.normal())
            for _ in range(record.num_params)
        ]
        circuit.append(StandardGate(record, angles), rng.permutation(4)[: record.num_qubits])
        circuit.cx(int(rng.integers(2)), 2 + int(rng.integers(2)))
    circuit.pauli_rotation("XYZI", theta[0]).pauli_rotation("ZIIZ", theta[1] - theta[2])
    circuit.mcp(theta[3], [0, 1, 2], 3)
    circuit.append(StandardGate("ry", [theta[4]]).controlled(2, 1), [3, 0, 1])
    return circuit


def numeric_gradient(circuit, observable, values, simulator=SIMULATOR, step=1e-5):
    gradient = np.zeros(len(values))
    for j in range(len(values)):
        shift = step * np.eye(len(values))[j]
        above = simulator.expectation_value(circuit, observable, values + shift)
        below = simulator.expectation_value(circuit, observable, values - shift)
        gradient[j] = (above - below) / (2 * step)
    return gradient


def test_every_gate_against_differences():
    circuit = every_parametrised_gate()
    values = np.random.default_rng(1).uniform(-2, 2, circuit.num_parameters)
    value, gradient = SIMULATOR.gradient(circuit, OBSERVABLE, values)
    assert value == pytest.approx(SIMULATOR.expectation_value(circuit, OBSERVABLE, values), abs=1e-13)
    assert np.abs(gradient - numeric_gradient(circuit, OBSERVABLE, values)).max() < 1e-8
    assert np.abs(gradient).max() > 0.1


def test_controlled_pauli_rotation():
    theta = ParameterVector("theta", 2)
    circuit = Circuit(4).h(range(4)).extend(Circuit(3).pauli_rotation("XYZ", theta[0]).controlled()).rz(theta[1], 2)
    values = np.array([0.4, 0.9])
    _, gradient = SIMULATOR.gradient(circuit, OBSERVABLE, values)
    assert np.abs(gradient - numeric_gradient(circuit, OBSERVABLE, values)).max() < 1e-8


def test_parameter_shift_rule():
    theta = ParameterVector("theta", 3)
    circuit = Circuit(4).rx(theta[0], 0).cx(0, 1).ry(theta[1], 1).cx(1, 2).rz(theta[2], 2).h(range(4))
    values = np.array([0.3, 1.2, -0.4])
    _, gradient = SIMULATOR.gradient(circuit, OBSERVABLE, values)
    for j in range(3):
        shift = np.pi / 2 * np.eye(3)[j]
        above = SIMULATOR.expectation_value(circuit, OBSERVABLE, values + shift)
        below = SIMULATOR.expectation_value(circuit, OBSERVABLE, values - shift)
        assert gradient[j] == pytest.approx((above - below) / 2, abs=1e-13)


def test_diagonal_observable():
    diagonal = np.random.default_rng(4).normal(size=16)
    circuit = every_parametrised_gate()
    values = np.random.default_rng(5).uniform(-2, 2, circuit.num_parameters)
    value, gradient = SIMULATOR.gradient(circuit, diagonal, values)
    as_sum = PauliSum.from_diagonal(diagonal)
    expected_value, expected = SIMULATOR.gradient(circuit, as_sum, values)
    assert value == pytest.approx(expected_value, abs=1e-13)
    assert np.abs(gradient - expected).max() < 1e-12


def test_single_precision():
    circuit = every_parametrised_gate()
    values = np.random.default_rng(6).uniform(-2, 2, circuit.num_parameters)
    _, double = SIMULATOR.gradient(circuit, OBSERVABLE, values)
    _, single = StatevectorSimulator(precision="single").gradient(circuit, OBSERVABLE, values)
    assert np.abs(double - single).max() < 1e-4


def test_order_is_that_of_the_circuits_parameters():
    theta = ParameterVector("theta", 2)
    circuit = Circuit(1).ry(theta[1], 0).rz(theta[0], 0)
    _, gradient = SIMULATOR.gradient(circuit, PauliSum.from_list([("Z", 1.0)]), {theta[0]: 0.2, theta[1]: 0.5})
    assert gradient == pytest.approx([-np.sin(0.5), 0.0])


def test_after_initialize():
    theta = ParameterVector("theta", 1)
    circuit = Circuit(1).initialize([0, 1]).ry(theta[0], 0)
    value, gradient = SIMULATOR.gradient(circuit, PauliSum.from_list([("Z", 1.0)]), [0.5])
    assert value == pytest.approx(-np.cos(0.5))
    assert gradient == pytest.approx([np.sin(0.5)])


def test_controls_under_controls():
    theta = ParameterVector("theta", 2)
    twice = ControlledGate(ControlledGate(PauliRotationGate("XY", theta[0]), 1, 0), 1, 1)
    circuit = Circuit(4).h(range(4)).append(twice, [3, 1, 0, 2]).rx(theta[1] + 0.3, 2)
    phase = StandardGate("gphase", [theta[1]]).controlled(2, 1)
    circuit.append(phase, [0, 3]).ry(theta[0], 1)
    values = np.array([0.4, 0.9])
    _, gradient = SIMULATOR.gradient(circuit, OBSERVABLE, values)
    assert np.abs(gradient - numeric_gradient(circuit, OBSERVABLE, values)).max() < 1e-8


def test_parameters_that_cancel_do_not_count():
    a, b = ParameterVector("t", 2)
    circuit = Circuit(1).rx(0 * a, 0).ry(a - a + 0.5, 0).rx(b, 0)
    assert circuit.parameters == (b,)
    _, gradient = SIMULATOR.gradient(circuit, PauliSum.from_list([("Z", 1.0)]), [0.3])
    assert gradient == pytest.approx([-np.cos(0.5) * np.sin(0.3)])


def test_errors():
    theta = ParameterVector("theta", 1)
    z = PauliSum.from_list([("Z", 1.0)])
    with pytest.raises(CircuitError, match="after the last initialize or reset"):
        SIMULATOR.gradient(Circuit(1).rx(theta[0], 0).reset(0).h(0), z, [0.1])
    with pytest.raises(CircuitError, match="mid-circuit"):
        SIMULATOR.gradient(Circuit(1, 1).measure(0, 0).rx(theta[0], 0), z, [0.1])
    with pytest.raises(OperatorError, match="Hermitian"):
        SIMULATOR.gradient(Circuit(1).rx(theta[0], 0), z * 1j, [0.1])
    with pytest.raises(OperatorError, match="a PauliSum or a real numpy vector"):
        SIMULATOR.gradient(Circuit(1).rx(theta[0], 0), [z, "Z"], [0.1])


def test_value_beside_a_gradient_is_summed_in_double_precision():
    theta = ParameterVector("theta", 1)
    circuit = Circuit(18).h(range(18)).ry(theta[0], 0)
    diagonal = np.random.default_rng(1).normal(size=1 << 18)
    single = StatevectorSimulator(precision="single")
    value, _ = single.gradient(circuit, diagonal, [0.3])
    assert value == pytest.approx(single.expectation_value(circuit, diagonal, [0.3]), abs=1e-9)


def test_batches_of_no_parameters():
    observable = PauliSum.from_list([("ZZ", 1.0)])
    levels, slopes = StatevectorSimulator().gradient(Circuit(2).h(0).cx(0, 1), observable, [[]])
    assert levels.tolist() == pytest.approx([1.0])
    assert slopes.shape == (1, 0)
