"""Gates between Cirq and the toolkit: every kind, both ways, exact with the global phase."""

from __future__ import annotations

import math

import cirq
import numpy as np
import pytest
import sympy
from cirq_cases import numeric_gates, symbolic_gates

from qtoolkit.circuit import STANDARD_GATES, Circuit, Parameter, StandardGate
from qtoolkit.errors import ConversionError, ParameterError
from qtoolkit.interop.cirq import from_cirq, to_cirq

TOLERANCE = 1e-12
X = sympy.Symbol("x")


def as_unitary(circuit: Circuit) -> np.ndarray:
    """The matrix in Cirq's order of qubits."""
    reversed_qubits = range(circuit.num_qubits)[::-1]
    return Circuit(circuit.num_qubits).extend(circuit, reversed_qubits).to_matrix()


def from_gate(gate: cirq.Gate) -> Circuit:
    return from_cirq(cirq.Circuit(gate.on(*cirq.LineQubit.range(cirq.num_qubits(gate)))), in_line(gate))


def in_line(gate: cirq.Gate) -> list[cirq.LineQubit]:
    return cirq.LineQubit.range(cirq.num_qubits(gate))


def test_every_kind_of_cirq_gate_keeps_its_unitary() -> None:
    for gate in numeric_gates():
        converted = from_gate(gate)
        np.testing.assert_allclose(as_unitary(converted), cirq.unitary(gate), atol=TOLERANCE, err_msg=repr(gate))


def test_symbols_become_parameters() -> None:
    for gate in symbolic_gates(X):
        converted = from_gate(gate)
        assert converted.parameters == (Parameter("x"),)
        for value in (0.3, -2.2):
            expected = cirq.unitary(cirq.resolve_parameters(gate, {"x": value}))
            found = as_unitary(converted.bind({"x": value}))
            np.testing.assert_allclose(found, expected, atol=TOLERANCE, err_msg=repr(gate))


@pytest.mark.parametrize("name", STANDARD_GATES)
def test_every_record_goes_there_and_back(name: str) -> None:
    record = STANDARD_GATES[name]
    rng = np.random.default_rng(7)
    width = record.num_qubits + 1
    line = cirq.LineQubit.range(width)
    for _ in range(3):
        place = rng.permutation(width)[: record.num_qubits].tolist()
        gate = StandardGate(name, rng.uniform(-7, 7, record.num_params).tolist())
        circuit = Circuit(width).append(gate, place).append(gate.controlled(1, 0), [*place, *_rest(place, width)][::-1])
        there = to_cirq(circuit)
        np.testing.assert_allclose(there.unitary(qubit_order=line[::-1]), circuit.to_matrix(), atol=TOLERANCE)
        np.testing.assert_allclose(from_cirq(there).to_matrix(), circuit.to_matrix(), atol=TOLERANCE)
        cirq.testing.assert_json_roundtrip_works(there)
        for operation in there.all_operations():
            if operation.gate is not None:
                cirq.testing.assert_has_consistent_apply_unitary(operation)
                cirq.testing.assert_specifies_has_unitary_if_unitary(operation)


def _rest(place: list[int], width: int) -> list[int]:
    return [k for k in range(width) if k not in place]


@pytest.mark.parametrize("name", [name for name, record in STANDARD_GATES.items() if record.num_params])
def test_parameters_of_every_record_go_there_and_back(name: str) -> None:
    record = STANDARD_GATES[name]
    angles = [2 * Parameter(f"a{k}") - Parameter("b") / 3 + 0.1 for k in range(record.num_params)]
    circuit = Circuit(max(record.num_qubits, 1)).append(StandardGate(name, angles), range(record.num_qubits))
    there = to_cirq(circuit)
    values = {f"a{k}": 0.4 + k for k in range(record.num_params)} | {"b": -1.7}
    expected = circuit.bind(values).to_matrix()
    line = cirq.LineQubit.range(circuit.num_qubits)
    found = cirq.resolve_parameters(there, values).unitary(qubit_order=line[::-1])
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)
    back = from_cirq(there)
    assert {parameter.name for parameter in back.parameters} == set(values)
    np.testing.assert_allclose(back.bind(values).to_matrix(), expected, atol=TOLERANCE)


def test_angles_survive_the_round_trip_without_rounding() -> None:
    theta = 3 * Parameter("theta") + 0.1
    back = from_cirq(to_cirq(Circuit(1).rx(theta, 0).p(theta, 0)))
    assert [operation.gate.params for operation in back] == [(theta,), (theta,)]


def test_gates_given_by_arrays_go_there_and_back() -> None:
    rng = np.random.default_rng(3)
    matrix = cirq.testing.random_unitary(4, random_state=5)
    circuit = (
        Circuit(4)
        .unitary(matrix, (2, 0))
        .controlled_unitary(matrix, (1, 3), (0, 2), ctrl_state=2)
        .diagonal(np.exp(1j * rng.uniform(-4, 4, 8)), (3, 0, 1))
        .permutation(rng.permutation(8), (2, 3, 1))
        .pauli_rotation("XIYZ", 0.8, (1, 0, 3, 2))
        .pauli_rotation("II", 0.3, (1, 2))
        .mcx((0, 2, 3), 1)
        .mcp(0.6, (1, 2, 3), 0)
    )
    there = to_cirq(circuit)
    line = cirq.LineQubit.range(4)
    np.testing.assert_allclose(there.unitary(qubit_order=line[::-1]), circuit.to_matrix(), atol=TOLERANCE)
    np.testing.assert_allclose(from_cirq(there).to_matrix(), circuit.to_matrix(), atol=TOLERANCE)
    cirq.testing.assert_json_roundtrip_works(there)


def test_common_gates_keep_their_names() -> None:
    a, b, c = cirq.LineQubit.range(3)
    circuit = cirq.Circuit(
        *(cirq.H(a), cirq.X(b), cirq.T(c), cirq.S(a) ** -1, cirq.CNOT(a, b), cirq.CCZ(a, b, c), cirq.CZ(b, c)),
        *(cirq.rx(0.1)(a), cirq.ISWAP(a, b), cirq.SWAP(b, c), cirq.FSimGate(0.1, 0.2)(a, c), cirq.CSWAP(a, b, c)),
    )
    names = [operation.gate.name for operation in from_cirq(circuit)]
    assert sorted(names) == sorted(["h", "x", "t", "sdg", "cx", "ccz", "cz", "rx", "iswap", "swap", "fsim", "cswap"])
    assert to_cirq(from_cirq(circuit)) == circuit


def test_pauli_strings_and_their_exponentials() -> None:
    a, b, c = cirq.LineQubit.range(3)
    total = cirq.X(a) * cirq.X(b) * 0.4 + cirq.Z(a) * cirq.Z(b) * -0.3
    circuit = cirq.Circuit(
        cirq.Y(c) * cirq.Z(a) * 1j,
        cirq.PauliStringPhasor(cirq.X(c) * cirq.Z(a) * -1, exponent_neg=0.2, exponent_pos=-0.7),
        cirq.PauliSumExponential(total, exponent=0.6),
        cirq.PauliSumExponential(1j * total, exponent=0.6),
    )
    np.testing.assert_allclose(as_unitary(from_cirq(circuit)), cirq.unitary(circuit), atol=TOLERANCE)


class Imprecise(cirq.Gate):
    """Its matrix is unitary in single precision alone, as Cirq's own are where an exponent is in that."""

    def _num_qubits_(self) -> int:
        return 1

    def _unitary_(self) -> np.ndarray:
        return np.eye(2, dtype=np.complex64) * np.complex64(1 + 1e-7)


class Undecomposed(cirq.Gate):
    """A gate that only its matrix defines."""

    def __init__(self, num_qubits: int) -> None:
        self._count = num_qubits

    def _num_qubits_(self) -> int:
        return self._count

    def _unitary_(self) -> np.ndarray:
        return cirq.testing.random_unitary(1 << self._count, random_state=1)


class DecomposedUpToPhase(cirq.Gate):
    """A gate whose decomposition lacks a global phase, which Cirq allows."""

    def _num_qubits_(self) -> int:
        return 2

    def _unitary_(self) -> np.ndarray:
        return np.exp(0.4j) * cirq.unitary(cirq.CNOT)

    def _decompose_(self, qubits: list[cirq.Qid]) -> list[cirq.Operation]:
        return [cirq.CNOT(*qubits)]


class WithAncilla(cirq.Gate):
    """A gate that decomposes on a qubit of its own."""

    def _num_qubits_(self) -> int:
        return 1

    def _unitary_(self) -> np.ndarray:
        return cirq.unitary(cirq.Z)

    def _decompose_(self, qubits: list[cirq.Qid]) -> list[cirq.Operation]:
        ancilla = cirq.NamedQubit("ancilla")
        return [cirq.CNOT(qubits[0], ancilla), cirq.Z(ancilla), cirq.CNOT(qubits[0], ancilla)]


@pytest.mark.parametrize("gate", [Undecomposed(1), Undecomposed(3), DecomposedUpToPhase(), WithAncilla()])
def test_gates_unknown_to_us_go_by_decomposition_or_matrix(gate: cirq.Gate) -> None:
    np.testing.assert_allclose(as_unitary(from_gate(gate)), cirq.unitary(gate), atol=TOLERANCE)
    controlled = gate.controlled(control_values=[0])
    np.testing.assert_allclose(as_unitary(from_gate(controlled)), cirq.unitary(controlled), atol=TOLERANCE)


@pytest.mark.parametrize(
    ("gate", "reason"),
    [
        (cirq.rx(X**2), r"linear in their parameters, got x\*\*2"),
        (cirq.rx(X * sympy.Symbol("y")), r"linear in their parameters"),
        (cirq.X ** sympy.sin(X), r"sin\(x\)"),
        (cirq.GlobalPhaseGate(sympy.sqrt(X)), "symbolic phase"),
        (cirq.rx(sympy.I * X), "real and finite"),
        (Undecomposed(7), "no decomposition"),
        (Imprecise(), "unitary to 1e-08"),
        (cirq.DensePauliString("XY", coefficient=2), "modulus 1"),
    ],
)
def test_what_cannot_be_converted_is_named(gate: cirq.Gate, reason: str) -> None:
    qubits = in_line(gate)
    circuit = cirq.Circuit(cirq.H(cirq.q(0)), gate.on(*qubits), strategy=cirq.InsertStrategy.NEW)
    with pytest.raises(ConversionError, match=f"(?s)in moment 1.*{reason}"):
        from_cirq(circuit, [cirq.q(0), *qubits[1:]] if qubits else cirq.QubitOrder.DEFAULT)


def test_an_angle_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ParameterError, match="finite"):
        from_cirq(cirq.Circuit((cirq.X**math.nan).on(cirq.q(0))))


def test_a_large_permutation_is_refused() -> None:
    with pytest.raises(ConversionError, match="at most 10 qubits, got 11"):
        to_cirq(Circuit(11).permutation(np.arange(1 << 11)))
