"""Core potentials, limits before the work, and errors that PySCF would raise in its own way."""

import contextlib
import dataclasses
from importlib import import_module

import numpy as np
import pytest
from pyscf import gto, scf

from qtoolkit import Circuit
from qtoolkit.applications.chemistry import (
    UCCSD,
    Excitation,
    Molecule,
    append_excitation,
    avas,
    compute_integrals,
    diatomic,
    dissociation_curve,
    fci_energy,
    ground_state,
    hartree_fock_circuit,
    qubit_hamiltonian,
)
from qtoolkit.errors import ConvergenceError, InputError, InsufficientMemoryError, QToolkitError

LIH = diatomic("Li", "H", 1.595)


@pytest.mark.parametrize(
    ("first", "distance", "basis", "nelec"),
    [("Na", 1.9, "lanl2dz", (1, 1)), ("K", 2.2, "lanl2dz", (5, 5)), ("Ag", 1.6, "def2-svp", (10, 10))],
)
def test_core_potentials_that_belong_to_the_basis_are_used(first, distance, basis, nelec):
    integrals = compute_integrals(diatomic(first, "H", distance, basis), active_space=(2, 2))
    structure = gto.M(atom=f"{first} 0 0 0; H 0 0 {distance}", basis=basis, ecp={first: basis}, verbose=0)
    expected = scf.RHF(structure).run(conv_tol=1e-11).e_tot
    without = scf.RHF(gto.M(atom=f"{first} 0 0 0; H 0 0 {distance}", basis=basis, verbose=0)).run().e_tot
    assert integrals.hartree_fock_energy == pytest.approx(expected, abs=1e-7)
    assert abs(without - expected) > 10.0
    assert tuple(structure.nelec) == nelec
    assert integrals.nelec == (1, 1)


def test_a_frozen_core_counts_what_the_potential_leaves_of_it():
    integrals = compute_integrals(diatomic("K", "H", 2.2, "lanl2dz"), "frozen_core")
    assert integrals.nelec == (1, 1)  # of K, 3s and 3p are frozen, and 1s to 2p are in the potential
    assert integrals.active_space[0] == 4


@pytest.mark.parametrize("basis", ["gth-szv", "ccecp-cc-pvdz", "bfd-vdz", "q-avgvszps"])
def test_bases_without_a_core_and_without_its_potential_are_refused(basis):
    with pytest.raises(InputError, match=r"has no core functions for C, and PySCF no effective core potential"):
        compute_integrals(diatomic("C", "O", 1.1, basis))


@pytest.mark.parametrize("basis", ["sto-3g", "sto-6g", "3-21g", "6-31g**", "cc-pvdz", "def2-svp"])
def test_all_electron_bases_are_taken(basis):
    structure = gto.M(atom="Li 0 0 0; H 0 0 1.595", basis=basis, verbose=0)
    expected = scf.RHF(structure).run(conv_tol=1e-11).e_tot
    found = compute_integrals(diatomic("Li", "H", 1.595, basis), (2, 2)).hartree_fock_energy
    assert found == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    "basis", ["/etc/passwd", "..\\x", "H S\n 1.0 1.0", "sto-3g@2s", "a\0b", "nothing", "6-31g(foo)", "gth", "ccecp"]
)
def test_names_that_are_none_are_refused(basis):
    with pytest.raises(InputError):
        compute_integrals(diatomic("C", "H", 1.1, basis, spin=1))


@pytest.mark.parametrize("distance", [0.002, 0.0099])
def test_atoms_upon_each_other_are_refused(distance):
    with pytest.raises(InputError, match=r"atoms must be 0.01 angstrom apart at least, got atoms 0 and 1"):
        diatomic("Li", "H", distance)


@pytest.mark.parametrize("distance", [0.011, 0.02, 0.05])
def test_atoms_almost_upon_each_other_give_an_energy_or_an_error_of_ours(distance):
    for basis in ("sto-3g", "cc-pvdz"):
        with contextlib.suppress(QToolkitError):
            assert compute_integrals(diatomic("Li", "H", distance, basis), (2, 2)).hartree_fock_energy > 0.0


@pytest.mark.parametrize("off", [1e-3, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 1e-7])
def test_point_groups_missed_by_little_do_not_matter(off):
    square = Molecule([("H", (0, 0, 0)), ("H", (1.23 + off, 0, 0)), ("H", (0, 1.23, 0)), ("H", (1.23, 1.23, off))])
    assert compute_integrals(square).hartree_fock_energy == pytest.approx(-1.779243270, abs=1e-3 + off)


def test_dependent_basis_functions_are_refused():
    packed = Molecule([("H", (0, 0, 0.05 * k)) for k in range(8)], "6-311++g**")
    with pytest.raises(InputError, match=r"basis functions must be independent, .* of H8 in 6-311\+\+g\*\*"):
        compute_integrals(packed, (2, 4))


def test_nearly_dependent_basis_functions_are_left_out():
    integrals = compute_integrals(diatomic("H", "H", 0.1, "aug-cc-pvtz"), (2, 4))
    functions, orbitals = integrals.orbital_coefficients.shape
    assert orbitals < functions
    overlap = gto.M(atom="H 0 0 0; H 0 0 0.1", basis="aug-cc-pvtz", verbose=0).intor("int1e_ovlp")
    found = integrals.orbital_coefficients.T @ overlap @ integrals.orbital_coefficients
    np.testing.assert_allclose(found, np.eye(orbitals), atol=1e-8)


def test_atoms_very_far_apart_are_solved():
    integrals = compute_integrals(diatomic("H", "H", 1e6))
    assert integrals.scf_externally_stable is False
    assert fci_energy(integrals) == pytest.approx(2 * -0.46658185, abs=1e-6)


def test_electrons_and_orbitals_are_read_as_chemists_write_them():
    integrals = compute_integrals(LIH, (2, 3))
    assert (integrals.nelec, integrals.norb, integrals.active_space) == ((1, 1), 3, (1, 2, 3))
    named = compute_integrals(LIH, [1, 2])
    assert (named.nelec, named.active_space) == ((1, 1), (1, 2))
    assert compute_integrals(LIH, (4, 6)).active_space == compute_integrals(LIH).active_space
    triplet = compute_integrals(diatomic("O", "O", 1.2075, spin=2), (8, 6))
    assert (triplet.nelec, triplet.norb) == ((5, 3), 6)


def test_more_qubits_than_masks_hold_are_refused_before_the_integrals(monkeypatch):
    def never(*_):
        raise AssertionError("Hartree-Fock was run")

    for module in ("integrals", "energies.problem", "energies.curves"):
        monkeypatch.setattr(import_module(f"qtoolkit.applications.chemistry.{module}"), "solve_mean_field", never)
    angles = np.arange(6) * np.pi / 3
    rings = (("C", 1.39), ("H", 2.48))
    benzene = Molecule([(name, (r * np.cos(a), r * np.sin(a), 0.0)) for name, r in rings for a in angles])
    for refused in (compute_integrals, ground_state):
        with pytest.raises(InputError, match=r"at most 31 orbitals can be active, .* got 36; choose an active space"):
            refused(benzene)
    with pytest.raises(InsufficientMemoryError, match=r"determinants needs .* choose a smaller active space"):
        ground_state(benzene, active_space="frozen_core")
    with pytest.raises(InsufficientMemoryError, match=r"4 states of .* determinants needs"):
        dissociation_curve([1.0], lambda length: benzene, active_space="frozen_core")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nelec": 2}, "nelec must be two numbers"),
        ({"nelec": (1.0, 1)}, "nelec must be an integer"),
        ({"one_body_tensor": "h"}, "one_body_tensor must be real numbers, got 'h'"),
        ({"one_body_tensor": [[1.0], [1.0, 2.0]]}, "one_body_tensor must be an array of numbers"),
        ({"orbital_symmetries": 3}, "orbital_symmetries must be integers, got 3"),
        ({"orbital_symmetries": (0, -1)}, "each of orbital_symmetries must be"),
        ({"active_space": None}, "active_space must be integers, got None"),
        ({"core_orbitals": (0.5,)}, "each of core_orbitals must be an integer, got 0.5"),
        ({"molecule": "H2"}, "molecule must be a Molecule or None, got 'H2'"),
        ({"one_body_tensor": np.eye(2) * 1j}, "one_body_tensor must be real"),
        ({"core_energy": float("nan")}, "core_energy must be a finite number"),
        ({"core_energy": "0"}, "core_energy must be a finite number"),
    ],
)
def test_integrals_of_other_types_are_refused(hydrogen, change, message):
    with pytest.raises(InputError, match=message):
        dataclasses.replace(hydrogen, **change)


def test_molecule_at_must_return_molecules():
    with pytest.raises(InputError, match="molecule_at must return a Molecule, got float"):
        dissociation_curve([1.0], lambda length: length)


def test_errors_of_hartree_fock_are_ours(monkeypatch):
    from pyscf.scf import hf

    def fails(*_, **__):
        raise np.linalg.LinAlgError("singular matrix\nand more")

    monkeypatch.setattr(hf, "kernel", fails)
    with pytest.raises(ConvergenceError, match=r"failed in PySCF: singular matrix; check geometry") as caught:
        compute_integrals(LIH)
    assert "\n" not in str(caught.value)


def test_full_configuration_interaction_keeps_its_limit(monkeypatch, hydrogen):
    from qtoolkit.applications.chemistry import fci as fci_module

    monkeypatch.setattr(fci_module, "_SPIN_TOLERANCE", -1.0)
    monkeypatch.setattr(fci_module, "_DENSE", 1)
    with pytest.raises(ConvergenceError, match=r"must end in states of S = 0"):
        fci_energy(hydrogen)


@pytest.mark.parametrize(
    "call",
    [
        lambda: hartree_fock_circuit(None, (1, 1)),
        lambda: hartree_fock_circuit(2, None),
        lambda: hartree_fock_circuit(2, (1.0, 1)),
        lambda: hartree_fock_circuit(2, (1, 1, 1)),
        lambda: UCCSD("a", (1, 1)),
        lambda: UCCSD(2, 3),
        lambda: UCCSD(2, (1, 1), orbital_symmetries=3),
        lambda: UCCSD(2, (1, 1), orbital_symmetries=("a", "b")),
        lambda: UCCSD(2, (1, 1)).perturbative_parameters(None),
        lambda: Excitation(1, 2),
        lambda: Excitation(("a",), ("b",)),
        lambda: Excitation((0,), (-1,)),
        lambda: append_excitation(None, Excitation((0,), (1,)), 0.1),
        lambda: append_excitation(Circuit(2), None, 0.1),
        lambda: append_excitation(Circuit(2), Excitation((0,), (1,)), "a"),
        lambda: qubit_hamiltonian(None),
        lambda: fci_energy(None),
        lambda: compute_integrals("H2"),
        lambda: compute_integrals(LIH, [0.5]),
        lambda: compute_integrals(LIH, 3.5),
        lambda: compute_integrals(LIH, range(10**9)),
        lambda: avas(range(10**9)),
        lambda: dissociation_curve([1.0], 3),
        lambda: Molecule(None),
        lambda: Molecule([(["H"], (0, 0, 0))]),
        lambda: Molecule([("H", ("0", 0, 0))], spin=1),
        lambda: Molecule([("H", (0, 0, 0))], spin=True),
        lambda: Molecule([("H", (0, 0, 0))], spin=1, unit=["bohr"]),
        lambda: diatomic("H", "H", "1"),
    ],
)
def test_values_of_other_types_are_refused(call):
    with pytest.raises(InputError, match=r", got |: "):
        call()
