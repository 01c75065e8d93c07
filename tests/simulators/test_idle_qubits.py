"""What nothing touches costs nothing, and changes nothing."""

import pickle

import numpy as np
import pytest
from random_circuits import random_dynamic_circuit, random_gate_circuit

from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator
from qtoolkit.compiler import ExecutionPlan, PaddedPlan, compile_circuit
from qtoolkit.errors import CircuitError, InsufficientMemoryError, QubitIndexError

SIMULATOR = StatevectorSimulator()
PLACES = ([3, 1, 6, 0], [5, 6, 7, 2], [0, 1, 2, 3])


def padded(circuit: Circuit, places: list[int], num_qubits: int = 8) -> Circuit:
    """The circuit on these of more qubits, in the order that their numbers have."""
    places = sorted(places)
    wide = Circuit(num_qubits, circuit.num_clbits).id(range(num_qubits))
    idle = [q for q in range(num_qubits) if q not in places]
    return wide.barrier().reset(idle).extend(circuit, places).barrier()


def parametrised(seed: int, num_qubits: int = 4) -> Circuit:
    rng = np.random.default_rng(seed)
    names = [Parameter(f"t{k}") for k in range(5)]
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for _ in range(20):
        a, b = rng.permutation(num_qubits)[:2].tolist()
        angle = names[rng.integers(5)] * float(rng.normal()) + float(rng.normal())
        circuit.rx(angle, a).pauli_rotation("IYXI"[:num_qubits], angle).rzz(names[rng.integers(5)], a, b).ry(
            float(rng.normal()), b
        )
    for angle in names:
        circuit.rz(angle, 0)
    return circuit


def random_sum(seed: int, num_qubits: int, num_terms: int = 40) -> PauliSum:
    rng = np.random.default_rng(seed)
    labels = ["".join(rng.choice(list("IIIXYZ"), num_qubits)) for _ in range(num_terms)]
    return PauliSum.from_list(list(zip(labels, rng.normal(size=num_terms).tolist(), strict=True)))


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("seed", range(5))
def test_shots_are_those_of_the_circuit_without_idle_qubits(seed, places, precision):
    simulator = StatevectorSimulator(precision)
    circuit = random_dynamic_circuit(4, 4, seed=seed).h(range(4)).measure_all()
    alone = simulator.run(circuit, 300, seed=seed)
    beside = simulator.run(padded(circuit, places), 300, seed=seed)
    np.testing.assert_array_equal(beside.memory, alone.memory)
    plan = simulator.compile(padded(circuit, places))
    assert isinstance(plan, PaddedPlan)
    np.testing.assert_array_equal(simulator.run(plan, 300, seed=seed).memory, alone.memory)
    loaded = pickle.loads(pickle.dumps(plan))
    np.testing.assert_array_equal(simulator.run(loaded, 300, seed=seed).memory, alone.memory)


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("seed", range(5))
def test_values_variances_and_gradients_are_those_of_the_whole_state(seed, places):
    letters = dict(zip(places, "XYZ", strict=False))
    circuit = padded(parametrised(seed), places).pauli_rotation(label(8, letters), Parameter("t0"))
    plan = SIMULATOR.compile(circuit)
    assert plan.active_qubits == tuple(sorted(places))
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(3, 5))
    observables = [random_sum(seed, 8), random_sum(seed + 100, 8), rng.normal(size=256)]
    whole = plan.whole
    for given in (circuit, plan):
        for observable in observables:
            for _ in range(2):  # the second call may take a shorter way
                for args in (values[0], values, dict(zip((f"t{k}" for k in range(5)), values[1], strict=True))):
                    if isinstance(args, dict):
                        args = {p: args[p.name] for p in circuit.parameters}
                    found = SIMULATOR.expectation_value(given, observable, args)
                    np.testing.assert_allclose(
                        found, SIMULATOR.expectation_value(whole, observable, args), atol=1e-12, rtol=0
                    )
                    assert np.shape(found) == np.shape(SIMULATOR.expectation_value(whole, observable, args))
                    level, slope = SIMULATOR.gradient(given, observable, args)
                    expected = SIMULATOR.gradient(whole, observable, args)
                    np.testing.assert_allclose(level, expected[0], atol=1e-12, rtol=0)
                    np.testing.assert_allclose(slope, expected[1], atol=1e-11, rtol=0)
                np.testing.assert_allclose(
                    SIMULATOR.variance(given, observable, values[0]),
                    SIMULATOR.variance(whole, observable, values[0]),
                    atol=1e-11,
                    rtol=0,
                )
        for args in (values[0], values):
            np.testing.assert_allclose(
                SIMULATOR.expectation_value(given, observables, args),
                SIMULATOR.expectation_value(whole, observables, args),
                atol=1e-12,
                rtol=0,
            )
            np.testing.assert_allclose(
                SIMULATOR.gradient(given, observables, args)[1],
                SIMULATOR.gradient(whole, observables, args)[1],
                atol=1e-11,
                rtol=0,
            )


@pytest.mark.parametrize("places", PLACES)
def test_states_and_probabilities_are_those_of_the_whole_state(places):
    circuit = padded(parametrised(1), places)
    plan = SIMULATOR.compile(circuit)
    values = np.random.default_rng(1).normal(size=(3, 5))
    for args in (values[0], values):
        expected = SIMULATOR.state_vector(plan.whole, args)
        np.testing.assert_array_equal(SIMULATOR.state_vector(circuit, args), expected)
        np.testing.assert_array_equal(SIMULATOR.state_vector(plan, args), expected)
        for qubits in (None, 3, [6, 0, 4], [4], [2, 7, 5], []):
            found = SIMULATOR.probabilities(circuit, qubits, args)
            np.testing.assert_allclose(found, SIMULATOR.probabilities(plan.whole, qubits, args), atol=1e-14)
    with pytest.raises(QubitIndexError):
        SIMULATOR.probabilities(circuit, [8], values[0])
    bound = Circuit(8).extend(parametrised(1).bind(values[0]), sorted(places))
    start = np.random.default_rng(2).normal(size=256) + 0j
    start /= np.linalg.norm(start)
    np.testing.assert_array_equal(
        SIMULATOR.state_vector(bound, initial_state=start),
        SIMULATOR.state_vector(compile_circuit(bound).whole, initial_state=start),
    )
    measured = bound.copy().measure_all()
    np.testing.assert_array_equal(
        SIMULATOR.run(measured, 500, seed=3, initial_state=start).memory,
        SIMULATOR.run(compile_circuit(measured).whole, 500, seed=3, initial_state=start).memory,
    )
    run = SIMULATOR.trajectory(measured, seed=5)
    again = SIMULATOR.trajectory(compile_circuit(measured).whole, seed=5)
    np.testing.assert_array_equal(run.state_vector, again.state_vector)
    np.testing.assert_array_equal(run.clbits, again.clbits)


@pytest.mark.parametrize("seed", range(6))
def test_overlaps_of_circuits_that_use_other_qubits(seed):
    rng = np.random.default_rng(seed)
    left, right = (
        Circuit(7).extend(random_gate_circuit(3, 30, seed=10 * seed + k), sorted(rng.permutation(7)[:3].tolist()))
        for k in range(2)
    )
    full = random_gate_circuit(7, 60, seed=seed)
    for bra, ket in ((left, right), (left, full), (full, right), (left, left), (Circuit(7), right)):
        expected = np.vdot(SIMULATOR.state_vector(bra), SIMULATOR.state_vector(ket))
        assert SIMULATOR.overlap(bra, ket) == pytest.approx(expected, abs=1e-13)


def test_an_idle_qubit_is_measured_as_zero():
    circuit = Circuit(5, 4).h(1).measure(1, 0).measure(4, 1).if_(1, lambda body: body.x(1)).measure(1, 3)
    circuit.measure(1, 2).measure(3, 2)  # the later one counts
    bits = SIMULATOR.run(circuit, 400, seed=1).memory
    assert bits[:, 0].any()
    assert not bits[:, 1:3].any()
    np.testing.assert_array_equal(bits[:, 0], bits[:, 3])
    assert SIMULATOR.compile(circuit).active_qubits == (1,)
    assert SIMULATOR.run(Circuit(90).measure_all(), 7).counts == {"0" * 90: 7}
    assert SIMULATOR.run(Circuit(3).gphase(0.3).measure_all(), 7).counts == {"000": 7}


@pytest.mark.parametrize(
    ("circuit", "active"),
    [
        (Circuit(4).h(2), (2,)),
        (Circuit(4).cx(3, 1).reset(0).barrier(), (1, 3)),
        (Circuit(4).initialize([0.6, 0.8], [2]).x(0), (0, 2)),
        (Circuit(4, 1).if_(0, lambda body: body.reset(2).x(3).if_(0, lambda inner: inner.h(1))), (1, 3)),
        (Circuit(4, 1).if_(0, lambda body: body.reset(2), lambda body: body.x(3)), (3,)),
        (Circuit(4).reset(range(4)), (0,)),
        (Circuit(2).x(1).x(0), (0, 1)),
        (Circuit(4).id([0, 1]).pauli_rotation("IXIZ", 0.3), (0, 2)),
        (Circuit(2).crz(0.3, 0, 1), (0, 1)),
    ],
)
def test_which_qubits_are_used(circuit, active):
    plan = compile_circuit(circuit)
    assert plan.active_qubits == active
    assert plan.num_qubits == circuit.num_qubits
    assert plan.active.num_qubits == len(active)
    assert isinstance(plan, PaddedPlan) == (len(active) < circuit.num_qubits)
    assert type(plan.active) is ExecutionPlan


def test_circuits_of_many_qubits_that_use_few():
    assert SIMULATOR.run(Circuit(40, 1).x(39).measure(39, 0), 10).counts == {"1": 10}
    wide = Circuit(127).h(126).cx(126, 3).cx(3, 64).measure_all()
    counts = SIMULATOR.run(wide, 1000, seed=2).counts
    alone = SIMULATOR.run(Circuit(3).h(2).cx(2, 0).cx(0, 1).measure_all(), 1000, seed=2).counts
    assert counts["0" * 127] == alone["000"]
    ones = "".join("1" if qubit in (3, 64, 126) else "0" for qubit in reversed(range(127)))
    assert counts[ones] == alone["111"]
    np.testing.assert_allclose(SIMULATOR.probabilities(wide, [3, 5, 126]), [0.5, 0, 0, 0, 0, 0.5, 0, 0], atol=1e-15)
    assert SIMULATOR.overlap(wide, Circuit(127)) == pytest.approx(0.5**0.5)

    theta = Parameter("theta")
    circuit = Circuit(60).ry(theta, 50).cx(50, 7)
    observable = PauliSum.from_list(
        [(label(60, {50: "Z", 3: "Z"}), 2.0), (label(60, {50: "X", 7: "X"}), 1.0), (label(60, {0: "X"}), 5.0)]
    )
    value, slope = SIMULATOR.gradient(circuit, observable, [0.4])
    assert value == pytest.approx(2 * np.cos(0.4) + np.sin(0.4))
    assert slope == pytest.approx([-2 * np.sin(0.4) + np.cos(0.4)])
    assert SIMULATOR.expectation_value(circuit, observable, [0.4]) == pytest.approx(value)
    squared = (observable @ observable).simplify()
    moment = SIMULATOR.expectation_value(circuit, squared, [0.4])
    assert SIMULATOR.variance(circuit, observable, [0.4]) == pytest.approx(moment - value**2)


def label(num_qubits: int, letters: dict[int, str]) -> str:
    return "".join(letters.get(qubit, "I") for qubit in reversed(range(num_qubits)))


def test_where_all_amplitudes_are_asked_for_the_error_names_the_idle_qubits():
    circuit = Circuit(50).h(3).cx(3, 4)
    start = np.zeros(4)
    for ask in (
        lambda: SIMULATOR.state_vector(circuit),
        lambda: SIMULATOR.state_vector(circuit, initial_state=start),
        lambda: SIMULATOR.trajectory(circuit),
        lambda: SIMULATOR.run(circuit.copy().measure_all(), 10, initial_state=start),
        lambda: SIMULATOR.probabilities(circuit),
    ):
        with pytest.raises(
            InsufficientMemoryError, match="48 of its qubits are idle: leave them out, or ask for shots"
        ):
            ask()
    with pytest.raises(InsufficientMemoryError, match="use fewer qubits"):
        SIMULATOR.run(Circuit(50).h(range(50)).measure_all(), 10)
    with pytest.raises(CircuitError, match=r"at most 62 qubits .*, got 63; idle ones count only where"):
        compile_circuit(Circuit(63).h(0)).whole  # noqa: B018


def test_a_plan_keeps_its_circuit_as_it_was():
    circuit = Circuit(3).h(0)
    plan = SIMULATOR.compile(circuit)
    circuit.x(1)
    assert SIMULATOR.expectation_value(plan, PauliSum.from_list([("IZI", 1.0)])) == pytest.approx(1.0)
    assert "of 3 qubits, of which it uses (0,)" in repr(plan)


def test_many_observables_of_one_plan():
    plan = SIMULATOR.compile(Circuit(3).ry(0.3, 1))
    for k in range(40):
        observable = PauliSum.from_list([("IZI", float(k)), ("ZII", 1.0), ("XII", 3.0)])
        assert SIMULATOR.expectation_value(plan, observable) == pytest.approx(k * np.cos(0.3) + 1)
