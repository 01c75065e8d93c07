"""`SamplingEstimator`: values against the exact ones, error bars against their definition, seeds, and its limits."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from backend_checks import uneven_circuit

from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator
from qtoolkit.algorithms import VQE
from qtoolkit.backends import BackendSampler, Estimate, LocalBackend, SamplingEstimator
from qtoolkit.circuit import ReadoutError
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.primitives import Estimator, Result

HAMILTONIAN = PauliSum.from_list(
    [("III", 0.3), ("ZZI", -0.8), ("IZZ", 0.6), ("XIX", 0.5), ("YYI", -0.4), ("IXI", 0.2), ("ZYX", 0.7), ("IIZ", 0.1)]
)


def local_sampler() -> BackendSampler:
    return BackendSampler(LocalBackend())


@pytest.mark.parametrize("sampler", [local_sampler(), StatevectorSimulator()], ids=["backend", "simulator"])
def test_value_within_its_error_bar(sampler) -> None:
    circuit = uneven_circuit().without_final_measurements()
    exact = StatevectorSimulator().expectation_value(circuit, HAMILTONIAN)
    estimator = SamplingEstimator(sampler, shots=20_000, seed=1)
    assert isinstance(estimator, Estimator)
    estimate = estimator.estimate(circuit, HAMILTONIAN)
    assert abs(estimate.value - exact) < 4 * estimate.standard_error
    assert 0 < estimate.standard_error < 0.02
    assert estimate.num_settings == len((HAMILTONIAN - 0.3 * PauliSum.identity(3)).group_commuting())
    assert estimate.shots == 20_000 * estimate.num_settings


def test_standard_error_is_the_scatter_of_estimates() -> None:
    circuit = uneven_circuit()
    estimator = SamplingEstimator(StatevectorSimulator(), shots=200, seed=2)
    estimates = [estimator.estimate(circuit, HAMILTONIAN) for _ in range(300)]
    scatter = np.std([estimate.value for estimate in estimates], ddof=1)
    claimed = np.sqrt(np.mean([estimate.standard_error**2 for estimate in estimates]))
    # the scatter of 300 values is known to 1 / sqrt(600) = 4 %
    assert abs(scatter / claimed - 1) < 0.16


def test_standard_error_of_terms_measured_together_has_their_covariance() -> None:
    circuit = Circuit(2).h(0).cx(0, 1)
    opposite = PauliSum.from_list([("IZ", 1.0), ("ZI", -1.0)])
    same = PauliSum.from_list([("IZ", 1.0), ("ZI", 1.0)])
    estimator = SamplingEstimator(StatevectorSimulator(), shots=1000, seed=3)
    assert estimator.estimate(circuit, opposite).standard_error == 0.0
    assert estimator.estimate(circuit, same).standard_error == pytest.approx(2 / np.sqrt(1000), rel=0.01)


def test_standard_error_by_hand() -> None:
    class FixedSampler:
        def run(self, circuit, shots, seed=None, parameters=None) -> Result:
            return Result.from_counts({"0": 30, "1": 10}, registers=circuit.clbit_registers)

    estimate = SamplingEstimator(FixedSampler(), shots=40).estimate(Circuit(1), PauliSum.from_list([("X", 2.0)]))
    assert estimate.value == pytest.approx(2.0 * 0.5)
    assert estimate.standard_error == pytest.approx(2.0 * np.sqrt(0.75 * 40 / 39 / 40))
    assert estimate == Estimate(estimate.value, estimate.standard_error, 40, 1, None)


def test_each_letter_is_measured_in_its_basis() -> None:
    states = {"X": Circuit(2).h(0), "Y": Circuit(2).h(0).s(0), "Z": Circuit(2).x(0)}
    values = {"X": 1.0, "Y": 1.0, "Z": -1.0}
    estimator = SamplingEstimator(StatevectorSimulator(), shots=50)
    for letter, circuit in states.items():
        assert estimator.expectation_value(circuit, PauliSum.from_list([(f"I{letter}", 1.0)])) == values[letter]


def test_several_observables_share_their_shots() -> None:
    circuit = uneven_circuit()
    first, second = PauliSum.from_list([("ZZI", 1.0), ("IXI", 0.5)]), PauliSum.from_list([("ZZI", -2.0)])
    estimator = SamplingEstimator(local_sampler(), shots=500, seed=4)
    one, two = estimator.estimate(circuit, [first, second])
    assert one.shots == two.shots == 1000
    alone = PauliSum.from_list([("ZZI", 1.0)])
    three, four = estimator.estimate(circuit, [alone, -2.0 * alone])
    assert four.value == pytest.approx(-2.0 * three.value)
    values = estimator.expectation_value(circuit, [first, second])
    assert isinstance(values, np.ndarray)
    assert values.shape == (2,)
    assert estimator.expectation_value(circuit, []).shape == (0,)


def test_repeated_terms_add_up() -> None:
    doubled = PauliSum([0, 0], [1, 1], [0.25, 0.5], 1)
    assert SamplingEstimator(StatevectorSimulator(), 10).expectation_value(Circuit(1).x(0), doubled) == -0.75


def test_a_constant_is_not_measured() -> None:
    constant = 1.5 * PauliSum.identity(2)
    assert SamplingEstimator(local_sampler(), 10, seed=1).estimate(Circuit(2).h(0), constant).value == 1.5
    assert SamplingEstimator(local_sampler(), 10).estimate(Circuit(2), constant).shots == 0
    assert SamplingEstimator(local_sampler(), 10).expectation_value(Circuit(2), PauliSum.zero(2)) == 0.0


def test_existing_registers_and_mid_circuit_measurements_stay() -> None:
    circuit = Circuit(2)
    circuit.add_clbits(1, "observable")
    circuit.h(0).measure(0, 0).if_(0, lambda body: body.x(1))
    estimator = SamplingEstimator(StatevectorSimulator(), shots=100, seed=5)
    assert estimator.expectation_value(circuit, PauliSum.from_list([("ZZ", 1.0)])) == 1.0


def test_seeds() -> None:
    circuit = uneven_circuit()
    first, second = (SamplingEstimator(local_sampler(), shots=100, seed=6) for _ in range(2))
    sequence = [first.estimate(circuit, HAMILTONIAN) for _ in range(2)]
    assert sequence == [second.estimate(circuit, HAMILTONIAN) for _ in range(2)]
    assert sequence[0].value != sequence[1].value
    again = SamplingEstimator(local_sampler(), shots=100).estimate(circuit, HAMILTONIAN, seed=sequence[1].seed)
    assert again == sequence[1]


def test_parameters_go_through() -> None:
    circuit = Circuit(1).rx(Parameter("a"), 0)
    z = PauliSum.from_list([("Z", 1.0)])
    for sampler in (local_sampler(), StatevectorSimulator()):
        estimator = SamplingEstimator(sampler, shots=10)
        assert estimator.expectation_value(circuit, z, [np.pi]) == -1.0
        assert estimator.expectation_value(circuit, z, {"a": 0.0}) == 1.0


def test_one_job_for_all_bases() -> None:
    backend = LocalBackend()
    jobs = []
    submit = backend._submit
    backend._submit = lambda request: jobs.append(request) or submit(request)
    SamplingEstimator(BackendSampler(backend), shots=10).expectation_value(Circuit(3).h(0), HAMILTONIAN)
    assert len(jobs) == 1
    assert len(jobs[0].circuits) > 1


def test_more_shots_than_a_job_may_have_become_several_runs():
    class Limited(LocalBackend):
        @property
        def capabilities(self):
            return dataclasses.replace(super().capabilities, max_shots=300)

    requests = []
    backend = Limited()
    submit = backend._submit
    backend._submit = lambda request: requests.append(request) or submit(request)
    circuit = uneven_circuit()
    found = SamplingEstimator(BackendSampler(backend), shots=1000, seed=9).estimate(circuit, HAMILTONIAN)
    assert found.shots == 1000 * found.num_settings
    assert {request.shots for request in requests} == {250}
    exact = StatevectorSimulator().expectation_value(circuit.without_final_measurements(), HAMILTONIAN)
    assert abs(found.value - exact) < 4 * found.standard_error
    again = SamplingEstimator(BackendSampler(Limited()), shots=1000).estimate(circuit, HAMILTONIAN, seed=found.seed)
    assert again == found


@pytest.mark.parametrize("shots", [1, 0, 2.5, True])
def test_an_error_bar_needs_two_shots(shots) -> None:
    with pytest.raises(InputError, match="shots must be an integer of at least 2"):
        SamplingEstimator(StatevectorSimulator(), shots)


def test_bad_observables() -> None:
    estimator = SamplingEstimator(StatevectorSimulator(), 10)
    with pytest.raises(OperatorError, match="must have the circuit's 2 qubits, got 3"):
        estimator.estimate(Circuit(2), HAMILTONIAN)
    with pytest.raises(OperatorError, match="Hermitian"):
        estimator.estimate(Circuit(1), PauliSum.from_list([("X", 1j)]))


def test_an_algorithm_moves_to_a_backend_by_one_argument() -> None:
    hamiltonian = PauliSum.from_list([("ZZ", -1.0), ("IX", -0.4), ("XI", -0.4)])
    a, b = Parameter("a"), Parameter("b")
    ansatz = Circuit(2).ry(a, 0).ry(a, 1).cx(0, 1).ry(b, 1)

    def minimum(estimator: Estimator) -> float:
        best = min(
            float(estimator.expectation_value(ansatz, hamiltonian, [x, y]))
            for x in np.linspace(-1.5, 1.5, 7)
            for y in np.linspace(-1.5, 1.5, 7)
        )
        return best

    exact = minimum(StatevectorSimulator())
    sampled = minimum(SamplingEstimator(local_sampler(), shots=2000, seed=7))
    assert exact < -1.1
    assert sampled == pytest.approx(exact, abs=0.1)


def test_vqe_runs_on_shots() -> None:
    hamiltonian = PauliSum.from_list([("Z", 1.0), ("X", 0.5)])
    ansatz = Circuit(1).ry(Parameter("a"), 0)
    estimator = SamplingEstimator(local_sampler(), shots=4000, seed=8)
    result = VQE(ansatz, hamiltonian, estimator=estimator).run([2.0])
    assert result.energy == pytest.approx(-np.sqrt(1.25), abs=0.05)


def test_readout_errors_and_decoders_go_with_the_measurements_they_follow():
    """They would keep the measurements, which leave nothing of X."""
    x = PauliSum.from_list([("IX", 1.0)])
    circuit = Circuit(2, 3).h([0, 1]).measure([0, 1], [0, 1]).readout_error(ReadoutError(np.eye(2)), [0, 1])
    circuit.detector([0, 1]).decode(lambda bits: bits, [0], [2])
    assert SamplingEstimator(StatevectorSimulator(), shots=100, seed=1).estimate(circuit, x).value == 1.0
    assert circuit.without_final_measurements().count_ops() == {"h": 2}
