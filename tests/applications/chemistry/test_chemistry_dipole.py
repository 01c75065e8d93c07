"""The dipole moment as integrals."""

import numpy as np
import pytest
from pyscf import gto, scf

from qtoolkit.applications.chemistry import Molecule, compute_integrals, diatomic
from qtoolkit.simulators.fermion import FermionSector, one_rdm

HYDROXYL = diatomic("O", "H", 0.97, "6-31g", spin=1)


def reference_density(integrals):
    density = np.zeros((2, integrals.norb, integrals.norb))
    for spin, count in enumerate(integrals.nelec):
        density[spin, range(count), range(count)] = 1.0
    return density


def moment(integrals, density):
    found = integrals.dipole
    if integrals.is_unrestricted:
        return found.constant + np.einsum("sxpq,spq->x", found.one_body, density)
    return found.constant + np.einsum("xpq,spq->x", found.one_body, density)


@pytest.mark.parametrize(
    ("molecule", "active_space", "reference"),
    [
        (diatomic("Li", "H", 1.595), None, "rhf"),
        (diatomic("Li", "H", 1.595), "frozen_core", "rhf"),
        (Molecule.from_string("O 0.1 0.2 0.3; H 0.8 0.5 0.4; H -0.5 1.0 0.2", "6-31g"), (6, 5), "rhf"),
        (diatomic("Na", "H", 1.9, "lanl2dz"), None, "rhf"),
        (HYDROXYL, "frozen_core", "rohf"),
        (HYDROXYL, "frozen_core", "uhf"),
        (diatomic("O", "H", 0.97, charge=-1), None, "uhf"),
    ],
)
def test_the_reference_has_the_moment_that_pyscf_finds(molecule, active_space, reference):
    integrals = compute_integrals(molecule, active_space, reference)
    ecp = {"Na": "lanl2dz"} if molecule.basis == "lanl2dz" else {}
    structure = gto.M(
        atom=list(molecule.geometry),
        basis=molecule.basis,
        ecp=ecp,
        spin=molecule.spin,
        charge=molecule.charge,
        verbose=0,
    )
    solver = (scf.UHF if reference == "uhf" else scf.RHF)(structure)
    orbitals, occupations = integrals.orbital_coefficients, integrals.orbital_occupations
    density = solver.make_rdm1(orbitals, occupations)
    expected = solver.dip_moment(structure, density, unit="AU", verbose=0)
    np.testing.assert_allclose(moment(integrals, reference_density(integrals)), expected, atol=1e-9)


def test_the_exact_moment_of_lithium_hydride(lithium_hydride):
    from qtoolkit.simulators.fermion import lowest_states

    _, states = lowest_states(lithium_hydride.hamiltonian, lithium_hydride.nelec)
    density = one_rdm(FermionSector(6, (2, 2)), states[0])
    found = moment(lithium_hydride, density)
    assert np.linalg.norm(found) == pytest.approx(1.8177157, abs=1e-6)


def test_integrals_are_read_only_and_kept(lithium_hydride):
    found = lithium_hydride.dipole
    assert found is lithium_hydride.dipole
    assert (found.one_body.shape, found.constant.shape) == ((3, 6, 6), (3,))
    with pytest.raises(ValueError, match="read-only"):
        found.one_body[0, 0, 0] = 1.0
