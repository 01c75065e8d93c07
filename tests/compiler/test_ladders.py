"""CX, RZ and CX again at an angle with symbols: one RZZ, in sweeps, in small programs and in gradients."""

import numpy as np
import pytest

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit.tape import Tape
from qtoolkit.compiler import compile_circuit
from qtoolkit.compiler.ladders import kinds_of_gates, with_rotations
from qtoolkit.operators import PauliSum
from qtoolkit.simulators import StatevectorSimulator
from qtoolkit_kernels._jit import interpreted
from qtoolkit_kernels.planner import ladders

A, B = Parameter("a"), Parameter("b")


def names(circuit):
    tape = Tape(circuit.operations)
    tape.words = type(tape.words)("d", with_rotations(circuit.operations.rows()).tobytes())
    return [operation.gate.name for operation in tape]


@pytest.mark.parametrize(
    ("circuit", "expected"),
    [
        (Circuit(2).cx(0, 1).rz(A, 1).cx(0, 1), ["rzz"]),
        (Circuit(3).cx(0, 1).rz(A, 1).h(2).rz(0.3, 0).cx(0, 2).cx(0, 1), ["rzz", "h", "rz", "cx"]),
        (Circuit(3).cx(0, 1).rz(A, 1).cx(0, 1).cx(1, 2).rz(2 * B + 1, 2).cx(1, 2), ["rzz", "rzz"]),
        (Circuit(2).cx(0, 1).rz(0.3, 1).cx(0, 1).rz(A, 0), ["cx", "rz", "cx", "rz"]),
        (Circuit(2).cx(0, 1).rz(A, 1).h(0).cx(0, 1), ["cx", "rz", "h", "cx"]),
        (Circuit(2).cx(0, 1).rz(A, 1).rx(0.1, 1).cx(0, 1), ["cx", "rz", "rx", "cx"]),
        (Circuit(2).cx(0, 1).rz(A, 1).cx(1, 0), ["cx", "rz", "cx"]),
        (Circuit(2).cx(0, 1).rz(A, 0).cx(0, 1), ["cx", "rz", "cx"]),
        (Circuit(3).cx(0, 1).rz(A, 1).cx(2, 0).cx(0, 1), ["cx", "rz", "cx", "cx"]),
        (Circuit(3).cx(0, 1).rz(A, 1).diagonal([1, 1j], [2]).cx(0, 1), ["cx", "rz", "diagonal", "cx"]),
        (Circuit(2).rz(A, 1).cx(0, 1).cx(0, 1).rz(B, 1).cx(0, 1), ["rz", "cx", "rzz"]),
    ],
)
def test_what_becomes_of_some(circuit, expected):
    assert names(circuit) == expected


def ladders_of(num_qubits, seed):
    """CX, RZ and CX with other gates in between, such as stop it and such as don't."""
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits).h(range(num_qubits))
    symbols = [A, B, 2 * A - B + 0.3, 0.7]
    for _ in range(40):
        control, target, other = (int(q) for q in rng.permutation(num_qubits)[:3])
        angle = symbols[rng.integers(4)]
        kind = rng.integers(6)
        circuit.cx(control, target).rz(angle, target)
        if kind == 0:
            circuit.rz(0.2, control).cz(control, other)
        elif kind == 1:
            circuit.cx(control, other)
        elif kind == 2:
            circuit.rx(B, [control, target][rng.integers(2)])
        elif kind == 3:
            circuit.cx(other, control)
        circuit.cx(control, target)
    return circuit


@pytest.mark.parametrize("seed", range(8))
def test_states_and_gradients_stay(seed):
    circuit = ladders_of(5, seed)
    values = np.random.default_rng(seed).uniform(-3, 3, 2)
    simulator = StatevectorSimulator()
    bound = circuit.bind(values)
    expected = simulator.state_vector(simulator.compile(bound))
    assert len(with_rotations(circuit.operations.rows())) < len(circuit)
    plan = compile_circuit(circuit)
    assert plan.only_program.num_operations < len(circuit)
    for given in (circuit, plan):
        assert np.abs(simulator.state_vector(given, values) - expected).max() < 1e-13
    observable = PauliSum.from_list([("XZIIY", 0.4), ("ZZIXI", 1.0), ("IIYYX", -0.3)])
    value, gradient = simulator.gradient(circuit, observable, values)
    assert value == pytest.approx(np.vdot(expected, observable.apply(expected)).real, abs=1e-12)
    for k, step in enumerate(1e-5 * np.eye(2)):
        levels = [simulator.expectation_value(circuit.bind(values + sign * step), observable) for sign in (1, -1)]
        assert gradient[k] == pytest.approx((levels[0] - levels[1]) / 2e-5, abs=1e-8)


@pytest.mark.parametrize("seed", range(8))
def test_compiled_and_interpreted(seed):
    circuit = ladders_of(6, seed)
    rows, again = circuit.operations.rows(), circuit.operations.rows()
    found = with_rotations(rows)
    count = interpreted(ladders.find_rotations)(again, *kinds_of_gates(), np.empty((64, 2), np.int64))
    assert np.array_equal(found, again[:count])
