"""Circuits between Cirq and the toolkit: order of qubits and bits, measurement, control, and what is refused."""

from __future__ import annotations

from typing import Any

import cirq
import numpy as np
import pytest
import sympy
from cirq_cases import random_program, wide_domain

from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError
from qtoolkit.interop.cirq import Simulator, from_cirq, to_cirq
from qtoolkit.simulators import StatevectorSimulator

A, B, C = cirq.LineQubit.range(3)
TOLERANCE = 1e-10


def bits_of(circuit: Circuit, register: str, shots: int = 1) -> list[list[int]]:
    """Rows of a register's bits, bit 0 first."""
    result = StatevectorSimulator().run(circuit, shots, seed=1)
    memory = result.register(register).memory
    assert memory is not None
    return [list(map(int, row)) for row in memory]


@pytest.mark.parametrize("num_qubits", range(1, 9))
def test_random_circuits_agree_with_cirq(num_qubits: int) -> None:
    domain = wide_domain(num_qubits)
    for seed in range(4):
        line = cirq.LineQubit.range(num_qubits)
        circuit = cirq.testing.random_circuit(line, 25, 0.8, gate_domain=domain, random_state=seed)
        circuit.append(cirq.I.on_each(*line))
        expected = cirq.Simulator(dtype=np.complex128).simulate(circuit, qubit_order=line[::-1]).final_state_vector
        ours = from_cirq(circuit)
        np.testing.assert_allclose(StatevectorSimulator().state_vector(ours), expected, atol=TOLERANCE)
        back = to_cirq(ours, line)
        found = cirq.Simulator(dtype=np.complex128).simulate(back, qubit_order=line[::-1]).final_state_vector
        np.testing.assert_allclose(found, expected, atol=TOLERANCE)


@pytest.mark.parametrize("num_qubits", [1, 3])
def test_the_round_trip_meets_cirqs_own_check(num_qubits: int) -> None:
    line = cirq.LineQubit.range(num_qubits)
    circuit = cirq.testing.random_circuit(line, 12, 0.8, gate_domain=wide_domain(num_qubits), random_state=9)
    circuit.append(cirq.measure(*line[::-1], key="m"))
    back = to_cirq(from_cirq(circuit), line)
    cirq.testing.assert_circuits_with_terminal_measurements_are_equivalent(back, circuit, atol=1e-7)


def test_qubits_keep_their_positions() -> None:
    circuit = cirq.Circuit(cirq.X(B), cirq.I(A), cirq.I(C))
    assert np.flatnonzero(StatevectorSimulator().state_vector(from_cirq(circuit))).tolist() == [0b010]
    circuit = cirq.Circuit(cirq.X(A))
    assert from_cirq(circuit).num_qubits == 1
    assert from_cirq(circuit, [C, A, B]).operations[0].qubits == (1,)
    named = cirq.Circuit(cirq.X(cirq.NamedQubit("b")), cirq.Y(cirq.NamedQubit("a")))
    assert {op.gate.name: op.qubits for op in from_cirq(named)} == {"x": (1,), "y": (0,)}


def test_bits_keep_their_positions() -> None:
    ours = from_cirq(cirq.Circuit(cirq.X(A), cirq.measure(B, A, C, key="m")))
    assert [register.name for register in ours.clbit_registers] == ["m"]
    assert bits_of(ours, "m") == [[0, 1, 0]]
    assert StatevectorSimulator().run(ours, 5, seed=1).register("m").counts == {"010": 5}
    first = from_cirq(cirq.Circuit(cirq.X(A), cirq.measure(A, B, C, key="m")))
    assert StatevectorSimulator().run(first, 5, seed=1).register("m").counts == {"001": 5}


def test_inverted_bits_leave_the_qubit_alone() -> None:
    ours = from_cirq(
        cirq.Circuit(cirq.X(A), cirq.measure(A, B, key="m", invert_mask=(True, True)), cirq.measure(A, B, key="n"))
    )
    assert bits_of(ours, "m") == [[0, 1]]
    assert bits_of(ours, "n") == [[1, 0]]


def test_repeated_keys_get_registers_of_their_own() -> None:
    ours = from_cirq(cirq.Circuit(cirq.measure(A, key="m"), cirq.X(A), cirq.measure(A, key="m"), cirq.measure(A)))
    assert [register.name for register in ours.clbit_registers] == ["m", "m#1", "q(0)"]
    assert bits_of(ours, "m") == [[0]]
    assert bits_of(ours, "m#1") == [[1]]


def test_programs_without_chance_agree_shot_by_shot() -> None:
    for seed in range(50):
        program = random_program(4, 30, np.random.default_rng(seed), classical=True)
        expected = cirq.Simulator(seed=1).run(program).records
        found = Simulator(seed=2).run(program).records
        assert {key: rows.tolist() for key, rows in found.items()} == {
            key: rows.tolist() for key, rows in expected.items()
        }, program


def test_programs_without_chance_survive_the_round_trip() -> None:
    for seed in range(30):
        program = random_program(4, 30, np.random.default_rng(seed), classical=True)
        ours = from_cirq(program)
        there = to_cirq(ours)
        expected = {register.name: bits_of(ours, register.name)[0] for register in ours.clbit_registers}
        records = cirq.Simulator(seed=1).run(there).records
        assert {name: rows[0, -1].tolist() for name, rows in records.items()} == expected, program
        back = from_cirq(there)
        assert {name: bits_of(back, name)[0] for name in expected} == expected, program


def test_neighbours_under_one_condition_share_a_branch() -> None:
    program = cirq.Circuit(
        cirq.measure(A, B, key="m"),
        *(gate.with_classical_controls(sympy.Eq(sympy.Symbol("m"), 1)) for gate in (cirq.X(C), cirq.T(C), cirq.H(C))),
    )
    ours = from_cirq(program)
    assert ours.count_ops() == {"measure": 2, "if": 1}
    # Cirq's number 1 is the second qubit, which is bit 1 here.
    assert ours.operations[-1].gate.condition.value == 0b10
    assert to_cirq(ours) == program


def test_conditions_on_several_keys_are_one_condition() -> None:
    program = cirq.Circuit(
        cirq.measure(A, key="m"), cirq.measure(B, key="n"), cirq.X(C).with_classical_controls("m", "n")
    )
    ours = from_cirq(program)
    assert ours.operations[-1].gate.condition.clbits == (0, 1)
    assert to_cirq(ours) == program


@pytest.mark.parametrize(
    ("condition", "always"),
    [
        (sympy.Eq(sympy.Symbol("m"), 4), False),
        (sympy.Ne(sympy.Symbol("m"), 4), True),
        (sympy.Symbol("m") < 4, True),
        (cirq.BitMaskKeyCondition("m", target_value=2, equal_target=True, bitmask=1), False),
        (cirq.BitMaskKeyCondition("m", target_value=2, equal_target=False, bitmask=1), True),
        (cirq.BitMaskKeyCondition("m", target_value=0, equal_target=True, bitmask=0), True),
        (cirq.BitMaskKeyCondition("m", target_value=0, equal_target=False, bitmask=0), False),
    ],
)
def test_conditions_decided_beforehand(condition: Any, always: bool) -> None:
    ours = from_cirq(
        cirq.Circuit(cirq.H.on_each(A, B), cirq.measure(A, B, key="m"), cirq.X(C).with_classical_controls(condition))
    )
    assert ours.count_ops().get("if", 0) == 0
    assert ours.count_ops().get("x", 0) == always


@pytest.mark.parametrize("outcome", range(8))
def test_branches_go_to_cirq_and_back(outcome: int) -> None:
    ours = Circuit(4)
    pair, single, late = ours.add_clbits(2, "pair"), ours.add_clbits(1, "beta"), ours.add_clbits(1, "late")
    ours.x([k for k in range(3) if outcome >> k & 1])
    ours.measure((0, 1), pair.clbits).measure(2, single[0].index).reset((0, 1, 2))
    ours.if_(pair == 2, lambda body: body.x(0), lambda body: body.x(1))
    ours.if_(single == 0, lambda body: body.if_(pair[1] == 1, lambda inner: inner.x(2).gphase(0.3)))
    ours.if_(late == 1, lambda body: body.x(3), lambda body: body.ry(1.4, 3))
    mixed = ours.name_clbits("mixed", (0, 2))
    ours.if_(
        mixed == 3, Circuit(4).cx(0, 3).initialize([0, 1, 0, 0], (1, 2)), lambda body: body.x(3).if_(0, Circuit(4).h(0))
    )
    ours.measure_all("end")
    there = to_cirq(ours)
    cirq.testing.assert_json_roundtrip_works(there)
    records = cirq.Simulator(seed=outcome).run(there, repetitions=100).records
    found = {tuple(row) for row in records["end"][:, 0].tolist()}
    expected = {tuple(row) for row in bits_of(ours, "end", 300)}
    assert len(expected) in (2, 4)
    assert found == expected
    assert {tuple(row) for row in bits_of(from_cirq(there), "end", 300)} == expected


def test_bits_measured_apart_become_keys_of_their_own() -> None:
    ours = Circuit(2, 2).x(0).measure(0, 0).h(1).measure(1, 1).measure(0, 1)
    there = to_cirq(ours)
    assert there.all_measurement_key_names() == {"c_0", "c_1"}
    records = cirq.Simulator(seed=1).run(there, repetitions=20).records
    assert records["c_1"].shape == (20, 2, 1)
    assert (records["c_1"][:, -1] == 1).all()


def test_measured_registers_and_idle_qubits_go_to_cirq() -> None:
    ours = Circuit(3).x(0)
    ours.measure_all()
    assert to_cirq(ours) == cirq.Circuit(cirq.X(A), cirq.measure(A, B, C, key="meas"))
    assert to_cirq(Circuit(2).x(1)).all_qubits() == {A, B}
    named = [cirq.NamedQubit("left"), cirq.NamedQubit("right")]
    assert to_cirq(Circuit(2).cx(0, 1), named) == cirq.Circuit(cirq.CNOT(*named))
    assert to_cirq(Circuit(1).barrier().x(0)) == cirq.Circuit(cirq.X(A))


def test_subcircuits_are_unrolled() -> None:
    inner = cirq.FrozenCircuit(cirq.X(A), cirq.measure(A, key="m"), cirq.X(B).with_classical_controls("m"))
    looped = cirq.CircuitOperation(inner, repetitions=3, use_repetition_ids=True)
    mapped = cirq.CircuitOperation(inner, qubit_map={A: C, B: A}, measurement_key_map={"m": "n"}, repetitions=2)
    unitary = cirq.CircuitOperation(cirq.FrozenCircuit(cirq.H(A), cirq.T(A)), repetitions=-2)
    program = cirq.Circuit(looped, mapped, unitary, unitary.controlled_by(B), cirq.X(A).with_tags("tag"))
    ours = from_cirq(program)
    assert [register.name for register in ours.clbit_registers] == ["0:m", "1:m", "2:m", "n", "n#1"]
    expected = cirq.Simulator(dtype=np.complex128, seed=1).simulate(program)
    found = Simulator(seed=1).simulate(program)
    np.testing.assert_allclose(found.final_state_vector, expected.final_state_vector, atol=TOLERANCE)
    assert {k: v.tolist() for k, v in found.measurements.items()} == {
        k: v.tolist() for k, v in expected.measurements.items()
    }


def test_conditional_subcircuits_and_pauli_measurements() -> None:
    inner = cirq.CircuitOperation(cirq.FrozenCircuit(cirq.X(B), cirq.CNOT(B, C)))
    program = cirq.Circuit(
        cirq.X(A),
        cirq.measure(A, key="a"),
        inner.with_classical_controls("a"),
        cirq.measure_single_paulistring(cirq.Z(A) * cirq.Z(B) * -1, key="zz"),
        cirq.measure(A, B, C, key="end"),
    )
    expected, found = (simulator.run(program).records for simulator in (cirq.Simulator(), Simulator()))
    assert {k: v.tolist() for k, v in found.items()} == {k: v.tolist() for k, v in expected.items()}


def test_prepared_states_go_there_and_back() -> None:
    state = cirq.testing.random_superposition(4, random_state=3)
    program = cirq.Circuit(cirq.H(A), cirq.CNOT(A, B), cirq.CNOT(B, C), cirq.StatePreparationChannel(state)(C, A))
    ours = from_cirq(program)
    assert to_cirq(ours) == program
    for seed in range(6):
        vector = StatevectorSimulator().trajectory(ours, seed=seed).state_vector.reshape((2,) * 3)
        # B is left in the basis state that the collapse chose.
        kept = [vector[:, b, :] for b in (0, 1)]
        norms = [np.linalg.norm(part) for part in kept]
        assert max(norms) == pytest.approx(1.0)
        prepared = kept[int(np.argmax(norms))].reshape(-1)
        assert abs(np.vdot(state, prepared)) == pytest.approx(1.0, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (cirq.CircuitOperation(cirq.FrozenCircuit(cirq.X(A)), repetitions=sympy.Symbol("n")), "repetitions"),
        (
            cirq.CircuitOperation(
                cirq.FrozenCircuit(cirq.H(A), cirq.measure(A, key="m")),
                repeat_until=cirq.KeyCondition(cirq.MeasurementKey("m")),
            ),
            "loop until",
        ),
        (cirq.X(A).with_classical_controls("absent"), "key 'absent'"),
        (cirq.X(A).with_classical_controls(cirq.KeyCondition(cirq.MeasurementKey("early"), 1)), "measurement 1 of key"),
        (cirq.X(A).with_classical_controls(sympy.Symbol("wide") > 3), "at most 8 bits, got 9"),
        (cirq.measure(A, B, key="early"), "equally many qubits"),
    ],
)
def test_operations_that_cannot_be_converted_are_named(operation: Any, reason: str) -> None:
    nine = cirq.LineQubit.range(9)
    program = cirq.Circuit(cirq.measure(A, key="early"), cirq.measure(*nine, key="wide"))
    program.append(operation, strategy=cirq.InsertStrategy.NEW)
    with pytest.raises(ConversionError, match=f"(?s)cannot convert .* in moment 2: .*{reason}"):
        from_cirq(program)


def test_qudits_and_wrong_orders_are_refused() -> None:
    with pytest.raises(ConversionError, match="dimension 3"):
        from_cirq(cirq.Circuit(cirq.IdentityGate(qid_shape=(3,))(cirq.LineQid(0, 3))))
    with pytest.raises(ConversionError, match="every qubit of the circuit once"):
        from_cirq(cirq.Circuit(cirq.CNOT(A, B)), [A])
    with pytest.raises(ConversionError, match="2 distinct qubits"):
        to_cirq(Circuit(2), [A, A])
    with pytest.raises(ConversionError, match="2 distinct qubits"):
        to_cirq(Circuit(2), [A])


def test_measurements_in_branches_are_refused() -> None:
    ours = Circuit(2, 2).measure(0, 0).if_(0, lambda body: body.measure(1, 1))
    with pytest.raises(ConversionError, match="measurement conditional, got one of qubit 1"):
        to_cirq(ours)


def test_wide_keys_compare_with_numbers() -> None:
    qubits = cirq.LineQubit.range(10)
    program = cirq.Circuit(
        *(cirq.X(qubits[0]), cirq.X(qubits[3]), cirq.measure(*qubits, key="w")),
        cirq.X(qubits[9]).with_classical_controls(sympy.Eq(sympy.Symbol("w"), 0b1001000000)),
        cirq.measure(qubits[9], key="end"),
    )
    assert bits_of(from_cirq(program), "end") == [[1]]


def test_gates_that_live_for_a_moment_are_not_taken_for_one_another():
    inner = cirq.FrozenCircuit(cirq.rx(sympy.Symbol("a")).on(A), cirq.CX(A, B))
    operations = [cirq.CircuitOperation(inner, param_resolver={"a": 0.1 * k}) for k in range(60)]
    circuit = cirq.Circuit(operations)
    np.testing.assert_allclose(from_cirq(circuit).to_matrix(), circuit.unitary(qubit_order=[B, A]), atol=1e-12)
