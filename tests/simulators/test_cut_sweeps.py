"""A sweep of many rows is cut, so that no thread stays with a block for long; states and gradients stay the same."""

import numpy as np
import pytest
from planner_passes import interpreted
from random_circuits import random_gate_circuit

from qtoolkit import Circuit, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.compiler import SweepPart, compile_circuit, plan_sweeps, planner
from qtoolkit.compiler.layout import Layout
from qtoolkit_kernels import _jit
from qtoolkit_kernels.planner import pack


@pytest.fixture
def cut(monkeypatch):
    """Cut sweeps after so many rows from now on; the interpreter of the planner's kernels is told."""

    def cut(most_rows: int) -> None:
        monkeypatch.setattr(pack, "MOST_ROWS", most_rows)
        monkeypatch.setattr(planner, "runner", lambda _: interpreted)
        _jit.interpreted.cache_clear()

    yield cut
    _jit.interpreted.cache_clear()


def parametrised(num_qubits: int) -> Circuit:
    parameters = ParameterVector("a", num_qubits)
    circuit = Circuit(num_qubits)
    for layer in range(6):
        for q in range(num_qubits):
            circuit.rx(parameters[q], q).rzz(0.3 * parameters[q] + layer, q, (q + 1) % num_qubits)
        circuit.ccx(0, 1, 2)
    return circuit


def rows_of_sweeps(circuit: Circuit) -> list[int]:
    program = compile_circuit(circuit).unitary_program()
    parts = plan_sweeps(program, Layout.of(circuit.num_qubits, 16, 64), True)
    return [n for part in parts if isinstance(part, SweepPart) for n in np.diff(part.operation_start)]


@pytest.mark.parametrize("num_qubits", [12, 16])
def test_cut_sweeps_give_the_same_states_bit_for_bit(num_qubits, cut) -> None:
    circuit = random_gate_circuit(num_qubits, 80, 5)
    whole = [StatevectorSimulator(precision).state_vector(circuit) for precision in ("double", "single")]
    uncut = rows_of_sweeps(circuit)
    cut(3)
    assert max(rows_of_sweeps(circuit)) < max(uncut)
    again = circuit.copy()
    cut = [StatevectorSimulator(precision).state_vector(again) for precision in ("double", "single")]
    assert all(map(np.array_equal, cut, whole))


@pytest.mark.parametrize("num_qubits", [11, 13, 16])
def test_cut_sweeps_give_the_same_gradients(num_qubits, cut) -> None:
    observable = PauliSum.from_list([("ZX" + "I" * (num_qubits - 2), 0.7), ("Z" * num_qubits, 1.0)])
    values = np.linspace(0.1, 2.0, num_qubits)
    expected = StatevectorSimulator().gradient(parametrised(num_qubits), observable, values)
    cut(2)
    assert max(rows_of_sweeps(parametrised(num_qubits))) < 30
    found = StatevectorSimulator().gradient(parametrised(num_qubits), observable, values)
    assert found[0] == pytest.approx(expected[0], abs=1e-12)
    assert np.allclose(found[1], expected[1], rtol=0.0, atol=1e-12)


def test_only_sweeps_of_very_many_rows_are_cut() -> None:
    circuit = Circuit(12)
    for layer in range(2000):
        for q in range(12):
            circuit.rx(0.1 + layer, q).cx(q, (q + 5) % 12)
    rows = rows_of_sweeps(circuit)
    assert len(rows) > 1
    assert all(pack.MOST_ROWS <= count < pack.MOST_ROWS + 16 for count in rows[:-1])
