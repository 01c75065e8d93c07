"""The exchange of all pairs of qubits in a sector, against the exponential of its Hamiltonian."""

import itertools
import math

import numpy as np
import pytest
from scipy.linalg import expm

from qtoolkit import Circuit, Parameter, PauliSum
from qtoolkit.algorithms import parameter_shift_gradient
from qtoolkit.circuit import CompleteXYGate
from qtoolkit.errors import CircuitError, InsufficientMemoryError
from qtoolkit.simulators import SectorSimulator
from qtoolkit.simulators.sector import spins


def hopping(num_qubits, weight):
    """½ Σ (XX + YY) on a sector, from its definition: a one and a zero change places."""
    states = [bits for bits in range(1 << num_qubits) if bits.bit_count() == weight]
    place = {bits: k for k, bits in enumerate(states)}
    matrix = np.zeros((len(states), len(states)))
    for bits in states:
        for one, zero in itertools.permutations(range(num_qubits), 2):
            if bits >> one & 1 and not bits >> zero & 1:
                matrix[place[bits ^ 1 << one ^ 1 << zero], place[bits]] = 1.0
    return matrix


def random_state(size, seed):
    parts = np.random.default_rng(seed).normal(size=(2, size))
    state = parts[0] + 1j * parts[1]
    return state / np.linalg.norm(state)


def random_observable(num_qubits, seed):
    rng = np.random.default_rng(seed)
    labels = ["".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(30)]
    return PauliSum.from_list([(label, float(rng.normal())) for label in labels])


@pytest.mark.parametrize("leaf", [1, 12, 1 << 13])
@pytest.mark.parametrize("num_qubits", range(2, 10))
def test_every_sector_of_up_to_nine_qubits(num_qubits, leaf, monkeypatch):
    monkeypatch.setattr(spins, "LEAF_STATES", leaf)
    theta = 0.3 + 0.7 * num_qubits
    circuit = Circuit(num_qubits).append(CompleteXYGate(num_qubits, theta), range(num_qubits))
    for weight in range(num_qubits + 1):
        size = math.comb(num_qubits, weight)
        state = random_state(size, weight)
        found = SectorSimulator(weight).state_vector(circuit, initial_state=state)
        expected = expm(-0.5j * theta * hopping(num_qubits, weight)) @ state
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("num_qubits", "weight"), [(20, 10), (22, 7), (40, 3)])
def test_nothing_is_lost_where_angles_are_large(num_qubits, weight):
    """Where powers of the exchange would cancel; the parts by spin are those of uniform and of plain states."""
    gate = CompleteXYGate(num_qubits, 7.3)
    circuit = Circuit(num_qubits).append(gate, range(num_qubits))
    size = math.comb(num_qubits, weight)
    simulator = SectorSimulator(weight)
    uniform = np.full(size, size**-0.5)
    value = weight * (num_qubits - weight)
    np.testing.assert_allclose(
        simulator.state_vector(circuit, initial_state=uniform), np.exp(-3.65j * value) * uniform, rtol=0, atol=1e-13
    )
    state = random_state(size, 1)
    back = circuit.copy().extend(circuit.inverse())
    np.testing.assert_allclose(simulator.state_vector(back, initial_state=state), state, rtol=0, atol=1e-13)
    twice = circuit.copy().extend(circuit)
    once = Circuit(num_qubits).append(CompleteXYGate(num_qubits, 14.6), range(num_qubits))
    np.testing.assert_allclose(
        simulator.state_vector(twice, initial_state=state),
        simulator.state_vector(once, initial_state=state),
        rtol=0,
        atol=1e-12,
    )


def some_circuit(num_qubits, weight, seed):
    """Exchanges of all qubits and of some, under controls, between other gates and X gates."""
    rng = np.random.default_rng(seed)
    a, b = Parameter("a"), Parameter("b")
    circuit = Circuit(num_qubits).x(range(weight))
    for q in range(num_qubits - 1):
        circuit.xx_plus_yy(0.4 + q, 0.3, q, q + 1)
    chosen = rng.permutation(num_qubits).tolist()
    circuit.append(CompleteXYGate(num_qubits - 2, 0.9 * a), chosen[2:])
    for q in range(num_qubits):
        circuit.rz(0.4 * q * b, q)
    circuit.cp(b, *chosen[:2])
    controlled = CompleteXYGate(num_qubits - 2, 0.2 * a - 0.8 * b + 0.1).controlled(2, int(rng.integers(4)))
    circuit.append(controlled, chosen).xx_plus_yy(0.7, 0.0, *chosen[1:3])
    circuit.x(range(num_qubits)).append(CompleteXYGate(num_qubits, b - a), chosen).x(range(num_qubits))
    return circuit.p(a, 0).append(CompleteXYGate(2, a), chosen[:2])


@pytest.mark.parametrize("seed", range(6))
def test_some_of_the_qubits_and_controls(seed):
    num_qubits, values = 4 + seed % 4, [0.7, -1.9]
    weight = 1 + seed % (num_qubits - 1)
    circuit = some_circuit(num_qubits, weight, seed)
    simulator = SectorSimulator(weight)
    state = simulator.embed(simulator.state_vector(circuit, values), num_qubits)
    np.testing.assert_allclose(state, circuit.bind(values).to_matrix()[:, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_gradients_are_differences_and_shifts(seed):
    num_qubits, values = 4 + seed % 3, np.array([0.6, -0.8])
    weight = 1 + seed % (num_qubits - 1)
    circuit, observable = some_circuit(num_qubits, weight, seed), random_observable(num_qubits, seed)
    simulator = SectorSimulator(weight)
    value, gradient = simulator.gradient(circuit, observable, values)
    assert value == pytest.approx(simulator.expectation_value(circuit, observable, values), abs=1e-12)
    assert np.abs(gradient).min() > 1e-3
    h = 1e-5
    for k, step in enumerate(np.eye(2) * h):
        up, down = (simulator.expectation_value(circuit, observable, values + sign * step) for sign in (1, -1))
        assert gradient[k] == pytest.approx((up - down) / (2 * h), abs=1e-7)
    plain = Circuit(num_qubits).x(range(weight)).append(CompleteXYGate(num_qubits, Parameter("a")), range(num_qubits))
    shifted = parameter_shift_gradient(plain, observable, [0.7], estimator=simulator)[1]
    np.testing.assert_allclose(shifted, simulator.gradient(plain, observable, [0.7])[1], rtol=0, atol=1e-10)


def test_single_precision_and_threads(monkeypatch):
    monkeypatch.setattr(spins, "LEAF_STATES", 500)
    num_qubits, weight, values = 16, 6, [0.9, 0.4]
    circuit, observable = some_circuit(num_qubits, weight, 3), random_observable(num_qubits, 3)
    double, single = SectorSimulator(weight, num_threads=1), SectorSimulator(weight, "single")
    state = double.state_vector(circuit, values)
    np.testing.assert_allclose(single.state_vector(circuit, values), state, rtol=0, atol=2e-6)
    monkeypatch.setattr("qtoolkit.simulators.sector.runner.PARALLEL_SIZE", 1)
    threads = SectorSimulator(weight)
    assert np.array_equal(threads.state_vector(circuit, values), state)
    assert np.array_equal(
        threads.gradient(circuit, observable, values)[1], double.gradient(circuit, observable, values)[1]
    )


def test_what_cannot_be_done_is_refused(monkeypatch):
    half = Circuit(4).x(0).x(1).xx_plus_yy(0.3, 0.0, 0, 2).x(0).append(CompleteXYGate(4, Parameter("a")), range(4)).x(0)
    with pytest.raises(CircuitError, match=r"complete_xy on qubits \(0, 1, 2, 3\) does not"):
        SectorSimulator(2).compile(half)
    circuit = Circuit(9).append(CompleteXYGate(9, 0.3), range(9))
    monkeypatch.setattr(spins, "MAX_STATES", 100)
    with pytest.raises(CircuitError, match="at most 100 states, got 126; use its decomposition"):
        SectorSimulator(4).compile(circuit)
    monkeypatch.undo()
    monkeypatch.setattr("qtoolkit._needs.spin_tables", lambda *_: 1 << 60)
    with pytest.raises(InsufficientMemoryError, match="the exchange of all pairs of 9 qubits"):
        SectorSimulator(4).compile(circuit)


@pytest.mark.parametrize(("num_qubits", "weight", "leaf"), [(9, 4, 20), (12, 3, 1 << 13), (13, 9, 100), (6, 0, 5)])
def test_lists_are_as_long_as_is_foretold(num_qubits, weight, leaf, monkeypatch):
    monkeypatch.setattr(spins, "LEAF_STATES", leaf)
    tables = spins.SpinTables(num_qubits, weight)
    tables.lists_of(tuple(range(num_qubits)))
    listed = len(tables.turns().entries)
    assert 0.4 * spins._num_entries(num_qubits, weight) <= listed <= spins._num_entries(num_qubits, weight)
