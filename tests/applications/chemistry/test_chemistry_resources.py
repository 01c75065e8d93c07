"""Costs of phase estimation against published figures, factorisations against their integrals."""

from __future__ import annotations

import numpy as np
import pytest
from fermion_models import random_hamiltonian

from qtoolkit.applications.chemistry.resources import (
    double_factorisation,
    double_factorised_cost,
    hypercontraction_cost,
)
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian


def test_costs_of_nitrogenase_are_those_published() -> None:
    # FeMoco in the orbitals of Reiher et al.: Lee et al. (2021), tables II and III, 10^-3 Ha
    factorised = double_factorised_cost(num_spin_orbitals=108, one_norm=294.8, rank=360, num_eigenvectors=13031)
    assert (factorised.toffolis_per_step, factorised.num_toffolis) == (21753, 10073183463)
    assert factorised.num_logical_qubits == 3725
    contracted = hypercontraction_cost(108, 306.3, 350)
    assert contracted.num_toffolis == pytest.approx(5250145120, rel=2e-3)
    assert contracted.num_logical_qubits == 2142
    # in those of Li et al.
    larger = double_factorised_cost(
        num_spin_orbitals=152, one_norm=1171.2, rank=394, num_eigenvectors=20115, rotation_bits=20
    )
    assert larger.num_toffolis == pytest.approx(64410331887, rel=1e-3)
    assert larger.num_logical_qubits == 6405


def test_items_add_up_and_cost_grows_with_precision() -> None:
    rough, fine = (hypercontraction_cost(40, 50.0, 120, error) for error in (1.6e-3, 1.6e-4))
    for cost in (rough, fine):
        assert sum(cost.step_items.values()) == cost.toffolis_per_step
        assert sum(cost.qubit_items.values()) == cost.num_logical_qubits
        assert cost.num_toffolis == cost.num_steps * cost.toffolis_per_step
    assert fine.num_steps == pytest.approx(10 * rough.num_steps, abs=10)


def test_a_factorisation_holds_the_integrals() -> None:
    hamiltonian = random_hamiltonian(4, np.random.default_rng(1), False)
    assert hamiltonian.two_body_tensor is not None
    whole = double_factorisation(hamiltonian, 0.0)
    assert whole.error < 1e-12
    assert np.allclose(whole.two_body_tensor(), hamiltonian.two_body_tensor)
    cut = double_factorisation(hamiltonian, 5.0)
    assert cut.num_eigenvectors < whole.num_eigenvectors
    assert cut.error == pytest.approx(np.abs(cut.two_body_tensor() - hamiltonian.two_body_tensor).max())
    assert cut.one_norm < whole.one_norm
    assert double_factorised_cost(whole).num_spin_orbitals == 8


def test_the_norm_is_that_of_one_leaf() -> None:
    orbital = np.array([[0.6, 0.8], [0.8, -0.6]])
    leaf = orbital @ np.diag([0.9, -0.4]) @ orbital.T
    one_body = np.diag([0.3, -0.2])
    found = double_factorisation(ElectronicHamiltonian(one_body, np.einsum("pq,rs->pqrs", leaf, leaf)))
    kinetic = one_body - 0.5 * leaf @ leaf + np.trace(leaf) * leaf
    assert found.rank == 1
    assert found.one_norm == pytest.approx(np.abs(np.linalg.eigvalsh(kinetic)).sum() + 0.25 * 1.3**2)


def test_numbers_that_make_no_cost_are_refused() -> None:
    spins = random_hamiltonian(3, np.random.default_rng(1), True)
    refused = [
        (lambda: double_factorised_cost(), "needs a factorisation"),
        (lambda: double_factorised_cost(num_spin_orbitals=7, one_norm=1.0, rank=2, num_eigenvectors=3), "even"),
        (lambda: hypercontraction_cost(8, -1.0, 10), "one_norm"),
        (lambda: hypercontraction_cost(10**400, 1.0, 10), "num_spin_orbitals"),
        (lambda: hypercontraction_cost(8, 1.0, 10**400), "rank"),
        (lambda: hypercontraction_cost(108, 1.0, 53), "rank must be the number of orbitals at least, 54"),
        (lambda: hypercontraction_cost(8, 1.0, 10, 0.0), "error"),
        (lambda: hypercontraction_cost(8, 1.0, 10, rotation_bits=1), "rotation_bits"),
        (lambda: double_factorisation(spins), "both spins"),
        (lambda: double_factorisation(ElectronicHamiltonian(np.eye(2))), "repulsion"),
    ]
    for call, words in refused:
        with pytest.raises(InputError, match=words):
            call()
