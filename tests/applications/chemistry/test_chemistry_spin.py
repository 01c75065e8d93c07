"""The spin asked for, in the exact reference and in the state found."""

import dataclasses
from importlib import import_module

import numpy as np
import openfermion
import pytest

from qtoolkit import StatevectorSimulator
from qtoolkit.algorithms import COBYLA, LBFGSB
from qtoolkit.applications.chemistry import (
    UCCSD,
    Molecule,
    compute_integrals,
    diatomic,
    fci_energy,
    ground_state,
    qubit_hamiltonian,
)
from qtoolkit.applications.chemistry.spin import spin_squared_operator
from qtoolkit.backends import SamplingEstimator
from qtoolkit.errors import ConvergenceError

CARBON = Molecule([("C", (0, 0, 0))])
NITROGEN = Molecule([("N", (0, 0, 0))], spin=1)


def levels_with_spin(integrals):
    """Energies of the sector and their ⟨S²⟩, which a trace of S² tells apart where levels are degenerate."""
    hamiltonian = qubit_hamiltonian(integrals).to_sparse()
    norb = integrals.norb
    states = np.arange(4**norb)
    alpha, beta = np.bitwise_count(states % 2**norb), np.bitwise_count(states >> norb)
    sector = np.flatnonzero((alpha == integrals.nelec[0]) & (beta == integrals.nelec[1]))
    square = openfermion_spin_squared(norb)[sector][:, sector].toarray().real
    block = hamiltonian[sector][:, sector].toarray().real
    values, vectors = np.linalg.eigh(block + 1e-7 * square)
    spins = np.einsum("ik,ij,jk->k", vectors, square, vectors)
    return values - 1e-7 * spins, spins


def openfermion_spin_squared(norb):
    operator = openfermion.hamiltonians.s_squared_operator(norb)
    blocks = openfermion.reorder(operator, openfermion.up_then_down, num_modes=2 * norb)
    # OpenFermion's first mode is the highest bit of an index, ours the lowest
    matrix = openfermion.get_sparse_operator(blocks, 2 * norb).tocsr()
    order = np.array([int(format(k, f"0{2 * norb}b")[::-1], 2) for k in range(4**norb)])
    return matrix[order][:, order]


def sample(name):
    if name == "O2":
        return compute_integrals(diatomic("O", "O", 1.2075), (8, 6))
    return {
        "C": lambda: compute_integrals(CARBON, "frozen_core"),
        "N": lambda: compute_integrals(NITROGEN),
        "H4+": lambda: compute_integrals(Molecule([("H", (0, 0, 0.9 * k)) for k in range(4)], charge=1, spin=1)),
        "CH2": lambda: compute_integrals(
            Molecule([("C", (0, 0, 0)), ("H", (0, 0.99, 0.47)), ("H", (0, -0.99, 0.47))]), (6, 5)
        ),
    }[name]()


@pytest.mark.parametrize("name", ["C", "N", "O2", "H4+", "CH2"])
def test_the_exact_reference_is_the_lowest_of_its_spin(name):
    integrals = sample(name)
    energies, spins = levels_with_spin(integrals)
    wanted = integrals.spin * (integrals.spin + 1.0)
    lowest = energies[np.abs(spins - wanted) < 1e-4].min()
    assert fci_energy(integrals) == pytest.approx(lowest, abs=1e-8)
    if name in ("C", "N", "O2", "CH2"):
        assert energies.min() < lowest - 1e-2  # a higher spin lies below: it must not be taken
    else:
        assert energies.min() == pytest.approx(lowest, abs=1e-9)


def test_known_terms_of_an_atom():
    assert fci_energy(compute_integrals(NITROGEN)) == pytest.approx(-53.595654607, abs=1e-8)
    assert fci_energy(compute_integrals(dataclasses.replace(NITROGEN, spin=3))) == pytest.approx(
        -53.719010163, abs=1e-8
    )


@pytest.mark.slow
def test_singlet_oxygen_is_no_triplet():
    singlet = fci_energy(compute_integrals(diatomic("O", "O", 1.2075)))
    triplet = fci_energy(compute_integrals(diatomic("O", "O", 1.2075, spin=2)))
    assert triplet == pytest.approx(-147.744035434, abs=1e-7)
    assert singlet == pytest.approx(-147.705725441, abs=1e-7)


def test_the_operator_is_that_of_openfermion():
    integrals = sample("C")
    found = spin_squared_operator(integrals).to_sparse()
    expected = openfermion_spin_squared(integrals.norb)
    norb = integrals.norb
    states = np.arange(4**norb)
    alpha, beta = np.bitwise_count(states % 2**norb), np.bitwise_count(states >> norb)
    sector = np.flatnonzero((alpha == integrals.nelec[0]) & (beta == integrals.nelec[1]))
    difference = found[sector][:, sector] - expected[sector][:, sector]
    assert abs(difference).max() < 1e-12


def test_more_beta_than_alpha_electrons_are_the_mirror_image():
    integrals = sample("H4+")
    mirrored = dataclasses.replace(integrals, nelec=integrals.nelec[::-1])
    assert mirrored.spin == integrals.spin == 0.5
    assert fci_energy(mirrored) == pytest.approx(fci_energy(integrals), abs=1e-9)
    assert ground_state(mirrored).spin_squared == pytest.approx(0.75, abs=1e-3)


@pytest.mark.parametrize("start", [None, 1, 3])
def test_a_search_that_ends_in_another_spin_is_repeated_with_a_penalty(start):
    integrals = sample("C")
    ansatz = UCCSD(integrals.norb, integrals.nelec)
    initial = None if start is None else 0.8 * np.random.default_rng(start).normal(size=ansatz.num_parameters)
    result = ground_state(integrals, initial_parameters=initial)
    assert result.spin_penalty > 0.0  # the triplet below was found first
    assert result.spin_squared_target == 0.0
    assert abs(result.spin_squared) < 1e-8
    assert result.energy == pytest.approx(result.fci_energy, abs=1e-7)
    value = StatevectorSimulator().expectation_value(ansatz.circuit, qubit_hamiltonian(integrals), result.parameters)
    assert result.energy == pytest.approx(value, abs=1e-10)


def test_where_spins_lie_close_the_penalty_does_not_strand_the_search():
    """N2 at 2.2 Å: all spins within 21 mHa. A steep penalty alone ended 170 mHa above, with a clean spin."""
    found = ground_state(compute_integrals(diatomic("N", "N", 2.2), (6, 6)))
    assert found.converged
    assert 0.0 < found.spin_penalty < 1.0
    assert abs(found.spin_squared) < 0.1
    assert 1e-3 < found.gap < 2.5e-2


def test_a_start_that_leads_to_another_spin_does_not_count():
    """N2 at 2.0 Å: some random starts lead to lower energies with an ⟨S²⟩ of 1."""
    integrals = compute_integrals(diatomic("N", "N", 2.0), (6, 6))
    one, several = ground_state(integrals), ground_state(integrals, num_starts=3)
    assert abs(several.spin_squared) < 0.1
    assert several.spin_penalty == 0.0
    assert several.energy <= one.energy + 1e-9


def test_a_search_that_is_not_converged_does_not_return_another_spin():
    integrals = sample("C")
    ansatz = UCCSD(integrals.norb, integrals.nelec)
    initial = 0.8 * np.random.default_rng(1).normal(size=ansatz.num_parameters)
    with pytest.raises(ConvergenceError, match="state asked for"):
        ground_state(integrals, initial_parameters=initial, optimizer=LBFGSB(max_evaluations=3))


def test_results_tell_their_spin():
    doublet = ground_state(sample("N"))
    assert doublet.spin_squared == pytest.approx(0.75, abs=1e-6)
    assert doublet.energy == pytest.approx(-53.595654607, abs=1e-6)
    assert (doublet.standard_error, doublet.seed) == (None, 0)


def test_another_state_than_the_one_asked_for_is_an_error(monkeypatch):
    module = import_module("qtoolkit.applications.chemistry.energies.search")  # whose name the function has taken
    monkeypatch.setattr(module, "_SPIN_PENALTIES", ())
    with pytest.raises(ConvergenceError, match=r"asked for has <S²> = 0, but the search ended in one of 1\.9"):
        ground_state(sample("C"))


def test_noisy_energies_have_error_bars(hydrogen):
    estimator = SamplingEstimator(StatevectorSimulator(), shots=200, seed=3)
    result = ground_state(hydrogen, estimator=estimator, optimizer=COBYLA(max_evaluations=25))
    exact = StatevectorSimulator().expectation_value(
        result.ansatz.circuit, qubit_hamiltonian(hydrogen), result.parameters
    )
    assert 0.0 < result.standard_error < 0.2
    assert abs(result.energy - exact) < 4.5 * result.standard_error
    assert result.energy != result.history.min()
    assert not result.converged
    assert abs(result.spin_squared) < 0.1
