"""Every gate record is coherent, and says what Qiskit and Cirq say."""

import cirq
import numpy as np
import pytest
from qiskit.circuit.library import get_standard_gate_name_mapping

from qtoolkit.circuit import STANDARD_GATES, Circuit, StandardGate
from qtoolkit.circuit.gates import controlled_matrix
from qtoolkit.circuit.methods import GateMethods

RECORDS = list(STANDARD_GATES.values())
QISKIT_NAMES = {"gphase": "global_phase"}


def angles_of(record, seed=5):
    return np.random.default_rng(seed).uniform(-4, 4, record.num_params)


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.name)
def test_record_is_coherent(record):
    angles = angles_of(record)
    gate = StandardGate(record, angles)
    matrix = gate.matrix()
    side = 1 << record.num_qubits
    identity = np.eye(side)

    assert matrix.shape == (side, side)
    assert record.symbol
    assert np.abs(matrix @ matrix.conj().T - identity).max() < 1e-14
    assert np.abs(gate.inverse().matrix() @ matrix - identity).max() < 1e-14
    assert np.abs(gate.power(0.5).matrix() @ gate.power(0.5).matrix() - matrix).max() < 1e-12
    if record.is_diagonal:
        assert np.array_equal(matrix, np.diag(np.diag(matrix)))
    if record.base is not None:
        base = StandardGate(record.base, angles)
        assert np.array_equal(matrix, controlled_matrix(base.matrix(), record.num_controls))
        assert base.controlled(record.num_controls) == gate
    if record.decomposition is None:
        assert record.name in {"u", "cx", "gphase"}
    else:
        steps = Circuit(record.num_qubits)
        for step, positions in gate.decomposition():
            steps.append(step, positions)
        assert np.abs(steps.to_matrix() - matrix).max() < 1e-14
    assert hasattr(GateMethods, record.name)


@pytest.mark.parametrize("record", [r for r in RECORDS if r.num_params], ids=lambda r: r.name)
def test_generators_differentiate_the_matrix(record):
    angles = angles_of(record)
    generators = StandardGate(record, angles).generators()
    assert len(generators) == record.num_params
    step = 1e-6
    for j, generator in enumerate(generators):
        shift = step * np.eye(record.num_params)[j]
        numeric = (record.matrix(*(angles + shift)) - record.matrix(*(angles - shift))) / (2 * step)
        assert np.abs(generator - generator.conj().T).max() < 1e-14
        assert np.abs(numeric + 1j * generator @ record.matrix(*angles)).max() < 1e-9


@pytest.mark.parametrize("record", [r for r in RECORDS if r.num_params], ids=lambda r: r.name)
def test_matrices_broadcast_over_angles(record):
    rows = np.array([angles_of(record, seed) for seed in range(3)])
    stacked = record.matrix(*rows.T)
    assert stacked.shape == (3, 1 << record.num_qubits, 1 << record.num_qubits)
    for row, matrix in zip(rows, stacked, strict=True):
        assert np.array_equal(matrix, record.matrix(*row))


@pytest.mark.parametrize("record", [r for r in RECORDS if r.name not in {"fsim", "csxdg"}], ids=lambda r: r.name)
def test_matrix_is_qiskits(record):
    angles = angles_of(record)
    reference = get_standard_gate_name_mapping()[QISKIT_NAMES.get(record.name, record.name)].base_class(*angles)
    assert np.abs(reference.to_matrix() - StandardGate(record, angles).matrix()).max() < 1e-14


def test_fsim_is_cirqs():
    theta, phi = 0.7, -1.3
    assert np.allclose(cirq.unitary(cirq.FSimGate(theta, phi)), StandardGate("fsim", (theta, phi)).matrix(), atol=1e-14)


@pytest.mark.parametrize("version", ["qasm2", "qasm3"])
def test_openqasm_names_are_known_to_qiskits_parser(version):
    from qiskit import qasm2, qasm3

    for record in RECORDS:
        name = getattr(record, version)
        if name is None:
            continue
        angles = ", ".join("0.5" for _ in range(record.num_params))
        call = f"{name}({angles})" if record.num_params else name
        qubits = ", ".join(f"q[{k}]" for k in range(record.num_qubits))
        if version == "qasm2":
            text = f'OPENQASM 2.0; include "qelib1.inc"; qreg q[3]; {call} {qubits};'
            parsed = qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
        else:
            parsed = qasm3.loads(f'OPENQASM 3; include "stdgates.inc"; qubit[3] q; {call} {qubits};')
        assert parsed.global_phase == 0.5 if record.name == "gphase" else len(parsed.data) == 1
