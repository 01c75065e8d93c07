"""Trajectories of circuits with channels, readout errors, parities and decoders on the state-vector simulator."""

import numpy as np
import pytest
import scipy.stats
from qiskit.quantum_info import Kraus, random_quantum_channel

from qtoolkit import PauliSum, StatevectorSimulator
from qtoolkit.circuit import Circuit, Condition, KrausChannel, Parameter, ParityCondition, ReadoutError, parity
from qtoolkit.circuit.analysis import split_tail
from qtoolkit.errors import BackendError, CircuitError, ConversionError
from qtoolkit.interop.cirq import to_cirq
from qtoolkit.interop.openqasm import from_qasm, to_qasm
from qtoolkit.interop.qiskit import from_qiskit, to_qiskit
from qtoolkit.simulators import SectorSimulator
from qtoolkit.simulators.channels import reduced_density_matrix

X, Z = np.array([[0, 1], [1, 0]]), np.diag([1, -1])
FLIP = KrausChannel([np.sqrt(0.9) * np.eye(2), np.sqrt(0.1) * X], name="flip")
DAMPING = KrausChannel([np.diag([1, np.sqrt(0.7)]), [[0, np.sqrt(0.3)], [0, 0]]], name="damping")
SURE = 1e-9
"""A right simulator fails so rarely, and never at the seeds below."""


def random_kraus(num_qubits, rng, rank=3):
    side = 1 << num_qubits
    channel = random_quantum_channel(side, side, rank=rank, seed=int(rng.integers(1 << 30)))
    return KrausChannel(Kraus(channel).data, name="random")


def applied(operators, qubits, state, num_qubits):
    """Σ K ρ K† by NumPy, in the order of the qubits of the circuit."""
    total = np.zeros_like(state)
    for operator in operators:
        whole = on_all(operator, qubits, num_qubits)
        total += whole @ state @ whole.conj().T
    return total


def on_all(operator, qubits, num_qubits):
    """An operator on some qubits, entry by entry."""
    whole = np.zeros((1 << num_qubits,) * 2, complex)
    mask = sum(1 << q for q in qubits)
    for column in range(1 << num_qubits):
        inner = sum((column >> q & 1) << k for k, q in enumerate(qubits))
        for row in range(len(operator)):
            place = column & ~mask | sum((row >> k & 1) << q for k, q in enumerate(qubits))
            whole[place, column] += operator[row, inner]
    return whole


def exact_density_matrix(circuit):
    state = np.zeros((1 << circuit.num_qubits,) * 2, complex)
    state[0, 0] = 1
    for operation in split_tail(circuit.operations)[0]:
        gate = operation.gate
        operators = gate.operators if isinstance(gate, KrausChannel) else [gate.matrix()]
        state = applied(operators, operation.qubits, state, circuit.num_qubits)
    return state


def random_noisy_circuit(num_qubits, depth, rng):
    circuit = Circuit(num_qubits)
    for _ in range(depth):
        circuit.u(*rng.uniform(-3, 3, 3), int(rng.integers(num_qubits)))
        pair = rng.permutation(num_qubits)[:2].tolist()
        circuit.cx(*pair)
        kind = rng.integers(4)
        if kind == 0:
            circuit.channel(random_kraus(2, rng), pair)
        elif kind == 1:
            circuit.channel(random_kraus(1, rng), pair[0])
        elif kind == 2:
            circuit.channel(FLIP, pair[1])
        else:
            circuit.channel(DAMPING, range(num_qubits))
    return circuit


def assert_distributed(counts, probabilities):
    """A chi-squared test at a level that no right result fails."""
    counts, probabilities = np.asarray(counts, float), np.asarray(probabilities, float)
    assert not counts[probabilities < 1e-12].any()
    expected = probabilities * counts.sum()
    rare = expected < 10
    found, wanted = np.append(counts[~rare], counts[rare].sum()), np.append(expected[~rare], expected[rare].sum())
    kept = wanted > 0
    statistic = ((found - wanted)[kept] ** 2 / wanted[kept]).sum()
    assert scipy.stats.chi2.sf(statistic, max(1, kept.sum() - 1)) > SURE


def histogram(result):
    found = np.zeros(1 << result.num_clbits)
    for bits, count in result.counts.items():
        found[int(bits, 2)] = count
    return found


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("seed", range(4))
def test_shots_have_the_probabilities_of_the_density_matrix(seed, precision):
    rng = np.random.default_rng(seed)
    circuit = random_noisy_circuit(4, 6, rng)
    exact = exact_density_matrix(circuit).diagonal().real
    result = StatevectorSimulator(precision).run(circuit.measure_all(), 40_000, seed=seed)
    assert_distributed(histogram(result), exact)


def test_single_runs_average_to_the_density_matrix():
    circuit = random_noisy_circuit(2, 3, np.random.default_rng(5))
    simulator, rng, runs = StatevectorSimulator(), np.random.default_rng(6), 4000
    plan, total = simulator.compile(circuit), np.zeros((4, 4), complex)
    for _ in range(runs):
        state = simulator.trajectory(plan, seed=rng).state_vector
        assert np.linalg.norm(state) == pytest.approx(1, abs=1e-12)
        total += np.outer(state, state.conj()) / runs
    # Hoeffding: an entry lies in a disc of radius 1.
    assert np.abs(total - exact_density_matrix(circuit)).max() < np.sqrt(2 * np.log(8 * 16 / SURE) / runs) * np.sqrt(2)


def test_damping_takes_no_branch_that_is_impossible():
    circuit = Circuit(1, 1).channel(DAMPING, 0).measure(0, 0)
    assert StatevectorSimulator().run(circuit, 1000, seed=1).counts == {"0": 1000}
    full = KrausChannel([np.diag([1, 0]), [[0, 1], [0, 0]]])
    assert StatevectorSimulator().run(Circuit(1, 1).x(0).channel(full, 0).measure(0, 0), 9, seed=1).counts == {"0": 9}


def test_the_same_seed_gives_the_same_shots():
    circuit = random_noisy_circuit(3, 4, np.random.default_rng(1)).measure_all()
    first, second = (StatevectorSimulator(num_threads=n).run(circuit, 500, seed=3) for n in (1, None))
    assert first.counts == second.counts


@pytest.mark.parametrize("seed", range(3))
def test_reduced_density_matrices(seed):
    rng = np.random.default_rng(seed)
    state = rng.normal(size=1 << 7) + 1j * rng.normal(size=1 << 7)
    qubits = rng.permutation(7)[: 1 + seed].tolist()
    tensor = state.reshape((2,) * 7).transpose(
        [6 - q for q in reversed(qubits)] + [6 - q for q in range(7) if q not in qubits]
    )
    rows = tensor.reshape(1 << len(qubits), -1)
    np.testing.assert_allclose(reduced_density_matrix(state, qubits), rows @ rows.conj().T, atol=1e-12)


def test_reduced_density_matrices_of_states_taken_piece_by_piece(monkeypatch):
    monkeypatch.setattr("qtoolkit.simulators.channels.AMPLITUDES_AT_A_TIME", 4)
    test_reduced_density_matrices(1)


def test_one_operator_is_a_gate():
    turn = KrausChannel([(np.eye(2) + 1j * X) / np.sqrt(2)])
    circuit = Circuit(2).channel(turn, 0).cx(0, 1)
    simulator = StatevectorSimulator()
    np.testing.assert_allclose(simulator.state_vector(circuit), [np.sqrt(0.5), 0, 0, 1j * np.sqrt(0.5)], atol=1e-15)
    assert simulator.expectation_value(circuit, PauliSum.from_list([("ZZ", 1.0)])) == pytest.approx(1.0)


def test_a_random_channel_has_no_state():
    simulator, z = StatevectorSimulator(), PauliSum.from_list([("Z", 1.0)])
    circuit = Circuit(1).h(0).channel(FLIP, 0)
    turned = Circuit(1).rx(Parameter("a"), 0).channel(FLIP, 0)
    for call in (
        lambda: simulator.state_vector(circuit),
        lambda: simulator.probabilities(circuit),
        lambda: simulator.expectation_value(circuit, z),
        lambda: simulator.variance(circuit, z),
        lambda: simulator.expectation_value(turned, z, [0.1]),
        lambda: simulator.expectation_value(turned, z, [[0.1], [0.2]]),
        lambda: simulator.state_vector(turned, [[0.1], [0.2]]),
        lambda: simulator.gradient(turned, z, [0.1]),
        lambda: simulator.gradient(Circuit(1).channel(FLIP, 0).rx(Parameter("a"), 0), z, [0.1]),
    ):
        with pytest.raises(CircuitError, match="DensityMatrixSimulator"):
            call()
    with pytest.raises(CircuitError, match="DensityMatrixSimulator"):
        SectorSimulator(1).state_vector(Circuit(2).x(0).channel(FLIP, 0))


def test_annotations_change_nothing():
    plain = Circuit(2).h(0).cx(0, 1).rz(0.3, 1)
    noted = Circuit(2, 1).h(0).detector([0]).cx(0, 1).observable([0], 2).rz(0.3, 1)
    simulator = StatevectorSimulator()
    np.testing.assert_array_equal(simulator.state_vector(noted), simulator.state_vector(plain))
    measured = plain.copy().measure_all()
    noted = plain.copy().measure_all().detector([0, 1]).observable([1])
    assert simulator.run(noted, 100, seed=1).counts == simulator.run(measured, 100, seed=1).counts
    turn = Parameter("a")
    noted = Circuit(2, 1).x(0).detector([0]).xx_plus_yy(turn, 0.0, 0, 1)
    wanted = Circuit(2).x(0).xx_plus_yy(turn, 0.0, 0, 1)
    np.testing.assert_allclose(simulator.state_vector(noted, [0.4]), simulator.state_vector(wanted, [0.4]), atol=1e-15)
    sector = SectorSimulator(1)
    np.testing.assert_allclose(sector.state_vector(noted, [0.4]), sector.state_vector(wanted, [0.4]), atol=1e-15)


@pytest.mark.parametrize("middle", [False, True])
def test_readout_errors_of_one_bit(middle):
    error = ReadoutError([[0.9, 0.1], [0.2, 0.8]])
    circuit = Circuit(2, 2).ry(1.0, 0).cx(0, 1).measure([0, 1], [0, 1]).readout_error(error, [1, 0])
    if middle:
        circuit.if_(parity([0, 1]) == 1, lambda body: body.id(0))
    one = np.sin(0.5) ** 2
    exact = (1 - one) * np.kron([0.9, 0.1], [0.9, 0.1]) + one * np.kron([0.2, 0.8], [0.2, 0.8])
    assert_distributed(histogram(StatevectorSimulator().run(circuit, 50_000, seed=2)), exact)


@pytest.mark.parametrize("middle", [False, True])
def test_correlated_readout_errors(middle):
    confusion = np.random.default_rng(1).dirichlet(np.ones(4) / 2, size=4)
    confusion[2] = [0, 1, 0, 0]
    circuit = Circuit(2, 66).h(0).h(1).measure([0, 1], [64, 3]).readout_error(ReadoutError(confusion), (3, 64))
    if middle:
        circuit.if_(0, lambda body: body.x(0))
    result = StatevectorSimulator().run(circuit, 40_000, seed=4)
    found = np.zeros(4)
    for bits, count in result.counts.items():
        found[int(bits[65 - 3]) + 2 * int(bits[65 - 64])] += count
    assert_distributed(found, confusion.mean(axis=0))


def test_trajectories_misread_too():
    always = ReadoutError([[0, 1], [0, 1]])
    run = StatevectorSimulator().trajectory(Circuit(1, 1).measure(0, 0).readout_error(always, 0), seed=1)
    assert run.clbits.tolist() == [1]


def test_conditions_on_parities():
    circuit = Circuit(4, 4).h(0).h(1).h(2).measure([0, 1, 2], [0, 1, 2])
    circuit.if_(parity([0, 1, 2]) == 1, lambda body: body.x(3)).measure(3, 3)
    for bits in StatevectorSimulator().run(circuit, 200, seed=1).counts:
        assert bits.count("1") % 2 == 0
    other = Circuit(2, 2).x(0).measure(0, 0)
    other.if_(parity([0, 1]) == 0, lambda body: body.x(1), lambda body: body.h(1).h(1)).measure(1, 1)
    assert StatevectorSimulator().run(other, 10, seed=1).counts == {"01": 10}


def test_decoders_at_the_end_see_all_shots_at_once():
    sizes = []

    def decode(bits):
        sizes.append(len(bits))
        return bits[:, :1] ^ bits[:, 1:]

    circuit = Circuit(2, 3).h(0).h(1).measure([0, 1], [0, 1]).decode(decode, [0, 1], [2]).detector([2])
    result = StatevectorSimulator().run(circuit, 1000, seed=1)
    assert sizes == [1000]
    assert all((int(bits, 2) >> 2) == (int(bits, 2) & 1) ^ (int(bits, 2) >> 1 & 1) for bits in result.counts)


def test_decoders_in_the_middle_decide_what_runs():
    circuit = Circuit(2, 3).h(0).measure(0, 0).decode(np.invert, 0, 1).if_(1, lambda body: body.x(1)).measure(1, 2)
    counts = StatevectorSimulator().run(circuit, 1000, seed=1).counts
    assert set(counts) == {"001", "110"}
    assert StatevectorSimulator().trajectory(circuit, seed=1).clbits.tolist() in ([1, 0, 0], [0, 1, 1])


def test_wrong_decoders_are_named():
    circuit = Circuit(1, 2).measure(0, 0).decode(lambda bits: bits[:, 0], 0, 1)
    with pytest.raises(CircuitError, match="decode_batch must return"):
        StatevectorSimulator().run(circuit, 10, seed=1)


def test_few_states_wait_at_a_time(monkeypatch):
    """Where every shot goes its own way, no more states are alive than the logarithm of the shots, times operators."""
    from qtoolkit.simulators.walk import Walker

    most = 0
    choose = Walker._choose

    def counted(self, branch, pending, step):
        nonlocal most
        choose(self, branch, pending, step)
        most = max(most, len(pending))

    monkeypatch.setattr(Walker, "_choose", counted)
    wide = DAMPING.tensor(FLIP).tensor(FLIP)  # on three qubits, which nothing quicker takes
    circuit = Circuit(3)
    for _ in range(60):
        circuit.h(0).channel(wide, [0, 1, 2])
    StatevectorSimulator().run(circuit.measure_all(), 256, seed=1)
    assert 2 <= most <= 8 * len(wide.operators)


def test_explain_names_the_steps():
    circuit = Circuit(2, 2).h(0).channel(FLIP, 1).measure(0, 0).if_(parity([0, 1]) == 1, lambda body: body.x(1))
    circuit.measure(1, 1).readout_error(ReadoutError(np.eye(2)), 1).decode(np.invert, 1, 0)
    text = str(StatevectorSimulator().explain(circuit))
    assert "channel flip of 2 operators (1)" in text
    assert "if the parity of bits (0, 1) is 1" in text
    assert "readout error of bits (1), at the end" in text
    assert "decode bits (1) into (0), at the end" in text


def test_other_formats_take_noise_or_refuse_it():
    noisy = Circuit(2, 2).h(0).channel(DAMPING.tensor(FLIP), (0, 1)).measure(0, 0).detector([0])
    read = Circuit(1, 1).measure(0, 0).readout_error(ReadoutError(np.eye(2)), 0)
    decoded = Circuit(1, 2).measure(0, 0).decode(np.invert, 0, 1)
    for write in (to_qasm, lambda circuit: to_qasm(circuit, version=2)):
        for circuit, message in ((noisy, "has no noise"), (read, "has no noise"), (decoded, "no such instruction")):
            with pytest.raises(ConversionError, match=message):
                write(circuit)
    for write in (to_qiskit, to_cirq):
        for circuit in (read, decoded):
            with pytest.raises(ConversionError):
                write(circuit)
    assert [item.name for item in to_qiskit(noisy).data] == ["h", "kraus", "measure"]


def test_exported_channels_act_on_the_same_qubits():
    import cirq
    from qiskit.quantum_info import DensityMatrix

    rng = np.random.default_rng(3)
    circuit = random_noisy_circuit(3, 4, rng)
    exact = exact_density_matrix(circuit)
    theirs = DensityMatrix.from_label("000").evolve(to_qiskit(circuit))
    np.testing.assert_allclose(theirs.data, exact, atol=1e-12)
    qubits = cirq.LineQubit.range(3)
    simulator = cirq.DensityMatrixSimulator(dtype=np.complex128)
    final = simulator.simulate(to_cirq(circuit, qubits), qubit_order=qubits[::-1]).final_density_matrix
    np.testing.assert_allclose(final, exact, atol=1e-10)


def test_parities_go_to_other_formats_and_back():
    circuit = Circuit(4, 4).h(0).h(1).measure([0, 1], [0, 1])
    circuit.if_(parity([0, 1]) == 1, lambda body: body.x(2), lambda body: body.x(3)).measure([2, 3], [2, 3])
    back = from_qiskit(to_qiskit(circuit))
    assert [type(operation.gate.condition).__name__ for operation in back if operation.gate.name == "if"] == [
        "ParityCondition"
    ]
    import cirq

    for other in (back, from_qasm(to_qasm(circuit, version=3))):
        counts = StatevectorSimulator().run(other, 400, seed=1).counts
        assert set(counts) == {"0101", "0110", "1000", "1011"}
    result = cirq.Simulator(seed=1).run(to_cirq(circuit), repetitions=50)
    for bits in zip(*(result.measurements[f"c_{k}"][:, 0].tolist() for k in range(4)), strict=True):
        assert bits[2] == bits[0] ^ bits[1]
        assert bits[3] == 1 - bits[2]
    with pytest.raises(ConversionError, match="no parities"):
        to_qasm(circuit, version=2)
    wide = Circuit(1, 12).if_(parity(range(12)) == 1, lambda body: body.x(0))
    for write in (to_cirq, lambda circuit: to_qasm(circuit, version=3)):
        with pytest.raises(ConversionError):
            write(wide)


def test_backends_say_what_they_take():
    from qtoolkit.backends import get_backend

    noisy = Circuit(1).x(0).channel(FLIP, 0).measure_all()
    local = get_backend("local")
    assert set(local.run(noisy, 100, seed=1).result().counts) == {"0", "1"}
    assert local.capabilities.supports_noise
    assert local.capabilities.supports_decoders
    braket = get_backend("braket:local")
    with pytest.raises(BackendError, match="without noise of their own, got flip"):
        braket.run(noisy, 100)
    with pytest.raises(BackendError, match="calls no decoders"):
        braket.run(Circuit(1, 2).measure(0, 0).decode(np.invert, 0, 1), 100)
    noted = Circuit(1).x(0).measure_all().detector([0])
    assert braket.run(noted, 10).result().counts == {"1": 10}


def test_idle_qubits_cost_nothing():
    circuit = Circuit(200, 70).x(150).channel(FLIP, [3]).channel(DAMPING, 199).detector([0])
    circuit.measure([3, 150, 7], [66, 1, 0]).readout_error(ReadoutError([[0, 1], [1, 0]]), [0, 1])
    counts = StatevectorSimulator().run(circuit, 2000, seed=1).counts
    assert len(counts) == 2
    for bits in counts:
        assert bits[::-1][:2] == "10"
    flipped = sum(count for bits, count in counts.items() if bits[69 - 66] == "1")
    assert scipy.stats.binomtest(flipped, 2000, 0.1).pvalue > SURE


def test_conditions_hold_where_they_say():
    for condition in (Condition((0, 2), 2), ParityCondition((0, 2), 1)):
        for bits in (None, [0, 1], [1.5, 0, 0], {}):
            with pytest.raises(CircuitError, match="needs an integer for each"):
                condition.holds(bits)
        assert condition.moved([5, 6, 7]).clbits == (5, 7)
