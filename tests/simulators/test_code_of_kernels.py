"""Of which rows a kernel has the code."""

import numpy as np
import pytest
from reference_gradients import on_qubits

from qtoolkit import Circuit
from qtoolkit.compiler import compile_circuit
from qtoolkit.simulators import engine as engines
from qtoolkit.simulators.engine import RARE, SELDOM, USUAL, Engine

USUAL_CIRCUIT = Circuit(6).h(range(6)).cx(0, 5).rz(0.3, 5).ry(0.4, 2).cp(0.7, 1, 4)
CIRCUITS = {
    USUAL: USUAL_CIRCUIT,
    SELDOM: USUAL_CIRCUIT.copy().pauli_rotation("XYZZYX", 0.4),
    RARE: USUAL_CIRCUIT.copy().unitary(np.roll(np.eye(8), 1, axis=0), [0, 4, 2]),
}


def run(circuit, monkeypatch, *at_hand):
    """The state, and the code of the kernel that wrote it."""
    monkeypatch.setattr(engines, "_codes", {})
    codes = []

    def is_at_hand(_kernel, *arguments):
        seldom, spare = arguments[5:7]
        codes.append(RARE if spare is not None else SELDOM if seldom else USUAL)
        return codes[-1] in at_hand

    monkeypatch.setattr(engines, "is_at_hand", is_at_hand)
    engine = Engine("double", 1)
    state = engine.empty_state(circuit.num_qubits)
    engine.run(compile_circuit(circuit).unitary_program(), np.zeros(0), state, fresh=True)
    (code,) = engines._codes.values()
    return state, code


def expected(circuit):
    state = np.eye(1, 1 << circuit.num_qubits, dtype=complex)[0]
    for operation in circuit.operations:
        state = on_qubits(operation.gate.matrix(), operation.qubits, state)
    return state


@pytest.mark.parametrize("needed", CIRCUITS)
def test_a_kernel_has_the_code_that_is_needed(needed, monkeypatch):
    circuit = CIRCUITS[needed]
    state, code = run(circuit, monkeypatch)
    assert code == needed
    assert np.abs(state - expected(circuit)).max() < 1e-14


@pytest.mark.parametrize("needed", CIRCUITS)
def test_a_kernel_with_more_code_is_taken_if_it_is_compiled(needed, monkeypatch):
    circuit = CIRCUITS[needed]
    state, code = run(circuit, monkeypatch, RARE)
    assert code == RARE
    assert np.abs(state - expected(circuit)).max() < 1e-14
    if needed == USUAL:
        assert run(circuit, monkeypatch, USUAL, RARE)[1] == USUAL


def test_less_code_than_needed_is_never_taken(monkeypatch):
    assert run(CIRCUITS[SELDOM], monkeypatch, USUAL)[1] == SELDOM
