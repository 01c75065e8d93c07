"""The near-Clifford simulator against exact distributions, the state vector, Stim and known values."""

from __future__ import annotations

import copy
import itertools
import os
import pickle

import numpy as np
import pytest
from guard_pages import guarded_empty
from near_clifford_oracle import chi_square, damping, distribution, majority, marginal, pauli_channel, random_circuit

from qtoolkit import Circuit, NearCliffordSimulator, Parameter, StatevectorSimulator
from qtoolkit.circuit import ReadoutError, UnitaryGate, parity
from qtoolkit.errors import CircuitError, InputError, InsufficientMemoryError, UnboundParameterError
from qtoolkit.interop.stim import from_stim
from qtoolkit.noise import NoiseModel, bit_flip
from qtoolkit.primitives import Sampler
from qtoolkit.simulators.near_clifford import NearCliffordPlan, sampler
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.vector.frame.run import Work

ONE, TWO = NearCliffordSimulator(1), NearCliffordSimulator()
UNLIKELY = 1e-6
"""A fit worse than this is a fault: seeds are fixed, and of all tests here some hundreds make one."""


def check_fit(circuit: Circuit, seed: int, shots: int = 10_000) -> None:
    """Both ways to sample a circuit fit its exact distribution."""
    weights = distribution(circuit)
    split = circuit.num_clbits
    if circuit.num_clbits:
        memory = ONE.run(circuit, shots, seed=seed).memory
        assert chi_square(memory, marginal(weights, slice(0, split))) > UNLIKELY
    if circuit.num_detectors + circuit.num_observables:
        found = np.concatenate(ONE.sample_detectors(circuit, shots, seed=seed + 1), axis=1)
        assert chi_square(found, marginal(weights, slice(split, None))) > UNLIKELY


@pytest.mark.parametrize("seed", range(25))
def test_random_circuits_with_everything(seed: int) -> None:
    check_fit(random_circuit(seed, length=30), seed)


@pytest.mark.parametrize("seed", range(10))
def test_random_circuits_of_many_rotations(seed: int) -> None:
    check_fit(random_circuit(seed, magic=0.4, length=25, noise=False, feedback=False), seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1150))
def test_more_random_circuits(seed: int) -> None:
    check_fit(random_circuit(seed, magic=0.1 + 0.2 * (seed % 2), length=20 + seed % 30), seed)


@pytest.mark.parametrize("seed", range(4))
def test_final_measurements_are_those_of_the_state_vector(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = Circuit(9, 9)
    for _ in range(80):
        a, b, c = (int(q) for q in rng.permutation(9)[:3])
        kind = int(rng.integers(6))
        if kind == 0 and rng.random() < 0.5:
            circuit.rx(float(rng.uniform(-3, 3)), a)
        elif kind == 1 and rng.random() < 0.3:
            circuit.ccz(a, b, c)
        else:
            circuit.h(a).s(b).cx(a, c)
    circuit.measure(range(9), range(9))
    probabilities = StatevectorSimulator().probabilities(circuit)
    weights = {tuple(j >> k & 1 for k in range(9)): p for j, p in enumerate(probabilities) if p > 1e-13}
    assert chi_square(ONE.run(circuit, 40_000, seed=seed).memory, weights) > UNLIKELY


def test_gates_of_every_kind() -> None:
    rng = np.random.default_rng(3)
    circuit = Circuit(4, 4).h(0).h(1).h(2).h(3)
    circuit.crx(0.3, 0, 1).cry(0.4, 1, 2).cp(0.5, 2, 3).fsim(0.3, 0.4, 0, 2)
    circuit.xx_plus_yy(0.4, 0.2, 1, 3).rzx(0.6, 0, 1).rxx(0.2, 1, 2).ryy(0.3, 2, 3)
    circuit.cswap(0, 1, 2).ccx(1, 2, 3).gphase(0.3)
    circuit.diagonal(np.exp(1j * rng.normal(size=8)), [0, 2, 3]).permutation([3, 1, 0, 2, 4, 6, 5, 7], [1, 0, 3])
    circuit.append(UnitaryGate(np.linalg.qr(rng.normal(size=(2, 2)))[0]).controlled(2, 1), [0, 1, 2])
    circuit.unitary(np.linalg.qr(rng.normal(size=(8, 8)) + 1j * rng.normal(size=(8, 8)))[0], [3, 0, 1])
    circuit.initialize([0.6, 0.0, 0.48j, 0.64], [1, 3]).u(0.3, 0.4, 0.5, 1).ecr(0, 3)
    circuit.if_(circuit.clbit(0) == 0, lambda body: body.ecr(0, 1).initialize([0.6, 0.8j], 2).cswap(2, 0, 1))
    check_fit(circuit.measure(range(4), range(4)), 5, shots=40_000)


@pytest.mark.parametrize("task", ["surface_code:rotated_memory_x", "repetition_code:memory", "color_code:memory_xyz"])
def test_circuits_of_stim_without_noise_fire_no_detector(task: str) -> None:
    stim = pytest.importorskip("stim")
    circuit = from_stim(stim.Circuit.generated(task, distance=3, rounds=4))
    for found in ONE.sample_detectors(circuit, 500, seed=3):
        assert not found.any()


def test_single_errors_fire_the_detectors_that_stim_says() -> None:
    stim = pytest.importorskip("stim")
    clean = stim.Circuit.generated("surface_code:rotated_memory_z", distance=3, rounds=3).flattened()
    rng = np.random.default_rng(4)
    for _ in range(25):
        place, qubit = int(rng.integers(len(clean))), int(rng.integers(clean.num_qubits))
        faulty = clean[:place]
        faulty.append(str(rng.choice(["X_ERROR", "Y_ERROR", "Z_ERROR"])), [qubit], 1.0)
        faulty += clean[place:]
        expected, flipped = faulty.compile_detector_sampler(seed=1).sample(1, separate_observables=True)
        found, observables = ONE.sample_detectors(from_stim(faulty), 64, seed=2)
        assert (found == expected).all()
        assert (observables == flipped).all()


def test_rates_are_those_of_stim() -> None:
    stim = pytest.importorskip("stim")
    noisy = stim.Circuit.generated(
        "surface_code:rotated_memory_z",
        distance=3,
        rounds=3,
        after_clifford_depolarization=0.02,
        before_round_data_depolarization=0.02,
        before_measure_flip_probability=0.03,
        after_reset_flip_probability=0.01,
    )
    shots = 100_000
    theirs = np.concatenate(noisy.compile_detector_sampler(seed=5).sample(shots, separate_observables=True), axis=1)
    ours = np.concatenate(TWO.sample_detectors(from_stim(noisy), shots, seed=6), axis=1)
    a, b = theirs.astype(float), ours.astype(float)
    for first, second in ((a.mean(axis=0), b.mean(axis=0)), (a.T @ a / shots, b.T @ b / shots)):
        spread = np.sqrt(2 * first * (1 - first) / shots)
        assert (np.abs(first - second) < 5.5 * spread).all()


def rotated_surface_round(theta: float) -> Circuit:
    """One round of the distance-3 rotated surface code after X rotations of all its data, and their measurement."""
    circuit = Circuit(17, 17)
    for qubit in range(9):
        circuit.rx(theta, qubit).rz(0.4, qubit)
    checks = {9: [0, 1, 3, 4], 10: [4, 5, 7, 8], 11: [2, 5], 12: [3, 6]}
    stars = {13: [1, 2, 4, 5], 14: [3, 4, 6, 7], 15: [0, 1], 16: [7, 8]}
    for ancilla, data in checks.items():
        for qubit in data:
            circuit.cx(qubit, ancilla)
    for ancilla, data in stars.items():
        circuit.h(ancilla)
        for qubit in data:
            circuit.cx(ancilla, qubit)
        circuit.h(ancilla)
    circuit.measure(range(17), range(17))
    for ancilla, data in checks.items():
        circuit.detector([ancilla])
        circuit.detector([ancilla, *data])
    return circuit.observable([0, 1, 2])


def test_coherent_noise_on_a_code_is_that_of_the_whole_state() -> None:
    circuit = rotated_surface_round(0.6)
    probabilities = StatevectorSimulator().probabilities(circuit)
    states = np.arange(probabilities.size)
    sets = [operation.clbits for operation in (*circuit.detectors, *circuit.observables)]
    bits = np.stack([np.bitwise_count(states & sum(1 << c for c in clbits)) & 1 for clbits in sets], axis=1)
    weights: dict[tuple[int, ...], float] = {}
    totals = np.bincount(bits @ (1 << np.arange(len(sets))), weights=probabilities, minlength=1 << len(sets))
    for number in np.flatnonzero(totals > 1e-13):
        weights[tuple(int(number) >> k & 1 for k in range(len(sets)))] = float(totals[number])
    found = np.concatenate(TWO.sample_detectors(circuit, 200_000, seed=1), axis=1)
    assert chi_square(found, weights) > UNLIKELY
    report = ONE.explain(circuit)
    assert report.active_qubits <= 3  # of 9 that are rotated
    assert report.num_pruned == 9  # Z rotations in front of what is diagonal


def distillation(p: float) -> Circuit:
    """15 T gates that fail with probability p make a better one (Bravyi and Kitaev, Phys. Rev. A 71, 022316, 2005).

    In the form of Litinski (Quantum 3, 205, 2019): four checks and an output. The last detector is the output's error,
    which means something where no other one fires.
    """
    circuit = Circuit(5, 5)
    for qubit in range(5):
        circuit.h(qubit)
    for column in range(1, 16):
        checks = [k for k in range(4) if column >> k & 1]
        for k in checks:
            circuit.cx(k, 4)
        circuit.t(4).channel(pauli_channel({"I": 1 - p, "Z": p}), 4)
        for k in checks:
            circuit.cx(k, 4)
    circuit.t(4)
    for qubit in range(5):
        circuit.h(qubit)
    circuit.measure(range(5), range(5))
    for qubit in range(5):
        circuit.detector([qubit])
    return circuit


def test_distillation_of_t_states() -> None:
    p, shots = 0.05, 400_000
    accepted = (1 + 15 * (1 - 2 * p) ** 8) / 16
    wrong = (1 + 15 * (1 - 2 * p) ** 8 - 15 * (1 - 2 * p) ** 7 - (1 - 2 * p) ** 15) / 32
    found, _ = TWO.sample_detectors(distillation(p), shots, seed=3)
    passed = ~found[:, :4].any(axis=1)
    assert abs(passed.mean() - accepted) < 5 * np.sqrt(accepted * (1 - accepted) / shots)
    assert abs((passed & found[:, 4]).mean() - wrong) < 5 * np.sqrt(wrong / shots)
    clean, _ = ONE.sample_detectors(distillation(0.0), 2_000, seed=4)
    assert not clean.any()


def test_what_is_measured_leaves_at_once() -> None:
    circuit = Circuit(2, 200)
    for k in range(200):
        circuit.h(0).t(0).cx(0, 1).rx(0.3, 1).measure(0, k).reset(0)
    assert ONE.explain(circuit).active_qubits <= 2


def test_pieces_that_are_apart_stay_apart() -> None:
    circuit = Circuit(60, 60)
    for k in range(0, 60, 2):
        circuit.ry(0.3, k).cx(k, k + 1).rzz(0.4, k, k + 1).rx(0.2, k + 1)
    report = ONE.explain(circuit.measure(range(60), range(60)))
    assert report.active_qubits <= 2
    assert report.amplitudes <= 60 * 4


def test_what_changes_nothing_is_pruned() -> None:
    circuit = Circuit(2, 2).h(0).cx(0, 1).measure(0, 0).rz(0.3, 0).rx(0.4, 0).measure(1, 1)
    report = ONE.explain(circuit)
    assert (report.num_rotations, report.num_pruned, report.active_qubits) == (2, 2, 0)
    assert "no amplitudes" in report.reason
    assert "2 rotations and channels change nothing wanted" in str(report)
    rows = ONE.run(circuit, 500, seed=1).memory
    assert (rows[:, 0] == rows[:, 1]).all()


def test_feedback_of_what_is_no_pauli_operator() -> None:
    circuit = Circuit(2, 2).h(0).measure(0, 0).if_(0, lambda body: body.h(1).t(1).h(1)).measure(1, 1)
    rows = ONE.run(circuit, 100_000, seed=2).memory
    weight = np.sin(np.pi / 8) ** 2
    assert not rows[rows[:, 0] == 0, 1].any()
    assert chi_square(rows, {(0, 0): 0.5, (1, 0): 0.5 * (1 - weight), (1, 1): 0.5 * weight}) > UNLIKELY


def test_teleported_t_gate() -> None:
    # A T gate by a T state, with a conditional S: on the state |+> it must give T|+>, which T† and H turn into |0>.
    circuit = Circuit(2, 2).h(0).h(1).t(1).cx(0, 1).measure(1, 0)
    circuit.if_(0, lambda body: body.s(0)).tdg(0).h(0).measure(0, 1)
    rows = ONE.run(circuit, 5_000, seed=3).memory
    assert not rows[:, 1].any()
    assert 0.4 < rows[:, 0].mean() < 0.6


def test_decoder_in_the_middle() -> None:
    seen = []

    def decode(bits: np.ndarray) -> np.ndarray:
        seen.append(bits.copy())
        return bits.sum(axis=1, keepdims=True) >= 2

    circuit = Circuit(4, 5).x(3)
    for qubit in range(3):
        circuit.channel(pauli_channel({"I": 0.8, "X": 0.2}), qubit).measure(qubit, qubit)
    circuit.decode(decode, [0, 1, 2], [3]).if_(parity([3]) == 1, lambda body: body.x(3)).measure(3, 4)
    rows = ONE.run(circuit, 5_000, seed=5).memory
    wrong = rows[:, :3].sum(axis=1) >= 2
    assert (rows[:, 3] == wrong).all()
    assert (rows[:, 4] == ~wrong).all()
    together = np.concatenate(seen)[:5_000]
    assert together.dtype == np.bool_
    assert (together == rows[:, :3]).all()


def test_decoders_get_shots_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = Circuit(3, 6).rx(0.7, 0).cx(0, 1).rx(0.4, 1).measure([0, 1], [0, 1]).decode(majority, [0, 1], [2, 3])
    circuit.if_(2, lambda body: body.rx(0.4, 2)).decode(majority, [2, 0], [4, 5]).measure(2, 0)
    expected = ONE.run(circuit, 3_000, seed=1).memory
    monkeypatch.setattr(sampler, "BLOCKS_AT_A_TIME", 3)
    assert (ONE.run(circuit, 3_000, seed=1).memory == expected).all()
    check_fit(circuit, 7)


def test_channels_that_are_no_pauli_channels() -> None:
    circuit = Circuit(2, 3).h(0).channel(damping(0.3), 0).h(0).measure(0, 0)
    circuit.x(1).channel(damping(0.25), 1).measure(1, 1)
    circuit.readout_error(ReadoutError([[0.9, 0.1], [0.3, 0.7]]), 1)
    check_fit(circuit, 1, shots=100_000)


def test_damping_of_known_qubits_takes_no_amplitudes() -> None:
    circuit = (
        Circuit(3, 5).x(0).channel(damping(0.3), 0).cx(0, 1).measure(0, 0).h(1).measure(1, 1).channel(damping(0.4), 1)
    )
    circuit.cx(1, 2).channel(pauli_channel({"I": 0.8, "X": 0.2}), 2).channel(damping(0.2), 2).measure([1, 2], [2, 3])
    circuit.detector([1, 2]).observable([0, 2, 3]).if_(3, lambda body: body.x(0)).channel(damping(0.5), 0).measure(0, 4)
    assert ONE.explain(circuit).active_qubits == 0
    check_fit(circuit, 3, shots=100_000)


@pytest.mark.parametrize("seed", range(3))
def test_results_depend_on_neither_threads_nor_registers(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = random_circuit(seed, magic=0.3, length=40)
    expected = ONE.run(circuit, 3_000, seed=seed).memory
    assert (TWO.run(circuit, 3_000, seed=seed).memory == expected).all()
    assert (ONE.run(circuit, 700, seed=seed).memory == expected[:700]).all()
    for nbytes in (16, 32):
        monkeypatch.setattr(sampler, "native_vector_bytes", lambda nbytes=nbytes: nbytes)
        assert (ONE.run(circuit, 3_000, seed=seed).memory == expected).all()
    monkeypatch.setattr(sampler, "CACHE_BYTES", 1)
    assert (ONE.run(circuit, 3_000, seed=seed).memory == expected).all()


@pytest.mark.skipif(os.name != "posix", reason="pages are guarded by POSIX calls")
@pytest.mark.parametrize("nbytes", [16, 32, 64])
def test_memory_ends_where_it_should(nbytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if nbytes > sampler.native_vector_bytes():
        pytest.skip("wider than this machine's registers")
    circuits = [random_circuit(seed, magic=0.4, length=40) for seed in range(4)]
    expected = [ONE.run(circuit, 500, seed=1).memory for circuit in circuits]
    monkeypatch.setattr(sampler, "native_vector_bytes", lambda: nbytes)
    monkeypatch.setattr(sampler, "aligned_empty", guarded_empty)
    for circuit, memory in zip(circuits, expected, strict=True):
        assert (TWO.run(circuit, 500, seed=1).memory == memory).all()


def test_seeds() -> None:
    circuit = Circuit(1, 1).h(0).measure(0, 0)
    first = ONE.run(circuit, 1_000)
    assert first.seed is not None
    assert (ONE.run(circuit, 1_000, seed=first.seed).memory == first.memory).all()
    assert (ONE.run(circuit, 1_000, seed=first.seed + 1).memory != first.memory).any()
    generator = np.random.default_rng(3)
    a, b = (ONE.run(circuit, 1_000, seed=generator) for _ in range(2))
    assert a.seed is None
    assert (a.memory != b.memory).any()
    assert isinstance(ONE, Sampler)


def test_registers_and_bits_beyond_a_word() -> None:
    circuit = Circuit(70)
    for qubit in range(0, 70, 3):
        circuit.x(qubit)
    result = ONE.run(circuit.measure_all("found"), 3, seed=1)
    assert result.registers[0].name == "found"
    assert result.memory.tolist() == [[int(k % 3 == 0) for k in range(70)]] * 3


def test_noise_of_a_model() -> None:
    circuit = Circuit(1, 1).x(0).measure(0, 0).detector([0])
    model = NoiseModel().add(bit_flip(1.0), "x")
    assert not ONE.run(circuit, 100, seed=1, noise=model).memory.any()
    assert not ONE.sample_detectors(circuit, 100, seed=1, noise=model)[0].any()
    assert (ONE.explain(circuit).num_mechanisms, ONE.explain(circuit, noise=model).num_mechanisms) == (0, 1)
    assert ONE.run(circuit, 100, seed=1).memory.all()


def test_detectors_that_are_fair_coins_are_named() -> None:
    circuit = Circuit(2, 4).h(0).cx(0, 1).measure([0, 1], [0, 1]).detector([0, 1]).detector([1])
    circuit.rx(0.3, 1).measure(1, 2).detector([1, 2]).reset(0).h(0).measure(0, 3).observable([3])
    report = ONE.explain(circuit)
    assert report.random == ("D1", "L0")
    assert "D1, L0: fair coins" in str(report)
    assert ONE.explain(circuit.copy().channel(bit_flip(0.1), 0)).random == ("D1", "L0")


def test_a_parity_that_turns_with_a_coin_is_not_called_random() -> None:
    """S† where a coin shows 1, as two rotations that are no Clifford gates: what is read at last is the coin."""
    circuit = Circuit(2, 2).h(0).measure(0, 0).h(1)
    for _ in range(2):
        circuit.rz(np.pi / 4, 1).if_(circuit.clbit(0) == 1, lambda body: body.rz(-np.pi / 2, 1))
    circuit.sx(1).measure(1, 1).detector([0, 1])
    detectors, _ = ONE.sample_detectors(circuit, 1000, seed=1)
    assert not detectors.any() or detectors.all()
    assert ONE.explain(circuit).random == ()


def test_simulators_and_plans_are_pickled() -> None:
    circuit = Circuit(1, 1).rx(0.4, 0).measure(0, 0)
    simulator = pickle.loads(pickle.dumps(TWO))
    assert simulator.num_threads == TWO.num_threads
    expected = ONE.run(circuit, 100, seed=1).memory
    plan = pickle.loads(pickle.dumps(ONE.compile(circuit)))
    for other in (simulator, copy.deepcopy(TWO)):
        assert np.array_equal(other.run(plan, 100, seed=1).memory, expected)


def test_plans_are_taken_wherever_circuits_are() -> None:
    angle = Parameter("a")
    circuit = Circuit(1, 1).rx(angle, 0).measure(0, 0).detector([0])
    plan = ONE.compile(circuit, [np.pi])
    assert isinstance(plan, NearCliffordPlan)
    assert ONE.compile(plan) is plan
    assert ONE.run(plan, 10, seed=1).memory.all()
    assert ONE.sample_detectors(plan, 10, seed=1)[0].all()
    assert ONE.explain(plan).wanted == "detectors and observables"
    assert ONE.run(circuit, 10, seed=1, parameters={"a": np.pi}).memory.all()


def entangled(num_qubits: int) -> Circuit:
    """Rotations around all pairs, of different axes: no order keeps them apart."""
    circuit = Circuit(num_qubits, num_qubits)
    for letter in "xzx":
        for qubit in range(num_qubits):
            getattr(circuit, f"r{letter}")(0.3, qubit)
        for a, b in itertools.combinations(range(num_qubits), 2):
            circuit.rzz(0.2, a, b)
    return circuit.measure(range(num_qubits), range(num_qubits))


def test_refusals() -> None:
    with pytest.raises(CircuitError, match=r"declare a detector or an observable to be sampled, got none"):
        ONE.sample_detectors(Circuit(1, 1).measure(0, 0), 10)
    with pytest.raises(CircuitError, match=r"must measure something"):
        ONE.run(Circuit(1, 1).h(0), 10)
    with pytest.raises(UnboundParameterError, match=r"free parameter a; pass values"):
        ONE.run(Circuit(1, 1).rx(Parameter("a"), 0).measure(0, 0), 10)
    with pytest.raises(CircuitError, match=r"matrices on up to 4 qubits that are no Clifford gates, got one on 5"):
        ONE.run(Circuit(5, 1).unitary(np.linalg.qr(np.random.default_rng(1).normal(size=(32, 32)))[0], range(5)), 1)
    with pytest.raises(InputError, match=r"a simulator takes a Circuit or what compile made of one, got 3"):
        ONE.compile(3)
    with pytest.raises(InputError, match=r"shots must be an integer of at least 1"):
        ONE.sample_detectors(Circuit(1, 1).measure(0, 0).detector([0]), 0)
    with pytest.raises(InputError, match=r"got one that is compiled; compile noise.apply"):
        ONE.run(ONE.compile(Circuit(1, 1).measure(0, 0)), 1, noise=NoiseModel())
    with pytest.raises(CircuitError, match=r"holds up to 40 entangled qubits as amplitudes, got 4\d"):
        ONE.run(entangled(45), 10)
    with pytest.raises(InsufficientMemoryError, match=r"take fewer shots at a time, or a circuit with fewer entangled"):
        ONE.run(entangled(38), 10)


@pytest.mark.parametrize("shots", [1, 300, 2_000])
def test_no_more_threads_than_have_room_to_work_in(monkeypatch: pytest.MonkeyPatch, shots: int) -> None:
    entered = []
    run = Team.run

    def spy(team, kernel, *arguments, num_threads=None, long=False):
        (work,) = [argument for argument in arguments if isinstance(argument, Work)]
        entered.append((num_threads or team.num_threads, len(work.factors)))
        run(team, kernel, *arguments, num_threads=num_threads, long=long)

    monkeypatch.setattr(Team, "run", spy)
    circuit = (
        Circuit(1, 3).rx(0.3, 0).measure(0, 0).decode(np.invert, [0], [1]).decode(np.invert, [1], [2]).detector([2])
    )
    simulator = NearCliffordSimulator()
    simulator.run(circuit, shots, seed=1)
    simulator.sample_detectors(circuit, shots, seed=1)
    assert len(entered) >= 4
    assert all(threads <= rooms for threads, rooms in entered)
