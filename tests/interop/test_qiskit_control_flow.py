import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import CASE_DEFAULT, Parameter
from qiskit.circuit.classical import expr, types
from qiskit_reference import assert_same_outcomes

import qtoolkit.circuit as qt
from qtoolkit.errors import ConversionError
from qtoolkit.interop.qiskit import from_qiskit, to_qiskit


def measured(num_clbits: int = 3) -> tuple[QuantumCircuit, ClassicalRegister, ClassicalRegister]:
    """Three rotated qubits measured into a register of `num_clbits` bits and one of one bit."""
    c, d = ClassicalRegister(num_clbits, "c"), ClassicalRegister(1, "d")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), c, d)
    for k in range(3):
        circuit.ry(0.4 + k, k)
    circuit.cx(0, 1)
    circuit.measure([0, 1], c[:2])
    circuit.measure(2, d[0])
    circuit.h(range(3))
    return circuit, c, d


def converts(reference: QuantumCircuit) -> qt.Circuit:
    circuit = from_qiskit(reference)
    assert_same_outcomes(circuit, reference)
    assert_same_outcomes(circuit, to_qiskit(circuit))
    return circuit


def branch_names(circuit: qt.Circuit) -> list[str]:
    return [str(op.gate.condition) for op in circuit if isinstance(op.gate, qt.IfElse)]


CONDITIONS = {
    "bit": lambda c, d: ((c[0], True), ["c0==1"]),
    "negated bit": lambda c, d: ((d[0], False), ["c3==0"]),
    "register": lambda c, d: ((c, 2), ["c0,c1,c2==2"]),
    "bare bit": lambda c, d: (expr.lift(c[1]), ["c1==1"]),
    "not": lambda c, d: (expr.logic_not(d[0]), ["c3==1"]),
    "bit not": lambda c, d: (expr.bit_not(c[1]), ["c1==0"]),
    "equal": lambda c, d: (expr.equal(c, 1), ["c0,c1,c2==1"]),
    "equal turned": lambda c, d: (expr.equal(3, c), ["c0,c1,c2==3"]),
    "not equal": lambda c, d: (expr.not_equal(c, 1), ["c0,c1,c2==1"]),
    "and": lambda c, d: (expr.logic_and(c[1], expr.logic_not(d[0])), ["c1,c3==1"]),
    "and bits": lambda c, d: (expr.bit_and(c[1], d[0]), ["c1,c3==3"]),
    "not and": lambda c, d: (expr.logic_not(expr.logic_and(c[0], d[0])), ["c0,c3==3"]),
    "or": lambda c, d: (expr.logic_or(c[0], d[0]), ["c0,c3==0"]),
    "xor": lambda c, d: (expr.bit_xor(c[0], d[0]), ["c0⊕c3==1"]),
    "less": lambda c, d: (expr.less(c, 2), ["c1,c2==0"]),
    "greater": lambda c, d: (expr.greater(c, 2), ["c0,c1,c2==0"]),
    "index": lambda c, d: (expr.index(c, 1), ["c1==1"]),
    "clash": lambda c, d: (expr.logic_and(c[0], expr.logic_not(c[0])), []),
    "always": lambda c, d: (expr.logic_or(c[0], expr.logic_not(c[0])), []),
    "value": lambda c, d: (expr.lift(True), []),
    "masked": lambda c, d: (expr.equal(expr.bit_and(c, 5), 1), ["c0,c2==1"]),
    "cast": lambda c, d: (expr.cast(c, types.Bool()), ["c0,c1,c2==0"]),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions(name):
    reference, c, d = measured()
    condition, expected = CONDITIONS[name](c, d)
    with reference.if_test(condition) as else_:
        reference.rx(0.3, 0)
        reference.cx(0, 2)
    with else_:
        reference.ry(0.7, 1)
    assert branch_names(converts(reference)) == expected


def test_condition_without_else_and_with_measurement_inside():
    reference, c, _ = measured()
    with reference.if_test((c, 1)):
        reference.measure(0, c[0])
        with reference.if_test((c[0], 0)):
            reference.x(2)
            reference.reset(1)
        reference.z(0)
    circuit = converts(reference)
    assert from_qiskit(to_qiskit(circuit)) == circuit


def test_bodies_may_permute_bits():
    body = QuantumCircuit(2, 2)
    body.cx(0, 1)
    body.measure(1, 0)
    reference, c, d = measured()
    reference.if_else((d[0], True), body, None, [2, 0], [c[2], d[0]])
    converts(reference)


def test_global_phase_of_a_branch():
    reference, _, d = measured()
    with reference.if_test((d[0], True)):
        reference.global_phase = 0.2
        reference.x(0)
    assert len(converts(reference).operations[-1].gate.body) == 2


@pytest.mark.parametrize("target", ["register", "bit", "expression"])
def test_switch(target):
    reference, c, d = measured()
    bodies = [QuantumCircuit(3, 4) for _ in range(3)]
    for k, body in enumerate(bodies):
        body.rx(0.3 + k, k)
    value, labels = {
        "register": (c, [0, (1, 3), CASE_DEFAULT]),
        "bit": (d[0], [False, True]),
        "expression": (expr.bit_or(c, 1), [0, (1, 5)]),
    }[target]
    reference.switch(value, list(zip(labels, bodies, strict=False)), range(3), range(4))
    converts(reference)


def test_for_loop_is_unrolled():
    theta = Parameter("theta")
    reference, _, _ = measured()
    with reference.for_loop(range(3), theta):
        reference.rx(0.1 * theta + 0.2, 1)
        reference.cx(1, 2)
    with reference.for_loop((5, 7)):
        reference.h(0)
    circuit = from_qiskit(reference)
    unrolled, _, _ = measured()
    for k in range(3):
        unrolled.rx(0.1 * k + 0.2, 1)
        unrolled.cx(1, 2)
    unrolled.h(0)
    unrolled.h(0)
    assert_same_outcomes(circuit, unrolled)


def test_box_is_inlined():
    reference = QuantumCircuit(2)
    with reference.box():
        reference.h(1)
    assert list(from_qiskit(reference).count_ops()) == ["h"]


def test_condition_on_some_bits_of_registers():
    circuit = qt.Circuit(2, 3).h(0).measure(0, 0).h(0).measure(0, 2)
    circuit.if_(qt.Condition((2, 0), 1), lambda body: body.x(1), lambda body: body.y(1))
    assert_same_outcomes(circuit, to_qiskit(circuit))
    assert from_qiskit(to_qiskit(circuit)) == circuit


def while_loop() -> QuantumCircuit:
    reference, c, _ = measured()
    with reference.while_loop((c, 0)):
        reference.x(0)
    return reference


def breaking_loop() -> QuantumCircuit:
    reference, c, _ = measured()
    with reference.for_loop(range(3)):
        reference.x(0)
        with reference.if_test((c, 0)):
            reference.break_loop()
    return reference


def endless_loop() -> QuantumCircuit:
    reference = QuantumCircuit(1)
    with reference.for_loop(range(10**9)):
        reference.x(0)
    return reference


def stored_variable() -> QuantumCircuit:
    reference = QuantumCircuit(1)
    reference.add_var("flag", expr.lift(True))
    return reference


def condition_on_variable() -> QuantumCircuit:
    reference = QuantumCircuit(1)
    flag = reference.add_input("flag", types.Bool())
    with reference.if_test(flag):
        reference.x(0)
    return reference


def wide_comparison() -> QuantumCircuit:
    reference, c, _ = measured(11)
    with reference.if_test(expr.less(c, 5)):
        reference.x(0)
    return reference


def many_values() -> QuantumCircuit:
    reference, c, _ = measured(8)
    parity = expr.index(c, 0)
    for k in range(1, 8):
        parity = expr.bit_xor(parity, expr.index(c, k))
    with reference.if_test(parity):
        reference.x(0)
    return reference


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (while_loop, "'while_loop' at position 10: its number of rounds is known at run time only"),
        (breaking_loop, "'break_loop' at position 0 of 'if_else' at position 1 of 'for_loop' at position 10"),
        (endless_loop, "a loop is unrolled up to 100000 rounds, got 1000000000"),
        (stored_variable, "'store' at position 0: classical variables have no counterpart"),
        (condition_on_variable, "got the classical variable 'flag'"),
        (wide_comparison, "may read at most 10 bits, got 11"),
        (many_values, "at most 64 equalities, got 128"),
    ],
)
def test_what_cannot_be_imported_is_named(build, message):
    with pytest.raises(ConversionError, match=message):
        from_qiskit(build())
