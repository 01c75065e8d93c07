"""Compiled binding equals the gates' own formulas."""

import numpy as np
import pytest

from qtoolkit import Circuit, ParameterVector
from qtoolkit.circuit import STANDARD_GATES, StandardGate
from qtoolkit.compiler import compile_circuit, with_constants
from qtoolkit.errors import ParameterError
from qtoolkit.simulators.bind import _Binding, bind


def every_gate():
    theta = ParameterVector("theta", 5)
    rng = np.random.default_rng(1)
    circuit = Circuit(3)
    for record in STANDARD_GATES.values():
        angles = [
            float(rng.normal()) * theta[int(rng.integers(5))] + float(rng.normal()) for _ in record.parameter_names
        ]
        circuit.append(StandardGate(record, angles), list(range(record.num_qubits)))
    return circuit.pauli_rotation("XYZ", theta[0] - theta[1]).gphase(theta[2])


def test_every_gate_at_random_and_at_special_angles():
    program = compile_circuit(every_gate()).steps[0].program
    rng = np.random.default_rng(2)
    for values in (*rng.uniform(-10, 10, (5, 5)), np.zeros(5), np.full(5, np.pi)):
        coefficients, angles = bind(program, values)
        expected, expected_angles = program.bind(values)
        assert np.abs(coefficients - with_constants(expected)).max() < 1e-14
        assert np.abs(angles - expected_angles).max() < 1e-14


def test_no_gate_of_the_library_needs_its_formula():
    assert _Binding.of(compile_circuit(every_gate()).steps[0].program).others == ()


def test_angles_too_large():
    theta = ParameterVector("theta", 1)
    program = compile_circuit(Circuit(1).rx(1e200 * theta[0], 0)).steps[0].program
    with pytest.raises(ParameterError, match="finite"):
        bind(program, np.array([1e200]))
