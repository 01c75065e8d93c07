"""How often an unplanned run changes all amplitudes."""

import numpy as np
import pytest
from random_circuits import random_gate_circuit

from qtoolkit import Circuit
from qtoolkit.circuit import STANDARD_GATES, StandardGate
from qtoolkit.simulators.passes import num_passes, share_of


def counted(circuit):
    """Gate by gate: a one-qubit gate counts unless its qubit was last seen by another one."""
    is_open, passes = [False] * circuit.num_qubits, 0.0
    for operation in circuit.operations:
        gate, qubits = operation.gate, operation.qubits
        if not isinstance(gate, StandardGate):
            passes += 1
        elif len(qubits) == 1:
            passes += gate.name != "id" and not is_open[qubits[0]]
            is_open[qubits[0]] |= gate.name != "id"
        else:
            passes += share_of(gate.record)
            for qubit in qubits:
                is_open[qubit] = False
    return passes


@pytest.mark.parametrize("seed", range(20))
def test_passes_are_those_found_gate_by_gate(seed):
    num_qubits = 1 + seed % 7
    circuit = random_gate_circuit(num_qubits, int(np.random.default_rng(seed).integers(80)), seed, arrays=False)
    assert num_passes(circuit.operations, num_qubits) == pytest.approx(counted(circuit), rel=1e-12)


def test_matrices_are_a_pass_each():
    circuit = Circuit(3).unitary(np.eye(4), [0, 1]).h(0).unitary(np.eye(4), [0, 1]).h(2).t(2)
    assert num_passes(circuit.operations, 3) == counted(circuit) == 4


def test_nothing_takes_no_pass():
    assert num_passes(Circuit(2).operations, 2) == 0
    assert num_passes(Circuit(2, 1).gphase(0.3).id(1).measure(0, 0).operations, 2) == 0


def test_a_gate_counts_for_what_it_changes():
    shares = {"h": 1, "p": 1, "id": 0, "gphase": 0, "rzz": 1, "rxx": 1, "cx": 1 / 2, "crz": 1 / 2, "swap": 1 / 2}
    shares |= {"cz": 1 / 4, "cp": 1 / 4, "ccx": 1 / 4, "cswap": 1 / 4, "ccz": 1 / 8}
    assert {name: share_of(STANDARD_GATES[name]) for name in shares} == shares
