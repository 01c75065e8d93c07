"""Decoders that a circuit calls, corrections by feedback, and counts of devices decoded."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from near_clifford_oracle import distribution

from qtoolkit import Circuit, DensityMatrixSimulator, NearCliffordSimulator, Result, StatevectorSimulator, get_backend
from qtoolkit.applications.qec import (
    ExperimentTask,
    NoisePreset,
    code_named,
    corrected_memory_circuit,
    decode_counts,
    detection_events,
    measured_last,
    memory_circuit,
    noise_preset,
    recorded_decoder,
    run_experiment,
)
from qtoolkit.circuit import Decode, parity
from qtoolkit.errors import InputError
from qtoolkit.noise import amplitude_damping, bit_flip, depolarizing, over_rotation

REPETITION = code_named("repetition", distance=3)
ROTATED = code_named("rotated-surface", distance=3)
FLIPS = NoisePreset("flips", data=bit_flip(0.1), measure=bit_flip(0.05))
TURNS = NoisePreset("turns", data=over_rotation("X", 0.5), one=over_rotation("Y", 0.2), measure=bit_flip(0.05))
DECAY = NoisePreset("decay", data=amplitude_damping(0.1).compose(over_rotation("X", 0.4)), measure=bit_flip(0.02))


def decoded_offline(circuit, memory):
    """What the decoder inside a corrected memory should say, and what it said."""
    (decode,) = [operation for operation in circuit if isinstance(operation.gate, Decode)]
    inner = decode.gate.function.__self__
    expected = inner.decoder.decode_batch(detection_events(circuit, memory)[0][:, : inner.decoder.num_detectors])
    return expected, memory[:, decode.clbits[decode.gate.num_in :]].astype(bool)


def exact_failure(circuit):
    """How often an observable is odd, and how often one of the last detectors, from the exact distribution."""
    weights = distribution(circuit)
    start = circuit.num_clbits + circuit.num_detectors
    last = sum(type(operation.gate).__name__ == "Detector" for operation in list(circuit)[-4:])
    wrong = sum(weight for key, weight in weights.items() if any(key[start:]))
    outside = sum(weight for key, weight in weights.items() if any(key[start - last : start]))
    return wrong, outside


@pytest.mark.parametrize("noise", [FLIPS, TURNS, DECAY], ids=lambda preset: preset.name)
def test_a_corrected_memory_fails_as_often_as_one_decoded_afterwards_exactly(noise):
    """The same rounds, read without correction and decoded from the table of all records."""
    online = corrected_memory_circuit(REPETITION, 1, "z", noise)
    (decode,) = [operation for operation in online if isinstance(operation.gate, Decode)]
    inner = decode.gate.function.__self__
    offline = Circuit(online.num_qubits, online.num_clbits)
    for operation in online:
        name = operation.gate.name
        if name not in ("decode", "if"):
            offline.append(operation.gate, operation.qubits, operation.clbits)
    first = offline.num_clbits
    failed = 0.0
    for key, weight in distribution(offline).items():
        events = np.array([key[first : first + inner.decoder.num_detectors]], bool)
        failed += weight * (inner.decoder.decode_batch(events)[0, 0] != key[-1])
    wrong, outside = exact_failure(online)
    assert wrong == pytest.approx(failed, abs=1e-12)
    assert wrong > 1e-3
    assert outside < 1e-12


@pytest.mark.parametrize("noise", [FLIPS, TURNS], ids=lambda preset: preset.name)
@pytest.mark.parametrize("simulator", [NearCliffordSimulator(), StatevectorSimulator(), DensityMatrixSimulator()])
def test_simulators_that_call_decoders_agree_with_the_exact_distribution(simulator, noise):
    circuit = corrected_memory_circuit(REPETITION, 1, "z", noise)
    rate, _ = exact_failure(circuit)
    memory = simulator.run(circuit, 4000, seed=3).memory
    events, flips = detection_events(circuit, memory)
    assert not events[:, -2:].any()
    assert abs(flips.sum() - 4000 * rate) < 5 * np.sqrt(4000 * rate) + 1
    expected, said = decoded_offline(circuit, memory)
    assert np.array_equal(expected, said)


@pytest.mark.parametrize("basis", ["x", "z"])
def test_a_rotated_code_is_put_back_and_read(basis):
    noise = noise_preset("circuit", 0.01)
    circuit = corrected_memory_circuit(ROTATED, 2, basis, noise)
    memory = NearCliffordSimulator().run(circuit, 40_000, seed=1).memory
    events, flips = detection_events(circuit, memory)
    assert not events[:, -4:].any()
    expected, said = decoded_offline(circuit, memory)
    assert np.array_equal(expected, said)
    assert 0.1 < said.mean() < 0.4
    # Stim samples the same rounds with a readout that nothing corrects.
    plain = Circuit(circuit.num_qubits, circuit.num_clbits)
    for operation in circuit:
        if operation.gate.name not in ("decode", "if"):
            plain.append(operation.gate, operation.qubits, operation.clbits)
    watched = Circuit(circuit.num_qubits, circuit.num_clbits)
    for operation in list(plain)[:-5] + list(plain)[-1:]:
        watched.append(operation.gate, operation.qubits, operation.clbits)
    task = ExperimentTask(watched)
    assert task.sampler == "stim"
    offline = run_experiment(task, max_shots=40_000, seed=2)
    both = (flips.sum() + offline.errors) / 80_000
    assert abs(flips.mean() - offline.logical_error_rate) < 5 * np.sqrt(2 * both / 40_000)


def test_without_correction_the_same_memory_fails_more_often():
    circuit = corrected_memory_circuit(ROTATED, 2, "z", NoisePreset("decay", data=amplitude_damping(0.03)))
    result = run_experiment(ExperimentTask(circuit, None), max_shots=20_000, seed=1)
    plain = Circuit(circuit.num_qubits, circuit.num_clbits)
    for operation in circuit:
        if operation.gate.name != "if":
            plain.append(operation.gate, operation.qubits, operation.clbits)
    alone = run_experiment(ExperimentTask(plain, None), max_shots=20_000, seed=1)
    assert 0 < 3 * result.errors < alone.errors


def test_nothing_is_corrected_without_noise():
    for name in ("five-qubit", "steane", "bacon-shor"):
        made = code_named(name, distance=3) if name == "bacon-shor" else code_named(name)
        basis = "z" if name == "bacon-shor" else "x"
        circuit = corrected_memory_circuit(made, 1, basis, noise_preset("code-capacity", 0.0), "lookup")
        detectors, observables = NearCliffordSimulator().sample_detectors(circuit, 200, seed=1)
        assert not detectors.any()
        assert not observables.any()


def test_recorded_decoders_take_the_bits_of_detectors():
    circuit = Circuit(3, 5).x(0).channel(bit_flip(0.1), [0, 1, 2]).measure([0, 1, 2], [4, 2, 0])
    circuit.detector([4, 2]).detector([2, 0]).observable([4])
    decoder = recorded_decoder(circuit)
    assert decoder.clbits == (0, 2, 4)
    assert decoder.num_observables == 1
    # Bit 4 is 1 without noise, so the first detector is silent where bits 2 and 4 differ.
    bits = np.array([[0, 0, 1], [0, 0, 0], [0, 1, 1], [1, 0, 1]], bool)
    assert decoder.decode_batch(bits)[:, 0].tolist() == [False, True, False, False]
    with pytest.raises(InputError, match="recorded bits"):
        decoder.decode_batch(np.zeros((4, 5), bool))
    with pytest.raises(InputError, match="needs detectors"):
        recorded_decoder(Circuit(1, 1).measure(0, 0).observable([0]))


def test_circuits_that_decode_are_shared_by_threads_and_processes():
    circuit = corrected_memory_circuit(REPETITION, 1, "z", noise_preset("circuit", 0.02))
    task = ExperimentTask(circuit, None, batch_shots=256)
    here = run_experiment(task, max_shots=4096, seed=1)
    for executor in (ThreadPoolExecutor(2), ProcessPoolExecutor(2)):
        with executor:
            assert run_experiment(task, max_shots=4096, seed=1, executor=executor) == here


def test_records_that_are_lost_are_refused():
    circuit = Circuit(1, 1).measure(0, 0).detector([0]).observable([0]).measure(0, 0)
    with pytest.raises(InputError, match="bit 0 written again by measure"):
        detection_events(circuit, np.zeros((3, 1), bool))
    circuit = Circuit(1, 2).measure(0, 0).detector([0]).observable([0])
    circuit.if_(parity([1]) == 1, lambda body: body.measure(0, 0))
    with pytest.raises(InputError, match="bit 0 written again by if"):
        detection_events(circuit, np.zeros((3, 2), bool))


def test_counts_are_decoded_as_shots_are():
    noisy = memory_circuit(ROTATED, 2, "x", noise_preset("circuit", 0.01))
    result = NearCliffordSimulator().run(noisy, 20_000, seed=1)
    found = decode_counts(noisy, result)
    task = ExperimentTask(noisy)
    events, flips = detection_events(noisy, result.memory)
    wrong = task.compiled().decode_batch(events) != flips
    assert found.errors == wrong.sum() > 20
    assert found.undecoded_errors == flips.sum() > 3 * found.errors
    assert found.detection_fractions == pytest.approx(tuple(events.mean(axis=0)))
    assert found.confidence_interval[0] < found.logical_error_rate < found.confidence_interval[1]
    # Counts alone, of the ideal circuit with a model of the noise beside it, are as good.
    ideal = memory_circuit(ROTATED, 2, "x")
    assert decode_counts(
        ideal, Result.from_counts(result.counts), noise=noise_preset("circuit", 0.01)
    ) == decode_counts(noisy, Result.from_counts(result.counts))
    assert decode_counts(ideal, result, detector_error_model=task.model).errors == found.errors
    selected = decode_counts(noisy, result, heralds=range(noisy.num_detectors))
    assert selected.discards == events.any(axis=1).sum()
    assert selected.errors == (flips[~events.any(axis=1)]).sum()


def test_bad_counts_are_refused():
    circuit = memory_circuit(REPETITION, 1, "z", noise_preset("circuit", 0.01))
    with pytest.raises(InputError, match="5 classical bits, got 3 shots of 2"):
        decode_counts(circuit, Result.from_counts({"01": 3}))
    result = NearCliffordSimulator().run(circuit, 10, seed=1)
    with pytest.raises(InputError, match="one error model"):
        decode_counts(
            circuit, result, noise=noise_preset("circuit", 0.01), detector_error_model=ExperimentTask(circuit).model
        )
    with pytest.raises(InputError, match="counts are those of a Circuit"):
        decode_counts(None, result)


def test_circuits_measured_last_have_the_same_records():
    for code, rounds in ((REPETITION, 2), (ROTATED, 1)):
        ideal = memory_circuit(code, rounds, "z")
        ancillas = ideal.num_qubits - code.num_qubits
        assert measured_last(ideal).num_qubits == ideal.num_qubits + (rounds - 1) * ancillas
        circuit = memory_circuit(code, rounds, "z", noise_preset("circuit", 0.02))
        last = measured_last(circuit)
        names = [operation.gate.name for operation in last if operation.qubits]
        first = names.index("measure")
        assert set(names[first:]) == {"measure"}
        assert "reset" not in names
        assert ExperimentTask(last).model.approx_equals(ExperimentTask(circuit).model, atol=1e-12)


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (Circuit(1, 1).measure(0, 0).x(0), "left alone from its measurement to its reset, got x on qubit 0"),
        (Circuit(1, 1).measure(0, 0).if_(parity([0]) == 1, lambda body: body.x(0)), "no feedback"),
        (Circuit(2, 1).measure(0, 0).measure(1, 0), "a bit of its own here, got bit 0 twice"),
        ("circuit", "made of a Circuit"),
    ],
)
def test_what_cannot_be_measured_last_is_refused(circuit, message):
    with pytest.raises(InputError, match=message):
        measured_last(circuit)


def test_corrected_memories_refuse_what_they_cannot_store():
    with pytest.raises(InputError, match="basis"):
        corrected_memory_circuit(REPETITION, 1, "y")
    with pytest.raises(InputError, match="rounds"):
        corrected_memory_circuit(REPETITION, 0)
    with pytest.raises(InputError, match="noise"):
        corrected_memory_circuit(REPETITION, 1, noise=depolarizing(0.1))


@pytest.mark.slow
def test_a_memory_on_a_device_s_simulation_is_decoded():
    from qtoolkit.backends import device_noise

    circuit = memory_circuit(REPETITION, 3, "z")
    result = get_backend("ibm:fake_manila").run(circuit, shots=4000, seed=7).result()
    found = decode_counts(circuit, result, noise=device_noise("ibm:fake_manila"))
    assert found.backend_name == "ibm:fake_manila"
    assert 0 < found.errors < found.undecoded_errors


@pytest.mark.slow
def test_a_memory_on_a_local_mode_that_measures_last_is_decoded():
    circuit = measured_last(memory_circuit(ROTATED, 1, "z"))
    result = get_backend("braket:local").run(circuit, shots=100).result()
    found = decode_counts(circuit, result, noise=noise_preset("circuit", 0.01))
    assert (found.errors, found.undecoded_errors, found.shots) == (0, 0, 100)
