"""Energies of molecules from shots: unbiased without noise, and better by mitigation with it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from shot_statistics import assert_honest, assert_unbiased

from qtoolkit import StatevectorSimulator
from qtoolkit.algorithms.measurement import (
    PostSelection,
    ReadoutMitigation,
    ShotEstimator,
    ZeroNoiseExtrapolation,
    calibrate_readout,
    measure_shadow,
    measurement_groups,
)
from qtoolkit.applications.chemistry import (
    UCCSD,
    compute_integrals,
    diatomic,
    ground_state,
    hartree_fock_circuit,
    qubit_hamiltonian,
)
from qtoolkit.backends import BackendSampler, LocalBackend
from qtoolkit.circuit import ReadoutError
from qtoolkit.noise import NoiseModel, depolarizing

SIMULATOR = StatevectorSimulator()
EXAMPLE = Path(__file__).parents[3] / "examples" / "chemistry_shots.py"


@pytest.fixture(scope="module")
def hydrogen():
    """Ansatz, Hamiltonian, parameters and exact energy of H2 at 0.735 Å."""
    found = ground_state(diatomic("H", "H", 0.735))
    integrals = compute_integrals(diatomic("H", "H", 0.735))
    return found.ansatz.circuit, qubit_hamiltonian(integrals), found.parameters, found.fci_energy


@pytest.mark.parametrize("grouping", ["qubit-wise", "commuting"])
def test_hydrogen_is_unbiased(hydrogen, grouping):
    circuit, hamiltonian, parameters, exact = hydrogen
    estimator = ShotEstimator(SIMULATOR, 2000, grouping=grouping, seed=1)
    assert len(estimator.groups(hamiltonian)) == {"qubit-wise": 5, "commuting": 2}[grouping]
    found = [estimator.estimate(circuit, hamiltonian, parameters) for _ in range(200)]
    assert_unbiased([item.value for item in found], exact, [item.standard_error for item in found])
    assert_honest([item.value for item in found], [item.standard_error for item in found])


def test_one_shadow_gives_energy_and_electrons(hydrogen):
    circuit, hamiltonian, parameters, exact = hydrogen
    shadow = measure_shadow(SIMULATOR, circuit, 20_000, parameters=parameters, seed=2)
    energy = shadow.estimate(hamiltonian)
    assert abs(energy.value - exact) < 4 * energy.standard_error
    assert energy.standard_error < 0.02


NOISE = (
    NoiseModel()
    .add(depolarizing(0.001), gates=["pauli_rotation", "x", "h", "sdg"])
    .add(depolarizing(0.002), gates=["cx", "cz"])
    .add_readout(ReadoutError([[0.98, 0.02], [0.05, 0.95]]))
)


def test_mitigation_takes_most_of_the_error_of_hydrogen(hydrogen):
    circuit, hamiltonian, parameters, exact = hydrogen
    sampler = BackendSampler(LocalBackend(noise=NOISE))
    readout = ReadoutMitigation.from_noise_model(NOISE, 4)
    electrons = PostSelection.particle_numbers(2, (1, 1))

    def estimate(*mitigation):
        found = ShotEstimator(sampler, 400_000, mitigation=mitigation, seed=3).estimate(
            circuit, hamiltonian, parameters
        )
        return abs(found.value - exact), found

    raw, _ = estimate()
    read, _ = estimate(readout)
    kept, evidence = estimate(readout, electrons)
    whole, best = estimate(readout, electrons, ZeroNoiseExtrapolation())
    assert raw > 0.08
    assert read < 0.5 * raw
    assert kept < 0.7 * read
    assert 0.7 < evidence.kept < 0.95
    assert whole < max(4 * best.standard_error, 0.3 * kept)
    assert best.standard_error < 0.005
    calibrated = calibrate_readout(sampler, 4, 100_000, seed=4)
    again, found = estimate(calibrated)
    assert found.calibration_error > 0.0
    assert abs(again - read) < 5 * found.standard_error


def test_post_selection_alone_is_unbiased_without_noise(hydrogen):
    circuit, hamiltonian, parameters, exact = hydrogen
    estimator = ShotEstimator(SIMULATOR, 5000, mitigation=[PostSelection.particle_numbers(2, (1, 1))], seed=5)
    found = [estimator.estimate(circuit, hamiltonian, parameters) for _ in range(100)]
    assert {item.kept for item in found} == {1.0}
    assert_unbiased([item.value for item in found], exact, [item.standard_error for item in found])


def test_lithium_hydride_in_a_small_space_with_noise():
    """Two electrons in two orbitals: the same tools on a Hamiltonian with a large constant."""
    integrals = compute_integrals(diatomic("Li", "H", 1.595), active_space=(2, 2))
    hamiltonian = qubit_hamiltonian(integrals)
    found = ground_state(diatomic("Li", "H", 1.595), active_space=(2, 2))
    circuit, parameters, exact = found.ansatz.circuit, found.parameters, found.fci_energy
    clean = ShotEstimator(SIMULATOR, 100_000, seed=6).estimate(circuit, hamiltonian, parameters)
    assert abs(clean.value - exact) < 4 * clean.standard_error + 1e-5  # UCCSD is exact here to that
    sampler = BackendSampler(LocalBackend(noise=NOISE))
    mitigation = [ReadoutMitigation.from_noise_model(NOISE, 4), PostSelection.particle_numbers(2, (1, 1))]
    raw = ShotEstimator(sampler, 200_000, seed=7).estimate(circuit, hamiltonian, parameters)
    kept = ShotEstimator(sampler, 200_000, mitigation=mitigation, seed=7).estimate(circuit, hamiltonian, parameters)
    assert abs(kept.value - exact) < 0.4 * abs(raw.value - exact)


@pytest.mark.slow
def test_lithium_hydride_is_unbiased():
    integrals = compute_integrals(diatomic("Li", "H", 1.595))
    hamiltonian = qubit_hamiltonian(integrals)
    ansatz = UCCSD(integrals.norb, integrals.nelec, orbital_symmetries=integrals.orbital_symmetries)
    parameters = ansatz.perturbative_parameters(integrals)
    exact = SIMULATOR.expectation_value(ansatz.circuit, hamiltonian, parameters)
    estimator = ShotEstimator(SIMULATOR, 20_000, seed=8)
    found = [estimator.estimate(ansatz.circuit, hamiltonian, parameters) for _ in range(20)]
    assert_unbiased([item.value for item in found], exact, [item.standard_error for item in found])
    groups = estimator.groups(hamiltonian)
    state = SIMULATOR.state_vector(ansatz.circuit, parameters)
    predicted = groups.predicted_standard_error(20_000, state_vector=state)[0]
    assert predicted < np.mean([item.standard_error for item in found]) < 1.25 * predicted
    assert len(groups) < len(measurement_groups(hamiltonian, "qubit-wise")) / 3


def test_a_determinant_is_certain_of_its_diagonal_group():
    integrals = compute_integrals(diatomic("H", "H", 0.735))
    hamiltonian = qubit_hamiltonian(integrals)
    groups = measurement_groups(hamiltonian)
    state = SIMULATOR.state_vector(hartree_fock_circuit(2, (1, 1)))
    variances = groups.variances(state)[:, 0]
    diagonal = [not group.terms.x_masks.any() for group in groups.groups]
    assert sum(diagonal) == 1
    assert (variances[diagonal] < 1e-12).all()
    assert (variances[np.logical_not(diagonal)] > 1e-3).all()


@pytest.mark.slow
def test_the_example_shows_what_mitigation_takes_away(tmp_path):
    output = tmp_path / "lih.json"
    command = [sys.executable, str(EXAMPLE), "--fast", "--seed", "3", "--output", str(output)]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=300)
    assert run.returncode == 0, run.stderr
    assert "exact -7.86229" in run.stdout
    found = json.loads(output.read_text(encoding="utf-8"))
    gaps = [abs(item["energy"] + 7.86229) for item in found.values()]
    assert gaps[0] > 3 * gaps[1] > 0.0
    assert gaps[1] > 3 * gaps[2]
    refused = subprocess.run([*command[:-1], str(tmp_path / "no" / "x.json")], capture_output=True, check=False)
    assert refused.returncode == 2
