"""Circuits that run without a plan, and when they get one."""

import copy
import pickle
import sys
import threading
from itertools import permutations

import numpy as np
import pytest
from random_circuits import random_gate_circuit
from reference_gradients import on_qubits
from vector_widths import WIDTHS

from qtoolkit import Circuit, Parameter, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.circuit import STANDARD_GATES, PauliRotationGate, StandardGate, UnitaryGate, details, tape
from qtoolkit.compiler import compile_circuit, plans
from qtoolkit.errors import CircuitError, ParameterError, UnboundParameterError
from qtoolkit.simulators import planning
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.gradients.adjoint import Gradients
from qtoolkit.simulators.small import once
from qtoolkit.simulators.small.once import state_once
from qtoolkit.simulators.small.recipes import standard_recipes
from qtoolkit_kernels._load import DECLINED
from qtoolkit_kernels.vector.small import arrays, block, write
from qtoolkit_kernels.vector.small import tape as kernels

pytestmark = pytest.mark.usefixtures("unplanned")

TOLERANCE = {"double": 1e-14, "single": 4e-6}


def reference(circuit):
    state = np.eye(1, 1 << circuit.num_qubits, dtype=complex)[0]
    for operation in circuit.operations:
        state = on_qubits(operation.gate.matrix(), operation.qubits, state)
    return state


def engine_of(precision, vector_bytes):
    return Engine(precision, 1, vector_bytes)


def test_every_standard_gate_has_a_recipe():
    assert (standard_recipes().arrays.ranges >= 0).all()


@pytest.mark.parametrize("precision", ["double", "single"])
@WIDTHS
@pytest.mark.parametrize("name", STANDARD_GATES)
def test_every_gate_on_all_its_places(name, vector_bytes, precision):
    record, engine = STANDARD_GATES[name], engine_of(precision, vector_bytes)
    rng = np.random.default_rng(len(name))
    for num_qubits in (record.num_qubits or 1, 4, 6):
        for _ in range(6):
            circuit = Circuit(num_qubits)
            for qubit in range(num_qubits):
                circuit.u(*rng.uniform(-3, 3, 3), qubit)
            for qubit in range(num_qubits - 1):
                circuit.cx(qubit, qubit + 1)
            place = rng.permutation(num_qubits)[: record.num_qubits].tolist()
            circuit.append(StandardGate(name, rng.uniform(-7, 7, record.num_params).tolist()), place)
            found = state_once(engine, circuit.operations, num_qubits)
            assert np.abs(found - reference(circuit)).max() < TOLERANCE[precision]


@pytest.mark.parametrize("precision", ["double", "single"])
@WIDTHS
@pytest.mark.parametrize("seed", range(12))
def test_random_circuits(seed, vector_bytes, precision):
    engine = engine_of(precision, vector_bytes)
    for num_qubits in (1, 2, 3, 5, 8):
        circuit = random_gate_circuit(num_qubits, 60, seed, arrays=False)
        found = state_once(engine, circuit.operations, num_qubits)
        assert np.abs(found - reference(circuit)).max() < 10 * TOLERANCE[precision]


@pytest.mark.parametrize("precision", ["double", "single"])
@WIDTHS
@pytest.mark.parametrize("seed", range(6))
def test_matrices_and_other_arrays(seed, vector_bytes, precision):
    engine = engine_of(precision, vector_bytes)
    for num_qubits in (1, 2, 3, 5, 7):
        circuit = random_gate_circuit(num_qubits, 40, seed, arrays=True)
        found = state_once(engine, circuit.operations, num_qubits)
        assert np.abs(found - reference(circuit)).max() < 10 * TOLERANCE[precision]


@pytest.mark.parametrize("precision", ["double", "single"])
@WIDTHS
@pytest.mark.parametrize(("num_targets", "num_controls"), [(2, 0), (2, 1), (3, 0), (3, 1)])
def test_matrices_on_all_places(num_targets, num_controls, vector_bytes, precision):
    """Bits inside a register and among them, in every order; the smallest states are less than a register."""
    engine, rng = engine_of(precision, vector_bytes), np.random.default_rng(num_targets)
    for num_qubits in (3, 4, 6) if num_targets == 3 else (2, 3, 6, 7):
        circuit = Circuit(num_qubits)
        for qubit in range(num_qubits):
            circuit.u(*rng.uniform(-3, 3, 3), qubit)
        for targets in permutations(range(num_qubits), num_targets):
            parts = rng.normal(size=(2, 1 << num_targets, 1 << num_targets))
            gate = UnitaryGate(np.linalg.qr(parts[0] + 1j * parts[1])[0])
            others = sorted(set(range(num_qubits)) - {*targets})[:num_controls]
            circuit.append(gate.controlled(len(others)) if others else gate, [*others, *targets])
        found = state_once(engine, circuit.operations, num_qubits)
        assert np.abs(found - reference(circuit)).max() < 10 * TOLERANCE[precision]


@pytest.mark.parametrize("num_controls", [1, 2, 4])
def test_phases_with_controls(num_controls):
    circuit = Circuit(5).h(range(5)).cx(0, 3)
    for state in range(1 << num_controls):
        controls = np.random.default_rng(state).permutation(5)[:num_controls].tolist()
        circuit.append(StandardGate("gphase", [0.3 + state]).controlled(num_controls, state), controls)
    for precision in ("double", "single"):
        found = state_once(engine_of(precision, 32), circuit.operations, 5)
        assert np.abs(found - reference(circuit)).max() < 10 * TOLERANCE[precision]


def test_a_matrix_on_no_qubit_is_a_phase():
    circuit = Circuit(2).h(0).append(UnitaryGate([[1j]]), [])
    found = state_once(engine_of("double", 32), circuit.operations, 2)
    assert found == pytest.approx(1j * np.sqrt(0.5) * np.array([1, 1, 0, 0]), abs=1e-15)


def test_large_angles_and_many_phases():
    circuit = Circuit(2)
    for k in range(3000):
        circuit.h(0).p(1.0 + k, 0).u(1e6 * k, 3.0, 0.1 * k, 1).gphase(0.7).x(1)
    found = state_once(engine_of("double", 32), circuit.operations, 2)
    assert np.abs(found - reference(circuit)).max() < 1e-12


def test_other_gates_are_told_by_numbers():
    circuit = Circuit(4).h(range(4)).barrier()
    circuit.pauli_rotation("XIZY", 0.3).unitary([[0, 1j], [1, 0]], 2).mcx([0, 1, 3], 2).mcp(0.2, [3, 1], 0)
    circuit.diagonal(np.exp(1j * np.arange(4)), [3, 0]).append(StandardGate("rx", [0.4]).controlled(2, 1), [2, 0, 3])
    assert circuit.operations.is_told
    expected = reference(Circuit(4).extend(_without_barriers(circuit)))
    assert np.abs(StatevectorSimulator().state_vector(circuit) - expected).max() < 1e-14
    assert plans.of(circuit).plan is None


@pytest.mark.parametrize("num_qubits", [2, 4, 7, 9])
@pytest.mark.parametrize("precision", ["double", "single"])
@WIDTHS
def test_two_qubit_matrices_with_and_without_controls(vector_bytes, precision, num_qubits):
    rng = np.random.default_rng(num_qubits)
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for num_controls in range(min(3, num_qubits - 1)):
        for _ in range(8):
            matrix = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))[0]
            gate = UnitaryGate(matrix)
            if num_controls:
                gate = gate.controlled(num_controls, int(rng.integers(1 << num_controls)))
            circuit.append(gate, rng.permutation(num_qubits)[: gate.num_qubits].tolist())
    found = state_once(engine_of(precision, vector_bytes), circuit.operations, num_qubits)
    assert np.abs(found - reference(circuit)).max() < TOLERANCE[precision]


def test_one_qubit_matrices_join_their_neighbours_unless_they_are_rounded():
    rng = np.random.default_rng(3)
    matrix = np.linalg.qr(rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2)))[0]
    for given in (matrix, -matrix, 1j * matrix, np.diag([1, -1j]), np.array([[0, 1], [-1, 0]]), matrix.round(9)):
        circuit = Circuit(2).u(0.3, 0.4, 0.5, 0).cx(0, 1).unitary(given, 1).ry(0.2, 1).unitary(given, 0)
        found = state_once(engine_of("double", 32), circuit.operations, 2)
        assert np.abs(found - reference(circuit)).max() < 1e-15


def test_details_follow_their_operations():
    """However a circuit came about, compiled code reads what its operations say."""
    rng = np.random.default_rng(5)
    first = random_gate_circuit(5, 25, 1, arrays=True).pauli_rotation("XIYZI", 0.7)
    second = random_gate_circuit(4, 25, 2, arrays=True).barrier().initialize([0, 1], 1)
    engine = engine_of("double", 32)
    third = random_gate_circuit(4, 25, 3, arrays=True).pauli_rotation("ZX", Parameter("a"), [3, 0])
    third = third.bind({"a": 0.4})
    moved = first.copy().extend(third, rng.permutation(5)[:4].tolist()).extend(third).extend(third.copy())
    for circuit in (moved, moved.inverse(), moved.power(2), pickle.loads(pickle.dumps(moved)), moved.copy()):
        assert circuit.operations.is_told
        assert np.abs(state_once(engine, circuit.operations, 5) - reference(circuit)).max() < 1e-13
    for circuit in (second, first.copy().extend(second, [4, 2, 1, 0])):
        assert not circuit.operations.is_told
        assert state_once(engine, circuit.operations, circuit.num_qubits) is None


def _without_barriers(circuit):
    kept = Circuit(circuit.num_qubits)
    for operation in circuit.operations:
        if operation.gate.name != "barrier":
            kept.append(operation.gate, operation.qubits)
    return kept


@pytest.mark.parametrize(
    "change",
    [
        lambda circuit: circuit.unitary(np.roll(np.eye(32), 1, axis=0), range(5)),
        lambda circuit: circuit.permutation(np.roll(np.arange(32), 1), range(5)),
        lambda circuit: circuit.initialize([0.6, 0.8], [0]),
        lambda circuit: circuit.reset(1),
    ],
)
def test_what_has_no_recipe_is_planned(change):
    circuit = change(Circuit(5).h(0).cx(0, 1))
    assert state_once(engine_of("double", 32), circuit.operations, 5) is None
    if circuit.operations[-1].gate.name not in ("reset", "initialize"):
        simulator = StatevectorSimulator()
        assert np.array_equal(simulator.state_vector(circuit), simulator.state_vector(simulator.compile(circuit)))


def test_long_circuits_can_be_interrupted(monkeypatch):
    assert planning.MOST_ROWS > once.KEPT_STEPS  # what is not looked at
    circuit = Circuit(3).h(0).cx(0, 1).power(once.KEPT_STEPS // 2)
    assert state_once(engine_of("double", 32), circuit.operations, 3) is not None
    simulator, unplanned = StatevectorSimulator(), planning.state_unplanned
    monkeypatch.setattr(planning, "MOST_ROWS", len(circuit) - 1)
    assert unplanned(simulator._engine, circuit, None) is None
    monkeypatch.setattr(planning, "MOST_ROWS", len(circuit))
    assert unplanned(simulator._engine, circuit, None) is not None
    monkeypatch.setattr(planning, "MOST_VISITS", (len(circuit) << 10) - 1)
    assert unplanned(simulator._engine, circuit, None) is None
    assert planning.program_unplanned(simulator._engine, circuit, np.zeros(0)) is None


def test_steps_are_counted():
    circuit = random_gate_circuit(4, 300, 5, arrays=False).barrier().measure_all()
    recipes = standard_recipes()
    counted = recipes.count(circuit.operations.rows())
    assert len(circuit) <= counted + 5 <= len(circuit) * recipes.most_steps
    short = Circuit(1).h(0)
    assert recipes.count(short.operations.rows()) == recipes.most_steps


def test_measurements_in_the_middle_are_told():
    middle = Circuit(2, 2).h(0).measure(0, 0).x(0).measure(1, 1)
    with pytest.raises(CircuitError, match="run"):
        StatevectorSimulator().state_vector(middle)
    assert set(StatevectorSimulator().run(middle, 50, seed=1).counts) == {"00", "01"}
    last = Circuit(2, 2).x(0).measure(0, 0).barrier().measure(0, 1).measure(1, 1)
    assert StatevectorSimulator().run(last, 5, seed=1).counts == {"01": 5}


def test_everything_agrees_with_the_plan():
    simulator = StatevectorSimulator()
    circuit = random_gate_circuit(5, 60, 3, arrays=False)
    observable = PauliSum.from_list([("XIZYZ", 0.4), ("ZZIII", 1.0)])
    plan = simulator.compile(circuit)
    value = simulator.expectation_value(circuit, observable)
    assert value == pytest.approx(simulator.expectation_value(plan, observable), abs=1e-14)
    several = simulator.expectation_value(circuit, [observable, np.arange(32.0)])
    assert several[0] == pytest.approx(value, abs=1e-14)
    for qubits in (None, [3, 0]):
        found, expected = simulator.probabilities(circuit, qubits), simulator.probabilities(plan, qubits)
        np.testing.assert_allclose(found, expected, atol=1e-14)
    measured = circuit.copy().measure_all()
    runs = [simulator.run(given, 400, seed=5) for given in (measured, simulator.compile(measured))]
    assert runs[0].counts == runs[1].counts
    assert runs[0].memory.shape == (400, 5)


def test_values_of_parameters():
    theta = ParameterVector("theta", 2)
    circuit = Circuit(2).rx(theta[0] + 2 * theta[1], 0).cx(0, 1).rz(0.3 - theta[1], 1)
    simulator = StatevectorSimulator()
    expected = reference(circuit.bind([0.4, 1.1]))
    for values in (np.array([0.4, 1.1]), {"theta[1]": 1.1, "theta[0]": 0.4}):
        assert np.abs(simulator.state_vector(circuit, values) - expected).max() < 1e-15
    assert simulator.run(circuit.copy().measure_all(), 10, 1, np.zeros(2)).counts == {"00": 10}
    with pytest.raises(UnboundParameterError, match=r"theta\[1\]"):
        simulator.state_vector(circuit, {"theta[0]": 0.1})
    with pytest.raises(ParameterError, match="2 parameters"):
        simulator.state_vector(circuit, np.zeros(3))
    with pytest.raises(UnboundParameterError):
        simulator.state_vector(circuit)


@pytest.mark.parametrize("num_qubits", [2, 7, 11, 13])
@pytest.mark.parametrize("precision", ["double", "single"])
def test_gradients_agree_with_the_plan(num_qubits, precision):
    simulator = StatevectorSimulator(precision)
    angles = ParameterVector("angles", 2 * num_qubits)
    circuit = random_gate_circuit(num_qubits, 20, num_qubits, arrays=False)
    for qubit in range(num_qubits):
        circuit.ry(angles[2 * qubit] - 0.3, qubit).cp(2 * angles[2 * qubit + 1], qubit, (qubit + 1) % num_qubits)
        circuit.iswap(qubit, (qubit + 1) % num_qubits)
    circuit.pauli_rotation("X" * num_qubits, angles[0]).append(
        StandardGate("ry", [0.5 * angles[1]]).controlled(1, 0), [0, 1]
    )
    values = np.linspace(-2, 2, circuit.num_parameters)
    observable = PauliSum.from_list([("Z" * num_qubits, 0.4), ("X" + "I" * (num_qubits - 1), 1.0)])
    plan = compile_circuit(circuit)
    ((expected,), (slopes,)) = Gradients(simulator._engine, plan)(values, [observable])
    tolerance = {"double": 1e-12, "single": 2e-4}[precision]
    for _ in range(30):
        found, gradient = simulator.gradient(circuit, observable, values)
        assert found == pytest.approx(expected, abs=tolerance)
        np.testing.assert_allclose(gradient, slopes, atol=tolerance)


def test_a_circuit_given_again_and_again_is_planned_in_the_end():
    simulator = StatevectorSimulator()
    circuit = Circuit(13).h(range(13)).rz(0.2, 3)
    states = [simulator.state_vector(circuit) for _ in range(60)]
    assert plans.of(circuit).plan is not None
    for state in states[1:]:
        np.testing.assert_allclose(state, states[0], atol=1e-15)
    assert np.array_equal(states[-1], simulator.state_vector(simulator.compile(circuit)))


def test_deep_circuits_in_single_precision_are_planned():
    circuit = Circuit(1)
    for _ in range(3000):
        circuit.ry(0.2, 0)
    assert state_once(engine_of("single", 32), circuit.operations, 1) is None
    assert planning.MOST_QUBITS > 0


def test_kernels_and_tapes_mean_the_same_by_codes():
    assert (kernels.MEASURE, kernels.OTHER) == (tape.MEASURE, tape.OTHER)
    assert (kernels.WIDTH, kernels.SYMBOLIC) == (tape.WIDTH, tape.SYMBOLIC)
    for name in ("OPAQUE", "NOTHING", "MATRIX", "DIAGONAL", "ROTATION", "DETAIL_WIDTH", "QUBIT_BITS"):
        assert getattr(write, name) == getattr(details, name)
    assert details.MOST_MATRIX_QUBITS <= arrays.MOST_MATRIX_QUBITS
    assert details.MOST_DIAGONAL_QUBITS <= block.MOST_TARGETS
    assert len(STANDARD_GATES) < tape.SYMBOLIC


def test_circuits_that_grow_while_they_run():
    """Each state is one of a circuit that there was, and nothing is written where it must not be."""
    before, simulator = sys.getswitchinterval(), StatevectorSimulator(num_threads=1)
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(4):
            circuit = Circuit(2).h(0)

            def build(circuit=circuit):
                for _ in range(4000):
                    circuit.rx(0.1, 0).barrier().cx(0, 1)

            thread = threading.Thread(target=build)
            thread.start()
            while thread.is_alive():
                assert np.linalg.norm(simulator.state_vector(circuit)) == pytest.approx(1.0, abs=1e-9)
            thread.join()
    finally:
        sys.setswitchinterval(before)


def test_a_matrix_that_is_added_while_the_tape_is_looked_at():
    """Whoever saw no matrix runs none, and never the circuit without it."""
    engine, circuit = engine_of("double", 32), Circuit(3).h(0)
    runner = once.runner_of(engine, 3, has_arrays=False)
    assert np.abs(runner.run(circuit.operations) - reference(circuit)).max() < 1e-15
    circuit.unitary(np.eye(4)[[1, 2, 3, 0]], [0, 2])
    assert runner.run(circuit.operations) is None
    assert np.abs(StatevectorSimulator().state_vector(circuit) - reference(circuit)).max() < 1e-15


def test_what_a_refused_call_leaves_behind_is_not_in_the_way():
    simulator, observable = StatevectorSimulator(), PauliSum.from_list([("Z", 1.0)])
    a, b = Parameter("a"), Parameter("b")
    circuit = Circuit(1)
    with pytest.raises(CircuitError):
        circuit.u(a, 0.1, b, [0, 9])
    for tried in (circuit, Circuit(1).rx(a, 0).power(0)):
        assert tried.parameters == ()
        assert simulator.expectation_value(tried, observable) == 1.0
        tried.ry(b, 0)
        for given in (tried, simulator.compile(tried)):
            value, slopes = simulator.gradient(given, observable, np.array([0.3]))
            assert value == pytest.approx(np.cos(0.3))
            assert slopes == pytest.approx([-np.sin(0.3)])


def test_every_parameter_needs_its_value():
    simulator = StatevectorSimulator()
    declared = Circuit(2).declare_parameters(["z"]).rx(Parameter("a"), 0).h(1)
    for given in (declared, simulator.compile(declared)):
        with pytest.raises(UnboundParameterError, match="z"):
            simulator.state_vector(given, {"a": 0.3})
        with pytest.raises(UnboundParameterError):
            simulator.run(Circuit(1, 1).declare_parameters(["z"]).measure(0, 0), 3)
        simulator.state_vector(given, {"a": 0.3, "z": 1.0})


def test_what_stands_behind_a_measurement_is_told_by_its_qubits():
    simulator = StatevectorSimulator()
    for gate, qubits in (
        (PauliRotationGate("XI", 0.3), [0, 1]),
        (StandardGate("id").controlled(1), [0, 1]),
        (StandardGate("id"), [0]),
    ):
        circuit = Circuit(2, 1).h(range(2)).measure(0, 0).append(gate, qubits)
        for given in (circuit, simulator.compile(circuit)):
            with pytest.raises(CircuitError, match="mid-circuit"):
                simulator.state_vector(given)
        counts = [simulator.run(given, 500, seed=3).counts for given in (circuit, simulator.compile(circuit))]
        assert counts[0] == counts[1]


def test_phases_that_are_too_large_or_cancel():
    simulator = StatevectorSimulator()
    with pytest.raises(ParameterError, match="finite"):
        simulator.state_vector(Circuit(1).gphase(1.7e308).gphase(1.7e308))
    circuit = Circuit(1).h(0)
    for _ in range(4):
        circuit.p(1.7e308, 0)
    assert np.isfinite(simulator.state_vector(circuit)).all()
    assert simulator.state_vector(Circuit(1).gphase(1.0).gphase(1e17).gphase(-1e17))[0] == pytest.approx(np.exp(1j))


@pytest.mark.parametrize("precision", ["double", "single"])
def test_simulators_from_other_processes(precision):
    """Unpickled, a dtype is an object of its own, which compiled code does not know."""
    simulator = pickle.loads(pickle.dumps(StatevectorSimulator(precision)))
    for num_qubits in (1, 2, 5):
        circuit = Circuit(num_qubits).h(range(num_qubits)).rz(0.3, 0)
        for _ in range(3):
            state = simulator.state_vector(circuit)
            assert np.abs(state - reference(circuit)).max() < TOLERANCE[precision]


def test_simulators_that_have_run_can_be_sent_and_copied():
    simulator, circuit = StatevectorSimulator("single"), Circuit(2).h(0).cx(0, 1)
    state = simulator.state_vector(circuit)
    for moved in (pickle.loads(pickle.dumps(simulator)), copy.copy(simulator), copy.deepcopy(simulator)):
        assert moved.precision == "single"
        assert np.array_equal(moved.state_vector(circuit), state)


def test_code_that_declines_its_arguments_has_written_nothing(monkeypatch):
    monkeypatch.setattr(once, "_entry", lambda *arguments: lambda details, num_rows, state: DECLINED)
    monkeypatch.setattr(once, "_kept", {})
    circuit = Circuit(2).h(0).cx(0, 1)
    assert state_once(engine_of("double", 32), circuit.operations, 2) is None
    assert np.abs(StatevectorSimulator().state_vector(circuit) - reference(circuit)).max() < 1e-15
