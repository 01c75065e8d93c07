"""Portfolio, molecule and surface code on clouds by their names, with the evidence that they have on this machine."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from stubs.server import running
from stubs.toy import TOKEN

from qtoolkit import get_backend
from qtoolkit.algorithms.measurement import (
    PostSelection,
    ShotEstimator,
    ZeroNoiseExtrapolation,
    calibrate_readout,
)
from qtoolkit.algorithms.quadratic import QaoaSolver, enumerate_choices
from qtoolkit.applications.chemistry import diatomic, ground_state, qubit_hamiltonian
from qtoolkit.applications.finance import PortfolioProblem, load_sp500_returns
from qtoolkit.applications.qec import code_named, decode_counts, measured_last, memory_circuit, noise_preset
from qtoolkit.backends import JobStore, MeteredBackend, SamplingEstimator

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "applications_on_a_cloud.py"


@pytest.fixture
def toy(toy_provider, tmp_path, monkeypatch):
    with running("toy") as server:
        monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
        monkeypatch.setenv("TOY_URL", server.address)
        monkeypatch.setenv("TOY_TOKEN", TOKEN)
        yield server


def test_a_portfolio(toy):
    problem = PortfolioProblem.from_returns(
        load_sp500_returns().subset(range(5)), risk_aversion=0.5, cardinality=2, objective="positions"
    ).selection()
    exact = enumerate_choices(problem)
    trained = QaoaSolver(1, mixer="transverse", shots=2000).solve(problem, seed=1, enumeration=exact)
    solver = QaoaSolver(1, mixer="transverse", schedule=trained.schedule, shots=2000, sampler="toy:one")
    there = solver.solve(problem, seed=1, enumeration=exact)
    assert there.backend_name == "toy:one"
    assert there.gap == pytest.approx(0.0, abs=1e-12)
    error = math.sqrt(trained.probability_of_optimum / 2000)
    assert abs(there.probability_of_optimum - trained.probability_of_optimum) < 5 * error
    assert len(JobStore().jobs()) == 1


def test_a_molecule(toy):
    molecule = ground_state(diatomic("Li", "H", 1.595), active_space=(2, 2))
    hamiltonian = qubit_hamiltonian(molecule.integrals)
    electrons = PostSelection.particle_numbers(molecule.integrals.norb, molecule.integrals.nelec)
    metered = MeteredBackend(get_backend("toy:one"))
    readout = calibrate_readout(metered, hamiltonian.num_qubits, 500)
    estimator = ShotEstimator(metered, 20_000, mitigation=(readout, electrons, ZeroNoiseExtrapolation()))
    estimate = estimator.estimate(molecule.ansatz.circuit, hamiltonian, molecule.parameters)
    assert abs(estimate.value - molecule.fci_energy) < 5 * estimate.standard_error
    assert 0.0 < estimate.standard_error < 0.02
    assert metered.num_jobs == len(JobStore().jobs())
    assert metered.num_shots > 20_000
    plain = SamplingEstimator("toy:one", 4000).estimate(molecule.ansatz.circuit, hamiltonian, molecule.parameters)
    assert abs(plain.value - molecule.fci_energy) < 5 * plain.standard_error


def test_a_memory(toy):
    runs = measured_last(memory_circuit(code_named("rotated-surface", distance=3), 1))
    result = get_backend("toy:one").run(runs, 300).result(60)
    counts = decode_counts(runs, result, noise=noise_preset("circuit", 0.01))
    assert (counts.errors, counts.shots, counts.backend_name) == (0, 300, "toy:one")
    assert counts.confidence_interval[1] < 0.02


def test_a_meter_counts_what_it_passes_on():
    metered = MeteredBackend(get_backend("local"))
    energy = SamplingEstimator(metered, 100, seed=1)
    molecule = ground_state(diatomic("H", "H", 0.74))
    energy.estimate(molecule.ansatz.circuit, qubit_hamiltonian(molecule.integrals), molecule.parameters)
    assert metered.num_jobs == 1
    assert metered.num_shots == 100 * metered.num_circuits
    assert metered.costs == {}
    assert metered.cost_text == "free"
    assert metered.job(metered.jobs[0].id) is metered.jobs[0]
    assert len(metered.jobs[0].result()) == metered.num_circuits


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [["--backend", "braket:local"], ["--backend", "ibm:fake_algiers", "--only", "molecule"]]
)
def test_the_example(arguments):
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments, "--shots", "100"],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "exact -7.8" in done.stdout
    assert arguments[1] in done.stdout
