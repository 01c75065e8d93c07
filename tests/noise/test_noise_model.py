"""Noise models: where their channels go, against Aer's, and runs with them."""

import pickle

import numpy as np
import pytest
import qiskit_aer
import qiskit_aer.noise as aer
import scipy.stats
from qiskit.quantum_info import DensityMatrix

from qtoolkit import Parameter, PauliSum, StatevectorSimulator, get_backend
from qtoolkit.backends import BackendSampler, SamplingEstimator
from qtoolkit.circuit import Circuit, ReadoutError, parity
from qtoolkit.errors import CircuitError, InputError
from qtoolkit.interop.qiskit import to_qiskit
from qtoolkit.noise import (
    NoiseModel,
    amplitude_damping,
    bit_flip,
    depolarizing,
    over_rotation,
    phase_flip,
    thermal_relaxation,
)

FLIP, PHASE, PAIR = bit_flip(0.1), phase_flip(0.2), depolarizing(0.1, 2)
READ = ReadoutError([[0.9, 0.1], [0.2, 0.8]])


def written(circuit):
    """Names and places, in order."""
    return [(operation.gate.name, *(operation.qubits or operation.clbits)) for operation in circuit]


def random_circuit(num_qubits, depth, rng):
    circuit = Circuit(num_qubits)
    for _ in range(depth):
        circuit.ry(rng.uniform(-3, 3), int(rng.integers(num_qubits))).sx(int(rng.integers(num_qubits)))
        circuit.cx(*rng.permutation(num_qubits)[:2].tolist())
    return circuit


def test_channels_follow_gates_by_name():
    model = NoiseModel().add(FLIP, "h").add(PAIR, ["cx", "cz"])
    circuit = Circuit(2).h(0).x(1).cx(1, 0).swap(0, 1).cz(0, 1)
    assert written(model.apply(circuit)) == [
        ("h", 0),
        ("bit_flip", 0),
        ("x", 1),
        ("cx", 1, 0),
        ("depolarizing", 1, 0),
        ("swap", 0, 1),
        ("cz", 0, 1),
        ("depolarizing", 0, 1),
    ]


def test_channels_follow_gates_by_number_of_qubits():
    circuit = Circuit(3).h(0).cx(0, 1).ccx(0, 1, 2).gphase(0.1)
    assert written(NoiseModel().add(FLIP).apply(circuit))[:2] == [("h", 0), ("bit_flip", 0)]
    assert NoiseModel().add(FLIP).apply(circuit).count_ops()["bit_flip"] == 1
    assert NoiseModel().add(PAIR).apply(circuit).count_ops()["depolarizing"] == 1
    assert NoiseModel().add(FLIP, 2).apply(circuit).count_ops()["bit_flip"] == 2
    assert NoiseModel().add(FLIP, [1, 2, "ccx"]).apply(circuit).count_ops()["bit_flip"] == 6


def test_channels_follow_all_gates_but_some():
    circuit = Circuit(2).h(0).rz(0.1, 0).x(1).cx(0, 1).cz(0, 1)
    assert NoiseModel().add(FLIP, 1, but="rz").apply(circuit).count_ops()["bit_flip"] == 2
    model = NoiseModel().add(FLIP, but=["rz", "x"]).add(PAIR, 2, [(0, 1)], but=["cz"])
    assert written(model.apply(circuit)) == [
        ("h", 0),
        ("bit_flip", 0),
        ("rz", 0),
        ("x", 1),
        ("cx", 0, 1),
        ("depolarizing", 0, 1),
        ("cz", 0, 1),
    ]
    assert str(model.rules[0]) == "after every gate on 1 qubits but rz, x: bit_flip"
    assert model != NoiseModel().add(FLIP).add(PAIR, 2, [(0, 1)])
    for wrong in (3, [3], None, {"rz": 1, 2: 3}):
        with pytest.raises(InputError, match="gates that are left out are named"):
            NoiseModel().add(FLIP, but=wrong)


def test_channels_follow_gates_by_qubit():
    circuit = Circuit(3).h([0, 1, 2]).cx(0, 1).cx(1, 0).cx(1, 2)
    assert written(NoiseModel().add(FLIP, qubits=1).apply(circuit)).count(("bit_flip", 1)) == 1
    assert NoiseModel().add(PAIR, "cx", (0, 1)).apply(circuit).count_ops()["depolarizing"] == 2
    assert NoiseModel().add(PAIR, "cx", [(0, 1)]).apply(circuit).count_ops()["depolarizing"] == 1
    noisy = NoiseModel().add(FLIP, "cx", [2, 0]).apply(circuit)
    assert [place for name, *place in written(noisy) if name == "bit_flip"] == [[0], [0], [2]]
    noisy = NoiseModel().add(FLIP, "cx", [(1, 2)]).apply(circuit)
    assert [place for name, *place in written(noisy) if name == "bit_flip"] == [[1], [2]]


def test_all_rules_act_in_their_order():
    model = NoiseModel().add(FLIP, "x").add(PHASE, 1)
    assert written(model.apply(Circuit(1).x(0))) == [("x", 0), ("bit_flip", 0), ("phase_flip", 0)]


def test_measurements_and_resets():
    model = NoiseModel().add(FLIP, "measure").add_reset(PHASE, [0]).add_readout(READ, 1)
    circuit = Circuit(2, 2).reset([0, 1]).initialize([0, 1], 0).measure([0, 1], [1, 0]).detector([0, 1])
    assert written(model.apply(circuit)) == [
        ("reset", 0),
        ("phase_flip", 0),
        ("reset", 1),
        ("initialize", 0),
        ("phase_flip", 0),
        ("bit_flip", 0),
        ("measure", 0),
        ("bit_flip", 1),
        ("measure", 1),
        ("readout_error", 0),
        ("detector", 0, 1),
    ]


def test_readout_errors_come_before_bits_are_used_again():
    model = NoiseModel().add_readout(READ)
    circuit = Circuit(2, 1).measure(0, 0).measure(1, 0)
    assert [name for name, *_ in written(model.apply(circuit))] == ["measure", "readout_error"] * 2


def test_correlated_readout_errors_need_all_of_their_qubits():
    confusion = np.eye(4)[[1, 0, 3, 2]]
    model = NoiseModel().add_readout(ReadoutError(confusion), (2, 0))
    noisy = model.apply(Circuit(3).measure_all())
    assert written(noisy)[3:] == [("readout_error", 2, 0)]
    assert StatevectorSimulator().run(noisy, 5, seed=1).counts == {"100": 5}
    with pytest.raises(InputError, match=r"qubits \(2, 0\) needs them measured together, got \[0\]"):
        model.apply(Circuit(3, 3).measure(0, 0))
    with pytest.warns(UserWarning, match=r"after measure on \[2, 0\]: readout error on 2 bits"):
        assert written(model.apply(Circuit(3, 3).measure(1, 0))) == [("measure", 1)]


def test_bodies_of_conditions_are_noisy_too():
    model = NoiseModel().add(FLIP, 1).add_readout(READ)
    circuit = Circuit(2, 3).h(0).measure(0, 0)
    circuit.if_(0, lambda body: body.x(1).measure(1, 1), lambda body: body.if_(parity([1]) == 0, lambda b: b.z(0)))
    noisy = model.apply(circuit)
    branch = noisy.operations[-1].gate
    assert written(branch.body) == [("x", 1), ("bit_flip", 1), ("measure", 1), ("readout_error", 1)]
    (inner,) = branch.else_body
    assert written(inner.gate.body) == [("z", 0), ("bit_flip", 0)]
    assert inner.gate.else_body is None


def test_what_is_not_noise_stays():
    a = Parameter("a")
    circuit = Circuit(2, name="mine").declare_parameters(["b", "a"]).rx(a, 0).barrier()
    circuit.name_qubits("pair", [1, 0])
    circuit.add_clbits(1, "out")
    circuit.channel(FLIP, 1).measure(0, 0).readout_error(READ, 0)
    noisy = NoiseModel().add(PHASE).apply(circuit)
    assert noisy.name == "mine"
    assert [p.name for p in noisy.parameters] == ["b", "a"]
    assert noisy.qubit_registers == circuit.qubit_registers
    assert noisy.clbit_register("out").clbits == (0,)
    assert [name for name, *_ in written(noisy)] == [
        "rx",
        "phase_flip",
        "barrier",
        "bit_flip",
        "measure",
        "readout_error",
    ]
    assert NoiseModel().apply(circuit) == circuit


def test_idle_layers():
    model = NoiseModel().add_idle(FLIP)
    circuit = Circuit(2).h(0).h(1).x(0).x(0).x(0).cx(0, 1).x(0)
    # Qubit 1 waits for three layers before the CX, and for one at the end.
    assert written(model.apply(circuit))[5:] == [("bit_flip", 1)] * 3 + [("cx", 0, 1), ("x", 0), ("bit_flip", 1)]


def test_qubits_do_not_wait_before_their_first_operation_or_behind_their_last_measurement():
    model = NoiseModel().add_idle(FLIP)
    circuit = Circuit(2, 2).h(0).x(0).cx(0, 1).measure(1, 1).x(0).x(0).measure(0, 0)
    assert "bit_flip" not in model.apply(circuit).count_ops()
    reset = Circuit(2).h(1).x(0).x(0).x(0).reset(1).cx(0, 1)
    assert "bit_flip" in model.apply(Circuit(2).h(1).x(0).x(0).x(0).cx(0, 1)).count_ops()
    assert model.apply(reset).count_ops()["bit_flip"] == 1  # one layer behind the reset, none before


def test_barriers_line_qubits_up():
    model = NoiseModel().add_idle(FLIP, qubits=[1])
    circuit = Circuit(2).h(1).x(0).x(0).barrier().h(1)
    assert written(model.apply(circuit)) == [("h", 1), ("x", 0), ("x", 0), ("bit_flip", 1), ("barrier", 0, 1), ("h", 1)]


def test_idle_times():
    times = []

    def channel(time):
        times.append(time)
        return thermal_relaxation(50, 70, time)

    durations = {1: 2.0, "rz": 0.0, "cx": 10.0, "measure": 100.0}
    circuit = Circuit(2, 2).h(0).rz(0.1, 0).h(0).h(1).cx(0, 1).h(1).measure([0, 1], [0, 1])
    noisy = NoiseModel().add_idle(channel, durations=durations).apply(circuit)
    assert times == [2.0]
    assert written(noisy)[4:6] == [("thermal_relaxation", 1), ("cx", 0, 1)]
    with pytest.raises(InputError, match="got none for 'swap' on 2 qubits"):
        NoiseModel().add_idle(channel, durations=durations).apply(Circuit(2).swap(0, 1))
    with pytest.raises(InputError, match="a function of the time must return a KrausChannel on one qubit"):
        NoiseModel().add_idle(lambda time: 1.0, durations=durations).apply(circuit)


def test_relaxation_acts_all_of_the_time():
    model = NoiseModel().add_relaxation(50, 70, {1: 2.0, 2: 10.0, "measure": 100.0}, 0.1)
    circuit = Circuit(2, 2).h(0).x(0).h(1).cx(0, 1).measure(0, 0)
    noisy = model.apply(circuit)
    # Each qubit's noise adds up to that of the time since its first gate; what a measurement takes comes before it.
    for qubit, time in ((0, 2 + 2 + 10 + 100), (1, 2 + 2 + 10 + 100)):
        total = None
        for operation in noisy:
            if operation.gate.name == "thermal_relaxation" and operation.qubits == (qubit,):
                total = operation.gate if total is None else total.compose(operation.gate)
        wanted = thermal_relaxation(50, 70, time, 0.1)
        np.testing.assert_allclose(total.superoperator(), wanted.superoperator(), atol=1e-13)
    assert noisy.split_final_measurements()[1] == ((0, 0),)


def test_what_is_not_run_takes_its_time():
    model = NoiseModel().add_idle(FLIP)
    circuit = Circuit(2, 1).h(0).h(1).measure(0, 0).if_(0, lambda body: body.x(1).x(1)).h(1)
    branch = model.apply(circuit).operations[-2].gate
    assert written(branch.body) == [("x", 1), ("x", 1)]
    assert written(branch.else_body) == [("bit_flip", 1)] * 2
    circuit = Circuit(2, 1).h([0, 1]).measure(0, 0).if_(0, lambda body: body.x(1).x(1), lambda body: body.cx(0, 1))
    branch = model.apply(circuit).operations[-1].gate
    assert written(branch.body) == [("x", 1), ("x", 1), ("bit_flip", 0), ("bit_flip", 0)]
    assert written(branch.else_body) == [("cx", 0, 1), ("bit_flip", 0), ("bit_flip", 1)]


@pytest.mark.parametrize("seed", range(3))
def test_models_are_those_of_aer(seed):
    ours = NoiseModel().add(amplitude_damping(0.05), ["ry", "sx"]).add(PAIR, "cx").add(bit_flip(0.02), "cx", [1])
    theirs = aer.NoiseModel()
    theirs.add_all_qubit_quantum_error(aer.amplitude_damping_error(0.05), ["ry", "sx"])
    flip = aer.pauli_error([("X", 0.02), ("I", 0.98)])
    same = aer.depolarizing_error(0.1 * 16 / 15, 2)
    for pair in [(a, b) for a in range(3) for b in range(3) if a != b]:
        error = same
        if 1 in pair:
            one = aer.pauli_error([("I", 1.0)])
            error = same.compose(one.tensor(flip) if pair[0] == 1 else flip.tensor(one))
        theirs.add_quantum_error(error, "cx", pair)
    circuit = random_circuit(3, 6, np.random.default_rng(seed))
    found = DensityMatrix.from_label("000").evolve(to_qiskit(ours.apply(circuit))).data
    ideal = to_qiskit(circuit)
    ideal.save_density_matrix()
    simulator = qiskit_aer.AerSimulator(method="density_matrix", noise_model=theirs)
    np.testing.assert_allclose(found, simulator.run(ideal).result().data()["density_matrix"].data, atol=1e-12)


def test_shots_with_noise_have_the_exact_probabilities():
    model = NoiseModel().add(amplitude_damping(0.1)).add(PAIR).add_readout(READ, [0, 2]).add(PHASE, "measure")
    circuit = random_circuit(3, 5, np.random.default_rng(9))
    state = DensityMatrix.from_label("000").evolve(to_qiskit(model.apply(circuit)))
    exact = np.kron(np.kron(READ.confusion, np.eye(2)), READ.confusion).T @ state.data.diagonal().real
    result = StatevectorSimulator().run(circuit.measure_all(), 20_000, seed=3, noise=model)
    counts = np.array([result.counts.get(f"{k:03b}", 0) for k in range(8)])
    assert scipy.stats.chisquare(counts, exact * 20_000).pvalue > 1e-9
    wrong = np.kron(np.kron(READ.confusion, READ.confusion), np.eye(2)).T @ state.data.diagonal().real
    assert scipy.stats.chisquare(counts, wrong * 20_000).pvalue < 1e-12
    again = StatevectorSimulator().run(model.apply(circuit), 20_000, seed=3)
    assert again.counts == result.counts


def test_expectation_values_with_coherent_noise_are_exact():
    model = NoiseModel().add(over_rotation("Z", 0.2), "h")
    simulator, x = StatevectorSimulator(), PauliSum.from_list([("X", 1.0)])
    assert simulator.expectation_value(Circuit(1).h(0), x, noise=model) == pytest.approx(np.cos(0.2), abs=1e-14)
    turned = Circuit(1).h(0).rz(Parameter("a"), 0)
    assert simulator.expectation_value(turned, x, [0.3], noise=model) == pytest.approx(np.cos(0.5), abs=1e-14)
    both = simulator.expectation_value(turned, [x, 2 * x], [0.3], model)
    np.testing.assert_allclose(both, [np.cos(0.5), 2 * np.cos(0.5)], atol=1e-14)


def test_expectation_values_with_random_noise_are_refused_or_estimated():
    model, z = NoiseModel().add(FLIP), PauliSum.from_list([("ZZ", 1.0)])
    circuit = Circuit(2).x(0).x(1)
    with pytest.raises(CircuitError, match="DensityMatrixSimulator"):
        StatevectorSimulator().expectation_value(circuit, z, noise=model)
    with pytest.raises(InputError, match=r"compile noise\.apply"):
        StatevectorSimulator().expectation_value(StatevectorSimulator().compile(circuit), z, noise=model)
    with pytest.raises(InputError, match="noise must be a NoiseModel"):
        StatevectorSimulator().run(circuit.copy().measure_all(), 10, noise=FLIP)
    for sampler in (StatevectorSimulator(), BackendSampler(get_backend("local"))):
        found = SamplingEstimator(sampler, 20_000, seed=5, noise=model).estimate(circuit, z)
        assert abs(found.value - 0.8**2) < 6 * found.standard_error
        assert 0 < found.standard_error < 0.01


def test_local_backends_play_a_device():
    backend = get_backend("local", noise=NoiseModel().add(bit_flip(1.0)).add_readout(ReadoutError([[0, 1], [0, 1]])))
    assert backend.run(Circuit(2, 2).x(0).measure([1], [1]), 9, seed=1).result().counts == {"10": 9}
    assert get_backend("local:single", noise=NoiseModel().add(bit_flip(1.0))).run(
        Circuit(1).x(0).measure_all(), 9
    ).result().counts == {"0": 9}
    with pytest.raises(InputError, match="noise must be a NoiseModel"):
        get_backend("local", noise=3)


def test_models_are_compared_shown_and_pickled():
    def build():
        return (
            NoiseModel()
            .add(FLIP, ["cx", 1], [0])
            .add(PAIR)
            .add(PHASE, "measure")
            .add_readout(READ, [1])
            .add_idle(FLIP)
            .add_relaxation(5, 7, {1: 1, 2: 2}, qubits=0)
        )

    model = build()
    assert model == build() != NoiseModel()
    assert pickle.loads(pickle.dumps(model)) == model
    assert repr(model) == "NoiseModel of 6 rules"
    text = str(model)
    assert "after every gate on 1 qubits, cx on [0]: bit_flip" in text
    assert "before measure: phase_flip" in text
    assert str(NoiseModel()) == "no noise"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NoiseModel().add(3), "a channel must be a KrausChannel, got 3"),
        (lambda: NoiseModel().add(PAIR, "h"), "on 2 qubits cannot follow 'h' on 1"),
        (lambda: NoiseModel().add(PAIR, 3), "cannot follow 3 on 3"),
        (lambda: NoiseModel().add(FLIP, "cnot"), "got 'cnot'; here that is 'cx'"),
        (lambda: NoiseModel().add(FLIP, []), "got none"),
        (lambda: NoiseModel().add(FLIP, 1.5), "gates are names such as"),
        (lambda: NoiseModel().add(FLIP, [None]), "got None"),
        (lambda: NoiseModel().add(FLIP, qubits=-1), "integers of at least 0"),
        (lambda: NoiseModel().add(FLIP, qubits=[0, (1,)]), "got 0"),
        (lambda: NoiseModel().add(FLIP, qubits=[]), "got none"),
        (lambda: NoiseModel().add(PAIR, "mine").apply(Circuit(1).unitary(np.eye(2), 0, "mine")), "cannot follow mine"),
        (lambda: NoiseModel().add_readout(FLIP), "must be a ReadoutError"),
        (lambda: NoiseModel().add_readout(ReadoutError(np.eye(4))), "needs 2 qubits, got none"),
        (lambda: NoiseModel().add_readout(ReadoutError(np.eye(4)), [1]), "needs 2 qubits, got 1"),
        (lambda: NoiseModel().add_readout(ReadoutError(np.eye(4)), [1, 1]), "distinct qubits"),
        (lambda: NoiseModel().add_idle(PAIR), "on one qubit, got 2"),
        (lambda: NoiseModel().add_idle(FLIP, durations={1: 1}), "a channel is a function of the time"),
        (lambda: NoiseModel().add_idle(lambda time: FLIP), "must be a KrausChannel"),
        (lambda: NoiseModel().add_idle(lambda time: FLIP, durations={1: -1}), "the duration of 1"),
        (lambda: NoiseModel().add_idle(lambda time: FLIP, durations=[1]), "durations are a mapping"),
        (lambda: NoiseModel().add_idle(FLIP, qubits=[(0, 1)]), "qubits that wait are integers"),
        (lambda: NoiseModel().add_relaxation(5, 11, {1: 1}), "t2 must be at most"),
        (lambda: NoiseModel().add_relaxation(5, 6, None), "durations must be a mapping"),
        (lambda: NoiseModel().apply(3), "noise is added to a Circuit, got 3"),
    ],
)
def test_wrong_rules_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_model_that_does_nothing_says_so():
    circuit = Circuit(2).h(0).cx(0, 1).measure_all()
    for model in (
        NoiseModel().add(depolarizing(0.1), gates="cxx"),
        NoiseModel().add(depolarizing(0.1), gates="cx", qubits=[(1, 0)]),
        NoiseModel().add_readout(ReadoutError(np.eye(2)), 5),
    ):
        with pytest.warns(UserWarning, match=r"which has cx, h, measure: it stays without noise; the rules are: after"):
            assert model.apply(circuit) == circuit
    for model in (
        NoiseModel(),
        NoiseModel().add(depolarizing(0.0), gates="h"),
        NoiseModel().add_readout(ReadoutError(np.eye(2))),
        NoiseModel().add_idle(depolarizing(0.1)),
    ):
        model.apply(circuit)
    NoiseModel().add(depolarizing(0.1)).apply(Circuit(2).barrier())


def test_what_has_no_noise_is_told():
    circuit = Circuit(2, 2).h(0).cx(0, 1).measure(0, 0).if_(0, lambda body: body.x(1).h(1)).reset(0).measure(1, 1)
    assert NoiseModel().uncovered(circuit) == {"cx": 1, "h": 2, "measure": 2, "reset": 1, "x": 1}
    model = NoiseModel().add(depolarizing(0.1), gates=["h", "cx"]).add_readout(ReadoutError(np.eye(2)), 0)
    assert model.uncovered(circuit) == {"measure": 1, "reset": 1, "x": 1}
    relaxation = NoiseModel().add_relaxation(1.0, 1.0, {1: 0.1, 2: 0.1, "measure": 0.1, "reset": 0.1}, qubits=1)
    assert relaxation.uncovered(circuit) == {"h": 1, "measure": 1, "reset": 1}


@pytest.mark.parametrize(("name", "meant"), [("CX", "cx"), ("H", "h"), ("Measure", "measure"), ("u1", "p")])
def test_names_that_others_write(name, meant):
    with pytest.raises(InputError, match=f"got '{name}'; here that is '{meant}'"):
        NoiseModel().add(depolarizing(0.1), gates=name)


def test_rounding_is_no_time():
    """0.1 + 0.1 + 0.1 is not 0.3, and nobody waits for the difference."""
    times = []

    def after(time):
        times.append(time)
        return bit_flip(0.1)

    model = NoiseModel().add_idle(after, durations={1: 0.1, 2: 0.3})
    circuit = Circuit(3).x(0).x(0).x(0).cx(1, 2).barrier()
    assert model.apply(circuit) == circuit
    assert times == []


def test_what_is_no_model_is_told_where_there_are_some():
    circuit = Circuit(1).h(0).measure_all()
    with pytest.raises(InputError, match=r"device_noise\('ibm:fake_manila'\)"):
        StatevectorSimulator().run(circuit, shots=1, noise="ibm:fake_manila")
    with pytest.raises(InputError, match=r"NoiseModel\(\)\.add"):
        StatevectorSimulator().run(circuit, shots=1, noise=depolarizing(0.1))
