"""Mixers: their Hamiltonians, what they conserve, and how each step relates to the exact exponential."""

import numpy as np
import pytest
from scipy.linalg import expm

from qtoolkit import Circuit, PauliSum
from qtoolkit.algorithms import (
    CompleteXYMixer,
    GroverMixer,
    Mixer,
    RingXYMixer,
    TransverseMixer,
    dicke_circuit,
    dicke_state,
)
from qtoolkit.errors import CircuitError, InputError


def layer(mixer, beta):
    circuit = Circuit(mixer.num_qubits)
    mixer.append_layer(circuit, beta)
    return circuit.to_matrix()


def exchange_hamiltonian(num_qubits, pairs):
    terms = [(letters, pair, -0.5) for pair in pairs for letters in ("XX", "YY")]
    return PauliSum.from_sparse_list(terms, num_qubits).to_matrix()


def weights(num_qubits):
    return np.array([bin(index).count("1") for index in range(1 << num_qubits)])


XY_MIXERS = [RingXYMixer(n) for n in (2, 3, 4, 5, 6)] + [CompleteXYMixer(n, exact=False) for n in (2, 3, 4, 5, 6)]


@pytest.mark.parametrize("mixer", XY_MIXERS, ids=repr)
def test_xy_mixers_conserve_the_weight_and_mix_within_it(mixer):
    unitary = layer(mixer, 0.7)
    ones = weights(mixer.num_qubits)
    leaking = ones[:, None] != ones
    assert np.all(unitary[leaking] == 0.0)
    assert mixer.conserves_hamming_weight
    # enough layers connect every pair of bitstrings of one weight
    reached = np.linalg.matrix_power((np.abs(unitary) > 1e-12).astype(float), mixer.num_qubits)
    assert np.all(reached[~leaking] > 0.0)


@pytest.mark.parametrize("mixer", XY_MIXERS, ids=repr)
def test_rounds_are_a_proper_edge_colouring(mixer):
    n = mixer.num_qubits
    rounds = mixer.rounds()
    for pairs in rounds:
        qubits = [qubit for pair in pairs for qubit in pair]
        assert len(set(qubits)) == len(qubits)
    edges = sorted(tuple(sorted(pair)) for pairs in rounds for pair in pairs)
    if isinstance(mixer, CompleteXYMixer):
        assert edges == [(i, j) for i in range(n) for j in range(i + 1, n)]
        assert len(rounds) == (n - 1 if n % 2 == 0 else n)
    else:
        assert edges == sorted({tuple(sorted((k, (k + 1) % n))) for k in range(n)})
        assert len(rounds) == (1 if n == 2 else 2 + n % 2)


@pytest.mark.parametrize("mixer", XY_MIXERS, ids=repr)
def test_xy_layers_approach_the_exponential_to_second_order(mixer):
    hamiltonian = exchange_hamiltonian(mixer.num_qubits, [pair for pairs in mixer.rounds() for pair in pairs])
    errors = [np.linalg.norm(layer(mixer, beta) - expm(-1j * beta * hamiltonian), 2) for beta in (2e-3, 1e-3)]
    assert errors[0] < 1e-4
    assert errors[0] < 1e-12 or errors[0] / errors[1] == pytest.approx(4.0, rel=0.02)


@pytest.mark.parametrize("num_qubits", range(2, 9))
def test_the_complete_mixer_is_the_exact_exponential(num_qubits):
    mixer = CompleteXYMixer(num_qubits)
    pairs = [(i, j) for j in range(num_qubits) for i in range(j)]
    expected = expm(-0.8j * exchange_hamiltonian(num_qubits, pairs))
    np.testing.assert_allclose(layer(mixer, 0.8), expected, rtol=0, atol=1e-12)
    assert mixer.conserves_hamming_weight
    circuit = Circuit(num_qubits)
    mixer.append_layer(circuit, 0.8)
    assert circuit.count_ops() == {"complete_xy": 1}


def test_many_small_trotter_steps_come_to_the_exact_mixer():
    step, exact = CompleteXYMixer(5, exact=False), layer(CompleteXYMixer(5), 0.6)
    errors = [np.abs(np.linalg.matrix_power(layer(step, 0.6 / m), m) - exact).max() for m in (1, 16, 32)]
    assert errors[0] > 0.1
    assert errors[1] < 0.03
    assert errors[1] / errors[2] == pytest.approx(2.0, rel=0.1)


def test_names_say_what_is_simulated():
    assert CompleteXYMixer(3).name == "complete XY, exact"
    assert (
        CompleteXYMixer(3, exact=False).name == CompleteXYMixer(3).name_on_machines == "complete XY, one Trotter step"
    )
    assert [mixer.name for mixer in (TransverseMixer(2), RingXYMixer(2))] == ["transverse field", "ring XY"]


@pytest.mark.parametrize("num_qubits", [4, 5])
def test_dicke_states_are_ground_states_of_the_complete_mixer(num_qubits):
    pairs = [pair for pairs in CompleteXYMixer(num_qubits).rounds() for pair in pairs]
    hamiltonian = exchange_hamiltonian(num_qubits, pairs)
    ones = weights(num_qubits)
    for weight in range(1, num_qubits):
        state = dicke_state(num_qubits, weight)
        sector = hamiltonian[np.ix_(ones == weight, ones == weight)]
        assert np.vdot(state, hamiltonian @ state).real == pytest.approx(np.linalg.eigvalsh(sector)[0], abs=1e-12)
        np.testing.assert_allclose(hamiltonian @ state, np.vdot(state, hamiltonian @ state) * state, atol=1e-12)


def test_the_transverse_mixer_is_the_exact_exponential():
    hamiltonian = PauliSum.from_list([("IIX", -1.0), ("IXI", -1.0), ("XII", -1.0)]).to_matrix()
    np.testing.assert_allclose(layer(TransverseMixer(3), 0.4), expm(-0.4j * hamiltonian), atol=1e-12)
    assert not TransverseMixer(3).conserves_hamming_weight


@pytest.mark.parametrize("preparation", [Circuit(1).h(0), Circuit(3).h(range(3)), dicke_circuit(4, 2)])
def test_the_grover_mixer_is_the_exact_exponential(preparation):
    state = preparation.to_matrix()[:, 0]
    exact = expm(0.9j * np.outer(state, state.conj()))
    np.testing.assert_allclose(layer(GroverMixer(preparation), 0.9), exact, atol=1e-12)


def test_all_satisfy_the_protocol():
    for mixer in (TransverseMixer(2), RingXYMixer(2), CompleteXYMixer(2), GroverMixer(Circuit(2).h((0, 1)))):
        assert isinstance(mixer, Mixer)


def test_bad_mixers_are_refused():
    from qtoolkit import Parameter

    with pytest.raises(InputError, match="num_qubits of at least 2, got 1"):
        RingXYMixer(1)
    with pytest.raises(InputError, match="num_qubits of at least 2, got 0"):
        CompleteXYMixer(0)
    with pytest.raises(InputError, match="exact must be"):
        CompleteXYMixer(3, exact="yes")
    with pytest.raises(InputError, match="num_qubits of at least 1, got 0"):
        TransverseMixer(0)
    with pytest.raises(InputError, match="free parameters"):
        GroverMixer(Circuit(1).rx(Parameter("a"), 0))
    with pytest.raises(CircuitError, match="inverse"):
        GroverMixer(Circuit(1).reset(0))
