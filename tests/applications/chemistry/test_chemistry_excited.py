"""Excited states beside exact ones."""

import numpy as np
import pytest

from qtoolkit.applications.chemistry import (
    UCCSD,
    HardwareEfficient,
    Molecule,
    compute_integrals,
    diatomic,
    fci_energy,
    ground_state,
    qeom,
    quantum_subspace_expansion,
    ssvqe,
    vqd,
)
from qtoolkit.applications.chemistry.excited.excitation_images import excited, occupied
from qtoolkit.applications.chemistry.excited.spin_references import allowed_spins, spin_references
from qtoolkit.errors import InputError
from qtoolkit.operators import Excitation, FermionOperator, jordan_wigner
from qtoolkit.simulators.fermion import FermionSector, spin_squared

T1, S1 = -7.766418475, -7.749216187
"""Of LiH at 1.595 Å in STO-3G, exact."""


@pytest.fixture(scope="module")
def ground(lithium_hydride):
    return ground_state(lithium_hydride)


@pytest.mark.parametrize("adjoint", [False, True])
def test_images_of_excitations_are_those_of_operators(adjoint):
    sector = FermionSector(4, (2, 1))
    state = np.random.default_rng(0).normal(size=sector.shape)
    for excitation in (
        Excitation((0,), (2,)),
        Excitation((1, 4), (3, 6)),
        Excitation((4,), (7,)),
        Excitation((0, 1), (2, 3)),
    ):
        created, gone = excitation.created, tuple(reversed(excitation.annihilated))
        operator = FermionOperator({(*((mode, True) for mode in created), *((mode, False) for mode in gone)): 1.0})
        matrix = jordan_wigner(operator.adjoint() if adjoint else operator, 8).to_sparse()
        expected = sector.project(matrix @ sector.embed(state))
        np.testing.assert_allclose(excited(sector, excitation, state, adjoint=adjoint), expected, atol=1e-12)
    for mode in (1, 6):
        number = jordan_wigner(FermionOperator({((mode, True), (mode, False)): 1.0}), 8).to_sparse()
        expected = sector.project(number @ sector.embed(state))
        np.testing.assert_allclose(occupied(sector, mode, state), expected, atol=1e-12)


def test_references_are_orthonormal_and_of_one_spin(lithium_hydride):
    sector = FermionSector(6, (2, 2))
    assert allowed_spins(lithium_hydride) == [0.0, 1.0, 2.0]
    for spin in (0.0, 1.0, 2.0):
        states = spin_references(lithium_hydride, sector, spin, 5)
        overlaps = np.array([[np.vdot(a, b) for b in states] for a in states])
        np.testing.assert_allclose(overlaps, np.eye(5), atol=1e-10)
        for state in states:
            assert spin_squared(sector, state) == pytest.approx(spin * (spin + 1.0), abs=1e-9)


def check(result, spins, exact, most):
    """Energies above exact ones by no more than `most`, spins as they are, and residuals that hold an eigenvalue."""
    np.testing.assert_array_equal(result.spins, spins)
    np.testing.assert_allclose(result.spin_squared, np.array(spins) * (np.array(spins) + 1.0), atol=1e-3)
    np.testing.assert_allclose(result.exact_energies, exact, atol=1e-8)
    assert np.all(result.gaps > -1e-9)
    assert np.all(result.gaps < most)
    assert np.all(np.diff(result.energies) >= 0.0)
    assert np.all(np.abs(result.gaps) < result.residual_norms + 1e-9)


def test_deflation_finds_singlets_and_triplets(lithium_hydride):
    check(vqd(lithium_hydride, 2, spin=0.0), [0.0, 0.0], [fci_energy(lithium_hydride), S1], 2e-4)
    triplet = vqd(lithium_hydride, 1, spin=1)
    check(triplet, [1.0], [T1], 2e-4)
    assert triplet.ground is None
    assert triplet.excitation_energies[0] == 0.0


def test_the_subspace_search_finds_all_at_once(lithium_hydride):
    result = ssvqe(lithium_hydride, 3)
    check(result, [0.0, 1.0, 0.0], [fci_energy(lithium_hydride), T1, S1], 1e-3)
    # one unitary on orthogonal states: they stay orthogonal
    flat = result.states.reshape(3, -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(3), atol=1e-10)


@pytest.mark.parametrize(("doubles", "most"), [(False, 2e-3), (True, 1e-4)])
def test_expansion_is_variational_and_better_with_doubles(ground, doubles, most):
    result = quantum_subspace_expansion(ground, 3, doubles=doubles)
    check(result, [0.0, 1.0, 0.0], [ground.fci_energy, T1, S1], most)
    assert result.energies[0] < ground.energy  # the ground state improves
    assert result.ground is ground
    triplets = quantum_subspace_expansion(ground, 2, spin=1, doubles=doubles)
    assert triplets.spins.tolist() == [1.0, 1.0]
    assert triplets.energies[0] == pytest.approx(result.energies[1], abs=1e-9)


def test_equations_of_motion(ground):
    result = qeom(ground, 2)
    check(result, [1.0, 0.0], [T1, S1], 5e-4)
    assert result.excitation_energies[0] == pytest.approx(T1 - ground.fci_energy, abs=2e-4)
    singlet = qeom(ground, 1, spin=0)
    assert singlet.energies[0] == pytest.approx(result.energies[1], abs=1e-9)
    assert singlet.certificates[0].exact_ground_energy is None  # it is no variational method


def test_two_electrons_are_exact():
    """With all singles and doubles every method is full configuration interaction."""
    integrals = compute_integrals(Molecule([("H", (0, 0, 0)), ("H", (0, 0, 0.9))], basis="6-31g"))
    ground = ground_state(integrals)
    for result in (qeom(ground, 3), quantum_subspace_expansion(ground, 4, doubles=True)):
        np.testing.assert_allclose(result.gaps, 0.0, atol=1e-6)
        assert np.all(result.residual_norms < 1e-3)


def test_states_with_complex_amplitudes():
    chain = compute_integrals(Molecule([("H", (0, 0, 1.0 * k)) for k in range(4)]))
    ground = ground_state(chain, ansatz="lucj")
    expanded = quantum_subspace_expansion(ground, 3, doubles=True)
    assert np.iscomplexobj(expanded.states)
    # 36 determinants, of which the excitations of a state without symmetry reach all
    np.testing.assert_allclose(expanded.gaps, 0.0, atol=1e-8)
    moved = qeom(ground, 2)
    assert moved.spins.tolist() == [1.0, 1.0]
    assert np.all(np.abs(moved.gaps) < 2e-2)


@pytest.mark.parametrize("method", [vqd, ssvqe, qeom, quantum_subspace_expansion])
def test_more_states_than_there_are_are_refused(method):
    """Of helium in a minimal basis there is one state, and none is excited."""
    helium = compute_integrals(Molecule([("He", (0, 0, 0))]))
    problem = helium if method in (vqd, ssvqe) else ground_state(helium)
    with pytest.raises(InputError, match="got count=2"):
        method(problem, 2)


def test_all_states_of_a_sector_are_found_one_after_the_other():
    """At a bond of 3 Å the states are halves of the determinants, so that those below cover all references."""
    stretched = compute_integrals(diatomic("H", "H", 3.0))
    found = vqd(stretched, 4)
    np.testing.assert_allclose(found.energies, found.exact_energies, atol=1e-5)
    assert found.spins.tolist() == [0.0, 1.0, 0.0, 0.0]


def test_open_shells():
    integrals = compute_integrals(Molecule([("H", (0, 0, 0.9 * k)) for k in range(3)], spin=1))
    doublets = quantum_subspace_expansion(ground_state(integrals), 2, spin=0.5, doubles=True)
    assert np.all(doublets.gaps > -1e-9)
    assert doublets.spins.tolist() == [0.5, 0.5]
    quartet = vqd(integrals, 1, spin=1.5)
    assert quartet.gaps[0] == pytest.approx(0.0, abs=1e-6)  # three electrons of one spin in three orbitals
    assert quartet.spins.tolist() == [1.5]


def test_an_ansatz_of_ones_own(lithium_hydride):
    result = vqd(lithium_hydride, 1, ansatz=UCCSD(6, (2, 2)), num_starts=1)
    assert -1e-9 < result.gaps[0] < 1e-4


def test_bad_arguments_are_refused(lithium_hydride, hydrogen, ground):
    with pytest.raises(InputError, match=r"can have as one of 0, 1, got 0\.5"):
        vqd(hydrogen, spin=0.5)
    with pytest.raises(InputError, match="weights must be positive and decrease"):
        ssvqe(hydrogen, 2, weights=[1.0, 2.0])
    with pytest.raises(InputError, match="got count=9"):
        ssvqe(hydrogen, 9)
    with pytest.raises(InputError, match="got count=9"):
        qeom(ground_state(hydrogen), 9)
    with pytest.raises(InputError, match="must be a GroundState"):
        qeom(hydrogen)
    with pytest.raises(InputError, match="electrons in 2 orbitals"):
        vqd(lithium_hydride, ansatz=UCCSD(2, (1, 1)))
    with pytest.raises(InputError, match="must keep the numbers of electrons"):
        qeom(ground_state(hydrogen, ansatz=HardwareEfficient(2, (1, 1), layers=2)))
    with pytest.raises(InputError, match="keeps no numbers of electrons"):
        vqd(hydrogen, ansatz="hardware-efficient")


def test_optimisers_and_references_are_checked() -> None:
    integrals = compute_integrals(diatomic("H", "H", 0.735))
    for call in (
        lambda: vqd(integrals, 2, optimizer=True),  # type: ignore[arg-type]
        lambda: ssvqe(integrals, 2, optimizer="BFGS"),  # type: ignore[arg-type]
    ):
        with pytest.raises(InputError, match="must be an Optimizer"):
            call()
    with pytest.raises(InputError, match="callback must be a function"):
        ground_state(integrals, callback=True)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="ansatz must be an Ansatz"):
        ground_state(integrals, ansatz=np.array([]))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="reference is for a molecule"):
        ground_state(integrals, reference=np.array([]))  # type: ignore[arg-type]
