"""The evidence beside each energy, and energies that cannot be."""

import dataclasses
import sys

import numpy as np
import pytest

from qtoolkit import StatevectorSimulator
from qtoolkit.algorithms import COBYLA
from qtoolkit.applications.chemistry import (
    Certificate,
    HardwareEfficient,
    KUpCCGSD,
    Molecule,
    compute_integrals,
    diatomic,
    ground_state,
    qubit_hamiltonian,
)
from qtoolkit.applications.chemistry.energies import references
from qtoolkit.backends import SamplingEstimator
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.operators import fermion_mapping


def chain(count, distance):
    return Molecule([("H", (0.0, 0.0, distance * k)) for k in range(count)])


def certificate(**changes):
    known = {
        "energy": -1.0,
        "num_electrons": (1.0, 1.0),
        "spin_squared": 0.0,
        "spin_squared_target": 0.0,
        "variance": 0.04,
        "exact_energy": -1.1,
        "exact_ground_energy": -1.1,
        "converged": True,
        "message": "",
        "num_evaluations": 3,
        "gradient_norm": None,
        "seed": 0,
    }
    return Certificate(**(known | changes))


def test_a_certificate_derives_what_follows():
    found = certificate(ccsd_energy=-1.05)
    assert found.residual_norm == pytest.approx(0.2)
    assert found.eigenvalue_interval == pytest.approx((-1.2, -0.8))
    assert found.gap == pytest.approx(0.1)
    assert found.ccsd_gap == pytest.approx(0.05)
    assert found.spin_z == 0.0
    unknown = certificate(variance=None, exact_energy=None, exact_ground_energy=None)
    assert (unknown.residual_norm, unknown.eigenvalue_interval, unknown.gap, unknown.ccsd_gap) == (None,) * 4
    assert certificate(standard_error=0.1).eigenvalue_interval is None


def test_an_energy_below_the_exact_one_is_an_error():
    with pytest.raises(ConvergenceError, match=r"cannot lie below .* -1\.100000000 hartree, got -1\.100010000"):
        certificate(energy=-1.10001)
    assert certificate(energy=-1.1 - 1e-10).gap < 0.0  # rounding
    assert certificate(energy=-1.12, standard_error=0.01).gap < 0.0  # within three standard errors
    with pytest.raises(ConvergenceError, match=r"± 0\.01"):
        certificate(energy=-1.14, standard_error=0.01)


def test_the_certificate_of_lithium_hydride(lithium_hydride):
    result = ground_state(lithium_hydride)
    found = result.certificate
    assert found.num_electrons == (2.0, 2.0)
    assert found.spin_z == 0.0
    assert found.spin_squared == pytest.approx(0.0, abs=1e-9)
    assert found.exact_energy == pytest.approx(-7.882401932, abs=1e-8)
    assert found.ccsd_energy == pytest.approx(-7.882391436, abs=1e-8)  # PySCF 2.14
    assert 0.0 < found.gap < 5e-5
    assert (found.converged, found.seed, found.energy) == (True, 0, result.energy)
    # of all Pauli strings on the state vector of the circuit
    state = StatevectorSimulator().state_vector(result.ansatz.circuit, result.parameters)
    assert found.variance == pytest.approx(qubit_hamiltonian(lithium_hydride).variance(state), abs=1e-9)
    low, high = found.eigenvalue_interval
    assert low < found.exact_energy < high


@pytest.mark.parametrize(("distance", "most"), [(1.5, 2e-3), (2.0, 5e-3)])
def test_chains_stay_above_the_exact_energy_where_coupled_cluster_does_not(distance, most):
    found = ground_state(chain(4, distance)).certificate
    assert found.ccsd_energy < found.exact_energy - 1e-3
    assert 1e-6 < found.gap < most


def test_minima_lie_in_their_bands_and_never_on_the_exact_energy():
    six = ground_state(chain(6, 1.0))
    assert six.fci_energy == pytest.approx(-3.236066280, abs=1e-8)
    assert 1e-4 < six.gap < 1e-3
    square = ground_state(Molecule([("H", (x, y, 0.0)) for x in (0.0, 1.23) for y in (0.0, 1.23)]))
    assert square.fci_energy == pytest.approx(-1.969512165, abs=1e-8)
    assert 1e-4 < square.gap < 2.5e-3


def test_every_estimate_agrees_with_the_sector_engine(hydrogen):
    exact = ground_state(hydrogen)
    by_circuit = ground_state(hydrogen, estimator=StatevectorSimulator())
    assert by_circuit.energy == pytest.approx(exact.energy, abs=1e-9)
    assert by_circuit.certificate.variance == pytest.approx(exact.certificate.variance, abs=1e-9)
    noisy = ground_state(
        hydrogen,
        estimator=SamplingEstimator(StatevectorSimulator(), shots=2000, seed=1),
        optimizer=COBYLA(max_evaluations=20),
    )
    assert noisy.certificate.standard_error == noisy.standard_error > 0.0
    assert noisy.certificate.eigenvalue_interval is None
    assert noisy.certificate.variance < 0.05  # of the state, without noise


@pytest.mark.parametrize("name", ["parity", "bravyi_kitaev", "ternary_tree", "reduced"])
def test_circuits_of_every_mapping_have_the_same_energy(hydrogen, name):
    mapping = fermion_mapping("parity", 4, (1, 1)) if name == "reduced" else name
    expected = ground_state(hydrogen)
    found = ground_state(hydrogen, estimator=StatevectorSimulator(), mapping=mapping)
    assert found.energy == pytest.approx(expected.energy, abs=1e-9)
    np.testing.assert_allclose(found.parameters, expected.parameters, atol=1e-5)


def test_spin_is_kept_on_circuits_too():
    """The triplet of the carbon atom lies below the singlet, and a penalty leads to that, under a mapping as well."""
    carbon = compute_integrals(Molecule([("C", (0, 0, 0))]), (2, 3))
    found = ground_state(carbon, estimator=StatevectorSimulator(), mapping="parity")
    assert found.spin_penalty > 0.0
    assert found.spin_squared == pytest.approx(0.0, abs=1e-6)
    assert found.energy == pytest.approx(ground_state(carbon).energy, abs=1e-7)


def test_ansaetze_by_name_and_by_object():
    integrals = compute_integrals(chain(4, 1.0))
    named = ground_state(integrals, ansatz="k-upccgsd")
    given = ground_state(integrals, ansatz=KUpCCGSD(4, (2, 2)))
    assert named.energy == pytest.approx(given.energy, abs=1e-8)
    assert isinstance(named.ansatz, KUpCCGSD)
    assert ground_state(integrals, ansatz="lucj").gap < 5e-3
    with pytest.raises(InputError, match="must be an Ansatz or one of uccsd"):
        ground_state(integrals, ansatz="uccsdt")
    with pytest.raises(InputError, match=r"options of .uccsd."):
        ground_state(integrals, ansatz="lucj", spin_adapted=True)


def test_more_starts_are_never_worse():
    integrals = compute_integrals(chain(4, 2.0))
    one = ground_state(integrals, ansatz="k-upccgsd", num_starts=1)
    several = ground_state(integrals, ansatz="k-upccgsd")  # five
    assert several.energy < one.energy - 1e-2
    assert several.num_evaluations > one.num_evaluations
    again = ground_state(integrals, ansatz="k-upccgsd", num_starts=5)
    assert again.energy == pytest.approx(several.energy, abs=1e-8)  # the same seed
    with pytest.raises(InputError, match="num_starts"):
        ground_state(integrals, num_starts=0)


def test_an_ansatz_that_loses_electrons_says_so(hydrogen):
    result = ground_state(hydrogen, ansatz=HardwareEfficient(2, (1, 1), layers=2))
    assert result.certificate.num_electrons == pytest.approx((1.0, 1.0), abs=1e-4)
    assert 0.0 <= result.gap < 0.05


def test_spaces_too_large_for_exact_energies_have_none(hydrogen, monkeypatch):
    monkeypatch.setattr(references, "_MOST_DETERMINANTS", 3)
    monkeypatch.setattr(references, "_MOST_CORRELATED", 1)
    result = ground_state(hydrogen)
    assert (result.certificate.exact_energy, result.certificate.ccsd_energy) == (None, None)
    assert np.isnan(result.fci_energy)
    assert np.isnan(result.gap)
    assert not result.is_chemically_accurate


def test_coupled_cluster_that_fails_is_no_error(hydrogen, monkeypatch):
    def fail(_):
        raise ConvergenceError("no")

    monkeypatch.setattr(references, "ccsd_amplitudes", fail)
    assert ground_state(hydrogen).certificate.ccsd_energy is None


def test_integrals_are_solved_without_pyscf(hydrogen, monkeypatch):
    expected = ground_state(hydrogen)
    with_more = compute_integrals(chain(4, 1.0))
    for name in [name for name in sys.modules if name == "pyscf" or name.startswith("pyscf.")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "pyscf", None)
    found = ground_state(hydrogen)
    assert found.energy == pytest.approx(expected.energy, abs=1e-9)
    assert found.certificate.exact_energy == pytest.approx(expected.fci_energy, abs=1e-8)
    assert found.certificate.ccsd_energy is None
    assert ground_state(with_more, ansatz="lucj").gap < 5e-3  # which starts from perturbation theory then


def test_orbitals_that_differ_by_spin():
    integrals = compute_integrals(diatomic("O", "O", 1.2075, spin=2), (8, 6), reference="uhf")
    found = ground_state(integrals).certificate
    assert found.spin_squared == pytest.approx(2.0, abs=0.01)
    assert 0.0 < found.gap < 1e-3
    unknown = ground_state(dataclasses.replace(integrals, orbital_overlap=None))
    assert unknown.certificate.spin_squared is None
    assert np.isnan(unknown.spin_squared)
    assert unknown.energy == pytest.approx(found.energy, abs=1e-8)
