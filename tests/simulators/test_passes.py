"""How often an unplanned run changes all amplitudes."""

import numpy as np
import pytest
from random_circuits import random_gate_circuit

from qtoolkit import Circuit
from qtoolkit.circuit import StandardGate
from qtoolkit.simulators.passes import num_passes


def counted(circuit):
    """Gate by gate: a one-qubit gate counts unless its qubit was last seen by another one."""
    is_open, passes = [False] * circuit.num_qubits, 0
    for operation in circuit.operations:
        gate, qubits = operation.gate, operation.qubits
        if not isinstance(gate, StandardGate):
            passes += 1
        elif len(qubits) == 1:
            passes += gate.name != "id" and not is_open[qubits[0]]
            is_open[qubits[0]] |= gate.name != "id"
        else:
            passes += len(qubits) > 0
            for qubit in qubits:
                is_open[qubit] = False
    return passes


@pytest.mark.parametrize("seed", range(20))
def test_passes_are_those_found_gate_by_gate(seed):
    circuit = random_gate_circuit(1 + seed % 7, int(np.random.default_rng(seed).integers(80)), seed, arrays=False)
    assert num_passes(circuit.operations) == counted(circuit)


def test_matrices_are_a_pass_each():
    circuit = Circuit(3).unitary(np.eye(4), [0, 1]).h(0).unitary(np.eye(4), [0, 1]).h(2).t(2)
    assert num_passes(circuit.operations) == counted(circuit) == 4


def test_nothing_takes_no_pass():
    assert num_passes(Circuit(2).operations) == 0
    assert num_passes(Circuit(2, 1).gphase(0.3).id(1).measure(0, 0).operations) == 0
