"""Orbitals chosen by a rule, and what results tell of them."""

import numpy as np
import pytest
from pyscf import gto, mcscf, mp, scf
from pyscf.mcscf import avas as pyscf_avas

from qtoolkit.applications.chemistry import (
    AtomicValenceSpace,
    Molecule,
    NaturalOrbitalSpace,
    avas,
    compute_integrals,
    diatomic,
    fci_energy,
    ground_state,
    natural_orbitals,
)
from qtoolkit.errors import InputError, InsufficientMemoryError

ETHYLENE = Molecule.from_string(
    "C 0 0 0.667; C 0 0 -0.667; H 0 0.923 1.237; H 0 -0.923 1.237; H 0 0.923 -1.237; H 0 -0.923 -1.237", "6-31g"
)
NITROGEN = diatomic("N", "N", 1.1, "cc-pvdz")


def solved(molecule):
    structure = gto.M(
        atom=list(molecule.geometry), basis=molecule.basis, spin=molecule.spin, charge=molecule.charge, verbose=0
    )
    return scf.RHF(structure).run(conv_tol=1e-11)


@pytest.mark.parametrize(
    ("molecule", "labels", "threshold"),
    [
        (ETHYLENE, "C 2px", 0.2),
        (NITROGEN, ["N 2p"], 0.2),
        (NITROGEN, ["0 N 2p"], 0.3),
        (diatomic("O", "O", 1.2, "cc-pvdz", spin=2), ("O 2p",), 0.2),
        (diatomic("N", "H", 1.04, "6-31g", spin=2), ("N 2p", "H 1s"), 0.1),
    ],
    ids=["ethylene", "N2", "one atom", "O2", "NH"],
)
def test_avas_chooses_what_pyscf_does(molecule, labels, threshold):
    integrals = compute_integrals(molecule, avas(labels, threshold))
    mean_field = solved(molecule)
    option = 3 if molecule.spin else 2
    norb, electrons, orbitals = pyscf_avas.avas(
        mean_field, labels, threshold=threshold, openshell_option=option, canonicalize=False
    )
    assert (integrals.norb, sum(integrals.nelec)) == (norb, electrons)
    reference = mcscf.CASCI(mean_field, norb, integrals.nelec)
    reference.verbose = 0
    reference.fix_spin_(ss=integrals.spin * (integrals.spin + 1))
    reference.fcisolver.conv_tol = 1e-11
    assert fci_energy(integrals) == pytest.approx(reference.kernel(orbitals)[0], abs=1e-7)


def test_natural_orbitals_are_those_of_perturbation_theory():
    rule = natural_orbitals(0.02, 1.99)
    integrals = compute_integrals(NITROGEN, rule)
    theory = mp.MP2(solved(NITROGEN))
    theory.kernel()
    occupations = np.linalg.eigvalsh(theory.make_rdm1())
    kept = [p for p in occupations if 0.02 <= p <= 1.99]
    found = integrals.orbital_weights[list(integrals.active_space)]
    np.testing.assert_allclose(np.sort(found), np.sort(kept), atol=1e-6)
    np.testing.assert_allclose(np.sort(integrals.orbital_weights), occupations, atol=1e-6)
    assert sum(integrals.nelec) == 10
    assert integrals.norb == len(kept) == 8
    assert (np.diff(found) < 1e-8).all()  # by occupation


@pytest.mark.parametrize("rule", [avas("C 2p"), natural_orbitals(0.015, 1.985)])
def test_the_determinant_stays_that_of_hartree_fock(rule):
    integrals = compute_integrals(ETHYLENE, rule)
    whole = compute_integrals(ETHYLENE, (2, 2))
    assert integrals.hartree_fock_energy == pytest.approx(whole.hartree_fock_energy, abs=1e-9)
    n, filled = integrals.norb, integrals.nelec[0]
    h, g = integrals.one_body_tensor, integrals.two_body_tensor
    assert 0 < filled < n
    occupied = range(filled)
    energy = integrals.core_energy + 2 * sum(h[i, i] for i in occupied)
    energy += sum(2 * g[i, i, j, j] - g[i, j, j, i] for i in occupied for j in occupied)
    assert energy == pytest.approx(integrals.hartree_fock_energy, abs=1e-9)
    overlap = gto.M(atom=list(ETHYLENE.geometry), basis="6-31g", verbose=0).intor("int1e_ovlp")
    orbitals = integrals.orbital_coefficients
    np.testing.assert_allclose(orbitals.T @ overlap @ orbitals, np.eye(orbitals.shape[1]), atol=1e-10)
    assert integrals.point_group == "D2h"
    labels = np.array(integrals.orbital_symmetries)
    assert np.abs(h[labels[:, None] != labels]).max() < 1e-9


def test_labels_of_one_atom_break_the_symmetry_of_two():
    assert compute_integrals(NITROGEN, avas("0 N 2p")).point_group == "C1"
    assert compute_integrals(NITROGEN, avas("N 2p")).point_group == "D2h"


def test_canonical_orbitals_diagonalise_the_fock_matrix_again():
    integrals = compute_integrals(ETHYLENE, avas("C 2p"))
    n, filled = integrals.norb, integrals.nelec[0]
    g = integrals.two_body_tensor[..., :filled, :filled]
    fock = integrals.one_body_tensor + 2 * np.einsum("pqii->pq", g)
    fock -= np.einsum("piiq->pq", integrals.two_body_tensor[:, :filled, :filled, :])
    np.testing.assert_allclose(np.diag(fock), integrals.orbital_energies, atol=1e-6)
    blocks = np.zeros((n, n), bool)
    blocks[:filled, :filled] = blocks[filled:, filled:] = True
    assert np.abs((fock - np.diag(np.diag(fock)))[blocks]).max() < 1e-6


def test_results_tell_the_active_space():
    named = compute_integrals(diatomic("Li", "H", 1.595), [1, 2, 5])
    assert named.active_space_summary == "2 electrons in 3 orbitals, 1–2, 5 of 6; 2 electrons frozen in 0"
    np.testing.assert_array_equal(named.orbital_occupations, [2, 2, 0, 0, 0, 0])
    assert (named.core_orbitals, named.selection, named.orbital_weights) == ((0,), "", None)
    chosen = compute_integrals(NITROGEN, avas("N 2p"))
    assert chosen.active_space_summary == (
        "8 electrons in 7 orbitals, 3–9 of 28; 6 electrons frozen in 0–2; chosen by AVAS of N 2p with threshold 0.2"
    )
    weights = chosen.orbital_weights
    assert (weights[list(chosen.active_space)] > 0.2).all()
    assert weights.sum() == pytest.approx(6.0, abs=0.05)  # six atomic orbitals, which the basis nearly holds


def test_a_ground_state_takes_a_rule():
    result = ground_state(ETHYLENE, active_space=avas("C 2px"))
    assert (result.integrals.norb, result.integrals.nelec) == (2, (1, 1))
    assert result.energy == pytest.approx(result.fci_energy, abs=1e-7)
    assert result.energy < result.hartree_fock_energy - 0.01


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: avas([]), "labels are a tuple of texts"),
        (lambda: avas(3), "labels are a tuple of texts"),
        (lambda: avas(["C 2p", 3]), "labels are a tuple of texts"),
        (lambda: avas(" "), "labels are a tuple of texts"),
        (lambda: AtomicValenceSpace("C 2p"), "labels are a tuple of texts"),
        (lambda: avas("C 2p", 0.0), "threshold must lie between 0 and 1"),
        (lambda: avas("C 2p", 1.0), "threshold must lie between 0 and 1"),
        (lambda: avas("C 2p", "0.5"), "threshold must be a finite number"),
        (lambda: natural_orbitals(0.0), "lowest must lie between 0 and 1"),
        (lambda: NaturalOrbitalSpace(0.1, 2.0), "highest must lie between 1 and 2"),
        (lambda: compute_integrals(NITROGEN, avas("C 2p")), r"must name orbitals of N 1s, N 2s, N 2p, got 'C 2p'"),
        (lambda: compute_integrals(NITROGEN, avas("N 3d")), "must name orbitals of"),
        (lambda: compute_integrals(NITROGEN, avas("N 2p(")), "a label of AVAS"),
        (lambda: compute_integrals(NITROGEN, natural_orbitals(0.9, 1.1)), "chooses no orbital; widen it"),
        (
            lambda: compute_integrals(diatomic("N", "H", 1.04, spin=2), natural_orbitals()),
            "natural orbitals of MP2 are for closed shells, got ROHF",
        ),
    ],
)
def test_rules_that_cannot_choose_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_amplitudes_that_do_not_fit_into_memory_are_refused(monkeypatch):
    from qtoolkit.applications.chemistry import orbitals as module

    def refuse(nbytes, what, remedy):
        raise InsufficientMemoryError(f"{what} needs {nbytes:,} bytes: {remedy}")

    monkeypatch.setattr(module, "reserved", refuse)
    with pytest.raises(InsufficientMemoryError, match="MP2 of 7 occupied and 21 empty orbitals needs"):
        compute_integrals(NITROGEN, natural_orbitals())
