"""Localised orbitals, and density matrix embedding of molecules."""

import dataclasses

import numpy as np
import pytest

from qtoolkit.algorithms.embedding import ImpurityState, exact_solver
from qtoolkit.applications.chemistry import (
    Molecule,
    PointCharges,
    VQESolver,
    avas,
    compute_integrals,
    diatomic,
    fci_energy,
    localised_hamiltonian,
    molecule_dmet,
)
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion import lowest_states

WATER = Molecule.from_string("O 0 0 0; H 0 0.757 0.587; H 0 -0.757 0.587")


def ring(size: int, length: float) -> Molecule:
    """Hydrogen atoms on a circle, neighbours so far apart."""
    radius = 0.5 * length / np.sin(np.pi / size)
    angles = 2.0 * np.pi * np.arange(size) / size
    return Molecule([("H", (radius * np.cos(a), radius * np.sin(a), 0.0)) for a in angles])


@pytest.mark.parametrize("orbitals", ["lowdin", "meta-lowdin"])
@pytest.mark.parametrize("active_space", [None, "frozen_core"])
def test_localised_orbitals_change_no_energy(active_space, orbitals):
    localised = localised_hamiltonian(WATER, active_space=active_space, orbitals=orbitals)
    integrals = localised.integrals
    energies, _ = lowest_states(localised.hamiltonian, integrals.nelec)
    assert energies[0] == pytest.approx(fci_energy(integrals), abs=1e-9)
    assert np.allclose(localised.rotation.T @ localised.rotation, np.eye(localised.norb), atol=1e-12)
    assert np.trace(localised.density) == pytest.approx(localised.num_electrons)
    assert np.allclose(localised.density @ localised.density, 2.0 * localised.density, atol=1e-9)
    assert localised.orbital_atoms == ((0,) * (5 if active_space is None else 4) + (1, 2))


def test_all_orbitals_are_those_of_lowdin():
    from pyscf import gto

    localised = localised_hamiltonian(WATER)
    overlap = gto.M(atom=list(WATER.geometry), basis="sto-3g", verbose=0).intor("int1e_ovlp")
    values, states = np.linalg.eigh(overlap)
    known = (states / np.sqrt(values)) @ states.T
    assert np.allclose(localised.integrals.orbital_coefficients @ localised.rotation, known, atol=1e-9)


def test_fragments_are_groups_of_atoms():
    localised = localised_hamiltonian(WATER, [[0, 2], [1]], active_space="frozen_core")
    assert localised.fragments == ((0, 1, 2, 3, 5), (4,))
    assert localised.atoms == ((0, 2), (1,))


@pytest.mark.parametrize("active_space", [None, "frozen_core", avas(["O 2p", "H 1s"])])
def test_one_fragment_is_the_whole_molecule(active_space):
    found = molecule_dmet(WATER, [[0, 1, 2]], active_space=active_space)
    integrals = compute_integrals(WATER, active_space)
    assert found.energy == pytest.approx(fci_energy(integrals), abs=1e-8)
    assert found.hartree_fock_energy == pytest.approx(integrals.hartree_fock_energy, abs=1e-8)
    assert found.fragments[0].num_bath == 0
    assert found.largest_gap == 0.0


def test_two_electrons_on_two_atoms_are_exact():
    """Each atom with its bath is the whole molecule."""
    molecule = diatomic("H", "H", 1.5)
    assert molecule_dmet(molecule).energy == pytest.approx(fci_energy(compute_integrals(molecule)), abs=1e-7)


def test_far_molecules_add_up():
    pair = Molecule.from_string("H 0 0 0; H 0 0 0.9; H 40 0 0; H 40 0 0.9")
    found = molecule_dmet(pair, [[0, 1], [2, 3]], "vqe")
    alone = fci_energy(compute_integrals(diatomic("H", "H", 0.9)))
    assert found.energy == pytest.approx(2 * alone, abs=1e-6)
    assert found.largest_gap < 1e-7
    assert found.num_qubits == 4


@pytest.mark.parametrize(("size", "limit"), [(1, 1.5e-3), (2, 2.5e-3)])
def test_a_ring_of_ten_atoms_comes_near_the_exact_energy(size, limit):
    """Hartree–Fock lies 15 mHa per atom above; on four or eight qubits of twenty."""
    integrals = compute_integrals(ring(10, 1.0))
    exact = -5.387457440  # by PySCF's FCI, to 1e-9
    groups = [list(range(start, start + size)) for start in range(0, 10, size)]
    found = molecule_dmet(integrals, groups)
    assert abs(found.energy - exact) / 10 < limit
    assert found.num_qubits == 4 * size
    assert integrals.hartree_fock_energy - exact > 0.14
    assert abs(found.embedding.electron_error) <= 1e-5


def test_vqe_solves_impurities_nearly_exactly():
    groups = [[0, 1], [2, 3], [4, 5]]
    localised = localised_hamiltonian(ring(6, 1.0), groups)
    exact, by_vqe = molecule_dmet(localised), molecule_dmet(localised, solver=VQESolver(seed=1))
    assert by_vqe.solver == "vqe"
    assert 0.0 < by_vqe.largest_gap < 1e-4
    assert by_vqe.energy == pytest.approx(exact.energy, abs=1e-4)
    for fragment in by_vqe.fragments:
        state = fragment.state.ground_state
        assert state.certificate.converged
        assert state.energy == pytest.approx(fragment.impurity_energy)
        assert np.trace(fragment.state.one_rdm) == pytest.approx(sum(fragment.nelec))
        assert fragment.num_electrons == pytest.approx(2.0, abs=1e-4)
    assert by_vqe.correlation_energy < 0


def test_charges_around_are_felt():
    charges = PointCharges([[0.0, 0.0, 3.0]], [0.7])
    molecule = diatomic("H", "H", 1.0).with_environment(charges)
    assert molecule_dmet(molecule).energy == pytest.approx(fci_energy(compute_integrals(molecule)), abs=1e-7)


def test_more_orbitals_than_qubits_hold():
    """Each impurity is small, the whole need not be."""
    far = [("He", (0.0, 0.0, 6.0 * k)) for k in range(4)]
    found = molecule_dmet(Molecule(far, "cc-pvdz"), [[k] for k in range(4)])
    larger = Molecule([("He", (0.0, 0.0, 6.0 * k)) for k in range(7)], "cc-pvdz")
    localised = localised_hamiltonian(larger)
    assert localised.norb == 35
    each = fci_energy(compute_integrals(Molecule(far[:1], "cc-pvdz")))
    assert found.energy / 4 == pytest.approx(each, abs=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: molecule_dmet(WATER, [[0], [1]]), "each of the atoms 0 to 2 once"),
        (lambda: molecule_dmet(WATER, [[0, 1, 2], []]), "each of the atoms 0 to 2 once"),
        (lambda: molecule_dmet(WATER, [[0, 1, 3]]), "an atom of a fragment"),
        (lambda: molecule_dmet(WATER, 3), "groups of atoms"),
        (lambda: molecule_dmet(WATER, None, "dmrg"), 'solver must be "exact", "vqe" or a function'),
        (lambda: molecule_dmet(WATER, None, 3), 'solver must be "exact", "vqe" or a function'),
        (lambda: molecule_dmet(WATER, orbitals="boys"), "orbitals must be"),
        (lambda: molecule_dmet("water"), "problem must be a Molecule or MolecularIntegrals"),
        (lambda: molecule_dmet(localised_hamiltonian(WATER), [[0, 1, 2]]), "got some with localised orbitals"),
        (lambda: molecule_dmet(compute_integrals(WATER), active_space="frozen_core"), "have theirs already"),
        (lambda: molecule_dmet(WATER, active_space=avas("O 2p")), r"got none on atoms \(1,\)"),
        (lambda: molecule_dmet(Molecule([("O", (0.0, 0.0, 0.0))], spin=2)), "closed shells"),
        (lambda: molecule_dmet(compute_integrals(diatomic("H", "H", 0.7), reference="uhf")), "closed shells"),
        (
            lambda: molecule_dmet(dataclasses.replace(diatomic("H", "H", 0.7), ghosts=[("H", (0.0, 0.0, 3.0))])),
            "a molecule with ghosts",
        ),
        (lambda: molecule_dmet(WATER, None, lambda *_: None), "a solver returns an ImpurityState"),
        (lambda: VQESolver(ansatz="qaoa"), "ansatz must be"),
        (lambda: VQESolver(num_starts=0), "num_starts must be"),
        (lambda: VQESolver(seed=1.5), "seed must be an integer"),
        (lambda: VQESolver()(localised_hamiltonian(WATER).hamiltonian, (2, 1)), "closed shell"),
    ],
)
def test_what_cannot_be_embedded_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_solvers_that_return_the_wrong_thing_are_told():
    def transposed(hamiltonian, nelec):
        found = exact_solver(hamiltonian, nelec)
        return ImpurityState(found.energy, found.one_rdm[:-1, :-1], found.two_rdm)

    def spin_resolved(hamiltonian, nelec):
        found = exact_solver(hamiltonian, nelec)
        return ImpurityState(found.energy, 0.5 * found.one_rdm, found.two_rdm)

    with pytest.raises(InputError, match="density matrices have shapes"):
        molecule_dmet(WATER, None, transposed)
    with pytest.raises(InputError, match="has trace"):
        molecule_dmet(WATER, None, spin_resolved)


def test_gaps_of_large_impurities_are_unknown(monkeypatch):
    monkeypatch.setattr("qtoolkit.applications.chemistry.embedding.groups_of_atoms._MOST_DETERMINANTS", 3)
    found = molecule_dmet(diatomic("H", "H", 1.0), solver="vqe")
    assert found.fragments[0].gap is None
    assert found.largest_gap is None


def test_any_solver_may_be_plugged_in():
    calls = []

    def counted(hamiltonian, nelec):
        calls.append(nelec)
        return exact_solver(hamiltonian, nelec)

    found = molecule_dmet(diatomic("H", "H", 1.0), None, counted)
    assert found.solver == "counted"
    assert len(calls) == 2 * found.embedding.num_evaluations
    assert found.energy == pytest.approx(molecule_dmet(diatomic("H", "H", 1.0)).energy, abs=1e-9)
