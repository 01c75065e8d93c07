"""Orbitals that differ by spin, and which reference is taken."""

import dataclasses

import numpy as np
import pytest
from pyscf import fci, gto, scf

from qtoolkit.applications.chemistry import (
    MolecularIntegrals,
    Molecule,
    avas,
    compute_integrals,
    diatomic,
    fci_energies,
    fci_energy,
    qubit_hamiltonian,
)
from qtoolkit.applications.chemistry import mean_field as mean_field_module
from qtoolkit.applications.chemistry.spin import spin_squared_operator
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.errors import InputError, InsufficientMemoryError
from qtoolkit.simulators.fermion import FermionSector

HYDROXYL = diatomic("O", "H", 0.97, spin=1)
STRETCHED = diatomic("H", "H", 2.0)
CHAIN = Molecule.from_string("H 0 0 0; H 0 0 1.5; H 0 0 3; H 0 0 4.5")


def lowest_of_pyscf(molecule):
    """Lowest UHF energy that PySCF's own stability analysis leads to, without symmetry, from two guesses."""
    structure = gto.M(
        atom=list(molecule.geometry), basis=molecule.basis, spin=molecule.spin, charge=molecule.charge, verbose=0
    )
    energies = []
    usual = np.asarray(scf.UHF(structure).get_init_guess())
    apart = usual.copy()  # alpha electrons on one half of the functions, beta electrons on the other
    apart[0, structure.nao // 2 :] = apart[1, : structure.nao // 2] = 0.0
    for guess in (usual, (apart + apart.swapaxes(1, 2)) / 2):
        solver = scf.UHF(structure)
        solver.conv_tol = 1e-11
        solver.kernel(guess)
        for _ in range(8 if structure.nao > 1 else 0):
            orbitals, _, stable, _ = solver.stability(return_status=True)
            if stable:
                break
            solver = solver.newton()
            solver.kernel(orbitals, solver.mo_occ)
        energies.append(solver.e_tot)
    return min(energies)


@pytest.mark.parametrize(
    ("molecule", "active_space", "followed"),
    [
        (STRETCHED, None, 1),
        (CHAIN, None, 1),
        (diatomic("N", "N", 1.8), "frozen_core", 1),
        (HYDROXYL, "frozen_core", 0),
        (Molecule([("N", (0, 0, 0))], spin=3), None, 0),
        (Molecule([("H", (0, 0, 0))], spin=1), None, 0),
    ],
    ids=["H2", "H4", "N2", "OH", "N", "H"],
)
def test_unrestricted_solutions_are_stable_and_described(molecule, active_space, followed):
    integrals = compute_integrals(molecule, active_space, "uhf")
    assert integrals.hartree_fock_energy == pytest.approx(lowest_of_pyscf(molecule), abs=1e-8)
    assert (integrals.scf_method, integrals.scf_num_followed) == ("UHF", followed)
    assert integrals.scf_gradient_norm < 1e-6
    assert integrals.scf_lowest_curvature > -1e-5
    assert integrals.scf_externally_stable is None
    assert integrals.is_unrestricted
    norb = integrals.norb
    assert integrals.two_body_tensor.shape == (3, norb, norb, norb, norb)
    assert integrals.orbital_energies.shape == (2, norb)
    state = np.zeros(4**norb)
    alpha, beta = integrals.nelec
    state[(1 << alpha) - 1 | (1 << beta) - 1 << norb] = 1.0
    if norb <= 6:
        energy = qubit_hamiltonian(integrals).expectation_value(state.astype(complex))
        assert energy == pytest.approx(integrals.hartree_fock_energy, abs=1e-9)


@pytest.mark.parametrize("molecule", [diatomic("F", "F", 2.5), diatomic("O", "O", 1.6)], ids=["F2", "O2"])
def test_second_order_steps_may_be_short(molecule):
    """They stalled at gradients of some 1e-7 hartree, just above the tolerance."""
    integrals = compute_integrals(molecule, reference="uhf")
    assert integrals.scf_solution.startswith("UHF")
    assert integrals.hartree_fock_energy == pytest.approx(lowest_of_pyscf(molecule), abs=1e-7)


def test_symmetry_is_kept_where_the_solution_has_it():
    integrals = compute_integrals(Molecule([("N", (0, 0, 0))], spin=3), reference="uhf")
    assert integrals.point_group == "D2h"
    assert integrals.orbital_symmetries == (0, 0, 5, 6, 7)
    hydroxyl = compute_integrals(HYDROXYL, reference="uhf")
    assert hydroxyl.point_group == "C2v"
    assert hydroxyl.orbital_symmetries is None  # the hole is in another orbital than the fourth of the alphas
    assert compute_integrals(STRETCHED, reference="uhf").point_group == "C1"


def test_tensors_are_those_of_pyscf():
    integrals = compute_integrals(HYDROXYL, "frozen_core", "uhf")
    structure = gto.M(atom=list(HYDROXYL.geometry), spin=1, basis="sto-3g", verbose=0)
    orbitals = integrals.orbital_coefficients
    whole = structure.intor("int2e")
    alpha, beta = orbitals[:, :, list(integrals.active_space)]
    for block, (a, b) in enumerate(((alpha, alpha), (alpha, beta), (beta, beta))):
        expected = np.einsum("mp,nq,mnkl,kr,ls->pqrs", a, a, whole, b, b, optimize=True)
        np.testing.assert_allclose(integrals.two_body_tensor[block], expected, atol=1e-10)
    np.testing.assert_allclose(integrals.orbital_overlap, alpha.T @ structure.intor("int1e_ovlp") @ beta, atol=1e-12)
    assert (integrals.core_orbitals, integrals.active_space) == ((0,), (1, 2, 3, 4, 5))
    np.testing.assert_array_equal(integrals.orbital_occupations, [[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0]])


@pytest.mark.parametrize("count", [1, 3])
def test_exact_energies_do_not_depend_on_the_orbitals(count):
    unrestricted, restricted = compute_integrals(CHAIN, reference="uhf"), compute_integrals(CHAIN)
    assert unrestricted.hartree_fock_energy < restricted.hartree_fock_energy - 0.05
    for spin in (None, 1, 2 if count == 1 else 0, "any"):
        np.testing.assert_allclose(
            fci_energies(unrestricted, count, spin=spin), fci_energies(restricted, count, spin=spin), atol=1e-9
        )


def test_where_the_spins_span_different_spaces_the_lowest_state_is_meant():
    integrals = compute_integrals(diatomic("N", "N", 1.8), (6, 6), "uhf")
    reference = fci.direct_uhf.FCI()
    expected = reference.kernel(
        tuple(integrals.one_body_tensor), tuple(integrals.two_body_tensor), integrals.norb, integrals.nelec
    )[0]
    assert fci_energy(integrals) == pytest.approx(expected + integrals.core_energy, abs=1e-9)
    with pytest.raises(InputError, match="S is no quantum number"):
        fci_energy(integrals, spin=0)


def test_total_spin_of_an_unrestricted_determinant_is_that_of_pyscf():
    integrals = compute_integrals(STRETCHED, reference="uhf")
    structure = gto.M(atom=list(STRETCHED.geometry), basis="sto-3g", verbose=0)
    solver = scf.UHF(structure)
    alpha, beta = integrals.orbital_coefficients
    expected = solver.spin_square((alpha[:, :1], beta[:, :1]), structure.intor("int1e_ovlp"))[0]
    state = FermionSector(2, (1, 1)).embed(np.array([[1.0, 0.0], [0.0, 0.0]])).astype(complex)
    found = spin_squared_operator(integrals).expectation_value(state)
    assert found == pytest.approx(expected, abs=1e-10)
    assert expected > 0.5
    unknown = dataclasses.replace(integrals, orbital_overlap=None)
    with pytest.raises(InputError, match="overlap of alpha and beta orbitals"):
        spin_squared_operator(unknown)


def test_the_curvature_is_that_of_the_energy():
    molecule = HYDROXYL
    plain = build_structure(molecule, symmetric=False)
    found = mean_field_module.solve_mean_field(molecule, build_structure(molecule), reference="uhf").solver
    rng = np.random.default_rng(2)
    size = 5 * 1 + 4 * 2
    direction = rng.normal(size=size)
    direction /= np.linalg.norm(direction)
    solver = scf.UHF(plain)

    def energy(step):
        turned = mean_field_module._turned(found, step * direction)
        return solver.energy_tot(solver.make_rdm1(turned, np.asarray(found.mo_occ)))

    second = (energy(1e-2) - 2 * energy(0.0) + energy(-1e-2)) / 1e-4
    from pyscf.soscf import newton_ah

    _, product, _ = newton_ah.gen_g_hop_uhf(
        mean_field_module._in_plain(plain, found), np.asarray(found.mo_coeff), found.mo_occ, with_symmetry=False
    )
    assert second == pytest.approx(2.0 * direction @ product(direction), rel=1e-3)


def test_neighbours_lend_their_orbitals_by_spin():
    far, near = diatomic("H", "H", 2.1), STRETCHED
    lent = mean_field_module.solve_mean_field(far, build_structure(far), reference="uhf")
    structure = build_structure(near)
    found = mean_field_module.solve_mean_field(near, structure, lent, "uhf")
    assert found.energy == pytest.approx(lowest_of_pyscf(near), abs=1e-9)
    density = mean_field_module._carried(lent, build_structure(near, symmetric=False), True)
    overlap = structure.intor("int1e_ovlp")
    for spin in (0, 1):
        np.testing.assert_allclose(density[spin] @ overlap @ density[spin], density[spin], atol=1e-12)
    assert np.abs(density[0] - density[1]).max() > 0.1


def test_references_that_do_not_fit_are_refused(monkeypatch):
    assert compute_integrals(STRETCHED, reference="rohf").scf_method == "RHF"
    assert compute_integrals(HYDROXYL, reference="rohf").scf_method == "ROHF"

    def never(*_, **__):
        raise AssertionError("work was done")

    monkeypatch.setattr("qtoolkit.applications.chemistry.integrals.solve_mean_field", never)
    for reference in ("RHF", "dft", None, 3):
        with pytest.raises(InputError, match="reference must be one of auto, rhf, rohf, uhf"):
            compute_integrals(STRETCHED, reference=reference)
    with pytest.raises(InputError, match="got 1 unpaired ones; take rohf or uhf"):
        compute_integrals(HYDROXYL, reference="rhf")
    with pytest.raises(InputError, match=r"AVAS of O 2p with threshold 0\.2 needs orbitals that both spins share"):
        compute_integrals(HYDROXYL, avas("O 2p"), "uhf")


def test_matrices_that_do_not_fit_into_memory_are_refused(monkeypatch):
    from qtoolkit import _memory

    monkeypatch.setattr(_memory, "free_bytes", lambda *_: 10**6)
    monkeypatch.setattr(_memory._last_look, "until", 0.0)
    helium = Molecule([("He", (0, 0, 2.0 * k)) for k in range(8)], "cc-pvqz")
    with pytest.raises(InsufficientMemoryError, match="Hartree–Fock with 240 basis functions needs"):
        compute_integrals(helium, (2, 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"two_body_tensor": np.zeros((2, 2, 2, 2))}, r"two_body_tensor must have shape \(3, 2, 2, 2, 2\)"),
        ({"orbital_energies": np.zeros(2)}, r"orbital_energies must have shape \(2, 2\)"),
        ({"one_body_tensor": np.array([[[0, 1], [0, 0]]] * 2)}, "one_body_tensor must be symmetric"),
        ({"orbital_overlap": np.eye(3)}, r"orbital_overlap must have shape \(2, 2\)"),
        ({"orbital_coefficients": np.eye(2)}, "orbital_coefficients must have shape"),
        ({"active_space": (0, 2)}, "must count the 2 orbitals"),
        ({"core_orbitals": (2,)}, "must count the 2 orbitals"),
        ({"orbital_occupations": np.zeros(2)}, r"orbital_occupations must have shape \(2, 2\)"),
        ({"orbital_weights": np.zeros(3)}, r"orbital_weights must have shape \(2,\)"),
    ],
)
def test_bad_integrals_by_spin_are_refused(change, message):
    integrals = compute_integrals(STRETCHED, reference="uhf")
    with pytest.raises(InputError, match=message):
        dataclasses.replace(integrals, **change)


def test_blocks_between_spins_need_less_symmetry():
    integrals = compute_integrals(HYDROXYL, reference="uhf")
    tensor = integrals.two_body_tensor
    assert np.abs(tensor[1] - tensor[1].transpose(2, 3, 0, 1)).max() > 1e-3
    broken = tensor.copy()
    broken[0] = tensor[1]
    with pytest.raises(InputError, match="chemists' notation"):
        dataclasses.replace(integrals, two_body_tensor=broken)
    with pytest.raises(InputError, match="orbital_overlap is for orbitals that differ by spin"):
        MolecularIntegrals(np.eye(1), np.zeros((1,) * 4), 0.0, (1, 0), [0.0], 0.0, orbital_overlap=np.eye(1))
