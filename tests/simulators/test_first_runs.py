"""States, values and gradients of small circuits that are met for the first time, in one call from their tape."""

import threading

import numpy as np
import pytest
from random_circuits import random_gate_circuit
from reference_gradients import on_qubits, reference_gradient
from vector_widths import WIDTHS

from qtoolkit import Circuit, Parameter, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.circuit import STANDARD_GATES, StandardGate
from qtoolkit.compiler import plans
from qtoolkit.errors import OperatorError, ParameterError, UnboundParameterError
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.small import first
from qtoolkit.simulators.small.first import tape_runner

pytestmark = pytest.mark.usefixtures("unplanned")

TOLERANCE = {"double": 1e-12, "single": 2e-4}
PLAIN, EXPRESSIONS = False, True


def some_circuit(num_qubits, seed, kind):
    """All standard gates, their angles numbers, and parameters or linear expressions."""
    rng = np.random.default_rng([num_qubits, seed])
    theta = ParameterVector("theta", 40)
    circuit, count = Circuit(num_qubits), 0
    for name in rng.permutation(list(STANDARD_GATES)):
        record = STANDARD_GATES[name]
        if record.num_qubits > num_qubits:
            continue
        angles = rng.normal(size=record.num_params).tolist()
        if record.num_params == 1 or (record.num_params and kind is EXPRESSIONS):
            place = int(rng.integers(40)) if kind is EXPRESSIONS else min(count, 39)
            angles[-1] = 0.5 * theta[place] - theta[3] + 0.2 if kind is EXPRESSIONS else theta[place]
            count += 1
        circuit.append(StandardGate(name, angles), rng.permutation(num_qubits)[: record.num_qubits].tolist())
    return circuit


def some_sum(num_qubits, seed):
    rng = np.random.default_rng(seed)
    labels = ["".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(9)]
    return PauliSum.from_list([(label, float(rng.normal())) for label in (*labels, labels[0])])


def state_of(circuit):
    state = np.eye(1, 1 << circuit.num_qubits, dtype=complex)[0]
    for operation in circuit.operations:
        state = on_qubits(operation.gate.matrix(), operation.qubits, state)
    return state


@pytest.mark.parametrize("precision", ["double", "single"])
@WIDTHS
@pytest.mark.parametrize("kind", [PLAIN, EXPRESSIONS])
def test_states_values_and_gradients(kind, vector_bytes, precision):
    engine, tolerance = Engine(precision, 1, vector_bytes), TOLERANCE[precision]
    for num_qubits in (1, 2, 3, 5, 7):
        for seed in range(3):
            circuit, observable = some_circuit(num_qubits, seed, kind), some_sum(num_qubits, seed)
            values = np.random.default_rng(seed).uniform(-3, 3, circuit.num_parameters)
            expected, slopes = reference_gradient(circuit, observable.to_matrix(), values)
            value, gradient = tape_runner(engine, circuit.num_qubits).gradient(circuit, observable, values)
            assert value == pytest.approx(expected, abs=tolerance)
            np.testing.assert_allclose(gradient, slopes, atol=tolerance)
            assert tape_runner(engine, circuit.num_qubits).value(circuit, observable, values) == value
            np.testing.assert_allclose(
                tape_runner(engine, circuit.num_qubits).state(circuit, values),
                state_of(circuit.bind(values)),
                atol=tolerance,
            )


def test_every_letter_on_every_qubit():
    """Inside a register and among registers, alone and beside another letter."""
    engine, circuit = Engine("double", 1), random_gate_circuit(5, 40, 3, arrays=False)
    state = state_of(circuit)
    for letters in ("X", "Y", "Z", "XX", "YY", "XY", "ZY", "YYY"):
        for place in range(5):
            qubits = [(place + 2 * k) % 5 for k in range(len(letters))]
            observable = PauliSum.from_sparse_list([(letters, qubits, 0.7)], 5)
            expected = np.vdot(state, observable.to_matrix() @ state).real
            assert tape_runner(engine, circuit.num_qubits).value(circuit, observable, np.zeros(0)) == pytest.approx(
                expected, abs=1e-14
            )


def test_simulators_take_them_once():
    """The first time from the tape, then from what is kept of the circuit; an equal circuit is met first again."""
    simulator, observable = StatevectorSimulator(), some_sum(3, 1)
    circuit = some_circuit(3, 1, PLAIN)
    values = np.linspace(-1, 2, circuit.num_parameters)
    expected, slopes = reference_gradient(circuit, observable.to_matrix(), values)
    for kept in (0, 1, 1):
        value, gradient = simulator.gradient(circuit, observable, values)
        assert value == pytest.approx(expected, abs=1e-13)
        np.testing.assert_allclose(gradient, slopes, atol=1e-13)
        assert len(plans._by_content) == kept
    assert simulator.expectation_value(circuit.copy(), observable, values.tolist()) == pytest.approx(
        expected, abs=1e-13
    )
    by_name = dict(zip(circuit.parameters, values, strict=True))
    np.testing.assert_allclose(
        simulator.state_vector(circuit.copy(), by_name), state_of(circuit.bind(values)), atol=1e-13
    )


def test_a_circuit_that_grows():
    simulator, observable = StatevectorSimulator(), PauliSum.from_list([("ZZ", 1.0)])
    circuit = Circuit(2).ry(Parameter("a"), 0)
    assert simulator.expectation_value(circuit, observable, np.array([0.3])) == pytest.approx(np.cos(0.3))
    circuit.cx(0, 1)
    assert simulator.expectation_value(circuit, observable, np.array([0.3])) == pytest.approx(1.0)
    circuit.rx(Parameter("b"), 1)
    assert simulator.expectation_value(circuit, observable, np.array([0.3, 0.4])) == pytest.approx(np.cos(0.4))


def test_parameters_that_come_again_and_those_declared():
    engine, observable = Engine("double", 1), PauliSum.from_list([("ZI", 1.0), ("IX", 0.5)])
    a, b = Parameter("a"), Parameter("b")
    circuit = Circuit(2).ry(b, 0).rz(a, 0).cx(0, 1).ry(b, 1).rx(a, 0)
    declared = circuit.copy().declare_parameters(["c", "a"])
    for given, values in ((circuit, np.array([0.3, 1.1])), (declared, np.array([7.0, 1.1, 0.3]))):
        expected, slopes = reference_gradient(given, observable.to_matrix(), values)
        value, gradient = tape_runner(engine, given.num_qubits).gradient(given, observable, values)
        assert value == pytest.approx(expected, abs=1e-14)
        np.testing.assert_allclose(gradient, slopes, atol=1e-14)


def test_final_measurements_are_left_out():
    circuit = Circuit(2, 2).ry(Parameter("a"), 0).cx(0, 1).measure(0, 0).barrier(0).measure(1, 1)
    simulator, observable = StatevectorSimulator(), PauliSum.from_list([("ZI", 1.0)])
    assert simulator.expectation_value(circuit, observable, [0.4]) == pytest.approx(np.cos(0.4))
    measured = Circuit(2, 1).ry(Parameter("a"), 0).cx(0, 1).measure(1, 0)
    assert tape_runner(Engine("double", 1), measured.num_qubits).value(
        measured, observable, np.array([0.4])
    ) == pytest.approx(np.cos(0.4))


@pytest.mark.parametrize(
    "circuit",
    [
        Circuit(2).h(0).pauli_rotation("XX", 0.1),
        Circuit(2).h(0).reset(0),
        Circuit(2, 1).h(0).measure(0, 0).h(0),
        Circuit(2).gphase(1.7e308).gphase(1.7e308),
        Circuit(2).extend(Circuit(2).ry(Parameter("a"), 0).power(2)),
    ],
    ids=["other", "reset", "measured", "phase", "order"],
)
def test_what_is_left_to_others(circuit):
    engine, values = Engine("double", 1), np.zeros(circuit.num_parameters)
    assert tape_runner(engine, circuit.num_qubits).value(circuit, PauliSum.from_list([("ZZ", 1.0)]), values) is None
    assert tape_runner(engine, circuit.num_qubits).state(circuit, values) is None


def test_arguments_that_are_left_to_others(monkeypatch):
    engine, circuit = Engine("double", 1), Circuit(2).ry(Parameter("a"), 0)
    usual, values = PauliSum.from_list([("ZZ", 1.0)]), np.array([0.2])
    assert tape_runner(engine, circuit.num_qubits).value(circuit, usual, values) is not None
    for observable in (PauliSum.from_list([("ZZ", 1j)]), PauliSum.identity(3), np.ones(4), "ZZ"):
        assert tape_runner(engine, circuit.num_qubits).value(circuit, observable, values) is None
    fixed = values.copy()
    fixed.setflags(write=False)
    for wrong in (np.zeros(0), np.zeros(2), np.array([np.nan]), np.array([np.inf]), fixed):
        assert tape_runner(engine, circuit.num_qubits).value(circuit, usual, wrong) is None
    monkeypatch.setattr(first, "MOST_VISITS", 3)
    assert tape_runner(engine, circuit.num_qubits).value(circuit, usual, values) is None


def test_what_is_wrong_is_told():
    simulator, observable = StatevectorSimulator(), PauliSum.from_list([("ZZ", 1.0)])

    def circuit():
        return Circuit(2).ry(Parameter("a"), 0)

    with pytest.raises(OperatorError, match="Hermitian"):
        simulator.gradient(circuit(), PauliSum.from_list([("ZZ", 1j)]), [0.1])
    with pytest.raises(OperatorError, match="qubits"):
        simulator.expectation_value(circuit(), PauliSum.identity(3), [0.1])
    for given in ([0.1, 0.2], np.array([np.nan]), {"b": 1.0}):
        with pytest.raises(ParameterError):
            simulator.gradient(circuit(), observable, given)
    with pytest.raises(UnboundParameterError):
        simulator.expectation_value(circuit(), observable)


def test_long_circuits_and_symbols_left_behind():
    simulator, observable = StatevectorSimulator(), PauliSum.from_list([("Z", 1.0)])
    circuit = Circuit(1).rx(Parameter("a"), 0)
    for k in range(2000):
        circuit.rz(0.1 * k, 0).rz(-0.1 * k, 0)
    assert simulator.expectation_value(circuit, observable, [0.4]) == pytest.approx(np.cos(0.4), abs=1e-10)
    left = Circuit(1).rx(Parameter("a"), 0)
    with pytest.raises(Exception, match="qubit"):
        left.rx(Parameter("b"), [0, 5])
    assert simulator.expectation_value(left, observable, [0.4]) == pytest.approx(np.cos(0.4))


def test_threads_share_them():
    simulator, observable = StatevectorSimulator(num_threads=1), some_sum(4, 2)
    circuit = some_circuit(4, 2, EXPRESSIONS)
    values = np.linspace(-1, 1, circuit.num_parameters)
    expected, slopes = reference_gradient(circuit, observable.to_matrix(), values)
    wrong = []

    def run():
        for _ in range(100):
            value, gradient = simulator.gradient(circuit.copy(), observable, values)
            if abs(value - expected) + np.abs(gradient - slopes).max() > 1e-11:
                wrong.append(value)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
