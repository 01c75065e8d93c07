"""`ShotEstimator`: unbiased with honest error bars, whatever is asked for; budgets, targets, seeds, and its limits."""

import numpy as np
import pytest
from shot_statistics import assert_honest, assert_unbiased

from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator
from qtoolkit.algorithms import SPSA, VQE
from qtoolkit.algorithms.measurement import (
    PostSelection,
    ReadoutMitigation,
    ShotEstimate,
    ShotEstimator,
    SymmetryVerification,
    ZeroNoiseExtrapolation,
)
from qtoolkit.backends import BackendSampler, Estimate, LocalBackend, SamplingEstimator
from qtoolkit.circuit import ReadoutError
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.noise import NoiseModel, depolarizing
from qtoolkit.primitives import Estimator

SIMULATOR = StatevectorSimulator()
HAMILTONIAN = PauliSum.from_list(
    [("III", 0.3), ("ZZI", -0.8), ("IZZ", 0.6), ("XIX", 0.5), ("YYI", -0.4), ("IXI", 0.2), ("ZYX", 0.7), ("IIZ", 0.1)]
)
STATE = Circuit(3).ry(0.4, 0).cx(0, 1).rx(1.1, 2).cx(1, 2).ry(-0.6, 1).rz(0.8, 0)
EXACT = SIMULATOR.expectation_value(STATE, HAMILTONIAN)


@pytest.mark.parametrize("grouping", ["qubit-wise", "commuting"])
@pytest.mark.parametrize("allocation", ["uniform", "weighted", "variance"])
def test_estimates_are_unbiased_and_know_their_error(grouping, allocation):
    estimator = ShotEstimator(SIMULATOR, 250, grouping=grouping, allocation=allocation, seed=1)
    assert isinstance(estimator, Estimator)
    found = [estimator.estimate(STATE, HAMILTONIAN) for _ in range(250)]
    values, errors = [item.value for item in found], [item.standard_error for item in found]
    assert_unbiased(values, EXACT, errors)
    assert_honest(values, errors)
    assert {item.shots for item in found} == {250}
    assert {sum(item.shots_per_group) for item in found} == {250}


@pytest.mark.slow
def test_a_rare_outcome_does_not_bias_adaptive_shots():
    """Most pilots see no variance of Z; were they pooled with the few shots that follow, the mean would be too near 1.

    Pooling gives z = 5 here.
    """
    rare = Circuit(1).ry(2 * np.arcsin(np.sqrt(0.02)), 0)
    observables = [PauliSum.from_list([("Z", 1.0)]), PauliSum.from_list([("Y", 8.0)])]
    estimator = ShotEstimator(SIMULATOR, 140, seed=2)
    found = [estimator.estimate(rare, observables)[0] for _ in range(5000)]
    assert_unbiased([item.value for item in found], 0.96, [item.standard_error for item in found])


def test_shots_go_where_the_variance_is():
    observable = PauliSum.from_list([("ZZ", 1.0), ("IZ", 1.0), ("XX", 1.0)])
    estimator = ShotEstimator(SIMULATOR, 20_000, grouping="qubit-wise", seed=3)
    certain, uncertain = estimator.estimate(Circuit(2), observable).shots_per_group  # |00⟩ knows its Z
    assert certain < 3000
    assert certain + uncertain == 20_000
    uniform = ShotEstimator(SIMULATOR, 20_000, grouping="qubit-wise", allocation="uniform", seed=3)
    assert uniform.estimate(Circuit(2), observable).shots_per_group == (10_000, 10_000)


def test_the_error_reached_is_the_one_predicted():
    estimator = ShotEstimator(SIMULATOR, 40_000, seed=4)
    state = SIMULATOR.state_vector(STATE)
    predicted = estimator.groups(HAMILTONIAN).predicted_standard_error(40_000, state_vector=state)[0]
    found = estimator.estimate(STATE, HAMILTONIAN)
    # a tenth of the shots is spent by weights alone
    assert predicted < found.standard_error < 1.1 * predicted


@pytest.mark.parametrize("allocation", ["weighted", "variance"])
def test_no_more_shots_are_spent_than_the_error_asked_for_takes(allocation):
    estimator = ShotEstimator(SIMULATOR, 200_000, standard_error=0.02, allocation=allocation, seed=5)
    found = [estimator.estimate(STATE, HAMILTONIAN) for _ in range(100)]
    values, errors = [item.value for item in found], [item.standard_error for item in found]
    assert np.mean(errors) == pytest.approx(0.02, rel=0.1)
    assert max(item.shots for item in found) < 50_000
    assert_unbiased(values, EXACT, errors)
    assert_honest(values, errors)
    short = ShotEstimator(SIMULATOR, 500, standard_error=1e-4, seed=5).estimate(STATE, HAMILTONIAN)
    assert short.shots == 500
    assert short.standard_error > 0.01


def test_several_observables_share_their_shots():
    first, second = PauliSum.from_list([("ZZI", 1.0), ("IXI", 0.5)]), PauliSum.from_list([("ZZI", -2.0)])
    estimator = ShotEstimator(SIMULATOR, 1000, seed=6)
    one, two = estimator.estimate(STATE, [first, second])
    assert one.shots_per_group == two.shots_per_group
    alone = PauliSum.from_list([("ZZI", 1.0)])
    three, four = estimator.estimate(STATE, [alone, -2.0 * alone])
    assert four.value == pytest.approx(-2.0 * three.value)
    values = estimator.expectation_value(STATE, [first, second])
    assert values.shape == (2,)
    assert isinstance(estimator.expectation_value(STATE, first), float)
    assert estimator.estimate(STATE, []) == []


def test_constants_cost_nothing():
    found = ShotEstimator(SIMULATOR, 10, seed=1).estimate(STATE, 1.5 * PauliSum.identity(3))
    assert (found.value, found.standard_error, found.shots, found.num_settings) == (1.5, 0.0, 0, 0)
    zne = ShotEstimator(SIMULATOR, 10, mitigation=[ZeroNoiseExtrapolation()])
    assert zne.estimate(STATE, PauliSum.zero(3)).value == 0.0


def test_seeds():
    first, second = (ShotEstimator(BackendSampler(LocalBackend()), 300, seed=7) for _ in range(2))
    sequence = [first.estimate(STATE, HAMILTONIAN) for _ in range(2)]
    assert sequence == [second.estimate(STATE, HAMILTONIAN) for _ in range(2)]
    assert sequence[0].value != sequence[1].value
    again = ShotEstimator(BackendSampler(LocalBackend()), 300).estimate(STATE, HAMILTONIAN, seed=sequence[1].seed)
    assert again == sequence[1]
    assert isinstance(again, ShotEstimate)
    assert isinstance(again, Estimate)


def test_all_groups_of_a_stage_wait_in_the_queue_together():
    backend = LocalBackend()
    running, submitted = [], []
    submit = backend._submit

    def watched(request):
        job = submit(request)
        submitted.append(job)
        result = job.result
        job.result = lambda timeout=None: running.append(len(submitted)) or result(timeout)
        return job

    backend._submit = watched
    found = ShotEstimator(BackendSampler(backend), 900, allocation="weighted", seed=8).estimate(STATE, HAMILTONIAN)
    assert len(submitted) == len(set(found.shots_per_group))
    assert set(running) == {len(submitted)}  # nothing was waited for before all were submitted


def test_parameters_and_noise_go_through():
    circuit = Circuit(1).rx(Parameter("a"), 0)
    z = PauliSum.from_list([("Z", 1.0)])
    flips = NoiseModel().add(depolarizing(0.75))
    for sampler in (SIMULATOR, BackendSampler(LocalBackend())):
        assert ShotEstimator(sampler, 100).expectation_value(circuit, z, [np.pi]) == -1.0
        assert ShotEstimator(sampler, 100).expectation_value(circuit, z, {"a": 0.0}) == 1.0
        noisy = ShotEstimator(sampler, 100, noise=flips, seed=1)
        assert abs(noisy.expectation_value(circuit, z, [np.pi])) < 0.5


def test_vqe_on_shots_reports_no_value_that_luck_has_chosen():
    """The lowest of noisy energies lies below the ground state; what is reported does not, within its error bar."""
    hamiltonian = PauliSum.from_list([("ZZ", -1.0), ("IX", -0.4), ("XI", -0.4)])
    a, b = Parameter("a"), Parameter("b")
    ansatz = Circuit(2).ry(a, 0).ry(a, 1).cx(0, 1).ry(b, 1)
    values, errors, exact = [], [], []
    for seed in range(30):
        estimator = ShotEstimator(SIMULATOR, 60, allocation="weighted", seed=seed)
        found = VQE(ansatz, hamiltonian, estimator=estimator, optimizer=SPSA(60, seed=seed)).run([0.4, 0.2])
        assert not found.converged
        values.append(found.energy)
        errors.append(found.standard_error)
        exact.append(SIMULATOR.expectation_value(ansatz, hamiltonian, found.parameters))
        assert found.history.min() < exact[-1]
    assert_unbiased(np.subtract(values, exact), 0.0, errors)


@pytest.mark.parametrize("kind", [ShotEstimator, SamplingEstimator])
def test_a_simulator_of_amplitudes_prepares_the_state_once(kind):
    class Counting(StatevectorSimulator):
        prepared, begun = 0, 0

        def state_vector(self, *arguments, **named):
            self.prepared += 1
            return super().state_vector(*arguments, **named)

        def run(self, circuit, shots, seed=None, parameters=None, initial_state=None):
            self.begun += initial_state is not None
            return super().run(circuit, shots, seed, parameters, initial_state)

    circuit = STATE.copy().rz(Parameter("a"), 2).ry(0.3, 2).measure_all()
    exact = SIMULATOR.expectation_value(circuit.without_final_measurements(), HAMILTONIAN, [0.4])
    counting = Counting()
    found = kind(counting, 5000, seed=10).estimate(circuit, HAMILTONIAN, [0.4])
    assert abs(found.value - exact) < 4 * found.standard_error
    assert counting.prepared == 1
    assert counting.begun >= found.num_settings
    single = kind(StatevectorSimulator(precision="single"), 5000, seed=10).estimate(circuit, HAMILTONIAN, [0.4])
    assert abs(single.value - exact) < 4 * single.standard_error
    noisy = kind(counting, 5000, seed=10, noise=NoiseModel())
    noisy.estimate(circuit, HAMILTONIAN, [0.4])
    assert counting.prepared == 1  # noise is drawn anew in every shot


def test_a_circuit_keeps_its_registers():
    circuit = Circuit(2)
    circuit.add_clbits(1, "observable")
    circuit.h(0).measure(0, 0).if_(0, lambda body: body.x(1))
    assert ShotEstimator(SIMULATOR, 100, seed=9).expectation_value(circuit, PauliSum.from_list([("ZZ", 1.0)])) == 1.0
    zne = ShotEstimator(SIMULATOR, 100, mitigation=[ZeroNoiseExtrapolation()])
    with pytest.raises(InputError, match="needs their inverses, got measure"):
        zne.estimate(circuit, PauliSum.from_list([("ZZ", 1.0)]))


ERROR = ReadoutMitigation([((0,), ReadoutError([[0.9, 0.1], [0.1, 0.9]]))])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ShotEstimator(Circuit(1), 10), "must be a Sampler"),
        (lambda: ShotEstimator(SIMULATOR, 1), "shots must be an integer of at least 2"),
        (lambda: ShotEstimator(SIMULATOR, 10, grouping="none"), "grouping must be one of"),
        (lambda: ShotEstimator(SIMULATOR, 10, allocation="none"), "allocation must be one of"),
        (lambda: ShotEstimator(SIMULATOR, 10, standard_error=0.0), "standard_error must be a positive number"),
        (lambda: ShotEstimator(SIMULATOR, 10, mitigation=ERROR), "mitigation is a sequence of"),
        (lambda: ShotEstimator(SIMULATOR, 10, mitigation=[ERROR, ERROR]), "one of each at most"),
        (lambda: ShotEstimator(SIMULATOR, 10, noise="much"), "noise must be a NoiseModel"),
        (lambda: ShotEstimator(SIMULATOR, 10).estimate(STATE, HAMILTONIAN), "groups need at least"),
        (lambda: ShotEstimator(SIMULATOR, 10).groups([]), "at least one observable"),
        (
            lambda: ShotEstimator(SIMULATOR, 99, mitigation=[PostSelection([("ZZ", 1)])]).estimate(STATE, HAMILTONIAN),
            "symmetries must have the observables' 3 qubits, got 2",
        ),
        (
            lambda: ShotEstimator(SIMULATOR, 99, mitigation=[SymmetryVerification([("ZZZ", 1)])]).groups(HAMILTONIAN),
            "a symmetry must commute with what is estimated, got ZZZ",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_bad_observables():
    estimator = ShotEstimator(SIMULATOR, 10)
    with pytest.raises(OperatorError, match="must have the circuit's 2 qubits, got 3"):
        estimator.estimate(Circuit(2), HAMILTONIAN)
    with pytest.raises(OperatorError, match="Hermitian"):
        estimator.estimate(Circuit(1), PauliSum.from_list([("X", 1j)]))
