"""Krylov spaces against exact spectra."""

import math

import numpy as np
import pytest
from fermion_models import random_hamiltonian

from qtoolkit import Circuit, PauliSum, StatevectorSimulator, get_backend
from qtoolkit.algorithms.krylov import electronic_krylov, exact_krylov, sampled_krylov
from qtoolkit.algorithms.krylov.subspace import thresholded_eigenvalues
from qtoolkit.backends import BackendSampler
from qtoolkit.errors import BackendError, ConvergenceError, InputError, OperatorError
from qtoolkit.primitives import Result
from qtoolkit.simulators.fermion import FermionSector, lowest_states

ISING = PauliSum.from_list(
    [("IZZ", -1.0), ("ZZI", -1.0), ("IIX", -0.6), ("IXI", -0.6), ("XII", -0.6), ("IIZ", 0.3), ("III", 0.5)]
)
ENERGIES = np.linalg.eigvalsh(ISING.to_matrix())
PREPARATION = Circuit(3).ry(0.4, 0).ry(0.6, 1).ry(0.3, 2)


class Noiseless:
    """Counts that are as close to the probabilities as so many shots can be."""

    def run(self, circuit, shots, seed=None, parameters=None):
        bare = circuit.without_final_measurements()
        zero = StatevectorSimulator().probabilities(bare, [bare.num_qubits - 1])[0]
        good = round(zero * shots)
        return Result.from_counts({"0": good, "1": shots - good}, 1)


def test_energies_fall_to_the_exact_one():
    found = exact_krylov(ISING, PREPARATION, 8, 0.7, num_energies=3, exact_energies=ENERGIES)
    assert (np.diff(found.history) <= 1e-9).all()
    assert (found.history >= ENERGIES[0] - 1e-10).all()
    assert found.history[0] == pytest.approx(StatevectorSimulator().expectation_value(PREPARATION, ISING))
    assert abs(found.gap) < 1e-6
    assert found.energies == pytest.approx(ENERGIES[:3], abs=1e-4)
    assert found.dimension <= 8
    assert found.standard_errors is None


def test_an_eigenstate_has_a_space_of_one_dimension():
    diagonal = PauliSum.from_list([("ZI", 1.0), ("IZ", 0.5)])
    found = exact_krylov(diagonal, Circuit(2).x(1), 4, 0.3)
    assert found.dimension == 1
    assert found.energy == pytest.approx(-0.5)


def test_electrons_in_their_sector():
    hamiltonian = random_hamiltonian(4, np.random.default_rng(2), spin_dependent=False)
    sector = FermionSector(4, (2, 2))
    exact, states = lowest_states(hamiltonian, (2, 2), 2)
    start = states[0] + 0.7 * states[1]
    start += 0.3 * np.random.default_rng(1).normal(size=sector.shape) / sector.shape[0]
    start /= np.linalg.norm(start)
    found = electronic_krylov(hamiltonian, (2, 2), start, 16, 0.03, exact_energies=exact)
    assert -1e-9 < found.gap < 0.05
    assert (np.diff(found.history) <= 1e-8).all()
    assert found.history[0] - exact[0] > 10 * found.gap


@pytest.mark.parametrize("evolution", ["exact", "trotter"])
def test_shots_give_energies_within_their_error_bars(evolution):
    start = Circuit(3).ry(2.5, 0).ry(2.4, 1).ry(2.5, 2)
    spectrum = (ENERGIES[0] - 0.1, ENERGIES[-1] + 0.1)
    arguments = {"evolution": evolution, "steps": 8, "energy_range": spectrum, "exact_energies": ENERGIES}
    found = sampled_krylov(ISING, start, 5, 20_000, seed=11, **arguments)
    assert 0 < found.standard_errors[0] < 0.02
    noiseless = sampled_krylov(ISING, start, 5, 20_000, sampler=Noiseless(), **arguments)
    assert found.dimension == noiseless.dimension == 3
    assert abs(found.energy - noiseless.energy) < 4 * found.standard_errors[0]
    assert abs(found.energy - noiseless.energy) > 1e-6
    # the space is too small for the exact energy, which error bars of shots do not tell
    assert -4 * found.standard_errors[0] - found.evolution_error < found.gap < 0.06
    assert found.shots == 10 * 20_000
    assert found.num_circuits == 10
    assert (found.evolution_error > 0) == (evolution == "trotter")


def test_the_bootstrap_is_as_wide_as_the_scatter():
    runs = [sampled_krylov(ISING, PREPARATION, 3, 2000, seed=seed) for seed in range(40)]
    scatter = np.std([run.energy for run in runs], ddof=1)
    mean = np.mean([run.standard_errors[0] for run in runs])
    assert 0.5 < mean / scatter < 2.0


def test_without_noise_tests_give_upper_bounds():
    found = sampled_krylov(
        ISING, PREPARATION, 8, 10**12, threshold=1e-7, sampler=Noiseless(), exact_energies=ENERGIES, seed=1
    )
    assert (found.history >= ENERGIES[0] - 1e-4).all()
    assert abs(found.gap) < 0.01
    assert found.history[0] > found.energy


def test_a_backend_gets_one_job():
    calls = []

    class Counting(BackendSampler):
        def run_batch(self, circuits, shots, seed=None, parameters=None):
            calls.append(len(circuits))
            return super().run_batch(circuits, shots, seed, parameters)

    found = sampled_krylov(ISING, PREPARATION, 3, 500, sampler=Counting(get_backend("local")), seed=3)
    assert calls == [6]
    again = sampled_krylov(ISING, PREPARATION, 3, 500, sampler=get_backend("local"), seed=3)
    assert again.energy == found.energy


def test_dependent_vectors_are_left_out():
    matrix = np.diag([1.0, 2.0])
    columns = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    found, dimension = thresholded_eigenvalues(columns.T @ matrix @ columns, columns.T @ columns, 1e-10)
    assert dimension == 2
    assert found == pytest.approx([1.0, 2.0])
    with pytest.raises(ConvergenceError, match="above the threshold"):
        thresholded_eigenvalues(np.eye(2), 1e-3 * np.eye(2), 0.1)


class Broken:
    def run(self, circuit, shots, seed=None, parameters=None):
        return Result.from_counts({"00": shots})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: exact_krylov(1j * ISING, PREPARATION, 3, 0.1), OperatorError, "must be Hermitian"),
        (lambda: exact_krylov(ISING, Circuit(2), 3, 0.1), InputError, "3 qubits, got 2"),
        (lambda: exact_krylov(ISING, PREPARATION, 0, 0.1), InputError, "num_states must be"),
        (lambda: exact_krylov(ISING, PREPARATION, 3, 0.0), InputError, "time_step must be"),
        (lambda: exact_krylov(ISING, PREPARATION, 3, 0.1, exact_energies=[math.nan]), InputError, "exact_energies"),
        (lambda: sampled_krylov(ISING, PREPARATION, 3, 100, energy_range=(1.0, 0.0)), InputError, "the lower first"),
        (lambda: sampled_krylov(ISING, PREPARATION, 3, 1), InputError, "shots must be"),
        (lambda: sampled_krylov(ISING, PREPARATION, 3, 100, sampler=Broken()), BackendError, "one bit for each"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
