"""Circuits small enough that all but the state is kept between runs: the same results as a first run, however used."""

import pickle
import threading

import numpy as np
import pytest
from random_circuits import random_gate_circuit
from vector_widths import WIDTHS

from qtoolkit import Circuit, PauliSum, StatevectorSimulator
from qtoolkit.simulators.engine import READY_QUBITS, Engine


def observable_of(num_qubits):
    rng = np.random.default_rng(num_qubits)
    strings = ["".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(5)]
    return PauliSum.from_list([(string, float(rng.normal())) for string in strings]).simplify()


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("num_qubits", range(1, READY_QUBITS + 2))
def test_later_runs_equal_the_first(num_qubits, precision):
    circuit = random_gate_circuit(num_qubits, 20, seed=num_qubits, arrays=False)
    observable = observable_of(num_qubits)
    simulator = StatevectorSimulator(precision)
    plan = simulator.compile(circuit)
    first = simulator.state_vector(plan)
    value = simulator.expectation_value(plan, observable)
    is_kept = plan.only_program.kept.get(Engine(precision, None).ready_key) is not None
    assert is_kept == (num_qubits <= READY_QUBITS)
    later = [simulator.state_vector(plan) for _ in range(3)]
    for state in later:
        assert state.shape == (1 << num_qubits,)
        assert state.dtype == first.dtype
        assert np.array_equal(state, first)
    later[0][:] = 0
    assert np.array_equal(later[1], first)
    assert np.array_equal(simulator.state_vector(plan), first)
    assert [simulator.expectation_value(plan, observable) for _ in range(3)] == [value] * 3
    assert value == pytest.approx(observable.expectation_value(first), abs=1e-5 if precision == "single" else 1e-12)


@pytest.mark.parametrize("vector_bytes", [64, 32, 16])
def test_every_width(vector_bytes):
    plan = StatevectorSimulator().compile(random_gate_circuit(5, 30, seed=1, arrays=False))
    engine = Engine("double", 1, vector_bytes)
    states = [engine.final_state(plan.only_program, np.zeros(0), 5) for _ in range(3)]
    assert np.array_equal(states[0], states[2])
    np.testing.assert_allclose(states[0], StatevectorSimulator().state_vector(plan), atol=1e-14)


def test_several_simulators_share_a_plan():
    circuit = random_gate_circuit(4, 20, seed=3, arrays=False)
    double, single = StatevectorSimulator(), StatevectorSimulator("single", num_threads=1)
    plan = double.compile(circuit)
    for _ in range(3):
        assert double.state_vector(plan).dtype == np.complex128
        assert single.state_vector(plan).dtype == np.complex64
        np.testing.assert_allclose(single.state_vector(plan), double.state_vector(plan), atol=1e-6)


def test_a_copy_of_a_simulator_and_of_a_plan_runs_too():
    circuit = random_gate_circuit(4, 20, seed=4, arrays=False)
    observable = observable_of(4)
    simulator, plan, sums = pickle.loads(pickle.dumps((StatevectorSimulator(), circuit, observable)))
    plan = simulator.compile(plan)
    expected = StatevectorSimulator().state_vector(StatevectorSimulator().compile(circuit))
    for _ in range(3):
        assert np.array_equal(simulator.state_vector(plan), expected)
        assert simulator.expectation_value(plan, sums) == pytest.approx(observable.expectation_value(expected))


def test_threads_do_not_share_working_memory():
    simulator = StatevectorSimulator()
    plans = [simulator.compile(random_gate_circuit(READY_QUBITS, 60, seed=seed, arrays=False)) for seed in range(2)]
    expected = [simulator.state_vector(plan) for plan in plans]
    wrong = []

    def repeat(number):
        for _ in range(300):
            if not np.array_equal(simulator.state_vector(plans[number]), expected[number]):
                wrong.append(number)

    threads = [threading.Thread(target=repeat, args=(k % 2,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_an_empty_circuit():
    simulator = StatevectorSimulator()
    plan = simulator.compile(Circuit(2))
    for _ in range(3):
        assert simulator.state_vector(plan).tolist() == [1, 0, 0, 0]


@WIDTHS
@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("num_qubits", range(1, READY_QUBITS + 1))
def test_phases_written_down_equal_polynomials(num_qubits, precision, vector_bytes):
    """Linear and quadratic phases, some with a control that they share, some trivial on whole tiles."""
    rng = np.random.default_rng(num_qubits)
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for _ in range(3):
        for q in range(num_qubits):
            circuit.rz(float(rng.uniform(-3, 3)), q).rx(0.3, q)
        for _ in range(2 * num_qubits if num_qubits > 1 else 0):
            first, second = (int(q) for q in rng.permutation(num_qubits)[:2])
            circuit.cp(float(rng.uniform(-3, 3)), first, second)
        circuit.ry(0.4, range(num_qubits))
        for q in range(num_qubits - 1):
            circuit.cp(float(rng.uniform(-3, 3)), num_qubits - 1, q)
        circuit.gphase(0.3).ry(0.2, range(num_qubits))
    engine = Engine(precision, 1, vector_bytes)
    program = StatevectorSimulator().compile(circuit).only_program
    found = engine.final_state(program, np.zeros(0), num_qubits)
    state = engine.empty_state(num_qubits)
    engine.run(program, np.zeros(0), state, fresh=True)
    assert engine.ready_key in program.kept
    np.testing.assert_allclose(found, state, atol=1e-14 if precision == "double" else 2e-6)
