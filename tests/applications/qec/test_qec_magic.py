"""Magic states: distillation and cultivation as circuits, beside exact figures, all faults and state vectors."""

from collections import defaultdict

import numpy as np
import pytest

from qtoolkit import Circuit, DensityMatrixSimulator, NearCliffordSimulator, StatevectorSimulator, to_stim
from qtoolkit.applications.qec import (
    ExperimentTask,
    NoisePreset,
    cultivation_circuit,
    detection_events,
    distillation_circuit,
    fifteen_to_one,
    noise_preset,
    run_experiment,
)
from qtoolkit.circuit import KrausChannel, Measure
from qtoolkit.errors import InputError
from qtoolkit.noise import depolarizing, over_rotation


def exact_output(circuit):
    """Acceptance, and the error of what is accepted, from the density matrix before the measurement."""
    bare = Circuit(circuit.num_qubits)
    for operation in circuit:
        if operation.qubits and not isinstance(operation.gate, Measure):
            bare.append(operation.gate, operation.qubits)
    probabilities = DensityMatrixSimulator().probabilities(bare)
    right, wrong = probabilities[0], probabilities[16]
    return right + wrong, wrong / (right + wrong)


@pytest.mark.parametrize("rate", [0.0, 0.001, 0.01, 0.14])
def test_distillation_has_the_exact_figures(rate):
    acceptance, error = exact_output(distillation_circuit(rate))
    exact = fifteen_to_one().distilled(rate)
    assert acceptance == pytest.approx(exact.acceptance, abs=1e-12)
    assert error == pytest.approx(exact.error, abs=1e-12)


def test_distillation_at_one_percent():
    acceptance, error = exact_output(distillation_circuit(0.01))
    assert acceptance == pytest.approx(0.8600903, abs=5e-8)
    assert error == pytest.approx(3.608768e-5, rel=2e-7)


@pytest.mark.parametrize("angle", [0.1, 0.3])
def test_distillation_of_gates_that_turn_too_far(angle):
    acceptance, error = exact_output(distillation_circuit(over_rotation("Z", angle)))
    exact = fifteen_to_one().distilled_coherent(angle)
    assert acceptance == pytest.approx(exact.acceptance, abs=1e-12)
    assert error == pytest.approx(exact.error, abs=1e-12)


@pytest.mark.parametrize("error", [0.05, over_rotation("Z", 0.5)])
def test_distillation_as_an_experiment_discards(error):
    task = ExperimentTask(distillation_circuit(error), None, heralds=range(4), batch_shots=1 << 16)
    assert task.sampler == "near-clifford"
    result = run_experiment(task, max_shots=300_000, seed=1)
    protocol = fifteen_to_one()
    exact = protocol.distilled_coherent(0.5) if isinstance(error, KrausChannel) else protocol.distilled(error)
    spread = np.sqrt(exact.acceptance * (1 - exact.acceptance) * result.shots)
    assert abs(result.accepted - exact.acceptance * result.shots) < 5 * spread
    assert abs(result.errors - exact.error * result.accepted) < 5 * np.sqrt(exact.error * result.accepted) + 1


@pytest.mark.parametrize("error", [1.5, "no", depolarizing(0.1, 2)])
def test_bad_errors_of_t_gates_are_refused(error):
    with pytest.raises(InputError):
        distillation_circuit(error)


@pytest.mark.parametrize("proxy", [False, True])
def test_cultivation_is_silent_without_noise(proxy):
    circuit = cultivation_circuit(proxy=proxy)
    detectors, observables = NearCliffordSimulator().sample_detectors(circuit, 500, seed=1)
    assert not detectors.any()
    assert not observables.any()


def test_no_two_faults_of_the_stand_in_go_unseen():
    """Two faults do unseen harm if they have the same symptoms, but for the observable; one does if it has none."""
    circuit = to_stim(cultivation_circuit(noise_preset("circuit", 0.001), proxy=True))
    harms = defaultdict(set)
    for instruction in circuit.detector_error_model().flattened():
        if instruction.type == "error":
            targets = instruction.targets_copy()
            seen = frozenset(target.val for target in targets if target.is_relative_detector_id())
            harms[seen].add(any(target.is_logical_observable_id() for target in targets))
    assert len(harms) > 500
    assert frozenset() not in harms
    assert all(len(harm) == 1 for harm in harms.values())


def with_fault(noisy, number, label):
    """The circuit without its noise, and one fault in the place of an operation."""
    circuit = cultivation_circuit()
    result = Circuit(circuit.num_qubits, circuit.num_clbits)
    for index, operation in enumerate(noisy):
        if index == number:
            for letter, qubit in zip(reversed(label), operation.qubits, strict=True):
                if letter != "I":
                    getattr(result, letter.lower())(qubit)
        elif not isinstance(operation.gate, KrausChannel):
            result.append(operation.gate, operation.qubits, operation.clbits)
    return result


def all_faults():
    """Operations of a noisy circuit, and its faults: their places and letters."""
    noisy = list(cultivation_circuit(noise_preset("circuit", 0.5)))
    return noisy, [
        (number, label)
        for number, operation in enumerate(noisy)
        if isinstance(operation.gate, KrausChannel)
        for label in operation.gate.pauli_probabilities
        if set(label) != {"I"}
    ]


def seen_of(noisy, faults):
    """How many of some faults detectors see; none of the others may do harm, nor any when it is not seen."""
    simulator, seen = NearCliffordSimulator(), 0
    for number, label in faults:
        detectors, observables = simulator.sample_detectors(with_fault(noisy, number, label), 256, seed=1)
        assert not observables[~detectors.any(axis=1)].any(), (number, label)
        seen += detectors.any()
    return seen


def test_no_fault_of_the_circuit_itself_does_unseen_harm():
    noisy, faults = all_faults()
    chosen = np.random.default_rng(7).choice(len(faults), 60, replace=False)
    assert seen_of(noisy, [faults[index] for index in chosen]) > 40


@pytest.mark.slow
def test_none_of_all_faults_of_the_circuit_itself_does_unseen_harm():
    noisy, faults = all_faults()
    assert len(faults) > 1500
    assert seen_of(noisy, faults) > len(faults) // 2


def test_cultivation_is_what_the_state_vector_says():
    preset = NoisePreset("mixed", one=over_rotation("X", 0.15), two=depolarizing(0.005, 2))
    circuit = cultivation_circuit(preset)
    fast, _ = NearCliffordSimulator().sample_detectors(circuit, 20_000, seed=1)
    shots = 400
    slow, _ = detection_events(circuit, StatevectorSimulator().run(circuit, shots, seed=2).memory)
    rates = fast.mean(axis=0)
    assert np.all(np.abs(slow.mean(axis=0) - rates) < 5 * np.sqrt(rates * (1 - rates) / shots) + 2 / shots)
    kept = (~fast.any(axis=1)).mean()
    assert abs((~slow.any(axis=1)).mean() - kept) < 5 * np.sqrt(kept * (1 - kept) / shots)


def test_cultivation_discards_more_and_errs_more_at_higher_rates():
    counts = []
    for rate, shots in ((0.02, 1 << 20), (0.01, 1 << 20)):
        circuit = cultivation_circuit(noise_preset("circuit", rate), proxy=True)
        task = ExperimentTask(circuit, None, heralds=range(circuit.num_detectors), batch_shots=1 << 18)
        assert task.sampler == "stim"
        counts.append(run_experiment(task, max_shots=shots, seed=1))
    assert counts[0].discard_rate > counts[1].discard_rate > 0.5
    assert counts[0].confidence_interval[0] > 2 * counts[1].logical_error_rate
