"""The cross-check: counts beside what their circuits give, by χ², distances and predicted noise."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from random_circuits import random_dynamic_circuit, random_gate_circuit
from scipy import stats

from qtoolkit import Circuit, DensityMatrixSimulator, Parameter, StatevectorSimulator
from qtoolkit.backends import registry
from qtoolkit.backends.calibration import Calibration, GateCalibration, QubitCalibration
from qtoolkit.backends.cloud import BitMap, Failure, JobRecord, Outcomes, PartRecord, Payload, Serializer
from qtoolkit.backends.job import JobStatus
from qtoolkit.backends.provider import Provider
from qtoolkit.backends.verification import compare, reference_of, verify, verify_payload
from qtoolkit.backends.verification.comparison import ALARM
from qtoolkit.backends.verification.prediction import predicted_distance
from qtoolkit.backends.verification.statistics import aligned, chi_square, confidence_bound, expected_distance
from qtoolkit.circuit import ReadoutError
from qtoolkit.errors import CircuitError, InputError, InsufficientMemoryError, JobError, UnboundParameterError
from qtoolkit.interop.openqasm import from_qasm, to_qasm
from qtoolkit.noise import NoiseModel, depolarizing
from qtoolkit.primitives import Result


def ghz(num_qubits, num_clbits=None):
    circuit = Circuit(num_qubits, num_qubits if num_clbits is None else num_clbits).h(0)
    for qubit in range(1, num_qubits):
        circuit.cx(qubit - 1, qubit)
    return circuit.measure(range(num_qubits), range(num_qubits))


def asymmetric(num_qubits=4):
    """Each bit, and each pair, has probabilities of its own."""
    circuit = Circuit(num_qubits, num_qubits)
    for qubit in range(num_qubits):
        circuit.ry(0.4 + 0.5 * qubit, qubit)
    for qubit in range(1, num_qubits):
        circuit.cx(qubit - 1, qubit)
    return circuit.measure(range(num_qubits), range(num_qubits))


def turned(result):
    return Result.from_counts({key[::-1]: count for key, count in result.counts.items()}, result.num_clbits)


def drawn(probabilities, shots, rng, width):
    counts = rng.multinomial(shots, probabilities)
    return Result.from_counts({format(k, f"0{width}b"): int(c) for k, c in enumerate(counts) if c}, width)


# --- references ---


def test_final_measurements_are_exact():
    circuit = random_gate_circuit(5, 40, seed=3)
    probabilities = StatevectorSimulator().probabilities(circuit)
    wide = Circuit(9, 8).extend(circuit, qubits=[8, 0, 5, 3, 1]).measure([5, 8, 5], [7, 2, 4])
    reference = reference_of(wide, 100)
    assert reference.is_exact
    assert reference.bits == (2, 4, 7)
    expected = np.zeros(8)
    for outcome, p in enumerate(probabilities):  # qubits 8 and 5 are those of 0 and 2
        first, third = outcome & 1, outcome >> 2 & 1
        expected[first | third << 1 | third << 2] += p
    np.testing.assert_allclose(reference.probabilities, expected, atol=1e-12)


def test_noise_and_readout_errors_are_exact():
    errors = [ReadoutError([[0.95, 0.05], [0.2, 0.8]]), ReadoutError([[0.9, 0.1], [0.0, 1.0]])]
    model = NoiseModel().add(depolarizing(0.03), gates=1).add(depolarizing(0.1, 2), gates="cx")
    model.add_readout(errors[0], 0).add_readout(errors[1], 2)
    circuit = asymmetric(3)
    reference = reference_of(circuit, 100, noise=model)
    state = DensityMatrixSimulator().probabilities(circuit.without_final_measurements(), noise=model)
    confusion = np.kron(errors[1].confusion, np.kron(np.eye(2), errors[0].confusion))
    np.testing.assert_allclose(reference.probabilities, state @ confusion, atol=1e-12)
    assert "density matrix" in reference.method


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_measurements_on_the_way_are_exact_where_they_fit(seed):
    circuit = random_dynamic_circuit(3, 12, seed)
    reference = reference_of(circuit, 100)
    sampled = reference_of(circuit, 5000, seed=seed, exact=False)
    if reference.is_exact:
        assert compare(sampled.sample, reference).agrees
    else:
        assert compare(StatevectorSimulator().run(circuit, 5000, seed=seed), reference, seed=1).agrees


def test_a_bit_that_is_read_and_written_again():
    error = ReadoutError([[0.9, 0.1], [0.2, 0.8]])
    circuit = Circuit(2, 2).h(0).measure(0, 0).readout_error(error, 0).if_(0, lambda body: body.x(1))
    circuit.measure(1, 1).reset(0).measure(0, 0)
    reference = reference_of(circuit, 10)
    assert reference.is_exact
    np.testing.assert_allclose(reference.probabilities, [0.55, 0.0, 0.45, 0.0], atol=1e-12)


def test_what_does_not_fit_is_sampled():
    circuit = Circuit(24, 24)
    for qubit in range(24):
        circuit.h(qubit)
    circuit.measure(range(24), range(24))
    reference = reference_of(circuit, 100, seed=5)
    assert not reference.is_exact
    assert reference.shots == 20_000
    assert reference.seed == 5
    with pytest.raises(CircuitError, match="sample it"):
        reference_of(circuit, 100, exact=True)
    assert reference_of(circuit, 100_000, seed=1).shots == 500_000


def test_what_has_no_reference():
    theta = Parameter("theta")
    with pytest.raises(UnboundParameterError):
        reference_of(Circuit(1, 1).rx(theta, 0).measure(0, 0), 10)
    with pytest.raises(CircuitError, match="needs a measurement"):
        reference_of(Circuit(1, 1).h(0), 10)
    with pytest.raises(InputError, match="shots"):
        reference_of(ghz(2), 0)
    with pytest.raises(InputError, match="a Circuit"):
        reference_of("h 0", 10)
    deep = random_gate_circuit(60, 250, seed=1, arrays=False).measure_all()
    with pytest.raises(InsufficientMemoryError):
        reference_of(deep, 10)


def test_distances_of_exact_distributions():
    bell, flipped = ghz(2, 3), ghz(2, 3).x(0).measure(0, 0)
    assert reference_of(bell, 1).total_variation(reference_of(bell, 1)) == 0.0
    assert reference_of(bell, 1).total_variation(reference_of(flipped, 1)) == pytest.approx(1.0)
    other = Circuit(2, 3).h(0).cx(0, 1).measure([0, 1], [0, 2])
    assert reference_of(bell, 1).total_variation(reference_of(other, 1)) == pytest.approx(0.5)
    with pytest.raises(CircuitError, match="two exact distributions"):
        reference_of(bell, 1).total_variation(reference_of(ghz(4), 1))
    with pytest.raises(CircuitError, match="two exact distributions"):
        reference_of(bell, 1).total_variation(reference_of(bell, 1, exact=False))


# --- statistics ---


@pytest.mark.parametrize("shots", [7, 200])
def test_the_mean_distance_of_shots(shots):
    rng = np.random.default_rng(shots)
    p, q = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(6))
    q[0], q[1:] = 0.0, q[1:] / q[1:].sum()
    counts = rng.multinomial(shots, q, size=40_000) / shots
    for asked in (p, q):
        distances = 0.5 * np.abs(counts - asked).sum(axis=1)
        error = distances.std() / 200.0
        assert expected_distance(q, asked, shots) == pytest.approx(distances.mean(), abs=5.0 * error)
        assert (distances > confidence_bound(expected_distance(q, asked, shots), shots)).mean() < 0.05


def test_distances_of_certain_outcomes():
    certain = np.array([1.0, 0.0])
    assert expected_distance(certain, certain, 10) == 0.0
    assert expected_distance(certain, certain[::-1], 10) == 1.0
    assert expected_distance(certain, np.array([0.5, 0.5]), 10) == pytest.approx(0.5)


def test_chi_square_is_scipys():
    rng = np.random.default_rng(7)
    circuit = asymmetric(3)
    reference = reference_of(circuit, 5000)
    for _ in range(20):
        noisy = 0.97 * reference.probabilities + 0.03 / 8
        result = drawn(noisy, 5000, rng, 3)
        pair = aligned(result, reference)
        statistic, degrees, p = chi_square(pair, rng)
        expected = stats.chisquare(pair.observed[:-1], 5000 * reference.probabilities)
        assert statistic == pytest.approx(expected.statistic)
        assert degrees == 7
        assert p == pytest.approx(expected.pvalue)
        assert pair.total_variation == pytest.approx(0.5 * np.abs(pair.observed / 5000 - pair.probabilities).sum())


def test_chi_square_of_a_sample_is_that_of_two_samples():
    circuit = asymmetric(3)
    reference = reference_of(circuit, 5000, seed=2, exact=False)
    result = StatevectorSimulator().run(circuit, 5000, seed=3)
    pair = aligned(result, reference)
    statistic, degrees, p = chi_square(pair, np.random.default_rng(4))
    half = np.random.default_rng(4).multivariate_hypergeometric(
        pair.reference.astype(np.int64), pair.reference_shots // 2, method="marginals"
    )
    expected = stats.chi2_contingency(np.array([pair.observed, pair.reference - half]), correction=False)
    assert statistic == pytest.approx(expected.statistic)
    assert degrees == expected.dof
    assert p == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("exact", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.parametrize("rare", [False, True])
def test_false_alarms_are_as_frequent_as_p_values_say(exact, rare):
    """Where outcomes are frequent, p is uniform, by a Kolmogorov-Smirnov test; where some are rare, never too small."""
    shots = 1000
    rng = np.random.default_rng(17)
    circuit = random_gate_circuit(6, 60, seed=11).measure_all() if rare else asymmetric(3)
    truth = reference_of(circuit, shots)
    outcomes, joint = [], []
    for seed in range(200):
        reference = truth if exact else reference_of(circuit, shots, seed=seed, exact=False)
        found = compare(drawn(truth.probabilities, shots, rng, truth.num_clbits), reference, seed=rng)
        outcomes.append(found.outcomes_p_value)
        joint.append(found.p_value)
    if not rare:
        assert stats.kstest(outcomes, "uniform").pvalue > 1e-3
    for values in (outcomes, joint):
        for level in (0.01, 0.05, 0.2):
            assert stats.binom.sf(sum(p < level for p in values) - 1, len(values), level) > 1e-4


def test_false_alarms_of_outcomes_that_hardly_come_twice():
    rng = np.random.default_rng(5)
    probabilities = rng.dirichlet(0.3 * np.ones(1 << 12))
    reference = replace(reference_of(ghz(12), 1), probabilities=probabilities)
    values = [compare(drawn(probabilities, 500, rng, 12), reference).p_value for _ in range(100)]
    assert stats.binom.sf(sum(p < 0.05 for p in values) - 1, 100, 0.05) > 1e-4
    uniform = Result.from_counts(drawn(np.full(1 << 12, 2.0**-12), 500, rng, 12).counts, 12)
    assert compare(uniform, reference).p_value < ALARM


@pytest.mark.parametrize("bits", [10, 13])
def test_false_alarms_of_samples_whose_outcomes_hardly_come_twice(bits):
    rng = np.random.default_rng(bits)
    probabilities = rng.dirichlet(0.5 * np.ones(1 << bits))
    values = []
    for _ in range(60):
        sample = drawn(probabilities, 5000, rng, bits)
        reference = replace(reference_of(ghz(bits), 1), probabilities=None, sample=sample)
        values.append(compare(drawn(probabilities, 500, rng, bits), reference, seed=rng).p_value)
    for level in (0.02, 0.1):
        assert stats.binom.sf(sum(p < level for p in values) - 1, 60, level) > 1e-3


def test_noise_is_seen():
    circuit = ghz(5)
    noisy = DensityMatrixSimulator().run(circuit, 2000, seed=1, noise=NoiseModel().add(depolarizing(0.05, 2)))
    found = compare(noisy, reference_of(circuit, 2000))
    assert not found.agrees
    assert found.outcomes_p_value == 0.0  # outcomes that cannot come
    assert found.total_variation > found.bound > found.expected > 0.0
    assert found.fidelity < 0.95


@pytest.mark.parametrize("exact", [None, False])
def test_right_counts_agree(exact):
    circuit = asymmetric(5)
    reference = reference_of(circuit, 4000, exact=exact, seed=1)
    found = compare(StatevectorSimulator().run(circuit, 4000, seed=8), reference, seed=2)
    assert found.agrees
    assert 0.2 * found.expected < found.total_variation < found.bound
    assert found.expected == pytest.approx(
        expected_distance(*[reference_of(circuit, 1).probabilities] * 2, 4000), rel=0.2
    )
    assert found.fidelity > 0.99
    assert (found.reference_shots is None) == (exact is None)
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["agrees"]


@pytest.mark.parametrize("exact", [None, False])
def test_swapped_bits_are_seen(exact):
    circuit = asymmetric(4)
    result = StatevectorSimulator().run(circuit, 2000, seed=8)
    swapped = Circuit(4, 4).extend(circuit.without_final_measurements()).measure([0, 2, 1, 3], [0, 1, 2, 3])
    found = compare(result, reference_of(swapped, 2000, exact=exact, seed=1))
    assert not found.agrees
    assert found.bits_p_value < 1e-6
    assert set(found.worst_bits) & {1, 2}


def test_a_bit_that_the_circuit_never_writes():
    circuit = ghz(2, 4)
    right = Result.from_counts({"0000": 510, "0011": 490}, 4)
    assert compare(right, reference_of(circuit, 1000)).agrees
    wrong = Result.from_counts({"0000": 510, "0011": 489, "0111": 1}, 4)
    found = compare(wrong, reference_of(circuit, 1000))
    assert found.p_value == 0.0
    assert found.total_variation == pytest.approx(0.5 * (0.01 + 0.011 + 0.001))


def test_hundreds_of_bits():
    pytest.importorskip("stim")
    from qtoolkit import AutomaticSimulator

    circuit = Circuit(150, 150)
    for qubit in range(0, 150, 3):
        circuit.h(qubit).cx(qubit, qubit + 1).cx(qubit, qubit + 2)
    circuit.x(149).measure(range(150), range(150))
    result = AutomaticSimulator().run(circuit, 1000, seed=1)
    reference = reference_of(circuit, 1000, seed=2)
    assert "stabilizer" in reference.method
    assert compare(result, reference, seed=3).agrees
    found = compare(turned(result), reference, seed=3)
    assert not found.agrees
    assert found.bits_p_value < 1e-6


def test_what_cannot_be_compared():
    reference = reference_of(ghz(2), 10)
    with pytest.raises(InputError, match="as many classical bits"):
        compare(Result.from_counts({"000": 1}), reference)
    with pytest.raises(InputError, match="any, got none"):
        compare(Result.from_counts({}, 2), reference)
    with pytest.raises(InputError, match="a Result"):
        compare({"00": 1}, reference)
    with pytest.raises(InputError, match="a Reference"):
        compare(Result.from_counts({"00": 1}), ghz(2))


@pytest.mark.parametrize("exact", [True, False])
def test_predicted_distances(exact):
    """The mean of what noisy shots give: exact, or from draws."""
    circuit, shots = asymmetric(4), 500
    model = NoiseModel().add(depolarizing(0.02, 2)).add_readout(ReadoutError([[0.97, 0.03], [0.06, 0.94]]))
    ideal = reference_of(circuit, shots)
    noisy = reference_of(circuit, shots, noise=model, exact=exact, seed=3)
    rng = np.random.default_rng(2)
    truth = reference_of(circuit, shots, noise=model).probabilities
    distances = [aligned(drawn(truth, shots, rng, 4), ideal).total_variation for _ in range(400)]
    predicted = predicted_distance(noisy, ideal, shots, rng)
    spread = np.std(distances) * (1 / np.sqrt(400) if exact else np.sqrt(1 / 10 + 1 / 400))
    assert predicted == pytest.approx(np.mean(distances), abs=5 * spread)


# --- jobs ---


class Toy(Serializer):
    """OpenQASM 3 in a list; counts, or null for a circuit that failed."""

    def circuits(self, payload):
        return [from_qasm(text) for text in json.loads(payload.body)]

    def outcomes(self, payload, raw):
        return [
            Failure("it melted") if counts is None else Outcomes.of_bitstrings("c", counts, first_is_left=False)
            for counts in json.loads(raw)
        ]


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    known = {**registry.providers(), "toy": Provider("toy", None, None, serializer=Toy)}
    monkeypatch.setattr(registry, "providers", lambda: known)


def payload_of(circuits, shots=1000, **facts):
    body = json.dumps([to_qasm(circuit, version=3) for circuit in circuits]).encode()
    bits = tuple(BitMap.of(circuit, {k: ("c", k) for k in range(circuit.num_clbits)}) for circuit in circuits)
    return Payload(body, "toy.qasm", shots, bits, facts=facts)


def record_of(circuits, answers, shots=1000, calibration=None, **facts):
    raw = None if answers is None else json.dumps(answers).encode()
    status = JobStatus.RUNNING if answers is None else JobStatus.DONE
    part = PartRecord(
        0, 0, payload_of(circuits, shots, **facts), "key", status, "v1", result=raw, is_readable=raw is not None
    )
    stored = None if calibration is None else json.loads(json.dumps(calibration.to_json()))
    return JobRecord("toy-1", "toy:device", (part,), shots, True, datetime.now(UTC), calibration=stored)


def answers_of(circuits, shots=1000, noise=None, seed=1):
    simulator = DensityMatrixSimulator()
    return [dict(simulator.run(circuit, shots, seed=seed, noise=noise).counts) for circuit in circuits]


def calibration(num_qubits=5, error=0.04, labels=None):
    qubits = dict.fromkeys(range(num_qubits), QubitCalibration(50e-6, 40e-6, 0.02, 0.05))
    gates = [GateCalibration(None, 1, None, 0.002, 30e-9), GateCalibration("cx", 2, None, error, 300e-9)]
    taken_at = datetime(2026, 5, 6, 7, 8, tzinfo=UTC)
    return Calibration("d", "ibm", taken_at, num_qubits, qubits, tuple(gates), frames=frozenset({"rz"}), labels=labels)


def test_a_job_without_noise():
    circuits = [asymmetric(4), ghz(3)]
    found = verify(record_of(circuits, answers_of(circuits)), circuits=circuits, seed=3)
    assert found.agrees
    assert found.verdict == "2 of 2: as the ideal circuit, within shot noise"
    assert [circuit.index for circuit in found.circuits] == [0, 1]
    assert found.payload_distance < 1e-12
    assert (found.calibration, found.seed, found.job_id, found.backend) == ("", 3, "toy-1", "toy:device")
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert data["circuits"][0]["ideal"]["shots"] == 1000
    assert data["circuits"][0]["noisy"] is None
    assert data["circuits"][0]["verdict"] == "as the ideal circuit, within shot noise"


def test_a_job_with_the_noise_of_its_calibration():
    circuits = [ghz(4)]
    known = calibration()
    answers = answers_of(circuits, 4000, known.noise_model())
    (circuit,) = verify(record_of(circuits, answers, 4000, known), seed=1).circuits
    assert circuit.verdict == "as the calibration predicts, within shot noise"
    assert circuit.agrees
    assert not circuit.ideal.agrees
    assert circuit.noisy.agrees
    assert circuit.predicted == pytest.approx(circuit.ideal.total_variation, abs=0.03)
    assert circuit.predicted > 4.0 * circuit.ideal.expected
    found = verify(record_of(circuits, answers, 4000, known), seed=1)
    assert found.calibration == "d of 2026-05-06 07:08"
    assert json.loads(json.dumps(found.to_json()))["circuits"][0]["predicted_total_variation"] == circuit.predicted


@pytest.mark.parametrize(
    ("error", "verdict"),
    [(0.001, "more errors than the calibration predicts"), (0.2, "fewer errors than the calibration predicts")],
)
def test_a_job_with_other_noise(error, verdict):
    circuits = [ghz(4)]
    answers = answers_of(circuits, 4000, calibration().noise_model())
    (circuit,) = verify(record_of(circuits, answers, 4000, calibration(error=error)), seed=1).circuits
    assert circuit.verdict == verdict
    assert not circuit.agrees


def test_reversed_bits_are_named():
    circuits = [asymmetric(4)]
    answers = [{key[::-1]: count for key, count in answers_of(circuits)[0].items()}]
    found = verify(record_of(circuits, answers))
    assert not found.agrees
    assert found.verdict == "differs: the bits seem to come in reverse order"
    noisy = answers_of(circuits, 1000, calibration(error=0.02).noise_model())
    (circuit,) = verify(record_of(circuits, noisy)).circuits
    assert not circuit.is_reversed
    assert circuit.verdict == "differs from the ideal circuit"


def test_a_circuit_of_the_devices_qubits():
    """On 30 qubits, of which three are used; the worst is qubit 17."""
    qubits = dict.fromkeys(range(30), QubitCalibration(p1_given_0=0.0, p0_given_1=0.0))
    qubits[17] = QubitCalibration(p1_given_0=0.5, p0_given_1=0.1)
    gates = (GateCalibration("cx", 2, (3, 17), 0.01),)
    known = Calibration("d", "ibm", None, 30, qubits, gates, labels=tuple(f"q{k}" for k in range(30)))
    circuit = Circuit(30, 2).h(3).cx(3, 17).measure([3, 17], [0, 1])
    compact = Circuit(2, 2).h(0).cx(0, 1).measure([0, 1], [0, 1])
    model = known.noise_model(qubits=[3, 17])
    answers = answers_of([compact], 3000, model)
    for sent, facts in (
        (circuit, {}),
        (compact, {"device_qubits": [3, 17]}),
        (compact, {"device_qubits": [["q3", "q17"]]}),
    ):
        (found,) = verify(record_of([sent], answers, 3000, known, **facts)).circuits
        assert found.noisy.agrees
        assert found.noisy.reference == "exact, by a density matrix"
        assert found.predicted > 0.2
    (found,) = verify(record_of([compact], answers, 3000, known, device_qubits=[17, 3])).circuits
    assert found.noisy is not None
    assert not found.noisy.agrees
    (found,) = verify(record_of([compact], answers, 3000, known)).circuits
    assert found.noisy is None
    assert "knows no cx on these 2 qubits" in found.reason
    assert found.verdict.startswith("differs from the ideal circuit; no prediction: the calibration of d knows no cx")
    for facts in ({"device_qubits": [3]}, {"device_qubits": [3, 99]}, {"device_qubits": "q3"}, {"device_qubits": None}):
        (found,) = verify(record_of([compact], answers, 3000, known, **facts)).circuits
        assert found.noisy is None
        assert found.reason


def test_qubits_that_the_provider_chooses():
    """Where all are alike, it makes no difference; elsewhere nobody can predict."""
    circuits, known = [ghz(3)], calibration()
    answers = answers_of(circuits, 3000, known.noise_model())
    (found,) = verify(record_of(circuits, answers, 3000, known, device_qubits=None)).circuits
    assert known.is_uniform
    assert found.noisy.agrees
    uneven = replace(known, qubits={**known.qubits, 4: QubitCalibration()})
    assert not uneven.is_uniform
    (found,) = verify(record_of(circuits, answers, 3000, uneven, device_qubits=None)).circuits
    assert found.noisy is None
    assert found.reason == "the provider chooses the device's qubits, and does not say which"


def test_a_calibration_that_does_not_fit():
    circuits = [ghz(6)]
    answers = answers_of(circuits, 1000)
    (circuit,) = verify(record_of(circuits, answers, 1000, calibration())).circuits
    assert "5 qubits, the circuit is on qubit 5" in circuit.reason
    assert circuit.agrees
    record = replace(record_of(circuits, answers), calibration={"format": 99})
    (circuit,) = verify(record).circuits
    assert "format 1" in circuit.reason


def test_measurements_on_the_way_in_a_job():
    circuit = Circuit(2, 3).h(0).measure(0, 0).if_(0, lambda body: body.x(1)).measure(1, 1).h(0).measure(0, 2)
    found = verify(record_of([circuit], answers_of([circuit])), circuits=circuit)
    assert found.agrees
    assert found.payload_distance < 1e-12
    assert "a qubit for each bit" in found.circuits[0].ideal.reference
    wrong = [{"000": 250, "011": 250, "101": 500}]
    assert not verify(record_of([circuit], wrong)).agrees


def test_circuits_that_failed():
    circuits = [ghz(2), ghz(3)]
    answers = [answers_of(circuits)[0], None]
    found = verify(record_of(circuits, answers))
    assert [circuit.verdict for circuit in found.circuits] == [
        "as the ideal circuit, within shot noise",
        "not compared: it melted",
    ]
    assert not found.agrees
    assert found.circuits[1].shots == 0
    assert json.dumps(found.to_json())
    (circuit,) = verify(record_of([ghz(2)], None)).circuits
    assert circuit.verdict == "not compared: it is running, and nothing has come"


def test_what_is_no_job():
    with pytest.raises(InputError, match="a job on record"):
        verify(5)
    record = record_of([ghz(2)], answers_of([ghz(2)]))
    with pytest.raises(InputError, match="has 1 circuits, 2 were given"):
        verify(record, circuits=[ghz(2)] * 2)
    with pytest.raises(JobError, match="answers for 2 circuits"):
        verify(record_of([ghz(2)], answers_of([ghz(2)]) * 2))
    with pytest.raises(JobError, match="returned 3 shots, 1000 were asked for"):
        verify(record_of([ghz(2)], [{"00": 3}]))


# --- payloads ---


def test_payloads_hold_what_was_asked_for():
    circuits = [asymmetric(4), ghz(3), random_gate_circuit(4, 30, seed=2, arrays=False).measure_all()]
    assert verify_payload(payload_of(circuits), circuits) < 1e-12
    assert verify_payload(payload_of(circuits[:1]), circuits[0]) < 1e-12
    swapped = Circuit(4, 4).extend(asymmetric(4).without_final_measurements()).measure([0, 2, 1, 3], [0, 1, 2, 3])
    expected = reference_of(swapped, 1).total_variation(reference_of(circuits[0], 1))
    assert expected > 0.05
    assert verify_payload(payload_of([swapped]), circuits[0]) == pytest.approx(expected)
    with pytest.raises(InputError, match="holds 1 circuits, 2 were asked for"):
        verify_payload(payload_of([ghz(2)]), [ghz(2)] * 2)
    with pytest.raises(InputError, match="circuit 0 has 3 classical bits, the payload's has 2"):
        verify_payload(payload_of([ghz(2)]), ghz(3))
    with pytest.raises(InputError, match="a Payload"):
        verify_payload(None, ghz(2))


def test_payloads_of_many_bits():
    pytest.importorskip("stim")
    circuit = Circuit(60, 60).h(0).x(59)
    for qubit in range(1, 30):
        circuit.cx(0, qubit)
    other = circuit.copy().x(31)
    for item in (circuit, other):
        item.measure(range(60), range(60))
    assert verify_payload(payload_of([circuit]), circuit) < 0.01
    assert verify_payload(payload_of([other]), circuit) == pytest.approx(1.0)
