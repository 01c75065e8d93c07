"""The choice of a method: which one, that all agree, what each refuses, and circuits that no state vector holds."""

from __future__ import annotations

import pickle

import methods_table
import numpy as np
import pytest
from clifford_circuits import noisy_clifford
from memory_peaks import measured_peak, needs_proc
from near_clifford_oracle import chi_square, distribution, marginal, random_circuit
from random_circuits import turned_bricks

from qtoolkit import AutomaticSimulator, Circuit, Parameter, PauliString, PauliSum, StatevectorSimulator
from qtoolkit.circuit import Condition, ReadoutError, parity
from qtoolkit.errors import (
    CircuitError,
    InputError,
    InsufficientMemoryError,
    MissingExtraError,
    OperatorError,
    UnboundParameterError,
)
from qtoolkit.interop.stim import from_stim
from qtoolkit.noise import NoiseModel, amplitude_damping, bit_flip, depolarizing
from qtoolkit.primitives import Estimator, Sampler
from qtoolkit.simulators.automatic import choice

stim = pytest.importorskip("stim")

METHODS = ("stabilizer", "near-clifford", "statevector", "density-matrix")
AUTOMATIC = AutomaticSimulator(num_threads=1)
BY_METHOD = {method: AutomaticSimulator(method, num_threads=1) for method in METHODS}
VECTORS = StatevectorSimulator(num_threads=1)
BELL = Circuit(2).h(0).cx(0, 1).measure_all()
UNLIKELY = 1e-6
"""A fit worse than this is a fault: seeds are fixed, and of all tests here some hundreds make one."""


def ghz(num_qubits: int) -> Circuit:
    circuit = Circuit(num_qubits).h(0)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    return circuit


def memory_of_code(distance: int, rounds: int, rate: float = 0.005) -> Circuit:
    return from_stim(
        stim.Circuit.generated(
            "surface_code:rotated_memory_z",
            distance=distance,
            rounds=rounds,
            after_clifford_depolarization=rate,
            before_measure_flip_probability=rate,
        )
    )


def pieces(count: int) -> Circuit:
    """Turned pairs that never meet."""
    circuit = Circuit(2 * count)
    for k in range(count):
        circuit.rx(0.3 + 0.2 * k, 2 * k).cx(2 * k, 2 * k + 1).ry(0.2, 2 * k + 1)
    return circuit


def fits(simulator: AutomaticSimulator, circuit: Circuit, seed: int, shots: int = 8000) -> None:
    weights = distribution(circuit)
    memory = simulator.run(circuit, shots, seed=seed).memory
    assert chi_square(memory, marginal(weights, slice(0, circuit.num_clbits))) > UNLIKELY


def detectors_fit(simulator: AutomaticSimulator, circuit: Circuit, seed: int, shots: int = 8000) -> None:
    weights = distribution(circuit)
    found = np.concatenate(simulator.sample_detectors(circuit, shots, seed=seed), axis=1)
    assert chi_square(found, marginal(weights, slice(circuit.num_clbits, None))) > UNLIKELY


# All methods agree.


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(5))
def test_clifford_circuits_with_noise_by_every_method(method: str, seed: int) -> None:
    circuit = noisy_clifford(seed).measure([0, 1], [0, 1])
    fits(BY_METHOD[method], circuit, seed)


@pytest.mark.parametrize("seed", range(40, 48))
def test_detectors_by_stim_and_by_the_frame(seed: int) -> None:
    circuit = noisy_clifford(seed, length=50).measure(0, 0).detector([0])
    detectors_fit(BY_METHOD["stabilizer"], circuit, seed)
    detectors_fit(BY_METHOD["near-clifford"], circuit, seed)
    detectors_fit(AUTOMATIC, circuit, seed)


@pytest.mark.parametrize("seed", range(12))
def test_random_circuits_with_everything(seed: int) -> None:
    circuit = random_circuit(seed, length=25)
    if circuit.num_clbits:
        fits(AUTOMATIC, circuit, seed)


@pytest.mark.parametrize("method", ["statevector", "density-matrix"])
def test_detectors_from_bits(method: str) -> None:
    circuit = Circuit(3, 3).ry(0.7, 0).cx(0, 1).channel(amplitude_damping(0.2), 1).measure([0, 1], [0, 1])
    circuit.detector([0, 1]).observable([0], 1).rx(0.4, 2).measure(2, 2).detector([2]).observable([2], 1)
    detectors_fit(BY_METHOD[method], circuit, seed=3)


def test_pieces_and_the_whole_agree(monkeypatch) -> None:
    monkeypatch.setattr(choice, "PIECE_QUBITS", 0)
    circuit = pieces(3).channel(amplitude_damping(0.2), 1).reset(3).measure_all()
    assert len(AUTOMATIC.explain(circuit).pieces) == 3
    fits(AUTOMATIC, circuit, seed=5)


@pytest.mark.parametrize("method", ["automatic", "statevector", "density-matrix"])
def test_values_of_pieces(method: str) -> None:
    circuit = pieces(3).rx(0.5, 5)
    energy = PauliSum.from_list([("ZZZZZZ", 1.0), ("IIXXII", 0.5), ("YIIIIZ", 0.25), ("IIIIII", 2.0)])
    expected = VECTORS.expectation_value(circuit, energy)
    simulator = AutomaticSimulator(method, num_threads=1)
    assert simulator.expectation_value(circuit, energy) == pytest.approx(expected, abs=1e-12)
    strings = [PauliString("ZZZZZZ"), PauliString("IIXXII")]
    expected = VECTORS.expectation_value(circuit, [string.to_sum() for string in strings])
    assert simulator.expectation_value(circuit, strings) == pytest.approx(expected, abs=1e-12)


def test_values_of_many_pieces_are_products() -> None:
    circuit, one = pieces(60), pieces(1)
    for k in range(60):
        assert AUTOMATIC.expectation_value(circuit, PauliString.from_sparse({2 * k: "Z"}, 120)) == pytest.approx(
            np.cos(0.3 + 0.2 * k), abs=1e-12
        )
    both = PauliString.from_sparse({0: "Z", 1: "Z", 118: "Z"}, 120)
    expected = VECTORS.expectation_value(one, PauliString("ZZ").to_sum()) * np.cos(0.3 + 0.2 * 59)
    assert AUTOMATIC.expectation_value(circuit, both) == pytest.approx(expected, abs=1e-12)
    assert AUTOMATIC.expectation_value(Circuit(70).t(0).t(1), PauliString("X" + "I" * 69)) == 0.0


def test_values_under_noise_that_is_no_clifford_matter() -> None:
    circuit = pieces(2).channel(amplitude_damping(0.3), 0)
    strings = [PauliString("IIIZ"), PauliString("ZZZZ")]
    expected = BY_METHOD["density-matrix"].expectation_value(circuit, strings)
    assert AUTOMATIC.expectation_value(circuit, strings) == pytest.approx(expected, abs=1e-12)


# What is chosen.


def test_a_small_circuit_is_that_of_the_state_vector() -> None:
    found = AUTOMATIC.run(BELL, 500, seed=3)
    assert np.array_equal(found.memory, VECTORS.run(BELL, 500, seed=3).memory)
    assert found.metadata["method"] == found.backend_name == "statevector"


@pytest.mark.parametrize(
    ("circuit", "method"),
    [
        (ghz(30).measure_all(), "stabilizer"),
        (BELL.compose(Circuit(2, 2)).channel(bit_flip(0.1), 0).measure([0], [0]), "stabilizer"),
        (Circuit(2, 1).h(0).measure(0, 0).if_(parity([0]) == 1, lambda body: body.z(1)), "stabilizer"),
        (Circuit(2, 1).h(0).measure(0, 0).if_(parity([0]) == 1, lambda body: body.h(1)), None),
        (pieces(5).channel(amplitude_damping(0.1), 0).measure_all(), "density-matrix+statevector"),
        (turned_bricks(18, 6), "statevector"),
        (ghz(60).t(3).h(3).measure_all(), "near-clifford"),
        (ghz(30).channel(amplitude_damping(0.01), 4).measure_all(), "near-clifford"),
    ],
)
def test_methods_by_circuit(circuit: Circuit, method: str | None) -> None:
    report = AUTOMATIC.explain(circuit)
    assert report.method != "stabilizer" if method is None else report.method == method
    result = AUTOMATIC.run(circuit, 20, seed=1)
    assert result.metadata["method"] == AUTOMATIC.explain(circuit, 20).method


def test_a_report_tells_the_method_the_cost_and_the_others() -> None:
    report = AUTOMATIC.explain(ghz(30).measure_all(), shots=5000)
    assert {estimate.method for estimate in report.pieces[0].estimates} == set(METHODS)
    text = str(report)
    assert text.startswith("method          stabilizer\n")
    for part in ("5,000 shots", "2^30 amplitudes", "4^30 numbers are too many", "Pauli frame"):
        assert part in " ".join(text.split())
    assert 0.0 < report.seconds < report.pieces[0].estimates[1].seconds
    assert report.memory == 8 * 8192


def test_alike_pieces_are_told_once() -> None:
    text = " ".join(str(AUTOMATIC.explain(pieces(20).measure_all())).split())
    assert "20 that nothing joins" in text
    many = Circuit(60)
    for k in range(20):
        many.rx(0.3, 3 * k).cx(3 * k, 3 * k + 1)
    assert "20 alike, each of 2 qubits, 4 operations" in " ".join(str(AUTOMATIC.explain(many.measure_all())).split())


def test_the_documentation_has_the_constants() -> None:
    """Where it differs, `python tests/methods_table.py` writes it."""
    page = methods_table.PAGE.read_text("utf-8")
    assert methods_table.rewritten(page) == page


def test_without_stim_the_method_is_left_out(monkeypatch) -> None:
    monkeypatch.setattr(choice, "has_stim", lambda: False)
    circuit = ghz(40).channel(bit_flip(0.1), 3).measure_all()
    report = AUTOMATIC.explain(circuit, shots=77)
    assert report.method == "near-clifford"
    assert 'pip install "qtoolkit-quantum[qec]"' in str(report)


def test_asked_for_without_stim(monkeypatch) -> None:
    def absent(module: str, extra: str) -> None:
        raise MissingExtraError(f"{module} {extra}")

    monkeypatch.setattr(choice, "require", absent)
    with pytest.raises(MissingExtraError, match="stim qec"):
        BY_METHOD["stabilizer"].run(ghz(3).measure_all(), 10)


# Wide circuits.


@needs_proc
def test_wide_circuits_take_little_memory() -> None:
    wide, code = ghz(1000).measure_all(), memory_of_code(7, 7)
    AUTOMATIC.run(wide, 10, seed=1)
    AUTOMATIC.sample_detectors(code, 10, seed=1)
    assert measured_peak(lambda: AUTOMATIC.run(wide, 1000, seed=1)) < 1 << 26
    assert measured_peak(lambda: AUTOMATIC.sample_detectors(code, 10_000, seed=1)) < 1 << 26


def test_a_wide_state_that_is_a_stabilizer_state() -> None:
    result = AUTOMATIC.run(ghz(1000).measure_all(), 200, seed=1)
    assert set(result.counts) == {"0" * 1000, "1" * 1000}
    assert AUTOMATIC.expectation_value(ghz(1000), [PauliString("X" * 1000), PauliString("Z" * 1000)]).tolist() == [1, 1]


def test_a_wide_state_that_is_a_product() -> None:
    circuit = Circuit(300)
    for qubit in range(300):
        circuit.ry(2.0 * np.arcsin(np.sqrt(qubit / 299)), qubit)
    shots = 4000
    means = AUTOMATIC.run(circuit.measure_all(), shots, seed=2).memory.mean(axis=0)
    expected = np.arange(300) / 299
    assert np.abs(means - expected).max() < 5.0 * np.sqrt(0.25 / shots)
    assert means[0] == 0.0
    assert means[299] == 1.0


def test_bits_of_pieces_are_independent() -> None:
    circuit = pieces(8)
    memory = AUTOMATIC.run(circuit.measure_all(), 20_000, seed=4).memory.astype(float)
    for k in range(1, 8):
        assert abs(np.corrcoef(memory[:, 0], memory[:, 2 * k])[0, 1]) < 5.0 / np.sqrt(20_000)


# Bits in their places.


def test_bits_are_where_they_are_written() -> None:
    circuit = Circuit(70, 140).x(range(0, 70, 3)).measure(range(70), [int(bit) for bit in 139 - np.arange(70) * 2])
    circuit.h(1).measure(1, 3).x(0).measure(0, 139)
    memory = BY_METHOD["stabilizer"].run(circuit, 50, seed=1).memory
    expected = np.zeros(140, np.uint8)
    expected[139 - np.arange(70) * 2] = np.arange(70) % 3 == 0
    expected[139] = 0
    random = memory[:, 3].copy()
    memory = memory.copy()
    memory[:, 3] = expected[3]
    assert np.array_equal(memory, np.tile(expected, (50, 1)))
    assert 0 < random.sum() < 50


def test_uneven_readout_errors_and_decoders_at_the_end_go_on_stims_bits() -> None:
    circuit = Circuit(3, 4).h(0).cx(0, 1).cx(1, 2).measure([0, 1, 2], [0, 1, 2])
    circuit.readout_error(ReadoutError([[0.9, 0.1], [0.3, 0.7]]), [0, 1])
    circuit.decode(lambda bits: bits.sum(axis=1, keepdims=True) >= 2, [0, 1, 2], [3])
    fits(BY_METHOD["stabilizer"], circuit, seed=6)


def test_bits_that_only_a_readout_error_writes() -> None:
    circuit = Circuit(20, 21).t(0)
    circuit.readout_error(ReadoutError([[0.5, 0.5], [0.0, 1.0]]), 20).h(1).t(1).h(1).measure(1, 1)
    memory = AUTOMATIC.run(circuit, 1000, seed=3).memory
    assert 400 < memory[:, 20].sum() < 600
    assert memory.sum() == memory[:, [1, 20]].sum()


# Seeds.


@pytest.mark.parametrize("method", ["automatic", *METHODS])
def test_seeds(method: str) -> None:
    simulator = AutomaticSimulator(method, num_threads=1)
    circuit = Circuit(3, 3).h(0).cx(0, 1).channel(depolarizing(0.2), 1).measure([0, 1], [0, 1])
    first, again = simulator.run(circuit, 300, seed=5), simulator.run(circuit, 300, seed=5)
    assert np.array_equal(first.memory, again.memory)
    assert first.seed == 5
    drawn = simulator.run(circuit, 300)
    assert drawn.seed is not None
    assert np.array_equal(drawn.memory, simulator.run(circuit.copy(), 300, seed=drawn.seed).memory)
    assert not np.array_equal(first.memory, drawn.memory)
    rng = np.random.default_rng(3)
    one, two = simulator.run(circuit, 300, seed=rng), simulator.run(circuit, 300, seed=rng)
    assert one.seed is None
    assert not np.array_equal(one.memory, two.memory)


def test_a_piece_of_its_own_has_the_shots_of_its_method() -> None:
    wide = turned_bricks(16, 3)
    assert AUTOMATIC.explain(wide).method == "statevector"
    assert np.array_equal(AUTOMATIC.run(wide, 200, seed=9).memory, VECTORS.run(wide, 200, seed=9).memory)
    circuit = pieces(1).channel(amplitude_damping(0.2), 0).measure_all()
    expected = VECTORS.run(circuit, 200, seed=9)
    found = BY_METHOD["statevector"].run(circuit, 200, seed=9)
    assert np.array_equal(found.memory, expected.memory)


# The choice is kept with the circuit, and made again when that grows.


def test_a_circuit_that_grows_is_looked_at_again() -> None:
    circuit = Circuit(20, 20).extend(ghz(20)).measure(0, 0)
    assert AUTOMATIC.explain(circuit).method == "stabilizer"
    assert AUTOMATIC.explain(circuit).pieces is AUTOMATIC.explain(circuit).pieces
    circuit.x(5).channel(amplitude_damping(1.0), 5).measure(5, 5)
    assert AUTOMATIC.explain(circuit).method != "stabilizer"
    assert not AUTOMATIC.run(circuit, 50, seed=1).memory[:, 5].any()


def test_parameters_and_noise() -> None:
    angle = Parameter("a")
    circuit = Circuit(20, 1).rx(angle, 0).cx(0, 1).measure(1, 0)
    assert AUTOMATIC.run(circuit, 10, seed=1, parameters={"a": np.pi}).counts == {"1": 10}
    model = NoiseModel().add(bit_flip(1.0), gates="cx")
    assert AUTOMATIC.run(circuit, 10, seed=1, parameters=[np.pi], noise=model).counts == {"0": 10}
    assert AUTOMATIC.explain(circuit, parameters=[np.pi], noise=model).method == "stabilizer"
    assert AUTOMATIC.expectation_value(circuit, PauliString("Z" + "I" * 19), [0.3], model) == 1.0
    with pytest.raises(UnboundParameterError):
        AUTOMATIC.run(circuit, 10)
    small = Circuit(1).rx(angle, 0)
    assert AUTOMATIC.expectation_value(small, PauliString("Z").to_sum(), [[0.1], [0.2]]) == pytest.approx(
        np.cos([0.1, 0.2])
    )


def test_it_is_a_sampler_and_an_estimator() -> None:
    assert isinstance(AUTOMATIC, Sampler)
    assert isinstance(AUTOMATIC, Estimator)
    copy = pickle.loads(pickle.dumps(AutomaticSimulator("stabilizer", "single", 1)))
    assert repr(copy) == "AutomaticSimulator(method='stabilizer', precision='single', num_threads=1)"


# Refusals.


@pytest.mark.parametrize(
    ("method", "circuit", "message"),
    [
        (
            "stabilizer",
            Circuit(1).h(0).t(0).measure_all(),
            "the method stabilizer cannot run this circuit: .* operation 1, t on qubits 0: it is no Clifford gate$",
        ),
        ("stabilizer", Circuit(1).channel(amplitude_damping(0.1), 0).measure_all(), "noise is a mixture of Paulis"),
        ("stabilizer", Circuit(1, 1).initialize([0.6, 0.8]).measure(0, 0), "cannot run this circuit"),
        (
            "stabilizer",
            Circuit(1, 2).measure(0, 0).if_(Condition((0, 1), 3), Circuit(1, 2).x(0)),
            "feedback is on one bit or a parity",
        ),
        (
            "near-clifford",
            Circuit(5).unitary(np.eye(32)[[*range(30), 31, 30]], range(5)).measure_all(),
            "up to 4 qubits",
        ),
    ],
)
def test_a_method_refuses_what_it_cannot_do(method: str, circuit: Circuit, message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        BY_METHOD[method].run(circuit, 10)
    with pytest.raises(CircuitError, match=message):
        BY_METHOD[method].explain(circuit)


def test_detectors_of_bits_that_are_written_again() -> None:
    circuit = Circuit(1, 1).ry(0.3, 0).measure(0, 0).detector([0]).x(0).measure(0, 0)
    with pytest.raises(CircuitError, match="a bit of a detector is written again"):
        BY_METHOD["statevector"].sample_detectors(circuit, 10)
    detectors_fit(AUTOMATIC, circuit, seed=1)


def test_values_that_nothing_computes() -> None:
    circuit = turned_bricks(16, 4).channel(amplitude_damping(0.1), 3)
    with pytest.raises(CircuitError, match=r"up to 14 joined qubits, got 16; estimate them by SamplingEstimator"):
        AUTOMATIC.expectation_value(circuit, PauliString("Z" * 16))
    with pytest.raises(CircuitError, match="draws shots and has no exact values"):
        BY_METHOD["near-clifford"].expectation_value(BELL, PauliString("ZZ"))
    with pytest.raises(OperatorError, match="must have the circuit's 2 qubits, got 3"):
        AUTOMATIC.expectation_value(BELL, PauliString("ZZZ"))
    with pytest.raises(OperatorError, match="an observable on 70 qubits is a PauliString"):
        AUTOMATIC.expectation_value(ghz(70), np.ones(3))


def test_what_no_method_holds() -> None:
    with pytest.raises(InsufficientMemoryError, match=r"state of 100 qubits needs .* use fewer qubits or single"):
        AUTOMATIC.run(turned_bricks(100, 20), 10)
    with pytest.raises(InsufficientMemoryError, match=r"density matrix of 40 qubits needs"):
        BY_METHOD["density-matrix"].run(ghz(40).measure_all(), 10)


def test_odd_arguments() -> None:
    with pytest.raises(InputError, match=r"method is one of automatic, stabilizer, .*, got 'mps'"):
        AutomaticSimulator("mps")
    with pytest.raises(InputError, match="precision"):
        AutomaticSimulator(precision="half")
    with pytest.raises(InputError, match="got ExecutionPlan"):
        AUTOMATIC.run(VECTORS.compile(BELL), 10)  # type: ignore[arg-type]
    with pytest.raises(CircuitError, match="must measure something"):
        AUTOMATIC.run(ghz(30), 10)
    with pytest.raises(CircuitError, match="must declare a detector"):
        AUTOMATIC.sample_detectors(BELL, 10)
    with pytest.raises(CircuitError, match="must declare a detector"):
        AUTOMATIC.explain(BELL, detectors=True)
    with pytest.raises(InsufficientMemoryError, match="take fewer at a time and add the counts"):
        AUTOMATIC.run(ghz(30).measure_all(), 10**400)
    with pytest.raises(InputError, match="shots"):
        AUTOMATIC.run(ghz(30).measure_all(), 0)
