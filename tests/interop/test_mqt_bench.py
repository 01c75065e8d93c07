"""Circuits that MQT Bench generates (Quetschlich, Burgholzer and Wille, Quantum 7, 1062 (2023))."""

import warnings

import numpy as np
import pytest
from mqt.bench import BenchmarkLevel, get_benchmark
from mqt.bench.benchmarks import get_available_benchmark_names
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector
from qiskit_reference import assert_drawn_from, assert_same_outcomes, qiskit_probabilities

from qtoolkit.interop.openqasm import from_qasm, to_qasm
from qtoolkit.interop.qiskit import Backend, from_qiskit
from qtoolkit.simulators import StatevectorSimulator

LEVELS = [BenchmarkLevel.ALG, BenchmarkLevel.INDEP]
LARGE = {"shor": 18, "seven_qubit_steane_code": 13, "shors_nine_qubit_code": 17}
SMALL = sorted(set(get_available_benchmark_names()) - set(LARGE))
DYNAMIC = {"dynamic_qft", "ghz_dynamic", "iqpe"}


def benchmark(name: str, level: BenchmarkLevel, num_qubits: int) -> QuantumCircuit | None:
    """A benchmark with numbers for its parameters; None where it has no instance of this size."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own use of what Qiskit deprecates
        try:
            circuit = get_benchmark(name, level, num_qubits)
        except Exception:  # each benchmark refuses the sizes it lacks in its own way
            return None
    values = np.random.default_rng(num_qubits).uniform(-3, 3, circuit.num_parameters)
    return circuit.assign_parameters(values) if circuit.num_parameters else circuit


def assert_same_state(circuit: QuantumCircuit) -> None:
    exact = Statevector(circuit.remove_final_measurements(inplace=False)).data
    converted = from_qiskit(circuit)
    np.testing.assert_allclose(StatevectorSimulator().state_vector(converted), exact, atol=1e-10)
    if len(converted) < 1000:  # rounding adds up gate by gate: 6e-8 each
        single = StatevectorSimulator(precision="single").state_vector(converted)
        np.testing.assert_allclose(single, exact, atol=1e-5)


def assert_agrees(name: str, circuit: QuantumCircuit) -> None:
    if name in DYNAMIC:
        assert_same_outcomes(from_qiskit(circuit), circuit)
        counts = Backend().run(circuit, shots=2000, seed_simulator=1).result().get_counts()
        assert_drawn_from(counts, qiskit_probabilities(circuit))
    else:
        assert_same_state(circuit)


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
@pytest.mark.parametrize("name", SMALL)
def test_small_benchmarks_agree_with_qiskit(name, level):
    sizes = (4, 5, 6)
    instances = (benchmark(name, level, size) for size in sizes)
    assert_agrees(name, next(circuit for circuit in instances if circuit is not None))


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
@pytest.mark.parametrize("name", SMALL)
def test_benchmarks_of_all_small_sizes_agree_with_qiskit(name, level):
    sizes = range(2, 6) if name in DYNAMIC else range(2, 12)
    found = 0
    for size in sizes:
        circuit = benchmark(name, level, size)
        if circuit is not None:
            assert_agrees(name, circuit)
            found += 1
    assert found


@pytest.mark.slow
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", sorted(set(SMALL) - DYNAMIC))
def test_benchmarks_survive_openqasm(name, version):
    instances = (benchmark(name, BenchmarkLevel.ALG, size) for size in (4, 5, 6))
    circuit = from_qiskit(next(circuit for circuit in instances if circuit is not None))
    simulator = StatevectorSimulator()
    back = from_qasm(to_qasm(circuit, version))
    np.testing.assert_allclose(simulator.state_vector(back), simulator.state_vector(circuit), atol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["seven_qubit_steane_code", "shors_nine_qubit_code"])
def test_codes_with_feedback_agree_with_qiskit(name):
    circuit = benchmark(name, BenchmarkLevel.ALG, LARGE[name])
    counts = Backend().run(circuit, shots=500, seed_simulator=2).result().get_counts()
    assert_drawn_from(counts, qiskit_probabilities(circuit))


@pytest.mark.slow
def test_shor_agrees_with_aer():
    aer = pytest.importorskip("qiskit_aer", reason="the ibm extra is not installed")
    circuit = benchmark("shor", BenchmarkLevel.ALG, LARGE["shor"]).remove_final_measurements(inplace=False)
    ours = StatevectorSimulator().state_vector(from_qiskit(circuit))
    circuit = circuit.decompose("qft_dg")
    circuit.save_statevector()
    theirs = aer.AerSimulator(method="statevector").run(circuit).result().get_statevector().data
    np.testing.assert_allclose(ours, theirs, atol=1e-10)
