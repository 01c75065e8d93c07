"""The simulator with Cirq's interface, beside Cirq's own."""

from __future__ import annotations

from collections import Counter
from typing import Any

import cirq
import numpy as np
import pytest
import sympy
from cirq_cases import random_program, wide_domain

from qtoolkit.errors import ConversionError, InputError, OperatorError, UnboundParameterError
from qtoolkit.interop.cirq import Simulator

A, B, C = cirq.LineQubit.range(3)
X, Y = sympy.symbols("x y")


def reference(**options: Any) -> cirq.Simulator:
    return cirq.Simulator(dtype=np.complex128, **options)


def random_circuit(num_qubits: int, seed: int) -> cirq.Circuit:
    line = cirq.LineQubit.range(num_qubits)
    circuit = cirq.testing.random_circuit(line, 20, 0.8, gate_domain=wide_domain(num_qubits), random_state=seed)
    return circuit + cirq.Circuit(cirq.I.on_each(*line))


def test_it_offers_cirqs_interfaces() -> None:
    simulator = Simulator()
    for interface in (
        cirq.Sampler,
        cirq.SimulatesSamples,
        cirq.SimulatesAmplitudes,
        cirq.SimulatesFinalState,
        cirq.SimulatesExpectationValues,
    ):
        assert isinstance(simulator, interface)
    assert repr(simulator) == "qtoolkit.interop.cirq.Simulator(dtype=np.complex128)"


@pytest.mark.parametrize("num_qubits", range(1, 9))
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.complex128, 1e-10), (np.complex64, 1e-5)])
def test_states_amplitudes_and_expectation_values_agree(num_qubits: int, dtype: Any, tolerance: float) -> None:
    circuit = random_circuit(num_qubits, seed=num_qubits)
    rng = np.random.default_rng(num_qubits)
    qubits = sorted(circuit.all_qubits())
    order = [qubits[k] for k in rng.permutation(num_qubits)]
    start = cirq.testing.random_superposition(1 << num_qubits, random_state=4)
    ours, theirs = Simulator(dtype=dtype), reference()
    for initial in (None, 0, int(rng.integers(1 << num_qubits)), start, start.reshape((2,) * num_qubits)):
        expected = theirs.simulate(circuit, qubit_order=order, initial_state=initial)
        found = ours.simulate(circuit, qubit_order=order, initial_state=initial)
        assert found.final_state_vector.dtype == dtype
        assert found.qubit_map == expected.qubit_map
        np.testing.assert_allclose(found.final_state_vector, expected.final_state_vector, atol=tolerance)

    numbers = rng.integers(1 << num_qubits, size=5).tolist()
    np.testing.assert_allclose(
        ours.compute_amplitudes(circuit, numbers, qubit_order=order),
        theirs.compute_amplitudes(circuit, numbers, qubit_order=order),
        atol=tolerance,
    )
    observables = [
        0.7 * cirq.X(qubits[0]) - 2 * cirq.Z(qubits[-1]) * cirq.Y(qubits[0]) * 1j * (num_qubits == 1) + 0.3,
        cirq.PauliString({qubit: "XYZ"[k % 3] for k, qubit in enumerate(qubits)}, coefficient=-0.4),
    ]
    np.testing.assert_allclose(
        ours.simulate_expectation_values(circuit, observables, qubit_order=order, initial_state=start),
        np.real(theirs.simulate_expectation_values(circuit, observables, qubit_order=order, initial_state=start)),
        atol=4 * tolerance,
    )


def test_programs_with_chance_have_cirqs_distribution() -> None:
    shots = 400
    for seed in range(5):
        program = random_program(3, 12, np.random.default_rng(100 + seed), classical=False)
        ours = _outcomes(Simulator(seed=seed).run(program, repetitions=shots))
        theirs = _outcomes(reference(seed=seed).run(program, repetitions=shots))
        seen = ours.keys() | theirs.keys()
        # Pearson's two-sample statistic has about one degree of freedom for each outcome but one.
        statistic = sum((ours[key] - theirs[key]) ** 2 / (ours[key] + theirs[key]) for key in seen)
        assert statistic < len(seen) + 5 * np.sqrt(2 * len(seen)), program


def _outcomes(result: cirq.Result) -> Counter[bytes]:
    columns = [result.records[key].reshape(result.repetitions, -1) for key in sorted(result.records)]
    return Counter(row.tobytes() for row in np.hstack(columns).astype(np.uint8))


def test_final_states_agree_for_equal_outcomes() -> None:
    common = 0
    for seed in range(8):
        program = random_program(4, 16, np.random.default_rng(seed), classical=False, hidden=False)[:-1]
        ours, theirs = Simulator(seed=1), reference(seed=2)
        states = {
            _history(result): result.final_state_vector for result in (theirs.simulate(program) for _ in range(20))
        }
        for _ in range(20):
            result = ours.simulate(program)
            expected = states.get(_history(result))
            if expected is not None:
                common += 1
                np.testing.assert_allclose(result.final_state_vector, expected, atol=1e-10)
    assert common > 80


def _history(result: cirq.SimulationTrialResult) -> str:
    return str(sorted((key, row.tolist()) for key, row in result.measurements.items()))


def test_records_have_cirqs_shape() -> None:
    program = cirq.Circuit(
        cirq.X(A),
        cirq.measure(A, B, key="twice"),
        cirq.SWAP(A, B),
        cirq.measure(A, B, key="twice"),
        cirq.measure(B, A, C, key="once", invert_mask=(True,)),
    )
    found, expected = Simulator().run(program, repetitions=3), reference().run(program, repetitions=3)
    assert found == expected
    assert found.records["twice"].shape == (3, 2, 2)
    assert found.records["once"].tolist() == [[[0, 0, 0]]] * 3
    assert Simulator().run(program, repetitions=0).repetitions == 0
    last = Simulator().simulate(program)
    assert {key: row.tolist() for key, row in last.measurements.items()} == {"twice": [0, 1], "once": [0, 0, 0]}
    assert str(last) == "measurements: once=000 twice=01\n\nqubits: (cirq.LineQubit(0), cirq.LineQubit(1), " + (
        "cirq.LineQubit(2))\noutput vector: |010⟩"
    )


def test_results_have_cirqs_methods() -> None:
    result = Simulator(seed=1).simulate(cirq.Circuit(cirq.X(A), cirq.H(B)))
    assert isinstance(result, cirq.StateVectorTrialResult)
    assert result.dirac_notation() == "0.71|10⟩ + 0.71|11⟩"
    np.testing.assert_allclose(result.bloch_vector_of(B), [1, 0, 0], atol=1e-7)
    np.testing.assert_allclose(result.density_matrix_of([A]), [[0, 0], [0, 1]], atol=1e-12)
    assert cirq.sample_state_vector(result.final_state_vector, [0], repetitions=2, seed=1).tolist() == [[1], [1]]
    resumed = reference().simulate(cirq.Circuit(cirq.CNOT(A, B)), initial_state=result.final_state_vector)
    np.testing.assert_allclose(resumed.final_state_vector, result.final_state_vector)


def test_cirqs_derived_methods_work() -> None:
    program = cirq.Circuit(cirq.rx(X)(A), cirq.CNOT(A, B), cirq.measure(A, B, key="m"))
    simulator = Simulator(seed=5)
    frame = simulator.sample(program, repetitions=3, params={"x": np.pi})
    assert frame["m"].tolist() == [3, 3, 3]
    batch = simulator.run_batch([program, program], params_list=[{"x": 0}, {"x": np.pi}], repetitions=2)
    assert [result[0].measurements["m"].tolist() for result in batch] == [[[0, 0]] * 2, [[1, 1]] * 2]
    estimates = simulator.sample_expectation_values(
        program[:-1], [cirq.Z(A) * cirq.Z(B), cirq.Z(B)], num_samples=50, params={"x": np.pi}
    )
    assert estimates == [[1.0, -1.0]]
    counts = simulator.sample_from_amplitudes(program[:-1], {"x": np.pi}, seed=3, repetitions=4)
    assert counts == {3: 4}


def test_sweeps_agree_with_cirq() -> None:
    # The last angle is not linear: that program is resolved for each point.
    linear = cirq.Circuit(cirq.rx(X)(A), cirq.CNOT(A, B) ** (Y / 2), cirq.H(B))
    sweep = cirq.Linspace("x", 0, 1, 3) * cirq.Points("y", [0.2, 1.4])
    for program in (linear, linear + cirq.Circuit(cirq.rz(X * Y)(B))):
        found, expected = Simulator().simulate_sweep(program, sweep), reference().simulate_sweep(program, sweep)
        assert [result.params for result in found] == [result.params for result in expected]
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours.final_state_vector, theirs.final_state_vector, atol=1e-10)
        np.testing.assert_allclose(
            Simulator().simulate_expectation_values_sweep(program, [cirq.Z(B), cirq.X(A)], sweep),
            np.real(reference().simulate_expectation_values_sweep(program, [cirq.Z(B), cirq.X(A)], sweep)),
            atol=1e-10,
        )
        measured = program + cirq.Circuit(cirq.measure(A, B, key="m"))
        results = Simulator(seed=1).run_sweep(measured, sweep, repetitions=2)
        assert [result.params for result in results] == [result.params for result in expected]


def test_resolvers_may_name_symbols_by_symbols() -> None:
    program = cirq.Circuit(cirq.rx(X)(A))
    found = Simulator().simulate(program, {"x": 2 * Y + 1, "y": 0.3, "unused": 4})
    expected = reference().simulate(cirq.Circuit(cirq.rx(1.6)(A)))
    np.testing.assert_allclose(found.final_state_vector, expected.final_state_vector, atol=1e-12)


def test_a_changed_program_is_converted_again() -> None:
    simulator = Simulator()
    program = cirq.Circuit(cirq.X(A))
    assert simulator.simulate(program).final_state_vector.tolist() == [0, 1]
    program.append(cirq.X(A))
    assert simulator.simulate(program).final_state_vector.tolist() == [1, 0]


def test_seeds() -> None:
    program = cirq.Circuit(cirq.H.on_each(A, B, C), cirq.measure(A, B, C, key="m"))

    def draw(seed: Any) -> list[Any]:
        simulator = Simulator(seed=seed)
        return [simulator.run(program, repetitions=20).measurements["m"].tolist() for _ in range(2)]

    first, second = draw(7)
    assert first != second
    assert draw(7) == draw(np.int64(7)) == draw(np.random.default_rng(7)) == [first, second]
    assert draw(np.random.RandomState(7)) == draw(np.random.RandomState(7)) != draw(None)


def test_circuits_without_qubits() -> None:
    assert Simulator().simulate(cirq.Circuit()).final_state_vector.tolist() == [1]
    phased = Simulator().simulate(cirq.Circuit(cirq.global_phase_operation(1j)))
    np.testing.assert_allclose(phased.final_state_vector, [1j], atol=1e-15)


def test_what_cannot_be_simulated_is_refused() -> None:
    simulator = Simulator()
    with pytest.raises(InputError, match="complex64 or complex128, got float64"):
        Simulator(dtype=np.float64)
    for seed in ("one", -1, 1.5):
        with pytest.raises(InputError, match="seed must be"):
            Simulator(seed=seed)
    with pytest.raises(UnboundParameterError, match="got x for x"):
        simulator.simulate(cirq.Circuit(cirq.rx(X)(A)))
    with pytest.raises(UnboundParameterError, match="got y for y"):
        simulator.simulate(cirq.Circuit(cirq.rx(X * Y)(A)), {"x": 1})
    with pytest.raises(ValueError, match="no measurements"):
        simulator.run(cirq.Circuit(cirq.X(A)))
    with pytest.raises(ConversionError, match="every qubit"):
        simulator.simulate(cirq.Circuit(cirq.CNOT(A, B)), qubit_order=[B])


@pytest.mark.parametrize("initial", [4, -1, np.ones(4), np.ones(8) / np.sqrt(8), "zero"])
def test_initial_states_that_do_not_fit_are_refused(initial: Any) -> None:
    with pytest.raises(InputError, match="initial_state must be a state of 2 qubits"):
        Simulator().simulate(cirq.Circuit(cirq.CNOT(A, B)), initial_state=initial)


def test_states_of_cirqs_simulators_are_refused() -> None:
    state = cirq.StateVectorSimulationState(qubits=[A], initial_state=0)
    with pytest.raises(InputError, match="final_state_vector"):
        Simulator().simulate(cirq.Circuit(cirq.X(A)), initial_state=state)


def test_observables_and_bitstrings_that_do_not_fit_are_refused() -> None:
    simulator, program = Simulator(), cirq.Circuit(cirq.X(A))
    with pytest.raises(OperatorError, match="Hermitian"):
        simulator.simulate_expectation_values(program, 1j * cirq.Z(A))
    with pytest.raises(ConversionError, match="among qubits"):
        simulator.simulate_expectation_values(program, cirq.Z(B))
    measured = program + cirq.Circuit(cirq.measure(A))
    with pytest.raises(InputError, match="permit_terminal_measurements"):
        simulator.simulate_expectation_values(measured, cirq.Z(A))
    assert simulator.simulate_expectation_values(measured, cirq.Z(A), permit_terminal_measurements=True) == [-1.0]
    for numbers in ([2], [-1], [[0]], [0.5]):
        with pytest.raises(InputError, match="bitstrings must be"):
            simulator.compute_amplitudes(program, numbers)


def test_what_nothing_touches_costs_nothing() -> None:
    line = cirq.LineQubit.range(90)
    program = cirq.Circuit(cirq.I.on_each(*line), cirq.ry(X)(line[70]), cirq.CNOT(line[70], line[2]))
    simulator = Simulator(seed=1)
    observables = [
        cirq.Z(line[70]) * cirq.Z(line[5]) + 0.5 * cirq.X(line[2]) * cirq.X(line[70]) + cirq.X(line[8]),
        cirq.Z(line[2]) + 0.0,
    ]
    found = simulator.simulate_expectation_values_sweep(program, observables, [{"x": 0.4}, {"x": 1.1}])
    expected = [[np.cos(x) + 0.5 * np.sin(x), np.cos(x)] for x in (0.4, 1.1)]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    with pytest.raises(ConversionError, match="among qubits"):
        simulator.simulate_expectation_values(program, cirq.X(cirq.LineQubit(200)), {"x": 0.4})
    measured = program + cirq.Circuit(cirq.measure(*line, key="m"))
    rows = simulator.run(measured, {"x": 1.1}, repetitions=200).measurements["m"]
    assert 0 < rows[:, 70].sum() < 200
    np.testing.assert_array_equal(rows[:, 2], rows[:, 70])
    assert not np.delete(rows, [2, 70], axis=1).any()
    value = simulator.simulate_expectation_values(
        measured, cirq.Z(line[2]) * cirq.Z(line[70]), {"x": 1.1}, permit_terminal_measurements=True
    )
    assert value == [pytest.approx(1.0)]
    few = cirq.Circuit(cirq.X(line[1]), cirq.I(line[0]))
    start = np.array([0, 0, 0, 1])
    assert simulator.simulate_expectation_values(few, [cirq.Z(line[0]), cirq.Z(line[1])], initial_state=start) == [
        -1,
        1,
    ]


def test_channels_act_at_random_as_in_cirq():
    simulator = Simulator(seed=3)
    flipped = cirq.Circuit(cirq.bit_flip(0.25)(A), cirq.measure(A, key="m"))
    ones = int(simulator.run(flipped, repetitions=4000).measurements["m"].sum())
    assert abs(ones - 1000) < 5 * np.sqrt(750)
    states = [simulator.simulate(cirq.Circuit(cirq.bit_flip(0.5)(A))).final_state_vector for _ in range(20)]
    assert {tuple(np.abs(state)) for state in states} == {(1.0, 0.0), (0.0, 1.0)}
