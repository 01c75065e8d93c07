"""Hartree–Fock solutions that are saddle points, and curves that run through them."""

import dataclasses
from functools import partial

import numpy as np
import pytest
from pyscf import gto, scf
from pyscf.soscf import newton_ah

from qtoolkit.applications.chemistry import (
    Molecule,
    compute_integrals,
    diatomic,
    dissociation_curve,
    fci_energy,
    ground_state,
)
from qtoolkit.applications.chemistry import mean_field as mean_field_module
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.errors import ConvergenceError

SIDE = 1.23


def rectangle(height):
    return Molecule([("H", (0, 0, 0)), ("H", (SIDE, 0, 0)), ("H", (0, height, 0)), ("H", (SIDE, height, 0))])


def lowest_of_pyscf(molecule):
    """Lowest restricted energy that PySCF's own stability analysis leads to, without symmetry, from several guesses."""
    structure = gto.M(
        atom=list(molecule.geometry), basis=molecule.basis, spin=molecule.spin, charge=molecule.charge, verbose=0
    )
    energies = []
    for guess in ("minao", "hcore"):
        solver = scf.RHF(structure)
        solver.init_guess, solver.conv_tol = guess, 1e-11
        solver.kernel()
        for _ in range(8):
            orbitals, _, stable, _ = solver.stability(return_status=True)
            if stable:
                break
            solver = solver.newton()
            solver.kernel(orbitals, solver.mo_occ)
        energies.append(solver.e_tot)
    return min(energies)


@pytest.mark.parametrize(
    ("molecule", "energy"),
    [(rectangle(SIDE), -1.779243270), (diatomic("N", "N", 2.0), -107.067294617), (diatomic("N", "N", 1.5), None)],
    ids=["square", "N2", "N2 near the onset"],
)
def test_unstable_solutions_are_followed_to_the_lowest(molecule, energy):
    integrals = compute_integrals(molecule)
    assert integrals.hartree_fock_energy == pytest.approx(lowest_of_pyscf(molecule), abs=1e-8)
    if energy is not None:
        assert integrals.hartree_fock_energy == pytest.approx(energy, abs=1e-8)
    assert integrals.scf_num_followed == 1
    assert integrals.scf_lowest_curvature > -1e-5
    assert integrals.scf_externally_stable is False
    assert integrals.point_group == "C1"
    assert set(integrals.orbital_symmetries) == {0}
    assert integrals.scf_gradient_norm < 1e-6
    assert integrals.scf_solution == (
        "RHF in C1, stable within it, found by following 1 instability, an unrestricted or complex solution lies lower"
    )


@pytest.mark.parametrize(
    ("molecule", "group", "external"),
    [
        (diatomic("Li", "H", 1.595), "C2v", True),
        (diatomic("N", "N", 1.1), "D2h", True),
        (diatomic("H", "H", 2.5), "D2h", False),
        (Molecule([("N", (0, 0, 0))], spin=3), "D2h", None),
        (Molecule([("He", (0, 0, 0))]), "D2h", True),
        (diatomic("He", "H", 0.9, charge=1), "C2v", True),
    ],
)
def test_stable_solutions_stay_as_they_are(molecule, group, external):
    integrals = compute_integrals(molecule)
    assert (integrals.scf_num_followed, integrals.point_group) == (0, group)
    assert integrals.scf_externally_stable == external
    assert integrals.scf_solution.startswith(f"{integrals.scf_method} in {group}, stable within it")
    if external is not None and integrals.norb > integrals.nelec[0]:
        assert integrals.hartree_fock_energy == pytest.approx(lowest_of_pyscf(molecule), abs=1e-8)


def test_the_curvature_is_that_of_the_energy():
    """Turn the orbitals of LiH along the softest direction and compare with the energy's second difference."""
    molecule = diatomic("Li", "H", 1.595)
    plain = build_structure(molecule, symmetric=False)
    found = mean_field_module.solve_mean_field(molecule, build_structure(molecule))
    curvature, direction = mean_field_module._lowest_rotation(plain, found.solver)
    solver = scf.RHF(plain)

    def energy(step):
        rotation = scf.hf.unpack_uniq_var(step * direction, found.solver.mo_occ)
        orbitals = np.asarray(found.solver.mo_coeff) @ newton_ah.expmat(rotation)
        return solver.energy_tot(solver.make_rdm1(orbitals, found.solver.mo_occ))

    second = (energy(1e-2) - 2 * energy(0.0) + energy(-1e-2)) / 1e-4
    assert second == pytest.approx(curvature, rel=1e-2)


def test_large_hessians_are_searched_as_small_ones(monkeypatch):
    """A saddle point of the square in a larger basis, its way down, and what lies outside of closed shells."""
    molecule = dataclasses.replace(rectangle(SIDE), basis="6-31g")
    dense = compute_integrals(molecule, (4, 4))
    monkeypatch.setattr(mean_field_module, "_DENSE_ROTATIONS", 1)
    sparse = compute_integrals(molecule, (4, 4))
    assert (dense.scf_num_followed, sparse.scf_num_followed) == (1, 1)
    assert sparse.hartree_fock_energy == pytest.approx(dense.hartree_fock_energy, abs=1e-8)
    assert sparse.scf_lowest_curvature == pytest.approx(dense.scf_lowest_curvature, abs=1e-5)
    assert sparse.scf_externally_stable is dense.scf_externally_stable is False
    monkeypatch.setattr(mean_field_module, "_MAX_DAVIDSON_CYCLES", 1)
    assert compute_integrals(molecule, (4, 4)).scf_lowest_curvature == pytest.approx(
        dense.scf_lowest_curvature, abs=1e-5
    )


def test_a_solution_without_symmetry_gets_back_what_it_has():
    molecule = diatomic("Li", "H", 1.595)
    structure, plain = build_structure(molecule), build_structure(molecule, symmetric=False)
    start = mean_field_module._converged(mean_field_module._solver(plain), molecule)
    found = mean_field_module._followed(molecule, structure, plain, start)
    assert (found.point_group, found.num_followed) == ("C2v", 0)
    assert found.energy == pytest.approx(float(start.e_tot), abs=1e-9)
    assert sorted(found.orbital_symmetries.tolist()) == [0, 0, 0, 0, 2, 3]


def test_the_square_is_solved_from_the_stable_solution():
    result = ground_state(rectangle(SIDE))
    assert result.fci_energy == pytest.approx(-1.969512165, abs=1e-8)
    assert 0.0 < result.gap < 2.5e-3
    assert result.converged
    assert abs(result.spin_squared) < 1e-6


def test_a_curve_through_the_square_does_not_jump():
    curve = dissociation_curve([1.17, 1.20, SIDE, 1.26, 1.29], rectangle)
    for energies in (curve.hartree_fock_energies, curve.vqe_energies, curve.fci_energies):
        assert np.abs(np.diff(energies)).max() < 0.03
        assert np.abs(np.diff(energies, 2)).max() < 0.05  # the mean field has a cusp where two solutions cross
    assert (curve.gaps > 0.0).all()
    assert curve.gaps.max() < 2.5e-3
    assert len(curve.solutions) == 5
    assert "instability" in curve.solutions[2]


@pytest.mark.slow
def test_a_curve_keeps_to_the_lowest_solution_across_the_onset_of_broken_symmetry():
    distances = [1.38, 1.40, 1.42, 1.44, 1.46]
    curve = dissociation_curve(distances, partial(diatomic, "N", "N"), active_space=(2, 2))
    np.testing.assert_allclose(
        curve.hartree_fock_energies, [lowest_of_pyscf(diatomic("N", "N", d)) for d in distances], atol=1e-8
    )
    assert np.abs(np.diff(curve.hartree_fock_energies, 2)).max() < 2e-3


def test_neighbours_lend_their_orbitals():
    """The square's usual solution is a saddle point; the rectangle's orbitals lead to the stable one as well."""
    near = mean_field_module.solve_mean_field(rectangle(1.26), build_structure(rectangle(1.26)))
    structure = build_structure(rectangle(SIDE))
    saddle = mean_field_module.solve_mean_field(rectangle(SIDE), structure)
    high = mean_field_module.MeanField(saddle.solver, saddle.orbital_symmetries, "C1", 0.0, None, 0)
    object.__setattr__(high.solver, "e_tot", saddle.energy + 0.1)
    lower = mean_field_module.lower_of(high, rectangle(SIDE), structure, near)
    assert lower.energy == pytest.approx(-1.779243270, abs=1e-8)


def test_instabilities_without_end_are_an_error(monkeypatch):
    monkeypatch.setattr(mean_field_module, "_MAX_FOLLOWED", 0)
    with pytest.raises(ConvergenceError, match="still unstable after 0 instabilities"):
        compute_integrals(rectangle(SIDE))


def test_errors_of_pyscf_become_ours(monkeypatch):
    def fails(*_):
        raise AssertionError

    monkeypatch.setattr(mean_field_module, "_converged", fails)
    with pytest.raises(ConvergenceError, match=r"failed in PySCF: AssertionError; check geometry"):
        compute_integrals(rectangle(SIDE))


@pytest.mark.parametrize(("second", "distance"), [("O", 1.15), ("C", 1.17)])
def test_soft_directions_do_not_keep_open_shells_from_converging(second: str, distance: float) -> None:
    molecule = diatomic("N", second, distance, spin=1)
    found = compute_integrals(molecule, reference="uhf")
    assert found.scf_gradient_norm < 1e-6
    assert found.scf_lowest_curvature is not None
    assert found.scf_lowest_curvature > -1e-5
    solver = scf.UHF(build_structure(molecule, symmetric=False)).newton()
    solver.kernel()
    assert found.hartree_fock_energy <= solver.e_tot + 1e-8
    assert fci_energy(found) == pytest.approx(fci_energy(compute_integrals(molecule)), abs=1e-8)
