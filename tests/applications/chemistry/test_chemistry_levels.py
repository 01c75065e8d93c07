"""Exact energies by spin and symmetry, and the published ones of small molecules."""

import dataclasses
import math

import numpy as np
import pytest

from qtoolkit.applications.chemistry import (
    MolecularIntegrals,
    Molecule,
    compute_integrals,
    diatomic,
    fci_energies,
    fci_energy,
    qubit_hamiltonian,
)
from qtoolkit.applications.chemistry import fci as fci_module
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion import FermionSector, FermionSimulator, spin_squared

BERYLLIUM_DIHYDRIDE = Molecule.from_string("Be 0 0 0; H 0 0 1.3264; H 0 0 -1.3264")
ANGLE = math.radians(104.45)
WATER = Molecule(
    [("O", (0, 0, 0)), ("H", (0, 0, 0.9584)), ("H", (0, 0.9584 * math.sin(ANGLE), 0.9584 * math.cos(ANGLE)))]
)


def chain(length, spacing):
    return Molecule([("H", (0.0, 0.0, spacing * k)) for k in range(length)])


@pytest.mark.parametrize(
    ("molecule", "active_space", "energy"),
    [
        (diatomic("H", "H", 0.735), None, -1.137306036),
        (diatomic("H", "H", 0.735, "cc-pvdz"), None, -1.163209558),
        (chain(4, 1.0), None, -2.166387449),
        (chain(6, 1.0), None, -3.236066280),
        (diatomic("Li", "H", 1.595), None, -7.882401932),
        (diatomic("Li", "H", 1.595), "frozen_core", -7.882174506),
        (BERYLLIUM_DIHYDRIDE, None, -15.595176869),
        (WATER, None, -75.012759313),
        (diatomic("N", "N", 1.0977), "frozen_core", -107.652532525),
        (diatomic("N", "N", 1.0977), (10, 8), -107.652532525),
        (Molecule.from_string("H 0 0 0; H 1.23 0 0; H 0 1.23 0; H 1.23 1.23 0"), None, -1.969512165),
        (diatomic("O", "O", 1.2075), "frozen_core", -147.705631870),
        (diatomic("N", "N", 2.0), (10, 8), -107.455115807),
    ],
)
def test_known_energies(molecule, active_space, energy):
    assert fci_energy(compute_integrals(molecule, active_space)) == pytest.approx(energy, abs=1e-8)


def test_known_levels_of_lithium_hydride(lithium_hydride):
    ground, singlet = fci_energies(lithium_hydride, 2)
    triplet = fci_energy(lithium_hydride, spin=1)
    assert ground == pytest.approx(-7.882401932, abs=1e-8)
    assert singlet == pytest.approx(-7.749216187, abs=1e-8)
    assert triplet == pytest.approx(-7.766418475, abs=1e-8)
    np.testing.assert_allclose(fci_energies(lithium_hydride, 3, spin="any"), [ground, triplet, singlet], atol=1e-9)


def levels(integrals):
    """Energy, S and symmetry of all states, by our sector simulator."""
    sector = FermionSector(integrals.norb, integrals.nelec)
    hamiltonian = ElectronicHamiltonian(integrals.one_body_tensor, integrals.two_body_tensor, integrals.core_energy)
    simulator = FermionSimulator()
    found = []
    labels = np.array(integrals.orbital_symmetries)
    strings = [
        [int(np.bitwise_xor.reduce(labels[np.flatnonzero(row)], initial=0)) for row in occupations]
        for occupations in (sector.alpha_occupations, sector.beta_occupations)
    ]
    products = np.bitwise_xor.outer(*strings)
    for irrep in np.unique(products):
        mask = products == irrep
        columns = []
        for place in np.argwhere(mask):
            state = np.zeros(sector.shape)
            state[tuple(place)] = 1.0
            columns.append(simulator.apply(hamiltonian, sector, state)[mask])
        energies, vectors = np.linalg.eigh(np.array(columns))
        for energy, vector in zip(energies, vectors.T, strict=True):
            state = np.zeros(sector.shape)
            state[mask] = vector
            square = spin_squared(sector, state)
            found.append((energy, round(2 * (np.sqrt(square + 0.25) - 0.5)) / 2, int(irrep)))
    return found


def test_states_are_sorted_by_spin_and_symmetry(monkeypatch):
    integrals = compute_integrals(diatomic("Li", "H", 1.595), "frozen_core")
    every = levels(integrals)
    monkeypatch.setattr(fci_module, "_DENSE", 3)
    for dense in (3, 600):
        for installed in (True, False):
            monkeypatch.setattr(fci_module, "_DENSE", dense)
            monkeypatch.setattr(fci_module, "is_installed", lambda name, here=installed: here)
            for spin in (0, 1):
                for irrep in (None, 0, 1, 2, 3):
                    wanted = sorted(e for e, s, label in every if s == spin and irrep in (None, label))
                    if len(wanted) >= 2:
                        found = fci_energies(integrals, 2, spin=spin, irrep=irrep)
                        np.testing.assert_allclose(found, wanted[:2], atol=1e-8)


def test_larger_sectors_are_searched_by_symmetry():
    """BeH2 has 1225 determinants, which are no longer diagonalised as one matrix."""
    integrals = compute_integrals(BERYLLIUM_DIHYDRIDE)
    found = fci_energy(integrals, irrep=5)
    assert found == pytest.approx(-14.96379157, abs=1e-7)
    assert fci_energy(integrals, irrep=0) == pytest.approx(-15.595176869, abs=1e-8)
    assert fci_energy(integrals, spin=1, irrep=5) < found


def test_sectors_are_searched_by_symmetry_without_pyscf(monkeypatch, lithium_hydride):
    expected = fci_energies(lithium_hydride, 2, irrep=0)
    monkeypatch.setattr(fci_module, "is_installed", lambda name: False)
    monkeypatch.setattr(fci_module, "_DENSE", 10)
    np.testing.assert_allclose(fci_energies(lithium_hydride, 2, irrep=0), expected, atol=1e-9)


def test_higher_spins_do_not_depend_on_the_electrons_they_are_asked_of():
    """Quintets of nitrogen, which a penalty on lower spins did not single out."""
    singlet = compute_integrals(diatomic("N", "N", 1.0977), "frozen_core")
    quintets = fci_energies(singlet, 3, spin=2)
    np.testing.assert_allclose(quintets, [-107.06581, -107.06581, -107.02587], atol=1e-5)
    aligned = dataclasses.replace(singlet, nelec=(7, 3))
    np.testing.assert_allclose(fci_energies(aligned, 3), quintets, atol=1e-9)


@pytest.mark.parametrize(
    ("molecule", "num_terms"),
    [(diatomic("H", "H", 0.735), 15), (chain(4, 1.0), 185), (BERYLLIUM_DIHYDRIDE, 666), (WATER, 1086)],
)
def test_symmetry_leaves_few_terms(molecule, num_terms):
    assert len(qubit_hamiltonian(compute_integrals(molecule))) == num_terms


def test_degenerate_levels_count_each_of_their_states():
    carbon = compute_integrals(Molecule([("C", (0, 0, 0))]))
    five = fci_energies(carbon, 6)  # a 1D term has five states, and a 1S term lies above
    np.testing.assert_allclose(five[:5], five[0], atol=1e-9)
    assert five[5] > five[0] + 0.01
    nine = fci_energies(carbon, 4, spin=1)
    np.testing.assert_allclose(nine[:3], nine[0], atol=1e-9)
    assert nine[0] < five[0] - 0.01
    assert nine[3] > nine[0] + 0.1


def test_spins_of_more_unpaired_electrons_than_asked_for():
    nitrogen = compute_integrals(Molecule([("N", (0, 0, 0))], spin=1))
    quartet = compute_integrals(Molecule([("N", (0, 0, 0))], spin=3))
    assert fci_energy(nitrogen) == pytest.approx(-53.595654607, abs=1e-8)
    assert fci_energy(nitrogen, spin=1.5) == pytest.approx(-53.719010163, abs=1e-8)
    assert fci_energy(nitrogen, spin="any") == pytest.approx(fci_energy(quartet), abs=1e-8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count must be"),
        ({"count": 226}, r"count must be at most the 225 determinants of \(2, 2\) electrons, got 226"),
        ({"spin": 0.5}, r"spin must lie in \[0, 2\] in steps of 1"),
        ({"spin": 3}, r"spin must lie in \[0, 2\]"),
        ({"spin": -1}, "spin must be"),
        ({"spin": "singlet"}, 'spin is a number, "any" or None'),
        ({"irrep": 8}, "irrep must be"),
        ({"irrep": "A1"}, "irrep must be an integer"),
        ({"irrep": 5}, "the number of states of S = 0 and symmetry 5, which is 0, got 1"),
        ({"spin": 2, "count": 16}, r"at most the 15 determinants of \(4, 0\) electrons, got 16"),
        ({"count": 106}, "the number of states of S = 0, which is 105, got 106"),
        ({"spin": "any", "irrep": 7}, "the number of states of symmetry 7, which is 0"),
    ],
)
def test_states_that_are_not_there_are_refused(lithium_hydride, arguments, message):
    with pytest.raises(InputError, match=message):
        fci_energies(lithium_hydride, **arguments)


def test_symmetries_are_needed_to_ask_for_one(lithium_hydride):
    with pytest.raises(InputError, match="irrep needs integrals with orbital_symmetries"):
        fci_energy(dataclasses.replace(lithium_hydride, orbital_symmetries=None), irrep=0)


def test_too_few_states_of_a_spin_are_an_error_without_pyscf(monkeypatch, lithium_hydride):
    monkeypatch.setattr(fci_module, "is_installed", lambda name: False)
    monkeypatch.setattr(fci_module, "_SPIN_TOLERANCE", -1.0)
    monkeypatch.setattr(fci_module, "_DENSE", 10)
    with pytest.raises(ConvergenceError, match="only 0 have the spin S = 0, wanted 1"):
        fci_energy(lithium_hydride, irrep=2)


def test_one_orbital_is_a_problem_too():
    empty = MolecularIntegrals(np.eye(1), np.zeros((1,) * 4), 0.5, (1, 0), [1.0], 1.5)
    assert fci_energy(empty) == pytest.approx(1.5)
    assert fci_energies(empty, spin="any").shape == (1,)


def test_vanishing_sectors_without_pyscf(monkeypatch, lithium_hydride):
    monkeypatch.setattr(fci_module, "is_installed", lambda name: False)
    with pytest.raises(InputError, match="symmetry 5, which is 0"):
        fci_energy(lithium_hydride, irrep=5)
