"""A plan made before the parameter values are known gives the states of the bound circuit, at special angles too."""

import numpy as np
import pytest

from qtoolkit import Circuit, Parameter, StatevectorSimulator

SPECIAL = np.pi * np.arange(-8, 9) / 2


def random_parametrised_circuit(num_qubits, rng):
    """Layers in which each qubit sees a random product of parametrised and fixed one-qubit gates, with entanglers."""
    circuit = Circuit(num_qubits)
    count = 0
    for _ in range(3):
        for q in range(num_qubits):
            for name in rng.choice(["rx", "ry", "rz", "p", "h", "x", "s", "t", "y", "sx", "u"], 3):
                if name == "u":
                    circuit.u(Parameter(f"a{count}"), Parameter(f"b{count}"), Parameter(f"c{count}"), q)
                elif name in ("rx", "ry", "rz", "p"):
                    getattr(circuit, name)(Parameter(f"a{count}"), q)
                else:
                    getattr(circuit, name)(q)
                count += 1
        for q in range(num_qubits - 1):
            name = rng.choice(["cx", "cz", "cp", "rxx", "crz", "cry"])
            if name in ("cx", "cz"):
                getattr(circuit, name)(q, q + 1)
            else:
                getattr(circuit, name)(Parameter(f"a{count}"), q, q + 1)
            count += 1
    return circuit


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("num_qubits", [1, 2, 4, 6])
def test_unbound_equals_bound(num_qubits, precision):
    rng = np.random.default_rng(num_qubits)
    simulator = StatevectorSimulator(precision)
    for _ in range(4):
        circuit = random_parametrised_circuit(num_qubits, rng)
        plan = simulator.compile(circuit)
        for special in (False, True, True):
            size = len(circuit.parameters)
            values = rng.choice(SPECIAL, size) if special else rng.uniform(-9, 9, size)
            expected = StatevectorSimulator().state_vector(circuit.bind(values))
            found = simulator.state_vector(plan, values)
            assert np.abs(found - expected).max() < (1e-12 if precision == "double" else 2e-6)
