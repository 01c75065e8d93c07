"""Sample-based diagonalisation: the subspace against full configuration interaction, recovery, noisy shots."""

import itertools

import numpy as np
import pytest
from fermion_models import random_hamiltonian

from qtoolkit import StatevectorSimulator
from qtoolkit.applications.chemistry import (
    UCCSD,
    Molecule,
    compute_integrals,
    fci_energy,
)
from qtoolkit.applications.chemistry.ansaetze import LUCJ
from qtoolkit.applications.chemistry.sqd import sample_based_diagonalisation
from qtoolkit.applications.chemistry.sqd.configurations import Configurations, configurations_of, drawn, recovered
from qtoolkit.applications.chemistry.sqd.subspace import SelectedHamiltonian, lowest_selected, own_lowest
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.primitives import Result
from qtoolkit.simulators.fermion import FermionSector, FermionSimulator


def chain(count, spacing):
    return compute_integrals(Molecule(tuple(("H", (0.0, 0.0, spacing * k)) for k in range(count))))


@pytest.fixture(scope="module")
def hydrogen_chain():
    return chain(6, 1.0)


def electronic(integrals):
    return ElectronicHamiltonian(integrals.one_body_tensor, integrals.two_body_tensor, integrals.core_energy)


def every_configuration(norb, nelec):
    sector = FermionSector(norb, nelec)
    pairs = itertools.product(sector.alpha_strings.tolist(), sector.beta_strings.tolist())
    return {f"{beta:0{norb}b}{alpha:0{norb}b}": 1 for alpha, beta in pairs}


@pytest.mark.parametrize("spin_dependent", [False, True])
@pytest.mark.parametrize("nelec", [(2, 2), (3, 1), (0, 2), (5, 4)])
def test_sigma_is_the_projection_of_the_whole_sector(nelec, spin_dependent):
    rng = np.random.default_rng(4)
    hamiltonian = random_hamiltonian(5, rng, spin_dependent)
    sector = FermionSector(5, nelec)
    rows = np.sort(rng.choice(sector.shape[0], min(sector.shape[0], 6), replace=False))
    columns = np.sort(rng.choice(sector.shape[1], min(sector.shape[1], 4), replace=False))
    state = rng.normal(size=(len(rows), len(columns)))
    whole = np.zeros(sector.shape)
    whole[np.ix_(rows, columns)] = state
    expected = FermionSimulator(1).apply(hamiltonian, sector, whole)[np.ix_(rows, columns)]
    action = SelectedHamiltonian(hamiltonian, sector.alpha_strings[rows], sector.beta_strings[columns])
    assert np.allclose(action.apply(state), expected, atol=1e-10)


def test_without_repulsion_only_the_one_body_part_is_left():
    hamiltonian = ElectronicHamiltonian(np.diag([-1.0, 0.5, 2.0]), None, 0.25)
    strings = np.array([0b011, 0b101])
    found = lowest_selected(hamiltonian, strings, strings, (2, 2))
    assert found.energy == pytest.approx(-0.75)
    assert np.allclose(found.occupancies(3), [[1, 1, 0], [1, 1, 0]])


def test_pyscf_and_our_own_routine_agree(hydrogen_chain):
    hamiltonian = electronic(hydrogen_chain)
    strings = FermionSector(6, (3, 3)).alpha_strings
    for alpha, beta in ((strings, strings), (strings[2::3], strings)):
        theirs, ours = lowest_selected(hamiltonian, alpha, beta, (3, 3)), own_lowest(hamiltonian, alpha, beta)
        assert theirs.energy == pytest.approx(ours.energy, abs=1e-9)
        overlap = abs(np.vdot(theirs.amplitudes, ours.amplitudes))
        assert overlap == pytest.approx(1.0, abs=1e-6)


def test_all_configurations_give_the_exact_energy(hydrogen_chain):
    exact = fci_energy(hydrogen_chain)
    assert exact == pytest.approx(-3.236066280, abs=1e-8)
    found = sample_based_diagonalisation(
        hydrogen_chain, every_configuration(6, (3, 3)), samples_per_batch=1000, exact_energy=exact, seed=1
    )
    assert abs(found.gap) < 1e-8
    assert found.variance < 1e-9
    assert found.spin_squared == pytest.approx(0.0, abs=1e-6)
    assert found.num_determinants == 400
    assert found.correct_share == 1.0
    assert found.converged
    assert found.occupancies.sum(axis=1) == pytest.approx([3.0, 3.0])


def test_noisy_shots_of_an_ansatz(lithium_hydride):
    """A fifth of all bits flipped: few shots are right, and repaired they span what the state needs."""
    ansatz = UCCSD(lithium_hydride.norb, lithium_hydride.nelec)
    parameters = ansatz.initial_parameters(lithium_hydride)
    clean = StatevectorSimulator().run(ansatz.circuit.bind(parameters).measure_all(), shots=2000, seed=3)
    rng = np.random.default_rng(5)
    flips = rng.random(clean.memory.shape) < 0.2
    noisy = Result.from_memory(clean.memory ^ flips)
    exact = fci_energy(lithium_hydride)
    found = sample_based_diagonalisation(
        lithium_hydride, noisy, samples_per_batch=2000, num_batches=2, max_iterations=4, exact_energy=exact, seed=7
    )
    assert 0.02 < found.correct_share < 0.3
    assert -1e-9 < found.gap < 1e-6
    assert len(found.history) >= 2
    assert found.shots == 2000
    again = sample_based_diagonalisation(
        lithium_hydride, noisy, samples_per_batch=2000, num_batches=2, max_iterations=4, exact_energy=exact, seed=7
    )
    assert again.energy == found.energy


def test_shots_of_a_cluster_jastrow_state(hydrogen_chain):
    ansatz = LUCJ(hydrogen_chain.norb, hydrogen_chain.nelec, repetitions=2)
    circuit = ansatz.to_circuit(parameters=ansatz.initial_parameters(hydrogen_chain)).measure_all()
    shots = StatevectorSimulator().run(circuit, shots=3000, seed=6)
    exact = fci_energy(hydrogen_chain)
    found = sample_based_diagonalisation(hydrogen_chain, shots, exact_energy=exact, seed=1)
    assert found.correct_share == 1.0
    # few configurations come without noise, all of them right
    assert 1e-3 < found.gap < 0.7 * (hydrogen_chain.hartree_fock_energy - exact)


def test_every_energy_is_an_upper_bound(hydrogen_chain):
    rng = np.random.default_rng(8)
    noise = Result.from_memory(rng.integers(0, 2, (3000, 12)))
    exact = fci_energy(hydrogen_chain)
    found = sample_based_diagonalisation(
        hydrogen_chain,
        noise,
        samples_per_batch=20,
        num_batches=3,
        max_iterations=4,
        carry_over=None,
        exact_energy=exact,
        seed=2,
    )
    energies = [energy for iteration in found.history for energy in iteration.energies]
    assert min(energies) == found.energy
    assert min(energies) > exact + 1e-6
    assert found.variance > 1e-6
    # from uniform noise alone, better than Hartree–Fock
    assert found.gap < hydrogen_chain.hartree_fock_energy - exact


def test_what_is_carried_over_lets_the_energy_fall(hydrogen_chain):
    rng = np.random.default_rng(8)
    noise = Result.from_memory(rng.integers(0, 2, (3000, 12)))
    arguments = {"samples_per_batch": 8, "num_batches": 2, "max_iterations": 5, "tolerance": 1e-14, "seed": 4}
    carried = sample_based_diagonalisation(hydrogen_chain, noise, carry_over=0.0, **arguments)
    lowest = [min(iteration.energies) for iteration in carried.history]
    assert len(lowest) == 5
    assert (np.diff(lowest) <= 1e-9).all()
    alone = sample_based_diagonalisation(hydrogen_chain, noise, carry_over=None, **arguments)
    assert carried.energy < alone.energy


def test_open_shells_keep_their_own_strings():
    hamiltonian = random_hamiltonian(4, np.random.default_rng(3), spin_dependent=True)
    found = sample_based_diagonalisation(hamiltonian, every_configuration(4, (3, 1)), (3, 1), samples_per_batch=100)
    assert abs(found.gap) < 1e-8
    assert found.amplitudes.shape == (4, 4)


def test_recovery_gives_the_right_numbers_and_leaves_right_ones_alone():
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 1 << 6, (2, 500))
    means = np.array([[0.95, 0.9, 0.9, 0.15, 0.1, 0.0], [0.9, 0.9, 0.1, 0.1, 0.0, 0.0]])
    given = Configurations(bits[0], bits[1], np.ones(500))
    found = recovered(given, means, (3, 2), rng)
    assert found.has_electrons((3, 2)).all()
    assert found.weights.sum() == 500
    pairs = set(zip(found.alpha.tolist(), found.beta.tolist(), strict=True))
    right = given.chosen(given.has_electrons((3, 2)))
    assert set(zip(right.alpha.tolist(), right.beta.tolist(), strict=True)) <= pairs


def test_recovery_flips_what_is_most_at_odds_with_the_mean():
    means = np.array([[1.0, 1.0, 0.02, 0.0], [1.0, 1.0, 0.0, 0.0]])
    given = Configurations(np.array([0b1011]), np.array([0b0001]), np.ones(1))
    rng = np.random.default_rng(2)
    found = [recovered(given, means, (2, 2), rng) for _ in range(200)]
    assert sum(item.alpha[0] == 0b0011 for item in found) > 190
    assert sum(item.beta[0] == 0b0011 for item in found) > 190


def test_batches_are_drawn_by_weight_without_replacement():
    rng = np.random.default_rng(6)
    given = Configurations(np.arange(4), np.arange(4), np.array([100.0, 100.0, 1.0, 1.0]))
    counts = np.zeros(4)
    for _ in range(300):
        batch = drawn(given, 2, rng)
        assert len(set(batch.alpha.tolist())) == 2
        counts[batch.alpha] += 1
    assert (counts[:2] > 280).all()
    assert len(drawn(given, 9, rng)) == 4


def test_samples_are_read_with_alpha_in_the_lower_half():
    found = configurations_of({"0111": 3, "1000": 1, "1111": 0}, 2)
    assert found.alpha.tolist() == [0b11, 0b00]
    assert found.beta.tolist() == [0b01, 0b10]
    assert found.weights.tolist() == [3.0, 1.0]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"samples": {"0101": 3}}, InputError, "bitstrings of 6 orbitals have 12 letters"),
        ({"samples": {}}, InputError, "at least one bitstring"),
        ({"samples": None}, InputError, "a Result or a mapping"),
        ({"samples": {"1" * 12: 4}}, InputError, "give initial_occupancies"),
        ({"nelec": (7, 3)}, InputError, "nelec must lie in"),
        ({"nelec": (4, 2), "symmetric": True}, InputError, "as many alpha as beta"),
        ({"initial_occupancies": np.ones((2, 3))}, InputError, "initial_occupancies must have shape"),
        ({"num_batches": 0}, InputError, "num_batches must be"),
        ({"carry_over": -0.1}, InputError, "carry_over must be"),
        ({"exact_energy": 5.0}, ConvergenceError, "cannot lie below the exact one"),
    ],
)
def test_what_does_not_fit_is_refused(hydrogen_chain, change, error, message):
    arguments = {"samples": every_configuration(6, (3, 3)), "samples_per_batch": 10, "max_iterations": 1} | change
    with pytest.raises(error, match=message):
        sample_based_diagonalisation(hydrogen_chain, **arguments)


def test_occupancies_make_samples_of_the_right_numbers_needless(hydrogen_chain):
    means = np.array([[1, 1, 1, 0, 0, 0]] * 2, float)
    found = sample_based_diagonalisation(
        hydrogen_chain, {"1" * 12: 40, "0" * 12: 60}, initial_occupancies=means, max_iterations=1, seed=0
    )
    assert found.correct_share == 0.0
    assert found.energy <= hydrogen_chain.hartree_fock_energy + 1e-9
