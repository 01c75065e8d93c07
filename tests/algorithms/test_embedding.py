"""Density matrix embedding where it is exact, and by what it must obey elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from fermion_models import random_hamiltonian
from numpy.typing import NDArray
from scipy.linalg import expm

from qtoolkit.algorithms.embedding import (
    ImpurityState,
    density_matrix_embedding,
    exact_solver,
    restricted_mean_field,
)
from qtoolkit.applications.materials import chain, hubbard_model, square
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion import lowest_states


def ring(interaction: float, sites: int = 6) -> ElectronicHamiltonian:
    return hubbard_model(chain(sites, periodic=True), 1.0, interaction)


def test_one_fragment_is_the_whole() -> None:
    rng = np.random.default_rng(2)
    for hamiltonian, electrons in ((ring(4.0), 6), (random_hamiltonian(4, rng, False), 4)):
        found = density_matrix_embedding(hamiltonian, electrons, [range(hamiltonian.norb)])
        exact = lowest_states(hamiltonian, (electrons // 2,) * 2, spin=0.0)[0][0]
        assert found.energy == pytest.approx(exact, abs=1e-8)
        assert found.fragments[0].impurity.size == hamiltonian.norb


@pytest.mark.parametrize("fragments", [[[0], [1, 2], [3, 4, 5]], [[0, 5], [1, 4], [2, 3]], [[0, 2, 4], [1], [3], [5]]])
def test_free_electrons_are_exact_in_any_fragments(fragments: list[list[int]]) -> None:
    rng = np.random.default_rng(9)
    one_body = rng.normal(size=(6, 6))
    hamiltonian = ElectronicHamiltonian(one_body + one_body.T, None, 0.7)
    levels = np.linalg.eigvalsh(hamiltonian.one_body_tensor)
    found = density_matrix_embedding(hamiltonian, 6, fragments)
    assert found.energy == pytest.approx(0.7 + 2 * levels[:3].sum(), abs=1e-9)
    assert found.energy == pytest.approx(found.mean_field.energy, abs=1e-9)
    assert abs(found.correlation_energy) < 1e-9
    assert found.chemical_potential == 0.0


def test_baths_are_no_larger_than_fragments() -> None:
    found = density_matrix_embedding(ring(4.0), 6, [[0, 1], [2, 3], [4, 5]])
    for fragment in found.fragments:
        orbitals = fragment.impurity.orbitals
        assert fragment.impurity.size <= 4
        assert np.allclose(orbitals.T @ orbitals, np.eye(orbitals.shape[1]))
        assert fragment.num_electrons == pytest.approx(2.0)
    exact = lowest_states(ring(4.0), (3, 3))[0][0]
    assert found.mean_field.energy > exact
    # the correlation that a determinant lacks is found to some per cent
    assert found.energy == pytest.approx(exact, abs=0.01 * (found.mean_field.energy - exact))


def test_a_chemical_potential_makes_electrons_add_up() -> None:
    steps: list[tuple[int, float]] = []
    found = density_matrix_embedding(
        hubbard_model(square(3, 2), 1.0, 4.0, potential=[0.5, 0, 0, 0, 0, -0.3]),
        4,
        [[0, 1], [2], [3, 4, 5]],
        progress=lambda number, error: steps.append((number, error)),
    )
    assert abs(found.electron_error) <= 1e-6
    assert found.chemical_potential != 0.0
    assert sum(fragment.num_electrons for fragment in found.fragments) == pytest.approx(4.0, abs=1e-6)
    assert [number for number, _ in steps] == list(range(1, found.num_evaluations + 1))
    assert abs(steps[0][1]) > 1e-6 >= min(abs(error) for _, error in steps)


@pytest.mark.parametrize("start", ["nothing", "one each", "two each", "excited"])
def test_the_mean_field_ends_in_a_filled_determinant_from_any_start(start: str) -> None:
    model = hubbard_model(chain(6), 1.0, 0.5)
    orbitals = np.linalg.eigh(model.one_body_tensor)[1]
    densities = {
        "nothing": np.zeros((6, 6)),
        "one each": np.eye(6),
        "two each": 2.0 * np.eye(6),
        "excited": 2.0 * orbitals[:, 3:] @ orbitals[:, 3:].T,  # stationary, and the highest of all
    }
    found, usual = restricted_mean_field(model, 6, densities[start]), restricted_mean_field(model, 6)
    assert found.energy == pytest.approx(usual.energy, abs=1e-8)
    assert np.allclose(found.density, usual.density, atol=1e-6)


def test_the_mean_field_is_that_of_its_energy() -> None:
    hamiltonian = random_hamiltonian(5, np.random.default_rng(3), False)
    scaled = ElectronicHamiltonian(hamiltonian.one_body_tensor, 0.05 * hamiltonian.two_body_tensor, 0.3)
    found = restricted_mean_field(scaled, 4)
    assert np.allclose(found.density @ found.density, 2 * found.density, atol=1e-7)
    exact = lowest_states(scaled, (2, 2))[0][0]
    assert found.energy >= exact - 1e-10
    step, rng = 1e-5, np.random.default_rng(0)

    def energy_of(density: NDArray[np.float64]) -> float:
        assert scaled.two_body_tensor is not None
        coulomb = np.einsum("pqrs,rs->pq", scaled.two_body_tensor, density)
        exchange = np.einsum("prsq,rs->pq", scaled.two_body_tensor, density)
        return float(0.3 + np.sum(density * (scaled.one_body_tensor + 0.5 * coulomb - 0.25 * exchange)))

    assert energy_of(found.density) == pytest.approx(found.energy, abs=1e-9)
    for _ in range(5):
        given = rng.normal(size=(5, 5))
        turned = [expm(sign * step * (given - given.T)) for sign in (1.0, -1.0)]
        energies = [energy_of(turn @ found.density @ turn.T) for turn in turned]
        assert (energies[0] - energies[1]) / (2 * step) == pytest.approx(0.0, abs=1e-6)


def test_solvers_are_checked_and_fragments_too() -> None:
    model = ring(2.0)
    thirds = [[0, 1], [2, 3], [4, 5]]

    def small(hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int]) -> ImpurityState:
        return ImpurityState(0.0, np.eye(2), np.zeros((2,) * 4))

    def empty(hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int]) -> ImpurityState:
        state = exact_solver(hamiltonian, nelec)
        return ImpurityState(state.energy, 0.5 * state.one_rdm, state.two_rdm)

    impurity = density_matrix_embedding(model, 6, thirds).fragments[0].impurity
    nothing = ImpurityState(np.nan, np.full((4, 4), np.nan), np.full((4,) * 4, np.nan))
    refused = [
        (lambda: density_matrix_embedding(model, 6, thirds, lambda h, n: nothing), "finite"),
        (lambda: impurity.with_potential([0.1]), "potential must be"),  # type: ignore[arg-type]
        (lambda: exact_solver(model, None), "nelec is a pair"),  # type: ignore[arg-type]
        (lambda: density_matrix_embedding(model, 6, thirds, progress=3), "progress"),  # type: ignore[arg-type]
        (lambda: restricted_mean_field(model, 6, np.full((6, 6), np.nan)), "finite and symmetric"),
        (lambda: restricted_mean_field(model, 6, np.arange(36.0).reshape(6, 6)), "finite and symmetric"),
        (lambda: density_matrix_embedding(model, 6, [[0, 1], [2, 3]]), "once"),
        (lambda: density_matrix_embedding(model, 6, [[0, 1, 1], [2, 3, 4, 5]]), "once"),
        (lambda: density_matrix_embedding(model, 5, thirds), "even"),
        (lambda: density_matrix_embedding(model, 6, thirds, small), "shapes"),
        (lambda: density_matrix_embedding(model, 6, thirds, empty), "trace"),
        (lambda: density_matrix_embedding(model, 6, thirds, lambda h, n: None), "ImpurityState"),  # type: ignore[arg-type, return-value]
        (lambda: density_matrix_embedding(model, 6, thirds, density=np.eye(2)), "density"),
        (lambda: restricted_mean_field(random_hamiltonian(3, np.random.default_rng(0), True), 2), "both spins"),
    ]
    for call, words in refused:
        with pytest.raises(InputError, match=words):
            call()

    def stubborn(hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int]) -> ImpurityState:
        # one electron always on the first orbital, whatever the potential
        one = np.zeros((hamiltonian.norb,) * 2)
        one[-1, -1] = sum(nelec)
        return ImpurityState(0.0, one, np.zeros((hamiltonian.norb,) * 4))

    with pytest.raises(ConvergenceError, match="add up"):
        density_matrix_embedding(model, 6, thirds, stubborn)
