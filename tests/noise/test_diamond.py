"""The diamond distance where it is known, by bounds that prove each other, and by input states."""

import numpy as np
import pytest
import scipy.optimize
from qiskit.quantum_info import Kraus, random_quantum_channel, random_unitary

from qtoolkit.circuit import KrausChannel, StandardGate
from qtoolkit.errors import CircuitError, ConvergenceError, InputError
from qtoolkit.noise import (
    amplitude_damping,
    bit_flip,
    depolarizing,
    diamond_bounds,
    diamond_distance,
    over_rotation,
    pauli_channel,
    phase_damping,
    thermal_relaxation,
    zz_crosstalk,
)
from qtoolkit.noise.diamond import solved_bounds

IDENTITY = KrausChannel([np.eye(2)])


def random_pair(num_qubits, seed, rank=2):
    side = 1 << num_qubits
    return [KrausChannel(Kraus(random_quantum_channel(side, side, rank=rank, seed=seed + k)).data) for k in (0, 100)]


def seen_by(first, second, amplitudes):
    """Trace norm of the difference of the outputs for one input state, shared with a system that stays."""
    side = len(amplitudes)
    vector = amplitudes.ravel() / np.linalg.norm(amplitudes)
    difference = np.zeros((side**2,) * 2, complex)
    for channel, sign in ((first, 1), (second, -1)):
        for operator in channel.operators:
            image = np.kron(np.eye(side), operator) @ vector
            difference += sign * np.outer(image, image.conj())
    return np.abs(np.linalg.eigvalsh(difference)).sum()


def test_pauli_channels_differ_by_their_probabilities():
    first, second = pauli_channel({"XX": 0.1, "ZI": 0.2}), pauli_channel({"XX": 0.3, "IY": 0.05})
    assert diamond_distance(first, second) == pytest.approx(0.2 + 0.2 + 0.05 + abs(0.7 - 0.65), abs=1e-14)
    assert diamond_distance(depolarizing(0.1), IDENTITY) == pytest.approx(0.2, abs=1e-14)
    lower, upper = solved_bounds(first, second, 1e-7)
    assert lower - 1e-12 <= 0.5 <= upper + 1e-12


@pytest.mark.parametrize("angle", [1e-6, 0.1, 1.0, 3.0])
def test_rotations_differ_by_twice_the_sine_of_half_their_angle(angle):
    assert diamond_distance(over_rotation("X", angle), IDENTITY) == pytest.approx(2 * np.sin(angle / 2), rel=1e-9)
    lower, upper = solved_bounds(over_rotation("X", angle), IDENTITY, 1e-7)
    assert lower - 1e-9 <= 2 * np.sin(angle / 2) <= upper + 1e-9


def test_unitaries_that_can_be_told_apart_for_sure():
    assert diamond_distance(StandardGate("x"), IDENTITY) == 2.0
    assert diamond_distance(StandardGate("cz"), StandardGate("cz")) == pytest.approx(0.0, abs=1e-7)
    assert diamond_distance(zz_crosstalk(0.3), StandardGate("rzz", (0.1,))) == pytest.approx(2 * np.sin(0.1), rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_random_unitaries_by_the_search(seed):
    first, second = (KrausChannel([random_unitary(4, seed=seed + 9 * k).data]) for k in range(2))
    known = diamond_distance(first, second)
    lower, upper = solved_bounds(first, second, 1e-6)
    assert lower - 1e-9 <= known <= upper + 1e-9


@pytest.mark.parametrize("gamma", [1e-4, 0.01, 0.3, 0.7, 1.0])
def test_amplitude_damping(gamma):
    """From the symmetry about Z, an optimal input is √(1-q)|00⟩ + √q|11⟩; what is left is one number."""
    lost = 1 - np.sqrt(1 - gamma)
    found = scipy.optimize.minimize_scalar(
        lambda q: -(q * gamma + np.sqrt((q * gamma) ** 2 + 4 * q * (1 - q) * lost**2)), bounds=(0, 1), method="bounded"
    )
    lower, upper = diamond_bounds(amplitude_damping(gamma), IDENTITY, 1e-8)
    assert upper - lower <= 1e-8
    assert lower == pytest.approx(2 * gamma, abs=1e-7)
    assert lower + 1e-8 >= -found.fun


def test_dampings_of_both_kinds():
    """With T2 far below T1, coherence is what one loses first."""
    channel = thermal_relaxation(1000, 10, 1)
    lower, upper = diamond_bounds(channel, IDENTITY, 1e-8)
    rng = np.random.default_rng(0)
    best = max(seen_by(channel, IDENTITY, np.diag(np.sqrt([1 - q, q]))) for q in np.linspace(0, 1, 2001))
    assert best - 1e-12 <= upper
    assert best == pytest.approx(lower, abs=1e-6)
    for _ in range(200):
        assert seen_by(channel, IDENTITY, rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))) <= upper + 1e-12
    assert diamond_distance(phase_damping(0.3), IDENTITY) == pytest.approx(1 - np.sqrt(0.7), abs=1e-12)


@pytest.mark.parametrize(("num_qubits", "seed"), [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (3, 0)])
def test_bounds_are_close_and_no_input_beats_them(num_qubits, seed):
    first, second = random_pair(num_qubits, seed)
    lower, upper = diamond_bounds(first, second)
    assert 0 <= upper - lower <= 1e-6
    rng, side = np.random.default_rng(seed), 1 << num_qubits
    for _ in range(50):
        amplitudes = rng.normal(size=(side, side)) + 1j * rng.normal(size=(side, side))
        assert seen_by(first, second, amplitudes) <= upper + 1e-9


def test_no_more_than_independent_errors_do_together():
    """Subadditivity under tensor products, and additivity for full information lost to one state."""
    one = amplitude_damping(0.1)
    both = one.tensor(one)
    distance = diamond_distance(both, KrausChannel([np.eye(4)]), 1e-7)
    assert distance == pytest.approx(2 * (1 - 0.9**2), abs=1e-6)
    assert distance <= 2 * diamond_distance(one, IDENTITY) + 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_bounds_of_mixed_kinds_of_noise_are_close(seed):
    rng = np.random.default_rng(seed)
    kinds = (
        amplitude_damping(rng.random()),
        phase_damping(rng.random()),
        thermal_relaxation(50, rng.uniform(5, 100), rng.uniform(0, 40), 0.3 * rng.random()),
        over_rotation("Y", rng.normal()),
        depolarizing(0.1 * rng.random()),
    )
    first, second = (kinds[rng.integers(5)].compose(kinds[rng.integers(5)]) for _ in range(2))
    lower, upper = solved_bounds(first.tensor(second), KrausChannel([np.eye(4)]), 1e-7)
    assert 0 <= upper - lower <= 1e-7


def test_a_channel_is_at_no_distance_from_itself():
    channel, _ = random_pair(2, 7)
    assert diamond_distance(channel, channel) == pytest.approx(0, abs=1e-12)
    turned = KrausChannel(np.einsum("ab,bij->aij", np.array([[0, 1], [1, 0]]), np.array(channel.operators)))
    assert diamond_distance(channel, turned, 1e-10) == pytest.approx(0, abs=1e-10)


def test_refusals(monkeypatch):
    with pytest.raises(CircuitError, match="same qubits, got 1 and 2"):
        diamond_distance(bit_flip(0.1), depolarizing(0.1, 2))
    with pytest.raises(CircuitError, match="two KrausChannels"):
        diamond_distance(bit_flip(0.1), np.eye(2))
    with pytest.raises(InputError, match="tolerance"):
        diamond_distance(bit_flip(0.1), bit_flip(0.2), 1e-12)
    monkeypatch.setattr("qtoolkit.noise.diamond.MOST_STEPS", 0)
    with pytest.raises(ConvergenceError, match="bounds of the diamond distance came to"):
        diamond_distance(*random_pair(2, 3), 1e-9)
