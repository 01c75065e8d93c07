"""Plans that are kept: found again, never stale, bounded."""

import gc
import threading
import tracemalloc

import numpy as np
import pytest
from random_circuits import random_gate_circuit

from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator
from qtoolkit.circuit import Gate
from qtoolkit.compiler import PlanCache, compile_circuit
from qtoolkit.errors import CircuitError
from qtoolkit.simulators import planning
from qtoolkit.simulators.small.quick import quick_gradient

pytestmark = pytest.mark.usefixtures("unplanned")


def test_a_plan_that_is_asked_for_stays():
    cache, simulator = PlanCache(most_bytes=100_000), StatevectorSimulator()
    wanted = Circuit(1).h(0)
    cache.keep(wanted, simulator.compile(wanted))
    for k in range(40):
        other = Circuit(1).rx(0.1 * k, 0)
        cache.keep(other, simulator.compile(other))
        assert cache.of(wanted if k % 2 else wanted.copy()).plan is not None
    assert len(cache) < 8


def test_a_plan_that_was_forgotten_is_kept_when_it_is_made_again():
    cache, simulator = PlanCache(most_bytes=100_000), StatevectorSimulator()
    circuits = [Circuit(1).rx(0.1 * k, 0) for k in range(8)]
    for _ in range(2):
        for circuit in circuits:
            assert cache.of(circuit).plan is None
            cache.keep(circuit.copy(), simulator.compile(circuit))
            assert cache.of(circuit).plan is not None
    assert cache._nbytes == sum(known.nbytes for known in cache._by_content.values()) <= 100_000


def test_a_cache_keeps_no_circuit_that_fills_it():
    cache, simulator = PlanCache(most_bytes=80_000), StatevectorSimulator()
    circuit = Circuit(1).h(0).power(300)
    cache.keep(circuit, simulator.compile(circuit))
    assert len(cache) == 0
    assert cache.of(circuit).plan is None


def test_plans_are_found_again_and_never_stale():
    simulator = StatevectorSimulator()
    circuit = Circuit(2, 1).h(0).cx(0, 1)
    plan = simulator.compile(circuit)
    assert simulator.compile(circuit) is simulator.compile(circuit.copy()) is plan
    circuit.rz(0.1, 0)
    assert simulator.compile(circuit) is not plan
    assert simulator.compile(circuit) is not simulator.compile(circuit.copy().declare_parameters(["a"]))
    before = simulator.compile(circuit)
    with pytest.raises(CircuitError):
        circuit.h([1, 5])
    circuit.h(1)
    assert simulator.compile(circuit) is not before
    circuit.add_clbits(1, "d")
    assert simulator.compile(circuit).num_clbits == 2


def test_branches_that_change_are_planned_anew():
    simulator = StatevectorSimulator()
    circuit = Circuit(1, 1).x(0).measure(0, 0).if_(0, lambda body: body.x(0)).measure(0, 0)
    assert simulator.run(circuit, 3, seed=1).counts == {"0": 3}
    circuit.operations[2].gate.body.x(0)
    assert simulator.run(circuit, 3, seed=1).counts == {"1": 3}


class Wandering(Gate):
    """A gate of somebody else's, which may be another one at any time."""

    name, num_qubits, turned = "wandering", 1, np.eye(2)

    def matrix(self):
        return self.turned

    def inverse(self):
        return self


def test_gates_of_other_classes_are_planned_each_time():
    gate = Wandering()
    circuit = Circuit(1).append(gate, 0)
    assert circuit.content is None
    simulator = StatevectorSimulator()
    assert abs(simulator.state_vector(circuit)[0]) == 1
    gate.turned = np.array([[0, 1], [1, 0]])
    assert abs(simulator.state_vector(circuit)[1]) == 1


def test_a_cache_of_plans_is_bounded():
    simulator = StatevectorSimulator()
    cache = PlanCache(most_bytes=300_000)
    circuits = [Circuit(1).rx(0.1 * k, 0) for k in range(40)]
    for circuit in circuits:
        cache.keep(circuit, simulator.compile(circuit))
    assert 1 < len(cache) < 20
    assert cache.of(circuits[0]).plan is None
    assert cache.of(circuits[-1]).plan is not None
    cache.of(circuits[0])
    del circuit, circuits
    gc.collect()
    assert not cache._notes


@pytest.mark.parametrize(
    "circuit",
    [
        random_gate_circuit(6, 200, 1, arrays=False),
        random_gate_circuit(12, 100, 2, arrays=True),
        Circuit(10).diagonal(np.ones(1024), range(10)).h(0),
        Circuit(4).h(range(4)).rx(Parameter("a"), 0).cx(0, 1).rz(Parameter("b"), 3),
        Circuit(13).h(range(13)).rx(Parameter("a"), 0).cx(0, 1).rz(Parameter("b"), 3),
    ],
    ids=["gates", "arrays", "diagonal", "parameters", "larger"],
)
def test_plans_take_no_more_than_is_counted(circuit):
    values = np.zeros(circuit.num_parameters)
    observable = PauliSum.from_list([("Z" * circuit.num_qubits, 1.0)])

    def used(circuit):
        plan = compile_circuit(circuit)
        for precision in ("double", "single"):
            simulator = StatevectorSimulator(precision)
            simulator.state_vector(plan, values)
            simulator.expectation_value(plan, observable, values)
            simulator.gradient(plan, observable, values)
            quick_gradient()(simulator._engine, plan, observable, values)
            simulator.gradient(circuit, observable, values)
        return plan

    used(circuit.copy().x(0))
    cache = PlanCache()
    tracemalloc.start()
    plan = used(circuit)
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    cache.keep(circuit, plan)
    counted = cache.of(circuit).nbytes
    del plan, cache
    gc.collect()
    taken = before - tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken <= counted


def test_threads_share_plans():
    simulator = StatevectorSimulator(num_threads=1)
    circuit = Circuit(3).h(0).cx(0, 1).ry(Parameter("a"), 2)
    expected = StatevectorSimulator().state_vector(circuit.bind([0.3]))
    wrong = []

    def run():
        for k in range(200):
            own = circuit if k % 2 else Circuit(3).h(0).cx(0, 1).ry(Parameter("a"), 2)
            if np.abs(simulator.state_vector(own, np.array([0.3])) - expected).max() > 1e-14:
                wrong.append(k)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_plan_that_a_circuit_has_outgrown_is_nobody_elses(monkeypatch):
    compile_before = planning.compile_circuit
    circuit = Circuit(12).h(range(12)).t(0)

    def slow(given, used):
        monkeypatch.undo()
        plan = compile_before(given, used)
        circuit.x(0).rz(1.0, 0)
        return plan

    monkeypatch.setattr(planning, "compile_circuit", slow)
    simulator = StatevectorSimulator()
    simulator.compile(circuit)
    for other in (circuit, Circuit(12).h(range(12)).t(0).x(0).rz(1.0, 0)):
        found = simulator.state_vector(simulator.compile(other))
        expected = simulator.state_vector(compile_circuit(other))
        np.testing.assert_allclose(found, expected, atol=1e-15)


@pytest.mark.parametrize("moment", ["copy", "operations"])
def test_a_program_of_a_circuit_that_has_grown_is_nobody_elses(monkeypatch, moment):
    """Another thread adds a gate before or after the circuit is copied."""
    observable, values = PauliSum.from_list([("ZZ", 1.0)]), np.array([0.4])

    def prepared():
        return Circuit(2).ry(Parameter("a"), 0).cx(0, 1)

    expected = StatevectorSimulator().gradient(compile_circuit(prepared()), observable, values)
    growing, original = prepared(), Circuit.copy

    def copy(circuit):
        if circuit is not growing:
            return original(circuit)
        if moment == "copy":
            growing.x(0)
        copied = original(circuit)
        growing.h(1)
        return copied

    monkeypatch.setattr(Circuit, "copy", copy)
    StatevectorSimulator().gradient(growing, observable, values)
    monkeypatch.undo()
    found = StatevectorSimulator().gradient(prepared(), observable, values)
    assert found[0] == pytest.approx(expected[0], abs=1e-14)
    assert found[1] == pytest.approx(expected[1], abs=1e-14)


def test_the_cache_counts_what_it_holds():
    circuits = [
        Circuit(10, 50_000).rx(0.3, 0),
        Circuit(1).declare_parameters(str(k) for k in range(1000)).h(0),
        Circuit(2),
        Circuit(1),
    ]
    for k in range(100):
        circuits[2].pauli_rotation("XY", 0.1 * k)
        circuits[3].rx(0.1 * k * Parameter("a") + Parameter("b"), 0)
    for circuit in circuits:
        cache = PlanCache()
        tracemalloc.start()
        copies = [circuit.copy() for _ in range(2)]
        keys = [cache.of(copy.h(0)) for copy in copies]
        assert keys[0] is keys[1]
        del copies
        taken = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert taken <= keys[0].nbytes + 2048
