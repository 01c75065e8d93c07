"""Values and gradients of small circuits, which one compiled call computes, however it is used."""

import copy
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from random_circuits import random_gate_circuit
from reference_gradients import reference_gradient

from qtoolkit import Circuit, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.circuit import DiagonalGate, PauliRotationGate, StandardGate
from qtoolkit.errors import ParameterError, UnboundParameterError
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.small.program import SMALL_QUBITS, quick_gradient, quick_gradients, quick_state, quick_value

TOLERANCES = {"double": 1e-12, "single": 2e-4}

FIXED = (
    "id", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "swap", "cx", "cy", "cz", "ch", "cs", "csdg", "csx",
    "csxdg", "ccx", "ccz", "cswap",
)  # fmt: skip
TURNED = ("gphase", "p", "rx", "ry", "rz", "rxx", "ryy", "rzz", "rzx", "cp", "crx", "cry", "crz")
PAIRED = ("xx_plus_yy", "xx_minus_yy", "fsim")


def small_circuit(n, num_gates, rng):
    """All gates that small programs have, with controls and without, their angles numbers and linear expressions."""
    theta = ParameterVector("theta", 5)
    circuit = Circuit(n)

    def angle():
        if rng.random() < 0.2:
            return float(rng.normal())
        return float(rng.normal()) * theta[int(rng.integers(5))] + theta[int(rng.integers(5))] + float(rng.normal())

    def gate():
        match int(rng.integers(9)):
            case 0:
                return PauliRotationGate("".join(rng.choice(list("XYZ"), int(rng.integers(1, n + 1)))), angle())
            case 1:
                return DiagonalGate(np.exp(1j * rng.normal(size=2 ** int(rng.integers(1, min(n, 3) + 1)))))
            case 2:
                return StandardGate("u", [angle() for _ in range(3)])
            case 3:
                return StandardGate(str(rng.choice(PAIRED)), [angle(), theta[0]])
            case 4 | 5:
                return StandardGate(str(rng.choice(FIXED)))
            case _:
                return StandardGate(str(rng.choice(TURNED)), [angle()])

    while len(circuit.operations) < num_gates:
        added = gate()
        free = n - added.num_qubits
        if free > 0 and rng.random() < 0.3 and added.name not in ("u", *PAIRED):
            controls = int(rng.integers(1, min(free, 2) + 1))
            added = added.controlled(controls, int(rng.integers(1 << controls)))
        if added.num_qubits <= n:
            circuit.append(added, rng.permutation(n)[: added.num_qubits].tolist())
    return circuit


def some_values(circuit, rng):
    return rng.uniform(-3, 3, circuit.num_parameters)


def some_observable(n, rng):
    return PauliSum.from_list([("".join(rng.choice(list("IXYZ"), n)), float(rng.normal())) for _ in range(6)])


def check(circuit, engine, rng):
    """A Pauli sum and a diagonal, against matrices; the quick way must take them."""
    plan = StatevectorSimulator().compile(circuit)
    values = some_values(circuit, rng)
    sums, diagonal = some_observable(circuit.num_qubits, rng), rng.normal(size=1 << circuit.num_qubits)
    for observable, matrix in ((sums, sums.to_matrix()), (diagonal, np.diag(diagonal))):
        expected_value, expected = reference_gradient(circuit, matrix, values)
        tolerance = TOLERANCES[engine.precision] * max(1.0, np.abs(expected).max(initial=0.0), np.abs(matrix).max())
        value, gradient = quick_gradient(engine, plan, observable, values)
        assert value == pytest.approx(expected_value, abs=tolerance)
        assert np.abs(gradient - expected).max(initial=0.0) < tolerance
        if values.size:
            assert quick_value(engine, plan, observable, values) == pytest.approx(expected_value, abs=tolerance)
    if values.size:
        # By planned sweeps, which have their own test against plain gates; the global phase counts.
        expected_state = Engine("double", 1).final_state(plan.only_program, values, circuit.num_qubits)
        state = quick_state(engine, plan, values)
        assert state.shape == expected_state.shape
        assert state.dtype == engine.dtype
        assert np.abs(state - expected_state).max() < {"double": 1e-13, "single": 5e-6}[engine.precision]


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("num_qubits", range(1, 8))
def test_random_circuits(num_qubits, precision):
    for seed in range(4):
        rng = np.random.default_rng([num_qubits, seed])
        check(small_circuit(num_qubits, 40, rng), Engine(precision, 1), rng)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("vector_bytes", [32, 16])
def test_every_width(vector_bytes, precision):
    for num_qubits in range(1, 8):
        rng = np.random.default_rng([num_qubits, vector_bytes])
        check(small_circuit(num_qubits, 40, rng), Engine(precision, 1, vector_bytes), rng)


@pytest.mark.parametrize("name", TURNED)
def test_each_gate_under_each_control(name):
    rng = np.random.default_rng(5)
    t = ParameterVector("t", 1)
    gate = StandardGate(name, [t[0]])
    for controls in range(3):
        for state in range(1 << controls):
            added = gate.controlled(controls, state) if controls else gate
            circuit = Circuit(4)
            for qubit in range(4):
                circuit.u(*rng.normal(size=3), qubit)
            circuit.append(added, rng.permutation(4)[: added.num_qubits].tolist())
            check(circuit, Engine("double", 1), rng)


def layered(num_qubits, layers=3):
    angles = iter(ParameterVector("t", 2 * num_qubits * layers))
    circuit = Circuit(num_qubits)
    for _ in range(layers):
        for qubit in range(num_qubits):
            circuit.ry(next(angles), qubit).rz(next(angles), qubit)
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
    return circuit


@pytest.mark.parametrize("name", PAIRED)
def test_gates_of_two_angles(name):
    rng = np.random.default_rng(5)
    t = ParameterVector("t", 2)
    for angles in ([t[0], t[1]], [t[0], 0.0], [0.3, t[0]], [2 * t[0] + 0.1, t[0] - t[1]]):
        circuit = Circuit(3)
        for qubit in range(3):
            circuit.u(*rng.normal(size=3), qubit)
        circuit.append(StandardGate(name, angles), [2, 0])
        check(circuit, Engine("double", 1), rng)


def test_the_largest_of_the_small():
    rng = np.random.default_rng(8)
    check(small_circuit(SMALL_QUBITS - 1, 60, rng), Engine("double", 1), rng)
    check(layered(SMALL_QUBITS), Engine("double", 1), rng)


def test_many_phases_on_many_qubits_are_left_to_the_engine():
    n, t = SMALL_QUBITS, ParameterVector("t", 2)
    circuit = Circuit(n).h(range(n))
    for qubit in range(n):
        for other in range(qubit):
            circuit.rzz((1 + qubit) * t[0], qubit, other)
    for qubit in range(n):
        circuit.rx(t[1], qubit)
    plan = StatevectorSimulator().compile(circuit)
    values, observable = np.array([0.1, 0.7]), some_observable(n, np.random.default_rng(1))
    assert quick_gradient(Engine("double", 1), plan, observable, values) is None
    assert quick_value(Engine("double", 1), plan, observable, values) is None


@pytest.mark.parametrize("scale", [0.0, 1e-9, np.pi / 2, np.pi, 1e5, 1e8, 1e13])
def test_special_and_large_angles(scale):
    circuit, observable = layered(3), some_observable(3, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    values = scale * rng.choice([-2.0, -1.0, 1.0, 3.0], circuit.num_parameters)
    expected_value, expected = reference_gradient(circuit, observable.to_matrix(), values)
    value, gradient = StatevectorSimulator().gradient(circuit, observable, values)
    assert value == pytest.approx(expected_value, abs=1e-12)
    np.testing.assert_allclose(gradient, expected, atol=1e-12)


def test_every_form_of_arguments():
    circuit, observable = layered(3), some_observable(3, np.random.default_rng(1))
    simulator = StatevectorSimulator()
    plan = simulator.compile(circuit)
    values = np.arange(circuit.num_parameters) % 5
    value, gradient = simulator.gradient(plan, observable, values.astype(np.float64))
    frozen = values.astype(np.float64)
    frozen.flags.writeable = False
    strided = np.repeat(values.astype(np.float64), 2)[::2]
    named = dict(zip(circuit.parameters, values.tolist(), strict=True))
    for given in (values, values.astype(np.float32), frozen, strided, values.tolist(), named):
        found = simulator.gradient(plan, observable, given)
        assert found[0] == value
        assert np.array_equal(found[1], gradient)
        assert simulator.expectation_value(plan, observable, given) == pytest.approx(value, abs=1e-14)
    counts = np.arange(8, dtype=np.uint8)
    assert simulator.gradient(plan, counts, values)[0] == simulator.gradient(plan, counts.astype(float), values)[0]


def test_several_observables_and_batches():
    circuit, rng = layered(4), np.random.default_rng(3)
    simulator = StatevectorSimulator()
    plan = simulator.compile(circuit)
    observables = [some_observable(4, rng), rng.normal(size=16), some_observable(4, rng)]
    batch = rng.normal(size=(3, circuit.num_parameters))
    values, gradients = simulator.gradient(plan, observables, batch)
    for row, parameters in enumerate(batch):
        for k, observable in enumerate(observables):
            value, gradient = simulator.gradient(plan, observable, parameters)
            assert values[row, k] == value
            assert np.array_equal(gradients[row, k], gradient)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_threads_share_the_rows_of_a_batch(precision):
    for num_qubits in (1, 2, 6):
        rng = np.random.default_rng(num_qubits)
        circuit = small_circuit(num_qubits, 40, rng)
        plan = StatevectorSimulator().compile(circuit)
        observables = [rng.normal(size=1 << num_qubits), some_observable(num_qubits, rng)]
        batch = rng.uniform(-3, 3, (50, circuit.num_parameters))
        values, gradients = quick_gradients(Engine(precision, 1), plan, observables, batch)
        for num_threads in range(2, 1 + StatevectorSimulator().num_threads):
            found = quick_gradients(Engine(precision, num_threads), plan, observables, batch)
            assert np.array_equal(found[0], values)
            assert np.array_equal(found[1], gradients)
        for k, observable in enumerate(observables):
            value, gradient = quick_gradient(Engine(precision, 1), plan, observable, batch[-1])
            assert value == values[-1, k]
            assert np.array_equal(gradient, gradients[-1, k])


def test_batches_with_angles_that_are_not_finite_are_refused():
    t = ParameterVector("t", 1)
    z = PauliSum.from_list([("Z", 1.0)])
    with pytest.raises(ParameterError, match="angles must be finite"):
        StatevectorSimulator().gradient(Circuit(1).ry(1e200 * t[0], 0), z, [[1.0], [1e150], [2.0]])


def test_what_is_not_finite_is_refused():
    circuit, observable = layered(2), some_observable(2, np.random.default_rng(1))
    simulator = StatevectorSimulator()
    plan = simulator.compile(circuit)
    values = np.ones(circuit.num_parameters)
    for bad in (np.nan, np.inf):
        values[3] = bad
        for call in (simulator.gradient, simulator.expectation_value):
            with pytest.raises(ParameterError, match="must be finite"):
                call(plan, observable, values)
    t = ParameterVector("t", 1)
    steep = Circuit(1).ry(1e200 * t[0], 0)
    for call in (simulator.gradient, simulator.expectation_value):
        with pytest.raises(ParameterError, match="angles must be finite"):
            call(steep, PauliSum.from_list([("Z", 1.0)]), np.array([1e150]))


def test_other_gates_are_left_to_the_engine():
    rng = np.random.default_rng(6)
    t = ParameterVector("t", 2)
    circuit = Circuit(3).ry(t[1], 0).unitary(np.eye(4)[[1, 2, 3, 0]], [0, 1]).rx(t[0], 2).cx(1, 2)
    plan = StatevectorSimulator().compile(circuit)
    observable, values = some_observable(3, rng), np.array([0.3, 0.8])
    assert quick_gradient(Engine("double", 1), plan, observable, values) is None
    expected_value, expected = reference_gradient(circuit, observable.to_matrix(), values)
    value, gradient = StatevectorSimulator().gradient(plan, observable, values)
    assert value == pytest.approx(expected_value, abs=1e-12)
    np.testing.assert_allclose(gradient, expected, atol=1e-12)


def test_results_are_the_callers_own():
    circuit, observable = layered(3), some_observable(3, np.random.default_rng(1))
    simulator = StatevectorSimulator()
    plan = simulator.compile(circuit)
    values = np.linspace(-1, 1, circuit.num_parameters)
    before = values.copy()
    _, first = simulator.gradient(plan, observable, values)
    kept = first.copy()
    _, second = simulator.gradient(plan, observable, -values)
    assert np.array_equal(first, kept)
    assert not np.array_equal(first, second)
    first[:] = 0
    assert np.array_equal(simulator.gradient(plan, observable, values)[1], kept)
    assert np.array_equal(values, before)


def test_engines_share_a_plan():
    circuit, observable = layered(4), some_observable(4, np.random.default_rng(1))
    values = np.linspace(-1, 1, circuit.num_parameters)
    plan = StatevectorSimulator().compile(circuit)
    double, single, alone = StatevectorSimulator(), StatevectorSimulator("single"), StatevectorSimulator(num_threads=1)
    _, expected = reference_gradient(circuit, observable.to_matrix(), values)
    for _ in range(3):
        np.testing.assert_allclose(double.gradient(plan, observable, values)[1], expected, atol=1e-13)
        np.testing.assert_allclose(single.gradient(plan, observable, values)[1], expected, atol=1e-5)
        assert np.array_equal(alone.gradient(plan, observable, values)[1], double.gradient(plan, observable, values)[1])


def test_plans_travel_after_use():
    circuit, observable = layered(3), some_observable(3, np.random.default_rng(1))
    simulator = StatevectorSimulator()
    plan = simulator.compile(circuit)
    values = np.linspace(-1, 1, circuit.num_parameters)
    value, gradient = simulator.gradient(plan, observable, values)
    for other in (pickle.loads(pickle.dumps(plan)), copy.deepcopy(plan)):
        found = simulator.gradient(other, observable, values)
        assert found[0] == value
        assert np.array_equal(found[1], gradient)


def test_python_threads_at_once():
    """Two plans, each used by every thread with values of its own."""
    rng = np.random.default_rng(4)
    simulator = StatevectorSimulator()
    jobs = []
    for num_qubits in (3, 6):
        circuit, observable = layered(num_qubits), some_observable(num_qubits, rng)
        jobs.append((simulator.compile(circuit), observable, rng.normal(size=(4, circuit.num_parameters))))
    expected = [[simulator.gradient(plan, item, row) for row in rows] for plan, item, rows in jobs]
    wrong = []
    start = threading.Barrier(4)

    def work(number):
        start.wait()
        for _ in range(300):
            for (plan, item, rows), results in zip(jobs, expected, strict=True):
                value, gradient = simulator.gradient(plan, item, rows[number])
                same = np.array_equal(gradient, results[number][1]) and value == results[number][0]
                near = simulator.expectation_value(plan, item, rows[number]) == pytest.approx(value, abs=1e-13)
                if not (same and near):
                    wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_state_beside_its_value():
    """The value is that of the state that the engine prepares."""
    rng = np.random.default_rng(7)
    for num_qubits in (1, 4, 6):
        circuit, observable = small_circuit(num_qubits, 30, rng), some_observable(num_qubits, rng)
        values = some_values(circuit, rng)
        simulator = StatevectorSimulator()
        state = simulator.state_vector(circuit, values)
        found = simulator.expectation_value(simulator.compile(circuit), observable, values)
        assert found == pytest.approx(observable.expectation_value(state), abs=1e-12)


@pytest.mark.parametrize("num_qubits", [1, 3, 6])
def test_states_at_values_in_every_form(num_qubits):
    circuit = layered(num_qubits).gphase(ParameterVector("t", 1)[0])
    simulator = StatevectorSimulator()
    plan = simulator.compile(circuit)
    values = some_values(circuit, np.random.default_rng(3))
    states = [
        simulator.state_vector(plan, values),
        simulator.state_vector(circuit, values),
        simulator.state_vector(plan, values.tolist()),
        simulator.state_vector(plan, dict(zip((p.name for p in plan.parameters), values, strict=True))),
    ]
    assert quick_state(Engine("double", 1), plan, values) is not None
    for state in states[1:]:
        assert np.array_equal(state, states[0])
    np.testing.assert_allclose(simulator.state_vector(circuit.bind(values)), states[0], atol=1e-14)
    kept = states[1].copy()
    states[0][:] = 0.0
    assert np.array_equal(simulator.state_vector(plan, values), kept)
    large = values + 2e7 * np.pi
    expected = Engine("double", 1).final_state(plan.only_program, large, num_qubits)
    np.testing.assert_allclose(simulator.state_vector(plan, large), expected, atol=1e-8)
    for wrong in (np.nan, np.inf):
        with pytest.raises(ParameterError, match="finite"):
            simulator.state_vector(plan, np.full(values.size, wrong))


def test_a_loop_over_one_sum_takes_every_form_of_values():
    circuit = Circuit(3)
    theta = ParameterVector("theta", 2)
    circuit.rx(theta[0], 0)
    circuit.ry(theta[1], 1)
    circuit.cx(1, 2)
    simulator = StatevectorSimulator()
    plan = simulator.compile(circuit)
    first, second = (PauliSum.from_list([(label, 0.7), ("IZI", 0.1)]) for label in ("ZZZ", "XIY"))
    rng = np.random.default_rng(1)

    def expected(values, observable):
        return observable.expectation_value(StatevectorSimulator().state_vector(circuit, values))

    for _ in range(3):
        for observable in (first, first, second, first):
            values = rng.normal(size=2)
            for given in (values, values.tolist(), values.copy()[::-1][::-1], dict(zip(theta, values, strict=True))):
                found = simulator.expectation_value(plan, observable, given)
                assert found == pytest.approx(expected(values, observable), abs=1e-14)
            coarse = values.astype(np.float32)
            found = simulator.expectation_value(plan, observable, coarse)
            assert found == pytest.approx(expected(coarse.astype(float), observable), abs=1e-14)
        rows = rng.normal(size=(4, 2))
        found = simulator.expectation_value(plan, first, rows)
        np.testing.assert_allclose(found, [expected(row, first) for row in rows], atol=1e-14)
        with pytest.raises(UnboundParameterError):
            simulator.expectation_value(plan, first)
        with pytest.raises(ParameterError):
            simulator.expectation_value(plan, first, np.zeros(3))
        with pytest.raises(ParameterError):
            simulator.expectation_value(plan, first, np.array([np.nan, 0.0]))


def test_a_loop_over_one_sum_without_parameters():
    circuit = random_gate_circuit(3, 15, seed=4, arrays=False)
    simulator = StatevectorSimulator()
    plan = simulator.compile(circuit)
    observable = PauliSum.from_list([("ZXY", 0.3), ("IIZ", -1.0)])
    expected = observable.expectation_value(simulator.state_vector(circuit))
    for values in (None, np.zeros(0), [], {}, None):
        assert simulator.expectation_value(plan, observable, values) == pytest.approx(expected, abs=1e-14)
    with pytest.raises(ParameterError):
        simulator.expectation_value(plan, observable, np.zeros(1))
    copied = pickle.loads(pickle.dumps(plan))
    assert simulator.expectation_value(copied, observable) == pytest.approx(expected, abs=1e-14)
    simulator = pickle.loads(pickle.dumps(simulator))
    assert simulator.expectation_value(plan, observable) == pytest.approx(expected, abs=1e-14)


T = ParameterVector("t", 5)


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize(
    "circuit",
    [
        Circuit(3).ry(T[3], 0).rz(T[1], 1).cx(0, 1).rx(T[3], 2).rzz(T[0], 1, 2),
        Circuit(3).h(range(3)).p(T[1], 0).gphase(T[0]).cp(T[2], 0, 2).ry(T[2], 1),
        Circuit(3).h(0).cx(0, 1).rz(T[0], 1).cx(0, 1).ry(T[1], 1).cx(1, 2).rz(T[0], 2).cx(1, 2).h(range(3)),
        Circuit(3).u(T[2], T[1], T[0], 1).fsim(T[2], 0.3, 1, 2).rx(T[4], 0),
        Circuit(3).ry(T[0], 0).pauli_rotation("XYZ", T[1]).rx(T[2], 1).pauli_rotation("ZIX", 2 * T[0] - T[3] + 0.1),
        Circuit(3).ry(T[0], 0).append(StandardGate("ry", (T[1],)).controlled(2), (0, 1, 2)).rz(T[2], 2).h(2),
        Circuit(3).declare_parameters(["t[4]", "t[1]"]).ry(T[0], 0).rx(T[1], 1).cx(0, 2),
        Circuit(3).ry(T[0], 0).barrier().rx(T[1], 1).measure_all(),
        Circuit(3).h(0).cx(0, 1),
        Circuit(1).rx(T[0], 0),
        Circuit(3).extend(Circuit(3).ry(T[0], 0).rz(T[1], 1).cx(0, 1).rx(T[2], 2)).power(700),
    ],
)
def test_first_runs_at_plain_parameters(circuit, precision):
    rng = np.random.default_rng(7)
    simulator = StatevectorSimulator(precision)
    observable = some_observable(circuit.num_qubits, rng)
    gates = Circuit(circuit.num_qubits).declare_parameters(circuit.parameters)
    for operation in circuit:
        if operation.gate.name not in ("barrier", "measure"):
            gates.append(operation.gate, operation.qubits)
    for _ in range(2):  # the second time in memory that others have used
        values = rng.uniform(-2, 2, circuit.num_parameters)
        expected_value, expected = reference_gradient(gates, observable.to_matrix(), values)
        tolerance = TOLERANCES[precision] * max(1.0, np.abs(expected).max(initial=0.0))
        value, gradient = simulator.gradient(circuit.copy(), observable, values)
        assert value == pytest.approx(expected_value, abs=tolerance)
        np.testing.assert_allclose(gradient, expected, atol=tolerance)
        assert simulator.expectation_value(circuit.copy(), observable, values) == pytest.approx(value, abs=tolerance)
        state = StatevectorSimulator(precision).state_vector(gates.copy(), values)
        np.testing.assert_allclose(state, gates.bind(values).to_matrix()[:, 0], atol=tolerance)


def test_threads_lower_new_circuits_side_by_side():
    observable = some_observable(3, np.random.default_rng(1))

    def gradient(seed):
        rng = np.random.default_rng(seed)
        circuit = Circuit(3)
        for place in rng.permutation(60).tolist():
            circuit.ry(T[place % 5], place % 3).rzz(T[(place + 1) % 5], place % 3, (place + 1) % 3).h(place % 3)
        return StatevectorSimulator(num_threads=1).gradient(circuit, observable, np.linspace(-1, 1, 5))[1]

    expected = [gradient(seed) for seed in range(200)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(gradient, range(200)))
    np.testing.assert_array_equal(found, expected)
