"""Energies by phase estimation: laws of outcomes, known energies, intervals that hold."""

import math

import numpy as np
import pytest

from qtoolkit import Circuit, PauliSum, StatevectorSimulator, get_backend
from qtoolkit.algorithms.phase_estimation import EnergyProblem, estimate_energy
from qtoolkit.algorithms.phase_estimation.estimation import _chances_beyond
from qtoolkit.errors import BackendError, InputError
from qtoolkit.primitives import Result

ISING = PauliSum.from_list([("ZZ", -1.0), ("IX", -0.6), ("XI", -0.4), ("II", 0.25)])
ENERGIES, STATES = np.linalg.eigh(ISING.to_matrix())


def eigenstate(k: int) -> Circuit:
    """A circuit of gates that prepares it."""
    basis = np.linalg.qr(np.column_stack([STATES[:, k], np.eye(4)[:, :3]]))[0]
    basis[:, 0] = STATES[:, k]
    return Circuit(2).unitary(basis, [0, 1])


def law(problem: EnergyProblem, energies, weights, bits: int) -> np.ndarray:
    """Probabilities of the outcomes, from the geometric sum over the register."""
    size = 1 << bits
    low, high = problem.energy_range
    phases = (np.asarray(energies) - low) / (high - low)
    k, y = np.arange(size), np.arange(size)
    found = np.zeros(size)
    for phase, weight in zip(phases, weights, strict=True):
        sums = np.exp(2j * np.pi * np.outer(y / size - phase, k)).sum(axis=1) / size
        found += weight * np.abs(sums) ** 2
    return found


def probabilities(circuit: Circuit, qubits) -> np.ndarray:
    return StatevectorSimulator().probabilities(circuit.without_final_measurements(), qubits)


def test_outcomes_of_the_textbook_follow_the_law():
    preparation = Circuit(2).ry(0.7, 0).cx(0, 1)
    problem = EnergyProblem(ISING, preparation)
    state = StatevectorSimulator().state_vector(preparation)
    weights = np.abs(STATES.T @ state) ** 2
    found = probabilities(problem.textbook_circuit(4), [2, 3, 4, 5])
    assert np.allclose(found, law(problem, ENERGIES, weights, 4), atol=1e-12)


def test_outcomes_of_the_iterative_way_follow_the_same_law():
    problem = EnergyProblem(ISING, eigenstate(1))
    shots = 40_000
    result = StatevectorSimulator().run(problem.iterative_circuit(3), shots, seed=4)
    expected = law(problem, ENERGIES[1:2], [1.0], 3)
    for y, probability in enumerate(expected):
        count = result.counts.get(f"{y:03b}", 0)
        assert abs(count - shots * probability) < 5 * math.sqrt(shots * probability * (1 - probability)) + 1


@pytest.mark.parametrize("method", ["textbook", "iterative"])
@pytest.mark.parametrize("k", range(4))
def test_each_eigenvalue_is_found(method, k):
    found = estimate_energy(EnergyProblem(ISING, eigenstate(k)), 6, 400, method=method, seed=k)
    low, high = found.interval
    assert low <= ENERGIES[k] <= high
    assert high - low < 2 * found.resolution
    assert abs(found.energy - ENERGIES[k]) < 0.2 * found.resolution
    assert found.is_alias_free is True
    assert sum(found.histogram.values()) == found.shots == 400
    assert found.evolution_error == 0.0


@pytest.mark.parametrize("evolution", ["exact", "trotter"])
def test_hydrogen(evolution):
    from qtoolkit.applications.chemistry import (
        compute_integrals,
        diatomic,
        fci_energy,
        hartree_fock_circuit,
        qubit_hamiltonian,
    )

    integrals = compute_integrals(diatomic("H", "H", 0.735))
    exact = fci_energy(integrals)
    assert exact == pytest.approx(-1.137306036, abs=1e-8)
    preparation = hartree_fock_circuit(2, (1, 1))
    problem = EnergyProblem(qubit_hamiltonian(integrals), preparation, evolution=evolution, steps=6)
    found = estimate_energy(problem, 7, 300, exact_energy=exact, seed=1)
    assert abs(found.gap) < found.resolution
    assert found.interval[0] <= exact <= found.interval[1]
    assert found.probability > 0.7
    assert (found.evolution_error > 0) == (evolution == "trotter")
    assert found.num_evolutions == 127


def test_intervals_hold_as_often_as_promised():
    problem = EnergyProblem(ISING, Circuit(2).h([0, 1]).rz(0.4, 0))
    missed = 0
    for seed in range(40):
        found = estimate_energy(problem, 3, 12, method="textbook", confidence=0.6, seed=seed)
        low, high = found.interval
        missed += not ((low <= ENERGIES) & (high >= ENERGIES)).any()
    assert missed <= 20  # of 40 at 0.4: beyond it with a chance of 0.07, and the bound is far from tight


@pytest.mark.parametrize("size", [4, 16, 256])
def test_no_outcome_far_from_an_eigenphase_is_more_likely(size):
    distances = np.linspace(0.05, size / 2, 400)
    bound = _chances_beyond(distances, size)
    true = (np.sin(np.pi * distances) / (size * np.sin(np.pi * distances / size))) ** 2
    assert (np.maximum.accumulate(true[::-1])[::-1] <= bound + 1e-12).all()
    assert (np.diff(bound) <= 1e-12).all()


@pytest.mark.parametrize("bits", [2, 3, 4, 6])
@pytest.mark.parametrize("energy", [1.0, -1.0])
def test_the_ends_of_a_range_are_not_taken_for_each_other(bits, energy):
    preparation = Circuit(1) if energy > 0 else Circuit(1).x(0)
    found = estimate_energy(EnergyProblem(PauliSum.from_list([("Z", 1.0)]), preparation), bits, 500, seed=1)
    assert found.is_alias_free is True
    assert found.interval[0] <= energy <= found.interval[1]
    assert abs(found.energy - energy) < 0.1 * found.resolution


def test_intervals_hold_at_the_edges_of_given_ranges():
    rng = np.random.default_rng(2)
    for seed in range(30):
        preparation = Circuit(2).ry(rng.normal(), 0).ry(rng.normal(), 1).cx(0, 1)
        ends = ENERGIES[0] - 0.3 * rng.random(), ENERGIES[-1] + 0.3 * rng.random() + 1e-3
        problem = EnergyProblem(ISING, preparation, energy_range=ends)
        for bits, shots in ((2, 20), (3, 200), (5, 200)):
            found = estimate_energy(problem, bits, shots, confidence=0.999, seed=seed)
            low, high = found.interval
            assert ((low <= ENERGIES) & (high >= ENERGIES)).any()


def test_a_range_that_is_too_narrow_is_noticed():
    energy = ENERGIES[0]
    inside = EnergyProblem(ISING, eigenstate(0), energy_range=(energy - 0.3, energy + 0.5))
    found = estimate_energy(inside, 6, 200, seed=3)
    assert found.is_alias_free is True
    assert abs(found.energy - energy) < found.resolution
    outside = EnergyProblem(ISING, eigenstate(0), energy_range=(energy + 0.3, energy + 1.0))
    found = estimate_energy(outside, 6, 200, seed=3)
    assert found.is_alias_free is False
    assert abs(found.energy - energy - 0.7) < found.resolution
    assert estimate_energy(outside, 6, 200, seed=3, check_alias=False).is_alias_free is None


def test_a_trotter_error_widens_the_interval_and_covers_the_shift():
    problem = EnergyProblem(ISING, eigenstate(0), evolution="trotter", steps=16)
    found = estimate_energy(problem, 7, 300, seed=2)
    assert found.interval[0] <= ENERGIES[0] <= found.interval[1]
    coarse = EnergyProblem(ISING, eigenstate(0), evolution="trotter", steps=4)
    assert coarse.evolution_error > problem.evolution_error > 0
    u = coarse.controlled_evolution(1).to_matrix()[4:, 4:]
    phases = (-np.angle(np.linalg.eigvals(u)) / (2 * np.pi)) % 1.0
    shifted = sorted(coarse.energy(phase) for phase in phases)
    assert np.abs(np.array(shifted) - ENERGIES).max() <= coarse.evolution_error
    assert np.abs(np.array(shifted) - ENERGIES).max() > 1e-3


def test_a_backend_runs_the_circuits():
    backend = get_backend("local")
    problem = EnergyProblem(ISING, eigenstate(2), evolution="trotter", steps=2)
    found = estimate_energy(problem, 4, 200, sampler=backend, seed=9)
    assert found.backend_name
    assert found.seed == 9
    again = estimate_energy(problem, 4, 200, sampler=backend, seed=9)
    assert again.histogram == found.histogram


class Broken:
    def run(self, circuit, shots, seed=None, parameters=None):
        return Result.from_counts({"0": shots})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: EnergyProblem(ISING, Circuit(3)), InputError, "the Hamiltonian's 2 qubits, got 3"),
        (lambda: EnergyProblem(ISING, Circuit(2), evolution="magic"), InputError, "one of exact, trotter"),
        (lambda: EnergyProblem(ISING, Circuit(2), energy_range=(1.0, 1.0)), InputError, "the lower first"),
        (
            lambda: EnergyProblem(PauliSum.identity(11), Circuit(11)),
            InputError,
            "a matrix of at most 10 qubits, got 11",
        ),
        (lambda: estimate_energy(EnergyProblem(ISING, Circuit(2)), 1), InputError, "num_bits must be an integer"),
        (lambda: estimate_energy(EnergyProblem(ISING, Circuit(2)), 3, 0), InputError, "shots must be an integer"),
        (lambda: estimate_energy(ISING, 3), InputError, "must be an EnergyProblem"),
        (
            lambda: estimate_energy(EnergyProblem(ISING, Circuit(2)), 3, sampler=Broken()),
            BackendError,
            "3 bits for each shot, got 1",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
