"""Evolution of electrons in a sector against matrix exponentials."""

import math

import numpy as np
import pytest
from fermion_models import random_hamiltonian
from scipy.linalg import expm

from qtoolkit.algorithms.dynamics import electronic_trotter_program, evolve_electrons
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion import FermionSector, FermionSimulator

SIMULATOR = FermionSimulator(1)


def hubbard(sites: int, repulsion: float) -> ElectronicHamiltonian:
    hopping = -np.eye(sites, k=1) - np.eye(sites, k=-1)
    two_body = np.zeros((sites,) * 4)
    for site in range(sites):
        two_body[(site,) * 4] = repulsion
    return ElectronicHamiltonian(hopping, two_body, 0.3)


def molecule_like(norb: int, seed: int) -> ElectronicHamiltonian:
    model = random_hamiltonian(norb, np.random.default_rng(seed), spin_dependent=False)
    return ElectronicHamiltonian(model.one_body_tensor / 4, model.two_body_tensor / 8, model.constant)


def matrix_of(hamiltonian, sector):
    columns = [SIMULATOR.apply(hamiltonian, sector, row.reshape(sector.shape)).ravel() for row in np.eye(sector.size)]
    return np.array(columns)


def evolved_by(program, sector, start):
    return SIMULATOR.state(program, initial_state=start.reshape(sector.shape).astype(complex)).ravel()


@pytest.mark.parametrize("make", [lambda: hubbard(4, 2.0), lambda: molecule_like(4, 1)], ids=["hubbard", "molecule"])
@pytest.mark.parametrize("nelec", [(2, 2), (1, 3), (2, 0)])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_formula_converges_with_its_order(make, nelec, order):
    hamiltonian, sector = make(), FermionSector(4, nelec)
    rng = np.random.default_rng(2)
    start = rng.normal(size=sector.size) + 1j * rng.normal(size=sector.size)
    start /= np.linalg.norm(start)
    exact = expm(-0.4j * matrix_of(hamiltonian, sector)) @ start
    errors = []
    for steps in (4, 8):
        program = electronic_trotter_program(hamiltonian, nelec, 0.4, steps, order)
        errors.append(np.linalg.norm(evolved_by(program, sector, start) - exact))
    # without repulsion between the spins, or with one electron of each kind, less is left
    if errors[1] > 1e-9:
        assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.35)
    assert errors[1] < {1: 0.5, 2: 0.1, 4: 5e-3}[order]


def test_without_repulsion_one_step_is_exact():
    hamiltonian = ElectronicHamiltonian(molecule_like(3, 4).one_body_tensor, None, -0.7)
    sector = FermionSector(3, (2, 1))
    program = electronic_trotter_program(hamiltonian, (2, 1), 1.7)
    start = np.eye(sector.size)[4]
    expected = expm(-1.7j * matrix_of(hamiltonian, sector)) @ start
    assert np.allclose(evolved_by(program, sector, start), expected, atol=1e-12)


def test_hubbard_takes_one_rotation_and_one_phase_each_step():
    program = electronic_trotter_program(hubbard(3, 4.0), (1, 1), 1.0, steps=5, order=2)
    kinds = [type(operation).__name__ for operation in program.operations]
    assert kinds == ["OrbitalRotation", "DiagonalCoulomb"] * 5 + ["OrbitalRotation"]


def test_values_over_time():
    hamiltonian, sector = hubbard(4, 3.0), FermionSector(4, (2, 1))
    start = np.zeros(sector.shape)
    start[sector.position(0b0101, 0b0010)] = 1.0
    density = ElectronicHamiltonian(np.diag([1.0, 0.0, 0.0, 0.0]))
    times = [0.0, 0.7, -0.3]
    found = evolve_electrons(hamiltonian, (2, 1), start, times, [density, hamiltonian])
    matrix, measured = matrix_of(hamiltonian, sector), matrix_of(density, sector)
    for row, t in zip(found.values, times, strict=True):
        state = expm(-1j * t * matrix) @ start.ravel()
        assert row[0] == pytest.approx(np.vdot(state, measured @ state).real, abs=1e-9)
        assert row[1] == pytest.approx(found.values[0, 1], abs=1e-9)
    trotter = evolve_electrons(hamiltonian, (2, 1), start, times, density, method="trotter", steps=50)
    assert trotter.steps == (1, 50, 22)
    assert np.allclose(trotter.exact_values, found.values[:, :1], atol=1e-9)
    assert 1e-8 < np.abs(trotter.errors).max() < 1e-3
    assert (np.abs(trotter.errors) <= trotter.error_bounds + 1e-9).all()
    assert trotter.error_bounds.max() < 0.1


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_error_of_a_molecule_is_within_its_bound(order):
    hamiltonian, sector = molecule_like(2, 7), FermionSector(2, (1, 1))
    start = np.eye(sector.size)[0].reshape(sector.shape)
    arguments = {"method": "trotter", "order": order, "steps": 30}
    found = evolve_electrons(hamiltonian, (1, 1), start, 0.3, hamiltonian, bounded=True, **arguments)
    assert abs(found.errors[0, 0]) <= found.error_bounds[0, 0]
    program = electronic_trotter_program(hamiltonian, (1, 1), 0.3, 30, order)
    exact = expm(-0.3j * matrix_of(hamiltonian, sector)) @ start.ravel()
    assert np.linalg.norm(evolved_by(program, sector, start) - exact) <= found.state_errors[0] + 1e-12
    assert found.state_errors[0] < 0.7
    assert evolve_electrons(hamiltonian, (1, 1), start, 0.3, hamiltonian, **arguments).error_bounds is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: electronic_trotter_program(hubbard(2, 1.0), (0, 0), 1.0), "at least one electron"),
        (
            lambda: electronic_trotter_program(random_hamiltonian(2, np.random.default_rng(1), True), (1, 1), 1.0),
            "same integrals for both spins",
        ),
        (lambda: evolve_electrons(hubbard(2, 1.0), (1, 1), np.eye(2), 0.1, hubbard(2, 1.0)), "norm 1 to 1e-8"),
        (lambda: evolve_electrons(hubbard(2, 1.0), (1, 1), np.eye(3), 0.1, hubbard(2, 1.0)), "has shape"),
        (lambda: evolve_electrons(hubbard(2, 1.0), (1, 0), [[1.0], [0.0]], 0.1, hubbard(3, 1.0)), "of 2 orbitals"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
