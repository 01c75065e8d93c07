"""Densities, moments, charges, forces and equilibria, beside PySCF and differences."""

import dataclasses

import numpy as np
import pytest
import scipy.linalg

from qtoolkit.algorithms import COBYLA
from qtoolkit.applications.chemistry import (
    HardwareEfficient,
    Molecule,
    StateProperties,
    compute_integrals,
    diatomic,
    forces,
    ground_state,
    optimise_geometry,
    quantum_subspace_expansion,
    state_properties,
)
from qtoolkit.applications.chemistry.properties.orbital_response import analytic_gradient
from qtoolkit.backends import SamplingEstimator
from qtoolkit.errors import InputError
from qtoolkit.simulators import StatevectorSimulator
from qtoolkit.simulators.fermion import lowest_states

BOHR = 0.52917721092
"""In ångström, as PySCF has it."""


def exact(integrals):
    """The exact ground state."""
    return StateProperties(integrals, lowest_states(integrals.hamiltonian, integrals.nelec)[1][0])


def water(shift=0.0):
    return Molecule([("O", (0, 0, 0)), ("H", (0, 0.757 + shift, 0.587)), ("H", (0, -0.757, 0.587))])


def test_the_dipole_and_charges_of_lithium_hydride(lithium_hydride):
    found = exact(lithium_hydride)
    np.testing.assert_allclose(found.dipole, [0.0, 0.0, -1.8177157], atol=1e-6)
    assert found.dipole_debye[2] == pytest.approx(-1.8177157 / 0.3934303, abs=1e-5)
    variational = state_properties(ground_state(lithium_hydride))
    np.testing.assert_allclose(variational.dipole, found.dipole, atol=5e-4)
    for charges in (found.mulliken_charges, found.lowdin_charges):
        assert charges.sum() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("active", [None, (4, 4)])
def test_charges_are_those_of_pyscf(active):
    from pyscf import gto, mcscf, scf

    integrals = compute_integrals(water(), active)
    structure = gto.M(atom=list(water().geometry), basis="sto-3g", verbose=0)
    solver = scf.RHF(structure).run(conv_tol=1e-12)
    calculation = mcscf.CASCI(solver, integrals.norb, integrals.nelec)
    calculation.fcisolver.conv_tol = 1e-12
    density = calculation.run().make_rdm1()
    found = exact(integrals)
    np.testing.assert_allclose(found.mulliken_charges, solver.mulliken_pop(structure, density, verbose=0)[1], atol=1e-6)
    np.testing.assert_allclose(found.dipole, solver.dip_moment(structure, density, unit="AU", verbose=0), atol=1e-5)
    np.testing.assert_allclose(found.atomic_density.sum(axis=0), density, atol=1e-6)
    root = scipy.linalg.sqrtm(structure.intor("int1e_ovlp")).real
    populations = np.diag(root @ density @ root)
    by_atom = [populations[first:last].sum() for _, _, first, last in structure.aoslice_by_atom()]
    np.testing.assert_allclose(found.lowdin_charges, structure.atom_charges() - by_atom, atol=1e-6)


def test_natural_orbitals_diagonalise_the_density():
    for integrals in (compute_integrals(water(), (4, 4)), compute_integrals(diatomic("H", "H", 2.5))):
        found = state_properties(ground_state(integrals))
        turned = found.natural_orbitals.T @ found.one_rdm.sum(axis=0) @ found.natural_orbitals
        np.testing.assert_allclose(turned, np.diag(found.natural_occupations), atol=1e-10)
        assert found.natural_occupations.sum() == pytest.approx(sum(integrals.nelec), abs=1e-9)
        assert np.all(np.diff(found.natural_occupations) <= 1e-12)
    assert found.num_effectively_unpaired > 1.0  # the bond of H2 at 2.5 Å is nearly broken


def test_energies_follow_from_density_matrices(lithium_hydride):
    found = state_properties(ground_state(lithium_hydride))
    hamiltonian, (same, mixed, other) = lithium_hydride.hamiltonian, found.two_rdm
    energy = hamiltonian.constant + np.sum(hamiltonian.one_body("alpha") * found.one_rdm.sum(axis=0))
    energy += 0.5 * np.sum(hamiltonian.two_body("alpha", "beta") * (same + other + 2.0 * mixed))
    assert energy == pytest.approx(ground_state(lithium_hydride).energy, abs=1e-9)


def test_excited_states_have_properties_too(lithium_hydride):
    states = quantum_subspace_expansion(ground_state(lithium_hydride), 3)
    triplet = state_properties(states, 1)
    assert triplet.num_effectively_unpaired == pytest.approx(2.0, abs=0.2)
    # charge goes back from hydrogen to lithium
    assert abs(triplet.dipole[2]) < abs(state_properties(states).dipole[2])
    with pytest.raises(InputError, match="index"):
        state_properties(states, 3)


def test_unrestricted_orbitals_have_a_dipole_and_no_natural_orbitals():
    radical = Molecule([("O", (0, 0, 0)), ("H", (0, 0, 0.97))], spin=1)
    dipoles = [exact(compute_integrals(radical, reference=reference)).dipole for reference in ("rohf", "uhf")]
    np.testing.assert_allclose(dipoles[0], dipoles[1], atol=1e-5)  # the exact state is the same
    unrestricted = exact(compute_integrals(radical, reference="uhf"))
    assert unrestricted.mulliken_charges.sum() == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(InputError, match="natural orbitals need orbitals that both spins share"):
        _ = unrestricted.natural_occupations


def test_the_exact_gradient_is_the_known_one():
    gradient = analytic_gradient(exact(compute_integrals(diatomic("Li", "H", 1.8))))
    np.testing.assert_allclose(gradient, [[0, 0, -0.0301141], [0, 0, 0.0301141]], atol=5e-7)


@pytest.mark.parametrize("active", [None, "frozen_core", (4, 4)])
def test_exact_gradients_are_those_of_pyscf(active):
    from pyscf import gto, mcscf, scf

    molecule = Molecule([("O", (0, 0, 0.1)), ("H", (0, 0.8, 0.6)), ("H", (0.2, -0.757, 0.587))])
    integrals = compute_integrals(molecule, active)
    structure = gto.M(atom=list(molecule.geometry), basis="sto-3g", verbose=0)
    solver = scf.RHF(structure).run(conv_tol=1e-13)
    calculation = mcscf.CASCI(solver, integrals.norb, integrals.nelec)
    calculation.fcisolver.conv_tol = 1e-12
    expected = calculation.run().nuc_grad_method().kernel()
    np.testing.assert_allclose(analytic_gradient(exact(integrals)), expected, atol=2e-6)


@pytest.mark.parametrize("active", [None, "frozen_core", [1, 2, 5]])
def test_gradients_of_uccsd_are_differences_of_its_energies(active):
    """UCCSD is no exact state: the response of occupied and of empty orbitals among themselves counts."""
    found = forces(ground_state(diatomic("Li", "H", 1.8), active_space=active))
    assert found.method == "analytic"
    assert found.error < 1e-8
    step = 1e-3
    energies = [
        ground_state(diatomic("Li", "H", 1.8 + sign * step), active_space=active).energy for sign in (1.0, -1.0)
    ]
    slope = (energies[0] - energies[1]) / (2.0 * step / BOHR)
    assert found.gradient[1, 2] == pytest.approx(slope, abs=5e-7)
    np.testing.assert_array_equal(found.forces, -found.gradient)
    assert found.largest == pytest.approx(abs(slope), abs=5e-7)


def test_gradients_of_other_ansaetze_are_differences_too():
    def solved(shift):
        return ground_state(water(shift), active_space=(4, 4), ansatz="k-upccgsd")

    found, step = forces(solved(0.0)), 1e-3
    slope = (solved(step).energy - solved(-step).energy) / (2.0 * step / BOHR)
    assert found.gradient[1, 1] == pytest.approx(slope, abs=2e-6)
    np.testing.assert_allclose(found.gradient.sum(axis=0), 0.0, atol=1e-8)


def test_gradients_of_complex_states_are_differences():
    def solved(shift, near=None):
        chain = Molecule([("H", (0, 0, 1.0 * k + shift * (k == 3))) for k in range(4)])
        start = None if near is None else near.parameters
        return ground_state(chain, ansatz="lucj", initial_parameters=start)

    state, step = solved(0.0), 1e-3
    slope = (solved(step, state).energy - solved(-step, state).energy) / (2.0 * step / BOHR)
    assert forces(state).gradient[3, 2] == pytest.approx(slope, abs=2e-6)


def test_numerical_forces_agree_and_serve_open_shells():
    state = ground_state(diatomic("H", "H", 0.9))
    numerical, analytic = forces(state, method="numerical"), forces(state)
    np.testing.assert_allclose(numerical.gradient, analytic.gradient, atol=1e-6)
    assert np.abs(numerical.gradient - analytic.gradient).max() <= numerical.error
    chain = ground_state(Molecule([("H", (0, 0, 0)), ("H", (0, 0, 1.0))], charge=1, spin=1))
    found = forces(chain)
    assert found.method == "numerical"
    assert found.gradient[1, 2] == pytest.approx(-found.gradient[0, 2], abs=1e-7)


def test_lithium_hydride_finds_its_equilibrium():
    seen = []
    found = optimise_geometry(
        diatomic("Li", "H", 1.7), force_tolerance=1e-6, progress=lambda step: seen.append(step.energy)
    )
    # 1.54752 is exact; UCCSD lies 0.01 mHa above, and its minimum 0.00004 Å shorter
    assert found.distances[0, 1] == pytest.approx(1.54752, abs=1e-4)
    assert found.converged
    assert found.forces.largest <= 1e-6
    assert len(seen) == len(found.steps)
    assert found.energy == found.state.energy == min(step.energy for step in found.steps)
    assert found.state.certificate.gap < 5e-5


def test_water_becomes_symmetric():
    skewed = Molecule([("O", (0, 0, 0)), ("H", (0, 0.85, 0.6)), ("H", (0.05, -0.757, 0.55))])
    found = optimise_geometry(skewed, active_space=(4, 4))
    assert found.converged
    assert found.distances[0, 1] == pytest.approx(found.distances[0, 2], abs=1e-4)
    assert found.steps[0].energy > found.energy
    stopped = optimise_geometry(skewed, active_space=(4, 4), max_steps=1)
    assert not stopped.converged
    assert len(stopped.steps) == 2
    assert "1 steps" in stopped.message


def test_lengths_in_bohr_stay_in_bohr():
    found = optimise_geometry(diatomic("H", "H", 1.5, unit="bohr"), force_tolerance=1e-6)
    assert found.molecule.unit == "bohr"
    assert found.distances[0, 1] * BOHR == pytest.approx(
        optimise_geometry(diatomic("H", "H", 0.8), force_tolerance=1e-6).distances[0, 1], abs=1e-5
    )


def test_bad_arguments_are_refused(hydrogen):
    state = ground_state(hydrogen)
    with pytest.raises(InputError, match="must be a GroundState"):
        forces(hydrogen)
    with pytest.raises(InputError, match="method"):
        forces(state, method="guess")
    with pytest.raises(InputError, match="integrals of a molecule"):
        forces(ground_state(dataclasses.replace(hydrogen, molecule=None)))
    noisy = ground_state(
        hydrogen,
        estimator=SamplingEstimator(StatevectorSimulator(), shots=100, seed=1),
        optimizer=COBYLA(max_evaluations=5),
    )
    with pytest.raises(InputError, match="without noise"):
        forces(noisy)
    chain = Molecule([("H", (0, 0, 0)), ("H", (0, 0, 1.0))], charge=1, spin=1)
    with pytest.raises(InputError, match="orbitals of a closed shell"):
        forces(ground_state(chain), method="analytic")
    with pytest.raises(InputError, match="must keep the numbers of electrons"):
        state_properties(ground_state(hydrogen, ansatz=HardwareEfficient(2, (1, 1), layers=2)))
    with pytest.raises(InputError, match="GroundState or ExcitedStates"):
        state_properties(hydrogen)
    with pytest.raises(InputError, match="one atom has nothing to optimise"):
        optimise_geometry(Molecule([("H", (0, 0, 0))], spin=1))
    unknown = dataclasses.replace(hydrogen, molecule=None, orbital_coefficients=None)
    with pytest.raises(InputError, match="a dipole moment needs"):
        _ = state_properties(ground_state(unknown)).dipole
    with pytest.raises(InputError, match="populations need"):
        _ = state_properties(ground_state(unknown)).mulliken_charges
