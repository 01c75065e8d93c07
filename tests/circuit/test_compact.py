import numpy as np
import pytest
from random_circuits import random_dynamic_circuit

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import KrausChannel
from qtoolkit.circuit.compact import without_idle_qubits


@pytest.mark.parametrize("seed", range(5))
def test_the_circuit_without_idle_qubits_is_the_one_that_was_placed(seed):
    circuit = Circuit(4, 8).extend(random_dynamic_circuit(4, 4, seed=seed)).measure(range(4), range(4, 8))
    circuit.if_(2, lambda body: body.if_(1, lambda inner: inner.barrier(0, 3).x(3)))
    places = sorted(np.random.default_rng(seed).permutation(70)[:4].tolist())
    wide = Circuit(70, circuit.num_clbits)
    wide.extend(circuit, places)
    found = without_idle_qubits(wide)
    assert found == circuit
    assert found.clbit_registers == wide.clbit_registers
    assert without_idle_qubits(circuit) is circuit


def test_barriers_touch_nothing():
    wide = Circuit(9, 1, "wide").barrier().h(4).barrier(4, 6).barrier(1, 2).reset(7).measure(5, 0)
    found = without_idle_qubits(wide)
    assert found == Circuit(4 - 1, 1).barrier(0, 1, 2).h(0).barrier(0).reset(2).measure(1, 0)
    assert found.name == "wide"


def test_noise_and_notes_stay_where_they_are():
    flip = KrausChannel([np.sqrt(0.9) * np.eye(2), np.sqrt(0.1) * np.eye(2)[::-1]])
    circuit = Circuit(5, 3).channel(flip, 3).measure(3, 1).detector([1, 2]).decode(np.invert, 1, 0)
    small = without_idle_qubits(circuit)
    assert small == Circuit(1, 3).channel(flip, 0).measure(0, 1).detector([1, 2]).decode(np.invert, 1, 0)


def test_the_order_of_parameters_stays():
    wide = Circuit(4).declare_parameters(["b", "a"]).rx(Parameter("a"), 3)
    assert without_idle_qubits(wide).parameters == wide.parameters
