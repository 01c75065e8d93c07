from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from random_circuits import random_dynamic_circuit, random_gate_circuit
from scipy.stats import chisquare

from qtoolkit import Circuit, Estimator, Sampler, StatevectorSimulator
from qtoolkit.primitives import DifferentiableEstimator

SIMULATOR = StatevectorSimulator()


def exact_distribution(circuit: Circuit) -> dict[str, float]:
    """Distribution of the classical bits by following every branch of a circuit in plain NumPy."""
    n = circuit.num_qubits
    start = np.zeros(1 << n, complex)
    start[0] = 1
    branches = [(start, (0,) * circuit.num_clbits)]

    def follow(operations, branches):
        for operation in operations:
            name = operation.gate.name
            if name == "if":
                gate, split = operation.gate, []
                for state, bits in branches:
                    value = sum(bits[c] << k for k, c in enumerate(gate.condition.clbits))
                    taken = gate.body if value == gate.condition.value else gate.else_body
                    split += follow(taken.operations, [(state, bits)]) if taken is not None else [(state, bits)]
                branches = split
            elif name in ("measure", "reset"):
                qubit, split = operation.qubits[0], []
                for state, bits in branches:
                    for outcome in (0, 1):
                        kept = np.where(np.arange(1 << n) >> qubit & 1 == outcome, state, 0)
                        if np.linalg.norm(kept) < 1e-9:
                            continue
                        if name == "reset":
                            split.append((kept[np.arange(1 << n) ^ (outcome << qubit)], bits))
                        else:
                            c = operation.clbits[0]
                            split.append((kept, (*bits[:c], outcome, *bits[c + 1 :])))
                branches = split
            else:
                matrix = Circuit(n).append(operation.gate, operation.qubits).to_matrix()
                branches = [(matrix @ state, bits) for state, bits in branches]
        return branches

    distribution: dict[str, float] = {}
    for state, bits in follow(circuit.operations, branches):
        key = "".join(str(b) for b in reversed(bits))
        distribution[key] = distribution.get(key, 0.0) + np.linalg.norm(state) ** 2
    return distribution


def assert_follows(counts, distribution, shots):
    """Chi-squared at a level that a right program misses once in 10^5 seeds; outcomes of probability 0 never come."""
    assert set(counts) <= set(distribution)
    keys = [key for key, p in distribution.items() if p * shots >= 5]
    observed = [counts.get(key, 0) for key in keys]
    expected = [distribution[key] * shots for key in keys]
    rest = shots - sum(expected)
    if rest > 5:
        observed.append(shots - sum(observed))
        expected.append(rest)
    expected = np.array(expected) * sum(observed) / sum(expected)
    if len(observed) > 1:
        assert chisquare(observed, expected).pvalue > 1e-5


@pytest.mark.parametrize("seed", range(6))
def test_dynamic_circuits_follow_the_exact_distribution(seed):
    circuit = random_dynamic_circuit(3, 6, seed)
    distribution = exact_distribution(circuit)
    assert sum(distribution.values()) == pytest.approx(1)
    result = SIMULATOR.run(circuit, shots=20_000, seed=seed)
    assert_follows(result.counts, distribution, 20_000)


def test_final_measurements_follow_the_exact_distribution():
    circuit = random_gate_circuit(4, 40, seed=3).measure_all()
    distribution = {f"{i:04b}": p for i, p in enumerate(SIMULATOR.probabilities(circuit)) if p > 0}
    result = SIMULATOR.run(circuit, shots=50_000, seed=1)
    assert_follows(result.counts, distribution, 50_000)
    assert result.shots == 50_000
    assert sum(result.counts.values()) == 50_000
    order = np.array([int(b, 2) for b in result.bitstrings[:2000]])
    assert np.any(np.diff(order) < 0), "shots come in random order"


def test_same_seed_same_shots_whatever_the_threads():
    circuit = random_gate_circuit(15, 40, seed=5).measure_all()
    one = StatevectorSimulator(num_threads=1).run(circuit, 500, seed=11)
    many = StatevectorSimulator().run(circuit, 500, seed=11)
    assert one.bitstrings == many.bitstrings
    assert one.bitstrings != SIMULATOR.run(circuit, 500, seed=12).bitstrings


def test_drawn_seed_reproduces_the_result():
    circuit = Circuit(3).h(range(3)).measure_all()
    result = SIMULATOR.run(circuit, 100)
    assert SIMULATOR.run(circuit, 100, seed=result.seed).bitstrings == result.bitstrings
    assert SIMULATOR.run(circuit, 10, seed=np.random.default_rng(1)).seed is None


def test_result_knows_registers():
    circuit = Circuit(3, 1).x(0).x(2)
    flag = circuit.add_clbits(2, "flag")
    circuit.measure(0, 0).measure([1, 2], flag.clbits)
    result = SIMULATOR.run(circuit, 7, seed=0)
    assert result.counts == {"101": 7}
    assert result.register("c").counts == {"1": 7}
    assert result.register("flag").counts == {"10": 7}
    assert result.memory.shape == (7, 3)
    assert result.metadata["precision"] == "double"


def test_teleportation():
    state = Circuit(3, 2).ry(0.8, 0).rz(0.3, 0)
    circuit = state.compose(Circuit(3, 2).h(1).cx(1, 2).cx(0, 1).h(0).measure([0, 1], [0, 1]))
    circuit.if_(circuit.clbit(1) == 1, lambda body: body.x(2)).if_(0, lambda body: body.z(2))
    circuit.rz(-0.3, 2).ry(-0.8, 2)
    readout = circuit.add_clbits(1, "out")
    circuit.measure(2, readout.clbits[0])
    result = SIMULATOR.run(circuit, 2000, seed=2)
    assert result.register("out").counts == {"0": 2000}
    assert len(result.counts) == 4


def test_repeated_measurement_agrees_with_itself():
    circuit = Circuit(1, 3).h(0).measure(0, 0).measure(0, 1).x(0).measure(0, 2)
    counts = SIMULATOR.run(circuit, 500, seed=4).counts
    assert set(counts) == {"100", "011"}


def test_reset_of_an_entangled_qubit_keeps_the_other():
    circuit = Circuit(2, 2).h(0).cx(0, 1).reset(0).measure([0, 1], [0, 1])
    counts = SIMULATOR.run(circuit, 1000, seed=5).counts
    assert set(counts) == {"00", "10"}
    pair = Circuit(3, 3).h(0).cx(0, 1).cx(0, 2).append(Circuit(1).reset(0).operations[0].gate, (0,))
    pair.initialize(np.ones(4) / 2, [0, 1]).measure([0, 1, 2], [0, 1, 2])
    assert len(SIMULATOR.run(pair, 1000, seed=5).counts) == 8


@pytest.mark.parametrize("precision", ["double", "single"])
def test_certain_outcomes_stay_certain(precision):
    """Rounding moves the norm, and must not make impossible outcomes possible: 10^6 shots would find them."""
    simulator = StatevectorSimulator(precision=precision)
    assert np.abs(simulator.state_vector(Circuit(1).h(0).z(0).h(0).reset(0))).tolist() == [1, 0]
    for seed in range(20):
        rng = np.random.default_rng(seed)
        there = Circuit(1, 2)
        for _ in range(30):
            there.u(*rng.uniform(-4, 4, 3), 0)
        circuit = there.compose(there.inverse()).x(0).measure(0, 0).h(0).measure(0, 1).h(0)
        assert set(simulator.run(circuit, 10**6, seed=seed).counts) == {"01", "11"}
        run = simulator.trajectory(circuit, seed=seed)
        assert np.linalg.norm(run.state_vector) == pytest.approx(1, abs=1e-5)


def test_two_python_threads_share_a_simulator():
    circuit = SIMULATOR.compile(random_gate_circuit(16, 40, seed=2).measure_all())
    alone = [SIMULATOR.run(circuit, 200, seed=seed).bitstrings for seed in range(6)]
    with ThreadPoolExecutor(2) as executor:
        together = list(executor.map(lambda seed: SIMULATOR.run(circuit, 200, seed=seed).bitstrings, range(6)))
    assert together == alone


def test_nested_branches_on_registers_that_overlap():
    circuit = Circuit(3, 3).x(0).x(2)
    low, ends = circuit.name_clbits("low", [0, 1]), circuit.name_clbits("ends", [2, 0])
    circuit.measure([0, 1, 2], [0, 1, 2])
    inner = Circuit(3, 3).if_(ends == 3, lambda body: body.x(1), lambda body: body.x(0))
    circuit.if_(low == 1, inner, lambda body: body.x(2)).if_(ends == 0, lambda body: body.x([0, 1, 2]))
    circuit.measure([0, 1, 2], [0, 1, 2])
    result = SIMULATOR.run(circuit, 10, seed=0)
    assert result.counts == {"111": 10}
    assert result.register("ends").counts == {"11": 10}


def test_bits_that_nothing_measures_are_zero():
    assert SIMULATOR.run(Circuit(1, 2).x(0).measure(0, 1), 5).counts == {"10": 5}


def test_trajectory_is_reproducible_and_normalised():
    circuit = random_dynamic_circuit(4, 8, seed=9)
    first = SIMULATOR.trajectory(circuit, seed=3)
    again = SIMULATOR.trajectory(circuit, seed=3)
    assert np.array_equal(first.state_vector, again.state_vector)
    assert np.array_equal(first.clbits, again.clbits)
    assert np.linalg.norm(first.state_vector) == pytest.approx(1)
    assert first.seed == 3


def test_simulator_satisfies_the_protocols():
    assert isinstance(SIMULATOR, Sampler)
    assert isinstance(SIMULATOR, Estimator)
    assert isinstance(SIMULATOR, DifferentiableEstimator)


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("seed", [0, 7, 2**32 + 5, 2**70])
def test_new_circuits_give_the_shots_of_their_plans(seed, precision):
    simulator = StatevectorSimulator(precision)
    gates = Circuit(4).h(range(3)).cx(0, 1).ry(0.7, 2).rzz(0.4, 1, 2).ry(1.1, [0, 1])  # one qubit is idle
    for circuit in (
        gates.copy().measure_all(),
        Circuit(4, 4).extend(gates).measure([0, 1, 2, 3], [3, 1, 0, 2]),
        Circuit(4, 6).extend(gates).measure([2, 2, 0], [5, 1, 5]),
        Circuit(4, 64).extend(gates).measure([1, 2], [63, 0]),
        Circuit(4, 70).extend(gates).measure([1, 2], [69, 0]),
        Circuit(2, 1).x(1).measure(1, 0),
    ):
        for shots in (1, 300, 20_000):
            planned = simulator.run(simulator.compile(circuit), shots, seed)
            drawn = simulator.run(circuit, shots, np.random.default_rng(seed))
            found = simulator.run(circuit, shots, seed)
            assert (found, found.seed, drawn.seed) == (planned, seed, None)
            np.testing.assert_array_equal(found.memory, planned.memory)
            np.testing.assert_array_equal(drawn.memory, planned.memory)
