"""The standard channels against Qiskit Aer's, and what is known of them exactly."""

import math

import numpy as np
import pytest
import qiskit_aer.noise as aer
from qiskit.quantum_info import SuperOp

from qtoolkit import PauliString
from qtoolkit.errors import CircuitError
from qtoolkit.noise import (
    amplitude_damping,
    bit_flip,
    bit_phase_flip,
    depolarizing,
    over_rotation,
    pauli_channel,
    phase_damping,
    phase_flip,
    reset_error,
    thermal_relaxation,
    zz_crosstalk,
)

CASES = {
    "depolarizing": (depolarizing(0.3), aer.depolarizing_error(0.3 * 4 / 3, 1)),
    "depolarizing 2": (depolarizing(0.3, 2), aer.depolarizing_error(0.3 * 16 / 15, 2)),
    "bit flip": (bit_flip(0.2), aer.pauli_error([("X", 0.2), ("I", 0.8)])),
    "phase flip": (phase_flip(0.2), aer.pauli_error([("Z", 0.2), ("I", 0.8)])),
    "bit phase flip": (bit_phase_flip(0.2), aer.pauli_error([("Y", 0.2), ("I", 0.8)])),
    "pauli": (pauli_channel({"XZ": 0.2, "IY": 0.1}), aer.pauli_error([("XZ", 0.2), ("IY", 0.1), ("II", 0.7)])),
    "amplitude damping": (amplitude_damping(0.3), aer.amplitude_damping_error(0.3)),
    "warm damping": (amplitude_damping(0.3, 0.2), aer.amplitude_damping_error(0.3, 0.2)),
    "full damping": (amplitude_damping(1.0), aer.amplitude_damping_error(1.0)),
    "phase damping": (phase_damping(0.3), aer.phase_damping_error(0.3)),
    "relaxation, T2 < T1": (thermal_relaxation(50, 30, 7), aer.thermal_relaxation_error(50, 30, 7)),
    "relaxation, T2 > T1": (thermal_relaxation(50, 80, 7), aer.thermal_relaxation_error(50, 80, 7)),
    "relaxation, T2 = 2 T1": (thermal_relaxation(50, 100, 7), aer.thermal_relaxation_error(50, 100, 7)),
    "warm relaxation": (thermal_relaxation(50, 80, 7, 0.1), aer.thermal_relaxation_error(50, 80, 7, 0.1)),
    "reset": (reset_error(0.1, 0.2), aer.reset_error(0.1, 0.2)),
}


@pytest.mark.parametrize("name", CASES)
def test_channels_are_those_of_aer(name):
    ours, theirs = CASES[name]
    np.testing.assert_allclose(ours.superoperator(), SuperOp(theirs).data, atol=1e-13)


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 4])
def test_depolarizing_is_all_pauli_errors_alike(num_qubits):
    found = depolarizing(0.3, num_qubits).pauli_probabilities
    assert len(found) == 4**num_qubits
    assert found.pop("I" * num_qubits) == pytest.approx(0.7, abs=1e-14)
    assert list(found.values()) == pytest.approx([0.3 / (4**num_qubits - 1)] * (4**num_qubits - 1), abs=1e-15)


def test_full_depolarizing_leaves_nothing():
    rho = depolarizing(0.75).superoperator() @ np.array([1, 0, 0, 0])
    np.testing.assert_allclose(rho, [0.5, 0, 0, 0.5], atol=1e-15)


def test_no_error_is_the_identity():
    for channel in (
        depolarizing(0),
        bit_flip(0),
        amplitude_damping(0),
        phase_damping(0),
        thermal_relaxation(3, 4, 0),
        thermal_relaxation(math.inf, math.inf, 5),
        over_rotation("X", 0),
        reset_error(0, 0),
        pauli_channel({"II": 1.0}),
    ):
        assert channel.is_unitary
        np.testing.assert_array_equal(channel.operators[0], np.eye(len(channel.operators[0])))


def test_phase_damping_is_drawn_without_a_look_at_the_state():
    assert phase_damping(0.3).mixture is not None
    assert phase_damping(1e-18).pauli_probabilities["Z"] == pytest.approx(2.5e-19, rel=1e-12)


def test_relaxation_over_two_times_is_that_over_their_sum():
    once = thermal_relaxation(50, 70, 12, 0.2)
    twice = thermal_relaxation(50, 70, 5, 0.2).compose(thermal_relaxation(50, 70, 7, 0.2))
    np.testing.assert_allclose(once.superoperator(), twice.superoperator(), atol=1e-14)
    settled = thermal_relaxation(50, 70, 1e9, 0.2).superoperator() @ np.array([0, 0, 0, 1])
    np.testing.assert_allclose(settled, [0.8, 0, 0, 0.2], atol=1e-15)


def test_infinite_t1_only_dephases():
    found = thermal_relaxation(math.inf, 10, 3)
    np.testing.assert_allclose(found.superoperator(), np.diag([1, math.exp(-0.3), math.exp(-0.3), 1]), atol=1e-15)


def test_coherent_errors():
    x = np.array([[0, 1], [1, 0]])
    z = np.diag([1, -1])
    turn = over_rotation(PauliString("ZX"), 0.4)
    wanted = math.cos(0.2) * np.eye(4) - 1j * math.sin(0.2) * np.kron(z, x)
    np.testing.assert_allclose(turn.operators[0], wanted, atol=1e-15)
    np.testing.assert_allclose(
        zz_crosstalk(0.4).operators[0], np.diag(np.exp(-0.2j * np.array([1, -1, -1, 1]))), atol=1e-15
    )
    assert turn.is_unitary


def test_pauli_channels_take_any_notation():
    assert pauli_channel({"X": 0.1}) == bit_flip(0.1)
    assert pauli_channel({"X": 0.1, "I": 0.9}) == bit_flip(0.1)
    assert pauli_channel({PauliString("X"): 0.1}) == bit_flip(0.1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: depolarizing(-0.1),
        lambda: depolarizing(1.1),
        lambda: depolarizing(float("nan")),
        lambda: depolarizing("0.1"),
        lambda: depolarizing(0.1, 0),
        lambda: depolarizing(0.1, 5),
        lambda: bit_flip(2),
        lambda: phase_flip(-1),
        lambda: bit_phase_flip(None),
        lambda: pauli_channel({}),
        lambda: pauli_channel({"X": 0.1, "XX": 0.1}),
        lambda: pauli_channel({"A": 0.1}),
        lambda: pauli_channel({"X": 0.6, "Y": 0.6}),
        lambda: pauli_channel({"X": 0.6, "I": 0.3}),
        lambda: pauli_channel({"XXXXX": 0.1}),
        lambda: pauli_channel(0.1),
        lambda: amplitude_damping(1.5),
        lambda: amplitude_damping(0.5, -0.1),
        lambda: phase_damping(-0.1),
        lambda: thermal_relaxation(0, 1, 1),
        lambda: thermal_relaxation(1, 2.1, 1),
        lambda: thermal_relaxation(1, 1, -1),
        lambda: thermal_relaxation(1, 1, math.inf),
        lambda: over_rotation("XXXXX", 0.1),
        lambda: over_rotation("X", math.inf),
        lambda: reset_error(0.6, 0.6),
    ],
)
def test_numbers_that_make_no_channel_are_refused(call):
    with pytest.raises((CircuitError, ValueError)) as caught:
        call()
    assert type(caught.value).__module__ == "qtoolkit.errors"


def test_a_t2_that_is_too_long_is_named():
    with pytest.raises(CircuitError, match="t2 must be at most 2 t1 = 100, got 101"):
        thermal_relaxation(50, 101, 1)
