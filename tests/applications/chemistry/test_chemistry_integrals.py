import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from pyscf import gto, mcscf, scf

from qtoolkit.applications.chemistry import (
    MolecularIntegrals,
    Molecule,
    compute_integrals,
    diatomic,
    fci_energy,
    hartree_fock_circuit,
    qubit_hamiltonian,
)
from qtoolkit.applications.chemistry import mean_field as mean_field_module
from qtoolkit.errors import ConvergenceError, InputError, MissingExtraError

LIH = diatomic("Li", "H", 1.595)
NITROGEN_ATOM = Molecule([("N", (0, 0, 0))], spin=3)
HYDROXYL = diatomic("O", "H", 0.97, spin=1)


def determinant_energy(integrals):
    """Expectation value in the reference determinant, by the Slater–Condon rules."""
    n_alpha, n_beta = integrals.nelec
    occupations = np.zeros((2, integrals.norb))
    occupations[0, :n_alpha] = occupations[1, :n_beta] = 1.0
    total = occupations.sum(axis=0)
    coulomb = np.einsum("ppqq->pq", integrals.two_body_tensor)
    exchange = np.einsum("pqqp->pq", integrals.two_body_tensor)
    energy = integrals.core_energy + total @ np.diag(integrals.one_body_tensor) + 0.5 * total @ coulomb @ total
    return energy - 0.5 * sum(spin @ exchange @ spin for spin in occupations)


@pytest.mark.parametrize(
    ("molecule", "active_space"),
    [
        (LIH, None),
        (LIH, "frozen_core"),
        (LIH, (1, 2, 5)),
        (LIH, (0, 1, 3, 4)),
        (NITROGEN_ATOM, None),
        (HYDROXYL, "frozen_core"),
        (diatomic("H", "H", 1.06, charge=1, spin=1, unit="bohr"), None),
    ],
)
def test_the_reference_determinant_has_the_hartree_fock_energy(molecule, active_space):
    integrals = compute_integrals(molecule, active_space)
    assert determinant_energy(integrals) == pytest.approx(integrals.hartree_fock_energy, abs=1e-9)
    assert integrals.scf_gradient_norm < 1e-6
    assert integrals.scf_method == ("ROHF" if molecule.spin else "RHF")


def test_the_hamiltonian_holds_the_integrals(lithium_hydride):
    hamiltonian = lithium_hydride.hamiltonian
    assert hamiltonian is lithium_hydride.hamiltonian
    np.testing.assert_array_equal(hamiltonian.one_body_tensor, lithium_hydride.one_body_tensor)
    np.testing.assert_array_equal(hamiltonian.two_body_tensor, lithium_hydride.two_body_tensor)
    assert (hamiltonian.constant, hamiltonian.norb) == (lithium_hydride.core_energy, 6)
    assert dataclasses.replace(lithium_hydride, core_energy=1.0).hamiltonian.constant == 1.0


def test_the_hartree_fock_circuit_prepares_the_reference_determinant():
    integrals = compute_integrals(HYDROXYL, "frozen_core")
    assert integrals.nelec == (4, 3)
    circuit = hartree_fock_circuit(integrals.norb, integrals.nelec)
    state = circuit.to_matrix()[:, 0]
    energy = qubit_hamiltonian(integrals).expectation_value(state)
    assert energy == pytest.approx(integrals.hartree_fock_energy, abs=1e-9)


@pytest.mark.parametrize(
    ("active_space", "norb", "nelec"), [("frozen_core", 5, (1, 1)), ((1, 2, 5), 3, (1, 1)), ((0, 1, 2), 3, (2, 2))]
)
def test_active_spaces_agree_with_casci(active_space, norb, nelec):
    integrals = compute_integrals(LIH, active_space)
    assert (integrals.norb, integrals.nelec, integrals.num_qubits) == (norb, nelec, 2 * norb)
    structure = gto.M(atom="Li 0 0 0; H 0 0 1.595", basis="sto-3g", verbose=0)
    mean_field = scf.RHF(structure).run(conv_tol=1e-12)
    reference = mcscf.CASCI(mean_field, norb, nelec)
    chosen = [orbital + 1 for orbital in integrals.active_space]
    reference.verbose = 0
    energy = reference.kernel(mcscf.sort_mo(reference, mean_field.mo_coeff, chosen))[0]
    assert fci_energy(integrals) == pytest.approx(energy, abs=1e-8)


@pytest.mark.parametrize(
    ("symbol", "cores"), [("H", 0), ("He", 0), ("Li", 1), ("Ne", 1), ("Na", 5), ("Ar", 5), ("K", 9)]
)
def test_frozen_cores_are_those_of_noble_gases(symbol, cores):
    spin = {"H": 1, "Li": 1, "Na": 1, "K": 1}.get(symbol, 0)
    integrals = compute_integrals(Molecule([(symbol, (0, 0, 0))], spin=spin), "frozen_core")
    assert integrals.active_space[0] == cores


def test_degenerate_orbitals_do_not_mix(lithium_hydride):
    assert lithium_hydride.orbital_symmetries == (0, 0, 0, 2, 3, 0)
    assert lithium_hydride.orbital_energies[3] == pytest.approx(lithium_hydride.orbital_energies[4], abs=1e-9)
    assert lithium_hydride.one_body_tensor[3, 4] == pytest.approx(0.0, abs=1e-14)


def test_length_units_and_places_in_space_do_not_matter(lithium_hydride):
    in_bohr = diatomic("Li", "H", 1.595 / 0.529177210544, unit="bohr")
    moved = Molecule([("Li", (1.0, 2.0, 3.0)), ("H", (1.0, 2.0 + 1.595, 3.0))])
    for molecule in (in_bohr, moved):
        other = compute_integrals(molecule)
        assert other.hartree_fock_energy == pytest.approx(lithium_hydride.hartree_fock_energy, abs=1e-7)
        np.testing.assert_allclose(other.two_body_tensor, lithium_hydride.two_body_tensor, atol=1e-5)


def test_results_are_read_only_evidence(lithium_hydride):
    assert lithium_hydride.molecule == LIH
    assert set(lithium_hydride.versions) == {"pyscf"}
    with pytest.raises(ValueError, match="read-only"):
        lithium_hydride.one_body_tensor[0, 0] = 0.0


def test_second_order_steps_take_over_where_the_iteration_stalls(monkeypatch):
    stretched = diatomic("N", "N", 2.6)
    expected = compute_integrals(stretched).hartree_fock_energy
    monkeypatch.setattr(mean_field_module, "_MAX_CYCLES", 3)
    assert compute_integrals(stretched).hartree_fock_energy == pytest.approx(expected, abs=1e-9)
    monkeypatch.setattr(mean_field_module, "_MAX_SECOND_ORDER_CYCLES", 1)
    with pytest.raises(ConvergenceError, match="N2 in sto-3g did not converge"):
        compute_integrals(stretched)


@pytest.mark.parametrize(
    ("active_space", "message"),
    [
        ((), "distinct orbitals"),
        ([0, 0], "distinct orbitals"),
        ([0, 6], r"\[0, 6\)"),
        ([-1, 1], "distinct orbitals"),
        ([2, 1], "occupied orbitals before empty"),
        ((3, 2), r"\(electrons, orbitals\): of 4 electrons in 6 orbitals"),
        ((2, 6), r"\(electrons, orbitals\)"),
        ((6, 3), r"\(electrons, orbitals\)"),
        ((4, 1), r"\(electrons, orbitals\)"),
        ([2, 3], "must hold an electron"),
        (("a",), "orbital indices"),
        (5, "orbital indices"),
        ("valence", "frozen_core"),
    ],
)
def test_bad_active_spaces_are_refused(active_space, message):
    with pytest.raises(InputError, match=message):
        compute_integrals(LIH, active_space)


def test_singly_occupied_orbitals_must_stay():
    with pytest.raises(InputError, match=r"orbitals \[4\] are not in"):
        compute_integrals(HYDROXYL, (0, 1, 2, 3, 5))


@pytest.mark.parametrize("molecule", [diatomic("H", "H", 1.0, "sto-99g"), diatomic("U", "H", 2.0, spin=1)])
def test_unknown_basis_sets_are_refused(molecule):
    with pytest.raises(InputError, match="basis must be a set that PySCF has") as caught:
        compute_integrals(molecule)
    assert "\n" not in str(caught.value)


def test_electrons_beyond_the_basis_are_refused():
    with pytest.raises(InputError, match=r"got 1 in sto-3g for \(2, 0\) electrons; choose a larger basis"):
        compute_integrals(Molecule([("He", (0, 0, 0))], spin=2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"one_body_tensor": np.eye(3)}, "shape"),
        ({"two_body_tensor": np.zeros((2, 2))}, "two_body_tensor must have shape"),
        ({"orbital_energies": np.zeros(3)}, "orbital_energies must have shape"),
        ({"one_body_tensor": np.diag([np.nan, 0.0])}, "finite"),
        ({"one_body_tensor": np.array([[0.0, 1.0], [0.0, 0.0]])}, "symmetric"),
        ({"two_body_tensor": np.arange(16.0).reshape(2, 2, 2, 2)}, "chemists' notation"),
        ({"nelec": (3, 0)}, "nelec must lie in"),
        ({"orbital_symmetries": (0,)}, "orbital_symmetries must have 2"),
    ],
)
def test_bad_integrals_are_refused(hydrogen, change, message):
    with pytest.raises(InputError, match=message):
        dataclasses.replace(hydrogen, **change)


def test_physicists_integrals_are_refused(lithium_hydride):
    physicists = lithium_hydride.two_body_tensor.transpose(0, 2, 1, 3)
    with pytest.raises(InputError, match="physicists"):
        dataclasses.replace(lithium_hydride, two_body_tensor=physicists)


def test_integrals_from_elsewhere_are_accepted():
    hubbard = np.zeros((2, 2, 2, 2))
    hubbard[0, 0, 0, 0] = hubbard[1, 1, 1, 1] = 4.0
    hopping = np.array([[0.0, -1.0], [-1.0, 0.0]])
    integrals = MolecularIntegrals(hopping, hubbard, 0.0, (1, 1), np.zeros(2), 0.0)
    exact = 0.5 * (4.0 - np.sqrt(4.0**2 + 16.0))  # half-filled two-site Hubbard model
    assert fci_energy(integrals) == pytest.approx(exact, abs=1e-10)


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyscf.gto", None)
    with pytest.raises(MissingExtraError, match=r"qtoolkit-quantum\[chemistry\]"):
        compute_integrals(LIH)


def test_pyscf_is_imported_on_first_use_only():
    script = "import sys, qtoolkit.applications.chemistry; print(sorted({'pyscf', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
