"""Circuits in a device's gates and on its couplings: the same outcomes, every gate of two qubits where it may be."""

from __future__ import annotations

import numpy as np
import pytest
from backend_checks import uneven_circuit

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.backends.compiling.device import CompiledCircuit, compiled
from qtoolkit.circuit import Barrier, StandardGate
from qtoolkit.errors import BackendError, ConversionError

GATES = ("rz", "sx", "x", "cz")
STAR = [(0, 1), (1, 2), (1, 3), (3, 4)]


def measured_again(found: CompiledCircuit, num_clbits: int) -> Circuit:
    circuit = Circuit(found.num_qubits, num_clbits)
    for operation in found.operations:
        circuit.append(operation.gate, operation.qubits)
    for clbit, column in found.sources.items():
        circuit.measure(found.measured[column], clbit)
    return circuit


def distribution(circuit: Circuit, num_clbits: int) -> np.ndarray:
    """Of the classical bits, exactly."""
    body, pairs = circuit.split_final_measurements()
    weights = StatevectorSimulator().probabilities(body)
    found = np.zeros(1 << num_clbits)
    values = np.zeros(len(weights), dtype=np.int64)
    for qubit, clbit in pairs:
        values &= ~(1 << clbit)
        values |= (np.arange(len(weights)) >> qubit & 1) << clbit
    np.add.at(found, values, weights)
    return found


def test_gates_that_are_there_stay_as_they_are() -> None:
    circuit = Circuit(3, 2).x(0).barrier().rz(0.1, 2).cz(0, 2).gphase(0.3).measure([2, 0], [0, 1])
    found = compiled(circuit, GATES)
    assert [operation.gate.name for operation in found.operations if not isinstance(operation.gate, Barrier)] == [
        "x",
        "rz",
        "cz",
    ]
    assert found.num_qubits == 3
    assert found.measured == (0, 2)
    assert found.sources == {0: 1, 1: 0}


def test_a_bit_written_twice_holds_the_last() -> None:
    found = compiled(Circuit(2, 1).x(0).measure([0, 1], [0, 0]), GATES)
    assert found.measured == (0, 1)
    assert found.sources == {0: 1}


@pytest.mark.parametrize("couplings", [None, STAR])
def test_other_circuits_have_the_same_outcomes(couplings) -> None:
    circuit = Circuit(4, 5).initialize([0.6, 0, 0, 0.8j], [3, 0])
    circuit.h(1).ccx(0, 1, 2).swap(2, 3).append(StandardGate("ryy", (0.4,)).controlled(1, 0), [2, 0, 3])
    circuit.measure([3, 1, 0, 2], [0, 4, 1, 1])
    found = compiled(circuit, GATES, couplings=couplings, num_qubits=None if couplings is None else 5)
    assert np.allclose(distribution(measured_again(found, 5), 5), distribution(circuit, 5), atol=1e-9)
    assert {operation.gate.name for operation in found.operations} <= set(GATES)
    if couplings is not None:
        pairs = {frozenset(operation.qubits) for operation in found.operations if len(operation.qubits) == 2}
        assert pairs <= {frozenset(pair) for pair in STAR}
    assert compiled(circuit, GATES, couplings=couplings, num_qubits=None if couplings is None else 5) == found


def test_what_a_device_cannot_hold() -> None:
    with pytest.raises(BackendError, match="the circuit cannot be compiled for the device"):
        compiled(uneven_circuit(4), GATES, couplings=[(0, 1), (1, 2)])
    with pytest.raises(ConversionError, match=r"cannot reset qubits, got initialize on \(0,\), which are in use"):
        compiled(Circuit(1).x(0).initialize([0, 1], [0]).measure_all(), GATES)
    early = Circuit(1, 2).h(0).measure(0, 0).h(0).measure(0, 1)
    with pytest.raises(ConversionError, match="measurements at the end"):
        compiled(early, GATES)


@pytest.mark.parametrize("angle", [1e9, -1e15, 1e300])
def test_large_angles_keep_what_whole_turns_leave(angle) -> None:
    circuit = Circuit(3).h(range(3)).rz(angle, 0).u(angle, angle, angle, 1).cp(angle, 0, 2).rzz(angle, 1, 2)
    circuit.append(StandardGate("rx", (angle,)).controlled(2, 1), [0, 1, 2]).pauli_rotation("XYZ", angle)
    circuit.h(range(3)).measure_all()
    expected = StatevectorSimulator().probabilities(circuit)
    for basis, gates in ((GATES, (*GATES, "u", "p")), (("rx", "rz", "cz"), ("rx", "rz", "cz"))):
        found = compiled(circuit, gates, basis=basis)
        again = Circuit(found.num_qubits)
        for operation in found.operations:
            assert all(abs(float(given)) < 13.0 for given in operation.gate.params)
            again.append(operation.gate, operation.qubits)
        np.testing.assert_allclose(StatevectorSimulator().probabilities(again), expected, atol=1e-10)


@pytest.mark.parametrize("level", [1, 2])
def test_qubits_that_nothing_joins_go_to_the_same_places_in_each_run(level):
    grid = [(k, k + 1) for k in range(19) if k % 5 != 4] + [(k, k + 5) for k in range(15)]
    circuit = Circuit(6).h(range(6)).cx(0, 1).cx(1, 4).cx(4, 0).cx(0, 3).cx(3, 1).ry(0.3, 2).ry(0.7, 5)
    circuit.h(range(6)).measure_all()
    found = [
        compiled(circuit, ["cz", "rx", "rz"], couplings=grid, num_qubits=20, optimization_level=level) for _ in range(8)
    ]
    assert len({(one.measured, one.operations) for one in found}) == 1
