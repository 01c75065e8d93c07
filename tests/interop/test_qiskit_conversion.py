import math

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Clbit, Delay, Instruction, Parameter, ParameterVector, Qubit
from qiskit.circuit import Gate as QiskitGate
from qiskit.circuit import library as lib
from qiskit.circuit.random import random_circuit
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector, random_unitary
from qiskit_reference import assert_same_outcomes
from random_circuits import random_dynamic_circuit, random_gate_circuit

import qtoolkit.circuit as qt
from qtoolkit.errors import ConversionError
from qtoolkit.interop.qiskit import EstimatorV2, from_qiskit, to_qiskit
from qtoolkit.simulators import StatevectorSimulator

RECORDS = tuple(qt.STANDARD_GATES.values())


def assert_same_unitary(circuit: qt.Circuit, reference: QuantumCircuit) -> None:
    np.testing.assert_allclose(circuit.to_matrix(), Operator(reference).data, atol=1e-10)


def assert_converts_exactly(circuit: QuantumCircuit) -> qt.Circuit:
    """Import, and export of what was imported, give the unitary with its global phase."""
    converted = from_qiskit(circuit)
    assert_same_unitary(converted, circuit)
    assert_same_unitary(converted, to_qiskit(converted))
    return converted


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_gate_goes_both_ways(record):
    rng = np.random.default_rng(len(record.name))
    gate = qt.StandardGate(record, tuple(rng.uniform(-3, 3, record.num_params)))
    circuit = qt.Circuit(record.num_qubits + 1).append(gate, range(record.num_qubits, 0, -1))
    there = to_qiskit(circuit)
    assert_same_unitary(circuit, there)
    back = from_qiskit(there)
    if record.name == "fsim":
        assert_same_unitary(back, there)  # Qiskit has no such gate: its decomposition comes back
    else:
        assert list(back) == list(circuit)


@pytest.mark.parametrize("state", [0, 1, 2, 3])
@pytest.mark.parametrize("record", [r for r in RECORDS if r.base is None], ids=lambda record: record.name)
def test_controlled_gates_with_any_control_value(record, state):
    rng = np.random.default_rng(state)
    gate = qt.StandardGate(record, tuple(rng.uniform(-3, 3, record.num_params))).controlled(2, state)
    circuit = qt.Circuit(gate.num_qubits).append(gate, rng.permutation(gate.num_qubits).tolist())
    assert_same_unitary(circuit, to_qiskit(circuit))
    assert_same_unitary(from_qiskit(to_qiskit(circuit)), to_qiskit(circuit))


def test_array_gates_go_both_ways():
    rng = np.random.default_rng(3)
    circuit = (
        qt.Circuit(4)
        .unitary(random_unitary(4, seed=1).data, (2, 0), label="mine")
        .diagonal(np.exp(1j * rng.uniform(0, 6, 8)), (3, 1, 0))
        .permutation([0, 2, 4, 6, 1, 3, 5, 7], (0, 1, 3))
        .permutation(rng.permutation(8), (3, 0, 2))
        .pauli_rotation("XIZY", 0.7)
        .pauli_rotation("II", 0.3, (0, 1))
        .append(qt.DiagonalGate([1, 1j, -1, 1]).controlled(1, 0), (3, 0, 1))
        .append(qt.PermutationGate([1, 2, 3, 0]).controlled(1), (3, 0, 1))
        .append(qt.PauliRotationGate("XY", 0.4).controlled(2, 1), (3, 0, 1, 2))
        .append(qt.UnitaryGate(random_unitary(4, seed=2).data).controlled(1, 0), (1, 3, 2))
        .append(qt.StandardGate("gphase", (0.4,)), ())
        .append(qt.UnitaryGate([[1j]]), ())
    )
    there = to_qiskit(circuit)
    assert [i.name for i in there.data[:5]] == [
        "unitary",
        "diagonal",
        "permutation",
        "unitary",
        "pauli_product_rotation",
    ]
    assert there.data[0].operation.label == "mine"
    assert_same_unitary(circuit, there)
    back = from_qiskit(there)
    assert_same_unitary(back, there)
    for index in (0, 1, 2, 4, 5):
        assert back.operations[index + 1] == circuit.operations[index]  # after the global phase, which comes first


def test_random_circuits_agree_with_qiskit():
    for seed in range(40):
        n = seed % 8 + 1
        assert_converts_exactly(random_circuit(n, 4, max_operands=min(n, 4), seed=seed))


@pytest.mark.parametrize("num_qubits", range(1, 13))
def test_random_circuits_over_every_gate_agree_with_qiskit(num_qubits):
    circuit = random_gate_circuit(num_qubits, 60, num_qubits)
    exported = to_qiskit(circuit)
    exact = Statevector(exported).data
    for ours in (circuit, from_qiskit(exported)):
        np.testing.assert_allclose(StatevectorSimulator().state_vector(ours), exact, atol=1e-10)
        single = StatevectorSimulator(precision="single").state_vector(ours)
        np.testing.assert_allclose(single, exact, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_random_dynamic_circuits_agree_with_qiskit(seed):
    circuit = random_dynamic_circuit(seed % 3 + 1, 6, seed)
    exported = to_qiskit(circuit)
    assert_same_outcomes(circuit, exported)
    assert_same_outcomes(from_qiskit(exported), exported)


@pytest.mark.parametrize("seed", range(12))
def test_random_circuits_with_measurement_agree_with_qiskit(seed):
    n = seed % 4 + 1
    reference = random_circuit(n, 4, max_operands=min(n, 3), measure=True, conditional=True, reset=True, seed=seed)
    circuit = from_qiskit(reference)
    assert_same_outcomes(circuit, reference)
    assert_same_outcomes(circuit, to_qiskit(circuit))
    assert from_qiskit(to_qiskit(circuit)).clbit_registers == circuit.clbit_registers


def test_global_phase_comes_first_and_adds_up():
    reference = QuantumCircuit(1, global_phase=0.3)
    reference.append(lib.GlobalPhaseGate(0.4), [])
    circuit = from_qiskit(reference)
    assert [op.gate.params for op in circuit] == [(0.3,), (0.4,)]
    assert to_qiskit(circuit).global_phase == pytest.approx(0.7, abs=1e-15)


def test_pauli_evolution_is_its_product_formula():
    operator = SparsePauliOp.from_list([("XIZ", 0.3), ("IYX", -0.2), ("III", 0.5)])
    reference = QuantumCircuit(3)
    reference.append(lib.PauliEvolutionGate(operator, 0.7), [2, 0, 1])
    circuit = from_qiskit(reference)
    assert set(circuit.count_ops()) == {"pauli_rotation", "gphase"}
    assert_same_unitary(circuit, reference.decompose())


def test_annotated_operations():
    inner = QuantumCircuit(2, global_phase=0.4)
    inner.h(0)
    inner.cx(0, 1)
    inner.rz(0.3, 1)
    gate = inner.to_gate()
    reference = QuantumCircuit(4)
    reference.append(gate.control(2, ctrl_state=1, annotated=True), [3, 1, 0, 2])
    reference.append(gate.inverse(annotated=True), [1, 0])
    reference.append(gate.power(0.5, annotated=True), [2, 3])
    assert_converts_exactly(reference)


def test_registers_keep_names_and_order():
    a, b = QuantumRegister(2, "a"), QuantumRegister(1, "b")
    c, d = ClassicalRegister(1, "c"), ClassicalRegister(2, "d")
    reference = QuantumCircuit(a, b, c, d)
    reference.h(a[1])
    reference.measure(b[0], d[1])
    circuit = from_qiskit(reference)
    assert [(r.name, r.qubits) for r in circuit.qubit_registers] == [("a", (0, 1)), ("b", (2,))]
    assert [(r.name, r.clbits) for r in circuit.clbit_registers] == [("c", (0,)), ("d", (1, 2))]
    assert to_qiskit(circuit) == reference


def test_overlapping_registers_and_loose_bits():
    qubits, clbits = [Qubit() for _ in range(3)], [Clbit() for _ in range(3)]
    reference = QuantumCircuit(qubits, clbits)
    reference.add_register(QuantumRegister(name="pair", bits=[qubits[2], qubits[0]]))
    reference.add_register(ClassicalRegister(name="low", bits=clbits[:2]))
    reference.add_register(ClassicalRegister(name="turned", bits=[clbits[1], clbits[0]]))
    reference.measure([0, 1, 2], [2, 0, 1])
    circuit = from_qiskit(reference)
    assert [r.clbits for r in circuit.clbit_registers] == [(0, 1), (1, 0)]
    assert circuit.qubit_registers[0].qubits == (2, 0)
    assert to_qiskit(circuit) == reference


def test_register_names_shared_by_qubits_and_clbits_are_told_apart():
    circuit = qt.Circuit(1)
    circuit.name_qubits("r", (0,))
    circuit.add_clbits(1, "r")
    there = to_qiskit(circuit)
    assert (there.qregs[0].name, there.cregs[0].name) == ("r_", "r")


def test_linear_parameters_both_ways():
    x, v = Parameter("x"), ParameterVector("v", 12)
    reference = QuantumCircuit(2, global_phase=x / 2)
    reference.rx(x, 0)
    reference.rz(2 * x - v[10] / 3 + 1, 1)
    reference.crz(v[2] - x + x, 0, 1)
    reference.append(lib.PauliEvolutionGate(SparsePauliOp("XY"), v[0]), [0, 1])
    circuit = from_qiskit(reference)
    names = [p.name for p in circuit.parameters]
    assert set(names) == {"x", "v[10]", "v[2]", "v[0]"}
    values = dict(zip(names, np.random.default_rng(0).uniform(-3, 3, 4), strict=True))
    bound = reference.assign_parameters({p: values[p.name] for p in reference.parameters})
    assert_same_unitary(circuit.bind(values), bound.decompose("PauliEvolution"))
    there = to_qiskit(circuit)
    assert [p.name for p in there.parameters] == ["v[0]", "v[2]", "v[10]", "x"]  # a vector sorts by index
    assert from_qiskit(there) == circuit


def test_controlled_gates_keep_parameters():
    theta = qt.Parameter("theta")
    circuit = qt.Circuit(4)
    for name, count in (("rx", 3), ("p", 3), ("rzz", 2), ("xx_plus_yy", 1), ("u", 1), ("gphase", 2), ("fsim", 1)):
        angles = (2 * theta + 0.1, theta, -theta)[: qt.STANDARD_GATES[name].num_params]
        gate = qt.StandardGate(name, angles).controlled(count, 1)
        circuit.append(gate, range(gate.num_qubits))
    circuit.append(qt.PauliRotationGate("ZX", theta).controlled(2), range(4))
    there = to_qiskit(circuit)
    assert_same_unitary(circuit.bind([0.7]), there.assign_parameters([0.7]))
    assert_same_unitary(from_qiskit(there).bind([0.7]), there.assign_parameters([0.7]))


def test_parameters_inside_branches():
    theta = Parameter("theta")
    reference = QuantumCircuit(1, 1)
    with reference.if_test((reference.clbits[0], 0)):
        reference.rx(2 * theta, 0)
    circuit = from_qiskit(reference)
    assert [p.name for p in circuit.parameters] == ["theta"]
    assert_same_outcomes(circuit.bind([0.3]), reference.assign_parameters([0.3]))
    assert from_qiskit(to_qiskit(circuit)) == circuit


def test_bound_and_repeated_expressions_collapse_to_numbers():
    x = Parameter("x")
    reference = QuantumCircuit(1)
    reference.rx((x - x) + 0.5, 0)
    reference.rx((2 * x).bind({x: 0.25}), 0)
    assert [op.gate.params for op in from_qiskit(reference)] == [(0.5,), (0.5,)]


@pytest.mark.parametrize(
    "instruction",
    [
        lib.Initialize([1 / math.sqrt(2), 0, 0, 1j / math.sqrt(2)]),
        lib.Initialize("r-"),
        lib.Initialize(2, 2),
    ],
    ids=["amplitudes", "label", "basis state"],
)
def test_initialize(instruction):
    reference = QuantumCircuit(3, 1)
    reference.h([0, 1])
    reference.cx(1, 2)
    reference.append(instruction, [2, 0])
    reference.measure(1, 0)
    circuit = from_qiskit(reference)
    assert circuit.count_ops()["initialize"] == 1
    assert_same_outcomes(circuit, reference)
    assert_same_outcomes(circuit, to_qiskit(circuit))


def test_nested_definitions_with_measurement():
    inner = QuantumCircuit(2, 2, name="inner")
    inner.h(0)
    inner.measure([0, 1], [1, 0])
    outer = QuantumCircuit(3, 3, name="outer")
    outer.append(inner.to_instruction(), [2, 0], [2, 1])
    reference = QuantumCircuit(3, 3)
    reference.append(outer.to_instruction(), [1, 2, 0], [0, 2, 1])
    assert_same_outcomes(from_qiskit(reference), reference.decompose(reps=2))


def test_delays_are_left_out():
    reference = QuantumCircuit(1)
    reference.append(Delay(100), [0])
    reference.x(0)
    assert list(from_qiskit(reference).count_ops()) == ["x"]


def opaque() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.append(QiskitGate("mystery", 2, []), [1, 0])
    return circuit


def hidden_opaque() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    circuit.append(opaque().to_gate(), [0, 2])
    return circuit


def nonlinear() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("a") * Parameter("b"), 0)
    return circuit


def transcendental() -> QuantumCircuit:
    return QuantumCircuit(1, global_phase=Parameter("a").sin())


def opaque_instruction() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.append(Instruction("save_state", 1, 0, []), [0])
    return circuit


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (opaque, r"'mystery' at position 1: it is opaque"),
        (hidden_opaque, r"'mystery' at position 1 of 'circuit-\d+' at position 0"),
        (nonlinear, r"'rx' at position 0: angles are linear in the parameters, got a\*b"),
        (transcendental, r"the global phase: angles are linear in the parameters, got sin\(a\)"),
        (opaque_instruction, r"'save_state' at position 0"),
    ],
)
def test_what_cannot_be_imported_is_named(build, message):
    with pytest.raises(ConversionError, match=message):
        from_qiskit(build())


def test_wrong_types_are_refused():
    with pytest.raises(ConversionError, match="from_qiskit takes a QuantumCircuit, got Circuit"):
        from_qiskit(qt.Circuit(1))
    with pytest.raises(ConversionError, match="to_qiskit takes a Circuit, got QuantumCircuit"):
        to_qiskit(QuantumCircuit(1))


def test_instructions_unknown_to_qiskit_are_named():
    class Odd(qt.Instruction):
        name = "odd"
        num_qubits = 1

    class Sealed(qt.Gate):
        name = "sealed"
        num_qubits = 1

        def matrix(self):
            return np.eye(2)

        def inverse(self):
            return self

    with pytest.raises(ConversionError, match="'odd' at position 1: Qiskit has no such instruction"):
        to_qiskit(qt.Circuit(1).h(0).append(Odd(), (0,)))
    with pytest.raises(ConversionError, match="'sealed' at position 0: Qiskit has no such gate"):
        to_qiskit(qt.Circuit(1).append(Sealed(), (0,)))


def test_a_list_of_values_means_what_it_means_in_qiskit():
    z, b, v = Parameter("z"), Parameter("b"), ParameterVector("v", 11)
    reference = QuantumCircuit(2, 1, global_phase=v[10] / 3)
    reference.rx(z, 0)
    reference.cx(0, 1)
    reference.ry(v[10], 0)
    reference.rz(v[2] + b, 1)
    reference.rx(v[3] - v[3], 0)  # no gate needs its value, and a list has it
    with reference.if_test((reference.clbits[0], 0)):
        reference.rx(Parameter("a"), 0)
    circuit = from_qiskit(reference)
    assert [p.name for p in circuit.parameters] == [p.name for p in reference.parameters]
    assert repr(circuit).endswith("parameters (a, b, v[2], v[3], v[10], z)")
    values = list(np.random.default_rng(1).uniform(-3, 3, 6))
    assert_same_outcomes(circuit.bind(values), reference.assign_parameters(values))
    there = to_qiskit(circuit)
    assert_same_outcomes(circuit.bind(values), there.assign_parameters([*values[:3], *values[4:]]))


def test_primitives_take_values_in_qiskits_order():
    theta, a = Parameter("theta"), Parameter("a")
    reference = QuantumCircuit(2)
    reference.ry(theta, 0)
    reference.crx(a * a, 0, 1)  # not linear: a parameter of its own here
    reference.rx(a, 0)
    reference.append(lib.RZZGate(a - a), [0, 1])
    observable = SparsePauliOp(["ZZ", "XI", "YX"], [1.0, 0.5, 0.25])
    values = [[0.4, 1.9], [1.9, 0.4]]
    expected = StatevectorEstimator().run([(reference, observable, values)]).result()[0].data.evs
    found = EstimatorV2().run([(reference, observable, values)]).result()[0].data.evs
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert abs(expected[0] - expected[1]) > 0.1
