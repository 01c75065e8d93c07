import pickle

import numpy as np
import pytest
from random_circuits import random_gate_circuit
from scipy.linalg import expm
from scipy.stats import unitary_group

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import (
    STANDARD_GATES,
    Condition,
    ControlledGate,
    DiagonalGate,
    IfElse,
    PauliRotationGate,
    StandardGate,
    UnitaryGate,
)
from qtoolkit.errors import CircuitError, ParameterError, QubitIndexError, UnboundParameterError


def test_methods_chain_and_count():
    circuit = Circuit(3).h(0).cx(0, 1).ccx(0, 1, 2).h([1, 2]).rz(0.5, range(3))
    assert circuit.count_ops() == {"h": 3, "rz": 3, "cx": 1, "ccx": 1}
    assert circuit.depth() == 5
    assert len(circuit) == 8


def test_bell_matrix_is_little_endian():
    bell = Circuit(2).h(0).cx(0, 1).to_matrix()[:, 0]
    assert np.allclose(bell, [2**-0.5, 0, 0, 2**-0.5])
    assert np.allclose(Circuit(2).x(0).to_matrix()[:, 0], [0, 1, 0, 0])


@pytest.mark.parametrize("num_qubits", [1, 2, 4])
def test_inverse_undoes(num_qubits):
    circuit = random_gate_circuit(num_qubits, 40, seed=num_qubits)
    product = circuit.compose(circuit.inverse()).to_matrix()
    assert np.abs(product - np.eye(1 << num_qubits)).max() < 1e-12


@pytest.mark.parametrize(("num_controls", "ctrl_state"), [(1, None), (1, 0), (2, 2), (2, None)])
def test_controlled_acts_on_one_value_of_the_controls(num_controls, ctrl_state):
    circuit = random_gate_circuit(2, 25, seed=3).gphase(0.3)
    inner = circuit.to_matrix()
    matrix = circuit.controlled(num_controls, ctrl_state).to_matrix()
    side = 1 << num_controls
    on = side - 1 if ctrl_state is None else ctrl_state
    by_control = matrix.reshape(4, side, 4, side)
    for value in range(side):
        expected = inner if value == on else np.eye(4)
        assert np.abs(by_control[:, value, :, value] - expected).max() < 1e-12


def test_power():
    circuit = random_gate_circuit(2, 10, seed=8)
    matrix = circuit.to_matrix()
    assert np.allclose(circuit.power(3).to_matrix(), matrix @ matrix @ matrix, atol=1e-12)
    assert np.allclose(circuit.power(-2).to_matrix(), np.linalg.inv(matrix @ matrix), atol=1e-12)
    third = circuit.power(1 / 3).to_matrix()
    assert np.allclose(third @ third @ third, matrix, atol=1e-12)
    assert circuit.power(0).to_matrix() == pytest.approx(np.eye(4))


def test_compose_maps_qubits_and_clbits():
    inner = Circuit(2, 1).cx(0, 1).measure(1, 0).if_(0, lambda body: body.x(0))
    outer = Circuit(4, 2).compose(inner, qubits=[3, 1], clbits=[1])
    assert outer.operations[0].qubits == (3, 1)
    assert outer.operations[1].qubits == (1,)
    assert outer.operations[1].clbits == (1,)
    branch = outer.operations[2]
    assert isinstance(branch.gate, IfElse)
    assert branch.gate.condition == Condition((1,), 1)
    assert branch.gate.body.operations[0].qubits == (3,)
    with pytest.raises(CircuitError, match="has 2 qubits, got a place for 1"):
        outer.compose(inner, qubits=[0])
    with pytest.raises(CircuitError, match="make this one larger"):
        Circuit(1).compose(Circuit(2))


def test_extending_by_itself_ends():
    circuit = Circuit(1).h(0)
    assert circuit.extend(circuit).count_ops() == {"h": 2}


def test_copy_is_independent():
    circuit = Circuit(1).h(0)
    circuit.copy().x(0)
    assert len(circuit) == 1


def test_equality():
    assert Circuit(2).h(0).cx(0, 1) == Circuit(2).h(0).cx(0, 1)
    assert Circuit(2).h(0) != Circuit(2).h(1)
    assert Circuit(1).rx(0.5, 0) != Circuit(1).rx(0.25, 0)


def test_equality_of_circuits_with_measurements_and_branches():
    def dynamic(target: int, value: int) -> Circuit:
        circuit = Circuit(2, 1).initialize([1, 0], 0).measure(0, 0).barrier().reset(1)
        return circuit.if_(Condition((0,), value), lambda body: body.x(target))

    assert dynamic(1, 1) == dynamic(1, 1)
    assert len({*map(hash, (op.gate for op in dynamic(1, 1))), *map(hash, (op.gate for op in dynamic(1, 1)))}) == 5
    assert dynamic(1, 1) != dynamic(0, 1)
    assert dynamic(1, 1) != dynamic(1, 0)
    assert Circuit(1, 1).measure(0, 0) != Circuit(1, 1).reset(0)


def test_multi_controlled_gates():
    x = np.array([[0, 1], [1, 0]])
    for controls in range(5):
        matrix = Circuit(controls + 1).mcx(range(controls), controls).to_matrix()
        active = (1 << controls) - 1
        block = matrix.reshape(2, 1 << controls, 2, 1 << controls)[:, active, :, active]
        assert np.array_equal(block, x)
        phases = np.diag(Circuit(controls + 1).mcp(0.4, range(controls), controls).to_matrix())
        assert np.allclose(phases[:-1], 1.0)
        assert np.isclose(phases[-1], np.exp(0.4j))


@pytest.mark.parametrize("label", ["X", "Y", "ZI", "IY", "XYZ", "YYX", "III"])
def test_pauli_rotation(label):
    letters = {
        "I": np.eye(2),
        "X": np.array([[0, 1], [1, 0]]),
        "Y": np.array([[0, -1j], [1j, 0]]),
        "Z": np.diag([1, -1]),
    }
    pauli = np.eye(1)
    for letter in label:
        pauli = np.kron(pauli, letters[letter])
    circuit = Circuit(len(label)).pauli_rotation(label, 0.7)
    assert np.allclose(circuit.to_matrix(), expm(-0.35j * pauli), atol=1e-14)
    steps = Circuit(len(label))
    for gate, positions in circuit.operations[0].gate.decomposition():
        steps.append(gate, positions)
    assert np.allclose(steps.to_matrix(), circuit.to_matrix(), atol=1e-14)


def test_unitary_places_its_lowest_bit_on_the_first_qubit():
    first, second = unitary_group.rvs(2, random_state=1), unitary_group.rvs(2, random_state=2)
    circuit = Circuit(2).unitary(np.kron(second, first), [1, 0])
    assert np.allclose(circuit.to_matrix(), np.kron(first, second))


def test_diagonal_and_permutation():
    phases = np.exp(1j * np.arange(4))
    assert np.allclose(Circuit(2).diagonal(phases).to_matrix(), np.diag(phases))
    table = [2, 0, 3, 1]
    assert np.argmax(np.abs(Circuit(2).permutation(table).to_matrix()), axis=0).tolist() == table


def test_controlled_unitary():
    unitary = unitary_group.rvs(2, random_state=4)
    matrix = Circuit(2).controlled_unitary(unitary, [0], [1], ctrl_state=0).to_matrix()
    assert np.allclose(matrix[np.ix_([0, 2], [0, 2])], unitary)
    assert np.allclose(matrix[np.ix_([1, 3], [1, 3])], np.eye(2))
    assert np.allclose(UnitaryGate(unitary).controlled().matrix()[np.ix_([1, 3], [1, 3])], unitary)


def test_registers_and_conditions():
    circuit = Circuit(2, 2)
    flag = circuit.add_clbits(3, "flag")
    assert flag.clbits == (2, 3, 4)
    assert (flag == 5) == Condition((2, 3, 4), 5)
    assert (flag[1] == 0) == Condition((3,), 0)
    assert (circuit.clbit(0) == 1) == Condition((0,), 1)
    assert circuit.clbit_register("flag") == flag
    circuit.measure_all()
    assert circuit.num_clbits == 7
    assert [r.name for r in circuit.clbit_registers] == ["c", "flag", "meas"]
    with pytest.raises(CircuitError, match="compare with 0 to 7, got 8"):
        _ = flag == 8
    with pytest.raises(CircuitError, match="'flag' twice"):
        circuit.add_clbits(1, "flag")
    with pytest.raises(CircuitError, match="registers are c, flag, meas"):
        circuit.clbit_register("nope")


def test_numpy_integers_are_indices_and_values():
    one = np.int64(1)
    circuit = Circuit(2, 2).h(one).measure(one, one).reset(one).unitary(np.eye(2), one).initialize([1, 0], one)
    circuit.diagonal([1, 1], one).append(StandardGate("x"), one).mcx(np.int32(0), one).if_(one, Circuit(2).x(0))
    assert all(type(q) is int for operation in circuit for q in operation.qubits)
    assert circuit.operations[-1].gate.condition == Condition((1,), 1)
    register = circuit.clbit_register("c")
    assert (register == one) == Condition((0, 1), 1)
    assert (one == register) == Condition((0, 1), 1)
    assert (one == circuit.clbit(0)) == Condition((0,), 1)


def test_a_refused_register_leaves_the_circuit_alone():
    circuit = Circuit(2).measure_all()
    with pytest.raises(CircuitError, match="'meas' twice; choose another"):
        circuit.measure_all()
    assert circuit.num_clbits == 2


def test_operations_can_be_placed_in_another_circuit():
    circuit = Circuit(3, 2).measure(0, 0).if_(0, lambda body: body.x(2).measure(1, 1), lambda body: body.gphase(0.1))
    again = Circuit(3, 2)
    for operation in circuit:
        again.append(operation.gate, operation.qubits, operation.clbits)
    assert again == circuit
    branch = circuit.operations[1]
    assert (branch.gate.num_qubits, branch.gate.num_clbits) == (len(branch.qubits), len(branch.clbits)) == (2, 2)
    with pytest.raises(CircuitError, match="use extend to move it"):
        again.append(branch.gate, (0, 1), branch.clbits)


def test_controls_of_a_controlled_gate_join():
    twice = ControlledGate(ControlledGate(PauliRotationGate("XY", 0.3), 1, 0), 2, 1)
    assert (twice.num_controls, twice.ctrl_state, twice.num_qubits) == (3, 0b001, 5)
    assert isinstance(twice.base, PauliRotationGate)
    once = ControlledGate(PauliRotationGate("XY", 0.3), 1, 0).matrix()
    expected = np.eye(32, dtype=complex)
    expected[1::4, 1::4] = once
    assert np.array_equal(twice.matrix(), expected)
    assert ControlledGate(StandardGate("cx"), 1).num_controls == 2
    assert StandardGate("cx").controlled() == StandardGate("ccx")


def test_equal_gates_have_equal_hashes():
    zero, minus_zero = np.eye(2), np.array([[1, -0.0], [-0.0, 1]])
    assert UnitaryGate(zero) == UnitaryGate(minus_zero)
    assert hash(UnitaryGate(zero)) == hash(UnitaryGate(minus_zero))
    assert hash(DiagonalGate([1, 1j])) == hash(DiagonalGate([complex(1, -0.0), 1j]))


def test_pickling():
    a = Parameter("a")
    circuit = Circuit(3, 2).rx(a, 0).pauli_rotation("XYZ", 2 * a).mcp(a, [0, 1], 2).measure(0, 0).unitary(np.eye(2), 0)
    circuit.if_(0, lambda body: body.x(0)).diagonal([1, 1j], [1]).initialize([0, 1], 2).permutation([1, 0], [0])
    loaded = pickle.loads(pickle.dumps(circuit))
    assert loaded == circuit
    assert loaded.parameters == circuit.parameters
    assert loaded.clbit_registers == circuit.clbit_registers
    assert pickle.loads(pickle.dumps(STANDARD_GATES["rx"])) is STANDARD_GATES["rx"]


def test_final_measurements_are_those_nothing_follows():
    circuit = Circuit(2, 3).h(0).measure(0, 0).if_(0, lambda body: body.x(1)).measure(1, 1).barrier().measure(1, 2)
    body, final = circuit.split_final_measurements()
    assert final == ((1, 1), (1, 2))
    assert body.count_ops() == {"h": 1, "measure": 1, "if": 1}
    behind = Circuit(2, 1).measure(0, 0).barrier().x(1)
    assert behind.split_final_measurements()[1] == ((0, 0),)
    assert behind.without_final_measurements().count_ops() == {"barrier": 1, "x": 1}
    repeated = Circuit(1, 1).measure(0, 0)
    twice = repeated.compose(Circuit(1, 1).x(0)).compose(repeated)
    assert twice.split_final_measurements()[1] == ((0, 0),)
    assert twice.without_final_measurements().count_ops() == {"measure": 1, "x": 1}


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: Circuit(2).h(2), QubitIndexError, "qubit indices of this circuit are 0 to 1, got 2"),
        (lambda: Circuit(2).h(-1), QubitIndexError, "got -1"),
        (lambda: Circuit(2).h("a"), QubitIndexError, "integer, got 'a'"),
        (lambda: Circuit(2).h(1.0), QubitIndexError, "integer, got 1.0"),
        (lambda: Circuit(2).cx(1, 1), CircuitError, r"target qubits must be distinct, got \(1, 1\)"),
        (lambda: Circuit(2).measure(0, 0), QubitIndexError, "has no classical bits"),
        (lambda: Circuit(2, 2).measure([0, 1], [0]), CircuitError, "one classical bit for each qubit"),
        (lambda: Circuit(1).unitary([[1, 0], [0, 2]], 0), CircuitError, "must be unitary to 1e-08, got max"),
        (lambda: Circuit(1).unitary(np.eye(3), 0), CircuitError, r"got shape \(3, 3\)"),
        (lambda: Circuit(1).unitary([[np.nan, 0], [0, 1]], 0), CircuitError, "finite"),
        (lambda: Circuit(2).unitary(np.eye(2), [0, 1]), CircuitError, "acts on 1 qubits, got 2"),
        (lambda: Circuit(1).diagonal([1, 2]), CircuitError, "modulus 1 to 1e-08, off by 1"),
        (lambda: Circuit(1).diagonal([1, np.nan]), CircuitError, "modulus 1"),
        (lambda: Circuit(1).diagonal([1, 1, 1]), CircuitError, "power of two"),
        (lambda: Circuit(1).permutation([0, 0]), CircuitError, "each of 0 to 1 once"),
        (lambda: Circuit(2).permutation([1, 0]), CircuitError, "name its qubits"),
        (lambda: Circuit(1).initialize([1, 1]), CircuitError, "norm 1 to 1e-8, got 1.41421"),
        (lambda: Circuit(1).initialize([1, 0, 0]), CircuitError, "power of two"),
        (lambda: Circuit(2).pauli_rotation("XQ", 0.1), CircuitError, "letters I, X, Y and Z, got 'XQ'"),
        (lambda: Circuit(3).pauli_rotation("XX", 0.1), CircuitError, "name its qubits"),
        (lambda: Circuit(-1), CircuitError, "num_qubits must be an integer of at least 0, got -1"),
        (lambda: Circuit(1, 1.5), CircuitError, "num_clbits"),
        (lambda: Circuit(1, 1).measure(0, 0).inverse(), CircuitError, "only gates have an inverse, got measure"),
        (lambda: Circuit(1).reset(0).controlled(), CircuitError, "only gates can be controlled, got reset"),
        (lambda: Circuit(13).to_matrix(), CircuitError, "at most 12 qubits, got 13"),
        (lambda: Circuit(1).rx(Parameter("a"), 0).to_matrix(), UnboundParameterError, "none for a"),
        (lambda: Circuit(1, 1).if_(True, lambda body: body), CircuitError, "a condition is"),
        (lambda: Circuit(1, 1).if_(1, lambda body: body), QubitIndexError, "classical bit indices"),
        (lambda: Circuit(1, 1).if_(0, lambda body: body.measure_all()), CircuitError, "cannot add classical bits"),
        (lambda: Circuit(1).h(0).controlled(0), CircuitError, "num_controls must be an integer of at least 1, got 0"),
        (lambda: Circuit(2).controlled(-1), CircuitError, "num_controls must be an integer of at least 1, got -1"),
        (lambda: Circuit(1).h(0).controlled(1.5), CircuitError, "num_controls must be an integer"),
        (lambda: Circuit(1).h(0).controlled(1, 2), CircuitError, "ctrl_state must be 0 to 1"),
        (lambda: Circuit(2).controlled_unitary(np.eye(2), [0], [1], 2), CircuitError, "ctrl_state must be 0 to 1"),
        (lambda: Circuit(1).controlled_unitary(np.eye(2), [], [0]), CircuitError, "num_controls must be"),
        (lambda: Circuit(1).append("x", [0]), CircuitError, "gates and other instructions, got 'x'"),
        (lambda: Circuit(1).append(StandardGate("x"), None), QubitIndexError, "integer, got None"),
        (lambda: StandardGate("xyz"), CircuitError, "gate names are .*; got 'xyz'"),
        (lambda: StandardGate("rx", ()), CircuitError, "rx takes 1 angles, got 0"),
        (lambda: Circuit(1).unitary([[1, 0], [0]], 0), CircuitError, "rows of different lengths"),
        (
            lambda: Circuit(1).unitary("abc", 0),
            CircuitError,
            "a gate's matrix must be an array of numbers, got entries",
        ),
        (lambda: Circuit(1).diagonal(["a", "b"]), CircuitError, "a diagonal must be an array of numbers"),
        (lambda: Circuit(1).permutation([[1], [0, 1]]), CircuitError, "rows of different lengths"),
        (lambda: Circuit(1).initialize("ab"), CircuitError, "a state vector must be an array of numbers"),
        (lambda: Circuit(1, 1).if_(0, lambda body: body.compose(body)), CircuitError, "use extend in it"),
        (lambda: Condition((0,), "1"), CircuitError, "compare with 0 to 1, got '1'"),
        (lambda: Circuit(1).h(0).power(float("nan")), ParameterError, "exponent must be finite, got nan"),
        (lambda: StandardGate("h").power(float("inf")), ParameterError, "exponent must be finite, got inf"),
        (lambda: Circuit(1).power("2"), ParameterError, "exponent must be a real number, got '2'"),
    ],
)
def test_bad_input(build, error, message):
    with pytest.raises(error, match=message):
        build()


@pytest.mark.parametrize(
    "add", [lambda c: c.h([0, 1, 9]), lambda c: c.measure([0, 9], [0, 1]), lambda c: c.reset([1, 9])]
)
def test_a_refused_index_leaves_the_circuit_as_it_was(add):
    circuit = Circuit(2, 2).x(0)
    with pytest.raises(QubitIndexError, match="got 9"):
        add(circuit)
    assert circuit == Circuit(2, 2).x(0)


def test_a_circuit_that_grew_after_a_branch_can_be_added_to_another():
    grown = Circuit(1, 1).h(0).measure(0, 0).if_(0, lambda body: body.x(0)).measure_all()
    joined = Circuit(2, 3).compose(grown, [1], [2, 0])
    branch = joined.operations[2].gate
    assert (branch.qubits, branch.clbits) == ((1,), (2,))
    assert Circuit(1, 2).compose(grown) == grown


def test_measurements_stand_where_they_are_asked_for():
    circuit = Circuit(2, 1).measure(1, 0).measure_all().measure([0, 1], [2, 0])
    assert [(op.gate.name, op.qubits, op.clbits) for op in circuit] == [
        ("measure", (1,), (0,)),
        ("measure", (0,), (1,)),
        ("measure", (1,), (2,)),
        ("measure", (0,), (2,)),
        ("measure", (1,), (0,)),
    ]
    assert [(register.name, register.clbits) for register in circuit.clbit_registers] == [
        ("c", (0,)),
        ("meas", (1, 2)),
    ]
    assert len(Circuit(0).measure_all()) == 0
    for qubit, clbit in ((2, 0), (0, 1), (-1, 0), (True, 0), (0, 1.0)):
        with pytest.raises(QubitIndexError):
            Circuit(2, 1).measure(qubit, clbit)
