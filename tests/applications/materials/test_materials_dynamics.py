"""Spectral functions against sums over all states, quenches against exponentials of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qtoolkit.algorithms.lanczos import extreme_magnitude, tridiagonal
from qtoolkit.applications.materials import chain, hubbard_model, ladder, quench, quenches, spectral_function
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian, FermionOperator, jordan_wigner
from qtoolkit.simulators.fermion import FermionSector, changed_by_one, lowest_states

GRID = np.linspace(-8.0, 12.0, 401)


def full_matrix(hamiltonian: ElectronicHamiltonian) -> NDArray[Any]:
    return jordan_wigner(hamiltonian.to_fermion_operator(), hamiltonian.num_qubits).to_matrix()


@pytest.mark.parametrize("spin", ["alpha", "beta"])
@pytest.mark.parametrize("nelec", [(2, 1), (1, 1), (3, 2)])
def test_spectral_functions_are_sums_over_states(spin: str, nelec: tuple[int, int]) -> None:
    rng = np.random.default_rng(8)
    hamiltonian = hubbard_model(chain(3), [1.0, 0.7], 3.0, rng.normal(size=3))
    sector = FermionSector(3, nelec)
    energy, states = lowest_states(hamiltonian, nelec)
    vector = rng.normal(size=3) + 1j * rng.normal(size=3)
    vector /= np.linalg.norm(vector)
    offset = 0 if spin == "alpha" else 3
    lowering = jordan_wigner(FermionOperator({((offset + p, False),): vector[p] for p in range(3)}), 6).to_matrix()
    values, vectors = np.linalg.eigh(full_matrix(hamiltonian))
    ground = sector.embed(states[0])
    expected = np.zeros(GRID.size)
    for operator, sign in ((lowering, -1.0), (lowering.conj().T, 1.0)):
        weights = np.abs(vectors.conj().T @ (operator @ ground)) ** 2
        poles = sign * (values - energy[0])
        expected += (0.2 / np.pi / ((GRID[:, None] - poles) ** 2 + 0.04)) @ weights
    found = spectral_function(hamiltonian, nelec, GRID, vector, spin=spin, broadening=0.2)
    assert np.allclose(found.values, expected, atol=1e-9)
    assert found.sum_rule == pytest.approx(1.0, abs=1e-10)
    assert found.change == 0.0


def test_free_electrons_and_single_sites_have_sharp_lines() -> None:
    momentum = np.exp(2j * np.pi * np.arange(5) / 5) / np.sqrt(5)
    free = spectral_function(hubbard_model(chain(5, periodic=True), 1.0, 0.0), (1, 1), GRID, momentum)
    line = free.addition_poles[np.argmax(free.addition_poles[:, 1])]
    assert line == pytest.approx([-2 * np.cos(2 * np.pi / 5), 1.0], abs=1e-9)
    atom = spectral_function(hubbard_model(chain(1), 1.0, 4.0), (1, 0), GRID, 0, spin="beta")
    assert atom.addition_poles == pytest.approx(np.array([[4.0, 1.0]]))
    assert atom.weights == (0.0, pytest.approx(1.0))


def test_more_steps_change_what_is_said_to_be_unfinished() -> None:
    model = hubbard_model(chain(6), 1.0, 4.0)
    short, long = (spectral_function(model, (3, 3), GRID, 2, num_steps=steps) for steps in (12, 80))
    assert short.change > 1e-3 > long.change
    assert np.abs(short.values - long.values).max() > long.change


@pytest.mark.parametrize("model", [hubbard_model(chain(4), 1.0, 4.0), hubbard_model(ladder(2), [1, 1, 0.4, 0.4], 2.0)])
def test_quenches_stay_within_their_bound(model: ElectronicHamiltonian) -> None:
    from scipy.linalg import expm

    sector = FermionSector(4, (2, 2))
    state = np.zeros(sector.shape)
    state[sector.position(0b0101, 0b1010)] = 1.0
    density = np.zeros((4, 4))
    density[0, 0] = 1.0
    observables = {"energy": model, "n0": ElectronicHamiltonian(density)}
    times = [0.0, 0.7, 1.5]
    coarse = quench(model, sector, state, times, step=0.1, observables=observables)
    fine = quench(model, sector, state, times, step=0.05, observables=observables)
    matrix, vector = full_matrix(model), sector.embed(state)
    measured = full_matrix(ElectronicHamiltonian(density))
    for place, time in enumerate(times):
        exact = expm(-1j * time * matrix) @ vector
        assert fine.exact["n0"][place] == pytest.approx(np.vdot(exact, measured @ exact).real, abs=1e-8)
    assert fine.exact["energy"] == pytest.approx(np.full(3, coarse.exact["energy"][0]), abs=1e-8)
    assert coarse.errors[0] == coarse.bounds[0] == 0.0
    for found in (coarse, fine):
        assert (found.errors[1:] > 0).all()
        assert (found.errors <= found.bounds + 1e-9).all()
    assert coarse.errors[2] / fine.errors[2] == pytest.approx(4.0, rel=0.1)
    assert coarse.steps.tolist() == [0, 7, 15]


def test_the_constant_of_a_hamiltonian_is_no_error() -> None:
    plain = hubbard_model(chain(3), 1.0, 2.0)
    shifted = ElectronicHamiltonian(plain.one_body_tensor, plain.two_body_tensor, 5.0)
    sector = FermionSector(3, (1, 1))
    state = np.zeros(sector.shape)
    state[0, 0] = 1.0
    one, other = (quench(model, sector, state, [1.0]) for model in (plain, shifted))
    assert other.errors == pytest.approx(one.errors, abs=1e-9)


def test_recursions_end_where_the_space_ends() -> None:
    rng = np.random.default_rng(1)
    given = rng.normal(size=(12, 12))
    matrix = given + given.T
    start = np.zeros(12)
    start[:3] = 1.0
    whole = tridiagonal(lambda v: matrix @ v, start, 50)
    assert whole.is_closed
    assert np.allclose(whole.eigen()[0], np.linalg.eigvalsh(matrix))
    assert extreme_magnitude(lambda v: matrix @ v, start) == pytest.approx(np.abs(np.linalg.eigvalsh(matrix)).max())
    closed = tridiagonal(lambda v: 2.0 * v, start, 5)
    assert (closed.diagonal, closed.beside) == ([pytest.approx(2.0)], [0.0])


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("spin", ["alpha", "beta"])
def test_ladder_operators_are_those_of_jordan_wigner(spin: str, create: bool) -> None:
    rng = np.random.default_rng(6)
    sector = FermionSector(3, (2, 1))
    state, vector = rng.normal(size=sector.shape), rng.normal(size=3) + 1j * rng.normal(size=3)
    target, image = changed_by_one(sector, state, vector, spin, create)
    offset = 0 if spin == "alpha" else 3
    operator = FermionOperator({((offset + p, create),): vector[p] for p in range(3)})
    assert np.allclose(target.embed(image), jordan_wigner(operator, 6).to_matrix() @ sector.embed(state), atol=1e-12)


def test_many_steps_are_as_exact_as_few(monkeypatch) -> None:
    model, sector = hubbard_model(chain(3), 1.0, 4.0), FermionSector(3, (2, 1))
    state = np.zeros(sector.shape)
    state[0, 2] = 1.0
    whole = quench(model, sector, state, [0.9, 2.0], step=0.05)
    monkeypatch.setattr(quenches, "_STEPS_AT_ONCE", 5)
    parts = quench(model, sector, state, [0.9, 2.0], step=0.05)
    assert np.allclose(parts.trotter["energy"], whole.trotter["energy"], atol=1e-12)
    assert np.allclose(parts.errors, whole.errors, atol=1e-12)
    assert parts.steps.tolist() == whole.steps.tolist() == [18, 40]


def test_what_cannot_be_computed_is_refused() -> None:
    model, sector = hubbard_model(chain(3), 1.0, 2.0), FermionSector(3, (1, 1))
    state = np.zeros(sector.shape)
    state[0, 0] = 1.0
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(3,) * 4)
    for axes in ((1, 0, 2, 3), (0, 1, 3, 2), (2, 3, 0, 1)):
        dense = dense + dense.transpose(axes)
    refused = [
        (lambda: spectral_function(model, (1, 1), [], 0), "frequencies"),
        (lambda: spectral_function(model, (1, 1), GRID, 3), "orbital"),
        (lambda: spectral_function(model, (1, 1), GRID, [1.0]), "orbital"),
        (lambda: spectral_function(model, (1, 1), GRID, 0, broadening=0.0), "broadening"),
        (lambda: spectral_function(model, (1, 1), GRID, 0, broadening=1e300), "broadening"),
        (lambda: quench(model, sector, state, [np.inf, np.inf]), "finite"),
        (lambda: spectral_function(model, (1, 1), GRID, 0, spin="up"), "spin"),
        (lambda: spectral_function(model, (1, 1), GRID, 0, state=state), "eigenstate"),
        (lambda: spectral_function(model, (1, 1), [np.nan], 0), "frequencies"),
        (lambda: spectral_function(model, (1, 1), GRID, [np.nan, 0.0, 0.0]), "finite"),
        (lambda: spectral_function(model, (1, 1), GRID, [[1], [1, 2]]), "rows"),  # type: ignore[list-item]
        (lambda: quench(model, sector, state, [0.0, np.nan]), "finite"),
        (lambda: quench(model, sector, state, [1e9]), "at most 10,000,000 steps"),
        (lambda: quench(model, sector, state, [1.0], tolerance=0.0), "tolerance"),
        (lambda: quench(model, sector, state, [1.0], progress=3), "progress"),  # type: ignore[arg-type]
        (lambda: quench(model, sector, state, [1.0], observables=[model]), "mapping"),  # type: ignore[arg-type]
        (lambda: quench(model, sector, 2.0 * state, [1.0]), "norm"),
        (lambda: quench(model, sector, state, [1.0, 0.5]), "ascending"),
        (lambda: quench(model, sector, state, [1.0], step=0.0), "step"),
        (lambda: quench(ElectronicHamiltonian(np.eye(3), dense), sector, state, [1.0]), "occupations"),
        (lambda: quench(model, sector, state, [1.0], observables={"n": None}), "ElectronicHamiltonian"),  # type: ignore[dict-item]
        (lambda: changed_by_one(FermionSector(2, (2, 0)), [[1.0]], [1, 0], "alpha", True), "added"),
    ]
    for call, words in refused:
        with pytest.raises(InputError, match=words):
            call()
