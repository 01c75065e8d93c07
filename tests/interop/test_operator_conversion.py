import cirq
import numpy as np
import pytest
import sympy
from qiskit.circuit import Parameter
from qiskit.quantum_info import Operator, Pauli, PauliList, SparseObservable, SparsePauliOp

from qtoolkit.errors import ConversionError
from qtoolkit.interop.operators import (
    pauli_sum_from_cirq,
    pauli_sum_from_qiskit,
    pauli_sum_to_cirq,
    pauli_sum_to_qiskit,
)
from qtoolkit.operators import PauliString, PauliSum

A, B, C = cirq.LineQubit.range(3)


def random_sum(num_qubits: int, num_terms: int) -> PauliSum:
    rng = np.random.default_rng([num_qubits, num_terms])
    masks = rng.integers(1 << num_qubits, size=(2, num_terms))
    return PauliSum(masks[0], masks[1], rng.normal(size=num_terms) + 1j * rng.normal(size=num_terms), num_qubits)


@pytest.mark.parametrize(("num_qubits", "num_terms"), [(1, 1), (3, 20), (62, 5)])
def test_qiskit_round_trip_keeps_order_and_letters(num_qubits, num_terms):
    op = random_sum(num_qubits, num_terms)
    theirs = pauli_sum_to_qiskit(op)
    assert theirs.to_list() == op.to_list()
    assert pauli_sum_from_qiskit(theirs).to_list() == op.to_list()


def test_qiskit_matrices_agree():
    op = random_sum(4, 12)
    np.testing.assert_allclose(pauli_sum_to_qiskit(op).to_matrix(), op.to_matrix(), atol=1e-12)


def test_every_kind_of_qiskit_operator_is_read():
    assert pauli_sum_from_qiskit(Pauli("-iXYZ")) == -1j * PauliString("XYZ")
    assert pauli_sum_from_qiskit(PauliList(["XI", "-ZZ"])) == PauliString("XI") - PauliString("ZZ")
    observable = SparseObservable.from_list([("IX", 2.0), ("0I", 1.0)])
    assert pauli_sum_from_qiskit(observable) == PauliSum.from_list([("IX", 2), ("II", 0.5), ("ZI", 0.5)])
    assert pauli_sum_to_qiskit(PauliString("XY")) == SparsePauliOp("XY")
    assert pauli_sum_from_qiskit(pauli_sum_to_qiskit(PauliSum.zero(2))) == PauliSum.zero(2)


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (Operator(np.eye(2)), "got Operator; wrap a matrix in SparsePauliOp.from_operator"),
        (SparsePauliOp(["X"], np.array([Parameter("a")])), "a is free: call assign_parameters first"),
        (SparsePauliOp("X" * 63), "at most 62 qubits, got 63"),
    ],
)
def test_what_cannot_come_from_qiskit_is_named(op, message):
    with pytest.raises(ConversionError, match=message):
        pauli_sum_from_qiskit(op)


@pytest.mark.parametrize(("num_qubits", "num_terms"), [(1, 3), (3, 20), (10, 8)])
def test_cirq_round_trip(num_qubits, num_terms):
    op = random_sum(num_qubits, num_terms)
    qubits = cirq.LineQubit.range(num_qubits)
    assert pauli_sum_from_cirq(pauli_sum_to_cirq(op), qubits).allclose(op, 1e-13)
    named = cirq.NamedQubit.range(num_qubits, prefix="q")[::-1]
    assert pauli_sum_from_cirq(pauli_sum_to_cirq(op, named), named).allclose(op, 1e-13)


def test_cirq_matrices_agree_with_the_highest_qubit_first():
    op = random_sum(3, 10)
    np.testing.assert_allclose(pauli_sum_to_cirq(op).matrix([C, B, A]), op.to_matrix(), atol=1e-12)


def test_cirq_order_is_sorted_unless_given():
    theirs = 2 * cirq.X(C) * cirq.Z(A) - cirq.Y(A)
    assert pauli_sum_from_cirq(theirs) == PauliSum.from_list([("XZ", 2), ("IY", -1)])
    assert pauli_sum_from_cirq(theirs, [A, B, C]) == PauliSum.from_list([("XIZ", 2), ("IIY", -1)])
    assert pauli_sum_from_cirq(theirs, [C, A]) == PauliSum.from_list([("ZX", 2), ("YI", -1)])


def test_every_kind_of_cirq_operator_is_read():
    assert pauli_sum_from_cirq(cirq.X(A)) == PauliSum.from_list([("X", 1)])
    assert pauli_sum_from_cirq(1j * cirq.X(A) * cirq.Y(B)) == 1j * PauliString("YX")
    assert pauli_sum_from_cirq(cirq.PauliSum() + 3, [A]) == 3 * PauliSum.identity(1)
    assert pauli_sum_from_cirq(pauli_sum_to_cirq(PauliSum.zero(2)), [A, B]) == PauliSum.zero(2)
    assert pauli_sum_to_cirq(PauliString("XI")) == cirq.PauliSum.wrap(cirq.PauliString(cirq.X(B)))


@pytest.mark.parametrize(
    ("convert", "message"),
    [
        (lambda: pauli_sum_from_cirq(cirq.X), "must be a PauliSum or PauliString, got _PauliX"),
        (lambda: pauli_sum_from_cirq(cirq.PauliSum() + 1), "give qubits"),
        (lambda: pauli_sum_from_cirq(cirq.X(C), [A, B]), r"must be among qubits, but \['q\(2\)'\] is not"),
        (lambda: pauli_sum_from_cirq(cirq.X(A), [A, A]), "qubits must be distinct"),
        (
            lambda: pauli_sum_from_cirq(cirq.PauliString(cirq.X(A), coefficient=sympy.Symbol("a"))),
            r"got 1\.0\*a: resolve parameters first",
        ),
        (lambda: pauli_sum_to_cirq(PauliString("XX"), [A]), "must name 2 distinct qubits"),
        (lambda: pauli_sum_to_cirq(PauliString("XX"), [A, A]), "must name 2 distinct qubits"),
    ],
)
def test_what_cannot_pass_to_or_from_cirq_is_named(convert, message):
    with pytest.raises(ConversionError, match=message):
        convert()
