"""Experiments whose circuits Stim cannot sample: which simulator does, and that it samples what is exact."""

import pickle
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import stim
from near_clifford_oracle import distribution

from qtoolkit import Circuit, from_stim, to_stim
from qtoolkit.applications.qec import (
    ExperimentStore,
    ExperimentTask,
    NoisePreset,
    code_named,
    memory_circuit,
    memory_tasks,
    noise_preset,
    record_distribution,
    run_experiment,
)
from qtoolkit.circuit import KrausChannel, parity
from qtoolkit.errors import InputError
from qtoolkit.noise import (
    ReadoutError,
    amplitude_damping,
    bit_flip,
    depolarizing,
    over_rotation,
    pauli_channel,
    twirled,
    twirled_circuit,
)

SHOTS = 100_000


def exact_rate(circuit, decoder):
    """How often predictions are wrong, from the exact distribution of detectors and observables."""
    first, middle = circuit.num_clbits, circuit.num_clbits + circuit.num_detectors
    rows = [(key[first:middle], key[middle:], weight) for key, weight in distribution(circuit).items()]
    events = np.array([row[0] for row in rows], bool)
    flips = np.array([row[1] for row in rows], bool)
    weights = np.array([row[2] for row in rows])
    return float(weights @ (decoder.decode_batch(events) != flips).any(axis=1))


def agrees(result, rate, deviations=5.0):
    """Whether a count is that of a rate, to five standard deviations."""
    spread = np.sqrt(result.accepted * rate * (1.0 - rate))
    return abs(result.errors - result.accepted * rate) <= deviations * spread + 1.0


COHERENT = NoisePreset("turned", data=over_rotation("X", 0.5), one=over_rotation("Y", 0.2), measure=bit_flip(0.02))
DECAY = NoisePreset("decay", data=amplitude_damping(0.2), two=over_rotation("XZ", 0.3), measure=bit_flip(0.01))
BOTH = NoisePreset("both", data=amplitude_damping(0.15).compose(over_rotation("X", 0.4)), each=depolarizing(0.02))


@pytest.mark.parametrize("noise", [COHERENT, DECAY, BOTH], ids=lambda preset: preset.name)
@pytest.mark.parametrize(("code", "basis"), [("repetition", "z"), ("four-two-two", "x")])
def test_rates_are_those_of_the_exact_distribution(code, basis, noise):
    made = code_named(code, distance=3) if code == "repetition" else code_named(code)
    circuit = memory_circuit(made, 2 if code == "repetition" else 1, basis, noise)
    decoder = "matching" if code == "repetition" else "lookup"
    task = ExperimentTask(circuit, decoder)
    assert task.sampler == "near-clifford"
    rate = exact_rate(circuit, task.compiled())
    assert rate > 1e-3
    assert agrees(run_experiment(task, max_shots=SHOTS, seed=1), rate)


class ForRecords:
    """A decoder of a memory, whose readout sees what the last round saw, for records of that memory."""

    def __init__(self, decoder):
        self.decoder = decoder

    def decode_batch(self, events):
        flips = self.decoder.decode_batch(np.hstack([events, np.zeros((len(events), 4), bool)]))
        return np.hstack([flips, np.zeros_like(flips)])


def test_a_coherent_memory_has_the_rate_of_its_amplitudes():
    code, turn = code_named("repetition", distance=5), over_rotation("X", 0.6)
    noise = NoisePreset("turned", data=turn)
    (task,) = memory_tasks("repetition", [5], [0.05], rounds=3, noise=lambda _: noise)
    rate = record_distribution(code, turn, 3).infidelity_of(ForRecords(task.compiled()))
    assert rate > 0.01
    assert agrees(run_experiment(task, max_shots=SHOTS, seed=2), rate)


def test_pauli_noise_stays_with_stim():
    preset = noise_preset("circuit", 0.01)
    circuit = memory_circuit(code_named("rotated-surface", distance=3), 3, "z", preset)
    task = ExperimentTask(circuit)
    assert task.sampler == "stim"
    assert task.circuit == to_stim(circuit)
    assert task.explain().near_clifford is None
    assert task.explain().sampler == "stim"
    by_simulator = ExperimentTask(circuit.copy().rz(0.3, 17 - 1))  # a rotation of an ancilla that nobody reads
    assert by_simulator.sampler == "near-clifford"
    assert "rz on qubits 16" in by_simulator.explain().reason


@pytest.mark.parametrize(
    ("circuit", "reason"),
    [
        (Circuit(1, 1).append(over_rotation("X", np.pi / 2), 0), "'over_rotation X'"),
        (Circuit(1, 1).append(amplitude_damping(0.1), 0), "'amplitude_damping'"),
        (Circuit(1, 1).h(0).t(0).h(0), "Clifford"),
        (Circuit(1, 1).if_(parity([0]) == 1, lambda body: body.append(amplitude_damping(0.1), 0)), "'amplitude_da"),
        (Circuit(1, 1).measure(0, 0).readout_error(ReadoutError([[0.9, 0.1], [0.3, 0.7]]), 0), "as often on 0 as on 1"),
    ],
)  # fmt: skip
def test_what_stim_cannot_sample_says_why(circuit, reason):
    task = ExperimentTask(circuit.measure(0, 0).observable([0]), None)
    report = task.explain()
    assert reason in report.reason
    assert report.near_clifford is not None
    assert "no flips are predicted" in str(report)


def test_tags_of_coherent_errors_are_sampled_and_not_passed_over():
    text = "R 0\nI_ERROR[R_X(theta=0.8)] 0\nM 0\nDETECTOR rec[-1]\nOBSERVABLE_INCLUDE(0) rec[-1]"
    rate = np.sin(0.4) ** 2
    for given in (text, stim.Circuit(text), text.replace("I_ERROR[R_X(theta=0.8)]", f"R_X({0.8 / np.pi!r})")):
        task = ExperimentTask(given, None)
        assert task.sampler == "near-clifford"
        assert agrees(run_experiment(task, max_shots=20_000, seed=3), rate)
    # As an error it has a twirl, which tells a decoder all there is to know.
    assert run_experiment(ExperimentTask(text), max_shots=20_000, seed=3).errors == 0
    with pytest.raises(InputError, match="give a detector_error_model, or decoder=None"):
        ExperimentTask(text.replace("I_ERROR[R_X(theta=0.8)]", "R_X(0.3)")).compiled()


def test_parities_that_are_odd_without_noise_are_no_events():
    circuit = Circuit(1, 1).x(0).append(amplitude_damping(0.2), 0).measure(0, 0).detector([0]).observable([0])
    result = run_experiment(ExperimentTask(circuit, None), max_shots=20_000, seed=1)
    assert agrees(result, 0.2)
    assert run_experiment(ExperimentTask(circuit, None, heralds=[0]), max_shots=20_000, seed=1).errors == 0


def test_tasks_go_to_other_processes_and_into_stores(tmp_path):
    (task,) = memory_tasks("repetition", [3], [0.02], noise=lambda p: noise_preset("coherent", p, axis="X"))
    again = pickle.loads(pickle.dumps(task))
    assert again.id == task.id
    assert isinstance(again.circuit, Circuit)
    here = run_experiment(task, max_shots=10_000, seed=5)
    with ProcessPoolExecutor(2) as executor:
        assert run_experiment(task, max_shots=10_000, seed=5, executor=executor) == here
    with ExperimentStore(tmp_path / "store.sqlite") as store:
        run_experiment(task, max_shots=5_000, seed=5, store=store)
        assert run_experiment(task, max_shots=10_000, store=store) == here


def test_the_content_of_a_task_is_that_of_its_circuit():
    def task(angle=0.1, error=0.1, label="XZ", name="channel", qubit=0, **options):
        circuit = Circuit(2, 2).append(over_rotation(label, angle), [0, 1]).rz(angle, 0).p(0.3, 1)
        circuit.append(KrausChannel(amplitude_damping(error).operators, name=name), qubit)
        circuit.if_(parity([0]) == 1, lambda body: body.t(qubit))
        circuit.measure([0, 1], [0, 1]).detector([0], [1.0]).observable([1])
        return ExperimentTask(circuit, None, **options).id

    others = [
        task(angle=0.2),
        task(error=0.2),
        task(label="XX"),
        task(qubit=1),
        task(heralds=[0]),
        task(batch_shots=512),
    ]
    assert len({task(), *others}) == 7
    assert task(name="other") == task()


def test_a_circuit_that_decodes_needs_a_name_in_a_store(tmp_path):
    circuit = Circuit(1, 2).rx(0.3, 0).measure(0, 0).decode(np.invert, [0], [1]).observable([1])
    task = ExperimentTask(circuit, None)
    with ExperimentStore(tmp_path / "store.sqlite") as store:
        with pytest.raises(InputError, match="decoder_id"):
            run_experiment(task, max_shots=100, seed=1, store=store)
        named = ExperimentTask(circuit, None, decoder_id="inverted")
        assert run_experiment(named, max_shots=100, seed=1, store=store).shots == 100


def test_twirled_circuits_have_pauli_noise_alone():
    given = Circuit(2, 2).h(0).rz(0.3, 0).append(over_rotation("X", 0.4), 0).append(depolarizing(0.1), 1)
    given.append(amplitude_damping(0.3), 1)
    given.if_(parity([0]) == 1, lambda body: body.append(over_rotation("ZZ", 0.2), [0, 1]), lambda body: body.x(1))
    given.measure([0, 1], [0, 1]).readout_error(ReadoutError([[0.9, 0.1], [0.3, 0.7]]), 0).detector([0])
    made = twirled_circuit(given)
    assert [operation.gate.name for operation in made][:2] == ["h", "rz"]
    operations = list(made)
    assert operations[2].gate.pauli_probabilities == pytest.approx({"I": np.cos(0.2) ** 2, "X": np.sin(0.2) ** 2})
    assert operations[3].gate == depolarizing(0.1)
    assert operations[4].gate == twirled(amplitude_damping(0.3))
    assert operations[5].gate.branches[0].operations[0].gate == twirled(over_rotation("ZZ", 0.2))
    assert operations[5].gate.branches[1].operations[0].gate.name == "x"
    assert operations[8].gate.confusion == pytest.approx(np.array([[0.8, 0.2], [0.2, 0.8]]))
    assert twirled_circuit(made) == made


def test_correlated_readout_errors_are_twirled_by_patterns_of_flips():
    confusion = np.array([[0.7, 0.1, 0.2, 0.0], [0.0, 1.0, 0.0, 0.0], [0.1, 0.0, 0.9, 0.0], [0.0, 0.0, 0.4, 0.6]])
    (operation,) = twirled_circuit(Circuit(1, 2).readout_error(ReadoutError(confusion), [0, 1]))
    found = operation.gate.confusion
    flips = [sum(confusion[true, true ^ flip] for true in range(4)) / 4 for flip in range(4)]
    for true in range(4):
        assert found[true, [true ^ flip for flip in range(4)]] == pytest.approx(flips)


def test_models_of_twirls_are_those_of_pauli_noise():
    code = code_named("rotated-surface", distance=3)
    rate = 0.01
    (coherent,) = memory_tasks(code, None, [rate], rounds=1, noise="coherent", bases=("x",))
    turned = pauli_channel({"Z": rate})
    pauli = NoisePreset("twirl", data=turned, one=turned, two=pauli_channel({"ZZ": rate}))
    (flipped,) = memory_tasks(code, None, [rate], rounds=1, noise=lambda p: pauli, bases=("x",))
    assert flipped.sampler == "stim"
    assert coherent.model.approx_equals(flipped.model, atol=1e-9)


def test_coherent_errors_of_stim_are_channels_that_come_back():
    for text in ("I_ERROR[R_Z(theta=0.2)] 0", "II_ERROR[R_XX(theta=0.4)] 0 1", "I_ERROR[R_Y(theta=-0.3)] 0"):
        circuit = from_stim(text)
        (operation,) = circuit.operations
        assert isinstance(operation.gate, KrausChannel)
        again = from_stim(to_stim(circuit, tags=True))
        assert again.operations[0].gate.choi() == pytest.approx(operation.gate.choi())
        assert isinstance(again.operations[0].gate, KrausChannel)
