import copy

import numpy as np
import pytest
from pyscf import cc, gto, mp, scf

from qtoolkit.applications.chemistry import (
    UCCSD,
    Excitation,
    MolecularIntegrals,
    ccsd_amplitudes,
    compute_integrals,
    diatomic,
    mp2_amplitudes,
)
from qtoolkit.applications.chemistry.ansaetze.amplitudes import _both_spins
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian


@pytest.fixture(scope="module")
def hydroxyl():
    return compute_integrals(diatomic("O", "H", 0.97, spin=1), "frozen_core")


def test_ccsd_has_the_energy_of_pyscf(lithium_hydride):
    structure = gto.M(atom="Li 0 0 0; H 0 0 1.595", basis="sto-3g", verbose=0)
    reference = cc.CCSD(scf.RHF(structure).run(conv_tol=1e-12)).run(conv_tol=1e-10)
    amplitudes = ccsd_amplitudes(lithium_hydride)
    assert amplitudes.correlation_energy == pytest.approx(reference.e_corr, abs=1e-8)
    assert np.linalg.norm(amplitudes.doubles[1]) == pytest.approx(np.linalg.norm(reference.t2), abs=1e-5)


def test_ccsd_of_an_open_shell_has_the_energy_of_pyscf(hydroxyl):
    structure = gto.M(atom="O 0 0 0; H 0 0 0.97", basis="sto-3g", spin=1, verbose=0)
    mean_field = scf.ROHF(structure).run(conv_tol=1e-12)
    reference = cc.UCCSD(mean_field.to_uhf(), frozen=1).run(conv_tol=1e-10)
    assert ccsd_amplitudes(hydroxyl).correlation_energy == pytest.approx(reference.e_corr, abs=1e-7)


def test_equal_spins_have_antisymmetric_doubles(hydroxyl):
    for amplitudes in (ccsd_amplitudes(hydroxyl), mp2_amplitudes(hydroxyl)):
        for block in (amplitudes.doubles[0], amplitudes.doubles[2]):
            np.testing.assert_allclose(block, -block.transpose(1, 0, 2, 3), atol=1e-9)
            np.testing.assert_allclose(block, -block.transpose(0, 1, 3, 2), atol=1e-9)


def test_amplitudes_are_found_by_their_excitation(hydroxyl):
    amplitudes, norb = ccsd_amplitudes(hydroxyl), hydroxyl.norb
    (n_alpha, n_beta) = hydroxyl.nelec
    assert (norb, n_alpha, n_beta) == (5, 4, 3)
    assert amplitudes.of(Excitation((norb + 2,), (norb + 4,))) == amplitudes.singles[1][2, 1]
    assert amplitudes.of(Excitation((2, norb + 1), (4, norb + 3))) == amplitudes.doubles[1][2, 1, 0, 0]


def test_bases_of_both_spins_leave_the_integrals_as_they_are():
    rng = np.random.default_rng(3)
    one_body = rng.normal(size=(2, 2, 2))
    one_body = one_body + one_body.transpose(0, 2, 1)
    two_body = rng.normal(size=(3, 2, 2, 2, 2))
    for axes in ((0, 2, 1, 3, 4), (0, 1, 2, 4, 3)):
        two_body = two_body + two_body.transpose(axes)
    two_body[::2] += two_body[::2].transpose(0, 3, 4, 1, 2)
    core, repulsion = _both_spins(ElectronicHamiltonian(one_body, two_body))
    np.testing.assert_array_equal(core[2:, 2:], one_body[1])
    assert not core[:2, 2:].any()
    np.testing.assert_array_equal(repulsion[:2, :2, 2:, 2:], two_body[1])
    np.testing.assert_array_equal(repulsion, repulsion.transpose(2, 3, 0, 1))


def test_coupled_cluster_of_equal_integrals_of_both_spins_is_that_of_one(lithium_hydride, monkeypatch):
    expected = ccsd_amplitudes(lithium_hydride)
    doubled = ElectronicHamiltonian(
        np.stack([lithium_hydride.one_body_tensor] * 2),
        np.stack([lithium_hydride.two_body_tensor] * 3),
        lithium_hydride.core_energy,
    )
    assert doubled.is_spin_dependent
    integrals = copy.copy(lithium_hydride)
    monkeypatch.setitem(integrals.__dict__, "hamiltonian", doubled)
    found = ccsd_amplitudes(integrals)
    assert found.correlation_energy == pytest.approx(expected.correlation_energy, abs=1e-8)
    for block, known in zip((*found.singles, *found.doubles), (*expected.singles, *expected.doubles), strict=True):
        np.testing.assert_allclose(block, known, atol=1e-5)
    for block, known in zip(mp2_amplitudes(integrals).doubles, mp2_amplitudes(lithium_hydride).doubles, strict=True):
        np.testing.assert_allclose(block, known, atol=1e-12)


def test_two_electrons_have_the_ccsd_energy_of_the_exact_state(hydrogen):
    amplitudes = ccsd_amplitudes(hydrogen)
    assert hydrogen.hartree_fock_energy + amplitudes.correlation_energy == pytest.approx(-1.137306036, abs=1e-8)
    parameters = UCCSD(2, (1, 1)).initial_parameters(hydrogen, "ccsd")
    assert np.count_nonzero(np.abs(parameters) > 1e-8) == 1


def test_spaces_without_excitations_have_no_amplitudes(hydrogen):
    full = MolecularIntegrals(
        hydrogen.one_body_tensor, hydrogen.two_body_tensor, 0.0, (2, 2), hydrogen.orbital_energies, 0.0
    )
    amplitudes = ccsd_amplitudes(full)
    assert amplitudes.correlation_energy == 0.0
    assert amplitudes.doubles[1].shape == (2, 2, 0, 0)


def test_one_spin_alone_has_amplitudes(lithium_hydride):
    polarised = MolecularIntegrals(
        lithium_hydride.one_body_tensor,
        lithium_hydride.two_body_tensor,
        0.0,
        (2, 0),
        lithium_hydride.orbital_energies,
        0.0,
    )
    amplitudes = ccsd_amplitudes(polarised)
    assert amplitudes.doubles[0].shape == (2, 2, 4, 4)
    assert amplitudes.doubles[1].shape == (2, 0, 4, 6)
    parameters = UCCSD(6, (2, 0)).initial_parameters(polarised, "ccsd")
    assert np.abs(parameters).max() > 1e-3


def test_starts_are_named(lithium_hydride):
    ansatz = UCCSD(6, (2, 2), spin_adapted=True)
    zeros = ansatz.initial_parameters(lithium_hydride, "zeros")
    np.testing.assert_array_equal(zeros, np.zeros(44))
    np.testing.assert_array_equal(
        ansatz.initial_parameters(lithium_hydride), ansatz.perturbative_parameters(lithium_hydride)
    )
    with pytest.raises(InputError, match="start must be"):
        ansatz.initial_parameters(lithium_hydride, "cisd")


def test_perturbative_doubles_agree_with_mp2_far_from_degeneracy(lithium_hydride):
    structure = gto.M(atom="Li 0 0 0; H 0 0 1.595", basis="sto-3g", verbose=0)
    reference = mp.MP2(scf.RHF(structure).run(conv_tol=1e-12)).run()
    doubles = mp2_amplitudes(lithium_hydride).doubles[1]
    assert np.linalg.norm(0.5 * np.tan(2.0 * doubles)) == pytest.approx(np.linalg.norm(reference.t2), abs=1e-6)


@pytest.mark.parametrize(
    "excitation",
    [
        Excitation((0,), (1,)),
        Excitation((3,), (8,)),
        Excitation((0,), (20,)),
        Excitation((7, 0), (8, 4)),
        Excitation((4,), (0,)),
        Excitation((0, 1, 2), (4, 8, 9)),
    ],
)
def test_other_excitations_have_no_amplitude(hydroxyl, excitation):
    with pytest.raises(InputError, match="is no excitation of these amplitudes"):
        mp2_amplitudes(hydroxyl).of(excitation)
