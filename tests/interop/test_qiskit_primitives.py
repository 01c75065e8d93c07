import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Clbit, Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2
from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2, StatevectorEstimator, StatevectorSampler
from qiskit.quantum_info import SparseObservable, SparsePauliOp, Statevector, random_statevector

from qtoolkit.errors import CircuitError
from qtoolkit.interop.qiskit import Backend, EstimatorV2, SamplerV2


def ansatz() -> QuantumCircuit:
    return efficient_su2(3, reps=1)


def random_values(shape: tuple[int, ...], circuit: QuantumCircuit) -> np.ndarray:
    return np.random.default_rng(len(shape)).uniform(-3, 3, (*shape, circuit.num_parameters))


OBSERVABLES = [
    SparsePauliOp(["XXI", "IZZ"], [0.5, -1.5]),
    SparsePauliOp("YIX"),
    SparsePauliOp(["III", "ZZZ"], [2.0, 0.25]),
]


@pytest.mark.parametrize(
    ("points", "observables"),
    [
        ((), OBSERVABLES[0]),
        ((), OBSERVABLES),
        ((4,), OBSERVABLES[1]),
        ((4,), [[op] for op in OBSERVABLES]),
        ((3,), OBSERVABLES),
        ((2, 1), OBSERVABLES),
        ((0,), OBSERVABLES[0]),
    ],
)
def test_estimator_broadcasts_as_qiskits(points, observables):
    circuit = ansatz()
    pub = (circuit, observables, random_values(points, circuit))
    ours = EstimatorV2().run([pub]).result()[0]
    theirs = StatevectorEstimator().run([pub]).result()[0]
    assert ours.data.shape == theirs.data.shape
    np.testing.assert_allclose(ours.data.evs, theirs.data.evs, atol=1e-10)
    np.testing.assert_array_equal(ours.data.stds, theirs.data.stds)
    assert ours.metadata == theirs.metadata


def test_estimator_interface_and_single_precision():
    circuit = ansatz()
    circuit.metadata = {"from": "test"}
    pub = (circuit, OBSERVABLES, random_values((), circuit))
    estimator = EstimatorV2(precision="single", num_threads=1)
    assert isinstance(estimator, BaseEstimatorV2)
    assert (estimator.default_precision, estimator.seed) == (0.0, None)
    found = estimator.run([pub]).result()
    assert found.metadata == {"version": 2}
    assert found[0].metadata["circuit_metadata"] == {"from": "test"}
    expected = StatevectorEstimator().run([pub]).result()[0].data.evs
    np.testing.assert_allclose(found[0].data.evs, expected, atol=1e-5)


def test_estimator_noise_has_the_precision_asked_for():
    circuit = ansatz().assign_parameters(np.zeros(12))
    pub = (circuit, [SparsePauliOp("ZZZ")] * 4000, [], 0.05)
    exact = StatevectorEstimator().run([(circuit, SparsePauliOp("ZZZ"))]).result()[0].data.evs
    noisy = EstimatorV2(seed=1).run([pub]).result()[0]
    assert np.std(noisy.data.evs) == pytest.approx(0.05, rel=0.05)
    assert np.mean(noisy.data.evs) == pytest.approx(exact, abs=0.005)
    assert noisy.metadata["target_precision"] == 0.05
    again = EstimatorV2(seed=1).run([pub[:3]], precision=0.05).result()[0]
    np.testing.assert_array_equal(again.data.evs, noisy.data.evs)
    default = EstimatorV2(seed=1, default_precision=0.05).run([pub[:3]]).result()[0]
    np.testing.assert_array_equal(default.data.evs, noisy.data.evs)
    rng = np.random.default_rng(1)
    ongoing = EstimatorV2(seed=rng)
    first, second = (ongoing.run([pub]).result()[0].data.evs for _ in range(2))
    assert not np.array_equal(first, second)


def test_estimator_takes_projectors():
    state = random_statevector(4, seed=3)
    circuit = QuantumCircuit(2)
    circuit.initialize(state)
    observable = SparseObservable.from_list([("0X", 0.5), ("+r", -1.0)])
    found = EstimatorV2().run([(circuit, observable)]).result()[0].data.evs
    zero, plus, right = np.diag([1, 0]), np.full((2, 2), 0.5), np.array([[0.5, -0.5j], [0.5j, 0.5]])
    matrix = 0.5 * np.kron(zero, [[0, 1], [1, 0]]) - np.kron(plus, right)
    assert found == pytest.approx(np.vdot(state.data, matrix @ state.data).real, abs=1e-12)


def test_estimator_takes_nonlinear_expressions_and_repeats_none():
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2, global_phase=a * b)
    circuit.rx(a * b, 0)
    circuit.ry((a / b).sin() + 1, 1)
    circuit.rzz(a * b, 0, 1)
    circuit.rx(2 * a - b, 1)
    values = np.random.default_rng(0).uniform(0.5, 2, (5, 2))
    pub = (circuit, SparsePauliOp(["XY", "ZZ"], [1.0, 2.0]), values)
    ours, theirs = (e.run([pub]).result()[0].data.evs for e in (EstimatorV2(), StatevectorEstimator()))
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


def test_estimator_ignores_final_measurements_and_refuses_others():
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    assert EstimatorV2().run([(circuit, SparsePauliOp("X"))]).result()[0].data.evs == pytest.approx(1.0)
    circuit.h(0)
    with pytest.raises(CircuitError):
        EstimatorV2().run([(circuit, SparsePauliOp("X"))]).result()


def distribution(bits, num_shots: int) -> np.ndarray:
    frequencies = np.zeros(1 << bits.num_bits)
    for value, count in bits.get_int_counts().items():
        frequencies[value] = count / num_shots
    return frequencies


def test_sampler_draws_from_the_state():
    circuit = ansatz()
    measured = circuit.measure_all(inplace=False)
    values = random_values((2, 3), circuit)
    shots = 40_000
    result = SamplerV2(seed=1).run([(measured, values)], shots=shots).result()[0]
    assert result.data.meas.shape == (2, 3)
    assert (result.data.meas.num_bits, result.data.meas.num_shots) == (3, shots)
    for index in np.ndindex(2, 3):
        exact = Statevector(circuit.assign_parameters(values[index])).probabilities()
        deviation = (distribution(result.data.meas[index], shots) - exact) / np.sqrt(exact * (1 - exact) / shots)
        assert np.abs(deviation).max() < 5


def test_sampler_interface_matches_qiskits():
    a, b = ClassicalRegister(11, "a"), ClassicalRegister(1, "b")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), a, b, metadata={"from": "test"})
    theta = ParameterVector("theta", 2)
    circuit.x(1)
    circuit.rx(theta[0], 2)
    circuit.rz(theta[1], 2)
    circuit.measure([0, 1, 2], [a[0], a[9], b[0]])
    pub = (circuit, {theta: [[0.0, 1.0], [np.pi, 0.5]]}, 17)
    ours, theirs = (s.run([pub]).result() for s in (SamplerV2(seed=2), StatevectorSampler(seed=2)))
    assert isinstance(SamplerV2(), BaseSamplerV2)
    assert ours.metadata == theirs.metadata
    assert ours[0].metadata == theirs[0].metadata
    assert ours[0].data.shape == theirs[0].data.shape == (2,)
    assert ours[0].data.a == theirs[0].data.a  # certain outcomes: equal to the byte
    assert ours[0].data.b == theirs[0].data.b


def test_sampler_shots_and_seeds():
    circuit = QuantumCircuit(3)
    circuit.h(range(3))
    circuit.measure_all()
    sampler = SamplerV2(default_shots=20, seed=5)
    assert (sampler.default_shots, sampler.seed) == (20, 5)
    first = sampler.run([circuit, circuit, (circuit, [], 30)]).result()
    assert [pub.data.meas.num_shots for pub in first] == [20, 20, 30]
    assert first[0].data.meas != first[1].data.meas
    again = sampler.run([circuit, circuit]).result()
    assert all(again[k].data.meas == first[k].data.meas for k in range(2))
    assert sampler.run([circuit], shots=25).result()[0].data.meas.num_shots == 25


def test_sampler_runs_dynamic_circuits():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.reset(0)
    circuit.x(0)
    circuit.measure(1, 1)
    counts = SamplerV2(seed=3).run([circuit], shots=2000).result()[0].data.c.get_counts()
    assert set(counts) == {"00", "11"}
    assert abs(counts["11"] - 1000) < 5 * np.sqrt(500)


def test_sampler_takes_overlapping_registers_and_loose_bits():
    bits = [Clbit() for _ in range(3)]
    circuit = QuantumCircuit(QuantumRegister(2, "q"), bits)
    circuit.add_register(
        ClassicalRegister(name="pair", bits=bits[:2]), ClassicalRegister(name="turned", bits=bits[1::-1])
    )
    circuit.x(0)
    circuit.measure([0, 1], [0, 2])
    data = SamplerV2().run([circuit], shots=4).result()[0].data
    assert data.pair.get_counts() == {"01": 4}
    assert data.turned.get_counts() == {"10": 4}


def test_sampler_takes_no_points_at_all():
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("a"), 0)
    circuit.measure_all()
    result = SamplerV2().run([(circuit, np.zeros((0, 1)))]).result()[0]
    assert result.data.meas.shape == (0,)


def test_sampler_warns_where_nothing_is_measured():
    with pytest.warns(UserWarning, match="no classical register"):
        result = SamplerV2().run([QuantumCircuit(1)]).result()[0]
    assert len(result.data) == 0


def test_circuits_transpiled_for_a_large_device():
    circuit = QuantumCircuit(3, 3)
    circuit.ry(Parameter("b"), 0)
    circuit.cx(0, 1)
    circuit.rx(Parameter("a"), 2)
    circuit.cx(2, 1)
    observables = [*OBSERVABLES, SparsePauliOp("IIX")]
    layout = [3, 64, 100]  # in this order, so that the same random numbers mean the same shots
    wide = QuantumCircuit(127, 3)
    wide.compose(circuit, layout, [0, 1, 2], inplace=True)
    wide.barrier()
    placed = [
        op.apply_layout(layout, 127) + SparsePauliOp.from_sparse_list([("X", [5], 3.0)], 127) for op in observables
    ]
    placed[0] = placed[0] + SparsePauliOp.from_sparse_list([("ZZ", [5, 100], 0.5)], 127)
    observables[0] = observables[0] + SparsePauliOp("ZII", 0.5)
    values = [[0.4, 1.2], [0.9, -0.3]]
    expected = StatevectorEstimator().run([(circuit, [[op] for op in observables], values)]).result()[0].data.evs
    found = EstimatorV2().run([(wide, [[op] for op in placed], values)]).result()[0].data.evs
    np.testing.assert_allclose(found, expected, atol=1e-10)

    circuit.measure([0, 1, 2], [0, 1, 2])
    wide.measure(layout, [0, 1, 2])
    alone = SamplerV2(seed=1).run([(circuit, values)]).result()[0].data.c
    beside = SamplerV2(seed=1).run([(wide, values)]).result()[0].data.c
    np.testing.assert_array_equal(beside.array, alone.array)
    bound = wide.assign_parameters(values[0])
    counts = Backend().run(bound, shots=500, seed_simulator=3).result().get_counts()
    assert (
        counts == Backend().run(circuit.assign_parameters(values[0]), shots=500, seed_simulator=3).result().get_counts()
    )
