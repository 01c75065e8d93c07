"""QAOA with mixers that conserve the Hamming weight runs among the feasible bitstrings alone, with the same results."""

import itertools

import numpy as np
import pytest

from qtoolkit import Circuit, PauliSum, SectorSimulator, StatevectorSimulator
from qtoolkit.algorithms import QAOA, CompleteXYMixer, GroverMixer, RingXYMixer, Schedule, dicke_circuit
from qtoolkit.errors import InsufficientMemoryError

SCHEDULE = Schedule((0.4, 0.8), (0.7, 0.3))


def random_cost(num_qubits, seed):
    rng = np.random.default_rng(seed)
    terms = [("Z", (k,), rng.normal()) for k in range(num_qubits)]
    terms += [("ZZ", pair, rng.normal()) for pair in itertools.combinations(range(num_qubits), 2)]
    return PauliSum.from_sparse_list([*terms, ("ZZZ", (0, 1, 2), 0.3), ("", (), 0.7)], num_qubits)


@pytest.mark.parametrize(
    "mixer", [RingXYMixer(8), CompleteXYMixer(8), CompleteXYMixer(8, False), GroverMixer(dicke_circuit(8, 3), True)]
)
def test_results_are_those_of_the_full_simulation(mixer):
    cost = random_cost(8, 1)
    found = QAOA(cost, 2, mixer=mixer, hamming_weight=3)
    full = QAOA(cost, 2, mixer=mixer, hamming_weight=3, estimator=StatevectorSimulator())
    assert found.value(SCHEDULE) == pytest.approx(full.value(SCHEDULE), abs=1e-12)
    np.testing.assert_allclose(found.value_and_gradient(SCHEDULE)[1], full.value_and_gradient(SCHEDULE)[1], atol=1e-11)
    results = [qaoa.run(SCHEDULE, shots=500, seed=3) for qaoa in (found, full)]
    assert results[0].samples.backend_name == "sector"
    assert results[1].samples.backend_name == "statevector"
    for name in ("value", "probability_of_optimum", "feasible_value", "approximation_ratio"):
        assert getattr(results[0], name) == pytest.approx(getattr(results[1], name), abs=1e-4)
    for name in ("optimal_value", "worst_value", "random_probability_of_optimum"):
        assert getattr(results[0], name) == pytest.approx(getattr(results[1], name), abs=1e-12)
    assert results[0].feasible_probability == pytest.approx(1.0)


def test_a_sector_simulator_can_be_given():
    initial = Circuit(6).x([1, 4])
    settings = {"mixer": RingXYMixer(6), "hamming_weight": 2, "initial_state": initial}
    given = QAOA(random_cost(6, 2), 2, estimator=SectorSimulator(2), **settings)
    assert given.value(SCHEDULE) == pytest.approx(QAOA(random_cost(6, 2), 2, **settings).value(SCHEDULE), abs=1e-12)
    assert given.run(SCHEDULE, shots=100, seed=1).samples.backend_name == "sector"


def test_more_qubits_than_a_full_simulation_holds():
    cost = random_cost(40, 3)
    result = QAOA(cost, 1, mixer=RingXYMixer(40), hamming_weight=3).run(shots=200, seed=0)
    assert result.evidence == "state vector"
    assert result.samples.backend_name == "sector"
    assert result.optimal_value <= result.best_value <= result.worst_value
    assert result.feasible_probability == pytest.approx(1.0)
    assert all(key.count("1") == 3 for key in result.samples.counts)


class RotatingMixer:
    """Conserves the weight by gates whose pieces no simulator can put together."""

    num_qubits = 4
    conserves_hamming_weight = True

    def append_layer(self, circuit, beta):
        circuit.cx(0, 1).cry(beta, 1, 0).cx(0, 1)


def test_what_no_sector_can_run_falls_back_to_all_states():
    qaoa = QAOA(random_cost(4, 4), 1, mixer=RotatingMixer(), hamming_weight=2)
    result = qaoa.run(shots=50, seed=0)
    assert result.samples.backend_name == "statevector"
    assert result.feasible_probability == pytest.approx(1.0)


def test_a_weight_of_statistics_alone_leaves_the_state_as_it_is():
    qaoa = QAOA(random_cost(4, 5), 1, mixer=GroverMixer(dicke_circuit(4, 1), True), hamming_weight=2)
    result = qaoa.run(shots=50, seed=0)
    assert result.samples.backend_name == "statevector"
    assert result.feasible_probability == pytest.approx(0.0, abs=1e-12)


def test_sectors_that_do_not_fit_are_refused():
    with pytest.raises(InsufficientMemoryError, match="sector"):
        QAOA(random_cost(50, 6), 1, mixer=RingXYMixer(50), hamming_weight=25)
